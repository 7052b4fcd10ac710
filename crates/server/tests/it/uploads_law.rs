//! The law of uploads: whatever a file holds, however large its chunks are and whenever workers die, its counters, the
//! stored rows and the row errors add up to it.

use std::{collections::HashSet, time::Duration};

use accunode_testkit::TestDb;
use proptest::{prelude::*, test_runner::TestRunner};

use crate::{
    app::{Client, Limits, TestApp},
    files::annual_file,
};

/// A cell of a ratio: sound, odd or impossible.
fn ratio() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (-500.0..500.0_f64).prop_map(|x| x.to_string()),
        1 => Just(String::new()),
        1 => Just("NM".to_owned()),
        1 => Just("100000000".to_owned()),
        1 => Just("1e300".to_owned()),
        1 => prop_oneof![Just("1e999".to_owned()), Just("twelve".to_owned()), Just("inf".to_owned())],
    ]
}

/// A row; few symbols and years, so that duplicates occur.
fn row() -> impl Strategy<Value = String> {
    let symbol = prop_oneof![8 => "[A-C]{1,2}", 1 => Just(String::new()), 1 => Just("X".repeat(21))];
    let year = prop_oneof![8 => (2020..2023_u16).prop_map(|y| y.to_string()), 1 => Just("20x0".to_owned())];
    let quarter = prop_oneof![4 => Just(""), 2 => Just("q2"), 1 => Just("Q9")];
    let cap = prop_oneof![3 => Just("1200"), 1 => Just(""), 1 => Just("-5")];
    (symbol, year, quarter, cap, prop::collection::vec(ratio(), 5)).prop_map(
        |(symbol, year, quarter, cap, r)| {
            format!("{symbol},\"Works, \"\"of\"\" {symbol}x\",{cap},Energy,{year},{quarter},{}", r.join(","))
        },
    )
}

/// Workers that are killed: after how many milliseconds each.
type Deaths = Vec<u64>;

async fn add_up(
    app: &TestApp,
    client: &Client,
    rows: &[String],
    deaths: Deaths,
) -> Result<(), TestCaseError> {
    let before = client.get_ok("/predictions/annual?size=1000").await["total"].as_i64().unwrap();
    for after in deaths {
        app.work_and_die(Duration::from_millis(after));
    }
    let job = client.upload_and_wait("annual", "any.csv", &annual_file(rows)).await;
    let number = |field: &str| job[field].as_i64().unwrap();
    let total = i64::try_from(rows.len()).unwrap();
    prop_assert_eq!(job["status"].as_str(), Some("completed"), "{}", job);
    prop_assert_eq!((number("total_rows"), number("processed_rows")), (total, total));
    prop_assert_eq!(number("successful_rows") + number("failed_rows"), total);
    let results = client.results(job["id"].as_str().unwrap()).await;
    let stored = results["created_data"]["predictions"].as_array().unwrap().len();
    prop_assert_eq!(i64::try_from(stored).unwrap(), number("successful_rows"));
    let listed = client.get_ok("/predictions/annual?size=1000").await["total"].as_i64().unwrap();
    prop_assert_eq!(listed - before, number("successful_rows"));
    let errors = results["errors"]["error_details"]["errors"].as_array().unwrap();
    let blamed: HashSet<i64> = errors.iter().map(|e| e["row"].as_i64().unwrap()).collect();
    prop_assert_eq!(i64::try_from(blamed.len()).unwrap(), number("failed_rows"));
    prop_assert!(blamed.iter().all(|row| (2..total + 2).contains(row)));
    Ok(())
}

/// Every case on one application: what earlier cases stored makes duplicates of later rows.
fn law(postgres: bool, chunk: usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime
        .block_on(async { if postgres { TestDb::postgres().await } else { Some(TestDb::sqlite().await) } });
    let Some(test) = test else { return };
    let app = runtime.block_on(async {
        let app = TestApp::without_worker(test, Limits { chunk, ..Limits::default() }).await;
        app.take_over();
        app
    });
    let config = ProptestConfig { cases: 16, failure_persistence: None, ..Default::default() };
    let people = [app.people.member.clone(), app.people.user.clone()];
    let deaths = prop::collection::vec(0..60_u64, 0..3);
    let strategy = (0..2_usize, prop::collection::vec(row(), 1..40), deaths);
    let outcome = TestRunner::new(config).run(&strategy, |(who, rows, deaths)| {
        runtime.block_on(add_up(&app, &app.client(&people[who]), &rows, deaths))
    });
    outcome.unwrap();
}

#[test]
fn counters_equal_stored_rows_on_sqlite() {
    law(false, 3);
}

#[test]
fn counters_equal_stored_rows_on_sqlite_in_one_chunk() {
    law(false, 500);
}

#[test]
fn counters_equal_stored_rows_on_postgres() {
    law(true, 3);
}

#[test]
fn counters_equal_stored_rows_on_postgres_row_by_row() {
    law(true, 1);
}
