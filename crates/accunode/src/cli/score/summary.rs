//! What is said on standard error: how far it is, and how it went.

use accunode_domain::RiskLevel;
use accunode_scoring::Bundle;
use indicatif::{ProgressBar, ProgressStyle};

use super::table::Scored;

/// Counts over all rows, and the progress shown on a terminal.
pub(super) struct Summary {
    /// Lines about the model and the columns.
    about: Vec<String>,
    rows: u64,
    levels: [u64; RiskLevel::ALL.len()],
    sum: f64,
    progress: ProgressBar,
}

impl Summary {
    pub(super) fn new(bundle: &Bundle, renamed: &[(String, String)]) -> Self {
        // Hidden by itself where standard error is not a terminal.
        let progress = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} rows, {per_sec}, {elapsed}") {
            progress.set_style(style);
        }
        let short: String = bundle.hash().chars().take(12).collect();
        let mut about = vec![format!("bundle: {} {} (sha256 {short})", bundle.name(), bundle.version())];
        about.extend(renamed.iter().map(|(old, new)| format!("input column '{old}' is written as '{new}'")));
        Self { about, rows: 0, levels: [0; RiskLevel::ALL.len()], sum: 0.0, progress }
    }

    pub(super) fn add(&mut self, scored: Option<&Scored>) {
        self.rows += 1;
        if let Some(Scored { score, .. }) = scored {
            self.sum += score.probability;
            for (level, count) in RiskLevel::ALL.iter().zip(&mut self.levels) {
                *count += u64::from(*level == score.risk_level);
            }
        }
    }

    pub(super) fn show_progress(&self) {
        self.progress.set_position(self.rows);
    }

    fn scored(&self) -> u64 {
        self.levels.iter().sum()
    }

    pub(super) fn failed(&self) -> u64 {
        self.rows - self.scored()
    }

    pub(super) fn print(&self) {
        self.progress.finish_and_clear();
        for line in &self.about {
            eprintln!("{line}");
        }
        eprintln!("rows: {}, scored: {}, failed: {}", self.rows, self.scored(), self.failed());
        if self.scored() > 0 {
            let levels: Vec<_> =
                RiskLevel::ALL.iter().zip(self.levels).map(|(l, n)| format!("{l} {n}")).collect();
            eprintln!("risk levels: {}", levels.join(", "));
            eprintln!("mean probability of default: {:.6}", self.sum / self.scored() as f64);
        }
    }
}
