//! Access tokens: JSON Web Tokens signed with HS256, the key named in the header so that it can rotate.

use accunode_db::Timestamp;
use accunode_domain::{Error, SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Signs and checks access tokens.
pub struct Tokens {
    current: Key,
    /// The key before, whose tokens are taken until they expire.
    previous: Option<Key>,
    lifetime_seconds: i64,
    /// How tokens are checked, but for their expiry: that is judged by the injected clock.
    rules: Validation,
}

struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        // Part of a hash under a fixed prefix: names the key without telling anything about it.
        let digest = Sha256::new().chain_update(b"accunode key id").chain_update(secret).finalize();
        Self {
            id: hex::encode(&digest[..4]),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: Uuid,
    /// Valid until, in seconds since 1970.
    pub exp: i64,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// This token's own name.
    pub jti: Uuid,
    /// The user's token version when it was issued; raising the stored one ends every older token.
    pub ver: i64,
    /// The sign-in that it belongs to: revoking that ends the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
}

impl Tokens {
    /// Prepares the keys: new tokens are signed with `secret`, those signed with `previous` are still taken.
    #[must_use]
    pub fn new(secret: &SecretString, previous: Option<&SecretString>, lifetime_minutes: u32) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.validate_exp = false;
        Self {
            rules,
            current: Key::new(secret),
            previous: previous.map(Key::new),
            lifetime_seconds: i64::from(lifetime_minutes) * 60,
        }
    }

    /// Seconds that a token is valid.
    #[must_use]
    pub fn lifetime_seconds(&self) -> i64 {
        self.lifetime_seconds
    }

    /// A token for this user, of this sign-in, valid from now.
    ///
    /// # Errors
    /// When signing fails, which is a defect.
    pub fn issue(
        &self,
        user: UserId,
        version: i64,
        session: Option<SessionId>,
        now: Timestamp,
    ) -> Result<String, Error> {
        let issued = now.unix_seconds();
        let exp = issued + self.lifetime_seconds;
        let sid = session.map(|s| s.0);
        let claims = Claims { sub: user.0, exp, iat: issued, jti: Uuid::new_v4(), ver: version, sid };
        let header = Header { kid: Some(self.current.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &self.current.encoding).map_err(Error::internal)
    }

    /// The claims of a token that we signed and that has not expired at `now`.
    #[must_use]
    pub fn check(&self, token: &str, now: Timestamp) -> Option<Claims> {
        self.read(token).filter(|claims| claims.exp > now.unix_seconds())
    }

    /// The claims of a token that we signed, however long ago.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<Claims> {
        let id = decode_header(token).ok()?.kid?;
        let key = [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|k| k.id == id)?;
        Some(decode::<Claims>(token, &key.decoding, &self.rules).ok()?.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(secret: &str) -> Tokens {
        Tokens::new(&SecretString::from(secret.to_owned()), None, 60)
    }

    #[test]
    fn a_token_holds_until_it_expires() {
        let (ours, user) = (tokens("a secret of at least 32 bytes, really"), UserId::new());
        let start = Timestamp::from_unix_micros(1_800_000_000_000_000);
        let later = |s: i64| Timestamp::from_unix_micros(1_800_000_000_000_000 + s * 1_000_000);
        let token = ours.issue(user, 3, None, start).unwrap();
        let claims = ours.check(&token, later(3_599)).unwrap();
        assert_eq!((claims.sub, claims.ver, claims.exp - claims.iat), (user.0, 3, 3_600));
        assert!(ours.check(&token, later(3_600)).is_none());
    }

    #[test]
    fn another_key_and_a_changed_token_are_refused() {
        let (ours, now) = (tokens("a secret of at least 32 bytes, really"), Timestamp::from_unix_micros(0));
        let token = ours.issue(UserId::new(), 0, None, now).unwrap();
        assert!(tokens("another secret of at least 32 bytes!!").check(&token, now).is_none());
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        // {"alg":"none"}
        parts[0] = "eyJhbGciOiJub25lIn0".to_owned();
        assert!(ours.check(&parts.join("."), now).is_none());
        assert!(ours.check("", now).is_none());
    }

    #[test]
    fn tokens_of_the_key_before_are_taken_but_no_longer_made() {
        let (old, new) = ("a secret of at least 32 bytes, really", "another secret of at least 32 bytes!!");
        let (before, now) = (tokens(old), Timestamp::from_unix_micros(0));
        let token = before.issue(UserId::new(), 0, None, now).unwrap();
        let rotated = Tokens::new(&new.to_owned().into(), Some(&old.to_owned().into()), 60);
        assert!(rotated.check(&token, now).is_some());
        assert!(before.check(&rotated.issue(UserId::new(), 0, None, now).unwrap(), now).is_none());
        assert!(tokens(new).check(&token, now).is_none());
    }
}
