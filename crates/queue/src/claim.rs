//! Choosing the next job.

use std::time::Duration;

use accunode_db::{Db, Result, Timestamp, Tx, bulk::json_texts, on, sql};

use crate::Lease;

/// Waiting this long lifts a job by one lane, and there are three.
const AGEING: Duration = Duration::from_secs(300);

/// $5 and $6: who could run by then is lifted by one lane, or to the highest.
macro_rules! claim {
    ($kinds:literal, $lock:literal) => {
        concat!(
            "UPDATE job SET status = 'running', attempts = attempts + 1, lease_token = lease_token + 1,
                            lease_until = $2, worker = $3
             WHERE id = (SELECT j.id FROM job j
                         LEFT JOIN (SELECT coalesce(tenant_key, '') AS key, count(*) AS jobs FROM job
                                    WHERE status = 'running' AND lease_until > $1 GROUP BY 1) busy
                                ON busy.key = coalesce(j.tenant_key, '')
                         WHERE ((j.status = 'ready' AND j.run_at <= $1)
                                OR (j.status = 'running' AND j.lease_until <= $1 AND j.attempts < j.max_attempts))
                           AND j.kind IN ", $kinds, "
                         ORDER BY CASE WHEN j.run_at <= $6 THEN 0
                                       WHEN j.run_at <= $5 AND j.priority > 0 THEN j.priority - 1
                                       ELSE j.priority END,
                                  coalesce(busy.jobs, 0), j.run_at, j.id
                         LIMIT 1", $lock, ")
             RETURNING id, kind, payload, tenant_key, lease_token, attempts, max_attempts"
        )
    };
}

/// $1 now, $2 kinds.
macro_rules! abandoned {
    ($kinds:literal, $lock:literal) => {
        concat!(
            "SELECT id, kind, payload, tenant_key, lease_token, attempts, max_attempts FROM job
             WHERE status = 'running' AND lease_until <= $1 AND attempts >= max_attempts AND kind IN ",
            $kinds,
            "
             ORDER BY lease_until, id LIMIT 1",
            $lock
        )
    };
}

sql! {
    /// Whether claiming or burying could find anything: reading is cheap where writing takes a lock.
    ANY = "SELECT count(*) FROM (SELECT 1 FROM job WHERE (status = 'ready' AND run_at <= $1)
                                     OR (status = 'running' AND lease_until <= $1) LIMIT 1) found";

    /// Jobs that others are claiming at this moment are skipped.
    CLAIM {
        pg: claim!("(SELECT jsonb_array_elements_text($4::jsonb))", " FOR UPDATE OF j SKIP LOCKED"),
        lite: claim!("(SELECT value FROM json_each($4))", ""),
    };

    /// One job whose last attempt ended without a word: its worker was killed.
    ABANDONED {
        pg: abandoned!("(SELECT jsonb_array_elements_text($2::jsonb))", " FOR UPDATE SKIP LOCKED"),
        lite: abandoned!("(SELECT value FROM json_each($2))", ""),
    };
}

/// Whether there is anything to claim or to bury, of any kind.
pub(crate) async fn any(db: &Db, now: Timestamp) -> Result<bool> {
    let mut tx = db.system_read("the queue is everybody's").await?;
    let (found,): (i64,) = on!(tx, ANY, |c, sql| sqlx::query_as(sql).bind(now).fetch_one(c).await)?;
    Ok(found > 0)
}

/// Claims the most urgent job of these kinds, if there is one.
pub(crate) async fn claim(
    db: &Db,
    kinds: &[&'static str],
    worker: &str,
    now: Timestamp,
    lease: Duration,
) -> Result<Option<Lease>> {
    let kinds = json_texts(kinds.iter().copied());
    let mut tx = db.system("the queue is everybody's").await?;
    let claimed = on!(tx, CLAIM, |c, sql| sqlx::query_as::<_, Lease>(sql)
        .bind(now)
        .bind(now + lease)
        .bind(worker)
        .bind(&kinds)
        .bind(now - AGEING)
        .bind(now - AGEING * 2)
        .fetch_optional(c)
        .await)?;
    tx.commit().await?;
    Ok(claimed)
}

/// A job to be buried, locked in this transaction.
pub(crate) async fn abandoned(tx: &mut Tx, kinds: &[&'static str], now: Timestamp) -> Result<Option<Lease>> {
    let kinds = json_texts(kinds.iter().copied());
    Ok(on!(tx, ABANDONED, |c, sql| sqlx::query_as::<_, Lease>(sql)
        .bind(now)
        .bind(&kinds)
        .fetch_optional(c)
        .await)?)
}
