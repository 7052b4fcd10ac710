//! Operations on companies, and what they give.

pub mod list;
pub mod manage;
mod shapes;

pub use shapes::{AnnualOfCompany, CompanyCard, CompanyItem, LatestScore, QuarterlyOfCompany};

use serde::Serialize;
use utoipa::ToSchema;

/// A page of companies.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyPage {
    /// The companies.
    pub items: Vec<CompanyItem>,
    /// Companies in the whole list.
    pub total: i64,
    /// This page, from 1.
    pub page: i64,
    /// Companies a page.
    pub size: i64,
    /// Pages in all.
    pub pages: i64,
}

/// Companies for who types.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyHits {
    /// Always true.
    pub success: bool,
    /// At most 20, the best first.
    pub items: Vec<CompanyCard>,
}

/// One company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyAnswer<T> {
    /// Always true.
    pub success: bool,
    /// The company.
    pub data: T,
    /// One sentence about what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
