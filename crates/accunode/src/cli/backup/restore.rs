//! `accunode restore`: a data folder from a backup.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use accunode_db::{Clock, Db, Engine, Options};
use anyhow::{Context, Result, bail};
use clap::Args;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::archive::{self, Archive, DATABASE, Entry, FILES, Manifest};
use crate::{
    app::DataDir,
    cli::{printed, signals},
    settings::{FileSettings, Settings},
};

/// What the database is called in a data folder.
const LIVE: &str = "accunode.db";

/// What to restore, and where.
#[derive(Args)]
pub struct RestoreArgs {
    /// The backup: a folder or a .zip file.
    #[arg(long, value_name = "PATH")]
    from: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// Take the place of a data folder that is in place; that one is kept beside it under another name.
    #[arg(long)]
    replace: bool,
}

/// Restores a backup, all of it or nothing.
///
/// # Errors
/// What is wrong with the backup or the place; then the place is as it was.
pub fn run(args: &RestoreArgs) -> Result<ExitCode> {
    let target = std::path::absolute(&args.data.data_dir)?;
    check_settings(&args.data.data_dir)?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    let (manifest, moved) = runtime.block_on(async {
        let stop = CancellationToken::new();
        signals::stop_when_asked(&stop).context("signals cannot be heard")?;
        restore(args, &target, &stop).await
    })?;
    printed(say(args, &manifest, moved.as_deref()))
}

fn say(args: &RestoreArgs, manifest: &Manifest, moved: Option<&Path>) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let (place, files) = (args.data.data_dir.display(), &manifest.files);
    let count = files.iter().filter(|entry| entry.path.starts_with(FILES)).count();
    writeln!(out, "{place}: the database as of {} and {count} files", manifest.made_at)?;
    if let Some(moved) = moved {
        writeln!(out, "what was there before: {}", moved.display())?;
    }
    for key in &manifest.missing {
        writeln!(out, "missing: {key} was not there when the backup was made")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The embedded database and the folder of files are what is restored; settings that lead elsewhere would hide them.
fn check_settings(data_dir: &Path) -> Result<()> {
    let settings = Settings::from_env(data_dir)?;
    let own = format!("sqlite://{}", data_dir.join(LIVE).display());
    if settings.database_url.expose_secret() != own {
        bail!("DATABASE_URL leads elsewhere: without it, the database of the data folder is restored");
    }
    if settings.files != FileSettings::Folder {
        bail!("ACCUNODE_FILES leads elsewhere: without it, the files are restored in the data folder");
    }
    Ok(())
}

async fn restore(
    args: &RestoreArgs,
    target: &Path,
    stop: &CancellationToken,
) -> Result<(Manifest, Option<PathBuf>)> {
    let mut archive = Archive::open(&args.from)?;
    let manifest = archive.manifest()?;
    check_schema(&manifest)?;
    let occupied = check_place(args, target).await?;
    let staging = Staging::beside(target)?;
    let made = staging.path.join("data");
    archive::private_folder(&made)?;
    for entry in &manifest.files {
        archive.extract(entry, &made.join(place(entry)), stop)?;
    }
    check_database(&made.join(LIVE), &manifest).await?;
    archive::sync_folder(&made)?;
    let moved = if occupied { Some(move_away(target)?) } else { None };
    if let Err(error) = fs::rename(&made, target) {
        if let Some(moved) = &moved {
            fs::rename(moved, target).context("what was there before cannot be put back")?;
        }
        let why = format!("{} cannot be made (a folder that is mounted cannot)", target.display());
        return Err(error).context(why);
    }
    archive::sync_folder(staging.path.parent().context("the place has no folder")?)?;
    Ok((manifest, moved))
}

/// Where a file of a backup belongs in a data folder.
fn place(entry: &Entry) -> &str {
    if entry.path == DATABASE { LIVE } else { &entry.path }
}

fn check_schema(manifest: &Manifest) -> Result<()> {
    let known = Db::known_migrations(Engine::Sqlite);
    if let Some(newer) = manifest.migrations.iter().find(|version| !known.contains(version)) {
        bail!(
            "the backup's database is newer than this program (migration {newer} of accunode {}): install that or a \
             later version",
            manifest.program
        );
    }
    Ok(())
}

/// Whether something is in place that has to make room.
async fn check_place(args: &RestoreArgs, target: &Path) -> Result<bool> {
    let shown = args.data.data_dir.display();
    let occupied = match fs::read_dir(target) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        entries => entries.with_context(|| format!("{shown} cannot be read"))?.next().is_some(),
    };
    if occupied && !args.replace {
        bail!("{shown} is not empty: choose another folder, or have it replaced by --replace");
    }
    let database = target.join(LIVE);
    // One that cannot be opened is used by nobody.
    if database.exists() && Db::in_use(&database).await.unwrap_or(false) {
        bail!("{shown} is in use: stop the server and its workers first");
    }
    Ok(occupied)
}

/// The copied database opens, and is the one that the manifest tells of.
async fn check_database(path: &Path, manifest: &Manifest) -> Result<()> {
    let db = Db::connect(&format!("sqlite://{}", path.display()), &Options::default()).await?;
    let migrations = db.applied_migrations().await.context("the backup's database cannot be read")?;
    db.close().await;
    if migrations != manifest.migrations {
        bail!("the backup's database has seen other migrations than its manifest says");
    }
    Ok(())
}

fn beside(target: &Path, name: impl FnOnce(OsString) -> OsString) -> Result<PathBuf> {
    let own = target.file_name().context("--data-dir must name a folder")?;
    Ok(target.with_file_name(name(own.to_owned())))
}

fn move_away(target: &Path) -> Result<PathBuf> {
    let now = Clock::system().now().unix_micros();
    let moved = beside(target, |mut name| {
        name.push(format!(".before-{now}"));
        name
    })?;
    fs::rename(target, &moved).with_context(|| format!("{} cannot be moved away", target.display()))?;
    Ok(moved)
}

/// The folder that is filled, of a fixed name: what a restore that was killed has left is taken away by the next one.
/// Removed when dropped.
struct Staging {
    path: PathBuf,
    /// Held while it is filled.
    _lock: File,
}

impl Staging {
    fn beside(target: &Path) -> Result<Self> {
        let path = beside(target, |name| {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(".restoring");
            hidden
        })?;
        let cannot = || format!("a folder cannot be made beside {}", target.display());
        if let Ok(lock) = File::open(path.join("lock"))
            && lock.try_lock().is_err()
        {
            bail!("{} is being restored already", target.display());
        }
        if path.exists() {
            fs::remove_dir_all(&path).with_context(cannot)?;
        }
        archive::private_folder(&path).with_context(cannot)?;
        let lock = archive::private_file(&path.join("lock")).with_context(cannot)?;
        lock.lock().with_context(cannot)?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(%error, "what was begun cannot be removed");
        }
    }
}
