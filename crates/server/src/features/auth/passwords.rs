//! Passwords: Argon2id on blocking threads, few at a time so that logins never starve the rest.

use accunode_domain::{Error, FieldError};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// Hashes and checks passwords.
pub struct Passwords {
    slots: Semaphore,
    /// Checked when an account is unknown, so that the answer takes as long as for a known one.
    decoy: String,
}

/// The longest password, in characters: bounds the work for one request.
const MAX_CHARS: usize = 1_024;

impl Passwords {
    /// At most `concurrent` computations at once.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn new(concurrent: usize) -> Result<Self, Error> {
        Ok(Self { slots: Semaphore::new(concurrent.max(1)), decoy: hash("no account has this password")? })
    }

    /// A PHC string for storing.
    ///
    /// # Errors
    /// When the random source or the pool fails.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }

    /// Whether the password belongs to the stored hash. Without a hash (unknown account) the same work is
    /// done and the answer is no.
    ///
    /// # Errors
    /// When the pool fails.
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool, Error> {
        let password = password.to_owned();
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let matches = self.run(move || {
            PasswordHash::new(&stored)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(matches.await? && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _slot = self.slots.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

fn hash(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|h| h.to_string()).map_err(|e| Error::internal(e.to_string()))
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
    let message = "Password must have at least 8 characters, with a letter and a digit among them".to_owned();
    Err(Error::Invalid(vec![FieldError { field: field.to_owned(), message }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = Passwords::new(1).unwrap();
        let stored = passwords.hash("correct horse 1").await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse 1", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse 1", Some(stored)).await.unwrap());
        assert!(!passwords.verify("no account has this password", None).await.unwrap());
    }

    #[test]
    fn the_rule_asks_for_length_letter_and_digit() {
        assert!(check_rule("password", "abcdefg1").is_ok());
        for bad in ["abc1", "abcdefgh", "12345678", ""] {
            assert!(check_rule("password", bad).is_err(), "{bad}");
        }
    }
}
