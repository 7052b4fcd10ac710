//! Portfolio files of any size whose outcome is known beforehand: so many rows stored, so many refused.

use std::{io::Write, path::Path};

use accunode_domain::Kind;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rust_xlsxwriter::{Workbook, XlsxError};

const SECTORS: [&str; 10] = [
    "Energy",
    "Materials",
    "Industrials",
    "Consumer Discretionary",
    "Consumer Staples",
    "Health Care",
    "Information Technology",
    "Communication Services",
    "Utilities",
    "Real Estate",
];
const WORDS: [&str; 8] =
    ["Northern", "Atlas", "Blue River", "Summit", "Harbour", "Oak, Elm & Co.", "Vertex", "Union"];
/// Years of an annual file and quarters of a quarterly one: rows of each company.
const PERIODS: u64 = 4;

/// A cell as a person would type it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text, or nothing.
    Text(String),
    /// A number.
    Number(f64),
}

/// A file: rows of companies, four periods of each in a row, among them rows that cannot be read and rows that
/// say a company and period again. Which rows these are depends on the seed, how many does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portfolio {
    /// What the rows are for.
    pub kind: Kind,
    /// Data rows in all.
    pub rows: u64,
    /// Rows with a value that cannot be read.
    pub invalid: u64,
    /// Good rows whose company and period stand further up in the file.
    pub duplicates: u64,
    /// What the companies' symbols begin with: files with different ones have no company in common.
    pub prefix: String,
    /// Decides everything that is random.
    pub seed: u64,
}

impl Portfolio {
    /// A file of good rows alone.
    #[must_use]
    pub fn good(kind: Kind, rows: u64) -> Self {
        Self { kind, rows, invalid: 0, duplicates: 0, prefix: "C".to_owned(), seed: 1 }
    }

    /// With rows that must be refused: they take the place of good ones.
    ///
    /// # Panics
    /// When no good row is left.
    #[must_use]
    pub fn refused(self, invalid: u64, duplicates: u64) -> Self {
        assert!(invalid + duplicates < self.rows, "a file of {} rows needs a good one", self.rows);
        Self { invalid, duplicates, ..self }
    }

    /// Of companies that no file with another prefix has.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// With other numbers and another order.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Rows that an empty database stores of it.
    #[must_use]
    pub const fn stored(&self) -> u64 {
        self.rows - self.invalid - self.duplicates
    }

    /// The columns.
    #[must_use]
    pub fn header(&self) -> Vec<&'static str> {
        let fixed =
            ["company_symbol", "company_name", "market_cap", "sector", "reporting_year", "reporting_quarter"];
        fixed.into_iter().chain(self.kind.ratios().iter().map(|ratio| ratio.name)).collect()
    }

    /// The rows, one after the other.
    pub fn cells(&self) -> impl Iterator<Item = Vec<Cell>> + '_ {
        let mut random = StdRng::seed_from_u64(self.seed);
        let (mut invalid, mut duplicates, mut good) = (self.invalid, self.duplicates, 0);
        (0..self.rows).map(move |i| {
            // Drawn without putting back, so that the numbers come out exactly. The first row is a good one: it is
            // what a duplicate repeats.
            let drawn = if i == 0 { u64::MAX } else { random.random_range(0..self.rows - i) };
            if drawn < invalid {
                invalid -= 1;
                spoilt(self.row(good, &mut random), i)
            } else if drawn < invalid.saturating_add(duplicates) {
                duplicates -= 1;
                // Half of them near what they repeat, half anywhere above.
                let back = if i.is_multiple_of(2) { 10 } else { good };
                let back = random.random_range(1..=back.min(good));
                self.row(good - back, &mut random)
            } else {
                good += 1;
                self.row(good - 1, &mut random)
            }
        })
    }

    /// The good row number `n`, from 0: its company and period follow from the number.
    fn row(&self, n: u64, random: &mut StdRng) -> Vec<Cell> {
        let (company, period) = (n / PERIODS, n % PERIODS);
        let pick =
            |list: &[&str]| Cell::Text(list[usize::try_from(company).unwrap() % list.len()].to_owned());
        let (year, quarter) = match self.kind {
            Kind::Annual => (2020 + period, "Q4".to_owned()),
            Kind::Quarterly => (2024, format!("Q{}", period + 1)),
        };
        #[allow(clippy::cast_precision_loss)] // small numbers
        let mut row = vec![
            Cell::Text(format!("{}{company:07}", self.prefix)),
            Cell::Text(format!("{} {company}", WORDS[usize::try_from(company).unwrap() % WORDS.len()])),
            Cell::Number((50 + company * 7919 % 90_000) as f64),
            pick(&SECTORS),
            Cell::Number(year as f64),
            Cell::Text(quarter),
        ];
        row.extend(self.kind.ratios().iter().map(|_| match random.random_range(0..100_u8) {
            0 => Cell::Text(String::new()),
            1 => Cell::Text("NM".to_owned()),
            _ => Cell::Number(f64::from(random.random_range(0..60_000_u32)) / 1_000.0),
        }));
        row
    }

    /// Writes the file as CSV.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn write_csv(&self, out: impl Write) -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(self.header())?;
        for row in self.cells() {
            writer.write_record(row.iter().map(|cell| match cell {
                Cell::Text(text) => text.clone(),
                Cell::Number(number) => number.to_string(),
            }))?;
        }
        writer.flush()
    }

    /// The file as CSV.
    ///
    /// # Panics
    /// Never: memory takes everything.
    #[must_use]
    pub fn csv(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_csv(&mut out).unwrap();
        out
    }

    /// Writes the file as XLSX, with numbers as numbers, row by row.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn write_xlsx(&self, path: &Path) -> Result<(), XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        for (column, name) in (0..).zip(self.header()) {
            sheet.write_string(0, column, name)?;
        }
        for (row, cells) in (1..).zip(self.cells()) {
            for (column, cell) in (0..).zip(cells) {
                match cell {
                    Cell::Text(text) if text.is_empty() => {}
                    Cell::Text(text) => drop(sheet.write_string(row, column, text)?),
                    Cell::Number(number) => drop(sheet.write_number(row, column, number)?),
                }
            }
        }
        workbook.save(path)
    }
}

/// The row with one value that cannot be read.
fn spoilt(mut row: Vec<Cell>, i: u64) -> Vec<Cell> {
    let (column, text) = match i % 4 {
        0 => (4, "19x9"),
        1 => (6, "12,5 or so"),
        2 => (1, ""),
        _ => (7, "#DIV/0!"),
    };
    row[column] = Cell::Text(text.to_owned());
    row
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Good rows by company and period, and what is left.
    fn counted(file: &Portfolio) -> (usize, usize, usize) {
        let (mut keys, mut duplicates, mut invalid) = (HashSet::new(), 0, 0);
        for row in file.cells() {
            let number = |i: usize| matches!(row[i], Cell::Number(_));
            let sound = |cell: &Cell| match cell {
                Cell::Number(_) => true,
                Cell::Text(text) => text.is_empty() || text == "NM",
            };
            if !number(4) || row[1] == Cell::Text(String::new()) || !row[6..].iter().all(sound) {
                invalid += 1;
            } else if !keys.insert(format!("{:?}", [&row[0], &row[4], &row[5]])) {
                duplicates += 1;
            }
        }
        (keys.len(), invalid, duplicates)
    }

    #[test]
    fn the_numbers_are_exact_for_any_seed() {
        for kind in Kind::ALL {
            for seed in 0..20 {
                let file = Portfolio::good(kind, 500).refused(30, 40).seed(seed);
                assert_eq!(counted(&file), (430, 30, 40), "{kind:?} {seed}");
                assert_eq!(file.stored(), 430);
                let narrow = Portfolio::good(kind, 10).refused(4, 5).seed(seed);
                assert_eq!(counted(&narrow), (1, 4, 5), "{kind:?} {seed}");
            }
        }
    }

    #[test]
    fn both_formats_hold_every_row() {
        let file = Portfolio::good(Kind::Quarterly, 300).refused(10, 10);
        let csv = file.csv();
        let rows = csv::Reader::from_reader(csv.as_slice()).into_records();
        assert_eq!(rows.filter(|row| row.as_ref().unwrap().len() == 10).count(), 300);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        file.write_xlsx(&path).unwrap();
        assert!(std::fs::metadata(path).unwrap().len() > 5_000);
    }
}
