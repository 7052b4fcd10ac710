//! Passwords: Argon2id on blocking threads, few at a time so that sign-ins never starve the rest, and few waiting
//! so that a flood of them is turned away instead of queued.

use std::sync::Arc;

use accunode_domain::{Error, FieldError};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// Hashes and checks passwords.
pub struct Passwords {
    /// Those that compute or wait.
    admitted: Arc<Semaphore>,
    /// Those that compute.
    slots: Arc<Semaphore>,
}

/// What checking a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or no account.
    Wrong,
    /// The right one.
    Right,
    /// The right one, stored in an old form: to be hashed anew.
    Outdated,
}

impl Verdict {
    /// Whether it was the right password.
    #[must_use]
    pub fn is_right(self) -> bool {
        self != Self::Wrong
    }
}

/// The longest password, in characters: bounds the work for one request.
const MAX_CHARS: usize = 1_024;
/// How many may wait for each one that computes.
const WAITING: usize = 32;
/// Checked when an account is unknown, so that the answer takes as long as for a known one. Of no password: its hash is
/// made up. Working out a real one at the start would take as long as all the rest of it, and 19 MiB.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$eGzbLpV5pMnY0114nQh3bA$+3XUm8kQ5GonqhCCDM8r0GcTsmvssG75zk5XABJruaA";

impl Passwords {
    /// At most `concurrent` computations at once, and a few dozen waiting for each.
    #[must_use]
    pub fn new(concurrent: usize) -> Self {
        let slots = concurrent.max(1);
        Self {
            admitted: Arc::new(Semaphore::new(slots * (1 + WAITING))),
            slots: Arc::new(Semaphore::new(slots)),
        }
    }

    /// A PHC string for storing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait already; otherwise when the random source or the pool fails.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }

    /// Whether the password belongs to the stored hash (Argon2id, or bcrypt of an account that was brought along).
    /// Without a hash (unknown account) the same work is done and the answer is no.
    ///
    /// # Errors
    /// As [`Passwords::hash`].
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<Verdict, Error> {
        let password = password.to_owned();
        self.run(move || verify(&password, stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let busy = |_| Error::Unavailable("Too many people sign in at the moment: try again".to_owned());
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(busy)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(Error::internal)?;
        // Both are given back by the computation: it goes on when whoever asked for it is gone.
        let work = move || {
            let _held = (admitted, slot);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

fn hash(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|h| h.to_string()).map_err(|e| Error::internal(e.to_string()))
}

fn verify(password: &str, stored: Option<&str>) -> Verdict {
    let argon2 = |hash: &PasswordHash| Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
    match stored {
        Some(stored) if is_bcrypt(stored) => {
            let right = bcrypt::verify(password, stored).unwrap_or(false);
            if right {
                return Verdict::Outdated;
            }
        }
        Some(stored) => {
            if let Ok(hash) = PasswordHash::new(stored) {
                return if argon2(&hash) { Verdict::Right } else { Verdict::Wrong };
            }
        }
        None => {}
    }
    // An old hash may be far quicker to check: a refusal takes its time whatever is stored.
    if let Ok(hash) = PasswordHash::new(DECOY) {
        std::hint::black_box(argon2(&hash));
    }
    Verdict::Wrong
}

fn is_bcrypt(stored: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix))
}

/// The rule for new passwords: at least 8 characters, one of them a letter and one a digit.
///
/// # Errors
/// [`Error::Invalid`] naming `field`.
pub fn check_rule(field: &str, password: &str) -> Result<(), Error> {
    let chars = password.chars().count();
    let letter = password.chars().any(char::is_alphabetic);
    let digit = password.chars().any(char::is_numeric);
    if (8..=MAX_CHARS).contains(&chars) && letter && digit {
        return Ok(());
    }
    Err(Error::Invalid(vec![FieldError { field: field.to_owned(), message: RULE.to_owned() }]))
}

const RULE: &str = "Password must have at least 8 characters, with a letter and a digit among them";

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = Passwords::new(1);
        let stored = passwords.hash("correct horse 1").await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        let verdict = async |password, stored| passwords.verify(password, stored).await.unwrap();
        assert_eq!(verdict("correct horse 1", Some(stored.clone())).await, Verdict::Right);
        assert_eq!(verdict("wrong horse 1", Some(stored)).await, Verdict::Wrong);
        assert_eq!(verdict("correct horse 1", None).await, Verdict::Wrong);
        assert_eq!(verdict("none", Some("none".to_owned())).await, Verdict::Wrong);
    }

    #[test]
    fn the_decoy_costs_what_a_real_one_costs() {
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(DECOY), cost(&hash("correct horse 1").unwrap()));
        assert_eq!(DECOY.len(), hash("correct horse 1").unwrap().len());
        assert!(PasswordHash::new(DECOY).is_ok());
    }

    #[tokio::test]
    async fn bcrypt_hashes_of_every_writer_match_and_are_outdated() {
        let passwords = Passwords::new(1);
        let parts = bcrypt::hash_with_salt("correct horse 1", 5, [7; 16]).unwrap();
        for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            let stored = parts.format_for_version(version);
            let right = passwords.verify("correct horse 1", Some(stored.clone())).await.unwrap();
            assert_eq!(right, Verdict::Outdated, "{stored}");
            assert_eq!(passwords.verify("correct horse 2", Some(stored)).await.unwrap(), Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn a_flood_is_turned_away() {
        let passwords = Passwords::new(1);
        // Nobody computes, so those who come wait.
        let slot = passwords.slots.clone().acquire_owned().await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..=WAITING {
            let mut check = Box::pin(passwords.verify("correct horse 1", None));
            assert!((&mut check).now_or_never().is_none());
            waiting.push(check);
        }
        let refused = passwords.verify("correct horse 1", None).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        drop(slot);
        assert_eq!(waiting.swap_remove(0).await.unwrap(), Verdict::Wrong);
        waiting.clear();
        assert!(passwords.verify("correct horse 1", None).await.is_ok());
    }

    #[test]
    fn the_rule_asks_for_length_letter_and_digit() {
        assert!(check_rule("password", "abcdefg1").is_ok());
        for bad in ["abc1", "abcdefgh", "12345678", ""] {
            assert!(check_rule("password", bad).is_err(), "{bad}");
        }
    }
}
