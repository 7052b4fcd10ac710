//! Messages through a mail server.

use std::{error::Error as _, time::Duration};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use super::MailError;

/// From connecting to the server's word that it took the message.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// For the farewell, which changes nothing any more.
const FAREWELL: Duration = Duration::from_secs(2);

/// How to reach a mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Name or address; its certificate must be for it.
    pub host: String,
    /// Usually 587, or 465 with TLS from the start.
    pub port: u16,
    /// For the login; without it there is none.
    pub username: Option<String>,
    /// For the login.
    pub password: Option<SecretString>,
    /// How the connection is kept from others.
    pub security: Security,
}

/// How a connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Begins in the clear and must change to TLS before anything is said.
    StartTls,
    /// TLS from the start.
    Tls,
    /// In the clear, login included: for a server on this machine.
    None,
}

/// One mail server.
pub(super) struct Smtp {
    host: String,
    port: u16,
    login: Option<Credentials>,
    security: Security,
    tls: TlsParameters,
    name: ClientId,
    patience: Duration,
}

/// How far it came: the same answer means something else in each.
enum Failure {
    Connecting(Error),
    Login(Error),
    Message(Error),
}

impl Smtp {
    pub(super) fn new(settings: &SmtpSettings, patience: Duration) -> Result<Self, MailError> {
        if settings.host.is_empty() {
            return Err(MailError::Permanent("the mail server's host is missing".into()));
        }
        let login = match (&settings.username, &settings.password) {
            (Some(name), Some(password)) => {
                Some(Credentials::new(name.clone(), password.expose_secret().to_owned()))
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(MailError::Permanent("the mail server's user name has no password".into()));
            }
            (None, Some(_)) => {
                return Err(MailError::Permanent("the mail server's password has no user name".into()));
            }
        };
        let tls = TlsParameters::new(settings.host.clone())
            .map_err(|e| MailError::Permanent(format!("TLS cannot be used for mail: {e}")))?;
        let (host, port, security) = (settings.host.clone(), settings.port, settings.security);
        Ok(Self { host, port, login, security, tls, name: ClientId::default(), patience })
    }

    pub(super) async fn send(&self, message: &lettre::Message) -> Result<(), MailError> {
        let work = async {
            let mut connection = self.connect().await?;
            let sent = connection.send(message.envelope(), &message.formatted()).await;
            sent.map(|_| connection).map_err(Failure::Message)
        };
        self.finish(work).await
    }

    pub(super) async fn test(&self) -> Result<(), MailError> {
        self.finish(self.connect()).await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let wrapped = (self.security == Security::Tls).then(|| self.tls.clone());
        let server = (self.host.as_str(), self.port);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.patience), &self.name, wrapped, None);
        let mut connection = connecting.await.map_err(Failure::Connecting)?;
        if self.security == Security::StartTls {
            connection.starttls(self.tls.clone(), &self.name).await.map_err(Failure::Connecting)?;
        }
        if let Some(login) = &self.login {
            connection.auth(DEFAULT_MECHANISMS, login).await.map_err(Failure::Login)?;
        }
        Ok(connection)
    }

    /// Bounds the time of the work. Once that has succeeded nothing can fail any more: a message that was taken
    /// must not be sent again because the server is slow to say goodbye.
    async fn finish(
        &self,
        work: impl Future<Output = Result<AsyncSmtpConnection, Failure>>,
    ) -> Result<(), MailError> {
        // On the heap: a connection's state is large.
        let mut connection = match timeout(self.patience, Box::pin(work)).await {
            Ok(result) => result.map_err(MailError::from)?,
            Err(_) => return Err(MailError::Transient("the mail server did not answer in time".into())),
        };
        timeout(FAREWELL.min(self.patience), Box::pin(connection.quit())).await.ok();
        Ok(())
    }
}

impl From<Failure> for MailError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Connecting(error) => {
                Self::Transient(format!("the mail server cannot be used: {}", reason(&error)))
            }
            Failure::Login(error) => {
                Self::Transient(format!("the mail server refused the login: {}", reason(&error)))
            }
            Failure::Message(error) => {
                let text = format!("the mail server did not take the message: {}", reason(&error));
                // Of the client: the server lacks an extension that an address needs.
                if error.is_permanent() || error.is_client() {
                    Self::Permanent(text)
                } else {
                    Self::Transient(text)
                }
            }
        }
    }
}

/// What went wrong, without the server's words: they may repeat what it was sent.
fn reason(error: &Error) -> String {
    if let Some(code) = error.status() {
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        let detail = words.split_whitespace().next().filter(|word| is_enhanced_code(word));
        return detail.map_or_else(|| format!("it said {code}"), |detail| format!("it said {code} {detail}"));
    }
    if error.is_response() { "its answer cannot be read".into() } else { error.to_string() }
}

/// Like `5.1.1`.
fn is_enhanced_code(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number)
}
