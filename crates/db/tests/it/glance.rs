//! Single statements without a transaction: they read, and never for somebody else.

use std::time::Duration;

use accunode_db::{Db, on};
use accunode_domain::{AccessLevel, Actor};
use accunode_testkit::{People, TestDb, block_on, on_both_engines};
use uuid::Uuid;

use crate::company;

on_both_engines! {
    /// They see what is committed by then, statement by statement, and write nothing.
    async fn glances_read_alone(test: TestDb) {
        let people = People::stored(test.db()).await;
        const COUNT: &str = "SELECT count(*) FROM companies";
        let mut glance = test.db().system_glance("test").await.unwrap();
        let (before,): (i64,) = on!(glance, |c| sqlx::query_as(COUNT).fetch_one(c).await).unwrap();
        let mut tx = test.db().scoped(&people.user).await.unwrap();
        let owner = people.user.user_id.0;
        company(&mut tx, "NEW", AccessLevel::Personal, None, owner).await.unwrap();
        tx.commit().await.unwrap();
        let (after,): (i64,) = on!(glance, |c| sqlx::query_as(COUNT).fetch_one(c).await).unwrap();
        assert_eq!((before, after), (0, 1));
        let refused = company(&mut glance, "OTHER", AccessLevel::Personal, None, owner).await.unwrap_err();
        assert!(refused.to_string().contains("read"), "{refused}");
        glance.commit().await.unwrap();
        // A refusal leaves nothing behind that is in the way of the next.
        for _ in 0..20 {
            let mut glance = test.db().scoped_glance(&people.user).await.unwrap();
            let (after,): (i64,) = on!(glance, |c| sqlx::query_as(COUNT).fetch_one(c).await).unwrap();
            assert_eq!(after, 1);
            let refused = company(&mut glance, "OTHER", AccessLevel::Personal, None, owner).await;
            assert!(refused.is_err());
        }
    }
}

/// What PostgreSQL lets this actor see when a statement has no predicate at all.
async fn sees(db: &Db, actor: &Actor) -> Vec<String> {
    let mut glance = db.scoped_glance(actor).await.unwrap();
    assert_eq!(glance.scope().user_id, Some(actor.user_id.0));
    let rows: Vec<(String,)> =
        on!(glance, |c| sqlx::query_as("SELECT symbol FROM companies ORDER BY symbol").fetch_all(c).await)
            .unwrap();
    rows.into_iter().map(|(symbol,)| symbol).collect()
}

async fn acts_as(db: &Db) -> (String, String) {
    let mut glance = db.system_glance("test").await.unwrap();
    on!(glance, |c| {
        sqlx::query_as("SELECT current_setting('app.user_id'), current_setting('app.role')")
            .fetch_one(c)
            .await
    })
    .unwrap()
}

/// A company of each of two people who do not see each other's.
async fn filled() -> Option<(TestDb, People)> {
    let test = TestDb::postgres().await?;
    let people = People::stored(test.db()).await;
    for (symbol, actor) in [("MINE", &people.user), ("YOURS", &people.other_user)] {
        let mut tx = test.db().scoped(actor).await.unwrap();
        company(&mut tx, symbol, AccessLevel::Personal, None, actor.user_id.0).await.unwrap();
        tx.commit().await.unwrap();
    }
    Some((test, people))
}

/// Connections go from one to the other and back, many at once, and each time the wall stands where it should.
#[test]
fn a_connection_never_speaks_for_the_one_before() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        let tasks: Vec<_> = (0..48)
            .map(|i| {
                let (db, user, other) = (test.db().clone(), people.user.clone(), people.other_user.clone());
                tokio::spawn(async move {
                    for j in 0..20 {
                        match (i + j) % 3 {
                            0 => assert_eq!(sees(&db, &user).await, ["MINE"]),
                            1 => assert_eq!(sees(&db, &other).await, ["YOURS"]),
                            _ => assert_eq!(acts_as(&db).await, (String::new(), "system".to_owned())),
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// Whoever goes away in the middle of a statement leaves a connection that serves again once the server is done.
#[test]
fn a_glance_that_is_cut_off_leaves_nothing_behind() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        for round in 0..40 {
            let (db, actor) = (test.db().clone(), people.user.clone());
            let task = tokio::spawn(async move {
                let mut glance = db.scoped_glance(&actor).await.unwrap();
                let slow = "SELECT symbol FROM companies, pg_sleep(1)";
                on!(glance, |c| sqlx::query(slow).execute(c).await.map(drop)).unwrap();
            });
            tokio::time::sleep(Duration::from_millis(round % 7)).await;
            task.abort();
            task.await.ok();
        }
        assert_eq!(sees(test.db(), &people.other_user).await, ["YOURS"]);
        assert_eq!(sees(test.db(), &people.user).await, ["MINE"]);
    });
}

/// An actor of nobody sees nothing of others, whoever had the connection before.
#[test]
fn a_stranger_sees_nothing() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        assert_eq!(sees(test.db(), &people.user).await, ["MINE"]);
        let mut nobody = people.other_user.clone();
        nobody.user_id = accunode_domain::UserId(Uuid::now_v7());
        assert!(sees(test.db(), &nobody).await.is_empty());
    });
}
