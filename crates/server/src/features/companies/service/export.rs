//! Companies as a file.

use accunode_domain::Result;
use axum::response::Response;
use serde_json::json;

use super::{
    super::store::{
        CompanyRow, Sight,
        list::{self, Filter, Place, Sort},
    },
    list::total,
    may_look_for, told,
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    http::table::{Format, Pager, Row, Table},
    state::AppState,
};

/// Companies read at once.
const PAGE: i64 = 1_000;

const HEADER: &[&str] = &[
    "symbol",
    "name",
    "sector",
    "market_cap",
    "latest_kind",
    "reporting_year",
    "reporting_quarter",
    "probability",
    "risk_level",
    "grade",
    "scored_at",
    "previous_probability",
    "previous_grade",
    "change",
    "annual_predictions",
    "quarterly_predictions",
    "access_level",
    "organization_id",
    "created_at",
    "updated_at",
    "id",
];

/// The companies in the caller's sight, newest first. That they were taken out is noted before the first goes.
///
/// # Errors
/// [`accunode_domain::Error::Forbidden`] for who looks for scores and may not read predictions, and as
/// [`Table::answer`].
pub(crate) async fn file(
    state: &AppState,
    caller: &Caller,
    filter: Filter,
    format: Format,
) -> Result<Response> {
    may_look_for(caller, &filter, Sort::default())?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let sight = Sight::of(&tx, caller);
    let rows = total(state, &mut tx, caller, sight, &filter).await?;
    let what = json!({
        "format": format.as_str(), "companies": rows, "search": filter.words.as_ref().map(|w| &w.like),
        "sector": filter.sector, "risk_level": filter.risk_level, "grade": filter.grade,
        "access_level": filter.access_level,
    });
    audit::record(&mut tx, caller, Event::done("company.export").after(what), now).await?;
    tx.commit().await?;
    let table = Table { name: "companies", header: HEADER, rows: Some(rows) };
    let behind = Some(Place::START);
    table
        .answer(format, now, Companies { state: state.clone(), caller: caller.clone(), filter, behind })
        .await
}

/// Each page is a short transaction and begins behind the last company of the one before.
struct Companies {
    state: AppState,
    caller: Caller,
    filter: Filter,
    /// None at the end.
    behind: Option<Place>,
}

impl Pager for Companies {
    async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let Some(behind) = self.behind.take() else { return Ok(None) };
        let mut tx = self.state.db.scoped_read(&self.caller).await?;
        let sight = Sight::of(&tx, &self.caller);
        let rows = list::behind(&mut tx, sight, &self.filter, behind, PAGE).await?;
        drop(tx);
        if i64::try_from(rows.len()).is_ok_and(|n| n == PAGE) {
            self.behind = rows.last().map(|row| Place { at: row.created_at, id: row.id });
        }
        Ok(Some(rows.into_iter().map(|row| cells(told(&self.caller, row))).collect()))
    }
}

fn cells(row: CompanyRow) -> Row {
    let change = row.change();
    vec![
        row.symbol.into(),
        row.name.into(),
        row.sector.into(),
        row.market_cap.into(),
        row.latest_kind.into(),
        row.latest_year.into(),
        row.latest_quarter.into(),
        row.latest_probability.into(),
        row.latest_risk_level.into(),
        row.latest_grade.into(),
        row.latest_at.into(),
        row.previous_probability.into(),
        row.previous_grade.into(),
        change.into(),
        row.annual_count.into(),
        row.quarterly_count.into(),
        row.access_level.into(),
        row.organization_id.into(),
        row.created_at.into(),
        row.updated_at.into(),
        row.id.into(),
    ]
}
