use std::time::Duration;

use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::{
    app::{Client, Limits, TestApp},
    files::{annual_file, annual_row},
};

fn following(id: &str, seen: Option<&str>) -> Request<Body> {
    let request = Request::get(format!("/api/v1/predictions/jobs/{id}/events"));
    let request = match seen {
        Some(seen) => request.header("last-event-id", seen),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

/// The events until the stream ends, each its name, id and data.
async fn events(client: &Client, id: &str, seen: Option<&str>) -> Vec<(String, String, Value)> {
    let response = client.raw(following(id, seen)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let all = tokio::time::timeout(Duration::from_secs(60), response.into_body().collect());
    let text = String::from_utf8(all.await.unwrap().unwrap().to_bytes().to_vec()).unwrap();
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned)
    };
    text.split("\n\n")
        .filter_map(|event| {
            let data = serde_json::from_str(&field(event, "data")?).unwrap();
            Some((field(event, "event")?, field(event, "id")?, data))
        })
        .collect()
}

async fn handed_in(client: &Client) -> String {
    let (_, accepted) = client.upload("annual", "a.csv", &annual_file(&[annual_row("AAA", 2020)])).await;
    accepted["job_id"].as_str().unwrap().to_owned()
}

on_both_engines! {
    async fn a_job_is_followed_to_its_end(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let id = handed_in(&member).await;
        let second = app.second_server(|_| {});
        let token = app.token(app.people.colleague.user_id, 0);
        let elsewhere = Client::of(&second, Some(&token));
        let worked = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            app.work();
        };
        let (seen, ()) = tokio::join!(events(&elsewhere, &id, None), worked);
        assert_eq!((seen[0].0.as_str(), seen[0].2["status"].as_str()), ("progress", Some("queued")));
        let last = seen.last().unwrap();
        assert_eq!((last.0.as_str(), last.1.as_str()), ("end", "end"));
        assert_eq!((last.2["status"].as_str(), last.2["successful_rows"].as_i64()), (Some("completed"), Some(1)));
        // Who comes back later is told the end, and who has seen it is told that there is no more.
        let again = events(&member, &id, Some("something else")).await;
        assert_eq!((again.len(), again[0].0.as_str()), (1, "end"));
        assert_eq!(member.raw(following(&id, Some("end"))).await.status(), StatusCode::NO_CONTENT);
    }

    async fn a_cancelled_job_ends_the_stream(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let id = handed_in(&member).await;
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            member.post_text(&format!("/predictions/jobs/{id}/cancel"), "").await
        };
        let (seen, _) = tokio::join!(events(&member, &id, None), cancel);
        let last = seen.last().unwrap();
        assert_eq!((last.0.as_str(), last.2["cancelled"].as_bool()), ("end", Some(true)));
    }

    /// Whoever is switched off is told nothing more, within a few seconds.
    async fn a_stream_ends_with_the_right_to_it(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let id = handed_in(&user).await;
        let switched_off = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let path = format!("/users/{}/deactivate", app.people.user.user_id);
            let (status, body) = app.client(&app.people.super_admin).post_text(&path, "").await;
            assert_eq!(status, StatusCode::OK, "{body}");
        };
        let (seen, ()) = tokio::join!(events(&user, &id, None), switched_off);
        assert_eq!(seen.iter().map(|e| e.0.as_str()).collect::<Vec<_>>(), ["progress"]);
    }

    async fn a_server_that_stops_ends_its_streams(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let id = handed_in(&user).await;
        let stop = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            app.state.streams.close();
        };
        let (seen, ()) = tokio::join!(events(&user, &id, None), stop);
        assert_eq!(seen.len(), 1);
        assert_eq!(user.raw(following(&id, None)).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    async fn only_those_concerned_follow_a_job(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        let id = handed_in(&member).await;
        member.wait(&id).await;
        assert_eq!(events(&app.client(&app.people.org_admin), &id, None).await.len(), 1);
        for actor in [&app.people.stranger, &app.people.user, &app.people.foreign_tenant_admin] {
            assert_eq!(app.client(actor).raw(following(&id, None)).await.status(), StatusCode::NOT_FOUND);
        }
        assert_eq!(app.anonymous().raw(following(&id, None)).await.status(), StatusCode::UNAUTHORIZED);
    }
}
