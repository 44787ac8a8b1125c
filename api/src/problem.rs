//! Every error as `application/problem+json` (RFC 9457).
//!
//! Words and status come from `domain`. Nothing of what was submitted and nothing the framework says
//! about it gets into an answer or a log.

use std::error::Error as StdError;
use std::fmt;

use domain::problem::{Class, Code, Hint, Language, Violation};
use poem::error::{MethodNotAllowedError, NotFoundError, ResponseError};
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    error::ParsePathError,
    registry::{MetaResponses, Registry},
};
use runtime::ids;
use serde_json::{Value, json};

/// The media type of every error.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// Where an error's `type` leads; a fragment names the code.
const TYPE: &str = "/v1/catalogues/error_codes";
/// The default retry delay after a refusal, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;
/// What may stand in a URI besides letters and digits (RFC 3986, 2.2 and 2.3), `%` left out.
const URI_MARKS: &[u8] = b"-._~:/?#[]@!$&'()*+,;=";
/// Random addition, so that callers refused together do not retry together.
const RETRY_SPREAD_SECONDS: u8 = 3;

/// The HTTP status of a code.
pub(crate) fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Why a request did not get what it asked for: the error half of every operation.
pub(crate) struct Failure(Box<FailureParts>);

struct FailureParts {
    code: Code,
    errors: Vec<Violation>,
    /// What makes the text exact.
    hint: Option<Hint>,
    /// Members of the problem that only some codes have.
    members: Vec<(&'static str, Value)>,
    retry_after_seconds: Option<u32>,
    header: Option<(HeaderName, HeaderValue)>,
    /// For the log only.
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    /// A failure that its code says everything about.
    pub(crate) fn new(code: Code) -> Self {
        Self(Box::new(FailureParts {
            code,
            errors: Vec::new(),
            hint: None,
            members: Vec::new(),
            retry_after_seconds: None,
            header: None,
            cause: None,
        }))
    }

    /// What was sent breaks rules.
    pub(crate) fn invalid(errors: Vec<Violation>) -> Self {
        let mut failure = Self::new(Code::ValidationFailed);
        failure.0.errors = errors;
        failure
    }

    /// An internal error; the error chain is for the log.
    pub(crate) fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let mut failure = Self::new(Code::Internal);
        failure.0.cause = Some(cause.into());
        failure
    }

    /// Names what is wrong inside the document.
    pub(crate) fn with_errors(mut self, errors: Vec<Violation>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds a sentence to the text.
    pub(crate) fn with_hint(mut self, hint: Hint) -> Self {
        self.0.hint = Some(hint);
        self
    }

    /// An internal error with its own code; its cause is for the log.
    pub(crate) fn caused(code: Code, cause: Box<dyn StdError + Send + Sync>) -> Self {
        let mut failure = Self::new(code);
        failure.0.cause = Some(cause);
        failure
    }

    /// Sets the retry delay, in whole seconds.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds.max(1));
        self
    }

    /// Adds a member to the problem.
    pub(crate) fn with_member(mut self, name: &'static str, value: Value) -> Self {
        self.0.members.push((name, value));
        self
    }

    /// Adds a header to the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// The codes of its violations, each once, for the log: where they are may name what was sent.
    pub(crate) fn error_codes(&self) -> String {
        let codes = self.0.errors.iter().map(|error| error.code.as_str());
        let codes: std::collections::BTreeSet<&str> = codes.collect();
        codes.into_iter().collect::<Vec<_>>().join(",")
    }

    /// Its violations.
    pub(crate) fn errors(&self) -> &[Violation] {
        &self.0.errors
    }

    /// The code of its first violation.
    pub(crate) fn first_error(&self) -> Option<Code> {
        self.0.errors.first().map(|error| error.code)
    }

    pub(crate) fn status(&self) -> StatusCode {
        status(self.0.code)
    }

    /// Whether the service failed rather than refused: then the quota is refunded.
    pub(crate) fn is_ours(&self) -> bool {
        self.0.code.class() == Class::Service
    }

    /// The internal cause, for the log.
    pub(crate) fn causes(&self) -> Option<String> {
        let mut cause: &dyn StdError = self.0.cause.as_deref()?;
        let mut chain = cause.to_string();
        while let Some(source) = cause.source() {
            chain.push_str(": ");
            chain.push_str(&source.to_string());
            cause = source;
        }
        Some(chain)
    }

    /// The problem's members, as the answer to the request with this id.
    pub(crate) fn to_json(&self, language: Language, request_id: &str) -> Value {
        let parts = &self.0;
        let mut problem = json!({
            "type": format!("{TYPE}#{}", parts.code),
            "title": parts.code.title(language),
            "status": self.status().as_u16(),
            "detail": match parts.hint {
                None => parts.code.detail(language).to_owned(),
                Some(hint) => format!("{} {}", parts.code.detail(language), hint.sentence(language)),
            },
            "instance": instance(request_id),
            "code": parts.code.as_str(),
            "retryable": parts.code.is_retryable(),
            "request_id": request_id,
            "errors": violations_to_json(&parts.errors, language),
        });
        for (name, value) in &parts.members {
            problem[*name] = value.clone();
        }
        problem
    }

    /// The answer.
    pub(crate) fn render(&self, language: Language, request_id: &str) -> Response {
        let mut response = Response::builder()
            .status(self.status())
            .content_type(PROBLEM_JSON)
            .body(self.to_json(language, request_id).to_string());
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.as_str()),
        );
        self.set_headers(headers);
        response
    }

    /// The headers that go with it, whatever the body.
    pub(crate) fn set_headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some((name, value)) = &self.0.header {
            headers.insert(name, value.clone());
        }
        if self.0.code == Code::Stopping {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }

    /// 429 and 503 always carry a retry delay, and so does the twin of a running request.
    fn retry_after_seconds(&self) -> Option<u32> {
        if self.0.retry_after_seconds.is_some() {
            return self.0.retry_after_seconds;
        }
        if self.is_ours() && self.0.code.is_retryable() {
            let [random] = ids::random_bytes::<1>();
            return Some(RETRY_AFTER_SECONDS + u32::from(random % RETRY_SPREAD_SECONDS));
        }
        let waits = matches!(
            self.0.code,
            Code::RateLimited
                | Code::TooManyImports
                | Code::TooManySignIns
                | Code::IdempotencyInProgress
        );
        waits.then_some(RETRY_AFTER_SECONDS)
    }
}

/// `urn:uuid:` and the request's id; what may not stand in a URI is escaped.
fn instance(request_id: &str) -> String {
    let mut instance = "urn:uuid:".to_owned();
    for byte in request_id.bytes() {
        if byte.is_ascii_alphanumeric() || URI_MARKS.contains(&byte) {
            instance.push(char::from(byte));
        } else {
            instance.push_str(&format!("%{byte:02X}"));
        }
    }
    instance
}

/// `[{pointer, code, message}]`.
pub(crate) fn violations_to_json(violations: &[Violation], language: Language) -> Value {
    violations
        .iter()
        .map(|violation| {
            json!({
                "pointer": violation.pointer,
                "code": violation.code.as_str(),
                "message": violation.message(language),
            })
        })
        .collect()
}

/// Rejections by the framework take the same shape; their own text is dropped because it quotes
/// input.
impl From<poem::Error> for Failure {
    fn from(error: poem::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
            return Self::new(Code::NotFound);
        }
        if error.is::<MethodNotAllowedError>() {
            return Self::new(Code::MethodNotAllowed);
        }
        let status = error.status();
        Self::internal(format!("the framework refused a request with {status}"))
    }
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        self.status()
    }
}

/// Never used for an answer: [`Failure::render`] knows the language.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.status().into_response()
    }
}

/// Which operation declares which error is the business of `docs`.
impl ApiResponse for Failure {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: Vec::new(),
        }
    }

    fn register(_: &mut Registry) {}
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.code.fmt(out)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Failure({})", self.0.code)
    }
}

impl StdError for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_problem_names_everything_but_what_was_submitted() {
        let violation = Violation::new("/note", Code::TooLong).with(Hint::LengthMax(2_000));
        let response = Failure::invalid(vec![violation]).render(Language::En, "req-1");
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.content_type(), Some(PROBLEM_JSON));
        assert_eq!(response.header("Content-Language"), Some("en"));

        let problem = response.into_body().into_bytes().await.unwrap();
        let problem: Value = serde_json::from_slice(&problem).unwrap();
        assert_eq!(
            problem["type"],
            "/v1/catalogues/error_codes#validation_failed"
        );
        assert_eq!(problem["status"], 422);
        assert_eq!(problem["code"], "validation_failed");
        assert_eq!(problem["retryable"], false);
        assert_eq!(problem["request_id"], "req-1");
        assert_eq!(problem["instance"], "urn:uuid:req-1");
        assert_eq!(problem["errors"][0]["pointer"], "/note");
        assert_eq!(problem["errors"][0]["code"], "too_long");
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(message.ends_with("At most 2000 characters."), "{message}");
    }

    #[test]
    fn who_is_to_come_again_is_told_when() {
        for code in Code::ALL.iter().copied() {
            let response = Failure::new(code).render(Language::Vi, "req-1");
            let seconds = response.header("Retry-After").map(str::parse::<u32>);
            let is_told = matches!(seconds, Some(Ok(1..=3)));
            let status = response.status().as_u16();
            let is_due = matches!(status, 429 | 503) || code == Code::IdempotencyInProgress;
            assert_eq!(is_told, is_due, "{code}");
        }
        let waiting = Failure::new(Code::RateLimited).retry_after(17);
        let response = waiting.render(Language::Vi, "req-1");
        assert_eq!(response.header("Retry-After"), Some("17"));
    }

    #[test]
    fn an_instance_is_a_uri_whatever_was_sent() {
        let table = [
            ("pms-7", "urn:uuid:pms-7"),
            (r#"<b>"%41"#, "urn:uuid:%3Cb%3E%22%2541"),
        ];
        for (sent, expected) in table {
            assert_eq!(instance(sent), expected);
        }
    }

    #[test]
    fn the_frameworks_text_is_dropped() {
        let table = [
            (poem::Error::from(NotFoundError), Code::NotFound),
            (MethodNotAllowedError.into(), Code::MethodNotAllowed),
            (Failure::new(Code::Overloaded).into(), Code::Overloaded),
            (
                poem::Error::from_string("Nguyễn Văn An", StatusCode::BAD_REQUEST),
                Code::Internal,
            ),
        ];
        for (error, code) in table {
            let failure = Failure::from(error);
            assert_eq!(failure.code(), code);
            assert!(!failure.causes().unwrap_or_default().contains("Nguyễn"));
        }
    }
}
