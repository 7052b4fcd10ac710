//! The loops of exact contributions: eight rows to a vector.
#![allow(unsafe_code)] // vector loads and stores, and calling code compiled for a CPU that was checked

use super::engine::{BLOCK, Bytes, Step};
use super::kernel::Kernel;
use super::paths::{Integral, TreePaths};
use super::ranks::GROUP;
use super::shap::OCTET;

/// One feature's contributions for a group of rows.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Values(pub(super) [f64; GROUP]);

/// Appends for each step the rows of the first group that go right, a bit for each position.
pub(super) fn right_rows(kernel: Kernel, steps: &[Step], bytes: &[Bytes], right: &mut Vec<u64>) {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a kernel other than Portable exists only where `available` has seen its features.
        Kernel::Avx512 => unsafe { avx512::right_rows(steps, bytes, right) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Kernel::Avx2 => unsafe { right_avx2(steps, bytes, right) },
        _ => right_plain(steps, bytes, right),
    }
}

/// Adds one tree's contributions of the rows in the given octets; `satisfied` has a word of rows for each
/// of the tree's elements.
pub(super) fn add_tree(
    kernel: Kernel,
    paths: &TreePaths,
    satisfied: &[u64],
    octets: &[usize],
    values: &mut [Values],
) {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a kernel other than Portable exists only where `available` has seen its features.
        Kernel::Avx512 => unsafe { avx512::add_tree(paths, satisfied, octets, values) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Kernel::Avx2 => unsafe { add_avx2(paths, satisfied, octets, values) },
        _ => add_plain(paths, satisfied, octets, values),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn right_avx2(steps: &[Step], bytes: &[Bytes], right: &mut Vec<u64>) {
    right_plain(steps, bytes, right);
}

#[inline(always)]
fn right_plain(steps: &[Step], bytes: &[Bytes], right: &mut Vec<u64>) {
    for step in steps {
        let (threshold, column) = (step.threshold as u8, &bytes[step.column as usize / BLOCK].0[..GROUP]);
        let mut bits = 0;
        for (octet, bytes) in column.chunks_exact(OCTET).enumerate() {
            let mut word = [0; OCTET];
            for (flag, byte) in word.iter_mut().zip(bytes) {
                *flag = u8::from(*byte > threshold);
            }
            // Gathers the lowest bits of eight bytes in the highest byte of the product.
            let flags = u64::from_le_bytes(word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            bits |= flags << (octet * OCTET);
        }
        right.push(bits);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_avx2(paths: &TreePaths, satisfied: &[u64], octets: &[usize], values: &mut [Values]) {
    add_plain(paths, satisfied, octets, values);
}

/// Calls the function made for this number of points.
macro_rules! by_points {
    ($points:expr, $function:ident($($argument:expr),*)) => {
        match $points {
            1 => $function::<1>($($argument),*),
            2 => $function::<2>($($argument),*),
            3 => $function::<3>($($argument),*),
            4 => $function::<4>($($argument),*),
            5 => $function::<5>($($argument),*),
            6 => $function::<6>($($argument),*),
            7 => $function::<7>($($argument),*),
            _ => $function::<8>($($argument),*),
        }
    };
}

#[inline(always)]
fn add_plain(paths: &TreePaths, satisfied: &[u64], octets: &[usize], values: &mut [Values]) {
    for integral in &paths.integrals {
        by_points!(integral.points, integral_plain(paths, integral, satisfied, octets, values));
    }
}

/// The parts of an integral's table.
struct Parts<'a, const P: usize> {
    start: &'a [f64; P],
    failed: &'a [f64; P],
    ratios: &'a [[f64; P]],
    gains: &'a [[f64; P]],
}

#[inline(always)]
fn parts<const P: usize>(table: &[f64]) -> Parts<'_, P> {
    let rows = table.as_chunks::<P>().0;
    let (ratios, gains) = rows[2..].split_at((rows.len() - 2) / 2);
    Parts { start: &rows[0], failed: &rows[1], ratios, gains }
}

#[inline(always)]
fn integral_plain<const P: usize>(
    paths: &TreePaths,
    integral: &Integral,
    satisfied: &[u64],
    octets: &[usize],
    values: &mut [Values],
) {
    let Parts { start, failed, ratios, gains } = parts::<P>(&paths.tables[integral.table.clone()]);
    let elements = &paths.elements[integral.elements.clone()];
    let satisfied = &satisfied[integral.elements.clone()];
    for &octet in octets {
        // All ones in the rows that satisfy the element.
        let mask = |rows: u64| -> [u64; OCTET] {
            std::array::from_fn(|row| 0_u64.wrapping_sub(rows >> (octet * OCTET + row) & 1))
        };
        let mut products: [[f64; OCTET]; P] = start.map(|start| [start; OCTET]);
        for (ratios, rows) in ratios.iter().zip(satisfied) {
            let mask = mask(*rows);
            for (products, ratio) in products.iter_mut().zip(ratios) {
                for (product, mask) in products.iter_mut().zip(mask) {
                    *product *= pick(mask, 1.0, *ratio);
                }
            }
        }
        let lost = dot(&products, failed);
        for ((gains, rows), element) in gains.iter().zip(satisfied).zip(elements) {
            let gained = dot(&products, gains);
            let values = &mut values[element.feature as usize].0[octet * OCTET..][..OCTET];
            for (row, mask) in mask(*rows).into_iter().enumerate() {
                values[row] += pick(mask, gained[row], lost[row]);
            }
        }
    }
}

#[inline(always)]
fn pick(mask: u64, ones: f64, zeros: f64) -> f64 {
    f64::from_bits(ones.to_bits() & mask | zeros.to_bits() & !mask)
}

#[inline(always)]
fn dot<const P: usize>(products: &[[f64; OCTET]; P], factors: &[f64; P]) -> [f64; OCTET] {
    let mut sums = [0.0; OCTET];
    for (products, factor) in products.iter().zip(factors) {
        for (sum, product) in sums.iter_mut().zip(products) {
            *sum += product * factor;
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::*;

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn right_rows(steps: &[Step], bytes: &[Bytes], right: &mut Vec<u64>) {
        for step in steps {
            let column = &bytes[step.column as usize / BLOCK].0;
            // SAFETY: a column of a block has more than 64 bytes.
            let column = unsafe { _mm512_loadu_si512(column.as_ptr().cast()) };
            right.push(_mm512_cmpgt_epu8_mask(column, _mm512_set1_epi32(step.threshold as i32)));
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn add_tree(paths: &TreePaths, satisfied: &[u64], octets: &[usize], values: &mut [Values]) {
        for integral in &paths.integrals {
            by_points!(integral.points, add_integral(paths, integral, satisfied, octets, values));
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn add_integral<const P: usize>(
        paths: &TreePaths,
        integral: &Integral,
        satisfied: &[u64],
        octets: &[usize],
        values: &mut [Values],
    ) {
        let Parts { start, failed, ratios, gains } = parts::<P>(&paths.tables[integral.table.clone()]);
        let elements = &paths.elements[integral.elements.clone()];
        let satisfied = &satisfied[integral.elements.clone()];
        for &octet in octets {
            let mut products = [_mm512_setzero_pd(); P];
            for (product, start) in products.iter_mut().zip(start) {
                *product = _mm512_set1_pd(*start);
            }
            for (ratios, rows) in ratios.iter().zip(satisfied) {
                let fails = !(rows >> (octet * OCTET)) as u8;
                for (product, ratio) in products.iter_mut().zip(ratios) {
                    *product = _mm512_mask_mul_pd(*product, fails, *product, _mm512_set1_pd(*ratio));
                }
            }
            let lost = dot(&products, failed);
            for ((gains, rows), element) in gains.iter().zip(satisfied).zip(elements) {
                let holds = (rows >> (octet * OCTET)) as u8;
                let share = _mm512_mask_mov_pd(lost, holds, dot(&products, gains));
                let values = &mut values[element.feature as usize].0[octet * OCTET..][..OCTET];
                // SAFETY: the slice has 8 values.
                unsafe {
                    let sum = _mm512_add_pd(_mm512_loadu_pd(values.as_ptr()), share);
                    _mm512_storeu_pd(values.as_mut_ptr(), sum);
                }
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn dot<const P: usize>(products: &[__m512d; P], factors: &[f64; P]) -> __m512d {
        let mut sum = _mm512_setzero_pd();
        for (product, factor) in products.iter().zip(factors) {
            sum = _mm512_fmadd_pd(*product, _mm512_set1_pd(*factor), sum);
        }
        sum
    }
}
