//! Provisional records: what is still owed for a stay declared on time with less data than the law
//! requires.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::Guest;
use crate::document::NoDocumentReason;
use crate::stay::CompletionState;
use crate::time::format_instant;

/// A birth is registered within 60 days (Law on Civil Status 60/2014/QH13, art. 15(1)); the
/// personal ID number is given with the registration.
const NEWBORN: TimeDelta = TimeDelta::days(60);
/// No law sets a time for unidentified persons. We take 30 days: from then on the stay is no
/// longer one (Law on Residence 68/2020/QH14, art. 27).
const UNIDENTIFIED: TimeDelta = TimeDelta::days(30);

const FULL_NAME: &str = "/guest/full_name";
const BIRTH_DATE: &str = "/guest/birth_date";
const SEX: &str = "/guest/sex";
const DOCUMENT: &str = "/guest/document";

/// What is owed of a stay.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Completion {
    /// Pointers to the missing members; empty when nothing is missing.
    pub missing: Vec<&'static str>,
    /// When they are due.
    pub due_at: Option<DateTime<Utc>>,
}

impl Completion {
    /// The data missing from a declaration when it is accepted: a newborn's document, and
    /// everything that identifies an unidentified person.
    #[must_use]
    pub fn of(guest: &Guest, arrival_at: DateTime<Utc>) -> Self {
        match guest.document.no_document_reason() {
            Some(NoDocumentReason::Newborn) => {
                Self::owing(vec![DOCUMENT], arrival_at.checked_add_signed(NEWBORN))
            }
            Some(NoDocumentReason::Unidentified) => {
                let due_at = arrival_at.checked_add_signed(UNIDENTIFIED);
                Self::owing(missing_identity(guest), due_at)
            }
            Some(NoDocumentReason::Minor | NoDocumentReason::Lost) | None => Self::default(),
        }
    }

    /// What a minimal declaration owes once the registry, too, gave no birth date: the birth date
    /// (Law on Residence 68/2020/QH14, art. 30(2) as amended by Law 118/2025/QH15, art. 4(9)),
    /// within the same 30 days.
    #[must_use]
    pub fn birth_date_owed(arrival_at: DateTime<Utc>) -> Self {
        Self::owing(
            vec![BIRTH_DATE],
            arrival_at.checked_add_signed(UNIDENTIFIED),
        )
    }

    /// What is owed as it is stored: JSON of `missing` and `due_at`; `None` when nothing is.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let due_at = self.due_at.map(format_instant);
        (!self.missing.is_empty())
            .then(|| json!({"missing": self.missing, "due_at": due_at}).to_string())
    }

    /// `due` as long as something is missing.
    #[must_use]
    pub const fn state(&self) -> CompletionState {
        if self.missing.is_empty() {
            CompletionState::Complete
        } else {
            CompletionState::Due
        }
    }

    fn owing(missing: Vec<&'static str>, due_at: Option<DateTime<Utc>>) -> Self {
        Self { missing, due_at }
    }
}

fn missing_identity(guest: &Guest) -> Vec<&'static str> {
    let members = [
        (FULL_NAME, guest.full_name.is_none()),
        (BIRTH_DATE, guest.birth_date.is_none()),
        (SEX, guest.sex.is_none()),
        (DOCUMENT, true),
    ];
    members
        .into_iter()
        .filter(|(_, is_missing)| *is_missing)
        .map(|(pointer, _)| pointer)
        .collect()
}
