//! A slow database: something in between holds everything back that is sent to it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use accunode_domain::Kind;
use accunode_testkit::{
    block_on,
    report::{Report, only_in_full},
};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    cluster::{Cluster, file},
    truth,
};

/// Passes connections on, and holds back by so many milliseconds what clients send; gives where it listens.
async fn in_between(target: String, delay: Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&target).await else { continue };
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let delay = delay.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 20];
                while let Ok(n @ 1..) = from_client.read(&mut bytes).await {
                    tokio::time::sleep(Duration::from_millis(delay.load(Ordering::Relaxed))).await;
                    if to_server.write_all(&bytes[..n]).await.is_err() {
                        break;
                    }
                }
            });
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        }
    });
    port
}

#[test]
fn the_database_is_slow() {
    if !only_in_full("a slow database") {
        return;
    }
    block_on(async {
        let (delay, milliseconds) = (Arc::new(AtomicU64::new(0)), 200);
        let held_back = delay.clone();
        let change = async |at: &mut crate::program::Surroundings| {
            let (before, rest) = at.database_url.split_once('@').unwrap();
            let (target, name) = rest.split_once('/').unwrap();
            let port = in_between(target.to_owned(), held_back).await;
            at.database_url = format!("{before}@127.0.0.1:{port}/{name}");
        };
        let Some(mut cluster) = Cluster::start_in(1, 2, 1, change).await else { return };
        let mut report = Report::of(format!("database slower by {milliseconds} ms for each message"));
        delay.store(milliseconds, Ordering::Relaxed);
        let upload = cluster.hand_in(0, 0, &file(Kind::Annual, 12_000, "SLOW", 1)).await;
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let (status, text, took) = cluster.ask(0, "/predictions/annual").await;
            assert_eq!(status, StatusCode::OK, "{text}");
            longest = longest.max(took);
        }
        report
            .during(format!("all answered with 200, the slowest list after {:.1} s", longest.as_secs_f64()));
        truth::holds(&mut cluster, &[upload]).await;
        // A lease that runs out while it is renewed slowly would show here.
        assert_eq!(
            cluster.count("SELECT count(*) FROM job WHERE kind = 'upload.chunk' AND attempts > 1").await,
            0
        );
        report.passed("every row there once, no job taken over");
    });
}
