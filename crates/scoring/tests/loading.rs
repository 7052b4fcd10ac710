//! What loads, and what is refused with which words.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

mod fixtures;

use std::fs;

use accunode_domain::Kind;
use accunode_scoring::{Bundle, MemberModel, MissingRule};
use fixtures::{LIGHTGBM, files, files_of, manifest, scorecard};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_sound_bundle_tells_what_it_is() {
    let bundle = fixtures::bundle();
    assert_eq!((bundle.name(), bundle.version(), bundle.kind()), ("tiny", "1", Kind::Quarterly));
    assert_eq!(bundle.features().next(), Some("sga_margin"));
    assert_eq!(bundle.card(), Some("# Tiny\n"));
    assert_eq!(bundle.members().len(), 2);
    let MemberModel::LightGbm(member) = bundle.members()[1].model() else { panic!("expected LightGBM") };
    let inputs: Vec<String> = member.inputs().iter().map(|i| i.name(Kind::Quarterly)).collect();
    assert_eq!(inputs, ["total_debt_to_ebitda", "total_debt_to_ebitda:nm", "return_on_capital"]);
    assert_eq!(member.missing(), MissingRule::Native);
    // In the order of the kind: debt / EBITDA, SG&A margin, debt / capital, return on capital.
    assert_eq!(bundle.training_ranges(), [Some((0.5, 40.0)), None, None, Some((-30.0, 60.0))]);
}

#[test]
fn a_bundle_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    shared(&fixtures::bundle());
}

#[test]
fn a_folder_and_memory_give_the_same_hash() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files() {
        fs::write(dir.path().join(name), content).unwrap();
    }
    fs::write(dir.path().join("notes.txt"), "not named by the manifest").unwrap();
    let bundle = Bundle::load(dir.path()).unwrap();
    assert_eq!(bundle.hash(), fixtures::bundle().hash());
    assert_eq!(bundle.hash().len(), 64);

    let mut other = files();
    other.insert("card.md".to_owned(), b"# Tiny.\n".to_vec());
    assert_ne!(bundle.hash(), Bundle::from_files(other).unwrap().hash());

    fs::remove_file(dir.path().join("card.md")).unwrap();
    assert!(Bundle::load(dir.path()).unwrap_err().to_string().starts_with("card.md: cannot be read: "));
    fs::create_dir(dir.path().join("card.md")).unwrap();
    assert_eq!(Bundle::load(dir.path()).unwrap_err().to_string(), "card.md: is not a regular file");
}

/// Loads the tiny bundle with one value of a document replaced (or removed, by null at a key).
fn refusal(file: &str, pointer: &str, value: Value) -> String {
    let (mut manifest, mut scorecard) = (manifest(), scorecard());
    let document = if file == "manifest.json" { &mut manifest } else { &mut scorecard };
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        _ => panic!("{pointer} leads nowhere"),
    }
    match Bundle::from_files(files_of(&manifest, &scorecard)) {
        Ok(_) => format!("loaded in spite of {pointer}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn manifests_are_refused_by_path_and_reason() {
    let cases = [
        ("/format", json!(2), "format: format 2 is not known, expected 1"),
        ("/name", json!(" "), "name: must have 1 to 100 characters"),
        ("/kind", json!("monthly"), "kind: unknown kind 'monthly', expected annual or quarterly"),
        ("/kind", json!("annual"), "features[0]: 'sga_margin' is not a ratio of kind annual"),
        ("/features/1", json!("sga_margin"), "features[1]: 'sga_margin' stands there twice"),
        (
            "/features",
            json!(["sga_margin", "total_debt_to_ebitda", "return_on_capital"]),
            "features: 'long_term_debt_to_total_capital' of kind quarterly is missing",
        ),
        ("/members", json!([]), "members: 0 members, expected 1 to 16"),
        (
            "/members/0/type",
            json!("pickle"),
            "members[0].type: unknown member type 'pickle', expected scorecard or lightgbm",
        ),
        ("/members/0/weight", json!(-0.25), "members[0].weight: -0.25 is not a weight of at least 0"),
        ("/members/0/weight", json!(0.5), "members: the weights sum to 1.25, expected 1"),
        (
            "/members/0/missing",
            json!("zero"),
            "members[0].missing: belongs to LightGBM members, a scorecard has its own values",
        ),
        (
            "/members/0/features",
            json!(["return_on_capital", "total_debt_to_ebitda"]),
            "members[0].features: does not list the ratios of scorecard.json in its order",
        ),
        (
            "/members/1/features/1",
            json!("total_debt_to_ebitda:missing"),
            "members[1].features[1]: 'total_debt_to_ebitda:missing' is neither a ratio of kind quarterly nor \
             '<ratio>:nm'",
        ),
        (
            "/members/1/features/1",
            json!("return_on_capital"),
            "members[1].features[2]: 'return_on_capital' stands there twice",
        ),
        (
            "/calibration/type",
            json!("isotonic"),
            "calibration.type: unknown calibration 'isotonic', expected logit",
        ),
        (
            "/calibration/intercept",
            json!(-1001),
            "calibration.intercept: -1001 is not between -1000 and 1000",
        ),
        ("/calibration/slope", json!(0), "calibration.slope: 0 is not above 0 and at most 1000"),
        ("/calibration/slope", json!(-1.5), "calibration.slope: -1.5 is not above 0 and at most 1000"),
        (
            "/thresholds/high",
            json!(0.01),
            "thresholds: must rise strictly from medium to critical inside (0, 1)",
        ),
        (
            "/thresholds/critical",
            json!(1.0),
            "thresholds: must rise strictly from medium to critical inside (0, 1)",
        ),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(refusal("manifest.json", pointer, value), format!("manifest.json, {expected}"));
    }
    for name in ["../scorecard.json", "/etc/passwd", ".env", "a/b.json", ""] {
        let message = refusal("manifest.json", "/members/0/file", json!(name));
        assert!(message.starts_with("manifest.json, members[0].file: "), "{message}");
        let message = refusal("manifest.json", "/card", json!(name));
        assert!(message.starts_with("manifest.json, card: "), "{message}");
    }
}

/// A population with these quantiles of debt to EBITDA.
fn population(quantiles: &Value) -> Value {
    json!({"levels": [5, 10, 25, 50, 75, 90, 95], "quantiles": {"total_debt_to_ebitda": quantiles}})
}

#[test]
fn a_population_is_optional_and_may_tell_of_some_ratios() {
    assert!(fixtures::bundle().population().is_none());
    let mut manifest = manifest();
    manifest["population"] = population(&json!([0, 0, 0.5, 1, 2.25, 4, 1e9]));
    let bundle = Bundle::from_files(files_of(&manifest, &scorecard())).unwrap();
    let population = bundle.population().unwrap();
    assert_eq!(population.quantiles(0), Some(&[0.0, 0.0, 0.5, 1.0, 2.25, 4.0, 1e9]));
    assert_eq!((population.median(0), population.median(1), population.median(9)), (Some(1.0), None, None));
}

#[test]
fn populations_are_refused_by_path_and_reason() {
    let ok = json!([0, 0, 0.5, 1, 2, 4, 8]);
    let mut levels = population(&ok);
    levels["levels"][0] = json!(1);
    let mut unknown = population(&ok);
    unknown["quantiles"]["net_income_margin"] = ok;
    let cases = [
        (levels, "population.levels: [1, 10, 25, 50, 75, 90, 95], expected [5, 10, 25, 50, 75, 90, 95]"),
        (
            unknown,
            "population.quantiles.net_income_margin: 'net_income_margin' is not a ratio of kind quarterly",
        ),
        (
            population(&json!([1, 2, 3])),
            "population.quantiles.total_debt_to_ebitda: 3 numbers, expected 7, one for each level",
        ),
        (
            population(&json!([0, 1, 2, 1.5, 4, 5, 6])),
            "population.quantiles.total_debt_to_ebitda[3]: 1.5 lies below 2, the quantile before",
        ),
    ];
    for (value, expected) in cases {
        let message = refusal("manifest.json", "/population", value);
        assert_eq!(message, format!("manifest.json, {expected}"));
    }
    let message = refusal("manifest.json", "/population", population(&json!([0, 1, 2, null, 4, 5, 6])));
    assert!(message.contains("invalid type: null, expected f64"), "{message}");
}

#[test]
fn scorecards_are_refused_by_path_and_reason() {
    let first = "/features/0/bins";
    let cases = [
        ("/features", json!([]), "features: must hold at least one ratio"),
        (
            "/features/0/name",
            json!("net_income_margin"),
            "features[0].name: 'net_income_margin' is not a ratio of kind quarterly",
        ),
        (
            "/features/1/name",
            json!("total_debt_to_ebitda"),
            "features[1].name: 'total_debt_to_ebitda' stands there twice",
        ),
        (first, json!([]), "features[0].bins: must not be empty"),
        (
            "/features/0/bins/1/high",
            json!(2.0),
            "features[0].bins[1]: the low edge 2 is not below the high edge 2",
        ),
        (
            "/features/0/bins/1/low",
            json!(0.5),
            "features[0].bins[1].low: non-monotone edges: 0.5 lies below 1, where the bin before ends",
        ),
        (
            "/features/0/bins/1/low",
            json!(null),
            "features[0].bins[1].low: non-monotone edges: -inf lies below 1, where the bin before ends",
        ),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(refusal("scorecard.json", pointer, value), format!("scorecard.json, {expected}"));
    }
    let message = refusal("scorecard.json", "/features/0/coefficient", json!(1e300));
    assert_eq!(message, "scorecard.json: the score can reach 1.5e300 in log-odds, at most 1e6 is allowed");
}

/// Loads the tiny bundle with the text of one file edited.
fn edited(file: &str, from: &str, to: &str) -> String {
    let mut files = files();
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert!(text.contains(from), "{file} holds no {from}");
    files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
    Bundle::from_files(files).unwrap_err().to_string()
}

#[test]
fn texts_are_refused_by_line_and_reason() {
    let cases = [
        ("manifest.json", "\"name\"", "\"nickname\"", "unknown field `nickname`"),
        ("manifest.json", "\"name\"", "\"name\": \"a\", \"name\"", "duplicate field `name`"),
        ("manifest.json", "\"format\": 1,", "", "missing field `format`"),
        ("manifest.json", "\"slope\": 1.5", "\"slope\": NaN", "expected value"),
        ("manifest.json", "\"slope\": 1.5", "\"slope\": 1e999", "number out of range"),
        ("manifest.json", "\"native\"", "\"mean\"", "unknown variant `mean`, expected `native` or `zero`"),
        ("manifest.json", "\"weight\": 0.25", "\"weight\": \"0.25\"", "invalid type: string"),
        ("scorecard.json", "\"otherwise\": -0.7", "\"otherwise\": null", "invalid type: null, expected f64"),
        ("scorecard.json", "\"low\": 2.0,", "", "missing field `low`"),
        ("scorecard.json", "\"intercept\"", "\"offset\"", "unknown field `offset`"),
    ];
    for (file, from, to, reason) in cases {
        let message = edited(file, from, to);
        assert!(message.starts_with(&format!("{file}, line ")), "{message}");
        assert!(message.contains(reason) && !message.contains(" at line "), "{message}");
    }
    let message = edited("manifest.json", "\"name\": \"tiny\"", "\"name\": tiny");
    let line = 1 + String::from_utf8(files()["manifest.json"].clone())
        .unwrap()
        .lines()
        .position(|l| l.contains("tiny"))
        .unwrap();
    assert!(message.starts_with(&format!("manifest.json, line {line}, column ")), "{message}");
}

#[test]
fn lightgbm_files_are_refused_by_line_and_reason() {
    let message = edited("lightgbm.txt", "binary sigmoid:1", "regression");
    assert!(message.starts_with("lightgbm.txt, line 7: "), "{message}");
    let message = edited("lightgbm.txt", "tree\n", "forest\n");
    assert!(message.starts_with("lightgbm.txt, line 1: "), "{message}");

    let features = json!(["total_debt_to_ebitda", "return_on_capital"]);
    assert_eq!(
        refusal("manifest.json", "/members/1/features", features),
        "lightgbm.txt: the model has 3 features, members[1] of the manifest gives it 2"
    );
    // Without a list of its own it takes the manifest's four.
    assert_eq!(
        refusal("manifest.json", "/members/1/features", json!(null)),
        "lightgbm.txt: the model has 3 features, members[1] of the manifest gives it 4"
    );
}

#[test]
fn files_that_are_missing_or_not_text_are_named() {
    let mut without = files();
    without.remove("lightgbm.txt");
    assert_eq!(Bundle::from_files(without).unwrap_err().to_string(), "lightgbm.txt: is not in the bundle");
    assert_eq!(
        Bundle::from_files(fixtures::Files::new()).unwrap_err().to_string(),
        "manifest.json: is not in the bundle"
    );
    let mut binary = files();
    binary.insert("lightgbm.txt".to_owned(), [LIGHTGBM.as_bytes(), b"\xff"].concat());
    let line = LIGHTGBM.lines().count() + 1;
    assert_eq!(
        Bundle::from_files(binary).unwrap_err().to_string(),
        format!("lightgbm.txt, line {line}: is not UTF-8 text")
    );
    let mut huge = files();
    huge.insert("manifest.json".to_owned(), vec![b' '; (256 << 10) + 1]);
    assert_eq!(
        Bundle::from_files(huge).unwrap_err().to_string(),
        "manifest.json: is larger than 262144 bytes"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Damage anywhere is refused with the file's name, or leaves a bundle that scores as any other.
    #[test]
    fn damaged_files_never_break_anything(
        name in prop::sample::select(vec!["manifest.json", "scorecard.json", "lightgbm.txt"]),
        at in any::<prop::sample::Index>(),
        len in 0..4usize,
        with in prop::sample::select(vec!["", "0", "-", "9", "e9", "null", "1e308", "\n", ",", "]", "\u{fffd}"]),
    ) {
        let mut files = files();
        if let Some(content) = files.get_mut(name) {
            let start = at.index(content.len());
            let end = content.len().min(start + len);
            content.splice(start..end, with.bytes());
        }
        match Bundle::from_files(files) {
            Err(error) => prop_assert!(error.to_string().contains(": "), "{error}"),
            Ok(bundle) => {
                let row = fixtures::row([3.5, 1.0, f64::NAN, f64::INFINITY]);
                if let Ok(score) = bundle.score(&row) {
                    prop_assert!((0.0..=1.0).contains(&score.probability), "{score:?}");
                }
                if let Ok(why) = bundle.explain(&row) {
                    prop_assert!(why.contributions.iter().all(|c| c.is_finite()), "{why:?}");
                }
            }
        }
    }
}
