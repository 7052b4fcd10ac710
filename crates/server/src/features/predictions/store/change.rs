//! SQL of scoring predictions again and of taking them away.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use accunode_domain::{Kind, Period, Ratio};
use accunode_scoring::Score;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Scored, columns, of, scored};

/// What a prediction was, or is, at one version.
#[derive(Debug, FromRow)]
pub(crate) struct VersionRow {
    pub(crate) version: i32,
    pub(crate) reporting_year: i32,
    pub(crate) reporting_quarter: Option<String>,
    #[sqlx(flatten)]
    pub(crate) scored: Scored,
    pub(crate) model_name: String,
    pub(crate) model_version: String,
    pub(crate) quality: String,
    pub(crate) scored_by: Uuid,
    pub(crate) scored_by_email: Option<String>,
    pub(crate) scored_at: Timestamp,
}

/// The numbers of a new version.
pub(crate) struct Written<'a> {
    pub(crate) period: Period,
    pub(crate) ratios: &'a [Ratio],
    pub(crate) not_meaningful: i64,
    pub(crate) score: &'a Score,
    pub(crate) grade: &'a str,
    pub(crate) scale: Option<Uuid>,
    /// Name, version and hash.
    pub(crate) model: (&'a str, &'a str, &'a str),
    pub(crate) quality: String,
    pub(crate) by: Uuid,
    pub(crate) at: Timestamp,
}

/// What both tables of a kind have, but for how they call who scored and when.
macro_rules! numbers {
    (annual) => {
        "reporting_year, reporting_quarter, long_term_debt_to_total_capital, total_debt_to_ebitda,
         net_income_margin, ebit_to_interest_expense, return_on_assets, not_meaningful, probability, raw_probability,
         risk_level, confidence, grade, grade_scale_id, model_name, model_version, model_hash, quality"
    };
    (quarterly) => {
        "reporting_year, reporting_quarter, total_debt_to_ebitda, sga_margin, long_term_debt_to_total_capital,
         return_on_capital, not_meaningful, logistic_probability, gbm_probability, ensemble_probability,
         raw_probability, risk_level, confidence, grade, grade_scale_id, model_name, model_version, model_hash,
         quality"
    };
}

/// What a kind has of its own. Numbers that it has not must be null: each has its place among the parameters.
macro_rules! own {
    (annual) => {
        "long_term_debt_to_total_capital = $4, total_debt_to_ebitda = $5, net_income_margin = $6,
         ebit_to_interest_expense = $7, return_on_assets = $8, probability = $10"
    };
    (quarterly) => {
        "total_debt_to_ebitda = $4, sga_margin = $5, long_term_debt_to_total_capital = $6, return_on_capital = $7,
         ensemble_probability = $10, logistic_probability = $11, gbm_probability = $12"
    };
}

macro_rules! unused {
    (annual) => {
        " AND CAST($11 AS DOUBLE PRECISION) IS NULL AND CAST($12 AS DOUBLE PRECISION) IS NULL"
    };
    (quarterly) => {
        " AND CAST($8 AS DOUBLE PRECISION) IS NULL"
    };
}

/// A version with whoever made it, who is named as creators are.
macro_rules! version {
    ($kind:tt, $from:expr, $by:literal, $at:literal) => {
        concat!(
            "SELECT p.version AS version, p.reporting_year, p.reporting_quarter, p.model_name, p.model_version,
                    p.quality, ",
            $by, " AS scored_by, u.email AS scored_by_email, ", $at, " AS scored_at, ",
            scored!($kind),
            " FROM ", $from, " LEFT JOIN users u ON u.id = ", $by, " AND u.deleted_at IS NULL
                 AND (n.access_level = 'personal' OR u.organization_id = n.organization_id)
              WHERE n.id = $1"
        )
    };
}

macro_rules! statements {
    ($($kind:tt $table:literal $earlier:literal: $hold:ident $keep:ident $rewrite:ident $delete:ident $versions:ident;)*) => {
        sql! {
            $(
                $hold {
                    pg: concat!("SELECT created_by FROM companies
                                 WHERE id = (SELECT company_id FROM ", $table, " WHERE id = $1) FOR NO KEY UPDATE"),
                    lite: concat!("SELECT created_by FROM companies
                                   WHERE id = (SELECT company_id FROM ", $table, " WHERE id = $1)")
                };
                $keep = concat!("INSERT INTO ", $earlier, " (prediction_id, version, scored_by, scored_at, ",
                                numbers!($kind),
                                ") SELECT id, version, COALESCE(updated_by, created_by),
                                          COALESCE(updated_at, created_at), ", numbers!($kind),
                                " FROM ", $table, " WHERE id = $1");
                $rewrite = concat!("UPDATE ", $table, " SET reporting_year = $2, reporting_quarter = $3, ",
                                   own!($kind),
                                   ", not_meaningful = $9, raw_probability = $13, risk_level = $14, confidence = $15,
                                     grade = $16, grade_scale_id = $17, model_name = $18, model_version = $19,
                                     model_hash = $20, quality = $21, updated_by = $22, updated_at = $23,
                                     version = version + 1
                                     WHERE id = $1", unused!($kind));
                $delete = concat!("DELETE FROM ", $table, " WHERE id = $1");
                $versions = concat!(
                    version!($kind, concat!($table, " p JOIN ", $table, " n ON n.id = p.id"), "COALESCE(p.updated_by, p.created_by)", "COALESCE(p.updated_at, p.created_at)"),
                    " UNION ALL ", version!($kind, concat!($earlier, " p JOIN ", $table, " n ON n.id = p.prediction_id"), "p.scored_by", "p.scored_at"),
                    " ORDER BY version DESC LIMIT 1000");
            )*
        }
    };
}

statements! {
    annual "annual_predictions" "annual_prediction_versions":
        HOLD_ANNUAL KEEP_ANNUAL REWRITE_ANNUAL DELETE_ANNUAL VERSIONS_ANNUAL;
    quarterly "quarterly_predictions" "quarterly_prediction_versions":
        HOLD_QUARTERLY KEEP_QUARTERLY REWRITE_QUARTERLY DELETE_QUARTERLY VERSIONS_QUARTERLY;
}

/// Holds the company of a prediction until the transaction ends, see [`super::companies`], and gives who made it;
/// none where the actor may not change it.
pub(crate) async fn hold(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<Option<Uuid>> {
    let statement = of(kind, HOLD_ANNUAL, HOLD_QUARTERLY);
    Ok(on!(tx, statement, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_optional(c).await)?)
}

/// Keeps what a prediction is as an earlier version.
pub(crate) async fn keep(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<()> {
    let statement = of(kind, KEEP_ANNUAL, KEEP_QUARTERLY);
    on!(tx, statement, |c, sql| sqlx::query(sql).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Puts new numbers in place of those that were.
pub(crate) async fn rewrite(tx: &mut Tx, kind: Kind, id: Uuid, w: &Written<'_>) -> Result<()> {
    let ratio = |i: usize| w.ratios.get(i).and_then(|ratio| ratio.value());
    let members = match kind {
        Kind::Annual => (None, None),
        Kind::Quarterly => (w.score.scorecard_probability(), w.score.lightgbm_probability()),
    };
    on!(tx, of(kind, REWRITE_ANNUAL, REWRITE_QUARTERLY), |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(i32::from(w.period.year));
        let query =
            query.bind(w.period.quarter.map(|q| q.as_str())).bind(ratio(0)).bind(ratio(1)).bind(ratio(2));
        let query = query.bind(ratio(3)).bind(ratio(4)).bind(w.not_meaningful).bind(w.score.probability);
        let query = query.bind(members.0).bind(members.1).bind(w.score.raw).bind(w.score.risk_level.as_str());
        let query =
            query.bind(w.score.confidence).bind(w.grade).bind(w.scale).bind(w.model.0).bind(w.model.1);
        query.bind(w.model.2).bind(&w.quality).bind(w.by).bind(w.at).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Takes a prediction away, with its earlier versions.
pub(crate) async fn delete(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<u64> {
    let statement = of(kind, DELETE_ANNUAL, DELETE_QUARTERLY);
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query(sql).bind(id).execute(c).await.map(|done| done.rows_affected())
    })?)
}

/// What a prediction is and was, newest version first. Its being in sight must have been made sure of.
pub(crate) async fn versions(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<Vec<VersionRow>> {
    let statement = of(kind, VERSIONS_ANNUAL, VERSIONS_QUARTERLY);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).fetch_all(c).await)?)
}
