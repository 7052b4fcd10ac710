//! Answering together what is asked at the same time.
//!
//! Whoever asks while others are being answered waits for the next batch, which takes along everybody who has come by
//! then. Nothing is kept: each answer's work begins after the asking, so it is as fresh as if asked alone. Where few ask,
//! nobody waits; where many do, one piece of work serves all of them.

use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use accunode_domain::Error;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

/// How much is done at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Batches under way at most. What comes when so many are waits for one to end.
    pub under_way: NonZeroUsize,
    /// Questions in a batch at most.
    pub batch: NonZeroUsize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered<E> {
    /// The whole batch failed; everybody in it hears of the same error.
    #[error(transparent)]
    Failed(Arc<E>),
    /// The work broke off, or gave another number of answers than there were questions.
    #[error("a batch of questions was left without its answers")]
    Broken,
}

/// Work on a batch: as many answers as there are questions, in their order.
type Work<Q, A, E> = Box<dyn Fn(Vec<Q>) -> BoxFuture<'static, Result<Vec<A>, E>> + Send + Sync>;

/// Gathers questions into batches; clones share them.
pub struct Coalesce<Q, A, E>(Arc<Shared<Q, A, E>>);

struct Shared<Q, A, E> {
    work: Work<Q, A, E>,
    bounds: Bounds,
    state: Mutex<State<Q, A, E>>,
}

struct State<Q, A, E> {
    under_way: usize,
    waiting: VecDeque<Asked<Q, A, E>>,
}

struct Asked<Q, A, E> {
    question: Q,
    answer: oneshot::Sender<Result<A, Unanswered<E>>>,
}

impl<Q, A, E> Clone for Coalesce<Q, A, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q, A, E> fmt::Debug for Coalesce<Q, A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coalesce({:?})", self.0.bounds)
    }
}

impl<Q, A, E> Coalesce<Q, A, E>
where
    Q: Send + 'static,
    A: Send + 'static,
    E: Send + Sync + 'static,
{
    /// Batches within these bounds. The work is given at least one question, and must not ask here itself.
    pub fn new<F, R>(bounds: Bounds, work: F) -> Self
    where
        F: Fn(Vec<Q>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Vec<A>, E>> + Send + 'static,
    {
        let work: Work<Q, A, E> = Box::new(move |questions| Box::pin(work(questions)));
        let state = Mutex::new(State { under_way: 0, waiting: VecDeque::new() });
        Self(Arc::new(Shared { work, bounds, state }))
    }

    /// The answer, worked out after this call began. Going away while waiting harms nobody: a question that nobody
    /// waits for is left out, or answered in vain if its batch has begun. Must be called on the runtime.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ask(&self, question: Q) -> Result<A, Unanswered<E>> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waiting.push_back(Asked { question, answer });
        }
        begin(&self.0);
        answered.await.unwrap_or(Err(Unanswered::Broken))
    }
}

/// Begins a batch, if one may begin and somebody waits. It has a task of its own, so that nobody's going away ends it.
fn begin<Q, A, E>(shared: &Arc<Shared<Q, A, E>>)
where
    Q: Send + 'static,
    A: Send + 'static,
    E: Send + Sync + 'static,
{
    let batch: Vec<_> = {
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.under_way == shared.bounds.under_way.get() {
            return;
        }
        state.waiting.retain(|asked| !asked.answer.is_closed());
        let size = state.waiting.len().min(shared.bounds.batch.get());
        if size == 0 {
            return;
        }
        state.under_way += 1;
        state.waiting.drain(..size).collect()
    };
    let turn = Turn(shared.clone());
    tokio::spawn(async move {
        let (questions, answers): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|a| (a.question, a.answer)).unzip();
        let outcome = (turn.0.work)(questions).await;
        // The next batch is prepared while these hear of theirs.
        drop(turn);
        tell(answers, outcome);
    });
}

fn tell<A, E>(waiting: Vec<oneshot::Sender<Result<A, Unanswered<E>>>>, outcome: Result<Vec<A>, E>) {
    // Whoever went away meanwhile is not told; dropping a sender tells that there is no answer.
    match outcome {
        Ok(answers) if answers.len() == waiting.len() => {
            for (one, answer) in waiting.into_iter().zip(answers) {
                let _ = one.send(Ok(answer));
            }
        }
        Ok(_) => {}
        Err(error) => {
            let error = Arc::new(error);
            for one in waiting {
                let _ = one.send(Err(Unanswered::Failed(error.clone())));
            }
        }
    }
}

/// The turn of a batch. Given back however the batch ends, a panic included, and then the next one begins.
struct Turn<Q, A, E>(Arc<Shared<Q, A, E>>)
where
    Q: Send + 'static,
    A: Send + 'static,
    E: Send + Sync + 'static;

impl<Q, A, E> Drop for Turn<Q, A, E>
where
    Q: Send + 'static,
    A: Send + 'static,
    E: Send + Sync + 'static,
{
    fn drop(&mut self) {
        {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.under_way -= 1;
            if tokio::runtime::Handle::try_current().is_err() {
                // The runtime has ended: nobody works any more, and whoever still waits shall know.
                state.waiting.clear();
            }
        }
        if tokio::runtime::Handle::try_current().is_ok() {
            begin(&self.0);
        }
    }
}

impl From<Unanswered<Error>> for Error {
    fn from(unanswered: Unanswered<Error>) -> Self {
        match unanswered {
            Unanswered::Failed(error) => match &*error {
                Self::Unavailable(text) => Self::Unavailable(text.clone()),
                Self::Internal(source) => Self::internal(source.to_string()),
                other => Self::internal(other.to_string()),
            },
            Unanswered::Broken => Self::internal(Unanswered::<Self>::Broken),
        }
    }
}

#[cfg(test)]
mod tests;
