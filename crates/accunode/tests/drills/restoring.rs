//! The drill of restoring PostgreSQL, small.

use std::{path::Path, process::Command};

/// What the script says when PostgreSQL is not installed.
const SKIPPED: i32 = 77;

#[test]
fn postgres_is_restored_to_a_point_in_time() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/restore-drill.sh");
    let output = Command::new("bash")
        .arg(script)
        .args(["--rows", "2000", "--archive-timeout", "2"])
        .env("ACCUNODE_BIN", env!("CARGO_BIN_EXE_accunode"))
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(SKIPPED) {
        assert!(std::env::var_os("ACCUNODE_REQUIRE_SERVICES").is_none(), "{text}");
        eprintln!("skipped: PostgreSQL is not installed");
        return;
    }
    assert!(output.status.success(), "{text}");
    assert!(text.contains("RTO ") && text.contains("RPO ") && text.contains(" tables are equal"), "{text}");
}
