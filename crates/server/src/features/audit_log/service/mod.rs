//! Rules of reading the audit log.

pub mod export;
pub mod verify;

use accunode_db::{Page, PageQuery, Timestamp};
use accunode_domain::{Actor, Error, Result};
use uuid::Uuid;

use super::{
    api::FilterParams,
    store::{self, Cursor, Placed},
};
use crate::{
    listing::{given, sought},
    state::AppState,
};

/// What the log is narrowed to.
#[derive(Clone, Debug)]
pub struct Filter {
    pub(super) action: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) actor_email: Option<String>,
    pub(super) target_type: Option<String>,
    pub(super) target_id: Option<String>,
    pub(super) outcome: Option<&'static str>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) tenant: Option<Uuid>,
}

/// Most characters of a text to look for.
const LONGEST: usize = 500;

impl Filter {
    /// What a request asks for. A tenant can be named by who sees several; everybody else may name the own one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what no entry can match, [`Error::Forbidden`] for another tenant.
    pub fn new(actor: &Actor, params: FilterParams) -> Result<Self> {
        let text = |field: &str, text: Option<String>| {
            sought(field, text.as_deref(), LONGEST).map(|text| text.map(str::to_owned))
        };
        let action = text("action", params.action)?.unwrap_or_default();
        let actor_email = text("actor_email", params.actor_email)?.map(|email| email.to_lowercase());
        let target_type = text("target_type", params.target_type)?;
        let target_id = text("target_id", params.target_id)?;
        let outcome = given(params.outcome.as_deref()).map(|given| {
            let known = ["done", "denied"].into_iter().find(|known| *known == given);
            known.ok_or_else(|| Error::field("outcome", "Invalid outcome: done or denied is expected"))
        });
        let outcome = outcome.transpose()?;
        let own = actor.runs_tenant().map(|tenant| tenant.0);
        if own.is_some() && params.tenant_id.is_some() && params.tenant_id != own {
            return Err(Error::Forbidden("Only the own tenant's entries can be read".to_owned()));
        }
        Ok(Self {
            action,
            actor_id: params.actor_id,
            actor_email,
            target_type,
            target_id,
            outcome,
            from: params.from.unwrap_or(Timestamp::from_unix_micros(i64::MIN)),
            to: params.to.unwrap_or(Timestamp::from_unix_micros(i64::MAX)),
            tenant: params.tenant_id,
        })
    }
}

/// Entries of the caller's tenant, or of all for a super_admin, newest first.
///
/// # Errors
/// [`Error::Invalid`] for a page out of range.
pub(crate) async fn list(
    state: &AppState,
    actor: &Actor,
    filter: &Filter,
    page: i64,
    size: i64,
) -> Result<Page<Placed>> {
    let page = PageQuery::new(page, size)?;
    let mut tx = state.db.scoped_read(actor).await?;
    let total = store::count(&mut tx, filter).await?;
    let entries = store::page(&mut tx, filter, Cursor::START, page.limit(), page.offset()).await?;
    Ok(page.page_of(entries, total))
}
