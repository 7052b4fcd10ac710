//! What an upload made and what it refused, as a file.

use std::collections::HashMap;

use accunode_domain::{Error, Kind, Result, UploadId};
use axum::response::Response;
use serde_json::json;

use super::find;
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        predictions::{service::export, store as predictions},
        uploads::{
            api::download::{DownloadParams, Part},
            store::{
                UploadRow,
                errors::{self, ErrorRow},
            },
        },
    },
    http::table::{Format, Pager, Row, Sheet, Value, answer_sheets},
    state::AppState,
};

/// Rows read at once.
const PAGE: i64 = 1_000;
/// The columns that a file of refused rows has behind those of the file that was handed in. Handing it in again ignores
/// them, as all that are not known.
const ADDED: [&str; 2] = ["refused_row", "refused_because"];

/// The file, once the audit log says that it is given. XLSX has a sheet for what was stored and one for what was
/// refused, unless one part is asked for; CSV has one part.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see the upload; as [`answer_sheets`].
pub(in crate::features::uploads) async fn download(
    state: &AppState,
    caller: &Caller,
    id: UploadId,
    params: &DownloadParams,
) -> Result<Response> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = find(&mut tx, id).await?;
    let what = json!({"format": params.format.as_str(), "part": params.part.map(Part::as_str)});
    audit::record(&mut tx, caller, Event::done("upload.download").on("upload", id).after(what), now).await?;
    tx.commit().await?;
    let parts = match (params.part, params.format) {
        (Some(part), _) => vec![part],
        (None, Format::Csv) => vec![Part::Results],
        (None, Format::Xlsx) => vec![Part::Results, Part::Errors],
    };
    let sheets = parts.into_iter().map(|part| sheet(state, caller, &row, part));
    answer_sheets(&format!("upload-{id}"), params.format, now, sheets.collect::<Result<_>>()?).await
}

/// A part of the file, and where its rows come from.
fn sheet(state: &AppState, caller: &Caller, upload: &UploadRow, part: Part) -> Result<(Sheet, Rows)> {
    let kind = super::kind(upload)?;
    // A file that could not be read to its end has none of its columns known.
    let columns: Vec<String> = match &upload.header {
        Some(header) => serde_json::from_str(header).map_err(Error::internal)?,
        None => Vec::new(),
    };
    let (name, header, rows) = match part {
        Part::Results => {
            let header = export::header(kind).iter().map(|&name| name.to_owned()).collect();
            ("Results", header, upload.successful_rows)
        }
        Part::Errors => {
            let added = ADDED.iter().map(|&name| name.to_owned());
            ("Errors", columns.iter().cloned().chain(added).collect(), upload.failed_rows)
        }
    };
    let (state, caller, id) = (state.clone(), caller.clone(), UploadId(upload.id));
    let pager = Rows { state, caller, id, kind, part, columns, behind: Some(0) };
    Ok((Sheet { name, header, rows: Some(rows) }, pager))
}

/// Each page is a short transaction and begins behind the last row of the one before.
struct Rows {
    state: AppState,
    caller: Caller,
    id: UploadId,
    kind: Kind,
    part: Part,
    columns: Vec<String>,
    /// None at the end.
    behind: Option<i64>,
}

impl Pager for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let Some(behind) = self.behind.take() else { return Ok(None) };
        let mut tx = self.state.db.scoped_read(&self.caller).await?;
        let (rows, last): (Vec<Row>, Option<i64>) = match self.part {
            Part::Results => {
                let found = predictions::of_upload(&mut tx, self.kind, self.id.0, behind, PAGE).await?;
                let last = found.last().map(|r| r.source_row);
                (found.into_iter().map(|r| export::row(self.kind, r.prediction)).collect(), last)
            }
            Part::Errors => {
                let found = errors::errors(&mut tx, self.id.0, behind, PAGE, 0).await?;
                let last = found.last().map(|r| r.row_number);
                (found.into_iter().map(|r| refused(&self.columns, r)).collect(), last)
            }
        };
        drop(tx);
        if i64::try_from(rows.len()).is_ok_and(|n| n == PAGE) {
            self.behind = last;
        }
        Ok(Some(rows))
    }
}

/// A refused row as it stood in the file, and why.
fn refused(columns: &[String], row: ErrorRow) -> Row {
    let mut cells: HashMap<String, String> =
        row.data.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let cell = |name: &String| cells.remove(name).map_or(Value::Empty, Value::Echo);
    let mut cells: Row = columns.iter().map(cell).collect();
    cells.extend([row.row_number.into(), row.error.into()]);
    cells
}
