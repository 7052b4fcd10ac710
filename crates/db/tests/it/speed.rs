//! Measurements, run by hand:
//! `scripts/with-services.sh cargo test --release -p accunode-db --test it -- --ignored --nocapture speed`

use std::time::Instant;

use accunode_db::{BulkInsert, Column, on};
use accunode_domain::AccessLevel;
use accunode_testkit::{People, on_both_engines};
use uuid::Uuid;

use crate::{NOW, company};

const ROWS: usize = 100_000;
const CHUNK: usize = 10_000;

/// Predictions of one company, a thousand years of them at a time being impossible: of many companies.
fn predictions(companies: &[Uuid], by: Uuid, organization: Uuid) -> BulkInsert {
    let n = companies.len();
    let number = |step: f64| Column::OptF64((0..n).map(|i| Some(i as f64 * step)).collect());
    BulkInsert::into("annual_predictions")
        .column("id", Column::Uuid((0..n).map(|_| Uuid::now_v7()).collect()))
        .column("company_id", Column::Uuid(companies.to_vec()))
        .column("organization_id", Column::OptUuid(vec![Some(organization); n]))
        .column("access_level", Column::Text(vec!["organization".into(); n]))
        .column("created_by", Column::Uuid(vec![by; n]))
        .column("reporting_year", Column::I64(vec![2_020; n]))
        .column("reporting_quarter", Column::OptText(vec![None; n]))
        .column("long_term_debt_to_total_capital", number(0.001))
        .column("total_debt_to_ebitda", number(0.002))
        .column("net_income_margin", number(0.003))
        .column("ebit_to_interest_expense", number(0.004))
        .column("return_on_assets", number(0.005))
        .column("probability", Column::F64(vec![0.01; n]))
        .column("raw_probability", Column::F64(vec![0.01; n]))
        .column("risk_level", Column::Text(vec!["LOW".into(); n]))
        .column("confidence", Column::F64(vec![0.98; n]))
        .column("model_name", Column::Text(vec!["annual".into(); n]))
        .column("model_version", Column::Text(vec!["1".into(); n]))
        .column("model_hash", Column::Text(vec!["0".repeat(64); n]))
        .column("source_row", Column::I64((1..=n as i64).collect()))
        .column("created_at", Column::Time(vec![NOW; n]))
}

on_both_engines! {
    /// An organization's 100,000 companies and a prediction of each, in transactions of 10,000 rows.
    #[ignore = "a measurement"]
    async fn bulk_inserts(test: TestDb) {
        let people = People::stored(test.db()).await;
        let (by, organization) = (people.member.user_id.0, people.organization());
        let (mut for_companies, mut for_predictions) = (0.0, 0.0);
        for chunk in 0..ROWS / CHUNK {
            let ids: Vec<_> = (0..CHUNK).map(|_| Uuid::now_v7()).collect();
            let start = Instant::now();
            let mut tx = test.db().scoped(&people.member).await.unwrap();
            let symbols: Vec<_> = (0..CHUNK).map(|i| format!("S{chunk}-{i}")).collect();
            BulkInsert::into("companies")
                .column("id", Column::Uuid(ids.clone()))
                .column("symbol", Column::Text(symbols.clone()))
                .column("name", Column::Text(symbols))
                .column("sector", Column::Text(vec!["Energy".into(); CHUNK]))
                .column("access_level", Column::Text(vec!["organization".into(); CHUNK]))
                .column("organization_id", Column::OptUuid(vec![Some(organization); CHUNK]))
                .column("created_by", Column::Uuid(vec![by; CHUNK]))
                .column("created_at", Column::Time(vec![NOW; CHUNK]))
                .execute_returning_id(&mut tx, "ON CONFLICT DO NOTHING").await.unwrap();
            for_companies += start.elapsed().as_secs_f64();
            let start = Instant::now();
            let stored = predictions(&ids, by, organization)
                .execute_returning_id(&mut tx, "ON CONFLICT DO NOTHING").await.unwrap();
            assert_eq!(stored.len(), CHUNK);
            tx.commit().await.unwrap();
            for_predictions += start.elapsed().as_secs_f64();
        }
        let rate = |seconds: f64| ROWS as f64 / seconds;
        println!("{}: {:.0} companies/s, {:.0} predictions/s", test.engine(), rate(for_companies), rate(for_predictions));
    }

    #[ignore = "a measurement"]
    async fn scoped_transactions(test: TestDb) {
        let people = People::stored(test.db()).await;
        let mut tx = test.db().scoped(&people.user).await.unwrap();
        company(&mut tx, "ACME", AccessLevel::Personal, None, people.user.user_id.0).await.unwrap();
        tx.commit().await.unwrap();
        let start = Instant::now();
        for _ in 0..2_000 {
            let mut tx = test.db().scoped_read(&people.user).await.unwrap();
            let rows: Vec<(String,)> = on!(tx, |c| sqlx::query_as("SELECT symbol FROM companies WHERE created_by = $1")
                .bind(people.user.user_id.0).fetch_all(c).await).unwrap();
            assert_eq!(rows.len(), 1);
        }
        println!("{}: {:.2} ms for a scoped read", test.engine(), start.elapsed().as_secs_f64() * 1e3 / 2_000.0);
    }
}
