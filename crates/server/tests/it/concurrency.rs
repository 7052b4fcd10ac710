//! What must hold when many ask at the same moment.

use accunode_db::on;
use accunode_domain::{Actor, Role};
use accunode_server::features::auth::service::{NewUser, create_user};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    routes::companies::company,
    sessions::{PASSWORD, Session},
};

/// A person of no place who is on the organization's list.
async fn invited(app: &TestApp, n: usize) -> Actor {
    let email = format!("guest{n}@example.org");
    let new = NewUser {
        email: &email,
        password: PASSWORD,
        full_name: None,
        role: Role::User,
        tenant_id: None,
        organization_id: None,
    };
    let user_id = create_user(&app.state, &new).await.unwrap();
    app.let_in(app.people.organization(), &email).await;
    Actor { user_id, ..app.people.user.clone() }
}

on_both_engines! {
    async fn fifty_who_join_at_once_never_pass_the_capacity(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        // Three are in it.
        app.set("UPDATE organizations SET max_users = 20 WHERE id = $1", app.people.organization()).await;
        let guests = join_all((0..50).map(|n| invited(&app, n))).await;
        let token = json!({ "join_token": "first" });
        let join = async |guest: &Actor| app.client(guest).post("/auth/join", &token).await;
        let answers = join_all(guests.iter().map(join)).await;
        let joined = answers.iter().filter(|(status, _)| *status == StatusCode::OK).count();
        let full = answers.iter().filter(|(status, _)| *status == StatusCode::BAD_REQUEST).count();
        assert_eq!((joined, full), (17, 33), "{answers:?}");
        let mut tx = app.state.db.system_read("count the people of a test").await.unwrap();
        let people: i64 = on!(tx, |c| sqlx::query_scalar("SELECT COUNT(*) FROM users WHERE organization_id = $1")
            .bind(app.people.organization()).fetch_one(c).await).unwrap();
        assert_eq!(people, 20);
    }

    async fn no_token_of_a_session_outlives_its_end(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let Session { access, refresh } = app.sign_in(&app.people.member).await;
        let bystander = app.sign_in(&app.people.colleague).await;
        let renew = async || {
            let (status, token) = app.post_empty("/auth/refresh", &refresh).await;
            (status == StatusCode::OK).then(|| token["access_token"].as_str().unwrap().to_owned())
        };
        let (tokens, _) = tokio::join!(join_all((0..20).map(|_| renew())), app.post_empty("/auth/logout", &access));
        for token in tokens.iter().flatten().chain([&access]) {
            assert!(!app.admits(token).await);
        }
        assert!(!app.refreshes(&refresh).await);
        assert!(app.admits(&bystander.access).await);
    }

    async fn of_those_who_add_one_symbol_at_once_one_does(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let add = async |actor: &Actor| app.client(actor).post("/companies", &company("XMP")).await;
        let people = [&app.people.member, &app.people.colleague];
        let answers = join_all((0..20).map(|n| add(people[n % 2]))).await;
        let added = answers.iter().filter(|(status, _)| *status == StatusCode::OK).count();
        let refused = answers.iter().filter(|(status, _)| *status == StatusCode::BAD_REQUEST).count();
        assert_eq!((added, refused), (1, 19), "{answers:?}");
        assert_eq!(app.client(&app.people.member).get_ok("/companies").await["total"], 1);
    }
}
