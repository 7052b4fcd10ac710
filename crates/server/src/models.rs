//! The models in use, one for each kind, and those that earlier predictions were made with.
//!
//! What came with the program (or lies in the folder of `ACCUNODE_MODELS`) is in use until somebody brings another
//! model into use; then the database says which, and every server looks there once in [`INTERVAL`].

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use accunode_domain::{Error, Kind, ModelId, Result};
use accunode_infra::BlobError;
use accunode_scoring::{Bundle, BundleError, GOLDEN, Golden, archive, shipped_files};
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    features::models::{
        content::Content,
        store::{self, ModelRow},
    },
    state::AppState,
};

/// How often each server looks which models are in use.
pub const INTERVAL: Duration = Duration::from_secs(2);
/// How many bundles besides those in use are kept in memory.
const KEPT: usize = 16;
/// A model that cannot be loaded is spoken of each time that this many looks have failed: once a minute.
const SILENCE: u32 = 30;

/// Loaded and checked bundles; clones are the same.
#[derive(Clone)]
pub struct Models(Arc<Shared>);

struct Shared {
    annual: Slot,
    quarterly: Slot,
    /// The bundles of earlier predictions, the latest asked for in front.
    recent: Mutex<VecDeque<Arc<Bundle>>>,
    /// Held while a bundle is loaded, so that many who need it load it once.
    loading: tokio::sync::Mutex<()>,
    /// Held while it is looked which models are in use, so that an older answer never follows a newer one.
    looking: tokio::sync::Mutex<()>,
}

/// One kind.
struct Slot {
    came: Came,
    in_use: RwLock<InUse>,
}

/// What came with the program.
struct Came {
    bundle: Arc<Bundle>,
    files: BTreeMap<String, Vec<u8>>,
    golden_rows: usize,
}

struct InUse {
    bundle: Arc<Bundle>,
    /// The number of its activation; 0 is what came with the program.
    number: i64,
    /// How often another one could not be loaded since.
    failures: u32,
}

impl Slot {
    fn new(came: Came) -> Self {
        let in_use = InUse { bundle: Arc::clone(&came.bundle), number: 0, failures: 0 };
        Self { came, in_use: RwLock::new(in_use) }
    }

    fn bundle(&self) -> Arc<Bundle> {
        Arc::clone(&self.in_use.read().unwrap_or_else(PoisonError::into_inner).bundle)
    }

    fn number(&self) -> i64 {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).number
    }

    fn put(&self, bundle: Arc<Bundle>, number: i64) {
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = InUse { bundle, number, failures: 0 };
    }

    /// Counts a failure; true when it is time to speak of it.
    fn failed(&self) -> bool {
        let mut in_use = self.in_use.write().unwrap_or_else(PoisonError::into_inner);
        in_use.failures = in_use.failures.wrapping_add(1);
        in_use.failures % SILENCE == 1
    }
}

impl Models {
    /// The bundles that ship inside the binary.
    ///
    /// # Errors
    /// When a shipped bundle does not load: a defect of the build.
    pub fn shipped() -> Result<Self, BundleError> {
        let load = |kind| {
            let files = shipped_files(kind);
            let bundle = Bundle::from_files(files.clone())?;
            let golden = files.get(GOLDEN).map(|bytes| Golden::parse(bytes, &bundle)).transpose()?;
            Ok(Came { golden_rows: golden.map_or(0, |g| g.rows().len()), bundle: Arc::new(bundle), files })
        };
        Ok(Self::new(load(Kind::Annual)?, load(Kind::Quarterly)?))
    }

    /// The bundles `annual/` and `quarterly/` of a folder.
    ///
    /// # Errors
    /// What is wrong with the first bundle that does not load.
    pub fn load(folder: &Path) -> Result<Self, BundleError> {
        let load = |kind: Kind| {
            let (bundle, files) = Bundle::load_with_files(&folder.join(kind.as_str()))?;
            Ok(Came { bundle: Arc::new(bundle), files, golden_rows: 0 })
        };
        Ok(Self::new(load(Kind::Annual)?, load(Kind::Quarterly)?))
    }

    fn new(annual: Came, quarterly: Came) -> Self {
        Self(Arc::new(Shared {
            annual: Slot::new(annual),
            quarterly: Slot::new(quarterly),
            recent: Mutex::default(),
            loading: tokio::sync::Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        }))
    }

    fn slot(&self, kind: Kind) -> &Slot {
        match kind {
            Kind::Annual => &self.0.annual,
            Kind::Quarterly => &self.0.quarterly,
        }
    }

    /// The bundle in use for a kind.
    #[must_use]
    pub fn get(&self, kind: Kind) -> Arc<Bundle> {
        self.slot(kind).bundle()
    }

    /// The bundle of a kind that came with the program, which is in use until somebody says otherwise.
    #[must_use]
    pub fn came(&self, kind: Kind) -> Arc<Bundle> {
        Arc::clone(&self.slot(kind).came.bundle)
    }

    /// A bundle that is loaded, by its hash.
    #[must_use]
    pub fn loaded(&self, hash: &str) -> Option<Arc<Bundle>> {
        let known = |bundle: &Arc<Bundle>| bundle.hash() == hash;
        let standing = Kind::ALL.into_iter().flat_map(|kind| [self.get(kind), self.came(kind)]).find(known);
        standing.or_else(|| {
            let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
            let at = recent.iter().position(known)?;
            let bundle = recent.remove(at)?;
            recent.push_front(Arc::clone(&bundle));
            Some(bundle)
        })
    }

    fn keep(&self, bundle: &Arc<Bundle>) {
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_front(Arc::clone(bundle));
        recent.truncate(KEPT);
    }
}

/// The bundle that a stored prediction was made with, by its hash; none when it is nowhere to be found.
///
/// # Errors
/// When it is there and cannot be read, or is not what its hash says.
pub async fn by_hash(state: &AppState, hash: &str) -> Result<Option<Arc<Bundle>>> {
    if let Some(bundle) = state.models.loaded(hash) {
        return Ok(Some(bundle));
    }
    let _one_at_a_time = state.models.0.loading.lock().await;
    if let Some(bundle) = state.models.loaded(hash) {
        return Ok(Some(bundle));
    }
    let mut tx = state.db.system_read("find a model by its hash").await?;
    let found = store::by_hash(&mut tx, hash).await?;
    drop(tx);
    let Some(row) = found else { return Ok(None) };
    let bundle = Arc::new(fetch(state, &row).await?);
    state.models.keep(&bundle);
    Ok(Some(bundle))
}

/// A model's bundle from the file store.
async fn fetch(state: &AppState, row: &ModelRow) -> Result<Bundle> {
    let bytes = read(state, &row.file_key).await.map_err(Error::internal)?;
    let load = move || archive::unpack(&bytes).and_then(Bundle::from_files);
    let bundle =
        tokio::task::spawn_blocking(load).await.map_err(Error::internal)?.map_err(Error::internal)?;
    if bundle.hash() != row.hash {
        return Err(Error::internal(format!("the file of model {} holds another bundle", row.id)));
    }
    Ok(bundle)
}

/// A file of the store, whole. What is stored under models' keys is bounded.
pub(crate) async fn read(state: &AppState, key: &str) -> Result<Vec<u8>, BlobError> {
    let chunks: Vec<Bytes> = state.blobs.get(key).await?.try_collect().await?;
    Ok(chunks.concat())
}

/// Records the bundles that came with the program, files and all, so that what they predict can be repeated by later
/// releases. Those that are recorded already stay as they are.
///
/// # Errors
/// When the database or the file store fails.
pub async fn register(state: &AppState) -> Result<()> {
    for kind in Kind::ALL {
        let came = &state.models.slot(kind).came;
        let mut tx = state.db.system_read("look for the models that came with the program").await?;
        let known = store::by_hash(&mut tx, came.bundle.hash()).await?;
        drop(tx);
        let key = known
            .as_ref()
            .map_or_else(|| format!("models/{}.zip", came.bundle.hash()), |m| m.file_key.clone());
        let there = known.is_some() && state.blobs.exists(&key).await.map_err(Error::internal)?;
        if there {
            continue;
        }
        // The file first: whoever finds the row finds the file.
        let bytes = Bytes::from(archive::pack(&came.files).map_err(Error::internal)?);
        let chunks = stream::iter([Ok::<_, std::io::Error>(bytes)]);
        state.blobs.put(&key, chunks, archive::MAX_ARCHIVE).await.map_err(Error::internal)?;
        let mut row = recorded(ModelId::new(), &came.bundle, came.golden_rows, key, state)?;
        row.origin = "shipped".to_owned();
        let mut tx = state.db.system("record the models that came with the program").await?;
        store::insert(&mut tx, &row).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The row of a bundle that is imported.
pub(crate) fn recorded(
    id: ModelId,
    bundle: &Bundle,
    golden_rows: usize,
    file_key: String,
    state: &AppState,
) -> Result<ModelRow> {
    Ok(ModelRow {
        id: id.0,
        kind: bundle.kind().as_str().to_owned(),
        name: bundle.name().to_owned(),
        version: bundle.version().to_owned(),
        hash: bundle.hash().to_owned(),
        file_key,
        origin: "imported".to_owned(),
        golden_rows: i64::try_from(golden_rows).map_err(Error::internal)?,
        summary: serde_json::to_string(&Content::from(bundle)).map_err(Error::internal)?,
        card: bundle.card().map(str::to_owned),
        imported_by: None,
        imported_by_email: None,
        created_at: state.clock.now(),
    })
}

/// Looks which models are in use, and loads those that have changed. One that cannot be loaded leaves the one before
/// it in use.
///
/// # Errors
/// When the database fails.
pub async fn refresh(state: &AppState) -> Result<()> {
    let _one_at_a_time = state.models.0.looking.lock().await;
    let mut tx = state.db.system_read("find the models in use").await?;
    let in_use = store::in_use(&mut tx).await?;
    drop(tx);
    for kind in Kind::ALL {
        let slot = state.models.slot(kind);
        let wanted = in_use.iter().find(|row| row.kind == kind.as_str());
        if slot.number() == wanted.map_or(0, |row| row.number) {
            continue;
        }
        let Some(wanted) = wanted else {
            slot.put(Arc::clone(&slot.came.bundle), 0);
            continue;
        };
        match wanted_bundle(state, kind, &wanted.hash).await {
            Ok(bundle) => {
                let (name, version, hash) = (bundle.name(), bundle.version(), bundle.hash());
                tracing::info!(%kind, name, version, hash, number = wanted.number, "another model is in use");
                slot.put(bundle, wanted.number);
            }
            Err(error) if slot.failed() => {
                let kept = slot.bundle();
                tracing::error!(%kind, %error, hash = wanted.hash, kept = kept.hash(),
                    "THE MODEL IN USE CANNOT BE LOADED: this server goes on with the one before it");
            }
            Err(_) => {}
        }
    }
    Ok(())
}

async fn wanted_bundle(state: &AppState, kind: Kind, hash: &str) -> Result<Arc<Bundle>> {
    let found = by_hash(state, hash).await?;
    found
        .filter(|bundle| bundle.kind() == kind)
        .ok_or_else(|| Error::internal(format!("there is no {kind} model of this hash")))
}

/// Looks which models are in use, again and again, until `stop` is cancelled.
pub async fn watch(state: AppState, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        if let Err(error) = refresh(&state).await {
            tracing::error!(%error, "it could not be looked up which models are in use");
        }
    }
}
