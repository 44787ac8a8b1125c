//! Cases for the police: findings about a stay that an officer should review.
//!
//! A case never delays a stay and is not shown to its sender. Its detail is unencrypted: it holds
//! codes, grades and ids, never declared data or registry data.

pub mod request;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::deadline::Deadline;
use crate::identity::{Grade, GradeReason, Match};
use crate::problem::{Code, Violation};
use crate::stay::ATTENTION_POINTERS;

/// Keeps these ids apart from any other use of the digest.
const ID_DOMAIN: &[u8] = b"luutru review case 1";

coded! {
    /// Why a case was opened.
    pub enum ReviewKind {
        /// The registry's person differs from the guest declared.
        Mismatch => "mismatch",
        /// The registry knows no such number.
        NotFound => "not_found",
        /// One organisation has tried many persons for one number.
        Probing => "probing",
        /// The police endpoint refused the notification.
        Rejected => "rejected",
        /// The declaration missed its statutory deadline.
        Late => "late",
        /// The declaration contradicts itself, or the facility cannot have so many guests.
        Implausible => "implausible",
        /// The same document is present at the same facility.
        Duplicate => "duplicate",
        /// The same document was at the same facility beyond the new arrival.
        Overlap => "overlap",
        /// The same document is at another facility at the same time.
        DeclaredElsewhere => "declared_elsewhere",
    }
}

coded! {
    /// Where a case is.
    pub enum ReviewState {
        /// Waits for an officer.
        Open => "open",
        /// The sender was asked; the next version of the stay opens the case again.
        AwaitingCorrection => "awaiting_correction",
        /// Came from another commune and waits for an officer of this one.
        Referred => "referred",
        /// Decided for good.
        Closed => "closed",
    }
}

coded! {
    /// What an officer decides.
    pub enum ReviewDecision {
        /// Nothing need be done.
        Accept => "accept",
        /// The sender is asked to look again.
        RequestCorrection => "request_correction",
        /// The police of another commune shall decide.
        Refer => "refer",
    }
}

coded! {
    /// Why an officer decides so, as a word that can be counted; for the police only.
    pub enum DecisionReason {
        /// The data were checked and are right.
        DataConfirmed => "data_confirmed",
        /// The registry's data are not up to date.
        RegistryOutdated => "registry_outdated",
        /// The guest's number has changed.
        NumberChanged => "number_changed",
        /// The facility gave a reason for being late.
        ExcusedDelay => "excused_delay",
        /// Probably typed wrongly.
        TypingError => "typing_error",
        /// Probably the document of somebody else.
        DocumentOfAnother => "document_of_another",
        /// What was declared is not enough to decide.
        Unclear => "unclear",
        /// It belongs to another commune.
        OtherCommune => "other_commune",
    }
}

impl ReviewKind {
    /// The priority of cases, from 1: first those about a different person or a stay that never
    /// reached the police, then contradictions, then late declarations.
    #[must_use]
    pub const fn priority(self) -> i32 {
        match self {
            Self::Mismatch | Self::Probing | Self::Rejected => 1,
            Self::NotFound | Self::DeclaredElsewhere => 2,
            Self::Implausible | Self::Duplicate | Self::Overlap => 3,
            Self::Late => 4,
        }
    }

    /// Whether it concerns the guest's identity in the registry: an officer's decision here
    /// determines what the sender sees as `identity`.
    #[must_use]
    pub const fn is_about_identity(self) -> bool {
        match self {
            Self::Mismatch | Self::NotFound | Self::Probing => true,
            Self::Rejected
            | Self::Late
            | Self::Implausible
            | Self::Duplicate
            | Self::Overlap
            | Self::DeclaredElsewhere => false,
        }
    }
}

/// Where a sender is asked to look again, from where an officer asks.
///
/// Which of name, number and birth date differ from the registry is known only to the police: a
/// sender asked about one of them is asked about all three, and a case about identity names no
/// other member of the guest.
#[must_use]
pub fn asked_pointers(kind: ReviewKind, named: &[&'static str]) -> Vec<&'static str> {
    let is_judged = |pointer: &&'static str| ATTENTION_POINTERS.contains(pointer);
    if !kind.is_about_identity() && !named.iter().any(is_judged) {
        return named.to_vec();
    }
    let is_kept = |pointer: &&&'static str| {
        let tells = kind.is_about_identity() && pointer.starts_with("/guest");
        !is_judged(pointer) && !tells
    };
    let others = named.iter().filter(is_kept);
    ATTENTION_POINTERS
        .into_iter()
        .chain(others.copied())
        .collect()
}

/// Whether a change answers a question: it touches a member in question, or part of one.
#[must_use]
pub fn is_answered_by(asked: &[String], changed: &[String]) -> bool {
    let holds = |outer: &str, inner: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    asked.iter().any(|asked| {
        let mut changed = changed.iter();
        changed.any(|changed| holds(asked, changed) || holds(changed, asked))
    })
}

impl ReviewState {
    /// Whether an officer may take the case.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        match self {
            Self::Open | Self::Referred => true,
            Self::AwaitingCorrection | Self::Closed => false,
        }
    }
}

impl DecisionReason {
    /// The usual reasons of a decision, the most frequent first.
    #[must_use]
    pub const fn of(decision: ReviewDecision) -> &'static [Self] {
        match decision {
            ReviewDecision::Accept => &[
                Self::DataConfirmed,
                Self::RegistryOutdated,
                Self::NumberChanged,
                Self::ExcusedDelay,
            ],
            ReviewDecision::RequestCorrection => {
                &[Self::TypingError, Self::DocumentOfAnother, Self::Unclear]
            }
            ReviewDecision::Refer => &[Self::OtherCommune],
        }
    }
}

impl ReviewDecision {
    /// Where a case is after it.
    #[must_use]
    pub const fn leads_to(self) -> ReviewState {
        match self {
            Self::Accept => ReviewState::Closed,
            Self::RequestCorrection => ReviewState::AwaitingCorrection,
            Self::Refer => ReviewState::Referred,
        }
    }
}

/// How late a declaration would have been by the deadline that follows from a change; `None` where
/// it would have been on time, or the change moved the deadline no nearer. A stay filed on time
/// remains on time; an officer judges whether the change is honest.
#[must_use]
pub fn made_late(filed_at: DateTime<Utc>, before: Deadline, after: Deadline) -> Option<TimeDelta> {
    let is_late = after.at < before.at && filed_at >= after.at;
    is_late.then(|| filed_at - after.at)
}

/// The id of a case that a version of a stay opens by itself: a UUIDv8 (RFC 9562, 5.8) from the
/// SHA-256 of stay, version and kind.
#[must_use]
pub fn case_id(stay_id: Uuid, version: i32, kind: ReviewKind) -> Uuid {
    let mut digest = Sha256::new();
    digest.update(ID_DOMAIN);
    digest.update(stay_id.as_bytes());
    digest.update(version.to_be_bytes());
    digest.update(kind.as_str());
    let mut bytes = [0; 16];
    for (byte, source) in bytes.iter_mut().zip(digest.finalize()) {
        *byte = source;
    }
    Uuid::new_v8(bytes)
}

/// The detail of a `mismatch`: what differs, member by member, and why, without either value.
#[must_use]
pub fn differences(grade: Grade) -> Value {
    let members = [
        ("/guest/full_name", grade.full_name, grade.reasons.full_name),
        (
            "/guest/birth_date",
            grade.birth_date,
            grade.reasons.birth_date,
        ),
        ("/guest/sex", grade.sex, grade.reasons.sex),
    ];
    let differences: Vec<Value> = members
        .into_iter()
        .filter(|(_, grade, _)| *grade != Match::NotCompared)
        .map(|(pointer, grade, reason)| difference(pointer, grade, reason))
        .collect();
    json!({"differences": differences})
}

fn difference(pointer: &str, grade: Match, reason: Option<GradeReason>) -> Value {
    match reason {
        None => json!({"pointer": pointer, "grade": grade.as_str()}),
        Some(reason) => {
            json!({"pointer": pointer, "grade": grade.as_str(), "reason": reason.as_str()})
        }
    }
}

/// The detail of an `implausible` declaration: what in it contradicts the number, which carries
/// sex and birth year. `None` when nothing does.
///
/// The number may predate a correction of civil status, so neither is refused.
#[must_use]
pub fn contradictions(warnings: &[Violation]) -> Option<Value> {
    let found: Vec<Value> = warnings
        .iter()
        .filter(|warning| {
            [Code::SexDiffersFromNumber, Code::BirthYearDiffersFromNumber].contains(&warning.code)
        })
        .map(|warning| json!({"pointer": warning.pointer, "code": warning.code.as_str()}))
        .collect();
    (!found.is_empty()).then(|| json!({"contradictions": found}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::GradeReasons;
    use crate::time::parse_instant;

    #[test]
    fn a_decision_leads_to_a_state_in_which_nobody_else_decides_the_same() {
        let table = [
            (ReviewDecision::Accept, ReviewState::Closed, false),
            (
                ReviewDecision::RequestCorrection,
                ReviewState::AwaitingCorrection,
                false,
            ),
            (ReviewDecision::Refer, ReviewState::Referred, true),
        ];
        for (decision, state, is_waiting) in table {
            assert_eq!(decision.leads_to(), state);
            assert_eq!(state.is_waiting(), is_waiting, "{state}");
        }
    }

    #[test]
    fn a_question_never_tells_what_the_registry_holds() {
        let judged = ATTENTION_POINTERS;
        let and_room = [judged.as_slice(), &["/room"]].concat();
        let and_sex = [judged.as_slice(), &["/guest/sex"]].concat();
        let table: [(ReviewKind, &[&'static str], &[&str]); 6] = [
            (ReviewKind::Mismatch, &["/guest/birth_date"], &judged),
            (ReviewKind::NotFound, &["/guest/sex", "/room"], &and_room),
            (ReviewKind::Probing, &judged, &judged),
            (ReviewKind::Late, &["/arrival_at"], &["/arrival_at"]),
            (ReviewKind::Late, &["/guest/full_name", "/room"], &and_room),
            (
                ReviewKind::Implausible,
                &["/guest/sex", "/guest/birth_date"],
                &and_sex,
            ),
        ];
        for (kind, named, expected) in table {
            assert_eq!(asked_pointers(kind, named), expected, "{kind} {named:?}");
        }
    }

    #[test]
    fn a_change_answers_what_it_touches() {
        let table = [
            ("/guest/document/number", "/guest/document/number", true),
            ("/guest/document/number", "/guest/document", true),
            ("/guest", "/guest/full_name", true),
            ("/room", "/room", true),
            ("/guest/document/number", "/room", false),
            ("/guest/document/number", "/note", false),
            ("/guest/document/number", "/guest/document/kind", false),
            ("/room", "/room_number", false),
        ];
        for (asked, changed, is_answered) in table {
            let (asked, changed) = ([asked.to_owned()], [changed.to_owned()]);
            assert_eq!(
                is_answered_by(&asked, &changed),
                is_answered,
                "{asked:?} {changed:?}"
            );
        }
        assert!(!is_answered_by(&["/room".to_owned()], &[]));
    }

    #[test]
    fn a_change_makes_late_what_it_brings_under_an_earlier_deadline() {
        let local = |text: &str| parse_instant(&format!("2026-11-{text}:00+07:00")).unwrap();
        let citizen = |arrival| Deadline::for_citizen(local(arrival));
        let foreigner = |arrival| Deadline::for_foreigner(local(arrival), false);
        // Each row: deadline before and after, minutes late; filed on the 23rd at 22:00.
        let table = [
            (
                citizen("23T14:00"),
                citizen("20T14:00"),
                Some(3 * 1440 - 60),
            ),
            (citizen("23T14:00"), citizen("22T23:30"), Some(14 * 60)),
            (citizen("23T14:00"), citizen("23T00:30"), None),
            (citizen("23T14:00"), citizen("23T09:00"), None),
            (citizen("20T14:00"), citizen("21T14:00"), None),
            (citizen("20T14:00"), citizen("20T15:00"), None),
            (
                citizen("20T14:00"),
                citizen("19T15:00"),
                Some(4 * 1440 - 60),
            ),
            // Whose arrival stays and whose nationality is another one.
            (citizen("23T08:00"), foreigner("23T08:00"), Some(120)),
            (foreigner("23T08:00"), citizen("23T08:00"), None),
        ];
        for (before, after, expected) in table {
            let late_by = made_late(local("23T22:00"), before, after);
            assert_eq!(
                late_by,
                expected.map(TimeDelta::minutes),
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn an_id_is_the_same_every_time_and_another_for_another_reason() {
        let stay = Uuid::from_u128(7);
        let id = case_id(stay, 1, ReviewKind::Late);
        assert_eq!(id, case_id(stay, 1, ReviewKind::Late));
        assert_ne!(id, case_id(stay, 2, ReviewKind::Late));
        assert_ne!(id, case_id(stay, 1, ReviewKind::Overlap));
    }

    #[test]
    fn only_what_contradicts_the_number_is_implausible() {
        let old_code = Violation::new("/guest/residence/commune_code", Code::CommuneCodeOld);
        assert_eq!(contradictions(std::slice::from_ref(&old_code)), None);
        let sex = Violation::new("/guest/sex", Code::SexDiffersFromNumber);
        assert_eq!(
            contradictions(&[old_code, sex]),
            Some(json!({"contradictions": [
                {"pointer": "/guest/sex", "code": "sex_differs_from_number"}
            ]}))
        );
    }

    #[test]
    fn what_was_not_compared_is_no_difference() {
        let grade = Grade {
            full_name: Match::Different,
            birth_date: Match::NotCompared,
            sex: Match::Exact,
            reasons: GradeReasons {
                full_name: Some(GradeReason::OtherName),
                ..GradeReasons::default()
            },
        };
        assert_eq!(
            differences(grade),
            json!({"differences": [
                {
                    "pointer": "/guest/full_name",
                    "grade": "different",
                    "reason": "other_name"
                },
                {"pointer": "/guest/sex", "grade": "exact"},
            ]})
        );
    }
}
