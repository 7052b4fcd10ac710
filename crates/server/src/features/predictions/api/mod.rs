//! Operations on predictions and the shapes they share.

pub mod create;
pub mod export;
pub mod list;
pub mod one;
mod rows;
pub mod system;
pub mod versions;

pub(crate) use rows::Shown;
pub use rows::{AnnualPrediction, PredictionItem, QualityNote, QuarterlyPrediction};

use accunode_domain::Result;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::service::{Asked, Explained, Filter, Listed};
use crate::http::body::chosen;

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

/// Where in a list a page begins, for clients that do not count pages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CursorParam {
    /// What the page before gave as `next_cursor`: the page begins behind it, whatever was added meanwhile, and `page`
    /// is not looked at.
    #[param(max_length = 48)]
    cursor: Option<String>,
}

impl PageParams {
    pub(super) fn asked(&self, cursor: &CursorParam) -> Result<Asked> {
        Asked::new(self.page, self.size, cursor.cursor.as_deref())
    }
}

/// Whether to say why.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExplainParam {
    /// Whether each prediction comes with its `explanation`.
    #[serde(default)]
    #[param(default = false)]
    pub explain: bool,
}

/// What a list is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParams {
    /// Part of a symbol, in any case.
    #[param(max_length = 20)]
    company_symbol: Option<String>,
    /// Four digits.
    reporting_year: Option<String>,
    /// Q1 to Q4.
    reporting_quarter: Option<String>,
    /// Part of a sector's name, in any case.
    #[param(max_length = 100)]
    sector: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    risk_level: Option<String>,
    /// A grade as it was when the row was scored, such as `B-`; the plus of `B+` may be written `%2B`.
    #[param(max_length = 10)]
    grade: Option<String>,
    /// The least probability, from 0 to 1.
    #[param(minimum = 0, maximum = 1)]
    #[serde(default, deserialize_with = "chosen")]
    probability_min: Option<f64>,
    /// The most probability, from 0 to 1.
    #[param(minimum = 0, maximum = 1)]
    #[serde(default, deserialize_with = "chosen")]
    probability_max: Option<f64>,
}

impl FilterParams {
    pub(super) fn filter(&self) -> Result<Filter> {
        Filter::new(self.company_symbol.as_deref(), self.reporting_year.as_deref())?
            .with_quarter(self.reporting_quarter.as_deref())?
            .with_sector(self.sector.as_deref())?
            .with_risk_level(self.risk_level.as_deref())?
            .with_grade(self.grade.as_deref())?
            .with_probability(self.probability_min, self.probability_max)
    }
}

/// Whose rows.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrganizationParam {
    /// For tenant_admin (an organization of the tenant) and super_admin (any).
    #[serde(default, deserialize_with = "chosen")]
    organization_id: Option<Uuid>,
}

/// Where in a list a page stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Pagination {
    /// Rows in the whole list.
    pub total: i64,
    /// This page, from 1.
    pub page: i64,
    /// Rows a page.
    pub size: i64,
    /// Pages in all.
    pub pages: i64,
    /// Where the next page begins, if there is one: the next request's `cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
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
    /// As in `pagination`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A page whose rows have their explanations, if they were asked for.
fn page_of<T: Shown>(listed: Listed, rows: Vec<Explained>) -> PredictionPage<T> {
    let Listed { total, page, size, next, .. } = listed;
    let (pages, next_cursor) = ((total + size - 1) / size, next.map(|cursor| cursor.to_string()));
    let pagination = Pagination { total, page, size, pages, next_cursor: next_cursor.clone() };
    let predictions = rows.into_iter().map(T::from).collect();
    PredictionPage { success: true, predictions, pagination, total, page, size, pages, next_cursor }
}
