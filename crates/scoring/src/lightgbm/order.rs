//! Renumbering a tree: nodes in preorder, leaves from left to right.

use super::text::{Result, refuse};
use super::tree::{Child, Counts, Node, Split, Tree};

/// The left child of a node in the new order, or its right child.
enum Side {
    Left,
    Right,
}

/// Walks the tree once from its root. Refuses children that do not exist, are reached twice or never.
pub(super) fn renumber(
    line: usize,
    splits: &[Split],
    values: &[f64],
    counts: Option<&Counts>,
) -> Result<Tree> {
    let mut nodes: Vec<Node> = Vec::with_capacity(splits.len());
    let mut leaves = Vec::with_capacity(values.len());
    let mut ordered = counts.map(|_| Counts { nodes: Vec::new(), leaves: Vec::new() });
    let mut seen_nodes = vec![false; splits.len()];
    let mut seen_leaves = vec![false; values.len()];
    let mut open: Vec<(i64, Option<(usize, Side)>)> = vec![(if splits.is_empty() { -1 } else { 0 }, None)];
    while let Some((old, parent)) = open.pop() {
        let first_leaf = leaves.len() as u32;
        let child = if old >= 0 {
            let at = usize::try_from(old).ok().filter(|&at| at < splits.len());
            let Some(at) = at.filter(|&at| !std::mem::replace(&mut seen_nodes[at], true)) else {
                return refuse(line, format!("child {old} does not exist or is reached twice"));
            };
            let split = &splits[at];
            let new = nodes.len();
            open.push((split.right, Some((new, Side::Right))));
            open.push((split.left, Some((new, Side::Left))));
            let (left, right) = (Child::Leaf(0), Child::Leaf(0));
            let test = split.test.clone();
            nodes.push(Node { feature: split.feature, test, left, right, first_leaf, right_leaf: 0 });
            if let (Some(ordered), Some(counts)) = (&mut ordered, counts) {
                ordered.nodes.push(counts.nodes[at]);
            }
            Child::Node(new as u32)
        } else {
            let at = usize::try_from(-1 - old).ok().filter(|&at| at < values.len());
            let Some(at) = at.filter(|&at| !std::mem::replace(&mut seen_leaves[at], true)) else {
                return refuse(line, format!("child {old} (a leaf) does not exist or is reached twice"));
            };
            leaves.push(values[at]);
            if let (Some(ordered), Some(counts)) = (&mut ordered, counts) {
                ordered.leaves.push(counts.leaves[at]);
            }
            Child::Leaf(first_leaf)
        };
        match parent {
            Some((node, Side::Left)) => nodes[node].left = child,
            Some((node, Side::Right)) => {
                nodes[node].right = child;
                nodes[node].right_leaf = first_leaf;
            }
            None => {}
        }
    }
    if nodes.len() < splits.len() || leaves.len() < values.len() {
        let lost = splits.len() - nodes.len();
        return refuse(line, format!("{lost} nodes cannot be reached from the first"));
    }
    Ok(Tree { nodes, leaves, counts: ordered })
}
