//! Rules of companies: who sees which, and what lists are narrowed to.

pub mod export;
pub mod list;
pub mod manage;

use accunode_db::Tx;
use accunode_domain::{
    AccessLevel, Belongs, Error, OrganizationId, Permission, Result, RiskLevel, TenantId, UserId,
};
use accunode_sheets::validate::{MAX_NAME, MAX_SECTOR};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    api::list::FilterParams,
    store::{
        self, CompanyRow, Sight,
        list::{Filter, Sort},
        search::Words,
    },
};
use crate::{
    caller::Caller,
    features::predictions::service::Owner,
    listing::{given, grade, part, sought},
};

fn nowhere() -> Error {
    Error::NotFound("Company not found".to_owned())
}

impl Filter {
    /// What a request asks for.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what no company can match.
    pub(super) fn new(params: &FilterParams) -> Result<Self> {
        let risk_level = given(params.risk_level.as_deref()).map(str::parse::<RiskLevel>).transpose();
        let risk_level =
            risk_level.map_err(|e| Error::field("risk_level", format!("Invalid risk level: {e}")))?;
        let level = given(params.access_level.as_deref()).map(str::parse::<AccessLevel>).transpose();
        let level = level.map_err(|e| Error::field("access_level", format!("Invalid access level: {e}")))?;
        Ok(Self {
            words: sought("search", params.search.as_deref(), MAX_NAME)?.map(Words::anywhere),
            sector: part("sector", params.sector.as_deref(), MAX_SECTOR, str::to_lowercase)?,
            risk_level: risk_level.map(RiskLevel::as_str),
            grade: grade(params.grade.as_deref())?,
            access_level: level.map(AccessLevel::as_str),
        })
    }
}

impl Sort {
    /// By name unless it is another that there is.
    pub(super) fn named(name: Option<&str>) -> Self {
        match given(name) {
            Some("symbol") => Self::Symbol,
            Some("market_cap") => Self::MarketCap,
            Some("created_at") => Self::CreatedAt,
            Some("probability") => Self::Probability,
            Some("change") => Self::Change,
            Some("period") => Self::Period,
            _ => Self::Name,
        }
    }
}

/// Whether the caller may know what came of a company's predictions. People may wherever they see the company; a key
/// may only what it was made for.
fn reads_scores(caller: &Caller, row: &CompanyRow) -> bool {
    let of_all = row.access_level == AccessLevel::System.as_str();
    caller.holds(if of_all { Permission::PredictionReadSystem } else { Permission::PredictionRead })
}

/// A company as far as the caller may know it.
fn told(caller: &Caller, row: CompanyRow) -> CompanyRow {
    if reads_scores(caller, &row) { row } else { row.without_scores() }
}

/// Who may not read predictions does not find or order companies by them either.
///
/// # Errors
/// [`Error::Forbidden`].
fn may_look_for(caller: &Caller, filter: &Filter, sort: Sort) -> Result<()> {
    let needed = [Permission::PredictionRead, Permission::PredictionReadSystem];
    if (filter.is_of_scores() || sort.is_of_scores()) && !needed.iter().all(|p| caller.holds(*p)) {
        return Err(Error::Forbidden(format!(
            "To look for companies by their scores takes {} and {}",
            needed[0], needed[1]
        )));
    }
    Ok(())
}

/// A company in sight.
///
/// # Errors
/// [`Error::NotFound`].
async fn find(tx: &mut Tx, caller: &Caller, id: Uuid) -> Result<CompanyRow> {
    let sight = Sight::of(tx, caller);
    store::by_id(tx, sight, id).await?.ok_or_else(nowhere)
}

/// To whom a company belongs, see [`Owner::belongs`].
async fn belongs(tx: &mut Tx, caller: &Caller, row: &CompanyRow) -> Result<Belongs> {
    let tenant = match row.organization_id {
        Some(organization) => store::tenant(tx, organization).await?,
        None => None,
    };
    Ok(owner(row)?.belongs(caller, tenant.map(TenantId)))
}

/// Whose company it is.
fn owner(row: &CompanyRow) -> Result<Owner> {
    let level = row.access_level.parse::<AccessLevel>().map_err(Error::internal)?;
    let organization_id = row.organization_id.map(OrganizationId);
    Ok(Owner { level, organization_id, created_by: UserId(row.created_by) })
}

/// A company's own fields for the audit log.
fn audited(row: &CompanyRow) -> Value {
    json!({
        "symbol": row.symbol,
        "name": row.name,
        "sector": row.sector,
        "market_cap": row.market_cap,
        "access_level": row.access_level,
        "organization_id": row.organization_id,
    })
}
