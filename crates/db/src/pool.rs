//! Opening a database.

use std::{fmt, num::NonZeroU32, path::PathBuf, str::FromStr, time::Duration};

use accunode_domain::Role;
use sqlx::{
    ConnectOptions as _, Connection as _, PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{DbError, Result, Scope, glance::Glances};

/// The two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl Engine {
    /// `postgres` or `sqlite`, as URLs begin and migrations are filed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections to PostgreSQL for transactions, and as many again for single statements; or reading connections to SQLite (which always has one writing connection).
    pub pool_size: NonZeroU32,
    /// How long to wait for a free connection.
    pub acquire_timeout: Duration,
    /// After how long PostgreSQL gives up on one statement.
    pub statement_timeout: Duration,
}

impl Default for Options {
    /// Ten connections, 30 seconds each for a connection and for a statement.
    fn default() -> Self {
        Self {
            pool_size: NonZeroU32::MIN.saturating_add(9),
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
        }
    }
}

/// An open database; clones share its connections.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
    /// Tests only, see [`Db::with_widened_predicates`].
    widened: bool,
}

#[derive(Clone)]
pub(crate) enum Pools {
    Pg {
        transactions: PgPool,
        glances: Glances,
    },
    /// SQLite has one writer: a pool of one makes writers queue here, in order, and not inside SQLite, where
    /// the unlucky ones starve until they fail with "database is locked".
    Lite {
        read: SqlitePool,
        write: SqlitePool,
    },
}

impl fmt::Debug for Db {
    // Never the URL: it holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({})", self.engine())
    }
}

/// After how long a connection to PostgreSQL that nobody used is asked whether it still holds.
pub(crate) const STALE: Duration = Duration::from_secs(1);
/// How long SQLite waits for another process's write.
const BUSY: Duration = Duration::from_secs(10);

impl Db {
    /// Opens `postgres://…` or `sqlite://path` (a file; `sqlite::memory:` is refused, since each connection would
    /// see a database of its own). The database must have been migrated: on PostgreSQL each connection takes the
    /// role `accunode_app`, so that row-level security applies whoever the URL names.
    ///
    /// # Errors
    /// [`DbError`] when the URL cannot be read, the database not be reached, or the role not be taken.
    pub async fn connect(url: &str, options: &Options) -> Result<Self> {
        let pools = match parse(url)? {
            Parsed::Pg(connect) => connect_postgres(*connect, options).await?,
            Parsed::Lite(connect) => connect_sqlite(&connect, options).await?,
        };
        Ok(Self { pools, widened: false })
    }

    /// The same database with the first wall taken away: statements bind the scope of a super_admin, whoever
    /// acts, while PostgreSQL is still told the truth. For the tests that show the second wall to hold alone.
    #[doc(hidden)]
    #[must_use]
    pub fn with_widened_predicates(&self) -> Self {
        Self { widened: true, ..self.clone() }
    }

    /// What statements bind for whoever acts.
    pub(crate) fn predicate_scope(&self, scope: Scope) -> Scope {
        if self.widened { Scope { role: Role::SuperAdmin.as_str(), system: true, ..scope } } else { scope }
    }

    /// The same database, on PostgreSQL with connections of its own, each opened when it is first needed: for what
    /// must not wait behind others, on the runtime on which this is called. On SQLite the connections are shared,
    /// since it has one writer anyway. Must be called on a tokio runtime.
    #[must_use]
    pub fn apart(&self, options: &Options) -> Self {
        let pools = match &self.pools {
            Pools::Pg { transactions, .. } => {
                let connect = transactions.connect_options();
                let pool = postgres_pool(options).connect_lazy_with(connect.as_ref().clone());
                Pools::Pg { transactions: pool, glances: Glances::new(connect.as_ref().clone(), options) }
            }
            shared @ Pools::Lite { .. } => shared.clone(),
        };
        Self { pools, widened: self.widened }
    }

    /// Which engine this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.pools {
            Pools::Pg { .. } => Engine::Postgres,
            Pools::Lite { .. } => Engine::Sqlite,
        }
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// [`DbError`] when there is none.
    pub async fn ping(&self) -> Result<()> {
        match &self.pools {
            Pools::Pg { transactions, .. } => {
                sqlx::query("SELECT 1").execute(transactions).await?;
            }
            Pools::Lite { read, .. } => {
                sqlx::query("SELECT 1").execute(read).await?;
            }
        }
        Ok(())
    }

    /// Closes every connection, once the transactions on them are over.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Pg { transactions, glances } => {
                glances.close().await;
                transactions.close().await;
            }
            Pools::Lite { read, write } => {
                read.close().await;
                write.close().await;
            }
        }
    }

    pub(crate) const fn pools(&self) -> &Pools {
        &self.pools
    }
}

/// A URL, read.
pub(crate) enum Parsed {
    Pg(Box<PgConnectOptions>),
    Lite(Box<SqliteConnectOptions>),
}

/// Reads a database URL. No part of it is repeated in an error: it may hold a password.
pub(crate) fn parse(url: &str) -> Result<Parsed> {
    let unreadable = |what: &str| DbError::Config(format!("the database URL {what}"));
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let options = PgConnectOptions::from_str(url).map_err(|_| {
            unreadable("is not a PostgreSQL URL: postgres://user:password@host:port/name is expected")
        })?;
        // A slow database would fill the log with statements; it tells of slow ones in its own.
        return Ok(Parsed::Pg(Box::new(options.application_name("accunode").disable_statement_logging())));
    }
    let Some(path) = url.strip_prefix("sqlite:") else {
        return Err(unreadable("must begin with postgres:// or sqlite://"));
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(unreadable("must name a file: sqlite://path (a database in memory is not shared)"));
    }
    let options = SqliteConnectOptions::new()
        .filename(PathBuf::from(path))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // Statements of bulk inserts are too long for a log.
        .disable_statement_logging();
    Ok(Parsed::Lite(Box::new(options)))
}

async fn connect_postgres(connect: PgConnectOptions, options: &Options) -> Result<Pools> {
    let timeout = options.statement_timeout.as_millis();
    // The pool keeps trying a role that cannot be taken until its time is up, and then does not say why.
    if let Ok(mut connection) = connect.connect().await {
        if let Err(sqlx::Error::Database(error)) = take_role(&mut connection, timeout).await {
            return Err(DbError::Config(format!(
                "the role accunode_app cannot be taken ({}): migrate the database first, as a role that is a member of it",
                error.message()
            )));
        }
        connection.close().await?;
    }
    let pool = postgres_pool(options).connect_with(connect.clone()).await?;
    Ok(Pools::Pg { transactions: pool, glances: Glances::new(connect, options) })
}

fn postgres_pool(options: &Options) -> PgPoolOptions {
    let timeout = options.statement_timeout.as_millis();
    PgPoolOptions::new()
        .max_connections(options.pool_size.get())
        .acquire_timeout(options.acquire_timeout)
        .after_connect(move |connection, _| Box::pin(take_role(connection, timeout)))
        // Asking each one for a sign of life before its use would cost as much as the use of many does.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > STALE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// After how long PostgreSQL ends a session whose transaction does nothing. Ours wait for nobody between their
/// statements; only a process that is frozen, or whose machine is gone without a word, is silent for so long, and
/// until then its locks keep others from taking its job over.
const SILENT_TRANSACTION: &str = "20s";

/// Gives up the login role's powers for the application's.
pub(crate) async fn take_role(connection: &mut PgConnection, timeout_ms: u128) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT set_config('statement_timeout', $1, false), set_config('TimeZone', 'UTC', false),
                set_config('idle_in_transaction_session_timeout', $2, false)",
    )
    .bind(timeout_ms.to_string())
    .bind(SILENT_TRANSACTION)
    .execute(&mut *connection)
    .await?;
    sqlx::raw_sql("SET ROLE accunode_app").execute(connection).await?;
    Ok(())
}

async fn connect_sqlite(connect: &SqliteConnectOptions, options: &Options) -> Result<Pools> {
    let pool = |size: u32| {
        SqlitePoolOptions::new()
            .max_connections(size)
            .acquire_timeout(options.acquire_timeout)
            // A file does not go away, so opened connections stay good.
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let write = pool(1).connect_with(connect.clone()).await?;
    let read = connect.clone().pragma("query_only", "ON");
    let read = pool(options.pool_size.get()).connect_with(read).await?;
    Ok(Pools::Lite { read, write })
}
