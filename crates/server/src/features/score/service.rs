//! Rules of scoring without storing.

use std::{sync::Arc, time::Instant};

use accunode_domain::{Error, Kind, MasterScale, Ratio, Result, RiskLevel, quality};
use accunode_scoring::{Bundle, Score, ScoreError, Target};

use super::api::{
    ModelInUse, Scored,
    batch::{ScoredRow, Scores},
    explanation::{Explanation, state_of},
    target::{RatioStep, RatioTarget, Targets},
    what_if::WhatIf,
};
use crate::{caller::Caller, features::grades::service as grades, state::AppState};

/// Rows that are scored right away; more would keep other requests waiting.
const FEW: usize = 8;

/// A kind's ratios in order.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The ratios.
    pub ratios: Vec<Ratio>,
    /// Whether they were the vendors' sentinel.
    pub sentinel: Vec<bool>,
}

impl AsRef<[Ratio]> for Row {
    fn as_ref(&self) -> &[Ratio] {
        &self.ratios
    }
}

/// What a caller knows a row by.
#[derive(Clone, Debug)]
pub struct Label {
    /// Any mark.
    pub id: Option<String>,
    /// A company's symbol.
    pub company_symbol: Option<String>,
}

/// Rows to score.
#[derive(Clone, Debug)]
pub struct Request {
    /// Their kind.
    pub kind: Kind,
    /// What each is known by.
    pub labels: Vec<Label>,
    /// Their ratios, in the same order.
    pub rows: Vec<Row>,
    /// Whether to say why.
    pub explain: bool,
}

/// What a row should become.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A grade of the scale in force, by its name.
    Grade(String),
    /// A risk level.
    Level(RiskLevel),
}

/// What turns a score into an answer.
#[derive(Clone)]
struct Desk {
    bundle: Arc<Bundle>,
    scale: Arc<MasterScale>,
    ranges: Vec<Option<(f64, f64)>>,
}

impl Desk {
    async fn of(state: &AppState, caller: &Caller, kind: Kind) -> Result<Self> {
        let scale = grades::by_id(state, caller.place.scale).await?.master;
        let bundle = state.models.get(kind);
        Ok(Self { scale, ranges: bundle.training_ranges(), bundle })
    }

    fn scored(&self, row: &Row, score: &Score) -> Scored {
        let flags = quality(self.bundle.kind(), &row.ratios, &row.sentinel, &self.ranges);
        Scored {
            probability: score.probability,
            raw_probability: score.raw,
            logistic_probability: score.scorecard_probability(),
            gbm_probability: score.lightgbm_probability(),
            risk_level: score.risk_level.as_str(),
            grade: self.scale.grade(score.probability).to_owned(),
            confidence: score.confidence,
            quality: flags.into_iter().map(Into::into).collect(),
        }
    }

    fn model(&self) -> ModelInUse {
        self.bundle.as_ref().into()
    }
}

/// Scores rows, and explains them if asked for.
///
/// # Errors
/// As [`explain`].
pub(crate) async fn score(state: &AppState, caller: &Caller, request: Request) -> Result<Scores> {
    let desk = Desk::of(state, caller, request.kind).await?;
    let model = desk.model();
    let few = request.rows.len() <= FEW;
    let work = move || score_rows(&desk, request);
    let rows = if few { work()? } else { apart(work).await? };
    Ok(Scores { success: true, model, rows })
}

fn score_rows(desk: &Desk, request: Request) -> Result<Vec<ScoredRow>> {
    let Request { labels, rows, explain: wants_reasons, .. } = request;
    let begun = Instant::now();
    let scores = desk.bundle.score_batch(&columns(&desk.bundle, &rows)).map_err(unanswered)?;
    accunode_telemetry::scored(desk.bundle.kind().as_str(), rows.len(), begun.elapsed());
    let mut why = if wants_reasons { explain(&desk.bundle, &rows)? } else { Vec::new() }.into_iter();
    let scored = rows.iter().zip(scores.iter()).zip(labels).enumerate();
    let row = |(row, ((ratios, score), label)): (usize, ((&Row, Score), Label))| ScoredRow {
        row,
        id: label.id,
        company_symbol: label.company_symbol,
        score: desk.scored(ratios, &score),
        explanation: why.next(),
    };
    Ok(scored.map(row).collect())
}

/// Scores a row as it is and as it would be.
///
/// # Errors
/// As [`explain`].
pub(crate) async fn what_if(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    before: Row,
    after: Row,
) -> Result<WhatIf> {
    let desk = Desk::of(state, caller, kind).await?;
    let found = desk.bundle.what_if(&before.ratios, &after.ratios).map_err(unanswered)?;
    Ok(WhatIf {
        success: true,
        model: desk.model(),
        before: desk.scored(&before, &found.before),
        after: desk.scored(&after, &found.after),
        before_log_odds: found.before_log_odds,
        after_log_odds: found.after_log_odds,
        drivers: found.drivers.into_iter().map(Into::into).collect(),
    })
}

/// Finds what each ratio alone would have to become.
///
/// # Errors
/// [`Error::Invalid`] for a grade that the scale in force does not have.
pub(crate) async fn target(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    base: Row,
    wanted: Wanted,
) -> Result<Targets> {
    let desk = Desk::of(state, caller, kind).await?;
    let goal = Goal::new(&desk, wanted)?;
    apart(move || find_targets(&desk, &base, &goal)).await
}

fn find_targets(desk: &Desk, base: &Row, goal: &Goal) -> Result<Targets> {
    let score = desk.bundle.score(&base.ratios).map_err(unanswered)?;
    let now = goal.rank(desk, score.probability);
    let (direction, found) = match now.cmp(&goal.wanted) {
        std::cmp::Ordering::Equal => ("reached", Ok(Vec::new())),
        std::cmp::Ordering::Greater => {
            ("better", desk.bundle.targets(&base.ratios, |p| goal.rank(desk, p) <= goal.wanted))
        }
        std::cmp::Ordering::Less => {
            ("worse", desk.bundle.targets(&base.ratios, |p| goal.rank(desk, p) >= goal.wanted))
        }
    };
    let found = found.map_err(unanswered)?;
    let targets = found.iter().enumerate().map(|(index, target)| step(desk, base, index, target));
    Ok(Targets {
        success: true,
        model: desk.model(),
        current: desk.scored(base, &score),
        wanted: goal.name.clone(),
        direction,
        targets: targets.collect(),
    })
}

fn step(desk: &Desk, base: &Row, index: usize, target: &Target) -> RatioTarget {
    let to = target.to.map(|step| {
        let mut ratios = base.ratios.clone();
        if let Some(ratio) = ratios.get_mut(index) {
            *ratio = Ratio::Value(step.value);
        }
        let mut flags = quality(desk.bundle.kind(), &ratios, &base.sentinel, &desk.ranges);
        flags.retain(|flag| flag.field == target.ratio);
        RatioStep {
            value: step.value,
            bound: step.bound,
            change: step.change,
            probability: step.probability,
            risk_level: desk.bundle.thresholds().level(step.probability).as_str(),
            grade: desk.scale.grade(step.probability).to_owned(),
            quality: flags.into_iter().map(Into::into).collect(),
        }
    });
    RatioTarget {
        ratio: target.ratio,
        from: target.from.value(),
        state: state_of(target.from),
        reachable: to.is_some(),
        to,
    }
}

/// A place on one of the two ladders from safe to risky.
struct Goal {
    by_grade: bool,
    wanted: usize,
    name: String,
}

impl Goal {
    fn new(desk: &Desk, wanted: Wanted) -> Result<Self> {
        match wanted {
            Wanted::Level(level) => {
                let wanted = RiskLevel::ALL.iter().position(|other| *other == level).unwrap_or_default();
                Ok(Self { by_grade: false, wanted, name: level.as_str().to_owned() })
            }
            Wanted::Grade(text) => {
                let grades = desk.scale.grades();
                let found = desk.scale.position(&text).and_then(|wanted| Some((wanted, grades.get(wanted)?)));
                let Some((wanted, grade)) = found else {
                    let names: Vec<&str> = grades.iter().map(|grade| grade.grade.as_str()).collect();
                    let reason = format!("Invalid grade: one of {} is expected", names.join(", "));
                    return Err(Error::field("grade", reason));
                };
                Ok(Self { by_grade: true, wanted, name: grade.grade.clone() })
            }
        }
    }

    fn rank(&self, desk: &Desk, probability: f64) -> usize {
        if self.by_grade {
            desk.scale.rank(probability)
        } else {
            let level = desk.bundle.thresholds().level(probability);
            RiskLevel::ALL.iter().position(|other| *other == level).unwrap_or_default()
        }
    }
}

/// The explanations of some rows, each with the kind's ratios in order. Not for the threads that answer requests
/// where there are more than a few.
///
/// # Errors
/// [`Error::BadRequest`] where the model in use cannot explain itself: some files do not hold what it takes.
pub fn explain<R: AsRef<[Ratio]>>(bundle: &Bundle, rows: &[R]) -> Result<Vec<Explanation>> {
    let why = bundle.rationales(&columns(bundle, rows)).map_err(unanswered)?;
    Ok(why.into_iter().map(Into::into).collect())
}

/// The rows as columns, one for each ratio of the kind.
fn columns<R: AsRef<[Ratio]>>(bundle: &Bundle, rows: &[R]) -> Vec<Vec<Ratio>> {
    let cell = |row: &R, index: usize| row.as_ref().get(index).copied().unwrap_or(Ratio::Missing);
    let column = |index| rows.iter().map(|row| cell(row, index)).collect();
    (0..bundle.kind().ratios().len()).map(column).collect()
}

/// A member without an answer is the model's own limit; all else is a defect.
fn unanswered(error: ScoreError) -> Error {
    match error {
        ScoreError::Member { reason, .. } => {
            Error::BadRequest(format!("The model in use has no answer: {reason}"))
        }
        other => Error::internal(other),
    }
}

/// Does work on a thread that answers no requests.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
