//! `accunode model replay`: whether stored predictions can still be repeated to the last bit.

use std::{io::Write, process::ExitCode};

use accunode_db::Timestamp;
use accunode_domain::Kind;
use accunode_server::features::models::replay::{self, Report, Selection};
use anyhow::{Context as _, bail};

use super::ReplayArgs;
use crate::app;

/// Bundles are missing, and what could be repeated is the same.
const MISSING: u8 = 3;
/// Rows between two words about the progress.
const STEP: u64 = 100_000;

pub(super) fn run(args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let since = args.since.as_deref().map_or(Ok(Timestamp::from_unix_seconds(0)), moment)?;
    let kinds = args.kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind]);
    let selection = Selection { kinds, since, limit: args.limit };
    let settings = app::settings(&args.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    let report = runtime.block_on(async {
        let state = app::state(&settings).await?;
        let pending = state.db.pending_migrations().await?;
        if !pending.is_empty() {
            bail!("{} migrations are missing: run `accunode migrate`", pending.len());
        }
        let mut spoken = 0;
        let report = replay::run(&state, &selection, |report| {
            if report.rows - spoken >= STEP {
                spoken = report.rows;
                // Nobody is told when nobody listens.
                let _ =
                    writeln!(std::io::stderr(), "{spoken} predictions repeated, {} differ", report.different);
            }
        })
        .await?;
        state.db.close().await;
        anyhow::Ok(report)
    })?;
    print(&report, &mut std::io::stdout().lock())?;
    Ok(if report.different > 0 {
        ExitCode::FAILURE
    } else if report.missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(MISSING)
    })
}

/// A day or a moment.
fn moment(text: &str) -> anyhow::Result<Timestamp> {
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let read = whole.parse().ok();
    read.with_context(|| format!("--since is '{text}', but a day like 2026-11-01 or a moment is expected"))
}

fn print(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    for d in &report.first {
        writeln!(
            out,
            "DIFFERENT {} {} version {}: {} is stored as {}, but comes out as {}",
            d.kind, d.id, d.version, d.field, d.stored, d.computed
        )?;
    }
    for (hash, missing) in &report.missing {
        writeln!(out, "MISSING model {hash} of {} predictions: {}", missing.rows, missing.reason)?;
    }
    let missing: u64 = report.missing.values().map(|m| m.rows).sum();
    writeln!(
        out,
        "predictions and earlier versions: {}, the same: {}, different: {}, without their model: {missing}",
        report.rows, report.same, report.different
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_read() {
        assert_eq!(moment("1970-01-02").unwrap(), Timestamp::from_unix_seconds(86_400));
        assert_eq!(moment("1970-01-01T00:01:00Z").unwrap(), Timestamp::from_unix_seconds(60));
        assert!(moment("yesterday").unwrap_err().to_string().contains("--since"));
    }
}
