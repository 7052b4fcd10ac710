//! Exact contributions.
//!
//! A leaf is reached when the row satisfies all splits of each feature j on its path (o_j = 1) and not
//! when it fails any (o_j = 0); z_j is the share of training rows that satisfy them. The Shapley value
//! of feature j in the game "features in S take the row's answer, the others the share" is
//! value · (o_j − z_j) · ∫₀¹ Π_{i≠j} (t·o_i + (1−t)·z_i) dt: a polynomial of degree d − 1 for d features,
//! which ⌈d/2⌉ Gauss–Legendre points integrate exactly.

use super::Model;
use super::paths::{LeafPath, Paths, TreePaths};
use super::quadrature::gauss_legendre;

/// Writes the contributions of as many rows as `out` has room for, starting with row `first`.
pub(super) fn rows(model: &Model, paths: &Paths, columns: &[&[f64]], first: usize, out: &mut [f64]) {
    let width = model.num_features() + 1;
    let mut row = vec![0.0; model.num_features()];
    for (index, out) in out.chunks_exact_mut(width).enumerate() {
        for (value, column) in row.iter_mut().zip(columns) {
            *value = column[first + index];
        }
        out.fill(0.0);
        for (tree, paths) in model.trees.iter().zip(&paths.trees) {
            let left: Vec<bool> =
                tree.nodes.iter().map(|node| node.test.goes_left(row[node.feature as usize])).collect();
            for leaf in &paths.leaves {
                add_leaf(paths, leaf, &left, out);
            }
        }
        out[width - 1] = paths.expected;
        for value in out {
            *value = model.finish(*value);
        }
    }
}

fn add_leaf(paths: &TreePaths, leaf: &LeafPath, left: &[bool], out: &mut [f64]) {
    let elements = &paths.elements[leaf.start..leaf.end];
    let satisfied: Vec<bool> = elements
        .iter()
        .map(|e| paths.steps[e.start..e.end].iter().all(|code| left[(code / 2) as usize] == (code % 2 == 0)))
        .collect();
    for (t, weight) in gauss_legendre(elements.len().div_ceil(2)) {
        let factor = |j: usize| if satisfied[j] { t } else { 0.0 } + (1.0 - t) * elements[j].share;
        for (j, element) in elements.iter().enumerate() {
            let others: f64 = (0..elements.len()).filter(|&i| i != j).map(factor).product();
            let own = f64::from(u8::from(satisfied[j])) - element.share;
            out[element.feature as usize] += leaf.value * weight * own * others;
        }
    }
}
