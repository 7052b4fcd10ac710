//! Following an upload as it goes: its state is looked up in the database, so it does not matter which server answers
//! and which worker does the work.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use accunode_domain::{Error, Result, UploadId, UserId};
use axum::response::sse::Event;
use futures_util::{Stream, stream};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::find;
use crate::{
    caller::Caller,
    features::{
        auth::service as auth,
        uploads::{api::jobs::JobBrief, store::UploadRow},
    },
    state::AppState,
};

/// How often the upload is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// After how many looks whoever follows must still be let in.
const ADMITTED_FOR: u32 = 3;
/// Streams of one process.
const MOST: usize = 256;
/// Streams of one person.
const MOST_OF_ONE: usize = 8;
/// The id of the last event: whoever comes back with it has seen everything.
pub(in crate::features::uploads) const END: &str = "end";

/// Who follows what at the moment.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    open: Arc<Mutex<HashMap<UserId, usize>>>,
    closing: CancellationToken,
}

impl Streams {
    /// Ends every stream, now and to come: the process stops.
    pub fn close(&self) {
        self.closing.cancel();
    }

    fn enter(&self, who: UserId) -> Result<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= MOST || self.closing.is_cancelled() {
            return Err(Error::Unavailable("Too many streams are open: ask for the status".to_owned()));
        }
        let own = open.entry(who).or_default();
        if *own >= MOST_OF_ONE {
            return Err(Error::TooManyRequests {
                retry_after: 10,
                limit: format!("{MOST_OF_ONE} streams at a time"),
                client: crate::http::limits::pseudonym(&who.to_string()),
            });
        }
        *own += 1;
        Ok(Place { streams: self.clone(), who })
    }
}

/// A stream's place among the others, given back when it ends.
struct Place {
    streams: Streams,
    who: UserId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.who) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&self.who);
            }
        }
    }
}

/// What happens to an upload, as events: its state at once and then whenever it has moved, last the one named `end`.
/// Ends early when whoever follows is no longer let in, or the process stops.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see it, [`Error::TooManyRequests`] and [`Error::Unavailable`] when too
/// many streams are open.
pub(in crate::features::uploads) async fn follow(
    state: &AppState,
    caller: &Caller,
    bearer: String,
    id: UploadId,
    seen: Option<String>,
) -> Result<impl Stream<Item = Result<Event, axum::Error>> + Send + use<>> {
    let place = state.streams.enter(caller.user_id)?;
    let mut tx = state.db.scoped_glance(caller).await?;
    let first = find(&mut tx, id).await?;
    drop(tx);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.reset();
    let (state, caller) = (state.clone(), caller.clone());
    let follower = Follower { state, caller, bearer, id, seen, looks, count: 0, _place: place };
    Ok(stream::unfold(Some((follower, Some(first))), |next| async move {
        let (mut follower, first) = next?;
        let row = match first {
            Some(row) if follower.is_new(&row) => row,
            _ => follower.moved().await?,
        };
        let ended = has_ended(&row);
        let event = event(row);
        Some((event, (!ended).then_some((follower, None))))
    }))
}

/// Whether nothing can happen to an upload any more.
pub(in crate::features::uploads) fn has_ended(row: &UploadRow) -> bool {
    matches!(row.status.as_str(), "completed" | "failed" | "cancelled")
}

/// What tells one state of an upload from another.
fn version(row: &UploadRow) -> String {
    if has_ended(row) {
        return END.to_owned();
    }
    let moved = row.updated_at.unwrap_or(row.created_at).unix_micros();
    format!("{moved}-{}-{}", row.status, row.processed_rows)
}

fn event(row: UploadRow) -> Result<Event, axum::Error> {
    let id = version(&row);
    let name = if has_ended(&row) { END } else { "progress" };
    Event::default().id(id).event(name).json_data(JobBrief::from(row))
}

struct Follower {
    state: AppState,
    caller: Caller,
    bearer: String,
    id: UploadId,
    /// The version that was sent last.
    seen: Option<String>,
    looks: tokio::time::Interval,
    count: u32,
    _place: Place,
}

impl Follower {
    /// Whether a state has not been sent yet; from now on it counts as sent.
    fn is_new(&mut self, row: &UploadRow) -> bool {
        let version = version(row);
        let new = self.seen.as_deref() != Some(version.as_str());
        self.seen = Some(version);
        new
    }

    /// The upload once it has moved; none when there is nothing more to tell, or nobody to tell it to.
    async fn moved(&mut self) -> Option<UploadRow> {
        let closing = self.state.streams.closing.clone();
        loop {
            tokio::select! {
                () = closing.cancelled() => return None,
                _ = self.looks.tick() => {}
            }
            match self.look().await {
                Ok(row) if self.is_new(&row) => return Some(row),
                // The database may be back at the next look.
                Ok(_) | Err(Error::Unavailable(_)) => {}
                Err(error) => {
                    tracing::debug!(%error, upload.id = %self.id, "nobody follows an upload any more");
                    return None;
                }
            }
        }
    }

    async fn look(&mut self) -> Result<UploadRow> {
        self.count += 1;
        if self.count.is_multiple_of(ADMITTED_FOR) {
            let origin = self.caller.origin.clone();
            self.caller = auth::authenticate(&self.state, &self.bearer, origin).await?;
        }
        let mut tx = self.state.db.scoped_glance(&self.caller).await?;
        find(&mut tx, self.id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let streams = Streams::default();
        let (one, other) = (UserId::new(), UserId::new());
        let places: Vec<_> = (0..MOST_OF_ONE).map(|_| streams.enter(one).unwrap()).collect();
        assert!(matches!(streams.enter(one), Err(Error::TooManyRequests { .. })));
        assert!(streams.enter(other).is_ok());
        drop(places);
        assert!(streams.enter(one).is_ok());
        assert!(streams.open.lock().unwrap().is_empty());
        let all: Vec<_> = (0..MOST).map(|_| streams.enter(UserId::new()).unwrap()).collect();
        assert!(matches!(streams.enter(one), Err(Error::Unavailable(_))));
        drop(all);
        streams.close();
        assert!(matches!(streams.enter(one), Err(Error::Unavailable(_))));
    }
}
