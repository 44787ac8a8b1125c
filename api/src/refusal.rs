//! What the intake and the store refuse, as problems.

use domain::problem::Code;
use domain::time::format_instant;
use intake::Refusal;
use poem::http::{HeaderValue, header};
use serde_json::json;

use crate::problem::Failure;
use crate::unreadable;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(errors) => Self::invalid(errors),
            Refusal::ReferenceConflict { stay_id } => {
                Self::new(Code::ReferenceConflict).with_member("stay_id", json!(stay_id))
            }
            Refusal::IdempotencyKeyReused => Self::new(Code::IdempotencyKeyReused),
            Refusal::IdempotencyInProgress => Self::new(Code::IdempotencyInProgress),
            Refusal::NotFound => Self::new(Code::NotFound),
            Refusal::VersionUnnamed => Self::new(Code::PreconditionRequired),
            Refusal::VersionMismatch { version } => {
                let failure = Self::new(Code::VersionMismatch);
                match HeaderValue::from_str(&format!("\"{version}\"")) {
                    Ok(tag) => failure.with_header(header::ETAG, tag),
                    Err(_) => failure,
                }
            }
            Refusal::StayDeparted => Self::new(Code::StayDeparted),
            Refusal::StayCancelled => Self::new(Code::StayCancelled),
            Refusal::CensusStale { last_taken_at } => Self::new(Code::CensusStale)
                .with_member("last_taken_at", json!(format_instant(last_taken_at))),
            Refusal::CensusImplausible { departures } => {
                Self::new(Code::CensusImplausible).with_member("departures", json!(departures))
            }
            Refusal::Overloaded => Self::new(Code::Overloaded),
            Refusal::StorageUnavailable => Self::new(Code::StorageUnavailable),
            Refusal::StorageFull => Self::new(Code::StorageFull),
            Refusal::OutcomeUnknown => Self::new(Code::OutcomeUnknown),
            Refusal::Stopping => Self::new(Code::Stopping),
            Refusal::Unreadable { stay_id, cause } => unreadable::failure(stay_id, cause),
            Refusal::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Refusal::from(error).into()
    }
}
