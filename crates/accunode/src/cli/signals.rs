//! Being asked to stop.

use std::io;

use tokio::signal;
use tokio_util::sync::CancellationToken;

/// Cancels the token at the first SIGTERM or Ctrl-C, and ends the process at the second. They are heard from this
/// call on: one that comes while the program starts still ends it in order. Must be called on the runtime.
///
/// # Errors
/// When signals cannot be heard.
pub fn stop_when_asked(stop: &CancellationToken) -> io::Result<()> {
    let mut asked = Asked::new()?;
    let stop = stop.clone();
    tokio::spawn(async move {
        asked.wait().await;
        tracing::info!("stopping: finishing what is under way");
        stop.cancel();
        asked.wait().await;
        tracing::warn!("asked twice: stopping at once");
        std::process::exit(1);
    });
    Ok(())
}

#[cfg(unix)]
struct Asked(signal::unix::Signal, signal::unix::Signal);

#[cfg(unix)]
impl Asked {
    fn new() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) {
        drop(signal::ctrl_c().await);
    }
}
