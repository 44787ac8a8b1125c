//! Why a request was refused, with statuses that the document cannot see from what the operation
//! takes.

use std::marker::PhantomData;

use poem_openapi::{
    ApiResponse,
    registry::{MetaResponse, MetaResponses, Registry},
};

use crate::problem::Failure;

/// Statuses that an operation answers besides those that follow from what it takes.
pub(crate) trait Statuses: Send + Sync + 'static {
    /// All of them.
    const ALL: &'static [u16];
}

/// For whoever signs in.
pub(crate) enum AtTheDoor {}
/// For operations with a body.
pub(crate) enum Unfit {}
/// For operations with a body, on something that may have moved.
pub(crate) enum Conflicting {}
/// For one-time links.
pub(crate) enum OfALink {}

impl Statuses for AtTheDoor {
    const ALL: &'static [u16] = &[401, 403, 422, 429];
}
impl Statuses for Unfit {
    const ALL: &'static [u16] = &[422];
}
impl Statuses for Conflicting {
    const ALL: &'static [u16] = &[409, 412, 422];
}
impl Statuses for OfALink {
    const ALL: &'static [u16] = &[403, 404, 422, 429];
}

/// A [`Failure`] of an operation that may also answer these statuses.
pub(crate) struct Declined<S>(Failure, PhantomData<fn() -> S>);

impl<S, E: Into<Failure>> From<E> for Declined<S> {
    fn from(error: E) -> Self {
        Self(error.into(), PhantomData)
    }
}

impl<S> From<Declined<S>> for poem::Error {
    fn from(declined: Declined<S>) -> Self {
        declined.0.into()
    }
}

impl<S: Statuses> ApiResponse for Declined<S> {
    fn meta() -> MetaResponses {
        let response = |status: &u16| MetaResponse {
            description: "",
            status: Some(*status),
            status_range: None,
            content: Vec::new(),
            headers: Vec::new(),
        };
        MetaResponses {
            responses: S::ALL.iter().map(response).collect(),
        }
    }

    fn register(_: &mut Registry) {}
}
