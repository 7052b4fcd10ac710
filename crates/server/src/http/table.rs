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
    sync::mpsc::{self, Receiver, error::SendError},
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
                if self.rows.is_some_and(|rows| rows > MOST_IN_A_SHEET) {
                    return Err(too_large(&format!(
                        "an XLSX sheet holds at most {MOST_IN_A_SHEET} rows besides its header"
                    )));
                }
                xlsx(self.header, pager).await?
            }
        };
        let day: String = now.to_string().chars().take(10).collect();
        let disposition = format!("attachment; filename=\"{}-{day}.{}\"", self.name, format.as_str());
        let headers = [
            (header::CONTENT_TYPE, format.content_type().to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        Ok((headers, body).into_response())
    }
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

/// The sheet is written by a thread that may block, and read here.
async fn xlsx(header: &'static [&'static str], mut pager: impl Pager) -> Result<Body> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let writing = tokio::task::spawn_blocking(move || write_sheet(header, receiver));
    let sent = async {
        while let Some(rows) = pager.next().await? {
            if let Err(SendError(_)) = sender.send(Some(rows)).await {
                return Ok(()); // the thread has given up and says below why
            }
        }
        // Without this word the thread knows that nobody waits any more.
        let _ = sender.send(None).await;
        Ok::<_, Error>(())
    };
    let outcome = sent.await;
    drop(sender);
    outcome?;
    let file = writing.await.map_err(Error::internal)?.map_err(refused)?;
    let file = file.ok_or_else(|| Error::internal("a sheet was left unfinished"))?;
    Ok(Body::from_stream(ReaderStream::with_capacity(File::from_std(file), PORTION)))
}

/// The finished file, which has no name any more; none when the rows broke off.
fn write_sheet(
    header: &[&str],
    mut rows: Receiver<Option<Vec<Row>>>,
) -> Result<Option<std::fs::File>, FileError> {
    let folder = TempDir::with_prefix("accunode-export-")?;
    let path = folder.path().join("table.xlsx");
    let mut writer = Writer::create(&path, header)?;
    loop {
        match rows.blocking_recv() {
            Some(Some(page)) => write(&mut writer, &page)?,
            Some(None) => break,
            None => return Ok(None),
        }
    }
    writer.finish()?;
    Ok(Some(std::fs::File::open(&path)?))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use http_body_util::BodyExt;

    use super::*;
    use crate::http::problem::ApiError;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    /// Pages of rows, then the end or a failure.
    struct Pages {
        left: i64,
        size: i64,
        fails: bool,
    }

    impl Pager for Pages {
        async fn next(&mut self) -> Result<Option<Vec<Row>>> {
            if self.left == 0 {
                return if self.fails { Err(Error::internal("gone")) } else { Ok(None) };
            }
            let n = self.size.min(self.left);
            self.left -= n;
            Ok(Some((0..n).map(|i| vec!["=1+1".into(), Value::from(i), None::<f64>.into()]).collect()))
        }
    }

    fn table(rows: Option<i64>) -> Table {
        Table { name: "things", header: &["text", "number", "nothing"], rows }
    }

    #[tokio::test]
    async fn csv_comes_page_by_page_and_guards_formulas() {
        let pages = Pages { left: 5, size: 2, fails: false };
        let answer = table(None).answer(Format::Csv, NOW, pages).await.unwrap();
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        assert_eq!(
            answer.headers()[header::CONTENT_DISPOSITION],
            "attachment; filename=\"things-2023-11-14.csv\""
        );
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text, "text,number,nothing\n'=1+1,0,\n'=1+1,1,\n'=1+1,0,\n'=1+1,1,\n'=1+1,0,\n");
    }

    #[tokio::test]
    async fn nothing_is_a_header() {
        let pages = Pages { left: 0, size: 1, fails: false };
        let answer = table(Some(0)).answer(Format::Csv, NOW, pages).await.unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&bytes[..], b"text,number,nothing\n");
    }

    #[tokio::test]
    async fn a_late_failure_breaks_csv_off_and_refuses_xlsx() {
        let pages = || Pages { left: 5, size: 2, fails: true };
        let answer = table(None).answer(Format::Csv, NOW, pages()).await.unwrap();
        let error = answer.into_body().collect().await.unwrap_err().to_string();
        assert!(error.contains("broke off") && !error.contains("gone"), "{error}");
        assert!(table(None).answer(Format::Xlsx, NOW, pages()).await.is_err());
        let at_once = Pages { left: 0, size: 1, fails: true };
        assert!(table(None).answer(Format::Csv, NOW, at_once).await.is_err());
    }

    #[tokio::test]
    async fn xlsx_is_a_whole_package() {
        let pages = Pages { left: 2_500, size: 500, fails: false };
        let answer = table(Some(2_500)).answer(Format::Xlsx, NOW, pages).await.unwrap();
        assert_eq!(answer.headers()[header::CONTENT_TYPE], XLSX);
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(bytes.starts_with(b"PK\x03\x04") && bytes.len() > 10_000, "{} bytes", bytes.len());
        // The end of the central directory stands at the end of a whole package.
        assert_eq!(&bytes[bytes.len() - 22..bytes.len() - 18], b"PK\x05\x06");
    }

    #[tokio::test]
    async fn more_than_a_sheet_holds_is_refused_with_a_way_out() {
        for rows in [Some(MOST_IN_A_SHEET + 1), None] {
            let pages = Pages { left: MOST_IN_A_SHEET + 1, size: 50_000, fails: false };
            let error = table(rows).answer(Format::Xlsx, NOW, pages).await.unwrap_err();
            assert!(error.to_string().contains("format=csv"), "{error}");
            assert_eq!(ApiError(error).into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
}
