//! Clients that do not behave.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use accunode_domain::Kind;
use accunode_testkit::{
    block_on,
    report::{Report, full, only_in_full},
};
use bytes::Bytes;
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use crate::{
    cluster::{Cluster, Handed, file, patiently},
    truth,
};

/// How many files this process may open, as a number of connections.
fn room() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or("1024");
    line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(1_024) - 200
}

/// Sends a head that never ends, a byte at a time, until the server has enough of it.
async fn drip(port: u16, open: Arc<AtomicUsize>) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    if stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await.is_err() {
        return;
    }
    open.fetch_add(1, Ordering::Relaxed);
    let mut byte = [0];
    loop {
        let closed = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut byte)).await;
        if closed.is_ok() || stream.write_all(b"x").await.is_err() {
            break;
        }
    }
    open.fetch_sub(1, Ordering::Relaxed);
}

#[test]
fn many_connections_say_nothing() {
    if !only_in_full("connections that say nothing") {
        return;
    }
    block_on(async {
        let Some(mut cluster) = Cluster::start(1, 1, 1).await else { return };
        let many = room().min(10_000);
        let mut report = Report::of(format!("{many} connections that say nothing to the end"));
        let (memory, files) = cluster.servers[0].usage();
        let (port, open) = (cluster.servers[0].port(), Arc::new(AtomicUsize::new(0)));
        let mut slow = JoinSet::new();
        for n in 0..many {
            slow.spawn(drip(port, open.clone()));
            if n % 200 == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        patiently("most of them are open", Duration::from_secs(30), async || {
            open.load(Ordering::Relaxed) > many * 8 / 10
        })
        .await;
        let at_once = open.load(Ordering::Relaxed);
        let (with_them, _) = cluster.servers[0].usage();
        let mut longest = Duration::ZERO;
        for _ in 0..10 {
            let (status, text, took) = cluster.ask(0, "/predictions/annual").await;
            assert_eq!(status, StatusCode::OK, "{text}");
            longest = longest.max(took);
        }
        let upload = cluster.hand_in(0, 0, &file(Kind::Annual, 2_000, "AMONG", 1)).await;
        report.during(format!(
            "{at_once} open at once; others are answered, the slowest after {:.1} s; {} MB more memory",
            longest.as_secs_f64(),
            with_them.saturating_sub(memory)
        ));
        let start = Instant::now();
        patiently("all of them are closed", Duration::from_secs(60), async || {
            open.load(Ordering::Relaxed) == 0
        })
        .await;
        patiently("and forgotten", Duration::from_secs(30), async || {
            cluster.servers[0].usage().1 <= files + 50
        })
        .await;
        truth::holds(&mut cluster, &[upload]).await;
        report
            .passed(format!("all closed {:.0} s later; every row there once", start.elapsed().as_secs_f64()));
    });
}

fn head(bytes: usize) -> Bytes {
    format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n", "x".repeat(bytes)).into()
}

/// Sends a request's head; gives the first line of the answer. None when the connection was closed before it came, as
/// it is when the server does not wait for the rest.
async fn answered(port: u16, head: Bytes) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(&head).await.ok();
    let mut answer = [0; 64];
    let n = stream.read(&mut answer).await.ok()?;
    let text = String::from_utf8_lossy(&answer[..n]).into_owned();
    text.lines().next().map(str::to_owned)
}

#[test]
fn heads_are_too_large() {
    block_on(async {
        let Some(cluster) = Cluster::start(1, 0, 1).await else { return };
        let mut report = Report::of("heads of 65 KB and 4 MB");
        let (port, (before, _)) = (cluster.servers[0].port(), cluster.servers[0].usage());
        patiently("it is said why", Duration::from_secs(30), async || {
            answered(port, head(65 << 10)).await.is_some_and(|line| line.starts_with("HTTP/1.1 431"))
        })
        .await;
        let (mut many, large) = (JoinSet::new(), head(4 << 20));
        for _ in 0..200 {
            many.spawn(answered(port, large.clone()));
        }
        let answers = many.join_all().await;
        assert!(answers.iter().flatten().all(|line| line.starts_with("HTTP/1.1 431")), "{answers:?}");
        let (after, _) = cluster.servers[0].usage();
        let more = after.saturating_sub(before);
        // Together they have 800 MB.
        assert!(more < 100, "{more} MB more");
        report.during(format!("431, or closed; with 200 of 4 MB at once {more} MB more memory"));
        assert_eq!(cluster.ask(0, "/predictions/annual").await.0, StatusCode::OK);
        assert!(answered(port, head(8 << 10)).await.is_some_and(|line| line.starts_with("HTTP/1.1 200")));
        report.passed("answers as before; heads of 8 KB are taken");
    });
}

#[test]
fn uploads_break_off_in_the_middle() {
    block_on(async {
        let Some(mut cluster) = Cluster::start(1, 1, 1).await else { return };
        let many = if full() { 30 } else { 10 };
        let mut report = Report::of(format!("{many} uploads that break off in the middle"));
        let before = "SELECT (SELECT count(*) FROM bulk_upload_jobs) + (SELECT count(*) FROM job WHERE kind LIKE 'upload.%'
                      AND kind <> 'upload.sweep')";
        let rows = cluster.count(before).await;
        let portfolio = file(Kind::Annual, 20_000, "BROKEN", 1);
        let whole = Handed::new(&cluster, 0, 0, &portfolio);
        let mut halves = JoinSet::new();
        for _ in 0..many {
            let (handed, client) = (whole.clone(), cluster.client.clone());
            halves.spawn(async move { handed.send_half(&client).await.map(drop) });
        }
        patiently("they come in", Duration::from_secs(30), async || cluster.files().len() >= many).await;
        report.during("nothing is shown of them; others are answered");
        assert_eq!(cluster.ask(0, "/predictions/annual").await.0, StatusCode::OK);
        halves.shutdown().await;
        patiently("no file is left", Duration::from_secs(30), async || cluster.files().is_empty()).await;
        assert_eq!(cluster.count(before).await, rows);
        let upload = cluster.hand_in(0, 0, &portfolio).await;
        truth::holds(&mut cluster, &[upload]).await;
        report.passed("no file left, no row; the same file is taken whole");
    });
}

/// Handles of the first server but for its connections to the database, of which the pool keeps more once many were asked
/// for at once.
async fn held(cluster: &Cluster) -> i64 {
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    let handles = i64::try_from(cluster.servers[0].usage().1).unwrap();
    handles - cluster.count(sessions).await
}

/// Clients that ask for files and read nothing of them, each for several on one connection, so that what the system
/// holds for it is full.
async fn deaf(port: u16, token: &str, many: usize) -> Vec<TcpStream> {
    let request = format!(
        "GET /api/v1/predictions/annual/export?format=csv HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut streams = Vec::new();
    for _ in 0..many {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
        stream.write_all(request.repeat(8).as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

#[test]
fn answers_are_never_read() {
    if !only_in_full("answers that nobody reads") {
        return;
    }
    block_on(async {
        let Some(mut cluster) = Cluster::start(1, 1, 1).await else { return };
        let many = 10;
        let mut report = Report::of(format!("{many} clients that ask for large files and never read"));
        let upload = cluster.hand_in(0, 0, &file(Kind::Annual, 20_000, "UNREAD", 1)).await;
        truth::holds(&mut cluster, std::slice::from_ref(&upload)).await;
        let files = held(&cluster).await;
        let streams = deaf(cluster.servers[0].port(), &cluster.people[0].token, many).await;
        let start = Instant::now();
        patiently("they are there", Duration::from_secs(30), async || held(&cluster).await >= files + 10)
            .await;
        // Until the system holds as much for them as it wants to, they are answered like others.
        let mut longest = Duration::ZERO;
        for _ in 0..30 {
            let (status, text, took) = cluster.ask(0, "/predictions/annual").await;
            assert_eq!(status, StatusCode::OK, "{text}");
            longest = longest.max(took);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        report.during(format!("others are answered, the slowest list after {:.1} s", longest.as_secs_f64()));
        patiently("all of them are closed", Duration::from_secs(180), async || {
            held(&cluster).await <= files + 3
        })
        .await;
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
        patiently("nothing of the database is held", Duration::from_secs(10), async || {
            cluster.count(waiting).await == 0
        })
        .await;
        drop(streams);
        truth::holds(&mut cluster, &[upload]).await;
        report.passed(format!(
            "all closed {:.0} s after they asked; every row there once",
            start.elapsed().as_secs_f64()
        ));
    });
}
