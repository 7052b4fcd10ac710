//! The decision table row by row, and the laws that hold whatever the figures.

use proptest::prelude::*;

use super::*;

const T: Thresholds = Thresholds {
    min_workers: 2,
    max_workers: 12,
    scale_up_threshold: 25,
    scale_down_threshold: 5,
    scale_up_cooldown: 120,
    scale_down_cooldown: 600,
    emergency_threshold: 100,
};

fn situation(pending: i64, current: i64) -> Situation {
    Situation { pending, pending_high: 0, current, minutes_to_clear: None, last: None }
}

fn ago(action: Action, seconds: u64) -> Option<(Action, Duration)> {
    Some((action, Duration::from_secs(seconds)))
}

/// Action, target, priority, cost.
type Row = (Action, i64, i16, &'static str);

#[test]
fn the_table() {
    use Action::{Maintain, ScaleDown, ScaleUp};
    let fits = |n| (Maintain, n, 3, "none");
    let rows: [(&str, Situation, Row); 22] = [
        ("nothing to do at the least", situation(0, 2), fits(2)),
        ("in between", situation(10, 4), fits(4)),
        ("just above the lower threshold", situation(6, 4), fits(4)),
        ("at the lower threshold", situation(5, 4), (ScaleDown, 3, 3, "savings")),
        ("idle", situation(0, 12), (ScaleDown, 11, 3, "savings")),
        ("just below the upper threshold", situation(24, 2), fits(2)),
        ("at the upper threshold, soon done", situation(25, 2), fits(2)),
        // 60 jobs of two workers at two a minute each take 15 minutes, and no more than that is fine.
        ("as long as is fine", situation(60, 2), fits(2)),
        ("a little longer", situation(61, 2), (ScaleUp, 6, 2, "medium")),
        (
            "as many as there is room for",
            Situation { current: 3, ..situation(99, 3) },
            (ScaleUp, 9, 2, "medium"),
        ),
        (
            "slow by measure",
            Situation { minutes_to_clear: Some(15.1), ..situation(25, 11) },
            (ScaleUp, 12, 2, "medium"),
        ),
        ("fast by measure", Situation { minutes_to_clear: Some(15.0), ..situation(99, 2) }, fits(2)),
        ("an emergency", situation(100, 2), (ScaleUp, 5, 1, "high")),
        ("an emergency with little room", situation(5_000, 10), (ScaleUp, 12, 1, "high")),
        ("an emergency without room", situation(5_000, 12), fits(12)),
        ("an emergency from nothing", situation(100, 0), (ScaleUp, 3, 1, "high")),
        ("urgent work", Situation { pending_high: 20, ..situation(20, 2) }, (ScaleUp, 5, 1, "high")),
        ("not so urgent work", Situation { pending_high: 19, ..situation(19, 2) }, fits(2)),
        ("too few", situation(0, 1), (ScaleUp, 2, 2, "medium")),
        ("none", situation(30, 0), (ScaleUp, 2, 2, "medium")),
        ("too many", situation(50, 14), (ScaleDown, 12, 2, "savings")),
        ("too many in an emergency", situation(500, 14), (ScaleDown, 12, 2, "savings")),
    ];
    for (name, situation, (action, target, priority, cost_impact)) in rows {
        let decision = decide(&T, &situation);
        let found = (decision.action, decision.target, decision.priority, decision.cost_impact);
        assert_eq!(found, (action, target, priority, cost_impact), "{name}: {decision:?}");
        assert_eq!(decision.current, situation.current, "{name}");
        assert!(!decision.reason.is_empty() && !decision.reason.ends_with('.'), "{name}: {decision:?}");
    }
}

#[test]
fn cool_downs_come_before_everything() {
    use Action::{Maintain, ScaleDown, ScaleUp};
    let emergency = situation(5_000, 2);
    for (last, waits) in [
        (ago(ScaleUp, 0), true),
        (ago(ScaleUp, 119), true),
        (ago(ScaleUp, 120), false),
        (ago(ScaleDown, 120), true),
        (ago(ScaleDown, 599), true),
        (ago(ScaleDown, 600), false),
        (ago(Maintain, 0), false),
        (None, false),
    ] {
        let decision = decide(&T, &Situation { last, ..emergency });
        assert_eq!(decision.action == Maintain, waits, "{last:?}: {decision:?}");
    }
    let last = Some((ScaleUp, Duration::from_millis(119_001)));
    let reason = decide(&T, &Situation { last, ..emergency }).reason;
    assert!(reason.contains(": 1 s of its cool-down"), "{reason}");
}

#[test]
fn reasons_name_what_was_seen() {
    let reason = |s: Situation| decide(&T, &s).reason;
    assert!(reason(situation(100, 2)).contains("100 jobs wait"), "{}", reason(situation(100, 2)));
    assert!(reason(situation(61, 2)).contains("at two a minute each"));
    let measured = Situation { minutes_to_clear: Some(0.04), ..situation(61, 2) };
    assert!(
        reason(measured).contains("pace of the last minutes that is 0.0 minutes"),
        "{}",
        reason(measured)
    );
    assert!(reason(situation(1, 2)).starts_with("1 job waits:"));
    assert!(reason(situation(40, 12)).contains("as many workers as there may be"));
}

#[test]
fn settings_that_cannot_stand_together_are_named() {
    assert!(T.check().is_ok() && Thresholds::default() == T);
    for (settings, name) in [
        (Thresholds { min_workers: 0, ..T }, "min_workers is 0"),
        (Thresholds { min_workers: 13, ..T }, "max_workers is 12"),
        (Thresholds { max_workers: MOST_WORKERS + 1, ..T }, "max_workers is 1001"),
        (Thresholds { scale_up_threshold: 0, ..T }, "scale_up_threshold is 0"),
        (Thresholds { scale_up_threshold: 5, ..T }, "scale_down_threshold is 5"),
        (Thresholds { scale_down_threshold: -1, ..T }, "scale_down_threshold is -1"),
        (Thresholds { scale_down_threshold: 25, ..T }, "scale_down_threshold is 25"),
        (Thresholds { scale_up_threshold: 101, ..T }, "emergency_threshold is 100"),
        (Thresholds { emergency_threshold: 24, ..T }, "emergency_threshold is 24"),
        (Thresholds { scale_up_cooldown: -1, ..T }, "scale_up_cooldown is -1"),
        (Thresholds { scale_down_cooldown: 86_401, ..T }, "scale_down_cooldown is 86401"),
    ] {
        let Err(Error::BadRequest(text)) = settings.check() else { panic!("{settings:?} is taken") };
        assert!(text.starts_with(name) && text.contains("is expected"), "{text}");
    }
}

#[test]
fn names_read_back() {
    for action in Action::ALL {
        assert_eq!(Action::of(action.as_str()), Some(action));
    }
    assert_eq!(Action::of("scale"), None);
}

/// Any settings that can stand together.
fn thresholds() -> impl Strategy<Value = Thresholds> {
    (1..40_i64, 0..40_i64, 0..50_i64, 1..50_i64, 0..300_i64, 0..900_i64, 0..200_i64).prop_map(
        |(min_workers, more, scale_down_threshold, above, scale_up_cooldown, scale_down_cooldown, beyond)| {
            let scale_up_threshold = scale_down_threshold + above;
            Thresholds {
                min_workers,
                max_workers: min_workers + more,
                scale_up_threshold,
                scale_down_threshold,
                scale_up_cooldown,
                scale_down_cooldown,
                emergency_threshold: scale_up_threshold + beyond,
            }
        },
    )
}

fn last() -> impl Strategy<Value = Option<(Action, Duration)>> {
    let action = prop_oneof![Just(Action::ScaleDown), Just(Action::Maintain), Just(Action::ScaleUp)];
    prop::option::of((action, (0..1_200_u64).prop_map(Duration::from_secs)))
}

fn situations() -> impl Strategy<Value = Situation> {
    (0..400_i64, 0..60_i64, 0..100_i64, prop::option::of(0.0..100.0_f64), last()).prop_map(
        |(pending, high, current, minutes_to_clear, last)| Situation {
            pending,
            pending_high: high.min(pending),
            current,
            minutes_to_clear,
            last,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_done_ends_within_the_bounds(t in thresholds(), s in situations()) {
        prop_assert!(t.check().is_ok());
        let decision = decide(&t, &s);
        prop_assert_eq!(decision.action, Action::between(s.current, decision.target));
        if decision.action == Action::Maintain {
            prop_assert_eq!((decision.target, decision.cost_impact), (s.current, "none"));
        } else {
            prop_assert!((t.min_workers..=t.max_workers).contains(&decision.target), "{:?}", decision);
        }
    }

    #[test]
    fn nothing_is_done_while_a_cool_down_runs(t in thresholds(), s in situations()) {
        let runs = s.last.is_some_and(|(action, ago)| {
            let seconds = match action {
                Action::ScaleUp => t.scale_up_cooldown,
                Action::ScaleDown => t.scale_down_cooldown,
                Action::Maintain => 0,
            };
            ago < Duration::from_secs(seconds as u64)
        });
        if runs {
            prop_assert_eq!(decide(&t, &s).action, Action::Maintain);
        } else {
            prop_assert_eq!(decide(&t, &s), decide(&t, &Situation { last: None, ..s }));
        }
    }

    #[test]
    fn an_emergency_adds_workers_while_there_is_room(t in thresholds(), s in situations()) {
        let s = Situation { last: None, ..s };
        let emergency = s.pending >= t.emergency_threshold || s.pending_high >= URGENT;
        let decision = decide(&t, &s);
        prop_assert_eq!(decision.priority == 1, emergency && s.current < t.max_workers);
        if decision.priority == 1 {
            let wanted = (s.current + EMERGENCY_STEP).max(t.min_workers).min(t.max_workers);
            prop_assert_eq!((decision.action, decision.target), (Action::ScaleUp, wanted));
        }
    }

    #[test]
    fn more_waiting_work_never_asks_for_fewer(t in thresholds(), s in situations(), more in 0..100_i64) {
        // Within the same degree of urgency: an emergency's step is fixed, and may be the smaller one.
        let busier = Situation { pending: s.pending + more, ..s };
        let emergency = |s: &Situation| s.pending >= t.emergency_threshold || s.pending_high >= URGENT;
        prop_assume!(emergency(&s) == emergency(&busier));
        prop_assert!(decide(&t, &s).target <= decide(&t, &busier).target);
    }

    #[test]
    fn slower_work_never_asks_for_fewer(t in thresholds(), s in situations(), m in 0.0..50.0_f64, more in 0.0..50.0_f64) {
        let at = |minutes| decide(&t, &Situation { minutes_to_clear: Some(minutes), ..s }).target;
        prop_assert!(at(m) <= at(m + more));
    }

    #[test]
    fn turn_after_turn_it_comes_to_rest(t in thresholds(), s in situations()) {
        // What waits stays as it is, and every cool-down is over: the number of workers settles and stays.
        let mut s = Situation { last: None, ..s };
        for _ in 0..200 {
            s.current = decide(&t, &s).target;
        }
        prop_assert!((t.min_workers..=t.max_workers).contains(&s.current));
        prop_assert_eq!(decide(&t, &s).action, Action::Maintain);
    }
}
