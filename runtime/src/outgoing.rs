//! The HTTP client for calls to other systems.
//!
//! Every call is bounded in time and size, follows no redirect (a signed or personal body goes only
//! where it was addressed) and ignores proxy settings from the environment. Create one client per
//! destination, so that a slow one does not exhaust another's connections.

use std::time::Duration;

use hyper::body::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};

/// Most that is read of an answer, unless the caller says otherwise.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Bounds of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingLimits {
    /// For the connection, TLS included.
    pub connect_timeout: Duration,
    /// For the whole call, from connecting to the last byte of the answer.
    pub call_timeout: Duration,
    /// How long an unused connection is kept; below the other side's own limit.
    pub pool_idle_timeout: Duration,
    /// Unused connections kept per host.
    pub pool_idle_count_max: usize,
}

impl Default for OutgoingLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(30),
            pool_idle_count_max: 64,
        }
    }
}

/// A client with these bounds, as `luutru/<version>`.
pub fn client(limits: &OutgoingLimits) -> Result<Client, reqwest::Error> {
    builder(limits).build()
}

/// What every client has.
pub(crate) fn builder(limits: &OutgoingLimits) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("luutru/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect_timeout)
        .timeout(limits.call_timeout)
        .pool_idle_timeout(limits.pool_idle_timeout)
        .pool_max_idle_per_host(limits.pool_idle_count_max)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
}

/// Why an answer's body was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Longer than allowed; the rest was not read.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLong {
        /// What was allowed.
        bytes_max: usize,
    },
    /// The connection failed or the time was up. Holds no URL.
    #[error("the answer broke off")]
    BrokenOff(#[source] reqwest::Error),
}

/// The body of `response`, if it has at most `bytes_max` bytes ([`ANSWER_BYTES_MAX`] for most).
pub async fn read_limited(mut response: Response, bytes_max: usize) -> Result<Bytes, ReadError> {
    let too_long = ReadError::TooLong { bytes_max };
    if response
        .content_length()
        .is_some_and(|length| length > bytes_max as u64)
    {
        return Err(too_long);
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > bytes_max => return Err(too_long),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.into()),
            Err(error) => return Err(ReadError::BrokenOff(error.without_url())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers every connection with `answer` and gives back the URL and what was asked last.
    async fn serve_once(answer: String) -> (String, tokio::sync::oneshot::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        crate::tasks::spawn("answers once", async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4_096];
            let length = socket.read(&mut request).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
            request.truncate(length);
            sender.send(String::from_utf8(request).unwrap()).unwrap();
        });
        (url, receiver)
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_limit_and_the_call_says_who_we_are() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".to_owned();
        let (url, request) = serve_once(answer).await;
        let response = client(&OutgoingLimits::default())
            .unwrap()
            .get(url)
            .send()
            .await
            .unwrap();
        assert_eq!(read_limited(response, 5).await.unwrap(), "hello");
        assert!(request.await.unwrap().contains("user-agent: luutru/"));
    }

    #[tokio::test]
    async fn a_longer_answer_is_refused_announced_or_not() {
        let announced = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello!";
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                       3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n";
        for answer in [announced, chunked] {
            let (url, _request) = serve_once(answer.to_owned()).await;
            let client = client(&OutgoingLimits::default()).unwrap();
            let response = client.get(url).send().await.unwrap();
            let error = read_limited(response, 5).await.unwrap_err();
            assert!(matches!(error, ReadError::TooLong { bytes_max: 5 }));
        }
    }

    #[tokio::test]
    async fn a_cut_answer_is_broken_off_and_its_error_shows_no_url() {
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhel".to_owned();
        let (url, _request) = serve_once(cut).await;
        let client = client(&OutgoingLimits::default()).unwrap();
        let response = client.get(url).send().await.unwrap();
        let error = read_limited(response, 100).await.unwrap_err();
        assert!(!format!("{error:?}").contains("127.0.0.1"), "{error:?}");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let moved = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\n\
                     content-length: 0\r\n\r\n";
        let (url, _request) = serve_once(moved.to_owned()).await;
        let client = client(&OutgoingLimits::default()).unwrap();
        assert_eq!(client.get(url).send().await.unwrap().status(), 307);
    }

    #[tokio::test]
    async fn a_silent_server_ends_the_call() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let limits = OutgoingLimits {
            call_timeout: Duration::from_millis(50),
            ..Default::default()
        };
        let error = client(&limits).unwrap().get(url).send().await.unwrap_err();
        assert!(error.is_timeout());
    }
}
