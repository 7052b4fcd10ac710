//! Bringing a database up to date.

use std::{collections::HashSet, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, migrate::Migrator, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use crate::{
    Db, DbError, Engine, Result,
    pool::{Parsed, Pools, parse},
};

static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// The advisory lock's number (one database at a time, any number of servers): "accunode" in ASCII.
const LOCK: i64 = 0x6163_6375_6e6f_6465;
const ROLE: &str = include_str!("role.sql");
const GRANTS: &str = include_str!("grants.sql");

impl Db {
    /// Applies the migrations that are missing, on a connection of its own and as the role that the URL names.
    /// Any number of servers may do this at once. A missing SQLite file (and its folder) is made; on PostgreSQL
    /// the role `accunode_app` and its grants are made too, for which the login role needs CREATEROLE unless the
    /// role is there already.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be reached, a migration fails, or a newer version has migrated it.
    pub async fn migrate(url: &str) -> Result<()> {
        match parse(url)? {
            Parsed::Pg(connect) => migrate_postgres(&connect).await,
            Parsed::Lite(connect) => migrate_sqlite(*connect).await,
        }
    }

    /// The versions of the migrations that this program knows and the database has not seen.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be asked, or was never migrated.
    pub async fn pending_migrations(&self) -> Result<Vec<i64>> {
        let applied: HashSet<i64> = self.applied_migrations().await?.into_iter().collect();
        Ok(Self::known_migrations(self.engine()).into_iter().filter(|v| !applied.contains(v)).collect())
    }

    /// The versions of the migrations that the database has seen, in order.
    ///
    /// # Errors
    /// As [`Db::pending_migrations`].
    pub async fn applied_migrations(&self) -> Result<Vec<i64>> {
        const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        Ok(match self.pools() {
            Pools::Pg { transactions, .. } => sqlx::query_scalar(APPLIED).fetch_all(transactions).await?,
            Pools::Lite { read, .. } => sqlx::query_scalar(APPLIED).fetch_all(read).await?,
        })
    }

    /// The versions of the migrations that this program knows, in order.
    #[must_use]
    pub fn known_migrations(engine: Engine) -> Vec<i64> {
        migrator(engine).iter().map(|m| m.version).collect()
    }
}

/// A number that changes with the migrations of an engine, for tests that keep a migrated template.
#[doc(hidden)]
#[must_use]
pub fn schema_fingerprint(engine: Engine) -> String {
    let mut print = 0_u64;
    for migration in migrator(engine).iter() {
        for byte in migration.checksum.iter() {
            print = print.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte);
        }
    }
    format!("{print:016x}")
}

fn migrator(engine: Engine) -> &'static Migrator {
    match engine {
        Engine::Postgres => &POSTGRES,
        Engine::Sqlite => &SQLITE,
    }
}

async fn migrate_postgres(connect: &PgConnectOptions) -> Result<()> {
    let mut connection = connect.connect().await?;
    // Held until the connection closes, whichever way this ends.
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await?;
    sqlx::raw_sql(ROLE).execute(&mut connection).await?;
    // Not `run`: its future cannot be sent between threads.
    POSTGRES.run_direct(None, &mut connection, false).await?;
    sqlx::raw_sql(GRANTS).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn migrate_sqlite(connect: SqliteConnectOptions) -> Result<()> {
    let path = connect.get_filename().to_owned();
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(|e| {
            DbError::Config(format!("the database's folder {} cannot be made: {e}", folder.display()))
        })?;
    }
    let connect = connect.create_if_missing(true).busy_timeout(Duration::from_secs(60));
    let mut connection = connect.connect().await?;
    // One transaction around all: it is the lock against a second migrating process.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    SQLITE.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_files() {
        let names =
            |m: &Migrator| m.iter().map(|m| (m.version, m.description.to_string())).collect::<Vec<_>>();
        assert_eq!(names(&POSTGRES), names(&SQLITE));
        assert!(!names(&POSTGRES).is_empty());
    }
}
