//! Portfolios of real companies, where they are at hand, against an independent reader.

use std::path::{Path, PathBuf};

use accunode_domain::{Flag, Kind, Ratio};
use accunode_sheets::{Limits, Reader, Record};
use calamine::{Data, Reader as _, Xlsx, open_workbook};

/// The folder, or nothing where it is not at hand (then the test says so and passes).
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/portfolio");
    if !folder.is_dir() {
        println!("skipped: no portfolio files at hand");
        return None;
    }
    Some(folder)
}

fn records(path: &Path, kind: Kind) -> Vec<Record> {
    let reader = Reader::open(path, kind, &Limits::default()).unwrap();
    reader.map(|row| row.unwrap().record.unwrap()).collect()
}

#[test]
fn rows_blanks_sentinels_and_margins() {
    let Some(folder) = folder() else { return };
    let mut sentinels = 0;
    let mut lowest = f64::INFINITY;
    for (name, kind, rows) in [
        ("annual_1", Kind::Annual, 2475),
        ("annual_2", Kind::Annual, 2475),
        ("quarterly_1", Kind::Quarterly, 150),
    ] {
        let records = records(&folder.join(format!("{name}.xlsx")), kind);
        assert_eq!(records.len(), rows, "{name}");
        let flags: Vec<_> = records.iter().flat_map(|r| r.quality(&[])).collect();
        sentinels += flags.iter().filter(|f| f.code == Flag::Sentinel).count();
        if kind == Kind::Annual {
            assert!(flags.iter().any(|f| f.code == Flag::Missing), "{name} has blanks");
            let margins = records.iter().filter_map(|r| r.ratios[2].value());
            lowest = margins.fold(lowest, f64::min);
        }
    }
    assert!(sentinels > 0);
    assert!(lowest < -299.0);
    let first = &records(&folder.join("annual_1.xlsx"), Kind::Annual)[0];
    assert_eq!((first.symbol.as_str(), first.market_cap), ("HPE", Some(1e8)));
    assert_eq!(first.ratios[0..3], [Ratio::Missing, Ratio::Missing, Ratio::Value(-24.182)]);
}

#[test]
fn every_cell_is_what_another_reader_sees() {
    let Some(folder) = folder() else { return };
    for (name, kind) in
        [("annual_1", Kind::Annual), ("annual_2", Kind::Annual), ("quarterly_1", Kind::Quarterly)]
    {
        let path = folder.join(format!("{name}.xlsx"));
        let mut other: Xlsx<_> = open_workbook(&path).unwrap();
        let range = other.worksheet_range_at(0).unwrap().unwrap();
        let mut rows = 0;
        for (ours, theirs) in Reader::open(&path, kind, &Limits::default()).unwrap().zip(range.rows().skip(1))
        {
            for (cell, other) in ours.unwrap().cells.iter().zip(theirs) {
                match other {
                    Data::Float(x) => assert_eq!(cell.parse(), Ok(*x)),
                    Data::Int(x) => assert_eq!(cell.parse(), Ok(*x)),
                    other => assert_eq!(*cell, other.to_string()),
                }
            }
            rows += 1;
        }
        assert_eq!(rows, range.height() - 1);
    }
}
