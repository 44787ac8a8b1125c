//! The results of a task: what becomes of it and of its stay, and the rows that are recorded with
//! that: the sender's events, the officers' cases, the audit entry, the task that follows.
//!
//! Nothing here asks the database or a peer.

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    event::EventKind,
    notification::notification_id,
    review::ReviewKind,
    stay::{ATTENTION_POINTERS, DeliveryState, IdentityState, NotificationKind},
};
use runtime::{clock::Clock, ids};
use serde_json::{Value, json};
use store::{
    audit::{self, Actor},
    outbox::{NewTask, Task},
    results::{StayChange, TaskProgress, TaskResult},
    review::NewCase,
};
use uuid::Uuid;

use crate::{judgement::IdentityJudgement, peer::PeerName};

/// How a task leaves the worker's hands.
pub(crate) enum TaskOutcome {
    /// To be retried.
    Retry(Retry),
    /// Confirmed.
    Delivered { police_reference: Option<String> },
    /// Refused in clear words.
    Refused { code: String, is_conflict: bool },
    /// Set aside for an operator.
    Parked { code: &'static str },
    /// A later version of the stay supersedes it.
    Needless,
    /// Another worker has it, or its lease expires.
    Gone,
}

/// When to retry a task, and why.
pub(crate) struct Retry {
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) is_unclear: bool,
    /// What the stay's axis becomes meanwhile.
    pub(crate) identity: Option<IdentityState>,
    /// The peer that was away.
    pub(crate) waits_for: Option<PeerName>,
}

impl TaskOutcome {
    /// To be retried then.
    pub(crate) fn retry(due_at: DateTime<Utc>) -> Self {
        Self::Retry(Retry {
            due_at,
            is_unclear: false,
            identity: None,
            waits_for: None,
        })
    }

    /// The word of logs.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::Delivered { .. } => "delivered",
            Self::Refused { .. } => "refused",
            Self::Parked { .. } => "parked",
            Self::Needless => "needless",
            Self::Gone => "gone",
        }
    }
}

/// Makes the results of one task.
pub(crate) struct Results<'a> {
    pub(crate) clock: &'a Clock,
    /// The instant of all rows.
    pub(crate) now: DateTime<Utc>,
    pub(crate) task: &'a Task,
    pub(crate) lease_id: Uuid,
    /// What the task says of its stay.
    pub(crate) kind: NotificationKind,
    /// The identity that was fixed with the bytes.
    pub(crate) sent_identity: Option<IdentityState>,
}

impl Results<'_> {
    /// What is recorded of an outcome; nothing of a task that is another worker's.
    pub(crate) fn of(&self, outcome: TaskOutcome) -> Option<TaskResult> {
        Some(match outcome {
            TaskOutcome::Gone => return None,
            TaskOutcome::Retry(retry) => self.retry(&retry),
            TaskOutcome::Delivered { police_reference } => self.delivered(police_reference),
            TaskOutcome::Refused { code, is_conflict } => self.refused(&code, is_conflict),
            TaskOutcome::Parked { code } => self.parked(code),
            TaskOutcome::Needless => self.result(TaskProgress::Needless),
        })
    }

    /// The bytes and the grade are fixed before they are sent for the first time.
    pub(crate) fn fixed(&self, fixed: TaskProgress, judgement: IdentityJudgement) -> TaskResult {
        let mut result = self.result(fixed);
        if judgement.is_news {
            result.events.push(self.attention());
        }
        if let Some(owed) = &judgement.owed {
            let detail = serde_json::from_str(owed).unwrap_or_else(|_| json!({}));
            let event = self.event(EventKind::StayCompletionDue, &detail);
            result.events.push(event);
        }
        result.stay = StayChange {
            identity_state: judgement.state,
            identity_review: judgement.review,
            owed: judgement.owed,
            ..self.delivery_change(DeliveryState::Delivering, None)
        };
        let cases = judgement.cases.into_iter();
        result.cases = cases
            .map(|(kind, detail)| self.case(kind, detail))
            .collect();
        result
    }

    fn retry(&self, retry: &Retry) -> TaskResult {
        let mut result = self.result(TaskProgress::Retry {
            due_at: retry.due_at,
            is_unclear: retry.is_unclear,
        });
        result.stay.identity_state = retry.identity;
        result
    }

    fn delivered(&self, police_reference: Option<String>) -> TaskResult {
        if police_reference.is_none() {
            let id = self.task.id;
            tracing::warn!(task.id = %id, "the police's reference has an unknown format; not stored");
        }
        let mut result = self.result(TaskProgress::Delivered { at: self.now });
        result.stay = self.delivery_change(DeliveryState::Acknowledged, None);
        if self.speaks_for_the_stay() {
            let detail = match &police_reference {
                Some(reference) => json!({"police_reference": reference}),
                None => json!({}),
            };
            result.events = vec![self.event(EventKind::StayAcknowledged, &detail)];
            result.stay.police_reference = police_reference;
        }
        let was_deferred = self.sent_identity == Some(IdentityState::Deferred);
        if self.kind == NotificationKind::Stay && was_deferred {
            result.follow_up = Some(self.identity_result_task());
        }
        result.audit = Some(self.audit(Action::NotificationDelivered));
        result
    }

    fn refused(&self, code: &str, is_conflict: bool) -> TaskResult {
        let id = self.task.id;
        tracing::info!(task.id = %id, code, "the police endpoint refused a notification");
        if is_conflict {
            tracing::error!(
                task.id = %id,
                "the police endpoint holds other bytes under this notification's id"
            );
        }
        let mut result = self.result(TaskProgress::Refused { at: self.now });
        result.stay = self.delivery_change(DeliveryState::Rejected, Some(code));
        let detail = json!({"code": code, "notification": self.kind.as_str()});
        result.cases.push(self.case(ReviewKind::Rejected, detail));
        if self.speaks_for_the_stay() {
            let detail = json!({"reason": code});
            result.events = vec![self.event(EventKind::StayRejected, &detail)];
        }
        result.audit = Some(self.audit(Action::NotificationRefused));
        result
    }

    fn parked(&self, code: &'static str) -> TaskResult {
        tracing::error!(task.id = %self.task.id, code, "parked a task for an operator");
        let at = self.now;
        let mut result = self.result(TaskProgress::Parked { at });
        result.audit = Some(self.audit(Action::NotificationParked));
        result.stay = self.delivery_change(DeliveryState::Parked, Some(code));
        if self.speaks_for_the_stay() {
            let detail = json!({"reason": code});
            result.events = vec![self.event(EventKind::StayParked, &detail)];
        }
        result
    }

    /// The axis `delivery` covers the stay and its cancellation, not a later identity result.
    fn speaks_for_the_stay(&self) -> bool {
        match self.kind {
            NotificationKind::Stay | NotificationKind::Cancellation => true,
            NotificationKind::IdentityResult => false,
        }
    }

    fn delivery_change(&self, state: DeliveryState, reason: Option<&str>) -> StayChange {
        if !self.speaks_for_the_stay() {
            return StayChange::default();
        }
        StayChange {
            delivery_state: Some(state),
            delivery_reason: reason.map(str::to_owned),
            ..StayChange::default()
        }
    }

    fn result(&self, progress: TaskProgress) -> TaskResult {
        TaskResult::new(self.task, self.lease_id, progress)
    }

    /// A case for the officers about the task's version.
    pub(crate) fn case(&self, kind: ReviewKind, detail: Value) -> NewCase {
        NewCase {
            id: ids::uuid_v7(self.clock),
            kind,
            stay_id: self.task.stay_id,
            version: self.task.version,
            detail,
            opened_at: self.now,
        }
    }

    fn audit(&self, action: Action) -> audit::Entry {
        audit_entry(self.clock, self.now, self.task, action)
    }

    /// Asks the sender to check the guest's data.
    pub(crate) fn attention(&self) -> entity::event::Model {
        let detail = json!({"pointers": ATTENTION_POINTERS});
        self.event(EventKind::StayAttention, &detail)
    }

    /// The event for the sender; never the words of the registry or a peer.
    fn event(&self, kind: EventKind, detail: &Value) -> entity::event::Model {
        entity::event::Model {
            id: ids::uuid_v7(self.clock),
            organisation_id: None,
            facility_id: Some(self.task.facility_id),
            stay_id: Some(self.task.stay_id),
            version: Some(self.task.version),
            kind: kind.into(),
            detail: detail.to_string(),
            created_at: self.now,
            sequence: None,
        }
    }

    /// Asks the registry again later; its answer is delivered separately. Written together with the
    /// delivery, so that it can never precede its version.
    fn identity_result_task(&self) -> NewTask {
        let (task, now) = (self.task, self.now);
        let kind = NotificationKind::IdentityResult;
        NewTask {
            id: notification_id(task.stay_id, task.version, kind),
            stay_id: task.stay_id,
            version: task.version,
            kind,
            facility_id: task.facility_id,
            commune_code: task.commune_code.clone(),
            deadline_at: task.deadline_at,
            due_at: now,
            trace_parent: task.trace_parent.clone(),
            created_at: now,
        }
    }
}

/// Sets a task aside whose own words are damaged: nobody knows what to send. The stay is left as it
/// is, since it is not known whether the task speaks for it.
pub(crate) fn parked_as_damaged(clock: &Clock, task: &Task, lease_id: Uuid) -> TaskResult {
    let at = clock.now();
    TaskResult {
        audit: Some(audit_entry(clock, at, task, Action::NotificationParked)),
        ..TaskResult::new(task, lease_id, TaskProgress::Parked { at })
    }
}

fn audit_entry(clock: &Clock, at: DateTime<Utc>, task: &Task, action: Action) -> audit::Entry {
    let place = (ids::uuid_v7(clock), at);
    let subject = (SubjectKind::Stay, task.stay_id);
    audit::Entry {
        subject_version: Some(task.version),
        digest: task.body_sha256.clone(),
        ..audit::entry(place, Actor::Worker, action, subject)
    }
}

#[cfg(test)]
mod tests {
    use domain::operator::{TaskState, TaskStep};

    use super::*;

    fn task() -> Task {
        let now = DateTime::UNIX_EPOCH;
        Task {
            id: Uuid::from_u128(1),
            stay_id: Uuid::from_u128(2),
            version: 3,
            kind: NotificationKind::Stay.into(),
            facility_id: Uuid::from_u128(4),
            commune_code: "00004".to_owned(),
            deadline_at: now,
            state: TaskState::Waiting.into(),
            step: TaskStep::NotifyPolice.into(),
            due_at: now,
            lease_id: None,
            leased_until: None,
            claim_count: 1,
            attempt_count: 0,
            unclear_count: 0,
            identity_state: None,
            body_sha256: Some(vec![7; 32]),
            sealed_body: None,
            trace_parent: None,
            created_at: now,
            settled_at: None,
        }
    }

    /// The result of an outcome as one line: the axis `delivery`, events, cases, the task that
    /// follows, the audit entry.
    fn line(outcome: TaskOutcome, kind: NotificationKind, sent: IdentityState) -> String {
        let (clock, _hands) = Clock::manual(DateTime::UNIX_EPOCH);
        let results = Results {
            clock: &clock,
            now: DateTime::UNIX_EPOCH,
            task: &task(),
            lease_id: Uuid::from_u128(9),
            kind,
            sent_identity: Some(sent),
        };
        let Some(result) = results.of(outcome) else {
            return "nothing".to_owned();
        };
        let delivery = result.stay.delivery_state.map(DeliveryState::as_str);
        let events = result.events.iter().map(|event| event.kind.as_stored());
        let cases = result.cases.iter().map(|case| case.kind.as_str());
        let follow_up = result.follow_up.as_ref().map(|task| task.kind.as_str());
        let audit = result.audit.as_ref().map(|entry| entry.action.as_stored());
        let rows = events.chain(cases).chain(follow_up).chain(audit);
        delivery
            .into_iter()
            .chain(rows)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn each_outcome_is_recorded_with_what_follows_from_it() {
        use IdentityState::{Deferred, Verified};
        use NotificationKind::{Cancellation, IdentityResult, Stay};

        let delivered = || TaskOutcome::Delivered {
            police_reference: Some("CA-1".to_owned()),
        };
        let refused = || TaskOutcome::Refused {
            code: "address_unknown".to_owned(),
            is_conflict: false,
        };
        let parked = || TaskOutcome::Parked {
            code: "worker_died",
        };
        let retry = || TaskOutcome::retry(DateTime::UNIX_EPOCH);
        let acknowledged = "acknowledged stay.acknowledged";
        let table = [
            (
                delivered(),
                Stay,
                Verified,
                format!("{acknowledged} notification.delivered"),
            ),
            (
                delivered(),
                Stay,
                Deferred,
                format!("{acknowledged} identity_result notification.delivered"),
            ),
            (
                delivered(),
                Cancellation,
                Deferred,
                format!("{acknowledged} notification.delivered"),
            ),
            (
                delivered(),
                IdentityResult,
                Verified,
                "notification.delivered".to_owned(),
            ),
            (
                refused(),
                Stay,
                Verified,
                "rejected stay.rejected rejected notification.refused".to_owned(),
            ),
            (
                refused(),
                IdentityResult,
                Verified,
                "rejected notification.refused".to_owned(),
            ),
            (
                parked(),
                Stay,
                Verified,
                "parked stay.parked notification.parked".to_owned(),
            ),
            (
                parked(),
                IdentityResult,
                Verified,
                "notification.parked".to_owned(),
            ),
            (retry(), Stay, Verified, String::new()),
            (
                TaskOutcome::Needless,
                IdentityResult,
                Verified,
                String::new(),
            ),
            (TaskOutcome::Gone, Stay, Verified, "nothing".to_owned()),
        ];
        for (outcome, kind, sent, expected) in table {
            let word = outcome.as_str();
            assert_eq!(line(outcome, kind, sent), expected, "{word} {kind} {sent}");
        }
    }
}
