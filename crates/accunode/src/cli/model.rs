//! `accunode model`: look into model files and score rows with them, without a server.

mod inspect;
mod predict;
mod rows;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use accunode_scoring::lightgbm::Model;
use anyhow::Context as _;

use super::{is_standard, printed};

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

/// Runs `accunode model …`.
///
/// # Errors
/// What a person needs to know to put it right: the file, the line and the reason.
pub(crate) fn run(args: ModelArgs) -> anyhow::Result<ExitCode> {
    let done = match args.command {
        Command::Inspect(args) => inspect::run(&args),
        Command::Predict(args) => predict::run(&args),
    };
    printed(done.map(|()| ExitCode::SUCCESS))
}

/// Reads a LightGBM text file.
fn read_model(path: &Path) -> anyhow::Result<Model> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Model::parse(&text).map_err(|error| anyhow::anyhow!("{}, {error}", path.display()))
}
