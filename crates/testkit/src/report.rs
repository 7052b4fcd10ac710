//! What a drill of a fault tells, a line of a table for each.

use std::{fs::OpenOptions, io::Write as _, time::Duration};

/// Whether faults last as long as they are documented to.
pub fn full() -> bool {
    std::env::var("ACCUNODE_FAULTS").is_ok_and(|value| value == "full")
}

/// For drills that take too long for the suite: whether to run, saying so when not.
pub fn only_in_full(what: &str) -> bool {
    if !full() {
        eprintln!("skipped: {what}, see make test-fault");
    }
    full()
}

/// As long as documented, or a short while in the suite.
pub fn lasting(full_seconds: u64, short_seconds: u64) -> Duration {
    Duration::from_secs(if full() { full_seconds } else { short_seconds })
}

/// A line of the table, written when dropped: as failed, unless the drill came to its end.
#[derive(Debug)]
pub struct Report {
    fault: String,
    during: Vec<String>,
    afterwards: Option<String>,
}

impl Report {
    /// About a fault, in words for the table.
    pub fn of(fault: impl Into<String>) -> Self {
        Self { fault: fault.into(), during: Vec::new(), afterwards: None }
    }

    /// Notes what answered.
    pub fn during(&mut self, what: impl Into<String>) {
        self.during.push(what.into());
    }

    /// Notes what is true afterwards, which ends the drill.
    pub fn passed(mut self, what: impl Into<String>) {
        self.afterwards = Some(what.into());
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let (afterwards, passed) =
            self.afterwards.take().map_or(("-".to_owned(), "NO"), |text| (text, "yes"));
        let line = format!("{}\t{}\t{afterwards}\t{passed}\n", self.fault, self.during.join("; "));
        eprint!("{line}");
        let Some(path) = std::env::var_os("ACCUNODE_FAULT_TABLE") else { return };
        let file = OpenOptions::new().create(true).append(true).open(path);
        if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
            eprintln!("the table cannot be written: {error}");
        }
    }
}
