//! An answer of the service, and what must hold of every problem it reports.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// A complete answer.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| {
            panic!("the body is not JSON: {} {}", self.status, self.text());
        })
    }

    /// The body as JSON, after a look at the status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The problem that the answer reports, after a look at everything that every problem has:
    /// media type, status, texts, ids, and codes that the service publishes.
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for member in ["type", "title", "detail"] {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{member} of {problem}");
        }
        assert!(problem["retryable"].is_boolean(), "{problem}");
        let request_id = problem["request_id"].as_str().unwrap_or_default();
        assert_eq!(self.header("x-request-id"), Some(request_id), "{problem}");
        assert_eq!(problem["instance"], format!("urn:uuid:{request_id}"));
        for code in codes_of(&problem) {
            assert!(
                domain::problem::Code::parse(&code).is_some(),
                "the code {code} is in no catalogue"
            );
        }
        problem
    }

    /// Pointers and codes of the violations, after a look at their form.
    pub fn violations(&self) -> BTreeSet<(String, String)> {
        violations_of(&self.expect_problem(422, "validation_failed"))
    }
}

/// Pointers and codes in `errors`, each with a message.
pub(crate) fn violations_of(problem: &Value) -> BTreeSet<(String, String)> {
    let errors = problem["errors"].as_array().expect("a list of violations");
    errors
        .iter()
        .map(|error| {
            let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
            assert!(!text("message").is_empty(), "{error}");
            (text("pointer"), text("code"))
        })
        .collect()
}

fn codes_of(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let all = errors.iter().chain([problem]);
    all.filter_map(|one| one["code"].as_str().map(str::to_owned))
        .collect()
}
