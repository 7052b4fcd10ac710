//! What the system tells about this process.

use std::{fs, sync::OnceLock, thread};

/// This process, as Linux sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process {
    /// Time of processors that it used, in seconds.
    pub cpu_seconds: f64,
    /// Memory that it holds, in bytes.
    pub resident_bytes: i64,
    /// Files and connections that it has open.
    pub open_files: i64,
    /// When it began, in seconds since 1970.
    pub started: f64,
}

/// The kernel tells times in this unit on every architecture: what `sysconf` says has been 100 for decades.
const TICKS: f64 = 100.0;

impl Process {
    /// As it is now; none elsewhere than on Linux.
    #[must_use]
    pub fn now() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let (ticks, started) = times(&stat)?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let entries = fs::read_dir("/proc/self/fd").ok()?.count();
        Some(Self {
            cpu_seconds: ticks / TICKS,
            resident_bytes: kilobytes(&status, "VmRSS:")?.saturating_mul(1_024),
            // The folder itself is open while it is read.
            open_files: i64::try_from(entries.saturating_sub(1)).unwrap_or(i64::MAX),
            started: booted()? + started / TICKS,
        })
    }
}

/// Ticks used and ticks from boot to start. The second field is the program's name and may hold blanks and brackets.
fn times(stat: &str) -> Option<(f64, f64)> {
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 1..)?.split_whitespace().collect();
    let field = |number: usize| -> Option<f64> { fields.get(number - 3)?.parse().ok() };
    Some((field(14)? + field(15)?, field(22)?))
}

fn kilobytes(status: &str, name: &str) -> Option<i64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// When the machine was started, in seconds since 1970.
fn booted() -> Option<f64> {
    static BOOTED: OnceLock<Option<f64>> = OnceLock::new();
    *BOOTED.get_or_init(|| {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    })
}

/// Processors that this process may use.
#[must_use]
pub fn cores() -> i64 {
    thread::available_parallelism().map_or(1, |cores| i64::try_from(cores.get()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) c) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 9 0 12345 0 0";
        assert_eq!(times(stat), Some((200.0, 12_345.0)));
        assert_eq!(times("7 (cut"), None);
        assert_eq!(kilobytes("Name:\tx\nVmRSS:\t  2048 kB\n", "VmRSS:"), Some(2_048));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_begun_and_holds_memory() {
        let process = Process::now().unwrap();
        assert!(process.resident_bytes > 1 << 20 && process.open_files >= 3, "{process:?}");
        assert!(process.started > 1_600_000_000.0, "{process:?}");
    }
}
