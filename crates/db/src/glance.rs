//! Connections for single reading statements on PostgreSQL.
//!
//! A transaction costs round trips of its own: begin, say who acts, end. A statement that stands alone needs no
//! transaction to see one unchanging view, so its connection says who acts for the session and remembers it: whoever
//! comes next for the same scope says nothing at all, and whoever comes for another one says everything anew.
//! These connections refuse to write.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _,
    postgres::{PgConnectOptions, PgConnection},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    Options, Result, Scope,
    pool::{STALE, take_role},
    tx::scope_text,
};

/// After how long a connection is replaced, so that a server's memory for it does not grow for ever.
const OLD: Duration = Duration::from_secs(1_800);

/// The connections; clones share them.
#[derive(Clone)]
pub(crate) struct Glances(Arc<Shared>);

struct Shared {
    connect: PgConnectOptions,
    options: Options,
    /// Those that nobody uses, the latest used last.
    idle: Mutex<Vec<Live>>,
    permits: Arc<Semaphore>,
}

struct Live {
    connection: PgConnection,
    /// What its session says.
    scope: Option<Scope>,
    born: Instant,
    used: Instant,
}

impl Glances {
    /// As many as the pool of transactions has; each is opened when it is first needed.
    pub(crate) fn new(connect: PgConnectOptions, options: &Options) -> Self {
        let permits = Arc::new(Semaphore::new(options.pool_size.get() as usize));
        Self(Arc::new(Shared { connect, options: options.clone(), idle: Mutex::default(), permits }))
    }

    /// A connection whose session says who acts.
    pub(crate) async fn take(&self, scope: Scope) -> Result<Glance> {
        let patience = self.0.options.acquire_timeout;
        let found = tokio::time::timeout(patience, async {
            let permit = self.0.permits.clone().acquire_owned().await;
            let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
            let live = match self.idle(&scope).await {
                Some(live) => live,
                None => self.open().await?,
            };
            let home = self.clone();
            let mut glance = Glance { live: Some(live), settled: true, home, permit: Some(permit) };
            glance.says(scope).await?;
            Ok(glance)
        });
        found.await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(Into::into)
    }

    /// One that says this already, or else the one that was used longest ago. Those that speak for the application
    /// itself are asked for at every request, so others take one of them only when no further one may be opened.
    async fn idle(&self, scope: &Scope) -> Option<Live> {
        let mut live = {
            let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let most = self.0.options.pool_size.get() as usize;
            // Whoever holds a permit has a connection or is about to, as this call is.
            let held = most.saturating_sub(self.0.permits.available_permits());
            let full = idle.len() + held > most;
            let at = idle
                .iter()
                .rposition(|live| live.scope == Some(*scope))
                .or_else(|| idle.iter().position(|live| live.scope.is_none_or(|s| !s.system)))
                .or(if full { Some(0) } else { None })?;
            idle.remove(at)
        };
        if live.born.elapsed() > OLD {
            return None;
        }
        // What has rested may have been cut off meanwhile.
        if live.used.elapsed() > STALE && live.connection.ping().await.is_err() {
            return None;
        }
        Some(live)
    }

    async fn open(&self) -> sqlx::Result<Live> {
        let mut connection = self.0.connect.connect().await?;
        take_role(&mut connection, self.0.options.statement_timeout.as_millis()).await?;
        sqlx::raw_sql("SET default_transaction_read_only = on").execute(&mut connection).await?;
        let now = Instant::now();
        Ok(Live { connection, scope: None, born: now, used: now })
    }

    /// Keeps one for whoever comes next.
    fn rest(&self, mut live: Live) {
        if !self.0.permits.is_closed() {
            live.used = Instant::now();
            self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(live);
        }
    }

    /// How many connections rest, and how many are in use.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        (idle, (self.most() as usize).saturating_sub(self.0.permits.available_permits()))
    }

    /// How many there may be.
    pub(crate) fn most(&self) -> u32 {
        self.0.options.pool_size.get()
    }

    /// Closes those that nobody uses and lets nobody have one any more.
    pub(crate) async fn close(&self) {
        self.0.permits.close();
        let idle = std::mem::take(&mut *self.0.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for live in idle {
            // It goes away either way.
            let _ = live.connection.close().await;
        }
    }
}

/// One of the connections; goes back when dropped.
pub struct Glance {
    /// Always there until it is dropped.
    live: Option<Live>,
    /// False while a statement is under way, and after one that failed or was left in the middle.
    settled: bool,
    home: Glances,
    permit: Option<OwnedSemaphorePermit>,
}

impl fmt::Debug for Glance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Glance")
    }
}

impl Glance {
    /// Makes the session say who acts, unless it does already.
    pub(crate) async fn says(&mut self, scope: Scope) -> sqlx::Result<()> {
        let Some(live) = self.live.as_mut().filter(|live| live.scope != Some(scope)) else { return Ok(()) };
        // Nothing is said until all of it is: one text is one transaction.
        (live.scope, self.settled) = (None, false);
        let text = scope_text("SET", &scope);
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut live.connection).await?;
        (live.scope, self.settled) = (Some(scope), true);
        Ok(())
    }

    /// Notes that the last statement came to its end.
    pub(crate) const fn settle(&mut self) {
        self.settled = true;
    }
}

impl Deref for Glance {
    type Target = PgConnection;
    #[allow(clippy::expect_used)] // there until dropped, see the field
    fn deref(&self) -> &PgConnection {
        &self.live.as_ref().expect("a glance has its connection until it is dropped").connection
    }
}

impl DerefMut for Glance {
    #[allow(clippy::expect_used)] // there until dropped, see the field
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.settled = false;
        &mut self.live.as_mut().expect("a glance has its connection until it is dropped").connection
    }
}

impl Drop for Glance {
    fn drop(&mut self) {
        let Some(mut live) = self.live.take() else { return };
        let (home, permit) = (self.home.clone(), self.permit.take());
        if self.settled {
            return home.rest(live);
        }
        // Left in the middle of a statement: whoever waits for a connection waits until the server is done with
        // that, or else going away early would be a way to have any number of statements under way.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if live.connection.ping().await.is_ok() {
                    home.rest(live);
                }
                drop(permit);
            });
        }
    }
}
