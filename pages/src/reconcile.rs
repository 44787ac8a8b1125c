//! The reconciliation of a day: what the service holds of it, compared with what the facility holds.

use askama::Template;
use uuid::Uuid;

use crate::badge::Badge;
use crate::field::Field;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;

/// The page of the reconciliation.
#[derive(Template)]
#[template(path = "reconcile.html")]
pub struct ReconcilePage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The day, for the field that chooses another.
    pub date: String,
    /// The day in words.
    pub day: String,
    /// How many stays began on the day.
    pub count: usize,
    /// How many were declared on time.
    pub on_time: usize,
    /// How many late.
    pub late: usize,
    /// The digest over their receipts.
    pub sha256: String,
    /// The receipts of the day.
    pub receipts: Vec<ReceiptLine>,
    /// The field for what the facility holds.
    pub held: Field,
    /// What differs; `None` before anything was compared.
    pub difference: Option<Difference>,
}

/// A receipt of the day.
pub struct ReceiptLine {
    /// The stay.
    pub stay_id: Uuid,
    /// The guest.
    pub name: String,
    /// Where the guest sleeps.
    pub room: String,
    /// The receipt's number.
    pub number: String,
    /// When it was received.
    pub received_at: String,
    /// The verdict.
    pub verdict: Badge,
}

/// What differs.
pub struct Difference {
    /// How many numbers the facility gave.
    pub held_count: usize,
    /// Stored, and not held by the facility.
    pub missing: Vec<ReceiptLine>,
    /// Held by the facility, and not stored of the day.
    pub unknown: Vec<String>,
}

impl Difference {
    fn is_none(&self) -> bool {
        self.missing.is_empty() && self.unknown.is_empty()
    }
}
