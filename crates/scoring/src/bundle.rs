//! A bundle: the manifest and its members, checked as one.

use std::{collections::BTreeMap, path::Path};

use accunode_domain::{Kind, Thresholds};

use crate::{
    BundleError, Calibration, Member, MemberModel, Population,
    files::{Files, MANIFEST, MAX_FILE, MAX_MANIFEST, Source},
    manifest::Manifest,
    member::Input,
};

/// A loaded and checked model bundle.
#[derive(Debug)]
pub struct Bundle {
    name: String,
    version: String,
    kind: Kind,
    features: Vec<usize>,
    members: Vec<Member>,
    calibration: Option<Calibration>,
    thresholds: Thresholds,
    population: Option<Population>,
    card: Option<String>,
    hash: String,
}

impl Bundle {
    /// Loads the bundle in a folder: its `manifest.json` and the files that it names. Other files of the
    /// folder are not read.
    ///
    /// # Errors
    /// [`BundleError`] for the first fault found.
    pub fn load(dir: &Path) -> Result<Self, BundleError> {
        Ok(Self::load_with_files(dir)?.0)
    }

    /// As [`load`](Self::load), and the files that were read.
    ///
    /// # Errors
    /// [`BundleError`] for the first fault found.
    pub fn load_with_files(dir: &Path) -> Result<(Self, BTreeMap<String, Vec<u8>>), BundleError> {
        Self::read(Source::Folder(dir))
    }

    /// Loads a bundle from the contents of its files by name. Files that the manifest does not name are
    /// not looked at, exactly as by [`load`](Self::load).
    ///
    /// # Errors
    /// [`BundleError`] for the first fault found.
    pub fn from_files(files: BTreeMap<String, Vec<u8>>) -> Result<Self, BundleError> {
        Ok(Self::read(Source::Memory(files))?.0)
    }

    fn read(source: Source<'_>) -> Result<(Self, BTreeMap<String, Vec<u8>>), BundleError> {
        let mut files = Files::new(source);
        let manifest = Manifest::parse(files.text(MANIFEST, MAX_MANIFEST)?)?;
        let mut members = Vec::with_capacity(manifest.members.len());
        for (index, entry) in manifest.members.into_iter().enumerate() {
            members.push(Member::load(index, entry, manifest.kind, &mut files)?);
        }
        let card = match &manifest.card {
            Some(name) => Some(files.text(name, MAX_FILE)?.to_owned()),
            None => None,
        };
        let bundle = Self {
            name: manifest.name,
            version: manifest.version,
            kind: manifest.kind,
            features: manifest.features,
            members,
            calibration: manifest.calibration,
            thresholds: manifest.thresholds,
            population: manifest.population,
            card,
            hash: files.hash(),
        };
        Ok((bundle, files.into_read()))
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Which kind of prediction it makes.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Names of the ratios in the manifest's order. Rows and columns are always given in the order of
    /// [`Kind::ratios`], whatever this order is.
    pub fn features(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.features.iter().map(|index| self.kind.ratios()[*index].name)
    }

    /// The members in the manifest's order; their weights sum to 1.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The recalibration of the mean, if there is one.
    #[must_use]
    pub fn calibration(&self) -> Option<Calibration> {
        self.calibration
    }

    /// Where the risk levels begin.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// The companies that the model was trained on, if the manifest tells of them.
    #[must_use]
    pub fn population(&self) -> Option<&Population> {
        self.population.as_ref()
    }

    /// Text of the model card, if the manifest names one.
    #[must_use]
    pub fn card(&self) -> Option<&str> {
        self.card.as_deref()
    }

    /// SHA-256 over the bundle's files in hexadecimal: equal exactly where the manifest and all files that
    /// it names are equal, whether they came from a folder or from memory.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// For each ratio of the kind the range that the training data covered, as far as the LightGBM members
    /// tell: the smallest range that holds all of theirs.
    #[must_use]
    pub fn training_ranges(&self) -> Vec<Option<(f64, f64)>> {
        let mut ranges: Vec<Option<(f64, f64)>> = vec![None; self.kind.ratios().len()];
        for member in &self.members {
            let MemberModel::LightGbm(member) = member.model() else { continue };
            for (input, range) in member.inputs().iter().zip(member.model().feature_ranges()) {
                if let (Input::Ratio(index), Some((low, high))) = (input, *range) {
                    ranges[*index] = Some(match ranges[*index] {
                        Some((least, most)) => (low.min(least), high.max(most)),
                        None => (low, high),
                    });
                }
            }
        }
        ranges
    }
}
