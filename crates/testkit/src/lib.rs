//! What tests share: a fresh database for each test on either engine, private PostgreSQL and Redis instances, and
//! people of two tenants.
//!
//! `scripts/with-services.sh` starts one PostgreSQL and one Redis for a whole run and names them in
//! `ACCUNODE_TEST_POSTGRES_URL` and `ACCUNODE_TEST_REDIS_URL`. Without them a test that needs them says that it
//! skips itself; under `ACCUNODE_REQUIRE_SERVICES=1`, which the script sets, it fails.
//!
//! ```
//! accunode_testkit::on_both_engines! {
//!     /// Runs as `the_database_answers::sqlite` and `the_database_answers::postgres`.
//!     async fn the_database_answers(test: TestDb) {
//!         test.db().ping().await.unwrap();
//!     }
//! }
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests only

mod database;
mod law;
mod people;
mod portfolio;
mod private;
mod program;
pub mod report;
mod totals;

pub use database::{TestDb, engines, postgres_url, redis_url};
pub use law::law;
pub use people::{People, standing};
pub use portfolio::{Cell, Portfolio};
pub use private::{PrivatePostgres, PrivateRedis, Shutdown};
pub use program::serving;
pub use totals::{miscounted, recount};

/// Declares async tests that run once on each engine, as `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($test:ident : TestDb) $body:block)*) => {$(
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports)] // what the test's file imports
            use super::*;

            async fn story($test: $crate::TestDb) $body

            $(#[$meta])*
            #[test]
            fn sqlite() {
                $crate::block_on(async { story($crate::TestDb::sqlite().await).await });
            }

            $(#[$meta])*
            #[test]
            fn postgres() {
                $crate::block_on(async {
                    if let Some(test) = $crate::TestDb::postgres().await {
                        story(test).await;
                    }
                });
            }
        }
    )*};
}

/// Runs a future on a runtime of its own with two threads.
///
/// # Panics
/// When the runtime cannot be made, and when the future panics.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
