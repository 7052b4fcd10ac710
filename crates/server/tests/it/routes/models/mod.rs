mod activate;
mod import;
mod list;
mod replay;
mod rollback;

use std::collections::BTreeMap;

use accunode_db::on;
use accunode_domain::{Actor, Kind, Ratio, Role};
use accunode_scoring::{Bundle, GOLDEN, Golden, archive, shipped_files};
use accunode_server::models;
use accunode_testkit::TestDb;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

/// The application with a second super_admin, and the models that came with it recorded.
async fn app(test: TestDb) -> (TestApp, Actor) {
    let app = TestApp::without_worker(test, Limits::default()).await;
    models::register(&app.state).await.unwrap();
    let second = Actor { role: Role::SuperAdmin, ..app.people.other_user.clone() };
    let mut tx = app.state.db.system("a second super_admin of a test").await.unwrap();
    const PROMOTE: &str = "UPDATE users SET role = 'super_admin' WHERE id = $1";
    on!(tx, |c| sqlx::query(PROMOTE).bind(second.user_id.0).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    (app, second)
}

/// The files of the shipped bundle of a kind with another version, thresholds and calibration.
fn changed_files(kind: Kind, version: &str, intercept: f64) -> BTreeMap<String, Vec<u8>> {
    let mut files = shipped_files(kind);
    let shipped = Bundle::from_files(files.clone()).unwrap();
    let rows: Vec<Vec<Ratio>> = Golden::parse(&files[GOLDEN], &shipped)
        .unwrap()
        .rows()
        .iter()
        .map(|row| row.ratios.clone())
        .collect();
    let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    manifest["version"] = json!(version);
    manifest["thresholds"] = json!({ "medium": 0.02, "high": 0.05, "critical": 0.15 });
    manifest["calibration"]["intercept"] = json!(intercept);
    files.insert("manifest.json".to_owned(), serde_json::to_vec_pretty(&manifest).unwrap());
    let bundle = Bundle::from_files(files.clone()).unwrap();
    files.insert(GOLDEN.to_owned(), Golden::write(&bundle, &rows).unwrap().into_bytes());
    files
}

/// The archive of such a bundle.
fn changed(kind: Kind, version: &str, intercept: f64) -> Vec<u8> {
    archive::pack(&changed_files(kind, version, intercept)).unwrap()
}

/// Imports an archive as somebody; gives the model.
async fn imported(app: &TestApp, by: &Actor, archive: &[u8]) -> Value {
    let (status, model) = app.client(by).post_file("/models", "file", "model.zip", archive).await;
    assert_eq!(status, StatusCode::OK, "{model}");
    model
}

/// Activates a model as somebody.
async fn activated(app: &TestApp, by: &Actor, model: &Value) -> (StatusCode, Value) {
    let path = format!("/models/{}/activate", model["id"].as_str().unwrap());
    app.client(by).post(&path, &json!({ "reason": "better on 2025" })).await
}
