use std::collections::BTreeMap;

use accunode_domain::Quarter;
use proptest::prelude::*;

use super::*;

/// A company in a naive store: sector, grade, latest probability and the one before.
type Company = (u8, u8, Option<f64>, Option<f64>);

const SECTORS: [&str; 4] = ["Energy", "Materials", "Utilities", ""];
const GRADES: [&str; 3] = ["A", "B", "C"];

fn standing((sector, grade, probability, previous): &Company) -> Standing<'static> {
    let risk = |p: f64| if p < 0.3 { "LOW" } else { "HIGH" };
    Standing {
        sector: SECTORS[usize::from(*sector) % SECTORS.len()],
        risk: probability.map(risk),
        grade: probability.map(|_| GRADES[usize::from(*grade) % GRADES.len()]),
        probability: *probability,
        previous: probability.and(*previous),
    }
}

fn id(n: usize) -> Uuid {
    Uuid::from_u128(n as u128 + 1)
}

/// All lines of these companies, worked out from nothing.
fn worked_out(companies: &BTreeMap<usize, Company>) -> Vec<Line> {
    let mut change = Change::default();
    for (n, company) in companies {
        change.company_added(id(*n), &standing(company));
    }
    let mut lines = change.lines();
    lines.extend(reach(&lines));
    lines
}

/// Sums by what they are of, and the movers that are named in each direction.
type Shown = (BTreeMap<Key, [i64; 4]>, Vec<Vec<Uuid>>);

/// What is shown of lines, with sums to nine digits.
fn shown(lines: &[Line]) -> Shown {
    #[allow(clippy::cast_possible_truncation)] // sums of a few probabilities
    let rounded = |total: f64| (total * 1e9).round() as i64;
    let sums = lines.iter().filter(|line| !matches!(line.part.as_str(), "mover" | "reach"));
    let sums = sums.map(|line| (line.key(), [line.n, line.rated, line.high, rounded(line.total)])).collect();
    let named = |direction: Direction| {
        let mut all: Vec<_> = movers(lines).filter(|(_, ratio)| direction.goes(*ratio)).collect();
        all.sort_by(|a, b| direction.order(*a, *b));
        all.into_iter().take(MOST_MOVERS).map(|(id, _)| id).collect()
    };
    (sums, Direction::BOTH.into_iter().map(named).collect())
}

/// Few values, so that companies often move alike.
fn company() -> impl Strategy<Value = Company> {
    let p = || prop::option::of((1..20_u8).prop_map(|p| f64::from(p) / 20.0));
    (0..4_u8, 0..3_u8, p(), p())
}

proptest! {
    /// Whatever is changed in whatever steps: what is kept with the changes is what all companies come to, or it is said
    /// that it is not known; and what is kept then can be changed again.
    #[test]
    fn changes_add_up_to_what_the_companies_are(
        first in prop::collection::vec(company(), 0..150),
        transactions in prop::collection::vec(prop::collection::vec((0..200_usize, company()), 1..20), 1..12),
        kept_after in 1..4_usize,
    ) {
        let mut companies: BTreeMap<usize, Company> = first.into_iter().enumerate().collect();
        let mut kept = worked_out(&companies);
        for transactions in transactions.chunks(kept_after) {
            let mut changes = Vec::new();
            for transaction in transactions {
                let mut change = Change::default();
                let transaction: BTreeMap<usize, Company> = transaction.iter().copied().collect();
                for (n, after) in transaction {
                    match companies.insert(n, after) {
                        Some(before) => change.company_changed(id(n), &standing(&before), &standing(&after)),
                        None => change.company_added(id(n), &standing(&after)),
                    }
                }
                changes.push(change.lines());
            }
            let expected = worked_out(&companies);
            kept = match with(kept, changes) {
                Some(lines) => {
                    prop_assert_eq!(shown(&lines), shown(&expected));
                    lines
                }
                None => expected,
            };
        }
    }
}

#[test]
fn a_few_movers_may_change_before_all_companies_are_looked_at() {
    let moving = |n: usize, p: f64| (n, (0, 0, Some(p), Some(0.01)));
    #[allow(clippy::cast_precision_loss)] // small numbers
    let companies: BTreeMap<usize, Company> = (0..100).map(|n| moving(n, 0.9 - n as f64 / 1_000.0)).collect();
    let kept = worked_out(&companies);
    let falling = |n: usize| {
        let mut change = Change::default();
        for n in 0..n {
            change.company_changed(
                id(n),
                &standing(&companies[&n]),
                &standing(&(0, 0, Some(0.01), Some(0.01))),
            );
        }
        vec![change.lines()]
    };
    let named = |lines: &[Line]| shown(lines).1[0].clone();
    let some = with(kept.clone(), falling(KEPT_MOVERS - MOST_MOVERS)).unwrap();
    let next = KEPT_MOVERS - MOST_MOVERS;
    assert_eq!(named(&some), (next..next + MOST_MOVERS).map(id).collect::<Vec<_>>());
    assert!(with(kept, falling(KEPT_MOVERS - MOST_MOVERS + 1)).is_none());
}

#[test]
fn figures_of_an_earlier_form_are_not_added_to() {
    let kept: Vec<Line> =
        worked_out(&BTreeMap::new()).into_iter().filter(|line| line.part != "reach").collect();
    assert!(with(kept, vec![Change::default().lines()]).is_none());
}

#[test]
fn after_many_changes_all_rows_are_looked_at_again() {
    let changes = |n| vec![Vec::new(); n];
    let most = usize::try_from(MOST_ADDED).unwrap();
    let kept = with(none(), changes(most - 1)).unwrap();
    assert!(with(kept.clone(), changes(1)).is_some());
    assert!(with(kept, changes(2)).is_none());
}

#[test]
fn predictions_count_for_their_period_and_creator() {
    let (mut first, mut second) = (Change::default(), Change::default());
    let period = Period { year: 2024, quarter: Some(Quarter::Q2) };
    let added = |probability, at| Added {
        kind: Kind::Quarterly,
        period,
        created_by: id(7),
        probability,
        rate: probability / 2.0,
        at,
    };
    first.prediction_added(&added(0.25, 20));
    second.prediction_added(&added(0.5, 10));
    let lines = with(none(), vec![first.lines(), second.lines()]).unwrap();
    let of = |part: &str| lines.iter().find(|line| line.part == part).unwrap();
    let (quarter, creator) = (of("quarterly"), of("creator"));
    assert_eq!((quarter.label.as_str(), quarter.year, quarter.n), ("Q2", Some(2024), 2));
    assert_eq!((quarter.total, quarter.rate), (0.75, 0.375));
    assert_eq!((creator.subject, creator.n, creator.at), (Some(id(7)), 2, Some(20)));
}
