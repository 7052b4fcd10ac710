//! Rows of a CSV file, in bounded memory.

use std::io::{self, Chain, Cursor, Read};

use crate::{
    FileError, Limits,
    format::BINARY,
    rows::{RawRow, Rows, too_many_columns},
};

/// Bytes that are read ahead.
const BUFFER: usize = 64 << 10;

/// Rows of comma-separated text. A line ends with LF or CRLF; a line break inside quotes is text.
pub(crate) struct CsvRows<R> {
    csv: csv::Reader<Intake<R>>,
    record: csv::ByteRecord,
    /// Line breaks inside quotes so far: they do not start a row.
    quoted_breaks: u64,
    /// Lines of the file before the first one that is read here.
    before: u64,
    last_row: u64,
    max_columns: usize,
}

/// A row whose cells nobody asked for.
pub(crate) struct Skimmed {
    /// The row's number as a spreadsheet shows it.
    pub(crate) number: u64,
    /// Whether it has no text at all.
    pub(crate) blank: bool,
}

impl<R: Read + Send> CsvRows<Chain<Cursor<[u8; 1]>, R>> {
    /// Rows from a place within a file, where the line of this number begins.
    pub(crate) fn part(input: R, first_line: u64, limits: &Limits) -> Self {
        // A line break in front: only at the beginning of a file is a byte order mark no text.
        let input = Cursor::new(*b"\n").chain(input);
        let before = first_line.saturating_sub(1);
        // The line in front is one that was read, or a row that no line break ends would get its number.
        Self { last_row: before, ..CsvRows::from_line(input, before, limits) }
    }
}

impl<R: Read + Send> CsvRows<R> {
    pub(crate) fn new(input: R, limits: &Limits) -> Self {
        Self::from_line(input, 1, limits)
    }

    fn from_line(input: R, line: u64, limits: &Limits) -> Self {
        let max_piece = limits.max_piece_bytes();
        let intake = Intake { input, max_piece, since_row: 0, read: 0, last: b'\n', failure: None };
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // Not CRLF: the count of line feeds tells the row's number. A CR before LF is cut off below.
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(intake);
        let record = csv::ByteRecord::new();
        let before = line.saturating_sub(1);
        Self { csv, record, quoted_breaks: 0, before, last_row: before, max_columns: limits.max_columns }
    }

    /// How many bytes the rows read so far take, and the blank lines between them.
    pub(crate) fn offset(&self) -> u64 {
        // Never beyond the end of the file, although a last line break may have been added to it.
        self.csv.position().byte().min(self.csv.get_ref().read)
    }

    /// The number of the line behind the rows read so far.
    pub(crate) const fn next_line(&self) -> u64 {
        self.last_row + 1
    }

    /// Passes over a row. It is refused for the same reasons as when it is read.
    pub(crate) fn skim(&mut self, header: &[String]) -> Result<Option<Skimmed>, FileError> {
        let Some(number) = self.advance()? else { return Ok(None) };
        let mut blank = true;
        for (i, field) in self.record.iter().enumerate() {
            blank &= text(field, number, i, Some(header))?.trim().is_empty();
        }
        Ok(Some(Skimmed { number, blank }))
    }

    /// Reads a row into the record; gives its number.
    fn advance(&mut self) -> Result<Option<u64>, FileError> {
        self.csv.get_mut().since_row = 0;
        match self.csv.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(e) => return Err(self.failure(e)),
        }
        let breaks = memchr::memchr_iter(b'\n', self.record.as_slice()).count() as u64;
        self.quoted_breaks += breaks;
        // Each row ends with one line feed (the intake adds it to the last one), which is counted already.
        let lines = self.csv.position().line().saturating_sub(1 + self.quoted_breaks);
        self.last_row = (self.before + lines).max(self.last_row + 1);
        Ok(Some(self.last_row))
    }

    fn failure(&mut self, error: csv::Error) -> FileError {
        let row = self.last_row + 1;
        match (self.csv.get_mut().failure.take(), error.into_kind()) {
            (Some(Failure::Overlong(most)), _) => FileError::TooLarge(format!(
                "row {row} (or a nearby one) is longer than {most} bytes; perhaps a quotation mark is not closed"
            )),
            (Some(Failure::Binary), _) => FileError::Format(BINARY.to_owned()),
            (None, csv::ErrorKind::Io(e)) => FileError::Io(e),
            (None, kind) => FileError::damaged(format!("row {row}: {kind:?}")),
        }
    }
}

impl<R: Read + Send> Rows for CsvRows<R> {
    fn next_row(&mut self, header: Option<&[String]>) -> Result<Option<RawRow>, FileError> {
        let Some(number) = self.advance()? else { return Ok(None) };
        let width = header.map_or(self.max_columns, <[String]>::len);
        let mut row =
            RawRow { number, cells: Vec::with_capacity(header.map_or(16, <[_]>::len)), surplus: false };
        let last = self.record.len().saturating_sub(1);
        for (i, field) in self.record.iter().enumerate() {
            let field = if i == last { field.strip_suffix(b"\r").unwrap_or(field) } else { field };
            let text = text(field, number, i, header)?;
            if i < width {
                row.cells.push(unguarded(text).to_owned());
            } else if !text.trim().is_empty() {
                row.surplus = true;
            }
        }
        if header.is_none() && row.surplus {
            return Err(too_many_columns(self.max_columns));
        }
        row.cells.resize(header.map_or(row.cells.len(), <[_]>::len), String::new());
        Ok(Some(row))
    }
}

fn text<'a>(
    field: &'a [u8],
    row: u64,
    column: usize,
    header: Option<&[String]>,
) -> Result<&'a str, FileError> {
    std::str::from_utf8(field)
        .map_err(|_| FileError::NotUtf8 { row, column: header.and_then(|h| h.get(column).cloned()) })
}

/// Whether a spreadsheet would take a CSV text for a formula, or the guard against it stands in front.
pub(crate) fn wants_guard(text: &str) -> bool {
    let rest = text.trim_start_matches('\'');
    rest.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text without the apostrophe that [`crate::Writer`] puts before what a spreadsheet would compute.
fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if wants_guard(rest) => rest,
        _ => text,
    }
}

enum Failure {
    Overlong(usize),
    Binary,
}

/// The bytes on their way to the parser: bounded for each row, without zero bytes, ending with a line feed.
struct Intake<R> {
    input: R,
    max_piece: usize,
    since_row: usize,
    /// Bytes that the input has given.
    read: u64,
    last: u8,
    failure: Option<Failure>,
}

impl<R: Read> Read for Intake<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = loop {
            match self.input.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let Some(last) = read.checked_sub(1).and_then(|i| buffer.get(i)).copied() else {
            let missing_break = self.last != b'\n';
            self.last = b'\n';
            return match buffer.first_mut() {
                Some(first) if missing_break => {
                    *first = b'\n';
                    Ok(1)
                }
                _ => Ok(0),
            };
        };
        self.last = last;
        self.since_row += read;
        self.read += read as u64;
        if memchr::memchr(0, buffer.get(..read).unwrap_or_default()).is_some() {
            self.failure = Some(Failure::Binary);
        } else if self.since_row > self.max_piece + BUFFER {
            self.failure = Some(Failure::Overlong(self.max_piece));
        }
        match self.failure {
            Some(_) => Err(io::Error::other("refused")),
            None => Ok(read),
        }
    }
}
