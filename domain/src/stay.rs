//! The state axes of a stay, each a closed list of states.

use chrono::{DateTime, TimeDelta, Utc};

/// How long there is to answer a question about a stay.
const ANSWER_DURATION: TimeDelta = TimeDelta::days(1);

coded! {
    /// Whether the guest is there.
    pub enum Presence {
        /// Arrived, not departed.
        Present => "present",
        /// Departed; may be taken back.
        Departed => "departed",
        /// Declared in error; final.
        Cancelled => "cancelled",
    }
}

coded! {
    /// What the population registry said about the guest.
    pub enum IdentityState {
        /// Not asked yet.
        Pending => "pending",
        /// Everything compared is exact or near.
        Verified => "verified",
        /// Something compared differs.
        Mismatch => "mismatch",
        /// The registry knows no such number.
        NotFound => "not_found",
        /// There is no number to ask about (foreigners, other documents, none).
        NotApplicable => "not_applicable",
        /// The registry did not answer in time; asked again later.
        Deferred => "deferred",
    }
}

coded! {
    /// The review result, which overrides the registry's for the sender. Reveals nothing about the
    /// registry.
    pub enum IdentityReview {
        /// Many persons were tried for the number: to be checked, whatever the registry says.
        Attention => "attention",
        /// An officer has accepted it as it is.
        Reviewed => "reviewed",
    }
}

coded! {
    /// Where the newest forwardable version is on its way to the police.
    pub enum DeliveryState {
        /// Waits for its turn.
        Queued => "queued",
        /// A worker holds it.
        Delivering => "delivering",
        /// The police endpoint confirmed it.
        Acknowledged => "acknowledged",
        /// The police endpoint refused it; correctable.
        Rejected => "rejected",
        /// Parked for an operator: the task itself does harm.
        Parked => "parked",
        /// No night lies in it so far: kept, not sent.
        NotRequired => "not_required",
    }
}

coded! {
    /// Whether the declaration met its statutory deadline. Fixed by version 1.
    pub enum Timeliness {
        /// Received before the deadline.
        OnTime => "on_time",
        /// Received at the deadline or after it.
        Late => "late",
    }
}

coded! {
    /// Whether something of the declaration is still owed.
    pub enum CompletionState {
        /// Nothing is owed.
        Complete => "complete",
        /// A provisional record: members named as missing are owed by a date.
        Due => "due",
    }
}

coded! {
    /// The door a version came in by.
    pub enum Channel {
        /// `POST /v1/stays`.
        Rest => "rest",
        /// `POST /v1/stays/batch`.
        Batch => "batch",
        /// An uploaded file.
        File => "file",
        /// A census.
        Census => "census",
        /// An HL7 v2 message.
        Hl7 => "hl7",
        /// A FHIR resource.
        Fhir => "fhir",
        /// A page of the desk.
        Page => "page",
        /// A scanned document.
        Scan => "scan",
    }
}

coded! {
    /// What a notification to the police says.
    pub enum NotificationKind {
        /// A stay, or a later version of it.
        Stay => "stay",
        /// A registry result that came after the stay had been sent.
        IdentityResult => "identity_result",
        /// The stay was declared in error.
        Cancellation => "cancellation",
    }
}

coded! {
    /// What a facility still has to do.
    pub enum DueKind {
        /// The police endpoint refused the stay, or the registry did not agree: check the data.
        Correction => "correction",
        /// The police have not confirmed the stay yet.
        Unacknowledged => "unacknowledged",
        /// A provisional record: members named as missing are owed.
        Completion => "completion",
        /// The planned departure has passed while the guest is present: extend it, or record the
        /// departure.
        DepartureOverdue => "departure_overdue",
    }
}

/// When the answer to a question about a stay is due: a day after it was asked, but not before the
/// stay's own deadline. The law sets no time; counted from the arrival, it might have passed before
/// a late question could be read.
#[must_use]
pub fn answer_due_at(asked_at: DateTime<Utc>, deadline_at: DateTime<Utc>) -> DateTime<Utc> {
    (asked_at + ANSWER_DURATION).max(deadline_at)
}

/// The members a sender is asked to check when the registry did not agree: always these three, so
/// that the answer reveals nothing about the registry's data.
pub const ATTENTION_POINTERS: [&str; 3] = [
    "/guest/full_name",
    "/guest/document/number",
    "/guest/birth_date",
];

impl DeliveryState {
    /// Those in which the police have refused the stay, or not confirmed it.
    pub const UNCONFIRMED: [Self; 4] =
        [Self::Queued, Self::Delivering, Self::Rejected, Self::Parked];
}

impl IdentityState {
    /// Those that a sender sees as `attention` while nobody has reviewed them.
    pub const ATTENTION: [Self; 2] = [Self::Mismatch, Self::NotFound];

    /// The word a sender sees: the review result, otherwise `attention` for both [`Self::Mismatch`]
    /// and [`Self::NotFound`], otherwise the state itself.
    #[must_use]
    pub const fn as_seen_by_sender(self, review: Option<IdentityReview>) -> &'static str {
        match (review, self) {
            (Some(review), _) => review.as_str(),
            (None, Self::Mismatch | Self::NotFound) => IdentityReview::Attention.as_str(),
            (None, Self::Pending | Self::Verified | Self::NotApplicable | Self::Deferred) => {
                self.as_str()
            }
        }
    }

    /// Whether the sender is asked to check the data.
    #[must_use]
    pub fn needs_attention(self, review: Option<IdentityReview>) -> bool {
        self.as_seen_by_sender(review) == IdentityReview::Attention.as_str()
    }

    /// Whether the registry has answered about the guest.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        match self {
            Self::Verified | Self::Mismatch | Self::NotFound => true,
            Self::Pending | Self::NotApplicable | Self::Deferred => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    #[test]
    fn a_sender_sees_the_review_before_the_registry() {
        use IdentityReview::{Attention, Reviewed};

        for state in IdentityState::ALL {
            let is_flagged = IdentityState::ATTENTION.contains(state);
            let alone = state.as_seen_by_sender(None);
            assert_eq!(alone == "attention", is_flagged, "{state}");
            assert_eq!(state.as_seen_by_sender(Some(Attention)), "attention");
            assert_eq!(state.as_seen_by_sender(Some(Reviewed)), "reviewed");
            assert_eq!(state.needs_attention(None), is_flagged);
            assert!(state.needs_attention(Some(Attention)));
            assert!(!state.needs_attention(Some(Reviewed)));
        }
    }

    #[test]
    fn a_question_is_due_a_day_later_and_not_before_the_deadline() {
        // Each row: asked, the stay's deadline, until when.
        let table = [
            ("10T09:00", "03T23:00", "11T09:00"),
            ("10T09:00", "10T23:00", "11T09:00"),
            ("10T09:00", "12T23:00", "12T23:00"),
        ];
        let instant = |text: &str| parse_instant(&format!("2026-11-{text}:00+07:00")).unwrap();
        for (asked, deadline, due) in table {
            let due_at = answer_due_at(instant(asked), instant(deadline));
            assert_eq!(due_at, instant(due), "asked {asked}");
        }
    }
}
