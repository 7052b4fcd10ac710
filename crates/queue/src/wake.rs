//! Wake-ups through the database itself, where there is no Redis.

use accunode_db::{Db, Engine};
use accunode_infra::{Carrier, Wake};
use async_trait::async_trait;

/// The channel; notifications carry nothing.
const CHANNEL: &str = "accunode_wake";

/// Wake-ups between all processes that share a PostgreSQL, by LISTEN and NOTIFY; on SQLite, which knows no such
/// thing, within this process. Must be called on a tokio runtime.
///
/// A notification is sent by a statement of its own, after the commit that it tells of: inside a transaction it would
/// make its commit wait for those of all others that notify.
#[must_use]
pub fn wake_through(db: &Db) -> Wake {
    match db.engine() {
        Engine::Postgres => Wake::carried(Database(db.clone())),
        Engine::Sqlite => Wake::in_process(),
    }
}

struct Database(Db);

#[async_trait]
impl Carrier for Database {
    fn name(&self) -> &'static str {
        "postgres"
    }

    async fn publish(&self) -> Result<(), String> {
        self.0.notify(CHANNEL).await.map_err(|error| error.to_string())
    }

    async fn listen(&self, heard: &(dyn Fn() + Send + Sync)) -> Result<(), String> {
        let Some(mut notifications) = self.0.listen(CHANNEL).await.map_err(|error| error.to_string())? else {
            return std::future::pending().await;
        };
        heard();
        while notifications.next().await.map_err(|error| error.to_string())? {
            heard();
        }
        Ok(())
    }
}
