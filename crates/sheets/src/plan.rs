//! Parts of a file that can be read on their own, found in one pass.

use std::io::{Cursor, Read, Write};

use accunode_domain::Kind;

use crate::{
    FileError, Format, Limits, ReadSeek, Reader,
    columns::Positions,
    csv_rows::CsvRows,
    packed::pack,
    reader::{head, read_headers, too_many_rows},
};

/// How large a part becomes before the next one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartSize {
    /// Rows.
    pub rows: u64,
    /// Bytes: bounds the memory that a part of long rows takes.
    pub bytes: u64,
}

/// Some rows of a file, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number, as a spreadsheet shows it, of the line that the part begins with; its first row may be a later
    /// one, behind blank lines.
    pub first_line: u64,
    /// Rows, blank ones not counted.
    pub rows: u64,
    /// Where its bytes begin.
    pub start: u64,
    /// Where its bytes end.
    pub end: u64,
}

/// A file that was read once from beginning to end: nothing of it is damaged, and this is where its rows lie.
/// [`Reader::part`] reads one of the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The names of all columns as the file writes them, see [`Reader::headers`].
    pub headers: Vec<String>,
    /// Rows, blank ones not counted.
    pub rows: u64,
    /// The parts, in the order of the file.
    pub parts: Vec<Part>,
}

impl Plan {
    /// Reads a CSV as it comes. The parts lie in the file itself.
    ///
    /// # Errors
    /// [`FileError`] for everything that keeps a [`Reader`] from getting to the end.
    pub fn of_csv(
        mut input: impl Read + Send,
        kind: Kind,
        limits: &Limits,
        size: PartSize,
    ) -> Result<Self, FileError> {
        let head = head(&mut input)?;
        Format::Csv.check(&head)?;
        let mut rows = CsvRows::new(Cursor::new(head).chain(input), limits);
        let headers = read_headers(&mut rows)?;
        Positions::find(kind, &headers)?;
        let mut parts = Parts::new(size, limits, rows.next_line(), rows.offset());
        while let Some(row) = rows.skim(&headers)? {
            if !row.blank {
                parts.add(row.number, rows.offset())?;
            }
        }
        parts.end(headers, rows.offset())
    }

    /// Reads a workbook, which cannot be read in parts, and packs its rows into `out`, which can.
    ///
    /// # Errors
    /// As [`Plan::of_csv`]; [`FileError::Io`] when `out` fails.
    pub fn of_xlsx(
        input: impl ReadSeek + 'static,
        kind: Kind,
        limits: &Limits,
        size: PartSize,
        mut out: impl Write,
    ) -> Result<Self, FileError> {
        let mut reader = Reader::xlsx(input, kind, limits)?;
        let mut offset = 0;
        let mut parts: Option<Parts> = None;
        while let Some(row) = reader.next_counted() {
            let row = row?;
            let parts = parts.get_or_insert_with(|| Parts::new(size, limits, row.number, 0));
            offset += pack(&mut out, &row)?;
            parts.add(row.number, offset)?;
        }
        out.flush()?;
        parts.ok_or(FileError::NoRows)?.end(reader.headers().to_vec(), offset)
    }
}

/// The parts found so far, the last one still growing.
struct Parts {
    size: PartSize,
    max_rows: u64,
    rows: u64,
    done: Vec<Part>,
    open: Part,
}

impl Parts {
    fn new(size: PartSize, limits: &Limits, first_line: u64, start: u64) -> Self {
        let open = Part { first_line, rows: 0, start, end: start };
        Self { size, max_rows: limits.max_rows.unwrap_or(u64::MAX), rows: 0, done: Vec::new(), open }
    }

    /// Notes a row of this number that ends at `end`.
    fn add(&mut self, number: u64, end: u64) -> Result<(), FileError> {
        self.rows += 1;
        if self.rows > self.max_rows {
            return Err(too_many_rows(self.max_rows));
        }
        self.open.rows += 1;
        self.open.end = end;
        if self.open.rows >= self.size.rows || end - self.open.start >= self.size.bytes {
            let next = Part { first_line: number + 1, rows: 0, start: end, end };
            self.done.push(std::mem::replace(&mut self.open, next));
        }
        Ok(())
    }

    fn end(mut self, headers: Vec<String>, end: u64) -> Result<Plan, FileError> {
        if self.open.rows > 0 {
            self.done.push(Part { end, ..self.open });
        }
        if self.rows == 0 {
            return Err(FileError::NoRows);
        }
        Ok(Plan { headers, rows: self.rows, parts: self.done })
    }
}
