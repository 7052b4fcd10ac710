//! What comes with a request: tokens, places in lists.

use accunode_db::Timestamp;
use accunode_domain::{Error, UserId};
use accunode_server::{
    features::{
        auth::tokens::Tokens,
        predictions::service::{Asked, Cursor},
    },
    http::{
        body::Query,
        paging::{LimitOffset, PageLimit, SkipLimit},
    },
};
use axum::{
    extract::FromRequestParts,
    http::{Request, Uri},
};
use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

const SECRET: &str = "a secret of the fuzz targets, 32 bytes long";

/// An access token: whatever is not signed says nothing, and whatever is signed reads or does not, without more.
pub fn token(data: &[u8]) {
    let tokens = Tokens::new(&SecretString::from(SECRET.to_owned()), None, 60);
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    let text = String::from_utf8_lossy(data);
    assert!(tokens.read(&text).is_none(), "nobody signed this");
    // Header and claims as they come (a line each), signed as ours are: the key's name is in a token of ours.
    let Ok(ours) = tokens.issue(UserId::new(), 0, None, now) else { return };
    let header = ours.split('.').next().unwrap_or_default();
    let (first, second) = text.split_once('\n').unwrap_or(("", &text));
    for head in [header.to_owned(), encoded(first.as_bytes())] {
        let message = format!("{head}.{}", encoded(second.as_bytes()));
        let Ok(signature) =
            sign(message.as_bytes(), &EncodingKey::from_secret(SECRET.as_bytes()), Algorithm::HS256)
        else {
            return;
        };
        let token = format!("{message}.{signature}");
        if let Some(claims) = tokens.check(&token, now) {
            assert!(claims.exp > now.unix_seconds());
        }
        // Not one byte of what was signed may be another.
        let mut changed = token.clone().into_bytes();
        if let Some(byte) = changed.get_mut(data.len() % message.len()) {
            *byte = if *byte == b'A' { b'B' } else { b'A' };
        }
        if changed != token.as_bytes() {
            assert!(
                tokens.read(&String::from_utf8_lossy(&changed)).is_none(),
                "changed behind the signature"
            );
        }
    }
}

/// Base64 for addresses, without padding.
fn encoded(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for sign in 0..=chunk.len() {
            text.push(char::from(SIGNS[(word >> (18 - 6 * sign) & 63) as usize]));
        }
    }
    text
}

/// Places in lists, and the parameters of paging in each of their spellings.
pub fn cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string().parse(), Ok(cursor), "{text}");
        assert!(cursor <= Cursor::START, "{text}");
    }
    let numbers: Vec<i64> =
        text.split(|c: char| !c.is_ascii_digit() && c != '-').flat_map(str::parse).collect();
    let number = |index: usize| numbers.get(index).copied().unwrap_or(1);
    if let Err(error) = Asked::new(number(0), number(1), Some(&text)) {
        named(&error);
    }
    query::<SkipLimit>(&text);
    query::<LimitOffset>(&text);
    query::<PageLimit>(&text);
}

fn query<T: DeserializeOwned>(text: &str) {
    let Ok(uri) = Uri::try_from(format!("/?{text}")) else { return };
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.uri = uri;
    let read = Query::<T>::from_request_parts(&mut parts, &()).now_or_never();
    if let Some(Err(error)) = read {
        named(&error.0);
    }
}

fn named(error: &Error) {
    let Error::Invalid(fields) = error else { panic!("{error:?}") };
    assert!(!fields.is_empty());
    assert!(fields.iter().all(|field| !field.field.is_empty() && !field.message.is_empty()), "{fields:?}");
}
