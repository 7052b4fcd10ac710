//! Two servers, one leader.

use std::time::Duration;

use accunode_infra::{LocalWorkers, Scaler};
use accunode_queue::Priority;
use accunode_server::features::scaling::jobs::Candidate;
use accunode_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{NOW, at_rest, history, sleepers, waiting};

async fn until_running(workers: &LocalWorkers, wanted: usize) {
    for _ in 0..600 {
        if workers.running() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} run, not {wanted}", workers.running());
}

on_both_engines! {
    async fn one_leads_until_it_leaves_or_falls_silent(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        let stand_by = || app.second_state(|parts| { parts.clock = clock.clone(); parts.scaler = Scaler::None; });
        let (mut first, mut second) = (Candidate::new(stand_by()), Candidate::new(stand_by()));
        assert!(first.beat().await.unwrap() && !second.beat().await.unwrap());
        assert_eq!(admin.get_ok("/scaling/status").await["data"]["led"], true);
        clock.advance(Duration::from_secs(19));
        assert!(!second.beat().await.unwrap() && first.beat().await.unwrap());
        // Silent for as long as its word holds.
        clock.advance(Duration::from_secs(20));
        assert!(second.beat().await.unwrap() && !first.beat().await.unwrap());
        second.leave().await;
        assert_eq!(admin.get_ok("/scaling/status").await["data"]["led"], false);
        assert!(first.beat().await.unwrap());
    }

    async fn whoever_leads_acts_once_a_minute_and_keeps_the_workers(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        waiting(&app, Priority::Low, 1_000, NOW).await;
        let (ours, theirs) = (sleepers(), sleepers());
        let with = |workers: &LocalWorkers| {
            let (clock, scaler) = (clock.clone(), Scaler::Local(workers.clone()));
            app.second_state(move |parts| { parts.clock = clock; parts.scaler = scaler; })
        };
        let (mut first, mut second) = (Candidate::new(with(&ours)), Candidate::new(with(&theirs)));
        for _ in 0..3 {
            first.beat().await.unwrap();
            second.beat().await.unwrap();
        }
        let done = history(&admin).await;
        assert_eq!((done.len(), &done[0]["to_workers"], &done[0]["requested_by"]), (1, &json!(5), &Value::Null), "{done:?}");
        until_running(&ours, 5).await;
        assert_eq!(theirs.running(), 0);
        // A turn comes once a minute, and the cool-down holds two of them off.
        for (seconds, actions) in [(15, 1), (15, 1), (15, 1), (15, 1), (15, 1), (15, 1), (15, 1), (15, 2)] {
            clock.advance(Duration::from_secs(seconds));
            first.beat().await.unwrap();
            second.beat().await.unwrap();
            assert_eq!(history(&admin).await.len(), actions, "{}", clock.now());
        }
        until_running(&ours, 8).await;
        // The other one takes over what is wanted, not what was running.
        first.leave().await;
        assert_eq!(ours.running(), 0);
        second.beat().await.unwrap();
        until_running(&theirs, 8).await;
        second.leave().await;
        assert_eq!(theirs.running(), 0);
    }

    async fn a_leader_that_lost_its_place_stops_its_workers(test: TestDb) {
        let (app, clock, _) = at_rest(test).await;
        let workers = sleepers();
        let (moving, scaler) = (clock.clone(), Scaler::Local(workers.clone()));
        let mut first = Candidate::new(app.second_state(move |parts| { parts.clock = moving; parts.scaler = scaler; }));
        first.beat().await.unwrap();
        until_running(&workers, 2).await;
        clock.advance(Duration::from_secs(20));
        let moving = clock.clone();
        let mut second = Candidate::new(app.second_state(move |parts| { parts.clock = moving; parts.scaler = Scaler::None; }));
        assert!(second.beat().await.unwrap() && !first.beat().await.unwrap());
        assert_eq!(workers.running(), 0);
    }

    async fn nothing_is_done_where_nobody_wants_it(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        waiting(&app, Priority::Low, 1_000, NOW).await;
        for (automatic, scaler) in [(false, Scaler::Local(sleepers())), (true, Scaler::None)] {
            let moving = clock.clone();
            let state = app.second_state(move |parts| {
                parts.clock = moving;
                parts.scaler = scaler;
                parts.config.scaling.automatic = automatic;
            });
            let mut candidate = Candidate::new(state);
            assert!(candidate.beat().await.unwrap());
            candidate.leave().await;
            clock.advance(Duration::from_secs(60));
        }
        assert!(history(&admin).await.is_empty());
    }
}
