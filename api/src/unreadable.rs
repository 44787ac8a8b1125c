//! Damaged rows. Damage is an error of that row alone: lists show the rest and name the damaged
//! row.

use std::{error::Error, fmt::Display};

use domain::problem::Code;
use metrics::counter;
use store::word::Unreadable;
use uuid::Uuid;

use crate::problem::Failure;

/// Why a row cannot be read.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Counts an unreadable row and logs which one it is.
pub(crate) fn note(table: &'static str, id: Uuid, error: &dyn Display) {
    counter!("luutru_unreadable_rows_total", "table" => table).increment(1);
    tracing::error!(
        table,
        row.id = %id,
        %error,
        "a stored row cannot be read: damaged, or given to another facility past luutru; \
         `luutru check` names all"
    );
}

/// What was read of a stay; `None`, counted and told to the operator, where it is damaged.
pub(crate) fn sound<T>(stay_id: Uuid, read: Result<T, Unreadable>) -> Option<T> {
    read.inspect_err(|error| note("stay", stay_id, error)).ok()
}

/// The answer where that stay alone was asked for.
pub(crate) fn failure(stay_id: Uuid, error: impl Into<Cause>) -> Failure {
    let error = error.into();
    note("stay_version", stay_id, &error);
    Failure::caused(Code::StayUnreadable, error)
}
