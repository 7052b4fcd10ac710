//! The loops over rows and trees, in plain Rust: compiled once for any CPU and once for AVX2.
#![allow(unsafe_code)] // calling code compiled for a CPU that was checked at run time

use super::engine::{BLOCK, Bytes, Engine, GROUPS, Sums};
use super::ranks::GROUP;

/// The instructions that a model's loops use. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Plain Rust for any CPU.
    Portable,
    /// The same loops with 256-bit registers.
    Avx2,
    /// 512-bit registers, byte permutations and compares (AVX-512 F, BW, VL, DQ, VBMI).
    Avx512,
}

impl Kernel {
    /// The kernels that this CPU can run, the fastest last.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut kernels = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                kernels.push(Self::Avx2);
            }
            if super::kernel_avx512::detected() {
                kernels.push(Self::Avx512);
            }
        }
        kernels
    }

    /// The fastest that this CPU can run.
    pub(super) fn best() -> Self {
        Self::available().pop().unwrap_or(Self::Portable)
    }

    /// Which row of a group stands at each position of a column's bytes.
    pub(super) fn row_of(self) -> [u8; GROUP] {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => super::kernel_avx512::ROW_OF,
            _ => std::array::from_fn(|row| row as u8),
        }
    }

    /// Fills the columns of a block's group with the bytes of up to 64 rows from row `first`.
    pub(super) fn fill(
        self,
        engine: &Engine,
        columns: &[&[f64]],
        first: usize,
        group: usize,
        bytes: &mut [Bytes],
    ) {
        let mut padded = [0.0; GROUP];
        for feature in &engine.ranks.features {
            let rest = &columns[feature.feature][first..];
            let values = rest.first_chunk().unwrap_or_else(|| {
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            });
            #[cfg(target_arch = "x86_64")]
            if self == Self::Avx512 {
                super::kernel_avx512::fill(feature, values, group, bytes);
                continue;
            }
            feature.fill(values, |column, group_bytes| {
                bytes[column].0[group * GROUP..][..GROUP].copy_from_slice(group_bytes);
            });
        }
    }

    /// Sums the leaf values of a block's first groups, tree after tree.
    pub(super) fn sums(self, engine: &Engine, bytes: &[Bytes], groups: usize, sums: &mut Sums) {
        debug_assert!(groups <= GROUPS && bytes.len() == engine.ranks.count);
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a kernel other than Portable exists only where `available` has seen its features.
            Self::Avx2 => unsafe { sums_avx2(engine, bytes, groups, sums) },
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => super::kernel_avx512::sums(engine, bytes, groups, sums),
            _ => sums_plain(engine, bytes, groups, sums),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sums_avx2(engine: &Engine, bytes: &[Bytes], groups: usize, sums: &mut Sums) {
    sums_plain(engine, bytes, groups, sums);
}

#[inline(always)]
fn sums_plain(engine: &Engine, bytes: &[Bytes], groups: usize, sums: &mut Sums) {
    for shape in &engine.shapes {
        let values = &engine.values[shape.leaf..shape.leaf + shape.leaves];
        for (group, sums) in sums.0.chunks_exact_mut(GROUP).take(groups).enumerate() {
            if !shape.cursor {
                add_walked(engine, shape, bytes, group, |position| position, sums);
                continue;
            }
            let mut cursors = [0_u8; GROUP];
            for step in &engine.steps[shape.node..shape.node + shape.nodes] {
                let column = &bytes[step.column as usize / BLOCK].0[group * GROUP..][..GROUP];
                let (threshold, at, to) = (step.threshold as u8, step.at as u8, step.to as u8);
                for (cursor, byte) in cursors.iter_mut().zip(column) {
                    *cursor = if (*byte > threshold) & (*cursor == at) { to } else { *cursor };
                }
            }
            for (sum, cursor) in sums.iter_mut().zip(cursors) {
                *sum += values[cursor as usize];
            }
        }
    }
}

/// A tree too large for cursors: row by row.
pub(super) fn add_walked(
    engine: &Engine,
    shape: &super::engine::Shape,
    bytes: &[Bytes],
    group: usize,
    row_of: impl Fn(usize) -> usize,
    sums: &mut [f64],
) {
    for position in 0..GROUP {
        let leaf = engine.walk(shape, |column| bytes[column as usize].0[group * GROUP + position]);
        sums[row_of(position)] += engine.values[shape.leaf + leaf];
    }
}
