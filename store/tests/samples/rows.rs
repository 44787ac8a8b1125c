//! Ordinary rows, of which a test says only what matters to it.

use chrono::{DateTime, Utc};
use domain::{
    document::DocumentKind,
    facility::FacilityKind,
    operator::{TaskState, TaskStep},
    purpose::Purpose,
    stay::{CompletionState, DeliveryState, IdentityState, NotificationKind, Presence, Timeliness},
};
use entity::{outbox_task, stay};
use uuid::Uuid;

/// A present guest's stay at its first version, which waits to be sent.
pub(crate) fn stay(id: Uuid, now: DateTime<Utc>) -> stay::Model {
    stay::Model {
        id,
        organisation_id: Uuid::from_u128(1),
        facility_id: Uuid::from_u128(1),
        facility_kind: FacilityKind::GuestHouse.into(),
        commune_code: "00001".to_owned(),
        province_code: "01".to_owned(),
        version: 1,
        presence: Presence::Present.into(),
        identity_state: IdentityState::Deferred.into(),
        identity_review: None,
        delivery_state: DeliveryState::Queued.into(),
        delivery_version: 1,
        police_reference: None,
        delivery_reason: None,
        completion_state: CompletionState::Complete.into(),
        owed: None,
        timeliness: Timeliness::OnTime.into(),
        arrival_at: now,
        arrival_on: now.date_naive(),
        expected_departure_at: None,
        departed_at: None,
        received_at: now,
        deadline_at: now,
        purpose: Purpose::Tourism.into(),
        sex: None,
        age_band: None,
        nationality: None,
        document_kind: DocumentKind::CitizenCard.into(),
        reference_index: None,
        document_index: None,
        name_index: None,
        party_index: None,
        changed_at: now,
        sealed_key: None,
        departure_noted_for: None,
        attention_version: None,
    }
}

/// The task of a stay's first version, which waits.
pub(crate) fn task(id: Uuid, stay_id: Uuid, now: DateTime<Utc>) -> outbox_task::Model {
    outbox_task::Model {
        id,
        stay_id,
        version: 1,
        kind: NotificationKind::Stay.into(),
        facility_id: Uuid::from_u128(1),
        commune_code: "00001".to_owned(),
        deadline_at: now,
        state: TaskState::Waiting.into(),
        step: TaskStep::CheckIdentity.into(),
        due_at: now,
        lease_id: None,
        leased_until: None,
        claim_count: 0,
        attempt_count: 0,
        unclear_count: 0,
        identity_state: None,
        body_sha256: None,
        sealed_body: None,
        trace_parent: None,
        created_at: now,
        settled_at: None,
    }
}
