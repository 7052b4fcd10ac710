use accunode_db::{Timestamp, on};
use accunode_domain::Kind;
use accunode_server::features::models::replay::{Selection, run};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use super::{activated, app, changed, imported};
use crate::routes::predictions::{annual, quarterly};

fn all() -> Selection {
    Selection { kinds: Kind::ALL.to_vec(), since: Timestamp::from_unix_seconds(0), limit: None }
}

on_both_engines! {
    /// Each by the bundle that made it, from the file store, on a server that has never seen it.
    async fn predictions_are_repeated_by_their_own_models(test: TestDb) {
        let (app, second) = app(test).await;
        let member = app.client(&app.people.member);
        for (version, symbol) in [(None, "A"), (Some("2.0.0"), "B"), (Some("3.0.0"), "C")] {
            if let Some(version) = version {
                for kind in Kind::ALL {
                    let model = imported(&app, &app.people.super_admin, &changed(kind, version, 0.3)).await;
                    assert_eq!(activated(&app, &second, &model).await.0, StatusCode::OK);
                }
            }
            assert_eq!(member.post("/predictions/annual", &annual(symbol)).await.0, StatusCode::OK);
            assert_eq!(member.post("/predictions/quarterly", &quarterly(symbol)).await.0, StatusCode::OK);
        }
        let fresh = app.second_state(|_| {});
        let report = run(&fresh, &all(), |_| {}).await.unwrap();
        assert_eq!((report.rows, report.same, report.different), (6, 6, 0), "{report:?}");
        let some = Selection { limit: Some(4), ..all() };
        assert_eq!(run(&fresh, &some, |_| {}).await.unwrap().rows, 4);

        // One bit of one number.
        const TAMPER: &str = "UPDATE quarterly_predictions SET gbm_probability = $1 WHERE gbm_probability = $2";
        let p = app.state.models.came(Kind::Quarterly).score(&[2.8, 15.3, 28.7, 12.4].map(accunode_domain::Ratio::Value));
        let p = p.unwrap().lightgbm_probability().unwrap();
        let mut tx = app.state.db.system("tamper with a test").await.unwrap();
        let hit = on!(tx, |c| sqlx::query(TAMPER).bind(p.next_up()).bind(p).execute(c).await.map(|r| r.rows_affected()));
        assert_eq!(hit.unwrap(), 3, "the members are the same in all three");
        tx.commit().await.unwrap();
        let report = run(&fresh, &all(), |_| {}).await.unwrap();
        assert_eq!((report.same, report.different, report.first.len()), (3, 3, 3), "{report:?}");
        assert!(report.first.iter().all(|d| d.field == "gbm_probability"), "{report:?}");
    }
}
