//! The log says who did what, and never a secret or a ratio's value.

use accunode_testkit::{TestDb, block_on};
use reqwest::{StatusCode, multipart};
use serde_json::{Value, json};

use crate::program::{EMAIL, PASSWORD, Program};

pub(crate) const NEW_PASSWORD: &str = "marked-password-41";
const WRONG_PASSWORD: &str = "marked-password-42";
const WRONG_TOKEN: &str = "marked-token-43";
/// Digits that no other number of a log has.
const RATIO: &str = "0.731904625";

pub(crate) async fn call(server: &Program, path: &str, token: &str, body: &Value) -> (StatusCode, Value) {
    let request = server.client().post(server.url(path).await).bearer_auth(token).json(body);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

pub(crate) async fn login(server: &Program, password: &str) -> (StatusCode, Value) {
    let body = json!({ "email": EMAIL, "password": password });
    call(server, "/api/v1/auth/login", WRONG_TOKEN, &body).await
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A file whose ratios are all the marked one.
fn portfolio() -> String {
    let ratios = accunode_domain::Kind::Annual.ratios();
    let header = ratios.iter().map(|ratio| format!(",{}", ratio.name)).collect::<String>();
    let cells = ratios.iter().map(|_| format!(",{RATIO}")).collect::<String>();
    format!(
        "company_symbol,company_name,market_cap,sector,reporting_year{header}\nMARK,Marked,1000,Tech,2024{cells}\n"
    )
}

/// Signing in, a changed password and a file, at a server that debugs.
async fn nothing_is_told(test: TestDb) {
    let server = Program::start("serve", test.url(), &[("LOG_LEVEL", "debug")]);
    let mut secrets = vec![PASSWORD.to_owned(), NEW_PASSWORD.to_owned(), WRONG_PASSWORD.to_owned()];
    secrets.extend([WRONG_TOKEN.to_owned(), RATIO.to_owned(), "a secret for tests".to_owned()]);
    assert_eq!(login(&server, WRONG_PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    let (_, first) = login(&server, PASSWORD).await;
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let changed = call(&server, "/api/v1/auth/change-password", &text(&first["access_token"]), &change).await;
    assert_eq!(changed.0, StatusCode::OK, "{}", changed.1);
    let (_, tokens) = login(&server, NEW_PASSWORD).await;
    let token = text(&tokens["access_token"]);
    secrets.extend([token.clone(), text(&tokens["refresh_token"]), text(&first["access_token"])]);

    // The file's rows, and its chunk in a worker.
    let part = multipart::Part::text(portfolio()).file_name("marked.csv");
    let url = server.url("/api/v1/predictions/annual/bulk-upload-async").await;
    let form = multipart::Form::new().part("file", part);
    let taken = server.client().post(url).bearer_auth(&token).multipart(form).send().await.unwrap();
    assert!(taken.status().is_success(), "{}", taken.text().await.unwrap());
    let is_done = |event: &Value| event["message"] == "job is done" && event["job.kind"] == "upload.chunk";
    let done = server.tells("the chunk is done", is_done).await;
    assert!(done["job.id"].is_string() && done["user.id"].is_string(), "{done}");

    let is_change = |event: &Value| event["route"] == "/api/v1/auth/change-password";
    let event = server.tells("the request is answered", is_change).await;
    assert!(event["request.id"].is_string() && event["user.id"].is_string(), "{event}");
    assert_eq!((&event["status"], event.get("span")), (&json!(200), None));

    server.terminate();
    server.says("stopped").await;
    let log = server.log();
    assert!(log.iter().any(|line| line.contains("\"DEBUG\"")), "nothing was debugged");
    for secret in secrets {
        let told: Vec<_> = log.iter().filter(|line| line.contains(&secret)).collect();
        assert!(told.is_empty(), "{secret} is told: {told:?}");
    }
}

#[test]
fn no_line_of_debugging_holds_a_secret_or_a_ratio_on_sqlite() {
    block_on(async { nothing_is_told(TestDb::sqlite().await).await });
}

#[test]
fn no_line_of_debugging_holds_a_secret_or_a_ratio_on_postgres() {
    block_on(async {
        if let Some(test) = TestDb::postgres().await {
            nothing_is_told(test).await;
        }
    });
}
