//! Tables out, row by row, as CSV or XLSX.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::{FileError, Format, WholeFile, csv_rows::wants_guard, xlsx::MAX_ROW};

/// One cell to write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A text. It stays a text: XLSX stores it as one, and in CSV a text that a spreadsheet would compute
    /// (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return, and is not a number) gets an apostrophe
    /// in front, which [`crate::Reader`] takes off again.
    Text(&'a str),
    /// A number, in as many digits as read back to the same number. Not finite is written as nothing.
    Number(f64),
    /// Nothing.
    Empty,
}

impl<'a> Cell<'a> {
    /// A number if the text is exactly what [`Cell::Number`] writes for it, so that nothing is lost; else a
    /// text, or nothing.
    #[must_use]
    pub fn echo(text: &'a str) -> Self {
        if text.is_empty() {
            return Self::Empty;
        }
        match number(text) {
            Some(x) if x.to_string() == text => Self::Number(x),
            _ => Self::Text(text),
        }
    }
}

/// A finite number written with digits.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse().ok().filter(|x: &f64| digits && x.is_finite())
}

enum Target {
    Csv { csv: Box<csv::Writer<Output>>, text: String },
    Xlsx { workbook: Box<Workbook>, path: PathBuf },
}

enum Output {
    File(WholeFile),
    Stream(Box<dyn Write + Send>),
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// Writes a table, or with [`Writer::next_sheet`] several into one workbook. A file appears under its name only when [`Writer::finish`] has returned, see [`WholeFile`].
pub struct Writer {
    target: Target,
    rows: u64,
    /// Which sheet of a workbook is written.
    sheet: usize,
}

impl Writer {
    /// Writes to a file; its format is known by its name.
    ///
    /// # Errors
    /// [`FileError`] when the name says no known format or no file can be made beside it.
    pub fn create(path: &Path, header: &[&str]) -> Result<Self, FileError> {
        let format = Format::from_name(&path.file_name().unwrap_or_default().to_string_lossy())?;
        // Through a link to the file itself, so that the link stays; a device is not replaced by a file.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&path).is_ok_and(|m| !m.is_file()) {
            return Err(FileError::Format(format!(
                "'{}' is not a file that can be replaced",
                path.display()
            )));
        }
        let target = match format {
            Format::Csv => csv_target(Output::File(WholeFile::create(&path)?)),
            Format::Xlsx => {
                WholeFile::create(&path)?; // fails now rather than after hours of work
                let mut workbook = Box::new(Workbook::new());
                workbook.add_worksheet_with_constant_memory().map_err(refused)?;
                Target::Xlsx { workbook, path }
            }
        };
        Self { target, rows: 0, sheet: 0 }.with_header(header)
    }

    /// Writes CSV to a stream, such as the standard output.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn csv(stream: impl Write + Send + 'static, header: &[&str]) -> Result<Self, FileError> {
        let target = csv_target(Output::Stream(Box::new(stream)));
        Self { target, rows: 0, sheet: 0 }.with_header(header)
    }

    /// Names the sheet that is written.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] for a name that no sheet can have. CSV has no sheets, and no names.
    pub fn name_sheet(&mut self, name: &str) -> Result<(), FileError> {
        if let Target::Xlsx { workbook, .. } = &mut self.target {
            workbook.worksheet_from_index(self.sheet).and_then(|s| s.set_name(name)).map_err(refused)?;
        }
        Ok(())
    }

    /// Begins another sheet of a workbook, with a header of its own.
    ///
    /// # Errors
    /// [`FileError::Format`] for CSV, which has one table only; otherwise as [`Writer::write`].
    pub fn next_sheet(&mut self, name: &str, header: &[&str]) -> Result<(), FileError> {
        let Target::Xlsx { workbook, .. } = &mut self.target else {
            return Err(FileError::Format("a CSV file holds one table".to_owned()));
        };
        workbook.add_worksheet_with_constant_memory().map_err(refused)?;
        (self.sheet, self.rows) = (self.sheet + 1, 0);
        self.name_sheet(name)?;
        let cells: Vec<_> = header.iter().map(|name| Cell::Text(name)).collect();
        self.write(&cells)
    }

    fn with_header(mut self, header: &[&str]) -> Result<Self, FileError> {
        let cells: Vec<_> = header.iter().map(|name| Cell::Text(name)).collect();
        self.write(&cells)?;
        Ok(self)
    }

    /// Writes one row.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] beyond what XLSX can hold (1,048,576 rows with the header, 16,384 columns,
    /// 32,767 characters a cell); [`FileError::Io`].
    pub fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), FileError> {
        match &mut self.target {
            Target::Csv { csv, text } => {
                for cell in cells {
                    write_csv(csv, text, *cell)?;
                }
                csv.write_record(None::<&[u8]>).map_err(csv_failure)?;
            }
            Target::Xlsx { workbook, .. } => {
                if self.rows >= MAX_ROW {
                    let text =
                        format!("an XLSX sheet holds at most {MAX_ROW} rows with its header; write CSV");
                    return Err(FileError::TooLarge(text));
                }
                let sheet = workbook.worksheet_from_index(self.sheet).map_err(refused)?;
                let row = u32::try_from(self.rows).unwrap_or(u32::MAX);
                for (i, cell) in cells.iter().enumerate() {
                    let column = u16::try_from(i).unwrap_or(u16::MAX);
                    match cell {
                        Cell::Text(text) if !text.is_empty() => sheet.write_string(row, column, *text),
                        Cell::Number(x) if x.is_finite() => sheet.write_number(row, column, *x),
                        _ => continue,
                    }
                    .map_err(|e| refused_at(&e, self.rows + 1))?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Completes the table and puts the file in its place.
    ///
    /// # Errors
    /// [`FileError::Io`]; the file under the name is then the one that was there before.
    pub fn finish(self) -> Result<(), FileError> {
        match self.target {
            Target::Csv { csv, .. } => {
                let output = csv.into_inner().map_err(|e| FileError::Io(e.into_error()))?;
                match output {
                    Output::Stream(mut stream) => Ok(stream.flush()?),
                    Output::File(file) => Ok(file.finish()?),
                }
            }
            Target::Xlsx { mut workbook, path } => {
                let mut file = WholeFile::create(&path)?;
                workbook.save_to_writer(&mut file).map_err(refused)?;
                Ok(file.finish()?)
            }
        }
    }
}

fn csv_target(output: Output) -> Target {
    let csv = csv::WriterBuilder::new().flexible(true).from_writer(output);
    Target::Csv { csv: Box::new(csv), text: String::new() }
}

fn write_csv(csv: &mut csv::Writer<Output>, buffer: &mut String, cell: Cell<'_>) -> Result<(), FileError> {
    use std::fmt::Write;
    buffer.clear();
    let text = match cell {
        Cell::Text(text) if wants_guard(text) && number(text).is_none() => {
            buffer.push('\'');
            buffer.push_str(text);
            buffer.as_str()
        }
        Cell::Text(text) => text,
        Cell::Number(x) if x.is_finite() => {
            let _ = write!(buffer, "{x}"); // writing to a String cannot fail
            buffer.as_str()
        }
        Cell::Number(_) | Cell::Empty => "",
    };
    csv.write_field(text).map_err(csv_failure)
}

fn csv_failure(error: csv::Error) -> FileError {
    match error.into_kind() {
        csv::ErrorKind::Io(e) => FileError::Io(e),
        other => FileError::damaged(format!("{other:?}")),
    }
}

fn refused(error: XlsxError) -> FileError {
    match error {
        XlsxError::IoError(e) => FileError::Io(e),
        other => FileError::TooLarge(format!("XLSX cannot hold this table: {other}")),
    }
}

fn refused_at(error: &XlsxError, row: u64) -> FileError {
    FileError::TooLarge(format!("XLSX cannot hold row {row}: {error}; write CSV"))
}
