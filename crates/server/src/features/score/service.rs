//! Rules of scoring without storing.

use accunode_domain::{Error, Ratio, Result};
use accunode_scoring::{Bundle, ScoreError};

use super::api::explanation::Explanation;

/// The explanations of some rows, each with the kind's ratios in order. One of many costs less than one alone;
/// hundreds take a while, which is no matter for the threads that answer requests.
///
/// # Errors
/// [`Error::BadRequest`] where the model in use cannot explain itself: some files do not hold what it takes.
pub fn explain<R: AsRef<[Ratio]>>(bundle: &Bundle, rows: &[R]) -> Result<Vec<Explanation>> {
    let why = bundle.rationales(&columns(bundle, rows)).map_err(unexplained)?;
    Ok(why.into_iter().map(Into::into).collect())
}

/// The rows as columns, one for each ratio of the kind.
fn columns<R: AsRef<[Ratio]>>(bundle: &Bundle, rows: &[R]) -> Vec<Vec<Ratio>> {
    let cell = |row: &R, index: usize| row.as_ref().get(index).copied().unwrap_or(Ratio::Missing);
    let column = |index| rows.iter().map(|row| cell(row, index)).collect();
    (0..bundle.kind().ratios().len()).map(column).collect()
}

/// A member without an answer is the model's own limit; all else is a defect.
fn unexplained(error: ScoreError) -> Error {
    match error {
        ScoreError::Member { reason, .. } => {
            Error::BadRequest(format!("The model in use cannot explain this: {reason}"))
        }
        other => Error::internal(other),
    }
}
