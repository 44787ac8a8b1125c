//! The baseline for SQLite: a service without group commits, which writes each stay's five rows in
//! a separate durable transaction, on the same file.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, ActorKind, SubjectKind},
    change::ChangeKind,
    document::DocumentKind,
    event::EventKind,
    purpose::Purpose,
    sex::Sex,
    stay::{
        Channel, CompletionState, DeliveryState, IdentityState, NotificationKind, Presence,
        Timeliness,
    },
};
use entity::{audit_entry, event, stay, stay_version};
use runtime::{clock::Clock, ids};
use store::{
    Database,
    declarations::{self, Idempotency, NewDeclaration, Uniqueness},
    outbox::NewTask,
};
use uuid::Uuid;

/// Bytes of a sealed stay of usual length.
const SEALED_LENGTH: usize = 600;

/// Writes stays one after the other for as long as said; answers how many.
pub(crate) async fn write_one_by_one(db: &Database, duration: Duration) -> anyhow::Result<u64> {
    let clock = Clock::system();
    let end = Instant::now() + duration;
    let mut count = 0;
    while Instant::now() < end {
        declarations::write(db, &[&declaration(&clock)]).await?;
        count += 1;
    }
    Ok(count)
}

/// Rows as the intake writes them, with random content.
fn declaration(clock: &Clock) -> NewDeclaration {
    let now = clock.now();
    let stay_id = ids::uuid_v7(clock);
    let expires_at = now + chrono::Duration::days(7);
    NewDeclaration {
        uniqueness: Uniqueness {
            key_hash: ids::random_bytes(),
            expires_at,
            is_timeless: false,
        },
        idempotency: Some(Idempotency {
            key_hash: ids::random_bytes(),
            request_hash: ids::random_bytes(),
            expires_at,
        }),
        stay: stay(stay_id, now),
        version: version(stay_id, now),
        task: Some(task(clock, stay_id, now)),
        audit: audit_entry::Model {
            id: ids::uuid_v7(clock),
            at: now,
            actor_kind: ActorKind::ApiKey.into(),
            actor_id: Some(Uuid::nil()),
            action: Action::StayDeclared.into(),
            subject_kind: SubjectKind::Stay.into(),
            subject_id: stay_id,
            subject_version: Some(1),
            digest: Some(random(32)),
        },
        event: event::Model {
            id: ids::uuid_v7(clock),
            organisation_id: None,
            facility_id: Some(Uuid::nil()),
            stay_id: Some(stay_id),
            version: Some(1),
            kind: EventKind::StayAccepted.into(),
            detail: "{}".to_owned(),
            created_at: now,
            sequence: None,
        },
        cases: Vec::new(),
        identity_try: None,
    }
}

fn stay(id: Uuid, now: DateTime<Utc>) -> stay::Model {
    let facility = &seeds::demo_facilities()[0];
    stay::Model {
        id,
        organisation_id: facility.organisation_id,
        facility_id: facility.id,
        facility_kind: facility.kind.into(),
        commune_code: facility.commune_code.clone(),
        province_code: facility.province_code.clone(),
        version: 1,
        presence: Presence::Present.into(),
        identity_state: IdentityState::Pending.into(),
        identity_review: None,
        delivery_state: DeliveryState::Queued.into(),
        delivery_version: 1,
        police_reference: None,
        delivery_reason: None,
        completion_state: CompletionState::Complete.into(),
        owed: None,
        timeliness: Timeliness::OnTime.into(),
        arrival_at: now,
        arrival_on: domain::time::local_date(now),
        expected_departure_at: Some(now),
        departed_at: None,
        received_at: now,
        deadline_at: now,
        purpose: Purpose::Tourism.into(),
        sex: Some(Sex::Male.into()),
        age_band: Some("30-39".to_owned()),
        nationality: Some("VNM".to_owned()),
        document_kind: DocumentKind::CitizenCard.into(),
        reference_index: Some(random(32)),
        document_index: Some(random(32)),
        name_index: Some(random(32)),
        party_index: Some(random(32)),
        changed_at: now,
        sealed_key: Some(random(93)),
        departure_noted_for: None,
        attention_version: None,
    }
}

fn version(stay_id: Uuid, now: DateTime<Utc>) -> stay_version::Model {
    stay_version::Model {
        stay_id,
        version: 1,
        channel: Channel::Rest.into(),
        created_by: Uuid::nil(),
        received_at: now,
        sealed: random(SEALED_LENGTH),
        content_index: random(32),
        content_sha256: random(32),
        receipt_number: format!("LT-{}", stay_id.simple()),
        receipt_kid: "x".repeat(43),
        receipt_signature: random(64),
        warnings: "[]".to_owned(),
        owed: None,
        is_forwardable: true,
        change_kind: ChangeKind::Declared.into(),
        change_index: None,
        sealed_reason: None,
        presence: Presence::Present.into(),
        delivery_version: 1,
        as_of: None,
    }
}

fn task(clock: &Clock, stay_id: Uuid, now: DateTime<Utc>) -> NewTask {
    NewTask {
        id: ids::uuid_v7(clock),
        stay_id,
        version: 1,
        kind: NotificationKind::Stay,
        facility_id: seeds::demo_facility_ids().hotel,
        commune_code: seeds::demo_facilities()[0].commune_code.clone(),
        deadline_at: now,
        due_at: now,
        trace_parent: None,
        created_at: now,
    }
}

fn random(length: usize) -> Vec<u8> {
    ids::random_bytes::<SEALED_LENGTH>()[..length.min(SEALED_LENGTH)].to_vec()
}
