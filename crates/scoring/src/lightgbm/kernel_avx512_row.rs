//! One row through all trees with AVX-512: a lane per tree.
#![allow(unsafe_code)] // vector loads and stores through pointers

use std::arch::x86_64::*;

use super::lanes::{Lanes, Slot};
use super::ranks::GROUP;

/// Writes the cursor of every lane; `bytes` are the row's 256 column bytes (unused ones 0) and `cursors`
/// has room for 64 lanes per group of trees.
pub(super) fn cursors(lanes: &Lanes, bytes: &[u8; 256], cursors: &mut [u8]) {
    // SAFETY: the kernel is chosen only after `kernel_avx512::detected`.
    unsafe {
        if lanes.columns <= 64 { run::<1>(lanes, bytes, cursors) } else { run::<4>(lanes, bytes, cursors) }
    }
}

/// P registers of 64 columns.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")]
fn run<const P: usize>(lanes: &Lanes, bytes: &[u8; 256], cursors: &mut [u8]) {
    let mut columns = [_mm512_setzero_si512(); P];
    for (column, bytes) in columns.iter_mut().zip(bytes.chunks_exact(GROUP)) {
        // SAFETY: the chunk has 64 bytes.
        *column = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    }
    let mut rest = lanes.slots.as_slice();
    for (count, out) in lanes.groups.iter().zip(cursors.chunks_exact_mut(GROUP)) {
        let (slots, after) = rest.split_at(*count);
        rest = after;
        let mut cursor = _mm512_setzero_si512();
        for slot in slots {
            cursor = step(&columns, slot, cursor);
        }
        // SAFETY: the chunk has 64 bytes.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), cursor) };
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")]
fn step<const P: usize>(columns: &[__m512i; P], slot: &Slot, cursor: __m512i) -> __m512i {
    // SAFETY: the slot is four arrays of 64 bytes, each at a multiple of 64.
    let (column, threshold, at, to) = unsafe {
        (
            _mm512_load_si512(slot.column.as_ptr().cast()),
            _mm512_load_si512(slot.threshold.as_ptr().cast()),
            _mm512_load_si512(slot.at.as_ptr().cast()),
            _mm512_load_si512(slot.to.as_ptr().cast()),
        )
    };
    let byte = match columns.as_slice() {
        [all] => _mm512_permutexvar_epi8(column, *all),
        [a, b, c, d] => {
            let low = _mm512_permutex2var_epi8(*a, column, *b);
            let high = _mm512_permutex2var_epi8(*c, column, *d);
            _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(column), high)
        }
        _ => cursor,
    };
    let right = _mm512_cmpgt_epu8_mask(byte, threshold);
    let moves = _mm512_mask_cmpeq_epi8_mask(right, cursor, at);
    _mm512_mask_mov_epi8(cursor, moves, to)
}
