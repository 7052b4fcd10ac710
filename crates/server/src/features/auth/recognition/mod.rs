//! Recognising who calls, for all requests that arrive at the same time together.
//!
//! Each request's caller is read anew, so that revoked sessions, changed roles and deactivations count at once. What
//! is saved is not the reading but the number of statements: requests that arrive while one is under way share the
//! next.

mod store;

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
};

use accunode_db::{Clock, Db};
use accunode_domain::{Error, Result};
use uuid::Uuid;

pub(crate) use store::SignedIn;

use crate::{
    coalesce::{Bounds, Coalesce},
    features::api_keys::store as keys,
};

/// A second statement may begin before the first has ended, so that one slow answer does not hold everybody up; more
/// would only make the batches smaller.
const UNDER_WAY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
/// Longer lists would keep the first of them waiting for the last; the statement takes 1,000.
const BATCH: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// What a request shows to be recognised by. The signature of a token is checked before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shown {
    /// An access token: the person, and the sign-in if it belongs to one.
    Token { user: Uuid, session: Option<Uuid> },
    /// An API key, by its hash.
    Key { hash: String },
}

/// Who that is at the moment.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The account with its place.
    pub(super) signed_in: SignedIn,
    /// The key that was shown.
    pub(super) key: Option<keys::Found>,
}

/// Recognises callers; clones share their batches.
#[derive(Clone, Debug)]
pub(crate) struct Recognition(Coalesce<Shown, Option<Known>, Error>);

impl Recognition {
    /// By this database and at the time of this clock.
    pub(crate) fn new(db: &Db, clock: &Clock) -> Self {
        let (db, clock) = (db.clone(), clock.clone());
        let bounds = Bounds { under_way: UNDER_WAY, batch: BATCH };
        Self(Coalesce::new(bounds, move |shown| recognised(db.clone(), clock.clone(), shown)))
    }

    /// Who shows this; none for a key that is none (any more), and for accounts that are closed.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(&self, shown: Shown) -> Result<Option<Known>> {
        Ok(self.0.ask(shown).await?)
    }
}

/// Everybody of a batch, by one statement, and one more where keys are among what is shown.
async fn recognised(db: Db, clock: Clock, shown: Vec<Shown>) -> Result<Vec<Option<Known>>> {
    let now = clock.now();
    let mut tx = db.system_glance("recognise callers").await?;
    let hashes: HashSet<&str> = shown.iter().filter_map(Shown::hash).collect();
    let found = if hashes.is_empty() { Vec::new() } else { keys::live_by_hash(&mut tx, hashes, now).await? };
    let by_hash: HashMap<&str, &keys::Found> = found.iter().map(|key| (key.key_hash.as_str(), key)).collect();
    let asked: Vec<_> = shown.iter().map(|shown| shown.sign_in(&by_hash)).collect();
    let people: HashSet<_> = asked.iter().flatten().copied().collect();
    let rows = if people.is_empty() { Vec::new() } else { store::signed_in(&mut tx, people, now).await? };
    drop(tx);
    let rows: HashMap<_, _> = rows.into_iter().map(|row| ((row.id, row.session), row)).collect();
    let known = |(shown, asked): (&Shown, Option<_>)| {
        let signed_in = rows.get(&asked?)?.clone();
        let key = shown.hash().and_then(|hash| by_hash.get(hash)).map(|key| (*key).clone());
        Some(Known { signed_in, key })
    };
    Ok(shown.iter().zip(asked).map(known).collect())
}

impl Shown {
    fn hash(&self) -> Option<&str> {
        match self {
            Self::Token { .. } => None,
            Self::Key { hash } => Some(hash),
        }
    }

    /// The person and their sign-in; of a key its owner, who need not be signed in.
    fn sign_in(&self, keys: &HashMap<&str, &keys::Found>) -> Option<(Uuid, Option<Uuid>)> {
        match self {
            Self::Token { user, session } => Some((*user, *session)),
            Self::Key { hash } => keys.get(hash.as_str()).map(|key| (key.user_id, None)),
        }
    }
}
