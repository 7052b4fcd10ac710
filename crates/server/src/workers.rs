//! Who does which job: the one list of the handlers.

use accunode_queue::Runner;

use crate::{
    features::{
        auth::jobs::PasswordResetHandler, contact::jobs::ContactHandler, uploads::jobs::{ChunkHandler, PlanHandler, RemoveHandler},
    },
    state::AppState,
};

/// A runner with every handler of the application, of `concurrency` jobs at once.
#[must_use]
pub fn runner(state: &AppState, concurrency: usize) -> Runner {
    Runner::new(state.db.clone(), state.wake.clone())
        .clock(state.clock.clone())
        .concurrency(concurrency)
        .handler(PlanHandler { state: state.clone() })
        .handler(ChunkHandler { state: state.clone() })
        .handler(RemoveHandler { state: state.clone() })
        .handler(PasswordResetHandler { state: state.clone() })
        .handler(ContactHandler { state: state.clone() })
}
