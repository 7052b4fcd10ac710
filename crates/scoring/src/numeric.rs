//! Probabilities and log-odds that stay exact in the tails.

/// The logistic function 1 / (1 + e⁻ˣ), without overflow and without losing digits where it is near 0.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// ln(p / (1 − p)).
#[must_use]
pub fn log_odds(p: f64) -> f64 {
    p.ln() - (-p).ln_1p()
}

/// ln σ(x), finite for every finite x.
pub(crate) fn ln_sigmoid(x: f64) -> f64 {
    if x >= 0.0 { -(-x).exp().ln_1p() } else { x - x.exp().ln_1p() }
}

/// ln Σ eˣ.
pub(crate) fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + terms.map(|x| (x - largest).exp()).sum::<f64>().ln()
}

/// σ(z) and σ(−z), each with all its digits.
pub(crate) fn both_sigmoids(z: f64) -> (f64, f64) {
    let e = (-z.abs()).exp();
    let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
    if z >= 0.0 { (large, small) } else { (small, large) }
}

/// Below this a mean of probabilities is taken by its logarithm, before it loses digits to underflow.
pub(crate) const SMALLEST: f64 = 1e-290;

/// Log-odds of Σ wₘ·σ(zₘ) from the pairs (wₘ, zₘ), the weights above 0 and 1 in sum. The mean and its
/// complement are summed apart, so that a mean of 1 − 10⁻⁴⁰ still has its log-odds.
pub(crate) fn mixture_log_odds(members: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let (mut p, mut q, mut count, mut last) = (0.0, 0.0, 0, 0.0);
    for (w, z) in members.clone() {
        let (s, r) = both_sigmoids(z);
        (p, q, count, last) = (p + w * s, q + w * r, count + 1, z);
    }
    if count == 1 {
        last
    } else if p.min(q) > SMALLEST {
        (p / q).ln()
    } else {
        log_sum_exp(members.clone().map(|(w, z)| w.ln() + ln_sigmoid(z)))
            - log_sum_exp(members.map(|(w, z)| w.ln() + ln_sigmoid(-z)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sigmoid_keeps_its_tails() {
        assert!((sigmoid(0.0) - 0.5).abs() < f64::EPSILON);
        assert!((sigmoid(-700.0) / (-700.0f64).exp() - 1.0).abs() < 1e-15);
        assert_eq!((sigmoid(-1e308), sigmoid(1e308)), (0.0, 1.0));
    }

    #[test]
    fn mixture_beyond_the_reach_of_probabilities() {
        let mixture = |a, b| mixture_log_odds([(0.5, a), (0.5, b)].into_iter());
        // Far in one tail the member nearer to even odds is alone, with half the weight.
        assert!((mixture(-800.0, -1000.0) - (-800.0 - 2f64.ln())).abs() < 1e-12);
        assert!((mixture(-700.0, -900.0) - (-700.0 - 2f64.ln())).abs() < 1e-12);
        assert!((mixture(60.0, 80.0) - (60.0 + 2f64.ln())).abs() < 1e-8);
        assert!(mixture(1e5, -1e5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn log_odds_of_a_mixture_are_those_of_the_mean(
            w in 0.001..0.999f64, a in -8.0..8.0f64, b in -8.0..8.0f64,
        ) {
            let p = w * sigmoid(a) + (1.0 - w) * sigmoid(b);
            let z = mixture_log_odds([(w, a), (1.0 - w, b)].into_iter());
            prop_assert!((z - log_odds(p)).abs() < 1e-11);
        }

        #[test]
        fn sigmoid_and_log_odds_are_inverse(z in -15.0..15.0f64) {
            prop_assert!((log_odds(sigmoid(z)) - z).abs() < 1e-8);
        }
    }
}
