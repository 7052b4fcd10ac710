use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use proptest::prelude::*;
use tokio::sync::{Semaphore, mpsc};

use super::*;

fn bounds(under_way: usize, batch: usize) -> Bounds {
    let sized = |n| NonZeroUsize::new(n).unwrap();
    Bounds { under_way: sized(under_way), batch: sized(batch) }
}

/// Answers each number by its double; every batch waits for a permit and tells what it was asked.
struct Held {
    coalesce: Coalesce<u32, u32, String>,
    gate: Arc<Semaphore>,
    begun: mpsc::UnboundedReceiver<Vec<u32>>,
}

fn held(bounds: Bounds) -> Held {
    let gate = Arc::new(Semaphore::new(0));
    let (told, begun) = mpsc::unbounded_channel();
    let pass = gate.clone();
    let coalesce = Coalesce::new(bounds, move |questions: Vec<u32>| {
        let (pass, told) = (pass.clone(), told.clone());
        async move {
            told.send(questions.clone()).unwrap();
            pass.acquire().await.unwrap().forget();
            match questions.iter().find(|q| **q >= 100) {
                Some(100) => Err("one hundred".to_owned()),
                Some(101) => panic!("a defect of the work"),
                Some(_) => Ok(Vec::new()),
                None => Ok(questions.iter().map(|q| q * 2).collect()),
            }
        }
    });
    Held { coalesce, gate, begun }
}

impl Held {
    /// Asks in a task of its own, and waits until the question stands in the queue or in a batch.
    async fn ask(&self, question: u32) -> tokio::task::JoinHandle<Result<u32, Unanswered<String>>> {
        let coalesce = self.coalesce.clone();
        let asking = tokio::spawn(async move { coalesce.ask(question).await });
        // One thread runs the tasks of a test in turn: after this the question has been put.
        tokio::task::yield_now().await;
        asking
    }

    /// What the next batch was asked.
    async fn next(&mut self) -> Vec<u32> {
        self.begun.recv().await.unwrap()
    }
}

#[tokio::test]
async fn what_comes_while_a_batch_is_under_way_is_answered_together() {
    let mut held = held(bounds(1, 3));
    let first = held.ask(1).await;
    assert_eq!(held.next().await, [1], "nobody waits for company");
    let mut others = Vec::new();
    for question in 2..=6 {
        others.push(held.ask(question).await);
    }
    assert!(held.begun.try_recv().is_err(), "one at a time");
    held.gate.add_permits(1);
    assert_eq!(held.next().await, [2, 3, 4], "no more than fit");
    held.gate.add_permits(2);
    assert_eq!(held.next().await, [5, 6]);
    assert_eq!(first.await.unwrap().unwrap(), 2);
    for (asking, question) in others.into_iter().zip(2..) {
        assert_eq!(asking.await.unwrap().unwrap(), question * 2);
    }
}

#[tokio::test]
async fn as_many_batches_are_under_way_as_may_be() {
    let mut held = held(bounds(2, 10));
    let mut asking = Vec::new();
    for question in 1..=4 {
        asking.push(held.ask(question).await);
    }
    assert_eq!((held.next().await, held.next().await), (vec![1], vec![2]));
    assert!(held.begun.try_recv().is_err());
    held.gate.add_permits(3);
    assert_eq!(held.next().await, [3, 4]);
    for (asking, question) in asking.into_iter().zip(1..) {
        assert_eq!(asking.await.unwrap().unwrap(), question * 2);
    }
}

#[tokio::test]
async fn an_error_reaches_everybody_in_its_batch_and_nobody_else() {
    let mut held = held(bounds(1, 10));
    let before = held.ask(1).await;
    assert_eq!(held.next().await, [1]);
    let (with, failing) = (held.ask(2).await, held.ask(100).await);
    held.gate.add_permits(1);
    assert_eq!(held.next().await, [2, 100]);
    let after = held.ask(3).await;
    held.gate.add_permits(2);
    assert_eq!(before.await.unwrap().unwrap(), 2);
    for asking in [with, failing] {
        let error = asking.await.unwrap().unwrap_err();
        assert!(matches!(&error, Unanswered::Failed(e) if **e == "one hundred"), "{error:?}");
    }
    assert_eq!(after.await.unwrap().unwrap(), 6);
}

#[tokio::test]
async fn a_panic_or_a_wrong_number_of_answers_leaves_nobody_waiting() {
    for broken in [101, 102] {
        let mut held = held(bounds(1, 1));
        let (first, second) = (held.ask(broken).await, held.ask(7).await);
        assert_eq!(held.next().await, [broken]);
        held.gate.add_permits(2);
        assert!(matches!(first.await.unwrap(), Err(Unanswered::Broken)));
        assert_eq!(second.await.unwrap().unwrap(), 14, "the next batch has its turn");
    }
}

#[tokio::test]
async fn who_goes_away_harms_nobody() {
    let mut held = held(bounds(1, 10));
    let under_way = held.ask(1).await;
    assert_eq!(held.next().await, [1]);
    let (gone, stays) = (held.ask(2).await, held.ask(3).await);
    for asking in [under_way, gone] {
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
    }
    held.gate.add_permits(2);
    assert_eq!(held.next().await, [3], "nothing is worked out for nobody");
    assert_eq!(stays.await.unwrap().unwrap(), 6);
}

#[test]
fn an_ended_runtime_leaves_nobody_waiting_for_ever() {
    let coalesce = Coalesce::new(bounds(1, 1), |_: Vec<u32>| async {
        std::future::pending::<()>().await;
        Ok::<Vec<u32>, String>(Vec::new())
    });
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ended = runtime();
    ended.block_on(async {
        let (one, two) = (coalesce.clone(), coalesce.clone());
        tokio::spawn(async move { one.ask(1).await });
        tokio::spawn(async move { two.ask(2).await });
        tokio::task::yield_now().await;
    });
    drop(ended);
    let (under_way, waiting) = {
        let state = coalesce.0.state.lock().unwrap();
        (state.under_way, state.waiting.len())
    };
    assert_eq!((under_way, waiting), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever the bounds and however many ask at once: each has the answer to its own question, and the bounds hold.
    #[test]
    fn everybody_is_answered_within_the_bounds(under_way in 1_usize..4, batch in 1_usize..9, asked in 1_u32..80) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let (now, most, largest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = (now, most.clone(), largest.clone());
        let coalesce = Coalesce::new(bounds(under_way, batch), move |questions: Vec<u32>| {
            let (now, most, largest) = seen.clone();
            async move {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                largest.fetch_max(questions.len(), SeqCst);
                tokio::time::sleep(Duration::from_micros(50)).await;
                now.fetch_sub(1, SeqCst);
                Ok::<_, String>(questions.into_iter().map(|q| q + 1).collect())
            }
        });
        let answers = runtime.block_on(async {
            let asking = (0..asked).map(|q| { let coalesce = coalesce.clone(); tokio::spawn(async move { coalesce.ask(q).await }) });
            futures_util::future::join_all(asking).await
        });
        for (question, answer) in (0..asked).zip(answers) {
            prop_assert_eq!(answer.unwrap().unwrap(), question + 1);
        }
        prop_assert!(most.load(SeqCst) <= under_way && largest.load(SeqCst) <= batch);
    }
}
