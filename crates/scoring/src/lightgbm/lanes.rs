//! The trees as one row's kernel reads them: a lane per tree.
//!
//! For a single row the roles are swapped: 64 trees stand side by side, and slot k holds the k-th step
//! of each. Trees are grouped by size, so that few slots are empty.

use super::engine::{Engine, Shape};
use super::ranks::GROUP;

/// The k-th steps of 64 trees.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Slot {
    pub(super) column: [u8; GROUP],
    pub(super) threshold: [u8; GROUP],
    pub(super) at: [u8; GROUP],
    pub(super) to: [u8; GROUP],
}

/// An empty slot: no byte exceeds 255, so no cursor moves.
const EMPTY: Slot = Slot { column: [0; GROUP], threshold: [255; GROUP], at: [0; GROUP], to: [0; GROUP] };

/// Columns that a lane's byte can name.
const MAX_COLUMNS: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Number of columns.
    pub(super) columns: usize,
    pub(super) slots: Vec<Slot>,
    /// Slots per group of trees.
    pub(super) groups: Vec<usize>,
    /// Per tree the lane that holds its cursor.
    pub(super) lane: Vec<u32>,
    /// Per tree the first of its leaves in the engine's values.
    pub(super) leaf: Vec<u32>,
}

impl Lanes {
    /// `None` when a tree is too large for a cursor or there are too many columns.
    pub(super) fn new(engine: &Engine) -> Option<Self> {
        let shapes = &engine.shapes;
        let fits = |shape: &Shape| shape.cursor && u32::try_from(shape.leaf).is_ok();
        if engine.ranks.count > MAX_COLUMNS || !shapes.iter().all(fits) {
            return None;
        }
        let mut by_size: Vec<usize> = (0..shapes.len()).collect();
        by_size.sort_by_key(|tree| shapes[*tree].nodes);
        let leaf = shapes.iter().map(|shape| shape.leaf as u32).collect();
        let columns = engine.ranks.count;
        let mut lanes = Self { columns, lane: vec![0; shapes.len()], leaf, ..Self::default() };
        for (group, trees) in by_size.chunks(GROUP).enumerate() {
            let count = trees.iter().map(|tree| shapes[*tree].nodes).max().unwrap_or_default();
            let first = lanes.slots.len();
            lanes.slots.resize(first + count, EMPTY);
            lanes.groups.push(count);
            for (lane, &tree) in trees.iter().enumerate() {
                lanes.lane[tree] = (group * GROUP + lane) as u32;
                let nodes = shapes[tree].node..shapes[tree].node + shapes[tree].nodes;
                let nodes = engine.steps[nodes.clone()].iter().zip(&engine.hops[nodes]);
                for (slot, (step, hop)) in lanes.slots[first..].iter_mut().zip(nodes) {
                    slot.column[lane] = hop.column as u8;
                    slot.threshold[lane] = hop.threshold;
                    slot.at[lane] = step.at as u8;
                    slot.to[lane] = step.to as u8;
                }
            }
        }
        Some(lanes)
    }
}
