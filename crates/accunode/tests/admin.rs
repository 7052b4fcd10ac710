//! The administrators' commands as they are run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

use std::process::Command;

use accunode_db::{Clock, Engine};
use accunode_domain::TenantId;
use accunode_server::audit::{self, Event};
use accunode_testkit::{TestDb, on_both_engines};

/// Whether `accunode admin verify-audit` is content, and what it prints.
fn verify(test: &TestDb) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_accunode"))
        .args(["admin", "verify-audit", "--data-dir"])
        .arg(folder.path())
        .env("DATABASE_URL", test.url())
        .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

on_both_engines! {
    async fn the_first_broken_link_of_a_chain_is_named(test: TestDb) {
        let tenant = TenantId::new();
        let mut tx = test.db().system("entries of a test").await.unwrap();
        for tenant in [None, Some(tenant), Some(tenant), Some(tenant)] {
            let event = Event::done("test.write").tenant(tenant);
            audit::record_background(&mut tx, None, event, Clock::system().now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (well, text) = verify(&test);
        assert!(well && text.contains("chains: 2, broken: 0"), "{text}");
        assert!(text.contains(&format!("chain of tenant {}: intact up to entry 3, head ", tenant.0)), "{text}");
        assert!(text.contains("chain of no tenant: intact up to entry 1, head "), "{text}");
        let guard = match test.engine() {
            Engine::Postgres => "DROP TRIGGER audit_log_append_only ON audit_log",
            Engine::Sqlite => "DROP TRIGGER audit_log_no_update",
        };
        test.as_owner(guard).await.unwrap();
        test.as_owner("UPDATE audit_log SET action = 'other' WHERE seq = 2").await.unwrap();
        let (well, text) = verify(&test);
        assert!(!well && text.contains("chains: 2, broken: 1"), "{text}");
        let expected = format!("chain of tenant {}: BROKEN at entry 2: contents changed", tenant.0);
        assert!(text.contains(&expected), "{text}");
    }
}
