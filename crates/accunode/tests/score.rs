//! `accunode score` as a user runs it: the built program, files in, files and exit codes out.
#![allow(clippy::unwrap_used)] // in helpers of tests as in tests

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use accunode_domain::{Kind, Ratio, RiskLevel};
use accunode_scoring::{Bundle, shipped};
use accunode_sheets::{Cell, Limits, Reader, Record, Row, Writer};
use tempfile::TempDir;

const ANNUAL: &str = "note,company_symbol,company_name,sector,reporting_year,long_term_debt_to_total_capital,\
    total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,return_on_assets";
const GOOD: &str = "=1+1,xmp,\"Example, Works\",Energy,2023,25.5,2.3,8.2,12.5,6.8";

fn sample(kind: Kind) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../sample/portfolio_{kind}.csv"))
}

/// Runs `accunode score --kind … --input … --output …` and more arguments.
fn score(kind: &str, input: &Path, output: &Path, more: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accunode"));
    command.args(["score", "--kind", kind]).arg("--input").arg(input).arg("--output").arg(output).args(more);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut pipe, stdin) = (child.stdin.take().unwrap(), stdin.to_owned());
    // A program that refuses its arguments does not read.
    let writer = std::thread::spawn(move || drop(pipe.write_all(stdin.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// From standard input to standard output.
fn piped(kind: &str, more: &[&str], stdin: &str) -> Output {
    score(kind, Path::new("-"), Path::new("-"), more, stdin)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The rows of a scored file, with its header.
fn scored(path: &Path, kind: Kind) -> (Vec<String>, Vec<Row>) {
    let reader = Reader::open(path, kind, &Limits::default()).unwrap();
    (reader.headers().to_vec(), reader.map(Result::unwrap).collect())
}

/// The cell of a row under a column's name.
fn cell<'a>(header: &[String], row: &'a Row, column: &str) -> &'a str {
    &row.cells[header.iter().position(|name| name == column).unwrap()]
}

fn check_row(bundle: &Bundle, header: &[String], row: &Row, record: &Record) {
    assert_eq!(row.record.as_ref().unwrap(), record, "the input is echoed");
    let score = bundle.score(&record.ratios).unwrap();
    let number = |column: &str| cell(header, row, column).parse::<f64>().ok();
    if bundle.kind() == Kind::Annual {
        assert_eq!(number("probability"), Some(score.probability));
    } else {
        assert_eq!(number("logistic_probability"), score.scorecard_probability());
        assert_eq!(number("gbm_probability"), score.lightgbm_probability());
        assert_eq!(number("ensemble_probability"), Some(score.probability));
    }
    assert_eq!(cell(header, row, "risk_level"), score.risk_level.as_str());
    assert_eq!(number("confidence"), Some(score.confidence));
    assert_eq!(cell(header, row, "model_version"), bundle.version());
    assert_eq!(cell(header, row, "error"), "");
    let flags = record.quality(&bundle.training_ranges());
    let flags: Vec<_> = flags.iter().map(|flag| format!("{}:{}", flag.field, flag.code.as_str())).collect();
    assert_eq!(cell(header, row, "quality"), flags.join(";"));
    let contributions = bundle.explain(&record.ratios).unwrap().contributions;
    for (spec, contribution) in bundle.kind().ratios().iter().zip(contributions) {
        assert_eq!(number(&format!("driver_{}", spec.name)), Some(contribution));
    }
}

#[test]
fn the_samples_get_exactly_the_bundles_numbers_in_both_formats() {
    let folder = TempDir::new().unwrap();
    for (kind, ending) in
        [(Kind::Annual, "csv"), (Kind::Annual, "XLSX"), (Kind::Quarterly, "csv"), (Kind::Quarterly, "xlsx")]
    {
        let path = folder.path().join(format!("{kind}.{ending}"));
        let done = score(kind.as_str(), &sample(kind), &path, &["--explain"], "");
        let summary = text(&done.stderr);
        assert!(done.status.success(), "{summary}");
        let bundle = shipped(kind).unwrap();
        let (header, rows) = scored(&path, kind);
        let (_, originals) = scored(&sample(kind), kind);
        assert_eq!(rows.len(), originals.len());
        for (row, original) in rows.iter().zip(&originals) {
            assert_eq!(row.cells[..original.cells.len()], original.cells);
            check_row(&bundle, &header, row, original.record.as_ref().unwrap());
        }
        assert!(summary.contains(&format!("rows: {0}, scored: {0}, failed: 0", rows.len())), "{summary}");
        let count = |level: RiskLevel| {
            rows.iter().filter(|r| cell(&header, r, "risk_level") == level.as_str()).count()
        };
        let levels: Vec<_> =
            RiskLevel::ALL.iter().map(|level| format!("{level} {}", count(*level))).collect();
        assert!(summary.contains(&format!("risk levels: {}\n", levels.join(", "))), "{summary}");
    }
}

#[test]
fn bad_rows_stay_in_their_place_with_their_reasons() {
    let input = format!("{ANNUAL}\n{GOOD}\n\n,,Example,Energy,20,1,2,x,4,NM\n{GOOD}\n");
    let done = piped("annual", &[], &input);
    assert_eq!(done.status.code(), Some(0));
    let out = text(&done.stdout);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], format!("{ANNUAL},probability,risk_level,confidence,model_version,quality,error"));
    // The formula is guarded, the comma quoted, the rest as it was.
    assert!(lines[1].starts_with(&format!("'{GOOD},0.")), "{}", lines[1]);
    assert_eq!(lines[1], lines[3]);
    assert_eq!(
        lines[2],
        ",,Example,Energy,20,1,2,x,4,NM,,,,,,company_symbol: must not be blank; reporting_year: '20' is not a \
         year: four digits between 1900 and 2100 are expected; net_income_margin: 'x' is not a number; leave \
         it blank if it is missing, write NM if it is not meaningful"
            .replace("company_symbol:", "\"company_symbol:")
            + "\""
    );
    let summary = text(&done.stderr);
    assert!(summary.contains("rows: 3, scored: 2, failed: 1"), "{summary}");
    let strict = piped("annual", &["--strict"], &input);
    assert_eq!((strict.status.code(), strict.stdout), (Some(1), done.stdout));
}

#[test]
fn a_file_of_bad_rows_only_has_no_mean() {
    let done = piped("annual", &["--explain"], &format!("{ANNUAL}\n,,,,,,,,,\nx\n"));
    assert_eq!(done.status.code(), Some(0));
    let summary = text(&done.stderr);
    assert!(summary.contains("rows: 1, scored: 0, failed: 1") && !summary.contains("mean"), "{summary}");
    let out = text(&done.stdout);
    assert_eq!(out.lines().next().unwrap().matches(',').count(), 20);
    assert!(out.lines().nth(1).unwrap().ends_with(",,,,,"), "{out}");
}

#[test]
fn scoring_again_keeps_the_earlier_results_under_other_names() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (folder.path().join("first.csv"), folder.path().join("second.csv"));
    fs::write(&first, format!("{ANNUAL},input_error, Error \n{GOOD},kept,old\n")).unwrap();
    let done = score("annual", &first, &second, &[], "");
    assert!(done.status.success());
    assert!(text(&done.stderr).contains("input column ' Error ' is written as 'input_input_Error'"));
    let (header, rows) = scored(&second, Kind::Annual);
    assert_eq!(cell(&header, &rows[0], "input_error"), "kept");
    assert_eq!(cell(&header, &rows[0], "input_input_Error"), "old");
    assert_eq!(cell(&header, &rows[0], "error"), "");
    // A file may take the place of its own input.
    assert!(score("annual", &second, &second, &[], "").status.success());
    let (header, _) = scored(&second, Kind::Annual);
    assert!(header.contains(&"input_probability".to_owned()) && header.contains(&"probability".to_owned()));
}

#[test]
fn many_rows_of_xlsx_go_through_in_order() {
    let folder = TempDir::new().unwrap();
    let (input, output) = (folder.path().join("in.xlsx"), folder.path().join("out.xlsx"));
    let header: Vec<&str> = ANNUAL.split(',').collect();
    let ratios = |i: u32| [1.0, 2.0, 3.0, 4.0, 5.0].map(|x| x * f64::from(i % 97));
    let mut writer = Writer::create(&input, &header).unwrap();
    for i in 0..9000 {
        let symbol = format!("S{i}");
        let year = if i % 100 == 7 { Cell::Empty } else { Cell::Number(2020.0) };
        let mut cells =
            vec![Cell::Empty, Cell::Text(&symbol), Cell::Text("Example"), Cell::Text("Energy"), year];
        cells.extend(ratios(i).map(Cell::Number));
        writer.write(&cells).unwrap();
    }
    writer.finish().unwrap();
    let done = score("annual", &input, &output, &[], "");
    let summary = text(&done.stderr);
    assert!(summary.contains("rows: 9000, scored: 8910, failed: 90"), "{summary}");
    let bundle = shipped(Kind::Annual).unwrap();
    let (header, rows) = scored(&output, Kind::Annual);
    for (i, row) in (0..).zip(&rows) {
        assert_eq!(cell(&header, row, "company_symbol"), format!("S{i}"));
        if i % 100 == 7 {
            assert_eq!(cell(&header, row, "error"), "reporting_year: must not be blank");
            assert_eq!(cell(&header, row, "probability"), "");
        } else {
            let expected = bundle.score(&ratios(i).map(Ratio::Value)).unwrap().probability;
            assert_eq!(cell(&header, row, "probability").parse(), Ok(expected));
        }
    }
}

#[test]
fn another_bundle_can_be_named() {
    let folder = TempDir::new().unwrap();
    let bundle = folder.path().join("bundle");
    fs::create_dir(&bundle).unwrap();
    let names: Vec<String> = Kind::Annual.ratios().iter().map(|spec| format!("\"{}\"", spec.name)).collect();
    let manifest = format!(
        r#"{{"format": 1, "name": "constant", "version": "7", "kind": "annual", "features": [{}],
        "members": [{{"type": "scorecard", "file": "card.json", "weight": 1}}],
        "thresholds": {{"medium": 0.02, "high": 0.05, "critical": 0.15}}}}"#,
        names.join(",")
    );
    fs::write(bundle.join("manifest.json"), manifest).unwrap();
    let features: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                r#"{{"name": {name}, "coefficient": 1, "missing": 0, "otherwise": 0,
                "bins": [{{"low": null, "high": null, "value": 0}}]}}"#
            )
        })
        .collect();
    let card = format!(r#"{{"intercept": 0, "features": [{}]}}"#, features.join(","));
    fs::write(bundle.join("card.json"), card).unwrap();
    let constant = Bundle::load(&bundle).unwrap();

    let more = ["--bundle", bundle.to_str().unwrap()];
    let done = piped("annual", &more, &format!("{ANNUAL}\n{GOOD}\n"));
    let (out, summary) = (text(&done.stdout), text(&done.stderr));
    assert!(out.contains(",0.5,CRITICAL,0.5,7,,\n"), "{out}{summary}");
    assert!(
        summary.contains(&format!("bundle: constant 7 (sha256 {})", &constant.hash()[..12])),
        "{summary}"
    );
    assert!(summary.contains("mean probability of default: 0.500000"), "{summary}");

    let done = piped("quarterly", &more, "");
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("the bundle is for annual ratios, not for quarterly ones"));
}

#[test]
fn a_file_that_cannot_be_scored_gives_one_clear_line_and_no_output() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out.csv");
    let refused = |input: &str, contents: &[u8]| {
        let path = folder.path().join(input);
        fs::write(&path, contents).unwrap();
        let done = score("annual", &path, &output, &[], "");
        assert_eq!((done.status.code(), output.exists()), (Some(1), false));
        let message = text(&done.stderr);
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.starts_with(&format!("error: {}: ", path.display())), "{message}");
        message
    };
    assert!(
        refused("a.csv", b"a,b\n1,2\n").contains("Missing required columns: company_symbol, company_name, ")
    );
    assert!(refused("a.xls", b"").contains("save the file as .xlsx or .csv"));
    assert!(refused("a.xlsx", b"PK\x03\x04").contains("damaged or incomplete"));
    let late = [format!("{ANNUAL}\n{}", format!("{GOOD}\n").repeat(5000)).as_bytes(), b"\xff\n"].concat();
    assert!(refused("late.csv", &late).contains("row 5002, column 'note': the text is not UTF-8"));
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "nothing half-written stays: {names:?}");

    let nowhere = score("annual", Path::new("none.csv"), Path::new("-"), &[], "");
    assert!(text(&nowhere.stderr).starts_with("error: none.csv: the file cannot be read"));
    let unknown = piped("monthly", &[], "");
    assert!(text(&unknown.stderr).contains("unknown kind 'monthly', expected annual or quarterly"));
}

/// The reason stands in the message once, and a reader who has seen enough is no error.
#[test]
fn messages_are_said_once_and_closed_pipes_are_silent() {
    let output = score("annual", Path::new("nowhere.csv"), Path::new("-"), &[], "");
    let message = text(&output.stderr);
    assert_eq!((output.status.code(), message.matches("os error").count()), (Some(1), 1), "{message}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_accunode"));
    let mut child = command.arg("openapi").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
