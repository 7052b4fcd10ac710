//! SQL of recognising callers.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

use super::super::store::{place_active, placed};
use crate::caller::{Place, Versions};

/// Everything about who calls: $1 people with their sign-ins as a JSON list of pairs, $2 the time, $3 the system's id.
///
/// The list comes as one value of a size that the planner does not look at, so that the plan is the same for any and is
/// kept; behind a limit that it cannot see either it reckons with ten of them, and so looks large tables up by their
/// indexes. Joins in place of subqueries, so that an index or the whole of a small table is used once for all.
macro_rules! signed_in {
    ($asked:literal, $tenant_of_scale:literal) => {
        concat!(
            "SELECT u.id, a.session, u.email, u.role, COALESCE(o.tenant_id, u.tenant_id) AS tenant_id,
                u.organization_id, u.is_active, CAST(u.token_version AS BIGINT) AS token_version,
                u.must_change_password, ", place_active!(), ",
                a.session IS NULL OR s.id IS NOT NULL AS session_holds,
                COALESCE((SELECT m.id FROM master_scales m WHERE ", $tenant_of_scale, " = t.id
                          ORDER BY m.version DESC LIMIT 1),
                         (SELECT m.id FROM master_scales m WHERE ", $tenant_of_scale, " = $3
                          ORDER BY m.version DESC LIMIT 1)) AS scale,
                COALESCE(o.allow_global_data_access, FALSE) AS sees_global,
                COALESCE(own.version, 0) AS own,
                CASE u.role WHEN 'super_admin' THEN
                         COALESCE((SELECT CAST(SUM(v.version) AS BIGINT) FROM data_versions v), 0)
                     WHEN 'tenant_admin' THEN
                         COALESCE((SELECT CAST(SUM(v.version) AS BIGINT) FROM data_versions v
                                   JOIN organizations r ON r.id = v.owner WHERE r.tenant_id = t.id), 0)
                     ELSE COALESCE(shared.version, 0)
                END AS shared,
                COALESCE((SELECT v.version FROM data_versions v WHERE v.owner = $3), 0) AS system
             FROM (", $asked, ") a
             JOIN users u ON u.id = a.person AND u.deleted_at IS NULL",
            placed!(),
            " LEFT JOIN sessions s ON s.id = a.session AND s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > $2
              LEFT JOIN data_versions own ON own.owner = u.id
              LEFT JOIN data_versions shared ON shared.owner = o.id"
        )
    };
}

sql! {
    SIGNED_IN {
        pg: signed_in!("SELECT CAST(e.value ->> 0 AS uuid) AS person, CAST(e.value ->> 1 AS uuid) AS session
                        FROM jsonb_array_elements(CAST($1 AS jsonb)) e LIMIT (SELECT 1000)",
                       "coalesce(m.tenant_id, '00000000-0000-0000-0000-000000000000')"),
        lite: signed_in!("SELECT unhex(json_extract(e.value, '$[0]')) AS person,
                                 unhex(json_extract(e.value, '$[1]')) AS session FROM json_each($1) e",
                         "coalesce(m.tenant_id, x'00000000000000000000000000000000')")
    };
}

/// An account, its sign-in and what counts at its place, as they are at the moment.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct SignedIn {
    /// The account's id.
    pub(crate) id: Uuid,
    /// The sign-in that was asked for.
    pub(crate) session: Option<Uuid>,
    /// The account's address.
    pub(crate) email: String,
    /// Role by name.
    pub(crate) role: String,
    /// Its tenant.
    pub(crate) tenant_id: Option<Uuid>,
    /// Its organization.
    pub(crate) organization_id: Option<Uuid>,
    /// False when somebody switched it off.
    pub(crate) is_active: bool,
    /// False when its organization or tenant is switched off or archived.
    pub(crate) place_active: bool,
    /// Tokens of an older version are void.
    pub(crate) token_version: i64,
    /// Whether the password must be changed first.
    pub(crate) must_change_password: bool,
    /// Whether the sign-in is neither revoked nor over.
    pub(crate) session_holds: bool,
    scale: Option<Uuid>,
    sees_global: bool,
    own: i64,
    shared: i64,
    system: i64,
}

impl SignedIn {
    /// What counts at its place.
    pub(crate) const fn place(&self) -> Place {
        let versions = Versions { own: self.own, shared: self.shared, system: self.system };
        Place { scale: self.scale, sees_global: self.sees_global, versions }
    }
}

/// The accounts with these ids, what counts at their places, and whether these sign-ins of them hold; a person without
/// a sign-in is asked for none.
pub(super) async fn signed_in(
    tx: &mut Tx,
    people: impl IntoIterator<Item = (Uuid, Option<Uuid>)>,
    now: Timestamp,
) -> Result<Vec<SignedIn>> {
    let pair = |(person, session): (Uuid, Option<Uuid>)| {
        serde_json::json!([person.simple().to_string(), session.map(|id| id.simple().to_string())])
    };
    let list = serde_json::Value::from_iter(people.into_iter().map(pair)).to_string();
    Ok(on!(tx, SIGNED_IN, |c, sql| {
        sqlx::query_as(sql).bind(&list).bind(now).bind(Uuid::nil()).fetch_all(c).await
    })?)
}
