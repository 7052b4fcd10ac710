//! Connections: how many there may be at once, and how long each may take to say what it wants. Without such bounds, a
//! single machine that opens connections and says nothing, or asks and never reads, keeps everybody else out.

mod moving;

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use moving::Moving;

/// Within this time of connecting, a first request's head must have come.
const FIRST_HEAD: Duration = Duration::from_secs(10);
/// How long a connection may wait for its next request, its head included. Longer than balancers keep theirs (a minute),
/// which would otherwise send a request into one that is being closed.
const NEXT_HEAD: Duration = Duration::from_secs(75);
/// How long a client may take nothing of an answer. What the system holds for it counts as taken, and room for more is
/// only made in pieces, so that slow networks need more than seconds.
const UNREAD: Duration = Duration::from_secs(60);
/// The largest head of a request; larger ones are answered with 431. Also what a connection holds of a body.
const LARGEST_HEAD: usize = 64 << 10;
/// Requests at once over one HTTP/2 connection.
const STREAMS: u32 = 128;
/// After how long a silent HTTP/2 connection is asked for a sign of life.
const SILENCE: Duration = Duration::from_secs(30);
/// The most connections; fewer where the system allows fewer open files.
const MOST: u64 = 16_384;
/// Open files for everything else: the database, Redis, files that come in.
const RESERVED: u64 = 256;
/// How long to wait when no further connection can be taken.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers the connections of a listener until `stop` is cancelled, then finishes the requests under way.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let most = most();
    tracing::debug!(most, "connections at once");
    let slots = Arc::new(Semaphore::new(most));
    let connections = TaskTracker::new();
    loop {
        let next = async {
            // Whoever comes beyond the most waits with the system, until others are through or out of time.
            let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
            let (stream, from) = listener.accept().await?;
            io::Result::Ok((stream, from, slot))
        };
        let next = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break,
        };
        match next {
            Ok((stream, from, slot)) => {
                connections.spawn(connection(stream, from, slot, router.clone(), stop.clone()));
            }
            // The client went away meanwhile.
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn connection(
    stream: TcpStream,
    from: SocketAddr,
    _slot: OwnedSemaphorePermit,
    router: Router,
    stop: CancellationToken,
) {
    let began = Arc::new(AtomicBool::new(false));
    let seen = began.clone();
    let service = router.map_request(move |mut request: Request<_>| {
        seen.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(from));
        request.map(Body::new)
    });
    let builder = builder();
    let stream = TokioIo::new(Moving::new(stream, UNREAD));
    let serving = builder.serve_connection_with_upgrades(stream, TowerToHyperService::new(service));
    let mut serving = pin!(serving);
    let mut first = pin!(sleep_until(Instant::now() + FIRST_HEAD));
    let (mut asked, mut stopping) = (false, false);
    loop {
        tokio::select! {
            outcome = serving.as_mut() => {
                if let Err(error) = outcome {
                    tracing::trace!(error, "a connection ended badly");
                }
                break;
            }
            () = &mut first, if !asked => {
                asked = true;
                if !began.load(Ordering::Relaxed) {
                    break;
                }
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(NEXT_HEAD).max_buf_size(LARGEST_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(SILENCE)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(LARGEST_HEAD).unwrap_or(u32::MAX));
    builder
}

/// How many connections there may be. The process is allowed as many open files as the system lets it have.
fn most() -> usize {
    let most = files().map_or(MOST, |files| files.saturating_sub(RESERVED).clamp(64, MOST));
    usize::try_from(most).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

#[cfg(unix)]
fn files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // No limit at all is refused by some systems: then it stays as it is.
    let wanted = limit.maximum.unwrap_or(MOST + RESERVED).min(MOST + RESERVED);
    let raised = Rlimit { current: Some(wanted.max(limit.current?)), maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(_) => limit.current,
    }
}

#[cfg(not(unix))]
fn files() -> Option<u64> {
    None
}
