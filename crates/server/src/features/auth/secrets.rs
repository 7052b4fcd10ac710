//! Secrets that are shown once and stored as their hash: refresh tokens, API keys, the tokens of password resets.

use accunode_domain::Error;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::TryRng;
use sha2::{Digest, Sha256};

/// What every refresh token begins with.
pub const REFRESH: &str = "acr_";
/// What every API key begins with.
pub const API_KEY: &str = "ack_";

/// A secret and what is stored of it.
pub struct Secret {
    /// For its owner alone.
    pub text: String,
    /// For the database.
    pub hash: String,
}

impl Secret {
    /// 32 random bytes behind a prefix.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(prefix: &str) -> Result<Self, Error> {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
        let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self { hash: hash(&text), text })
    }
}

/// What is stored of a secret: SHA-256 in hexadecimal. Secrets of 256 random bits need no slow hash, and whoever
/// measures the look-up learns about hashes, not about secrets.
#[must_use]
pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_its_prefix_and_43_characters() {
        let (one, other) = (Secret::new(REFRESH).unwrap(), Secret::new(REFRESH).unwrap());
        let rest = one.text.strip_prefix("acr_").unwrap();
        assert!(rest.len() == 43 && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        assert!(one.text != other.text && one.hash == hash(&one.text) && one.hash.len() == 64);
    }
}
