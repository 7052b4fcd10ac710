//! Portfolio files: streaming CSV and XLSX in and out.
//!
//! ```
//! use accunode_domain::Kind;
//! use accunode_sheets::{Limits, Reader};
//!
//! let file = "company_symbol,company_name,sector,reporting_year,reporting_quarter,total_debt_to_ebitda,\
//!             sga_margin,long_term_debt_to_total_capital,return_on_capital\n\
//!             xmp,Example Works,Industrials,2024,Q3,2.1,18.5,33,NM\n";
//! let rows: Vec<_> = Reader::csv(file.as_bytes(), Kind::Quarterly, &Limits::default())?.collect();
//! let row = rows[0].as_ref().unwrap();
//! assert_eq!((row.number, row.record.as_ref().unwrap().symbol.as_str()), (2, "XMP"));
//! # Ok::<(), accunode_sheets::FileError>(())
//! ```
//!
//! A file is refused as a whole ([`FileError`]) when it is not what it claims to be, lacks columns, exceeds
//! [`Limits`] or is damaged; everything else is the matter of one row ([`CellError`]).

pub mod columns;
pub mod validate;

mod csv_rows;
mod error;
mod format;
mod limits;
mod packed;
mod plan;
mod reader;
mod record;
mod rows;
mod whole_file;
mod writer;
mod xlsx;

pub use error::{CellError, FileError};
pub use format::Format;
pub use limits::Limits;
pub use plan::{Part, PartSize, Plan};
pub use reader::{ReadSeek, Reader};
pub use record::{Record, Row, ratio_columns};
pub use whole_file::WholeFile;
pub use writer::{Cell, Writer};
