//! Rules of scaling: what is measured, what should be done, and doing it.

mod act;

use std::time::Duration;

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, Result};
use accunode_infra::Scaler;
use serde_json::{Value, json};

pub use act::Outcome;
pub(super) use act::{By, carry_out};

use super::{
    decision::{Decision, Situation, Thresholds, decide},
    measure::Measured,
    store::{self, Done, Row},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    state::AppState,
};

/// Everything that a decision depends on, at one moment.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) at: Timestamp,
    pub(super) row: Row,
    pub(super) thresholds: Thresholds,
    pub(super) measured: Measured,
    /// How many workers there are, as far as the scaler is concerned.
    pub(super) current: i64,
}

impl Picture {
    /// What the table says.
    pub(super) fn decision(&self) -> Decision {
        // What was done by a clock that has been set back since cools nothing down.
        let done = self.row.last().filter(|(_, at)| *at <= self.at + TURN);
        let last = done.map(|(action, at)| (action, self.at.since(at)));
        let situation = Situation {
            pending: self.measured.pending(),
            pending_high: self.measured.pending_high(),
            current: self.current,
            minutes_to_clear: self.measured.minutes_to_clear(),
            last,
        };
        decide(&self.thresholds, &situation)
    }

    /// What was done last, and when.
    pub(super) fn last(&self) -> Option<(&'static str, Timestamp)> {
        self.row.last().map(|(action, at)| (action.as_str(), at))
    }
}

/// The settings that count: those that somebody chose, else the environment's.
pub(super) fn thresholds(state: &AppState, row: &Row) -> Thresholds {
    row.thresholds().unwrap_or(state.config.scaling.thresholds)
}

/// Looks at queue, workers and settings; the transaction is ended before the scaler is asked, which may take long.
///
/// # Errors
/// When the database fails, and [`Error::Unavailable`] when the scaler does not tell.
pub(super) async fn look(state: &AppState, mut tx: Tx) -> Result<Picture> {
    let at = state.clock.now();
    let row = store::state(&mut tx).await?;
    let measured = measure(&mut tx, at).await?;
    drop(tx);
    let thresholds = thresholds(state, &row);
    let current = match &state.scaler {
        Scaler::None => measured.workers,
        Scaler::Local(_) => wanted(&row, &thresholds),
        Scaler::Ecs(service) => service.desired().await.map_err(unavailable)?,
    };
    Ok(Picture { at, row, thresholds, measured, current })
}

/// How many workers there should be on this machine: as many as were asked for, at first the least.
pub(super) fn wanted(row: &Row, thresholds: &Thresholds) -> i64 {
    row.desired_workers.unwrap_or(thresholds.min_workers)
}

/// What is known of queue and workers.
pub(super) async fn measure(tx: &mut Tx, now: Timestamp) -> Result<Measured> {
    let lanes = accunode_queue::lanes(tx, now).await?;
    let workers = accunode_queue::workers(tx, now).await?;
    Ok(Measured::new(&lanes, &workers))
}

/// Whether what the table says is done without anybody asking.
pub(super) fn acts_by_itself(state: &AppState) -> bool {
    state.config.scaling.automatic && !matches!(state.scaler, Scaler::None)
}

fn unavailable(error: accunode_infra::ScalerError) -> Error {
    tracing::error!(%error, "the scaler does not tell how many workers there are");
    Error::Unavailable(format!("The scaler cannot be asked: {error}"))
}

/// As [`look`], for a caller.
pub(super) async fn picture(state: &AppState, caller: &Caller) -> Result<Picture> {
    look(state, state.db.scoped_read(caller).await?).await
}

/// What is measured, whatever the scaler says.
///
/// # Errors
/// When the database fails.
pub(super) async fn metrics(state: &AppState, caller: &Caller) -> Result<(Timestamp, Measured)> {
    let at = state.clock.now();
    let mut tx = state.db.scoped_read(caller).await?;
    Ok((at, measure(&mut tx, at).await?))
}

/// The settings that count, and their version.
///
/// # Errors
/// When the database fails.
pub(super) async fn config(state: &AppState, caller: &Caller) -> Result<(Thresholds, i32)> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = store::state(&mut tx).await?;
    Ok((thresholds(state, &row), row.version))
}

/// Settings to be changed; what is none stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    pub(super) min_workers: Option<i64>,
    pub(super) max_workers: Option<i64>,
    pub(super) scale_up_threshold: Option<i64>,
    pub(super) scale_down_threshold: Option<i64>,
    pub(super) scale_up_cooldown: Option<i64>,
    pub(super) scale_down_cooldown: Option<i64>,
    pub(super) emergency_threshold: Option<i64>,
    /// The version that they were made from, if that matters.
    pub(super) expected_version: Option<i64>,
}

impl Changes {
    fn upon(&self, t: Thresholds) -> Thresholds {
        Thresholds {
            min_workers: self.min_workers.unwrap_or(t.min_workers),
            max_workers: self.max_workers.unwrap_or(t.max_workers),
            scale_up_threshold: self.scale_up_threshold.unwrap_or(t.scale_up_threshold),
            scale_down_threshold: self.scale_down_threshold.unwrap_or(t.scale_down_threshold),
            scale_up_cooldown: self.scale_up_cooldown.unwrap_or(t.scale_up_cooldown),
            scale_down_cooldown: self.scale_down_cooldown.unwrap_or(t.scale_down_cooldown),
            emergency_threshold: self.emergency_threshold.unwrap_or(t.emergency_threshold),
        }
    }
}

/// Changes the settings for every server.
///
/// # Errors
/// [`Error::BadRequest`] when they could not stand together, [`Error::Conflict`] when somebody else was faster.
pub(super) async fn set_config(
    state: &AppState,
    caller: &Caller,
    changes: Changes,
) -> Result<(Thresholds, i32)> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = store::state(&mut tx).await?;
    if changes.expected_version.is_some_and(|expected| expected != i64::from(row.version)) {
        return Err(Error::Conflict(format!(
            "The scaling settings are at version {} by now: read them again",
            row.version
        )));
    }
    let before = thresholds(state, &row);
    let after = changes.upon(before);
    after.check()?;
    if !store::save(&mut tx, &after, row.version).await? {
        return Err(Error::Conflict(
            "The scaling settings were changed at the same moment: read them again".to_owned(),
        ));
    }
    let version = row.version + 1;
    let event = Event::done("scaling.config").on("scaling", "config");
    let event = event.before(audited(&before, row.version)).after(audited(&after, version));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok((after, version))
}

fn audited(thresholds: &Thresholds, version: i32) -> Value {
    let mut state = json!({ "version": version });
    for (name, _, value) in thresholds.named() {
        state[name] = json!(value);
    }
    state
}

/// Does what the table says.
///
/// # Errors
/// As [`look`] and [`carry_out`].
pub(super) async fn execute(state: &AppState, caller: &Caller) -> Result<Outcome> {
    let picture = picture(state, caller).await?;
    let decision = picture.decision();
    carry_out(state, By::Caller(caller), &picture, decision).await
}

/// Does what somebody asks for, cool-down or not.
///
/// # Errors
/// [`Error::BadRequest`] outside of the bounds; as [`look`] and [`carry_out`].
pub(super) async fn manual(
    state: &AppState,
    caller: &Caller,
    target: i64,
    reason: String,
) -> Result<Outcome> {
    let picture = picture(state, caller).await?;
    let Thresholds { min_workers, max_workers, .. } = picture.thresholds;
    if !(min_workers..=max_workers).contains(&target) {
        return Err(Error::BadRequest(format!(
            "target_workers is {target}, but a number from {min_workers} to {max_workers} is expected"
        )));
    }
    let decision = Decision::asked_for(picture.current, target, reason);
    carry_out(state, By::Caller(caller), &picture, decision).await
}

/// What was done, newest first.
///
/// # Errors
/// When the database fails.
pub(super) async fn history(state: &AppState, caller: &Caller, limit: i64) -> Result<Vec<Done>> {
    let mut tx = state.db.scoped_read(caller).await?;
    Ok(store::history(&mut tx, limit).await?)
}

/// Empties the history; how many entries there were. Cool-downs go on: they do not depend on it.
///
/// # Errors
/// When the database fails.
pub(super) async fn clear_history(state: &AppState, caller: &Caller) -> Result<u64> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let entries = store::clear(&mut tx).await?;
    let event = Event::done("scaling.history.clear").on("scaling", "history");
    audit::record(&mut tx, caller, event.before(json!({ "entries": entries })), now).await?;
    tx.commit().await?;
    Ok(entries)
}

/// How long a server leads without a word, how often it says one, and how often it takes a turn.
pub(super) const LEASE: Duration = Duration::from_secs(20);
/// See [`LEASE`].
pub(super) const BEAT: Duration = Duration::from_secs(5);
/// See [`LEASE`].
pub(super) const TURN: Duration = Duration::from_secs(60);
