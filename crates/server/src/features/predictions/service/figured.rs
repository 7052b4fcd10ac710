//! What stored rows change of the figures of their owners.

use std::collections::BTreeMap;

use accunode_db::{Timestamp, Tx};
use accunode_domain::{AccessLevel, Kind, Result};
use accunode_scoring::Score;
use uuid::Uuid;

use super::storing::{Company, Latest, NewRow, State};
use crate::features::{
    dashboard::store::line::{Added, Change, Standing},
    predictions::store::companies::{Stands, stands},
};

/// Known companies whose change is noted one by one at most. Where more are rated again, figures are worked out anew.
const MOST_KNOWN: usize = 200;

/// The changes by owner, with the level of the owner's rows. What is latest of the companies must have been worked out.
/// None of owners of whom too much changed.
pub(super) async fn changes(
    tx: &mut Tx,
    rows: &[NewRow<'_>],
    ids: &[Uuid],
    companies: &[Company<'_>],
    stored: &impl Fn(usize) -> bool,
    now: Timestamp,
) -> Result<BTreeMap<Uuid, (AccessLevel, Change)>> {
    let touched = || companies.iter().filter(|company| company.rows.iter().any(|row| stored(*row)));
    let known: Vec<Uuid> = touched().filter(|c| c.state == State::There).map(|c| c.id).collect();
    let mut noted = BTreeMap::new();
    if known.len() > MOST_KNOWN {
        return Ok(noted);
    }
    let after = if known.is_empty() { Vec::new() } else { stands(tx, known).await? };
    let after: BTreeMap<Uuid, Stands> = after.into_iter().map(|stands| (stands.id, stands)).collect();
    for company in touched() {
        let (_, change): &mut (AccessLevel, Change) =
            noted.entry(company.owner.id()).or_insert_with(|| (company.owner.level, Change::default()));
        match (&company.stood, after.get(&company.id)) {
            (Some(before), Some(after)) => {
                change.company_changed(company.id, &before.standing(), &after.standing());
            }
            _ => change.company_added(company.id, &new(company, rows, ids)),
        }
        for row in company.rows.iter().filter(|row| stored(**row)) {
            change.prediction_added(&prediction(&rows[*row], now));
        }
    }
    Ok(noted)
}

/// How a new company stands.
fn new<'a>(company: &'a Company<'a>, rows: &'a [NewRow<'a>], ids: &[Uuid]) -> Standing<'a> {
    let latest = Latest::of(rows, ids, &company.rows);
    let score = |row: &NewRow<'_>| row.score.probability;
    Standing {
        sector: &company.sector,
        risk: latest.as_ref().map(|latest| latest.row.score.risk_level.as_str()),
        grade: latest.as_ref().map(|latest| latest.row.grade()),
        probability: latest.as_ref().map(|latest| score(latest.row)),
        previous: latest.and_then(|latest| latest.previous).map(score),
    }
}

fn prediction(row: &NewRow<'_>, now: Timestamp) -> Added {
    let Score { probability, .. } = *row.score;
    let rate = match row.kind {
        Kind::Annual => probability,
        Kind::Quarterly => row.score.scorecard_probability().unwrap_or(probability),
    };
    Added {
        kind: row.kind,
        period: row.record.period,
        created_by: row.owner.created_by.0,
        probability,
        rate,
        at: now.unix_micros(),
    }
}
