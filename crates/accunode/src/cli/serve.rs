//! `accunode serve`: the HTTP server with workers inside.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use accunode_db::Db;
use accunode_server::{
    features::{
        auth,
        dashboard::service as figures,
        ops::{
            port::{self, Process},
            vitals,
        },
        scaling,
    },
    models, router,
    state::AppState,
    workers,
};
use anyhow::{Context, Result};
use clap::Args;
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, DataDir},
    cli::{seen::Seen, signals},
    settings::Settings,
};

/// How to serve.
#[derive(Args)]
pub struct ServeArgs {
    #[command(flatten)]
    data: DataDir,
    /// Port to listen on (default: PORT, else 8000; 0 takes a free one).
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Serve requests only; other processes work on the jobs.
    #[arg(long)]
    no_worker: bool,
    /// Refuse to start when the database is not up to date, in place of migrating it.
    #[arg(long)]
    no_migrate: bool,
}

/// Serves until SIGTERM or Ctrl-C, then finishes what is under way.
///
/// # Errors
/// What kept it from starting, or ended it.
pub fn run(args: ServeArgs) -> Result<ExitCode> {
    let mut settings = app::settings(&args.data)?;
    settings.port = args.port.unwrap_or(settings.port);
    if args.no_worker {
        settings.workers = 0;
    }
    super::told(&settings, serve(&settings, args.no_migrate))
}

async fn serve(settings: &Settings, no_migrate: bool) -> Result<()> {
    let stop = CancellationToken::new();
    signals::stop_when_asked(&stop).context("signals cannot be heard")?;
    let process = Process::default();
    let seen = Seen::begin(&settings.seen, &process).await?;
    let address = SocketAddr::new(settings.host, settings.port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let (listener, starting) = Starting::begin(listener)?;
    let state = start(settings, no_migrate).await?;
    process.has(&state);
    starting.end().await;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let working = work(&state, &stop);
    let watching = tokio::spawn(models::watch(state.clone(), stop.clone()));
    let scaling = tokio::spawn(scaling::jobs::watch(state.clone(), stop.clone()));
    let keeping_up = tokio::spawn(figures::watch(state.clone(), stop.clone()));
    router::serve(listener, &state, drained(&state, &stop, settings.seen.drain)).await?;
    working.await.context("the workers ended badly")?;
    watching.await.context("the watch over the models ended badly")?;
    scaling.await.context("the watch over the number of workers ended badly")?;
    keeping_up.await.context("the watch over the figures ended badly")?;
    seen.end().await;
    state.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The application on a migrated database, with somebody who can sign in.
async fn start(settings: &Settings, no_migrate: bool) -> Result<AppState> {
    if !no_migrate {
        Db::migrate(settings.database_url.expose_secret()).await?;
    }
    let state = app::started(settings).await?;
    if let Some((email, password)) = &settings.admin
        && auth::service::bootstrap_admin(&state, email, password.expose_secret()).await?
    {
        tracing::info!("the first super_admin was made from ACCUNODE_ADMIN_EMAIL");
    }
    vitals::begin(&state).await;
    Ok(state)
}

/// Somebody who answers on the application's port until the application does.
struct Starting {
    over: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Starting {
    /// Begins; the listener that comes back is for the application, on the same port.
    fn begin(listener: TcpListener) -> Result<(TcpListener, Self)> {
        tracing::info!(address = %listener.local_addr()?, "starting");
        let first = listener.into_std()?;
        let second = TcpListener::from_std(first.try_clone()?)?;
        let over = CancellationToken::new();
        let serving = tokio::spawn(port::serve_start(TcpListener::from_std(first)?, over.clone()));
        Ok((second, Self { over, serving }))
    }

    async fn end(self) {
        self.over.cancel();
        // Whoever comes now waits for the application.
        drop(self.serving.await);
    }
}

/// Cancelled some time after `stop`: until then who balances the load learns that nobody new should be sent, while
/// those who come are still answered.
fn drained(state: &AppState, stop: &CancellationToken, time: Duration) -> CancellationToken {
    let over = CancellationToken::new();
    let (state, stop, end) = (state.clone(), stop.clone(), over.clone());
    tokio::spawn(async move {
        stop.cancelled().await;
        state.vitals().drain();
        tokio::time::sleep(time).await;
        end.cancel();
    });
    over
}

/// Starts the workers of this process, if it has any.
fn work(state: &AppState, stop: &CancellationToken) -> JoinHandle<()> {
    let (state, stop) = (state.clone(), stop.clone());
    tokio::spawn(async move {
        let concurrency = state.config.worker_concurrency;
        if concurrency == 0 {
            return;
        }
        let runner = workers::runner(&state, concurrency);
        runner.run(stop).await;
    })
}
