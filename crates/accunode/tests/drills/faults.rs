//! One fault each, at the moment that hurts most: a lock that the drill holds makes the others wait there.

use std::{path::PathBuf, time::Duration};

use accunode_domain::Kind;
use accunode_testkit::{Shutdown, block_on};
use sqlx::{Connection as _, PgConnection};

use crate::{
    cluster::{Cluster, Handed, Upload, file, patiently},
    program::signal,
    truth,
};

/// Starts a cluster for a drill, or ends it where there are no services.
macro_rules! cluster {
    ($servers:literal, $workers:literal, $tenants:literal) => {
        match Cluster::start($servers, $workers, $tenants).await {
            Some(cluster) => cluster,
            None => return,
        }
    };
}

/// Holds every write to companies back, in the middle of chunks, until the connection is dropped.
async fn hold_chunks_back(cluster: &Cluster) -> PgConnection {
    let mut lock = cluster.sql().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE companies IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut lock)
        .await
        .unwrap();
    lock
}

/// An upload that workers are in the middle of, and one of them.
async fn in_the_middle(cluster: &mut Cluster) -> (Upload, PgConnection, u32) {
    let lock = hold_chunks_back(cluster).await;
    let upload = cluster.hand_in(0, 0, &file(Kind::Annual, 12_000, "MID", 1)).await;
    cluster.somebody_waits().await;
    let pid = cluster.busy_workers().await[0];
    (upload, lock, pid)
}

#[test]
fn a_worker_is_killed_in_the_middle_of_a_chunk() {
    block_on(async {
        let mut cluster = cluster!(1, 3, 1);
        let (upload, lock, pid) = in_the_middle(&mut cluster).await;
        cluster.workers.iter_mut().find(|worker| worker.pid() == pid).unwrap().kill();
        cluster.crashes += 1;
        lock.close().await.unwrap();
        truth::holds(&mut cluster, &[upload]).await;
    });
}

#[test]
fn a_worker_is_frozen_until_others_took_over() {
    block_on(async {
        let mut cluster = cluster!(1, 2, 1);
        let (upload, lock, pid) = in_the_middle(&mut cluster).await;
        signal(pid, "STOP");
        cluster.crashes += 1;
        lock.close().await.unwrap();
        // Not by that worker: whoever ends the upload took its work over.
        let ended = format!(
            "SELECT count(*) FROM bulk_upload_jobs WHERE id = '{}' AND status = 'completed'",
            upload.id
        );
        patiently("others take over", Duration::from_secs(90), async || cluster.count(&ended).await == 1)
            .await;
        signal(pid, "CONT");
        // It goes on with what it was doing, and must find that the work is no longer its own.
        let more = cluster.hand_in(0, 0, &file(Kind::Quarterly, 3_000, "MORE", 2)).await;
        truth::holds(&mut cluster, &[upload, more]).await;
    });
}

#[test]
fn a_server_is_killed_between_file_and_job() {
    block_on(async {
        let mut cluster = cluster!(1, 1, 1);
        let mut lock = cluster.sql().await;
        sqlx::raw_sql("BEGIN; LOCK TABLE bulk_upload_jobs IN EXCLUSIVE MODE")
            .execute(&mut lock)
            .await
            .unwrap();
        let file = file(Kind::Annual, 1_000, "TWICE", 3);
        let (handed, client) = (Handed::new(&cluster, 0, 0, &file), cluster.client.clone());
        let waiting = tokio::spawn(async move { handed.send(&client).await });
        cluster.somebody_waits().await;
        assert_eq!(cluster.files().len(), 1, "the file is there before its job");
        cluster.servers[0].kill();
        lock.close().await.unwrap();
        let refused = waiting.await.unwrap().unwrap_err();
        assert!(refused.status.is_none(), "{refused:?}");
        cluster.crashes += 1;
        let sessions = "SELECT count(*) FROM pg_stat_activity
             WHERE query LIKE '%INSERT INTO bulk_upload_jobs%' AND pid <> pg_backend_pid()";
        patiently("its session ends", Duration::from_secs(20), async || cluster.count(sessions).await == 0)
            .await;
        assert_eq!(cluster.count("SELECT count(*) FROM bulk_upload_jobs").await, 0);
        assert_eq!(
            cluster.count("SELECT count(*) FROM job WHERE kind IN ('upload.plan', 'upload.chunk')").await,
            0
        );
        let duty = cluster.servers[0].duty;
        cluster.again(duty, 0);
        cluster.servers[0].answers().await;
        let upload = cluster.hand_in(0, 0, &file).await;
        truth::holds(&mut cluster, &[upload]).await;
    });
}

#[test]
fn a_server_is_killed_while_a_file_comes_in() {
    block_on(async {
        let mut cluster = cluster!(1, 1, 1);
        let file = file(Kind::Annual, 20_000, "HALF", 9);
        let (handed, client) = (Handed::new(&cluster, 0, 0, &file), cluster.client.clone());
        let half = tokio::spawn(async move { handed.send_half(&client).await });
        let staged = |path: &PathBuf| path.to_string_lossy().ends_with("#1");
        patiently("a part of it is there", Duration::from_secs(30), async || {
            cluster.files().iter().any(staged)
        })
        .await;
        cluster.servers[0].kill();
        cluster.crashes += 1;
        half.await.unwrap().unwrap_err();
        let duty = cluster.servers[0].duty;
        cluster.again(duty, 0);
        cluster.servers[0].answers().await;
        let upload = cluster.hand_in(0, 0, &file).await;
        truth::holds(&mut cluster, &[upload]).await;
    });
}

#[test]
fn redis_is_killed_and_comes_back() {
    block_on(async {
        let mut cluster = cluster!(2, 2, 1);
        let mut uploads = vec![cluster.hand_in(0, 0, &file(Kind::Annual, 6_000, "BEFORE", 4)).await];
        cluster.redis.stop();
        uploads.push(cluster.hand_in(1, 0, &file(Kind::Quarterly, 2_000, "WITHOUT", 5)).await);
        truth::holds(&mut cluster, &uploads).await;
        cluster.redis.resume();
        uploads.push(cluster.hand_in(0, 0, &file(Kind::Annual, 2_000, "AFTER", 6)).await);
        truth::holds(&mut cluster, &uploads).await;
    });
}

#[test]
fn postgres_restarts_under_load() {
    block_on(async {
        let mut cluster = cluster!(1, 2, 3);
        let mut uploads = Vec::new();
        for (how, prefix) in [(Shutdown::Fast, "F"), (Shutdown::Immediate, "I")] {
            for (person, kind) in [(0, Kind::Annual), (1, Kind::Quarterly), (2, Kind::Annual)] {
                let file = file(kind, 6_000, &format!("{prefix}{person}"), 7);
                uploads.push(cluster.hand_in(0, person, &file).await);
            }
            let moving = "SELECT count(*) FROM bulk_upload_jobs WHERE status = 'processing'";
            patiently("the work begins", Duration::from_secs(60), async || cluster.count(moving).await > 0)
                .await;
            cluster.postgres.stop(how);
            let refused = cluster.submit(0, 0, &file(Kind::Annual, 100, "NEVER", 8)).await.unwrap_err();
            assert!(refused.status.is_some(), "the server answers without its database: {refused:?}");
            refused.is_ours();
            assert_eq!(cluster.files().len(), uploads.len(), "a file of what was refused");
            cluster.postgres.resume();
            truth::holds(&mut cluster, &uploads).await;
        }
    });
}
