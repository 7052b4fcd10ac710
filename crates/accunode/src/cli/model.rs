//! `accunode model`: look into model files, score rows with them, pack bundles, and repeat stored predictions.

mod inspect;
mod pack;
mod predict;
mod replay;
mod rows;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use accunode_domain::Kind;
use accunode_scoring::lightgbm::Model;
use anyhow::Context as _;

use super::{is_standard, printed};
use crate::app::DataDir;

/// Look into models and score rows with them.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check a bundle's folder or a LightGBM text file and print what it holds.
    Inspect(InspectArgs),
    /// Score a CSV file of rows with a LightGBM text file.
    Predict(PredictArgs),
    /// Pack a bundle's folder, with its golden.csv, into an archive that can be imported.
    Pack(PackArgs),
    /// Score stored predictions again, each with the bundle that made it, and report every difference to the last bit.
    ///
    /// Changes nothing. Exit code 1 when anything differs, 3 when nothing does but bundles are missing.
    Replay(ReplayArgs),
}

#[derive(Debug, clap::Args)]
struct InspectArgs {
    /// Folder of a bundle, or a LightGBM text file.
    path: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct PredictArgs {
    /// LightGBM text file.
    model: PathBuf,
    /// CSV file with a header line (its names are free) and one column for each feature of the model, in
    /// the model's order; an empty cell is missing. `-` is standard input.
    #[arg(long, value_name = "ROWS.csv")]
    input: PathBuf,
    /// CSV file to write: `raw`, `probability`. `-` is standard output.
    #[arg(long, value_name = "OUT.csv")]
    output: PathBuf,
    /// Also write each feature's contribution to `raw` (`contribution_0` …) and the model's expected value
    /// (`contribution_bias`), which sum to `raw`.
    #[arg(long)]
    contributions: bool,
}

#[derive(Debug, clap::Args)]
struct PackArgs {
    /// Folder of the bundle.
    folder: PathBuf,
    /// Archive to write.
    #[arg(long, value_name = "OUT.zip")]
    output: PathBuf,
}

#[derive(Debug, clap::Args)]
struct ReplayArgs {
    #[command(flatten)]
    data: DataDir,
    /// Predictions of this kind alone: `annual` or `quarterly`.
    #[arg(long)]
    kind: Option<Kind>,
    /// Predictions scored on this day (UTC) or later, or from a moment on (RFC 3339).
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

/// Runs `accunode model …`.
///
/// # Errors
/// What a person needs to know to put it right: the file, the line and the reason.
pub(crate) fn run(args: ModelArgs) -> anyhow::Result<ExitCode> {
    let done = match args.command {
        Command::Inspect(args) => inspect::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Pack(args) => pack::run(&args),
        Command::Replay(args) => return printed(replay::run(&args)),
    };
    printed(done.map(|()| ExitCode::SUCCESS))
}

/// Reads a LightGBM text file.
fn read_model(path: &Path) -> anyhow::Result<Model> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Model::parse(&text).map_err(|error| anyhow::anyhow!("{}, {error}", path.display()))
}
