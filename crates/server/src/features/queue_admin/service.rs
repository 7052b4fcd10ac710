//! Rules of looking after the queue.

use accunode_domain::{Error, Result};
use accunode_queue::Priority;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::{DeadJobOutcome, DeadJobs, QueueState};
use crate::{
    audit::{self, Event},
    caller::Caller,
    listing::Window,
    state::AppState,
    workers,
};

/// What waits, who works, and what died.
///
/// # Errors
/// When the database does not answer.
pub async fn state(state: &AppState) -> Result<QueueState> {
    let now = state.clock.now();
    let mut tx = state.db.system_read("the queue is everybody's").await?;
    let lanes = accunode_queue::lanes(&mut tx, now).await?;
    let workers = accunode_queue::workers(&mut tx, now).await?;
    let (_, dead) = accunode_queue::dead_letters(&mut tx, 0, 0).await?;
    let oldest = lanes.iter().filter_map(|lane| lane.oldest_wait).max();
    Ok(QueueState {
        timestamp: now,
        lanes: lanes.into_iter().map(Into::into).collect(),
        workers: workers.into_iter().map(Into::into).collect(),
        oldest_wait_seconds: oldest.map(|wait| wait.as_secs_f64()),
        dead,
    })
}

/// A part of the dead jobs, the last to die first.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn dead(state: &AppState, window: Window) -> Result<DeadJobs> {
    let mut tx = state.db.system_read("the queue is everybody's").await?;
    let (letters, total) = accunode_queue::dead_letters(&mut tx, window.limit, window.skip).await?;
    let jobs = letters.into_iter().map(Into::into).collect();
    Ok(DeadJobs { jobs, total, limit: window.limit, offset: window.skip })
}

/// Has a dead job tried again.
///
/// # Errors
/// [`Error::NotFound`] when there is no such dead job.
pub async fn retry(state: &AppState, caller: &Caller, id: Uuid) -> Result<DeadJobOutcome> {
    let now = state.clock.now();
    let mut tx = state.db.system("what died with a job belongs to others").await?;
    let retried = accunode_queue::retry_dead(&mut tx, id, &workers::handlers(state), now).await?;
    let job = retried.ok_or_else(missing)?;
    let event = Event::done("queue.dead.retry").on("job", id);
    let event = event.after(json!({ "kind": job.kind, "payload": identifiers(&job.payload) }));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    state.wake.notify();
    Ok(DeadJobOutcome { id, kind: job.kind, status: "ready".to_owned() })
}

/// Forgets a dead job.
///
/// # Errors
/// [`Error::NotFound`] when there is no such dead job.
pub async fn delete(state: &AppState, caller: &Caller, id: Uuid) -> Result<DeadJobOutcome> {
    let now = state.clock.now();
    let mut tx = state.db.system("the queue is everybody's").await?;
    let letter = accunode_queue::forget_dead(&mut tx, id).await?.ok_or_else(missing)?;
    let event = Event::done("queue.dead.delete").on("job", id).before(json!({
        "kind": letter.kind,
        "payload": identifiers(&letter.payload),
        "attempts": letter.attempts,
        "died_at": letter.finished_at,
    }));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(DeadJobOutcome { id, kind: letter.kind, status: "deleted".to_owned() })
}

fn missing() -> Error {
    Error::NotFound("No dead job with this id".to_owned())
}

/// What may be shown of a payload: identifiers, numbers and flags, whatever else a handler may have put there.
pub(super) fn identifiers(payload: &str) -> Value {
    let Ok(Value::Object(fields)) = serde_json::from_str(payload) else { return json!({}) };
    let plain = |value: &Value| match value {
        Value::Number(_) | Value::Bool(_) => true,
        Value::String(text) => text.parse::<Uuid>().is_ok(),
        _ => false,
    };
    fields.into_iter().filter(|(_, value)| plain(value)).collect::<serde_json::Map<_, _>>().into()
}

/// The name of a lane by its number.
pub(super) fn lane(number: i16) -> String {
    let lane = Priority::ALL.into_iter().find(|lane| lane.number() == number);
    lane.map_or_else(|| number.to_string(), |lane| format!("{}_priority", lane.as_str()))
}

/// What may be shown of a reason: of what failed inside, only that it did.
pub(super) fn reason(text: String) -> String {
    for inside in ["internal error", "the handler panicked"] {
        if text.starts_with(inside) {
            return inside.to_owned();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_show_identifiers_and_numbers() {
        let id = "0199a0b0-7e1c-7000-8000-000000000000";
        let payload = json!({ "id": id, "n": 3, "sure": true, "name": "a.csv", "list": [1], "none": null });
        assert_eq!(identifiers(&payload.to_string()), json!({ "id": id, "n": 3, "sure": true }));
        for odd in ["null", "[1]", "{", ""] {
            assert_eq!(identifiers(odd), json!({}), "{odd}");
        }
    }

    #[test]
    fn reasons_tell_nothing_of_the_inside() {
        assert_eq!(reason("internal error: SELECT 1".to_owned()), "internal error");
        assert_eq!(reason("the handler panicked: x".to_owned()), "the handler panicked");
        assert_eq!(reason("no such upload".to_owned()), "no such upload");
    }
}
