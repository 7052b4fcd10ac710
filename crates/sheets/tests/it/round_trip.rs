//! What is written reads back equal.

use std::{fs, path::Path};

use accunode_domain::Kind;
use accunode_sheets::{Cell, FileError, Limits, Reader, Writer};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::ANNUAL;

/// Writes a table below the annual header (plus a last column `note`) and reads its cells back.
fn round_trip(folder: &Path, ending: &str, rows: &[Vec<Cell<'_>>]) -> Vec<Vec<String>> {
    let path = folder.join(format!("table.{ending}"));
    let header: Vec<_> = ANNUAL.split(',').chain(["note"]).collect();
    let mut writer = Writer::create(&path, &header).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    let reader = Reader::open(&path, Kind::Annual, &Limits::default()).unwrap();
    reader.map(|row| row.unwrap().cells).collect()
}

fn any_text() -> impl Strategy<Value = String> {
    // Carriage returns are left out: at a CSV line's end they belong to the line break.
    prop_oneof![
        "[^\0\r\u{1}-\u{1f}\u{7f}-\u{9f}\u{fffe}\u{ffff}]{0,12}",
        "'{0,3}[=+@\\-][a-z0-9]{0,3}",
        "-?[0-9]{1,4}(\\.[0-9]{1,4})?",
        "_x00[0-9A-F]{2}_",
        " [a-z]\n[\"',;] ",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_table_of_texts(rows in prop::collection::vec(prop::collection::vec(any_text(), 11), 1..8)) {
        let folder = TempDir::new().unwrap();
        // A first cell that is never blank: blank rows are skipped.
        let expected: Vec<Vec<String>> =
            rows.into_iter().map(|row| [vec!["x".to_owned()], row].concat()).collect();
        let cells: Vec<Vec<Cell<'_>>> =
            expected.iter().map(|row| row.iter().map(|text| Cell::Text(text)).collect()).collect();
        prop_assert_eq!(&round_trip(folder.path(), "csv", &cells), &expected);
        prop_assert_eq!(&round_trip(folder.path(), "xlsx", &cells), &expected);
    }

    #[test]
    fn any_number(bits in prop::collection::vec(any::<u64>(), 11)) {
        let folder = TempDir::new().unwrap();
        let numbers: Vec<f64> = bits.into_iter().map(f64::from_bits).filter(|x| x.is_finite()).collect();
        let mut row = vec![Cell::Text("x")];
        row.extend(numbers.iter().map(|x| Cell::Number(*x)));
        for ending in ["csv", "xlsx"] {
            let read = round_trip(folder.path(), ending, std::slice::from_ref(&row));
            for (text, x) in read[0].iter().skip(1).zip(&numbers) {
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), x.to_bits());
            }
        }
    }
}

#[test]
fn what_a_spreadsheet_would_compute_is_guarded_in_csv() {
    let folder = TempDir::new().unwrap();
    let texts = ["x", "=HYPERLINK(1)", "@SUM", "+4 911", "-24.182", "-a", "'=1", "'quoted'"];
    let row: Vec<_> = texts.iter().map(|text| Cell::Text(text)).collect();
    let read = round_trip(folder.path(), "csv", std::slice::from_ref(&row));
    assert_eq!(read[0][..8], texts);
    let written = fs::read_to_string(folder.path().join("table.csv")).unwrap();
    assert_eq!(written.lines().nth(1).unwrap(), "x,'=HYPERLINK(1),'@SUM,'+4 911,-24.182,'-a,''=1,'quoted'");
    assert_eq!(round_trip(folder.path(), "xlsx", &[row])[0][..8], texts);
}

#[test]
fn an_echoed_cell_is_a_number_only_if_nothing_is_lost() {
    assert_eq!(Cell::echo("-24.182"), Cell::Number(-24.182));
    assert_eq!(Cell::echo(""), Cell::Empty);
    for text in ["007", "2020.0", "1e3", "1_000", "NM", "inf", " 5", "9.2070000000000001"] {
        assert_eq!(Cell::echo(text), Cell::Text(text), "{text}");
    }
}

#[test]
fn nothing_half_written_stays() {
    let folder = TempDir::new().unwrap();
    for name in ["out.csv", "out.xlsx"] {
        let path = folder.path().join(name);
        fs::write(&path, "before").unwrap();
        let mut writer = Writer::create(&path, &["a"]).unwrap();
        writer.write(&[Cell::Number(1.0)]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        drop(writer);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        Writer::create(&path, &["a"]).unwrap().finish().unwrap();
        assert!(fs::read(&path).unwrap() != b"before");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "temporary files stay behind");
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = TempDir::new().unwrap();
    let create = |path: &Path| Writer::create(path, &["a"]).err().unwrap().to_string();
    assert!(create(&folder.path().join("a.xls")).contains(".xls"));
    assert!(create(&folder.path().join("none/a.csv")).contains("cannot be read or written"));
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    assert!(create(&folder.path().join("folder.csv")).contains("is not a file that can be replaced"));
    let mut writer = Writer::create(&folder.path().join("long.xlsx"), &["a"]).unwrap();
    let error = writer.write(&[Cell::Text(&"x".repeat(32_768))]).unwrap_err();
    assert!(error.to_string().starts_with("XLSX cannot hold row 2"), "{error}");
}

#[test]
fn a_sheet_ends_at_its_last_row() {
    let folder = TempDir::new().unwrap();
    let mut writer = Writer::create(&folder.path().join("long.xlsx"), &["a"]).unwrap();
    for _ in 1..1_048_576 {
        writer.write(&[]).unwrap();
    }
    let error = writer.write(&[Cell::Number(1.0)]).unwrap_err();
    assert!(matches!(error, FileError::TooLarge(t) if t.contains("at most 1048576 rows")));
}

#[test]
fn a_workbook_may_have_several_sheets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.xlsx");
    let mut writer = Writer::create(&path, &["a", "b"]).unwrap();
    writer.name_sheet("First").unwrap();
    writer.write(&[Cell::Text("x"), Cell::Number(1.5)]).unwrap();
    writer.next_sheet("Second", &["c"]).unwrap();
    writer.write(&[Cell::Text("y")]).unwrap();
    writer.finish().unwrap();
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&path).unwrap();
    let names = calamine::Reader::sheet_names(&book);
    assert_eq!(names, ["First", "Second"]);
    let range = calamine::Reader::worksheet_range(&mut book, "Second").unwrap();
    let texts: Vec<String> = range.rows().flatten().map(ToString::to_string).collect();
    assert_eq!(texts, ["c", "y"]);
    let mut csv = Writer::csv(std::io::sink(), &["a"]).unwrap();
    assert!(csv.next_sheet("Second", &["b"]).is_err());
}
