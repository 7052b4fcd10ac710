//! The models in use, one for each kind.

use std::{path::Path, sync::Arc};

use accunode_domain::Kind;
use accunode_scoring::{Bundle, BundleError, shipped};

/// One bundle for each kind, loaded and checked at the start.
#[derive(Clone)]
pub struct Models {
    annual: Arc<Bundle>,
    quarterly: Arc<Bundle>,
}

impl Models {
    /// The bundles that ship inside the binary.
    ///
    /// # Errors
    /// When a shipped bundle does not load: a defect of the build.
    pub fn shipped() -> Result<Self, BundleError> {
        Ok(Self { annual: Arc::new(shipped(Kind::Annual)?), quarterly: Arc::new(shipped(Kind::Quarterly)?) })
    }

    /// The bundles `annual/` and `quarterly/` of a folder.
    ///
    /// # Errors
    /// What is wrong with the first bundle that does not load.
    pub fn load(folder: &Path) -> Result<Self, BundleError> {
        let load = |kind: Kind| Bundle::load(&folder.join(kind.as_str())).map(Arc::new);
        Ok(Self { annual: load(Kind::Annual)?, quarterly: load(Kind::Quarterly)? })
    }

    /// The bundle in use for a kind.
    #[must_use]
    pub fn get(&self, kind: Kind) -> Arc<Bundle> {
        match kind {
            Kind::Annual => Arc::clone(&self.annual),
            Kind::Quarterly => Arc::clone(&self.quarterly),
        }
    }
}
