//! The `accunode` binary.

mod cli;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Corporate default prediction.
#[derive(Parser)]
#[command(version)]
struct Accunode {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Score(cli::score::ScoreArgs),
    Model(cli::model::ModelArgs),
}

fn main() -> ExitCode {
    let done = match Accunode::parse().command {
        Command::Score(args) => cli::score::run(args),
        Command::Model(args) => cli::model::run(args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
