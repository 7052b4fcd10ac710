//! Servers of a test's own, for the tests that stop them or need an untouched one. They need the programs of
//! Debian's packages postgresql and redis-server, and skip themselves like the others when these are missing.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const START: Duration = Duration::from_secs(30);

/// How PostgreSQL is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Connections are cut, what was not committed is undone, then it ends in order.
    Fast,
    /// Every process ends at once, and the next start goes through crash recovery.
    Immediate,
}

/// A PostgreSQL cluster of its own, stopped and removed when dropped, that can be stopped and started again in
/// between.
#[derive(Debug)]
pub struct PrivatePostgres {
    bin: PathBuf,
    folder: TempDir,
    port: u16,
}

impl PrivatePostgres {
    /// Makes and starts one. None when PostgreSQL is not installed.
    ///
    /// # Panics
    /// When it does not start, or is missing although `ACCUNODE_REQUIRE_SERVICES` is set.
    #[must_use]
    pub fn start() -> Option<Self> {
        let bin = installed("PostgreSQL", postgres_bin())?;
        let folder = tempfile::tempdir().unwrap();
        let server = Self { bin, folder, port: free_port() };
        let data = server.data();
        std::fs::create_dir(&data).unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root, so its user must reach the folder.
            check(Command::new("chmod").arg("711").arg(server.folder.path()));
            check(Command::new("chown").arg("postgres").arg(&data));
        }
        check(server.command("initdb").args(["--no-sync", "-U", "postgres", "-A", "trust", "-E", "UTF8"]));
        server.resume();
        Some(server)
    }

    /// Stops it; clients lose their connections.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&self, how: Shutdown) {
        let mode = if how == Shutdown::Fast { "fast" } else { "immediate" };
        check(self.command("pg_ctl").args(["-m", mode, "-w", "stop"]));
    }

    /// Starts it (again) on its port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&self) {
        let data = self.data();
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200",
            self.port,
            data.display()
        );
        check(
            self.command("pg_ctl").args(["-w", "-l"]).arg(data.join("log")).args(["-o", &options, "start"]),
        );
    }

    /// Freezes its processes, as a machine that hangs does: connections stay open, and nobody answers. One that does not
    /// run stays as it is.
    ///
    /// # Panics
    /// When it cannot be signalled.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets them go on.
    ///
    /// # Panics
    /// When it cannot be signalled.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Signals the first process and then those that it started.
    fn signal(&self, name: &str) {
        let Ok(file) = std::fs::read_to_string(self.data().join("postmaster.pid")) else { return };
        let first = file.lines().next().unwrap_or_default().trim().to_owned();
        check(Command::new("kill").args([&format!("-{name}"), &first]));
        let children =
            std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            // It may have ended meanwhile.
            Command::new("kill").args([&format!("-{name}"), child]).stderr(Stdio::null()).status().ok();
        }
    }

    /// The superuser's URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres", "postgres")
    }

    /// The URL of a role on a database; nobody needs a password.
    #[must_use]
    pub fn url_of(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").arg("-D").arg(self.data());
        command
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A frozen one could not stop.
            self.thaw();
        }
        self.command("pg_ctl").args(["-m", "immediate", "-w", "stop"]).stdout(Stdio::null()).status().ok();
    }
}

/// A Redis of its own, stopped when dropped, that can be stopped and started again in between.
#[derive(Debug)]
pub struct PrivateRedis {
    binary: PathBuf,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl PrivateRedis {
    /// Starts one. None when neither Redis nor Valkey is installed.
    ///
    /// # Panics
    /// When it does not start, or is missing although `ACCUNODE_REQUIRE_SERVICES` is set.
    #[must_use]
    pub fn start() -> Option<Self> {
        let binary = installed("Redis", on_path("redis-server").or_else(|| on_path("valkey-server")))?;
        let mut server =
            Self { binary, folder: tempfile::tempdir().unwrap(), port: free_port(), process: None };
        server.resume();
        Some(server)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops it; clients lose their connections.
    ///
    /// # Panics
    /// When the process cannot be ended.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again on the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let process = Command::new(&self.binary)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(self.folder.path())
            .stdout(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < START, "Redis does not start");
            sleep(Duration::from_millis(20));
        }
    }
}

impl PrivateRedis {
    /// Empties it.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn empty(&self) {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"FLUSHALL\r\n").unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

fn installed(what: &str, path: Option<PathBuf>) -> Option<PathBuf> {
    if path.is_none() {
        let required = std::env::var("ACCUNODE_REQUIRE_SERVICES").is_ok_and(|v| v == "1");
        assert!(!required, "{what} is not installed, but ACCUNODE_REQUIRE_SERVICES is set");
        eprintln!("skipped: {what} is not installed");
    }
    path
}

/// The folder of `initdb` and `pg_ctl`: on PATH, or the newest where Debian installs it.
fn postgres_bin() -> Option<PathBuf> {
    if let (Some(initdb), Some(_)) = (on_path("initdb"), on_path("pg_ctl")) {
        return initdb.parent().map(Path::to_path_buf);
    }
    let version = |path: &PathBuf| path.file_name().and_then(|n| n.to_str()?.parse::<u32>().ok());
    let mut versions: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    versions.sort_by_key(version);
    versions.pop().map(|path| path.join("bin")).filter(|bin| bin.join("initdb").exists())
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.exists())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

fn check(command: &mut Command) {
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(output.as_ref().is_ok_and(std::process::ExitStatus::success), "{command:?}: {output:?}");
}
