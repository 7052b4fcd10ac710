//! Pure types and rules of AccuNode: identifiers, roles and their permissions, ratios, quality flags,
//! risk levels, reporting periods and the one error of the services. Nothing here reads or writes anything.

mod actor;
mod error;
mod ids;
mod kind;
mod period;
mod ratio;
mod risk;
mod role;

pub use actor::{AccessLevel, Actor};
pub use error::{Error, FieldError, Result};
pub use ids::{CompanyId, OrganizationId, PredictionId, TenantId, UploadId, UserId};
pub use kind::{Bound, Kind, RatioSpec};
pub use period::{Period, PeriodError, Quarter};
pub use ratio::{Flag, QualityFlag, Ratio, RatioError, SENTINEL, quality};
pub use risk::{RiskLevel, Thresholds, confidence};
pub use role::{Permission, Role};
