//! The smallest change of each single ratio that reaches a wanted level.

use accunode_domain::{Kind, Result, RiskLevel};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ModelInUse, RatioValues, Scored, row};
use crate::{
    features::{
        predictions::api::QualityNote,
        score::service::{self, Row, Wanted},
    },
    http::{
        auth::{Can, grant::ScoreRun},
        body::{Fields, plain},
        problem::ApiResult,
    },
    state::AppState,
};

/// Longest text that is taken for a grade's or a level's name, in characters.
const MAX_NAME: usize = 100;

/// A row and what it should become: `grade` or `risk_level`, one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape
pub struct NewTarget {
    /// `annual` or `quarterly`.
    kind: String,
    /// The row as it is.
    base: RatioValues,
    /// A grade of the master scale that is in force for the caller.
    grade: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    risk_level: Option<String>,
}

/// What each ratio alone would have to become.
#[derive(Debug, Serialize, ToSchema)]
pub struct Targets {
    /// Always true.
    pub success: bool,
    /// What gave the scores.
    pub model: ModelInUse,
    /// The row as it is.
    pub current: Scored,
    /// The wanted grade or risk level.
    pub wanted: String,
    /// `better`, `worse`, or `reached` where the row has it already; then there are no targets.
    pub direction: &'static str,
    /// Each ratio of the kind, in its order.
    pub targets: Vec<RatioTarget>,
}

/// What one ratio alone can do, all others staying as they are.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatioTarget {
    /// The ratio.
    pub ratio: &'static str,
    /// Its value as it is; null when missing or not meaningful.
    pub from: Option<f64>,
    /// `value`, `missing` or `not_meaningful`.
    pub state: &'static str,
    /// Whether any value reaches what is wanted.
    pub reachable: bool,
    /// The nearest value that does; for a ratio without a value the least extreme one.
    pub to: Option<RatioStep>,
}

/// A value that reaches what is wanted.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatioStep {
    /// A plain number just beyond `bound`.
    pub value: f64,
    /// No value nearer to the present one reaches what is wanted.
    pub bound: f64,
    /// `value` less the present one; null where there is none.
    pub change: Option<f64>,
    /// The probability with this value.
    pub probability: f64,
    /// Its risk level.
    pub risk_level: &'static str,
    /// Its grade.
    pub grade: String,
    /// What is odd about this value.
    #[schema(inline)]
    pub quality: Vec<QualityNote>,
}

fn read(mut fields: Fields) -> Result<(Kind, Row, Wanted)> {
    let kind = fields.kind();
    let base = kind.and_then(|kind| fields.object("base", |fields| row(kind, fields)));
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let grade = some(fields.optional_text("grade", MAX_NAME, plain));
    let known = |text: &str| text.parse::<RiskLevel>().map(|level| level.as_str().to_owned());
    let level = some(fields.optional_text("risk_level", MAX_NAME, known));
    let wanted = match (grade, level.and_then(|level| level.parse().ok())) {
        (Some(grade), None) => Wanted::Grade(grade),
        (None, Some(level)) => Wanted::Level(level),
        (grade, _) => {
            // A name that was refused has been noted already.
            if grade.is_some() || !fields.is_noted("risk_level") && !fields.is_noted("grade") {
                fields.invalid("grade", "either a grade or a risk_level is expected, one of the two");
            }
            Wanted::Level(RiskLevel::Low)
        }
    };
    fields.finish((kind.unwrap_or(Kind::Annual), base.unwrap_or_default(), wanted))
}

/// For each ratio alone find the smallest change that reaches a grade or a risk level, or one better where the row
/// is worse, or one worse where it is better. Nothing is stored.
#[utoipa::path(
    post, path = "/score/target", tag = "score", request_body = NewTarget,
    security(("bearer" = [])),
    responses((status = OK, body = Targets))
)]
pub async fn target(
    State(state): State<AppState>,
    caller: Can<ScoreRun>,
    fields: Fields,
) -> ApiResult<Json<Targets>> {
    let (kind, base, wanted) = read(fields)?;
    Ok(Json(service::target(&state, &caller, kind, base, wanted).await?))
}
