//! A search tree over the upper halves of thresholds, sixteen rows at a time.
//!
//! The upper 32 bits of a double, read as a whole number whose order is the doubles' order, decide a
//! comparison unless they are equal; those few rows are searched again with all bits.

/// Levels of the largest search tree.
pub(super) const MAX_DEPTH: u32 = 8;

/// Thresholds of one feature, as many as 255.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) depth: u32,
    /// Level by level from index 1; the *smaller* half of node i hangs at 2i + 1. Unused places are above
    /// every key.
    pub(super) tree: Box<[i32; 1 << MAX_DEPTH]>,
}

/// The upper half of a number in the order of numbers.
pub(super) fn key(x: f64) -> i32 {
    let high = (x.to_bits() >> 32) as i32;
    high ^ ((high >> 31) as u32 >> 1) as i32
}

impl Keys {
    /// The tree of sorted thresholds; `None` when there are too many.
    pub(super) fn new(thresholds: &[f64]) -> Option<Self> {
        let depth = usize::BITS - thresholds.len().leading_zeros();
        if depth > MAX_DEPTH {
            return None;
        }
        let mut tree = Box::new([i32::MAX; 1 << MAX_DEPTH]);
        for level in 0..depth {
            for place in 0..1_usize << level {
                let mirrored = (1 << level) - 1 - place;
                let sorted = (2 * mirrored + 1) * (1 << (depth - level - 1)) - 1;
                if let Some(threshold) = thresholds.get(sorted) {
                    tree[(1 << level) + place] = key(*threshold);
                }
            }
        }
        Some(Self { depth, tree })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rise_with_numbers() {
        let numbers =
            [f64::NEG_INFINITY, -1e300, -2.0, -1e-35, 0.0, 1e-300, 1e-35, 2.0, 1e300, f64::INFINITY];
        assert!(numbers.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(key(f64::NAN) > key(f64::INFINITY));
    }

    #[test]
    fn a_search_counts_the_smaller_thresholds() {
        for count in 0..=255 {
            let thresholds: Vec<f64> = (0..count).map(|k| f64::from(k) * 3.0 - 100.0).collect();
            let keys = Keys::new(&thresholds).unwrap();
            for x in [-1e9, -100.5, -50.0, 0.5, 7.0, 640.0, 1e9] {
                let mut at = 1;
                for _ in 0..keys.depth {
                    at = 2 * at + usize::from(key(x) <= keys.tree[at]);
                }
                let rank = (2 << keys.depth) - 1 - at;
                assert_eq!(rank, thresholds.iter().filter(|t| **t < x).count(), "{count} thresholds, {x}");
            }
        }
        assert!(Keys::new(&vec![0.0; 256]).is_none());
    }
}
