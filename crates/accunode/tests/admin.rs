//! The administrators' commands as they are run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

use std::{
    io::Write,
    process::{Command, Stdio},
};

use accunode_db::{Clock, Engine};
use accunode_domain::TenantId;
use accunode_server::audit::{self, Event};
use accunode_testkit::{People, TestDb, on_both_engines, standing};

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

/// Whether `accunode admin create-user` makes an account, and what it says.
fn create_user(test: &TestDb, arguments: &[&str], password: Option<&str>, typed: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_accunode"))
        .args(["admin", "create-user", "--data-dir"])
        .arg(folder.path())
        .args(arguments)
        .env("DATABASE_URL", test.url())
        .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
        .env_remove("ACCUNODE_NEW_PASSWORD")
        .envs(password.map(|password| ("ACCUNODE_NEW_PASSWORD", password)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not ask may have ended already.
    child.stdin.take().unwrap().write_all(typed.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

on_both_engines! {
    async fn accounts_are_made_in_their_place(test: TestDb) {
        People::stored(test.db()).await;
        let root = ["--email", "Root@example.org", "--role", "super_admin", "--full-name", "Root"];
        let (well, text) = create_user(&test, &root, None, "correct horse 1\nmore");
        assert!(well, "{text}");
        assert_eq!(standing(test.db(), "root@example.org").await, ("super_admin".to_owned(), None, None));
        let analyst = ["--email", "amy@example.org", "--role", "org_member", "--organization", "other"];
        let (well, text) = create_user(&test, &analyst, Some("correct horse 1"), "");
        assert!(well, "{text}");
        let place = ("org_member".to_owned(), Some("other".to_owned()), Some("first".to_owned()));
        assert_eq!(standing(test.db(), "amy@example.org").await, place);
        let admin = ["--email", "tom@example.org", "--role", "tenant_admin", "--tenant", "second"];
        let (well, text) = create_user(&test, &admin, Some("correct horse 1"), "");
        assert!(well, "{text}");
        assert_eq!(standing(test.db(), "tom@example.org").await.2.as_deref(), Some("second"));
    }

    async fn what_keeps_an_account_from_being_made_is_named(test: TestDb) {
        People::stored(test.db()).await;
        for (arguments, password, reason) in [
            (&["--email", "amy", "--role", "user"][..], "correct horse 1", "Invalid email"),
            (&["--email", "amy@example.org", "--role", "user"], "short", "at least 8 characters"),
            (&["--email", "member@example.com", "--role", "user"], "correct horse 1", "already registered"),
            (&["--email", "amy@example.org", "--role", "root"], "correct horse 1", "unknown role 'root'"),
            (&["--email", "amy@example.org", "--role", "org_admin"], "correct horse 1", "needs an organization"),
            (&["--email", "amy@example.org", "--role", "tenant_admin", "--tenant", "third"],
             "correct horse 1", "there is no tenant 'third'"),
            (&["--email", "amy@example.org", "--role", "org_admin", "--tenant", "second", "--organization", "first"],
             "correct horse 1", "belongs to another tenant"),
        ] {
            let (well, text) = create_user(&test, arguments, Some(password), "");
            assert!(!well && text.contains(reason) && !text.contains(password), "{reason}: {text}");
        }
        let (well, text) = create_user(&test, &["--email", "amy@example.org", "--role", "user"], None, "");
        assert!(!well && text.contains("ACCUNODE_NEW_PASSWORD"), "{text}");
    }

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
