//! The way from the root to every leaf, as exact contributions need it.

use super::InputError;
use super::tree::{Child, Counts, Tree};

/// Path steps over all leaves of a model above which contributions are refused (about 1 GiB of tables).
const MAX_STEPS: usize = 1 << 26;

/// All leaves of a model with the features on their paths.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) trees: Vec<TreePaths>,
    /// The expected value of the sum over the trees.
    pub(super) expected: f64,
}

/// The leaves of one tree that at least one split leads to.
#[derive(Debug, Default)]
pub(super) struct TreePaths {
    pub(super) leaves: Vec<LeafPath>,
    pub(super) elements: Vec<Element>,
    /// Steps of the elements: the node, times two, plus one when the path goes right.
    pub(super) steps: Vec<u32>,
}

/// A leaf: its value and its elements, `elements[start..end]`.
#[derive(Debug)]
pub(super) struct LeafPath {
    pub(super) value: f64,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// One feature on a path, all of whose splits on that path are taken together.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) feature: u32,
    /// The product over the splits of the share of training rows that went along the path.
    pub(super) share: f64,
    /// `steps[start..end]` of the tree.
    pub(super) start: usize,
    pub(super) end: usize,
}

struct Step {
    feature: u32,
    code: u32,
    share: f64,
}

impl Paths {
    pub(super) fn new(trees: &[Tree]) -> Result<Self, InputError> {
        let mut paths = Self { trees: Vec::with_capacity(trees.len()), expected: 0.0 };
        let mut room = MAX_STEPS;
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
            *room = room.checked_sub(path.len()).ok_or(InputError::TooDeep)?;
            path.sort_by_key(|step| step.feature);
            let start = paths.elements.len();
            let mut share = 1.0;
            for steps in path.chunk_by(|a, b| a.feature == b.feature) {
                let first = paths.steps.len();
                paths.steps.extend(steps.iter().map(|step| step.code));
                let element_share: f64 = steps.iter().map(|step| step.share).product();
                share *= element_share;
                let (feature, end) = (steps[0].feature, paths.steps.len());
                paths.elements.push(Element { feature, share: element_share, start: first, end });
            }
            expected += value * share;
            paths.leaves.push(LeafPath { value, start, end: paths.elements.len() });
        }
        Ok((paths, expected))
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
