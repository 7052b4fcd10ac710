//! Lists as files: CSV that is sent while it is read, XLSX that is made in a temporary file first.

mod value;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use accunode_db::Timestamp;
use accunode_domain::{Error, Result};
use accunode_sheets::{FileError, Writer};
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::{
    fs::File,
    sync::mpsc::{self, Receiver, Sender},
};
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

pub use value::Value;

/// The most rows that a sheet of XLSX holds, without its header.
const MOST_IN_A_SHEET: i64 = 1_048_575;
/// Pages that wait to be written into a sheet.
const WAITING: usize = 2;
/// Bytes read from a finished file at once.
const PORTION: usize = 64 << 10;

/// The kind of file that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text with commas, of any length.
    #[default]
    Csv,
    /// A sheet, of up to 1,048,575 rows.
    Xlsx,
}

impl Format {
    /// The name and the ending of such files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => XLSX,
        }
    }
}

/// The content type of XLSX.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The query of an operation that gives a file.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FormatParam {
    /// `csv` or `xlsx`.
    #[serde(default)]
    #[param(inline, default = "csv")]
    pub format: Format,
}

/// A row, in the order of the header.
pub type Row = Vec<Value>;

/// Reads a list page by page.
pub trait Pager: Send + 'static {
    /// The next rows; none at the end. An empty page is not the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<Row>>>> + Send;
}

/// What a file of rows is called and begins with.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// What the file is called, before the date.
    pub name: &'static str,
    /// The names of the columns.
    pub header: &'static [&'static str],
    /// How many rows there will be, where that is known: a sheet that cannot hold them is refused at once.
    pub rows: Option<i64>,
}

impl Table {
    /// The rows as an answer, a page in memory at a time. CSV is sent as it is read: a failure after the first page
    /// breaks the answer off, so that nobody takes a part for the whole. XLSX is sent when it is complete.
    ///
    /// # Errors
    /// What the first page (CSV) or any page (XLSX) fails with; [`Error::TooLarge`] for more than a sheet holds.
    pub async fn answer(self, format: Format, now: Timestamp, pager: impl Pager) -> Result<Response> {
        let body = match format {
            Format::Csv => csv(self.header, pager).await?,
            Format::Xlsx => {
                fits_in_a_sheet(self.rows)?;
                xlsx(vec![(Sheet::of(self.header), pager)]).await?
            }
        };
        Ok(attached(self.name, format, now, body))
    }
}

/// A sheet of a workbook, or the only table of a CSV.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What it is called.
    pub name: &'static str,
    /// The names of the columns.
    pub header: Vec<String>,
    /// How many rows there will be, where that is known.
    pub rows: Option<i64>,
}

impl Sheet {
    fn of(header: &[&str]) -> Self {
        Self { name: "Sheet1", header: header.iter().map(|&name| name.to_owned()).collect(), rows: None }
    }
}

/// Some tables as one answer, see [`Table::answer`]: a workbook of as many sheets, or the first one as CSV.
///
/// # Errors
/// As [`Table::answer`].
pub async fn answer_sheets<P: Pager>(
    name: &str,
    format: Format,
    now: Timestamp,
    mut sheets: Vec<(Sheet, P)>,
) -> Result<Response> {
    let body = match format {
        Format::Csv if sheets.is_empty() => Body::empty(),
        Format::Csv => {
            let (sheet, pager) = sheets.swap_remove(0);
            csv(&names(&sheet), pager).await?
        }
        Format::Xlsx => {
            sheets.iter().try_for_each(|(sheet, _)| fits_in_a_sheet(sheet.rows))?;
            xlsx(sheets).await?
        }
    };
    Ok(attached(name, format, now, body))
}

fn names(sheet: &Sheet) -> Vec<&str> {
    sheet.header.iter().map(String::as_str).collect()
}

fn fits_in_a_sheet(rows: Option<i64>) -> Result<()> {
    match rows {
        Some(rows) if rows > MOST_IN_A_SHEET => {
            Err(too_large(&format!("an XLSX sheet holds at most {MOST_IN_A_SHEET} rows besides its header")))
        }
        _ => Ok(()),
    }
}

fn attached(name: &str, format: Format, now: Timestamp, body: Body) -> Response {
    let day: String = now.to_string().chars().take(10).collect();
    let disposition = format!("attachment; filename=\"{name}-{day}.{}\"", format.as_str());
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, body).into_response()
}

fn too_large(why: &str) -> Error {
    Error::TooLarge(format!("Too large for XLSX, ask for format=csv: {why}"))
}

fn refused(error: FileError) -> Error {
    match error {
        FileError::TooLarge(why) => too_large(&why),
        other => Error::internal(other),
    }
}

fn write(writer: &mut Writer, rows: &[Row]) -> Result<(), FileError> {
    rows.iter().try_for_each(|row| {
        let cells: Vec<_> = row.iter().map(Value::cell).collect();
        writer.write(&cells)
    })
}

async fn csv(header: &[&str], pager: impl Pager) -> Result<Body> {
    let written = Shared::default();
    let writer = Writer::csv(written.clone(), header).map_err(refused)?;
    let mut text = Csv { pager, writer: Some(writer), written };
    let first = text.next().await?;
    let rest = stream::try_unfold(text, |mut text| async move {
        let next = text.next().await.map_err(|error| {
            tracing::error!(error = %chain(&error), "an export broke off");
            io::Error::other("the export broke off")
        });
        Ok(next?.map(|bytes| (bytes, text)))
    });
    let all = stream::iter(first.map(Ok::<_, io::Error>)).chain(rest);
    Ok(Body::from_stream(all.try_filter(|bytes| std::future::ready(!bytes.is_empty()))))
}

/// An error with its cause, for the log.
fn chain(error: &Error) -> String {
    match error {
        Error::Internal(source) => format!("{error}: {source}"),
        other => other.to_string(),
    }
}

struct Csv<P> {
    pager: P,
    /// None at the end.
    writer: Option<Writer>,
    written: Shared,
}

impl<P: Pager> Csv<P> {
    /// What a page adds to the file.
    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(mut writer) = self.writer.take() else { return Ok(None) };
        match self.pager.next().await? {
            Some(rows) => {
                write(&mut writer, &rows).map_err(refused)?;
                self.writer = Some(writer);
            }
            None => writer.finish().map_err(refused)?,
        }
        Ok(Some(self.written.take()))
    }
}

/// Bytes that the writer leaves and the stream picks up.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the thread that writes a workbook is told.
enum Piece {
    Sheet(Sheet),
    Rows(Vec<Row>),
    /// Nothing more comes: without this word, what there is is not all.
    End,
}

/// The workbook is written by a thread that may block, and read here.
async fn xlsx<P: Pager>(sheets: Vec<(Sheet, P)>) -> Result<Body> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let writing = tokio::task::spawn_blocking(move || write_workbook(receiver));
    let sent = send_pieces(&sender, sheets).await;
    drop(sender);
    sent?;
    let file = writing.await.map_err(Error::internal)?.map_err(refused)?;
    let file = file.ok_or_else(|| Error::internal("a workbook was left unfinished"))?;
    Ok(Body::from_stream(ReaderStream::with_capacity(File::from_std(file), PORTION)))
}

/// A thread that has given up receives nothing more, and says why itself.
async fn send_pieces<P: Pager>(sender: &Sender<Piece>, sheets: Vec<(Sheet, P)>) -> Result<()> {
    for (sheet, mut pager) in sheets {
        if sender.send(Piece::Sheet(sheet)).await.is_err() {
            return Ok(());
        }
        while let Some(rows) = pager.next().await? {
            if sender.send(Piece::Rows(rows)).await.is_err() {
                return Ok(());
            }
        }
    }
    let _ = sender.send(Piece::End).await;
    Ok(())
}

/// The finished file, which has no name any more; none when the rows broke off.
fn write_workbook(mut pieces: Receiver<Piece>) -> Result<Option<std::fs::File>, FileError> {
    let folder = TempDir::with_prefix("accunode-export-")?;
    let path = folder.path().join("table.xlsx");
    let mut writer: Option<Writer> = None;
    loop {
        match (pieces.blocking_recv(), &mut writer) {
            (Some(Piece::Sheet(sheet)), Some(writer)) => writer.next_sheet(sheet.name, &names(&sheet))?,
            (Some(Piece::Sheet(sheet)), none) => {
                let first = none.insert(Writer::create(&path, &names(&sheet))?);
                first.name_sheet(sheet.name)?;
            }
            (Some(Piece::Rows(rows)), Some(writer)) => write(writer, &rows)?,
            (Some(Piece::Rows(_)), None) | (None, _) => return Ok(None),
            (Some(Piece::End), _) => break,
        }
    }
    let Some(writer) = writer else { return Ok(None) };
    writer.finish()?;
    Ok(Some(std::fs::File::open(&path)?))
}

#[cfg(test)]
mod tests;
