//! The loops over rows and trees with AVX-512.
//!
//! Inside a group the bytes of a column stand in an order (`ROW_OF`) that spares moving them: byte s of
//! 32-bit lane i belongs to the row whose sum stands where the lookup of leaf values puts it.
#![allow(unsafe_code)] // vector loads and stores through pointers

use std::arch::x86_64::*;

use super::engine::{Bytes, Engine, GROUPS, Shape, Sums};
use super::keys::Keys;
use super::ranks::{Column, Feature, GROUP, Rule};
use super::tree::{Missing, ZERO, flush};

/// The row at each position of a group.
pub(super) const ROW_OF: [u8; GROUP] = row_of();

const fn row_of() -> [u8; GROUP] {
    let mut rows = [0; GROUP];
    let mut position = 0;
    while position < GROUP {
        let (lane, byte) = (position / 4, position % 4);
        rows[position] = (16 * byte + 8 * (lane / 2 % 2) + 2 * (lane / 4) + lane % 2) as u8;
        position += 1;
    }
    rows
}

/// Whether this CPU has what the functions below are compiled for.
pub(super) fn detected() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vbmi")
}

/// Fills the columns of one feature for a group of rows.
pub(super) fn fill(feature: &Feature, values: &[f64; GROUP], group: usize, bytes: &mut [Bytes]) {
    let mut store = |column: usize, group_bytes: &[u8; GROUP]| {
        bytes[column].0[group * GROUP..][..GROUP].copy_from_slice(group_bytes);
    };
    match &feature.keys {
        // SAFETY: the kernel is chosen only after `detected`.
        Some(keys) => unsafe { fill_numbers(feature, keys, values, &mut store) },
        None => feature.fill(&ROW_OF.map(|row| values[row as usize]), &mut store),
    }
}

/// Features with at most 255 thresholds: all columns have base 0.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")]
fn fill_numbers(
    feature: &Feature,
    keys: &Keys,
    values: &[f64; GROUP],
    store: &mut impl FnMut(usize, &[u8; GROUP]),
) {
    let mut numbers = [_mm512_setzero_si512(); 4];
    for (quarter, numbers) in numbers.iter_mut().enumerate() {
        // SAFETY: 16 of the 64 values start at 16 · quarter, quarter < 4.
        let (low, high) = unsafe {
            let at = values.as_ptr().add(16 * quarter);
            (_mm512_loadu_pd(at), _mm512_loadu_pd(at.add(8)))
        };
        *numbers = upper_halves(normal(low), normal(high));
    }
    let (mut ranks, ties) = search(keys, &numbers);
    for (quarter, ties) in ties.into_iter().enumerate() {
        if ties != 0 {
            ranks[quarter] = settle(feature, values, quarter, ties, ranks[quarter]);
        }
    }
    for column in &feature.columns {
        let bytes = column_bytes(feature, column, &numbers, &ranks, values);
        store(column.index, &bytes);
    }
}

/// Searches the lanes in `ties` again with all bits.
#[cold]
#[target_feature(enable = "avx512f")]
fn settle(
    feature: &Feature,
    values: &[f64; GROUP],
    quarter: usize,
    mut ties: u16,
    ranks: __m512i,
) -> __m512i {
    let mut lanes = [0_u32; 16];
    // SAFETY: 16 lanes of 32 bits fill the array.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), ranks) };
    while ties != 0 {
        let lane = ties.trailing_zeros() as usize;
        lanes[lane] = feature.rank(flush(values[ROW_OF[4 * lane + quarter] as usize]));
        ties &= ties - 1;
    }
    // SAFETY: as above.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

/// Zeros as LightGBM sees them become 0, every NaN the same NaN.
#[target_feature(enable = "avx512f,avx512dq")]
fn normal(x: __m512d) -> __m512d {
    let nan = _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(x, x);
    let zero = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(_mm512_abs_pd(x), _mm512_set1_pd(ZERO));
    _mm512_mask_mov_pd(_mm512_maskz_mov_pd(!zero, x), nan, _mm512_set1_pd(f64::NAN))
}

/// The keys of 16 numbers, in the order of the lanes of a quarter.
#[target_feature(enable = "avx512f")]
fn upper_halves(low: __m512d, high: __m512d) -> __m512i {
    // Lane 4L + 2h + e takes the upper half of number 2L + e of half h.
    let order = _mm512_setr_epi32(1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
    let upper = _mm512_permutex2var_epi32(_mm512_castpd_si512(low), order, _mm512_castpd_si512(high));
    let flip = _mm512_srli_epi32::<1>(_mm512_srai_epi32::<31>(upper));
    _mm512_xor_si512(upper, flip)
}

/// Ranks of 64 keys, and the lanes where a threshold has the same key.
#[target_feature(enable = "avx512f")]
fn search(keys: &Keys, numbers: &[__m512i; 4]) -> ([__m512i; 4], [u16; 4]) {
    let tree = keys.tree.as_ptr();
    let mut top = [_mm512_setzero_si512(); 4];
    for (part, top) in top.iter_mut().enumerate() {
        // SAFETY: the tree has 256 entries; the four registers hold the first 64.
        *top = unsafe { _mm512_loadu_si512(tree.add(16 * part).cast()) };
    }
    let one = _mm512_set1_epi32(1);
    let mut at = [one; 4];
    let mut nearest = [_mm512_set1_epi32(i32::MIN); 4];
    for level in 0..keys.depth {
        for quarter in 0..4 {
            let index = at[quarter];
            let entry = match level {
                0..4 => _mm512_permutexvar_epi32(index, top[0]),
                4 => _mm512_permutexvar_epi32(index, top[1]),
                5 => _mm512_permutex2var_epi32(top[2], index, top[3]),
                // SAFETY: at level k an index is below 2^(k + 1), and there are at most 8 levels.
                _ => unsafe { _mm512_i32gather_epi32::<4>(index, tree) },
            };
            let below = _mm512_cmple_epi32_mask(numbers[quarter], entry);
            nearest[quarter] = _mm512_mask_mov_epi32(nearest[quarter], below, entry);
            let double = _mm512_add_epi32(index, index);
            at[quarter] = _mm512_mask_add_epi32(double, below, double, one);
        }
    }
    let last = _mm512_set1_epi32((2 << keys.depth) - 1);
    let mut ties = [0; 4];
    for quarter in 0..4 {
        ties[quarter] = _mm512_cmpeq_epi32_mask(nearest[quarter], numbers[quarter]);
        at[quarter] = _mm512_sub_epi32(last, at[quarter]);
    }
    (at, ties)
}

/// The bytes of one column.
#[target_feature(enable = "avx512f")]
fn column_bytes(
    feature: &Feature,
    column: &Column,
    numbers: &[__m512i; 4],
    ranks: &[__m512i; 4],
    values: &[f64; GROUP],
) -> [u8; GROUP] {
    let (missing, forced) = match &column.rule {
        Rule::Category { .. } => {
            return ROW_OF.map(|row| column.byte(flush(values[row as usize]), 0, feature.zero));
        }
        Rule::Number { missing: Missing::None, .. } => (Missing::None, feature.zero as i32),
        Rule::Number { missing, default_left } => (*missing, if *default_left { 0 } else { 255 }),
    };
    let forced = _mm512_set1_epi32(forced);
    let nan = _mm512_set1_epi32(super::keys::key(f64::NAN));
    let mut bytes = _mm512_setzero_si512();
    for quarter in (0..4).rev() {
        let mut special = _mm512_cmpeq_epi32_mask(numbers[quarter], nan);
        if missing == Missing::Zero {
            special |= _mm512_testn_epi32_mask(numbers[quarter], numbers[quarter]);
        }
        let lanes = _mm512_mask_mov_epi32(ranks[quarter], special, forced);
        bytes = _mm512_or_si512(_mm512_slli_epi32::<8>(bytes), lanes);
    }
    let mut array = [0; GROUP];
    // SAFETY: 64 bytes fill the array.
    unsafe { _mm512_storeu_si512(array.as_mut_ptr().cast(), bytes) };
    array
}

/// Sums the leaf values of a block's first groups, tree after tree.
pub(super) fn sums(engine: &Engine, bytes: &[Bytes], groups: usize, sums: &mut Sums) {
    assert!(bytes.len() >= engine.ranks.count && groups <= GROUPS);
    for shape in &engine.shapes {
        if !shape.cursor {
            for (group, sums) in sums.0.chunks_exact_mut(GROUP).take(groups).enumerate() {
                super::kernel::add_walked(engine, shape, bytes, group, |p| ROW_OF[p].into(), sums);
            }
            continue;
        }
        // SAFETY: the kernel is chosen only after `detected`; the bytes hold every column of the engine,
        // BLOCK bytes each, and `first + G` is at most GROUPS.
        unsafe {
            let mut first = 0;
            while first < groups {
                first += match groups - first {
                    8.. => add_tree::<8>(engine, shape, bytes.as_ptr().cast(), first, sums),
                    4.. => add_tree::<4>(engine, shape, bytes.as_ptr().cast(), first, sums),
                    _ => add_tree::<1>(engine, shape, bytes.as_ptr().cast(), first, sums),
                };
            }
        }
    }
}

/// Takes G groups, the first of them `first`, through one tree; returns G.
///
/// # Safety
/// `bytes` must hold BLOCK bytes for each of the engine's columns, and `first + G <= GROUPS`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")]
unsafe fn add_tree<const G: usize>(
    engine: &Engine,
    shape: &Shape,
    bytes: *const u8,
    first: usize,
    sums: &mut Sums,
) -> usize {
    let mut cursors = [_mm512_setzero_si512(); G];
    for step in &engine.steps[shape.node..shape.node + shape.nodes] {
        let threshold = _mm512_set1_epi32(step.threshold as i32);
        let at = _mm512_set1_epi32(step.at as i32);
        let to = _mm512_set1_epi32(step.to as i32);
        for (group, cursor) in cursors.iter_mut().enumerate() {
            // SAFETY: `column` is the start of one of the engine's columns, by construction of the steps.
            let column = unsafe {
                _mm512_loadu_si512(bytes.add(step.column as usize + (first + group) * GROUP).cast())
            };
            let right = _mm512_cmpgt_epu8_mask(column, threshold);
            let moves = _mm512_mask_cmpeq_epi8_mask(right, *cursor, at);
            *cursor = _mm512_mask_mov_epi8(*cursor, moves, to);
        }
    }
    for (group, cursor) in cursors.into_iter().enumerate() {
        let sums = &mut sums.0[(first + group) * GROUP..][..GROUP];
        match shape.leaves {
            ..=32 => add_32(&engine.tables[shape.table], cursor, sums),
            33..=64 => add_64(&engine.tables[shape.table..shape.table + 2], cursor, sums),
            _ => add_256(&engine.values[shape.leaf..shape.leaf + shape.leaves], cursor, sums),
        }
    }
    G
}

/// Adds two registers of values to the sums of 16 rows.
#[target_feature(enable = "avx512f")]
fn add(sums: &mut [f64], quarter: usize, values: [__m512d; 2]) {
    for (sums, values) in sums[16 * quarter..][..16].chunks_exact_mut(8).zip(values) {
        // SAFETY: the chunk has 8 values.
        unsafe {
            let sum = _mm512_add_pd(_mm512_loadu_pd(sums.as_ptr()), values);
            _mm512_storeu_pd(sums.as_mut_ptr(), sum);
        }
    }
}

#[target_feature(enable = "avx512f")]
fn load_table(table: &[u32; 64]) -> [__m512i; 4] {
    let mut registers = [_mm512_setzero_si512(); 4];
    for (part, register) in registers.iter_mut().enumerate() {
        // SAFETY: four registers of 16 values are the 64 of the table.
        *register = unsafe { _mm512_loadu_si512(table.as_ptr().add(16 * part).cast()) };
    }
    registers
}

/// Low and high halves of the lanes' values, put together.
#[target_feature(enable = "avx512f")]
fn join(low: __m512i, high: __m512i) -> [__m512d; 2] {
    [
        _mm512_castsi512_pd(_mm512_unpacklo_epi32(low, high)),
        _mm512_castsi512_pd(_mm512_unpackhi_epi32(low, high)),
    ]
}

/// Byte `quarter` of every lane comes down; what stands above it does not matter to a permutation.
#[target_feature(enable = "avx512f")]
fn shifted(cursor: __m512i, quarter: usize) -> __m512i {
    _mm512_srl_epi32(cursor, _mm_cvtsi32_si128(8 * quarter as i32))
}

#[target_feature(enable = "avx512f")]
fn add_32(table: &[u32; 64], cursor: __m512i, sums: &mut [f64]) {
    let [low0, low1, high0, high1] = load_table(table);
    for quarter in 0..4 {
        let leaf = shifted(cursor, quarter);
        let low = _mm512_permutex2var_epi32(low0, leaf, low1);
        let high = _mm512_permutex2var_epi32(high0, leaf, high1);
        add(sums, quarter, join(low, high));
    }
}

#[target_feature(enable = "avx512f")]
fn add_64(tables: &[[u32; 64]], cursor: __m512i, sums: &mut [f64]) {
    let (first, second) = (load_table(&tables[0]), load_table(&tables[1]));
    for quarter in 0..4 {
        let leaf = shifted(cursor, quarter);
        let upper = _mm512_test_epi32_mask(leaf, _mm512_set1_epi32(32));
        let mut halves = [leaf; 2];
        for (half, part) in halves.iter_mut().zip([0, 2]) {
            let below = _mm512_permutex2var_epi32(first[part], leaf, first[part + 1]);
            let above = _mm512_permutex2var_epi32(second[part], leaf, second[part + 1]);
            *half = _mm512_mask_mov_epi32(below, upper, above);
        }
        add(sums, quarter, join(halves[0], halves[1]));
    }
}

#[target_feature(enable = "avx512f")]
fn add_256(values: &[f64], cursor: __m512i, sums: &mut [f64]) {
    let mut leaves = [0_u8; GROUP];
    // SAFETY: 64 bytes fill the array.
    unsafe { _mm512_storeu_si512(leaves.as_mut_ptr().cast(), cursor) };
    for (leaf, row) in leaves.into_iter().zip(ROW_OF) {
        sums[row as usize] += values[leaf as usize];
    }
}
