//! Lines of figures: how they are kept, and how changes are added to them.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use accunode_domain::{Kind, Period};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MOST_MOVERS;

/// Movers that are kept of an owner in each direction: more than are named, so that some of them may change before all
/// companies must be looked at again.
pub(in crate::features::dashboard) const KEPT_MOVERS: usize = 3 * MOST_MOVERS;

/// Changes that are added up before all rows are looked at again: it keeps what rounding adds to sums of probabilities
/// below their twelfth digit.
const MOST_ADDED: i64 = 4_096;

/// One aggregate of an owner's rows. What a part has not is empty or zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Companies: `sector`, `risk` and `grade`, `mover`, and `reach`, see [`reach`]; predictions: `annual` and
    /// `quarterly`, and `creator`.
    pub(super) part: String,
    /// Which sector, level, grade, quarter or direction.
    pub(super) label: String,
    pub(super) year: Option<i32>,
    /// Which company moved, or who made predictions.
    #[serde(serialize_with = "simple")]
    pub(super) subject: Option<Uuid>,
    /// Companies or predictions; of `reach` how many changes were added since all rows were looked at.
    pub(super) n: i64,
    /// Companies with a prediction.
    pub(super) rated: i64,
    /// Companies whose latest prediction is HIGH or CRITICAL.
    pub(super) high: i64,
    /// The final probabilities added up; of a mover its odds now by those before.
    pub(super) total: f64,
    /// What the average default rate is made of added up.
    pub(super) rate: f64,
    /// When predictions were last made or changed, in microseconds since 1970.
    pub(super) at: Option<i64>,
}

#[allow(clippy::ref_option)] // as serde calls it
fn simple<S: serde::Serializer>(id: &Option<Uuid>, to: S) -> Result<S::Ok, S::Error> {
    id.map(|id| id.simple().to_string()).serialize(to)
}

/// What tells a line from the others of its owner.
type Key = (String, String, Option<i32>, Option<Uuid>);

impl Line {
    fn of(part: &str, label: &str) -> Self {
        Self { part: part.to_owned(), label: label.to_owned(), ..Self::default() }
    }

    fn mover(subject: Uuid, ratio: f64) -> Self {
        Self { subject: Some(subject), total: ratio, ..Self::of("mover", "") }
    }

    fn key(&self) -> Key {
        (self.part.clone(), self.label.clone(), self.year, self.subject)
    }

    fn add(&mut self, more: &Self) {
        self.n += more.n;
        self.rated += more.rated;
        self.high += more.high;
        self.total += more.total;
        self.rate += more.rate;
        self.at = self.at.max(more.at);
    }
}

/// What is latest of a company, as far as figures go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing<'a> {
    pub(crate) sector: &'a str,
    pub(crate) risk: Option<&'a str>,
    pub(crate) grade: Option<&'a str>,
    /// The latest probability, if there is one.
    pub(crate) probability: Option<f64>,
    /// The one before.
    pub(crate) previous: Option<f64>,
}

impl Standing<'_> {
    /// The odds now by those before; 1 where there is nothing to compare. As the statement of all lines says it.
    fn ratio(&self) -> f64 {
        let odds = |p: f64| {
            let p = p.clamp(1e-9, 0.999_999_999);
            p / (1.0 - p)
        };
        self.probability.zip(self.previous).map_or(1.0, |(now, before)| odds(now) / odds(before))
    }

    /// Its lines, counted `times` times: once, or taken away with -1.
    #[allow(clippy::cast_precision_loss)] // 1 or -1
    fn lines(&self, times: i64) -> Vec<Line> {
        let rated = i64::from(self.probability.is_some()) * times;
        let high = i64::from(matches!(self.risk, Some("HIGH" | "CRITICAL"))) * times;
        let total = self.probability.unwrap_or_default() * times as f64;
        let mut lines = vec![Line { n: times, rated, high, total, ..Line::of("sector", self.sector) }];
        if let Some(risk) = self.risk {
            lines.push(Line { rated, ..Line::of("risk", risk) });
            lines.push(Line { rated, ..Line::of("grade", self.grade.unwrap_or_default()) });
        }
        lines
    }
}

/// A prediction that was added, as far as figures go.
pub(crate) struct Added {
    pub(crate) kind: Kind,
    pub(crate) period: Period,
    pub(crate) created_by: Uuid,
    pub(crate) probability: f64,
    /// What the average default rate is made of.
    pub(crate) rate: f64,
    /// When, in microseconds since 1970.
    pub(crate) at: i64,
}

/// What a transaction changes of an owner's figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    sums: BTreeMap<Key, Line>,
    /// Odds now by those before of companies that may be movers, or have been.
    movers: BTreeMap<Uuid, f64>,
    /// The same of new companies, which nobody knows as movers yet.
    new: Vec<(Uuid, f64)>,
}

impl Change {
    fn add(&mut self, line: Line) {
        match self.sums.get_mut(&line.key()) {
            Some(sum) => sum.add(&line),
            None => {
                self.sums.insert(line.key(), line);
            }
        }
    }

    /// A company is new.
    pub(crate) fn company_added(&mut self, id: Uuid, standing: &Standing<'_>) {
        standing.lines(1).into_iter().for_each(|line| self.add(line));
        self.new.push((id, standing.ratio()));
    }

    /// What is latest of a company changed.
    pub(crate) fn company_changed(&mut self, id: Uuid, before: &Standing<'_>, after: &Standing<'_>) {
        before.lines(-1).into_iter().for_each(|line| self.add(line));
        after.lines(1).into_iter().for_each(|line| self.add(line));
        self.movers.insert(id, after.ratio());
    }

    /// A prediction is new.
    pub(crate) fn prediction_added(&mut self, added: &Added) {
        let quarter = added.period.quarter.map_or("", |quarter| quarter.as_str());
        self.add(Line {
            year: Some(added.period.year.into()),
            n: 1,
            total: added.probability,
            rate: added.rate,
            ..Line::of(added.kind.as_str(), quarter)
        });
        let at = Some(added.at);
        self.add(Line { subject: Some(added.created_by), n: 1, at, ..Line::of("creator", "") });
    }

    /// Its lines. Of new companies only those that may be named.
    pub(super) fn lines(self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.sums.into_values().collect();
        for direction in Direction::BOTH {
            let new = direction.ranked(self.new.iter().copied());
            lines.extend(new.into_iter().take(KEPT_MOVERS).map(|(id, ratio)| Line::mover(id, ratio)));
        }
        lines.extend(self.movers.into_iter().map(|(id, ratio)| Line::mover(id, ratio)));
        lines
    }
}

/// Where the odds of companies go.
#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl Direction {
    const BOTH: [Self; 2] = [Self::Up, Self::Down];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// Whether it moved this way.
    fn goes(self, ratio: f64) -> bool {
        self.further(ratio, 1.0)
    }

    /// Whether the one moved further this way than the other.
    fn further(self, one: f64, other: f64) -> bool {
        match self {
            Self::Up => one > other,
            Self::Down => one < other,
        }
    }

    /// Who moved furthest comes first, then by id.
    fn order(self, a: (Uuid, f64), b: (Uuid, f64)) -> Ordering {
        let by_ratio = match self {
            Self::Up => b.1.total_cmp(&a.1),
            Self::Down => a.1.total_cmp(&b.1),
        };
        by_ratio.then(a.0.cmp(&b.0))
    }

    /// Those that moved this way, in that order.
    fn ranked(self, all: impl Iterator<Item = (Uuid, f64)>) -> Vec<(Uuid, f64)> {
        let mut all: Vec<_> = all.filter(|(_, ratio)| self.goes(*ratio)).collect();
        all.sort_by(|a, b| self.order(*a, *b));
        all
    }
}

fn movers(lines: &[Line]) -> impl Iterator<Item = (Uuid, f64)> + '_ {
    lines
        .iter()
        .filter(|line| line.part == "mover")
        .filter_map(|line| line.subject.map(|id| (id, line.total)))
}

/// How far the movers of these lines reach: of each direction the ratio down to which every company is listed. 1 where
/// all movers are, as what has 1 has not moved.
pub(super) fn reach(lines: &[Line]) -> Vec<Line> {
    let of = |direction: Direction| {
        let all = direction.ranked(movers(lines));
        let total = if all.len() < KEPT_MOVERS { 1.0 } else { all.last().map_or(1.0, |last| last.1) };
        Line { total, ..Line::of("reach", direction.as_str()) }
    };
    Direction::BOTH.into_iter().map(of).collect()
}

/// The lines of nothing.
pub(super) fn none() -> Vec<Line> {
    reach(&[])
}

/// What is kept with changes added to it, in their order. None where it does not say enough: where of too many of the
/// movers that are kept it is known only that they are others now; and after many changes.
pub(super) fn with(kept: Vec<Line>, changes: Vec<Vec<Line>>) -> Option<Vec<Line>> {
    let (mut sums, mut moved, steps) =
        (Change::default(), HashMap::new(), i64::try_from(changes.len()).ok()?);
    let (said, kept): (Vec<_>, Vec<_>) =
        kept.into_iter().partition(|line| matches!(line.part.as_str(), "mover" | "reach"));
    kept.into_iter().for_each(|line| sums.add(line));
    for line in changes.into_iter().flatten() {
        match (line.part.as_str(), line.subject) {
            ("mover", Some(company)) => {
                moved.insert(company, line.total);
            }
            _ => sums.add(line),
        }
    }
    let counted = |line: &Line| line.n != 0 || line.rated != 0;
    let mut lines: Vec<Line> = sums.sums.into_values().filter(counted).collect();
    for direction in Direction::BOTH {
        lines.extend(listed(direction, &said, &moved, steps)?);
    }
    Some(lines)
}

/// The movers of a direction after these moved in so many steps, and how far they reach.
fn listed(direction: Direction, said: &[Line], moved: &HashMap<Uuid, f64>, steps: i64) -> Option<Vec<Line>> {
    let before = said.iter().find(|line| line.part == "reach" && line.label == direction.as_str())?;
    let (reach, n) = (before.total, before.n.checked_add(steps).filter(|n| *n <= MOST_ADDED)?);
    let still = movers(said).filter(|(id, _)| !moved.contains_key(id));
    // Companies that are not listed may have moved as far as the last of those that were.
    let new =
        moved.iter().map(|(id, ratio)| (*id, *ratio)).filter(|(_, ratio)| direction.further(*ratio, reach));
    let mut all = direction.ranked(still.chain(new));
    if direction.goes(reach) && all.len() < MOST_MOVERS {
        return None;
    }
    let cut = all.get(KEPT_MOVERS - 1).filter(|_| all.len() > KEPT_MOVERS).map_or(reach, |last| last.1);
    all.truncate(KEPT_MOVERS);
    let mut lines: Vec<Line> = all.into_iter().map(|(id, ratio)| Line::mover(id, ratio)).collect();
    lines.push(Line { n, total: cut, ..Line::of("reach", direction.as_str()) });
    Some(lines)
}

#[cfg(test)]
mod tests;
