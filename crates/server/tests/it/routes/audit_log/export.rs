use accunode_server::audit::Event;
use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::json;

use super::{caller, record};
use crate::app::{Client, Limits, TestApp};

async fn export(client: &Client, query: &str) -> Vec<String> {
    let request = Request::get(format!("/api/v1/audit/export{query}")).body(Body::empty()).unwrap();
    let response = client.raw(request).await;
    assert_eq!(response.status(), StatusCode::OK);
    lines(response.into_body().collect().await.unwrap().to_bytes().into())
}

fn lines(bytes: Vec<u8>) -> Vec<String> {
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

on_both_engines! {
    async fn it_is_a_file_that_no_spreadsheet_computes(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = caller("member", &app.people.member);
        record(&app.state.db, &member, vec![Event::done("test.change").on("thing", "=1+1").after(json!({ "a": 1 }))]).await;
        let request = Request::get("/api/v1/audit/export").body(Body::empty()).unwrap();
        let response = app.client(&app.people.tenant_admin).raw(request).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        let disposition = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename=\"audit-log-") && disposition.ends_with(".csv\""), "{disposition}");
        let lines = lines(response.into_body().collect().await.unwrap().to_bytes().into());
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], "seq,at,tenant_id,actor_id,actor_email,actor_role,api_key_id,action,outcome,target_type,\
                              target_id,before,after,request_id,address,previous_hash,hash");
        assert!(lines[1].starts_with("1,2023-11-14T22:13:20.000000Z,"), "{}", lines[1]);
        assert!(lines[1].contains(",test.change,done,thing,'=1+1,,\"{\"\"a\"\":1}\",request-1,"), "{}", lines[1]);
    }

    async fn it_holds_what_the_list_shows(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (name, actor) in [("member", &app.people.member), ("stranger", &app.people.stranger)] {
            record(&app.state.db, &caller(name, actor), vec![Event::done("test.a"), Event::done("test.b")]).await;
        }
        let first = export(&app.client(&app.people.tenant_admin), "").await;
        assert_eq!(first.len(), 3);
        assert!(first[1..].iter().all(|line| line.contains("member@example.com")), "{first:?}");
        assert_eq!(export(&app.client(&app.people.super_admin), "").await.len(), 5);
        assert_eq!(export(&app.client(&app.people.super_admin), "?action=test.b").await.len(), 3);
        assert_eq!(export(&app.client(&app.people.super_admin), "?action=none").await.len(), 1);
    }

    /// Three pages of entries; one more comes after the first.
    async fn entries_that_come_meanwhile_neither_double_nor_hide_others(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = caller("member", &app.people.member);
        record(&app.state.db, &member, vec![Event::done("test.early"); 1_200]).await;
        let request = Request::get("/api/v1/audit/export").body(Body::empty()).unwrap();
        let mut body = app.client(&app.people.tenant_admin).raw(request).await.into_body();
        let mut bytes = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
        record(&app.state.db, &member, vec![Event::done("test.late")]).await;
        bytes.extend(body.collect().await.unwrap().to_bytes());
        let numbers: Vec<i64> = lines(bytes)[1..].iter().map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
        assert_eq!(numbers, (1..=1_200).rev().collect::<Vec<_>>());
    }
}
