//! Operations on the audit log.

use std::fmt;

use accunode_db::Timestamp;
use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    service::{self, Filter},
    store::Placed,
};
use crate::{
    features::predictions::api::{PageParams, Pagination},
    http::{
        auth::{Can, grant::AuditRead},
        body::Query,
        problem::{ApiResult, Detail},
        table::FormatParam,
    },
    state::AppState,
};

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParams {
    /// How the action begins: `user.` finds everything done to people.
    #[param(max_length = 500)]
    pub action: Option<String>,
    /// Who acted.
    pub actor_id: Option<Uuid>,
    /// Their address at the time, in any case.
    #[param(max_length = 500)]
    pub actor_email: Option<String>,
    /// What kind of thing it was done to.
    #[param(max_length = 500)]
    pub target_type: Option<String>,
    /// Which one.
    #[param(max_length = 500)]
    pub target_id: Option<String>,
    /// `done` or `denied`.
    pub outcome: Option<String>,
    /// Not before this moment (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Before this moment (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// One tenant's entries, for super_admin.
    pub tenant_id: Option<Uuid>,
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its number in its tenant's chain, from 1.
    pub seq: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The tenant that it concerns.
    pub tenant_id: Option<Uuid>,
    /// Who acted; null when nobody was signed in.
    pub actor_id: Option<Uuid>,
    /// Their address at the time, or that of the account concerned.
    pub actor_email: Option<String>,
    /// Their role at the time.
    pub actor_role: Option<String>,
    /// The API key they used.
    pub api_key_id: Option<Uuid>,
    /// What was done: feature, object, verb.
    pub action: String,
    /// `done` or `denied`.
    pub outcome: String,
    /// What kind of thing it was done to.
    pub target_type: Option<String>,
    /// Which one.
    pub target_id: Option<String>,
    /// The state before.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The state after.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// The request's id, as in the log.
    pub request_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// SHA-256 over the entry and the hash of the one before it.
    pub hash: String,
}

impl From<Placed> for AuditEntry {
    fn from(placed: Placed) -> Self {
        let Placed { seq, entry, hash, .. } = placed;
        // What does not read was not written by this program; it is shown all the same.
        let object = |text: String| {
            serde_json::from_str(&text).unwrap_or_else(|_| serde_json::json!({ "text": text }))
        };
        Self {
            seq,
            at: entry.at,
            tenant_id: entry.tenant_id,
            actor_id: entry.actor_id,
            actor_email: entry.actor_email,
            actor_role: entry.actor_role,
            api_key_id: entry.api_key_id,
            action: entry.action,
            outcome: entry.outcome,
            target_type: entry.target_type,
            target_id: entry.target_id,
            before: entry.before_state.map(object),
            after: entry.after_state.map(object),
            request_id: entry.request_id,
            address: entry.address,
            hash,
        }
    }
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// Always true.
    pub success: bool,
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Where this page stands.
    pub pagination: Pagination,
}

/// The audit log: the own tenant's entries, or all for a super_admin, newest first.
#[utoipa::path(
    get, path = "/audit", tag = "audit_log", params(PageParams, FilterParams), security(("bearer" = [])),
    responses(
        (status = OK, body = AuditPage),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Can<AuditRead>,
    Query(page): Query<PageParams>,
    Query(params): Query<FilterParams>,
) -> ApiResult<Json<AuditPage>> {
    let filter = Filter::new(&caller, params)?;
    let page = service::list(&state, &caller, &filter, page.page, page.size).await?;
    let pages = page.pages();
    let pagination =
        Pagination { total: page.total, page: page.page, size: page.size, pages, next_cursor: None };
    let entries = page.items.into_iter().map(AuditEntry::from).collect();
    Ok(Json(AuditPage { success: true, entries, pagination }))
}

/// The same entries as a file, all of them.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit_log", params(FormatParam, FilterParams), security(("bearer" = [])),
    responses(
        (status = OK, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = PAYLOAD_TOO_LARGE, description = "More than XLSX holds", body = Detail),
    )
)]
pub async fn export(
    State(state): State<AppState>,
    caller: Can<AuditRead>,
    Query(FormatParam { format }): Query<FormatParam>,
    Query(params): Query<FilterParams>,
) -> ApiResult<Response> {
    let filter = Filter::new(&caller, params)?;
    let entries = service::export::Entries::new(&state, &caller, filter);
    Ok(service::export::TABLE.answer(format, state.clock.now(), entries).await?)
}

/// What is wrong with a link of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is no entry of this number, but later ones.
    EntryMissing,
    /// There is an entry where none can be: numbered below 1, or beyond the chain's head.
    EntryUnexpected,
    /// The entry was not written behind the one that stands before it now.
    PreviousHashDiffers,
    /// The entry's contents are not those that its hash was made of.
    ContentsChanged,
    /// The head counts more entries than there are.
    TailCutOff,
    /// There is no head behind the last entry.
    HeadMissing,
    /// The head names another hash than the last entry has.
    HeadDiffers,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EntryMissing => "entry missing",
            Self::EntryUnexpected => "an entry where none can be",
            Self::PreviousHashDiffers => "previous hash differs",
            Self::ContentsChanged => "contents changed",
            Self::TailCutOff => "tail cut off: the head counts more entries",
            Self::HeadMissing => "head missing",
            Self::HeadDiffers => "the head names another hash",
        })
    }
}

/// The first link that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Break {
    /// The entry's number.
    pub seq: i64,
    /// What is wrong.
    pub reason: Reason,
}

/// One chain, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Chain {
    /// Whose; null for what belongs to no tenant.
    pub tenant_id: Option<Uuid>,
    /// Entries that hold, from the first one on.
    pub entries: i64,
    /// Whether all of them do.
    pub intact: bool,
    /// The first link that does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<Break>,
    /// The last entry's hash as the chain's head names it: kept elsewhere, it shows later whether the chain was
    /// written anew.
    pub head_hash: Option<String>,
}

/// Every chain, checked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verification {
    /// Always true; whether the chains are intact stands with each.
    pub success: bool,
    /// The own tenant's, or all for a super_admin.
    pub chains: Vec<Chain>,
}

/// Check that nobody changed the audit log behind the program's back.
#[utoipa::path(
    get, path = "/audit/verify", tag = "audit_log", security(("bearer" = [])),
    responses(
        (status = OK, body = Verification),
    )
)]
pub async fn verify(State(state): State<AppState>, caller: Can<AuditRead>) -> ApiResult<Json<Verification>> {
    let chains = service::verify::in_reach(&state.db, &caller).await?;
    Ok(Json(Verification { success: true, chains }))
}
