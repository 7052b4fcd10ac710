//! Taking a file in: stored while it streams, and looked at on the way.

use std::{fs::File, io::BufReader, path::Path};

use accunode_domain::{Error, Kind, Result, UploadId};
use accunode_sheets::{FileError, Format, Limits, PartSize, Plan, Reader, validate::printable};
use axum::extract::Request;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    features::uploads::jobs::{Received, chunk_size, limits},
    http::{
        form::{self, Place, StoredFile},
        problem::ApiResult,
    },
    state::AppState,
};

/// Workbooks up to this size are counted before the answer; larger ones by the worker.
const COUNT_AT_ONCE_BYTES: u64 = 4 << 20;

/// Portions of a file that wait to be looked at.
const WAITING: usize = 4;

/// Most characters of a file's name.
const LONGEST_NAME: usize = 255;

/// A file's error as the sender's, or as ours when the system could not read.
pub(in crate::features::uploads) fn file_error(error: FileError) -> Error {
    match error {
        FileError::Io(e) => Error::internal(e),
        other => Error::BadRequest(printable(&other.to_string())),
    }
}

/// A file's name as it is shown: without folders, printable, and of a long one the end, where its format stands.
fn shown_name(name: &str) -> String {
    let name = printable(name.rsplit(['/', '\\']).next().unwrap_or_default().trim());
    let surplus = name.chars().count().saturating_sub(LONGEST_NAME);
    name.chars().skip(surplus).collect()
}

/// A file that has been stored and is one to work on; nothing refers to it yet.
pub(in crate::features::uploads) struct Taken {
    pub(in crate::features::uploads) id: UploadId,
    pub(in crate::features::uploads) kind: Kind,
    /// Its name as it is shown.
    pub(in crate::features::uploads) name: String,
    pub(in crate::features::uploads) file: StoredFile,
    /// Data rows, where they are counted already.
    pub(in crate::features::uploads) rows: Option<i64>,
    /// Where the rows of a CSV lie.
    pub(in crate::features::uploads) plan: Option<Plan>,
}

/// Which files are taken.
pub(in crate::features::uploads) struct Bounds {
    bytes: u64,
    limits: Limits,
    size: PartSize,
    csv_only: bool,
}

impl Bounds {
    /// As the settings say.
    pub(in crate::features::uploads) fn of(state: &AppState) -> Self {
        let config = &state.config;
        let (limits, size) = (limits(config), chunk_size(config));
        Self { bytes: config.max_upload_bytes, limits, size, csv_only: false }
    }

    /// CSV alone, of at most so many rows, which make one chunk.
    pub(in crate::features::uploads) fn small(self, rows: u64) -> Self {
        let limits = Limits { max_rows: Some(rows), ..self.limits };
        Self { limits, size: PartSize { rows, bytes: u64::MAX }, csv_only: true, ..self }
    }
}

/// Takes in the file of a form; when it is refused, nothing of it stays.
///
/// # Errors
/// [`Error::BadRequest`] for a file that cannot be read, and what [`form::store_file`] says.
pub(in crate::features::uploads) async fn take(
    state: &AppState,
    kind: Kind,
    request: Request,
    bounds: Bounds,
) -> ApiResult<Taken> {
    let id = UploadId::new();
    let mut scan = None;
    let Bounds { bytes, limits, size, csv_only } = bounds;
    let place = |name: &str| match Format::from_name(&shown_name(name)).map_err(file_error)? {
        Format::Csv => {
            let (sender, receiver) = mpsc::channel(WAITING);
            let (input, limits) = (Received::new(receiver), limits.clone());
            scan = Some(tokio::task::spawn_blocking(move || Plan::of_csv(input, kind, &limits, size)));
            Ok(Place::copied(format!("uploads/{id}.csv"), sender))
        }
        Format::Xlsx if csv_only => {
            Err(Error::BadRequest("A .csv file is expected here; .xlsx goes to bulk-upload-async".to_owned()))
        }
        Format::Xlsx => Ok(Place::at(format!("uploads/{id}.xlsx"))),
    };
    let file = form::store_file(state, request, bytes, place).await?;
    let name = shown_name(&file.name);
    match look(state, &file, kind, scan, limits).await {
        Ok((rows, plan)) => Ok(Taken { id, kind, name, file, rows, plan }),
        Err(error) => {
            file.discard(state).await;
            Err(error.into())
        }
    }
}

type Scan = JoinHandle<Result<Plan, FileError>>;

/// How many rows a file has, and where they lie, as far as that is known without reading much again.
async fn look(
    state: &AppState,
    file: &StoredFile,
    kind: Kind,
    scan: Option<Scan>,
    limits: Limits,
) -> Result<(Option<i64>, Option<Plan>)> {
    if let Some(scan) = scan {
        let plan = scan.await.map_err(Error::internal)?.map_err(file_error)?;
        return Ok((i64::try_from(plan.rows).ok(), Some(plan)));
    }
    let path = state.blobs.open_local(&file.key).await.map_err(Error::internal)?;
    let count = file.stored.size <= COUNT_AT_ONCE_BYTES;
    let rows = tokio::task::spawn_blocking(move || open_workbook(path.path(), kind, &limits, count));
    Ok((rows.await.map_err(Error::internal)?.map_err(file_error)?, None))
}

/// Opens a workbook as a portfolio, which checks its header and first row, and counts its rows if asked to.
fn open_workbook(path: &Path, kind: Kind, limits: &Limits, count: bool) -> Result<Option<i64>, FileError> {
    let reader = Reader::xlsx(BufReader::new(File::open(path)?), kind, limits)?;
    count.then(|| reader.map(|row| row.map(drop)).try_fold(0, |n, row| row.map(|()| n + 1))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_folders_and_within_bounds() {
        assert_eq!(shown_name("C:\\portfolios\\a.csv"), "a.csv");
        assert_eq!(shown_name("../../etc/a.csv "), "a.csv");
        assert_eq!(shown_name("a\0\nb.csv"), "a\u{fffd}\u{fffd}b.csv");
        let long = shown_name(&format!("{}.csv", "é".repeat(400)));
        assert_eq!((long.chars().count(), long.ends_with("é.csv")), (255, true));
    }
}
