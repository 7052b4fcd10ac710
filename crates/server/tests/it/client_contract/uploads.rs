//! Portfolio files: the upload screen, the list of jobs that is asked for again and again, and the results.

use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{detail, has, ok, roles};
use crate::app::{Client, Limits, TestApp};

/// The template that the upload screen offers: the columns without `market_cap`.
fn template(kind: &str) -> &'static str {
    match kind {
        "annual" => {
            "company_symbol,company_name,sector,reporting_year,long_term_debt_to_total_capital,total_debt_to_ebitda,\
             net_income_margin,ebit_to_interest_expense,return_on_assets"
        }
        _ => {
            "company_symbol,company_name,sector,reporting_year,reporting_quarter,total_debt_to_ebitda,sga_margin,\
             long_term_debt_to_total_capital,return_on_capital"
        }
    }
}

/// A file of the template with two rows; with a third that cannot be stored, if so wanted.
fn portfolio(kind: &str, spoiled: bool) -> String {
    let rows = match kind {
        "annual" => [
            "AAA,First Works,Energy,2023,25.5,2.3,8.2,12.5,6.8",
            "BBB,Second Works,Utilities,2023,0,2.3,8.2,,6.8",
            "CCC,Third Works,Energy,20x3,25.5,2.3,8.2,12.5,6.8",
        ],
        _ => [
            "AAA,First Works,Energy,2023,Q1,2.8,15.3,28.7,12.4",
            "BBB,Second Works,Utilities,2023,2,0,15.3,,12.4",
            "CCC,Third Works,Energy,2023,Q7,2.8,15.3,28.7,12.4",
        ],
    };
    let rows = &rows[..if spoiled { 3 } else { 2 }];
    format!("{}\n{}\n", template(kind), rows.join("\n"))
}

/// Hands a file in as browsers do, with whatever type their system has for it.
async fn handed_in(
    client: &Client,
    kind: &str,
    (name, kind_of_file): (&str, &str),
    content: &str,
) -> (StatusCode, Value) {
    let body = format!(
        "------WebKitFormBoundary7MA4YWxk\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: {kind_of_file}\r\n\r\n{content}\r\n------WebKitFormBoundary7MA4YWxk--\r\n"
    );
    let request = Request::post(format!("/api/v1/predictions/{kind}/bulk-upload-async"))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk");
    let response = client.raw(request.body(Body::from(body)).unwrap()).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn accepted() -> Value {
    json!({ "success": true, "message": "text", "job_id": "id", "task_id": "id", "queue_priority": "text",
            "estimated_time_minutes": "number", "queue_position": "whole" })
}

fn job() -> Value {
    json!({
        "id": "id", "status": "text", "job_type": "text", "original_filename": "text", "file_size": "whole",
        "total_rows": "whole?", "processed_rows": "whole", "successful_rows": "whole", "failed_rows": "whole",
        "progress_percentage": "number", "created_at": "time", "started_at": "time?", "completed_at": "time?",
        "updated_at": "time?", "error_message": "text?"
    })
}

/// Asks for the list of jobs, as the client does every second and a half, until this job has ended in it.
async fn followed(client: &Client, id: &str) -> Value {
    for _ in 0..1_200 {
        let list = client.get_ok("/predictions/jobs?limit=50&offset=0").await;
        has(
            &list,
            &json!({ "success": true, "jobs": [job()],
                            "pagination": { "total": "whole", "limit": 50, "offset": 0, "has_more": "flag" } }),
        );
        let job = list["jobs"].as_array().unwrap().iter().find(|job| job["id"] == id).unwrap();
        match job["status"].as_str().unwrap() {
            "completed" | "failed" => return job.clone(),
            "pending" | "queued" | "processing" => {}
            unknown => panic!("the client knows no job that is {unknown}"),
        }
        assert!((0.0..=100.0).contains(&job["progress_percentage"].as_f64().unwrap()), "{job}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("job {id} does not end");
}

/// The results of a job of three rows, one of which was refused.
fn results(kind: &str) -> Value {
    let (ratios, scores) = match kind {
        "annual" => (
            json!({ "long_term_debt_to_total_capital": "number?", "total_debt_to_ebitda": "number?", "net_income_margin": "number?",
                    "ebit_to_interest_expense": "number?", "return_on_assets": "number?" }),
            json!({ "probability": "share", "risk_level": "text", "confidence": "share", "predicted_at": "time" }),
        ),
        _ => (
            json!({ "total_debt_to_ebitda": "number?", "sga_margin": "number?", "long_term_debt_to_total_capital": "number?",
                    "return_on_capital": "number?" }),
            json!({ "logistic_probability": "share", "gbm_probability": "share", "ensemble_probability": "share",
                    "risk_level": "text", "confidence": "share", "predicted_at": "time" }),
        ),
    };
    let sector = json!({ "count": 1, "avg_probability": "share" });
    json!({
        "success": true, "job_id": "id", "status": "=completed",
        "job_summary": { "job_type": format!("={kind}"), "file_name": "text", "total_rows": 3, "successful_rows": 2, "failed_rows": 1,
                         "success_rate": "number", "processing_time_seconds": "number?", "rows_per_second": "number" },
        "created_data": {
            "companies_count": 2, "predictions_count": 2,
            "companies": [{ "id": "id", "symbol": "text", "name": "text", "market_cap": "number?", "sector": "text", "access_level": "text" }],
            "predictions": [{ "id": "id", "company": { "symbol": "text", "name": "text", "sector": "text" }, "reporting_year": "=2023",
                              "reporting_quarter": "text?", "financial_metrics": ratios, "prediction": scores }]
        },
        "analysis": {
            "by_sector": { "Energy": sector, "Utilities": sector }, "average_probability": "share",
            "risk_distribution": { "low_risk": "whole", "medium_risk": "whole", "high_risk": "whole" },
            "confidence_stats": { "min": "share", "max": "share", "average": "share" }
        },
        "timestamps": { "created_at": "time", "started_at": "time", "completed_at": "time" },
        "errors": { "error_count": 1, "error_details": { "errors": [{ "row": 4, "error": "text", "data": { "company_symbol": "=CCC" } }] } }
    })
}

on_both_engines! {
    async fn every_role_uploads_the_template_follows_the_job_and_reads_its_results(test: TestDb) {
        let app = TestApp::new(test).await;
        for kind in ["annual", "quarterly"] {
            for (i, (role, actor)) in roles(&app).into_iter().enumerate() {
                let client = app.client(actor);
                // Who runs the organization uploads what its analyst has uploaded: nothing of it is new.
                let (stored, refused) = if role == "org_admin" { (0, 3) } else { (2, 1) };
                let file_type = ["text/csv", "application/vnd.ms-excel", "application/octet-stream"][i % 3];
                let file = portfolio(kind, true);
                let taken = ok(handed_in(&client, kind, (&format!("{role}.csv"), file_type), &file).await);
                has(&taken, &accepted());
                let id = taken["job_id"].as_str().unwrap();
                let job = followed(&client, id).await;
                let shown = json!({
                    "status": "=completed", "job_type": format!("={kind}"), "original_filename": format!("={role}.csv"),
                    "file_size": file.len(), "total_rows": 3, "processed_rows": 3, "successful_rows": stored, "failed_rows": refused,
                    "progress_percentage": 100.0, "started_at": "time", "completed_at": "time"
                });
                has(&job, &shown);
                let answer = client.results(id).await;
                if role == "org_admin" {
                    let text = answer["errors"]["error_details"]["errors"][0]["error"].as_str().unwrap();
                    assert_eq!(text, format!("Prediction already exists for AAA 2023{}", if kind == "annual" { "" } else { " Q1" }));
                    continue;
                }
                has(&answer, &results(kind));
                let rate = answer["job_summary"]["success_rate"].as_f64().unwrap();
                assert!((rate - 200.0 / 3.0).abs() < 0.01, "{rate}");
                // A ratio of 0 is 0, a blank is null; without market_cap it is not known.
                let rows = answer["created_data"]["predictions"].as_array().unwrap();
                let second = rows.iter().find(|row| row["company"]["symbol"] == "BBB").unwrap();
                let (zero, blank, quarter) = match kind {
                    "annual" => ("long_term_debt_to_total_capital", "ebit_to_interest_expense", Value::Null),
                    _ => ("total_debt_to_ebitda", "long_term_debt_to_total_capital", json!("Q2")),
                };
                let ratios = &second["financial_metrics"];
                assert_eq!((&ratios[zero], &ratios[blank], &second["reporting_quarter"]), (&json!(0.0), &Value::Null, &quarter));
            }
        }
    }

    async fn columns_that_are_missing_are_read_out_of_the_refusal(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        for (kind, left_out) in [("annual", ["sector", "return_on_assets"]), ("quarterly", ["reporting_quarter", "sga_margin"])] {
            let file = left_out.iter().fold(portfolio(kind, false), |file, column| file.replacen(column, "renamed", 1));
            let text = detail(handed_in(&user, kind, ("a.csv", "text/csv"), &file).await, StatusCode::BAD_REQUEST);
            let read: Vec<_> = text.strip_prefix("Missing required columns: ").unwrap().split(", ").collect();
            assert_eq!(read, left_out);
        }
        // Files that its picker offers and that are none.
        for name in ["old.xls", "portfolio.pdf"] {
            detail(handed_in(&user, "annual", (name, "application/octet-stream"), "x").await, StatusCode::BAD_REQUEST);
        }
        detail(handed_in(&user, "annual", ("a.csv", "text/csv"), template("annual")).await, StatusCode::BAD_REQUEST);
        assert_eq!(user.get_ok("/predictions/jobs?limit=50&offset=0").await["jobs"], json!([]));
    }

    async fn a_job_that_was_cancelled_has_failed_for_the_client(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (_, actor) in roles(&app) {
            let client = app.client(actor);
            let taken = ok(handed_in(&client, "annual", ("Portfolio.CSV", "text/csv"), &portfolio("annual", false)).await);
            let id = taken["job_id"].as_str().unwrap();
            let path = format!("/predictions/jobs/{id}");
            detail(client.delete(&path).await, StatusCode::BAD_REQUEST);
            let cancelled = ok(client.post_text(&format!("{path}/cancel"), Body::empty()).await);
            has(&cancelled, &json!({ "success": true, "message": "text",
                                     "job": { "id": format!("={id}"), "status": "=cancelled", "cancelled_at": "time" } }));
            has(&followed(&client, id).await, &json!({ "status": "=failed", "error_message": "=Job cancelled by user", "cancelled": true }));
            detail(client.post(&format!("{path}/cancel"), &json!({})).await, StatusCode::BAD_REQUEST);
            let deleted = ok(client.delete(&path).await);
            has(&deleted, &json!({ "success": true, "message": "text", "deleted_job": {
                "id": format!("={id}"), "status": "text", "job_type": "=annual", "original_filename": "=Portfolio.CSV" } }));
            detail(client.delete(&path).await, StatusCode::NOT_FOUND);
        }
    }

    async fn the_button_to_download_gives_a_workbook(test: TestDb) {
        let app = TestApp::new(test).await;
        let user = app.client(&app.people.user);
        let taken = ok(handed_in(&user, "annual", ("a.csv", "text/csv"), &portfolio("annual", true)).await);
        let id = taken["job_id"].as_str().unwrap();
        assert_eq!(followed(&user, id).await["status"], "completed");
        let request = Request::get(format!("/api/v1/predictions/jobs/{id}/download")).body(Body::empty());
        let response = user.raw(request.unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let name = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
        assert!(name.starts_with("attachment; filename=\"") && name.ends_with(".xlsx\""), "{name}");
        assert!(response.into_body().collect().await.unwrap().to_bytes().starts_with(b"PK"));
    }
}
