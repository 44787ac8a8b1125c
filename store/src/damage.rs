//! Damaged rows. Damage is an error of that row alone: whatever handles many rows reports it and
//! goes on with the others.

use std::fmt::Display;

use metrics::counter;
use uuid::Uuid;

use crate::Result;

/// Counts an unreadable row and logs which one it is.
pub fn note(table: &'static str, id: Uuid, error: &dyn Display) {
    counter!("luutru_unreadable_rows_total", "table" => table).increment(1);
    tracing::error!(
        table,
        row.id = %id,
        %error,
        "a stored row cannot be read: damaged, or changed past luutru; `luutru check` finds all"
    );
}

/// What was read of a row; `None`, counted and told to the operator, where it is damaged.
pub fn sound<T, E: Display>(
    table: &'static str,
    id: Uuid,
    read: std::result::Result<T, E>,
) -> Option<T> {
    read.inspect_err(|error| note(table, id, error)).ok()
}

/// A row of a list. A damaged one keeps its place, so that the list is paged like any other.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// Its id.
    pub id: Uuid,
    /// What it says, or why it cannot be read.
    pub row: Result<T>,
}

impl<T> Listed<T> {
    /// What it says; `None`, counted and told to the operator, where it is damaged.
    pub fn sound(self, table: &'static str) -> Option<T> {
        sound(table, self.id, self.row)
    }
}
