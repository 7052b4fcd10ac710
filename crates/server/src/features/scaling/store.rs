//! SQL of scaling: one row of settings and state, and the history of what was done.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

use super::decision::{Action, Thresholds};

/// Older entries of the history go when new ones come.
const KEPT: i64 = 1_000;

/// The one row.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Row {
    /// How often the settings were changed; 0: the environment's count.
    pub(super) version: i32,
    min_workers: Option<i64>,
    max_workers: Option<i64>,
    scale_up_threshold: Option<i64>,
    scale_down_threshold: Option<i64>,
    scale_up_cooldown: Option<i64>,
    scale_down_cooldown: Option<i64>,
    emergency_threshold: Option<i64>,
    /// The number of workers that was asked for last.
    pub(super) desired_workers: Option<i64>,
    /// How many actions there were.
    pub(super) actions: i64,
    last_action: Option<String>,
    last_action_at: Option<Timestamp>,
    /// Until when a server looks after it.
    leader_until: Option<Timestamp>,
}

impl Row {
    /// The settings that somebody chose.
    pub(super) fn thresholds(&self) -> Option<Thresholds> {
        Some(Thresholds {
            min_workers: self.min_workers?,
            max_workers: self.max_workers?,
            scale_up_threshold: self.scale_up_threshold?,
            scale_down_threshold: self.scale_down_threshold?,
            scale_up_cooldown: self.scale_up_cooldown?,
            scale_down_cooldown: self.scale_down_cooldown?,
            emergency_threshold: self.emergency_threshold?,
        })
    }

    /// Whether a server looks after it.
    pub(super) fn is_led(&self, now: Timestamp) -> bool {
        self.leader_until.is_some_and(|until| until > now)
    }

    /// What was done last, and when.
    pub(super) fn last(&self) -> Option<(Action, Timestamp)> {
        Some((Action::of(self.last_action.as_deref()?)?, self.last_action_at?))
    }
}

/// Something that was done.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Done {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) action: String,
    pub(super) from_workers: i64,
    pub(super) to_workers: i64,
    pub(super) reason: String,
    pub(super) priority: i16,
    pub(super) cost_impact: String,
    /// Who carried it out.
    pub(super) scaler: String,
    /// Who asked for it; none: the server itself.
    pub(super) requested_by: Option<Uuid>,
    /// `begun`, `done` or `failed`.
    pub(super) outcome: String,
    pub(super) error: Option<String>,
}

sql! {
    STATE = "SELECT version, min_workers, max_workers, scale_up_threshold, scale_down_threshold, scale_up_cooldown,
                    scale_down_cooldown, emergency_threshold, desired_workers, actions, last_action, last_action_at,
                    leader_until
             FROM scaling WHERE id = 1";
    SAVE = "UPDATE scaling SET version = version + 1, min_workers = $1, max_workers = $2, scale_up_threshold = $3,
                   scale_down_threshold = $4, scale_up_cooldown = $5, scale_down_cooldown = $6,
                   emergency_threshold = $7
            WHERE id = 1 AND version = $8";
    /// $1 who, $2 until when, $3 now: whoever leads goes on, and another one comes in when that has been silent, or
    /// leads for longer ($4) than anybody does: then the clock was set back since.
    LEAD = "UPDATE scaling SET leader = $1, leader_until = $2
            WHERE id = 1 AND (leader IS NULL OR leader = $1 OR leader_until <= $3
                          OR leader_until > $4)";
    RESIGN = "UPDATE scaling SET leader = NULL, leader_until = NULL WHERE id = 1 AND leader = $1";
    /// $1 who, $2 now, $3 when the turn before must have been, unless it has not come yet ($4).
    TURN = "UPDATE scaling SET turned_at = $2
            WHERE id = 1 AND leader = $1 AND (turned_at IS NULL OR turned_at <= $3 OR turned_at > $4)";
    /// Of all that saw the same number of actions, one acts.
    BEGIN = "UPDATE scaling SET actions = actions + 1, desired_workers = $1, last_action = $2, last_action_at = $3
             WHERE id = 1 AND actions = $4";
    /// Nothing was done after all: neither does it cool down.
    UNDO = "UPDATE scaling SET desired_workers = $1, last_action = $2, last_action_at = $3
            WHERE id = 1 AND actions = $4";
    NOTE = "INSERT INTO scaling_history (id, at, action, from_workers, to_workers, reason, priority, cost_impact,
                                         scaler, requested_by, outcome, error)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    TRIM = "DELETE FROM scaling_history WHERE id IN
            (SELECT id FROM scaling_history ORDER BY at DESC, id DESC LIMIT 100 OFFSET $1)";
    OUTCOME = "UPDATE scaling_history SET outcome = $2, error = $3 WHERE id = $1";
    HISTORY = "SELECT id, at, action, from_workers, to_workers, reason, priority, cost_impact, scaler, requested_by,
                      outcome, error
               FROM scaling_history ORDER BY at DESC, id DESC LIMIT $1";
    CLEAR = "DELETE FROM scaling_history";
}

/// The row.
pub(super) async fn state(tx: &mut Tx) -> Result<Row> {
    Ok(on!(tx, STATE, |c, sql| sqlx::query_as(sql).fetch_one(c).await)?)
}

/// Changes the settings, unless somebody else has since `version`; whether they were.
pub(super) async fn save(tx: &mut Tx, t: &Thresholds, version: i32) -> Result<bool> {
    let rows = on!(tx, SAVE, |c, sql| {
        let query = sqlx::query(sql).bind(t.min_workers).bind(t.max_workers).bind(t.scale_up_threshold);
        let query = query.bind(t.scale_down_threshold).bind(t.scale_up_cooldown).bind(t.scale_down_cooldown);
        let query = query.bind(t.emergency_threshold).bind(version);
        query.execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(rows == 1)
}

/// Leads on, or takes over; whether this server leads.
pub(super) async fn lead(tx: &mut Tx, me: &str, until: Timestamp, now: Timestamp) -> Result<bool> {
    let rows = on!(tx, LEAD, |c, sql| sqlx::query(sql)
        .bind(me)
        .bind(until)
        .bind(now)
        .bind(until + until.since(now))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Leads no longer, so that another server need not wait.
pub(super) async fn resign(tx: &mut Tx, me: &str) -> Result<()> {
    on!(tx, RESIGN, |c, sql| sqlx::query(sql).bind(me).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes a turn, if the one before was no later than `before` and this server leads.
pub(super) async fn turn(tx: &mut Tx, me: &str, now: Timestamp, before: Timestamp) -> Result<bool> {
    let rows = on!(tx, TURN, |c, sql| sqlx::query(sql)
        .bind(me)
        .bind(now)
        .bind(before)
        .bind(now + now.since(before))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Takes the right to act, if there have been no other actions than those `seen`; whether it was to be had.
pub(super) async fn begin(tx: &mut Tx, done: &Done, seen: i64) -> Result<bool> {
    let rows = on!(tx, BEGIN, |c, sql| sqlx::query(sql)
        .bind(done.to_workers)
        .bind(&done.action)
        .bind(done.at)
        .bind(seen)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Puts things back to how they were `before` an action that failed, unless something was done since.
pub(super) async fn undo(tx: &mut Tx, before: &Row) -> Result<()> {
    on!(tx, UNDO, |c, sql| sqlx::query(sql)
        .bind(before.desired_workers)
        .bind(before.last_action.as_deref())
        .bind(before.last_action_at)
        .bind(before.actions + 1)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Adds to the history.
pub(super) async fn note(tx: &mut Tx, done: &Done) -> Result<()> {
    on!(tx, NOTE, |c, sql| {
        let query = sqlx::query(sql).bind(done.id).bind(done.at).bind(&done.action);
        let query = query.bind(done.from_workers).bind(done.to_workers).bind(&done.reason);
        let query = query.bind(done.priority).bind(&done.cost_impact).bind(&done.scaler);
        let query = query.bind(done.requested_by).bind(&done.outcome).bind(&done.error);
        query.execute(c).await.map(drop)
    })?;
    on!(tx, TRIM, |c, sql| sqlx::query(sql).bind(KEPT).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes how something ended that was begun.
pub(super) async fn outcome(tx: &mut Tx, id: Uuid, outcome: &str, error: Option<&str>) -> Result<()> {
    on!(tx, OUTCOME, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(outcome)
        .bind(error)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The newest entries.
pub(super) async fn history(tx: &mut Tx, limit: i64) -> Result<Vec<Done>> {
    Ok(on!(tx, HISTORY, |c, sql| sqlx::query_as(sql).bind(limit).fetch_all(c).await)?)
}

/// Removes every entry; how many there were.
pub(super) async fn clear(tx: &mut Tx) -> Result<u64> {
    Ok(on!(tx, CLEAR, |c, sql| sqlx::query(sql).execute(c).await.map(|done| done.rows_affected()))?)
}
