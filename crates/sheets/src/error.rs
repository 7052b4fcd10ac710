//! What can be wrong with a whole file, and with one cell.

use std::{fmt, io};

use thiserror::Error;

use crate::validate::printable;

/// Why a file cannot be read (further). Its text is meant for the person who sent the file: it says what was
/// found, where, and what to do.
#[derive(Debug, Error)]
pub enum FileError {
    /// Columns that the kind of prediction needs and the header does not have, in the documented order.
    #[error("Missing required columns: {}", .0.join(", "))]
    MissingColumns(Vec<String>),
    /// A column that is needed stands twice in the header, so that it is unclear which one counts.
    #[error("column '{0}' stands more than once in the header; keep one of them")]
    DuplicateColumn(String),
    /// Not one character, or nothing but blank lines.
    #[error("the file is empty: a header line and at least one row are expected")]
    Empty,
    /// A header and nothing else.
    #[error("the file has a header but no rows")]
    NoRows,
    /// Not a file of a kind that can be read, or not what its name says.
    #[error("{0}")]
    Format(String),
    /// Bytes that are not UTF-8 text.
    #[error("row {row}{}: the text is not UTF-8; save the file as 'CSV UTF-8' or as .xlsx", in_column(.column))]
    NotUtf8 {
        /// Row as a spreadsheet numbers it.
        row: u64,
        /// Name of the column, where it is known.
        column: Option<String>,
    },
    /// More than a limit allows; see [`crate::Limits`].
    #[error("{0}")]
    TooLarge(String),
    /// Cut off, or with contents that contradict each other.
    #[error("the file is damaged or incomplete: {0}")]
    Damaged(String),
    /// The operating system could not read or write.
    #[error("the file cannot be read or written: {0}")]
    Io(#[from] io::Error),
}

impl FileError {
    pub(crate) fn damaged(what: impl fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}

fn in_column(column: &Option<String>) -> String {
    column.as_ref().map(|c| format!(", column '{c}'")).unwrap_or_default()
}

/// What is wrong with one cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellError {
    /// The column's name as documented, or as the header has it for a column that is not needed.
    pub column: String,
    /// What was found and what is expected.
    pub message: String,
}

impl CellError {
    pub(crate) fn new(column: impl Into<String>, message: impl Into<String>) -> Self {
        Self { column: column.into(), message: printable(&message.into()) }
    }
}

impl fmt::Display for CellError {
    /// `net_income_margin: must be a finite number`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.column, self.message)
    }
}
