//! `accunode model inspect`: the facts of a bundle or of a LightGBM file, as text or JSON.

use std::io::{self, Write};

use accunode_domain::{Kind, Thresholds};
use accunode_scoring::{
    Bundle, Calibration, LightGbmMember, Member, MemberModel, MissingRule, Scorecard,
    lightgbm::{Model, Objective},
    sigmoid,
};
use serde::Serialize;

use super::{InspectArgs, read_model};

pub(super) fn run(args: &InspectArgs) -> anyhow::Result<()> {
    show(args, &mut io::stdout().lock())
}

fn show(args: &InspectArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    if args.path.is_dir() {
        let bundle =
            Bundle::load(&args.path).map_err(|error| anyhow::anyhow!("{}: {error}", args.path.display()))?;
        print(out, &BundleFacts::new(&bundle), args.json, BundleFacts::write)
    } else {
        print(out, &ModelFacts::new(&read_model(&args.path)?), args.json, ModelFacts::write)
    }
}

fn print<F: Serialize>(
    out: &mut dyn Write,
    facts: &F,
    json: bool,
    write: impl Fn(&F, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, facts)?;
        writeln!(out)?;
    } else {
        write(facts, out)?;
    }
    Ok(())
}

/// What a bundle holds.
#[derive(Serialize)]
struct BundleFacts<'a> {
    name: &'a str,
    version: &'a str,
    kind: Kind,
    hash: &'a str,
    features: Vec<&'static str>,
    members: Vec<MemberFacts<'a>>,
    calibration: Option<Calibration>,
    thresholds: Thresholds,
    /// None where a LightGBM file lacks the counts that contributions need.
    base_log_odds: Option<f64>,
    /// In the order of the kind's ratios.
    training_ranges: Vec<RangeFacts>,
    card: bool,
}

#[derive(Serialize)]
struct MemberFacts<'a> {
    file: &'a str,
    weight: f64,
    #[serde(flatten)]
    model: MemberModelFacts,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum MemberModelFacts {
    Scorecard {
        intercept: f64,
        features: Vec<ScorecardFeatureFacts>,
    },
    LightGbm {
        missing: MissingRule,
        /// What feeds the model's features, in their order.
        inputs: Vec<String>,
        model: ModelFacts,
    },
}

#[derive(Serialize)]
struct ScorecardFeatureFacts {
    name: &'static str,
    coefficient: f64,
    bins: usize,
    least_value: f64,
    largest_value: f64,
    mean: f64,
}

/// What a LightGBM file holds.
#[derive(Serialize)]
struct ModelFacts {
    format: String,
    objective: &'static str,
    /// Factor from the raw score to the log-odds.
    sigmoid: f64,
    /// Whether the raw score is the mean of the trees (random forest) instead of their sum.
    average: bool,
    trees: usize,
    leaves_of_largest_tree: usize,
    categorical_splits: bool,
    /// Whether scores can be explained.
    training_counts: bool,
    features: Vec<RangeFacts>,
}

/// A name and the values seen in training, where they are known.
#[derive(Serialize)]
struct RangeFacts {
    name: String,
    range: Option<(f64, f64)>,
}

impl<'a> BundleFacts<'a> {
    fn new(bundle: &'a Bundle) -> Self {
        let kind = bundle.kind();
        let ranges = kind.ratios().iter().zip(bundle.training_ranges());
        Self {
            name: bundle.name(),
            version: bundle.version(),
            kind,
            hash: bundle.hash(),
            features: bundle.features().collect(),
            members: bundle.members().iter().map(|member| MemberFacts::new(kind, member)).collect(),
            calibration: bundle.calibration(),
            thresholds: bundle.thresholds(),
            base_log_odds: bundle.base_log_odds().ok(),
            training_ranges: ranges
                .map(|(spec, range)| RangeFacts { name: spec.name.to_owned(), range })
                .collect(),
            card: bundle.card().is_some(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} {}, {}", self.name, self.version, self.kind)?;
        writeln!(out, "hash         {}", self.hash)?;
        writeln!(out, "features     {}", self.features.join(", "))?;
        match self.calibration {
            Some(c) => writeln!(out, "calibration  logit: intercept {}, slope {}", c.intercept, c.slope)?,
            None => writeln!(out, "calibration  none")?,
        }
        let Thresholds { medium, high, critical } = self.thresholds;
        writeln!(out, "thresholds   medium {medium}, high {high}, critical {critical}")?;
        match self.base_log_odds {
            Some(base) => writeln!(out, "base         {base} in log-odds, probability {}", sigmoid(base))?,
            None => writeln!(out, "base         unknown: scores cannot be explained")?,
        }
        writeln!(out, "card         {}", if self.card { "yes" } else { "no" })?;
        for (index, member) in self.members.iter().enumerate() {
            writeln!(out)?;
            member.write(index, out)?;
        }
        writeln!(out, "\ntraining ranges")?;
        write_ranges(&self.training_ranges, out)
    }
}

impl<'a> MemberFacts<'a> {
    fn new(kind: Kind, member: &'a Member) -> Self {
        let model = match member.model() {
            MemberModel::Scorecard(card) => scorecard_facts(kind, card),
            MemberModel::LightGbm(member) => lightgbm_facts(kind, member),
        };
        Self { file: member.file(), weight: member.weight(), model }
    }

    fn write(&self, index: usize, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "member {index}: {}, weight {}, ", self.file, self.weight)?;
        match &self.model {
            MemberModelFacts::Scorecard { intercept, features } => {
                writeln!(out, "scorecard, intercept {intercept}")?;
                for f in features {
                    writeln!(
                        out,
                        "  {}: coefficient {}, {} bins, values {} to {}, mean {}",
                        f.name, f.coefficient, f.bins, f.least_value, f.largest_value, f.mean
                    )?;
                }
                Ok(())
            }
            MemberModelFacts::LightGbm { missing, inputs, model } => {
                let missing = match missing {
                    MissingRule::Native => "not a number",
                    MissingRule::Zero => "zero",
                };
                writeln!(out, "LightGBM, missing is {missing}, fed with {}", inputs.join(", "))?;
                model.write(out)
            }
        }
    }
}

fn scorecard_facts(kind: Kind, card: &Scorecard) -> MemberModelFacts {
    let facts = |feature: &accunode_scoring::ScorecardFeature| {
        let values = || feature.bins.iter().map(|bin| bin.value);
        ScorecardFeatureFacts {
            name: kind.ratios().get(feature.ratio).map_or("", |spec| spec.name),
            coefficient: feature.coefficient,
            bins: feature.bins.len(),
            least_value: values().fold(f64::INFINITY, f64::min),
            largest_value: values().fold(f64::NEG_INFINITY, f64::max),
            mean: feature.mean,
        }
    };
    let features = card.features().iter().map(facts).collect();
    MemberModelFacts::Scorecard { intercept: card.intercept(), features }
}

fn lightgbm_facts(kind: Kind, member: &LightGbmMember) -> MemberModelFacts {
    MemberModelFacts::LightGbm {
        missing: member.missing(),
        inputs: member.inputs().iter().map(|input| input.name(kind)).collect(),
        model: ModelFacts::new(member.model()),
    }
}

impl ModelFacts {
    fn new(model: &Model) -> Self {
        let features = model.feature_names().iter().zip(model.feature_ranges());
        let facts = model.facts();
        let (objective, sigmoid) = match facts.objective {
            Objective::Binary { sigmoid } => ("binary", sigmoid),
            Objective::CrossEntropy => ("cross_entropy", 1.0),
        };
        Self {
            format: facts.version.clone(),
            objective,
            sigmoid,
            average: facts.average,
            trees: facts.trees,
            leaves_of_largest_tree: facts.leaves_max,
            categorical_splits: facts.has_categorical,
            training_counts: facts.has_counts,
            features: features
                .map(|(name, range)| RangeFacts { name: name.clone(), range: *range })
                .collect(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let raw = if self.average { "mean" } else { "sum" };
        writeln!(
            out,
            "  format {}, {}, sigmoid {}, {raw} of trees",
            self.format, self.objective, self.sigmoid
        )?;
        let yes = |yes| if yes { "yes" } else { "no" };
        writeln!(
            out,
            "  {} trees of at most {} leaves, categorical splits: {}, training counts: {}",
            self.trees,
            self.leaves_of_largest_tree,
            yes(self.categorical_splits),
            yes(self.training_counts)
        )?;
        writeln!(out, "  {} features", self.features.len())?;
        write_ranges(&self.features, out)
    }
}

fn write_ranges(ranges: &[RangeFacts], out: &mut dyn Write) -> io::Result<()> {
    for RangeFacts { name, range } in ranges {
        match range {
            Some((low, high)) => writeln!(out, "  {name}: {low} to {high}")?,
            None => writeln!(out, "  {name}: unknown")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const MANIFEST: &str = r#"{"format": 1, "name": "card only", "version": "7", "kind": "quarterly",
        "features": ["total_debt_to_ebitda", "sga_margin", "long_term_debt_to_total_capital",
                     "return_on_capital"],
        "members": [{"type": "scorecard", "file": "card.json", "weight": 1}],
        "thresholds": {"medium": 0.02, "high": 0.05, "critical": 0.15}}"#;
    const CARD: &str = r#"{"intercept": -3, "features": [{"name": "sga_margin", "coefficient": 2,
        "bins": [{"low": null, "high": 10, "value": -0.5}, {"low": 10, "high": null, "value": 0.25}],
        "missing": 0, "otherwise": 0, "mean": 0.125}]}"#;

    fn inspect(manifest: &str, json: bool) -> anyhow::Result<String> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("manifest.json"), manifest).unwrap();
        fs::write(dir.path().join("card.json"), CARD).unwrap();
        let mut out = Vec::new();
        show(&InspectArgs { path: dir.path().to_owned(), json }, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_bundle_as_text() {
        let text = inspect(MANIFEST, false).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "card only 7, quarterly");
        assert!(lines.contains(&"calibration  none"));
        assert!(lines.contains(&"member 0: card.json, weight 1, scorecard, intercept -3"));
        assert!(lines.contains(&"  sga_margin: coefficient 2, 2 bins, values -0.5 to 0.25, mean 0.125"));
        assert!(lines.contains(&"  return_on_capital: unknown"));
    }

    #[test]
    fn a_bundle_as_json() {
        let facts: serde_json::Value = serde_json::from_str(&inspect(MANIFEST, true).unwrap()).unwrap();
        assert_eq!(facts["members"][0]["type"], "scorecard");
        assert_eq!(facts["members"][0]["features"][0]["bins"], 2);
        assert_eq!(facts["base_log_odds"], -2.75);
        assert_eq!(facts["hash"].as_str().map(str::len), Some(64));
    }

    #[test]
    fn a_refusal_names_folder_file_and_place() {
        let message = inspect(&MANIFEST.replace("\"weight\": 1", "\"weight\": 2"), false).unwrap_err();
        let message = message.to_string();
        assert!(message.ends_with("manifest.json, members: the weights sum to 2, expected 1"), "{message}");
    }
}
