//! Pure types and rules of AccuNode: identifiers, roles and their permissions, ratios, quality flags,
//! risk levels, reporting periods and the one error of the services. Nothing here reads or writes anything.

mod access;
mod actor;
mod error;
pub mod grade;
mod ids;
mod kind;
mod period;
mod permission;
mod ratio;
mod risk;
mod role;

pub use access::Belongs;
pub use actor::{AccessLevel, Actor};
pub use error::{Error, FieldError, Result};
pub use grade::{Grade, MAX_GRADE_NAME, MasterScale, ScaleError};
pub use ids::{
    ApiKeyId, CompanyId, ModelId, OrganizationId, PredictionId, SessionId, TenantId, UploadId, UserId,
};
pub use kind::{Bound, Kind, RatioSpec};
pub use period::{Period, PeriodError, Quarter};
pub use permission::{Permission, Reach};
pub use ratio::{Flag, QualityFlag, Ratio, RatioError, SENTINEL, quality};
pub use risk::{RiskLevel, Thresholds, confidence};
pub use role::Role;
