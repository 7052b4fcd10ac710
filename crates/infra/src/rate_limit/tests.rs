//! The rules of the limits, in one process and through Redis.

use accunode_testkit::{PrivateRedis, redis_url};
use proptest::prelude::*;
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(5);
const SECOND: i64 = 1_000_000;
/// Some time in 2027; not where a window or a slot begins.
const NOW: i64 = 1_800_000_007_654_321;

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn allowed(verdict: Verdict) -> Standing {
    let Verdict::Allowed(standing) = verdict else { panic!("{verdict:?}") };
    standing
}

fn refused(verdict: Verdict) -> (Standing, Duration) {
    let Verdict::Refused { standing, retry_after } = verdict else { panic!("{verdict:?}") };
    (standing, retry_after)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap()
}

#[tokio::test]
async fn the_count_passes_and_the_next_is_told_when_to_come_back() {
    let limits = RateLimits::in_process();
    let rates = [rate("5/min"), rate("20/h")];
    for remaining in (0..5).rev() {
        let standing = allowed(limits.check("login:a", &rates, NOW).await);
        assert_eq!((standing.rate, standing.remaining), (rates[0], remaining));
    }
    let (standing, retry_after) = refused(limits.check("login:a", &rates, NOW).await);
    assert_eq!((standing.rate, standing.remaining, standing.reset), (rates[0], 0, retry_after));
    // A minute and what is left of the second in which the five came.
    assert_eq!(retry_after, Duration::from_micros(60_000_000 + 345_679));
    let later = NOW + micros(retry_after);
    refused(limits.check("login:a", &rates, later - 1).await);
    assert_eq!(allowed(limits.check("login:a", &rates, later).await).remaining, 4);
    assert_eq!(allowed(limits.check("login:b", &rates, NOW).await).remaining, 4, "keys are apart");
    assert_eq!(allowed(limits.clone().check("login:b", &rates, NOW).await).remaining, 3, "clones are not");
}

#[tokio::test]
async fn a_refused_request_counts_under_no_rate() {
    let limits = RateLimits::in_process();
    let (minute, hour) = (rate("1/min"), rate("3/h"));
    allowed(limits.check("k", &[minute, hour], NOW).await);
    for _ in 0..10 {
        let (standing, _) = refused(limits.check("k", &[hour, minute], NOW).await);
        assert_eq!(standing.rate, minute);
    }
    assert_eq!(allowed(limits.check("k", &[hour], NOW).await).remaining, 1);
}

#[tokio::test]
async fn the_standing_is_that_of_the_rate_that_matters_most() {
    let limits = RateLimits::in_process();
    let (minute, hour, day) = (rate("2/min"), rate("2/h"), rate("9/day"));
    let rates = [day, minute, hour];
    // Of equal remainders the one that lasts longer.
    assert_eq!(allowed(limits.check("k", &rates, NOW).await).rate, hour);
    allowed(limits.check("k", &rates, NOW).await);
    // Both refuse; after a minute the hour would still.
    let (standing, retry_after) = refused(limits.check("k", &rates, NOW).await);
    assert_eq!(standing.rate, hour);
    allowed(limits.check("k", &rates, NOW + micros(retry_after)).await);
}

#[tokio::test]
async fn odd_rates_are_taken_as_they_are() {
    let limits = RateLimits::in_process();
    assert_eq!(allowed(limits.check("none", &[], NOW).await).remaining, u32::MAX);
    let nothing = Rate { count: 0, window: Duration::from_secs(1) };
    assert_eq!(refused(limits.check("nothing", &[nothing], NOW).await).1, Duration::from_secs(1));
    for window in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        for now in [i64::MIN, -1, 0, NOW, i64::MAX] {
            let rates = [Rate { count: 1, window }];
            let key = format!("{window:?} {now}");
            allowed(limits.check(&key, &rates, now).await);
            refused(limits.check(&key, &rates, now).await);
        }
    }
    // The same window twice: one count, the stricter rate.
    let twice = [rate("5/min"), rate("2/min")];
    assert_eq!(allowed(limits.check("twice", &twice, NOW).await).remaining, 1);
    allowed(limits.check("twice", &twice, NOW).await);
    assert_eq!(refused(limits.check("twice", &twice, NOW).await).0.rate, twice[1]);
}

#[tokio::test]
async fn invented_keys_neither_fill_the_memory_nor_free_a_limited_key() {
    let limits = RateLimits::in_process();
    let rates = [rate("5/min")];
    for _ in 0..5 {
        allowed(limits.check("victim", &rates, NOW).await);
    }
    for n in 0..2 * Memory::MOST_KEYS {
        allowed(limits.check(&format!("invented {n}"), &rates, NOW).await);
    }
    assert!(limits.shared.memory.keys() <= Memory::MOST_KEYS);
    refused(limits.check("victim", &rates, NOW).await);
    // Two minutes later everything is idle, and goes as soon as somebody looks at its shard.
    for n in 0..1000 {
        allowed(limits.check(&format!("late {n}"), &rates, NOW + 120 * SECOND).await);
    }
    assert_eq!(limits.shared.memory.keys(), 1000);
}

/// Rates, and requests by the time since the one before.
fn story() -> impl Strategy<Value = (Vec<Rate>, Vec<i64>)> {
    let rate = (1..8_u32, prop_oneof![1..200_u64, Just(1_000_000), Just(60_000_000), 1..90_000_000_u64])
        .prop_map(|(count, micros)| Rate { count, window: Duration::from_micros(micros) });
    let step = prop_oneof![Just(0), 0..100_i64, 0..SECOND, 0..30 * SECOND, 0..120 * SECOND];
    (prop::collection::vec(rate, 1..4), prop::collection::vec(step, 1..120))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Wherever a window begins, no more than the count pass in it, and waiting as told is enough and no more than
    /// needed.
    #[test]
    fn never_too_many_and_waiting_helps((rates, steps) in story()) {
        let limits = RateLimits::in_process();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let check = |now| runtime.block_on(limits.check("k", &rates, now));
        let mut now = NOW;
        let mut passed: Vec<i64> = Vec::new();
        for (n, step) in steps.into_iter().enumerate() {
            now += step;
            match check(now) {
                Verdict::Allowed(_) => passed.push(now),
                Verdict::Refused { retry_after, standing } => {
                    prop_assert!(!retry_after.is_zero() && retry_after <= standing.reset);
                    // Every other one comes back as told.
                    if n % 2 == 0 {
                        now += micros(retry_after);
                        let early = check(now - 1);
                        prop_assert!(matches!(early, Verdict::Refused { .. }), "{early:?}");
                        let verdict = check(now);
                        prop_assert!(matches!(verdict, Verdict::Allowed(_)), "{verdict:?}");
                        passed.push(now);
                    }
                }
            }
        }
        for rate in &rates {
            for (i, first) in passed.iter().enumerate() {
                let within = passed[i..].iter().filter(|at| *at - first < micros(rate.window)).count();
                prop_assert!(within <= rate.count as usize, "{within} passed {rate}");
            }
        }
    }

    /// Whatever the clock does, a key is free again after a window.
    #[test]
    fn a_clock_that_jumps_locks_nobody_out(
        jumps in prop::collection::vec(
            prop_oneof![-400 * 86_400 * SECOND..400 * 86_400 * SECOND, -7_200 * SECOND..7_200 * SECOND], 1..8),
    ) {
        let limits = RateLimits::in_process();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let rates = [rate("2/h")];
        let mut now = NOW;
        for jump in jumps {
            for _ in 0..3 {
                runtime.block_on(limits.check("k", &rates, now));
            }
            now += jump;
            if let Verdict::Refused { retry_after, .. } = runtime.block_on(limits.check("k", &rates, now)) {
                prop_assert!(retry_after <= rates[0].window + rates[0].window / 20);
                let verdict = runtime.block_on(limits.check("k", &rates, now + micros(retry_after)));
                prop_assert!(matches!(verdict, Verdict::Allowed(_)), "{verdict:?}");
            }
        }
    }
}

#[tokio::test]
async fn servers_share_through_redis() {
    let Some(url) = redis_url() else { return };
    let (here, there) = (RateLimits::redis(&url).unwrap(), RateLimits::redis(&url).unwrap());
    let key = format!("share {NOW} {:?}", std::time::Instant::now());
    let rates = [rate("3/h"), rate("5/day")];
    // The callers' clocks do not matter.
    assert_eq!(allowed(here.check(&key, &rates, NOW).await).remaining, 2);
    assert_eq!(allowed(there.check(&key, &rates, 0).await).remaining, 1);
    assert_eq!(allowed(here.check(&key, &rates, i64::MAX).await).remaining, 0);
    for limits in [&here, &there] {
        let (standing, retry_after) = refused(limits.check(&key, &rates, NOW).await);
        assert_eq!((standing.rate, standing.reset), (rates[0], retry_after));
        assert!(retry_after > rates[0].window && retry_after <= rates[0].window * 61 / 60);
    }
    // What was refused was counted nowhere.
    assert_eq!(allowed(there.check(&key, &rates[1..], NOW).await).remaining, 1);
}

#[tokio::test]
async fn through_redis_never_too_many_pass_and_waiting_helps() {
    let Some(url) = redis_url() else { return };
    let (here, there) = (RateLimits::redis(&url).unwrap(), RateLimits::redis(&url).unwrap());
    let key = format!("wait {:?}", std::time::Instant::now());
    let rates = [Rate { count: 3, window: Duration::from_millis(300) }];
    let mut passed = Vec::new();
    let mut waited = false;
    for limits in [&here, &there].into_iter().cycle().take(24) {
        let asked = std::time::Instant::now();
        match limits.check(&key, &rates, NOW).await {
            Verdict::Allowed(_) => {
                passed.push((asked, std::time::Instant::now()));
                waited = false;
            }
            Verdict::Refused { retry_after, .. } => {
                assert!(!waited, "refused again after the wait");
                tokio::time::sleep(retry_after).await;
                waited = true;
            }
        }
    }
    // Between the first and the one that is too many for a window, by the widest reading of the clock.
    for first_to_fourth in passed.windows(4) {
        assert!(first_to_fourth[3].1 - first_to_fourth[0].0 >= rates[0].window);
    }
    assert!(passed.len() < 24, "nothing was refused");
}

#[tokio::test]
async fn redis_holds_no_key_in_clear_and_nothing_for_ever() {
    let Some(redis) = PrivateRedis::start() else { return };
    let limits = RateLimits::redis(&redis.url()).unwrap();
    allowed(limits.check("login:somebody@example.org", &[rate("5/min"), rate("9/day")], NOW).await);
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert!(key.starts_with("accunode:rate:") && !key.contains("somebody"), "{key}");
        let left: i64 = redis::cmd("TTL").arg(&key).query_async(&mut connection).await.unwrap();
        assert!((1..=86_400 * 61 / 60).contains(&left), "{key}: {left}");
    }
}

#[tokio::test]
async fn without_redis_each_server_counts_and_shares_again_when_it_is_back() {
    let Some(mut redis) = PrivateRedis::start() else { return };
    let (here, there) = (RateLimits::redis(&redis.url()).unwrap(), RateLimits::redis(&redis.url()).unwrap());
    let rates = [rate("1000/day")];
    assert_eq!(allowed(here.check("k", &rates, NOW).await).remaining, 999);
    assert_eq!(allowed(there.check("k", &rates, NOW).await).remaining, 998);
    redis.stop();
    for remaining in [999, 998] {
        for limits in [&here, &there] {
            assert_eq!(allowed(limits.check("k", &rates, NOW).await).remaining, remaining);
        }
    }
    redis.resume();
    let share = async {
        let mut before = 998;
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let one = allowed(here.check("k", &rates, NOW).await).remaining;
            let other = allowed(there.check("k", &rates, NOW).await).remaining;
            // The new Redis knows nothing of before, so the first counts there are seen as a step up.
            if one > before && other + 1 == one {
                break;
            }
            before = one.min(before);
        }
    };
    assert!(timeout(Duration::from_secs(30), share).await.is_ok());
}

#[tokio::test]
async fn a_redis_that_never_answers_holds_nobody_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limits = RateLimits::redis(&format!("redis://{}", silent.local_addr().unwrap())).unwrap();
    let rates = [rate("100/h")];
    let checks = async {
        for remaining in (0..100).rev() {
            assert_eq!(allowed(limits.check("k", &rates, NOW).await).remaining, remaining);
        }
        refused(limits.check("k", &rates, NOW).await);
    };
    assert!(timeout(SOON, checks).await.is_ok());
}

#[tokio::test]
async fn nothing_of_the_url_is_shown() {
    let error = RateLimits::redis("http://user:hunter2@host").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let limits = RateLimits::redis("redis://user:hunter2@127.0.0.1:9").unwrap();
    assert_eq!(format!("{limits:?}"), "RateLimits(redis)");
}
