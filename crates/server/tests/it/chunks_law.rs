//! The law of chunks: in whatever order the chunks of a file are committed, what is known of a company is what the last
//! stored row of the file says, and what is latest of it is worked out from all that is stored.

use std::collections::BTreeMap;

use accunode_db::{BulkInsert, Column, Engine, on};
use accunode_domain::{Kind, Period, Quarter, Ratio, UploadId};
use accunode_server::features::{
    grades::service as grades,
    predictions::service::{Batch, Owner, score, store_batch},
};
use accunode_sheets::Record;
use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    app::{Limits, TestApp},
    routes::predictions::law,
};

#[derive(Clone, Debug)]
struct Cells {
    company: u8,
    year: u16,
    quarter: Option<Quarter>,
    market_cap: Option<f64>,
}

fn cells() -> impl Strategy<Value = Cells> {
    let quarter = prop::option::of(prop_oneof![Just(Quarter::Q1), Just(Quarter::Q4)]);
    (0..4_u8, 2020..2024_u16, quarter, prop::option::of(1.0..1e9_f64))
        .prop_map(|(company, year, quarter, market_cap)| Cells { company, year, quarter, market_cap })
}

/// Rows of a file, where it is cut, and the order in which its chunks are committed.
fn file() -> impl Strategy<Value = (Vec<Cells>, usize, Vec<usize>)> {
    (prop::collection::vec(cells(), 1..40), 1..12_usize).prop_flat_map(|(rows, size)| {
        let order: Vec<usize> = (0..rows.len().div_ceil(size)).collect();
        (Just(rows), Just(size), Just(order).prop_shuffle())
    })
}

fn record(case: usize, number: usize, cells: &Cells) -> Record {
    Record {
        kind: Kind::Annual,
        symbol: format!("F{case}C{}", cells.company),
        name: format!("as row {number} says"),
        market_cap: cells.market_cap,
        sector: format!("sector of row {number}"),
        period: Period { year: cells.year, quarter: cells.quarter },
        ratios: vec![Ratio::Value(f64::from(cells.company)); 5],
        sentinel: vec![false; 5],
    }
}

/// An upload that the rows can name.
async fn upload(app: &TestApp) -> UploadId {
    let actor = &app.people.member;
    let id = Uuid::now_v7();
    let text = |value: &str| Column::Text(vec![value.to_owned()]);
    let insert = BulkInsert::into("bulk_upload_jobs")
        .column("id", Column::Uuid(vec![id]))
        .column("user_id", Column::Uuid(vec![actor.user_id.0]))
        .column("organization_id", Column::OptUuid(vec![actor.organization_id.map(|o| o.0)]))
        .column("access_level", text("organization"))
        .column("job_type", text("annual"))
        .column("original_filename", text("a.csv"))
        .column("file_key", text("k"))
        .column("file_size", Column::I64(vec![1]))
        .column("file_sha256", text("h"))
        .column("queue_priority", text("high"))
        .column("created_at", Column::Time(vec![app.state.clock.now()]));
    let mut tx = app.state.db.scoped(actor).await.unwrap();
    insert.execute(&mut tx, "").await.unwrap();
    tx.commit().await.unwrap();
    UploadId(id)
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    symbol: String,
    name: String,
    sector: String,
    market_cap: Option<f64>,
    source_row: i64,
}

async fn holds(
    app: &TestApp,
    case: usize,
    (rows, size, order): (Vec<Cells>, usize, Vec<usize>),
) -> Result<(), TestCaseError> {
    let bundle = app.state.models.get(Kind::Annual);
    let scale = grades::by_id(&app.state, None).await.unwrap();
    let upload = upload(app).await;
    let records: Vec<_> = rows.iter().enumerate().map(|(n, cells)| record(case, n, cells)).collect();
    let mut stored = 0;
    for chunk in order {
        let (from, to) = (chunk * size, rows.len().min((chunk + 1) * size));
        let numbered: Vec<_> = (from..to).map(|n| (Some(n as i64), records[n].clone())).collect();
        let batch = Batch {
            kind: Kind::Annual,
            owner: Owner::of(&app.people.member),
            upload: Some(upload),
            rows: &numbered,
            scores: &score(&bundle, &numbered).unwrap(),
            bundle: &bundle,
            scale: &scale,
            update_companies: true,
        };
        let mut tx = app.state.db.scoped(&app.people.member).await.unwrap();
        let made = store_batch(&mut tx, &batch, app.state.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        stored += made.iter().flatten().count();
    }
    const STORED: &str = "SELECT c.symbol, c.name, c.sector, c.market_cap, p.source_row
                          FROM annual_predictions p JOIN companies c ON c.id = p.company_id
                          WHERE p.bulk_upload_job_id = $1 ORDER BY p.source_row";
    let mut tx = app.state.db.system_read("look at a test's rows").await.unwrap();
    let found: Vec<Row> = on!(tx, |c| sqlx::query_as(STORED).bind(upload.0).fetch_all(c).await).unwrap();
    drop(tx);
    prop_assert_eq!(found.len(), stored);
    let mut said: BTreeMap<&str, (usize, Option<f64>)> = BTreeMap::new();
    for row in &found {
        let number = usize::try_from(row.source_row).unwrap();
        let entry = said.entry(&row.symbol).or_insert((number, None));
        *entry = (number, rows[number].market_cap.or(entry.1));
    }
    for row in &found {
        let (number, market_cap) = said[row.symbol.as_str()];
        prop_assert_eq!(&row.name, &records[number].name);
        prop_assert_eq!(&row.sector, &records[number].sector);
        prop_assert_eq!(row.market_cap, market_cap);
    }
    law::nothing_is_stale(app).await;
    Ok(())
}

fn of_chunks(engine: Engine) {
    accunode_testkit::law(
        engine,
        24,
        &file(),
        async |test| TestApp::without_worker(test, Limits::default()).await,
        async |app, case, file| holds(app, case, file).await,
    );
}

#[test]
fn the_order_of_chunks_does_not_matter_on_sqlite() {
    of_chunks(Engine::Sqlite);
}

#[test]
fn the_order_of_chunks_does_not_matter_on_postgres() {
    of_chunks(Engine::Postgres);
}
