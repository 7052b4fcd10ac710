//! What the readers of both formats have in common: rows of texts, not yet looked at.

use crate::FileError;

/// The texts of one row.
pub(crate) struct RawRow {
    /// The row's number as a spreadsheet shows it.
    pub(crate) number: u64,
    /// One text for each column of the header; of the header row itself, all its texts.
    pub(crate) cells: Vec<String>,
    /// Whether there is text beyond the header's last column.
    pub(crate) surplus: bool,
}

impl RawRow {
    pub(crate) fn is_blank(&self) -> bool {
        !self.surplus && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// A source of rows, blank ones included or not.
pub(crate) trait Rows: Send {
    /// The next row; `header` is none while the header itself is looked for.
    fn next_row(&mut self, header: Option<&[String]>) -> Result<Option<RawRow>, FileError>;
}

pub(crate) fn too_many_columns(most: usize) -> FileError {
    FileError::TooLarge(format!("the header has more than {most} columns"))
}
