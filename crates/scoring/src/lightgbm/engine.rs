//! The trees as the kernels read them.
//!
//! *Cursor*: a row's state in a tree is one byte, the first leaf below the node it has reached. Nodes
//! are taken in preorder. The cursor equals a node's first leaf exactly when the row has come to that
//! node, so one node is one step for a whole group of rows: where the cursor stands at `at` and the
//! column exceeds `threshold`, it moves to `to`, the first leaf of the right child. After the last node
//! the cursor is the row's leaf. No row branches, and a step costs two compares and a masked move.

use super::ranks::{GROUP, Ranks};
use super::tree::{Child, Tree};

/// Groups of rows that a kernel takes through a tree together.
pub(super) const GROUPS: usize = 8;

/// Rows of a block; a column of a block has this many bytes.
pub(super) const BLOCK: usize = GROUP * GROUPS;

/// A block of one column. Aligned so that no load crosses a line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Bytes(pub(super) [u8; BLOCK]);

/// A block's sums.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Sums(pub(super) [f64; BLOCK]);

/// Trees with more leaves are walked node by node: a cursor is a byte.
const CURSOR_LEAVES: usize = 256;

/// Trees that one row walks at the same time.
const IN_FLIGHT: usize = 8;

/// A node's step. The bytes are repeated four times, which makes them cheaper to spread over a register.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub(super) struct Step {
    /// Where the column starts, in bytes from the first column's start.
    pub(super) column: u32,
    pub(super) threshold: u32,
    pub(super) at: u32,
    pub(super) to: u32,
}

/// A node for walking: go to `children[(byte > threshold)]`; below 0 is the leaf −1 − child.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) column: u32,
    pub(super) threshold: u8,
    pub(super) children: [i32; 2],
}

/// Where a tree stands in the lists of the engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// First node in `steps` and in `hops`.
    pub(super) node: usize,
    pub(super) nodes: usize,
    /// First leaf in `values`.
    pub(super) leaf: usize,
    pub(super) leaves: usize,
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    /// First table in `tables`, for trees of at most 64 leaves.
    pub(super) table: usize,
    /// Whether cursors suffice.
    pub(super) cursor: bool,
}

#[derive(Debug)]
pub(super) struct Engine {
    pub(super) ranks: Ranks,
    pub(super) shapes: Vec<Shape>,
    pub(super) steps: Vec<Step>,
    pub(super) hops: Vec<Hop>,
    pub(super) values: Vec<f64>,
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    /// Leaf values of small trees, 32 at a time: the low halves of their bits, then the high halves.
    pub(super) tables: Vec<[u32; 64]>,
}

impl Engine {
    /// `None` when the trees need more than `columns` columns.
    pub(super) fn new(trees: &[Tree], features: usize, columns: usize) -> Option<Self> {
        let ranks = Ranks::new(trees, features);
        if ranks.count > columns {
            return None;
        }
        let mut engine = Self {
            ranks,
            shapes: Vec::with_capacity(trees.len()),
            steps: Vec::new(),
            hops: Vec::new(),
            values: Vec::new(),
            tables: Vec::new(),
        };
        for tree in trees {
            engine.add(tree);
        }
        Some(engine)
    }

    fn add(&mut self, tree: &Tree) {
        let (nodes, leaves) = (tree.nodes.len(), tree.leaves.len());
        let cursor = leaves <= CURSOR_LEAVES;
        self.shapes.push(Shape {
            node: self.steps.len(),
            nodes,
            leaf: self.values.len(),
            leaves,
            table: self.tables.len(),
            cursor,
        });
        for node in &tree.nodes {
            let (column, threshold) = self.ranks.place(node.feature, &node.test);
            let spread = |byte: u32| (byte & 255) * 0x0101_0101;
            self.steps.push(Step {
                column: (column * BLOCK) as u32,
                threshold: spread(threshold.into()),
                at: spread(node.first_leaf),
                to: spread(node.right_leaf),
            });
            let index = |child| match child {
                Child::Node(node) => node as i32,
                Child::Leaf(leaf) => -1 - (leaf as i32),
            };
            let children = [index(node.left), index(node.right)];
            self.hops.push(Hop { column: column as u32, threshold, children });
        }
        self.values.extend(&tree.leaves);
        if leaves <= 64 {
            for chunk in tree.leaves.chunks(32) {
                let mut table = [0; 64];
                for (leaf, value) in chunk.iter().enumerate() {
                    table[leaf] = value.to_bits() as u32;
                    table[leaf + 32] = (value.to_bits() >> 32) as u32;
                }
                self.tables.push(table);
            }
        }
    }

    /// The leaf of a tree that a row falls into, where `byte` gives the row's byte of a column.
    pub(super) fn walk(&self, shape: &Shape, byte: impl Fn(u32) -> u8) -> usize {
        let hops = &self.hops[shape.node..shape.node + shape.nodes];
        let mut at = if hops.is_empty() { -1 } else { 0 };
        while let Some(hop) = usize::try_from(at).ok().and_then(|at| hops.get(at)) {
            at = hop.children[usize::from(byte(hop.column) > hop.threshold)];
        }
        (-1 - at) as usize
    }

    /// The sum of the leaf values of a row whose column bytes are given, with several trees in flight: the
    /// next node of one is read while those of the others are on their way.
    pub(super) fn walk_all(&self, bytes: &[u8]) -> f64 {
        let mut sum = 0.0;
        for shapes in self.shapes.chunks(IN_FLIGHT) {
            let mut at = [-1_i32; IN_FLIGHT];
            for (at, shape) in at.iter_mut().zip(shapes) {
                *at = if shape.nodes == 0 { -1 } else { 0 };
            }
            while at.iter().any(|at| *at >= 0) {
                for (at, shape) in at.iter_mut().zip(shapes) {
                    // A tree that has reached its leaf looks at its first node again and stays.
                    let Some(hop) = self.hops.get(shape.node + (*at).max(0) as usize) else { continue };
                    let right = bytes[hop.column as usize] > hop.threshold;
                    let next = hop.children[usize::from(right)];
                    *at = if *at < 0 { *at } else { next };
                }
            }
            for (at, shape) in at.iter().zip(shapes) {
                sum += self.values[shape.leaf + (-1 - at) as usize];
            }
        }
        sum
    }
}
