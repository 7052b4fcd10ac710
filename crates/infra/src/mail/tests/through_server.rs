//! What a mail server gets, and what becomes of what it answers.

use super::{
    server::{Answers, Server},
    *,
};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(30);

fn settings(server: &Server, security: Security) -> SmtpSettings {
    SmtpSettings { host: "127.0.0.1".into(), port: server.port, username: None, password: None, security }
}

fn with_login(server: &Server, security: Security) -> SmtpSettings {
    let (username, password) = (Some("robot".into()), Some("hunter2".to_owned().into()));
    SmtpSettings { username, password, ..settings(server, security) }
}

async fn sent_to(answers: Answers, patience: Duration) -> Result<(), MailError> {
    let server = Server::start(answers).await;
    let mail = Mail::smtp_within(&with_login(&server, Security::None), FROM, patience).unwrap();
    mail.send(&message()).await
}

#[tokio::test]
async fn a_message_arrives_with_its_envelope_and_nothing_is_lost() {
    let server = Server::start(&[]).await;
    let mail = Mail::smtp(&with_login(&server, Security::None), FROM).unwrap();
    assert_eq!(mail.kind(), "smtp");
    mail.send(&message()).await.unwrap();
    let heard = server.heard();
    // base64 of "\0robot\0hunter2"
    assert!(heard.contains("AUTH PLAIN AHJvYm90AGh1bnRlcjI=\r\n"), "{heard}");
    assert!(heard.contains("MAIL FROM:<no-reply@example.org>\r\nRCPT TO:<somebody@example.com>\r\nDATA\r\n"));
    assert!(heard.ends_with("\r\n.\r\nQUIT\r\n"), "{heard}");
    let message = server.message();
    for header in [
        "From: AccuNode <no-reply@example.org>",
        "To: somebody@example.com",
        "Reply-To: Visitor <visitor@example.net>",
        "Subject: A question",
    ] {
        assert!(message.contains(&format!("{header}\r\n")), "{header}: {message}");
    }
    // The line with a dot alone would have ended the message.
    assert!(message.ends_with("\r\n\r\nHello,\r\n..\r\nwhat about the dot?\r\n"), "{message}");
}

#[tokio::test]
async fn without_a_login_none_is_tried() {
    let server = Server::start(&[]).await;
    Mail::smtp(&settings(&server, Security::None), FROM).unwrap().send(&message()).await.unwrap();
    assert!(!server.heard().contains("AUTH"));
}

#[tokio::test]
async fn what_the_server_refuses_for_now_can_be_sent_later() {
    for answers in [
        &[("MAIL", "451 4.3.2 busy")],
        &[("RCPT", "450 4.3.2 greylisted")],
        &[("DATA", "421 4.3.2 going down")],
        &[(".", "452 4.3.2 disk full")],
    ] {
        let text = transient(sent_to(answers, LONG).await);
        let code = &answers[0].1[..9];
        assert_eq!(text, format!("the mail server did not take the message: it said {code}"));
    }
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_not_sent_again() {
    for answers in [
        &[("MAIL", "550 5.7.1 not you")],
        &[("RCPT", "550 5.1.1 somebody@example.com: unknown")],
        &[("DATA", "554 5.7.1 no")],
        &[(".", "552 5.3.4 Hello, is too long")],
    ] {
        let text = permanent(sent_to(answers, LONG).await);
        let code = &answers[0].1[..9];
        assert_eq!(text, format!("the mail server did not take the message: it said {code}"));
    }
}

#[tokio::test]
async fn a_server_that_does_not_take_us_may_do_so_later() {
    let text = transient(sent_to(&[("AUTH", "535 robot hunter2 is wrong")], LONG).await);
    assert_eq!(text, "the mail server refused the login: it said 535");
    transient(sent_to(&[("CONNECT", "554 no service")], LONG).await);
    transient(sent_to(&[("EHLO", "502 who are you")], LONG).await);
    transient(sent_to(&[("CONNECT", "nonsense hunter2")], LONG).await);
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let host = SmtpSettings {
        host: "127.0.0.1".into(),
        port: unused.port(),
        username: None,
        password: None,
        security: Security::None,
    };
    let mail = Mail::smtp(&host, FROM).unwrap();
    assert!(transient(mail.send(&message()).await).starts_with("the mail server cannot be used: "));
    transient(mail.test().await);
}

#[tokio::test]
async fn a_server_that_falls_silent_holds_nobody_up() {
    for answers in [&[("CONNECT", "")], &[("EHLO", "")], &[("AUTH", "")], &[("RCPT", "")], &[(".", "")]] {
        let text = transient(sent_to(answers, SHORT).await);
        assert_eq!(text, "the mail server did not answer in time");
    }
}

#[tokio::test]
async fn a_message_that_was_taken_is_sent_even_without_a_goodbye() {
    sent_to(&[("QUIT", "")], Duration::from_secs(1)).await.unwrap();
    sent_to(&[("QUIT", "421 too late")], LONG).await.unwrap();
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_that_should_be_under_tls() {
    let server = Server::start(&[]).await;
    let mail = Mail::smtp(&with_login(&server, Security::StartTls), FROM).unwrap();
    let text = transient(mail.send(&message()).await);
    assert!(text.contains("STARTTLS is not supported"), "{text}");
    let heard = server.heard();
    assert!(!heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
}

/// TLS needs a cryptography provider in the process: without one connecting would panic.
#[tokio::test]
async fn tls_is_spoken() {
    let starttls = Server::start(&[("EHLO", "250-hello\r\n250 STARTTLS"), ("STARTTLS", "220 go on")]).await;
    let mail = Mail::smtp(&with_login(&starttls, Security::StartTls), FROM).unwrap();
    transient(mail.test().await);
    // A TLS handshake record.
    assert!(starttls.heard().ends_with("STARTTLS\r\n[16, 03, 01]"), "{}", starttls.heard());

    let from_the_start = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = from_the_start.local_addr().unwrap().port();
    let accept = async {
        let (mut client, _) = from_the_start.accept().await.unwrap();
        let mut record = [0_u8; 3];
        tokio::io::AsyncReadExt::read_exact(&mut client, &mut record).await.unwrap();
        record
    };
    let settings = SmtpSettings { port, ..with_login(&starttls, Security::Tls) };
    let mail = Mail::smtp(&settings, FROM).unwrap();
    let (record, result) = tokio::join!(accept, mail.test());
    assert_eq!(record, [0x16, 0x03, 0x01]);
    transient(result);
}

#[tokio::test]
async fn the_test_logs_in_and_sends_nothing() {
    let server = Server::start(&[]).await;
    let mail = Mail::smtp(&with_login(&server, Security::None), FROM).unwrap();
    mail.test().await.unwrap();
    let heard = server.heard();
    assert!(heard.contains("AUTH PLAIN") && !heard.contains("MAIL"), "{heard}");

    let strict = Server::start(&[("AUTH", "535 5.7.8 no")]).await;
    let mail = Mail::smtp(&with_login(&strict, Security::None), FROM).unwrap();
    assert_eq!(transient(mail.test().await), "the mail server refused the login: it said 535 5.7.8");
}

#[tokio::test]
async fn settings_that_are_not_complete_are_refused_and_nothing_of_them_is_shown() {
    let server = Server::start(&[]).await;
    let whole = with_login(&server, Security::None);
    for incomplete in [
        SmtpSettings { host: String::new(), ..whole.clone() },
        SmtpSettings { username: None, ..whole.clone() },
        SmtpSettings { password: None, ..whole.clone() },
    ] {
        let text = permanent(Mail::smtp(&incomplete, FROM).map(drop));
        assert!(!text.contains("hunter2") && !text.contains("robot"), "{text}");
    }
    permanent(Mail::smtp(&whole, "nobody").map(drop));
    assert!(!format!("{whole:?}").contains("hunter2"));
    assert_eq!(format!("{:?}", Mail::smtp(&whole, FROM).unwrap()), "Mail(smtp)");
}
