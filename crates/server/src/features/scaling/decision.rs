//! The decision table: how many workers there should be. Pure: it reads nothing and does nothing.

use std::{fmt, time::Duration};

use accunode_domain::{Error, Result};

/// The most workers that can be asked for.
pub const MOST_WORKERS: i64 = 1_000;
/// The longest cool-down, in seconds.
pub const LONGEST_COOLDOWN: i64 = 86_400;
/// The most waiting jobs that a threshold can name.
pub const LARGEST_THRESHOLD: i64 = 1_000_000;

/// So many jobs waiting in the high lane are an emergency, whatever waits elsewhere.
const URGENT: i64 = 20;
/// How many workers an emergency adds.
const EMERGENCY_STEP: i64 = 3;
/// A backlog that is worked off within so many minutes needs nobody else.
const PATIENCE_MINUTES: f64 = 15.0;
/// One more worker for so many waiting jobs.
const JOBS_PER_WORKER: i64 = 15;
/// What a worker is taken to do in a minute as long as no job has ended that could tell.
const ASSUMED_JOBS_PER_MINUTE: f64 = 2.0;

/// The settings of the decision table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// There are never fewer workers.
    pub min_workers: i64,
    /// There are never more.
    pub max_workers: i64,
    /// From so many waiting jobs on workers may be added.
    pub scale_up_threshold: i64,
    /// Down from so many waiting jobs a worker is taken away.
    pub scale_down_threshold: i64,
    /// Seconds without a change after workers were added.
    pub scale_up_cooldown: i64,
    /// Seconds without a change after a worker was taken away.
    pub scale_down_cooldown: i64,
    /// So many waiting jobs are an emergency.
    pub emergency_threshold: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_workers: 2,
            max_workers: 12,
            scale_up_threshold: 25,
            scale_down_threshold: 5,
            scale_up_cooldown: 120,
            scale_down_cooldown: 600,
            emergency_threshold: 100,
        }
    }
}

impl Thresholds {
    /// The names of the settings, as requests and answers have them, with their bounds and values.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, (i64, i64), i64); 7] {
        [
            ("min_workers", (1, MOST_WORKERS), self.min_workers),
            ("max_workers", (1, MOST_WORKERS), self.max_workers),
            ("scale_up_threshold", (1, LARGEST_THRESHOLD), self.scale_up_threshold),
            ("scale_down_threshold", (0, LARGEST_THRESHOLD), self.scale_down_threshold),
            ("scale_up_cooldown", (0, LONGEST_COOLDOWN), self.scale_up_cooldown),
            ("scale_down_cooldown", (0, LONGEST_COOLDOWN), self.scale_down_cooldown),
            ("emergency_threshold", (1, LARGEST_THRESHOLD), self.emergency_threshold),
        ]
    }

    /// Whether the settings can stand together.
    ///
    /// # Errors
    /// [`Error::BadRequest`] naming the first setting that cannot, and what is expected of it.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::BadRequest(text));
        for (name, (least, most), value) in self.named() {
            if !(least..=most).contains(&value) {
                return refuse(format!(
                    "{name} is {value}, but a whole number from {least} to {most} is expected"
                ));
            }
        }
        let Self { min_workers, max_workers, scale_up_threshold, scale_down_threshold, .. } = *self;
        if max_workers < min_workers {
            return refuse(format!(
                "max_workers is {max_workers}, but at least min_workers ({min_workers}) is expected"
            ));
        }
        if scale_down_threshold >= scale_up_threshold {
            return refuse(format!(
                "scale_down_threshold is {scale_down_threshold}, but less than scale_up_threshold \
                 ({scale_up_threshold}) is expected"
            ));
        }
        if self.emergency_threshold < scale_up_threshold {
            return refuse(format!(
                "emergency_threshold is {}, but at least scale_up_threshold ({scale_up_threshold}) is expected",
                self.emergency_threshold
            ));
        }
        Ok(())
    }
}

/// What can be done about the number of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Take some away.
    ScaleDown,
    /// Leave it as it is.
    Maintain,
    /// Add some.
    ScaleUp,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::ScaleDown, Self::Maintain, Self::ScaleUp];

    /// What leads from one number of workers to another.
    #[must_use]
    pub const fn between(current: i64, target: i64) -> Self {
        if target > current {
            Self::ScaleUp
        } else if target < current {
            Self::ScaleDown
        } else {
            Self::Maintain
        }
    }

    /// The name used in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ScaleDown => "scale_down",
            Self::Maintain => "maintain",
            Self::ScaleUp => "scale_up",
        }
    }

    /// By its name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the decision depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// Jobs that wait and could run, in all lanes.
    pub pending: i64,
    /// Those of the high lane among them.
    pub pending_high: i64,
    /// How many workers there are.
    pub current: i64,
    /// How long these would take for what waits, by how long jobs took lately; none where nothing is known.
    pub minutes_to_clear: Option<f64>,
    /// What was done last, and how long ago.
    pub last: Option<(Action, Duration)>,
}

/// What should be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The kind.
    pub action: Action,
    /// How many workers there are.
    pub current: i64,
    /// How many there should be.
    pub target: i64,
    /// Why, in a sentence.
    pub reason: String,
    /// 1 is most urgent, 3 least.
    pub priority: i16,
    /// `high`, `medium`, `savings` or `none`.
    pub cost_impact: &'static str,
}

impl Decision {
    fn maintain(current: i64, reason: String) -> Self {
        Self { action: Action::Maintain, current, target: current, reason, priority: 3, cost_impact: "none" }
    }

    fn to(current: i64, target: i64, reason: String, priority: i16, cost_impact: &'static str) -> Self {
        Self { action: Action::between(current, target), current, target, reason, priority, cost_impact }
    }

    /// What somebody asks for by hand.
    #[must_use]
    pub fn asked_for(current: i64, target: i64, reason: String) -> Self {
        let (priority, cost_impact) = match Action::between(current, target) {
            Action::ScaleUp => (2, "medium"),
            Action::ScaleDown => (3, "savings"),
            Action::Maintain => (3, "none"),
        };
        Self::to(current, target, reason, priority, cost_impact)
    }
}

/// Decides. The first rule that applies counts:
///
/// 1. the cool-down of the last action runs: nothing;
/// 2. an emergency, and room: three more;
/// 3. fewer than the least or more than the most: to that bound;
/// 4. much waits, and would for long: one more for each 15 waiting jobs;
/// 5. little waits, it is no emergency, and there are more than the least: one less;
/// 6. nothing.
#[must_use]
pub fn decide(t: &Thresholds, s: &Situation) -> Decision {
    let (pending, current) = (s.pending, s.current);
    if let Some(left) = cooling(t, s) {
        let reason = format!("The last change was a moment ago: {left} s of its cool-down are left");
        return Decision::maintain(current, reason);
    }
    let emergency = pending >= t.emergency_threshold || s.pending_high >= URGENT;
    if emergency && current < t.max_workers {
        let target = (current + EMERGENCY_STEP).clamp(t.min_workers, t.max_workers);
        let reason = if pending >= t.emergency_threshold {
            format!("Emergency: {pending} jobs wait, {} or more are one", t.emergency_threshold)
        } else {
            format!("Emergency: {} jobs wait in the high lane, {URGENT} or more are one", s.pending_high)
        };
        return Decision::to(current, target, reason, 1, "high");
    }
    if current < t.min_workers {
        let reason = format!("There are fewer workers than the least, {}", t.min_workers);
        return Decision::to(current, t.min_workers, reason, 2, "medium");
    }
    if current > t.max_workers {
        let reason = format!("There are more workers than the most, {}", t.max_workers);
        return Decision::to(current, t.max_workers, reason, 2, "savings");
    }
    if pending >= t.scale_up_threshold && current < t.max_workers {
        return crowded(t, s);
    }
    if pending <= t.scale_down_threshold && current > t.min_workers && !emergency {
        let reason = format!("{}: one worker less will do", waiting(pending));
        return Decision::to(current, current - 1, reason, 3, "savings");
    }
    let reason = if emergency {
        format!("{}, an emergency, but there are as many workers as there may be", waiting(pending))
    } else if pending >= t.scale_up_threshold {
        format!("{}, but there are as many workers as there may be", waiting(pending))
    } else {
        format!("{}: the number of workers fits", waiting(pending))
    };
    Decision::maintain(current, reason)
}

/// Much waits: whether more workers are worth it depends on how long it would.
fn crowded(t: &Thresholds, s: &Situation) -> Decision {
    // The least is one worker, so there is one.
    let assumed = s.pending as f64 / (s.current.max(1) as f64 * ASSUMED_JOBS_PER_MINUTE);
    let minutes = s.minutes_to_clear.unwrap_or(assumed);
    let basis =
        if s.minutes_to_clear.is_some() { "by the pace of the last minutes" } else { "at two a minute each" };
    let told = format!("{}; {basis} that is {minutes:.1} minutes of work", waiting(s.pending));
    if minutes > PATIENCE_MINUTES {
        let more = (s.pending / JOBS_PER_WORKER).max(1).min(t.max_workers - s.current);
        return Decision::to(s.current, s.current + more, told, 2, "medium");
    }
    Decision::maintain(s.current, format!("{told}, and up to {PATIENCE_MINUTES} are fine"))
}

/// How many seconds of the last action's cool-down are left, if it runs.
fn cooling(t: &Thresholds, s: &Situation) -> Option<u64> {
    let (action, ago) = s.last?;
    let seconds = match action {
        Action::ScaleUp => t.scale_up_cooldown,
        Action::ScaleDown => t.scale_down_cooldown,
        Action::Maintain => 0,
    };
    let left = Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).checked_sub(ago)?;
    (!left.is_zero()).then(|| left.as_secs_f64().ceil() as u64)
}

fn waiting(pending: i64) -> String {
    match pending {
        0 => "No job waits".to_owned(),
        1 => "1 job waits".to_owned(),
        n => format!("{n} jobs wait"),
    }
}

#[cfg(test)]
mod tests;
