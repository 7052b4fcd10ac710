//! Rows of a CSV file, in bounded memory.

use std::io::{self, Read};

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
    last_row: u64,
    max_columns: usize,
}

impl<R: Read + Send> CsvRows<R> {
    pub(crate) fn new(input: R, limits: &Limits) -> Self {
        let intake =
            Intake { input, max_piece: limits.max_piece_bytes(), since_row: 0, last: b'\n', failure: None };
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // Not CRLF: the count of line feeds tells the row's number. A CR before LF is cut off below.
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(intake);
        let record = csv::ByteRecord::new();
        Self { csv, record, quoted_breaks: 0, last_row: 0, max_columns: limits.max_columns }
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
        self.csv.get_mut().since_row = 0;
        match self.csv.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(e) => return Err(self.failure(e)),
        }
        let breaks = memchr::memchr_iter(b'\n', self.record.as_slice()).count() as u64;
        self.quoted_breaks += breaks;
        // Each row ends with one line feed (the intake adds it to the last one), which is counted already.
        let number = self.csv.position().line().saturating_sub(1 + self.quoted_breaks).max(self.last_row + 1);
        self.last_row = number;

        let width = header.map_or(self.max_columns, <[String]>::len);
        let mut row =
            RawRow { number, cells: Vec::with_capacity(header.map_or(16, <[_]>::len)), surplus: false };
        let last = self.record.len().saturating_sub(1);
        for (i, field) in self.record.iter().enumerate() {
            let field = if i == last { field.strip_suffix(b"\r").unwrap_or(field) } else { field };
            let text = std::str::from_utf8(field).map_err(|_| FileError::NotUtf8 {
                row: number,
                column: header.and_then(|h| h.get(i).cloned()),
            })?;
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
