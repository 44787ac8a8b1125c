//! Answers that carry JSON written before: what was stored once is sent byte for byte.

use std::marker::PhantomData;

use poem::http::{HeaderName, HeaderValue, StatusCode};
use poem::{Body, IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

/// The media type of every answer that is no problem, page or receipt.
pub(crate) const JSON: &str = "application/json";

/// Says that nothing new was made.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer; `T` is what the document says of it.
pub(crate) struct Answer<T> {
    response: Response,
    shape: PhantomData<fn() -> T>,
}

impl<T> Answer<T> {
    /// 200 with JSON text.
    pub(crate) fn json(text: impl Into<Body>) -> Self {
        Self::of_type(JSON, text)
    }

    /// 200 with a body of another media type.
    pub(crate) fn of_type(media_type: &str, body: impl Into<Body>) -> Self {
        Self {
            response: Response::builder().content_type(media_type).body(body),
            shape: PhantomData,
        }
    }

    /// The same with another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.response.set_status(status);
        self
    }

    /// The same with a header; one whose value cannot stand in a header is left out.
    pub(crate) fn with_header(
        mut self,
        name: impl Into<HeaderName>,
        value: impl AsRef<str>,
    ) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.response.headers_mut().insert(name.into(), value);
        }
        self
    }
}

impl<T> Answer<T> {
    /// The same as an answer to a request that was answered before: 200, and says so.
    pub(crate) fn replayed(self, is_replayed: bool) -> Self {
        if is_replayed {
            self.with_status(StatusCode::OK)
                .with_header(REPLAYED, "true")
        } else {
            self
        }
    }
}

impl<T> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type> ApiResponse for Answer<T> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "",
                status: Some(StatusCode::OK.as_u16()),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: JSON,
                    schema: T::schema_ref(),
                }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
