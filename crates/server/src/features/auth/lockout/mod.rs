//! Locking out those who guess passwords: failures are counted in the database, for all servers together, before
//! a password is looked at, so that guesses sent at the same time do not slip through.

mod store;

use std::time::Duration;

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, Result};
use sha2::{Digest, Sha256};

use crate::{
    http::{
        address::network,
        limits::{pseudonym, whole_seconds},
    },
    state::AppState,
};

/// Failures older than this are forgotten.
const MEMORY: Duration = Duration::from_secs(24 * 3_600);
/// The wait after the first failure too many; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// What failures are counted by. Known and unknown accounts are counted alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// An account tried from one address.
    AccountFromAddress,
    /// An account, from wherever.
    Account,
    /// An address, whatever is tried.
    Address,
}

impl Watch {
    /// From how many failures on it is locked.
    const fn threshold(self) -> i64 {
        match self {
            Self::AccountFromAddress => 10,
            Self::Account => 30,
            Self::Address => 50,
        }
    }

    /// The name used in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountFromAddress => "account_from_address",
            Self::Account => "account",
            Self::Address => "address",
        }
    }
}

struct Counted {
    watch: Watch,
    key: String,
    failures: i64,
    /// The lock that this attempt set.
    lock: Option<Timestamp>,
}

/// An attempt to sign in, counted as a failure until it is forgiven.
pub struct Attempt(Vec<Counted>);

/// Counts an attempt. Where the account was signed in from before, failures from elsewhere do not lock it: nobody
/// keeps its owner out.
///
/// # Errors
/// [`Error::TooManyRequests`] when the account or the address is locked; then nothing is counted.
pub async fn count(state: &AppState, email: &str, address: Option<&str>) -> Result<Attempt> {
    let now = state.clock.now();
    let mut tx = state.db.system("count an attempt to sign in").await?;
    let (mut counted, mut locks) = (Vec::new(), Vec::new());
    for (watch, key) in keys(email, address) {
        let (failures, locked_until) = store::count(&mut tx, &key, now, now - MEMORY).await?;
        // A lock that lasts longer than any was set by a clock that has been set back since.
        let holds = |until: &Timestamp| *until > now && *until <= now + LONGEST_WAIT * 2;
        locks.extend(locked_until.filter(holds).map(|until| (until, watch)));
        counted.push(Counted { watch, key, failures, lock: None });
    }
    if locks.iter().any(|(_, watch)| *watch == Watch::Account) {
        let here = network(address);
        let known = store::signed_in_from(&mut tx, email, now).await?;
        if known.iter().any(|known| network(Some(known)) == here) {
            locks.retain(|(_, watch)| *watch != Watch::Account);
        }
    }
    if let Some((until, watch)) = locks.into_iter().max_by_key(|(until, _)| *until) {
        return Err(Error::TooManyRequests {
            retry_after: whole_seconds(until.since(now)),
            limit: format!("{} failed sign-ins", watch.threshold()),
            client: pseudonym(&network(address)),
        });
    }
    for one in &mut counted {
        if let Some(delay) = delay(one.failures - one.watch.threshold()) {
            let until = now + delay;
            store::lock(&mut tx, &one.key, until).await?;
            one.lock = Some(until);
        }
    }
    tx.commit().await?;
    Ok(Attempt(counted))
}

impl Attempt {
    /// Takes the count back, because the password was right: what is held against the account is forgotten, and
    /// what is held against the address as far as it concerned this account. Others' accounts that were tried
    /// from there stay counted, so nobody guesses on by signing in as themselves in between. First in the
    /// sign-in's transaction, so that attempts never wait for each other in a circle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgive(&self, tx: &mut Tx) -> Result<()> {
        let own = self.0.iter().find(|c| c.watch == Watch::AccountFromAddress).map_or(1, |c| c.failures);
        for one in &self.0 {
            match one.watch {
                Watch::Address => store::forgive(tx, &one.key, own, one.lock).await?,
                Watch::Account | Watch::AccountFromAddress => store::forget(tx, &one.key).await?,
            }
        }
        Ok(())
    }

    /// Takes the count back, because no password was looked at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw(&self, tx: &mut Tx) -> Result<()> {
        for one in &self.0 {
            store::forgive(tx, &one.key, 1, one.lock).await?;
        }
        Ok(())
    }

    /// Leaves the count as it is, and tidies up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stands(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        for one in &self.0 {
            store::touch(tx, &one.key, now).await?;
        }
        Ok(store::prune(tx, now - MEMORY).await?)
    }

    /// What this attempt was the first failure too many for.
    pub fn reached(&self) -> impl Iterator<Item = Watch> {
        self.0.iter().filter(|c| c.failures == c.watch.threshold()).map(|c| c.watch)
    }
}

/// Forgets what is held against an account in general and from this address: whoever set a new password by mail
/// may use it.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, email: &str, address: Option<&str>) -> Result<()> {
    for (watch, key) in keys(email, address) {
        if watch != Watch::Address {
            store::forget(tx, &key).await?;
        }
    }
    Ok(())
}

/// How long to wait after so many failures beyond the threshold.
fn delay(beyond: i64) -> Option<Duration> {
    let doublings = u32::try_from(beyond.min(10)).ok()?;
    Some(FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT))
}

/// The keys of an attempt, always in the same order so that attempts never wait for each other in a circle.
fn keys(email: &str, address: Option<&str>) -> [(Watch, String); 3] {
    let network = network(address);
    let key = |watch: Watch, parts: [&str; 2]| {
        let text = serde_json::json!([watch.as_str(), parts]).to_string();
        (watch, hex::encode(Sha256::digest(text)))
    };
    let mut keys = [
        key(Watch::AccountFromAddress, [email, &network]),
        key(Watch::Account, [email, ""]),
        key(Watch::Address, ["", &network]),
    ];
    keys.sort_by(|a, b| a.1.cmp(&b.1));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<_> = (-1..7).map(|n| delay(n).map(|d| d.as_secs())).collect();
        let expected = [None, Some(30), Some(60), Some(120), Some(240), Some(480), Some(900), Some(900)];
        assert_eq!(seconds, expected);
        assert_eq!(delay(i64::MAX), Some(LONGEST_WAIT));
    }

    #[test]
    fn keys_tell_nothing_and_differ() {
        let keys = keys("amy@example.org", Some("203.0.113.7"));
        assert!(keys.iter().all(|(_, key)| key.len() == 64 && !key.contains("amy")));
        assert!(keys[0].1 < keys[1].1 && keys[1].1 < keys[2].1);
    }
}
