//! Rows of the first sheet of an XLSX workbook, in bounded memory.
//!
//! The sheet is unpacked and parsed as it is read. Held in memory are the archive's index, the table of shared
//! texts and one byte for each style, each bounded. Nothing that the file merely claims (a count of texts, a
//! dimension) decides how much memory is taken.

mod package;
mod part;
mod styles;
mod workbook;
mod xml;

use std::io::{Read, Seek};

use quick_xml::events::{BytesStart, Event};

use self::{
    package::Package,
    styles::{Look, date_text},
    workbook::Workbook,
    xml::{Xml, attribute, unescape},
};
use crate::{
    FileError, Limits,
    rows::{RawRow, Rows, too_many_columns},
};

/// A sheet's own limits.
pub(crate) const MAX_ROW: u64 = 1_048_576;
const MAX_COLUMN: usize = 16_384;

/// The rows of the first sheet.
pub(crate) struct XlsxRows<R> {
    xml: Xml<R>,
    workbook: Workbook,
    max_columns: usize,
    /// Number of the last row read.
    row: u64,
    /// Text of the cell that is read.
    text: String,
    done: bool,
}

impl<R: Read + Seek> XlsxRows<R> {
    pub(crate) fn open(input: R, limits: &Limits) -> Result<Self, FileError> {
        let mut package = Package::open(input, limits)?;
        let workbook = Workbook::read(&mut package, limits)?;
        let part = package.into_part(&workbook.sheet)?;
        let mut xml = Xml::new(part, limits.max_cell_bytes);
        let done = loop {
            match xml.start()? {
                Some(element) if element.local_name().as_ref() == "sheetData" => break false,
                Some(_) => {}
                None => break true,
            }
        };
        let max_columns = limits.max_columns;
        Ok(Self { xml, workbook, max_columns, row: 0, text: String::new(), done })
    }

    /// Reads the cells of the row just started.
    fn read_row(&mut self, header: Option<&[String]>) -> Result<RawRow, FileError> {
        let width = header.map_or(self.max_columns, <[String]>::len);
        let mut row = RawRow {
            number: self.row,
            cells: header.map_or_else(Vec::new, |h| vec![String::new(); h.len()]),
            surplus: false,
        };
        let mut next_column = 0;
        loop {
            let cell = match self.xml.event()? {
                Event::Start(e) if e.local_name().as_ref() == "c" => CellStart::read(&e, self.row)?,
                Event::End(e) if e.local_name().as_ref() == "row" => return Ok(row),
                Event::Eof => return Err(FileError::damaged(format!("it ends inside row {}", self.row))),
                _ => continue,
            };
            let column = cell.column.unwrap_or(next_column);
            next_column = column + 1;
            self.read_cell(&cell)
                .map_err(|e| locate(e, &format!("row {}, column {}", self.row, column_name(column))))?;
            if self.text.is_empty() {
                continue;
            }
            if column >= width {
                row.surplus |= !self.text.trim().is_empty();
                if row.surplus && header.is_none() {
                    return Err(too_many_columns(self.max_columns));
                }
                continue;
            }
            if row.cells.len() <= column {
                row.cells.resize(column + 1, String::new());
            }
            if let Some(place) = row.cells.get_mut(column) {
                place.clone_from(&self.text);
            }
        }
    }

    /// Reads the content of the cell just started into `self.text`.
    fn read_cell(&mut self, cell: &CellStart) -> Result<(), FileError> {
        self.text.clear();
        self.xml.text("c", cell.kind != CellKind::Inline, &mut self.text)?;
        match cell.kind {
            CellKind::Shared => {
                let index = self.text.trim().parse::<usize>().ok();
                if let Some(index) = index {
                    let shared = self.workbook.texts.get(index).ok_or_else(|| {
                        FileError::damaged(format!(
                            "a cell refers to text {index}, which is not in the table of texts"
                        ))
                    })?;
                    self.text.clear();
                    self.text.push_str(shared);
                } else if !self.text.trim().is_empty() {
                    return Err(FileError::damaged(format!(
                        "a cell refers to the text '{}'",
                        self.text.trim()
                    )));
                }
            }
            CellKind::Inline | CellKind::Text => unescape(&mut self.text),
            CellKind::Boolean => {
                let plain = match self.text.trim() {
                    "1" | "true" => "TRUE",
                    "0" | "false" => "FALSE",
                    other => other,
                };
                self.text = plain.to_owned();
            }
            CellKind::Other => {}
            CellKind::Number => self.number(cell.style),
        }
        Ok(())
    }

    /// The text of a number, as its style shows it. What is not a number stays as it is.
    fn number(&mut self, style: usize) {
        use std::fmt::Write;
        let Ok(number) = self.text.trim().parse::<f64>() else { return };
        if !number.is_finite() {
            return;
        }
        self.text.clear();
        let look = self.workbook.looks.get(style).copied().unwrap_or(Look::Number);
        let date = (look == Look::Date).then(|| date_text(number, self.workbook.from_1904)).flatten();
        // Writing to a String cannot fail.
        let _ = match (date, look) {
            (Some(date), _) => self.text.write_str(&date),
            (None, Look::Percent) => write!(self.text, "{}%", round(number * 100.0)),
            (None, _) => write!(self.text, "{number}"),
        };
    }
}

/// Without the digits that multiplying by a hundred has made up.
fn round(percent: f64) -> f64 {
    format!("{percent:.12}").parse().unwrap_or(percent)
}

impl<R: Read + Seek + Send> Rows for XlsxRows<R> {
    fn next_row(&mut self, header: Option<&[String]>) -> Result<Option<RawRow>, FileError> {
        while !self.done {
            match self.xml.event()? {
                Event::Start(e) if e.local_name().as_ref() == "row" => {
                    self.row = row_number(&e, self.row)?;
                    return self.read_row(header).map(Some);
                }
                Event::End(e) if e.local_name().as_ref() == "sheetData" => {
                    self.xml.finish()?;
                    self.done = true;
                }
                Event::Eof => return Err(FileError::damaged(format!("it ends after row {}", self.row))),
                _ => {}
            }
        }
        Ok(None)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Number,
    Shared,
    Inline,
    /// The text that a formula gave.
    Text,
    Boolean,
    /// Errors and ISO dates: their text says it all.
    Other,
}

struct CellStart {
    column: Option<usize>,
    style: usize,
    kind: CellKind,
}

impl CellStart {
    fn read(element: &BytesStart<'_>, row: u64) -> Result<Self, FileError> {
        let mut cell = Self { column: None, style: 0, kind: CellKind::Number };
        for attribute in element.attributes().with_checks(false).flatten() {
            match attribute.key.as_ref() {
                "r" => cell.column = Some(column_of(&attribute.value, row)?),
                "s" => cell.style = attribute.value.parse().unwrap_or_default(),
                "t" => {
                    cell.kind = match attribute.value.as_ref() {
                        "s" => CellKind::Shared,
                        "inlineStr" => CellKind::Inline,
                        "str" => CellKind::Text,
                        "b" => CellKind::Boolean,
                        "e" | "d" => CellKind::Other,
                        _ => CellKind::Number,
                    }
                }
                _ => {}
            }
        }
        Ok(cell)
    }
}

/// The number of the row that starts; rows must rise.
fn row_number(element: &BytesStart<'_>, last: u64) -> Result<u64, FileError> {
    let number = match attribute(element, "r") {
        Some(text) => text.parse().map_err(|_| FileError::damaged(format!("row number '{text}'")))?,
        None => last + 1,
    };
    if number <= last || number > MAX_ROW {
        return Err(FileError::damaged(format!("row {number} follows row {last}")));
    }
    Ok(number)
}

/// 0-based column of a reference such as `AB12`, which must lie in the given row.
fn column_of(reference: &str, row: u64) -> Result<usize, FileError> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let (mut column, mut count) = (0, 0);
    for letter in letters {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        count += 1;
    }
    let in_row = reference.get(count..).and_then(|digits| digits.parse::<u64>().ok()) == Some(row);
    if !in_row || column == 0 || column > MAX_COLUMN {
        return Err(FileError::damaged(format!("row {row} holds a cell with the reference '{reference}'")));
    }
    Ok(column - 1)
}

/// The letters of a 0-based column.
fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

fn locate(error: FileError, place: &str) -> FileError {
    match error {
        FileError::TooLarge(text) => FileError::TooLarge(format!("{place}: {text}")),
        FileError::Damaged(text) => FileError::Damaged(format!("{place}: {text}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_names_of_columns() {
        for (reference, column) in [("A7", 0), ("z7", 25), ("AA7", 26), ("XFD7", 16_383)] {
            assert_eq!(column_of(reference, 7).unwrap(), column);
            assert_eq!(column_name(column), reference.trim_end_matches('7').to_uppercase());
        }
        for bad in ["", "7", "A", "A8", "XFE7", "AAAAAAAAAAAA7", "Ä7", "A-7"] {
            assert!(column_of(bad, 7).is_err(), "{bad}");
        }
    }

    #[test]
    fn percentages_look_as_in_the_sheet() {
        assert_eq!(round(0.07 * 100.0).to_string(), "7");
        assert_eq!(round(0.125 * 100.0).to_string(), "12.5");
    }
}
