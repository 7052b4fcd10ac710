//! The caller's own account and its surroundings.

use accunode_db::Tx;
use accunode_domain::{Actor, Result, Role};

use crate::{
    features::users::{
        api::me::{Me, OrganizationOverview, OwnTenant, TenantOverview},
        store,
    },
    state::AppState,
};

/// The caller with what their role sees of its surroundings.
///
/// # Errors
/// When the database fails.
pub async fn me(state: &AppState, actor: &Actor) -> Result<Me> {
    let mut tx = state.db.scoped_read(actor).await?;
    let user = store::user(&mut tx, actor.user_id.0).await?;
    let (access_level, permissions) = surroundings(actor);
    let mut me = Me {
        user,
        access_level: access_level.to_owned(),
        permissions: permissions.iter().map(|p| (*p).to_owned()).collect(),
        organization: None,
        tenant: None,
        tenants: None,
        organizations: None,
        organization_members: None,
        total_tenants: None,
        total_organizations: None,
    };
    match actor.role {
        Role::SuperAdmin => platform(&mut tx, &mut me).await?,
        Role::TenantAdmin => tenant(&mut tx, actor, &mut me).await?,
        Role::OrgAdmin | Role::OrgMember => organization(&mut tx, actor, &mut me).await?,
        Role::User => {}
    }
    Ok(me)
}

/// The access level and the permissions' names that clients know.
fn surroundings(actor: &Actor) -> (&'static str, &'static [&'static str]) {
    match (actor.role, actor.organization_id, actor.tenant_id) {
        (Role::SuperAdmin, _, _) => (
            "global",
            &[
                "manage_all_tenants",
                "manage_all_organizations",
                "manage_all_users",
                "view_all_predictions",
                "create_global_predictions",
            ],
        ),
        (Role::TenantAdmin, _, Some(_)) => {
            ("tenant", &["manage_tenant_organizations", "manage_tenant_users", "view_tenant_predictions"])
        }
        (Role::OrgAdmin, Some(_), _) => (
            "organization",
            &["manage_organization_users", "manage_organization_predictions", "bulk_upload_predictions"],
        ),
        (Role::OrgMember, Some(_), _) => (
            "organization",
            &["create_predictions", "view_organization_predictions", "update_own_predictions"],
        ),
        _ => (
            "personal",
            &["create_personal_predictions", "view_personal_predictions", "view_global_predictions"],
        ),
    }
}

async fn platform(tx: &mut Tx, me: &mut Me) -> Result<()> {
    let organizations = store::organizations(tx, None).await?;
    let tenants: Vec<OwnTenant> = store::tenants(tx).await?;
    me.total_tenants = Some(count(&tenants));
    me.total_organizations = Some(count(&organizations));
    let of = |t: &OwnTenant| -> Vec<OrganizationOverview> {
        organizations.iter().filter(|o| o.tenant_id == Some(t.id)).cloned().collect()
    };
    let overview = |t: OwnTenant| TenantOverview {
        organizations: of(&t),
        id: t.id,
        name: t.name,
        slug: t.slug,
        domain: t.domain,
        description: t.description,
        is_active: t.is_active,
    };
    me.tenants = Some(tenants.into_iter().map(overview).collect());
    Ok(())
}

fn count<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

async fn tenant(tx: &mut Tx, actor: &Actor, me: &mut Me) -> Result<()> {
    if let Some(tenant) = actor.tenant_id {
        me.tenant = Some(store::tenant(tx, tenant.0).await?);
        me.organizations = Some(store::organizations(tx, Some(tenant.0)).await?);
    }
    Ok(())
}

async fn organization(tx: &mut Tx, actor: &Actor, me: &mut Me) -> Result<()> {
    let Some(id) = actor.organization_id else { return Ok(()) };
    let mut organization = store::organization(tx, id.0).await?;
    if actor.role == Role::OrgAdmin {
        me.organization_members = Some(store::members(tx, id.0).await?);
    } else {
        // Whoever holds the token can let people in: that is the administrators' business.
        organization.join_token = None;
    }
    if let Some(id) = organization.tenant_id {
        let tenant = store::tenant(tx, id).await?;
        // How large the customer is is its administrators' business too.
        me.tenant = Some(OwnTenant { total_organizations: None, total_users: None, ..tenant });
    }
    me.organization = Some(organization);
    Ok(())
}
