//! Laws: properties that hold for whatever is done to one application.

use accunode_db::Engine;
use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestRunner},
};

use crate::TestDb;

/// Checks a law in several cases, all on one application that `start` makes on a fresh database, so that each adds to
/// what the earlier ones left. `holds` gets the application, the case's number from 1 on and what was drawn; one that
/// fails is made smaller in a few more cases. Without the engine's service nothing is checked.
///
/// # Panics
/// When the law does not hold.
pub fn law<S: Strategy, A>(
    engine: Engine,
    cases: u32,
    strategy: &S,
    start: impl AsyncFnOnce(TestDb) -> A,
    holds: impl AsyncFn(&A, usize, S::Value) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime.block_on(async {
        match engine {
            Engine::Sqlite => Some(TestDb::sqlite().await),
            Engine::Postgres => TestDb::postgres().await,
        }
    });
    let Some(test) = test else { return };
    let app = runtime.block_on(start(test));
    let case = std::cell::Cell::new(0);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 40, ..Config::default() };
    let outcome = TestRunner::new(config).run(strategy, |drawn| {
        case.set(case.get() + 1);
        runtime.block_on(holds(&app, case.get(), drawn))
    });
    outcome.unwrap();
    // The application may end tasks that run on the runtime.
    let _inside = runtime.enter();
    drop(app);
}
