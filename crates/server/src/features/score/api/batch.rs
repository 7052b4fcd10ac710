//! Score up to a thousand rows at once.

use accunode_domain::Result;
use accunode_sheets::validate::{self, MAX_SYMBOL};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ModelInUse, RatioValues, Scored, explanation::Explanation, row};
use crate::{
    features::score::service::{self, Label, Request},
    http::{
        auth::{Can, grant::ScoreRun},
        body::{Fields, plain},
        problem::ApiResult,
    },
    state::AppState,
};

/// Most rows of one request.
const MAX_ROWS: usize = 1000;
/// Longest mark of a row, in characters.
const MAX_ID: usize = 100;

/// Rows to score.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape
pub struct NewScores {
    /// `annual` or `quarterly`.
    kind: String,
    /// The rows.
    #[schema(min_items = 1, max_items = 1000)]
    rows: Vec<NewRow>,
    /// Whether to say why.
    explain: Option<bool>,
}

/// A row to score.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape
pub struct NewRow {
    /// Any mark, given back with the score.
    #[schema(max_length = 100)]
    id: Option<String>,
    /// A company's symbol, given back in capitals with the score.
    #[schema(max_length = 20)]
    company_symbol: Option<String>,
    #[serde(flatten)]
    ratios: RatioValues,
}

/// The scores of all rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scores {
    /// Always true.
    pub success: bool,
    /// What gave the scores.
    pub model: ModelInUse,
    /// The rows in the order of the request.
    pub rows: Vec<ScoredRow>,
}

/// The score of one row of many.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoredRow {
    /// Position in the request, from 0.
    pub row: usize,
    /// As given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// As given, in capitals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_symbol: Option<String>,
    /// The score.
    #[serde(flatten)]
    pub score: Scored,
    /// Why, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

fn read(mut fields: Fields) -> Result<Request> {
    let kind = fields.kind();
    let explain = fields.flag("explain");
    // Without a kind nobody knows which ratios are due; the rows are still looked at as a list.
    let rows = fields.objects("rows", MAX_ROWS, |fields| {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let label = Label {
            id: some(fields.optional_text("id", MAX_ID, plain)),
            company_symbol: some(fields.optional_text(
                "company_symbol",
                MAX_SYMBOL,
                validate::company_symbol,
            )),
        };
        kind.map(|kind| (label, row(kind, fields)))
    });
    let (labels, rows) = rows.into_iter().flatten().unzip();
    // With an error noted, the stand-in is not used.
    let kind = kind.unwrap_or(accunode_domain::Kind::Annual);
    fields.finish(Request { kind, labels, rows, explain })
}

/// Score rows without storing anything. Each row must name all ratios of the kind; a ratio that is unknown is null.
#[utoipa::path(
    post, path = "/score", tag = "score", request_body = NewScores,
    security(("bearer" = [])),
    responses((status = OK, body = Scores))
)]
pub async fn rows(
    State(state): State<AppState>,
    caller: Can<ScoreRun>,
    fields: Fields,
) -> ApiResult<Json<Scores>> {
    Ok(Json(service::score(&state, &caller, read(fields)?).await?))
}
