//! What Linux tells about the machine.

use std::fs;

/// The machine, in percent where known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Machine {
    /// Load of the last minute against the number of cores.
    pub(super) cpu: Option<f64>,
    /// Memory in use.
    pub(super) memory: Option<f64>,
}

impl Machine {
    /// As it is now.
    pub(super) fn now() -> Self {
        let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory_percent(&text));
        Self { cpu: cpu_percent(), memory }
    }
}

fn cpu_percent() -> Option<f64> {
    let load: f64 = fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()?;
    let share = load * 100.0 / accunode_telemetry::cores() as f64;
    Some((share * 10.0).round() / 10.0)
}

fn memory_percent(text: &str) -> Option<f64> {
    let field = |name: &str| -> Option<f64> {
        text.lines().find_map(|l| l.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    };
    let (total, free) = (field("MemTotal:")?, field("MemAvailable:")?);
    (total > 0.0).then(|| ((total - free) * 1_000.0 / total).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_percent() {
        let text = "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    250 kB\n";
        assert_eq!(memory_percent(text), Some(75.0));
        assert_eq!(memory_percent("nothing"), None);
    }
}
