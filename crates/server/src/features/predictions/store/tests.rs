//! How SQLite finds the companies of a chunk: one by one, however many there are.
#![allow(clippy::unwrap_used)] // tests

use accunode_db::{Db, Engine, Sql, on};
use accunode_domain::Actor;
use accunode_testkit::{People, TestDb};
use sqlx::AssertSqlSafe;

use super::{
    companies::{ORGANIZATION_COMPANIES, PERSONAL_COMPANIES, SYSTEM_COMPANIES},
    latest,
};

/// The steps of a statement's plan, where `wanted`, a name and its number of columns, holds so many rows.
async fn plan(db: &Db, wanted: (&str, usize), rows: usize, statement: Sql, actor: &Actor) -> Vec<String> {
    let (wanted, columns) = wanted;
    let row = format!("({})", vec!["NULL"; columns].join(", "));
    let values = vec![row.as_str(); rows].join(", ");
    let text = format!(
        "EXPLAIN QUERY PLAN WITH {wanted} AS (VALUES {values}) {}",
        statement.for_engine(Engine::Sqlite)
    );
    let mut tx = db.scoped_read(actor).await.unwrap();
    let steps: Vec<(i64, i64, i64, String)> =
        on!(tx, |c| sqlx::query_as(AssertSqlSafe(text.clone())).fetch_all(c).await).unwrap();
    steps.into_iter().map(|(.., step)| step).collect()
}

#[tokio::test]
async fn companies_are_looked_up_one_by_one() {
    let test = TestDb::sqlite().await;
    let actor = &People::stored(test.db()).await.super_admin;
    for rows in [1, 200, 500, 2_000] {
        for statement in [SYSTEM_COMPANIES, ORGANIZATION_COMPANIES, PERSONAL_COMPANIES] {
            let plan = plan(test.db(), ("wanted (owner, symbol)", 2), rows, statement, actor).await;
            assert!(plan.iter().any(|step| step.starts_with("SEARCH c USING")), "{rows}: {plan:?}");
            assert!(plan.iter().all(|step| !step.starts_with("SCAN c")), "{rows}: {plan:?}");
        }
        let plan = plan(test.db(), ("settled (id)", 1), rows, latest::SETTLE, actor).await;
        assert!(plan.iter().any(|step| step.starts_with("SEARCH companies USING")), "{rows}: {plan:?}");
        assert!(plan.iter().all(|step| !step.starts_with("SCAN companies")), "{rows}: {plan:?}");
    }
}
