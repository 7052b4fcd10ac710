//! Every kernel against walking the trees, and against another reader of the format.
#![allow(clippy::unwrap_used, clippy::panic)] // a test ends where its data is not as expected

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use accunode_scoring::lightgbm::{InputError, Kernel, Model, Objective};
use proptest::prelude::*;

struct Fixture {
    name: String,
    text: String,
    kernels: Vec<Model>,
    oracle: bosk::LgbModel,
    thresholds: Vec<f64>,
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files
}

static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(|| {
    let fixture = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let kernels = Kernel::available();
        let kernels = kernels.into_iter().map(|kernel| Model::parse(&text).unwrap().with_kernel(kernel));
        let oracle = bosk::LgbModel::parse(&text).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("threshold="));
        let thresholds = lines.flat_map(str::split_whitespace).map(|token| token.parse().unwrap()).collect();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Fixture { name, kernels: kernels.collect(), oracle, thresholds, text }
    };
    files().into_iter().map(fixture).collect()
});

/// Numbers of every size, blanks, special values and exact thresholds.
fn value() -> impl Strategy<Value = f64> {
    let thresholds: Vec<f64> =
        FIXTURES.iter().flat_map(|fixture| fixture.thresholds.iter().copied()).collect();
    prop_oneof![
        3 => -3.0..3.0,
        2 => -200.0..200.0,
        2 => prop::sample::select(thresholds),
        2 => (0..80_i32).prop_map(f64::from),
        1 => prop::sample::select(vec![f64::NAN, 0.0, -0.0, 1e-36, -1e-36, f64::INFINITY, f64::NEG_INFINITY]),
        1 => any::<f64>(),
    ]
}

fn columns(rows: &[Vec<f64>], features: usize) -> Vec<Vec<f64>> {
    (0..features).map(|feature| rows.iter().map(|row| row[feature]).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// All kernels, batches of any length and single rows give the same bits, and so does the oracle.
    #[test]
    fn every_way_to_score_gives_the_same_bits(
        pick in 0..FIXTURES.len(),
        rows in prop::collection::vec(prop::collection::vec(value(), 5), 1..1100),
    ) {
        let fixture = &FIXTURES[pick];
        let columns = columns(&rows, 5);
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let expected: Vec<f64> = rows.iter().map(|row| fixture.kernels[0].raw(row)).collect();
        for (row, raw) in rows.iter().zip(&expected) {
            let p = fixture.kernels[0].probability(*raw);
            // The oracle takes the smallest numbers as they are; LightGBM's own predictor drops them.
            let row: Vec<f64> = row.iter().map(|x| if x.abs() <= 1e-35_f32.into() { 0.0 } else { *x }).collect();
            let oracle = fixture.oracle.predict_unchecked(&row);
            prop_assert!((p - oracle).abs() < 1e-12, "{}: {p} for {oracle} at {row:?}", fixture.name);
        }
        for model in &fixture.kernels {
            let mut batch = vec![0.0; rows.len()];
            model.raw_batch(&columns, &mut batch).unwrap();
            let mut parallel = vec![0.0; rows.len()];
            model.raw_batch_parallel(&columns, &mut parallel).unwrap();
            for few in 1..=rows.len().min(8) {
                let columns: Vec<&[f64]> = columns.iter().map(|column| &column[..few]).collect();
                let mut alone = vec![0.0; few];
                model.raw_batch(&columns, &mut alone).unwrap();
                for (sum, expected) in alone.iter().zip(&expected) {
                    prop_assert_eq!(sum.to_bits(), expected.to_bits(), "{}, {} rows", &fixture.name, few);
                }
            }
            for (index, row) in rows.iter().enumerate() {
                let bits = expected[index].to_bits();
                prop_assert_eq!(model.raw(row).to_bits(), bits, "{}, one row {:?}", &fixture.name, row);
                prop_assert_eq!(batch[index].to_bits(), bits, "{}, batch row {:?}", &fixture.name, row);
                prop_assert_eq!(parallel[index].to_bits(), bits, "{}, parallel row {:?}", &fixture.name, row);
            }
        }
    }

    /// Contributions add up to the raw score on every kernel, one by one and in batches.
    #[test]
    fn contributions_add_up(
        pick in 0..FIXTURES.len(),
        rows in prop::collection::vec(prop::collection::vec(value(), 5), 1..100),
    ) {
        let fixture = &FIXTURES[pick];
        let columns = columns(&rows, 5);
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        for model in &fixture.kernels {
            let mut batch = vec![0.0; rows.len() * 6];
            model.contributions_batch(&columns, &mut batch).unwrap();
            let mut parallel = vec![0.0; rows.len() * 6];
            model.contributions_batch_parallel(&columns, &mut parallel).unwrap();
            prop_assert_eq!(&batch, &parallel);
            let mut one = [0.0; 6];
            for (row, batch) in rows.iter().zip(batch.chunks(6)) {
                model.contributions(row, &mut one).unwrap();
                prop_assert_eq!(&one[..], batch, "{}, row {:?}", &fixture.name, row);
                let (sum, raw) = (one.iter().sum::<f64>(), model.raw(row));
                prop_assert!((sum - raw).abs() < 1e-12 * raw.abs().max(1.0), "{}: {sum} for {raw}", fixture.name);
            }
        }
    }
}

/// A model with more sets of categories than the engine keeps columns for is walked, with equal results.
#[test]
fn many_category_sets_are_scored_too() {
    let mut text = String::from(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\
         objective=cross_entropy\nfeature_names=sector\n",
    );
    for tree in 0..9000 {
        text += &format!(
            "\nTree={tree}\nnum_leaves=2\nnum_cat=1\nsplit_feature=0\nthreshold=0\ndecision_type=1\n\
             left_child=-1\nright_child=-2\nleaf_value=1 -1\nleaf_count=1 3\ninternal_count=4\n\
             cat_boundaries=0 1\ncat_threshold={}\n",
            tree + 1
        );
    }
    text += "\nend of trees\n";
    let model = Model::parse(&text).unwrap();
    let values = [0.0, 5.0, 31.0, f64::NAN];
    let mut batch = [0.0; 4];
    model.raw_batch(&[&values], &mut batch).unwrap();
    let mut contributions = [0.0; 8];
    model.contributions_batch(&[&values], &mut contributions).unwrap();
    for (row, x) in values.iter().enumerate() {
        let set = |bits: u32| !x.is_nan() && bits >> (*x as u32) & 1 == 1;
        let expected: f64 = (1..=9000).map(|bits| if set(bits) { 1.0 } else { -1.0 }).sum();
        assert_eq!([model.raw(&[*x]), batch[row]], [expected; 2]);
        assert_eq!(contributions[row * 2 + 1], -4500.0);
        assert!((contributions[row * 2] - 4500.0 - expected).abs() < 1e-9, "{contributions:?}, {expected}");
    }
}

/// More thresholds of one feature than a byte can count, under every rule for missing values.
#[test]
fn a_thousand_thresholds_of_one_feature() {
    let mut text = String::from(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\
         objective=cross_entropy\nfeature_names=leverage\n",
    );
    let rule = |tree: usize| [0, 4, 6, 8, 10][tree % 5];
    let threshold = |tree: usize| tree as f64 * 0.5 - 100.0;
    for tree in 0..1000 {
        text += &format!(
            "\nTree={tree}\nnum_leaves=2\nsplit_feature=0\nthreshold={}\ndecision_type={}\nleft_child=-1\n\
             right_child=-2\nleaf_value=0 1\nleaf_count=1 1\ninternal_count=2\n",
            threshold(tree),
            rule(tree)
        );
    }
    text += "\nend of trees\n";
    let mut values: Vec<f64> = (-300..1000).map(|x| f64::from(x) * 0.45).collect();
    values.extend([f64::NAN, 0.0, -0.0, 1e-40, -100.0, 399.5, f64::INFINITY, f64::NEG_INFINITY]);
    let right = |x: f64, tree: usize| {
        let x = if x.abs() < 1e-35 || (x.is_nan() && rule(tree) < 8) { 0.0 } else { x };
        let missing = (x.is_nan() && rule(tree) >= 8) || (x == 0.0 && matches!(rule(tree), 4 | 6));
        if missing { rule(tree) & 2 == 0 } else { x > threshold(tree) }
    };
    for kernel in Kernel::available() {
        let model = Model::parse(&text).unwrap().with_kernel(kernel);
        let mut batch = vec![0.0; values.len()];
        model.raw_batch(&[&values], &mut batch).unwrap();
        for (x, raw) in values.iter().zip(batch) {
            let expected = (0..1000).filter(|tree| right(*x, *tree)).count() as f64;
            assert_eq!([raw, model.raw(&[*x])], [expected; 2], "{x} on {kernel:?}");
        }
    }
}

#[test]
fn facts_tell_what_a_model_is() {
    let find = |name: &str| FIXTURES.iter().find(|fixture| fixture.name == name).unwrap();
    let forest = &find("forest").kernels[0];
    let facts = forest.facts();
    assert!(facts.average && facts.has_counts && !facts.has_categorical);
    assert_eq!((facts.version.as_str(), facts.trees, facts.leaves_max), ("v4", 8, 15));
    assert_eq!(facts.objective, Objective::Binary { sigmoid: 1.0 });
    assert_eq!(forest.feature_names()[1], "Column_1");
    assert!(
        forest.feature_ranges().iter().all(|range| range.is_some_and(|(low, high)| low < 0.0 && high > 0.0))
    );
    assert_eq!(find("version_3").kernels[0].facts().version, "v3");
    assert_eq!(find("cross_entropy").kernels[0].facts().objective, Objective::CrossEntropy);
    assert!(find("categorical").kernels[0].facts().has_categorical);
    assert_eq!(find("categorical").kernels[0].feature_ranges()[4], None);
}

#[test]
fn wrong_shapes_are_refused() {
    let fixture = &FIXTURES[0];
    let model = &fixture.kernels[0];
    assert!(model.raw(&[1.0; 4]).is_nan());
    let (long, short) = ([0.0; 3], [0.0; 2]);
    assert_eq!(
        model.raw_batch(&[&long[..]; 4], &mut [0.0; 3]),
        Err(InputError::FeatureCount { expected: 5, found: 4 })
    );
    assert_eq!(
        model.raw_batch_parallel(&[&long[..], &short, &long, &long, &long], &mut [0.0; 3]),
        Err(InputError::ColumnLength { column: 1, expected: 3, found: 2 })
    );
    assert_eq!(
        model.contributions(&[0.0; 5], &mut [0.0; 5]),
        Err(InputError::OutputLength { expected: 6, found: 5 })
    );
    let without: Vec<&str> =
        fixture.text.lines().filter(|line| !line.starts_with("internal_count=")).collect();
    let model = Model::parse(&without.join("\n")).unwrap();
    assert!(model.raw(&[1.0; 5]).is_finite() && !model.facts().has_counts);
    assert_eq!(model.contributions(&[0.0; 5], &mut [0.0; 6]), Err(InputError::NoCounts));
}
