//! `accunode backup` and `accunode restore`: the embedded database with the files that it names.

mod archive;
pub mod restore;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use accunode_db::{Clock, Db, Options};
use accunode_infra::{BlobError, Blobs};
use accunode_server::features::ops::backup;
use anyhow::{Context, Result, bail};
use clap::Args;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use archive::{DATABASE, Entry, FILES, FORMAT, MANIFEST, Manifest, SECRET_KEY};

use super::{printed, signals};
use crate::{
    app::{self, DataDir},
    settings::Settings,
};

/// How often the database is copied at most, when files that it names are removed meanwhile.
const ROUNDS: usize = 10;
/// What `run` gives when the backup was made, but lacks files that the store lacks, too.
const INCOMPLETE: u8 = 3;

/// Where to put a backup.
#[derive(Args)]
pub struct BackupArgs {
    #[command(flatten)]
    data: DataDir,
    /// Folder to make, or a file that ends in .zip. Its owner alone can read it.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// Take along the key that signs access tokens. Without it, whoever has signed in is asked to renew once.
    #[arg(long)]
    with_secret_key: bool,
}

/// Makes a backup while the server runs.
///
/// # Errors
/// What kept it from being made; nothing is left then.
pub fn run(args: &BackupArgs) -> Result<ExitCode> {
    let settings = app::settings(&args.data)?;
    if !settings.embedded() {
        bail!("DATABASE_URL is PostgreSQL, which has tools for this: see docs/operations.md, Backups");
    }
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    let manifest = runtime.block_on(async {
        let stop = CancellationToken::new();
        signals::stop_when_asked(&stop).context("signals cannot be heard")?;
        make(args, &settings, &stop).await
    })?;
    printed(say(args, &manifest))
}

fn say(args: &BackupArgs, manifest: &Manifest) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let bytes: u64 = manifest.files.iter().map(|entry| entry.size).sum();
    let key = if args.with_secret_key { "with" } else { "without" };
    writeln!(
        out,
        "{}: the database as of {} and {} files, {bytes} bytes, {key} the secret key",
        args.to.display(),
        manifest.made_at,
        manifest.files.iter().filter(|entry| entry.path.starts_with(FILES)).count(),
    )?;
    for key in &manifest.missing {
        writeln!(out, "missing: {key} is named by the database, but is not in the store of files")?;
    }
    Ok(if manifest.missing.is_empty() { ExitCode::SUCCESS } else { INCOMPLETE.into() })
}

/// Makes it in a folder beside its place, which it takes when it is whole.
async fn make(args: &BackupArgs, settings: &Settings, stop: &CancellationToken) -> Result<Manifest> {
    let to = std::path::absolute(&args.to)?;
    if to.symlink_metadata().is_ok() {
        bail!("{} is there already", args.to.display());
    }
    let parent = to.parent().context("--to must name a folder or file")?;
    let staging = tempfile::Builder::new()
        .prefix(".accunode-backup-")
        .tempdir_in(parent)
        .with_context(|| format!("{} cannot be written", parent.display()))?;
    let folder = staging.path().join("backup");
    archive::private_folder(&folder)?;
    let manifest = fill(&folder, args, settings, stop).await?;
    let text = serde_json::to_vec_pretty(&manifest)?;
    archive::copy_to_file(MANIFEST, &text[..], &folder.join(MANIFEST), stop)?;
    let made = if to.extension().is_some_and(|ending| ending == "zip") {
        let file = staging.path().join("backup.zip");
        archive::pack(&folder, &manifest, &file, stop)?;
        file
    } else {
        sync_all(&folder)?;
        folder
    };
    fs::rename(made, &to).with_context(|| format!("{} cannot be made", args.to.display()))?;
    archive::sync_folder(parent)?;
    Ok(manifest)
}

fn sync_all(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_all(&path)?;
        }
    }
    Ok(archive::sync_folder(folder)?)
}

/// Copies the database, and then the files that it names. A file is there before the row that names it, and is removed
/// after it: what is not there was removed in between. Then the database is copied anew, and no longer names it; or it
/// does, and the store itself has lost the file. Files that are there before the database is copied are taken first,
/// or else one that is removed meanwhile would be missed in each round where files come and go quickly.
async fn fill(
    folder: &Path,
    args: &BackupArgs,
    settings: &Settings,
    stop: &CancellationToken,
) -> Result<Manifest> {
    let store = app::files(settings)?;
    let mut copied = BTreeMap::new();
    let mut missing = Vec::new();
    let mut round = 1;
    let live = Db::connect(settings.database_url.expose_secret(), &settings.database_options()).await?;
    loop {
        // What is wrong with the database is told when it is copied.
        let there = backup::files(&live).await.unwrap_or_default();
        take_all(&store, &there, folder, stop, &mut copied).await?;
        let (made_at, migrations, named) = snapshot(&folder.join(DATABASE), settings).await?;
        let before = missing;
        missing = take_all(&store, &named, folder, stop, &mut copied).await?;
        if missing.is_empty() || missing == before || round >= ROUNDS {
            live.close().await;
            let files = entries(folder, copied, &named, args, settings, stop)?;
            let program = env!("CARGO_PKG_VERSION").to_owned();
            return Ok(Manifest { format: FORMAT, program, made_at, migrations, files, missing });
        }
        round += 1;
    }
}

/// Copies the database; gives when, which migrations it has seen, and the files that it names.
async fn snapshot(to: &Path, settings: &Settings) -> Result<(String, Vec<i64>, BTreeSet<String>)> {
    if to.exists() {
        fs::remove_file(to)?;
    }
    let made_at = Clock::system().now().to_string();
    Db::snapshot(settings.database_url.expose_secret(), to).await.context("the database cannot be copied")?;
    #[cfg(unix)]
    fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let db = Db::connect(&format!("sqlite://{}", to.display()), &Options::default()).await?;
    let migrations = db.applied_migrations().await?;
    let known = Db::known_migrations(db.engine());
    if migrations != known {
        bail!("the database is not of this program's version: run `accunode migrate` first");
    }
    let files = backup::files(&db).await?.into_iter().collect();
    db.close().await;
    Ok((made_at, migrations, files))
}

/// Copies those of these files that were not copied yet; gives those that are not there.
async fn take_all(
    store: &Blobs,
    keys: impl IntoIterator<Item = &String>,
    folder: &Path,
    stop: &CancellationToken,
    copied: &mut BTreeMap<String, Entry>,
) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for key in keys {
        if !copied.contains_key(key) {
            match take(store, key, folder, stop).await? {
                Some(entry) => drop(copied.insert(key.clone(), entry)),
                None => missing.push(key.clone()),
            }
        }
    }
    Ok(missing)
}

/// Copies a file of the store; none when it is not there.
async fn take(store: &Blobs, key: &str, folder: &Path, stop: &CancellationToken) -> Result<Option<Entry>> {
    let path = format!("{FILES}/{key}");
    let file = match store.open_local(key).await {
        Err(BlobError::NotFound(_)) => return Ok(None),
        file => file.with_context(|| format!("file {key} cannot be read"))?,
    };
    match File::open(file.path()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        opened => {
            let opened = opened.with_context(|| format!("file {key} cannot be read"))?;
            archive::copy_to_file(&path, opened, &folder.join(&path), stop).map(Some)
        }
    }
}

/// What the backup holds in the end. Files that only an earlier copy of the database named are taken out.
fn entries(
    folder: &Path,
    copied: BTreeMap<String, Entry>,
    named: &BTreeSet<String>,
    args: &BackupArgs,
    settings: &Settings,
    stop: &CancellationToken,
) -> Result<Vec<Entry>> {
    let database = File::open(folder.join(DATABASE))?;
    database.sync_all()?;
    let mut entries = vec![archive::copy(DATABASE, database, std::io::sink(), stop)?];
    if args.with_secret_key {
        let key = app::secret_key(settings)?;
        let key = key.expose_secret().as_bytes();
        entries.push(archive::copy_to_file(SECRET_KEY, key, &folder.join(SECRET_KEY), stop)?);
    }
    for (key, entry) in copied {
        if named.contains(&key) {
            entries.push(entry);
        } else {
            fs::remove_file(folder.join(&entry.path))?;
        }
    }
    Ok(entries)
}
