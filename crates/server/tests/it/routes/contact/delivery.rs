//! From the kept message to the mail.

use std::time::Duration;

use accunode_db::{Engine, on};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use super::{Kept, form, kept};
use crate::app::{Limits, TestApp};

/// The kept message, once it is as expected.
async fn kept_once(app: &TestApp, expected: impl Fn(&Kept) -> bool) -> Kept {
    for _ in 0..600 {
        let message = kept(app).await;
        if expected(&message) {
            return message;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it stays at {:?}", kept(app).await);
}

/// The state of the only job.
async fn job(app: &TestApp) -> (String, i32) {
    let mut tx = app.state.db.system_read("a test").await.unwrap();
    on!(tx, |c| sqlx::query_as(
        "SELECT status, CAST(attempts AS INTEGER) FROM job WHERE kind = 'mail.contact'"
    )
    .fetch_one(c)
    .await)
    .unwrap()
}

async fn write(app: &TestApp) {
    let (status, body) = app.anonymous().post("/contact/submit", &form()).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

on_both_engines! {
    async fn a_message_becomes_a_mail_to_the_operator(test: TestDb) {
        let app = TestApp::new(test).await;
        write(&app).await;
        kept_once(&app, |message| message.3).await;
        let mails = app.mails();
        assert_eq!(mails.len(), 1);
        let (head, body) = mails[0].split_once("\r\n\r\n").unwrap();
        for line in ["To: contact@example.org", "Reply-To: amy@example.net", "From: AccuNode <no-reply@example.org>",
                     "Subject: [AccuNode Contact] A question of terms"] {
            assert!(head.lines().any(|l| l == line), "{line}: {head}");
        }
        assert!(body.contains("text/plain") && body.contains("text/html"), "{body}");
        assert!(body.contains("Best, <Amy>") && body.contains("Best, &lt;Amy&gt;"), "{body}");
        assert_eq!(job(&app).await.0, "done");
    }

    async fn nothing_written_becomes_a_header(test: TestDb) {
        let app = TestApp::new(test).await;
        let mut form = form();
        form["subject"] = "Hello\r\nBcc: all@example.net\r\n\r\n<p>body".into();
        form["name"] = "Amy\r\nBcc: all@example.net".into();
        assert_eq!(app.anonymous().post("/contact/submit", &form).await.0, StatusCode::OK);
        kept_once(&app, |message| message.3).await;
        let mail = app.mails().remove(0);
        assert!(!mail.lines().any(|line| line.to_lowercase().starts_with("bcc:")), "{mail}");
        assert!(mail.contains("Subject: [AccuNode Contact] HelloBcc: all@example.net<p>body"), "{mail}");
    }

    async fn what_could_not_be_mailed_is_tried_again(test: TestDb) {
        let app = TestApp::new(test).await;
        std::fs::remove_dir_all(app.mail_folder()).unwrap();
        write(&app).await;
        let (.., sent, error) = kept_once(&app, |message| message.4.is_some()).await;
        assert!(!sent && error.unwrap().contains("the mail folder cannot be written"));
        std::fs::create_dir(app.mail_folder()).unwrap();
        // Nobody waits for the queue's pause here; it is over once the job is seen as ready.
        for _ in 0..600 {
            if job(&app).await == ("ready".to_owned(), 1) {
                app.test.as_owner("UPDATE job SET run_at = created_at").await.unwrap();
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (.., error) = kept_once(&app, |message| message.3).await;
        assert_eq!((error, app.mails().len()), (None, 1));
    }

    /// As when somebody wrote into the table: the mail refuses what would become a header, and says so.
    async fn what_can_never_be_mailed_ends_visibly(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        write(&app).await;
        let two_lines = match app.test.engine() {
            Engine::Postgres => "E'Hello\\r\\nBcc: all@example.net'",
            Engine::Sqlite => "'Hello' || char(13, 10) || 'Bcc: all@example.net'",
        };
        app.test.as_owner(&format!("UPDATE contact_messages SET subject = {two_lines}")).await.unwrap();
        app.work();
        for _ in 0..600 {
            if job(&app).await.0 == "dead" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(job(&app).await, ("dead".to_owned(), 1));
        let (.., sent, error) = kept(&app).await;
        assert!(!sent && error.unwrap().contains("the subject holds a line break"));
        assert!(app.mails().is_empty());
    }
}
