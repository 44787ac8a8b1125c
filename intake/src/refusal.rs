//! Why a declaration was not accepted, free of HTTP: JSON, pages and HL7 answers are rendered
//! from it.

use chrono::{DateTime, Utc};
use domain::problem::{Class, Code, Violation};
use entity::word::Unreadable;
use uuid::Uuid;

/// Why we did not accept. All but [`Refusal::OutcomeUnknown`] mean: not saved.
#[derive(Debug)]
pub enum Refusal {
    /// The request violates rules; every violation is listed.
    Invalid(Vec<Violation>),
    /// The reference belongs to a stay with different content.
    ReferenceConflict {
        /// The stay that holds the reference; it is the sender's own.
        stay_id: Uuid,
    },
    /// The `Idempotency-Key` was used by another request.
    IdempotencyKeyReused,
    /// A twin with the same `Idempotency-Key` is still being written.
    IdempotencyInProgress,
    /// There is no such stay that the sender may see.
    NotFound,
    /// A change did not name the version it targets.
    VersionUnnamed,
    /// The stay is at another version than the one named.
    VersionMismatch {
        /// Its present version.
        version: i32,
    },
    /// The guest has departed.
    StayDeparted,
    /// The stay is cancelled.
    StayCancelled,
    /// A later census of the same scope is already known.
    CensusStale {
        /// When that was taken.
        last_taken_at: DateTime<Utc>,
    },
    /// The census looks like a mistake unless its sender confirms this number.
    CensusImplausible {
        /// How many guests would depart.
        departures: u32,
    },
    /// The queue is full or moves too slowly.
    Overloaded,
    /// The database does not answer.
    StorageUnavailable,
    /// The disk of the database is full.
    StorageFull,
    /// We could not learn whether it was saved. Sending it again makes nothing twice.
    OutcomeUnknown,
    /// The service is shutting down.
    Stopping,
    /// The stored stay is damaged.
    Unreadable {
        /// The stay; it is the sender's own.
        stay_id: Uuid,
        /// For the log.
        cause: anyhow::Error,
    },
    /// An internal error; the error chain is for the log.
    Internal(anyhow::Error),
}

impl Refusal {
    /// What is wrong with the item, as a list: the violations, or the one code.
    #[must_use]
    pub fn into_faults(self) -> Vec<Violation> {
        if let Self::Invalid(faults) = self {
            faults
        } else {
            vec![Violation::new("", self.code())]
        }
    }

    /// The code that its answer has, at whatever door.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::ValidationFailed,
            Self::ReferenceConflict { .. } => Code::ReferenceConflict,
            Self::IdempotencyKeyReused => Code::IdempotencyKeyReused,
            Self::IdempotencyInProgress => Code::IdempotencyInProgress,
            Self::NotFound => Code::NotFound,
            Self::VersionUnnamed => Code::PreconditionRequired,
            Self::VersionMismatch { .. } => Code::VersionMismatch,
            Self::StayDeparted => Code::StayDeparted,
            Self::StayCancelled => Code::StayCancelled,
            Self::CensusStale { .. } => Code::CensusStale,
            Self::CensusImplausible { .. } => Code::CensusImplausible,
            Self::Overloaded => Code::Overloaded,
            Self::StorageUnavailable => Code::StorageUnavailable,
            Self::StorageFull => Code::StorageFull,
            Self::OutcomeUnknown => Code::OutcomeUnknown,
            Self::Stopping => Code::Stopping,
            Self::Unreadable { .. } => Code::StayUnreadable,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The class that it is counted under: a refusal for violations counts as they do.
    #[must_use]
    pub const fn class(&self) -> Class {
        if matches!(self, Self::Invalid(_)) {
            Class::Violation
        } else {
            self.code().class()
        }
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        use store::Error;

        match error {
            Error::LockTimeout | Error::Unavailable => Self::StorageUnavailable,
            Error::StorageFull => Self::StorageFull,
            Error::OutcomeUnknown => Self::OutcomeUnknown,
            // Only a census holds a lease here: another one has the turn now.
            Error::LeaseLost { .. } => Self::Overloaded,
            Error::NotFound
            | Error::Duplicate
            | Error::Corrupt { .. }
            | Error::Unusable(_)
            | Error::Database { .. } => Self::Internal(error.into()),
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(unreadable: Unreadable) -> Self {
        store::Error::from(unreadable).into()
    }
}
