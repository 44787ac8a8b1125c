//! Turns a valid declaration into the rows of its transaction and the answer to its sender: ids,
//! receipt, seal, blind indexes. No I/O.

mod keys;
mod stay;
mod version;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    change::ChangeKind,
    declaration::Declaration,
    event::EventKind,
    hold,
    notification::notification_id,
    review::{self, ReviewKind},
    stay::{NotificationKind, Timeliness},
    time,
};
use runtime::{clock::Clock, ids, signing::ReceiptSigner, vault::Vault};
use serde_json::{Value, json};
use store::{
    audit::{self, Actor},
    declarations::NewDeclaration,
    outbox::NewTask,
    review::NewCase,
    stays::{StayRow, StayVersionRow},
    tries::Try,
};

use crate::{
    Refusal,
    occasion::Occasion,
    tries,
    view::{self, StayView},
};

pub(crate) use version::{FiledVersion, Filing};

/// How long a request is recognised as a repetition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptFor {
    /// By its `Idempotency-Key`.
    pub(crate) idempotency_key: Duration,
    /// By its content, sent without reference.
    pub(crate) content: Duration,
    /// The same where `arrival_at` was left out.
    pub(crate) content_without_arrival: Duration,
}

/// Makes the rows of declarations and changes.
pub(crate) struct Clerk {
    /// Seals what is personal, and makes the keyed hashes by which it is found.
    pub(crate) vault: Arc<Vault>,
    /// Signs receipts.
    pub(crate) signer: Arc<ReceiptSigner>,
    /// Gives ids their time.
    pub(crate) clock: Clock,
    /// How long requests are recognised.
    pub(crate) terms: KeptFor,
}

/// A declaration ready to be written.
pub(crate) struct PreparedDeclaration {
    /// Its rows.
    pub(crate) row: NewDeclaration,
    /// The answer to the sender once the rows are written.
    pub(crate) view: StayView,
}

impl Clerk {
    /// Makes rows and answer. Errors: [`Refusal::Internal`] when no key can seal.
    pub(crate) fn prepare(
        &self,
        occasion: &Occasion<'_>,
        declaration: &Declaration,
    ) -> Result<PreparedDeclaration, Refusal> {
        let content = declaration.canonical_content();
        let content_index = self.request_hash(declaration);
        let (stay, key) = self.new_stay(occasion, declaration)?;
        let filing = Filing {
            occasion,
            stay: &stay,
            key: &key,
            salt: ids::random_bytes::<16>(),
            canonical_content: &content,
            content_index: content_index.to_vec(),
            warnings: view::warnings_to_json(&declaration.warnings),
            is_forwardable: declaration.is_forwardable,
            delivery_version: i32::from(declaration.is_forwardable),
            kind: ChangeKind::Declared,
            change_index: None,
            reason: None,
            as_of: None,
        };
        let FiledVersion { row: version, jws } = self.file(&filing)?;
        let view = view::accepted(&stay, &version, &content, &filing.salt, &jws);
        let view = view.map_err(Refusal::Internal)?;
        let detail = json!({
            "channel": occasion.channel.as_str(),
            "timeliness": declaration.timeliness.as_str(),
        });
        let received_at = occasion.received_at;
        let reference_index = stay.reference_index.as_deref();
        let row = NewDeclaration {
            uniqueness: self.uniqueness(declaration, reference_index, &content_index, received_at),
            idempotency: self.idempotency_of(occasion, Some(stay.facility_id), &content_index),
            task: declaration
                .is_forwardable
                .then(|| held_task_row(occasion, &stay)),
            audit: self.audit_row(occasion, ChangeKind::Declared, &version),
            event: self.event_row(occasion, &stay, ChangeKind::Declared.event(), &detail),
            cases: cases(received_at, declaration, &stay),
            identity_try: self.identity_try(&stay, declaration, received_at),
            stay,
            version,
        };
        Ok(PreparedDeclaration { row, view })
    }

    /// The person that a version of a stay names for a registry number.
    pub(crate) fn identity_try(
        &self,
        stay: &StayRow,
        declaration: &Declaration,
        at: DateTime<Utc>,
    ) -> Option<Try> {
        tries::of_guest(&self.vault, stay.organisation_id, &declaration.guest, at)
    }

    pub(crate) fn audit_row(
        &self,
        occasion: &Occasion<'_>,
        kind: ChangeKind,
        version: &StayVersionRow,
    ) -> audit::Entry {
        let place = (ids::uuid_v7(&self.clock), occasion.received_at);
        let actor = Actor::of(occasion.sender);
        let subject = (SubjectKind::Stay, version.stay_id);
        audit::Entry {
            subject_version: Some(version.version),
            digest: Some(version.content_sha256.clone()),
            ..audit::entry(place, actor, Action::of_change(kind), subject)
        }
    }

    pub(crate) fn event_row(
        &self,
        occasion: &Occasion<'_>,
        stay: &StayRow,
        kind: EventKind,
        detail: &Value,
    ) -> entity::event::Model {
        entity::event::Model {
            id: ids::uuid_v7(&self.clock),
            organisation_id: Some(stay.organisation_id),
            facility_id: Some(stay.facility_id),
            stay_id: Some(stay.id),
            version: Some(stay.version),
            kind: kind.into(),
            detail: detail.to_string(),
            created_at: occasion.received_at,
            sequence: None,
        }
    }
}

/// Reasons for review found in the declaration itself.
fn cases(received_at: DateTime<Utc>, declaration: &Declaration, stay: &StayRow) -> Vec<NewCase> {
    let case = |kind, detail| NewCase::of_version(stay.id, 1, kind, detail, received_at);
    let mut cases = Vec::new();
    if declaration.timeliness == Timeliness::Late {
        let late_by = received_at - declaration.deadline.at;
        let detail = json!({"late_by_minutes": late_by.num_minutes()});
        cases.push(case(ReviewKind::Late, detail));
    }
    if let Some(detail) = review::contradictions(&declaration.warnings) {
        cases.push(case(ReviewKind::Implausible, detail));
    }
    cases
}

/// The month whose data key seals what is received at this instant, `YYYY-MM` in Viet Nam.
pub(crate) fn month(at: DateTime<Utc>) -> String {
    time::local_date(at).format("%Y-%m").to_string()
}

/// The notification of a new stay, held where its sender may still take it back.
fn held_task_row(occasion: &Occasion<'_>, stay: &StayRow) -> NewTask {
    let task = task_row(occasion, stay, NotificationKind::Stay);
    let held_until = hold::held_until(occasion.channel, occasion.received_at, stay.deadline_at);
    NewTask {
        due_at: held_until.unwrap_or(task.due_at),
        ..task
    }
}

/// The notification of the stay's version, due at once.
pub(crate) fn task_row(occasion: &Occasion<'_>, stay: &StayRow, kind: NotificationKind) -> NewTask {
    NewTask {
        id: notification_id(stay.id, stay.version, kind),
        stay_id: stay.id,
        version: stay.version,
        kind,
        facility_id: stay.facility_id,
        commune_code: stay.commune_code.clone(),
        deadline_at: stay.deadline_at,
        due_at: occasion.received_at,
        trace_parent: occasion.trace_parent.map(str::to_owned),
        created_at: occasion.received_at,
    }
}
