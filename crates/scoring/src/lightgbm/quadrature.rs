//! Gauss–Legendre quadrature on [0, 1].

use std::f64::consts::PI;

/// The points and weights of the rule with `count` points, which integrates polynomials of a degree up
/// to 2·count − 1 exactly. Points are the roots of the Legendre polynomial, found by Newton's method
/// from Tricomi's estimate.
pub(crate) fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let rule = |index: usize| {
        let mut x = (PI * (index as f64 + 0.75) / (count as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(count, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        ((1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(rule).collect()
}

/// The Legendre polynomial of this degree and its derivative, by the three-term recurrence.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=degree {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, degree as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_polynomials_exactly() {
        for count in 1..=40 {
            let rule = gauss_legendre(count);
            for degree in 0..2 * count {
                let sum: f64 = rule.iter().map(|(t, weight)| weight * t.powi(degree as i32)).sum();
                let exact = 1.0 / (degree as f64 + 1.0);
                assert!((sum - exact).abs() < 1e-14, "{count} points, degree {degree}: {sum} for {exact}");
            }
        }
    }
}
