//! The sample portfolios: what the generator writes, and nothing but good rows.

use std::{collections::BTreeSet, fs, path::Path};

use accunode_domain::{Flag, Kind, Ratio};
use accunode_sheets::{Limits, Reader, Record};

#[allow(dead_code)] // its main function
#[path = "../../examples/make_sample.rs"]
mod make_sample;

#[test]
fn the_samples_are_what_the_generator_writes_and_every_row_is_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample");
    let made = tempfile::tempdir().unwrap();
    let mut companies = BTreeSet::new();
    for (kind, rows) in [(Kind::Annual, 240), (Kind::Quarterly, 120)] {
        let name = format!("portfolio_{kind}.csv");
        make_sample::write_sample(kind, &made.path().join(&name)).unwrap();
        let path = folder.join(&name);
        assert_eq!(fs::read_to_string(&path).unwrap(), fs::read_to_string(made.path().join(&name)).unwrap());

        let reader = Reader::open(&path, kind, &Limits::default()).unwrap();
        let records: Vec<Record> = reader.map(|row| row.unwrap().record.unwrap()).collect();
        assert_eq!(records.len(), rows);
        let ratios = || records.iter().flat_map(|r| &r.ratios);
        assert!(ratios().any(|r| *r == Ratio::Missing) && ratios().any(|r| *r == Ratio::NotMeaningful));
        let sentinels =
            records.iter().flat_map(|r| r.quality(&[])).filter(|f| f.code == Flag::Sentinel).count();
        assert_eq!(sentinels, usize::from(kind == Kind::Annual));
        let keys: BTreeSet<_> = records.iter().map(|r| (&r.symbol, r.period)).collect();
        assert_eq!(keys.len(), rows, "a company reports a period once");
        let sectors: BTreeSet<_> = records.iter().map(|r| &r.sector).collect();
        assert_eq!(sectors.len(), 11);
        companies.extend(records.iter().map(|r| r.symbol.clone()));
    }
    assert_eq!(companies.len(), 60);
}
