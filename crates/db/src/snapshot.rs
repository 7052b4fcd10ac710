//! The embedded database's file: a copy of it while it is in use, and whether it is.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _,
    sqlite::{SqliteConnectOptions, SqliteLockingMode},
};

use crate::{
    Db, DbError, Result,
    pool::{Parsed, parse},
};

impl Db {
    /// Copies the embedded database to a new file, as it is at one moment, while others read and write it; none of them
    /// waits for this. The copy holds no space that is free.
    ///
    /// # Errors
    /// [`DbError`] when the URL is not SQLite's, there is no such database, or the file is there already.
    pub async fn snapshot(url: &str, target: &Path) -> Result<()> {
        let Parsed::Lite(connect) = parse(url)? else {
            return Err(DbError::Config("only the embedded database is copied to a file".to_owned()));
        };
        let Some(name) = target.to_str() else {
            return Err(DbError::Config("the copy's path must be text".to_owned()));
        };
        let mut connection = connect.connect().await?;
        sqlx::query("VACUUM INTO $1").bind(name).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    /// Whether a process has the embedded database of this path open.
    ///
    /// # Errors
    /// [`DbError`] when the file cannot be opened, or is no database.
    pub async fn in_use(path: &Path) -> Result<bool> {
        // Whoever has it open holds a shared lock on the file as long as there is a journal of writes ahead.
        let alone = SqliteConnectOptions::new()
            .filename(path)
            .locking_mode(SqliteLockingMode::Exclusive)
            .busy_timeout(Duration::ZERO);
        let outcome = async {
            let mut connection = alone.connect().await?;
            sqlx::raw_sql("BEGIN EXCLUSIVE; ROLLBACK").execute(&mut connection).await?;
            connection.close().await
        };
        match outcome.await.map_err(DbError::from) {
            Ok(()) => Ok(false),
            Err(error) if error.is_transient() => Ok(true),
            Err(error) => Err(error),
        }
    }
}
