//! What the figures of a dashboard are made of.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Companies of a risk level.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskShare {
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: String,
    /// Companies whose latest prediction has it.
    pub companies: i64,
}

/// Companies of a grade.
#[derive(Debug, Serialize, ToSchema)]
pub struct GradeShare {
    /// The grade.
    pub grade: String,
    /// Companies whose latest prediction has it.
    pub companies: i64,
}

/// Companies of a sector.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectorShare {
    /// The sector.
    pub sector: String,
    /// Companies with a prediction.
    pub companies: i64,
    /// Mean of their latest probabilities.
    pub mean_probability: f64,
    /// Those whose latest prediction is HIGH or CRITICAL.
    pub high_risk_companies: i64,
}

/// The sectors that are not told apart.
#[derive(Debug, Serialize, ToSchema)]
pub struct OtherSectors {
    /// How many sectors.
    pub sectors: i64,
    /// Their companies with a prediction.
    pub companies: i64,
    /// Mean of their latest probabilities.
    pub mean_probability: f64,
    /// Those whose latest prediction is HIGH or CRITICAL.
    pub high_risk_companies: i64,
}

/// Companies by sector.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sectors {
    /// The 20 sectors with the most companies, those with as many in alphabetical order.
    pub largest: Vec<SectorShare>,
    /// All others together; null where there are none.
    pub others: Option<OtherSectors>,
}

/// Which kind of prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KindName {
    /// Annual.
    Annual,
    /// Quarterly.
    Quarterly,
}

/// The predictions of a kind and period.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrendPoint {
    /// Their kind.
    pub kind: KindName,
    /// Their year.
    pub reporting_year: i32,
    /// Q1 to Q4; null for the whole year.
    pub reporting_quarter: Option<String>,
    /// How many there are.
    pub predictions: i64,
    /// Mean of their final probabilities.
    pub mean_probability: f64,
}

/// A company whose probability changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mover {
    /// The company.
    pub company_id: Uuid,
    /// Its symbol.
    pub company_symbol: String,
    /// Its name.
    pub company_name: String,
    /// The kind of the latest prediction, and of the one before.
    pub kind: KindName,
    /// The latest prediction's year.
    pub reporting_year: i32,
    /// The latest prediction's quarter.
    pub reporting_quarter: Option<String>,
    /// The latest probability.
    pub probability: f64,
    /// That of the period before.
    pub previous_probability: f64,
    /// The latest grade.
    pub grade: Option<String>,
    /// That of the period before.
    pub previous_grade: Option<String>,
    /// By how much the log-odds changed.
    pub log_odds_change: f64,
}

/// The companies that moved most, by the change of the log-odds from the period before.
#[derive(Debug, Serialize, ToSchema)]
pub struct Movers {
    /// At most ten that became riskier, the largest change first.
    pub up: Vec<Mover>,
    /// At most ten that became safer, the largest change first.
    pub down: Vec<Mover>,
}

/// What the figures are made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct Portfolio {
    /// Companies with a prediction: each distribution adds up to it.
    pub rated_companies: i64,
    /// Each risk level, safest first.
    pub by_risk_level: Vec<RiskShare>,
    /// Each grade of the master scale in force, safest first; then grades of earlier scales that are still the latest
    /// of a company.
    pub by_grade: Vec<GradeShare>,
    /// By sector.
    pub by_sector: Sectors,
    /// By period and kind, oldest first.
    pub trend: Vec<TrendPoint>,
    /// The largest changes.
    pub movers: Movers,
}
