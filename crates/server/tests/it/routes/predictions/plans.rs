//! PostgreSQL alone: how lists are looked up among many rows, under the application's role and its policies.

use accunode_db::{Engine, Timestamp, on};
use accunode_domain::Actor;
use accunode_testkit::TestDb;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::app::{Limits, TestApp};

/// Forty organizations of one tenant with 500 predictions each, besides 2,000 personal ones and 2,000 of the system.
/// Everything of organizations is made by one analyst.
fn seed(app: &TestApp) -> String {
    let people = &app.people;
    let (tenant, member, user) =
        (people.tenant_admin.tenant_id.unwrap(), people.member.user_id, people.user.user_id);
    let own = people.member.organization_id.unwrap();
    let company = |select: &str| {
        format!(
            "INSERT INTO companies (id, symbol, name, sector, access_level, organization_id, created_by, created_at) {select};"
        )
    };
    let predictions = |kind: &str, quarter: &str, probability: &str| {
        format!("INSERT INTO {kind}_predictions (id, company_id, organization_id, access_level, created_by, reporting_year,
                     {quarter}{probability}, raw_probability, risk_level, confidence, model_name, model_version, model_hash, created_at)
                 SELECT gen_random_uuid(), c.id, c.organization_id, c.access_level, c.created_by, 2000 + y,
                     {value} 0.01, 0.01, 'LOW', 0.98, 'm', '1', 'h', now() - random() * interval '900 days'
                 FROM companies c CROSS JOIN generate_series(1, 20) y WHERE c.name = 'Seed';",
                value = if quarter.is_empty() { "" } else { "'Q1'," })
    };
    [
        "SET app.role = 'system';".to_owned(),
        format!(
            "INSERT INTO organizations (id, tenant_id, name, slug, join_token, created_at, join_created_at)
                 SELECT gen_random_uuid(), '{}', 'Seed ' || i, 'seed-' || i, 'seed-' || i, now(), now()
                 FROM generate_series(1, 39) i;",
            tenant.0
        ),
        company(&format!(
            "SELECT gen_random_uuid(), 'S' || i, 'Seed', 'Energy', 'organization', o.id, '{}', now()
                          FROM organizations o CROSS JOIN generate_series(1, 25) i
                          WHERE o.slug LIKE 'seed-%' OR o.id = '{}'",
            member.0, own.0
        )),
        company(&format!(
            "SELECT gen_random_uuid(), 'S' || i, 'Seed', 'Energy', 'personal', NULL, '{}', now()
                          FROM generate_series(1, 100) i",
            user.0
        )),
        company(&format!(
            "SELECT gen_random_uuid(), 'S' || i, 'Seed', 'Energy', 'system', NULL, '{}', now()
                          FROM generate_series(1, 100) i",
            people.super_admin.user_id.0
        )),
        predictions("annual", "", "probability"),
        predictions("quarterly", "reporting_quarter, ", "ensemble_probability"),
        "ANALYZE companies; ANALYZE annual_predictions; ANALYZE quarterly_predictions; ANALYZE organizations;
         ANALYZE users;"
            .to_owned(),
    ]
    .join("\n")
}

/// The text of a statement of lists.
fn text(statement: &str) -> &'static str {
    let end = format!("::predictions::store::list::{statement}");
    let found = accunode_db::registered().find(|r| r.name.ends_with(&end));
    found.unwrap_or_else(|| panic!("no statement {statement}")).sql.for_engine(Engine::Postgres)
}

/// The plan that PostgreSQL keeps for a whole list, whatever the parameters: `rows` of it, or the place behind so many.
async fn kept_plan(
    app: &TestApp,
    actor: &Actor,
    statement: &str,
    ids: (Option<Uuid>, Option<Uuid>),
    rows: i64,
) -> Vec<String> {
    let id = |id: Option<Uuid>| id.map_or("NULL".to_owned(), |id| format!("'{id}'"));
    let (prepare, execute) = (
        format!("PREPARE listed (uuid, uuid, timestamptz, uuid, bigint) AS {}", text(statement)),
        format!(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
             EXECUTE listed ({}, {}, '9999-12-31', '{}', {rows})",
            id(ids.0),
            id(ids.1),
            Uuid::max()
        ),
    );
    let mut tx = app.state.db.scoped_read(actor).await.unwrap();
    for statement in ["SET LOCAL plan_cache_mode = force_generic_plan", prepare.as_str()] {
        on!(tx, |c| sqlx::raw_sql(AssertSqlSafe(statement)).execute(c).await.map(drop)).unwrap();
    }
    let lines = on!(tx, |c| sqlx::query_scalar(AssertSqlSafe(execute.as_str())).fetch_all(c).await).unwrap();
    on!(tx, |c| sqlx::raw_sql("DEALLOCATE listed").execute(c).await.map(drop)).unwrap();
    lines
}

/// A list of 10 rows, as the statement of this name finds them.
async fn plan(
    app: &TestApp,
    actor: &Actor,
    statement: &str,
    ids: (Option<Uuid>, Option<Uuid>),
) -> Vec<String> {
    let text = text(statement);
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {text}");
    let symbol = statement.ends_with("BY_COMPANY").then_some("%S1%");
    let mut tx = app.state.db.scoped_read(actor).await.unwrap();
    on!(tx, |c| sqlx::query_scalar::<_, String>(AssertSqlSafe(explain.as_str()))
        .bind(ids.0)
        .bind(ids.1)
        .bind(None::<i32>)
        .bind(None::<&str>)
        .bind(None::<&str>)
        .bind(None::<&str>)
        .bind(None::<f64>)
        .bind(None::<f64>)
        .bind(symbol)
        .bind(None::<&str>)
        .bind(Timestamp::from_unix_micros(i64::MAX))
        .bind(Uuid::max())
        .bind(11_i64)
        .bind(0_i64)
        .fetch_all(c)
        .await)
    .unwrap()
}

/// Rows that a plan reads from a table: what its scans gave and what they threw away.
fn read(plan: &[String], table: &str) -> f64 {
    let number = |text: &str, name: &str| {
        let rest = text.split_once(name).map(|(_, rest)| rest)?;
        rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse::<f64>().ok()
    };
    let mut rows = 0.0;
    let mut loops = None;
    for line in plan {
        if line.contains("(actual") || line.contains("(never") {
            loops = line.contains(&format!(" on {table} ")).then(|| number(line, "loops=").unwrap_or(0.0));
            rows += loops.unwrap_or(0.0) * number(line, " rows=").unwrap_or(0.0);
        } else if let Some(loops) = loops {
            rows += loops * number(line, "Rows Removed by Filter: ").unwrap_or(0.0);
        }
    }
    rows
}

#[test]
fn lists_run_along_indexes() {
    accunode_testkit::block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let app = TestApp::without_worker(test, Limits::default()).await;
        app.test.as_owner(&seed(&app)).await.unwrap();
        let people = &app.people;
        let (member, admin) = (&people.member, &people.tenant_admin);
        let of = |actor: &Actor| Some(actor.user_id.0);
        let own = member.organization_id.map(|o| o.0);
        let tenant = admin.tenant_id.map(|t| t.0);
        for (kind, shape) in
            [("ANNUAL", ""), ("QUARTERLY", ""), ("ANNUAL", "_BY_COMPANY"), ("QUARTERLY", "_BY_COMPANY")]
        {
            let table = format!("{}_predictions", kind.to_lowercase());
            for (name, actor, ids, index, arms, owned) in [
                ("ORGANIZATION", member, (of(member), own), "by_organization", 1.0, 500.0),
                ("ORGANIZATION", &people.user, (of(&people.user), None), "by_creator", 1.0, 2_000.0),
                ("TENANT", admin, (of(admin), tenant), "by_organization", 41.0, 20_000.0),
                ("SYSTEM", member, (None, None), "by_level", 1.0, 2_000.0),
            ] {
                let statement = format!("{name}_{kind}{shape}");
                let lines = plan(&app, actor, &statement, ids).await;
                let text = format!("{statement}:\n{}", lines.join("\n"));
                // An arm without an organization is not even begun.
                let scanned = format!("Seq Scan on {table} ");
                assert!(
                    !lines.iter().any(|l| l.contains(&scanned) && !l.contains("never executed")),
                    "{text}"
                );
                // Looking for a part of a symbol may take all rows of whoever looks, but nobody else's.
                let plain = shape.is_empty();
                assert!(!plain || text.contains(&format!("{table}_{index}")), "{text}");
                let (rows, most) = (read(&lines, &table), if plain { 11.0 * arms } else { owned });
                assert!(rows >= 11.0 && rows <= most, "{rows} rows read: {text}");
            }
        }
    });
}

#[test]
fn whole_lists_run_along_indexes_by_the_plan_that_is_kept() {
    accunode_testkit::block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let app = TestApp::without_worker(test, Limits::default()).await;
        app.test.as_owner(&seed(&app)).await.unwrap();
        let people = &app.people;
        let (member, admin) = (&people.member, &people.tenant_admin);
        let of = |actor: &Actor| Some(actor.user_id.0);
        let own = member.organization_id.map(|o| o.0);
        let tenant = admin.tenant_id.map(|t| t.0);
        for kind in ["annual", "quarterly"] {
            let table = format!("{kind}_predictions");
            for (name, actor, ids, index, arms) in [
                ("ORGANIZATION", member, (of(member), own), "by_organization", 1.0),
                ("ORGANIZATION", &people.user, (of(&people.user), None), "by_creator", 1.0),
                ("ALONE", member, (None, own), "by_organization", 1.0),
                ("TENANT", admin, (of(admin), tenant), "by_organization", 41.0),
                ("SYSTEM", member, (None, None), "by_level", 1.0),
            ] {
                // To take 101 of an organization's 500 rows here PostgreSQL may read and sort all of them.
                let sorted: f64 = if name == "TENANT" { 500.0 * arms + 2_000.0 } else { 0.0 };
                for (purpose, asked, most) in [
                    ("usual", 11, 11.0 * arms),
                    ("large", 101, sorted.max(101.0)),
                    ("largest", 1_001, sorted.max(1_001.0)),
                    ("place", 20, 21.0 * arms),
                ] {
                    let statement = format!("newest::{kind}_{purpose}::{name}");
                    let lines = kept_plan(&app, actor, &statement, ids, asked).await;
                    let text = format!("{statement}:\n{}", lines.join("\n"));
                    let whole = |l: &&String| {
                        l.contains(&format!("Seq Scan on {table} ")) && !l.contains("never executed")
                    };
                    assert_eq!(lines.iter().find(whole), None, "{text}");
                    assert!(text.contains(&format!("{table}_{index}")), "{text}");
                    let rows = read(&lines, &table);
                    assert!(rows >= 11.0 && rows <= most, "{rows} rows read: {text}");
                }
            }
        }
    });
}
