//! Numbers from a CSV file, read in blocks of columns, with the lines that errors speak of.

use std::io::{self, BufRead, BufReader, Read};

use anyhow::{Context as _, bail, ensure};

/// Rows that are in memory at a time.
pub(super) const BLOCK: usize = 8192;

/// The rows of a CSV file of numbers under a header.
pub(super) struct Rows<'a, R> {
    reader: csv::Reader<Terminated<R>>,
    name: &'a str,
    header: Vec<String>,
    record: csv::ByteRecord,
}

impl<'a, R: Read> Rows<'a, R> {
    /// Reads the header, which must have one column for each feature; `name` is the file's in errors.
    pub(super) fn new(input: R, name: &'a str, features: usize) -> anyhow::Result<Self> {
        let input = Terminated { input: BufReader::new(input), ended: false };
        // Flexible, so that a row of another length is refused in our words.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let header = reader.byte_headers().with_context(|| format!("cannot read {name}"))?;
        let header: Vec<String> =
            header.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        ensure!(!header.is_empty(), "{name} is empty, expected a header line");
        ensure!(
            header.len() == features,
            "{name}, header: {} columns, the model has {features} features",
            header.len()
        );
        Ok(Self { reader, name, header, record: csv::ByteRecord::new() })
    }

    /// Replaces what the columns hold by up to [`BLOCK`] rows; false at the end. Lines without any
    /// character are passed over.
    pub(super) fn block(&mut self, columns: &mut [Vec<f64>]) -> anyhow::Result<bool> {
        columns.iter_mut().for_each(Vec::clear);
        for _ in 0..BLOCK {
            let read = self.reader.read_byte_record(&mut self.record);
            if !read.with_context(|| format!("cannot read {}", self.name))? {
                break;
            }
            if self.record.len() != columns.len() {
                let (line, got) = (self.line(), self.record.len());
                bail!("{}, line {line}: {got} columns, the header has {}", self.name, columns.len());
            }
            for (index, (cell, column)) in self.record.iter().zip(columns.iter_mut()).enumerate() {
                match number(cell) {
                    Ok(x) => column.push(x),
                    Err(reason) => bail!(
                        "{}, line {}, column {} ('{}'): {reason}",
                        self.name,
                        self.line(),
                        index + 1,
                        self.header[index],
                    ),
                }
            }
        }
        Ok(columns.first().is_some_and(|column| !column.is_empty()))
    }

    /// Line on which the current row begins, counted from 1. The reader's own place of a record is that of
    /// the blank lines before it; where it stands after the record is sure.
    fn line(&self) -> u64 {
        let inside = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        self.reader.position().line().saturating_sub(1 + inside)
    }
}

/// Its input with every line ended by one line feed, the last one too.
struct Terminated<R> {
    input: BufReader<R>,
    ended: bool,
}

impl<R: Read> Read for Terminated<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let bytes = self.input.fill_buf()?;
            let taken = bytes.len().min(out.len());
            if taken == 0 {
                let last = usize::from(!self.ended && !out.is_empty());
                self.ended |= last == 1;
                out[..last].fill(b'\n');
                return Ok(last);
            }
            let mut kept = 0;
            for byte in bytes[..taken].iter().filter(|byte| **byte != b'\r') {
                out[kept] = *byte;
                kept += 1;
            }
            self.input.consume(taken);
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

/// A cell's number, NaN where it is empty.
fn number(cell: &[u8]) -> Result<f64, String> {
    let text = String::from_utf8_lossy(cell);
    let text = text.trim();
    if text.is_empty() {
        return Ok(f64::NAN);
    }
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        _ => {
            let shown: String = text.chars().take(40).collect();
            Err(format!("'{shown}' is not a finite number; leave the cell empty if it is missing"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Vec<Vec<f64>>> {
        let mut rows = Rows::new(text.as_bytes(), "in.csv", 2)?;
        let (mut all, mut columns) = (vec![Vec::new(); 2], vec![Vec::new(); 2]);
        while rows.block(&mut columns)? {
            all.iter_mut().zip(&columns).for_each(|(all, block)| all.extend(block));
        }
        Ok(all)
    }

    #[test]
    fn cells_are_numbers_or_missing() {
        let columns = read("a,b\r\n1,\r\n\r\n -2e3 ,\"4.5\"\r\n,1e-300").unwrap();
        assert_eq!(columns[0][..2], [1.0, -2000.0]);
        assert_eq!(columns[1][1..], [4.5, 1e-300]);
        assert!(columns[0][2].is_nan() && columns[1][0].is_nan());
        assert_eq!(read("a,b\n").unwrap(), [[], []] as [[f64; 0]; 2]);
    }

    #[test]
    fn many_rows_come_in_blocks() {
        let text: String = (0..3 * BLOCK + 5).fold("a,b\n".to_owned(), |text, i| text + &format!("{i},\n"));
        let columns = read(&text).unwrap();
        assert_eq!(columns[0].len(), 3 * BLOCK + 5);
        assert!(columns[0].windows(2).all(|pair| pair[1] - pair[0] == 1.0));
    }

    #[test]
    fn errors_name_line_and_column() {
        let cases = [
            ("", "in.csv is empty, expected a header line"),
            ("a,b,c\n1,2,3\n", "in.csv, header: 3 columns, the model has 2 features"),
            ("a,b\n1,2\n1,2,3\n", "in.csv, line 3: 3 columns, the header has 2"),
            ("a,b\r\n1,2\r\n\r\n\r\n1", "in.csv, line 5: 1 columns, the header has 2"),
            (
                "a,\"b\nc\"\n\"1\n\",2\nx,2",
                "in.csv, line 5, column 1 ('a'): 'x' is not a finite number; leave the cell empty if it is missing",
            ),
            (
                "a,b\n1,inf\n",
                "in.csv, line 2, column 2 ('b'): 'inf' is not a finite number; leave the cell empty if it is missing",
            ),
            (
                "a,b\n1,1e999\n",
                "in.csv, line 2, column 2 ('b'): '1e999' is not a finite number; leave the cell empty if it is missing",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).unwrap_err().to_string(), expected);
        }
    }
}
