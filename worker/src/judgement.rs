//! The consequences of a registry answer: for the sender, for officers, and for missing data.
//!
//! A sender learns only whether to check the data: an unknown number, a differing person and a
//! number with many tries look the same and have the same consequences. The sender is told once
//! rather than at every version; data that an officer accepted stays accepted until the guest
//! changes.

use domain::{
    declaration::Completion,
    notification::NotifiedStay,
    review::{self, ReviewKind},
    stay::{IdentityReview, IdentityState},
    time::parse_instant,
};
use entity::word::{Unreadable, Word};
use serde_json::{Value, json};
use store::outbox::Subject;

use crate::registry::IdentityFinding;

/// The state of a stay's identity before the registry's answer.
#[derive(Clone, Copy)]
pub(crate) struct KnownIdentity {
    state: IdentityState,
    review: Option<IdentityReview>,
    is_owing: bool,
}

/// What becomes of a stay's identity.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct IdentityJudgement {
    /// Where the axis goes; `None` leaves it alone.
    pub(crate) state: Option<IdentityState>,
    /// The review result that overrides it from now on.
    pub(crate) review: Option<IdentityReview>,
    /// The sender is newly asked to check the data.
    pub(crate) is_news: bool,
    /// What the sender newly owes.
    pub(crate) owed: Option<String>,
    /// The reason for review and its detail, if no officer knows of it yet.
    pub(crate) cases: Vec<(ReviewKind, Value)>,
}

impl KnownIdentity {
    pub(crate) fn of(subject: &Subject) -> Result<Self, Unreadable> {
        let review = subject.identity_review.as_ref();
        Ok(Self {
            state: subject.identity_state.get()?,
            review: review.map(Word::get).transpose()?,
            is_owing: subject.owed.is_some(),
        })
    }

    pub(crate) fn state(self) -> IdentityState {
        self.state
    }

    /// Whether the tries for the number have not been reported yet.
    pub(crate) fn is_unreviewed(self) -> bool {
        self.review.is_none()
    }

    /// Judges what the registry said of this content. `is_probed`: many persons were tried for the
    /// number.
    pub(crate) fn judge(
        self,
        finding: &IdentityFinding,
        content: &NotifiedStay,
        is_probed: bool,
    ) -> IdentityJudgement {
        // An earlier registry answer about this guest outweighs its being unavailable now.
        let is_kept = !finding.state.is_answered() && self.state.is_answered();
        let state = if is_kept { self.state } else { finding.state };
        let mut judgement = IdentityJudgement {
            state: Some(state),
            ..IdentityJudgement::default()
        };
        if self.review == Some(IdentityReview::Reviewed) {
            return judgement;
        }
        if is_probed && self.review.is_none() {
            judgement.review = Some(IdentityReview::Attention);
        }
        let needs_attention = state.needs_attention(judgement.review.or(self.review));
        judgement.is_news = needs_attention && !self.state.needs_attention(self.review);
        if needs_attention && finding.state.is_answered() && !self.is_owing {
            judgement.owed = owed(content);
        }
        if state != self.state {
            judgement.cases.extend(case(finding));
        }
        judgement
    }
}

/// A declaration without a birth date owes one: without it the registry can find nobody.
fn owed(content: &NotifiedStay) -> Option<String> {
    if content.guest.birth_date.is_some() {
        return None;
    }
    let arrival_at = parse_instant(content.arrival_at.as_deref()?)?;
    Completion::birth_date_owed(arrival_at).to_text()
}

fn case(finding: &IdentityFinding) -> Option<(ReviewKind, Value)> {
    match finding.state {
        IdentityState::Mismatch => {
            let detail = finding.grade.map_or_else(|| json!({}), review::differences);
            Some((ReviewKind::Mismatch, detail))
        }
        IdentityState::NotFound => Some((ReviewKind::NotFound, json!({}))),
        IdentityState::Pending
        | IdentityState::Verified
        | IdentityState::NotApplicable
        | IdentityState::Deferred => None,
    }
}

#[cfg(test)]
mod tests {
    use IdentityReview::{Attention, Reviewed};
    use IdentityState::{Deferred, Mismatch, NotFound, Pending, Verified};

    use super::*;

    fn content(birth_date: Option<&str>) -> NotifiedStay {
        let arrival_at = "2026-11-23T14:00:00+07:00";
        let content = json!({"arrival_at": arrival_at, "guest": {"birth_date": birth_date}});
        NotifiedStay::of(&content).unwrap()
    }

    fn judge(
        (state, review, is_owing): (IdentityState, Option<IdentityReview>, bool),
        found: IdentityState,
        is_probed: bool,
    ) -> IdentityJudgement {
        let known = KnownIdentity {
            state,
            review,
            is_owing,
        };
        let finding = IdentityFinding::without_answer(found);
        known.judge(&finding, &content(None), is_probed)
    }

    #[test]
    fn a_sender_sees_and_owes_the_same_of_a_number_that_is_there_and_of_one_that_is_not() {
        for is_probed in [false, true] {
            for before in [(Pending, None, false), (Deferred, Some(Attention), false)] {
                let seen = |found| {
                    let judged = judge(before, found, is_probed);
                    let state: IdentityState = judged.state.unwrap();
                    let review = judged.review.or(before.1);
                    (state.as_seen_by_sender(review), judged.is_news, judged.owed)
                };
                assert_eq!(seen(Mismatch), seen(NotFound));
                if is_probed {
                    assert_eq!(
                        seen(Verified),
                        seen(NotFound),
                        "nor whether a person was right"
                    );
                }
            }
        }
    }

    #[test]
    fn a_sender_hears_of_a_thing_once() {
        // Each row: before, found, whether many were tried, whether it is news, owed, cases.
        let table = [
            ((Pending, None, false), Mismatch, false, (true, true, 1)),
            ((Pending, None, false), NotFound, false, (true, true, 1)),
            ((Pending, None, false), Verified, false, (false, false, 0)),
            ((Pending, None, false), Deferred, false, (false, false, 0)),
            ((Deferred, None, false), NotFound, false, (true, true, 1)),
            // The next version of the same guest.
            ((Mismatch, None, true), Mismatch, false, (false, false, 0)),
            ((NotFound, None, true), Deferred, false, (false, false, 0)),
            ((Mismatch, None, true), NotFound, false, (false, false, 1)),
            // Many persons were tried.
            ((Pending, None, false), Verified, true, (true, true, 0)),
            ((Pending, None, false), Deferred, true, (true, false, 0)),
            (
                (Deferred, Some(Attention), false),
                Verified,
                true,
                (false, true, 0),
            ),
            (
                (Verified, Some(Attention), true),
                Verified,
                false,
                (false, false, 0),
            ),
            // An officer has accepted it.
            (
                (Mismatch, Some(Reviewed), false),
                Mismatch,
                true,
                (false, false, 0),
            ),
            (
                (Mismatch, Some(Reviewed), false),
                NotFound,
                false,
                (false, false, 0),
            ),
        ];
        for (before, found, is_probed, expected) in table {
            let judged = judge(before, found, is_probed);
            let told = (judged.is_news, judged.owed.is_some(), judged.cases.len());
            assert_eq!(told, expected, "{before:?} {found} {is_probed}");
        }
    }

    #[test]
    fn what_the_registry_said_stands_while_it_is_away() {
        let state = |before, found| judge((before, None, false), found, false).state;
        assert_eq!(state(Mismatch, Deferred), Some(Mismatch));
        assert_eq!(state(Verified, Deferred), Some(Verified));
        assert_eq!(state(Pending, Deferred), Some(Deferred));
        assert_eq!(state(Mismatch, Verified), Some(Verified));
    }

    #[test]
    fn who_sent_the_birth_date_owes_nothing() {
        let known = KnownIdentity {
            state: Pending,
            review: None,
            is_owing: false,
        };
        let finding = IdentityFinding::without_answer(NotFound);
        let sent = content(Some("1990"));
        assert_eq!(known.judge(&finding, &sent, true).owed, None);
    }
}
