//! One tree: read, checked to be a tree, and renumbered.

use std::sync::Arc;

use super::text::{Entries, Lines, Result, refuse, short};

const KNOWN: [&str; 19] = [
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
    "shrinkage",
    "leaf_const",
];

/// LightGBM's own limit of `num_leaves`.
const MAX_LEAVES: usize = 131_072;

/// Numbers at most this far from 0 are 0 to LightGBM, which drops them when it copies a row.
pub(super) const ZERO: f64 = 1e-35_f32 as f64;

/// Which inputs count as missing at a numerical split and follow its default direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Missing {
    /// None: NaN is taken for 0.
    None,
    /// Zeros, and NaN, which is taken for 0.
    Zero,
    /// NaN.
    Nan,
}

/// The question that a node asks of its feature.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// Left when `x <= threshold`.
    Number { threshold: f64, missing: Missing, default_left: bool },
    /// Left when the bit of the whole number x is set.
    Category { set: Arc<[u32]> },
}

impl Test {
    /// Whether a row with this value goes to the left child. The one place that states the rule; the
    /// tables of ranks are built from it.
    pub(super) fn goes_left(&self, x: f64) -> bool {
        match self {
            Self::Number { threshold, missing, default_left } => {
                let x = if x.is_nan() && *missing != Missing::Nan { 0.0 } else { flush(x) };
                match missing {
                    Missing::Zero if x == 0.0 => *default_left,
                    Missing::Nan if x.is_nan() => *default_left,
                    _ => x <= *threshold,
                }
            }
            Self::Category { set } => in_set(set, x),
        }
    }
}

/// LightGBM's zero.
pub(super) fn flush(x: f64) -> f64 {
    if x.abs() <= ZERO { 0.0 } else { x }
}

/// Whether the category is in the set. Blanks, negatives and what exceeds an i32 never are.
pub(super) fn in_set(set: &[u32], x: f64) -> bool {
    if x.is_nan() || x <= -1.0 || x >= 2_147_483_648.0 {
        return false;
    }
    let category = x as usize;
    set.get(category / 32).is_some_and(|word| word >> (category % 32) & 1 == 1)
}

/// The largest leaf value: a log-odds far below it is certainty already, and sums and weighted means over any
/// number of leaves stay finite.
const LARGEST_LEAF: f64 = 1e100;

/// A child: an inner node or a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    Node(u32),
    Leaf(u32),
}

/// An inner node. Nodes stand in preorder and leaves are numbered from left to right, so the leaves
/// below a node are an interval, and those below its left child end where those of the right begin.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) feature: u32,
    pub(super) test: Test,
    pub(super) left: Child,
    pub(super) right: Child,
    /// The first leaf below the node.
    pub(super) first_leaf: u32,
    /// The first leaf below the right child.
    pub(super) right_leaf: u32,
}

/// Training rows that passed through.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) nodes: Vec<f64>,
    pub(super) leaves: Vec<f64>,
}

#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) leaves: Vec<f64>,
    pub(super) counts: Option<Counts>,
}

impl Tree {
    /// The leaf that a row falls into, by walking the tree.
    pub(super) fn leaf(&self, row: &[f64]) -> usize {
        let mut at = if self.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) };
        loop {
            match at {
                Child::Leaf(leaf) => return leaf as usize,
                Child::Node(node) => {
                    let node = &self.nodes[node as usize];
                    at = if node.test.goes_left(row[node.feature as usize]) { node.left } else { node.right };
                }
            }
        }
    }

    /// Reads the tree whose `Tree=` line comes next.
    pub(super) fn parse(lines: &mut Lines<'_>, index: usize, features: usize) -> Result<Self> {
        let Some((start, title)) = lines.next() else {
            return refuse(lines.here(), format!("\"Tree={index}\" is missing"));
        };
        if title.strip_prefix("Tree=").and_then(|number| number.parse().ok()) != Some(index) {
            return refuse(start, format!("\"{}\" where \"Tree={index}\" was expected", short(title)));
        }
        let mut entries = Entries::new(start);
        while let Some(next) = lines.peek() {
            if next.is_empty() || next.starts_with("Tree=") || next == "end of trees" {
                break;
            }
            if let Some((line, text)) = lines.next() {
                entries.add(line, text, &KNOWN)?;
            }
        }
        lines.skip_blank();
        Self::from_entries(&entries, features)
    }

    fn from_entries(entries: &Entries<'_>, features: usize) -> Result<Self> {
        let (line, _) = entries.need("num_leaves")?;
        let leaves = entries.number::<usize>("num_leaves")?;
        if leaves == 0 || leaves > MAX_LEAVES {
            return refuse(line, format!("num_leaves is {leaves}, expected 1 to {MAX_LEAVES}"));
        }
        if entries.find("is_linear").is_some() && entries.number::<u8>("is_linear")? != 0 {
            let (line, _) = entries.need("is_linear")?;
            return refuse(line, "linear trees are not supported");
        }
        if let Some((line, _)) = entries.find("leaf_const") {
            return refuse(line, "linear trees are not supported");
        }
        let (line, _) = entries.need("leaf_value")?;
        let values: Vec<f64> = entries.list("leaf_value", leaves)?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return refuse(line, format!("leaf value {value} is not finite"));
        }
        if let Some(value) = values.iter().find(|value| value.abs() > LARGEST_LEAF) {
            return refuse(line, format!("leaf value {value:e} is beyond {LARGEST_LEAF:e}"));
        }
        let splits = read_splits(entries, leaves - 1, features)?;
        let counts = read_counts(entries, leaves)?;
        let (line, _) = entries.find("left_child").unwrap_or((entries.start, ""));
        super::order::renumber(line, &splits, &values, counts.as_ref())
    }
}

/// A split as the text numbers it: children below 0 are the leaves −1 − child.
pub(super) struct Split {
    pub(super) feature: u32,
    pub(super) test: Test,
    pub(super) left: i64,
    pub(super) right: i64,
}

fn read_splits(entries: &Entries<'_>, count: usize, features: usize) -> Result<Vec<Split>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let feature: Vec<u32> = entries.list("split_feature", count)?;
    let threshold: Vec<f64> = entries.list("threshold", count)?;
    let decision: Vec<i8> = entries.list("decision_type", count)?;
    let left: Vec<i64> = entries.list("left_child", count)?;
    let right: Vec<i64> = entries.list("right_child", count)?;
    let sets = super::category::read_sets(entries)?;
    let (feature_line, _) = entries.need("split_feature")?;
    let (threshold_line, _) = entries.need("threshold")?;
    let (decision_line, _) = entries.need("decision_type")?;
    let mut splits = Vec::with_capacity(count);
    for node in 0..count {
        if feature[node] as usize >= features {
            let reason =
                format!("split_feature {} of node {node}, expected less than {features}", feature[node]);
            return refuse(feature_line, reason);
        }
        if threshold[node].is_nan() {
            return refuse(threshold_line, format!("the threshold of node {node} is NaN"));
        }
        let test = match decision[node] {
            bits @ 0..16 if bits & 1 == 1 => {
                let index = threshold[node];
                match sets.get(index as usize) {
                    Some(set) if index >= 0.0 && index.fract() == 0.0 => Test::Category { set: set.clone() },
                    _ => {
                        let reason = format!("node {node} asks for category set {index} of {}", sets.len());
                        return refuse(threshold_line, reason);
                    }
                }
            }
            bits @ 0..12 => Test::Number {
                threshold: threshold[node],
                missing: [Missing::None, Missing::Zero, Missing::Nan][(bits >> 2) as usize],
                default_left: bits & 2 != 0,
            },
            bits => return refuse(decision_line, format!("unknown decision_type {bits} of node {node}")),
        };
        splits.push(Split { feature: feature[node], test, left: left[node], right: right[node] });
    }
    Ok(splits)
}

fn read_counts(entries: &Entries<'_>, leaves: usize) -> Result<Option<Counts>> {
    let of_leaves = entries.optional_list::<u64>("leaf_count", leaves)?;
    let of_nodes = entries.optional_list::<u64>("internal_count", leaves - 1)?;
    let float = |counts: Vec<u64>| counts.into_iter().map(|count| count as f64).collect::<Vec<f64>>();
    Ok(match (of_leaves, of_nodes) {
        (Some(of_leaves), Some(of_nodes)) => {
            Some(Counts { nodes: float(of_nodes), leaves: float(of_leaves) })
        }
        // A tree of one leaf needs no counts: its value is the expected value.
        _ if leaves == 1 => Some(Counts { nodes: Vec::new(), leaves: vec![1.0] }),
        _ => None,
    })
}
