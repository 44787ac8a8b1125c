//! Calls the service as a sender would.

use std::time::Duration;

use reqwest::{Certificate, Method};
use serde_json::Value;

use crate::{answer::Answer, conformity, eventually::eventually_some, stream::EventStream};

/// No request of a test may take longer.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// Other tests' files of the same facility are read within this time.
const FILE_LIMIT: Duration = Duration::from_secs(60);

/// An HTTP client with a time limit, without redirects and without a proxy.
pub(crate) fn http_client() -> reqwest::Client {
    // Next to nothing here speaks TLS; reading the system's certificates takes longer than a test.
    http_client_trusting([])
}

/// Like [`http_client`], for services with one of these certificates.
fn http_client_trusting(certificates: impl IntoIterator<Item = Certificate>) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only(certificates)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(REQUEST_LIMIT)
        .build()
        .expect("an HTTP client")
}

/// Somebody with or without a key.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    address: String,
    key: Option<String>,
}

impl Caller {
    /// Calls the service at `address`, `http://…`.
    pub fn new(address: &str, key: Option<&str>) -> Self {
        Self {
            http: http_client(),
            address: address.to_owned(),
            key: key.map(str::to_owned),
        }
    }

    /// Calls the service at `address`, `https://…`, and believes this certificate, as PEM.
    pub fn over_tls(address: &str, certificate: &[u8]) -> Self {
        let certificate = Certificate::from_pem(certificate).expect("a certificate");
        Self {
            http: http_client_trusting([certificate]),
            address: address.to_owned(),
            key: None,
        }
    }

    /// The same connections with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// A call to be filled.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let method: Method = method.parse().expect("a method");
        let request = self
            .http
            .request(method.clone(), format!("{}{path}", self.address));
        let request = match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        Call {
            request,
            operation: Some((method.to_string(), path.to_owned())),
        }
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send().await
    }

    /// Sends a file of guests; while three files of the facility wait it comes back, as it is told to.
    pub async fn send_file(&self, query: &str, kind: &str, content: impl Into<Vec<u8>>) -> Answer {
        let content = content.into();
        let path = format!("/v1/imports{query}");
        eventually_some("room for a file", FILE_LIMIT, async || {
            let call = self.call("POST", &path).body(kind, content.clone());
            let answer = call.send().await;
            let waits = answer.status == 429 && answer.json()["code"] == "too_many_imports";
            (!waits).then_some(answer)
        })
        .await
    }

    /// Declares a stay.
    pub async fn declare(&self, stay: &Value) -> Answer {
        self.post("/v1/stays", stay).await
    }

    /// Declares a stay that must be accepted; returns the stay.
    pub async fn accepted(&self, stay: &Value) -> Value {
        self.declare(stay).await.expect(201)
    }

    /// Declares a stay under an idempotency key.
    pub async fn declare_as(&self, idempotency_key: &str, stay: &Value) -> Answer {
        self.call("POST", "/v1/stays")
            .header("Idempotency-Key", idempotency_key)
            .json(stay)
            .send()
            .await
    }

    /// The stay as it stands.
    pub async fn stay(&self, id: &str) -> Value {
        self.get(&format!("/v1/stays/{id}")).await.expect(200)
    }

    /// Amends a version of a stay by a merge patch.
    pub async fn amend(&self, id: &str, version: u64, patch: &Value) -> Answer {
        self.amendment(id, &format!("\"{version}\""), patch)
            .send()
            .await
    }

    /// The call that does so; `if_match` as it goes into the header.
    pub fn amendment(&self, id: &str, if_match: &str, patch: &Value) -> Call {
        self.call("PATCH", &format!("/v1/stays/{id}"))
            .header("If-Match", if_match)
            .body("application/merge-patch+json", patch.to_string())
    }

    /// `departure`, `extension` or `cancellation` of a version of a stay.
    pub async fn act(&self, id: &str, action: &str, version: u64, body: &Value) -> Answer {
        let call = self
            .call("POST", &format!("/v1/stays/{id}/{action}"))
            .json(body);
        call.header("If-Match", &format!("\"{version}\""))
            .send()
            .await
    }

    /// Waits until the stay's delivery reads so, and gives the stay.
    pub async fn delivered(&self, id: &str, state: &str, limit: Duration) -> Value {
        let what = format!("delivery {state}");
        crate::eventually_some(&what, limit, async || {
            let stay = self.stay(id).await;
            (stay["delivery"]["state"] == state).then_some(stay)
        })
        .await
    }
}

/// A request to be filled and sent.
pub struct Call {
    request: reqwest::RequestBuilder,
    /// Method and path: what the document says of the answer.
    operation: Option<(String, String)>,
}

impl Call {
    /// Adds a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.header(name, value),
            ..self
        }
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self {
            request: self.request.json(body),
            ..self
        }
    }

    /// A body as it is.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        let request = self.request.header("content-type", content_type);
        Self {
            request: request.body(body),
            operation: self.operation,
        }
    }

    /// Sends it; any status is an answer, and no answer fails the test.
    pub async fn send(self) -> Answer {
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// Sends it and reads what is answered as server-sent events.
    pub async fn stream(self) -> EventStream {
        let request = self.request.header("accept", "text/event-stream");
        EventStream::new(request.send().await.expect("an answer"))
    }

    /// Sends it, where it may get no answer.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let answer = Answer::read(self.request.send().await?).await?;
        if let Some((method, path)) = &self.operation {
            conformity::check(method, path, &answer);
        }
        Ok(answer)
    }
}
