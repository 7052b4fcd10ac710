//! Scoring and storing many rows together.

use std::time::Instant;

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, Kind, PredictionId, Result, UploadId};
use accunode_scoring::{Bundle, Score};
use accunode_sheets::{Record, ratio_columns};

use super::{
    Owner,
    storing::{NewRow, quality, store_rows},
};
use crate::features::grades::service::Scale;

/// Rows to score and store together.
pub struct Batch<'a> {
    /// Their kind.
    pub kind: Kind,
    /// To whom they will belong.
    pub owner: Owner,
    /// The upload that they come from.
    pub upload: Option<UploadId>,
    /// The rows, each with its number in the file.
    pub rows: &'a [(Option<i64>, Record)],
    /// Their scores, in the same order.
    pub scores: &'a [Score],
    /// The bundle that gave the scores.
    pub bundle: &'a Bundle,
    /// The master scale that gives the grades.
    pub scale: &'a Scale,
    /// Whether rows overwrite what is known of their company, as files do.
    pub update_companies: bool,
}

/// Scores every row in one go, over all cores.
///
/// # Errors
/// When the rows do not fit the bundle, which is a defect.
pub fn score(bundle: &Bundle, rows: &[(Option<i64>, Record)]) -> Result<Vec<Score>> {
    let columns = ratio_columns(bundle.kind(), rows.iter().map(|(_, record)| record));
    let begun = Instant::now();
    let scores = bundle.score_batch(&columns).map_err(Error::internal)?;
    accunode_telemetry::scored(bundle.kind().as_str(), rows.len(), begun.elapsed());
    Ok(scores.iter().collect())
}

/// Stores a batch: for each row the new prediction, or none where its company already has one for the period
/// (in the database or earlier in the batch). Nothing else of such a row is stored.
///
/// # Errors
/// When the database fails; then the transaction is of no further use.
pub async fn store_batch(
    tx: &mut Tx,
    batch: &Batch<'_>,
    now: Timestamp,
) -> Result<Vec<Option<PredictionId>>> {
    let ranges = batch.bundle.training_ranges();
    let mut rows = Vec::with_capacity(batch.rows.len());
    for ((number, record), score) in batch.rows.iter().zip(batch.scores) {
        rows.push(NewRow {
            kind: batch.kind,
            owner: batch.owner,
            upload: batch.upload,
            number: *number,
            record,
            score,
            bundle: batch.bundle,
            scale: batch.scale,
            quality: quality(record, &ranges)?,
        });
    }
    let stored = store_rows(tx, &rows, batch.update_companies, now).await?;
    Ok(stored.ids.into_iter().map(|id| id.map(PredictionId)).collect())
}
