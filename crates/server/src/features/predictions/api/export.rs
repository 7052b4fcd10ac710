//! Lists as files.

use accunode_domain::{Error, Kind};
use axum::{extract::State, response::Response};
use serde_json::Value;

use super::{FilterParams, OrganizationParam};
use crate::{
    features::predictions::service::{self, List},
    http::{
        auth::{
            Can,
            grant::{PredictionRead, PredictionReadSystem},
        },
        body::Query,
        problem::{ApiResult, Detail},
        table::FormatParam,
    },
    state::AppState,
};

/// What was asked for, for the audit log.
fn asked(filter: &FilterParams, organization: Option<&OrganizationParam>) -> Result<Value, Error> {
    let mut all = serde_json::Map::new();
    let organization = organization.map(serde_json::to_value).transpose().map_err(Error::internal)?;
    for part in [serde_json::to_value(filter).map_err(Error::internal)?].into_iter().chain(organization) {
        if let Value::Object(part) = part {
            all.extend(part.into_iter().filter(|(_, value)| !value.is_null()));
        }
    }
    Ok(Value::Object(all))
}

/// The caller's own list as a file.
async fn own(
    state: &AppState,
    caller: &Can<PredictionRead>,
    kind: Kind,
    FormatParam { format }: FormatParam,
    filter: &FilterParams,
    organization: &OrganizationParam,
) -> ApiResult<Response> {
    let (narrowed, asked) = (filter.within(organization)?, asked(filter, Some(organization))?);
    let (table, rows) = service::export(state, caller, kind, List::Own, narrowed, asked, format).await?;
    Ok(table.answer(format, state.clock.now(), rows).await?)
}

/// The platform's list as a file.
async fn system(
    state: &AppState,
    caller: &Can<PredictionReadSystem>,
    kind: Kind,
    FormatParam { format }: FormatParam,
    filter: &FilterParams,
) -> ApiResult<Response> {
    let (narrowed, asked) = (filter.filter()?, asked(filter, None)?);
    let (table, rows) = service::export(state, caller, kind, List::System, narrowed, asked, format).await?;
    Ok(table.answer(format, state.clock.now(), rows).await?)
}

/// The list of annual predictions as a file that can be uploaded again, with the results beside what was given.
#[utoipa::path(
    get, path = "/predictions/annual/export", tag = "predictions",
    params(FormatParam, FilterParams, OrganizationParam), security(("bearer" = [])),
    responses(
        (status = OK, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = FORBIDDEN, description = "organization_id by a role below tenant_admin", body = Detail),
        (status = PAYLOAD_TOO_LARGE, description = "More than XLSX holds", body = Detail),
    )
)]
pub async fn export_annual(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Query(format): Query<FormatParam>,
    Query(filter): Query<FilterParams>,
    Query(organization): Query<OrganizationParam>,
) -> ApiResult<Response> {
    own(&state, &caller, Kind::Annual, format, &filter, &organization).await
}

/// The platform's annual predictions as a file that can be uploaded again, with the results beside what was given.
#[utoipa::path(
    get, path = "/predictions/annual/system/export", tag = "predictions",
    params(FormatParam, FilterParams), security(("bearer" = [])),
    responses(
        (status = OK, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = PAYLOAD_TOO_LARGE, description = "More than XLSX holds", body = Detail),
    )
)]
pub async fn export_system_annual(
    State(state): State<AppState>,
    caller: Can<PredictionReadSystem>,
    Query(format): Query<FormatParam>,
    Query(filter): Query<FilterParams>,
) -> ApiResult<Response> {
    system(&state, &caller, Kind::Annual, format, &filter).await
}

/// The list of quarterly predictions as a file that can be uploaded again, with the results beside what was given.
#[utoipa::path(
    get, path = "/predictions/quarterly/export", tag = "predictions",
    params(FormatParam, FilterParams, OrganizationParam), security(("bearer" = [])),
    responses(
        (status = OK, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = FORBIDDEN, description = "organization_id by a role below tenant_admin", body = Detail),
        (status = PAYLOAD_TOO_LARGE, description = "More than XLSX holds", body = Detail),
    )
)]
pub async fn export_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Query(format): Query<FormatParam>,
    Query(filter): Query<FilterParams>,
    Query(organization): Query<OrganizationParam>,
) -> ApiResult<Response> {
    own(&state, &caller, Kind::Quarterly, format, &filter, &organization).await
}

/// The platform's quarterly predictions as a file that can be uploaded again, with the results beside what was given.
#[utoipa::path(
    get, path = "/predictions/quarterly/system/export", tag = "predictions",
    params(FormatParam, FilterParams), security(("bearer" = [])),
    responses(
        (status = OK, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = PAYLOAD_TOO_LARGE, description = "More than XLSX holds", body = Detail),
    )
)]
pub async fn export_system_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionReadSystem>,
    Query(format): Query<FormatParam>,
    Query(filter): Query<FilterParams>,
) -> ApiResult<Response> {
    system(&state, &caller, Kind::Quarterly, format, &filter).await
}
