//! Guests who are expected, as lists show them.

use uuid::Uuid;

/// A guest who is expected and not declared yet.
#[derive(Clone, Debug)]
pub struct ExpectedLine {
    /// What it is noted under.
    pub id: Uuid,
    /// The guest.
    pub name: String,
    /// Where the guest will sleep.
    pub room: String,
    /// The number of the document, masked.
    pub number: String,
    /// The day of arrival.
    pub day: String,
}
