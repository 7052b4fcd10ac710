//! The bundles that ship: compiled into the program, so that it needs no files beside it.

use std::collections::BTreeMap;

use accunode_domain::Kind;

use crate::{Bundle, BundleError};

macro_rules! files {
    ($kind:literal) => {
        files!($kind, "manifest.json", "scorecard.json", "lightgbm.txt", "card.md", "golden.csv")
    };
    ($kind:literal, $($file:literal),+) => {
        [$(($file, include_bytes!(concat!("../../../models/", $kind, "/", $file)).as_slice())),+]
    };
}

/// The bundle of a kind that ships with this program.
///
/// # Errors
/// [`BundleError`] if the program was built with a bundle that is not sound, which its tests rule out.
pub fn shipped(kind: Kind) -> Result<Bundle, BundleError> {
    Bundle::from_files(shipped_files(kind))
}

/// The files of the bundle of a kind that ships with this program, its golden rows among them.
#[must_use]
pub fn shipped_files(kind: Kind) -> BTreeMap<String, Vec<u8>> {
    let files = match kind {
        Kind::Annual => files!("annual"),
        Kind::Quarterly => files!("quarterly"),
    };
    BTreeMap::from(files.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_sound_bundle() {
        for kind in Kind::ALL {
            let bundle = shipped(kind).unwrap();
            assert_eq!(bundle.kind(), kind);
            assert!(bundle.card().is_some());
        }
    }
}
