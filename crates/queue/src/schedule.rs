//! Work that comes round by itself.
//!
//! Every runner knows the same schedules. When a turn is due, whoever moves it on in the database first (compare and
//! set) enqueues its job in the same transaction: so each turn is one job, however many servers there are, and none
//! of them has to be the leader.

use std::time::Duration;

use accunode_db::{Db, DbError, Result, Timestamp, Tx, on, sql};
use serde::Serialize;
use uuid::Uuid;

use crate::{NewJob, Priority, job::enqueue, steps::SKEW};

/// What comes round: a job of a kind, again and again.
#[derive(Clone, Debug)]
pub struct Schedule {
    name: &'static str,
    every: Duration,
    kind: &'static str,
    payload: String,
    priority: Priority,
}

impl Schedule {
    /// A job of `kind` each `every` (at least a second), the first one when the first runner that knows of it starts.
    /// Turns that nobody could take (the system was down, or the job before has not ended yet) are made up for by
    /// one job, not by many.
    #[must_use]
    pub fn every(name: &'static str, every: Duration, kind: &'static str) -> Self {
        let every = every.max(Duration::from_secs(1));
        Self { name, every, kind, payload: "null".to_owned(), priority: Priority::Medium }
    }

    /// With a payload for the handler.
    ///
    /// # Errors
    /// What `serde_json` says when it cannot be written as JSON.
    pub fn payload(self, payload: &impl Serialize) -> std::result::Result<Self, serde_json::Error> {
        Ok(Self { payload: serde_json::to_string(payload)?, ..self })
    }

    /// In another lane.
    #[must_use]
    pub fn priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    fn job(&self, now: Timestamp) -> NewJob {
        NewJob {
            id: Uuid::now_v7(),
            kind: self.kind,
            payload: self.payload.clone(),
            priority: self.priority,
            tenant_key: None,
            group: None,
            max_attempts: 5,
            run_at: now,
            traceparent: None,
        }
    }

    /// The first turn after `now` of those that follow on `due`.
    fn next(&self, due: Timestamp, now: Timestamp) -> Timestamp {
        let every = self.every.as_micros().max(1);
        let missed = now.since(due).as_micros() / every;
        let ahead = every.saturating_mul(missed + 1);
        due + Duration::from_micros(u64::try_from(ahead).unwrap_or(u64::MAX))
    }
}

/// $1 name, $2 every, $3 now, $4 the turn after the first.
macro_rules! announce {
    ($least:literal) => {
        concat!(
            "INSERT INTO schedules (name, every_seconds, next_run_at) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET every_seconds = excluded.every_seconds,
                 next_run_at = ",
            $least,
            "(schedules.next_run_at, $4)
             WHERE schedules.every_seconds <> excluded.every_seconds"
        )
    };
}

sql! {
    /// A shorter interval than before counts at once.
    ANNOUNCE {
        pg: announce!("least"),
        lite: announce!("min"),
    };
    /// Also when the turn before has not come yet: the clock was set back since.
    DUE = "SELECT name, next_run_at FROM schedules WHERE next_run_at <= $1 OR last_run_at > $2";
    /// Of all that saw the turn due, one moves it on.
    TAKE = "UPDATE schedules SET next_run_at = $3, last_run_at = $4 WHERE name = $1 AND next_run_at = $2
            RETURNING (SELECT count(*) FROM job WHERE id = schedules.last_job_id
                                                 AND status IN ('ready', 'running'))";
    NOTE = "UPDATE schedules SET last_job_id = $2 WHERE name = $1";
}

/// Makes the schedules known to the database.
pub(crate) async fn announce(db: &Db, schedules: &[Schedule], now: Timestamp) -> Result<()> {
    let mut tx = db.system("schedules are everybody's").await?;
    for schedule in schedules {
        let every = i64::try_from(schedule.every.as_secs()).unwrap_or(i64::MAX);
        on!(tx, ANNOUNCE, |c, sql| sqlx::query(sql)
            .bind(schedule.name)
            .bind(every)
            .bind(now)
            .bind(now + schedule.every)
            .execute(c)
            .await
            .map(drop))?;
    }
    tx.commit().await
}

/// Enqueues what is due and nobody else has enqueued; how many jobs.
pub(crate) async fn enqueue_due(db: &Db, schedules: &[Schedule], now: Timestamp) -> Result<usize> {
    if schedules.is_empty() {
        return Ok(0);
    }
    let mut glance = db.system_glance("schedules are everybody's").await?;
    let due: Vec<(String, Timestamp)> =
        on!(glance, DUE, |c, sql| sqlx::query_as(sql).bind(now).bind(now + SKEW).fetch_all(c).await)?;
    drop(glance);
    let mut enqueued = 0;
    for (name, due) in due {
        let Some(schedule) = schedules.iter().find(|schedule| schedule.name == name) else { continue };
        let mut tx = db.system("schedules are everybody's").await?;
        enqueued += usize::from(take_turn(&mut tx, schedule, due, now).await?);
        tx.commit().await?;
    }
    Ok(enqueued)
}

/// Takes a turn, unless somebody else has; true when there is a job for it.
async fn take_turn(
    tx: &mut Tx,
    schedule: &Schedule,
    due: Timestamp,
    now: Timestamp,
) -> Result<bool, DbError> {
    let next = schedule.next(due.min(now), now);
    let taken: Option<(i64,)> = on!(tx, TAKE, |c, sql| sqlx::query_as(sql)
        .bind(schedule.name)
        .bind(due)
        .bind(next)
        .bind(now)
        .fetch_optional(c)
        .await)?;
    if taken != Some((0,)) {
        return Ok(false);
    }
    let id = enqueue(tx, schedule.job(now)).await?;
    on!(tx, NOTE, |c, sql| sqlx::query(sql).bind(schedule.name).bind(id).execute(c).await.map(drop))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_turns_are_one() {
        let schedule = Schedule::every("x", Duration::from_secs(60), "kind");
        let at = Timestamp::from_unix_seconds;
        for (due, now, next) in
            [(600, 600, 660), (600, 659, 660), (600, 660, 720), (600, 100_000, 100_020), (600, 0, 660)]
        {
            assert_eq!(schedule.next(at(due), at(now)), at(next), "{due} {now}");
        }
    }
}
