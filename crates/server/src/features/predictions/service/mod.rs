//! Rules of predictions: who owns what is created, scoring, storing, changing, listing.

mod batch;
mod change;
mod create;
mod explain;
pub(crate) mod export;
mod figured;
mod filter;
mod list;
mod paging;
pub(super) mod storing;

pub use batch::{Batch, score, store_batch};
pub(crate) use change::{delete, get, rescore, update, versions};
pub(crate) use create::{Creates, create, creates};
pub(crate) use explain::{Explained, explained};
pub(crate) use export::export;
pub use filter::Filter;
pub(crate) use list::{List, Listed, first_page_key, list};
pub use paging::{Asked, Cursor};

use accunode_domain::{AccessLevel, Actor, Belongs, Error, Kind, OrganizationId, Period, TenantId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::store::PredictionRow;

/// `Annual` or `Quarterly`, for messages.
#[must_use]
pub const fn kind_title(kind: Kind) -> &'static str {
    match kind {
        Kind::Annual => "Annual",
        Kind::Quarterly => "Quarterly",
    }
}

/// To whom new rows belong.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Level of the rows.
    pub level: AccessLevel,
    /// Organization of the rows, at organization level.
    pub organization_id: Option<OrganizationId>,
    /// Who makes them.
    pub created_by: UserId,
}

impl Owner {
    /// What the actor creates, see [`Actor::creates_at`].
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        let (level, organization_id) = actor.creates_at();
        Self { level, organization_id, created_by: actor.user_id }
    }

    /// To whom the rows belong, for changing them: the system's to the platform alone, an organization's to their
    /// maker only while that is whose organization it is.
    pub(crate) fn belongs(&self, caller: &Actor, tenant: Option<TenantId>) -> Belongs {
        let at_home = self.level == AccessLevel::Personal
            || (self.organization_id.is_some() && self.organization_id == caller.organization_id);
        Belongs {
            owner: Some(self.created_by).filter(|_| at_home),
            organization: self.organization_id,
            tenant,
        }
    }

    /// Whose the rows are: the organization, the person, or the zero id for the system.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match (self.level, self.organization_id) {
            (AccessLevel::System, _) => Uuid::nil(),
            (AccessLevel::Organization, Some(organization)) => organization.0,
            _ => self.created_by.0,
        }
    }
}

/// Why there is no second prediction for a period. Clients read the symbol, the period and the scope out of it.
fn duplicate(kind: Kind, symbol: &str, period: Period, level: &str) -> Error {
    let title = kind_title(kind);
    Error::BadRequest(format!(
        "{title} prediction for {symbol} in {period} already exists in your {level} scope"
    ))
}

/// What the audit log calls a prediction of this kind.
const fn target(kind: Kind) -> &'static str {
    match kind {
        Kind::Annual => "annual_prediction",
        Kind::Quarterly => "quarterly_prediction",
    }
}

/// A prediction's state for the audit log.
fn audited(row: &PredictionRow) -> Value {
    json!({
        "company_symbol": row.symbol,
        "company_name": row.name,
        "sector": row.sector,
        "market_cap": row.market_cap,
        "reporting_year": row.reporting_year.to_string(),
        "reporting_quarter": row.reporting_quarter,
        "probability": row.probability,
        "risk_level": row.risk_level,
        "grade": row.grade,
        "version": row.version,
        "model_name": row.model_name,
        "model_version": row.model_version,
        "access_level": row.access_level,
        "organization_id": row.organization_id,
    })
}
