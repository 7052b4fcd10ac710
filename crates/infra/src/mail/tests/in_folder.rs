//! Messages as files.

use std::path::Path;

use super::*;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn each_message_is_a_file_in_the_order_of_sending() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new/mail");
    let mail = Mail::folder(&folder, FROM).unwrap();
    assert_eq!((mail.kind(), format!("{mail:?}")), ("folder", "Mail(folder)".into()));
    mail.test().await.unwrap();
    for n in 0..20 {
        let subject = format!("Message {n}");
        mail.clone().send(&Message { subject, ..message() }).await.unwrap();
    }
    let files = files(&folder);
    assert_eq!(files.len(), 20, "{files:?}");
    for (n, file) in files.iter().enumerate() {
        assert_eq!(file.extension().unwrap(), "eml");
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(&format!("Subject: Message {n}\r\n")), "{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("mail");
    Mail::folder(&folder, FROM).unwrap().send(&message()).await.unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&files(&folder)[0]), 0o600);
}

#[tokio::test]
async fn a_folder_that_is_gone_can_come_back() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("mail");
    let mail = Mail::folder(&folder, FROM).unwrap();
    std::fs::remove_dir(&folder).unwrap();
    let text = transient(mail.send(&message()).await);
    assert_eq!(text, "the mail folder cannot be written: entity not found");
    transient(mail.test().await);
    std::fs::create_dir(&folder).unwrap();
    mail.send(&message()).await.unwrap();

    std::fs::write(parent.path().join("file"), "").unwrap();
    permanent(Mail::folder(parent.path().join("file/mail"), FROM).map(drop));
}
