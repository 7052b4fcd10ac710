//! Backup and restore of the embedded database as they are run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

mod world;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use accunode_domain::Kind;
use accunode_testkit::{Portfolio, block_on};
use serde_json::{Value, json};

use crate::world::*;

#[test]
fn a_backup_under_running_uploads_is_whole() {
    block_on(async {
        let (folder, data) = place();
        let server = Server::start(&data).await;
        let mut uploads = Vec::new();
        for n in 0..6 {
            uploads.push(server.hand_in(&portfolio(n)).await);
        }
        // One of them is deleted again and again: a backup must not want its file.
        let comes_and_goes = async {
            for n in 100..130 {
                let upload = server.hand_in(&Portfolio::good(Kind::Annual, 3).prefix(&format!("G{n}"))).await;
                server.ended(&upload).await;
                let url = format!("{}/predictions/jobs/{upload}", server.base);
                let answer = server.client.delete(url).bearer_auth(&server.token).send().await.unwrap();
                assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
            }
        };
        let copies = async {
            for n in 0..3 {
                let name = if n == 1 { "copy1".to_owned() } else { format!("copy{n}.zip") };
                let (to, data) = (folder.path().join(name), data.clone());
                let (code, text) =
                    tokio::task::spawn_blocking(move || backup(&data, &to, &[])).await.unwrap();
                assert_eq!(code, Some(0), "{text}");
            }
        };
        tokio::join!(comes_and_goes, copies);
        for upload in &uploads {
            server.ended(upload).await;
        }
        drop(server);
        is_sound(&data).await;
        for name in ["copy0.zip", "copy1", "copy2.zip"] {
            let (from, restored) = (folder.path().join(name), folder.path().join(format!("{name}-restored")));
            let (code, text) = restore(&restored, &from, &[]);
            assert_eq!(code, Some(0), "{text}");
            assert!(!restored.join("secret.key").exists());
            is_sound(&restored).await;
            // What was under way goes on, and comes to the same end; what was handed in later is not there.
            let server = Server::start(&restored).await;
            let known: Vec<String> = sqlx::query_scalar("SELECT lower(hex(id)) FROM bulk_upload_jobs")
                .fetch_all(&mut sql(&restored).await)
                .await
                .unwrap();
            for upload in &uploads {
                assert!(known.contains(&upload.replace('-', "")), "{upload} was taken before the backup");
                server.ended(upload).await;
            }
            drop(server);
            is_sound(&restored).await;
            for table in ["annual_predictions", "quarterly_predictions"] {
                let of_uploads = |rows: Vec<String>| -> Vec<String> {
                    let without_id = |row: String| {
                        let mut parts: Vec<_> = row.split(' ').collect();
                        parts.remove(3); // made anew for rows that were stored after the backup
                        parts.join(" ")
                    };
                    rows.into_iter().filter(|row| row.starts_with('B')).map(without_id).collect()
                };
                let (was, is) = (predictions(&data, table).await, predictions(&restored, table).await);
                assert_eq!(of_uploads(is), of_uploads(was), "{table} of {name}");
            }
        }
    });
}

#[test]
fn a_backup_is_its_owners_and_restores_every_row_as_it_was() {
    block_on(async {
        let (folder, data) = place();
        let server = Server::start(&data).await;
        let upload = server.hand_in(&portfolio(1)).await;
        server.ended(&upload).await;
        let copy = folder.path().join("copy");
        let (code, text) = backup(&data, &copy, &["--with-secret-key"]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("3 files") && text.contains("with the secret key"), "{text}");
        #[cfg(unix)]
        for (name, expected) in
            [("", 0o700), ("database.sqlite", 0o600), ("manifest.json", 0o600), ("secret.key", 0o600)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(copy.join(name)).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, expected, "{name}");
        }
        let (code, text) = backup(&data, &copy, &[]);
        assert_eq!((code, text.contains("is there already")), (Some(1), true), "{text}");
        let restored = folder.path().join("restored");
        let (code, text) = restore(&restored, &copy, &[]);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(
            fs::read(restored.join("secret.key")).unwrap(),
            fs::read(data.join("secret.key")).unwrap()
        );
        for table in ["annual_predictions", "quarterly_predictions"] {
            assert_eq!(predictions(&restored, table).await, predictions(&data, table).await);
        }
        // In use, not empty, and then replaced.
        let (code, text) = restore(&data, &copy, &["--replace"]);
        assert_eq!((code, text.contains("is in use")), (Some(1), true), "{text}");
        drop(server);
        let (code, text) = restore(&data, &copy, &[]);
        assert_eq!((code, text.contains("is not empty")), (Some(1), true), "{text}");
        let (code, text) = restore(&data, &copy, &["--replace"]);
        assert_eq!((code, text.contains("what was there before")), (Some(0), true), "{text}");
        is_sound(&data).await;
        let left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 4, "{left:?}");
    });
}

#[test]
fn what_the_store_has_lost_is_told() {
    block_on(async {
        let (folder, data) = place();
        let server = Server::start(&data).await;
        let upload = server.hand_in(&portfolio(0)).await;
        server.ended(&upload).await;
        drop(server);
        let key: String = sqlx::query_scalar("SELECT file_key FROM bulk_upload_jobs")
            .fetch_one(&mut sql(&data).await)
            .await
            .unwrap();
        fs::remove_file(data.join("files").join(&key)).unwrap();
        let copy = folder.path().join("copy.zip");
        let (code, text) = backup(&data, &copy, &[]);
        assert_eq!((code, text.contains(&format!("missing: {key}"))), (Some(3), true), "{text}");
        let restored = folder.path().join("restored");
        let (code, text) = restore(&restored, &copy, &[]);
        assert_eq!((code, text.contains(&format!("missing: {key}"))), (Some(0), true), "{text}");
        let server = Server::start(&restored).await;
        server.ended(&upload).await;
    });
}

/// What is beside the backup: nothing was begun, nothing was left.
fn nothing_was_made(folder: &Path, restored: &Path) {
    assert!(!restored.exists());
    let left: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("restor")), "{left:?}");
}

#[test]
fn a_damaged_backup_is_refused_by_the_name_of_the_file() {
    let (folder, data) = place();
    let (folder, copy, packed) = (folder.path(), folder.path().join("copy"), folder.path().join("copy.zip"));
    drop(block_on(Server::start(&data)));
    assert_eq!(backup(&data, &copy, &[]).0, Some(0));
    assert_eq!(backup(&data, &packed, &[]).0, Some(0));
    let restored = folder.join("restored");
    let refused = |from: &Path, names: &str| {
        let (code, text) = restore(&restored, from, &[]);
        assert_eq!((code, text.contains(names)), (Some(1), true), "{names}: {text}");
        nothing_was_made(folder, &restored);
    };
    let manifest: Value = serde_json::from_slice(&fs::read(copy.join("manifest.json")).unwrap()).unwrap();
    let files: Vec<_> =
        manifest["files"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert!(files.contains(&"database.sqlite") && files.len() == 3, "{files:?}");
    for name in files {
        let path = copy.join(name);
        let sound = fs::read(&path).unwrap();
        let mut bytes = sound.clone();
        bytes[sound.len() / 2] ^= 1;
        fs::write(&path, &bytes).unwrap();
        refused(&copy, &format!("{name} of the backup is damaged"));
        fs::write(&path, &sound[..sound.len() - 1]).unwrap();
        refused(&copy, &format!("{name} of the backup is damaged"));
        fs::remove_file(&path).unwrap();
        refused(&copy, &format!("{name} is missing"));
        fs::write(&path, &sound).unwrap();
    }
    let changed = |name: &str, value: Value| {
        let mut changed = manifest.clone();
        changed[name] = value;
        fs::write(copy.join("manifest.json"), changed.to_string()).unwrap();
    };
    changed("migrations", json!([29_990_101_000_000_i64]));
    refused(&copy, "newer than this program");
    changed("format", json!(2));
    refused(&copy, "has format 2");
    changed("files", json!([{"path": "files/../../x", "size": 0, "sha256": ""}]));
    refused(&copy, "has no place in a backup");
    // Of the packed one, a piece in the middle of the first file and the end of all.
    let sound = fs::read(&packed).unwrap();
    let mut bytes = sound.clone();
    for byte in &mut bytes[sound.len() / 4..sound.len() / 4 + 64] {
        *byte ^= 0x55;
    }
    fs::write(&packed, &bytes).unwrap();
    refused(&packed, "is damaged");
    fs::write(&packed, &sound[..sound.len() - 100]).unwrap();
    refused(&packed, "is damaged, or no backup");
}

#[test]
fn an_interrupted_restore_leaves_nothing() {
    let (folder, data) = place();
    let (folder, copy) = (folder.path(), folder.path().join("copy"));
    drop(block_on(Server::start(&data)));
    // A file that takes a while.
    fs::create_dir_all(data.join("files/uploads")).unwrap();
    fs::File::create(data.join("files/uploads/large.csv")).unwrap().set_len(200 << 20).unwrap();
    block_on(async {
        let another = "UPDATE models SET file_key = 'uploads/large.csv' WHERE kind = 'annual'";
        sqlx::query(another).execute(&mut sql(&data).await).await.unwrap();
    });
    let (code, text) = backup(&data, &copy, &[]);
    assert_eq!(code, Some(0), "{text}");
    let (restored, begun) = (folder.join("restored"), folder.join(".restored.restoring"));
    let interrupted = |signal: &str| {
        let mut child = accunode(&restored, &["restore", "--from", copy.to_str().unwrap()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while !begun.join("data/files/uploads/large.csv").exists() {
            assert!(start.elapsed() < SOON, "it does not begin");
            std::thread::sleep(Duration::from_millis(1));
        }
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(!restored.exists());
    };
    interrupted("-TERM");
    nothing_was_made(folder, &restored);
    // What cannot clean up leaves a hidden folder, which the next one takes away.
    interrupted("-KILL");
    assert!(begun.exists());
    let (code, text) = restore(&restored, &copy, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(!begun.exists());
    assert_eq!(fs::metadata(restored.join("files/uploads/large.csv")).unwrap().len(), 200 << 20);
}
