//! XLSX as spreadsheets write it: made by a writer of workbooks, or part by part.

use accunode_domain::Ratio;
use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::support::{ANNUAL, ROW, inline_row, numbers, refusal, row_errors, sheet, workbook, xlsx};

/// A workbook whose first sheet has the header in row 1 and what `fill` writes.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let first = book.add_worksheet();
    first.write_row(0, 0, ANNUAL.split(',')).unwrap();
    fill(first);
    book.add_worksheet().write(0, 0, "another sheet").unwrap();
    book.save_to_buffer().unwrap()
}

fn write(sheet: &mut Worksheet, row: u32) {
    for (i, text) in ROW.split(',').enumerate() {
        let column = u16::try_from(i).unwrap();
        match text.parse::<f64>() {
            Ok(x) => sheet.write(row, column, x).unwrap(),
            Err(_) => sheet.write(row, column, text).unwrap(),
        };
    }
}

#[test]
fn numbers_and_texts_read_as_they_look() {
    let items = xlsx(book(|sheet| {
        write(sheet, 1);
        sheet.write(1, 6, 0.1 + 0.2).unwrap();
        sheet.write(1, 7, 1e-7).unwrap();
        sheet.write(1, 9, true).unwrap();
        write(sheet, 4);
    }))
    .unwrap();
    assert_eq!(numbers(&items), [2, 5]);
    let first = items[0].as_ref().unwrap();
    assert_eq!(
        first.cells.join(","),
        "XMP,Example Works,1500,Energy,2023,Q4,0.30000000000000004,0.0000001,8.2,TRUE,6.8"
    );
    assert!(row_errors(&items)[0].contains("ebit_to_interest_expense: 'TRUE' is not a number"));
    let second = items[1].as_ref().unwrap().record.as_ref().unwrap();
    assert_eq!(second.ratios[0], Ratio::Value(25.5));
}

#[test]
fn dates_percentages_and_errors_are_named() {
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let percent = Format::new().set_num_format("0.0%");
    let items = xlsx(book(|sheet| {
        write(sheet, 1);
        sheet.write_number_with_format(1, 4, 44_196.0, &date).unwrap();
        sheet.write_number_with_format(1, 6, 44_196.25, &date).unwrap();
        sheet.write_number_with_format(1, 7, 0.125, &percent).unwrap();
        sheet.write_formula(1, 8, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.write_formula(1, 9, rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A")).unwrap();
        sheet.write_formula(1, 10, rust_xlsxwriter::Formula::new("=1+1").set_result("2")).unwrap();
    }))
    .unwrap();
    let row = items[0].as_ref().unwrap();
    assert_eq!(row.cells[4], "2020-12-31");
    assert_eq!(row.cells[10], "2");
    assert_eq!(
        row_errors(&items),
        ["2: reporting_year: holds a date (2020-12-31); a year of four digits is expected; \
          long_term_debt_to_total_capital: holds a date (2020-12-31 06:00:00); a number is expected; \
          total_debt_to_ebitda: '12.5%' is formatted as a percentage; write the number of percent, as in 12.5; \
          net_income_margin: holds the spreadsheet error #DIV/0!; a number is expected"]
    );
}

#[test]
fn a_missing_value_of_the_spreadsheet_is_missing() {
    let rows = inline_row(2, ROW.replace("6.8", "#N/A").split(','))
        + r#"<row r="3"><c r="A3" t="str"><f>UPPER("x")</f><v>X &amp; Y</v></c><c r="B3" t="inlineStr"><is><r><t>Rich </t></r>
            <r><t>text</t></r><rPh><t>hint</t></rPh></is></c><c r="D3" t="inlineStr"><is><t>a_x0041_</t></is></c>
            <c r="E3"><v>2020.0</v></c><c r="K3" t="e"><v>#N/A</v></c></row>"#;
    let items = xlsx(workbook(&sheet(&rows), &[])).unwrap();
    assert_eq!(row_errors(&items), Vec::<String>::new());
    let record = items[1].as_ref().unwrap().record.as_ref().unwrap();
    assert_eq!((record.symbol.as_str(), record.name.as_str()), ("X & Y", "Rich text"));
    assert_eq!((record.sector.as_str(), record.period.year), ("aA", 2020));
    assert_eq!(record.ratios[4], Ratio::Missing);
}

#[test]
fn shared_texts_and_prefixes_and_rows_without_numbers() {
    // Some programs begin every part with a byte order mark and a declaration.
    let texts = "\u{feff}<?xml version='1.0' encoding='UTF-8'?><x:sst xmlns:x='m' uniqueCount='99999999999999'><x:si><x:t>company_symbol</x:t></x:si>\
                 <x:si/><x:si><x:t xml:space='preserve'> Energy </x:t></x:si></x:sst>";
    let header: String = ANNUAL
        .split(',')
        .skip(1)
        .map(|n| format!("<x:c t='inlineStr'><x:is><x:t>{n}</x:t></x:is></x:c>"))
        .collect();
    let row = "<x:row/><x:row><x:c t='inlineStr'><x:is><x:t>A</x:t></x:is></x:c><x:c t='inlineStr'><x:is><x:t>B</x:t></x:is></x:c>\
               <x:c t='s'><x:v>1</x:v></x:c><x:c t='s'><x:v>2</x:v></x:c><x:c><x:v>2021</x:v></x:c></x:row>";
    let sheet = format!(
        "\u{feff}<?xml version='1.0' encoding='utf-8'?>\r\n<x:worksheet xmlns:x='m'><x:dimension ref='B9:A1'/><x:sheetData><x:row><x:c t='s'><x:v>0</x:v></x:c>{header}</x:row>{row}</x:sheetData></x:worksheet>"
    );
    let items = xlsx(workbook(&sheet, &[("xl/sharedStrings.xml", texts)])).unwrap();
    assert_eq!(numbers(&items), [3]);
    let row = items[0].as_ref().unwrap();
    assert_eq!((row.cells[2].as_str(), row.cells[3].as_str()), ("", " Energy "));
    assert_eq!(row.record.as_ref().unwrap().sector, "Energy");
}

#[test]
fn text_far_out_is_an_error_of_its_row_and_blanks_there_are_not() {
    let rows = inline_row(2, ROW.split(','))
        .replace("</row>", "<c r='XFD2' t='inlineStr'><is><t> </t></is></c></row>")
        + "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>";
    let items = xlsx(workbook(&sheet(&rows), &[])).unwrap();
    assert_eq!(numbers(&items), [2, 1_048_576]);
    assert!(items[0].as_ref().unwrap().record.is_ok());
    assert!(row_errors(&items)[0].ends_with("row: has text beyond the header's 11 columns"));
}

#[test]
fn a_date_system_of_1904_is_heeded() {
    let book = r#"<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="S" r:id="s1"/></sheets></workbook>"#;
    let styles = r#"<styleSheet><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    let rows =
        r#"<row r="2"><c r="A2" t="inlineStr"><is><t>A</t></is></c><c r="E2" s="1"><v>42734</v></c></row>"#;
    let items =
        xlsx(workbook(&sheet(rows), &[("xl/workbook.xml", book), ("xl/styles.xml", styles)])).unwrap();
    assert_eq!(items[0].as_ref().unwrap().cells[4], "2020-12-31");
}

#[test]
fn sheets_without_a_table() {
    assert!(
        refusal(xlsx(workbook("<worksheet><sheetData/></worksheet>", &[]))).contains("the file is empty")
    );
    assert!(refusal(xlsx(workbook("<worksheet/>", &[]))).contains("the file is empty"));
    assert!(refusal(xlsx(workbook(&sheet("<row r='9'/>"), &[]))).contains("a header but no rows"));
    let no_sheet = refusal(xlsx(workbook("", &[("xl/workbook.xml", "<workbook><sheets/></workbook>")])));
    assert_eq!(no_sheet, "the workbook has no sheet");
}
