//! Trying a file: everything is checked, nothing is stored.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use accunode_domain::{Error, Result};
use accunode_sheets::{Format, Plan, Record};

use super::{detail::shown, intake::Taken};
use crate::{
    caller::Caller,
    features::{
        predictions::service::Owner,
        uploads::{
            api::submit::Trial,
            jobs::{
                chunk::{self, Part, Scored},
                limits, unpack,
            },
            store::known::{Known, known},
        },
    },
    state::AppState,
};

/// Errors that are told of.
const FIRST: usize = 100;

/// What would become of a file that has been taken in. The file goes.
///
/// # Errors
/// [`Error::BadRequest`] for a workbook that cannot be read to its end.
pub(in crate::features::uploads) async fn trial(
    state: &AppState,
    caller: &Caller,
    taken: Taken,
) -> Result<Trial> {
    let outcome = check(state, caller, &taken).await;
    taken.file.discard(state).await;
    outcome
}

async fn check(state: &AppState, caller: &Caller, taken: &Taken) -> Result<Trial> {
    if let Some(plan) = &taken.plan {
        return check_plan(state, caller, taken, &taken.file.key, plan, Format::Csv).await;
    }
    let (key, plan) = unpack(state, taken.id, &taken.file.key, taken.kind).await?;
    let outcome = check_plan(state, caller, taken, &key, &plan, Format::Xlsx).await;
    if let Err(error) = state.blobs.delete(&key).await {
        tracing::warn!(%error, key, "the rows of a workbook could not be removed");
    }
    outcome
}

async fn check_plan(
    state: &AppState,
    caller: &Caller,
    taken: &Taken,
    key: &str,
    plan: &Plan,
    format: Format,
) -> Result<Trial> {
    let owner = Owner::of(caller);
    let (mut failed, mut errors, mut seen) = (0, Vec::new(), Seen::default());
    for part in &plan.parts {
        let bytes = state.blobs.get_range(key, part.start..part.end).await.map_err(Error::internal)?;
        let rows = Part {
            format,
            kind: taken.kind,
            headers: plan.headers.clone(),
            first_line: part.first_line,
            rows: part.rows,
        };
        let limits = limits(&state.config);
        let read = tokio::task::spawn_blocking(move || chunk::read(rows, bytes, &limits));
        let mut scored: Scored = read.await.map_err(Error::internal)??;
        let mut symbols: Vec<&str> = scored.rows.iter().map(|(_, r)| r.symbol.as_str()).collect();
        symbols.sort_unstable();
        symbols.dedup();
        let mut tx = state.db.scoped_glance(caller).await?;
        let stored = known(&mut tx, &owner, taken.kind, &symbols).await?;
        drop(tx);
        for n in 0..scored.rows.len() {
            let Some((_, record)) = scored.rows.get(n) else { break };
            let period = period(record);
            if stored.contains(&period) || !seen.insert(&period) {
                scored.is_duplicate(n);
            }
        }
        scored.errors.sort_unstable_by_key(|e| e.row_number);
        failed += i64::try_from(scored.errors.len()).unwrap_or(i64::MAX);
        errors.extend(scored.errors.into_iter().take(FIRST - errors.len()).map(shown));
    }
    let total = i64::try_from(plan.rows).unwrap_or(i64::MAX);
    Ok(Trial {
        success: true,
        message: "Nothing was stored: this is what would become of the file".to_owned(),
        dry_run: true,
        total_rows: total,
        successful_rows: total - failed,
        failed_rows: failed,
        errors,
    })
}

fn period(record: &Record) -> Known {
    let quarter = record.period.quarter.map(|q| q.as_str().to_owned());
    (record.symbol.clone(), record.period.year.into(), quarter)
}

/// What a file has had so far. Of a long file only hashes are held: 128 bits under keys of this run alone, so that
/// nobody can make two that are the same.
#[derive(Default)]
struct Seen {
    keys: (RandomState, RandomState),
    hashes: HashSet<(u64, u64)>,
}

impl Seen {
    fn insert(&mut self, period: &Known) -> bool {
        self.hashes.insert((self.keys.0.hash_one(period), self.keys.1.hash_one(period)))
    }
}
