//! Lists of people.

use accunode_domain::{Error, Result, Role};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::User;
use crate::{
    features::users::service::people::{self, Filter},
    http::{
        auth::{Can, grant::UserRead},
        body::Query,
        problem::{ApiResult, Detail},
    },
    listing::{Window, given},
    state::AppState,
};

/// Which people to list. `page` and `size` are another way to say `skip` and `limit`, and count when they are given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserParams {
    /// People to pass over.
    #[param(minimum = 0, default = 0)]
    skip: Option<i64>,
    /// People to give, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<i64>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<i64>,
    /// People a page, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    size: Option<i64>,
    /// Part of a full name, user name or address, in any case.
    #[param(max_length = 255)]
    search: Option<String>,
    /// Their organization.
    #[param(value_type = Option<String>, format = Uuid)]
    organization_id: Option<String>,
    /// Their tenant.
    #[param(value_type = Option<String>, format = Uuid)]
    tenant_id: Option<String>,
    /// `super_admin`, `tenant_admin`, `org_admin`, `org_member` or `user`.
    role: Option<String>,
    /// Whether they are switched on.
    is_active: Option<bool>,
}

impl UserParams {
    fn window(&self) -> Result<Window> {
        if self.page.is_some() || self.size.is_some() {
            Window::page(self.page.unwrap_or(1), "size", self.size.or(self.limit).unwrap_or(50))
        } else {
            Window::new(self.skip.unwrap_or(0), self.limit.unwrap_or(50))
        }
    }

    fn filter(&self) -> Result<Filter> {
        // Clients send the parameter without a value when nothing is chosen.
        let id = |field: &str, text: &Option<String>| -> Result<Option<Uuid>> {
            let id = given(text.as_deref()).map(str::parse).transpose();
            let name = field.replace('_', " ");
            id.map_err(|_| Error::field(field, format!("Invalid {name}: a UUID is expected")))
        };
        let role = given(self.role.as_deref()).map(str::parse::<Role>).transpose();
        Ok(Filter {
            organization: id("organization_id", &self.organization_id)?,
            tenant: id("tenant_id", &self.tenant_id)?,
            role: role.map_err(|e| Error::field("role", format!("Invalid role: {e}")))?,
            is_active: self.is_active,
            ..Filter::search(self.search.as_deref())?
        })
    }
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserPage {
    /// The people.
    pub users: Vec<User>,
    /// The same people, under the name that some clients read.
    pub items: Vec<User>,
    /// How many there are on all pages.
    pub total: i64,
    /// People passed over.
    pub skip: i64,
    /// People on a full page.
    pub limit: i64,
}

/// People: all for a super_admin, the tenant's for a tenant_admin, the organization's for an org_admin, and for
/// everybody else themselves. Newest first.
#[utoipa::path(
    get, path = "/users", tag = "users", params(UserParams), security(("bearer" = [])),
    responses(
        (status = OK, body = UserPage),
        (status = BAD_REQUEST, description = "A tenant_admin without tenant", body = Detail),
        (status = FORBIDDEN, description = "An API key without this permission", body = Detail),
        (status = NOT_FOUND, description = "A tenant_admin names an organization of no own tenant", body = Detail),
    )
)]
pub async fn list_users(
    State(state): State<AppState>,
    caller: Can<UserRead>,
    Query(params): Query<UserParams>,
) -> ApiResult<Json<UserPage>> {
    let window = params.window()?;
    let (users, total) = people::list(&state, &caller, &params.filter()?, window).await?;
    Ok(Json(UserPage { items: users.clone(), users, total, skip: window.skip, limit: window.limit }))
}
