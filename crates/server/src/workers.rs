//! Who does which job: the one list of the handlers.

use accunode_queue::{Handlers, Runner, Upkeep};

use crate::{
    features::{
        auth::jobs::{PasswordResetHandler, TidyHandler},
        contact::jobs::ContactHandler,
        uploads::jobs::UploadHandler,
    },
    state::AppState,
};

/// Who does what.
#[must_use]
pub fn handlers(state: &AppState) -> Handlers {
    Handlers::default()
        .with(UploadHandler { state: state.clone() })
        .with(PasswordResetHandler { state: state.clone() })
        .with(ContactHandler { state: state.clone() })
        .with(TidyHandler)
        .with(Upkeep)
}

/// A runner with every handler of the application, of `concurrency` jobs at once, that also sees to what comes round
/// by itself.
#[must_use]
pub fn runner(state: &AppState, concurrency: usize) -> Runner {
    Runner::new(state.db.clone(), state.wake.clone())
        .clock(state.clock.clone())
        .concurrency(concurrency)
        .handlers(handlers(state))
        .schedule(TidyHandler::schedule())
        .schedule(Upkeep::schedule())
}
