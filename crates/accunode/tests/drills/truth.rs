//! What must be true after any crash.

use std::{
    fs::File,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use accunode_domain::Kind;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use crate::cluster::{Cluster, Upload, ok, patiently};

/// How long a crash may hold up an upload: two leases, one behind the other, and the work on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the database says of an upload.
#[derive(Debug, PartialEq, Eq, FromRow)]
struct Found {
    status: String,
    total_rows: Option<i64>,
    processed_rows: i64,
    successful_rows: i64,
    failed_rows: i64,
    /// Rows that are there, and by different row numbers.
    stored: i64,
    stored_once: i64,
    refused: i64,
    refused_once: i64,
    /// Row numbers that are stored or refused, and the first and last of them.
    numbers: i64,
    first: i64,
    last: i64,
    /// Entries of the audit log about its beginning and its end.
    begun: i64,
    ended: i64,
}

/// Waits until every upload has ended, and checks that nothing was lost, made up or left behind.
pub(crate) async fn holds(cluster: &mut Cluster, uploads: &[Upload]) {
    everything_ends(cluster, uploads).await;
    let mut sql = cluster.sql().await;
    for upload in uploads {
        let found = found(&mut sql, upload).await;
        assert_eq!(found, expected(upload), "{upload:?}");
    }
    one_row_a_period(cluster).await;
    latest_is_true(cluster).await;
    let audit = ok(cluster.at.command().args(["admin", "verify-audit"]));
    assert!(audit.contains("broken: 0"), "{audit}");
    no_file_without_a_job(cluster, &mut sql).await;
}

async fn everything_ends(cluster: &Cluster, uploads: &[Upload]) {
    let list = uploads.iter().map(|upload| format!("'{}'", upload.id)).collect::<Vec<_>>().join(",");
    let open = format!(
        "SELECT count(*) FROM bulk_upload_jobs WHERE id IN ({list}) AND status NOT IN ('completed', 'failed')"
    );
    patiently("every upload ends", PATIENCE, async || cluster.count(&open).await == 0).await;
    let open = "SELECT count(*) FROM job WHERE status IN ('ready', 'running') AND kind LIKE 'upload%'";
    patiently("every job ends", PATIENCE, async || cluster.count(open).await == 0).await;
    let dead = "SELECT count(*) FROM job WHERE status = 'dead'";
    assert_eq!(cluster.count(dead).await, 0, "dead jobs");
}

const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Annual => "annual_predictions",
        Kind::Quarterly => "quarterly_predictions",
    }
}

async fn found(sql: &mut PgConnection, upload: &Upload) -> Found {
    let query = format!(
        "WITH s AS (SELECT source_row AS n FROM {table} WHERE bulk_upload_job_id = '{id}'),
              e AS (SELECT row_number AS n FROM bulk_upload_errors WHERE job_id = '{id}'),
              b AS (SELECT n FROM s UNION SELECT n FROM e)
         SELECT status, total_rows, processed_rows, successful_rows, failed_rows,
                (SELECT count(*) FROM s) AS stored, (SELECT count(DISTINCT n) FROM s) AS stored_once,
                (SELECT count(*) FROM e) AS refused, (SELECT count(DISTINCT n) FROM e) AS refused_once,
                (SELECT count(*) FROM b) AS numbers, (SELECT min(n) FROM b) AS first, (SELECT max(n) FROM b) AS last,
                (SELECT count(*) FROM audit_log WHERE target_id = '{id}' AND action = 'upload.create') AS begun,
                (SELECT count(*) FROM audit_log WHERE target_id = '{id}' AND action = 'upload.complete') AS ended
         FROM bulk_upload_jobs WHERE id = '{id}'",
        table = table(upload.file.kind),
        id = upload.id
    );
    sqlx::query_as(AssertSqlSafe(query)).fetch_one(sql).await.unwrap()
}

fn expected(upload: &Upload) -> Found {
    let file = &upload.file;
    let number = |n: u64| i64::try_from(n).unwrap();
    let (rows, stored, refused) =
        (number(file.rows), number(file.stored()), number(file.invalid + file.duplicates));
    Found {
        status: "completed".to_owned(),
        total_rows: Some(rows),
        processed_rows: rows,
        successful_rows: stored,
        failed_rows: refused,
        stored,
        stored_once: stored,
        refused,
        refused_once: refused,
        numbers: rows,
        first: 2,
        last: rows + 1,
        begun: 1,
        ended: 1,
    }
}

/// The unique keys say so; a crash must not have gone behind them.
async fn one_row_a_period(cluster: &Cluster) {
    for kind in Kind::ALL {
        let twice = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} p JOIN companies c ON c.id = p.company_id
                 GROUP BY c.organization_id, c.symbol, p.reporting_year, p.reporting_quarter HAVING count(*) > 1) t",
            table(kind)
        );
        assert_eq!(cluster.count(&twice).await, 0, "{kind:?} rows that are there twice");
    }
}

/// What stands in a company about its latest prediction is what its predictions say.
async fn latest_is_true(cluster: &Cluster) {
    let wrong = "SELECT count(*) FROM companies c WHERE
            c.annual_count <> (SELECT count(*) FROM annual_predictions p WHERE p.company_id = c.id)
         OR c.quarterly_count <> (SELECT count(*) FROM quarterly_predictions p WHERE p.company_id = c.id)
         OR NOT EXISTS (SELECT 1 FROM annual_predictions p WHERE p.id = c.latest_prediction_id
                        AND p.probability = c.latest_probability AND p.reporting_year = c.latest_year
                        UNION ALL
                        SELECT 1 FROM quarterly_predictions p WHERE p.id = c.latest_prediction_id
                        AND p.ensemble_probability = c.latest_probability AND p.reporting_year = c.latest_year)";
    assert_eq!(cluster.count(wrong).await, 0, "companies that say something else than their predictions");
}

/// Every file belongs to an upload. What crashes left behind is swept away once it is old, and nothing else is.
async fn no_file_without_a_job(cluster: &Cluster, sql: &mut PgConnection) {
    let keys: Vec<String> =
        sqlx::query_scalar("SELECT file_key FROM bulk_upload_jobs").fetch_all(&mut *sql).await.unwrap();
    let lost = || -> Vec<_> {
        let known = |file: &PathBuf| keys.iter().any(|key| *key == file.to_string_lossy());
        cluster.files().into_iter().filter(|file| !known(file)).collect()
    };
    if cluster.crashes > 0 && !lost().is_empty() {
        let two_days = Duration::from_secs(2 * 24 * 3_600);
        for file in cluster.files() {
            let file = File::options().append(true).open(cluster.at.files().join(file)).unwrap();
            file.set_modified(SystemTime::now() - two_days).unwrap();
        }
        let now = "UPDATE schedules SET next_run_at = now() WHERE name = 'upload.sweep'";
        assert_eq!(sqlx::query(now).execute(sql).await.unwrap().rows_affected(), 1);
    }
    patiently("no file is left", Duration::from_secs(60), async || lost().is_empty()).await;
    let missing: Vec<_> = keys.iter().filter(|key| !cluster.at.files().join(key).exists()).collect();
    assert!(missing.is_empty(), "uploads without their file: {missing:?}");
}
