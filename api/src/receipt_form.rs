//! Receipts as JSON, as the bare JWS, or on paper: whichever `Accept` prefers.

use domain::problem::Code;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ResponseContent,
    payload::Payload,
    registry::{MetaMediaType, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use crate::negotiation;
use crate::paper::{PDF, Paper};
use crate::parameters::inline;
use crate::problem::Failure;
use crate::reply::{self, JSON, Json};

/// The media type of a JWS (RFC 7515, 9.2.1).
pub(crate) const JOSE: &str = "application/jose";

/// The form that is asked for.
#[derive(Clone, Copy)]
pub(crate) enum WantedForm {
    /// As JSON.
    Json,
    /// The bare JWS.
    Jose,
    /// On paper.
    Pdf,
}

impl WantedForm {
    /// The form that `Accept` prefers.
    ///
    /// Errors: 406 when none will do.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let forms = [(JSON, Self::Json), (JOSE, Self::Jose), (PDF, Self::Pdf)];
        let chosen = negotiation::choose(headers, &forms.map(|(media_type, _)| media_type));
        let mut forms = forms.into_iter();
        let form = forms.find(|(media_type, _)| Some(*media_type) == chosen);
        form.map(|(_, form)| form)
            .ok_or_else(|| Failure::new(Code::NotAcceptable))
    }
}

/// A receipt in one of its forms; `T` is the JSON.
pub(crate) enum ReceiptForm<T> {
    /// As JSON.
    Json(Json<T>),
    /// The bare JWS.
    Jose(String),
    /// On paper.
    Pdf(Paper),
}

impl<T: Type> ResponseContent for ReceiptForm<T> {
    fn media_types() -> Vec<MetaMediaType> {
        let of = |content_type, schema: MetaSchemaRef| MetaMediaType {
            content_type,
            schema,
        };
        vec![
            of(JSON, T::schema_ref()),
            of(JOSE, inline(MetaSchema::new("string"))),
            of(PDF, inline(MetaSchema::new_with_format("string", "binary"))),
        ]
    }

    fn register(registry: &mut Registry) {
        <Json<T> as Payload>::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for ReceiptForm<T> {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Json(json) => json.into_response(),
            Self::Jose(jws) => reply::of_type(JOSE, jws),
            Self::Pdf(paper) => paper.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}
