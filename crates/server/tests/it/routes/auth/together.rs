//! Many callers at once, who are recognised by few statements.

use accunode_domain::{Permission, UserId};
use accunode_server::{caller::Origin, features::auth::service::authenticate};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use futures_util::future::join_all;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn everybody_is_recognised_as_who_they_are(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let session = app.sign_in(&app.people.member).await;
        let ended = app.sign_in_as("member@example.com", crate::sessions::PASSWORD).await;
        app.post_empty("/auth/logout", &ended.access).await;
        let key = app.api_key(&app.people.org_admin, &["prediction.read"]).await;
        let nobody = app.token(UserId::new(), 0);
        let mut shown: Vec<_> = app.people.all().map(|(_, actor)| (app.token(actor.user_id, 0), true)).into();
        shown.extend([(session.access, true), (key, true)]);
        let outdated = app.token(app.people.user.user_id, 7);
        shown.extend([(ended.access, false), (outdated, false), (nobody, false), ("ack_unknown".to_owned(), false)]);
        // What each is alone, …
        let ask = async |bearer: &str| authenticate(&app.state, bearer, Origin::default()).await.ok();
        let mut alone = Vec::new();
        for (bearer, known) in &shown {
            let caller = ask(bearer).await;
            assert_eq!(caller.is_some(), *known, "{bearer}");
            alone.push(caller);
        }
        assert!(alone.iter().flatten().any(|c| c.api_key.is_some() && !c.holds(Permission::UserCreate)));
        // … they are among many others, each of whom asks several times.
        let many: Vec<_> = (0..8).flat_map(|_| &shown).collect();
        let together = join_all(many.iter().map(|(bearer, _)| ask(bearer))).await;
        for (at, caller) in together.iter().enumerate() {
            assert_eq!(caller, &alone[at % shown.len()], "{at}");
        }
    }

    async fn what_ends_while_others_ask_has_ended_for_whoever_asks_later(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let session = app.sign_in(&app.people.member).await;
        let colleague = app.client(&app.people.colleague);
        let busy = async { for _ in 0..20 { colleague.get_ok("/predictions/annual").await; } };
        let ends = async {
            assert!(app.admits(&session.access).await);
            assert_eq!(app.post_empty("/auth/logout", &session.access).await.0, StatusCode::OK);
            assert!(!app.admits(&session.access).await);
            app.set("UPDATE users SET is_active = FALSE WHERE id = $1", app.people.neighbour.user_id.0).await;
            assert!(!app.admits(&app.token(app.people.neighbour.user_id, 0)).await);
        };
        let ((), ()) = tokio::join!(busy, ends);
    }
}
