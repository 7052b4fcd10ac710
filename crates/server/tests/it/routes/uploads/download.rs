use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;

use crate::{
    app::{Client, Limits, TestApp},
    files::{annual_file, annual_row},
};

async fn file(client: &Client, id: &str, query: &str) -> (String, Vec<u8>) {
    let request = Request::get(format!("/api/v1/predictions/jobs/{id}/download{query}"));
    let response = client.raw(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let name = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    (name, response.into_body().collect().await.unwrap().to_bytes().to_vec())
}

fn lines(bytes: Vec<u8>) -> Vec<String> {
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

on_both_engines! {
    /// Some thousand rows, so that there are several pages; bad ones can be handed in again as they are.
    async fn refused_rows_can_be_handed_in_again(test: TestDb) {
        let app = TestApp::with(test, Limits { chunk: 700, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let row = |i: usize| match i % 3 {
            0 => format!("D{i},\"=Bad, \"\"{i}\"\"\",1,Energy,19x0,,1,2,3,4,5"),
            _ => annual_row(&format!("D{i}"), 2020),
        };
        let job = member.upload_and_wait("annual", "d.csv", &annual_file(&(0..3_600).map(row).collect::<Vec<_>>())).await;
        assert_eq!((job["successful_rows"].as_i64(), job["failed_rows"].as_i64()), (Some(2_400), Some(1_200)), "{job}");
        let id = job["id"].as_str().unwrap();
        let (name, results) = file(&member, id, "?format=csv").await;
        assert!(name.starts_with("attachment; filename=\"upload-") && name.ends_with(".csv\""), "{name}");
        let results = lines(results);
        assert_eq!((results.len(), results[1].split(',').next()), (2_401, Some("D1")));
        let (_, refused) = file(&member, id, "?format=csv&part=errors").await;
        let text = lines(refused.clone());
        assert_eq!(text.len(), 1_201);
        assert!(text[0].ends_with("return_on_assets,refused_row,refused_because"), "{}", text[0]);
        assert!(text[1].contains(",5,2,") && text[1].contains("reporting_year: "), "{}", text[1]);
        let again = member.upload_and_wait("annual", "again.csv", &refused).await;
        assert_eq!((again["successful_rows"].as_i64(), again["failed_rows"].as_i64()), (Some(0), Some(1_200)), "{again}");
        let corrected = String::from_utf8(refused).unwrap().replace("19x0", "2019").into_bytes();
        let mended = member.upload_and_wait("annual", "mended.csv", &corrected).await;
        assert_eq!((mended["successful_rows"].as_i64(), mended["failed_rows"].as_i64()), (Some(1_200), Some(0)), "{mended}");
        let company = member.get_ok("/companies?search=D3").await["items"][0]["name"].clone();
        assert!(company.as_str().unwrap().starts_with("=Bad, \""), "{company}");
    }

    async fn a_workbook_has_both_parts(test: TestDb) {
        let app = TestApp::new(test).await;
        let user = app.client(&app.people.user);
        let rows = [annual_row("AAA", 2020), "BAD,Bad,1,Energy,19x0,,1,2,3,4,5".to_owned()];
        let job = user.upload_and_wait("annual", "a.csv", &annual_file(&rows)).await;
        let id = job["id"].as_str().unwrap();
        let (name, both) = file(&user, id, "").await;
        assert!(name.ends_with(".xlsx\"") && both.starts_with(b"PK"), "{name}");
        assert!(String::from_utf8_lossy(&both).contains("xl/worksheets/sheet2.xml"));
        let (_, refused) = file(&user, id, "?part=errors").await;
        let again = user.upload_and_wait("annual", "again.xlsx", &refused).await;
        assert_eq!((again["total_rows"].as_i64(), again["failed_rows"].as_i64()), (Some(1), Some(1)), "{again}");
    }

    async fn only_those_concerned_are_given_a_file(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        let job = member.upload_and_wait("annual", "a.csv", &annual_file(&[annual_row("AAA", 2020)])).await;
        let path = format!("/predictions/jobs/{}/download?format=csv", job["id"].as_str().unwrap());
        let (_, theirs) = file(&app.client(&app.people.colleague), job["id"].as_str().unwrap(), "?format=csv").await;
        assert_eq!(lines(theirs).len(), 2);
        assert_eq!(app.client(&app.people.stranger).get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.anonymous().get(&path).await.0, StatusCode::UNAUTHORIZED);
        let (status, body) = member.get(&path.replace("csv", "pdf")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}
