//! Damaged rows. Damage is an error of that row alone: lists show the rest and name the damaged
//! row.

use std::error::Error;

use domain::problem::Code;
use store::damage;
use uuid::Uuid;

use crate::problem::Failure;

/// Why a row cannot be read.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// The answer where that stay alone was asked for.
pub(crate) fn failure(stay_id: Uuid, error: impl Into<Cause>) -> Failure {
    let error = error.into();
    damage::note("stay_version", stay_id, &error);
    Failure::caused(Code::StayUnreadable, error)
}
