//! With shells in the place of workers.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests

use std::{fs, path::Path};

use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;

/// Each shell writes its number into the folder, and `gone` when it is asked to end.
const POLITE: &str = r#"trap 'echo gone > "$0/gone.$$"; exit 0' TERM; echo > "$0/came.$$"
                        while :; do sleep 0.05; done"#;
const DEAF: &str = r#"trap '' TERM; echo > "$0/came.$$"; while :; do sleep 0.05; done"#;

fn shells(script: &str, folder: &Path) -> LocalWorkers {
    let arguments = vec!["-c".into(), script.into(), folder.into()];
    LocalWorkers::new(LocalCommand { program: "/bin/sh".into(), arguments })
}

fn names(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    entries.filter_map(|name| name.strip_prefix(prefix).map(str::to_owned)).collect()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_200 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} does not come true");
}

fn keep(workers: &LocalWorkers) -> (CancellationToken, JoinHandle<()>) {
    let (workers, stop) = (workers.clone(), CancellationToken::new());
    let until = stop.clone();
    (stop, tokio::spawn(async move { workers.keep(until).await }))
}

fn is_running(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

#[tokio::test]
async fn as_many_run_as_are_wanted_and_none_in_the_end() {
    let folder = TempDir::new().unwrap();
    let workers = shells(POLITE, folder.path());
    let (stop, kept) = keep(&workers);
    workers.want(3);
    until("three", || names(folder.path(), "came.").len() == 3 && workers.running() == 3).await;
    workers.want(1);
    until("two less", || names(folder.path(), "gone.").len() == 2 && workers.running() == 1).await;
    workers.want(2);
    until("one more", || names(folder.path(), "came.").len() == 4 && workers.running() == 2).await;
    stop.cancel();
    kept.await.unwrap();
    assert_eq!(workers.running(), 0);
    assert_eq!(names(folder.path(), "gone.").len(), 4);
    // Waited for: nothing is left of them, not even a zombie.
    assert!(names(folder.path(), "came.").iter().all(|pid| !is_running(pid)));
}

#[tokio::test]
async fn one_that_dies_is_replaced() {
    let folder = TempDir::new().unwrap();
    let workers = shells(POLITE, folder.path());
    let (stop, kept) = keep(&workers);
    workers.want(1);
    until("the first", || names(folder.path(), "came.").len() == 1).await;
    let first = names(folder.path(), "came.").remove(0);
    let killed = std::process::Command::new("kill").args(["-KILL", &first]).status().unwrap();
    assert!(killed.success());
    until("the second", || names(folder.path(), "came.").len() == 2 && workers.running() == 1).await;
    assert!(!is_running(&first));
    stop.cancel();
    kept.await.unwrap();
    assert_eq!(names(folder.path(), "gone.").len(), 1);
}

#[tokio::test]
async fn one_that_does_not_listen_is_killed_in_time() {
    let folder = TempDir::new().unwrap();
    let workers = shells(DEAF, folder.path()).patience(Duration::from_millis(200));
    let (stop, kept) = keep(&workers);
    workers.want(1);
    until("it", || names(folder.path(), "came.").len() == 1).await;
    let pid = names(folder.path(), "came.").remove(0);
    stop.cancel();
    kept.await.unwrap();
    assert!(!is_running(&pid) && workers.running() == 0);
}

#[tokio::test]
async fn a_program_that_is_not_there_does_no_harm() {
    let workers =
        LocalWorkers::new(LocalCommand { program: "/nowhere/at-all".into(), arguments: Vec::new() });
    let (stop, kept) = keep(&workers);
    workers.want(2);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(workers.running(), 0);
    stop.cancel();
    kept.await.unwrap();
}

#[tokio::test]
async fn none_outlives_a_keeper_that_is_dropped() {
    let folder = TempDir::new().unwrap();
    let workers = shells(POLITE, folder.path());
    let (_stop, kept) = keep(&workers);
    workers.want(2);
    until("both", || names(folder.path(), "came.").len() == 2).await;
    kept.abort();
    let pids = names(folder.path(), "came.");
    // Killed, and a zombie at most until the runtime has waited for it.
    until("their end", || pids.iter().all(|pid| !is_running(pid))).await;
    assert_eq!(workers.running(), 0);
}

#[tokio::test]
async fn its_standard_input_is_open_as_long_as_it_may_go_on() {
    const READER: &str = r#"echo > "$0/came.$$"; cat > /dev/null; echo > "$0/ended.$$""#;
    let folder = TempDir::new().unwrap();
    let workers = shells(READER, folder.path());
    let (stop, kept) = keep(&workers);
    workers.want(1);
    until("it", || names(folder.path(), "came.").len() == 1).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!((names(folder.path(), "ended.").len(), workers.running()), (0, 1));
    stop.cancel();
    kept.await.unwrap();
    assert_eq!(workers.running(), 0);
}
