//! One row of a portfolio, checked.

use accunode_domain::{Kind, Period, PeriodError, QualityFlag, Quarter, Ratio, quality};

use crate::{
    CellError,
    columns::{MARKET_CAP, NAME, Positions, QUARTER, SECTOR, SYMBOL, YEAR},
    validate,
};

/// One row of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The row's number as a spreadsheet shows it: the header is row 1, blank rows count (they are skipped).
    pub number: u64,
    /// The texts of the cells, one for each column of the header. A number from XLSX is the shortest text
    /// that reads back to the same number, a date is `YYYY-MM-DD`.
    pub cells: Vec<String>,
    /// What the row says, or everything that is wrong with it.
    pub record: Result<Record, Vec<CellError>>,
}

/// A row whose values are all acceptable.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The kind of prediction that the row is for.
    pub kind: Kind,
    /// The company's symbol, in upper case.
    pub symbol: String,
    /// The company's name.
    pub name: String,
    /// Market capitalisation, where it is given.
    pub market_cap: Option<f64>,
    /// The company's sector.
    pub sector: String,
    /// What the ratios report on.
    pub period: Period,
    /// The ratios, in the order of [`Kind::ratios`].
    pub ratios: Vec<Ratio>,
    /// For each ratio, whether the file had the vendors' sentinel there.
    pub sentinel: Vec<bool>,
}

impl Record {
    /// What is odd about the row. `ranges` holds the model's training range of each ratio where it is known.
    #[must_use]
    pub fn quality(&self, ranges: &[Option<(f64, f64)>]) -> Vec<QualityFlag> {
        quality(self.kind, &self.ratios, &self.sentinel, ranges)
    }

    /// Reads the cells of one row; `cells` has an entry for each column of the header.
    pub(crate) fn read(kind: Kind, at: &Positions, cells: &[String]) -> Result<Self, Vec<CellError>> {
        let mut errors = Vec::new();
        let cell = |i: usize| cells.get(i).map_or("", |text| text.trim());
        let symbol = keep(&mut errors, SYMBOL, validate::company_symbol(cell(at.symbol)));
        let name = keep(&mut errors, NAME, validate::company_name(cell(at.name)));
        let market_cap = at.market_cap.map_or(Ok(None), |i| validate::market_cap_text(cell(i)));
        let market_cap = keep(&mut errors, MARKET_CAP, market_cap);
        let sector = keep(&mut errors, SECTOR, validate::sector(cell(at.sector)));
        let year = keep(&mut errors, YEAR, year(cell(at.year)));
        let quarter = keep(&mut errors, QUARTER, quarter(kind, at.quarter.map_or("", cell)));
        let mut ratios = Vec::with_capacity(at.ratios.len());
        let mut sentinel = Vec::with_capacity(at.ratios.len());
        for (spec, i) in kind.ratios().iter().zip(&at.ratios) {
            let read = keep(&mut errors, spec.name, validate::ratio_text(cell(*i)));
            let (ratio, was_sentinel) = read.unwrap_or((Ratio::Missing, false));
            ratios.push(ratio);
            sentinel.push(was_sentinel);
        }
        match (symbol, name, market_cap, sector, year, quarter) {
            (Some(symbol), Some(name), Some(market_cap), Some(sector), Some(year), Some(quarter))
                if errors.is_empty() =>
            {
                let period = Period { year, quarter };
                Ok(Self { kind, symbol, name, market_cap, sector, period, ratios, sentinel })
            }
            _ => Err(errors),
        }
    }
}

/// The ratios of many rows of a kind column by column, in the order of [`Kind::ratios`].
pub fn ratio_columns<'a>(kind: Kind, records: impl ExactSizeIterator<Item = &'a Record>) -> Vec<Vec<Ratio>> {
    let mut columns = vec![Vec::with_capacity(records.len()); kind.ratios().len()];
    for record in records {
        for (column, ratio) in columns.iter_mut().zip(&record.ratios) {
            column.push(*ratio);
        }
    }
    columns
}

/// The value, or its error noted under the column's name.
fn keep<T>(errors: &mut Vec<CellError>, column: &str, read: Result<T, String>) -> Option<T> {
    read.map_err(|message| errors.push(CellError::new(column, message))).ok()
}

fn year(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        return Err("must not be blank".to_owned());
    }
    if let Some(reason) = validate::spreadsheet_trap(text, "a year of four digits is expected") {
        return Err(reason);
    }
    Period::parse_year(text).map_err(|e| e.to_string())
}

fn quarter(kind: Kind, text: &str) -> Result<Option<Quarter>, String> {
    if validate::is_missing(text) {
        return if kind.needs_quarter() { Err(PeriodError::QuarterMissing.to_string()) } else { Ok(None) };
    }
    if let Some(reason) = validate::spreadsheet_trap(text, "Q1, Q2, Q3 or Q4 is expected") {
        return Err(reason);
    }
    text.parse().map(Some).map_err(|e: PeriodError| e.to_string())
}

#[cfg(test)]
mod tests {
    use accunode_domain::Flag;

    use super::*;

    fn read(kind: Kind, header: &str, row: &str) -> Result<Record, Vec<CellError>> {
        let cells = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        Record::read(kind, &Positions::find(kind, &cells(header)).unwrap(), &cells(row))
    }

    const HEADER: &str = "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,\
        long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,\
        return_on_assets";

    #[test]
    fn a_good_row() {
        let record =
            read(Kind::Annual, HEADER, "xmp, Example ,100000000,Energy,2020.0,,,100000000,-299.5,NM,3");
        let record = record.unwrap();
        assert_eq!((record.symbol.as_str(), record.name.as_str()), ("XMP", "Example"));
        assert_eq!(record.market_cap, Some(1e8));
        assert_eq!(record.period, Period { year: 2020, quarter: None });
        assert_eq!(
            record.ratios,
            [Ratio::Missing, Ratio::Missing, Ratio::Value(-299.5), Ratio::NotMeaningful, Ratio::Value(3.0)]
        );
        assert_eq!(record.sentinel, [false, true, false, false, false]);
        let codes: Vec<_> = record.quality(&[]).into_iter().map(|flag| flag.code).collect();
        assert_eq!(codes, [Flag::Missing, Flag::Sentinel, Flag::OutOfBounds, Flag::NotMeaningful]);
    }

    #[test]
    fn every_problem_of_a_row_is_named() {
        let errors = read(Kind::Annual, HEADER, ",,-5,,20,Q7,x,#REF!,inf,2020-01-31,5").unwrap_err();
        let columns: Vec<_> = errors.iter().map(|e| e.column.as_str()).collect();
        assert_eq!(
            columns,
            [
                "company_symbol",
                "company_name",
                "market_cap",
                "sector",
                "reporting_year",
                "reporting_quarter",
                "long_term_debt_to_total_capital",
                "total_debt_to_ebitda",
                "net_income_margin",
                "ebit_to_interest_expense"
            ]
        );
        assert_eq!(errors[0].to_string(), "company_symbol: must not be blank");
        assert!(errors[4].message.contains("'20' is not a year"));
    }

    /// A workbook can hold zero characters (written `_x0000_`), but PostgreSQL stores no text with one.
    #[test]
    fn what_errors_repeat_is_printable() {
        let row = "X\0,Example,,Energy,20\0,Q\0,1\0,2020-01-31T\0,1,1,1";
        let errors = read(Kind::Annual, HEADER, row).unwrap_err();
        assert_eq!(errors.len(), 5);
        assert!(errors.iter().all(|e| !e.to_string().contains(char::is_control)), "{errors:?}");
    }

    #[test]
    fn a_date_is_not_a_year() {
        let errors = read(Kind::Annual, HEADER, "X,Example,,Energy,2020-12-31,Q1,1,1,1,1,1").unwrap_err();
        assert_eq!(errors[0].message, "holds a date (2020-12-31); a year of four digits is expected");
    }
}
