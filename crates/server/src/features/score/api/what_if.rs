//! A row as it is beside the same row with some ratios changed.

use accunode_domain::{Kind, Ratio, Result};
use accunode_scoring::Driver;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ModelInUse, RatioValues, Scored, explanation::state_of, row};
use crate::{
    features::score::service::{self, Row},
    http::{
        auth::{Can, grant::ScoreRun},
        body::Fields,
        problem::ApiResult,
    },
    state::AppState,
};

/// A row and what to change.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape
pub struct NewWhatIf {
    /// `annual` or `quarterly`.
    kind: String,
    /// The row as it is.
    base: RatioValues,
    /// The ratios that change, at least one, with their new values.
    changes: RatioValues,
}

/// Both scores and what the difference comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhatIf {
    /// Always true.
    pub success: bool,
    /// What gave the scores.
    pub model: ModelInUse,
    /// The row as it is.
    pub before: Scored,
    /// The changed row.
    pub after: Scored,
    /// Log-odds of the row as it is.
    pub before_log_odds: f64,
    /// Log-odds of the changed row.
    pub after_log_odds: f64,
    /// Every ratio, the largest difference first. The differences sum to that of the log-odds.
    pub drivers: Vec<RatioDriver>,
}

/// One ratio's part in the difference.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatioDriver {
    /// The ratio.
    pub ratio: &'static str,
    /// As it is.
    pub before: RatioState,
    /// Changed.
    pub after: RatioState,
    /// What the log-odds gain between the two. A ratio that did not change has a part too where what it counts for
    /// depends on others.
    pub difference: f64,
}

/// A ratio in a row and what it contributes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatioState {
    /// Its value; null when missing or not meaningful.
    pub value: Option<f64>,
    /// `value`, `missing` or `not_meaningful`.
    pub state: &'static str,
    /// What it adds to the log-odds.
    pub contribution: f64,
}

impl RatioState {
    fn new(ratio: Ratio, contribution: f64) -> Self {
        Self { value: ratio.value(), state: state_of(ratio), contribution }
    }
}

impl From<Driver> for RatioDriver {
    fn from(driver: Driver) -> Self {
        Self {
            ratio: driver.ratio,
            before: RatioState::new(driver.before, driver.contribution_before),
            after: RatioState::new(driver.after, driver.contribution_after),
            difference: driver.difference,
        }
    }
}

/// The kind, the row as it is, and the changed one.
fn read(mut fields: Fields) -> Result<(Kind, Row, Row)> {
    let Some(kind) = fields.kind() else {
        return fields.finish((Kind::Annual, Row::default(), Row::default()));
    };
    let base = fields.object("base", |fields| row(kind, fields)).unwrap_or_default();
    let changes = fields.object("changes", |fields| changes(kind, fields));
    if changes.as_ref().is_some_and(Vec::is_empty) {
        fields.invalid("changes", "at least one ratio is expected");
    }
    let mut after = base.clone();
    for (index, (ratio, sentinel)) in changes.unwrap_or_default() {
        // Without a base there is nothing to change, and an error noted.
        if let (Some(to), Some(flag)) = (after.ratios.get_mut(index), after.sentinel.get_mut(index)) {
            (*to, *flag) = (ratio, sentinel);
        }
    }
    fields.finish((kind, base, after))
}

/// The ratios that are there, by their positions; nothing else may be.
fn changes(kind: Kind, fields: &mut Fields) -> Vec<(usize, (Ratio, bool))> {
    let names: Vec<&str> = kind.ratios().iter().map(|spec| spec.name).collect();
    fields.only(&names);
    let there: Vec<usize> =
        (0..names.len()).filter(|index| fields.names().any(|name| name == names[*index])).collect();
    there.into_iter().map(|index| (index, fields.ratio(names[index]))).collect()
}

/// Compare a row with what it would be with other values, without storing anything.
#[utoipa::path(
    post, path = "/score/what-if", tag = "score", request_body = NewWhatIf,
    security(("bearer" = [])),
    responses((status = OK, body = WhatIf))
)]
pub async fn what_if(
    State(state): State<AppState>,
    caller: Can<ScoreRun>,
    fields: Fields,
) -> ApiResult<Json<WhatIf>> {
    let (kind, before, after) = read(fields)?;
    Ok(Json(service::what_if(&state, &caller, kind, before, after).await?))
}
