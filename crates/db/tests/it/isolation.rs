//! The second wall: what PostgreSQL lets through when a statement forgets its predicate.

use accunode_db::{Tx, on};
use accunode_domain::{AccessLevel, Actor};
use accunode_testkit::{People, TestDb, block_on};
use uuid::Uuid;

use crate::{NOW, company};

/// One company of each owner, named after them, and a prediction and an upload with an error beside each.
async fn filled() -> Option<(TestDb, People)> {
    let test = TestDb::postgres().await?;
    let people = People::stored(test.db()).await;
    for (name, actor) in people.all() {
        // As themselves: this also shows that everybody may write what is theirs.
        let mut tx = test.db().scoped(actor).await.unwrap();
        let (level, organization) = actor.creates_at();
        let organization = organization.map(|o| o.0);
        let company = company(&mut tx, name, level, organization, actor.user_id.0).await.unwrap();
        predict(&mut tx, company, level, organization, actor.user_id.0).await.unwrap();
        let upload = upload(&mut tx, level, organization, actor.user_id.0).await.unwrap();
        row_error(&mut tx, upload).await.unwrap();
        tx.commit().await.unwrap();
    }
    Some((test, people))
}

async fn predict(
    tx: &mut Tx,
    company: Uuid,
    level: AccessLevel,
    organization: Option<Uuid>,
    by: Uuid,
) -> sqlx::Result<()> {
    const INSERT: &str = "INSERT INTO quarterly_predictions (id, company_id, organization_id, access_level, created_by,
            reporting_year, reporting_quarter, ensemble_probability, raw_probability, risk_level, confidence, model_name,
            model_version, model_hash, created_at)
        VALUES ($1, $2, $3, $4, $5, 2020, 'Q1', 0.1, 0.1, 'LOW', 0.5, 'm', '1', 'h', $6)";
    on!(tx, |c| sqlx::query(INSERT)
        .bind(Uuid::now_v7())
        .bind(company)
        .bind(organization)
        .bind(level.as_str())
        .bind(by)
        .bind(NOW)
        .execute(c)
        .await
        .map(drop))
}

async fn upload(tx: &mut Tx, level: AccessLevel, organization: Option<Uuid>, by: Uuid) -> sqlx::Result<Uuid> {
    const INSERT: &str = "INSERT INTO bulk_upload_jobs (id, user_id, organization_id, access_level, job_type,
            original_filename, file_key, file_size, file_sha256, queue_priority, created_at)
        VALUES ($1, $2, $3, $4, 'annual', 'a.csv', 'k', 1, 'h', 'high', $5)";
    let id = Uuid::now_v7();
    on!(tx, |c| sqlx::query(INSERT)
        .bind(id)
        .bind(by)
        .bind(organization)
        .bind(level.as_str())
        .bind(NOW)
        .execute(c)
        .await
        .map(drop))?;
    Ok(id)
}

async fn row_error(tx: &mut Tx, upload: Uuid) -> sqlx::Result<()> {
    on!(tx, |c| sqlx::query("INSERT INTO bulk_upload_errors (job_id, row_number, error) VALUES ($1, 1, 'e')")
        .bind(upload)
        .execute(c)
        .await
        .map(drop))
}

/// The owners' names of all rows that a statement without any predicate shows to an actor.
async fn visible(test: &TestDb, people: &People, actor: &Actor, sql: &'static str) -> Vec<&'static str> {
    let mut tx = test.db().scoped_read(actor).await.unwrap();
    let rows: Vec<(Uuid,)> = on!(tx, |c| sqlx::query_as(sql).fetch_all(c).await).unwrap();
    let name = |id: Uuid| people.all().iter().find(|(_, a)| a.user_id.0 == id).unwrap().0;
    let mut names: Vec<_> = rows.into_iter().map(|row| name(row.0)).collect();
    names.sort_unstable();
    names
}

const OWNERS: [&str; 4] = [
    "SELECT created_by FROM companies",
    "SELECT created_by FROM quarterly_predictions",
    "SELECT user_id FROM bulk_upload_jobs",
    "SELECT j.user_id FROM bulk_upload_errors e JOIN bulk_upload_jobs j ON j.id = e.job_id",
];

fn everybody(people: &People) -> Vec<&'static str> {
    let mut names: Vec<_> = people.all().iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}

#[test]
fn everybody_reads_what_is_theirs_and_nothing_else() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        let first = ["colleague", "member", "org_admin"];
        for (name, actor) in people.all() {
            // What is theirs, for uploads; companies and predictions of the system come on top.
            let theirs: Vec<&str> = match name {
                "super_admin" => everybody(&people),
                "tenant_admin" => vec!["colleague", "member", "neighbour", "org_admin", "tenant_admin"],
                "org_admin" | "member" | "colleague" => first.to_vec(),
                "foreign_tenant_admin" => vec!["foreign_org_admin", "foreign_tenant_admin", "stranger"],
                "foreign_org_admin" | "stranger" => vec!["foreign_org_admin", "stranger"],
                own => vec![own],
            };
            let mut with_system = theirs.clone();
            if name != "super_admin" {
                with_system.push("super_admin");
                with_system.sort_unstable();
            }
            for (sql, expected) in OWNERS.into_iter().zip([&with_system, &with_system, &theirs, &theirs]) {
                assert_eq!(visible(&test, &people, actor, sql).await, *expected, "{name}: {sql}");
            }
        }
    });
}

#[test]
fn nobody_without_a_scope_sees_anything() {
    block_on(async {
        let Some((test, _)) = filled().await else { return };
        let options = sqlx::postgres::PgPoolOptions::new().max_connections(1);
        let pool = options.connect(test.url()).await.unwrap();
        sqlx::raw_sql("SET ROLE accunode_app").execute(&pool).await.unwrap();
        for table in accunode_db::GUARDED_TABLES {
            let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let (rows,): (i64,) = sqlx::query_as(sql).fetch_one(&pool).await.unwrap();
            assert_eq!(rows, 0, "{table}");
        }
        // The settings end with their transaction: what a connection did before does not matter.
        let mut tx = test.db().system_read("test").await.unwrap();
        let (rows,): (i64,) =
            on!(tx, |c| sqlx::query_as("SELECT count(*) FROM companies").fetch_one(c).await).unwrap();
        assert_eq!(rows, 11);
    });
}

#[test]
fn nobody_changes_or_deletes_what_is_not_theirs() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        let theirs = |name: &str| match name {
            "super_admin" => 11,
            "org_admin" | "member" | "colleague" => 3,
            "foreign_org_admin" | "stranger" => 2,
            _ => 1, // also for those who run a tenant: they read its rows, no more
        };
        for (name, actor) in people.all() {
            for sql in [
                "UPDATE companies SET name = 'x'",
                "DELETE FROM companies",
                "UPDATE quarterly_predictions SET source_row = 1",
                "DELETE FROM quarterly_predictions",
                "UPDATE bulk_upload_jobs SET error_message = 'x'",
                "DELETE FROM bulk_upload_errors",
                "DELETE FROM bulk_upload_jobs",
            ] {
                let mut tx = test.db().scoped(actor).await.unwrap();
                let touched =
                    on!(tx, |c| sqlx::query(sql).execute(c).await.map(|r| r.rows_affected())).unwrap();
                assert_eq!(touched, theirs(name), "{name}: {sql}");
            }
        }
    });
}

#[test]
fn nobody_plants_a_row_elsewhere() {
    block_on(async {
        let Some((test, people)) = filled().await else { return };
        let refused = |outcome: Result<(), String>, what: &str| {
            let message = outcome.expect_err(what);
            assert!(message.contains("row-level security"), "{what}: {message}");
        };
        let stranger = &people.stranger;
        let strange_org = stranger.organization_id.map(|o| o.0);
        let me = people.member.user_id.0;
        for (what, level, organization, by) in [
            ("in another organization", AccessLevel::Organization, strange_org, me),
            ("in somebody's name", AccessLevel::Personal, None, stranger.user_id.0),
            ("for everybody", AccessLevel::System, None, me),
        ] {
            let mut tx = test.db().scoped(&people.member).await.unwrap();
            refused(
                company(&mut tx, "NEW", level, organization, by).await.map(drop).map_err(|e| e.to_string()),
                what,
            );
            let mut tx = test.db().scoped(&people.member).await.unwrap();
            refused(
                upload(&mut tx, level, organization, by).await.map(drop).map_err(|e| e.to_string()),
                what,
            );
        }
        // A prediction of the own organization on a company of another, whose period it would occupy.
        let mut tx = test.db().system_read("test").await.unwrap();
        let (foreign, mine): (Uuid, Uuid) = on!(tx, |c| sqlx::query_as(
            "SELECT (SELECT id FROM companies WHERE symbol = 'stranger'), (SELECT id FROM companies WHERE symbol = 'super_admin')")
            .fetch_one(c).await).unwrap();
        for target in [foreign, mine] {
            let mut tx = test.db().scoped(&people.member).await.unwrap();
            let outcome =
                predict(&mut tx, target, AccessLevel::Organization, Some(people.organization()), me).await;
            refused(outcome.map_err(|e| e.to_string()), "on a foreign company");
        }
        // Handing an own row to another organization.
        let mut tx = test.db().scoped(&people.member).await.unwrap();
        let outcome =
            on!(tx, |c| sqlx::query("UPDATE companies SET organization_id = $1 WHERE symbol = 'member'")
                .bind(strange_org)
                .execute(c)
                .await
                .map(drop));
        refused(outcome.map_err(|e| e.to_string()), "moving");
    });
}
