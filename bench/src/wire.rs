//! A minimal HTTP/1.1 connection, because the generator shares the machine with the services it
//! measures.
//!
//! Makes the distinction that matters to a sender: a request that certainly was not sent can be
//! repeated safely; one without an answer may have taken effect.

use std::time::Duration;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Uri,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use runtime::tasks;
use tokio::net::TcpStream;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// An answer to a batch of 1,000 stays is about 2 MiB.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Where requests go.
#[derive(Clone, Debug)]
pub struct Target {
    /// `host:port`.
    authority: String,
    /// Before every path; without a slash at the end.
    prefix: String,
}

impl Target {
    /// From `http://host:port`, with or without a path to put first.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().context("not a URL")?;
        ensure!(
            uri.scheme_str() == Some("http"),
            "must begin with http:// (encryption is the proxy's work and is not measured here)"
        );
        let host = uri.host().context("has no host")?;
        let port = uri.port_u16().unwrap_or(80);
        Ok(Self {
            authority: format!("{host}:{port}"),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// An answer that came whole.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Idempotent-Replayed: true`.
    pub is_replay: bool,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// No connection: the request did not go out.
    NotConnected,
    /// The connection ended; the request may have had its effect.
    BrokenOff,
    /// The time was up; the request may have had its effect.
    TimedOut,
}

impl NoAnswer {
    /// The word used in summary and journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotConnected => "not_connected",
            Self::BrokenOff => "broken_off",
            Self::TimedOut => "timed_out",
        }
    }
}

type Sender = SendRequest<Full<Bytes>>;
type Head<'a> = [(HeaderName, &'a HeaderValue)];

/// One connection, opened when needed and again when lost.
pub struct Connection {
    target: Target,
    host: HeaderValue,
    call_timeout: Duration,
    open: Option<Sender>,
}

impl Connection {
    /// Not yet connected. `call_timeout` counts from the first byte sent to the last received.
    pub fn new(target: &Target, call_timeout: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            host: HeaderValue::from_str(&target.authority).context("unusable host")?,
            target: target.clone(),
            call_timeout,
            open: None,
        })
    }

    /// `GET path`.
    pub async fn get(&mut self, path: &str, head: &Head<'_>) -> Result<Answer, NoAnswer> {
        self.call(Method::GET, path, head, Bytes::new()).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(
        &mut self,
        path: &str,
        head: &Head<'_>,
        body: Bytes,
    ) -> Result<Answer, NoAnswer> {
        self.call(Method::POST, path, head, body).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&mut self, path: &str, body: Bytes) -> Result<Answer, NoAnswer> {
        self.call(Method::PUT, path, &[], body).await
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        head: &Head<'_>,
        body: Bytes,
    ) -> Result<Answer, NoAnswer> {
        let request = self.request(method, path, head, body);
        match tokio::time::timeout(self.call_timeout, self.exchange(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(reason)) => {
                self.open = None;
                Err(reason)
            }
            Err(_) => {
                self.open = None;
                Err(NoAnswer::TimedOut)
            }
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        head: &Head<'_>,
        body: Bytes,
    ) -> Request<Full<Bytes>> {
        let uri = format!("{}{path}", self.target.prefix);
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        // The paths of this program are constants and cursors of digits.
        *request.uri_mut() = uri.parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        for (name, value) in head {
            headers.insert(name.clone(), (*value).clone());
        }
        request
    }

    /// The peer may have closed an idle connection: then the request comes back unsent and is sent
    /// on a new one.
    async fn exchange(&mut self, mut request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        if let Some(mut sender) = self.open.take()
            && sender.ready().await.is_ok()
        {
            match sender.try_send_request(request).await {
                Ok(response) => return self.read(sender, response).await,
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(NoAnswer::BrokenOff),
                },
            }
        }
        let mut sender = connect(&self.target.authority).await?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|_| NoAnswer::BrokenOff)?;
        self.read(sender, response).await
    }

    async fn read(
        &mut self,
        sender: Sender,
        response: hyper::Response<hyper::body::Incoming>,
    ) -> Result<Answer, NoAnswer> {
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|_| NoAnswer::BrokenOff)?;
        self.open = Some(sender);
        Ok(Answer {
            status: parts.status.as_u16(),
            is_replay: parts.headers.contains_key("idempotent-replayed"),
            body: body.to_bytes(),
        })
    }
}

async fn connect(authority: &str) -> Result<Sender, NoAnswer> {
    let socket = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(authority))
        .await
        .map_err(|_| NoAnswer::NotConnected)?
        .map_err(|_| NoAnswer::NotConnected)?;
    // Fails only when the other side is gone again; sending shows that.
    let _ = socket.set_nodelay(true);
    let (sender, connection) = http1::handshake(TokioIo::new(socket))
        .await
        .map_err(|_| NoAnswer::NotConnected)?;
    tasks::spawn("load.connection", async move {
        // Its end shows at the sender.
        let _ = connection.await;
    });
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_keeps_its_prefix_and_refuses_encryption() {
        let target = Target::parse("http://127.0.0.1:8080/luutru/").unwrap();
        assert_eq!(target.authority, "127.0.0.1:8080");
        assert_eq!(target.prefix, "/luutru");
        assert!(Target::parse("https://example.org").is_err());
        assert!(Target::parse("127.0.0.1:8080").is_err());
    }
}
