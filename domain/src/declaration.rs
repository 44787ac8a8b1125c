//! A stay that has passed every rule: the declaration, filed by the facility.
//!
//! [`check`] judges a body as a whole and reports every violation at once, each with its pointer.
//! Only structure, dates and required members cause refusal; merely odd values are warnings.

mod completion;
mod entry;
mod faults;
mod guest;
mod place;
mod times;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;

use crate::birth_date::BirthDate;
use crate::catalogue::Catalogues;
use crate::deadline::Deadline;
use crate::document::Document;
use crate::draft::{Body, Draft};
use crate::facility::Facility;
use crate::party::PartyRole;
use crate::problem::Violation;
use crate::purpose::Purpose;
use crate::sex::Sex;
use crate::stay::{CompletionState, Timeliness};
use crate::time::{format_instant, local_date};

pub use completion::Completion;
pub use faults::{Faults, VIOLATION_COUNT_MAX};
pub(crate) use guest::is_name;
pub use times::TEMPORARY_RESIDENCE_DAYS;

/// How far from now an arrival may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Ahead: for clocks that run fast.
    pub ahead: TimeDelta,
    /// Backward: older stays must be declared to the police directly.
    pub back: TimeDelta,
}

impl Default for Window {
    /// 10 minutes ahead, 62 days back.
    fn default() -> Self {
        Self {
            ahead: TimeDelta::minutes(10),
            back: TimeDelta::days(62),
        }
    }
}

/// A stay in which every rule holds.
#[derive(Clone)]
pub struct Declaration {
    /// Where.
    pub facility: Arc<Facility>,
    /// The sender's own name for this stay.
    pub reference: Option<String>,
    /// Room.
    pub room: Option<String>,
    /// Bed.
    pub bed: Option<String>,
    /// Ward: kept, never forwarded.
    pub ward: Option<String>,
    /// When the stay began: as sent, else the instant of receipt.
    pub arrival_at: DateTime<Utc>,
    /// Whether the sender sent it.
    pub arrival_was_sent: bool,
    /// Whether the sender gave only the day and the channel assumed the time: then it is compared
    /// by day.
    pub arrival_was_assumed: bool,
    /// When it is expected to end.
    pub expected_departure_at: Option<DateTime<Utc>>,
    /// As sent, else the facility's default.
    pub purpose: Purpose,
    /// What `other` means.
    pub purpose_text: Option<String>,
    /// Who.
    pub guest: Guest,
    /// With whom.
    pub party: Option<Party>,
    /// The sender's own note: kept, never forwarded.
    pub note: Option<String>,
    /// When the declaration was due.
    pub deadline: Deadline,
    /// Whether it came in time.
    pub timeliness: Timeliness,
    /// Whether it is sent to the police: `false` while it includes no night, see [`crate::night`].
    pub is_forwardable: bool,
    /// Whether something is still owed.
    pub completion: CompletionState,
    /// What is owed, and until when.
    pub owed: Completion,
    /// What deserves a look.
    pub warnings: Vec<Violation>,
    /// As sent, with facility and arrival filled in and instants in the contract's form.
    content: Draft,
}

/// The guest of a [`Declaration`].
#[derive(Clone)]
pub struct Guest {
    /// Missing only for unidentified persons.
    pub full_name: Option<String>,
    /// As sent.
    pub birth_date: Option<BirthDate>,
    /// As sent.
    pub sex: Option<Sex>,
    /// Alpha-3: as sent, else implied by the document; unknown without a document.
    pub nationality: Option<String>,
    /// What was shown.
    pub document: Document,
    /// Where the guest lives.
    pub residence: Option<Residence>,
    /// Telephone.
    pub phone: Option<String>,
    /// The person responsible for a child or a patient.
    pub guardian: Option<Guardian>,
    /// A newborn's mother: the reference of her stay.
    pub mother_reference: Option<String>,
    /// Foreigners: last permitted day.
    pub permitted_stay_until: Option<NaiveDate>,
    /// Foreigners: visa.
    pub visa: Option<Visa>,
    /// Foreigners: day of entry.
    pub entered_on: Option<NaiveDate>,
    /// Foreigners: gate of entry.
    pub entry_gate: Option<String>,
}

/// Where a guest lives.
#[derive(Clone, PartialEq, Eq)]
pub struct Residence {
    /// Five digits, of today or of before 2025-07-01, as sent.
    pub commune_code: Option<String>,
    /// Street, hamlet, old units.
    pub address: Option<String>,
}

/// The person responsible for a child or a patient.
#[derive(Clone, PartialEq, Eq)]
pub struct Guardian {
    /// Name.
    pub full_name: Option<String>,
    /// The guardian's relation to the guest.
    pub relation: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
}

/// A foreigner's visa.
#[derive(Clone, PartialEq, Eq)]
pub struct Visa {
    /// Kind, as printed.
    pub kind: Option<String>,
    /// Number, as printed.
    pub number: Option<String>,
    /// Last day of validity.
    pub expires_on: Option<NaiveDate>,
}

/// With whom a guest travels.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// The sender's name for the party.
    pub reference: Option<String>,
    /// What the guest is in it.
    pub role: Option<PartyRole>,
}

/// What a body is judged by.
struct Context<'a> {
    facilities: &'a [Arc<Facility>],
    catalogues: &'a Catalogues,
    window: &'a Window,
    received_at: DateTime<Utc>,
    /// When the stay was filed: later amendments are not too old because of it.
    filed_at: DateTime<Utc>,
    /// The local day of receipt.
    today: NaiveDate,
    /// A new declaration, not a change: only an open facility accepts it.
    is_new: bool,
}

/// Judges a stay's body as the contract's section "A stay" says: shape and meaning together.
///
/// `facilities` are those the sender may declare for, `received_at` is the legal time of filing.
///
/// # Errors
/// Every violation, in the order of the contract's members, at most [`VIOLATION_COUNT_MAX`].
pub fn check<'a>(
    body: impl Into<Body<'a>>,
    facilities: &[Arc<Facility>],
    catalogues: &Catalogues,
    window: &Window,
    received_at: DateTime<Utc>,
) -> Result<Declaration, Faults> {
    let context = Context {
        facilities,
        catalogues,
        window,
        received_at,
        filed_at: received_at,
        today: local_date(received_at),
        is_new: true,
    };
    let (draft, violations) = match body.into() {
        Body::Sound(draft) => (draft.clone(), Vec::new()),
        Body::Document(document) => Draft::read(document),
    };
    judge(draft, Faults::new(violations), &context)
}

/// The terms for judging a stay again after a change.
#[derive(Clone, Copy)]
pub struct Rejudging<'a> {
    /// The stay's facility.
    pub facility: &'a Arc<Facility>,
    /// What codes mean.
    pub catalogues: &'a Catalogues,
    /// How far from now an arrival may lie ahead, and from `filed_at` back.
    pub window: &'a Window,
    /// When the change was received.
    pub received_at: DateTime<Utc>,
    /// Legal time of filing, of version 1.
    pub filed_at: DateTime<Utc>,
}

/// Judges a stay's content after a change by the rules of [`check`]. `found` are faults of the
/// change itself, named already.
pub(crate) fn check_again(
    content: &Value,
    found: Vec<Violation>,
    by: &Rejudging<'_>,
) -> Result<Declaration, Faults> {
    let context = Context {
        facilities: std::slice::from_ref(by.facility),
        catalogues: by.catalogues,
        window: by.window,
        received_at: by.received_at,
        filed_at: by.filed_at,
        today: local_date(by.received_at),
        is_new: false,
    };
    let (draft, violations) = Draft::read(content);
    let mut all = found;
    for violation in violations {
        if !all.contains(&violation) {
            all.push(violation);
        }
    }
    let mut faults = Faults::new(all);
    if draft.arrival_at.is_none() {
        faults.require("/arrival_at");
    }
    judge(draft, faults, &context)
}

fn judge(draft: Draft, mut faults: Faults, context: &Context<'_>) -> Result<Declaration, Faults> {
    let place = place::check(&draft, context, &mut faults);
    let times = times::check(&draft, &place, context, &mut faults);
    let guest = guest::check(&draft, context, &mut faults);
    let (Some(facility), Some(times), Some(guest), true) =
        (place.facility, times, guest, faults.is_empty())
    else {
        return Err(faults);
    };
    entry::warn(&guest, times.arrival_at, &mut faults);
    let purpose = place.purpose.unwrap_or_else(|| facility.default_purpose());
    Ok(assemble(
        draft,
        facility,
        purpose,
        times,
        guest,
        faults.warnings,
        context.received_at,
    ))
}

fn assemble(
    mut sent: Draft,
    facility: Arc<Facility>,
    purpose: Purpose,
    times: times::Times,
    guest: Guest,
    warnings: Vec<Violation>,
    received_at: DateTime<Utc>,
) -> Declaration {
    let deadline = Deadline::of(times.arrival_at, guest.is_foreigner(), facility.is_remote);
    let owed = Completion::of(&guest, times.arrival_at);
    let arrival_was_sent = sent.arrival_at.is_some();
    sent.facility_id = Some(facility.id.to_string());
    sent.arrival_at = Some(format_instant(times.arrival_at));
    sent.expected_departure_at = times.expected_departure_at.map(format_instant);
    Declaration {
        reference: sent.reference.clone(),
        room: sent.room.clone(),
        bed: sent.bed.clone(),
        ward: sent.ward.clone(),
        arrival_at: times.arrival_at,
        arrival_was_sent,
        arrival_was_assumed: false,
        expected_departure_at: times.expected_departure_at,
        purpose,
        purpose_text: sent.purpose_text.clone(),
        guest,
        party: place::party(&sent),
        note: sent.note.clone(),
        deadline,
        timeliness: deadline.timeliness(received_at),
        is_forwardable: times.has_night(received_at),
        completion: owed.state(),
        owed,
        warnings,
        facility,
        content: sent,
    }
}

impl Declaration {
    /// The stay as sent after normalisation, with `facility_id` and `arrival_at` filled in: what
    /// the answer shows, what the receipt's digest covers and what is kept sealed.
    #[must_use]
    pub fn content(&self) -> Value {
        self.content.to_value()
    }

    /// The same in canonical form.
    #[must_use]
    pub fn canonical_content(&self) -> Vec<u8> {
        self.content.to_canonical_json()
    }

    /// The content that decides whether two stays are the same, in canonical form: with defaults
    /// filled in, without `arrival_at` if it was left out, and with only its day if the time was
    /// assumed, because assumed values depend on the time of receipt.
    #[must_use]
    pub fn comparison_content(&self) -> Vec<u8> {
        let mut draft = self.content.clone();
        if !self.arrival_was_sent {
            draft.arrival_at = None;
        } else if self.arrival_was_assumed {
            draft.arrival_at = Some(local_date(self.arrival_at).to_string());
        }
        draft.purpose = Some(self.purpose.as_str().to_owned());
        draft.guest.nationality.clone_from(&self.guest.nationality);
        draft.to_canonical_json()
    }
}

impl Guest {
    /// Whether the guest declares another nationality than the Vietnamese.
    #[must_use]
    pub fn is_foreigner(&self) -> bool {
        self.nationality
            .as_deref()
            .is_some_and(|code| code != crate::catalogue::VIET_NAM_CODE)
    }
}

/// Nearly everything in a declaration is personal; only the rest is printed.
impl fmt::Debug for Declaration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Declaration")
            .field("facility_id", &self.facility.id)
            .field("deadline", &self.deadline)
            .field("timeliness", &self.timeliness)
            .field("completion", &self.completion)
            .finish_non_exhaustive()
    }
}

/// Guests are not printed.
impl fmt::Debug for Guest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Guest(…)")
    }
}
