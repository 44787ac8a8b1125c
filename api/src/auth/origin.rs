//! Whether a change comes from a page of this service (CSRF).
//!
//! Browsers say so themselves: by `Sec-Fetch-Site`, the older ones by `Origin`. Where both are
//! missing, or the origin is `null`, which is what our policy of sending no referrer makes of it, the
//! request must carry the token of its session: a script in a header, a form in a field, which
//! `pages/html.rs` writes into every form and `pages/form.rs` moves to the header.

use domain::problem::Code;
use metrics::counter;
use poem::Request;
use poem::http::{HeaderMap, HeaderName, Method, header};
use runtime::secrets::is_same;
use runtime::token::{TokenUse, keyed_hash};

use crate::app::App;
use crate::caller::SignedIn;
use crate::exchange;
use crate::problem::Failure;

const FETCH_SITE: &str = "sec-fetch-site";
/// Where a script puts the token of its session.
pub(crate) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// What a browser says of the page that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SentBy {
    /// A page of this service, or the person by hand.
    Us,
    /// A page of somebody else.
    Others,
    /// Nothing was said.
    Unknown,
}

/// The token of a session, for forms (field `csrf_token`) and scripts (header `X-CSRF-Token`).
pub(crate) fn token(app: &App, signed_in: &SignedIn) -> String {
    let hash = [signed_in.kept.token_hash.as_slice()];
    hex::encode(keyed_hash(&app.pepper, TokenUse::Form, &hash))
}

/// Whether nothing tells yet which page sent a request.
pub(crate) fn is_unknown(headers: &HeaderMap) -> bool {
    sent_by(headers) == SentBy::Unknown && !headers.contains_key(TOKEN_HEADER)
}

/// Whether a token is the one of the session.
fn is_token(app: &App, signed_in: &SignedIn, sent: &str) -> bool {
    is_same(sent.as_bytes(), token(app, signed_in).as_bytes())
}

/// Errors: 403 when a change was not sent by a page of this service.
pub(crate) fn check(app: &App, request: &Request, signed_in: &SignedIn) -> Result<(), Failure> {
    if is_safe(request.method()) {
        return Ok(());
    }
    match sent_by(request.headers()) {
        SentBy::Us => Ok(()),
        SentBy::Others => Err(refused()),
        SentBy::Unknown => {
            let sent = exchange::text(request.headers(), TOKEN_HEADER.as_str()).unwrap_or_default();
            if is_token(app, signed_in, sent) {
                Ok(())
            } else {
                Err(refused())
            }
        }
    }
}

/// The same before there is a session: nobody is signed in by another site.
///
/// Errors: 403.
pub(crate) fn check_stranger(headers: &HeaderMap) -> Result<(), Failure> {
    match sent_by(headers) {
        SentBy::Us | SentBy::Unknown => Ok(()),
        SentBy::Others => Err(refused()),
    }
}

fn refused() -> Failure {
    counter!("luutru_authz_denied_total", "route_group" => "any", "reason" => "cross_site")
        .increment(1);
    Failure::new(Code::CrossSite)
}

fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

fn sent_by(headers: &HeaderMap) -> SentBy {
    if headers.contains_key(FETCH_SITE) {
        return match exchange::text(headers, FETCH_SITE) {
            Some("same-origin" | "none") => SentBy::Us,
            Some(_) | None => SentBy::Others,
        };
    }
    if !headers.contains_key(header::ORIGIN) {
        return SentBy::Unknown;
    }
    let host = exchange::text(headers, header::HOST.as_str());
    let origin = exchange::text(headers, header::ORIGIN.as_str());
    if origin == Some("null") {
        return SentBy::Unknown;
    }
    match (origin.and_then(host_of_origin), host) {
        (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host) => SentBy::Us,
        (Some(_) | None, Some(_) | None) => SentBy::Others,
    }
}

/// The host and port of an origin; `None` of `null`.
fn host_of_origin(origin: &str) -> Option<&str> {
    let (scheme, host) = origin.split_once("://")?;
    ["http", "https"].contains(&scheme).then_some(host)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_browser_says_which_page_sent_a_request() {
        let own = "http://luutru.example.vn:8443";
        let table: [(&[(&str, &str)], SentBy); 12] = [
            (&[], SentBy::Unknown),
            (&[(FETCH_SITE, "same-origin")], SentBy::Us),
            (&[(FETCH_SITE, "none")], SentBy::Us),
            (&[(FETCH_SITE, "same-site")], SentBy::Others),
            (&[(FETCH_SITE, "cross-site")], SentBy::Others),
            (
                &[(FETCH_SITE, "cross-site"), ("origin", own)],
                SentBy::Others,
            ),
            (&[("origin", own)], SentBy::Us),
            (&[("origin", "https://evil.example")], SentBy::Others),
            (&[("origin", "http://luutru.example.vn")], SentBy::Others),
            (
                &[("origin", "http://luutru.example.vn:8443.evil.example")],
                SentBy::Others,
            ),
            (&[("origin", "null")], SentBy::Unknown),
            (
                &[(FETCH_SITE, "cross-site"), ("origin", "null")],
                SentBy::Others,
            ),
        ];
        for (sent, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("luutru.example.vn:8443"));
            for (name, value) in sent {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(sent_by(&headers), expected, "{sent:?}");
        }
    }

    #[test]
    fn reading_needs_no_proof() {
        assert!(is_safe(&Method::GET) && is_safe(&Method::HEAD));
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(!is_safe(&method), "{method}");
        }
    }
}
