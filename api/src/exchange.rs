//! The state of one request and its answer: their id, their language, the caller.

use std::sync::{Arc, OnceLock};

use domain::problem::Language;
use parking_lot::{Mutex, MutexGuard};
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{FromRequest, Request, RequestBody};
use runtime::{address::ClientAddress, clock::Clock, ids, serve::Client};
use uuid::Uuid;

use crate::caller::Caller;
use crate::limit::{FacilityMeter, Holdings};
use crate::problem::Failure;

/// Longest id of a request that we take over.
const REQUEST_ID_LENGTH_MAX: usize = 128;
const REQUEST_ID: &str = "X-Request-Id";

/// Lengths of ids that are a random number or a hash in hexadecimal digits, without hyphens.
const OPAQUE_LENGTHS: [usize; 3] = [32, 40, 64];

/// One request and its answer.
pub(crate) struct Exchange {
    id: Uuid,
    request_id: Option<String>,
    /// The client's address that the request counts against.
    pub(crate) client: Option<Client>,
    /// The language of problems.
    pub(crate) language: Language,
    /// The trace that the caller says this belongs to; linked, never continued.
    pub(crate) linked_trace: Option<String>,
    /// The caller, once known.
    pub(crate) caller: OnceLock<Arc<Caller>>,
    /// The facility whose quota is touched, once known.
    pub(crate) facility: OnceLock<Arc<FacilityMeter>>,
    /// The request's holdings, once admitted.
    pub(crate) holdings: OnceLock<Arc<Holdings>>,
    /// Cookies that the answer sets.
    cookies: Mutex<Vec<HeaderValue>>,
}

impl Exchange {
    /// Reads the headers that concern every request.
    pub(crate) fn begin(headers: &HeaderMap, clock: &Clock, client: Option<Client>) -> Self {
        Self {
            id: ids::uuid_v7(clock),
            request_id: request_id(headers),
            client,
            language: text(headers, header::ACCEPT_LANGUAGE.as_str())
                .map(Language::from_accept_language)
                .unwrap_or_default(),
            linked_trace: text(headers, "traceparent").and_then(trace_id),
            caller: OnceLock::new(),
            facility: OnceLock::new(),
            holdings: OnceLock::new(),
            cookies: Mutex::default(),
        }
    }

    /// Sets a cookie with the answer.
    pub(crate) fn set_cookie(&self, cookie: Option<HeaderValue>) {
        self.cookies().extend(cookie);
    }

    /// Takes the cookies that the answer sets.
    pub(crate) fn take_cookies(&self) -> Vec<HeaderValue> {
        std::mem::take(&mut self.cookies())
    }

    fn cookies(&self) -> MutexGuard<'_, Vec<HeaderValue>> {
        self.cookies.lock()
    }

    /// The address that the request is counted under.
    pub(crate) fn address(&self) -> Option<ClientAddress> {
        self.client.as_ref().map(Client::address)
    }

    /// The id for logs: the caller's when it is a random number or a hash, otherwise ours. Any
    /// other text might be somebody's personal number.
    pub(crate) fn log_id(&self) -> String {
        let sent = self.request_id.as_ref().filter(|sent| is_opaque(sent));
        sent.cloned().unwrap_or_else(|| self.id.to_string())
    }

    /// As sent in `X-Request-Id`, else ours.
    pub(crate) fn request_id(&self) -> String {
        self.request_id
            .clone()
            .unwrap_or_else(|| self.id.to_string())
    }

    /// Our own W3C trace context, which the delivery continues.
    pub(crate) fn trace_parent(&self) -> String {
        let trace = self.id.simple().to_string();
        let (_, span) = trace.split_at(16);
        format!("00-{trace}-{span}-01")
    }

    #[cfg(test)]
    pub(crate) fn for_test(request_id: &str, language: Language) -> Self {
        Self {
            id: Uuid::nil(),
            request_id: Some(request_id.to_owned()),
            client: None,
            language,
            linked_trace: None,
            caller: OnceLock::new(),
            facility: OnceLock::new(),
            holdings: OnceLock::new(),
            cookies: Mutex::default(),
        }
    }
}

/// The exchange, attached to the request by `door`.
pub(crate) fn of(request: &Request) -> Result<&Arc<Exchange>, Failure> {
    request
        .data::<Arc<Exchange>>()
        .ok_or_else(|| Failure::internal("a request came past the door"))
}

/// Hands the exchange to an operation.
pub(crate) struct Current(pub(crate) Arc<Exchange>);

impl<'a> FromRequest<'a> for Current {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(Arc::clone(of(request)?)))
    }
}

/// A header that is visible text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// 1 to 128 visible ASCII characters; anything else is replaced by an id of ours.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let sent = text(headers, REQUEST_ID)?;
    let is_visible = sent.bytes().all(|byte| byte.is_ascii_graphic());
    let is_fitting = (1..=REQUEST_ID_LENGTH_MAX).contains(&sent.len());
    (is_visible && is_fitting).then(|| sent.to_owned())
}

/// A UUID, or the hexadecimal digits of a random number or a hash. So many random digits contain a
/// letter; without one, the text may be somebody's number.
fn is_opaque(text: &str) -> bool {
    let is_uuid = Uuid::try_parse(text).is_ok();
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    has_letter && (is_uuid || (is_hex && OPAQUE_LENGTHS.contains(&text.len())))
}

/// The trace id of a W3C `traceparent`; `None` when it is malformed, or a number of something.
fn trace_id(trace_parent: &str) -> Option<String> {
    let mut parts = trace_parent.split('-');
    let mut part = |length| {
        let part = parts.next()?;
        let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex && part.len() == length).then_some(part)
    };
    let (_version, trace, _span, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    is_opaque(trace).then(|| trace.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(name: &'static str, value: &str) -> Exchange {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        Exchange::begin(&headers, &Clock::system(), None)
    }

    #[test]
    fn a_fitting_request_id_is_kept_and_others_are_replaced() {
        let longest = "a".repeat(128);
        for sent in ["a", "pms/2026-11-23#7", longest.as_str()] {
            assert_eq!(begin("x-request-id", sent).request_id(), sent);
        }
        let too_long = "a".repeat(129);
        for sent in ["", "two words", "tiếng", too_long.as_str()] {
            let ours = begin("x-request-id", sent).request_id();
            assert!(Uuid::try_parse(&ours).is_ok(), "{ours}");
        }
    }

    #[test]
    fn only_what_is_a_random_number_or_a_hash_is_logged() {
        let hash = "a3".repeat(32);
        let logged = [
            "0190c8f0-a000-7000-8000-00000000abcd",
            "0190C8F0A00070008000000000ABCDEF",
            "urn:uuid:0190c8f0-a000-7000-8000-00000000abcd",
            hash.as_str(),
        ];
        for sent in logged {
            assert_eq!(begin("x-request-id", sent).log_id(), sent);
        }
        let digits = "038053770363".repeat(3);
        let kept_out = [
            "038053770363",
            "Nguyen.Van.An",
            "038053770363a",
            "deadbeef",
            &digits[..32],
            "03805377-0363-0380-5377-036303805377",
            "an@example.vn",
        ];
        for sent in kept_out {
            let exchange = begin("x-request-id", sent);
            assert_eq!(exchange.request_id(), sent);
            assert_eq!(exchange.log_id(), exchange.id.to_string());
        }
    }

    #[test]
    fn a_trace_from_outside_is_linked_and_ours_is_another() {
        let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let exchange = begin("traceparent", sent);
        let linked = exchange.linked_trace.as_deref();
        assert_eq!(linked, Some("4bf92f3577b34da6a3ce929d0e0e4736"));

        let ours = exchange.trace_parent();
        assert_eq!(ours.len(), sent.len());
        assert!(trace_id(&ours).is_some() && !ours.contains("4bf92f35"));
        for malformed in [
            "",
            "00",
            "00-zz-00-01",
            &sent[..40],
            "00--00f067aa0ba902b7-01",
        ] {
            assert!(begin("traceparent", malformed).linked_trace.is_none());
        }
    }
}
