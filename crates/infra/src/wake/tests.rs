//! Wake-ups within a process, and through a Redis that comes and goes.

use accunode_testkit::{PrivateRedis, redis_url};
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(5);
const NOT_AT_ALL: Duration = Duration::from_millis(100);

async fn hears(listener: &mut Listener) -> bool {
    timeout(SOON, listener.wait()).await.is_ok()
}

#[tokio::test]
async fn every_listener_hears_and_several_become_one() {
    let wake = Wake::in_process();
    let (mut a, mut b) = (wake.listen(), wake.listen());
    wake.notify();
    wake.clone().notify();
    assert!(hears(&mut a).await && hears(&mut b).await);
    assert!(timeout(NOT_AT_ALL, a.wait()).await.is_err());
    wake.notify();
    assert!(hears(&mut a).await);
}

#[tokio::test]
async fn other_processes_hear_through_redis() {
    let Some(url) = redis_url() else { return };
    let (here, there) = (Wake::redis(&url).unwrap(), Wake::redis(&url).unwrap());
    let mut listener = there.listen();
    assert!(hears(&mut listener).await, "the subscription itself wakes");
    here.notify();
    assert!(hears(&mut listener).await);
}

#[tokio::test]
async fn a_lost_redis_is_found_again() {
    let Some(mut redis) = PrivateRedis::start() else { return };
    let (here, there) = (Wake::redis(&redis.url()).unwrap(), Wake::redis(&redis.url()).unwrap());
    let (mut near, mut far) = (here.listen(), there.listen());
    assert!(hears(&mut near).await && hears(&mut far).await);
    redis.stop();
    here.notify();
    assert!(hears(&mut near).await, "within the process Redis is not needed");
    assert!(timeout(NOT_AT_ALL, far.wait()).await.is_err());
    redis.resume();
    assert!(timeout(Duration::from_secs(30), far.wait()).await.is_ok(), "connecting again wakes");
    here.notify();
    assert!(hears(&mut far).await);
}

/// Behind this address one connection is taken and never answered; those after it lead to Redis.
async fn silent_at_first(redis: String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let redis = redis.trim_start_matches("redis://").to_owned();
    tokio::spawn(async move {
        let (_silent, _) = listener.accept().await.unwrap();
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = tokio::net::TcpStream::connect(&redis).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    url
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_asked_again() {
    let Some(redis) = PrivateRedis::start() else { return };
    let wake = Wake::redis(&silent_at_first(redis.url()).await).unwrap();
    let mut listener = wake.listen();
    assert!(timeout(Duration::from_secs(60), listener.wait()).await.is_ok());
}

#[tokio::test]
async fn nothing_of_the_url_is_shown() {
    let error = Wake::redis("http://user:hunter2@host").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let wake = Wake::redis("redis://user:hunter2@127.0.0.1:9").unwrap();
    assert_eq!(format!("{wake:?}"), "Wake(redis)");
    assert!(!format!("{:?}", wake.listen()).contains("hunter2"));
}

/// TLS needs a cryptography provider in the process: without one connecting would panic in the background.
#[tokio::test]
async fn tls_is_spoken() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://{}", server.local_addr().unwrap());
    let wake = Wake::redis(&url).unwrap();
    let (mut client, _) = timeout(SOON, server.accept()).await.unwrap().unwrap();
    let mut record = [0_u8; 3];
    tokio::io::AsyncReadExt::read_exact(&mut client, &mut record).await.unwrap();
    // A TLS handshake record.
    assert_eq!(record, [0x16, 0x03, 0x01]);
    drop(wake);
}
