//! What every handler and job can reach.

use std::sync::{Arc, Weak};

use accunode_db::{Clock, Db};
use accunode_infra::{Blobs, Cache, Mail, Scaler, Wake};

use crate::{
    config::ServerConfig,
    features::{
        auth::{passwords::Passwords, recognition::Recognition, tokens::Tokens},
        grades::service::Scales,
        ops::vitals::Vitals,
        predictions::service::{self as predictions, Creates},
        uploads::service::events::Streams,
    },
    http::limits::Limits,
    models::Models,
};

/// The application's parts, cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    parts: Parts,
    creates: Creates,
    recognition: Recognition,
    vitals: Vitals,
}

/// The parts themselves.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Uploaded files.
    pub blobs: Blobs,
    /// Wakes the workers when there is something to do.
    pub wake: Wake,
    /// The time.
    pub clock: Clock,
    /// The models in use.
    pub models: Models,
    /// The master scales that were needed so far.
    pub scales: Scales,
    /// What was worked out a short while ago.
    pub cache: Cache,
    /// Access tokens.
    pub tokens: Tokens,
    /// Password hashing on a bounded pool.
    pub passwords: Passwords,
    /// How often what may be asked.
    pub limits: Limits,
    /// Mail.
    pub mail: Mail,
    /// Who follows uploads at the moment.
    pub streams: Streams,
    /// Changes the number of workers.
    pub scaler: Scaler,
    /// Settings.
    pub config: ServerConfig,
}

impl AppState {
    /// Shares the parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let creates = predictions::creates(parts.db.clone(), parts.clock.clone());
        let recognition = Recognition::new(&parts.db, &parts.clock);
        let vitals = Vitals::new(&parts.db);
        Self(Arc::new(Shared { parts, creates, recognition, vitals }))
    }

    /// Where new predictions come together.
    pub(crate) fn creates(&self) -> &Creates {
        &self.0.creates
    }

    /// How the parts are.
    #[must_use]
    pub fn vitals(&self) -> &Vitals {
        &self.0.vitals
    }

    /// The same application for as long as somebody else needs it.
    pub(crate) fn weak(&self) -> WeakState {
        WeakState(Arc::downgrade(&self.0))
    }

    /// Recognises who calls.
    pub(crate) fn recognition(&self) -> &Recognition {
        &self.0.recognition
    }
}

/// An [`AppState`] that keeps nothing alive.
pub(crate) struct WeakState(Weak<Shared>);

impl WeakState {
    /// The application, if it is still there.
    pub(crate) fn state(&self) -> Option<AppState> {
        self.0.upgrade().map(AppState)
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
