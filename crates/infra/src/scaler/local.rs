//! Workers as processes of this machine.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    process::{Child, ChildStdin, Command},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Longer than a worker gives its jobs to end or to be given back.
const PATIENCE: Duration = Duration::from_secs(45);
/// A worker that lived so long is not one that cannot start.
const SETTLED: Duration = Duration::from_secs(60);
/// The longest pause before a place is filled again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How a worker is started. Its standard input is a pipe that ends with this process, so that a worker that watches
/// it does not outlive whoever started it.
#[derive(Clone, Debug)]
pub struct LocalCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl LocalCommand {
    fn spawn(&self) -> std::io::Result<Child> {
        Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            // What is dropped without a word must not go on.
            .kill_on_drop(true)
            .spawn()
    }
}

/// Keeps as many worker processes running as are wanted. Clones share them.
#[derive(Clone, Debug)]
pub struct LocalWorkers {
    command: Arc<LocalCommand>,
    wanted: watch::Sender<usize>,
    running: Arc<AtomicUsize>,
    patience: Duration,
}

impl LocalWorkers {
    /// Workers that are started by this command; none are wanted yet.
    #[must_use]
    pub fn new(command: LocalCommand) -> Self {
        let running = Arc::new(AtomicUsize::new(0));
        Self { command: Arc::new(command), wanted: watch::Sender::new(0), running, patience: PATIENCE }
    }

    /// With another time for workers to end by themselves once they were asked to.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Says how many there should be.
    pub fn want(&self, workers: usize) {
        self.wanted.send_if_modified(|wanted| {
            let changes = *wanted != workers;
            *wanted = workers;
            changes
        });
    }

    /// How many processes there are, those that are ending among them.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    /// Keeps the wanted number running until `stop`; then asks all of them to end, and waits until they have.
    pub async fn keep(&self, stop: CancellationToken) {
        let mut wanted = self.wanted.subscribe();
        let mut places: Vec<CancellationToken> = Vec::new();
        let mut tasks = JoinSet::new();
        while !stop.is_cancelled() {
            let want = *wanted.borrow_and_update();
            for leaving in places.drain(want.min(places.len())..) {
                leaving.cancel();
            }
            while places.len() < want {
                let place = CancellationToken::new();
                tasks.spawn(self.clone().fill(place.clone()));
                places.push(place);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                _ = wanted.changed() => {}
                Some(_) = tasks.join_next() => {}
            }
        }
        places.iter().for_each(CancellationToken::cancel);
        while tasks.join_next().await.is_some() {}
    }

    /// Keeps one worker running until `leave`; one that dies is replaced, after a pause that grows while none lives
    /// long.
    async fn fill(self, leave: CancellationToken) {
        let mut failures = 0_u32;
        while !leave.is_cancelled() {
            let began = Instant::now();
            match self.command.spawn() {
                Ok(child) => match self.watch(child, &leave).await {
                    Some(status) => {
                        tracing::warn!(%status, "a worker ended by itself; another takes its place");
                    }
                    None => return,
                },
                Err(error) => tracing::error!(%error, "a worker could not be started"),
            }
            failures = if began.elapsed() >= SETTLED { 0 } else { failures.saturating_add(1) };
            let pause = Duration::from_secs(2_u64.saturating_pow(failures)) / 2;
            leave.run_until_cancelled(sleep(pause.min(LONGEST_PAUSE))).await;
        }
    }

    /// Waits until a worker has ended: how, if that was its own idea.
    async fn watch(&self, mut child: Child, leave: &CancellationToken) -> Option<ExitStatus> {
        let _counted = Counted::new(&self.running);
        // Waiting for a process closes its standard input, which would tell it that whoever started it is gone.
        let pipe = child.stdin.take();
        let pid = child.id();
        tracing::info!(pid, "a worker was started");
        let status = tokio::select! {
            status = child.wait() => status.unwrap_or_default(),
            () = leave.cancelled() => {
                self.end(&mut child, pipe).await;
                tracing::info!(pid, "a worker was stopped");
                return None;
            }
        };
        Some(status)
    }

    /// Asks a worker to end, and ends it when it does not.
    async fn end(&self, child: &mut Child, pipe: Option<ChildStdin>) {
        terminate(child);
        drop(pipe);
        if timeout(self.patience, child.wait()).await.is_err() {
            tracing::error!(pid = child.id(), "a worker did not end in time and was killed");
            child.kill().await.ok();
        }
    }
}

/// SIGTERM. The process has not been waited for, so its number is still its own.
#[cfg(unix)]
fn terminate(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(Err(error)) = pid.map(|pid| kill_process(pid, Signal::TERM)) {
        tracing::warn!(%error, "a worker could not be asked to stop");
    }
}

/// Where there are no signals, the end of its standard input tells it.
#[cfg(not(unix))]
fn terminate(_: &mut Child) {}

/// Counts as running as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(running: &'a AtomicUsize) -> Self {
        running.fetch_add(1, Ordering::SeqCst);
        Self(running)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(all(test, unix))]
mod tests;
