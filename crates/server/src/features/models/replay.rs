//! Repeating stored predictions, each with the bundle that made it: whether every number is still the same, to the
//! last bit. Reads only.

use std::{collections::BTreeMap, sync::Arc};

use accunode_db::Timestamp;
use accunode_domain::{Error, Kind, MasterScale, Ratio, Result};
use accunode_scoring::{Bundle, Score};
use uuid::Uuid;

use super::store::replay::{self as store, StoredScore, Table};
use crate::{features::grades::service as grades, models, state::AppState};

/// Rows that are read and scored at a time.
const BATCH: i64 = 4_096;
/// How many differences are kept to be shown.
const SHOWN: usize = 20;

/// Which predictions.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Of these kinds.
    pub kinds: Vec<Kind>,
    /// Not scored before.
    pub since: Timestamp,
    /// At most so many, the earlier versions of a prediction counted each.
    pub limit: Option<u64>,
}

/// A number or name that is not what was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Kind of the prediction.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: i32,
    /// What differs.
    pub field: &'static str,
    /// As it is stored.
    pub stored: String,
    /// As it is now.
    pub computed: String,
}

/// Predictions whose bundle is not to be had.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// How many.
    pub rows: u64,
    /// Why.
    pub reason: String,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Predictions and earlier versions that were looked at.
    pub rows: u64,
    /// Those that are the same to the last bit.
    pub same: u64,
    /// Those that are not.
    pub different: u64,
    /// By the hash of the bundle, those that could not be repeated.
    pub missing: BTreeMap<String, Missing>,
    /// The first differences.
    pub first: Vec<Difference>,
}

/// Repeats predictions; `progress` is told after each batch.
///
/// # Errors
/// When the database fails.
pub async fn run(
    state: &AppState,
    selection: &Selection,
    mut progress: impl FnMut(&Report),
) -> Result<Report> {
    let mut report = Report::default();
    for kind in &selection.kinds {
        for table in [Table::Current, Table::Earlier] {
            let mut at = (Uuid::nil(), 0);
            loop {
                let left = selection.limit.map_or(u64::MAX, |limit| limit.saturating_sub(report.rows));
                let limit = BATCH.min(i64::try_from(left).unwrap_or(i64::MAX));
                let mut tx = state.db.system_read("repeat stored predictions").await?;
                let rows = store::behind(&mut tx, *kind, table, at, selection.since, limit).await?;
                drop(tx);
                let Some(last) = rows.last() else { break };
                at = (last.id, last.version);
                report.rows += rows.len() as u64;
                repeat(state, *kind, rows, &mut report).await?;
                progress(&report);
            }
        }
    }
    Ok(report)
}

/// Repeats a batch, the rows of each bundle together.
async fn repeat(state: &AppState, kind: Kind, rows: Vec<StoredScore>, report: &mut Report) -> Result<()> {
    let mut by_bundle: BTreeMap<String, Vec<StoredScore>> = BTreeMap::new();
    for row in rows {
        by_bundle.entry(row.scored.model_hash.clone()).or_default().push(row);
    }
    for (hash, rows) in by_bundle {
        let bundle = match models::by_hash(state, &hash).await {
            Ok(Some(bundle)) if bundle.kind() == kind => bundle,
            Ok(Some(_)) => {
                note_missing(report, &hash, rows.len(), "the model of this hash is of the other kind");
                continue;
            }
            Ok(None) => {
                note_missing(report, &hash, rows.len(), "no model of this hash is known");
                continue;
            }
            Err(error) => {
                note_missing(report, &hash, rows.len(), &reason(&error));
                continue;
            }
        };
        let (rows, scores) = score(kind, bundle, rows).await?;
        for (row, score) in rows.iter().zip(scores) {
            let scale = match row.scored.grade {
                Some(_) => Some(grades::by_id(state, row.scored.grade_scale_id).await?.master),
                None => None,
            };
            let differences = compare(kind, row, score, scale.as_deref());
            if differences.is_empty() {
                report.same += 1;
            } else {
                report.different += 1;
            }
            let room = SHOWN.saturating_sub(report.first.len());
            report.first.extend(differences.into_iter().take(room));
        }
    }
    Ok(())
}

fn note_missing(report: &mut Report, hash: &str, rows: usize, reason: &str) {
    let missing = report.missing.entry(hash.to_owned()).or_default();
    missing.rows += rows as u64;
    reason.clone_into(&mut missing.reason);
}

/// An error's whole story: this is for the operator at the console.
fn reason(error: &Error) -> String {
    match error {
        Error::Internal(source) => format!("its file cannot be used: {source}"),
        other => other.to_string(),
    }
}

type Scores = Vec<std::result::Result<Score, String>>;

/// Scores rows on a thread of its own, over all cores. Where a stored number is none that can be scored, row by row.
async fn score(
    kind: Kind,
    bundle: Arc<Bundle>,
    rows: Vec<StoredScore>,
) -> Result<(Vec<StoredScore>, Scores)> {
    let work = move || {
        let ratios: Vec<Vec<Ratio>> = rows.iter().map(|row| row.scored.ratios(kind)).collect();
        let column = |i: usize| ratios.iter().filter_map(|row| row.get(i).copied()).collect();
        let columns: Vec<Vec<Ratio>> = (0..kind.ratios().len()).map(column).collect();
        let scores = match bundle.score_batch(&columns) {
            Ok(scores) => scores.iter().map(Ok).collect(),
            Err(_) => ratios.iter().map(|row| bundle.score(row).map_err(|e| e.to_string())).collect(),
        };
        (rows, scores)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

fn compare(
    kind: Kind,
    row: &StoredScore,
    score: std::result::Result<Score, String>,
    scale: Option<&MasterScale>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let (id, version) = (row.id, row.version);
    let mut differ = |field: &'static str, stored: String, computed: String| {
        differences.push(Difference { kind, id, version, field, stored, computed });
    };
    let score = match score {
        Ok(score) => score,
        Err(reason) => {
            differ("ratios", "a score".to_owned(), reason);
            return differences;
        }
    };
    let row = &row.scored;
    let mut numbers = vec![
        ("probability", Some(row.probability), Some(score.probability)),
        ("raw_probability", Some(row.raw_probability), Some(score.raw)),
        ("confidence", Some(row.confidence), Some(score.confidence)),
    ];
    if kind == Kind::Quarterly {
        numbers.push(("logistic_probability", row.logistic_probability, score.scorecard_probability()));
        numbers.push(("gbm_probability", row.gbm_probability, score.lightgbm_probability()));
    }
    let shown =
        |number: Option<f64>| number.map_or("none".to_owned(), |x| format!("{x} ({:016x})", x.to_bits()));
    for (field, stored, computed) in numbers {
        if stored.map(f64::to_bits) != computed.map(f64::to_bits) {
            differ(field, shown(stored), shown(computed));
        }
    }
    let level = score.risk_level.as_str();
    if row.risk_level != level {
        differ("risk_level", row.risk_level.clone(), level.to_owned());
    }
    if let (Some(stored), Some(scale)) = (&row.grade, scale) {
        let grade = scale.grade(score.probability);
        if stored != grade {
            differ("grade", stored.clone(), grade.to_owned());
        }
    }
    differences
}
