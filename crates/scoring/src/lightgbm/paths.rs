//! The way from the root to every leaf, as exact contributions need it.

use std::ops::Range;

use super::InputError;
use super::quadrature::gauss_legendre;
use super::tree::{Child, Counts, Tree};

/// Numbers in the tables of a model above which contributions are refused (1 GiB).
const MAX_NUMBERS: usize = 1 << 27;

/// Points of the integral that a kernel keeps in registers.
pub(super) const POINTS: usize = 8;

/// All leaves of a model with the features on their paths.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) trees: Vec<TreePaths>,
    /// The expected value of the sum over the trees.
    pub(super) expected: f64,
}

/// The leaves of one tree.
#[derive(Debug, Default)]
pub(super) struct TreePaths {
    pub(super) elements: Vec<Element>,
    /// Steps of the elements: the node, times two, plus one when the path goes right.
    pub(super) steps: Vec<u32>,
    pub(super) integrals: Vec<Integral>,
    pub(super) tables: Vec<f64>,
}

/// One feature on the path to a leaf; all its splits on that path are taken together.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) feature: u32,
    /// Which of the tree's steps.
    pub(super) steps: Range<usize>,
}

/// Up to [`POINTS`] points of one leaf's integrals.
#[derive(Debug)]
pub(super) struct Integral {
    /// Number of points.
    pub(super) points: usize,
    /// Which of the tree's elements.
    pub(super) elements: Range<usize>,
    /// Which of the tree's tables: with p points, p numbers `start`, p numbers `failed`, then p numbers
    /// `ratio` for each element, then p numbers `gain` for each element (see the module `shap`).
    pub(super) table: Range<usize>,
}

struct Step {
    feature: u32,
    code: u32,
    share: f64,
}

impl Paths {
    pub(super) fn new(trees: &[Tree]) -> Result<Self, InputError> {
        let mut paths = Self { trees: Vec::with_capacity(trees.len()), expected: 0.0 };
        let mut room = MAX_NUMBERS;
        for tree in trees {
            let counts = tree.counts.as_ref().ok_or(InputError::NoCounts)?;
            let (tree, expected) = TreePaths::new(tree, counts, &mut room)?;
            paths.trees.push(tree);
            paths.expected += expected;
        }
        Ok(paths)
    }
}

impl TreePaths {
    /// The paths and the tree's expected value.
    fn new(tree: &Tree, counts: &Counts, room: &mut usize) -> Result<(Self, f64), InputError> {
        let mut paths = Self::default();
        if tree.nodes.is_empty() {
            return Ok((paths, tree.leaves.iter().sum()));
        }
        let (above_nodes, above_leaves) = parents(tree);
        let mut expected = 0.0;
        for (leaf, &value) in tree.leaves.iter().enumerate() {
            let mut path = climb(tree, counts, &above_nodes, above_leaves[leaf], counts.leaves[leaf]);
            path.sort_by_key(|step| step.feature);
            let first = paths.elements.len();
            let mut shares = Vec::new();
            for steps in path.chunk_by(|a, b| a.feature == b.feature) {
                let start = paths.steps.len();
                paths.steps.extend(steps.iter().map(|step| step.code));
                shares.push(steps.iter().map(|step| step.share).product());
                paths.elements.push(Element { feature: steps[0].feature, steps: start..paths.steps.len() });
            }
            expected += value * shares.iter().product::<f64>();
            let numbers = (shares.len() + 2) * (shares.len() + 1) + path.len();
            *room = room.checked_sub(numbers).ok_or(InputError::TooDeep)?;
            paths.add_integrals(first..paths.elements.len(), &shares, value);
        }
        Ok((paths, expected))
    }

    /// Tables for a leaf's integrals, see the module `shap`.
    fn add_integrals(&mut self, elements: Range<usize>, shares: &[f64], value: f64) {
        for points in gauss_legendre(shares.len().div_ceil(2)).chunks(POINTS) {
            let first = self.tables.len();
            for (t, weight) in points {
                let all: f64 = shares.iter().map(|share| t + (1.0 - t) * share).product();
                self.tables.push(value * weight * all);
            }
            self.tables.extend(points.iter().map(|(t, _)| 1.0 / (t - 1.0)));
            for share in shares {
                self.tables.extend(points.iter().map(|(t, _)| (1.0 - t) * share / (t + (1.0 - t) * share)));
            }
            for share in shares {
                self.tables.extend(points.iter().map(|(t, _)| (1.0 - share) / (t + (1.0 - t) * share)));
            }
            let table = first..self.tables.len();
            self.integrals.push(Integral { points: points.len(), elements: elements.clone(), table });
        }
    }
}

/// Per node and per leaf the code of the step that leads there; the root's is not used.
fn parents(tree: &Tree) -> (Vec<u32>, Vec<u32>) {
    let (mut nodes, mut leaves) = (vec![0; tree.nodes.len()], vec![0; tree.leaves.len()]);
    for (index, node) in (0u32..).zip(&tree.nodes) {
        for (child, code) in [(node.left, index * 2), (node.right, index * 2 + 1)] {
            match child {
                Child::Node(child) => nodes[child as usize] = code,
                Child::Leaf(child) => leaves[child as usize] = code,
            }
        }
    }
    (nodes, leaves)
}

/// The steps from a leaf up to the root.
fn climb(tree: &Tree, counts: &Counts, above: &[u32], last: u32, rows: f64) -> Vec<Step> {
    let (mut path, mut code, mut below) = (Vec::new(), last, rows);
    loop {
        let node = (code / 2) as usize;
        let here = counts.nodes[node];
        // A node that no training row reached has no shares: take them as equal.
        let share = if here > 0.0 { below / here } else { 0.5 };
        path.push(Step { feature: tree.nodes[node].feature, code, share });
        if node == 0 {
            return path;
        }
        (code, below) = (above[node], here);
    }
}
