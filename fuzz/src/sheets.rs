//! Portfolio files.

use std::io::{Cursor, Read, Write};

use accunode_domain::Kind;
use accunode_sheets::{FileError, Format, Limits, PartSize, Plan, Reader, Row};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Longest message: it names a place and what stands there, and repeats no file.
const LONGEST: usize = 20_000;
/// Small, so that small inputs reach them.
const LIMITS: Limits = Limits {
    max_rows: Some(200),
    max_unzipped_bytes: 4 << 20,
    max_ratio: 200,
    max_cell_bytes: 1 << 10,
    max_columns: 24,
};
const SIZE: PartSize = PartSize { rows: 3, bytes: 300 };

/// A row that came out, as far as it must be the same however the file is read.
type Seen = (u64, Vec<String>, Result<String, String>);

fn named(error: &FileError) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() <= LONGEST, "a message of {} bytes", text.len());
}

fn seen(row: Row, columns: usize) -> Seen {
    assert!(row.cells.len() <= columns, "{} cells of {columns} columns", row.cells.len());
    let record = row.record.map(|record| format!("{record:?}")).map_err(|errors| {
        assert!(!errors.is_empty());
        for error in &errors {
            assert!(!error.column.is_empty() && !error.message.is_empty());
            // Whoever reads it in a terminal or a log sees what was written and nothing else.
            assert!(!error.message.contains(char::is_control), "{:?}", error.message);
        }
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    });
    (row.number, row.cells, record)
}

/// Every row up to the first fault of the file, and whether there was one.
fn read(reader: Result<Reader, FileError>) -> (Vec<Seen>, bool) {
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => {
            named(&error);
            return (Vec::new(), false);
        }
    };
    let columns = reader.headers().len();
    assert!(columns <= LIMITS.max_columns);
    let mut rows = Vec::new();
    for item in reader {
        match item {
            Ok(row) => rows.push(seen(row, columns)),
            Err(error) => {
                named(&error);
                return (rows, false);
            }
        }
        assert!(rows.len() <= 200);
    }
    assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0), "row numbers do not rise");
    (rows, true)
}

/// The rows of all parts of a plan, one part after the other.
fn parts(plan: &Plan, bytes: &[u8], format: Format, kind: Kind) -> Vec<Seen> {
    let mut rows = Vec::new();
    let mut end = plan.parts.first().map_or(0, |part| part.start);
    for part in &plan.parts {
        assert!(part.start == end && part.end >= part.start && part.end <= bytes.len() as u64, "{part:?}");
        end = part.end;
        let piece = Cursor::new(bytes[part.start as usize..part.end as usize].to_vec()).take(u64::MAX);
        let reader = Reader::part(piece, format, kind, plan.headers.clone(), part.first_line, &LIMITS);
        let (of_part, whole) = read(reader);
        assert!(whole && of_part.len() as u64 == part.rows, "{} rows of {part:?}", of_part.len());
        rows.extend(of_part);
    }
    assert_eq!(rows.len() as u64, plan.rows);
    rows
}

/// CSV: rows or a named reason; and what is planned and read in parts is what is read at once.
pub fn csv(data: &[u8]) {
    for kind in [Kind::Annual, Kind::Quarterly] {
        let (rows, whole) = read(Reader::csv(Cursor::new(data.to_vec()), kind, &LIMITS));
        match Plan::of_csv(data, kind, &LIMITS, SIZE) {
            Ok(plan) => {
                assert!(whole, "planned, but not read");
                assert!(parts(&plan, data, Format::Csv, kind) == rows, "parts differ from the whole");
            }
            Err(error) => {
                named(&error);
                assert!(!whole, "read, but not planned: {error}");
            }
        }
    }
}

/// A workbook: as [`csv`].
pub fn xlsx_zip(data: &[u8]) {
    for kind in [Kind::Annual, Kind::Quarterly] {
        let (rows, whole) = read(Reader::xlsx(Cursor::new(data.to_vec()), kind, &LIMITS));
        let mut packed = Vec::new();
        match Plan::of_xlsx(Cursor::new(data.to_vec()), kind, &LIMITS, SIZE, &mut packed) {
            Ok(plan) => {
                assert!(whole, "planned, but not read");
                assert!(parts(&plan, &packed, Format::Xlsx, kind) == rows, "parts differ from the whole");
            }
            Err(error) => {
                named(&error);
                assert!(!whole, "read, but not planned: {error}");
            }
        }
        // Rows are kept as texts with a few numbers in front, so a workbook cannot swell by being planned.
        let texts: usize = rows.iter().flat_map(|row| &row.1).map(String::len).sum();
        assert!(!whole || packed.len() <= texts + rows.len() * (13 + 4 * LIMITS.max_columns));
    }
}

const BOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="s"/></sheets></workbook>"#;
const ROOT: &str = r#"<Relationships><Relationship Id="r" Type="t/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const RELATED: &str = r#"<Relationships><Relationship Id="s" Type="t/worksheet" Target="sheet.xml"/><Relationship Id="t" Type="t/sharedStrings" Target="texts.xml"/></Relationships>"#;

/// The XML of one sheet and its table of texts, in a workbook made around them, so that what lies behind the archive is
/// reached, too. A line `=====` separates the two.
pub fn xlsx_sheet(data: &[u8]) {
    const BETWEEN: &[u8] = b"\n=====\n";
    let at = data.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (sheet, texts) =
        at.map_or((data, b"<sst/>".as_slice()), |at| (&data[..at], &data[at + BETWEEN.len()..]));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("_rels/.rels", ROOT.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATED.as_bytes()),
        ("xl/sheet.xml", sheet),
        ("xl/texts.xml", texts),
    ] {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let written = archive.start_file(name, options).is_ok() && archive.write_all(content).is_ok();
        assert!(written);
    }
    if let Ok(bytes) = archive.finish() {
        xlsx_zip(&bytes.into_inner());
    }
}
