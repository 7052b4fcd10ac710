//! Live and ready: while it starts, while its database is gone, and before it ends.

use std::net::TcpListener;

use accunode_testkit::{PrivatePostgres, Shutdown, TestDb, block_on};
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::program::Program;

/// The lock that migrating servers take turns by.
const MIGRATING: i64 = 0x6163_6375_6e6f_6465;

#[test]
fn who_is_asked_to_stop_says_so_before_it_does() {
    block_on(async {
        let test = TestDb::sqlite().await;
        let mut server = Program::start("serve", test.url(), &[("ACCUNODE_DRAIN_SECONDS", "4")]);
        let (ready, health) = (server.url("/health/ready").await, server.url("/health").await);
        assert_eq!(server.get(&ready).await, (StatusCode::OK, "{\"status\":\"ready\"}".to_owned()));
        server.terminate();
        let body = server.until(&ready, StatusCode::SERVICE_UNAVAILABLE).await;
        assert!(body.contains("about to end"), "{body}");
        assert_eq!(server.get(&health).await.0, StatusCode::OK, "who comes is still answered");
        assert_eq!(server.get(&server.seen("/health/ready").await).await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert!(server.ended().success());
    });
}

#[test]
fn without_its_database_a_server_lives_and_is_not_ready() {
    block_on(async {
        let Some(postgres) = PrivatePostgres::start() else { return };
        let server = Program::start("serve", &postgres.url(), &[]);
        let (ready, live) = (server.url("/health/ready").await, server.url("/health/live").await);
        server.until(&ready, StatusCode::OK).await;
        postgres.stop(Shutdown::Immediate);
        let body = server.until(&ready, StatusCode::SERVICE_UNAVAILABLE).await;
        assert_eq!(body, "{\"status\":\"not_ready\",\"detail\":\"the database does not answer\"}");
        assert_eq!(server.get(&live).await.0, StatusCode::OK);
        let (status, health) = server.get(&server.url("/health").await).await;
        let health: Value = serde_json::from_str(&health).unwrap();
        assert_eq!((status, &health["status"]), (StatusCode::OK, &Value::from("degraded")));
        assert_eq!(health["services"]["database"]["connected"], false);
        // What does not need the database is still told.
        let (status, text) = server.get(&server.seen("/metrics").await).await;
        assert!(status == StatusCode::OK && text.contains("accunode_db_connections_max"), "{text}");
        postgres.resume();
        server.until(&ready, StatusCode::OK).await;
    });
}

#[test]
fn while_the_database_is_migrated_a_server_lives_and_is_not_ready() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let mut other = PgConnection::connect(test.url()).await.unwrap();
        sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATING).execute(&mut other).await.unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let server = Program::start("serve", test.url(), &[("PORT", &port)]);
        server.says("starting").await;
        let path = |path: &str| format!("http://127.0.0.1:{port}{path}");
        assert_eq!(server.get(&path("/health/live")).await.0, StatusCode::OK);
        let (status, body) = server.get(&path("/health/ready")).await;
        assert!(status == StatusCode::SERVICE_UNAVAILABLE && body.contains("migrated"), "{body}");
        assert_eq!(server.get(&path("/api/v1/companies")).await.0, StatusCode::SERVICE_UNAVAILABLE);
        other.close().await.unwrap();
        server.until(&path("/health/ready"), StatusCode::OK).await;
        assert_eq!(server.get(&path("/api/v1/companies")).await.0, StatusCode::UNAUTHORIZED);
    });
}
