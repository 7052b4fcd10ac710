use std::time::Duration;

use accunode_db::{Clock, Timestamp, on};
use accunode_testkit::{TestDb, on_both_engines};
use axum::http::StatusCode;

use crate::{app::TestApp, sessions::PASSWORD};

const WRONG: &str = "wrong horse 1";
const HERE: &str = "203.0.113.7";
const AMY: &str = "member@example.com";
const REFUSED: (StatusCode, Option<u64>) = (StatusCode::UNAUTHORIZED, None);

async fn with_clock(test: TestDb) -> (TestApp, Clock) {
    let clock = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
    let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
    let hash = app.state.passwords.hash(PASSWORD).await.unwrap();
    app.give_password(&app.people.member, &hash).await;
    app.give_password(&app.people.colleague, &hash).await;
    (app, clock)
}

fn locked(seconds: u64) -> (StatusCode, Option<u64>) {
    (StatusCode::TOO_MANY_REQUESTS, Some(seconds))
}

/// Fails once more after each wait, which must be these.
async fn waits(app: &TestApp, clock: &Clock, address: &str, email: &str, expected: &[u64]) {
    for seconds in expected {
        assert_eq!(app.log_in_from(address, email, PASSWORD).await, locked(*seconds), "the right password");
        clock.advance(Duration::from_secs(*seconds));
        assert_eq!(app.log_in_from(address, email, WRONG).await, REFUSED);
    }
}

on_both_engines! {
    /// Known and unknown accounts go the same way.
    async fn ten_failures_from_one_address_lock_an_account_for_it(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        for email in [AMY, "nobody@example.org"] {
            for _ in 0..10 {
                assert_eq!(app.log_in_from(HERE, email, WRONG).await, REFUSED);
            }
            waits(&app, &clock, HERE, email, &[30, 60, 120, 240, 480, 900, 900]).await;
            assert_eq!(app.log_in_from(HERE, email, WRONG).await, locked(900));
        }
        // The account is not locked for others, nor the address for other accounts.
        assert_eq!(app.log_in_from("198.51.100.1", AMY, PASSWORD).await.0, StatusCode::OK);
        assert_eq!(app.log_in_from(HERE, "colleague@example.com", PASSWORD).await.0, StatusCode::OK);
        // Only of the known one is there something to tell.
        assert_eq!((app.times("auth.sign_in_failed").await, app.times("auth.lock_out").await), (17, 1));
    }

    async fn thirty_failures_from_anywhere_lock_an_account_for_all(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        for n in 0..30 {
            assert_eq!(app.log_in_from(&format!("198.51.100.{n}"), AMY, WRONG).await, REFUSED);
        }
        waits(&app, &clock, HERE, AMY, &[30, 60]).await;
    }

    async fn fifty_failures_on_anybody_lock_an_address(test: TestDb) {
        let (app, _) = with_clock(test).await;
        for n in 0..49 {
            assert_eq!(app.log_in_from(HERE, &format!("guess{n}@example.org"), WRONG).await, REFUSED);
        }
        // Signing in as oneself does not make room for guessing on.
        assert_eq!(app.log_in_from(HERE, AMY, PASSWORD).await.0, StatusCode::OK);
        assert_eq!(app.log_in_from(HERE, "guess50@example.org", WRONG).await, REFUSED);
        assert_eq!(app.log_in_from(HERE, AMY, PASSWORD).await, locked(30));
        assert_eq!(app.log_in_from("198.51.100.1", AMY, PASSWORD).await.0, StatusCode::OK);
        assert!(app.audited().await.contains(&("auth.lock_out".to_owned(), None)));
    }

    async fn the_right_password_forgives_the_failures_before(test: TestDb) {
        let (app, _) = with_clock(test).await;
        for _ in 0..8 {
            for _ in 0..9 {
                assert_eq!(app.log_in_from(HERE, AMY, WRONG).await, REFUSED);
            }
            assert_eq!(app.log_in_from(HERE, AMY, PASSWORD).await.0, StatusCode::OK);
        }
        assert_eq!(app.times("auth.lock_out").await, 0);
    }

    async fn failures_are_forgotten_after_a_day(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        for _ in 0..9 {
            assert_eq!(app.log_in_from(HERE, AMY, WRONG).await, REFUSED);
        }
        clock.advance(Duration::from_secs(24 * 3_600 + 1));
        assert_eq!(app.log_in_from("198.51.100.1", "nobody@example.org", WRONG).await, REFUSED);
        let mut tx = app.state.db.system_read("count failures").await.unwrap();
        let left: i64 = on!(tx, |c| sqlx::query_scalar("SELECT COUNT(*) FROM sign_in_failures").fetch_one(c).await)
            .unwrap();
        assert_eq!(left, 3, "what is old is pruned");
        drop(tx);
        for _ in 0..10 {
            assert_eq!(app.log_in_from(HERE, AMY, WRONG).await, REFUSED);
        }
        assert_eq!(app.log_in_from(HERE, AMY, WRONG).await, locked(30));
    }

    /// Each guess is counted before it is looked at.
    async fn guesses_sent_at_once_do_not_slip_through(test: TestDb) {
        let (app, _) = with_clock(test).await;
        let guesses = (0..40).map(|_| app.log_in_from(HERE, AMY, WRONG));
        let answers = futures_util::future::join_all(guesses).await;
        let looked_at = answers.iter().filter(|a| **a == REFUSED).count();
        assert_eq!(looked_at, 10, "{answers:?}");
        assert_eq!(answers.iter().filter(|a| **a == locked(30)).count(), 30, "{answers:?}");
    }

    /// Nobody keeps an account's owner out by failing again and again from elsewhere.
    async fn where_the_account_was_signed_in_from_it_stays_open(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        assert_eq!(app.log_in_from(HERE, AMY, PASSWORD).await.0, StatusCode::OK);
        for n in 0..30 {
            assert_eq!(app.log_in_from(&format!("198.51.100.{n}"), AMY, WRONG).await, REFUSED);
        }
        assert_eq!(app.log_in_from("198.51.100.99", AMY, PASSWORD).await, locked(30));
        // Guesses from there are counted as ever.
        for _ in 0..10 {
            assert_eq!(app.log_in_from(HERE, AMY, WRONG).await, REFUSED);
        }
        assert_eq!(app.log_in_from(HERE, AMY, PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS);
        clock.advance(Duration::from_secs(30));
        assert_eq!(app.log_in_from(HERE, AMY, PASSWORD).await.0, StatusCode::OK);
    }
}
