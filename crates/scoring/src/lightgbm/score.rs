//! Sums of leaf values for one row and for many.

use super::engine::{BLOCK, Bytes, Engine, GROUPS, Sums};
use super::kernel::Kernel;
use super::lanes::Lanes;
use super::ranks::GROUP;
use super::tree::Tree;

/// Models that need more columns (thousands of distinct category sets) are scored by walking their
/// trees: a block of columns would leave the cache.
const MAX_COLUMNS: usize = 8192;

/// As many rows cost less one by one: a kernel takes 64 through a tree whether there are as many or not.
const FEW: usize = 4;

/// A model's trees made ready for a kernel.
#[derive(Debug)]
pub(super) struct Scorer {
    pub(super) kernel: Kernel,
    pub(super) engine: Option<Engine>,
    lanes: Option<Lanes>,
}

impl Scorer {
    pub(super) fn new(trees: &[Tree], features: usize, kernel: Kernel) -> Self {
        let engine = Engine::new(trees, features, MAX_COLUMNS);
        let lanes = engine.as_ref().filter(|_| kernel == Kernel::Avx512).and_then(Lanes::new);
        Self { kernel, engine, lanes }
    }

    /// The sum for one row, which has a value for every feature.
    pub(super) fn row(&self, trees: &[Tree], row: &[f64]) -> f64 {
        match (&self.engine, &self.lanes) {
            #[cfg(target_arch = "x86_64")]
            (Some(engine), Some(lanes)) => {
                let mut bytes = [0; 256];
                engine.ranks.row(row, &mut bytes);
                let mut cursors = vec![0; lanes.groups.len() * GROUP];
                super::kernel_avx512_row::cursors(lanes, &bytes, &mut cursors);
                let leaves = lanes.lane.iter().zip(&lanes.leaf);
                leaves.fold(0.0, |sum, (lane, leaf)| {
                    sum + engine.values[*leaf as usize + usize::from(cursors[*lane as usize])]
                })
            }
            (Some(engine), _) => {
                let mut bytes = vec![0; engine.ranks.count];
                engine.ranks.row(row, &mut bytes);
                engine.walk_all(&bytes)
            }
            (None, _) => trees.iter().fold(0.0, |sum, tree| sum + tree.leaves[tree.leaf(row)]),
        }
    }

    /// The sums of the rows from `first` on, as many as `out` has places.
    pub(super) fn rows(&self, trees: &[Tree], columns: &[&[f64]], first: usize, out: &mut [f64]) {
        let Some(engine) = self.engine.as_ref().filter(|_| out.len() > FEW) else {
            let mut row = vec![0.0; columns.len()];
            for (index, out) in out.iter_mut().enumerate() {
                for (value, column) in row.iter_mut().zip(columns) {
                    *value = column[first + index];
                }
                *out = self.row(trees, &row);
            }
            return;
        };
        let mut bytes = vec![Bytes([0; BLOCK]); engine.ranks.count];
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let groups = out.len().div_ceil(GROUP).min(GROUPS);
            for group in 0..groups {
                self.kernel.fill(engine, columns, first + block * BLOCK + group * GROUP, group, &mut bytes);
            }
            let mut sums = Sums([0.0; BLOCK]);
            self.kernel.sums(engine, &bytes, groups, &mut sums);
            out.copy_from_slice(&sums.0[..out.len()]);
        }
    }
}
