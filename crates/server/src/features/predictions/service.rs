//! Rules of predictions: who owns what is created, scoring, storing, listing.

use std::collections::HashMap;

use accunode_db::{BulkInsert, Column, Page, PageQuery, Timestamp};
use accunode_domain::{
    AccessLevel, Actor, Error, Kind, OrganizationId, Period, PredictionId, Quarter, Result, RiskLevel, Role,
    UploadId, UserId,
};
use accunode_scoring::{Bundle, Score};
use accunode_sheets::{
    Record, ratio_columns,
    validate::{MAX_SECTOR, MAX_SYMBOL},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    api::PredictionPage,
    store::{self, PredictionRow},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        grades::service::{self as grades, Scale},
        predictions::api::Pagination,
    },
    listing::{given, part},
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

/// What a list is narrowed to. Texts are SQL patterns already.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub(super) symbol: Option<String>,
    pub(super) year: Option<i32>,
    pub(super) quarter: Option<&'static str>,
    pub(super) organization: Option<Uuid>,
    pub(super) sector: Option<String>,
    pub(super) risk_level: Option<&'static str>,
}

impl Filter {
    /// By part of a symbol and by year.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a symbol longer than any, or a year that is none.
    pub fn new(symbol: Option<String>, year: Option<&str>) -> Result<Self> {
        let year = given(year).map(Period::parse_year).transpose();
        let year =
            year.map_err(|e| Error::field("reporting_year", format!("Invalid reporting year: {e}")))?;
        let symbol = part("company_symbol", symbol.as_deref(), MAX_SYMBOL, str::to_uppercase)?;
        Ok(Self { symbol, year: year.map(i32::from), ..Self::default() })
    }

    /// By quarter too.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a quarter that is none.
    pub fn with_quarter(self, quarter: Option<&str>) -> Result<Self> {
        let quarter = given(quarter).map(str::parse::<Quarter>).transpose();
        let quarter = quarter
            .map_err(|e| Error::field("reporting_quarter", format!("Invalid reporting quarter: {e}")))?;
        Ok(Self { quarter: quarter.map(Quarter::as_str), ..self })
    }

    /// By organization too.
    #[must_use]
    pub fn with_organization(self, organization: Option<Uuid>) -> Self {
        Self { organization, ..self }
    }

    /// By part of the sector's name too.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text longer than any sector's name.
    pub fn with_sector(self, sector: Option<&str>) -> Result<Self> {
        Ok(Self { sector: part("sector", sector, MAX_SECTOR, str::to_lowercase)?, ..self })
    }

    /// By risk level too.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a level that is none.
    pub fn with_risk_level(self, level: Option<&str>) -> Result<Self> {
        let level = given(level).map(str::parse::<RiskLevel>).transpose();
        let level = level.map_err(|e| Error::field("risk_level", format!("Invalid risk level: {e}")))?;
        Ok(Self { risk_level: level.map(RiskLevel::as_str), ..self })
    }
}

/// The caller's rows but for the system's. Only tenant_admin and super_admin may ask for an organization.
///
/// # Errors
/// [`Error::Forbidden`] for `organization_id` by a lower role, [`Error::Invalid`] for a page out of range.
pub(crate) async fn list(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    filter: &Filter,
    page: i64,
    size: i64,
) -> Result<Page<PredictionRow>> {
    if filter.organization.is_some() && actor.role < Role::TenantAdmin {
        return Err(Error::Forbidden("Only tenant administrators can filter by organization".to_owned()));
    }
    let page = PageQuery::new(page, size)?;
    let mut tx = state.db.scoped_read(actor).await?;
    let (rows, total) = store::list(&mut tx, kind, filter, page.limit(), page.offset()).await?;
    Ok(page.page_of(rows, total))
}

/// The system's rows, which everybody may read.
///
/// # Errors
/// [`Error::Invalid`] for a page out of range.
pub(crate) async fn list_system(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    filter: &Filter,
    page: i64,
    size: i64,
) -> Result<Page<PredictionRow>> {
    let page = PageQuery::new(page, size)?;
    let mut tx = state.db.scoped_read(actor).await?;
    let (rows, total) = store::list_system(&mut tx, kind, filter, page.limit(), page.offset()).await?;
    Ok(page.page_of(rows, total))
}

/// A page in the API's shape.
pub(crate) fn render<T: From<PredictionRow>>(page: Page<PredictionRow>) -> PredictionPage<T> {
    let at = Pagination { total: page.total, page: page.page, size: page.size, pages: page.pages() };
    PredictionPage::new(page.items.into_iter().map(Into::into).collect(), at)
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

/// Rows to score and store together.
pub struct Batch<'a> {
    /// Their kind.
    pub kind: Kind,
    /// To whom they will belong.
    pub owner: Owner,
    /// The upload that they come from.
    pub upload: Option<UploadId>,
    /// The rows, each with its number in the file.
    pub rows: &'a [(Option<i64>, Record)],
    /// Their scores, in the same order.
    pub scores: &'a [Score],
    /// The bundle that gave the scores.
    pub bundle: &'a Bundle,
    /// The master scale that gives the grades.
    pub scale: &'a Scale,
    /// Whether rows overwrite what is known of their company, as files do.
    pub update_companies: bool,
}

/// Scores every row in one go, over all cores.
///
/// # Errors
/// When the rows do not fit the bundle, which is a defect.
pub fn score(bundle: &Bundle, rows: &[(Option<i64>, Record)]) -> Result<Vec<Score>> {
    let columns = ratio_columns(bundle.kind(), rows.iter().map(|(_, record)| record));
    let scores = bundle.score_batch(&columns).map_err(Error::internal)?;
    Ok(scores.iter().collect())
}

/// Stores a batch: for each row the new prediction, or none where its company already has one for the period
/// (in the database or earlier in the batch). Nothing else of such a row is stored.
///
/// # Errors
/// When the database fails; then the transaction is of no further use.
pub async fn store_batch(
    tx: &mut accunode_db::Tx,
    batch: &Batch<'_>,
    now: Timestamp,
) -> Result<Vec<Option<PredictionId>>> {
    let companies = ensure_companies(tx, batch, now).await?;
    let ids: Vec<Uuid> = batch.rows.iter().map(|_| Uuid::now_v7()).collect();
    let columns = super::columns::predictions(batch, &companies, &ids, now)?;
    let stored: std::collections::HashSet<Uuid> =
        store::insert_predictions(tx, columns).await?.into_iter().collect();
    if batch.update_companies {
        update_companies(tx, batch, &companies, |i| stored.contains(&ids[i]), now).await?;
    }
    if !stored.is_empty() {
        let changed: Vec<Uuid> = companies.values().copied().collect();
        store::latest::settle(tx, &batch.owner, &changed).await?;
    }
    Ok(ids.into_iter().map(|id| stored.contains(&id).then_some(PredictionId(id))).collect())
}

async fn ensure_companies(
    tx: &mut accunode_db::Tx,
    batch: &Batch<'_>,
    now: Timestamp,
) -> Result<HashMap<String, Uuid>> {
    let mut first: HashMap<&str, &Record> = HashMap::new();
    for (_, record) in batch.rows {
        first.entry(&record.symbol).or_insert(record);
    }
    // One order for everybody: two uploads that add the same companies wait instead of deadlocking.
    let mut records: Vec<&Record> = first.into_values().collect();
    records.sort_unstable_by(|a, b| a.symbol.cmp(&b.symbol));
    let symbols: Vec<&str> = records.iter().map(|r| r.symbol.as_str()).collect();
    let known = store::company_ids(tx, &batch.owner, &symbols).await?;
    records.retain(|r| !known.contains_key(&r.symbol));
    if records.is_empty() {
        return Ok(known);
    }
    let (n, owner) = (records.len(), &batch.owner);
    let text = |f: fn(&Record) -> &String| Column::Text(records.iter().map(|r| f(r).clone()).collect());
    let insert = BulkInsert::into("companies")
        .column("id", Column::Uuid((0..n).map(|_| Uuid::now_v7()).collect()))
        .column("symbol", text(|r| &r.symbol))
        .column("name", text(|r| &r.name))
        .column("sector", text(|r| &r.sector))
        .column("market_cap", Column::OptF64(records.iter().map(|r| r.market_cap).collect()))
        .column("access_level", Column::Text(vec![owner.level.as_str().to_owned(); n]))
        .column("organization_id", Column::OptUuid(vec![owner.organization_id.map(|o| o.0); n]))
        .column("created_by", Column::Uuid(vec![owner.created_by.0; n]))
        .column("created_at", Column::Time(vec![now; n]));
    store::insert_companies(tx, owner, insert).await?;
    Ok(store::company_ids(tx, owner, &symbols).await?)
}

/// The last stored row of each company says what is known of it.
async fn update_companies(
    tx: &mut accunode_db::Tx,
    batch: &Batch<'_>,
    companies: &HashMap<String, Uuid>,
    stored: impl Fn(usize) -> bool,
    now: Timestamp,
) -> Result<()> {
    let mut last: std::collections::BTreeMap<&str, &Record> = std::collections::BTreeMap::new();
    for (i, (_, record)) in batch.rows.iter().enumerate() {
        if stored(i) {
            last.insert(&record.symbol, record);
        }
    }
    for (symbol, record) in last {
        if let Some(id) = companies.get(symbol) {
            store::update_company(tx, *id, (&record.name, &record.sector, record.market_cap), now).await?;
        }
    }
    Ok(())
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
        return Err(Error::BadRequest(format!(
            "{} prediction for {} in {} already exists in your {} scope",
            kind_title(kind),
            record.symbol,
            record.period,
            owner.level
        )));
    };
    let row = store::by_id(&mut tx, kind, id.0).await?;
    let event = Event::done("prediction.create").on(target(kind), row.id).after(audited(&row));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(row)
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
        "reporting_year": row.reporting_year.to_string(),
        "reporting_quarter": row.reporting_quarter,
        "probability": row.probability,
        "risk_level": row.risk_level,
        "grade": row.grade,
        "model_name": row.model_name,
        "model_version": row.model_version,
        "access_level": row.access_level,
        "organization_id": row.organization_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_name_what_is_wrong() {
        for (error, field) in [
            (Filter::new(None, Some("20")).unwrap_err(), "reporting_year"),
            (Filter::default().with_quarter(Some("Q9")).unwrap_err(), "reporting_quarter"),
            (Filter::default().with_risk_level(Some("RED")).unwrap_err(), "risk_level"),
        ] {
            assert!(matches!(error, Error::Invalid(f) if f[0].field == field));
        }
        assert_eq!(Filter::default().with_risk_level(Some("high")).unwrap().risk_level, Some("HIGH"));
    }
}
