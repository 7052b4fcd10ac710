//! What a list of predictions is narrowed to.

use accunode_domain::{Error, FieldError, Period, Quarter, Result, RiskLevel};
use accunode_sheets::validate::{MAX_SECTOR, MAX_SYMBOL};
use uuid::Uuid;

use crate::listing::{self, given, part};

/// What a list is narrowed to. Texts to look for are SQL patterns already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub(crate) symbol: Option<String>,
    pub(crate) year: Option<i32>,
    pub(crate) quarter: Option<&'static str>,
    pub(crate) organization: Option<Uuid>,
    pub(crate) sector: Option<String>,
    pub(crate) risk_level: Option<&'static str>,
    pub(crate) grade: Option<String>,
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
}

impl Filter {
    /// By part of a symbol and by year.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a symbol longer than any, or a year that is none.
    pub fn new(symbol: Option<&str>, year: Option<&str>) -> Result<Self> {
        let year = given(year).map(Period::parse_year).transpose();
        let year =
            year.map_err(|e| Error::field("reporting_year", format!("Invalid reporting year: {e}")))?;
        let symbol = part("company_symbol", symbol, MAX_SYMBOL, str::to_uppercase)?;
        Ok(Self { symbol, year: year.map(i32::from), ..Self::default() })
    }

    /// By quarter too.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a quarter that is none.
    pub fn with_quarter(self, quarter: Option<&str>) -> Result<Self> {
        let quarter = given(quarter).map(str::parse::<Quarter>).transpose();
        let quarter = quarter
            .map_err(|e| Error::field("reporting_quarter", format!("Invalid reporting quarter: {e}")))?;
        Ok(Self { quarter: quarter.map(Quarter::as_str), ..self })
    }

    /// By organization too.
    #[must_use]
    pub fn with_organization(self, organization: Option<Uuid>) -> Self {
        Self { organization, ..self }
    }

    /// By part of the sector's name too.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text longer than any sector's name.
    pub fn with_sector(self, sector: Option<&str>) -> Result<Self> {
        Ok(Self { sector: part("sector", sector, MAX_SECTOR, str::to_lowercase)?, ..self })
    }

    /// By risk level too.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a level that is none.
    pub fn with_risk_level(self, level: Option<&str>) -> Result<Self> {
        let level = given(level).map(str::parse::<RiskLevel>).transpose();
        let level = level.map_err(|e| Error::field("risk_level", format!("Invalid risk level: {e}")))?;
        Ok(Self { risk_level: level.map(RiskLevel::as_str), ..self })
    }

    /// By grade too: as it was when the row was scored.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text longer than any grade's name.
    pub fn with_grade(self, grade: Option<&str>) -> Result<Self> {
        Ok(Self { grade: listing::grade(grade)?, ..self })
    }

    /// By probability too, both ends included.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no probability, and for a least above the most.
    pub fn with_probability(self, least: Option<f64>, most: Option<f64>) -> Result<Self> {
        let mut errors = Vec::new();
        let mut refuse = |field: &str, expected: &str| {
            let message = format!("Invalid {}: {expected}", field.replace('_', " "));
            errors.push(FieldError { field: field.to_owned(), message });
        };
        let sound = |end: Option<f64>| end.is_none_or(|p| (0.0..=1.0).contains(&p));
        for (field, end) in [("probability_min", least), ("probability_max", most)] {
            if !sound(end) {
                refuse(field, "a number between 0 and 1 is expected");
            }
        }
        if sound(least) && sound(most) && least.zip(most).is_some_and(|(least, most)| least > most) {
            refuse("probability_min", "it is above probability_max");
        }
        if errors.is_empty() {
            Ok(Self { at_least: least, at_most: most, ..self })
        } else {
            Err(Error::Invalid(errors))
        }
    }

    /// Whether it looks at the company besides the prediction.
    pub(crate) const fn is_of_companies(&self) -> bool {
        self.symbol.is_some() || self.sector.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_name_what_is_wrong() {
        let of = |least, most| Filter::default().with_probability(least, most);
        for (error, field) in [
            (Filter::new(None, Some("20")).unwrap_err(), "reporting_year"),
            (Filter::default().with_quarter(Some("Q9")).unwrap_err(), "reporting_quarter"),
            (Filter::default().with_risk_level(Some("RED")).unwrap_err(), "risk_level"),
            (Filter::default().with_grade(Some("a grade of many letters")).unwrap_err(), "grade"),
            (of(Some(-0.1), None).unwrap_err(), "probability_min"),
            (of(None, Some(f64::NAN)).unwrap_err(), "probability_max"),
            (of(Some(0.2), Some(0.1)).unwrap_err(), "probability_min"),
        ] {
            assert!(matches!(&error, Error::Invalid(f) if f[0].field == field), "{field}: {error}");
        }
        assert_eq!(Filter::default().with_risk_level(Some("high")).unwrap().risk_level, Some("HIGH"));
        assert!(of(Some(0.0), Some(1.0)).is_ok() && of(Some(0.1), Some(0.1)).is_ok());
    }
}
