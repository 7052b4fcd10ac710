//! Stores, on both engines.

use accunode_db::{Db, DbError, prepare_all};
use accunode_testkit::on_both_engines;

async fn refused(db: &Db) -> Vec<(&'static str, DbError)> {
    prepare_all(db).await
}

on_both_engines! {
    /// Every statement of the program is understood by the engine.
    async fn every_statement_can_be_prepared(test: TestDb) {
        assert!(accunode_db::registered().count() > 30);
        let refused = refused(test.db()).await;
        assert!(refused.is_empty(), "{refused:#?}");
    }
}
