//! Processes of the real binary, and what can be done to them.

use std::{
    fs::{File, OpenOptions},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::cluster::patiently;

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Answers requests on this port and works on no jobs.
    Serve(u16),
    /// Works on jobs.
    Work,
}

impl Duty {
    /// A server on a free port, which it keeps when it is started again.
    pub(crate) fn serve() -> Self {
        Self::Serve(TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
    }
}

/// Where a process finds what it shares with the others.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    pub(crate) folder: PathBuf,
    /// As in `ACCUNODE_RATE_LIMITS`.
    pub(crate) rates: &'static str,
}

impl Surroundings {
    /// A command of the binary with the settings that all its processes have.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_accunode"));
        command
            .env("ACCUNODE_DATA_DIR", self.data())
            .env("DATABASE_URL", &self.database_url)
            .env("REDIS_URL", &self.redis_url)
            .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
            .env("ACCUNODE_RATE_LIMITS", self.rates)
            .env("ACCESS_TOKEN_EXPIRE_MINUTES", "600")
            .env("LOG_LEVEL", "info")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The store of files.
    pub(crate) fn files(&self) -> PathBuf {
        self.data().join("files")
    }
}

/// A running process, killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) duty: Duty,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts one, whose log is appended to a file of its name.
    pub(crate) fn start(at: &Surroundings, duty: Duty, name: &str) -> Self {
        let log = at.folder.join(format!("{name}.log"));
        let mut command = at.command();
        match duty {
            Duty::Serve(port) => {
                command.args(["serve", "--no-worker", "--no-migrate", "--port", &port.to_string()])
            }
            Duty::Work => command.args(["worker", "--concurrency", "2"]),
        };
        let child = command.stdout(Stdio::null()).stderr(appended(&log)).spawn().unwrap();
        Self { duty, child, log }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where a server listens.
    pub(crate) fn port(&self) -> u16 {
        let Duty::Serve(port) = self.duty else { panic!("a worker listens to nobody") };
        port
    }

    /// Where a server answers.
    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1", self.port())
    }

    /// Memory in use, in MB, and open files.
    pub(crate) fn usage(&self) -> (u64, usize) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kilobytes: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
        (kilobytes >> 10, std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count())
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal like `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits until a server answers.
    pub(crate) async fn answers(&mut self) {
        // Before it is ready it answers too, that it is not.
        let url = self.base().replace("/api/v1", "/health/ready");
        accunode_infra::use_ring();
        let client = reqwest::Client::new();
        patiently("the server answers", Duration::from_secs(60), async || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended, {ended:?}: {}", last_lines(&self.log));
            client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- {} ---\n{}", self.log.display(), last_lines(&self.log));
        }
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}: {status}");
}

fn appended(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
