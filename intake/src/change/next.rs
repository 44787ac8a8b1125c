//! The next version of a stay: its rows and the answer to its sender.

use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    catalogue::VIET_NAM_CODE,
    change::{self, After, ChangeKind, Operation},
    deadline::Deadline,
    facility::Facility,
    hold, notification,
    problem::Code,
    review::{self, ReviewKind},
    stay::{CompletionState, DeliveryState, NotificationKind},
};
use runtime::ids;
use serde_json::{Value, json};
use store::{
    changes::{KeyMoves, NewChange},
    review::NewCase,
    stays::{StayRow, StayVersionRow},
};

use super::{ChangeRequest, PreparedChange, ReadStay, unreadable};
use crate::{
    Refusal,
    clerk::{self, Clerk, FiledVersion, Filing},
    view,
};

/// What the next version of a stay is made from.
pub(super) struct NextVersion<'a> {
    pub(super) clerk: &'a Clerk,
    pub(super) request: &'a ChangeRequest<'a>,
    pub(super) read: &'a ReadStay,
    pub(super) facility: &'a Facility,
    /// What the current version says.
    pub(super) before: &'a Value,
    pub(super) after: &'a After,
}

impl NextVersion<'_> {
    /// The rows and the answer.
    pub(super) fn prepare(&self) -> Result<PreparedChange, Refusal> {
        let (clerk, occasion) = (self.clerk, self.request.occasion);
        let was_told = self.was_told()?;
        let mut stay = self.stay();
        let withdrawn_count = self.withdrawn_count();
        let kind = self.notification_kind(was_told);
        let kind = kind.filter(|_| withdrawn_count.is_none());
        let task = kind.map(|kind| clerk::task_row(occasion, &stay, kind));
        if task.is_some() {
            stay.delivery_state = DeliveryState::Queued.into();
            stay.delivery_version = stay.version;
        }
        if withdrawn_count.is_some() {
            stay.delivery_state = DeliveryState::NotRequired.into();
            stay.delivery_reason = Some(hold::WITHDRAWN.to_owned());
        }
        let is_known = task.is_some() || (was_told && withdrawn_count.is_none());
        let key = clerk.vault.stay_key(&view::safe(&stay));
        let filing = Filing {
            occasion,
            stay: &stay,
            key: &key.map_err(|error| Refusal::Internal(error.into()))?,
            salt: ids::random_bytes(),
            canonical_content: &to_canonical_json(&self.after.content),
            content_index: self.content_index(),
            warnings: self.warnings(),
            is_forwardable: task.is_some(),
            delivery_version: if is_known { stay.delivery_version } else { 0 },
            kind: self.after.kind,
            change_index: Some(self.request.change_index.to_vec()),
            reason: self.after.reason.as_deref(),
            as_of: Some(self.as_of()),
        };
        let FiledVersion { row: version, jws } = clerk.file(&filing)?;
        let (content, salt) = (filing.canonical_content, &filing.salt);
        let view = view::accepted(&stay, &version, content, salt, &jws);
        let view = view.map_err(|cause| unreadable(stay.id, cause))?;
        let changed = change::differences(self.before, &self.after.content);
        let mut detail = json!({"channel": occasion.channel.as_str(), "changed": changed});
        if withdrawn_count.is_some() {
            detail["withdrawn"] = json!(true);
        }
        let is_same_guest = self.is_same_guest();
        let named = self.after.declaration.as_ref().filter(|_| !is_same_guest);
        let row = NewChange {
            expected_owed: self.read.stay.owed.clone(),
            was_told,
            cases: self.late_case().into_iter().collect(),
            resets_identity: !is_same_guest,
            keys: self.key_moves(&version)?,
            idempotency: self.request.idempotency.clone(),
            task,
            withdrawn_count,
            audit: clerk.audit_row(occasion, self.after.kind, &version),
            changed,
            identity_try: named.and_then(|declaration| {
                clerk.identity_try(&stay, declaration, occasion.received_at)
            }),
            event: clerk.event_row(occasion, &stay, self.after.kind.event(), &detail),
            stay,
            version,
        };
        Ok(PreparedChange { row, view })
    }

    /// The stay's row after the change, except for its delivery to the police.
    fn stay(&self) -> StayRow {
        let after = self.after;
        let mut stay = self.read.stay.clone();
        if let Some(declaration) = &after.declaration {
            self.clerk.describe(&mut stay, declaration);
        }
        stay.version += 1;
        stay.presence = after.presence.into();
        stay.departed_at = after.departed_at;
        let completion = match &after.owed {
            Some(_) => CompletionState::Due,
            None => CompletionState::Complete,
        };
        stay.completion_state = completion.into();
        stay.owed.clone_from(&after.owed);
        stay.changed_at = self.request.occasion.received_at;
        stay
    }

    /// Whether the police are notified of the stay.
    fn was_told(&self) -> Result<bool, Refusal> {
        let stay = &self.read.stay;
        let state = stay.delivery_state.get();
        let state = state.map_err(|cause| unreadable(stay.id, cause))?;
        Ok(state != DeliveryState::NotRequired)
    }

    /// How many notifications are taken back: a cancellation finds those of a stay that was held
    /// unclaimed, and the police never hear of it.
    fn withdrawn_count(&self) -> Option<u64> {
        let is_cancelled = self.after.kind == ChangeKind::Cancelled;
        self.read.unclaimed_count.filter(|_| is_cancelled)
    }

    fn is_same_guest(&self) -> bool {
        change::is_same_guest(self.before, &self.after.content)
    }

    /// What the police must be told about the new version, if anything. Every difference that
    /// concerns them is sent, even when the stay no longer includes a night, so that what they know
    /// stays true.
    fn notification_kind(&self, is_known: bool) -> Option<NotificationKind> {
        let (after, facility) = (self.after, self.facility);
        let is_told = if after.kind == ChangeKind::Cancelled {
            return is_known.then_some(NotificationKind::Cancellation);
        } else if is_known {
            notification::forwarded(self.before, facility)
                != notification::forwarded(&after.content, facility)
        } else {
            after.has_night
        };
        is_told.then_some(NotificationKind::Stay)
    }

    /// Keyed hash for comparison with declarations.
    fn content_index(&self) -> Vec<u8> {
        match &self.after.declaration {
            Some(declaration) => {
                let mut declaration = declaration.clone();
                declaration.arrival_was_assumed = self.arrival_is_assumed();
                self.clerk.request_hash(&declaration).to_vec()
            }
            None => self.read.current.content_index.clone(),
        }
    }

    /// Whether the time of arrival was assumed at declaration and is still unknown.
    fn arrival_is_assumed(&self) -> bool {
        let warnings = &self.read.current.warnings;
        warnings.contains(Code::ArrivalTimeAssumed.as_str())
            && self.before.get("arrival_at") == self.after.content.get("arrival_at")
    }

    /// The warnings of the new version. Warnings about other stays, found when an earlier version
    /// was written, still hold while the guest is the same.
    fn warnings(&self) -> String {
        let stored = &self.read.current.warnings;
        let Some(declaration) = &self.after.declaration else {
            return stored.clone();
        };
        let (is_same_guest, is_assumed) = (self.is_same_guest(), self.arrival_is_assumed());
        let read = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
        let still_holds = |warning: &Value| {
            let is_of_arrival = warning["code"] == Code::ArrivalTimeAssumed.as_str();
            (is_same_guest && warning.get("stay_id").is_some()) || (is_assumed && is_of_arrival)
        };
        let mut all = read(&view::warnings_to_json(&declaration.warnings));
        all.extend(read(stored).into_iter().filter(still_holds));
        Value::Array(all).to_string()
    }

    /// The instant that the new version and its predecessors describe: for a census when it was
    /// taken, for a departure the departure itself, otherwise the time of receipt.
    fn as_of(&self) -> DateTime<Utc> {
        let received_at = self.request.occasion.received_at;
        let own = match self.request.hold {
            Some(hold) => hold.taken_at,
            None if self.request.change.operation == Operation::Departure => {
                self.after.departed_at.unwrap_or(received_at)
            }
            None => received_at,
        };
        view::as_of(&self.read.current).map_or(own, |before| before.max(own))
    }

    /// A reason for review if the declaration would have been late given the stay's new data. Its
    /// timeliness does not change.
    fn late_case(&self) -> Option<NewCase> {
        let declaration = self.after.declaration.as_ref()?;
        let stay = &self.read.stay;
        let nationality = stay.nationality.as_deref();
        let is_foreigner = nationality.is_some_and(|code| code != VIET_NAM_CODE);
        let before = Deadline::of(stay.arrival_at, is_foreigner, self.facility.is_remote);
        let late_by = review::made_late(stay.received_at, before, declaration.deadline)?;
        let detail = json!({"late_by_minutes": late_by.num_minutes()});
        let (version, kind) = (stay.version + 1, ReviewKind::Late);
        let at = self.request.occasion.received_at;
        Some(NewCase::of_version(stay.id, version, kind, detail, at))
    }

    /// A stay keeps the keys of its original and its current content; a cancelled one keeps none.
    fn key_moves(&self, version: &StayVersionRow) -> Result<KeyMoves, Refusal> {
        let current = self.key_of(self.before, &self.read.current);
        let is_cancelled = self.after.kind == ChangeKind::Cancelled;
        if self.key_of(&self.after.content, version) == current && !is_cancelled {
            return Ok(KeyMoves::default());
        }
        let first = self.first_key(current)?;
        if is_cancelled {
            let freed = if first == current {
                vec![current]
            } else {
                vec![first, current]
            };
            return Ok(KeyMoves {
                freed,
                ..KeyMoves::default()
            });
        }
        let taken = self.after.declaration.as_ref().map(|declaration| {
            let (index, at) = (&version.content_index, version.received_at);
            self.clerk.uniqueness(declaration, None, index, at)
        });
        Ok(KeyMoves {
            taken,
            is_reference: self.after.content["reference"].is_string(),
            freed: (current != first).then_some(current).into_iter().collect(),
        })
    }

    /// The declaration key of a version's content.
    fn key_of(&self, content: &Value, version: &StayVersionRow) -> [u8; 32] {
        let reference = content["reference"].as_str();
        let (facility_id, index) = (self.read.stay.facility_id, &version.content_index);
        self.clerk.declaration_key(facility_id, reference, index)
    }

    /// The key of the content that the stay was declared with.
    fn first_key(&self, current: [u8; 32]) -> Result<[u8; 32], Refusal> {
        let Some(first) = &self.read.first else {
            return Ok(current);
        };
        let stay = &self.read.stay;
        let opened = view::open(&self.clerk.vault, stay, first);
        let opened = opened.map_err(|cause| unreadable(stay.id, cause))?;
        Ok(self.key_of(&opened.content, first))
    }
}
