//! CSV as people and programs write it.

use accunode_domain::{Kind, Ratio};
use accunode_sheets::{FileError, Limits, Reader};

use crate::support::{ANNUAL, QUARTERLY, ROW, csv, csv_of, numbers, refusal, row_errors};

#[test]
fn a_plain_file() {
    let items = csv(format!("{ANNUAL}\n{ROW}\n")).unwrap();
    let row = items[0].as_ref().unwrap();
    assert_eq!(row.number, 2);
    assert_eq!(row.cells.join(","), ROW);
    let record = row.record.as_ref().unwrap();
    assert_eq!(record.symbol, "XMP");
    assert_eq!(record.ratios[1], Ratio::Value(2.3));
    assert_eq!(record.period.to_string(), "2023 Q4");
}

#[test]
fn byte_order_mark_crlf_blanks_capitals_and_no_last_line_break() {
    let header = ANNUAL.to_uppercase().replace(',', " , ");
    let text = format!("\u{feff}{header}\r\n\r\n  {ROW}\r\n ,,\r\n{ROW}");
    let reader = Reader::csv(std::io::Cursor::new(text.clone()), Kind::Annual, &Limits::default()).unwrap();
    assert_eq!(reader.headers()[0], "COMPANY_SYMBOL ");
    let items = csv(text).unwrap();
    assert_eq!(numbers(&items), [3, 5]);
    assert_eq!(row_errors(&items), Vec::<String>::new());
    // A byte order mark may stand before a quoted name as well.
    assert_eq!(csv(format!("\u{feff}\"company_symbol\"{}\n{ROW}", &ANNUAL[14..])).unwrap().len(), 1);
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    let quoted = ROW.replace("Example Works", "\"Example\nWorks, \"\"the\"\" first\n\"");
    for eol in ["\n", "\r\n"] {
        let lines = [ANNUAL, "", &quoted, ROW, "", "", ROW, &quoted, &quoted, ROW];
        for end in ["", eol] {
            let items = csv(lines.join(eol) + end).unwrap();
            assert_eq!(numbers(&items), [3, 4, 7, 8, 9, 10], "{eol:?} {end:?}");
            let name = &items[0].as_ref().unwrap().record.as_ref().unwrap().name;
            assert_eq!(name, "Example\nWorks, \"the\" first");
        }
    }
}

#[test]
fn short_rows_are_blank_at_the_end_and_long_rows_are_refused() {
    let text = format!("{ANNUAL}\nXMP,Example,,Energy,2023\n{ROW},,\n{ROW},,surplus\n");
    let items = csv(text).unwrap();
    let first = items[0].as_ref().unwrap();
    assert_eq!(first.cells.len(), 11);
    assert_eq!(first.record.as_ref().unwrap().ratios, [Ratio::Missing; 5]);
    assert_eq!(row_errors(&items), ["4: row: has text beyond the header's 11 columns"]);
}

#[test]
fn extra_columns_are_kept_and_market_cap_and_quarter_may_be_left_out() {
    let header = ANNUAL.replace("market_cap,", "note,").replace("reporting_quarter,", "");
    let items = csv(format!("{header},,\nXMP,Example,=1+1,Energy,2023,1,2,3,4,5\n")).unwrap();
    let row = items[0].as_ref().unwrap();
    assert_eq!(row.cells.len(), 10);
    assert_eq!(row.cells[2], "=1+1");
    let record = row.record.as_ref().unwrap();
    assert_eq!((record.market_cap, record.period.quarter), (None, None));
}

#[test]
fn fifteen_rows_with_one_bad_one() {
    let mut text = format!("{QUARTERLY}\n");
    for i in 1..=15 {
        let year = if i == 9 { "20x4" } else { "2024" };
        text.push_str(&format!("S{i},Company {i},,Energy,{year},q{},2.8,15.3,28.7,12.4\n", i % 4 + 1));
    }
    let items = csv_of(Kind::Quarterly, text).unwrap();
    assert_eq!(items.len(), 15);
    assert_eq!(
        row_errors(&items),
        ["10: reporting_year: '20x4' is not a year: four digits between 1900 and 2100 are expected"]
    );
}

#[test]
fn files_without_rows_are_told_apart() {
    assert!(matches!(csv(""), Err(FileError::Empty)));
    assert!(matches!(csv("\u{feff}\r\n \r\n,,\n"), Err(FileError::Empty)));
    assert!(matches!(csv(ANNUAL), Err(FileError::NoRows)));
    assert!(matches!(csv(format!("{ANNUAL}\n\n,,,\n")), Err(FileError::NoRows)));
    let data_only = refusal(csv(ROW));
    assert!(data_only.starts_with("Missing required columns: company_symbol, company_name, sector, "));
}

#[test]
fn other_separators_are_refused_with_advice() {
    let text = format!("{ANNUAL}\n{ROW}\n").replace(',', ";");
    assert!(refusal(csv(text)).contains("separated by semicolons; save the file as .xlsx"));
}

#[test]
fn text_that_is_not_utf8_stops_the_file_after_the_good_rows() {
    let mut bytes = format!("{ANNUAL}\n{ROW}\n\n").into_bytes();
    bytes.extend(b"CAF,Caf\xe9,,Energy,2023,,1,2,3,4,5\n");
    bytes.extend(ROW.as_bytes());
    let items = csv(bytes).unwrap();
    assert_eq!((items.len(), numbers(&items)), (2, vec![2]));
    assert_eq!(
        items[1].as_ref().unwrap_err().to_string(),
        "row 4, column 'company_name': the text is not UTF-8; save the file as 'CSV UTF-8' or as .xlsx"
    );
}

#[test]
fn zero_bytes_and_endless_rows_stop_the_file() {
    let rows = format!("{ROW}\n").repeat(3000);
    let mut bytes = format!("{ANNUAL}\n{rows}").into_bytes();
    bytes.extend(b"a\0b\n");
    assert!(csv(bytes).unwrap().last().unwrap().as_ref().unwrap_err().to_string().contains("zero bytes"));

    let limits = Limits { max_cell_bytes: 10_000, ..Limits::default() };
    let text = format!("{ANNUAL}\n{ROW}\n\"{}", "x".repeat(1_000_000));
    let items: Vec<_> = Reader::csv(std::io::Cursor::new(text), Kind::Annual, &limits).unwrap().collect();
    let text = items.last().unwrap().as_ref().unwrap_err().to_string();
    assert!(text.contains("row 3 (or a nearby one) is longer than 80000 bytes"), "{text}");
    assert_eq!(numbers(&items), [2]);
}

#[test]
fn rows_and_columns_are_limited() {
    let limits = Limits { max_rows: Some(2), max_columns: 12, ..Limits::default() };
    let read = |text: String| Reader::csv(std::io::Cursor::new(text), Kind::Annual, &limits);
    let items: Vec<_> = read(format!("{ANNUAL}\n{ROW}\n{ROW}\n\n")).unwrap().collect();
    assert!(items.iter().all(Result::is_ok));
    let items: Vec<_> = read(format!("{ANNUAL}\n{ROW}\n{ROW}\n{ROW}\n{ROW}\n")).unwrap().collect();
    assert_eq!((items.len(), numbers(&items)), (3, vec![2, 3]));
    assert_eq!(items[2].as_ref().unwrap_err().to_string(), "the file has more than 2 rows");
    assert_eq!(refusal(read(format!("{ANNUAL},a,b\n{ROW}\n"))), "the header has more than 12 columns");
}
