//! The one way to read a portfolio file, whatever its format.

use std::{
    fs::File,
    io::{BufReader, Cursor, Read, Seek, SeekFrom},
    path::Path,
};

use accunode_domain::Kind;

use crate::{
    CellError, FileError, Format, Limits, Record, Row,
    columns::Positions,
    csv_rows::CsvRows,
    format::HEAD,
    packed::PackedRows,
    rows::{RawRow, Rows},
    xlsx::XlsxRows,
};

/// Reads and seeks: what an XLSX file needs.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// The rows of a portfolio file, read one by one in bounded memory.
///
/// An item is a row, good or bad. An `Err` item says why the file cannot be read any further; it is the last.
pub struct Reader {
    kind: Kind,
    format: Format,
    headers: Vec<String>,
    positions: Positions,
    rows: Box<dyn Rows>,
    /// The first row, read early so that a file without rows is known at once.
    first: Option<Result<RawRow, FileError>>,
    read: u64,
    max_rows: Option<u64>,
    done: bool,
}

impl Reader {
    /// Opens a file; its format is known by its name.
    ///
    /// # Errors
    /// [`FileError`] when the file cannot be read at all, its header included, or has no rows.
    pub fn open(path: &Path, kind: Kind, limits: &Limits) -> Result<Self, FileError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Format::from_name(&name)?; // before the system is asked: its text helps more
        Self::new(&name, BufReader::new(File::open(path)?), kind, limits)
    }

    /// Reads bytes that came under a name, as an upload does.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn new(
        name: &str,
        input: impl ReadSeek + 'static,
        kind: Kind,
        limits: &Limits,
    ) -> Result<Self, FileError> {
        match Format::from_name(name)? {
            Format::Csv => Self::csv(input, kind, limits),
            Format::Xlsx => Self::xlsx(input, kind, limits),
        }
    }

    /// Reads CSV from a stream.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn csv(
        mut input: impl Read + Send + 'static,
        kind: Kind,
        limits: &Limits,
    ) -> Result<Self, FileError> {
        let head = head(&mut input)?;
        Format::Csv.check(&head)?;
        let rows = CsvRows::new(Cursor::new(head).chain(input), limits);
        Self::start(Format::Csv, Box::new(rows), kind, limits)
    }

    /// Reads the first sheet of an XLSX workbook.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn xlsx(mut input: impl ReadSeek + 'static, kind: Kind, limits: &Limits) -> Result<Self, FileError> {
        Format::Xlsx.check(&head(&mut input)?)?;
        input.seek(SeekFrom::Start(0))?;
        Self::start(Format::Xlsx, Box::new(XlsxRows::open(input, limits)?), kind, limits)
    }

    /// Reads one part of a file, see [`crate::Plan`]: `rows` are the bytes of the part, as they lie in the file
    /// itself (CSV) or as the plan has packed them (XLSX).
    ///
    /// # Errors
    /// [`FileError`] when the header is not one of this kind.
    pub fn part(
        rows: impl Read + Send + 'static,
        format: Format,
        kind: Kind,
        headers: Vec<String>,
        first_line: u64,
        limits: &Limits,
    ) -> Result<Self, FileError> {
        let positions = Positions::find(kind, &headers)?;
        let rows: Box<dyn Rows> = match format {
            Format::Csv => Box::new(CsvRows::part(rows, first_line, limits)),
            Format::Xlsx => Box::new(PackedRows::new(rows, limits)),
        };
        Ok(Self { kind, format, headers, positions, rows, first: None, read: 0, max_rows: None, done: false })
    }

    fn start(
        format: Format,
        mut rows: Box<dyn Rows>,
        kind: Kind,
        limits: &Limits,
    ) -> Result<Self, FileError> {
        let headers = read_headers(rows.as_mut())?;
        let positions = Positions::find(kind, &headers)?;
        let max_rows = limits.max_rows;
        let mut reader =
            Self { kind, format, headers, positions, rows, first: None, read: 0, max_rows, done: false };
        reader.first = Some(reader.next_raw().ok_or(FileError::NoRows)?);
        Ok(reader)
    }

    /// The kind of prediction that the rows are read for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The file's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The names of all columns as the file writes them, without blank ones at the end.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The next row as it stands in the file, counted.
    pub(crate) fn next_counted(&mut self) -> Option<Result<RawRow, FileError>> {
        let item = self.first.take().or_else(|| self.next_raw());
        self.read += 1;
        match (item, self.max_rows) {
            (Some(Ok(_)), Some(most)) if self.read > most => Some(Err(too_many_rows(most))),
            (item, _) => item,
        }
    }

    fn next_raw(&mut self) -> Option<Result<RawRow, FileError>> {
        loop {
            match self.rows.next_row(Some(&self.headers)).transpose()? {
                Ok(row) if row.is_blank() => {}
                other => return Some(other),
            }
        }
    }

    fn row(&self, raw: RawRow) -> Row {
        let mut record = Record::read(self.kind, &self.positions, &raw.cells);
        if raw.surplus {
            let columns = self.headers.len();
            let message = format!("has text beyond the header's {columns} columns");
            let mut errors = record.err().unwrap_or_default();
            errors.push(CellError::new("row", message));
            record = Err(errors);
        }
        Row { number: raw.number, cells: raw.cells, record }
    }
}

impl Iterator for Reader {
    type Item = Result<Row, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.next_counted().map(|raw| raw.map(|raw| self.row(raw)));
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

/// The header, behind blank rows if need be.
pub(crate) fn read_headers(rows: &mut dyn Rows) -> Result<Vec<String>, FileError> {
    loop {
        match rows.next_row(None)? {
            Some(row) if row.is_blank() => {}
            Some(row) => return Ok(headers(row.cells)),
            None => return Err(FileError::Empty),
        }
    }
}

pub(crate) fn too_many_rows(most: u64) -> FileError {
    FileError::TooLarge(format!("the file has more than {most} rows"))
}

/// The header's texts without a byte order mark and without blank columns at the end.
fn headers(mut cells: Vec<String>) -> Vec<String> {
    if let Some(first) = cells.first_mut()
        && let Some(rest) = first.strip_prefix('\u{feff}')
    {
        *first = rest.to_owned();
    }
    while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells
}

/// Up to the first 512 bytes.
pub(crate) fn head(input: &mut impl Read) -> Result<Vec<u8>, FileError> {
    let mut head = Vec::with_capacity(HEAD);
    input.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}
