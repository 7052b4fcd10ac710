//! LightGBM models that give a default probability: text reader, engine, exact contributions.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use accunode_scoring::lightgbm::Model;
//!
//! let model = Model::parse(&std::fs::read_to_string("lightgbm.txt")?)?;
//! let raw = model.raw(&[2.5, f64::NAN, 0.3, 7.0]);
//! println!("{}", model.probability(raw));
//! # Ok(())
//! # }
//! ```
//!
//! Scores are LightGBM's to the last bit: the same comparisons, and the same sum in the same order,
//! in every kernel.

mod category;
mod cuts;
mod engine;
mod error;
mod header;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod kernel_avx512;
#[cfg(target_arch = "x86_64")]
mod kernel_avx512_row;
mod kernel_shap;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
mod keys;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
mod lanes;
mod order;
mod paths;
pub(crate) mod quadrature;
mod ranks;
mod score;
mod shap;
mod text;
mod tree;

use std::sync::OnceLock;

use rayon::prelude::*;

pub use error::{InputError, ParseError};
use header::Header;
pub use header::Objective;
pub use kernel::Kernel;
use paths::Paths;
use score::Scorer;
use text::{Lines, Result, refuse};
use tree::{Test, Tree};

/// Rows that one task of a parallel call takes.
const TASK_ROWS: usize = 2048;

/// What an inspection of a model shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The text's format: `v3` or `v4`.
    pub version: String,
    /// What the model was trained for.
    pub objective: Objective,
    /// Whether the raw score is the mean over the trees (random forest) instead of their sum.
    pub average: bool,
    /// Number of trees.
    pub trees: usize,
    /// Leaves of the largest tree.
    pub leaves_max: usize,
    /// Whether any split asks for a set of categories.
    pub has_categorical: bool,
    /// Whether contributions can be computed (the text holds training counts).
    pub has_counts: bool,
}

/// A model ready to score. NaN stands for a missing value everywhere.
pub struct Model {
    facts: Facts,
    names: Vec<String>,
    ranges: Vec<Option<(f64, f64)>>,
    trees: Vec<Tree>,
    scorer: Scorer,
    paths: OnceLock<std::result::Result<Paths, InputError>>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("facts", &self.facts)
            .field("features", &self.names)
            .finish_non_exhaustive()
    }
}

impl Model {
    /// Reads LightGBM's text format, v3 or v4, and checks it whole.
    ///
    /// # Errors
    /// The first line that is damaged, inconsistent, or asks for something that is not supported:
    /// objectives other than `binary` and `cross_entropy`, several classes, linear trees, and entries
    /// of the header or of a tree that are not known.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = Lines::new(text);
        let header = Header::parse(&mut lines)?;
        let mut trees = Vec::new();
        while let Some(next) = lines.peek().filter(|next| *next != "end of trees") {
            if !next.starts_with("Tree=") {
                lines.next();
                return refuse(lines.here() - 1, format!("\"{}\" between trees", text::short(next)));
            }
            trees.push(Tree::parse(&mut lines, trees.len(), header.names.len())?);
        }
        if lines.next().is_none() {
            return refuse(lines.here(), "the text ends before \"end of trees\"");
        }
        match header.announced {
            Some((count, line)) if count != trees.len() => {
                return refuse(
                    line,
                    format!("tree_sizes announces {count} trees, the text holds {}", trees.len()),
                );
            }
            _ if trees.is_empty() => return refuse(lines.here() - 1, "the model holds no trees"),
            _ => {}
        }
        Ok(Self::new(header, trees))
    }

    fn new(header: Header, trees: Vec<Tree>) -> Self {
        let splits = trees.iter().flat_map(|tree| &tree.nodes);
        let facts = Facts {
            version: header.version,
            objective: header.objective,
            average: header.average,
            trees: trees.len(),
            leaves_max: trees.iter().map(|tree| tree.leaves.len()).max().unwrap_or_default(),
            has_categorical: splits.into_iter().any(|node| matches!(node.test, Test::Category { .. })),
            has_counts: trees.iter().all(|tree| tree.counts.is_some()),
        };
        let scorer = Scorer::new(&trees, header.names.len(), Kernel::best());
        Self { facts, names: header.names, ranges: header.ranges, trees, scorer, paths: OnceLock::new() }
    }

    /// The same model on another kernel; one that this CPU cannot run is ignored. For tests and
    /// measurements: [`Model::parse`] takes the fastest.
    #[must_use]
    pub fn with_kernel(mut self, kernel: Kernel) -> Self {
        if Kernel::available().contains(&kernel) {
            self.scorer = Scorer::new(&self.trees, self.names.len(), kernel);
        }
        self
    }

    /// What the model is.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Number of inputs per row.
    pub fn num_features(&self) -> usize {
        self.names.len()
    }

    /// The inputs' names as the text spells them, in order.
    pub fn feature_names(&self) -> &[String] {
        &self.names
    }

    /// Per feature the lowest and highest value seen in training; `None` for unused and categorical ones.
    pub fn feature_ranges(&self) -> &[Option<(f64, f64)>] {
        &self.ranges
    }

    /// Number of trees.
    pub fn num_trees(&self) -> usize {
        self.trees.len()
    }

    /// The probability that belongs to a raw score.
    pub fn probability(&self, raw: f64) -> f64 {
        match self.facts.objective {
            Objective::Binary { sigmoid } => 1.0 / (1.0 + (-sigmoid * raw).exp()),
            Objective::CrossEntropy => 1.0 / (1.0 + (-raw).exp()),
        }
    }

    /// The raw score of one row: the sum of its leaves' values, or their mean in a random forest.
    ///
    /// `row` holds one value per feature. A row of another length has no score: the result is NaN.
    pub fn raw(&self, row: &[f64]) -> f64 {
        if row.len() != self.num_features() {
            return f64::NAN;
        }
        let sum = self.scorer.row(&self.trees, row);
        self.finish(sum)
    }

    /// The raw score from the sum over the trees.
    fn finish(&self, sum: f64) -> f64 {
        if self.facts.average { sum / self.trees.len() as f64 } else { sum }
    }

    /// The raw scores of many rows on this thread: `columns[f][r]` is feature f of row r, `out[r]` gets
    /// the score, the same bits as [`Model::raw`].
    ///
    /// # Errors
    /// Another number of columns than features, or a column without one value per row of `out`.
    pub fn raw_batch(&self, columns: &[&[f64]], out: &mut [f64]) -> std::result::Result<(), InputError> {
        self.check(columns, out.len())?;
        self.raw_rows(columns, 0, out);
        Ok(())
    }

    /// [`Model::raw_batch`] with the rows spread over the threads of rayon's current pool.
    ///
    /// # Errors
    /// As [`Model::raw_batch`].
    pub fn raw_batch_parallel(
        &self,
        columns: &[&[f64]],
        out: &mut [f64],
    ) -> std::result::Result<(), InputError> {
        self.check(columns, out.len())?;
        let tasks = out.par_chunks_mut(TASK_ROWS).enumerate();
        tasks.for_each(|(task, out)| self.raw_rows(columns, task * TASK_ROWS, out));
        Ok(())
    }

    fn raw_rows(&self, columns: &[&[f64]], first: usize, out: &mut [f64]) {
        self.scorer.rows(&self.trees, columns, first, out);
        for sum in out {
            *sum = self.finish(*sum);
        }
    }

    fn check(&self, columns: &[&[f64]], rows: usize) -> std::result::Result<(), InputError> {
        if columns.len() != self.num_features() {
            return Err(InputError::FeatureCount { expected: self.num_features(), found: columns.len() });
        }
        match columns.iter().position(|column| column.len() != rows) {
            Some(column) => {
                Err(InputError::ColumnLength { column, expected: rows, found: columns[column].len() })
            }
            None => Ok(()),
        }
    }

    /// The exact contribution of every feature to the raw score of one row (path-dependent TreeSHAP,
    /// LightGBM's `pred_contrib`): `out[f]` for feature f, and last the expected value over the training
    /// rows. Their sum is the raw score.
    ///
    /// # Errors
    /// A row or output of the wrong length (`num_features` and one more); a model without counts.
    pub fn contributions(&self, row: &[f64], out: &mut [f64]) -> std::result::Result<(), InputError> {
        let columns: Vec<&[f64]> = row.chunks(1).collect();
        self.contributions_batch(&columns, out)
    }

    /// [`Model::contributions`] of many rows on this thread. Columns as in [`Model::raw_batch`]; `out` is
    /// row-major with `num_features + 1` values per row.
    ///
    /// # Errors
    /// As [`Model::contributions`] and [`Model::raw_batch`].
    pub fn contributions_batch(
        &self,
        columns: &[&[f64]],
        out: &mut [f64],
    ) -> std::result::Result<(), InputError> {
        let paths = self.check_contributions(columns, out)?;
        shap::rows(self, paths, columns, 0, out);
        Ok(())
    }

    /// [`Model::contributions_batch`] with the rows spread over the threads of rayon's current pool.
    ///
    /// # Errors
    /// As [`Model::contributions_batch`].
    pub fn contributions_batch_parallel(
        &self,
        columns: &[&[f64]],
        out: &mut [f64],
    ) -> std::result::Result<(), InputError> {
        let paths = self.check_contributions(columns, out)?;
        let tasks = out.par_chunks_mut(TASK_ROWS / 8 * (self.num_features() + 1)).enumerate();
        tasks.for_each(|(task, out)| shap::rows(self, paths, columns, task * (TASK_ROWS / 8), out));
        Ok(())
    }

    fn check_contributions(
        &self,
        columns: &[&[f64]],
        out: &[f64],
    ) -> std::result::Result<&Paths, InputError> {
        let rows = columns.first().map_or(0, |column| column.len());
        self.check(columns, rows)?;
        let expected = rows.saturating_mul(self.num_features() + 1);
        if out.len() != expected {
            return Err(InputError::OutputLength { expected, found: out.len() });
        }
        self.paths.get_or_init(|| Paths::new(&self.trees)).as_ref().map_err(Clone::clone)
    }
}
