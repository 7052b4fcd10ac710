//! One person's connection: kept alive, opened again when the server has closed it.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// How long somebody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is sent.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Content type and bytes.
    pub(crate) body: Option<(String, Vec<u8>)>,
    /// The token that is shown.
    pub(crate) bearer: Option<Arc<str>>,
}

impl Asked {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, bearer: None }
    }

    pub(crate) fn json(method: Method, path: impl Into<String>, body: &serde_json::Value) -> Self {
        let body = Some(("application/json".to_owned(), body.to_string().into_bytes()));
        Self { method, path: path.into(), body, bearer: None }
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    packed: bool,
    body: Bytes,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        let parsed = if self.packed {
            serde_json::from_reader(flate2::read::GzDecoder::new(&*self.body))
        } else {
            serde_json::from_slice(&self.body)
        };
        parsed.unwrap_or_default()
    }
}

fn in_words(error: &(dyn Error + Send + Sync + 'static)) -> &'static str {
    match error.downcast_ref::<hyper::Error>() {
        Some(error) if error.is_incomplete_message() => "closed without an answer",
        Some(_) => "connection broken off",
        None => "no connection",
    }
}

/// A connection that is opened when it is first needed.
pub(crate) struct Connection {
    server: Arc<str>,
    /// The address that the person is seen at, as a proxy in front would say.
    address: String,
    sender: Option<http1::SendRequest<Full<Bytes>>>,
    /// How often it was opened.
    pub(crate) opened: u64,
}

impl Connection {
    pub(crate) fn new(server: Arc<str>, address: String) -> Self {
        Self { server, address, sender: None, opened: 0 }
    }

    /// Sends a request and reads the whole answer. After a failure the next request opens a new connection.
    ///
    /// # Errors
    /// Why there is no answer, in a word or two.
    pub(crate) async fn ask(&mut self, asked: Asked) -> Result<Answer, &'static str> {
        let outcome = timeout(PATIENCE, self.exchange(asked)).await;
        if !matches!(outcome, Ok(Ok(_))) {
            self.sender = None;
        }
        match outcome {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(in_words(&*error)),
            Err(_) => Err("timeout"),
        }
    }

    async fn exchange(&mut self, asked: Asked) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let mut request = Request::builder()
            .method(asked.method)
            .uri(asked.path)
            .header(header::HOST, &*self.server)
            .header(header::ACCEPT_ENCODING, "gzip")
            .header("x-forwarded-for", &self.address);
        if let Some(bearer) = asked.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let mut body = Bytes::new();
        if let Some((kind, bytes)) = asked.body {
            request = request.header(header::CONTENT_TYPE, kind);
            body = bytes.into();
        }
        let request = request.body(Full::new(body))?;
        let answer = self.send(request).await?;
        let packed = answer.headers().contains_key(header::CONTENT_ENCODING);
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        Ok(Answer { status, packed, body })
    }

    /// Sends once more what a connection that the server was just closing did not take, or, of what only reads, did not
    /// answer: as browsers do.
    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Box<dyn Error + Send + Sync>> {
        let kept = self.sender.as_ref().is_some_and(|sender| !sender.is_closed());
        let again = (kept && request.method() == Method::GET).then(|| request.clone());
        match self.sender().await?.try_send_request(request).await {
            Ok(answer) => Ok(answer),
            Err(mut refused) => {
                let unanswered = refused.error().is_incomplete_message();
                let untaken = refused.take_message();
                let Some(request) = untaken.or_else(|| again.filter(|_| unanswered)) else {
                    return Err(refused.into_error().into());
                };
                self.sender = None;
                Ok(self.sender().await?.send_request(request).await?)
            }
        }
    }

    async fn sender(&mut self) -> Result<&mut http1::SendRequest<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
        // One that the server closed while nobody asked is known to be closed by now.
        let open = self.sender.take_if(|sender| !sender.is_closed());
        let mut sender = match open {
            Some(sender) => sender,
            None => {
                let stream = TcpStream::connect(&*self.server).await?;
                stream.set_nodelay(true)?;
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
                // Its failures are told to whoever sends.
                tokio::spawn(connection);
                self.opened += 1;
                sender
            }
        };
        sender.ready().await?;
        Ok(self.sender.insert(sender))
    }
}
