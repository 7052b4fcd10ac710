//! A fresh, migrated database for each test.

use std::{num::NonZeroU32, time::Duration};

use accunode_db::{Db, Engine, Options};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// The PostgreSQL of this run. None, with a word on why, when there is none.
///
/// # Panics
/// When there is none although `ACCUNODE_REQUIRE_SERVICES` is set.
#[must_use]
pub fn postgres_url() -> Option<String> {
    service("ACCUNODE_TEST_POSTGRES_URL")
}

/// The Redis of this run. None, with a word on why, when there is none.
///
/// # Panics
/// When there is none although `ACCUNODE_REQUIRE_SERVICES` is set.
#[must_use]
pub fn redis_url() -> Option<String> {
    service("ACCUNODE_TEST_REDIS_URL")
}

fn service(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        let required = std::env::var("ACCUNODE_REQUIRE_SERVICES").is_ok_and(|v| v == "1");
        assert!(!required, "{variable} is not set, but ACCUNODE_REQUIRE_SERVICES is");
        eprintln!("skipped: {variable} is not set (scripts/with-services.sh sets it)");
    }
    url
}

/// One test's own database, gone when dropped.
#[derive(Debug)]
pub struct TestDb {
    db: Db,
    url: String,
    _keep: Keep,
}

#[derive(Debug)]
#[allow(dead_code)] // held for what happens when they are dropped
enum Keep {
    Folder(TempDir),
    Database(Dropped),
}

/// A PostgreSQL database that is dropped with this value.
#[derive(Debug)]
struct Dropped {
    server: String,
    name: String,
}

impl Drop for Dropped {
    fn drop(&mut self) {
        let (server, sql) =
            (self.server.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // Dropping is async, and the test's runtime may be ending: a thread with one of its own.
        let thread = std::thread::spawn(move || {
            crate::block_on(async {
                if let Ok(mut connection) = PgConnection::connect(&server).await {
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.ok();
                }
            });
        });
        thread.join().ok();
    }
}

impl TestDb {
    /// A new SQLite database in a temporary folder.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Db::migrate(&url).await.unwrap();
        Self { db: Db::connect(&url, &options()).await.unwrap(), url, _keep: Keep::Folder(folder) }
    }

    /// A new database in the run's PostgreSQL, copied from a migrated template. None when there is no PostgreSQL.
    ///
    /// # Panics
    /// When it cannot be made, or when PostgreSQL is missing although it is required.
    pub async fn postgres() -> Option<Self> {
        let server = postgres_url()?;
        let name = format!("test_{}", Uuid::new_v4().simple());
        copy_template(&server, &name).await;
        let url = with_database(&server, &name);
        let db = Db::connect(&url, &options()).await.unwrap();
        Some(Self { db, url, _keep: Keep::Database(Dropped { server, name }) })
    }

    /// The database.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Its URL, for a second [`Db`] or for a program under test.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements as the database's owner, whom neither policies nor grants hold: for tests in which
    /// somebody goes behind the application's back.
    ///
    /// # Errors
    /// What the engine refuses.
    pub async fn as_owner(&self, sql: &str) -> sqlx::Result<()> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self.engine() {
            Engine::Postgres => sql.execute(&mut PgConnection::connect(&self.url).await?).await.map(drop),
            Engine::Sqlite => sql.execute(&mut SqliteConnection::connect(&self.url).await?).await.map(drop),
        }
    }

    /// Its engine.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.db.engine()
    }
}

/// A fresh database of each engine that there is: SQLite, and PostgreSQL if this run has one.
///
/// # Panics
/// As [`TestDb::sqlite`] and [`TestDb::postgres`].
pub async fn engines() -> Vec<TestDb> {
    let mut engines = vec![TestDb::sqlite().await];
    engines.extend(TestDb::postgres().await);
    engines
}

fn options() -> Options {
    Options {
        pool_size: NonZeroU32::MIN.saturating_add(7),
        acquire_timeout: Duration::from_secs(60),
        ..Options::default()
    }
}

/// The server's URL with another database's name.
fn with_database(server: &str, name: &str) -> String {
    let (base, query) = match server.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (server, String::new()),
    };
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..].find('/').map_or(base.len(), |at| authority + at);
    format!("{}/{name}{query}", &base[..end])
}

/// Copies the template to `name`, making the template first if this is the first test of these migrations. Tests
/// run in many processes: an advisory lock lets one in at a time, and the template gets its name when it is
/// complete.
async fn copy_template(server: &str, name: &str) {
    const LOCK: i64 = 0x7465_7374_6b69_7400;
    let template = format!("template_{}", accunode_db::private::schema_fingerprint(Engine::Postgres));
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await.unwrap();
    let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&template)
        .fetch_optional(&mut connection)
        .await
        .unwrap();
    if known.is_none() {
        let raw = format!("{template}_raw");
        run(&mut connection, format!("DROP DATABASE IF EXISTS {raw} WITH (FORCE)")).await;
        run(&mut connection, format!("CREATE DATABASE {raw}")).await;
        Db::migrate(&with_database(server, &raw)).await.unwrap();
        run(&mut connection, format!("ALTER DATABASE {raw} RENAME TO {template}")).await;
    }
    run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    connection.close().await.unwrap();
}

async fn run(connection: &mut PgConnection, sql: String) {
    // A connection that just closed may count for a moment, and a template must have none.
    for attempt in 0.. {
        match sqlx::raw_sql(AssertSqlSafe(sql.as_str())).execute(&mut *connection).await {
            Ok(_) => return,
            Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("55006") && attempt < 100 => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_databases_name_is_replaced() {
        assert_eq!(with_database("postgres://u@h:1/postgres", "x"), "postgres://u@h:1/x");
        assert_eq!(with_database("postgres://u@h:1", "x"), "postgres://u@h:1/x");
        assert_eq!(
            with_database("postgres://u@h/p?sslmode=disable", "x"),
            "postgres://u@h/x?sslmode=disable"
        );
    }
}
