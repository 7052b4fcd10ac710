//! How the members of an averaged probability share a change of its log-odds.
//!
//! Each member moves from its base log-odds to those of the row. Let all move together along a straight
//! line, t from 0 to 1: zₘ(t) = zₘ(0) + t·Δₘ and p(t) = Σ wₘ·σ(zₘ(t)). Then
//! logit p(1) − logit p(0) = Σ Aₘ·Δₘ with Aₘ = ∫₀¹ wₘ·σ′(zₘ(t)) / (p(t)·(1 − p(t))) dt: the Aumann–Shapley
//! value of the members' log-odds (Aumann & Shapley, "Values of Non-Atomic Games", 1974).

use std::sync::LazyLock;

use crate::{
    lightgbm::quadrature::gauss_legendre,
    numeric::{SMALLEST, both_sigmoids, ln_sigmoid, log_sum_exp},
};

/// Nodes of one panel.
const NODES: usize = 16;
/// Movement of the fastest member, in log-odds, that one panel resolves to the last digits: the integrand
/// is analytic wherever every member's log-odds stay within π/2 of the real line.
const PANEL: f64 = 2.0;
/// Panels are not halved beyond this width.
const NARROWEST: f64 = 1e-13;

/// One member with a weight above 0 on its way from base to row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Leg {
    /// The weight.
    pub(crate) weight: f64,
    /// Log-odds at the base.
    pub(crate) from: f64,
    /// Change up to the row.
    pub(crate) change: f64,
}

impl Leg {
    fn at(&self, t: f64) -> f64 {
        self.from + t * self.change
    }
}

/// Aₘ of each leg, all at least 0.
pub(crate) fn shares(legs: &[Leg]) -> Vec<f64> {
    if let [_] = legs {
        return vec![1.0];
    }
    let fastest = legs.iter().map(|leg| leg.change.abs()).fold(0.0, f64::max);
    let kinks = if fastest > PANEL { kinks(legs) } else { Vec::new() };
    let mut sums = vec![0.0; legs.len()];
    let mut panels = vec![(0.0, 1.0)];
    while let Some((low, high)) = panels.pop() {
        let width: f64 = high - low;
        let near = |kink: &f64| low - width <= *kink && *kink <= high + width;
        if width * fastest > PANEL && width > NARROWEST && kinks.iter().any(near) {
            let middle = low + width / 2.0;
            panels.extend([(low, middle), (middle, high)]);
        } else {
            integrate(legs, low, width, &mut sums);
        }
    }
    sums
}

/// Adds the integral over one panel by Gauss–Legendre quadrature.
fn integrate(legs: &[Leg], low: f64, width: f64, sums: &mut [f64]) {
    for (node, weight) in RULE.iter() {
        add_node(legs, low + width * node, width * weight, sums);
    }
}

/// Adds the integrands at `t`, times `weight`.
fn add_node(legs: &[Leg], t: f64, weight: f64, sums: &mut [f64]) {
    let (mut p, mut q) = (0.0, 0.0);
    for leg in legs {
        let (s, r) = both_sigmoids(leg.at(t));
        p += leg.weight * s;
        q += leg.weight * r;
    }
    if p.min(q) > SMALLEST {
        for (sum, leg) in sums.iter_mut().zip(legs) {
            let (s, r) = both_sigmoids(leg.at(t));
            *sum += weight * (leg.weight * s / p) * (r / q);
        }
        return;
    }
    let ln_p = log_sum_exp(legs.iter().map(|leg| leg.weight.ln() + ln_sigmoid(leg.at(t))));
    let ln_q = log_sum_exp(legs.iter().map(|leg| leg.weight.ln() + ln_sigmoid(-leg.at(t))));
    for (sum, leg) in sums.iter_mut().zip(legs) {
        let z = leg.at(t);
        *sum += weight * (leg.weight.ln() + ln_sigmoid(z) + ln_sigmoid(-z) - ln_p - ln_q).exp();
    }
}

/// Places on the path near which the integrand turns within a movement of about 1 in log-odds: where a
/// member passes even odds or the odds at which another's weight outweighs it, and where two members' parts
/// of p or of 1 − p are equal. Away from them it is constant up to terms that fade exponentially.
fn kinks(legs: &[Leg]) -> Vec<f64> {
    let mut kinks = Vec::new();
    let mut root = |from: f64, change: f64| {
        let t = -from / change;
        if (-1.0..=2.0).contains(&t) {
            kinks.push(t);
        }
    };
    for (i, a) in legs.iter().enumerate() {
        root(a.from, a.change);
        for (j, b) in legs.iter().enumerate() {
            let lead = (a.weight / b.weight).ln();
            if i != j {
                root(a.from + lead, a.change);
                root(a.from - lead, a.change);
            }
            if i < j {
                root(a.from - b.from + lead, a.change - b.change);
                root(a.from - b.from - lead, a.change - b.change);
            }
        }
    }
    kinks
}

/// Nodes and weights on (0, 1).
static RULE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(NODES));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::mixture_log_odds;

    fn legs(weights: &[f64], from: &[f64], change: &[f64]) -> Vec<Leg> {
        let total: f64 = weights.iter().sum();
        let leg = |i: usize| Leg { weight: weights[i] / total, from: from[i], change: change[i] };
        (0..weights.len()).map(leg).collect()
    }

    /// Log-odds gained along the path.
    fn gain(legs: &[Leg]) -> f64 {
        let at = |t| mixture_log_odds(legs.iter().map(|l| (l.weight, l.at(t))));
        at(1.0) - at(0.0)
    }

    fn shared(legs: &[Leg]) -> f64 {
        shares(legs).iter().zip(legs).map(|(a, leg)| a * leg.change).sum()
    }

    #[test]
    fn one_member_keeps_all_and_equal_members_share_equally() {
        assert_eq!(shares(&legs(&[1.0], &[-4.0], &[900.0])), [1.0]);
        let halves = shares(&legs(&[1.0, 1.0], &[-4.0, -4.0], &[3.0, 3.0]));
        assert!(halves.iter().all(|a| (a - 0.5).abs() < 1e-14), "{halves:?}");
    }

    #[test]
    fn agrees_with_a_fine_midpoint_sum() {
        let legs = legs(&[0.3, 0.7], &[-4.2, -3.1], &[6.5, -2.0]);
        let steps = 200_000;
        let mut expected = [0.0; 2];
        for i in 0..steps {
            let t = (f64::from(i) + 0.5) / f64::from(steps);
            let p: f64 = legs.iter().map(|l| l.weight * crate::sigmoid(l.at(t))).sum();
            for (sum, l) in expected.iter_mut().zip(&legs) {
                let s = crate::sigmoid(l.at(t));
                *sum += l.weight * s * (1.0 - s) / (p * (1.0 - p)) / f64::from(steps);
            }
        }
        for (a, b) in shares(&legs).iter().zip(expected) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn the_shares_add_up_before_any_correction(
            w in proptest::collection::vec(1e-6..1.0f64, 2..5),
            from in proptest::collection::vec(-30.0..30.0f64, 4),
            change in proptest::collection::vec(-60.0..60.0f64, 4),
        ) {
            let legs = legs(&w, &from, &change);
            prop_assert!((shared(&legs) - gain(&legs)).abs() < 1e-10, "{} {}", shared(&legs), gain(&legs));
        }

        #[test]
        fn also_on_absurdly_long_ways(
            w in proptest::collection::vec(1e-6..1.0f64, 2..4),
            from in proptest::collection::vec(-1e3..1e3f64, 3),
            change in proptest::collection::vec(-1e5..1e5f64, 3),
        ) {
            let legs = legs(&w, &from, &change);
            prop_assert!((shared(&legs) - gain(&legs)).abs() < 1e-8, "{} {}", shared(&legs), gain(&legs));
        }
    }
}
