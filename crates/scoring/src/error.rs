//! Why a bundle is refused, and why a row cannot be scored.

use std::fmt;

use thiserror::Error;

/// Where in a file the fault lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The file as a whole.
    File,
    /// A line, counted from 1, and a column where it is known.
    Line(usize, Option<usize>),
    /// A place in a JSON document: `members[0].weight`.
    Path(String),
}

/// A bundle that is refused: which file, where in it, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct BundleError {
    /// Name of the file inside the bundle.
    pub file: String,
    /// Place in the file.
    pub at: At,
    /// One sentence: what is there and what was expected.
    pub reason: String,
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match &self.at {
            At::File => {}
            At::Line(line, None) => write!(f, ", line {line}")?,
            At::Line(line, Some(column)) => write!(f, ", line {line}, column {column}")?,
            At::Path(path) => write!(f, ", {path}")?,
        }
        write!(f, ": {}", self.reason)
    }
}

impl BundleError {
    /// A fault of the file as a whole.
    pub(crate) fn file(file: &str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: At::File, reason: reason.into() }
    }

    /// A fault at a place of a JSON document.
    pub(crate) fn path(file: &str, path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: At::Path(path.into()), reason: reason.into() }
    }

    /// A LightGBM file that the reader refuses.
    pub(crate) fn lightgbm(file: &str, error: &crate::lightgbm::ParseError) -> Self {
        Self { file: file.to_owned(), at: At::Line(error.line(), None), reason: error.reason().to_owned() }
    }

    /// A document that is not JSON or not of the expected shape.
    pub(crate) fn json(file: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // serde_json repeats the place at the end of its message.
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
        Self { file: file.to_owned(), at: At::Line(error.line(), Some(error.column())), reason }
    }
}

/// A row or a batch that cannot be scored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScoreError {
    /// Not one ratio (or column) for each of the kind's.
    #[error("{got} ratios, expected {expected}")]
    Count {
        /// Ratios of the kind.
        expected: usize,
        /// Ratios given.
        got: usize,
    },
    /// Columns of a batch that differ in length.
    #[error("column '{ratio}' has {got} rows, the first column has {expected}")]
    Rows {
        /// The ratio's name.
        ratio: &'static str,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this column.
        got: usize,
    },
    /// A value that is NaN or infinite.
    #[error("row {row}: '{ratio}' must be a finite number")]
    NotFinite {
        /// The ratio's name.
        ratio: &'static str,
        /// Row of the batch, counted from 0; 0 for a single row.
        row: usize,
    },
    /// A member that has no answer: its score overflows, or its file holds too little to explain it.
    #[error("{file}: {reason}")]
    Member {
        /// The member's file.
        file: String,
        /// Why.
        reason: String,
    },
}
