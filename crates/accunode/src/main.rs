//! The `accunode` binary: server, worker and command-line tools in one.

#![allow(unreachable_pub)] // a program: nothing of it is reached from outside

mod app;
mod cli;
mod logs;
mod settings;
mod traces;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Requests, and the rows of files, are made of many small pieces of memory that come and go on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Corporate default prediction.
#[derive(Parser)]
#[command(name = "accunode", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server, with its workers inside.
    Serve(cli::serve::ServeArgs),
    /// Work on jobs, beside servers that answer requests.
    Worker(cli::worker::WorkerArgs),
    /// Bring the database up to date.
    Migrate(cli::migrate::MigrateArgs),
    /// Copy the embedded database and the files that belong to it, while the server runs.
    Backup(cli::backup::BackupArgs),
    /// Make a data folder from a backup.
    Restore(cli::backup::restore::RestoreArgs),
    /// Check the configuration and everything that the server needs.
    Doctor(cli::doctor::DoctorArgs),
    /// Ask the server of this machine whether it answers.
    Health(cli::health::HealthArgs),
    /// What administrators do beside the server.
    Admin(cli::admin::AdminArgs),
    /// Print the API document.
    Openapi,
    /// Score a portfolio file without a server.
    Score(cli::score::ScoreArgs),
    /// Look into models and try them.
    Model(cli::model::ModelArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => cli::serve::run(args),
        Command::Worker(args) => cli::worker::run(args),
        Command::Migrate(args) => cli::migrate::run(&args),
        Command::Backup(args) => cli::backup::run(&args),
        Command::Restore(args) => cli::backup::restore::run(&args),
        Command::Doctor(args) => cli::doctor::run(&args),
        Command::Health(args) => cli::health::run(&args),
        Command::Admin(args) => cli::admin::run(&args),
        Command::Openapi => cli::openapi::run(),
        Command::Score(args) => cli::score::run(args),
        Command::Model(args) => cli::model::run(args),
    };
    result.unwrap_or_else(|error| {
        use std::io::Write as _;
        // Nothing is left to do when even this cannot be written.
        let _ = writeln!(std::io::stderr(), "error: {}", cli::in_one_line(&error));
        ExitCode::FAILURE
    })
}
