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

/// Log-odds of Σ wₘ·σ(zₘ) from the pairs (ln wₘ, zₘ), the weights summing to 1. Numerator and denominator
/// are kept as logarithms, so that a mean of 1 − 10⁻⁴⁰ still has its log-odds.
pub(crate) fn mixture_log_odds(members: &[(f64, f64)]) -> f64 {
    match members {
        [(_, z)] => *z,
        _ => {
            log_sum_exp(members.iter().map(|(ln_w, z)| ln_w + ln_sigmoid(*z)))
                - log_sum_exp(members.iter().map(|(ln_w, z)| ln_w + ln_sigmoid(-z)))
        }
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
        let half = 0.5f64.ln();
        // Both far in the same tail: the mean of the odds' small side, 710 = 700 + ln of the mean factor.
        let z = mixture_log_odds(&[(half, -700.0), (half, -1000.0)]);
        assert!((z - (-700.0 + half)).abs() < 1e-12, "{z}");
        let z = mixture_log_odds(&[(half, 60.0), (half, 80.0)]);
        assert!((z - (60.0 - half)).abs() < 1e-8, "{z}");
    }

    proptest! {
        #[test]
        fn log_odds_of_a_mixture_are_those_of_the_mean(
            w in 0.001..0.999f64, a in -8.0..8.0f64, b in -8.0..8.0f64,
        ) {
            let p = w * sigmoid(a) + (1.0 - w) * sigmoid(b);
            let z = mixture_log_odds(&[(w.ln(), a), ((1.0 - w).ln(), b)]);
            prop_assert!((z - log_odds(p)).abs() < 1e-11);
        }

        #[test]
        fn sigmoid_and_log_odds_are_inverse(z in -15.0..15.0f64) {
            prop_assert!((log_odds(sigmoid(z)) - z).abs() < 1e-8);
        }
    }
}
