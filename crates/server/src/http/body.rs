//! Request bodies and queries, read field by field so that one answer names everything that is wrong.

mod figures;
mod nested;
mod numbers;

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use accunode_domain::{Error, FieldError};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::problem::ApiError;
use crate::{
    features::{accounts, auth::passwords::check_rule},
    listing::given,
};

/// A JSON object whose fields are read one by one; `finish` answers with every problem found.
pub struct Fields {
    object: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !may_be_json(request.headers()) {
            let expected = "Invalid body: application/json is expected, another Content-Type was sent";
            return Err(Error::field("body", expected).into());
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Error::TooLarge("The request is larger than allowed".to_owned())
                }
                _ => Error::BadRequest("The request broke off before its body was complete".to_owned()),
            })?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self { object, errors: Vec::new() }),
            Ok(_) => Err(Error::field("body", "Invalid body: a JSON object is expected").into()),
            Err(e) => Err(Error::field(
                "body",
                format!("Invalid body: not JSON at line {} column {}", e.line(), e.column()),
            )
            .into()),
        }
    }
}

/// Whether a body is not said to be something else: what a page of another origin can have a browser send unasked is a
/// form or plain text.
fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// `company_symbol` → `Company Symbol`.
fn title(field: &str) -> String {
    let words = field.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Fields {
    /// Notes that a field is wrong; `expected` says what would be right.
    pub fn invalid(&mut self, field: &str, expected: &str) {
        let message = format!("Invalid {}: {expected}", field.replace('_', " "));
        self.errors.push(FieldError { field: field.to_owned(), message });
    }

    /// Notes every member besides these as wrong.
    pub fn only(&mut self, fields: &[&str]) {
        let others: Vec<_> = self.object.keys().filter(|k| !fields.contains(&k.as_str())).cloned().collect();
        for field in others {
            self.invalid(&field, "this field is not accepted here");
        }
    }

    fn problem(&mut self, field: &str, what: &str) {
        let message = format!("{} {what}", title(field));
        self.errors.push(FieldError { field: field.to_owned(), message });
    }

    fn required(&mut self, field: &str) -> Option<Value> {
        match self.object.get(field) {
            None => {
                self.problem(field, "is required");
                None
            }
            Some(value) => Some(value.clone()),
        }
    }

    /// A required text of 1 to `most` characters, in the form that `rule` of [`validate`] gives it.
    pub fn text(
        &mut self,
        field: &str,
        most: usize,
        rule: impl Fn(&str) -> Result<String, String>,
    ) -> String {
        match self.required(field) {
            Some(Value::String(text)) => match text.trim() {
                "" => self.problem(field, "is too short"),
                text if text.chars().count() > most => self.problem(field, "is too long"),
                text => match rule(text) {
                    Ok(text) => return text,
                    Err(reason) => self.invalid(field, &reason),
                },
            },
            Some(_) => self.invalid(field, "text is expected"),
            None => {}
        }
        String::new()
    }

    /// An optional text of up to `most` characters, trimmed, in the form that `rule` gives it. Missing and null are
    /// none; a blank text is an empty one, whatever the rule.
    pub fn optional_text(
        &mut self,
        field: &str,
        most: usize,
        rule: impl Fn(&str) -> Result<String, String>,
    ) -> Option<String> {
        match self.object.get(field)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => Some(String::new()),
            Value::String(_) => Some(self.text(field, most, rule)),
            _ => {
                self.invalid(field, "text is expected");
                None
            }
        }
    }

    /// A required e-mail address, in the form in which it is stored.
    pub fn email(&mut self, field: &str) -> String {
        self.text(field, 255, accounts::email)
    }

    /// A required new password.
    pub fn new_password(&mut self, field: &str) -> String {
        let missing = !self.object.contains_key(field);
        let password = self.secret(field);
        if !missing && let Err(Error::Invalid(errors)) = check_rule(field, &password) {
            self.errors.retain(|e| e.field != field);
            self.errors.extend(errors);
        }
        password
    }

    /// An optional id; missing, null and blank are none.
    pub fn optional_id(&mut self, field: &str) -> Option<Uuid> {
        let text = self.optional_text(field, 64, |text| Ok(text.to_owned())).filter(|t| !t.is_empty())?;
        match text.parse() {
            Ok(id) => Some(id),
            Err(_) => {
                self.invalid(field, "a UUID is expected");
                None
            }
        }
    }

    /// An optional yes or no.
    pub fn optional_flag(&mut self, field: &str) -> Option<bool> {
        match self.object.get(field)? {
            Value::Null => None,
            Value::Bool(b) => Some(*b),
            _ => {
                self.invalid(field, "true or false is expected");
                None
            }
        }
    }

    /// A required list of 1 to `most` texts.
    pub fn texts(&mut self, field: &str, most: usize) -> Vec<String> {
        let list = match self.required(field) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => Vec::new(),
        };
        let texts: Option<Vec<_>> = list.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        texts.filter(|texts| (1..=most).contains(&texts.len())).unwrap_or_else(|| {
            self.invalid(field, &format!("a list of 1 to {most} texts is expected"));
            Vec::new()
        })
    }

    /// A required list of 1 to `most` items of any kind, which the caller reads.
    pub fn list(&mut self, field: &str, most: usize) -> Vec<Value> {
        match self.required(field) {
            None => return Vec::new(),
            Some(Value::Array(list)) if (1..=most).contains(&list.len()) => return list,
            Some(_) => self.invalid(field, &format!("a list of 1 to {most} items is expected")),
        }
        Vec::new()
    }

    /// A required secret, taken as it is: not trimmed, of 1 to 1,024 characters.
    pub fn secret(&mut self, field: &str) -> String {
        match self.required(field) {
            Some(Value::String(text)) if (1..=1_024).contains(&text.chars().count()) => text,
            Some(_) => {
                self.invalid(field, "text of 1 to 1024 characters is expected");
                String::new()
            }
            None => String::new(),
        }
    }

    /// An optional yes or no, no by default.
    pub fn flag(&mut self, field: &str) -> bool {
        self.optional_flag(field).unwrap_or(false)
    }

    /// A value that need not be there: none when it is absent or null.
    fn there(&self, field: &str) -> Option<Value> {
        self.object.get(field).filter(|value| !value.is_null()).cloned()
    }

    /// As [`Fields::text`], if the field is there: blank is too short.
    pub fn text_if_there(
        &mut self,
        field: &str,
        most: usize,
        rule: impl Fn(&str) -> Result<String, String>,
    ) -> Option<String> {
        self.there(field).map(|_| self.text(field, most, rule))
    }

    /// A text that can be taken away: none when the field is absent, none inside when it is null or blank.
    pub fn clearable_text(
        &mut self,
        field: &str,
        most: usize,
        rule: impl Fn(&str) -> Result<String, String>,
    ) -> Option<Option<String>> {
        match self.object.get(field)? {
            Value::Null => Some(None),
            Value::String(text) if text.trim().is_empty() => Some(None),
            _ => Some(Some(self.text(field, most, rule))),
        }
    }

    /// A required text in the form that `clean` gives it, trimmed, which must then have so many characters.
    pub fn cleaned_text(
        &mut self,
        field: &str,
        length: RangeInclusive<usize>,
        clean: impl Fn(&str) -> String,
    ) -> String {
        match self.required(field) {
            Some(Value::String(text)) => {
                let text = clean(&text).trim().to_owned();
                match text.chars().count() {
                    n if n < *length.start() => self.problem(field, "is too short"),
                    n if n > *length.end() => self.problem(field, "is too long"),
                    _ => return text,
                }
            }
            Some(_) => self.invalid(field, "text is expected"),
            None => {}
        }
        String::new()
    }

    /// A required identifier.
    pub fn id(&mut self, field: &str) -> Uuid {
        if self.there(field).is_none() {
            self.problem(field, "is required");
        }
        self.optional_id(field).unwrap_or_default()
    }

    /// The value, if nothing was wrong.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every problem noted so far.
    pub fn finish<T>(self, value: T) -> Result<T, Error> {
        if self.errors.is_empty() { Ok(value) } else { Err(Error::Invalid(self.errors)) }
    }
}

/// A text as people write it: no control characters but line breaks and tabs.
///
/// # Errors
/// What is expected.
pub fn plain(text: &str) -> Result<String, String> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Err("text without control characters is expected".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// The address of a page or picture on the web.
///
/// # Errors
/// What is expected.
pub fn web_address(text: &str) -> Result<String, String> {
    let uri = text.parse::<Uri>().ok();
    let fits = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    if uri.as_ref().is_some_and(fits) {
        Ok(text.to_owned())
    } else {
        Err("an address that begins with https:// is expected".to_owned())
    }
}

/// Reads a parameter of a query that clients send without a value where nothing is chosen.
///
/// # Errors
/// What the value does not read as.
pub fn chosen<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    given(Some(&text)).map(str::parse).transpose().map_err(de::Error::custom)
}

/// A query string; what does not fit is a validation error that names the field.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|q| Self(q.0)).map_err(|rejection| {
            // The rejection reads "…: field: reason".
            let text = rejection.body_text();
            let reason = text.rsplit_once("string: ").map_or(text.as_str(), |(_, r)| r);
            let (field, reason) = reason.split_once(": ").unwrap_or(("query", reason));
            Error::field(field, format!("Invalid {}: {reason}", field.replace('_', " "))).into()
        })
    }
}

/// An identifier or a name in the path; what is not a UUID, or no text at all, cannot name anything, so it is not found.
pub struct Id<T>(pub T);

impl<T: std::str::FromStr + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let not_found = || ApiError(Error::NotFound("Not found".to_owned()));
        let axum::extract::Path(text) =
            axum::extract::Path::<String>::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        text.parse().map(Self).map_err(|_| not_found())
    }
}

/// Two identifiers in the path, as [`Id`].
pub struct Ids<A, B>(pub A, pub B);

impl<A, B, S> FromRequestParts<S> for Ids<A, B>
where
    A: std::str::FromStr + Send,
    B: std::str::FromStr + Send,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let not_found = || ApiError(Error::NotFound("Not found".to_owned()));
        let texts = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let axum::extract::Path((first, second)) = texts.map_err(|_| not_found())?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            _ => Err(not_found()),
        }
    }
}
