//! Writes a portfolio file of any size, for measurements:
//!
//!     cargo run --release -p accunode-testkit --example portfolio -- --rows 100000 portfolio.csv
#![allow(clippy::print_stdout)] // a program

use std::{fs::File, io::BufWriter, path::PathBuf};

use accunode_domain::Kind;
use accunode_testkit::Portfolio;
use clap::Parser;

/// Writes a portfolio file, CSV or XLSX by its name's ending, and prints how many of its rows can be stored.
#[derive(Parser)]
struct Arguments {
    /// annual or quarterly.
    #[arg(long, default_value = "annual")]
    kind: Kind,
    /// Data rows.
    #[arg(long)]
    rows: u64,
    /// Rows among them that cannot be read.
    #[arg(long, default_value_t = 0)]
    invalid: u64,
    /// Rows among them that repeat an earlier one.
    #[arg(long, default_value_t = 0)]
    duplicates: u64,
    /// What the companies' symbols begin with.
    #[arg(long, default_value = "C")]
    prefix: String,
    /// Decides everything that is random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The file to write.
    output: PathBuf,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Arguments { kind, rows, invalid, duplicates, prefix, seed, output } = Arguments::parse();
    let file = Portfolio::good(kind, rows).refused(invalid, duplicates).prefix(&prefix).seed(seed);
    if output.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx")) {
        file.write_xlsx(&output)?;
    } else {
        file.write_csv(BufWriter::new(File::create(&output)?))?;
    }
    println!("{}", file.stored());
    Ok(())
}
