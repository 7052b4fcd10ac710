//! Notifications between those that share a PostgreSQL.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};

use crate::{Db, Result, pool::Pools};

/// How long a connection to listen on may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);

/// What others notify of, heard over a connection of its own.
#[derive(Debug)]
pub struct Notifications(PgListener);

impl Notifications {
    /// Waits for the next one; false when the connection was lost, and with it what may have come meanwhile.
    ///
    /// # Errors
    /// [`crate::DbError`] when the connection failed in another way.
    pub async fn next(&mut self) -> Result<bool> {
        Ok(self.0.try_recv().await?.is_some())
    }
}

impl Db {
    /// Notifies everybody who listens on a channel, in a statement of its own. On SQLite nobody listens.
    ///
    /// # Errors
    /// [`crate::DbError`] when the database does not answer.
    pub async fn notify(&self, channel: &'static str) -> Result<()> {
        if let Pools::Pg { transactions, .. } = self.pools() {
            sqlx::query("SELECT pg_notify($1, '')").bind(channel).execute(transactions).await?;
        }
        Ok(())
    }

    /// Begins to listen on a channel. None on SQLite, which does not notify.
    ///
    /// # Errors
    /// [`crate::DbError`] when the database cannot be reached.
    pub async fn listen(&self, channel: &'static str) -> Result<Option<Notifications>> {
        let Pools::Pg { transactions, .. } = self.pools() else { return Ok(None) };
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(transactions.connect_options().as_ref().clone())
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(Some(Notifications(listener)))
    }
}
