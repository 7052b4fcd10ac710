//! Rules of predictions: who owns what is created, scoring, storing, changing, listing.

mod batch;
mod change;
mod explain;
pub(crate) mod export;
mod filter;
mod list;
mod paging;

pub use batch::{Batch, score, store_batch};
pub(crate) use change::{delete, get, rescore, update, versions};
pub(crate) use explain::{Explained, explained};
pub(crate) use export::export;
pub use filter::Filter;
pub(crate) use list::{List, Listed, first_page_key, list};
pub(crate) use paging::{Asked, Cursor};

use accunode_domain::{
    AccessLevel, Actor, Belongs, Error, Kind, OrganizationId, Period, Result, TenantId, UserId,
};
use accunode_sheets::Record;
use serde_json::{Value, json};
use uuid::Uuid;

use super::store::{self, PredictionRow};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::grades::service as grades,
    state::AppState,
};

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

/// Scores one company and stores the result.
///
/// # Errors
/// [`Error::BadRequest`] with the text that clients parse when there is one for this period already.
pub(crate) async fn create(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    record: Record,
) -> Result<PredictionRow> {
    let bundle = state.models.get(kind);
    let scale = grades::by_id(state, caller.place.scale).await?;
    let owner = Owner::of(caller);
    let rows = [(None, record)];
    let scores = score(&bundle, &rows)?;
    let batch = Batch {
        kind,
        owner,
        upload: None,
        rows: &rows,
        scores: &scores,
        bundle: &bundle,
        scale: &scale,
        update_companies: false,
    };
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let stored = store_batch(&mut tx, &batch, now).await?;
    let Some(Some(id)) = stored.first() else {
        let record = &rows[0].1;
        return Err(duplicate(kind, &record.symbol, record.period, owner.level.as_str()));
    };
    let row = store::by_id(&mut tx, kind, id.0).await?;
    let event = Event::done("prediction.create").on(target(kind), row.id).after(audited(&row));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(row)
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
