//! Parts of a file together are the file.

use std::io::Cursor;

use accunode_domain::Kind;
use accunode_sheets::{FileError, Format, Limits, Part, PartSize, Plan, Reader, Row};
use proptest::prelude::*;

use crate::support::{ANNUAL, ROW, inline_row, refusal, sheet, workbook};

const SIZE: PartSize = PartSize { rows: 3, bytes: 1 << 20 };

fn plan(bytes: &[u8], size: PartSize) -> Result<Plan, FileError> {
    Plan::of_csv(bytes, Kind::Annual, &Limits::default(), size)
}

/// The rows of all parts, each part read without the others.
fn read_parts(bytes: &[u8], format: Format, plan: &Plan) -> Vec<Row> {
    let read = |part: &Part| {
        let range = usize::try_from(part.start).unwrap()..usize::try_from(part.end).unwrap();
        let input = Cursor::new(bytes[range].to_vec());
        let headers = plan.headers.clone();
        let reader =
            Reader::part(input, format, Kind::Annual, headers, part.first_line, &Limits::default()).unwrap();
        let rows: Vec<Row> = reader.collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len() as u64, part.rows, "{part:?}");
        rows
    };
    plan.parts.iter().flat_map(read).collect()
}

fn whole(bytes: &[u8]) -> Result<Vec<Row>, FileError> {
    Reader::csv(Cursor::new(bytes.to_vec()), Kind::Annual, &Limits::default())?.collect()
}

#[test]
fn blank_lines_quoted_line_breaks_and_a_byte_order_mark_move_no_boundary() {
    let quoted = ROW.replace("Example Works", "\"Example\nWorks, \"\"the\"\" first\n\"");
    for eol in ["\n", "\r\n"] {
        let lines = ["", ANNUAL, "", &quoted, ROW, "", " ,,", ROW, &quoted, &quoted, ROW, "", "\" \",\"\""];
        for end in ["", eol] {
            let text = format!("\u{feff}{}{end}", lines.join(eol));
            let found = plan(text.as_bytes(), SIZE).unwrap();
            assert_eq!((found.rows, found.parts.len()), (6, 2));
            assert_eq!(read_parts(text.as_bytes(), Format::Csv, &found), whole(text.as_bytes()).unwrap());
            assert!(found.parts.last().unwrap().end <= text.len() as u64);
        }
    }
}

/// What follows an open quotation mark is one cell to the end, which no line break of its own ends.
#[test]
fn a_row_that_is_never_closed_has_the_same_number_in_its_part() {
    for rows in [0, 1, 3, 4] {
        for blank in ["", "\n", "\n\n"] {
            let text = format!("{ANNUAL}\n{}{blank}\"{ROW}\n\n\n", format!("{ROW}\n").repeat(rows));
            let found = plan(text.as_bytes(), SIZE).unwrap();
            assert_eq!(
                read_parts(text.as_bytes(), Format::Csv, &found),
                whole(text.as_bytes()).unwrap(),
                "{text}"
            );
        }
    }
}

#[test]
fn parts_of_long_rows_have_fewer_of_them() {
    let row = format!("{ROW},{}", "y".repeat(1_000));
    let text = format!("{ANNUAL},note\n{}", format!("{row}\n").repeat(10));
    let found = plan(text.as_bytes(), PartSize { rows: 100, bytes: 2_500 }).unwrap();
    assert_eq!(found.parts.iter().map(|p| p.rows).collect::<Vec<_>>(), [3, 3, 3, 1]);
}

#[test]
fn what_a_reader_refuses_has_no_plan() {
    let limits = Limits { max_rows: Some(2), ..Limits::default() };
    let rows = |n: usize| format!("{ANNUAL}\n{}", format!("{ROW}\n").repeat(n));
    let too_many = Plan::of_csv(rows(3).as_bytes(), Kind::Annual, &limits, SIZE);
    assert_eq!(refusal(too_many), "the file has more than 2 rows");
    assert!(Plan::of_csv(rows(2).as_bytes(), Kind::Annual, &limits, SIZE).is_ok());
    assert!(refusal(plan(b"", SIZE)).contains("empty"));
    assert!(refusal(plan(b"\n ,\n", SIZE)).contains("empty"));
    assert!(refusal(plan(format!("{ANNUAL}\n,,\n").as_bytes(), SIZE)).contains("no rows"));
    assert!(refusal(plan(ANNUAL.replace(',', ";").as_bytes(), SIZE)).contains("with commas"));
    assert!(refusal(plan(b"company_symbol,sector\nA,B\n", SIZE)).starts_with("Missing required columns: "));
    let mut latin = rows(3).into_bytes();
    latin.extend_from_slice(b"XMP,Caf\xe9");
    assert!(refusal(plan(&latin, SIZE)).contains("row 5, column 'company_name'"));
    // Half a letter in each of two cells is a letter in none.
    let mut split = rows(1).into_bytes();
    split.extend_from_slice(b"X\xc3,\xa9");
    assert!(refusal(plan(&split, SIZE)).contains("UTF-8"));
    assert!(refusal(plan(format!("{}\0", rows(2000)).as_bytes(), SIZE)).contains("zero bytes"));
    let unclosed = format!("{}\"{}", rows(2), "x,\n".repeat(800_000));
    assert!(refusal(plan(unclosed.as_bytes(), SIZE)).contains("quotation mark is not closed"));
}

#[test]
fn a_workbook_is_packed_once() {
    let good = ROW.split(',');
    let formula = ROW.replace("Example Works", "'=1+1\u{feff}\r");
    let rows: String = [3, 4, 7, 9]
        .into_iter()
        .map(|n| inline_row(n, if n == 7 { formula.split(',') } else { good.clone() }))
        .collect();
    let surplus = inline_row(12, format!("{ROW},more").as_str().split(','));
    let bytes = workbook(&sheet(&format!("{rows}{surplus}")), &[]);
    let mut packed = Vec::new();
    let limits = Limits::default();
    let found = Plan::of_xlsx(Cursor::new(bytes.clone()), Kind::Annual, &limits, SIZE, &mut packed).unwrap();
    assert_eq!((found.rows, found.parts.len()), (5, 2));
    let direct = Reader::xlsx(Cursor::new(bytes.clone()), Kind::Annual, &limits).unwrap();
    let direct: Vec<Row> = direct.collect::<Result<_, _>>().unwrap();
    assert_eq!(read_parts(&packed, Format::Xlsx, &found), direct);
    let few = Limits { max_rows: Some(4), ..Limits::default() };
    let refused = Plan::of_xlsx(Cursor::new(bytes.clone()), Kind::Annual, &few, SIZE, std::io::sink());
    assert!(refusal(refused).contains("more than 4 rows"));
    let empty = workbook(&sheet(""), &[]);
    let refused = Plan::of_xlsx(Cursor::new(empty), Kind::Annual, &limits, SIZE, std::io::sink());
    assert!(refusal(refused).contains("no rows"));
}

#[test]
fn packed_rows_that_are_cut_off_are_not_the_senders_fault() {
    let bytes = workbook(&sheet(&inline_row(2, ROW.split(','))), &[]);
    let mut packed = Vec::new();
    let limits = Limits::default();
    let found = Plan::of_xlsx(Cursor::new(bytes), Kind::Annual, &limits, SIZE, &mut packed).unwrap();
    packed.truncate(packed.len() - 1);
    let mut reader =
        Reader::part(Cursor::new(packed), Format::Xlsx, Kind::Annual, found.headers, 2, &limits).unwrap();
    assert!(matches!(reader.next(), Some(Err(FileError::Io(_)))));
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9.]{0,6}",
        1 => "[ \u{a0}\u{3000}]{0,2}",
        1 => "\"([a-z,\n\r ]|\"\"){0,6}\"",
        1 => "'?[=+@-][0-9]{0,2}",
        1 => Just("\u{feff}é".to_owned()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        1 => Just(",,,".to_owned()),
        6 => prop::collection::vec(cell(), 1..14).prop_map(|cells| cells.join(",")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whatever stands in a file: its parts give the same rows, under the same numbers, as the whole.
    #[test]
    fn parts_give_the_rows_of_the_whole(
        lines in prop::collection::vec(line(), 0..30),
        eol in prop_oneof![Just("\n"), Just("\r\n")],
        last in any::<bool>(),
        rows in 1..6_u64,
        bytes in prop_oneof![Just(1_u64 << 20), 1..80_u64],
    ) {
        let text = format!("{ANNUAL}{eol}{}{}", lines.join(eol), if last { eol } else { "" });
        let text = text.as_bytes();
        match (plan(text, PartSize { rows, bytes }), whole(text)) {
            (Ok(found), Ok(all)) => prop_assert_eq!(read_parts(text, Format::Csv, &found), all),
            (Err(a), Err(b)) => prop_assert_eq!(a.to_string(), b.to_string()),
            (a, b) => prop_assert!(false, "{:?} but {:?}", a.is_ok(), b.is_ok()),
        }
    }
}
