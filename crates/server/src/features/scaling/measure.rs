//! What is known of the queue and of those who work on it. Nothing here is assumed: what nobody measured is none.

use accunode_queue::{Lane, Priority, Worker};

/// What the lanes tell of speed covers so many seconds.
const WINDOW: f64 = 300.0;

/// One lane.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneFigures {
    /// Which one.
    pub priority: Priority,
    /// Jobs that wait and could run.
    pub pending: i64,
    /// Jobs that a worker holds.
    pub active: i64,
    /// Jobs that ended well, in a minute; none in a lane in which nothing was to be done.
    pub jobs_per_minute: Option<f64>,
    /// Rows that these did, in a second.
    pub rows_per_second: Option<f64>,
    /// How long a job ran on average.
    pub average_seconds: Option<f64>,
    /// For how long the longest waiting job could have run.
    pub oldest_wait_seconds: Option<f64>,
}

impl From<&Lane> for LaneFigures {
    fn from(lane: &Lane) -> Self {
        let known = lane.done > 0 || lane.running > 0 || lane.due > 0;
        Self {
            priority: lane.priority,
            pending: lane.due,
            active: lane.running,
            jobs_per_minute: known.then_some(lane.done as f64 * 60.0 / WINDOW),
            rows_per_second: known.then_some(lane.rows_done as f64 / WINDOW),
            average_seconds: lane.average_seconds.filter(|_| lane.done > 0),
            oldest_wait_seconds: lane.oldest_wait.map(|wait| wait.as_secs_f64()),
        }
    }
}

/// Queue and workers at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The lanes, most urgent first.
    pub lanes: Vec<LaneFigures>,
    /// Processes that work, but for those that are being stopped.
    pub workers: i64,
    /// Processes that are being stopped.
    pub draining: i64,
    /// How many jobs the workers can run at a time.
    pub slots: i64,
    /// How many they run.
    pub busy: i64,
}

impl Measured {
    /// From what the queue tells.
    #[must_use]
    pub fn new(lanes: &[Lane], workers: &[Worker]) -> Self {
        let (draining, working): (Vec<_>, Vec<_>) = workers.iter().partition(|worker| worker.draining);
        let count = |list: &[&Worker]| i64::try_from(list.len()).unwrap_or(i64::MAX);
        Self {
            lanes: lanes.iter().map(LaneFigures::from).collect(),
            workers: count(&working),
            draining: count(&draining),
            slots: working.iter().map(|worker| i64::from(worker.concurrency)).sum(),
            busy: working.iter().map(|worker| i64::from(worker.busy)).sum(),
        }
    }

    /// Jobs that wait and could run.
    #[must_use]
    pub fn pending(&self) -> i64 {
        self.lanes.iter().map(|lane| lane.pending).sum()
    }

    /// Those of the high lane.
    #[must_use]
    pub fn pending_high(&self) -> i64 {
        self.lanes.iter().filter(|lane| lane.priority == Priority::High).map(|lane| lane.pending).sum()
    }

    /// For how long the longest waiting job of all could have run.
    #[must_use]
    pub fn oldest_wait_seconds(&self) -> Option<f64> {
        self.lanes.iter().filter_map(|lane| lane.oldest_wait_seconds).reduce(f64::max)
    }

    /// Rows in a second, of all lanes of which it is known.
    #[must_use]
    pub fn rows_per_second(&self) -> Option<f64> {
        self.lanes.iter().filter_map(|lane| lane.rows_per_second).reduce(|a, b| a + b)
    }

    /// Which part of what the workers could run at a time they run, from 0 to 1; none without workers.
    #[must_use]
    pub fn busy_share(&self) -> Option<f64> {
        (self.slots > 0).then(|| self.busy as f64 / self.slots as f64)
    }

    /// Waiting jobs for each worker. A job is one chunk of a file (a few thousand rows) or one small task, so chunks
    /// are what is counted. Without a worker it is what would wait for the first.
    #[must_use]
    pub fn backlog_per_worker(&self, workers: i64) -> f64 {
        self.pending() as f64 / workers.max(1) as f64
    }

    /// How long the workers need for what waits, by how long jobs took lately; a lane of which that is not known
    /// counts like the others. None where nothing is known of any, or nobody works.
    #[must_use]
    pub fn minutes_to_clear(&self) -> Option<f64> {
        let known: Vec<_> = self.lanes.iter().filter_map(|lane| lane.average_seconds).collect();
        if self.slots == 0 || known.is_empty() {
            return None;
        }
        let usual = known.iter().sum::<f64>() / known.len() as f64;
        let work = |lane: &LaneFigures| lane.pending as f64 * lane.average_seconds.unwrap_or(usual);
        Some(self.lanes.iter().map(work).sum::<f64>() / self.slots as f64 / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use accunode_db::Timestamp;

    use super::*;

    fn lane(priority: Priority, due: i64, running: i64, done: i64, average_seconds: Option<f64>) -> Lane {
        let oldest_wait = (due > 0).then_some(Duration::from_secs(90));
        Lane {
            priority,
            ready: due + 2,
            due,
            running,
            oldest_wait,
            done,
            rows_done: done * 1_500,
            average_seconds,
        }
    }

    fn worker(concurrency: i32, busy: i32, draining: bool) -> Worker {
        let at = Timestamp::from_unix_seconds(0);
        Worker {
            id: "w".to_owned(),
            host: "h".to_owned(),
            pid: 1,
            version: "0".to_owned(),
            queues: "high_priority".to_owned(),
            concurrency,
            busy,
            jobs_done: 0,
            rows_done: 0,
            draining,
            started_at: at,
            seen_at: at,
        }
    }

    #[test]
    fn nothing_is_known_of_an_idle_system_without_workers() {
        let idle = Priority::ALL.map(|priority| lane(priority, 0, 0, 0, None));
        let measured = Measured::new(&idle, &[]);
        assert_eq!((measured.pending(), measured.workers, measured.slots), (0, 0, 0));
        let known = (measured.busy_share(), measured.minutes_to_clear(), measured.rows_per_second());
        assert_eq!((known, measured.oldest_wait_seconds()), ((None, None, None), None));
        assert!(measured.lanes.iter().all(|lane| lane.jobs_per_minute.is_none()));
        assert!(measured.backlog_per_worker(0).abs() < f64::EPSILON);
    }

    #[test]
    fn figures_come_from_what_was_done() {
        let lanes = [
            lane(Priority::High, 10, 1, 50, Some(6.0)),
            lane(Priority::Medium, 4, 0, 0, None),
            lane(Priority::Low, 30, 2, 5, Some(30.0)),
        ];
        let measured = Measured::new(&lanes, &[worker(4, 3, false), worker(2, 0, false), worker(8, 8, true)]);
        assert_eq!((measured.workers, measured.draining, measured.slots, measured.busy), (2, 1, 6, 3));
        assert_eq!((measured.pending(), measured.pending_high()), (44, 10));
        assert_eq!(measured.busy_share(), Some(0.5));
        assert_eq!(measured.oldest_wait_seconds(), Some(90.0));
        assert_eq!(measured.lanes[0].jobs_per_minute, Some(10.0));
        // Nothing ended, though something was to be done: that is known.
        assert_eq!((measured.lanes[1].jobs_per_minute, measured.lanes[1].average_seconds), (Some(0.0), None));
        assert_eq!(measured.rows_per_second(), Some(275.0));
        // 10 × 6 s + 4 × 18 s + 30 × 30 s for six at a time.
        let minutes = measured.minutes_to_clear().unwrap();
        assert!((minutes - 1_032.0 / 6.0 / 60.0).abs() < 1e-9, "{minutes}");
        assert!((measured.backlog_per_worker(2) - 22.0).abs() < 1e-9);
        assert!((measured.backlog_per_worker(0) - 44.0).abs() < 1e-9);
    }
}
