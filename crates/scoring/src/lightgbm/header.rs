//! The lines before the first tree.

use super::text::{Entries, Lines, Result, refuse, short};

const KNOWN: [&str; 12] = [
    "tree",
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "average_output",
    "feature_names",
    "monotone_constraints",
    "feature_infos",
    "tree_sizes",
];

/// The steepest sigmoid; LightGBM's own default is 1.
const STEEPEST: f64 = 1e100;

/// How a raw score becomes a probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// Log loss on labels 0 and 1: p = 1 / (1 + exp(−sigmoid · raw)).
    Binary {
        /// The slope, more than 0.
        sigmoid: f64,
    },
    /// Cross-entropy on labels between 0 and 1: p = 1 / (1 + exp(−raw)).
    CrossEntropy,
}

pub(super) struct Header {
    pub(super) version: String,
    pub(super) objective: Objective,
    pub(super) average: bool,
    pub(super) names: Vec<String>,
    pub(super) ranges: Vec<Option<(f64, f64)>>,
    /// Number of trees announced and the line that does.
    pub(super) announced: Option<(usize, usize)>,
}

impl Header {
    pub(super) fn parse(lines: &mut Lines<'_>) -> Result<Self> {
        match lines.next() {
            Some((_, "tree")) => {}
            Some((line, other)) => {
                return refuse(line, format!("\"{}\" where \"tree\" was expected", short(other)));
            }
            None => return refuse(1, "the text is empty"),
        }
        let mut entries = Entries::new(1);
        while let Some(next) = lines.peek() {
            if next.starts_with("Tree=") || next == "end of trees" {
                break;
            }
            if let Some((line, text)) = lines.next().filter(|(_, text)| !text.is_empty()) {
                entries.add(line, text, &KNOWN)?;
            }
        }
        Self::from_entries(&entries)
    }

    fn from_entries(entries: &Entries<'_>) -> Result<Self> {
        let (line, version) = entries.need("version")?;
        if !matches!(version, "v3" | "v4") {
            return refuse(line, format!("version \"{}\", expected v3 or v4", short(version)));
        }
        for key in ["num_class", "num_tree_per_iteration"] {
            if entries.number::<u64>(key)? != 1 {
                let (line, _) = entries.need(key)?;
                return refuse(
                    line,
                    format!("{key} is not 1: models of several classes give no default probability"),
                );
            }
        }
        let objective = objective(entries)?;
        let (line, _) = entries.need("max_feature_idx")?;
        let features = match entries.number::<usize>("max_feature_idx")?.checked_add(1) {
            Some(features) if features <= u32::MAX as usize => features,
            _ => return refuse(line, "max_feature_idx is too large"),
        };
        let (line, names) = entries.need("feature_names")?;
        let names: Vec<String> = names.split_ascii_whitespace().map(str::to_owned).collect();
        if names.len() != features {
            return refuse(
                line,
                format!("{} feature names, expected max_feature_idx + 1 = {features}", names.len()),
            );
        }
        let average = match entries.find("average_output") {
            Some((line, value)) if !value.is_empty() => {
                return refuse(line, "average_output takes no value");
            }
            found => found.is_some(),
        };
        let announced =
            entries.find("tree_sizes").map(|(line, sizes)| (sizes.split_ascii_whitespace().count(), line));
        let ranges = ranges(entries, features)?;
        Ok(Self { version: version.to_owned(), objective, average, names, ranges, announced })
    }
}

fn objective(entries: &Entries<'_>) -> Result<Objective> {
    let (line, text) = entries.need("objective")?;
    let mut tokens = text.split_ascii_whitespace();
    match tokens.next() {
        Some("binary") => {
            let Some(slope) = tokens.next().and_then(|token| token.strip_prefix("sigmoid:")) else {
                return refuse(line, "objective binary without \"sigmoid:\"");
            };
            let sigmoid = slope.parse().ok().filter(|s: &f64| *s > 0.0 && *s <= STEEPEST);
            match (sigmoid, tokens.next()) {
                (Some(sigmoid), None) => Ok(Objective::Binary { sigmoid }),
                (Some(_), Some(token)) => {
                    refuse(line, format!("unknown objective option \"{}\"", short(token)))
                }
                (None, _) => refuse(
                    line,
                    format!(
                        "sigmoid \"{}\", expected a number above 0 and at most {STEEPEST:e}",
                        short(slope)
                    ),
                ),
            }
        }
        Some("cross_entropy") => match tokens.next() {
            None => Ok(Objective::CrossEntropy),
            Some(token) => refuse(line, format!("unknown objective option \"{}\"", short(token))),
        },
        other => refuse(
            line,
            format!(
                "objective \"{}\" gives no probability; expected binary or cross_entropy",
                short(other.unwrap_or_default())
            ),
        ),
    }
}

/// The training range per feature: `[low:high]`; `none` and lists of categories have none.
fn ranges(entries: &Entries<'_>, features: usize) -> Result<Vec<Option<(f64, f64)>>> {
    let Some((line, infos)) = entries.find("feature_infos") else {
        return Ok(vec![None; features]);
    };
    let ranges: Vec<_> = infos
        .split_ascii_whitespace()
        .map(|info| {
            let (low, high) = info.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
            Some((low.parse().ok()?, high.parse().ok()?))
        })
        .collect();
    if ranges.len() != features {
        return refuse(line, format!("{} feature_infos, expected {features}", ranges.len()));
    }
    Ok(ranges)
}
