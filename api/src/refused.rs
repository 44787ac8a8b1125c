//! Why a request was refused, with a status that the document cannot see from what the operation
//! takes.

use poem_openapi::{
    ApiResponse,
    registry::{MetaResponse, MetaResponses, Registry},
};

use crate::problem::Failure;

/// A [`Failure`] of an operation that may also answer the problem `STATUS`.
///
/// An operation whose refusals all follow from what it takes (a key, a body, a version) fails with
/// [`Failure`] alone; `docs` knows these.
pub(crate) struct Refused<const STATUS: u16>(Failure);

impl<const STATUS: u16, E: Into<Failure>> From<E> for Refused<STATUS> {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl<const STATUS: u16> From<Refused<STATUS>> for poem::Error {
    fn from(refused: Refused<STATUS>) -> Self {
        refused.0.into()
    }
}

impl<const STATUS: u16> ApiResponse for Refused<STATUS> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "",
                status: Some(STATUS),
                status_range: None,
                content: Vec::new(),
                headers: Vec::new(),
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
