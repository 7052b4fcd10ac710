//! What stands in a cell.

use accunode_db::Timestamp;
use accunode_sheets::Cell;
use uuid::Uuid;

/// A cell. Texts stay texts: what a spreadsheet would compute is guarded, see [`Cell`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A text that becomes a number where nothing is lost by that.
    Echo(String),
    /// A number; not finite is nothing.
    Number(f64),
    /// Nothing.
    Empty,
}

impl Value {
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) => Cell::Text(text),
            Self::Echo(text) => Cell::echo(text),
            Self::Number(x) => Cell::Number(*x),
            Self::Empty => Cell::Empty,
        }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::Number(x)
    }
}

impl From<i32> for Value {
    fn from(x: i32) -> Self {
        Self::Number(x.into())
    }
}

impl From<i64> for Value {
    #[allow(clippy::cast_precision_loss)] // only what a float holds exactly becomes one
    fn from(x: i64) -> Self {
        if x.unsigned_abs() < 1 << 53 { Self::Number(x as f64) } else { Self::Text(x.to_string()) }
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Text(id.to_string())
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Text(at.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}
