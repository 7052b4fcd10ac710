use std::time::Duration;

use accunode_db::{Clock, Timestamp};
use accunode_domain::Permission;
use accunode_server::{caller::Origin, features::auth::service::authenticate};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_key_may_what_it_is_for_and_what_its_owner_may(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let key = app.api_key(&app.people.org_admin, &["prediction.read", "user.create"]).await;
        let client = app.with_token(&key);
        assert_eq!(client.get("/predictions/annual").await.0, StatusCode::OK);
        assert_eq!(client.get("/predictions/jobs").await.0, StatusCode::FORBIDDEN);
        assert_eq!(client.get("/users/me").await.0, StatusCode::FORBIDDEN);
        // What the owner loses is lost to the key.
        let holds = async || authenticate(&app.state, &key, Origin::default()).await.unwrap().holds(Permission::UserCreate);
        assert!(holds().await);
        app.set("UPDATE users SET role = 'org_member' WHERE id = $1", app.people.org_admin.user_id.0).await;
        assert!(!holds().await);
        assert!(app.admits(&key).await);
    }

    async fn a_key_ends_on_its_day(test: TestDb) {
        let clock = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
        let body = json!({ "name": "a machine", "permissions": ["prediction.read"], "expires_in_days": 1 });
        let (_, made) = app.client(&app.people.user).post("/api-keys", &body).await;
        let key = made["key"].as_str().unwrap();
        clock.advance(Duration::from_secs(24 * 3_600 - 1));
        assert!(app.admits(key).await);
        clock.advance(Duration::from_secs(1));
        assert!(!app.admits(key).await);
    }

    async fn the_last_use_is_noted_to_the_minute(test: TestDb) {
        let clock = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
        let key = app.api_key(&app.people.user, &["prediction.read"]).await;
        let last = async || {
            assert!(app.admits(&key).await);
            app.client(&app.people.user).get_ok("/api-keys").await["api_keys"][0]["last_used_at"].clone()
        };
        let first = last().await;
        assert_eq!(first, json!(clock.now().to_string()));
        clock.advance(Duration::from_secs(59));
        assert_eq!(last().await, first);
        clock.advance(Duration::from_secs(1));
        assert_eq!(last().await, json!(clock.now().to_string()));
    }

    async fn made_up_keys_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let key = app.api_key(&app.people.user, &["prediction.read"]).await;
        for bearer in ["ack_", "ack_unknown", &key[..46], &key.to_uppercase()] {
            assert!(!app.admits(bearer).await, "{bearer}");
        }
    }
}
