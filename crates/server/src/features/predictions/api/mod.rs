//! Operations on predictions and the shapes they share.

pub mod create;
pub mod list;
mod rows;
pub mod system;

pub use rows::{AnnualPrediction, PredictionItem, QualityNote, QuarterlyPrediction};

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A ratio in a request: a number, numeric text, null (missing) or "NM" (not meaningful).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RatioInput {
    /// Any finite number.
    Number(f64),
    /// Numeric text, `N/A` or `NM`.
    Text(String),
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// From 1.
    #[serde(default = "first_page")]
    #[param(minimum = 1, default = 1)]
    pub page: i64,
    /// Rows a page, 1 to 1000.
    #[serde(default = "page_size")]
    #[param(minimum = 1, maximum = 1000, default = 10)]
    pub size: i64,
}

const fn first_page() -> i64 {
    1
}

const fn page_size() -> i64 {
    10
}

/// Where in a list a page stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Pagination {
    /// Rows in the whole list.
    pub total: i64,
    /// This page, from 1.
    pub page: i64,
    /// Rows a page.
    pub size: i64,
    /// Pages in all.
    pub pages: i64,
}

/// A page of predictions.
#[derive(Debug, Serialize, ToSchema)]
pub struct PredictionPage<T> {
    /// Always true.
    pub success: bool,
    /// Newest first.
    pub predictions: Vec<T>,
    /// Where this page stands.
    pub pagination: Pagination,
    /// As in `pagination`.
    pub total: i64,
    /// As in `pagination`.
    pub page: i64,
    /// As in `pagination`.
    pub size: i64,
    /// As in `pagination`.
    pub pages: i64,
}

impl<T> PredictionPage<T> {
    pub(super) fn new(predictions: Vec<T>, pagination: Pagination) -> Self {
        let Pagination { total, page, size, pages } = pagination;
        Self { success: true, predictions, pagination, total, page, size, pages }
    }
}
