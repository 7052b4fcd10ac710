//! Entries are written together with what they speak of, in one unbroken row, and stay as they are.

use accunode_db::{Engine, on};
use accunode_server::{
    audit::{self, Event},
    features::audit_log::service::verify,
};
use accunode_testkit::{People, on_both_engines};
use axum::http::StatusCode;

use super::{NOW, caller, chain_of_five, record};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::annual,
};

on_both_engines! {
    async fn fifty_writers_at_once_leave_one_unbroken_chain(test: TestDb) {
        let people = People::stored(test.db()).await;
        let writers = (0..50).map(|_| {
            let (db, caller) = (test.db().clone(), caller("member", &people.member));
            tokio::spawn(async move { record(&db, &caller, vec![Event::done("test.write")]).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let chains = verify::all(test.db()).await.unwrap();
        assert_eq!(chains.len(), 1);
        assert_eq!(chains[0].tenant_id, people.member.tenant_id.map(|t| t.0));
        assert_eq!((chains[0].entries, chains[0].intact), (50, true), "{chains:?}");
    }

    async fn what_is_rolled_back_leaves_no_entry(test: TestDb) {
        let people = People::stored(test.db()).await;
        let member = caller("member", &people.member);
        record(test.db(), &member, vec![Event::done("test.kept")]).await;
        let mut tx = test.db().scoped(&member).await.unwrap();
        audit::record(&mut tx, &member, Event::done("test.undone"), NOW).await.unwrap();
        tx.rollback().await.unwrap();
        record(test.db(), &member, vec![Event::done("test.kept")]).await;
        let chains = verify::all(test.db()).await.unwrap();
        assert_eq!((chains[0].entries, chains[0].intact), (2, true));
    }

    async fn a_refused_change_leaves_no_entry(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        assert_eq!(member.post("/predictions/annual", &annual("XMP")).await.0, StatusCode::OK);
        assert_eq!(member.post("/predictions/annual", &annual("XMP")).await.0, StatusCode::BAD_REQUEST);
        let log = app.client(&app.people.tenant_admin).get_ok("/audit").await;
        assert_eq!(log["pagination"]["total"], 1);
        assert_eq!(log["entries"][0]["action"], "prediction.create");
    }

    /// PostgreSQL's grants hold before its trigger does; SQLite has triggers alone.
    async fn the_application_can_neither_change_nor_remove_entries(test: TestDb) {
        chain_of_five(test.db()).await;
        let refusal = match test.engine() {
            Engine::Postgres => "permission denied",
            Engine::Sqlite => "append-only",
        };
        for sql in ["UPDATE audit_log SET action = 'other'", "DELETE FROM audit_log"] {
            let mut tx = test.db().system("a test").await.unwrap();
            let error = on!(tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap_err();
            assert!(error.to_string().contains(refusal), "{sql}: {error}");
        }
        if test.engine() == Engine::Postgres {
            for sql in ["TRUNCATE audit_log", "DELETE FROM audit_heads"] {
                let mut tx = test.db().system("a test").await.unwrap();
                let error = on!(tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap_err();
                assert!(error.to_string().contains(refusal), "{sql}: {error}");
            }
        }
    }

    async fn not_even_the_owner_changes_them_by_accident(test: TestDb) {
        chain_of_five(test.db()).await;
        for sql in ["UPDATE audit_log SET action = 'other'", "DELETE FROM audit_log"] {
            let error = test.as_owner(sql).await.unwrap_err();
            assert!(error.to_string().contains("append-only"), "{sql}: {error}");
        }
    }
}
