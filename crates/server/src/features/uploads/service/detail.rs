//! Everything about one upload, and the rows that it could not take.

use accunode_domain::{Actor, Error, FieldError, Result, UploadId};

use super::{estimate, find, progress, rows_per_second};
use crate::{
    features::uploads::{
        api::{
            detail::{
                DetailErrors, DetailTimestamps, ErrorPage, ErrorPagination, ErrorParams, FileInfo,
                JobContext, JobDetail, JobPerformance, JobProgress, QueueInfo,
            },
            results::{ErrorDetails, RowError},
        },
        store::{self, errors::ErrorRow},
    },
    state::AppState,
};

/// Refused rows that come along with an upload.
const FIRST: i64 = 100;

/// Everything about an upload.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see it.
pub(in crate::features::uploads) async fn detail(
    state: &AppState,
    actor: &Actor,
    id: UploadId,
    include_errors: bool,
) -> Result<JobDetail> {
    let mut tx = state.db.scoped_read(actor).await?;
    let row = find(&mut tx, id).await?;
    let created_by = store::name_of(&mut tx, row.user_id).await?;
    let details = if include_errors {
        let rows = store::errors::errors(&mut tx, id.0, 0, FIRST, 0).await?;
        Some(ErrorDetails { errors: rows.into_iter().map(shown).collect() })
    } else {
        None
    };
    let now = state.clock.now();
    let rate = rows_per_second(&row, now);
    let completion = estimate(&row, rate, now);
    let progress_percentage = progress(&row);
    #[allow(clippy::cast_precision_loss)] // sizes of files are far below 2^53
    let megabytes = row.file_size as f64 / f64::from(1 << 20);
    Ok(JobDetail {
        id: row.id,
        file_info: FileInfo {
            file_size: row.file_size,
            file_size_mb: (megabytes * 100.0).round() / 100.0,
            original_filename: row.original_filename,
        },
        progress: JobProgress {
            total_rows: row.total_rows,
            processed_rows: row.processed_rows,
            successful_rows: row.successful_rows,
            failed_rows: row.failed_rows,
            progress_percentage,
            remaining_rows: row.total_rows.map(|total| (total - row.processed_rows).max(0)),
        },
        performance: JobPerformance {
            processing_time_seconds: row
                .started_at
                .map(|start| row.completed_at.unwrap_or(now).since(start).as_secs_f64()),
            rows_per_second: (rate > 0.0).then_some(rate),
            estimated_completion_time: completion,
            estimated_completion_seconds: completion.map(|at| at.since(now).as_secs_f64()),
        },
        timestamps: DetailTimestamps {
            created_at: row.created_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            updated_at: row.updated_at,
        },
        context: JobContext { user_id: row.user_id, organization_id: row.organization_id, created_by },
        errors: DetailErrors {
            has_errors: row.failed_rows > 0,
            error_message: row.error_message.filter(|_| include_errors),
            error_details: details,
            error_count: row.failed_rows,
        },
        celery_info: QueueInfo { task_id: row.id, celery_status: None, celery_meta: None },
        status: row.status,
        job_type: row.job_type,
    })
}

/// A page of the rows that were refused.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see the upload, [`Error::Invalid`] for limits out of range.
pub(in crate::features::uploads) async fn errors(
    state: &AppState,
    actor: &Actor,
    id: UploadId,
    params: &ErrorParams,
) -> Result<ErrorPage> {
    let mut wrong = Vec::new();
    let mut check = |field: &str, fits: bool, expected: &str| {
        if !fits {
            let message = format!("Invalid {field}: {expected} is expected");
            wrong.push(FieldError { field: field.to_owned(), message });
        }
    };
    check("limit", (1..=1_000).contains(&params.limit), "1 to 1000");
    check("offset", (0..=1_000_000_000).contains(&params.offset), "0 or more");
    check("cursor", params.cursor.is_none_or(|c| c >= 0), "next_cursor of the page before");
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let mut tx = state.db.scoped_read(actor).await?;
    let row = find(&mut tx, id).await?;
    let behind = params.cursor.unwrap_or(0);
    // One more than asked for tells whether there are more.
    let mut rows = store::errors::errors(&mut tx, id.0, behind, params.limit + 1, params.offset).await?;
    let has_more = i64::try_from(rows.len()).is_ok_and(|n| n > params.limit);
    rows.truncate(usize::try_from(params.limit).unwrap_or(usize::MAX));
    let next_cursor = rows.last().filter(|_| has_more).map(|last| last.row_number);
    Ok(ErrorPage {
        success: true,
        errors: rows.into_iter().map(shown).collect(),
        pagination: ErrorPagination {
            total: row.failed_rows,
            limit: params.limit,
            offset: params.offset,
            has_more,
            next_cursor,
        },
    })
}

/// A row error as it is shown.
pub(in crate::features::uploads) fn shown(row: ErrorRow) -> RowError {
    RowError {
        row: row.row_number,
        error: row.error,
        data: row.data.and_then(|text| serde_json::from_str(&text).ok()),
    }
}
