//! Rows of a workbook laid out so that a part of them can be read without the rest: each its number, whether it has
//! surplus text, and its cells, every length in front.

use std::io::{self, ErrorKind, Read, Write};

use crate::{
    FileError, Limits,
    rows::{RawRow, Rows},
};

/// Writes a row; gives how many bytes it took.
pub(crate) fn pack(out: &mut impl Write, row: &RawRow) -> io::Result<u64> {
    let count = u32::try_from(row.cells.len()).map_err(io::Error::other)?;
    out.write_all(&row.number.to_le_bytes())?;
    out.write_all(&[u8::from(row.surplus)])?;
    out.write_all(&count.to_le_bytes())?;
    let mut bytes = 13;
    for cell in &row.cells {
        let length = u32::try_from(cell.len()).map_err(io::Error::other)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(cell.as_bytes())?;
        bytes += 4 + u64::from(length);
    }
    Ok(bytes)
}

/// Rows that [`pack`] wrote.
pub(crate) struct PackedRows<R> {
    input: R,
    max_cell: usize,
    max_columns: usize,
}

impl<R: Read> PackedRows<R> {
    pub(crate) fn new(input: R, limits: &Limits) -> Self {
        Self { input, max_cell: limits.max_piece_bytes(), max_columns: limits.max_columns }
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A length, which must be one that a row can have.
    fn length(&mut self, most: usize) -> io::Result<usize> {
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).map_err(io::Error::other)?;
        if length > most { Err(ErrorKind::InvalidData.into()) } else { Ok(length) }
    }

    fn row(&mut self, first: u8) -> io::Result<RawRow> {
        let rest: [u8; 7] = self.array()?;
        let mut number = [first; 8];
        for (to, from) in number.iter_mut().skip(1).zip(rest) {
            *to = from;
        }
        let surplus = self.array::<1>()? != [0];
        let count = self.length(self.max_columns)?;
        let mut cells = Vec::with_capacity(count);
        for _ in 0..count {
            let mut text = vec![0; self.length(self.max_cell)?];
            self.input.read_exact(&mut text)?;
            cells.push(String::from_utf8(text).map_err(|_| ErrorKind::InvalidData)?);
        }
        Ok(RawRow { number: u64::from_le_bytes(number), cells, surplus })
    }
}

impl<R: Read + Send> Rows for PackedRows<R> {
    fn next_row(&mut self, _header: Option<&[String]>) -> Result<Option<RawRow>, FileError> {
        let mut first = [0];
        loop {
            match self.input.read(&mut first) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let [first] = first;
        // These are the application's own bytes: that they cannot be read is not the matter of whoever sent the file.
        self.row(first).map(Some).map_err(FileError::Io)
    }
}
