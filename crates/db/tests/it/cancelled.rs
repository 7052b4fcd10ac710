//! Whoever begins a transaction may go away in the middle: a client that hangs up, a worker that is stopped.

use std::{num::NonZeroU32, time::Duration};

use accunode_db::{Options, on};
use accunode_domain::AccessLevel;
use accunode_testkit::{People, on_both_engines};

use crate::company;

on_both_engines! {
    /// The connection goes back as it was: the next one's transaction is its own, and can write.
    async fn a_beginning_left_in_the_middle_leaves_nothing_behind(test: TestDb) {
        let people = People::stored(test.db()).await;
        let owner = people.user.user_id.0;
        let db = test.db().apart(&Options { pool_size: NonZeroU32::MIN, ..Options::default() });
        for n in 0..200 {
            let patience = Duration::from_micros(10 * n);
            let begun = tokio::time::timeout(patience, db.system_read("test")).await;
            drop(begun);
            let mut tx = db.scoped(&people.user).await.unwrap();
            company(&mut tx, &format!("C{n}"), AccessLevel::Personal, None, owner).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut glance = db.system_glance("test").await.unwrap();
        let (stored,): (i64,) =
            on!(glance, |c| sqlx::query_as("SELECT count(*) FROM companies").fetch_one(c).await).unwrap();
        assert_eq!(stored, 200);
    }
}
