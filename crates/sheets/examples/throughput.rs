//! Measures how many rows a second are written and read: `cargo run --release -p accunode-sheets --example
//! throughput -- 1000000`. XLSX takes at most 1,048,575 rows.
#![allow(clippy::print_stdout)] // it is what this program is for

use std::{env, error::Error, fs, time::Instant};

use accunode_domain::Kind;
use accunode_sheets::{Cell, Limits, Reader, Writer, columns::columns};

/// The most memory that this process has held so far, as the system tells it.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}

fn main() -> Result<(), Box<dyn Error>> {
    let rows: u32 = env::args().nth(1).as_deref().unwrap_or("100000").parse()?;
    let folder = tempfile::tempdir()?;
    let header: Vec<_> = columns(Kind::Annual).into_iter().map(|(name, _)| name).collect();
    for name in ["table.csv", "table.xlsx"] {
        let path = folder.path().join(name);
        let start = Instant::now();
        let mut writer = Writer::create(&path, &header)?;
        for i in 0..rows {
            let symbol = format!("S{i}");
            let x = f64::from(i % 9973) / 7.0;
            let mut cells = vec![Cell::Text(&symbol), Cell::Text("Example Works"), Cell::Number(1e9 + x)];
            cells.extend([Cell::Text("Energy"), Cell::Number(2024.0), Cell::Text("Q4")]);
            cells
                .extend([0.1, 0.01, -0.3, 2.0, 0.7].map(|f| Cell::Number((x * f * 1000.0).round() / 1000.0)));
            writer.write(&cells)?;
        }
        writer.finish()?;
        let written = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let mut good = 0_u32;
        for row in Reader::open(&path, Kind::Annual, &Limits::default())? {
            good += u32::from(row?.record.is_ok());
        }
        let read = start.elapsed().as_secs_f64();
        let rate = |seconds: f64| f64::from(rows) / seconds;
        println!(
            "{name}: {} MiB, {good} good rows, written {:.0} rows/s, read {:.0} rows/s, peak memory {}",
            fs::metadata(&path)?.len() >> 20,
            rate(written),
            rate(read),
            peak()
        );
    }
    Ok(())
}
