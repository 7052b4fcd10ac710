//! The columns of the output and the cells of its rows.

use accunode_domain::Kind;
use accunode_scoring::{Bundle, Score};
use accunode_sheets::{Cell, FileError, Row, Writer};

/// What a good row came to.
pub(super) struct Scored {
    pub(super) score: Score,
    /// What each ratio adds to the log-odds, if it was asked for.
    pub(super) drivers: Vec<f64>,
}

/// The shape of the output.
pub(super) struct Table {
    kind: Kind,
    /// The input's columns, renamed where they have the name of a result.
    inputs: Vec<String>,
    /// Old and new name of each renamed column.
    renamed: Vec<(String, String)>,
    results: Vec<String>,
    version: String,
    ranges: Vec<Option<(f64, f64)>>,
}

impl Table {
    pub(super) fn new(bundle: &Bundle, headers: &[String], explain: bool) -> Self {
        let kind = bundle.kind();
        let results = results(kind, explain);
        let mut taken: Vec<String> = headers.iter().map(|name| normalized(name)).collect();
        taken.extend(results.iter().cloned());
        let mut renamed = Vec::new();
        let rename = |name: &String| {
            if !results.contains(&normalized(name)) {
                return name.clone();
            }
            let mut new = format!("input_{}", name.trim());
            while taken.contains(&normalized(&new)) {
                new.insert_str(0, "input_");
            }
            taken.push(normalized(&new));
            renamed.push((name.clone(), new.clone()));
            new
        };
        let inputs = headers.iter().map(rename).collect();
        let (version, ranges) = (bundle.version().to_owned(), bundle.training_ranges());
        Self { kind, inputs, renamed, results, version, ranges }
    }

    pub(super) fn renamed(&self) -> &[(String, String)] {
        &self.renamed
    }

    pub(super) fn header(&self) -> Vec<&str> {
        self.inputs.iter().chain(&self.results).map(String::as_str).collect()
    }

    /// Writes a row as it was, and what it came to.
    pub(super) fn write(
        &self,
        writer: &mut Writer,
        row: &Row,
        scored: Option<&Scored>,
    ) -> Result<(), FileError> {
        let mut cells: Vec<Cell<'_>> = row.cells.iter().map(|text| Cell::echo(text)).collect();
        let (quality, error) = match &row.record {
            Ok(record) => {
                let flags = record.quality(&self.ranges);
                (
                    joined(flags.iter().map(|flag| format!("{}:{}", flag.field, flag.code.as_str())), ";"),
                    String::new(),
                )
            }
            Err(errors) => (String::new(), joined(errors.iter().map(ToString::to_string), "; ")),
        };
        match scored {
            Some(Scored { score, .. }) => {
                if self.kind == Kind::Quarterly {
                    let part = |p: Option<f64>| p.map_or(Cell::Empty, Cell::Number);
                    cells.push(part(score.scorecard_probability()));
                    cells.push(part(score.lightgbm_probability()));
                }
                cells.push(Cell::Number(score.probability));
                cells.push(Cell::Text(score.risk_level.as_str()));
                cells.push(Cell::Number(score.confidence));
                cells.push(Cell::Text(&self.version));
            }
            None => cells.extend([Cell::Empty].repeat(probabilities(self.kind).len() + 3)),
        }
        cells.extend([Cell::Text(&quality), Cell::Text(&error)]);
        match scored {
            Some(scored) => cells.extend(scored.drivers.iter().map(|x| Cell::Number(*x))),
            None => cells.resize(self.inputs.len() + self.results.len(), Cell::Empty),
        }
        writer.write(&cells)
    }
}

fn probabilities(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Annual => &["probability"],
        Kind::Quarterly => &["logistic_probability", "gbm_probability", "ensemble_probability"],
    }
}

/// The names of the columns that are added.
fn results(kind: Kind, explain: bool) -> Vec<String> {
    let mut names: Vec<String> = probabilities(kind).iter().map(|name| (*name).to_owned()).collect();
    names.extend(["risk_level", "confidence", "model_version", "quality", "error"].map(str::to_owned));
    if explain {
        names.extend(kind.ratios().iter().map(|spec| format!("driver_{}", spec.name)));
    }
    names
}

/// As the reader compares column names.
fn normalized(name: &str) -> String {
    name.trim().to_lowercase()
}

fn joined(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}
