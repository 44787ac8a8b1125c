//! Answers of the simulators: plain JSON, and a failure shape of their own that is deliberately
//! not the problem+json of the service under test.

use poem::{
    Body, Response,
    http::{StatusCode, header},
};
use serde::Serialize;
use serde_json::json;

/// A JSON answer. A body that cannot be written as JSON (none of ours) becomes a bare 500.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json")
            .body(bytes),
        Err(_) => Response::builder()
            .status(StatusCode::INTERNAL_SERVER_ERROR)
            .finish(),
    }
}

/// A failure: `{"code", "message"}`. The message states a rule and never quotes what was sent.
pub(crate) fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    json(status, &json!({ "code": code, "message": message }))
}

/// A request refused by a rule of the simulator itself.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

impl Failure {
    pub(crate) const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
        }
    }

    pub(crate) fn into_response(self) -> Response {
        failure(self.status, self.code, self.message)
    }
}

/// Cuts the connection without one byte of an answer.
///
/// HTTP/1 asks for the first part of a body before it sends the head; a body that fails there
/// takes head and connection down together. (Over HTTP/2 the stream is reset.)
pub(crate) fn cut() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Vec<u8>, std::io::Error>(std::io::Error::other("simulated cut"))
    });
    Response::builder().body(Body::from_bytes_stream(broken))
}

/// What a broken gateway sends: status 200 and a page.
pub(crate) fn malformed() -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body("<!doctype html><title>Bảo trì</title><h1>Hệ thống đang bảo trì</h1>")
}

/// What the framework refuses before a handler runs (404, 405, …), in the simulators' shape.
pub(crate) async fn framework_failure(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    failure(
        error.status(),
        "request_not_understood",
        "Unknown path or method.",
    )
}
