//! The port of those who look after a process.

use accunode_server::features::ops::port::{self, Process};
use anyhow::{Context, Result};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::settings::SeenSettings;

/// Metrics and signs of life on a port of their own, until this value is dropped or ended.
pub struct Seen {
    stop: CancellationToken,
    serving: Option<JoinHandle<std::io::Result<()>>>,
}

impl Seen {
    /// Begins, where a port is set.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn begin(settings: &SeenSettings, process: &Process) -> Result<Self> {
        let stop = CancellationToken::new();
        let Some(address) = settings.metrics else { return Ok(Self { stop, serving: None }) };
        let listener = TcpListener::bind(address);
        let listener = listener.await.with_context(|| format!("METRICS_PORT: cannot listen on {address}"))?;
        tracing::info!(address = %listener.local_addr()?, "metrics are served");
        let serving = tokio::spawn(port::serve_metrics(listener, process.clone(), stop.clone()));
        Ok(Self { stop, serving: Some(serving) })
    }

    /// Answers nobody any more.
    pub async fn end(self) {
        self.stop.cancel();
        let Some(serving) = self.serving else { return };
        if let Ok(Err(error)) = serving.await {
            tracing::warn!(%error, "metrics could not be served");
        }
    }
}
