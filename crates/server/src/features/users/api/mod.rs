//! Operations on people and the shapes they share.

pub mod creation;
pub mod list;
pub mod manage;
pub mod me;
pub mod names;

use accunode_db::Timestamp;
use accunode_domain::Role;
use accunode_sheets::validate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{features::accounts::store::Account, http::body::Fields};

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct User {
    /// Id.
    pub id: Uuid,
    /// Address, in lower case.
    pub email: String,
    /// Unique name.
    pub username: Option<String>,
    /// Name for people.
    pub full_name: Option<String>,
    /// `super_admin`, `tenant_admin`, `org_admin`, `org_member` or `user`.
    pub role: String,
    /// Their organization.
    pub organization_id: Option<Uuid>,
    /// Their tenant.
    pub tenant_id: Option<Uuid>,
    /// False when switched off.
    pub is_active: bool,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The last sign-in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login: Option<Timestamp>,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            email: account.email,
            username: Some(account.username),
            full_name: account.full_name,
            role: account.role,
            organization_id: account.organization_id,
            tenant_id: account.tenant_id,
            is_active: account.is_active,
            created_at: account.created_at,
            last_login: account.last_login,
        }
    }
}

/// Most characters of a name for people.
const MAX_FULL_NAME: usize = 255;

/// An optional name for people: empty when it is blank.
pub(crate) fn full_name(fields: &mut Fields, field: &str, most: usize) -> Option<String> {
    fields.optional_text(field, most, |text| validate::plain_text(text, most))
}

/// The name of a new account's person: `first_name` and `last_name` joined if either is there, else `full_name`.
pub(crate) fn new_name(fields: &mut Fields) -> Option<String> {
    let mut read = |field, most| full_name(fields, field, most).filter(|name| !name.is_empty());
    let (whole, first, last) =
        (read("full_name", MAX_FULL_NAME), read("first_name", 127), read("last_name", 127));
    let parts: Vec<String> = [first, last].into_iter().flatten().collect();
    if parts.is_empty() { whole } else { Some(parts.join(" ")) }
}

/// A role's name.
///
/// # Errors
/// The names there are.
pub(crate) fn role(text: &str) -> Result<String, String> {
    text.parse().map(|role: Role| role.as_str().to_owned())
}
