//! Operations on models.

use accunode_db::Timestamp;
use accunode_domain::{Error, Kind, ModelId, Result};
use accunode_scoring::archive;
use accunode_sheets::validate;
use axum::{
    Json,
    extract::{Request, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{content::Content, service};
use crate::{
    http::{
        auth::{
            Can,
            grant::{ModelManage, ModelRead},
        },
        body::{Fields, Id, Query},
        form,
        paging::SkipLimit,
        problem::{ApiResult, Detail, ValidationProblem},
    },
    listing::given,
    state::AppState,
};

/// Which models.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KindParam {
    /// `annual` or `quarterly`; both without it.
    kind: Option<String>,
}

impl KindParam {
    fn kind(&self) -> Result<Option<Kind>> {
        given(self.kind.as_deref()).map(parsed).transpose()
    }
}

fn parsed(kind: &str) -> Result<Kind> {
    kind.parse().map_err(|_| Error::field("kind", "Invalid kind: annual or quarterly is expected"))
}

/// A model without its contents.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// Id.
    pub id: Uuid,
    /// `annual` or `quarterly`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 over its files: what predictions name as their model.
    pub hash: String,
    /// `shipped` with the program, or `imported`.
    pub origin: String,
    /// How many rows with expected scores came along, all of which it answered.
    pub golden_rows: i64,
    /// Whether new predictions of its kind are made with it.
    pub in_use: bool,
    /// Who imported it; for super_admin.
    pub imported_by: Option<Uuid>,
    /// Their address; for super_admin.
    pub imported_by_email: Option<String>,
    /// When it was imported, or first seen.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A part of the list of models.
#[derive(Debug, Serialize, ToSchema)]
pub struct Models {
    /// Newest first.
    pub models: Vec<Model>,
    /// How many there are.
    pub total: i64,
    /// Models passed over.
    pub skip: i64,
    /// Models on a full page.
    pub limit: i64,
}

/// A model with what it holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelDetail {
    /// The model.
    #[serde(flatten)]
    pub about: Model,
    /// Ratios, members, calibration and thresholds.
    pub content: Content,
    /// The model card, as its makers wrote it (Markdown).
    pub card: Option<String>,
}

/// That a model was brought into use.
#[derive(Debug, Serialize, ToSchema)]
pub struct Activation {
    /// `annual` or `quarterly`.
    pub kind: String,
    /// Counts the changes of a kind, from 1; the highest is in force.
    pub number: i64,
    /// The model.
    pub model_id: Uuid,
    /// Its name.
    pub model_name: String,
    /// Its version.
    pub model_version: String,
    /// Its hash.
    pub model_hash: String,
    /// Who did it; for super_admin.
    pub activated_by: Option<Uuid>,
    /// Their address; for super_admin.
    pub activated_by_email: Option<String>,
    /// Why; for super_admin.
    pub reason: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A part of the history.
#[derive(Debug, Serialize, ToSchema)]
pub struct Activations {
    /// Newest first.
    pub activations: Vec<Activation>,
    /// How many there are.
    pub total: i64,
    /// Entries passed over.
    pub skip: i64,
    /// Entries on a full page.
    pub limit: i64,
}

/// Why another model comes into use.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Why {
    /// For the history and the audit log.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// A model's archive.
#[derive(ToSchema)]
#[allow(dead_code)] // the document's shape; the handler streams the body
pub struct ModelForm {
    /// `.zip` with `manifest.json`, the files that it names, and `golden.csv`.
    #[schema(format = Binary)]
    file: String,
}

/// The models that there are: shipped with the program or imported.
#[utoipa::path(
    get, path = "/models", tag = "models", params(KindParam, SkipLimit), security(("bearer" = [])),
    responses((status = OK, body = Models))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Can<ModelRead>,
    Query(params): Query<KindParam>,
    Query(page): Query<SkipLimit>,
) -> ApiResult<Json<Models>> {
    Ok(Json(service::list(&state, &caller, params.kind()?, page.window()?).await?))
}

/// One model: what it holds, and its card.
#[utoipa::path(
    get, path = "/models/{id}", tag = "models", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model")),
    responses(
        (status = OK, body = ModelDetail),
        (status = NOT_FOUND, description = "No such model", body = Detail),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Can<ModelRead>,
    Id(id): Id<ModelId>,
) -> ApiResult<Json<ModelDetail>> {
    Ok(Json(service::get(&state, &caller, id).await?))
}

/// Import a model. It is parsed and tried on the rows of its `golden.csv`; nothing in it is executed, and it is not in
/// use before another super_admin activates it.
#[utoipa::path(
    post, path = "/models", tag = "models", security(("bearer" = [])),
    request_body(content = ModelForm, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = Model),
        (status = BAD_REQUEST, description = "Not a sound bundle: which file, line and reason", body = Detail),
        (status = CONFLICT, description = "The model is there already", body = Detail),
        (status = UNPROCESSABLE_ENTITY, description = "No file in the form", body = ValidationProblem),
    )
)]
pub async fn import(
    State(state): State<AppState>,
    caller: Can<ModelManage>,
    request: Request,
) -> ApiResult<Json<Model>> {
    let id = ModelId::new();
    let place = |_: &str| Ok(form::Place::at(service::import::key(id)));
    let file = form::store_file(&state, request, archive::MAX_ARCHIVE, place).await?;
    Ok(Json(service::import::import(&state, &caller, id, file).await?))
}

/// Bring a model into use for its kind, on every server. An imported one is activated by another super_admin than the
/// one who imported it.
#[utoipa::path(
    post, path = "/models/{id}/activate", tag = "models", security(("bearer" = [])), request_body = Why,
    params(("id" = Uuid, Path, description = "The model")),
    responses(
        (status = OK, body = Activation),
        (status = FORBIDDEN, description = "By whoever imported it", body = Detail),
        (status = NOT_FOUND, description = "No such model", body = Detail),
        (status = CONFLICT, description = "It is in use already", body = Detail),
    )
)]
pub async fn activate(
    State(state): State<AppState>,
    caller: Can<ModelManage>,
    Id(id): Id<ModelId>,
    mut fields: Fields,
) -> ApiResult<Json<Activation>> {
    let reason = reason(&mut fields);
    let reason = fields.finish(reason)?;
    Ok(Json(service::activate(&state, &caller, id, reason.as_deref()).await?))
}

/// Bring the model back that was in use before the present one.
#[utoipa::path(
    post, path = "/models/active/{kind}/rollback", tag = "models", security(("bearer" = [])), request_body = Why,
    params(("kind" = String, Path, description = "`annual` or `quarterly`")),
    responses(
        (status = OK, body = Activation),
        (status = CONFLICT, description = "No other model has been in use", body = Detail),
    )
)]
pub async fn rollback(
    State(state): State<AppState>,
    caller: Can<ModelManage>,
    Id(kind): Id<String>,
    mut fields: Fields,
) -> ApiResult<Json<Activation>> {
    let reason = reason(&mut fields);
    let reason = fields.finish(reason)?;
    Ok(Json(service::roll_back(&state, &caller, parsed(&kind)?, reason.as_deref()).await?))
}

fn reason(fields: &mut Fields) -> Option<String> {
    fields
        .optional_text("reason", 500, |text| validate::plain_text(text, 500))
        .filter(|text| !text.is_empty())
}

/// Which models were brought into use, newest first.
#[utoipa::path(
    get, path = "/models/activations", tag = "models", params(KindParam, SkipLimit), security(("bearer" = [])),
    responses((status = OK, body = Activations))
)]
pub async fn history(
    State(state): State<AppState>,
    caller: Can<ModelRead>,
    Query(params): Query<KindParam>,
    Query(page): Query<SkipLimit>,
) -> ApiResult<Json<Activations>> {
    Ok(Json(service::history(&state, &caller, params.kind()?, page.window()?).await?))
}
