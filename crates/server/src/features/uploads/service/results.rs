//! What an upload made, read back from the predictions that name it.

use std::collections::BTreeMap;

use accunode_domain::{Actor, Kind, Result, UploadId};

use crate::{
    features::{
        predictions::store::{self as predictions, PredictionRow},
        uploads::{
            api::results::{
                Analysis, ConfidenceStats, CreatedData, ErrorDetails, Include, JobErrors, JobResults,
                JobSummary, JobTimestamps, ResultPrediction, ResultScores, RiskDistribution, ScoredCompany,
                SectorNumbers,
            },
            store::{
                UploadRow,
                errors::{self as refused, ErrorRow},
                results::{self as made, Numbers},
            },
        },
    },
    state::AppState,
};

/// Most rows of each sort in one answer.
const MOST: i64 = 10_000;

/// What an upload made.
///
/// # Errors
/// [`accunode_domain::Error::NotFound`] when the caller may not see the upload.
pub async fn results(state: &AppState, actor: &Actor, id: UploadId, include: Include) -> Result<JobResults> {
    let mut tx = state.db.scoped_read(actor).await?;
    let row = super::find(&mut tx, id).await?;
    let kind = super::kind(&row)?;
    let numbers = made::numbers(&mut tx, kind, id.0).await?;
    let companies_count = made::count_companies(&mut tx, kind, id.0).await?;
    let companies =
        if include.include_companies { Some(made::companies(&mut tx, kind, id.0).await?) } else { None };
    let predictions_count: i64 = numbers.iter().map(|n| n.predictions).sum();
    let rows = if include.include_predictions {
        let rows = predictions::of_upload(&mut tx, kind, id.0, 0, MOST).await?;
        Some(rows.into_iter().map(|r| prediction(kind, r.prediction)).collect())
    } else {
        None
    };
    let errors = if include.include_errors {
        let rows = refused::errors(&mut tx, id.0, 0, MOST, 0).await?;
        Some(errors(&row, rows))
    } else {
        None
    };
    Ok(JobResults {
        success: true,
        job_id: row.id,
        status: if row.status == "cancelled" { "failed".to_owned() } else { row.status.clone() },
        job_summary: summary(&row, state.clock.now()),
        created_data: CreatedData {
            companies_count,
            predictions_count,
            companies,
            predictions_truncated: rows.is_some() && predictions_count > MOST,
            predictions: rows,
        },
        analysis: analysis(&numbers),
        timestamps: JobTimestamps {
            created_at: row.created_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
        },
        errors,
    })
}

#[allow(clippy::cast_precision_loss)] // counts of rows are far below 2^53
fn summary(row: &UploadRow, now: accunode_db::Timestamp) -> JobSummary {
    let done = row.processed_rows;
    let success_rate = if done > 0 { row.successful_rows as f64 * 100.0 / done as f64 } else { 0.0 };
    let seconds = row.started_at.zip(row.completed_at).map(|(start, end)| end.since(start).as_secs_f64());
    JobSummary {
        job_type: row.job_type.clone(),
        file_name: row.original_filename.clone(),
        total_rows: row.total_rows,
        successful_rows: row.successful_rows,
        failed_rows: row.failed_rows,
        success_rate: (success_rate * 100.0).round() / 100.0,
        processing_time_seconds: seconds,
        rows_per_second: super::rows_per_second(row, now),
    }
}

fn prediction(kind: Kind, row: PredictionRow) -> ResultPrediction {
    let ratios = [row.r1, row.r2, row.r3, row.r4, row.r5];
    let metrics = kind.ratios().iter().zip(ratios).map(|(spec, x)| (spec.name.to_owned(), x));
    let annual = kind == Kind::Annual;
    ResultPrediction {
        id: row.id,
        financial_metrics: metrics.collect(),
        prediction: ResultScores {
            probability: annual.then_some(row.probability),
            logistic_probability: row.logistic_probability,
            gbm_probability: row.gbm_probability,
            ensemble_probability: (!annual).then_some(row.probability),
            risk_level: row.risk_level,
            confidence: row.confidence,
            predicted_at: row.updated_at.unwrap_or(row.created_at),
        },
        company: ScoredCompany { symbol: row.symbol, name: row.name, sector: row.sector },
        reporting_year: row.reporting_year.to_string(),
        reporting_quarter: row.reporting_quarter,
    }
}

fn errors(row: &UploadRow, rows: Vec<ErrorRow>) -> JobErrors {
    JobErrors {
        has_errors: row.failed_rows > 0,
        error_message: row.error_message.clone(),
        error_count: row.failed_rows,
        error_details: ErrorDetails { errors: rows.into_iter().map(super::detail::shown).collect() },
    }
}

#[allow(clippy::cast_precision_loss)] // counts of rows are far below 2^53
fn analysis(numbers: &[Numbers]) -> Option<Analysis> {
    let total: i64 = numbers.iter().map(|n| n.predictions).sum();
    if total == 0 {
        return None;
    }
    let mut by_sector: BTreeMap<String, SectorNumbers> = BTreeMap::new();
    let mut by_risk_level: BTreeMap<String, i64> = BTreeMap::new();
    for n in numbers {
        let sector = by_sector.entry(n.sector.clone()).or_default();
        sector.count += n.predictions;
        sector.avg_probability += n.probability_sum;
        *by_risk_level.entry(n.risk_level.to_lowercase()).or_default() += n.predictions;
    }
    for sector in by_sector.values_mut() {
        sector.avg_probability /= sector.count as f64;
    }
    let level = |name: &str| by_risk_level.get(name).copied().unwrap_or(0);
    let risk_distribution = RiskDistribution {
        low_risk: level("low"),
        medium_risk: level("medium"),
        high_risk: level("high"),
        critical_risk: level("critical"),
    };
    let sum = |f: fn(&Numbers) -> f64| numbers.iter().map(f).sum::<f64>() / total as f64;
    Some(Analysis {
        average_probability: sum(|n| n.probability_sum),
        confidence_stats: ConfidenceStats {
            min: numbers.iter().map(|n| n.confidence_min).fold(f64::INFINITY, f64::min),
            max: numbers.iter().map(|n| n.confidence_max).fold(0.0, f64::max),
            average: sum(|n| n.confidence_sum),
        },
        by_sector,
        by_risk_level,
        risk_distribution,
    })
}
