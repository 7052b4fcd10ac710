//! From values to ranks: the engine's trees compare bytes instead of doubles.
//!
//! For every feature the distinct thresholds of all trees are sorted. A value's rank is the number of
//! thresholds below it, so `x <= threshold[k]` is the same as `rank(x) <= k`, exactly. A *column* holds
//! one byte per row: the rank less the column's base, cut to 0..=255. Thresholds come 255 to a column,
//! so that a byte always suffices and 255 exceeds them all. What a row with a missing value does is
//! settled here too: there is a column per rule for missing values, which puts 0 (always left) or 255
//! (always right) in its place, and one per set of categories (0 in the set, else 255).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::keys::Keys;
use super::tree::{Missing, Test, Tree, flush, in_set};

/// Rows of one group: as many as a 512-bit register has bytes.
pub(super) const GROUP: usize = 64;

/// Thresholds that one column can tell apart.
const PER_COLUMN: usize = 255;

/// Which rows of a column do not hold their rank.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    /// Missing values as the split says.
    Number { missing: Missing, default_left: bool },
    /// Membership instead of ranks.
    Category { set: Arc<[u32]> },
}

/// One column of bytes.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) base: u32,
    pub(super) rule: Rule,
}

/// A feature that some tree asks for.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) feature: usize,
    /// Sorted and distinct, without NaN and negative zero.
    pub(super) thresholds: Vec<f64>,
    /// Rank of 0.
    pub(super) zero: u32,
    pub(super) columns: Vec<Column>,
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    /// The thresholds as a search tree, when there are few enough.
    pub(super) keys: Option<Keys>,
}

/// How the rows of a model become columns of bytes.
#[derive(Debug)]
pub(super) struct Ranks {
    pub(super) features: Vec<Feature>,
    /// Number of columns.
    pub(super) count: usize,
    ids: HashMap<(u32, u32, Rule), usize>,
}

/// Total order of numbers that are not NaN.
fn order(a: &f64, b: &f64) -> Ordering {
    a.partial_cmp(b).unwrap_or(Ordering::Equal)
}

impl Ranks {
    pub(super) fn new(trees: &[Tree], features: usize) -> Self {
        let mut thresholds: Vec<Vec<f64>> = vec![Vec::new(); features];
        let mut used = vec![false; features];
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            used[node.feature as usize] = true;
            if let Test::Number { threshold, .. } = node.test {
                thresholds[node.feature as usize].push(threshold + 0.0);
            }
        }
        let mut ranks = Self { features: Vec::new(), count: 0, ids: HashMap::new() };
        let mut place = vec![usize::MAX; features];
        for (feature, mut thresholds) in thresholds.into_iter().enumerate().filter(|(f, _)| used[*f]) {
            thresholds.sort_by(order);
            thresholds.dedup();
            place[feature] = ranks.features.len();
            let zero = thresholds.partition_point(|t| *t < 0.0) as u32;
            let keys = Keys::new(&thresholds);
            ranks.features.push(Feature { feature, thresholds, zero, columns: Vec::new(), keys });
        }
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            let at = &mut ranks.features[place[node.feature as usize]];
            let (rank, rule) = at.rank_of(&node.test);
            let base = rank / PER_COLUMN as u32 * PER_COLUMN as u32;
            ranks.ids.entry((node.feature, base, rule.clone())).or_insert_with(|| {
                at.columns.push(Column { index: ranks.count, base, rule });
                ranks.count += 1;
                ranks.count - 1
            });
        }
        ranks
    }

    /// The column that answers a node's test and the threshold: the row goes right when it holds more.
    pub(super) fn place(&self, feature: u32, test: &Test) -> (usize, u8) {
        let at = self.features.binary_search_by_key(&(feature as usize), |f| f.feature);
        let (rank, rule) = self.features[at.unwrap_or_default()].rank_of(test);
        let base = rank / PER_COLUMN as u32 * PER_COLUMN as u32;
        let column = self.ids.get(&(feature, base, rule)).copied().unwrap_or_default();
        (column, (rank - base) as u8)
    }

    /// The bytes of one row, by binary search.
    pub(super) fn row(&self, row: &[f64], bytes: &mut [u8]) {
        for feature in &self.features {
            let x = flush(row[feature.feature]);
            let rank = feature.rank(x);
            for column in &feature.columns {
                bytes[column.index] = column.byte(x, rank, feature.zero);
            }
        }
    }
}

impl Feature {
    /// Position of the test's threshold and the rule of its column.
    fn rank_of(&self, test: &Test) -> (u32, Rule) {
        match test {
            Test::Number { threshold, missing, default_left } => {
                // Without missing values the default direction is never asked for.
                let default_left = *default_left && *missing != Missing::None;
                let rank = self.thresholds.partition_point(|t| t < threshold) as u32;
                (rank, Rule::Number { missing: *missing, default_left })
            }
            Test::Category { set } => (0, Rule::Category { set: set.clone() }),
        }
    }

    /// The rank of a value; of NaN it has no meaning.
    pub(super) fn rank(&self, x: f64) -> u32 {
        self.thresholds.partition_point(|t| *t < x) as u32
    }

    /// The bytes of a group of rows for every column of the feature, the plain way.
    pub(super) fn fill(&self, values: &[f64; GROUP], mut store: impl FnMut(usize, &[u8; GROUP])) {
        let mut ranks = [0; GROUP];
        for (rank, x) in ranks.iter_mut().zip(values) {
            *rank = self.rank(flush(*x));
        }
        let mut bytes = [0; GROUP];
        for column in &self.columns {
            for ((byte, x), rank) in bytes.iter_mut().zip(values).zip(ranks) {
                *byte = column.byte(flush(*x), rank, self.zero);
            }
            store(column.index, &bytes);
        }
    }
}

impl Column {
    /// The byte of a value that went through [`flush`].
    pub(super) fn byte(&self, x: f64, rank: u32, zero: u32) -> u8 {
        let forced = |left: bool| if left { 0 } else { 255 };
        let rank = match &self.rule {
            Rule::Category { set } => return forced(in_set(set, x)),
            Rule::Number { missing: Missing::Nan, default_left } if x.is_nan() => {
                return forced(*default_left);
            }
            Rule::Number { missing: Missing::Zero, default_left } if x == 0.0 || x.is_nan() => {
                return forced(*default_left);
            }
            Rule::Number { .. } if x.is_nan() => zero,
            Rule::Number { .. } => rank,
        };
        rank.saturating_sub(self.base).min(255) as u8
    }
}
