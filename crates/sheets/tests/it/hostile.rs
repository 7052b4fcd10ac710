//! Files that are damaged, or made to do damage.

use std::io::Cursor;

use accunode_domain::Kind;
use accunode_sheets::{FileError, Format, Limits, Reader};
use proptest::prelude::*;

use crate::support::{ANNUAL, ROW, archive, csv, inline_row, refusal, sheet, workbook, xlsx};

fn good() -> Vec<u8> {
    workbook(&sheet(&inline_row(2, ROW.split(','))), &[])
}

/// What is said about a workbook at opening or while its rows are read.
fn complaint(bytes: Vec<u8>) -> String {
    match xlsx(bytes) {
        Err(e) => e.to_string(),
        Ok(items) => items.into_iter().find_map(Result::err).map_or("was accepted".into(), |e| e.to_string()),
    }
}

#[test]
fn contents_that_are_not_what_the_name_says() {
    let read = |name: &str, bytes: Vec<u8>| {
        refusal(Reader::new(name, Cursor::new(bytes), Kind::Annual, &Limits::default()))
    };
    let ole2 = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more".to_vec();
    assert!(read("p.xls", ole2.clone()).contains("old Excel files (.xls) are not supported"));
    assert!(read("p.csv", ole2.clone()).contains("old Excel files (.xls) are not supported"));
    assert!(read("p.XLSX", ole2).contains("protected by a password"));
    assert!(read("p.csv", good()).contains("name it .xlsx"));
    assert!(read("p.xlsx", ANNUAL.as_bytes().to_vec()).contains("not an Excel workbook"));
    assert!(
        read("p.csv", "\u{feff}company_symbol".encode_utf16().flat_map(u16::to_le_bytes).collect())
            .contains("UTF-16")
    );
    assert!(read("p.xlsx", archive(&[("a.txt", b"text")])).contains("not an Excel workbook"));
    assert_eq!(Format::from_name("p.XLSX").unwrap(), Format::Xlsx);
}

#[test]
fn a_zip_bomb_is_refused_unread() {
    let blank = " ".repeat(40 << 20);
    let text = complaint(workbook(&sheet(&blank), &[]));
    assert!(text.contains("unpacks to more than 200 times its size"), "{text}");
    let limits = Limits { max_unzipped_bytes: 1 << 20, ..Limits::default() };
    let text = refusal(Reader::xlsx(Cursor::new(workbook(&sheet(&blank), &[])), Kind::Annual, &limits));
    assert!(text.contains("unpacks to more than 1 MiB"), "{text}");
    let texts = format!("<sst>{}</sst>", " ".repeat(129 << 20));
    let limits = Limits { max_ratio: u64::MAX, ..Limits::default() };
    let bytes = workbook(&sheet(""), &[("xl/sharedStrings.xml", &texts)]);
    let text = refusal(Reader::xlsx(Cursor::new(bytes), Kind::Annual, &limits));
    assert!(text.contains("'xl/sharedStrings.xml' of the workbook unpacks to more than 128 MiB"), "{text}");
}

#[test]
fn a_part_that_lies_about_its_size_is_refused() {
    let mut bytes = workbook(&sheet(&inline_row(2, ROW.split(','))), &[]);
    // The size in the last central header (the sheet's): 24 bytes behind its signature.
    let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap() + 24;
    bytes[at..at + 4].copy_from_slice(&300_u32.to_le_bytes());
    let text = complaint(bytes);
    assert!(text.contains("unpacks to more than the 300 bytes that it declares"), "{text}");
}

#[test]
fn a_broken_checksum_is_noticed_at_the_end() {
    let mut bytes = good();
    let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap() + 16;
    bytes[at] ^= 1;
    let items = xlsx(bytes).unwrap();
    assert!(items[0].is_ok());
    assert!(items[1].as_ref().unwrap_err().to_string().contains("checksum"));
}

#[test]
fn cells_that_cannot_be() {
    let of = |cells: &str| complaint(workbook(&sheet(&format!("<row r='2'>{cells}</row>")), &[]));
    let long = format!("<c r='B2' t='inlineStr'><is><t>{}</t></is></c>", "x".repeat(200_000));
    assert!(of(&long).contains("row 2, column B: a cell's text is longer than 131072 bytes"));
    let endless = format!("<c r='B2' {}/>", "x='1' ".repeat(300_000));
    assert!(of(&endless).contains("a cell or tag is longer than 1048576 bytes"));
    let pieces = format!("<c t='inlineStr'><is>{}</is></c>", "<r><t>0123456789</t></r>".repeat(20_000));
    assert!(of(&pieces).contains("text is longer than 131072 bytes"));
    assert!(of("<c r='ZZZZZZZZZZ2'><v>1</v></c>").contains("reference 'ZZZZZZZZZZ2'"));
    assert!(of("<c r='B3'><v>1</v></c>").contains("row 2 holds a cell with the reference 'B3'"));
    assert!(of("<c t='s'><v>7</v></c>").contains("text 7, which is not in the table"));
    assert!(of("<c t='s'><v>-1</v></c>").contains("refers to the text '-1'"));
    assert!(of("<c t='inlineStr'><is><t>&bomb;</t></is></c>").contains("unknown entity &bomb;"));
    assert!(of(&"<a>".repeat(100)).contains("nested more than 64 deep"));
    let rows = |rows: &str| complaint(workbook(&sheet(rows), &[]));
    assert!(rows("<row r='3'/><row r='3'/>").contains("row 3 follows row 3"));
    assert!(rows("<row r='1048577'/>").contains("row 1048577 follows row 1"));
    assert!(rows("<row r='18446744073709551616'/>").contains("row number"));
}

#[test]
fn packages_that_cannot_be() {
    let with = |name: &str, text: &str| complaint(workbook(&sheet(""), &[(name, text)]));
    assert!(with("../../etc/passwd", "x").contains("unsafe name"));
    assert!(with("/etc/passwd", "x").contains("unsafe name"));
    assert!(with("XL/WORKBOOK.xml", "x").contains("is there twice"));
    let climbing = r#"<Relationships><Relationship Id="s1" Type="t/worksheet" Target="../../../etc/passwd"/></Relationships>"#;
    assert!(with("xl/_rels/workbook.xml.rels", climbing).contains("leads out of the workbook"));
    let chart = climbing.replace("t/worksheet", "t/chartsheet").replace("../../../etc/passwd", "c.xml");
    assert!(with("xl/_rels/workbook.xml.rels", &chart).contains("first sheet is not a table"));
    let gone = climbing.replace("../../../etc/passwd", "gone.xml");
    assert!(with("xl/_rels/workbook.xml.rels", &gone).contains("no part 'xl/gone.xml'"));
    let bomb = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>]><workbook/>";
    assert!(with("xl/workbook.xml", bomb).contains("document type"));
    let many: Vec<String> = (0..10_001).map(|i| format!("p{i}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert!(complaint(archive(&many)).contains("more than 10000 parts"));
}

#[test]
fn a_workbook_cut_off_anywhere_or_with_any_byte_changed_never_panics() {
    let whole = good();
    for end in 0..whole.len() {
        let text = complaint(whole[..end].to_vec());
        assert!(text != "was accepted", "cut at {end}");
    }
    for i in 0..whole.len() {
        for bit in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[i] ^= bit;
            let _ = complaint(bytes);
        }
    }
}

#[test]
fn csv_cut_off_anywhere_gives_rows_or_an_error() {
    let whole = format!("{ANNUAL}\n\"{ROW}\"\n{ROW}\n");
    for end in 0..whole.len() {
        let _ = csv(&whole.as_bytes()[..end]);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = csv(bytes.clone());
        let mut rows = format!("{ANNUAL}\n").into_bytes();
        rows.extend(&bytes);
        let _ = csv(rows);
        let mut zip = b"PK\x03\x04".to_vec();
        zip.extend(&bytes);
        let _ = xlsx(zip);
        let sheet = String::from_utf8_lossy(&bytes).into_owned();
        let _ = xlsx(workbook(&sheet, &[]));
    }

    #[test]
    fn arbitrary_tags_never_panic(tags in prop::collection::vec(
        prop::sample::select(vec![
            "<row>", "<row r='5'>", "</row>", "<c>", "<c r='B5' t='s'>", "<c t='b'>", "<c t='e' s='4'>", "</c>", "<v>",
            "</v>", "<is>", "</is>", "<t>", "</t>", "<rPh>", "</rPh>", "7", "1e400", "&amp;", "&#0;", "&#x41;",
            "<![CDATA[x]]>", "<!-- -->", "</sheetData>", "_xD800_", "NaN",
        ]), 0..60)
    ) {
        match xlsx(workbook(&sheet(&tags.concat()), &[])) {
            Ok(items) => prop_assert!(items.iter().rev().skip(1).all(Result::is_ok)),
            Err(e) => prop_assert!(!matches!(e, FileError::Io(_)), "{}", e),
        }
    }
}
