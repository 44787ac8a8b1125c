//! HTML as an answer.

use std::io::Write;

use domain::problem::{Class, Code};
use flate2::{Compression, write::GzEncoder};
use pages::Template;
use pages::failed::FailedPage;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::form::TOKEN_FIELD;
use super::{MadePage, PageReader, Stop, see_other};
use crate::problem::Failure;

/// Below this, compressing costs more than it saves.
const COMPRESSED_BYTES_MIN: usize = 1_024;

/// A page that was made.
pub(super) fn page(reader: &PageReader, page: &impl Template) -> MadePage {
    answer(reader, StatusCode::OK, page)
}

/// A page with another status.
pub(super) fn answer(reader: &PageReader, status: StatusCode, page: &impl Template) -> MadePage {
    let html = page.render();
    let mut html = html.map_err(|error| Stop::Failed(Failure::internal(error)))?;
    if let Some(token) = &reader.form_token {
        html = with_token(&html, token);
    }
    Ok(response(reader, status, html))
}

/// Writes the token of the session into every form that changes something, so that none can be
/// forgotten; a form with a file holds that file alone. Markup alone has such tags: what people
/// typed is escaped.
fn with_token(html: &str, token: &str) -> String {
    const FORM: &str = "<form";
    let field = format!(r#"<input type="hidden" name="{TOKEN_FIELD}" value="{token}">"#);
    let mut parts = html.split(FORM);
    let mut written = String::with_capacity(html.len() + 8 * field.len());
    written.push_str(parts.next().unwrap_or_default());
    for part in parts {
        written.push_str(FORM);
        let (tag, rest) = part.split_at(part.find('>').map_or(part.len(), |end| end + 1));
        written.push_str(tag);
        if tag.contains(r#" method="post""#) && !tag.contains(r#" enctype="#) {
            written.push_str(&field);
        }
        written.push_str(rest);
    }
    written
}

fn response(reader: &PageReader, status: StatusCode, html: String) -> Response {
    let builder = Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, pages::SECURITY_POLICY)
        .header(header::CONTENT_LANGUAGE, reader.words.tag())
        .header(header::VARY, "Accept-Encoding, Accept-Language, Cookie");
    let is_compressed = reader.takes_gzip && html.len() >= COMPRESSED_BYTES_MIN;
    match is_compressed.then(|| compressed(html.as_bytes())).flatten() {
        Some(bytes) => builder.header(header::CONTENT_ENCODING, "gzip").body(bytes),
        None => builder.body(html),
    }
}

fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// A failure as a page: its fact and its fix. Whoever is not signed in is led to do so.
pub(crate) fn failed(failure: &Failure, reader: &PageReader, request_id: &str) -> Response {
    let code = failure.code();
    if let Some(step) = step_to_take(code) {
        return see_other(&format!("{step}?next={}", next(reader.path())));
    }
    let language = reader.words.0;
    let is_unsaved = code.class() == Class::Service && code != Code::OutcomeUnknown;
    let page = FailedPage {
        head: reader.head_at(reader.words.failed_title(), "/"),
        fact: format!("{}.", code.title(language)),
        advice: code.fix(language).to_owned(),
        is_unsaved,
        is_of_others: code == Code::Forbidden,
        request_id: request_id.to_owned(),
    };
    let mut response = match page.render() {
        Ok(html) => response(reader, failure.status(), html),
        Err(_) => return failure.render(language, request_id),
    };
    failure.set_headers(response.headers_mut());
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The page on which somebody who is not signed in goes on.
fn step_to_take(code: Code) -> Option<&'static str> {
    if [Code::Unauthorized, Code::KeyExpired, Code::SessionEnded].contains(&code) {
        Some("/sign-in")
    } else if code == Code::SecondFactorRequired {
        Some("/sign-in/code")
    } else {
        None
    }
}

/// A page of ours to go on to, which can be asked for: the nearest above a place that forms are sent
/// to. Nothing that leads elsewhere.
pub(super) fn next(path: &str) -> &str {
    let is_ours = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    if is_ours && is_plain {
        super::readable(path)
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_changes_something_has_the_token() {
        let html = r#"<p>&#60;form</p><form class="a" method="post" action="/x"><b></b></form>
            <form method="post" enctype="multipart/form-data"></form><form role="search" action="/y"></form><form method="post">"#;
        let field = r#"<input type="hidden" name="csrf_token" value="77">"#;
        let expected = format!(
            r#"<p>&#60;form</p><form class="a" method="post" action="/x">{field}<b></b></form>
            <form method="post" enctype="multipart/form-data"></form><form role="search" action="/y"></form><form method="post">{field}"#
        );
        assert_eq!(with_token(html, "77"), expected);
        assert_eq!(with_token("<form", "77"), "<form");
    }

    #[test]
    fn a_page_leads_on_to_pages_of_ours_only() {
        let table = [
            ("/desk/today", "/desk/today"),
            ("/desk/today?tab=leaving", "/desk/today?tab=leaving"),
            ("/desk/today/departures", "/desk/today"),
            ("/desk/stays/0/departure?x=1", "/desk/stays/0"),
            ("/desk/scan", "/desk"),
            ("/sign-out", "/"),
            ("/nowhere/at/all", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/desk\r\nSet-Cookie: a=b", "/"),
            ("", "/"),
        ];
        for (path, expected) in table {
            assert_eq!(next(path), expected, "{path}");
        }
    }
}
