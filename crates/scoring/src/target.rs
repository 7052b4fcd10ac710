//! The way to a wanted score: of each ratio alone the smallest change of its value that gets there.
//!
//! As one ratio grows, the score is constant but for the edges of scorecards' bins and the thresholds of trees.
//! So one value of each interval between these says everything, and the nearest interval that will do is the
//! answer: exact, whatever the shape of the score.

use accunode_domain::{Ratio, SENTINEL};

use crate::{Bundle, MemberModel, ScoreError, member::Input};

/// How far beyond the end of an interval a plainer number may lie: this part of the change …
const OF_CHANGE: f64 = 1e-3;
/// … or this part of the value.
const OF_VALUE: f64 = 1e-6;
/// Intervals that are scored at first; then twice as many each time.
const FIRST: usize = 128;
/// Most intervals that are scored at once.
const MOST: usize = 1 << 14;

/// What one ratio alone can do.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The ratio's name.
    pub ratio: &'static str,
    /// What it was.
    pub from: Ratio,
    /// The smallest change that gets there; none where no value does.
    pub to: Option<Step>,
}

/// A value that reaches what is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// A plain number just beyond `bound`.
    pub value: f64,
    /// Where the values that do begin: no value nearer to the old one reaches what is wanted.
    pub bound: f64,
    /// `value` less the old one; none where there was no number.
    pub change: Option<f64>,
    /// The probability at `value`.
    pub probability: f64,
}

/// Values with one score: `low < x ≤ high`.
#[derive(Clone, Copy, Debug)]
struct Interval {
    low: f64,
    high: f64,
}

/// An interval as seen from a value: where it begins, and a plain number in it.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    bound: f64,
    value: f64,
    distance: f64,
}

impl Bundle {
    /// For each ratio of the kind the smallest change of its value, all others staying as they are, after which
    /// `wanted` holds of the probability. The row is given as for [`score`](Self::score).
    ///
    /// For a ratio without a value the least extreme value is looked for: the nearest to the population's median,
    /// or where the bundle does not tell of it to the middle of the training range, or else to 0. Of two
    /// values equally near the lower one is taken.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    pub fn targets(&self, row: &[Ratio], wanted: impl Fn(f64) -> bool) -> Result<Vec<Target>, ScoreError> {
        self.check_row(row)?;
        let specs = self.kind().ratios().iter().zip(row).enumerate();
        let target = |(index, (spec, from)): (usize, (&accunode_domain::RatioSpec, &Ratio))| {
            Ok(Target { ratio: spec.name, from: *from, to: self.nearest(row, index, &wanted)? })
        };
        specs.map(target).collect()
    }

    fn nearest(
        &self,
        row: &[Ratio],
        index: usize,
        wanted: impl Fn(f64) -> bool,
    ) -> Result<Option<Step>, ScoreError> {
        let old = row.get(index).and_then(|ratio| ratio.value());
        let candidates =
            candidates(&self.cuts(index), old.unwrap_or_else(|| self.middle(index)), old.is_none());
        let (mut rest, mut size) = (candidates.as_slice(), FIRST);
        while !rest.is_empty() {
            let (some, others) = rest.split_at(rest.len().min(size));
            let column = |(at, ratio): (usize, &Ratio)| match at {
                at if at == index => some.iter().map(|candidate| Ratio::Value(candidate.value)).collect(),
                _ => vec![*ratio; some.len()],
            };
            let columns: Vec<Vec<Ratio>> = row.iter().enumerate().map(column).collect();
            let scores = self.score_batch(&columns)?;
            let found = some.iter().zip(scores.probability).find(|(_, probability)| wanted(*probability));
            if let Some((Candidate { bound, value, .. }, probability)) = found {
                let (bound, value) = (*bound, *value);
                return Ok(Some(Step { value, bound, change: old.map(|old| value - old), probability }));
            }
            (rest, size) = (others, (2 * size).min(MOST));
        }
        Ok(None)
    }

    /// The numbers at which the score can change with one ratio, rising: between two neighbours, the lower one
    /// excluded and the upper one included, it does not.
    fn cuts(&self, ratio: usize) -> Vec<f64> {
        let mut cuts = Vec::new();
        for member in self.members() {
            match member.model() {
                MemberModel::Scorecard(card) => {
                    let bins = card.features().iter().filter(|f| f.ratio == ratio).flat_map(|f| &f.bins);
                    cuts.extend(bins.flat_map(|bin| [bin.low, bin.high]));
                }
                MemberModel::LightGbm(member) => {
                    let inputs = member.inputs().iter().enumerate();
                    for (feature, _) in inputs.filter(|(_, input)| **input == Input::Ratio(ratio)) {
                        cuts.extend(member.model().cuts(feature));
                    }
                }
            }
        }
        // Nothing lies beyond the largest number.
        cuts.retain(|cut| cut.is_finite() && *cut < f64::MAX);
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        cuts
    }

    /// A value of a ratio that is not extreme.
    fn middle(&self, ratio: usize) -> f64 {
        let range = || self.training_ranges().get(ratio).copied().flatten();
        self.population()
            .and_then(|population| population.median(ratio))
            .or_else(|| range().map(|(low, high)| f64::midpoint(low, high)))
            .filter(|middle| middle.is_finite())
            .unwrap_or(0.0)
    }
}

/// The intervals between the cuts, the nearest to `x` first. The one that holds `x` is among them if so wished.
fn candidates(cuts: &[f64], x: f64, own: bool) -> Vec<Candidate> {
    let at = |index: usize| cuts.get(index).copied();
    let low = |index: usize| index.checked_sub(1).and_then(at).unwrap_or(f64::NEG_INFINITY);
    let high = |index: usize| at(index).unwrap_or(f64::INFINITY);
    // x lies in the interval that ends with this cut.
    let home = cuts.partition_point(|cut| *cut < x);
    let candidate = |index: usize| {
        let interval = Interval { low: low(index), high: high(index) };
        let (bound, value) = match index {
            below if below < home => (interval.high, interval.down(x)),
            above if above > home => (interval.low, interval.up(x)),
            _ => (x, interval.without_sentinel(x)),
        };
        Candidate { bound, value, distance: (bound - x).abs() }
    };
    let mut candidates: Vec<Candidate> =
        (0..=cuts.len()).filter(|index| own || *index != home).map(candidate).collect();
    // Rising before, and the sort is stable: of equal ones the lower comes first.
    candidates.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    candidates
}

impl Interval {
    fn holds(self, x: f64) -> bool {
        self.low < x && x <= self.high
    }

    /// A plain number at or below the upper end, seen from `x` above.
    fn down(self, x: f64) -> f64 {
        let plain = self.plain(self.high, x, |scaled, _| scaled.floor());
        self.without_sentinel(plain.unwrap_or(self.high))
    }

    /// A plain number above the lower end, seen from `x` at or below it.
    fn up(self, x: f64) -> f64 {
        let above = |scaled: f64, unit: f64| {
            let up = scaled.ceil();
            if up * unit > self.low { up } else { up + 1.0 }
        };
        self.without_sentinel(self.plain(self.low, x, above).unwrap_or_else(|| self.low.next_up()))
    }

    /// The number with the fewest decimals that lies inside and hardly further from `x` than `end` does.
    fn plain(self, end: f64, x: f64, round: impl Fn(f64, f64) -> f64) -> Option<f64> {
        let slack = ((end - x).abs() * OF_CHANGE).max(end.abs() * OF_VALUE);
        let numbers = (-12..=15).map(|decimals: i32| {
            // Powers of ten up to 22 and whole numbers up to 2⁵³ are exact, so one division gives the decimal.
            let power = 10_f64.powi(decimals.abs());
            if decimals < 0 {
                round(end / power, power) * power
            } else {
                round(end * power, power.recip()) / power
            }
        });
        let mut near = numbers.filter(|number| self.holds(*number) && (number - end).abs() <= slack);
        near.next().map(|number| number + 0.0)
    }

    /// The number, or its neighbour where it would be taken for a blank.
    fn without_sentinel(self, x: f64) -> f64 {
        match x {
            SENTINEL if self.holds(x.next_down()) => x.next_down(),
            SENTINEL => x.next_up(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(cuts: &[f64], x: f64) -> Vec<f64> {
        candidates(cuts, x, false).iter().map(|candidate| candidate.value).collect()
    }

    #[test]
    fn the_nearest_interval_comes_first_with_a_plain_number() {
        let cuts = [0.0, 3.456_789_123, 9.0];
        assert_eq!(values(&cuts, 7.4), [9.001, 3.456, 0.0]);
        // Where the value is an end itself, the next interval begins right behind it.
        assert_eq!(values(&cuts, 9.0), [9.000_001, 3.456, 0.0]);
        assert_eq!(values(&[1e8], 5e8), [1e8_f64.next_down()]);
        assert_eq!(values(&[], 1.0), [0.0; 0]);
        let own = candidates(&cuts, 1.25, true);
        assert_eq!((own[0].value, own[0].bound, own.len()), (1.25, 1.25, 4));
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => -100.0..100.0f64,
            1 => (-1000..1000i32).prop_map(|n| f64::from(n) / 8.0),
            1 => prop::sample::select(vec![0.0, 1e-35, -1e-35, 1e8, 1e300, -1e300, f64::MIN_POSITIVE]),
        ]
    }

    proptest! {
        #[test]
        fn every_interval_has_its_number(mut cuts in prop::collection::vec(number(), 0..12), x in number()) {
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
            let found = candidates(&cuts, x, true);
            prop_assert_eq!(found.len(), cuts.len() + 1);
            let mut ranks: Vec<usize> =
                found.iter().map(|c| cuts.partition_point(|cut| *cut < c.value)).collect();
            ranks.sort_unstable();
            prop_assert!(ranks.iter().copied().eq(0..=cuts.len()), "{found:?}");
            for candidate in found {
                let beyond = (candidate.value - candidate.bound).abs();
                let allowed = (candidate.distance * OF_CHANGE).max(candidate.bound.abs() * OF_VALUE);
                prop_assert!(beyond <= allowed || candidate.value == candidate.bound.next_up(), "{candidate:?}");
                prop_assert!(candidate.value != SENTINEL);
            }
        }
    }
}
