//! Files made in memory, and short ways to read them.

use std::io::{Cursor, Write};

use accunode_domain::Kind;
use accunode_sheets::{FileError, Limits, Reader, Row};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Header of an annual file, in the documented order.
pub(crate) const ANNUAL: &str = "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,\
    long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,\
    return_on_assets";

/// Header of a quarterly file.
pub(crate) const QUARTERLY: &str = "company_symbol,company_name,market_cap,sector,reporting_year,\
    reporting_quarter,total_debt_to_ebitda,sga_margin,long_term_debt_to_total_capital,return_on_capital";

/// Good cells of one annual row.
pub(crate) const ROW: &str = "XMP,Example Works,1500,Energy,2023,Q4,25.5,2.3,8.2,12.5,6.8";

pub(crate) type Items = Vec<Result<Row, FileError>>;

pub(crate) fn csv(text: impl Into<Vec<u8>>) -> Result<Items, FileError> {
    csv_of(Kind::Annual, text)
}

pub(crate) fn csv_of(kind: Kind, text: impl Into<Vec<u8>>) -> Result<Items, FileError> {
    Ok(Reader::csv(Cursor::new(text.into()), kind, &Limits::default())?.collect())
}

pub(crate) fn xlsx(bytes: Vec<u8>) -> Result<Items, FileError> {
    Ok(Reader::xlsx(Cursor::new(bytes), Kind::Annual, &Limits::default())?.collect())
}

/// The text of the error that stops the file from being read at all.
pub(crate) fn refusal<T>(result: Result<T, FileError>) -> String {
    result.err().map_or_else(|| "was accepted".to_owned(), |e| e.to_string())
}

/// `row number: error; error` of every bad row.
pub(crate) fn row_errors(items: &Items) -> Vec<String> {
    let bad = items.iter().flatten().filter_map(|row| Some((row.number, row.record.as_ref().err()?)));
    bad.map(|(number, errors)| {
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        format!("{number}: {}", texts.join("; "))
    })
    .collect()
}

pub(crate) fn numbers(items: &Items) -> Vec<u64> {
    items.iter().flatten().map(|row| row.number).collect()
}

/// An archive of the parts given.
pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const RELATIONSHIPS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#;
const TYPE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The smallest workbook around one sheet's XML, with more parts if wanted.
pub(crate) fn workbook(sheet: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let root = format!(
        r#"{RELATIONSHIPS}<Relationship Id="r1" Type="{TYPE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let book = r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="s1"/></sheets></workbook>"#;
    let related = format!(
        r#"{RELATIONSHIPS}<Relationship Id="s1" Type="{TYPE}/worksheet" Target="worksheets/sheet1.xml"/>
        <Relationship Id="t" Type="{TYPE}/sharedStrings" Target="sharedStrings.xml"/>
        <Relationship Id="y" Type="{TYPE}/styles" Target="/xl/styles.xml"/></Relationships>"#
    );
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", related.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    parts.extend(more.iter().map(|(name, text)| (*name, text.as_bytes())));
    archive(&parts)
}

/// A sheet's XML: the annual header in row 1, then the rows given as XML.
pub(crate) fn sheet(rows: &str) -> String {
    let header = inline_row(1, ANNUAL.split(','));
    format!("<worksheet><sheetData>{header}{rows}</sheetData></worksheet>")
}

/// A row of inline texts; cells without references.
pub(crate) fn inline_row<'a>(number: u64, cells: impl Iterator<Item = &'a str>) -> String {
    let cells: String = cells.map(|text| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#)).collect();
    format!(r#"<row r="{number}">{cells}</row>"#)
}
