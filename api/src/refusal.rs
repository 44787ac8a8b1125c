//! Turns refusals of the intake and the store into problems.

use domain::time::format_instant;
use intake::Refusal;
use poem::http::{HeaderValue, header};
use serde_json::json;
use store::word::Unreadable;

use crate::problem::Failure;
use crate::unreadable;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let failure = Self::new(refusal.code());
        match refusal {
            Refusal::Invalid(errors) => failure.with_errors(errors),
            Refusal::ReferenceConflict { stay_id } => {
                failure.with_member("stay_id", json!(stay_id))
            }
            Refusal::VersionMismatch { version } => {
                match HeaderValue::from_str(&format!("\"{version}\"")) {
                    Ok(tag) => failure.with_header(header::ETAG, tag),
                    Err(_) => failure,
                }
            }
            Refusal::CensusStale { last_taken_at } => {
                failure.with_member("last_taken_at", json!(format_instant(last_taken_at)))
            }
            Refusal::CensusImplausible { departures } => {
                failure.with_member("departures", json!(departures))
            }
            Refusal::Unreadable { stay_id, cause } => unreadable::failure(stay_id, cause),
            Refusal::Internal(cause) => Self::internal(cause),
            Refusal::IdempotencyKeyReused
            | Refusal::IdempotencyInProgress
            | Refusal::NotFound
            | Refusal::VersionUnnamed
            | Refusal::StayDeparted
            | Refusal::StayCancelled
            | Refusal::Overloaded
            | Refusal::StorageUnavailable
            | Refusal::StorageFull
            | Refusal::OutcomeUnknown
            | Refusal::Stopping => failure,
        }
    }
}

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Self {
        Self::from(store::Error::from(error))
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Refusal::from(error).into()
    }
}
