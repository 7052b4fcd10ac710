//! Join tokens, and the switch for the system's companies.

use accunode_domain::{Error, OrganizationId, Permission, Result};
use serde_json::json;

use super::{event, find, hold};
use crate::{
    audit,
    caller::Caller,
    features::{
        accounts::places::{JOIN_TOKEN_LIFETIME, join_token},
        organizations::{
            api::{
                Organization,
                access::{Explanation, GlobalData, GlobalDataChanged, GlobalDataSwitch, Impact, NewToken},
            },
            store,
        },
    },
    state::AppState,
};

/// Makes a new join token; the old one opens nothing any more.
///
/// # Errors
/// As [`find`].
pub(crate) async fn regenerate_token(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
) -> Result<NewToken> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = hold(&mut tx, caller, Permission::OrganizationToken, id).await?;
    let (token, expires_at) = (join_token(), now + JOIN_TOKEN_LIFETIME);
    store::replace_token(&mut tx, row.id, &token, now, expires_at).await?;
    // When it was made and when it ends, but never the token.
    let event = event("organization.join_token.regenerate", &row)
        .before(json!({ "join_created_at": row.join_created_at, "join_expires_at": row.join_expires_at }))
        .after(json!({ "join_created_at": now, "join_expires_at": expires_at }));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(NewToken {
        message: "The new link works from now on; the old one no longer does".to_owned(),
        join_url: format!("/join/{token}"),
        new_token: token,
        expires_at,
    })
}

fn switch(o: &Organization) -> GlobalDataSwitch {
    GlobalDataSwitch { id: o.id, name: o.name.clone(), allow_global_data_access: o.allow_global_data_access }
}

/// What the platform's own team provides to everybody.
fn system_data() -> Vec<String> {
    vec!["Companies that the platform's team maintains, in the list and search of companies".to_owned()]
}

/// Says whether an organization's people see the system's companies.
///
/// # Errors
/// As [`find`]; [`Error::Invalid`] when it is not said which way.
pub(crate) async fn set_global_data(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    allow: Option<bool>,
) -> Result<GlobalDataChanged> {
    let allow = allow.ok_or_else(|| Error::field("allow_access", "Allow Access is required"))?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let before = hold(&mut tx, caller, Permission::OrganizationGlobalData, id).await?;
    let mut after = before.clone();
    if before.allow_global_data_access != allow {
        after.allow_global_data_access = allow;
        store::update(&mut tx, &after, now).await?;
        let event = event("organization.global_data.change", &after)
            .before(json!({ "allow_global_data_access": before.allow_global_data_access }))
            .after(json!({ "allow_global_data_access": allow }));
        audit::record(&mut tx, caller, event, now).await?;
        tx.commit().await?;
    }
    Ok(GlobalDataChanged {
        success: true,
        message: format!("{} {} the system's companies", after.name, sees(allow)),
        organization: switch(&after),
        impact: Impact {
            description: format!("From its next request on, everybody in {} {}", after.name, meaning(allow)),
            affected_data: system_data(),
            security_note: "Nothing can be changed by it, and nobody's personal companies and no other \
                            organization's are shown by it"
                .to_owned(),
        },
    })
}

const fn sees(allow: bool) -> &'static str {
    if allow { "now sees" } else { "no longer sees" }
}

const fn meaning(allow: bool) -> &'static str {
    if allow {
        "finds the system's companies beside those of the organization"
    } else {
        "finds the organization's own companies and no others"
    }
}

/// Whether an organization's people see the system's companies, and what that means.
///
/// # Errors
/// As [`find`].
pub(crate) async fn global_data(state: &AppState, caller: &Caller, id: OrganizationId) -> Result<GlobalData> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = find(&mut tx, caller, Permission::OrganizationRead, id).await?;
    let allowed = row.allow_global_data_access;
    Ok(GlobalData {
        success: true,
        organization: switch(&row),
        explanation: Explanation {
            current_setting: if allowed { "enabled" } else { "disabled" }.to_owned(),
            meaning: format!("Everybody in {} {}", row.name, meaning(allowed)),
            global_data_includes: system_data(),
        },
    })
}
