//! What can be wrong with a model text and with the data given to a model.

use thiserror::Error;

/// A model text that is not accepted: where and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    line: usize,
    reason: String,
}

impl ParseError {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }

    /// The line of the text, counted from 1. What is missing is reported where it was expected.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong and what was expected.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Data or a request that does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InputError {
    /// A row or a set of columns with another number of features than the model's.
    #[error("{found} features given, the model expects {expected}")]
    FeatureCount {
        /// The model's number of features.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A column that has not one value per row.
    #[error("column {column} (counted from 0) has {found} values, expected one per row: {expected}")]
    ColumnLength {
        /// Position of the column.
        column: usize,
        /// The number of rows.
        expected: usize,
        /// What the column holds.
        found: usize,
    },
    /// An output slice whose length is not rows times values per row.
    #[error("the output has room for {found} values, expected {expected}")]
    OutputLength {
        /// Values that will be written.
        expected: usize,
        /// The slice's length.
        found: usize,
    },
    /// Contributions need the training counts of nodes and leaves, and this model's text lacks them.
    #[error("the model holds no training counts (internal_count, leaf_count), which contributions need")]
    NoCounts,
    /// The paths of the trees are so long that their tables would not fit in memory.
    #[error("the trees are too deep for exact contributions")]
    TooDeep,
}
