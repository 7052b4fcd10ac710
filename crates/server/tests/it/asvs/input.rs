//! What is sent and must not count, and what is given out again.

use accunode_domain::Role;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::{Limits, TestApp},
    files::ANNUAL,
};

on_both_engines! {
    /// Who one is, where one belongs and to whom things belong is never read from what one sends.
    async fn nobody_sets_what_is_not_theirs_to_set(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let member = app.client(&people.member);
        let more = json!({
            "id": people.stranger.user_id, "role": Role::SuperAdmin, "is_active": false, "tenant_id": people.stranger.tenant_id,
            "organization_id": people.stranger.organization_id, "token_version": 7, "password_hash": "x",
            "must_change_password": true, "created_at": "2001-01-01T00:00:00Z", "created_by": people.stranger.user_id,
            "access_level": "system", "owner_id": people.stranger.user_id,
        });
        let with = |body: Value| {
            let mut all = more.clone();
            all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            all
        };
        let before = member.get_ok("/users/me").await;
        for path in ["/users/profile", "/users/me"] {
            let (status, body) = member.put(path, &with(json!({ "full_name": "Amy Lee" }))).await;
            assert!(matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY), "{body}");
        }
        let after = member.get_ok("/users/me").await;
        for field in ["id", "email", "role", "is_active", "tenant_id", "organization_id", "created_at"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        let company = json!({ "symbol": "XMP", "name": "Example Works", "sector": "Energy", "market_cap": 1_500 });
        let (status, body) = member.post("/companies", &with(company)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let data = &body["data"];
        assert_eq!(data["organization_id"], json!(people.member.organization_id), "{data}");
        assert_eq!(data["access_level"], "organization", "{data}");
        assert_ne!(data["id"], json!(people.stranger.user_id));
        assert_eq!(app.client(&people.stranger).get_ok("/companies").await["total"], 0);
    }

    /// The second value of a parameter does not count behind the back of the first.
    async fn a_parameter_given_twice_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for query in ["page=1&page=2", "limit=1&limit=100", "search=a&search=b"] {
            let (status, body) = member.get(&format!("/companies?{query}")).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {body}");
        }
    }

    /// What a spreadsheet would compute comes out of every file as text.
    async fn no_file_that_we_make_computes_anything(test: TestDb) {
        let app = TestApp::new(test).await;
        let user = app.client(&app.people.user);
        let formulas = ["=1+1", "+1", "@SUM(A1)", "-2+3", "\t=1"];
        let rows: Vec<String> = (0..)
            .zip(formulas)
            .map(|(i, formula)| format!("S{i},\"{formula}\",1200,\"{formula}\",2023,,25.5,2.3,8.2,12.5,6.8"))
            .collect();
        let file = format!("{ANNUAL}\n{}\n", rows.join("\n"));
        let job = user.upload_and_wait("annual", "formulas.csv", file.as_bytes()).await;
        assert_eq!(job["status"], "completed", "{job}");
        let id = job["id"].as_str().or(job["job_id"].as_str()).unwrap().to_owned();
        let (mut files, mut shown) = (0, 0);
        for path in ["/companies/export?format=csv".to_owned(), "/predictions/annual/export?format=csv".to_owned(),
                     format!("/predictions/jobs/{id}/download?format=csv")] {
            let (status, text) = user.text(&path).await;
            assert_eq!(status, StatusCode::OK, "{path}: {text}");
            files += 1;
            for line in text.lines().skip(1) {
                for cell in line.split(',').map(|cell| cell.trim_matches('"')) {
                    let number = cell.parse::<f64>().is_ok();
                    assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t']), "{path}: {line}");
                    shown += usize::from(cell.starts_with("'="));
                }
            }
        }
        assert!(files == 3 && shown >= 3, "{shown} formulas were guarded");
    }
}
