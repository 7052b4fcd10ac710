//! The models in use, one for each kind, and those that earlier predictions were made with.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use accunode_domain::{Kind, Result};
use accunode_scoring::{Bundle, BundleError, shipped};

use crate::state::AppState;

/// Loaded and checked bundles; clones are the same.
#[derive(Clone)]
pub struct Models(Arc<RwLock<Loaded>>);

struct Loaded {
    annual: Arc<Bundle>,
    quarterly: Arc<Bundle>,
    by_hash: HashMap<String, Arc<Bundle>>,
}

impl Models {
    /// The bundles that ship inside the binary.
    ///
    /// # Errors
    /// When a shipped bundle does not load: a defect of the build.
    pub fn shipped() -> Result<Self, BundleError> {
        Ok(Self::new(shipped(Kind::Annual)?, shipped(Kind::Quarterly)?))
    }

    /// The bundles `annual/` and `quarterly/` of a folder.
    ///
    /// # Errors
    /// What is wrong with the first bundle that does not load.
    pub fn load(folder: &Path) -> Result<Self, BundleError> {
        let load = |kind: Kind| Bundle::load(&folder.join(kind.as_str()));
        Ok(Self::new(load(Kind::Annual)?, load(Kind::Quarterly)?))
    }

    fn new(annual: Bundle, quarterly: Bundle) -> Self {
        let (annual, quarterly) = (Arc::new(annual), Arc::new(quarterly));
        let by_hash = [&annual, &quarterly].map(|b| (b.hash().to_owned(), Arc::clone(b))).into();
        Self(Arc::new(RwLock::new(Loaded { annual, quarterly, by_hash })))
    }

    /// The bundle in use for a kind.
    #[must_use]
    pub fn get(&self, kind: Kind) -> Arc<Bundle> {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match kind {
            Kind::Annual => Arc::clone(&loaded.annual),
            Kind::Quarterly => Arc::clone(&loaded.quarterly),
        }
    }

    /// A bundle that is loaded, by its hash.
    #[must_use]
    pub fn loaded(&self, hash: &str) -> Option<Arc<Bundle>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(hash).cloned()
    }
}

/// The bundle that a stored prediction was made with, by its hash; none when it is nowhere to be found.
///
/// # Errors
/// When it is there and cannot be read.
pub async fn by_hash(state: &AppState, hash: &str) -> Result<Option<Arc<Bundle>>> {
    Ok(state.models.loaded(hash))
}
