//! How the parts of the system are: looked at every few seconds, so that answering costs nothing and asks nobody.

use std::{
    num::NonZeroU32,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use accunode_db::{Db, Options};
use tokio::{
    sync::OnceCell,
    time::{sleep, timeout},
};

use super::machine::Machine;
use crate::state::AppState;

/// How often the parts are looked at.
const EVERY: Duration = Duration::from_secs(2);
/// How long the database may take to answer. One that does not is asked a second time.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checks {
    pub(super) database: bool,
    /// None where there is no Redis.
    pub(super) redis: Option<bool>,
    /// Jobs that the workers of all processes run at a time.
    pub(super) workers: usize,
    pub(super) machine: Machine,
}

/// How the parts are, and whether this process is about to end.
pub struct Vitals {
    /// Connections of its own: that the others are all in use is no reason to be told ill.
    db: Db,
    draining: AtomicBool,
    found: RwLock<Option<Checks>>,
    begun: OnceCell<()>,
}

impl Vitals {
    /// Of this database. Must be called on a tokio runtime.
    pub(crate) fn new(db: &Db) -> Self {
        let one = Options { pool_size: NonZeroU32::MIN, acquire_timeout: PATIENCE, ..Options::default() };
        Self {
            db: db.apart(&one),
            draining: AtomicBool::new(false),
            found: RwLock::default(),
            begun: OnceCell::new(),
        }
    }

    /// Says that this process is about to end: from now on nobody new should come.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// The database, over connections that nobody else uses.
    pub(super) const fn db(&self) -> &Db {
        &self.db
    }

    fn keep(&self, checks: Checks) {
        *self.found.write().unwrap_or_else(PoisonError::into_inner) = Some(checks);
    }

    fn kept(&self) -> Option<Checks> {
        *self.found.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the parts, and goes on to do so every few seconds for as long as the application is there. Done at the
/// start, so that nobody has to wait; whoever asks before has it done.
pub async fn begin(state: &AppState) {
    state.vitals().begun.get_or_init(|| first(state)).await;
}

async fn first(state: &AppState) {
    state.vitals().keep(look(state).await);
    let weak = state.weak();
    tokio::spawn(async move {
        loop {
            sleep(EVERY).await;
            let Some(state) = weak.state() else { return };
            state.vitals().keep(look(&state).await);
        }
    });
}

/// What was found last.
pub(super) async fn checks(state: &AppState) -> Checks {
    loop {
        if let Some(checks) = state.vitals().kept() {
            return checks;
        }
        begin(state).await;
    }
}

/// Whether requests should be sent here; else why not, in words for whoever looks after the system.
pub(super) async fn ready(state: &AppState) -> Result<(), &'static str> {
    if state.vitals().draining.load(Ordering::Relaxed) {
        return Err("this process is about to end");
    }
    if checks(state).await.database { Ok(()) } else { Err("the database does not answer") }
}

async fn look(state: &AppState) -> Checks {
    let (workers, redis) = tokio::join!(workers(state), state.wake.ping());
    Checks {
        database: workers.is_some(),
        redis,
        workers: workers.unwrap_or_default(),
        machine: Machine::now(),
    }
}

/// How many jobs the workers that were heard of lately run at a time, in all processes; none when the database does not
/// tell.
async fn workers(state: &AppState) -> Option<usize> {
    for _ in 0..2 {
        let known = async {
            let mut tx = state.vitals().db.system_glance("workers are everybody's").await?;
            accunode_queue::workers(&mut tx, state.clock.now()).await
        };
        match timeout(PATIENCE, known).await {
            Ok(Ok(known)) => {
                return Some(known.iter().filter_map(|one| usize::try_from(one.concurrency).ok()).sum());
            }
            Ok(Err(error)) => tracing::warn!(%error, "the database does not answer"),
            Err(_) => tracing::warn!("the database does not answer in time"),
        }
    }
    None
}
