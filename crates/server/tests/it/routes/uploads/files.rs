//! Files as people and programs write them, over HTTP.

use accunode_sheets::{Cell, Writer};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{ANNUAL, annual_row, shared},
};

/// A workbook of the annual columns with these rows.
fn workbook(rows: &[Vec<Cell<'_>>]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    let header: Vec<&str> = ANNUAL.split(',').collect();
    let mut writer = Writer::create(&path, &header).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}

on_both_engines! {
    /// A byte order mark, quoted line breaks and blank lines: every row under the number that a spreadsheet shows.
    async fn odd_csv_keeps_its_rows_apart(test: TestDb) {
        let app = TestApp::with(test, Limits { chunk: 2, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        for name in ["M", "N"] {
            let quoted = format!("{name}A,\"Works\r\nof \"\"{name}\"\"\",1200,Energy,2020,,1,2,3,4,5");
            let bad = format!("{name}B,Works,1200,Energy,19x0,,1,2,3,4,5");
            let text = format!("\u{feff}{}\r\n\r\n{quoted}\r\n,,,\r\n{bad}\r\n{}", ANNUAL.to_uppercase(), annual_row(&format!("{name}C"), 2020));
            let job = user.upload_and_wait("annual", "ODD.CSV", text.as_bytes()).await;
            assert_eq!((job["total_rows"].as_i64(), job["successful_rows"].as_i64()), (Some(3), Some(2)), "{job}");
            let results = user.results(job["id"].as_str().unwrap()).await;
            assert_eq!(results["errors"]["error_details"]["errors"][0]["row"], 5);
            let names: Vec<_> = results["created_data"]["companies"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
            assert_eq!(names[0].replace('\r', ""), format!("Works\nof \"{name}\""));
        }
    }

    async fn a_workbook_in_chunks(test: TestDb) {
        let app = TestApp::with(test, Limits { chunk: 3, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        let texts: Vec<String> = (0..10).map(|i| annual_row(&format!("W{i}"), 2020)).collect();
        let mut rows: Vec<Vec<Cell<'_>>> = texts.iter().map(|row| row.split(',').map(Cell::echo).collect()).collect();
        rows[4][1] = Cell::Text("=HYPERLINK(1)");
        rows[6][4] = Cell::Text("1 May 2020");
        let job = user.upload_and_wait("annual", "Book.XLSX", &workbook(&rows)).await;
        assert_eq!((job["successful_rows"].as_i64(), job["failed_rows"].as_i64()), (Some(9), Some(1)), "{job}");
        let results = user.results(job["id"].as_str().unwrap()).await;
        assert_eq!(results["errors"]["error_details"]["errors"][0]["row"], 8);
        let companies = results["created_data"]["companies"].as_array().unwrap();
        assert!(companies.iter().any(|c| c["symbol"] == "W4" && c["name"] == "=HYPERLINK(1)"), "{companies:?}");
    }

    async fn damaged_and_foreign_files_are_refused_and_leave_nothing(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let row = annual_row("AAA", 2020);
        let book = workbook(&[row.split(',').map(Cell::echo).collect()]);
        let csv = format!("{ANNUAL}\n{row}\n");
        let late = [csv.as_bytes(), b"BBB,Caf\xe9,1,Energy,2020,,1,2,3,4,5\n"].concat();
        for (name, content, text) in [
            ("a.xlsx", book[..book.len() / 2].to_vec(), "damaged"),
            ("a.csv", book, "name it .xlsx"),
            ("a.csv", csv.replace(',', ";").into_bytes(), "with commas"),
            ("a.csv", csv.replace("company_symbol", "symbol").into_bytes(), "Missing required columns: company_symbol"),
            ("a.csv", format!("{csv}{row}\0\n").into_bytes(), "zero bytes"),
            ("a.csv", late, "row 3, column 'company_name'"),
            ("a.xls", csv.clone().into_bytes(), ".xls"),
            ("a.csv", b"\n\n".to_vec(), "empty"),
        ] {
            let (status, body) = user.upload("annual", name, &content).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {body}");
            assert!(body["detail"].as_str().unwrap().contains(text), "{name}: {body} lacks '{text}'");
        }
        let left = app.stored("uploads");
        assert_eq!((left, user.get_ok("/predictions/jobs").await["pagination"]["total"].as_i64()), (0, Some(0)));
    }

    /// Every real portfolio: what is stored and what is refused add up to it, and another try stores nothing.
    async fn the_real_portfolios_add_up(test: TestDb) {
        let Some(folder) = shared("data/portfolio") else { return };
        let app = TestApp::with(test, Limits { rows: 100_000, chunk: 60, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "xlsx" || e == "csv"));
        paths.sort();
        let mut worked_on = 0;
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let kind = if name.contains("annual") { "annual" } else { "quarterly" };
            let content = std::fs::read(&path).unwrap();
            if content.len() > 1 << 20 {
                continue;
            }
            let first = member.upload_and_wait(kind, &name, &content).await;
            let number = |job: &serde_json::Value, field: &str| job[field].as_i64().unwrap();
            assert_eq!(first["status"], "completed", "{name}: {first}");
            assert_eq!(number(&first, "successful_rows") + number(&first, "failed_rows"), number(&first, "total_rows"));
            let second = member.upload_and_wait(kind, &name, &content).await;
            assert_eq!((number(&second, "successful_rows"), number(&second, "total_rows")), (0, number(&first, "total_rows")));
            worked_on += 1;
        }
        assert!(worked_on > 0, "no portfolio was found");
    }
}
