//! The columns that a portfolio file must and may have, and where they stand in a header.

use accunode_domain::Kind;

use crate::FileError;

/// Column of the company's symbol.
pub const SYMBOL: &str = "company_symbol";
/// Column of the company's name.
pub const NAME: &str = "company_name";
/// Column of the market capitalisation; it may be left out.
pub const MARKET_CAP: &str = "market_cap";
/// Column of the sector.
pub const SECTOR: &str = "sector";
/// Column of the year.
pub const YEAR: &str = "reporting_year";
/// Column of the quarter; it may be left out of annual files.
pub const QUARTER: &str = "reporting_quarter";

/// All columns of a kind in the documented order, each with whether a file must have it.
#[must_use]
pub fn columns(kind: Kind) -> Vec<(&'static str, bool)> {
    let mut columns = vec![(SYMBOL, true), (NAME, true), (MARKET_CAP, false), (SECTOR, true), (YEAR, true)];
    columns.push((QUARTER, kind.needs_quarter()));
    columns.extend(kind.ratios().iter().map(|spec| (spec.name, true)));
    columns
}

/// A header's name as it is compared: without surrounding blanks or a byte order mark, in lower case.
pub(crate) fn normalized(name: &str) -> String {
    name.trim().trim_start_matches('\u{feff}').trim().to_lowercase()
}

/// Where the columns of a kind stand in one file's header (0-based).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Positions {
    pub(crate) symbol: usize,
    pub(crate) name: usize,
    pub(crate) market_cap: Option<usize>,
    pub(crate) sector: usize,
    pub(crate) year: usize,
    pub(crate) quarter: Option<usize>,
    /// In the order of [`Kind::ratios`].
    pub(crate) ratios: Vec<usize>,
}

impl Positions {
    /// Finds the columns of `kind` in a header, in any order and among any others.
    pub(crate) fn find(kind: Kind, header: &[String]) -> Result<Self, FileError> {
        let names: Vec<String> = header.iter().map(|name| normalized(name)).collect();
        refuse_other_separators(kind, header)?;
        let mut missing = Vec::new();
        let mut place = |column: &str, required: bool| {
            let mut places = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(i, _)| i);
            let first = places.next();
            if places.next().is_some() {
                return Err(FileError::DuplicateColumn(column.to_owned()));
            }
            if first.is_none() && required {
                missing.push(column.to_owned());
            }
            Ok(first)
        };
        let found = columns(kind)
            .into_iter()
            .map(|(column, required)| place(column, required))
            .collect::<Result<Vec<_>, _>>()?;
        if !missing.is_empty() {
            return Err(FileError::MissingColumns(missing));
        }
        // `found` follows `columns`; what is required is there by now.
        let at = |i: usize| found.get(i).copied().flatten();
        let required = |i: usize| at(i).unwrap_or_default();
        Ok(Self {
            symbol: required(0),
            name: required(1),
            market_cap: at(2),
            sector: required(3),
            year: required(4),
            quarter: at(5),
            ratios: (6..found.len()).map(required).collect(),
        })
    }
}

/// Semicolons and tabs are refused rather than guessed: such files come with decimal commas as well.
fn refuse_other_separators(kind: Kind, header: &[String]) -> Result<(), FileError> {
    let whole = header.join(",");
    let known = columns(kind);
    for (separator, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")] {
        let parts = whole.split(separator).map(normalized);
        let hits = parts.filter(|part| known.iter().any(|(column, _)| part == column)).count();
        let announced = normalized(&whole) == format!("sep={separator}").trim_end();
        if (hits >= 2 && whole.contains(separator)) || announced {
            return Err(FileError::Format(format!(
                "the columns are separated by {name}; save the file as .xlsx, or as CSV with commas \
                 between the columns and points in decimal numbers"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    const QUARTERLY: &str = "company_symbol,company_name,sector,reporting_year,reporting_quarter,\
        total_debt_to_ebitda,sga_margin,long_term_debt_to_total_capital,return_on_capital";

    #[test]
    fn columns_stand_in_any_order_among_others_in_any_case() {
        let found = Positions::find(
            Kind::Quarterly,
            &header(
                "notes,\u{feff} Company_Symbol ,COMPANY_NAME,sector,reporting_quarter,reporting_year,\
                 return_on_capital,sga_margin,long_term_debt_to_total_capital,total_debt_to_ebitda,",
            ),
        );
        assert_eq!(
            found.unwrap(),
            Positions {
                symbol: 1,
                name: 2,
                market_cap: None,
                sector: 3,
                year: 5,
                quarter: Some(4),
                ratios: vec![9, 7, 8, 6],
            }
        );
    }

    #[test]
    fn missing_columns_are_named_in_the_documented_order() {
        let text = |kind, h: &str| Positions::find(kind, &header(h)).unwrap_err().to_string();
        assert_eq!(
            text(Kind::Annual, "return_on_assets,sector,reporting_year,company_name"),
            "Missing required columns: company_symbol, long_term_debt_to_total_capital, \
             total_debt_to_ebitda, net_income_margin, ebit_to_interest_expense"
        );
        assert_eq!(
            text(Kind::Quarterly, &QUARTERLY.replace("reporting_quarter", "quarter")),
            "Missing required columns: reporting_quarter"
        );
    }

    #[test]
    fn a_needed_column_may_not_stand_twice() {
        let twice = format!("{QUARTERLY}, SECTOR");
        let error = Positions::find(Kind::Quarterly, &header(&twice)).unwrap_err();
        assert!(matches!(error, FileError::DuplicateColumn(c) if c == "sector"));
        assert!(Positions::find(Kind::Quarterly, &header(&format!("{QUARTERLY},x,x"))).is_ok());
    }

    #[test]
    fn other_separators_are_recognised() {
        for (separator, name) in [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")] {
            let error = Positions::find(Kind::Quarterly, &[QUARTERLY.replace(',', separator)]).unwrap_err();
            assert!(error.to_string().contains(&format!("separated by {name}")), "{error}");
        }
        let error = Positions::find(Kind::Annual, &header("sep=;")).unwrap_err();
        assert!(error.to_string().contains("semicolons"), "{error}");
    }
}
