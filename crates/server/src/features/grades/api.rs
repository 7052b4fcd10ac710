//! Operations on master scales.

use accunode_db::Timestamp;
use accunode_domain::{Grade, MasterScale, ScaleError, TenantId};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    service::{self, Change},
    store::ScaleRow,
};
use crate::{
    http::{
        auth::{
            Can,
            grant::{ScaleRead, ScaleUpdate},
        },
        body::{Fields, Query, chosen, plain},
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Whose scale.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScaleParams {
    /// A tenant's, for super_admin; everybody else may name the own one.
    #[serde(default, deserialize_with = "chosen")]
    pub tenant_id: Option<Uuid>,
}

/// A grade and its band: the probabilities above `lower`, up to and including `upper`.
#[derive(Debug, Serialize, ToSchema)]
pub struct GradeBand {
    /// Its name.
    pub grade: String,
    /// Where the band begins; 0 belongs to the first grade.
    pub lower: f64,
    /// Where it ends; null for the last grade, which has all that is above.
    pub upper: Option<f64>,
}

/// Whose a scale is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScaleOrigin {
    /// A tenant's own.
    Tenant,
    /// The platform's, for every tenant without one of its own.
    Platform,
    /// The one that the program brings along.
    BuiltIn,
}

/// A version of a master scale.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScaleView {
    /// Id; null for the built-in scale.
    pub id: Option<Uuid>,
    /// Whose it is.
    pub origin: ScaleOrigin,
    /// The tenant, if it is a tenant's.
    pub tenant_id: Option<Uuid>,
    /// From 1; 0 for the built-in scale.
    pub version: i32,
    /// Safest first.
    pub grades: Vec<GradeBand>,
    /// Why it was made.
    pub note: Option<String>,
    /// Since when; null for the built-in scale.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
}

impl ScaleView {
    pub(super) fn new(master: &MasterScale, row: &ScaleRow) -> Self {
        let origin = if row.tenant_id.is_some() { ScaleOrigin::Tenant } else { ScaleOrigin::Platform };
        Self {
            id: Some(row.id),
            origin,
            tenant_id: row.tenant_id,
            version: row.version,
            note: row.note.clone(),
            created_at: Some(row.created_at),
            grades: bands(master),
        }
    }

    pub(super) fn built_in() -> Self {
        Self {
            id: None,
            origin: ScaleOrigin::BuiltIn,
            tenant_id: None,
            version: 0,
            grades: bands(&MasterScale::built_in()),
            note: None,
            created_at: None,
        }
    }
}

fn bands(master: &MasterScale) -> Vec<GradeBand> {
    let band = |(rank, grade): (usize, &Grade)| GradeBand {
        grade: grade.grade.clone(),
        lower: master.band(rank).map_or(0.0, |(lower, _)| lower),
        upper: grade.upper,
    };
    master.grades().iter().enumerate().map(band).collect()
}

/// Versions of a master scale.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScaleVersions {
    /// Those of the tenant and of the platform, newest first, at most 200; the built-in scale is the last.
    pub versions: Vec<ScaleView>,
}

/// A grade of a scale to come.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewGrade {
    /// Its name, different from the others in any case.
    #[schema(min_length = 1, max_length = 10)]
    pub grade: String,
    /// The highest probability that still has it, above the one before and below 1; null for the last grade alone.
    pub upper: Option<f64>,
}

/// A master scale to come.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewScale {
    /// Safest first.
    #[schema(min_items = 2, max_items = 30)]
    pub grades: Vec<NewGrade>,
    /// Why.
    #[schema(max_length = 500)]
    pub note: Option<String>,
    /// The version that this one was made from, 0 where there was none: refused (409) when it is no longer the last.
    #[schema(minimum = 0)]
    pub expected_version: Option<i64>,
    /// For super_admin: the tenant; without it the platform's scale is meant.
    pub tenant_id: Option<Uuid>,
}

/// The master scale in force: the tenant's, else the platform's, else the built-in one.
#[utoipa::path(
    get, path = "/master-scale", tag = "grades", params(ScaleParams), security(("bearer" = [])),
    responses(
        (status = OK, body = ScaleView),
        (status = NOT_FOUND, description = "No such tenant", body = Detail),
    )
)]
pub async fn in_force(
    State(state): State<AppState>,
    caller: Can<ScaleRead>,
    Query(params): Query<ScaleParams>,
) -> ApiResult<Json<ScaleView>> {
    Ok(Json(service::in_force(&state, &caller, params.tenant_id.map(TenantId)).await?))
}

/// What the master scale was and is.
#[utoipa::path(
    get, path = "/master-scale/versions", tag = "grades", params(ScaleParams), security(("bearer" = [])),
    responses(
        (status = OK, body = ScaleVersions),
        (status = NOT_FOUND, description = "No such tenant", body = Detail),
    )
)]
pub async fn versions(
    State(state): State<AppState>,
    caller: Can<ScaleRead>,
    Query(params): Query<ScaleParams>,
) -> ApiResult<Json<ScaleVersions>> {
    let versions = service::versions(&state, &caller, params.tenant_id.map(TenantId)).await?;
    Ok(Json(ScaleVersions { versions }))
}

/// Change the master scale. What was scored before keeps its grade; new scores get theirs by the new version at once.
#[utoipa::path(
    put, path = "/master-scale", tag = "grades", security(("bearer" = [])), request_body = NewScale,
    responses(
        (status = OK, body = ScaleView),
        (status = NOT_FOUND, description = "No such tenant", body = Detail),
        (status = CONFLICT, description = "Somebody else has changed it", body = Detail),
    )
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Can<ScaleUpdate>,
    mut fields: Fields,
) -> ApiResult<Json<ScaleView>> {
    let master = scale(&mut fields);
    let note = fields.optional_text("note", 500, plain).filter(|note| !note.is_empty());
    let expected = fields.optional_integer("expected_version", 0..=i64::from(i32::MAX));
    let tenant = fields.optional_id("tenant_id").map(TenantId);
    let change = fields.finish(Change { master, note, expected, tenant })?;
    Ok(Json(service::change(&state, &caller, change).await?))
}

/// The grades of a request; the built-in ones in the place of what is noted as wrong.
fn scale(fields: &mut Fields) -> MasterScale {
    /// More than a scale may have, so that its own rule says what is wrong.
    const MOST: usize = 1_000;
    let list = fields.list("grades", MOST);
    let mut sound = !list.is_empty();
    let mut grades = Vec::with_capacity(list.len());
    for (i, item) in list.iter().enumerate() {
        let name = item.get("grade").and_then(Value::as_str);
        if name.is_none() {
            fields.invalid(&format!("grades[{i}].grade"), "text is expected");
        }
        let upper = item.get("upper").filter(|upper| !upper.is_null());
        if upper.is_some_and(|upper| upper.as_f64().is_none()) {
            fields.invalid(&format!("grades[{i}].upper"), "a number or null is expected");
            sound = false;
        }
        sound &= name.is_some();
        grades
            .push(Grade { grade: name.unwrap_or_default().to_owned(), upper: upper.and_then(Value::as_f64) });
    }
    if !sound {
        return MasterScale::built_in();
    }
    MasterScale::new(grades).unwrap_or_else(|ScaleError { place, reason }| {
        fields.invalid(&place, &reason);
        MasterScale::built_in()
    })
}
