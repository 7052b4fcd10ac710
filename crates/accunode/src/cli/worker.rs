//! `accunode worker`: works on jobs, in a process of its own.

use std::process::ExitCode;

use accunode_queue::Priority;
use accunode_server::{
    features::ops::{port::Process, vitals},
    models,
    state::AppState,
    workers,
};
use anyhow::{Context, Result};
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, DataDir},
    cli::{seen::Seen, signals},
    settings::Settings,
};

/// How to work.
#[derive(Args)]
pub struct WorkerArgs {
    #[command(flatten)]
    data: DataDir,
    /// Jobs at a time (default: WORKERS, else 2).
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: Option<u16>,
    /// Take jobs from these queues only, separated by commas.
    #[arg(
        long,
        value_name = "QUEUE",
        value_delimiter = ',',
        value_parser = lane,
        default_value = "high_priority,medium_priority,low_priority"
    )]
    queues: Vec<Priority>,
    /// Stop, too, when standard input ends: whoever started this process is gone.
    #[arg(long)]
    with_parent: bool,
}

fn lane(name: &str) -> Result<Priority, String> {
    let known = name.strip_suffix("_priority").unwrap_or(name);
    Priority::from_name(known)
        .ok_or_else(|| "high_priority, medium_priority or low_priority is expected".to_owned())
}

/// Works until SIGTERM or Ctrl-C, then finishes what is under way or gives it back.
///
/// # Errors
/// What kept it from starting.
pub fn run(args: WorkerArgs) -> Result<ExitCode> {
    let mut settings = app::settings(&args.data)?;
    settings.workers = args.concurrency.map_or(settings.workers.max(1), usize::from);
    if args.with_parent {
        // Several of them share the machine and their parent's settings.
        settings.seen.metrics = None;
    }
    let mut lanes = args.queues;
    lanes.sort_unstable();
    lanes.dedup();
    super::told(&settings, work(&settings, lanes, args.with_parent))
}

async fn work(settings: &Settings, lanes: Vec<Priority>, with_parent: bool) -> Result<()> {
    let stop = CancellationToken::new();
    signals::stop_when_asked(&stop).context("signals cannot be heard")?;
    if with_parent {
        stop_with_parent(&stop);
    }
    let process = Process::default();
    let seen = Seen::begin(&settings.seen, &process).await?;
    let state = app::started(settings).await?;
    vitals::begin(&state).await;
    process.has(&state);
    drain_when_stopped(&state, &stop);
    let watching = tokio::spawn(models::watch(state.clone(), stop.clone()));
    let names: Vec<_> = lanes.iter().map(|lane| lane.as_str()).collect();
    tracing::info!(concurrency = settings.workers, queues = names.join(","), "working");
    workers::runner(&state, settings.workers).lanes(lanes).run(stop).await;
    watching.await.context("the watch over the models ended badly")?;
    seen.end().await;
    state.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

fn drain_when_stopped(state: &AppState, stop: &CancellationToken) {
    let (state, stop) = (state.clone(), stop.clone());
    tokio::spawn(async move {
        stop.cancelled().await;
        state.vitals().drain();
    });
}

/// On a thread of its own, which the process does not wait for: nothing may ever be read.
fn stop_with_parent(stop: &CancellationToken) {
    let stop = stop.clone();
    std::thread::spawn(move || {
        // Whether it ends or breaks: nobody is there any more.
        drop(std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
        tracing::info!("stopping: whoever started this worker is gone");
        stop.cancel();
    });
}
