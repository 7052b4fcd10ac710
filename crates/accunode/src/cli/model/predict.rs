//! `accunode model predict`: rows in, raw scores, probabilities and contributions out, block by block.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::Path,
};

use accunode_scoring::lightgbm::Model;
use accunode_sheets::WholeFile;
use anyhow::Context as _;

use super::{
    PredictArgs, is_standard, read_model,
    rows::{BLOCK, Rows},
};

pub(super) fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let model = read_model(&args.model)?;
    let input: Box<dyn Read> = if is_standard(&args.input) {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&args.input);
        Box::new(file.with_context(|| format!("cannot read {}", args.input.display()))?)
    };
    let name = if is_standard(&args.input) { "standard input".into() } else { args.input.to_string_lossy() };
    let mut rows = Rows::new(input, &name, model.num_features())?;
    write_to(&args.output, |out| score(&model, &mut rows, args.contributions, out))
}

/// Scores all rows.
fn score<R: Read>(
    model: &Model,
    rows: &mut Rows<'_, R>,
    contributions: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let features = model.num_features();
    write!(out, "raw,probability")?;
    if contributions {
        for feature in 0..features {
            write!(out, ",contribution_{feature}")?;
        }
        write!(out, ",contribution_bias")?;
    }
    writeln!(out)?;
    let width = features + 1;
    let mut columns = vec![Vec::with_capacity(BLOCK); features];
    let (mut raw, mut parts) = (Vec::new(), Vec::new());
    while rows.block(&mut columns)? {
        let count = columns.first().map_or(0, Vec::len);
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        raw.resize(count, 0.0);
        model.raw_batch_parallel(&slices, &mut raw)?;
        if contributions {
            parts.resize(count * width, 0.0);
            model.contributions_batch_parallel(&slices, &mut parts)?;
        }
        for (i, raw) in raw.iter().enumerate() {
            write!(out, "{raw},{}", model.probability(*raw))?;
            // Empty where contributions were not asked for.
            for part in parts.get(i * width..(i + 1) * width).unwrap_or_default() {
                write!(out, ",{part}")?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Writes a file as a whole or not at all. Standard output and whatever is not a regular file are written
/// directly.
fn write_to(path: &Path, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    if is_standard(path) {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&mut out)?;
        return out.flush().with_context(failed);
    }
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(path).with_context(failed)?);
        write(&mut out)?;
        return out.flush().with_context(failed);
    }
    let mut out = WholeFile::create(path).with_context(failed)?;
    write(&mut out)?;
    out.finish().with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=[0:10] [0:10]
tree_sizes=282

Tree=0
num_leaves=2
num_cat=0
split_feature=0
split_gain=1
threshold=3
decision_type=10
left_child=-1
right_child=-2
leaf_value=-2 -0.1
leaf_weight=30 10
leaf_count=30 10
internal_value=-1.525
internal_weight=40
internal_count=40
is_linear=0
shrinkage=1


end of trees
";

    /// Runs `predict` on the text; gives what it wrote, and the names left in the folder.
    fn predict(rows: &str, contributions: bool) -> (anyhow::Result<()>, Option<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        fs::write(place("model.txt"), MODEL).unwrap();
        fs::write(place("rows.csv"), rows).unwrap();
        let args = PredictArgs {
            model: place("model.txt"),
            input: place("rows.csv"),
            output: place("out.csv"),
            contributions,
        };
        let done = run(&args);
        let names = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        (done, fs::read_to_string(place("out.csv")).ok(), names)
    }

    #[test]
    fn rows_become_scores_in_order() {
        let (done, out, names) = predict("x,y\n1,\n3.5,2\n,7\n", false);
        done.unwrap();
        let (low, high) = (0.119_202_922_022_117_57, 0.475_020_812_521_06);
        let mut lines = out.as_deref().unwrap().lines();
        assert_eq!(lines.next(), Some("raw,probability"));
        for (line, expected) in lines.by_ref().zip([(-2.0, low), (-0.1, high), (-2.0, low)]) {
            let (raw, probability) = line.split_once(',').unwrap();
            assert_eq!(raw.parse(), Ok(expected.0));
            assert!((probability.parse::<f64>().unwrap() - expected.1).abs() < 1e-15);
        }
        assert_eq!(lines.next(), None);
        assert_eq!(names, ["model.txt", "out.csv", "rows.csv"]);
    }

    #[test]
    fn contributions_sum_to_the_raw_score() {
        let (done, out, _) = predict("x,y\n1,5\n4,5\n", true);
        done.unwrap();
        let out = out.unwrap();
        let mut lines = out.lines();
        assert_eq!(lines.next(), Some("raw,probability,contribution_0,contribution_1,contribution_bias"));
        for line in lines {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            assert!((cells[2] + cells[3] + cells[4] - cells[0]).abs() < 1e-12, "{line}");
            assert_eq!(cells[3], 0.0);
            assert!((cells[4] - -1.525).abs() < 1e-12);
        }
    }

    #[test]
    fn a_bad_cell_leaves_nothing_behind() {
        let rows = format!("x,y\n{}oops,2\n", "1,2\n".repeat(BLOCK));
        let (done, out, names) = predict(&rows, false);
        let message = done.unwrap_err().to_string();
        assert!(
            message.contains(&format!("rows.csv, line {}, column 1 ('x'): 'oops'", BLOCK + 2)),
            "{message}"
        );
        assert_eq!((out, names), (None, vec!["model.txt".to_owned(), "rows.csv".to_owned()]));
    }
}
