//! Tenants and organizations as they begin: their names in addresses, their join tokens, their rows. Shared by
//! every operation that makes one.

mod store;

use std::time::Duration;

use accunode_db::{DbError, Timestamp, Tx, unique_violation};
use accunode_domain::{Error, OrganizationId, Result, Role, TenantId, UserId};
use rand::{
    distr::{Alphanumeric, SampleString},
    random_range,
};

use super::is_domain;

/// What a slug names. Tenants and organizations have their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Customers.
    Tenant,
    /// Their departments.
    Organization,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Organization => "organization",
        }
    }
}

/// A name as it stands in addresses: in lower case, ASCII letters and digits, joined by single hyphens;
/// `otherwise` when nothing of the name is left.
#[must_use]
pub fn slug(name: &str, otherwise: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || c == '-';
    let plain: String = name.to_lowercase().chars().filter(|c| kept(*c)).collect();
    let words: Vec<&str> =
        plain.split(|c: char| c.is_whitespace() || c == '-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { otherwise.to_owned() } else { words.join("-") }
}

/// A slug for this name that nothing of the kind has, with a number when the plain one is taken. The transaction
/// must see all of them, as after [`Tx::elevate`].
///
/// # Errors
/// When the database fails.
pub async fn free_slug(tx: &mut Tx, table: Table, name: &str) -> Result<String> {
    let base = slug(name, table.name());
    let mut candidate = base.clone();
    let mut highest = 9_999_u64;
    while store::slug_taken(tx, table, &candidate).await? {
        candidate = format!("{base}-{}", random_range(1_000..=highest));
        highest = highest.saturating_mul(2);
    }
    Ok(candidate)
}

/// How long a join token opens its organization. A link that went astray ends by itself; whoever runs the
/// organization makes a new one with one click.
pub const JOIN_TOKEN_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Most characters of a domain.
pub const MAX_DOMAIN: usize = 253;
/// Most characters of a description.
pub const MAX_DESCRIPTION: usize = 2_000;
/// Most characters of a logo's address.
pub const MAX_LOGO_URL: usize = 500;

/// The name of a tenant or organization: one line of at least two characters.
///
/// # Errors
/// What is expected.
pub fn place_name(text: &str) -> std::result::Result<String, String> {
    if text.chars().count() < 2 || text.chars().any(char::is_control) {
        Err("2 to 100 characters on one line are expected".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// The internet domain of a tenant or organization in the form in which it is stored.
///
/// # Errors
/// [`Error::BadRequest`] when it is none.
pub fn domain(text: &str) -> Result<String> {
    let domain = text.trim().to_lowercase();
    if is_domain(&domain) {
        Ok(domain)
    } else {
        Err(Error::BadRequest("Invalid domain: a name like risk.example.org is expected".to_owned()))
    }
}

/// A token to join an organization by: 32 letters and digits of a cryptographically secure source.
#[must_use]
pub fn join_token() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 32)
}

/// A tenant to be stored.
pub struct NewTenant<'a> {
    /// Unique name.
    pub name: &'a str,
    /// Unique internet domain, in lower case.
    pub domain: Option<&'a str>,
    /// A few words.
    pub description: Option<&'a str>,
    /// Where its logo is.
    pub logo_url: Option<&'a str>,
    /// Who makes it.
    pub created_by: UserId,
}

/// A tenant as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
}

/// Stores a tenant, with a slug of its own. The transaction goes on as the application's own: names are unique
/// on the platform.
///
/// # Errors
/// [`Error::BadRequest`] when the name or domain is taken, [`Error::Conflict`] when the slug was taken meanwhile.
pub async fn insert_tenant(tx: &mut Tx, new: &NewTenant<'_>, now: Timestamp) -> Result<StoredTenant> {
    tx.elevate("make a tenant").await?;
    let stored = StoredTenant { id: TenantId::new(), slug: free_slug(tx, Table::Tenant, new.name).await? };
    store::insert_tenant(tx, &stored, new, now).await.map_err(|e| refusal(Table::Tenant, e))?;
    Ok(stored)
}

/// An organization to be stored.
pub struct NewOrganization<'a> {
    /// Its tenant, if it has one.
    pub tenant: Option<TenantId>,
    /// Name, unique in the tenant.
    pub name: &'a str,
    /// Unique internet domain, in lower case.
    pub domain: Option<&'a str>,
    /// A few words.
    pub description: Option<&'a str>,
    /// Where its logo is.
    pub logo_url: Option<&'a str>,
    /// How many people it can hold.
    pub max_users: i32,
    /// Role of those who join.
    pub default_role: Role,
    /// Who makes it.
    pub created_by: UserId,
}

impl<'a> NewOrganization<'a> {
    /// One of this name with everything else as it is by default.
    #[must_use]
    pub const fn named(name: &'a str, tenant: Option<TenantId>, created_by: UserId) -> Self {
        Self {
            tenant,
            name,
            domain: None,
            description: None,
            logo_url: None,
            max_users: 500,
            default_role: Role::OrgMember,
            created_by,
        }
    }
}

/// An organization as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name in addresses.
    pub slug: String,
    /// The token to join it by.
    pub join_token: String,
}

/// Stores an organization, with a slug and a join token of its own. The transaction goes on as the application's
/// own, so the caller's right must have been made sure of before: slugs are unique on the platform.
///
/// # Errors
/// As [`insert_tenant`].
pub async fn insert_organization(
    tx: &mut Tx,
    new: &NewOrganization<'_>,
    now: Timestamp,
) -> Result<StoredOrganization> {
    tx.elevate("make an organization").await?;
    let stored = StoredOrganization {
        id: OrganizationId::new(),
        slug: free_slug(tx, Table::Organization, new.name).await?,
        join_token: join_token(),
    };
    store::insert_organization(tx, &stored, new, now).await.map_err(|e| refusal(Table::Organization, e))?;
    Ok(stored)
}

/// What a violated unique index means to the person who chose the name or domain, also when they change it.
#[must_use]
pub fn refusal(table: Table, error: DbError) -> Error {
    let (what, names, domains, slugs) = match table {
        Table::Tenant => ("A tenant", "tenants_name", "tenants_domain", "tenants_slug"),
        Table::Organization => {
            ("An organization", "organizations_name", "organizations_domain", "organizations_slug")
        }
    };
    if unique_violation(&error, names) {
        Error::BadRequest(format!("{what} with this name already exists"))
    } else if unique_violation(&error, domains) {
        Error::BadRequest(format!("{what} with this domain already exists"))
    } else if unique_violation(&error, slugs) {
        Error::Conflict("The name has just been taken: try again".to_owned())
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_words_with_hyphens() {
        let cases = [
            ("First Bank of Risk", "first-bank-of-risk"),
            ("  A - B -- C  ", "a-b-c"),
            ("R&D, Zürich 2", "rd-zrich-2"),
            ("-already-a-slug-", "already-a-slug"),
            ("銀行", "tenant"),
            ("- -", "tenant"),
        ];
        for (name, expected) in cases {
            assert_eq!(slug(name, "tenant"), expected, "{name}");
        }
    }

    #[test]
    fn join_tokens_are_long_plain_and_different() {
        let (one, other) = (join_token(), join_token());
        assert!(one.len() == 32 && one.chars().all(|c| c.is_ascii_alphanumeric()), "{one}");
        assert_ne!(one, other);
    }
}
