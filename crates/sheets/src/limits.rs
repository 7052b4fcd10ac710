//! How much of somebody else's file is taken in.

/// Bounds on a file, so that neither a mistake nor an attack takes much memory or time.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Rows below the header; `None` is no limit.
    pub max_rows: Option<u64>,
    /// Bytes that an XLSX may unpack to, all its parts together.
    pub max_unzipped_bytes: u64,
    /// How many times larger than its packed form a part of an XLSX may be, counted once it has unpacked to
    /// 16 MiB.
    pub max_ratio: u64,
    /// Bytes of text in one cell. A CSV row and one piece of XML in an XLSX may have eight times as many.
    pub max_cell_bytes: usize,
    /// Columns of the header.
    pub max_columns: usize,
}

impl Default for Limits {
    /// Any number of rows, 1 GiB unpacked, 200 : 1, 128 KiB a cell (a spreadsheet's own limit is 32,767
    /// characters), 256 columns.
    fn default() -> Self {
        Self {
            max_rows: None,
            max_unzipped_bytes: 1 << 30,
            max_ratio: 200,
            max_cell_bytes: 128 << 10,
            max_columns: 256,
        }
    }
}

impl Limits {
    /// Bytes that may be held at once while one row of CSV or one piece of XML is read.
    pub(crate) const fn max_piece_bytes(&self) -> usize {
        self.max_cell_bytes.saturating_mul(8)
    }
}
