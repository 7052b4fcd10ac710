use axum::http::StatusCode;
use http_body_util::BodyExt;

use super::*;
use crate::http::problem::ApiError;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// Pages of rows, then the end or a failure.
struct Pages {
    left: i64,
    size: i64,
    fails: bool,
}

impl Pager for Pages {
    async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        if self.left == 0 {
            return if self.fails { Err(Error::internal("gone")) } else { Ok(None) };
        }
        let n = self.size.min(self.left);
        self.left -= n;
        Ok(Some((0..n).map(|i| vec!["=1+1".into(), Value::from(i), None::<f64>.into()]).collect()))
    }
}

fn table(rows: Option<i64>) -> Table {
    Table { name: "things", header: &["text", "number", "nothing"], rows }
}

#[tokio::test]
async fn csv_comes_page_by_page_and_guards_formulas() {
    let pages = Pages { left: 5, size: 2, fails: false };
    let answer = table(None).answer(Format::Csv, NOW, pages).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert_eq!(
        answer.headers()[header::CONTENT_DISPOSITION],
        "attachment; filename=\"things-2023-11-14.csv\""
    );
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(text, "text,number,nothing\n'=1+1,0,\n'=1+1,1,\n'=1+1,0,\n'=1+1,1,\n'=1+1,0,\n");
}

#[tokio::test]
async fn nothing_is_a_header() {
    let pages = Pages { left: 0, size: 1, fails: false };
    let answer = table(Some(0)).answer(Format::Csv, NOW, pages).await.unwrap();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&bytes[..], b"text,number,nothing\n");
}

#[tokio::test]
async fn a_late_failure_breaks_csv_off_and_refuses_xlsx() {
    let pages = || Pages { left: 5, size: 2, fails: true };
    let answer = table(None).answer(Format::Csv, NOW, pages()).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err().to_string();
    assert!(error.contains("broke off") && !error.contains("gone"), "{error}");
    assert!(table(None).answer(Format::Xlsx, NOW, pages()).await.is_err());
    let at_once = Pages { left: 0, size: 1, fails: true };
    assert!(table(None).answer(Format::Csv, NOW, at_once).await.is_err());
}

#[tokio::test]
async fn xlsx_is_a_whole_package() {
    let pages = Pages { left: 2_500, size: 500, fails: false };
    let answer = table(Some(2_500)).answer(Format::Xlsx, NOW, pages).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], XLSX);
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(bytes.starts_with(b"PK\x03\x04") && bytes.len() > 10_000, "{} bytes", bytes.len());
    // The end of the central directory stands at the end of a whole package.
    assert_eq!(&bytes[bytes.len() - 22..bytes.len() - 18], b"PK\x05\x06");
}

#[tokio::test]
async fn more_than_a_sheet_holds_is_refused_with_a_way_out() {
    for rows in [Some(MOST_IN_A_SHEET + 1), None] {
        let pages = Pages { left: MOST_IN_A_SHEET + 1, size: 50_000, fails: false };
        let error = table(rows).answer(Format::Xlsx, NOW, pages).await.unwrap_err();
        assert!(error.to_string().contains("format=csv"), "{error}");
        assert_eq!(ApiError(error).into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn a_workbook_has_as_many_sheets_as_asked_for_and_csv_the_first() {
    let sheets = || {
        let sheet = |name| Sheet { name, header: vec!["a".to_owned(), "b".to_owned()], rows: Some(1) };
        let pages = || Pages { left: 1, size: 1, fails: false };
        vec![(sheet("Results"), pages()), (sheet("Errors"), pages())]
    };
    let answer = answer_sheets("both", Format::Xlsx, NOW, sheets()).await.unwrap();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("xl/worksheets/sheet2.xml") && !text.contains("xl/worksheets/sheet3.xml"));
    let answer = answer_sheets("both", Format::Csv, NOW, sheets()).await.unwrap();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&bytes[..], b"a,b\n'=1+1,0,\n");
    let mut broken = sheets();
    broken[1].1.fails = true;
    assert!(answer_sheets("both", Format::Xlsx, NOW, broken).await.is_err());
}
