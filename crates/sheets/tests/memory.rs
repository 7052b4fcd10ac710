//! Three hundred thousand rows out and in, in little memory. Alone in its process, whose peak is measured.

use std::path::Path;

use accunode_domain::Kind;
use accunode_sheets::{Cell, FileError, Limits, Reader, Writer, columns::columns};

const ROWS: u32 = 300_000;
/// Far below what the rows take as texts (about 100 bytes each, several times that as separate strings).
const MOST_KIB: u64 = 24 << 10;

/// The most memory that this process has held so far, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn write(path: &Path) -> Result<(), FileError> {
    let header: Vec<_> = columns(Kind::Annual).into_iter().map(|(name, _)| name).collect();
    let mut writer = Writer::create(path, &header)?;
    for i in 0..ROWS {
        let symbol = format!("S{i}");
        let x = f64::from(i) / 7.0;
        let mut cells = vec![Cell::Text(&symbol), Cell::Text("Example Works"), Cell::Number(1e9 + x)];
        cells.extend([Cell::Text("Energy"), Cell::Number(2024.0), Cell::Empty]);
        cells.extend([0.1, 0.01, -0.3, 2.0, 0.7].map(|f| Cell::Number(x * f)));
        writer.write(&cells)?;
    }
    writer.finish()
}

#[test]
fn a_large_file_needs_little_memory() {
    let Some(before) = peak_kib() else {
        println!("skipped: this system does not tell a process its peak memory");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["large.csv", "large.xlsx"] {
        let path = folder.path().join(name);
        write(&path).unwrap();
        let mut good = 0;
        for row in Reader::open(&path, Kind::Annual, &Limits::default()).unwrap() {
            good += u32::from(row.unwrap().record.is_ok());
        }
        assert_eq!(good, ROWS);
        let grown = peak_kib().unwrap() - before;
        println!("{name}: {} KiB on disk, peak memory {grown} KiB", path.metadata().unwrap().len() >> 10);
        assert!(grown < MOST_KIB, "{name} took {grown} KiB");
    }
}
