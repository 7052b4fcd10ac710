//! `golden.csv`: rows with the scores that a bundle must give for them, so that it is known to be read as its makers
//! meant it.

use accunode_domain::Ratio;

use crate::{At, Bundle, BundleError, MemberModel, Score, ScoreError};

/// Name of the file.
pub const GOLDEN: &str = "golden.csv";
/// Fewest rows.
const MIN_ROWS: usize = 10;
/// Most rows.
const MAX_ROWS: usize = 10_000;
/// How far a score may lie from the expected one, as a part of the expected one: a handful of roundings of the
/// exponential function of whatever wrote the file. Sums near 0 are compared as if they were 1 in size.
const TOLERANCE: f64 = 1e-12;
/// How many differences a message names.
const NAMED: usize = 3;

/// A score that a column of the file can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Probability,
    Scorecard,
    LightGbmRaw,
    LightGbm,
}

impl Output {
    const ALL: [Self; 4] = [Self::Scorecard, Self::LightGbmRaw, Self::LightGbm, Self::Probability];

    const fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::Scorecard => "scorecard_probability",
            Self::LightGbmRaw => "lightgbm_raw",
            Self::LightGbm => "lightgbm_probability",
        }
    }

    /// What the bundle gives; none where it has no such score for any row.
    fn of(self, bundle: &Bundle, score: &Score) -> Option<f64> {
        match self {
            Self::Probability => Some(score.probability),
            Self::Scorecard => score.scorecard_probability(),
            Self::LightGbm => score.lightgbm_probability(),
            // Of several the sum has no meaning.
            Self::LightGbmRaw => {
                let members = bundle.members().iter().zip(&score.members);
                let mut raws = members.filter(|(m, _)| matches!(m.model(), MemberModel::LightGbm(_)));
                let only = raws.next().map(|(_, score)| score.raw);
                if raws.next().is_none() { only } else { None }
            }
        }
    }

    /// How far from `expected` a score may lie.
    fn tolerance(self, expected: f64) -> f64 {
        match self {
            Self::LightGbmRaw => TOLERANCE * expected.abs().max(1.0),
            _ => TOLERANCE * expected.abs(),
        }
    }
}

/// One row of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldenRow {
    /// The ratios, in the order of the kind.
    pub ratios: Vec<Ratio>,
    /// One number for each of the file's columns of scores.
    expected: Vec<f64>,
}

/// The rows of a `golden.csv` that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Golden {
    outputs: Vec<Output>,
    rows: Vec<GoldenRow>,
}

/// What a column of the file is.
enum Column {
    Ratio(usize),
    Output(Output),
}

fn file(reason: impl Into<String>) -> BundleError {
    BundleError::file(GOLDEN, reason)
}

fn line(number: usize, reason: impl Into<String>) -> BundleError {
    BundleError { at: At::Line(number, None), ..file(reason) }
}

impl Golden {
    /// Reads the file: a header with every ratio of the bundle's kind and at least `probability`, in any order, and
    /// rows of numbers; a ratio can also be blank (missing) or `NM`. Cells are not quoted.
    ///
    /// # Errors
    /// [`BundleError`] naming line, column and reason.
    pub fn parse(bytes: &[u8], bundle: &Bundle) -> Result<Self, BundleError> {
        let text = std::str::from_utf8(bytes).map_err(|_| file("is not UTF-8 text"))?;
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let columns = columns(header, bundle)?;
        let outputs = columns.iter().filter_map(|c| if let Column::Output(o) = c { Some(*o) } else { None });
        let outputs: Vec<Output> = outputs.collect();
        let mut rows = Vec::new();
        for (index, text) in lines.enumerate() {
            if rows.len() == MAX_ROWS {
                return Err(file(format!("has more than {MAX_ROWS} rows")));
            }
            rows.push(row(text, index + 2, header, &columns, bundle)?);
        }
        if rows.len() < MIN_ROWS {
            return Err(file(format!("has {} rows, at least {MIN_ROWS} are expected", rows.len())));
        }
        Ok(Self { outputs, rows })
    }

    /// The rows in the file's order.
    #[must_use]
    pub fn rows(&self) -> &[GoldenRow] {
        &self.rows
    }

    /// The file for these rows, as the bundle scores them: for bundles that are made here.
    ///
    /// # Errors
    /// As [`Bundle::score`].
    pub fn write(bundle: &Bundle, rows: &[Vec<Ratio>]) -> Result<String, ScoreError> {
        let outputs = |score: &Score| Output::ALL.map(|output| (output, output.of(bundle, score)));
        let mut text = String::new();
        for (index, ratios) in rows.iter().enumerate() {
            let score = bundle.score(ratios)?;
            let known = || outputs(&score).into_iter().filter_map(|(o, value)| value.map(|v| (o, v)));
            if index == 0 {
                let ratios = bundle.kind().ratios().iter().map(|spec| spec.name);
                let names: Vec<&str> = ratios.chain(known().map(|(o, _)| o.name())).collect();
                text = names.join(",") + "\n";
            }
            let ratios = ratios.iter().map(|ratio| match ratio {
                Ratio::Value(x) => x.to_string(),
                Ratio::Missing => String::new(),
                Ratio::NotMeaningful => "NM".to_owned(),
            });
            let cells: Vec<String> = ratios.chain(known().map(|(_, v)| v.to_string())).collect();
            text += &(cells.join(",") + "\n");
        }
        Ok(text)
    }

    /// Makes sure that a bundle gives the expected scores, each within 10⁻¹² of its size.
    ///
    /// # Errors
    /// [`BundleError`] naming the first differences by line and column.
    pub fn check(&self, bundle: &Bundle) -> Result<(), BundleError> {
        let mut differences = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let number = index + 2;
            let score = bundle.score(&row.ratios).map_err(|e| line(number, e.to_string()))?;
            for (output, expected) in self.outputs.iter().zip(&row.expected) {
                let name = output.name();
                let given = output.of(bundle, &score);
                let given =
                    given.ok_or_else(|| file(format!("column '{name}': the bundle gives no such score")))?;
                // Written so that what is not a number differs, too.
                let fits = (given - expected).abs() <= output.tolerance(*expected);
                if !fits {
                    differences.push((number, format!("{name} is {given}, expected {expected}")));
                }
            }
        }
        let Some((first, reason)) = differences.first() else { return Ok(()) };
        let more = differences.iter().skip(1).take(NAMED - 1);
        let mut reason =
            more.fold(reason.clone(), |text, (line, next)| format!("{text}; line {line}: {next}"));
        if differences.len() > NAMED {
            reason += &format!("; {} differences in all", differences.len());
        }
        Err(line(*first, reason))
    }
}

fn columns(header: &str, bundle: &Bundle) -> Result<Vec<Column>, BundleError> {
    let specs = bundle.kind().ratios();
    let mut columns = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for name in header.trim_start_matches('\u{feff}').split(',').map(str::trim) {
        if seen.contains(&name) {
            return Err(line(1, format!("column '{}' stands there twice", shown(name))));
        }
        seen.push(name);
        let ratio = specs.iter().position(|spec| spec.name == name).map(Column::Ratio);
        let output = || Output::ALL.into_iter().find(|output| output.name() == name).map(Column::Output);
        let unknown = || line(1, format!("unknown column '{}'", shown(name)));
        columns.push(ratio.or_else(output).ok_or_else(unknown)?);
    }
    let needed = specs.iter().map(|spec| spec.name).chain([Output::Probability.name()]);
    match needed.into_iter().find(|name| !seen.contains(name)) {
        Some(name) => Err(line(1, format!("column '{name}' is missing"))),
        None => Ok(columns),
    }
}

fn row(
    text: &str,
    number: usize,
    header: &str,
    columns: &[Column],
    bundle: &Bundle,
) -> Result<GoldenRow, BundleError> {
    let cells: Vec<&str> = text.split(',').map(str::trim).collect();
    if cells.len() != columns.len() {
        return Err(line(number, format!("has {} cells, expected {}", cells.len(), columns.len())));
    }
    let mut ratios = vec![Ratio::Missing; bundle.kind().ratios().len()];
    let mut expected = Vec::new();
    for ((column, cell), name) in columns.iter().zip(cells).zip(header.split(',')) {
        let wrong = |reason: String| line(number, format!("column '{}': {reason}", name.trim()));
        match column {
            Column::Ratio(index) => {
                ratios[*index] = Ratio::from_text(cell).map_err(|e| wrong(e.to_string()))?;
            }
            Column::Output(_) => {
                let number = cell.parse().ok().filter(|x: &f64| x.is_finite());
                expected.push(number.ok_or_else(|| wrong(format!("'{}' is not a number", shown(cell))))?);
            }
        }
    }
    Ok(GoldenRow { ratios, expected })
}

/// The beginning of a text, for a message.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
