//! Many tasks at once.

use std::time::Duration;

use accunode_db::{Db, Options, on};
use accunode_testkit::{People, TestDb, on_both_engines};

on_both_engines! {
    /// A read, a pause and a write in each of 320 transactions of 32 tasks: none fails, none is lost.
    async fn thirty_two_tasks_write(test: TestDb) {
        let people = People::stored(test.db()).await;
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (db, actor) = (test.db().clone(), people.user.clone());
                tokio::spawn(async move {
                    for _ in 0..10 {
                        let mut tx = db.scoped(&actor).await.unwrap();
                        let lock = match tx.engine() {
                            accunode_db::Engine::Postgres => "SELECT token_version FROM users WHERE id = $1 FOR UPDATE",
                            accunode_db::Engine::Sqlite => "SELECT token_version FROM users WHERE id = $1",
                        };
                        let (version,): (i32,) = on!(tx, |c| sqlx::query_as(lock)
                            .bind(actor.user_id.0).fetch_one(c).await).unwrap();
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        on!(tx, |c| sqlx::query("UPDATE users SET token_version = $1 WHERE id = $2")
                            .bind(version + 1).bind(actor.user_id.0).execute(c).await.map(drop)).unwrap();
                        tx.commit().await.unwrap();
                    }
                })
            })
            .collect();
        // Readers are not held up meanwhile.
        for _ in 0..20 {
            let mut tx = test.db().system_read("test").await.unwrap();
            on!(tx, |c| sqlx::query("SELECT count(*) FROM users").execute(c).await.map(drop)).unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
        let mut tx = test.db().system_read("test").await.unwrap();
        let (version,): (i32,) = on!(tx, |c| sqlx::query_as("SELECT token_version FROM users WHERE username = 'user'")
            .fetch_one(c).await).unwrap();
        assert_eq!(version, 320);
    }

    /// A task that is cancelled in the middle of a transaction leaves nothing behind that blocks the next.
    async fn cancelled_transactions_free_their_connection(test: TestDb) {
        let people = People::stored(test.db()).await;
        for _ in 0..40 {
            let (db, actor) = (test.db().clone(), people.user.clone());
            let task = tokio::spawn(async move {
                let mut tx = db.scoped(&actor).await.unwrap();
                on!(tx, |c| sqlx::query("UPDATE users SET full_name = 'half done'").execute(c).await.map(drop)).unwrap();
                tokio::time::sleep(Duration::from_secs(60)).await;
            });
            tokio::time::sleep(Duration::from_millis(2)).await;
            task.abort();
            task.await.ok();
        }
        let mut tx = test.db().scoped(&people.user).await.unwrap();
        let (changed,): (i64,) = on!(tx, |c| sqlx::query_as("SELECT count(*) FROM users WHERE full_name IS NOT NULL")
            .fetch_one(c).await).unwrap();
        assert_eq!(changed, 0);
    }
}

/// Two processes on one SQLite file, as an API and a worker: here two `Db`s.
#[test]
fn two_programs_share_a_sqlite_file() {
    accunode_testkit::block_on(async {
        let test = TestDb::sqlite().await;
        let people = People::stored(test.db()).await;
        let second = Db::connect(test.url(), &Options::default()).await.unwrap();
        let tasks: Vec<_> = [test.db().clone(), second]
            .into_iter()
            .map(|db| {
                let actor = people.user.clone();
                tokio::spawn(async move {
                    for _ in 0..100 {
                        let mut tx = db.scoped(&actor).await.unwrap();
                        on!(tx, |c| sqlx::query(
                            "UPDATE users SET token_version = token_version + 1 WHERE id = $1"
                        )
                        .bind(actor.user_id.0)
                        .execute(c)
                        .await
                        .map(drop))
                        .unwrap();
                        tx.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let mut tx = test.db().system_read("test").await.unwrap();
        let (version,): (i32,) =
            on!(tx, |c| sqlx::query_as("SELECT token_version FROM users WHERE username = 'user'")
                .fetch_one(c)
                .await)
            .unwrap();
        assert_eq!(version, 200);
    });
}
