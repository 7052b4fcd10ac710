//! What the reader refuses, with the line and the reason.
#![allow(clippy::unwrap_used, clippy::panic)] // a test ends where its data is not as expected

use accunode_scoring::lightgbm::Model;
use proptest::prelude::*;

const GOOD: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=leverage sector
feature_infos=[-1:5] 0:1:2
tree_sizes=400 100

Tree=0
num_leaves=4
num_cat=1
split_feature=0 1 0
split_gain=3 2 1
threshold=2.5 0 inf
decision_type=10 1 2
left_child=1 -1 -3
right_child=2 -2 -4
leaf_value=0.1 -0.2 0.3 -0.4
leaf_weight=1 1 1 1
leaf_count=1 2 3 4
internal_value=0 0 0
internal_weight=4 2 2
internal_count=10 3 7
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=0.1


Tree=1
num_leaves=1
num_cat=0
split_feature=
leaf_value=0.5
is_linear=0
shrinkage=1


end of trees

feature_importances:
leverage=2
";

/// Replaces the first occurrence, which must exist.
fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn the_good_text_is_accepted() {
    let model = Model::parse(GOOD).unwrap();
    assert_eq!(model.num_trees(), 2);
    assert_eq!(model.feature_names(), ["leverage", "sector"]);
    assert_eq!(model.feature_ranges(), [Some((-1.0, 5.0)), None]);
    let rows =
        [([1.0, 2.0], 0.6), ([1.0, 1.0], 0.3), ([f64::NAN, f64::NAN], 0.3), ([f64::INFINITY, 0.0], 0.8)];
    for (row, expected) in rows {
        assert_eq!(model.raw(&row), expected, "{row:?}");
    }
    assert_eq!(Model::parse(&GOOD.replace('\n', "\r\n")).unwrap().raw(&[1.0, 2.0]), 0.6);
}

#[test]
fn bad_texts_are_refused_with_line_and_reason() {
    let cases = [
        ("tree\nversion", "forest\nversion", 1, "\"tree\" was expected"),
        ("version=v4", "version=v2", 2, "expected v3 or v4"),
        ("version=v4\n", "", 1, "\"version\" is missing"),
        ("num_class=1", "num_class=3", 3, "num_class is not 1"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=2", 4, "num_tree_per_iteration is not 1"),
        ("label_index=0", "label_idx=0", 5, "unknown entry \"label_idx\""),
        ("label_index=0", "version=v4", 5, "second entry \"version\""),
        ("max_feature_idx=1", "max_feature_idx=-1", 6, "is not a number"),
        ("max_feature_idx=1", "max_feature_idx=18446744073709551615", 6, "too large"),
        ("objective=binary sigmoid:1\n", "", 1, "\"objective\" is missing"),
        ("binary sigmoid:1", "regression", 7, "\"regression\" gives no probability"),
        ("binary sigmoid:1", "lambdarank", 7, "gives no probability"),
        ("binary sigmoid:1", "multiclass num_class:3", 7, "gives no probability"),
        ("binary sigmoid:1", "binary", 7, "without \"sigmoid:\""),
        ("binary sigmoid:1", "binary sigmoid:0", 7, "number above 0"),
        ("binary sigmoid:1", "binary sigmoid:1e308", 7, "at most 1e100"),
        ("binary sigmoid:1", "binary sigmoid:1 sqrt", 7, "unknown objective option \"sqrt\""),
        ("binary sigmoid:1", "cross_entropy x", 7, "unknown objective option \"x\""),
        ("leverage sector\n", "leverage\n", 8, "1 feature names, expected max_feature_idx + 1 = 2"),
        ("[-1:5] 0:1:2", "[-1:5]", 9, "1 feature_infos, expected 2"),
        ("tree_sizes=400 100", "tree_sizes=400 100 3", 10, "announces 3 trees, the text holds 2"),
        ("Tree=0", "Tree=7", 12, "\"Tree=0\" was expected"),
        ("num_leaves=4", "num_leaves=5", 21, "\"leaf_value\" has 4 values, expected 5"),
        ("num_leaves=4", "num_leaves=0", 13, "num_leaves is 0"),
        ("num_leaves=4", "num_leaves=4000000000000", 13, "num_leaves is 4000000000000"),
        ("num_leaves=4\n", "", 12, "\"num_leaves\" is missing"),
        ("split_feature=0 1 0", "split_feature=0 2 0", 15, "split_feature 2 of node 1"),
        ("split_feature=0 1 0", "split_feature=0 1", 15, "has 2 values, expected 3"),
        ("split_gain=", "gain=", 16, "unknown entry \"gain\""),
        ("threshold=2.5", "threshold=nan", 17, "threshold of node 0 is NaN"),
        ("threshold=2.5", "threshold=2,5", 17, "\"2,5\" is not a number"),
        ("threshold=2.5 0 inf", "threshold=2.5 1 inf", 17, "node 1 asks for category set 1 of 1"),
        ("threshold=2.5 0 inf", "threshold=2.5 -0.5 inf", 17, "category set -0.5"),
        ("decision_type=10", "decision_type=12", 18, "unknown decision_type 12 of node 0"),
        ("decision_type=10", "decision_type=-2", 18, "unknown decision_type -2"),
        (
            "left_child=1 -1 -3",
            "left_child=1 -1 -2",
            19,
            "child -2 (a leaf) does not exist or is reached twice",
        ),
        ("left_child=1 -1 -3", "left_child=1 -1 -9", 19, "child -9 (a leaf)"),
        ("left_child=1 -1 -3", "left_child=1 -1 1", 19, "child 1 does not exist or is reached twice"),
        ("left_child=1 -1 -3", "left_child=0 -1 -3", 19, "child 0 does not exist or is reached twice"),
        ("leaf_value=0.1", "leaf_value=inf", 21, "leaf value inf is not finite"),
        ("leaf_value=0.1", "leaf_value=nan", 21, "leaf value NaN is not finite"),
        ("leaf_value=0.1", "leaf_value=-1e101", 21, "leaf value -1e101 is beyond 1e100"),
        ("leaf_count=1 2 3 4", "leaf_count=1 2 3", 23, "has 3 values, expected 4"),
        ("leaf_count=1 2 3 4", "leaf_count=1 2 3 -4", 23, "\"-4\" is not a number"),
        ("cat_boundaries=0 1", "cat_boundaries=0 2", 27, "do not run from 0"),
        ("cat_boundaries=0 1", "cat_boundaries=0", 27, "has 1 values for 1 sets"),
        ("cat_threshold=5\n", "", 12, "\"cat_threshold\" is missing"),
        ("cat_threshold=5", "cat_threshold=-5", 28, "is not a number"),
        ("is_linear=0", "is_linear=1", 29, "linear trees"),
        ("is_linear=0", "leaf_const=1 2 3 4", 29, "linear trees"),
        ("\n\nTree=1", "\n\nstray\nTree=1", 33, "\"stray\" between trees"),
        ("end of trees\n\nfeature_importances:\nleverage=2\n", "", 42, "ends before \"end of trees\""),
    ];
    for (from, to, line, reason) in cases {
        let error = Model::parse(&changed(from, to)).expect_err(to);
        assert!(error.reason().contains(reason), "{from:?} to {to:?}: {error}");
        assert_eq!(error.line(), line, "{from:?} to {to:?}: {error}");
        assert_eq!(error.to_string(), format!("line {line}: {}", error.reason()));
    }
    assert_eq!(Model::parse("").unwrap_err().to_string(), "line 1: the text is empty");
}

/// Node 1 and 2 lead to each other and nothing leads to them.
#[test]
fn a_cycle_away_from_the_root_is_refused() {
    let text = changed("left_child=1 -1 -3", "left_child=-1 2 1").replacen(
        "right_child=2 -2 -4",
        "right_child=-2 -3 -4",
        1,
    );
    let error = Model::parse(&text).unwrap_err();
    assert!(error.reason().contains("2 nodes cannot be reached"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is cut out or put in, reading ends with a model that scores or with an error.
    #[test]
    fn damaged_texts_never_panic(
        start in 0..GOOD.len(),
        length in 0..40_usize,
        patch in prop_oneof![
            "[-0-9a-z=:. \n]{0,6}",
            prop::sample::select(vec!["-1", "99999999999999999999", "inf", "nan", "1e308", "\n\n", "Tree=1", "=", "é"])
                .prop_map(str::to_owned),
        ],
        cut in prop::option::weighted(0.2, 0..GOOD.len()),
    ) {
        let mut text = GOOD.to_owned();
        text.replace_range(start..(start + length).min(GOOD.len()), &patch);
        let text: String = text.chars().take(cut.unwrap_or(usize::MAX)).collect();
        if let Ok(model) = Model::parse(&text) {
            let row = vec![0.5; model.num_features()];
            prop_assert!(!model.raw(&row).is_nan());
            let columns: Vec<&[f64]> = row.chunks(1).collect();
            model.raw_batch(&columns, &mut [0.0]).unwrap();
            let mut contributions = vec![0.0; row.len() + 1];
            if model.contributions(&row, &mut contributions).is_ok() {
                prop_assert!(contributions.iter().all(|value| !value.is_nan()));
            }
        }
    }
}
