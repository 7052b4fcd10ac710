//! Model files.

use std::collections::BTreeMap;

use accunode_domain::Ratio;
use accunode_scoring::{
    Bundle, BundleError, Golden, archive,
    lightgbm::{Kernel, Model},
};

/// Longest message: it names a place and what stands there, and repeats no file.
const LONGEST: usize = 2_000;
/// More features or leaves than this are read, but not scored: that is a matter of time alone.
const SCORED: usize = 2_000;
/// What separates the files of a bundle in one text: this and the name on a line.
const FILE: &str = "=== ";

fn named(error: &BundleError) {
    let text = error.to_string();
    assert!(!error.file.is_empty() && !error.reason.is_empty(), "{text}");
    assert!(text.len() <= LONGEST, "a message of {} bytes", text.len());
}

/// LightGBM's text: a model or a line with a reason. Every kernel gives the same bits for what is a model, and
/// contributions add up.
pub fn lightgbm(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let model = match Model::parse(text) {
        Ok(model) => model,
        Err(error) => {
            let lines = text.lines().count() + 1;
            assert!((1..=lines).contains(&error.line()), "line {} of {lines}", error.line());
            assert!(!error.reason().is_empty() && error.reason().len() <= LONGEST);
            return;
        }
    };
    let (features, facts) = (model.num_features(), model.facts().clone());
    assert!(facts.trees > 0 && model.feature_names().len() == features);
    if features > SCORED || facts.leaves_max > SCORED {
        return;
    }
    // Enough rows for the kernels that take several at a time, and one that is left over.
    let values = [f64::NAN, 0.0, -0.0, 1.0, -1.5, 1e-36, 31.0, 64.0, -1e300, 1e300, 2_147_483_648.0];
    let rows: Vec<Vec<f64>> = (0..33)
        .map(|row| (0..features).map(|feature| values[(row * 7 + feature * 3) % values.len()]).collect())
        .collect();
    let raws: Vec<f64> = rows.iter().map(|row| model.raw(row)).collect();
    for raw in &raws {
        let probability = model.probability(*raw);
        assert!(raw.is_finite() && (0.0..=1.0).contains(&probability), "{raw} is {probability}");
    }
    contributions_add_up(&model, &rows, &raws);
    kernels_agree(model, &rows, &raws);
}

fn contributions_add_up(model: &Model, rows: &[Vec<f64>], raws: &[f64]) {
    let mut out = vec![0.0; model.num_features() + 1];
    for (row, raw) in rows.iter().zip(raws).take(4) {
        if model.contributions(row, &mut out).is_err() {
            return;
        }
        let size: f64 = out.iter().map(|x| x.abs()).sum::<f64>().max(1.0);
        let sum: f64 = out.iter().sum();
        assert!((sum - raw).abs() <= 1e-6 * size, "contributions give {sum}, the score is {raw}");
    }
}

fn kernels_agree(mut model: Model, rows: &[Vec<f64>], raws: &[f64]) {
    let columns: Vec<Vec<f64>> =
        (0..model.num_features()).map(|feature| rows.iter().map(|row| row[feature]).collect()).collect();
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    for kernel in Kernel::available() {
        model = model.with_kernel(kernel);
        let mut out = vec![0.0; rows.len()];
        assert!(model.raw_batch(&columns, &mut out).is_ok());
        for (given, raw) in out.iter().zip(raws) {
            assert_eq!(given.to_bits(), raw.to_bits(), "{kernel:?}");
        }
    }
}

/// A bundle's archive: the bundle or a named reason; what unpacks packs again to the same files.
pub fn bundle_zip(data: &[u8]) {
    match archive::unpack(data) {
        Ok(files) => {
            let total: usize = files.values().map(Vec::len).sum();
            assert!(total as u64 <= 128 << 20, "{total} bytes");
            let packed = archive::pack(&files);
            assert!(packed.as_ref().map(|bytes| archive::unpack(bytes)) == Ok(Ok(files)));
        }
        Err(error) => named(&error),
    }
    if let Err(error) = archive::open(data) {
        named(&error);
    }
}

/// A bundle's files, given as one text (`=== name` before each), so that what lies behind the archive is reached, too.
pub fn bundle_files(data: &[u8]) {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut name = None;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if let Some(rest) = line.strip_prefix(FILE.as_bytes()) {
            let next = String::from_utf8_lossy(rest).trim().to_owned();
            files.entry(next.clone()).or_default();
            name = Some(next);
        } else if let Some(content) = name.as_ref().and_then(|name| files.get_mut(name)) {
            content.extend_from_slice(line);
        }
    }
    let golden = files.remove(accunode_scoring::GOLDEN).unwrap_or_default();
    let bundle = match Bundle::from_files(files) {
        Ok(bundle) => bundle,
        Err(error) => return named(&error),
    };
    let specs = bundle.kind().ratios().len();
    for ratio in
        [Ratio::Missing, Ratio::NotMeaningful, Ratio::Value(0.0), Ratio::Value(-1e9), Ratio::Value(37.5)]
    {
        let row = vec![ratio; specs];
        // A member may have no answer; it must say which.
        match bundle.score(&row) {
            Ok(score) => assert!((0.0..=1.0).contains(&score.probability), "{}", score.probability),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        if let Err(error) = bundle.explain(&row) {
            assert!(!error.to_string().is_empty());
        }
    }
    match Golden::parse(&golden, &bundle) {
        Ok(rows) => {
            if let Err(error) = rows.check(&bundle) {
                named(&error);
            }
        }
        Err(error) => named(&error),
    }
}
