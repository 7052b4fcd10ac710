//! Lists of predictions as files that can be uploaded again.

use accunode_db::Db;
use accunode_domain::{Actor, Kind, Ratio, Result};
use serde_json::Value as Json;

use super::{
    Cursor, Filter, List,
    list::{may_filter, total},
    target,
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::predictions::store::{
        PredictionRow,
        list::{self as store, Window},
    },
    http::table::{Format, Pager, Row, Table, Value},
    state::AppState,
};

/// Predictions read at once.
const PAGE: i64 = 1_000;

/// The columns of files to upload, then what came of them: those of both kinds around a kind's ratios and probabilities.
macro_rules! header {
    ($($own:literal)*) => {
        &["company_symbol", "company_name", "market_cap", "sector", "reporting_year", "reporting_quarter", $($own,)*
          "raw_probability", "risk_level", "grade", "confidence", "quality", "model_name", "model_version", "model_hash",
          "version", "access_level", "organization_name", "created_by_email", "created_at", "predicted_at", "id"]
    };
}
const ANNUAL: &[&str] = header!(
    "long_term_debt_to_total_capital" "total_debt_to_ebitda" "net_income_margin" "ebit_to_interest_expense"
    "return_on_assets" "probability"
);
const QUARTERLY: &[&str] = header!(
    "total_debt_to_ebitda" "sga_margin" "long_term_debt_to_total_capital" "return_on_capital"
    "logistic_probability" "gbm_probability" "ensemble_probability"
);

/// A list as it is read for a file, newest first: each page is a short transaction, and begins behind the last row of
/// the one before.
pub(crate) struct Rows {
    db: Db,
    actor: Actor,
    kind: Kind,
    list: List,
    filter: Filter,
    /// None at the end.
    behind: Option<Cursor>,
}

/// The file of a list, once the audit log says that it is given: `asked` is the filter in the client's words.
///
/// # Errors
/// [`accunode_domain::Error::Forbidden`] for `organization_id` by a role below tenant_admin.
pub(crate) async fn export(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    list: List,
    filter: Filter,
    asked: Json,
    format: Format,
) -> Result<(Table, Rows)> {
    may_filter(caller, &filter)?;
    let mut tx = state.db.scoped_read(caller).await?;
    let sight = store::sight(&mut tx, list == List::System, &filter).await?;
    let count = total(state, &mut tx, caller, kind, &sight, &filter).await?;
    drop(tx);
    let mut tx = state.db.scoped(caller).await?;
    let what = serde_json::json!({
        "list": if list == List::System { "system" } else { "own" },
        "filter": asked,
        "format": format.as_str(),
        "rows": count,
    });
    let event = Event::done("prediction.export").on(target(kind), "list").after(what);
    audit::record(&mut tx, caller, event, state.clock.now()).await?;
    tx.commit().await?;
    let (name, header) = match kind {
        Kind::Annual => ("annual-predictions", ANNUAL),
        Kind::Quarterly => ("quarterly-predictions", QUARTERLY),
    };
    let (db, actor, behind) = (state.db.clone(), caller.actor.clone(), Some(Cursor::START));
    Ok((Table { name, header, rows: Some(count) }, Rows { db, actor, kind, list, filter, behind }))
}

impl Pager for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let Some(behind) = self.behind.take() else { return Ok(None) };
        let mut tx = self.db.scoped_read(&self.actor).await?;
        let sight = store::sight(&mut tx, self.list == List::System, &self.filter).await?;
        let window = Window { behind, limit: PAGE, offset: 0 };
        let rows = store::page(&mut tx, self.kind, &sight, &self.filter, &window).await?;
        drop(tx);
        if i64::try_from(rows.len()).is_ok_and(|n| n == PAGE) {
            self.behind = rows.last().map(Into::into);
        }
        Ok(Some(rows.into_iter().map(|r| row(self.kind, r)).collect()))
    }
}

fn given(ratio: Ratio) -> Value {
    match ratio {
        Ratio::Value(x) => x.into(),
        Ratio::NotMeaningful => "NM".into(),
        Ratio::Missing => Value::Empty,
    }
}

/// A row in the order of its kind's header.
fn row(kind: Kind, row: PredictionRow) -> Row {
    let quality: Vec<String> =
        row.flags().into_iter().map(|f| format!("{}: {}", f.field, f.code.as_str())).collect();
    let ratios = row.ratios(kind).into_iter().map(given);
    let mut cells: Row = vec![
        row.symbol.into(),
        row.name.into(),
        row.market_cap.into(),
        row.sector.into(),
        row.reporting_year.into(),
        row.reporting_quarter.into(),
    ];
    cells.extend(ratios);
    if kind == Kind::Quarterly {
        cells.extend([row.logistic_probability.into(), row.gbm_probability.into()]);
    }
    cells.extend([
        row.probability.into(),
        row.raw_probability.into(),
        row.risk_level.into(),
        row.grade.into(),
        row.confidence.into(),
        quality.join("; ").into(),
        row.model_name.into(),
        row.model_version.into(),
        row.model_hash.into(),
        row.version.into(),
        row.access_level.into(),
        row.organization_name.into(),
        row.created_by_email.into(),
        row.created_at.into(),
        row.updated_at.unwrap_or(row.created_at).into(),
        row.id.into(),
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use accunode_sheets::columns::columns;

    use super::*;

    #[test]
    fn a_file_begins_as_one_to_upload() {
        for (kind, header) in [(Kind::Annual, ANNUAL), (Kind::Quarterly, QUARTERLY)] {
            let names: Vec<_> = columns(kind).into_iter().map(|(name, _)| name).collect();
            assert_eq!(header[..names.len()], names);
        }
    }
}
