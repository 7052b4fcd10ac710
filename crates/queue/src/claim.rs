//! Choosing the next jobs: of the most urgent lane, whose tenant has the fewest jobs running, then who was served
//! longest ago, then who waits longest.
//!
//! So a tenant that waits and has nothing running is served before any other is served twice, whatever the others
//! have queued.
//!
//! Within one lane and tenant the job that could run first is next. So only the heads of these parts of the queue
//! compete, which an index finds without looking at those behind them: however long one tenant's queue is, a claim
//! costs a few steps for each tenant that waits.

use std::time::Duration;

use accunode_db::{Db, Engine, Result, Timestamp, Tx, bulk::json_texts, on, sql};

use crate::{Lease, Priority};

/// Waiting this long lifts a job by one lane, and there are three.
const AGEING: Duration = Duration::from_secs(300);
/// More heads are looked at when others claim at the same moment and hold the first.
const MORE: i64 = 32;
const DISAPPEARED: &str = "its worker disappeared";

/// $1 now, $2 until when the lease holds, $3 worker, $4 kinds, $5 and $6 who could run by then is lifted by one lane,
/// or to the highest, $7 lanes, $8 how many heads of each part, $9 how many jobs.
macro_rules! claim {
    ($lanes:literal, $lane:literal, $heads:expr, $lock:literal) => {
        concat!(
            "WITH RECURSIVE
             -- Who waits in which lane, found by leaping from one tenant to the next.
             part (priority, tenant) AS (
                 SELECT ", $lane, ", (SELECT coalesce(tenant_key, '') FROM job
                                      WHERE status = 'ready' AND priority = ", $lane, "
                                      ORDER BY coalesce(tenant_key, '') LIMIT 1)
                 FROM ", $lanes, " AS lanes
                 UNION ALL
                 SELECT part.priority, (SELECT coalesce(tenant_key, '') FROM job
                                        WHERE status = 'ready' AND priority = part.priority
                                          AND coalesce(tenant_key, '') > part.tenant
                                        ORDER BY coalesce(tenant_key, '') LIMIT 1)
                 FROM part WHERE part.tenant IS NOT NULL
             ),
             head AS (
                 SELECT j.id, j.run_at, part.tenant,
                        CASE WHEN j.run_at <= $6 THEN 0
                             WHEN j.run_at <= $5 AND j.priority > 0 THEN j.priority - 1
                             ELSE j.priority END AS lane,
                        (SELECT s.started_at FROM job s
                         WHERE coalesce(s.tenant_key, '') = part.tenant AND s.started_at IS NOT NULL
                         ORDER BY s.started_at DESC LIMIT 1) AS served
                 FROM part CROSS JOIN ", $heads, "
                 WHERE part.tenant IS NOT NULL
             ),
             busy AS (SELECT coalesce(tenant_key, '') AS tenant, count(*) AS jobs FROM job
                      WHERE status = 'running' AND lease_until > $1 GROUP BY 1),
             placed AS (
                 SELECT head.*, row_number() OVER (PARTITION BY head.tenant
                                                   ORDER BY head.lane, head.run_at, head.id) AS place
                 FROM head
             ),
             -- How many jobs the tenant will have running with this one, and when it was served before, once those
             -- before it have been claimed.
             ranked AS (
                 SELECT placed.id, placed.lane, placed.run_at, coalesce(busy.jobs, 0) + placed.place AS load,
                        CASE WHEN placed.place = 1 THEN placed.served ELSE $1 END AS served
                 FROM placed LEFT JOIN busy ON busy.tenant = placed.tenant
             ),
             best AS (SELECT * FROM ranked ORDER BY lane, load, served IS NOT NULL, served, run_at, id
                      LIMIT $8 + $9)
             UPDATE job SET status = 'running', attempts = attempts + 1, lease_token = lease_token + 1,
                            lease_until = $2, worker = $3, started_at = $1, rows_done = 0
             WHERE id IN (SELECT j.id FROM best JOIN job j ON j.id = best.id
                          -- Still ready, said so that the job is looked up by its id.
                          WHERE j.status NOT IN ('running', 'done', 'dead', 'cancelled')
                          ORDER BY best.lane, best.load, best.served IS NOT NULL, best.served, best.run_at,
                                   best.id
                          LIMIT $9", $lock, ")
             RETURNING id, kind, payload, tenant_key, group_id, lease_token, attempts, max_attempts, traceparent"
        )
    };
}

/// The first jobs of a part.
macro_rules! heads {
    ($id:literal, $kinds:literal) => {
        concat!(
            "SELECT ",
            $id,
            " FROM job x
             WHERE x.status = 'ready' AND x.priority = part.priority
               AND coalesce(x.tenant_key, '') = part.tenant AND x.run_at <= $1 AND x.kind ",
            $kinds,
            "
             ORDER BY x.run_at, x.id LIMIT $8"
        )
    };
}

/// $1 now, $2 kinds.
macro_rules! abandoned {
    ($kinds:literal, $lock:literal) => {
        concat!(
            "SELECT id, kind, payload, tenant_key, group_id, lease_token, attempts, max_attempts, traceparent FROM job
             WHERE status = 'running' AND lease_until <= $1 AND attempts >= max_attempts AND kind IN ",
            $kinds,
            "
             ORDER BY lease_until, id LIMIT 1",
            $lock
        )
    };
}

macro_rules! take_back {
    ($lock:literal) => {
        concat!(
            "UPDATE job SET status = 'ready', lease_until = NULL, last_error = $2,
                            run_at = CASE WHEN run_at > $1 THEN $1 ELSE run_at END
             WHERE id IN (SELECT id FROM job
                          WHERE status = 'running' AND lease_until <= $1 AND attempts < max_attempts
                          ORDER BY lease_until LIMIT 1000",
            $lock,
            ") RETURNING kind"
        )
    };
}

sql! {
    /// Whether claiming, and whether taking back or burying could find anything: reading is cheap where writing
    /// takes a lock.
    ANY = "SELECT (SELECT count(*) FROM (SELECT 1 FROM job WHERE status = 'ready' AND run_at <= $1 LIMIT 1) ready),
                  (SELECT count(*) FROM (SELECT 1 FROM job WHERE status = 'running' AND lease_until <= $1 LIMIT 1)
                                        expired)";

    /// Jobs that others are claiming at this moment are skipped, and count as theirs: of a tenant whose first job is
    /// skipped the second one still stands behind the first ones of others.
    CLAIM {
        pg: claim!(
            "jsonb_array_elements_text($7::jsonb)", "CAST(lanes AS SMALLINT)",
            concat!("LATERAL (", heads!("x.id, x.run_at, x.priority",
                                        "= ANY (ARRAY(SELECT jsonb_array_elements_text($4::jsonb)))"), ") j"),
            " FOR UPDATE OF j SKIP LOCKED"
        ),
        lite: claim!(
            "json_each($7)", "CAST(lanes.value AS INTEGER)",
            concat!("job j ON j.rowid IN (", heads!("x.rowid", "IN (SELECT value FROM json_each($4))"), ")"),
            ""
        ),
    };
    /// The planner, where it takes a table for empty that has just been filled, would read all of it for each part;
    /// and planning or compiling the statement takes longer than running it.
    BY_INDEX {
        pg: "SELECT set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),
                    set_config('enable_seqscan', 'off', true),
                    set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true),
                    set_config('enable_mergejoin', 'off', true)",
        lite: "SELECT 1",
    };

    /// Jobs whose workers disappeared are everybody's again. One whose run is in a fenced transaction is skipped:
    /// it lives.
    TAKE_BACK { pg: take_back!(" FOR UPDATE SKIP LOCKED"), lite: take_back!("") };

    /// One job whose last attempt ended without a word: its worker was killed.
    ABANDONED {
        pg: abandoned!("(SELECT jsonb_array_elements_text($2::jsonb))", " FOR UPDATE SKIP LOCKED"),
        lite: abandoned!("(SELECT value FROM json_each($2))", ""),
    };
}

/// What a worker takes.
pub(crate) struct Wanted<'a> {
    pub(crate) kinds: &'a [&'static str],
    pub(crate) lanes: &'a [Priority],
    /// Whose lease it becomes, and for how long.
    pub(crate) worker: &'a str,
    pub(crate) lease: Duration,
}

/// Whether there is anything to claim, and whether any lease has ended, of any kind and lane.
pub(crate) async fn any(db: &Db, now: Timestamp) -> Result<(bool, bool)> {
    let mut tx = db.system_glance("the queue is everybody's").await?;
    let (ready, expired): (i64, i64) =
        on!(tx, ANY, |c, sql| sqlx::query_as(sql).bind(now).fetch_one(c).await)?;
    Ok((ready > 0, expired > 0))
}

/// Claims the most urgent jobs, `most` at most.
pub(crate) async fn claim(db: &Db, wanted: &Wanted<'_>, now: Timestamp, most: usize) -> Result<Vec<Lease>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX - MORE);
    let mut tx = db.system("the queue is everybody's").await?;
    if tx.engine() == Engine::Postgres {
        on!(tx, BY_INDEX, |c, sql| sqlx::query(sql).execute(c).await.map(drop))?;
    }
    let mut claimed = claim_heads(&mut tx, wanted, now, most, most).await?;
    let missing = most - i64::try_from(claimed.len()).unwrap_or(most);
    if missing > 0 {
        claimed.extend(claim_heads(&mut tx, wanted, now, missing, missing + MORE).await?);
    }
    tx.commit().await?;
    Ok(claimed)
}

async fn claim_heads(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    now: Timestamp,
    most: i64,
    heads: i64,
) -> Result<Vec<Lease>> {
    let kinds = json_texts(wanted.kinds.iter().copied());
    let lanes: Vec<_> = wanted.lanes.iter().map(|lane| lane.number().to_string()).collect();
    let lanes = json_texts(lanes.iter().map(String::as_str));
    Ok(on!(tx, CLAIM, |c, sql| sqlx::query_as::<_, Lease>(sql)
        .bind(now)
        .bind(now + wanted.lease)
        .bind(wanted.worker)
        .bind(&kinds)
        .bind(now - AGEING)
        .bind(now - AGEING * 2)
        .bind(&lanes)
        .bind(heads)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

/// Gives the jobs whose leases have ended back to everybody; their kinds, one for each.
pub(crate) async fn take_back(db: &Db, now: Timestamp) -> Result<Vec<String>> {
    let mut tx = db.system("the queue is everybody's").await?;
    let kinds =
        on!(tx, TAKE_BACK, |c, sql| sqlx::query_scalar(sql).bind(now).bind(DISAPPEARED).fetch_all(c).await)?;
    tx.commit().await?;
    Ok(kinds)
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

#[cfg(test)]
mod tests;
