//! Exact contributions.
//!
//! A leaf is reached when the row satisfies all splits of each feature j on its path (o_j = 1) and not
//! when it fails any (o_j = 0); z_j is the share of training rows that satisfy them. The Shapley value
//! of feature j in the game "features in S take the row's answer, the others the share" is
//! value · (o_j − z_j) · ∫₀¹ Π_{i≠j} f_i(t) dt with f_i(t) = t·o_i + (1 − t)·z_i: the integral of a
//! polynomial of degree d − 1 for d features, which ⌈d/2⌉ Gauss–Legendre points give exactly.
//!
//! As o_j is 0 or 1, tables made once per leaf leave only products at run time. At a point t let
//! P = start · Π_{o_i = 0} ratio_i with start = value · weight · Π (t + (1 − t)·z_i) and
//! ratio_i = (1 − t)·z_i / (t + (1 − t)·z_i). Then feature j receives the sum over the points of
//! P · gain_j with gain_j = (1 − z_j) / (t + (1 − t)·z_j) when o_j = 1, and of
//! P · failed with failed = −1 / (1 − t), the same for all such features, when o_j = 0.

use super::Model;
use super::engine::{BLOCK, Bytes, Shape};
use super::kernel_shap::{Values, add_tree, right_rows};
use super::paths::{Paths, TreePaths};
use super::ranks::GROUP;
use super::tree::Tree;

/// Rows of one vector of a kernel.
pub(super) const OCTET: usize = 8;

/// Writes the contributions of as many rows as `out` has room for, starting with row `first`.
pub(super) fn rows(model: &Model, paths: &Paths, columns: &[&[f64]], first: usize, out: &mut [f64]) {
    let width = model.num_features() + 1;
    let mut work = Work::new(model);
    for (group, out) in out.chunks_mut(GROUP * width).enumerate() {
        let rows = out.len() / width;
        work.load(model, columns, first + group * GROUP, rows);
        for (index, (tree, paths)) in model.trees.iter().zip(&paths.trees).enumerate() {
            work.right_rows(model, index, tree);
            work.elements(paths);
            add_tree(model.scorer.kernel, paths, &work.satisfied, &work.octets, &mut work.values);
        }
        for (position, row) in work.row_of.into_iter().enumerate().filter(|(_, row)| (*row as usize) < rows) {
            let out = &mut out[row as usize * width..][..width];
            for (out, values) in out.iter_mut().zip(&work.values) {
                *out = model.finish(values.0[position]);
            }
            out[width - 1] = model.finish(paths.expected);
        }
    }
}

/// What is needed while one group of rows goes through the trees.
struct Work {
    bytes: Vec<Bytes>,
    /// The rows themselves, for models without columns.
    plain: Vec<Vec<f64>>,
    row_of: [u8; GROUP],
    /// The vectors that hold any row.
    octets: Vec<usize>,
    /// Per node the rows that go right, a bit for each position.
    right: Vec<u64>,
    /// Per element the rows that satisfy its splits.
    satisfied: Vec<u64>,
    values: Vec<Values>,
}

impl Work {
    fn new(model: &Model) -> Self {
        let engine = model.scorer.engine.as_ref();
        Self {
            bytes: vec![Bytes([0; BLOCK]); engine.map_or(0, |engine| engine.ranks.count)],
            plain: Vec::new(),
            row_of: match engine {
                Some(_) => model.scorer.kernel.row_of(),
                None => std::array::from_fn(|row| row as u8),
            },
            octets: Vec::new(),
            right: Vec::new(),
            satisfied: Vec::new(),
            values: vec![Values([0.0; GROUP]); model.num_features()],
        }
    }

    fn load(&mut self, model: &Model, columns: &[&[f64]], first: usize, rows: usize) {
        match &model.scorer.engine {
            Some(engine) => model.scorer.kernel.fill(engine, columns, first, 0, &mut self.bytes),
            None => {
                let row = |row| columns.iter().map(|column| column[first + row]).collect();
                self.plain = (0..rows).map(row).collect();
            }
        }
        let filled =
            |octet: &usize| self.row_of[octet * OCTET..][..OCTET].iter().any(|row| usize::from(*row) < rows);
        self.octets = (0..GROUP / OCTET).filter(filled).collect();
        self.values.fill(Values([0.0; GROUP]));
    }

    fn right_rows(&mut self, model: &Model, index: usize, tree: &Tree) {
        self.right.clear();
        match &model.scorer.engine {
            Some(engine) => {
                let Shape { node, nodes, .. } = engine.shapes[index];
                let steps = &engine.steps[node..node + nodes];
                right_rows(model.scorer.kernel, steps, &self.bytes, &mut self.right);
            }
            None => self.right.extend(tree.nodes.iter().map(|node| {
                let right = |row: &Vec<f64>| u64::from(!node.test.goes_left(row[node.feature as usize]));
                self.plain.iter().rev().fold(0, |bits, row| bits << 1 | right(row))
            })),
        }
    }

    fn elements(&mut self, paths: &TreePaths) {
        self.satisfied.clear();
        self.satisfied.extend(paths.elements.iter().map(|element| {
            let steps = &paths.steps[element.steps.clone()];
            steps.iter().fold(u64::MAX, |rows, code| {
                let right = self.right[(code / 2) as usize];
                // All ones when the path goes left.
                let left = u64::from(code % 2).wrapping_sub(1);
                rows & (right ^ left)
            })
        }));
    }
}
