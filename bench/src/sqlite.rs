//! What SQLite gives to a service without groups: each stay a durable transaction of its own,
//! with the five rows of a stay, on the same file.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use entity::{audit_entry, event, outbox_task, stay, stay_version};
use runtime::{clock::Clock, ids};
use store::{
    Database,
    declarations::{self, Idempotency, NewDeclaration, Uniqueness},
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
            actor_kind: "key".to_owned(),
            actor_id: Some(Uuid::nil()),
            action: "declare".to_owned(),
            subject_kind: "stay".to_owned(),
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
            kind: "stay.accepted".to_owned(),
            detail: "{}".to_owned(),
            created_at: now,
            sequence: None,
        },
        cases: Vec::new(),
        identity_try: None,
        census_lease: None,
    }
}

fn stay(id: Uuid, now: DateTime<Utc>) -> stay::Model {
    let facility = &seeds::demo_facilities()[0];
    stay::Model {
        id,
        organisation_id: facility.organisation_id,
        facility_id: facility.id,
        facility_kind: facility.kind.as_str().to_owned(),
        commune_code: facility.commune_code.clone(),
        province_code: facility.province_code.clone(),
        version: 1,
        presence: "present".to_owned(),
        identity_state: "pending".to_owned(),
        identity_review: None,
        delivery_state: "queued".to_owned(),
        delivery_version: 1,
        police_reference: None,
        delivery_reason: None,
        completion_state: "complete".to_owned(),
        owed: None,
        timeliness: "on_time".to_owned(),
        arrival_at: now,
        arrival_on: domain::time::local_date(now),
        expected_departure_at: Some(now),
        departed_at: None,
        received_at: now,
        deadline_at: now,
        purpose: "tourism".to_owned(),
        sex: Some("male".to_owned()),
        age_band: Some("30-39".to_owned()),
        nationality: Some("VNM".to_owned()),
        document_kind: "citizen_card".to_owned(),
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
        channel: "rest".to_owned(),
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
        change_kind: "declared".to_owned(),
        change_index: None,
        sealed_reason: None,
        presence: "present".to_owned(),
        delivery_version: 1,
        as_of: None,
    }
}

fn task(clock: &Clock, stay_id: Uuid, now: DateTime<Utc>) -> outbox_task::Model {
    outbox_task::Model {
        id: ids::uuid_v7(clock),
        stay_id,
        version: 1,
        kind: "stay".to_owned(),
        facility_id: seeds::demo_facility_ids().hotel,
        destination: seeds::demo_facilities()[0].commune_code.clone(),
        deadline_at: now,
        state: "waiting".to_owned(),
        step: "check_identity".to_owned(),
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

fn random(length: usize) -> Vec<u8> {
    ids::random_bytes::<SEALED_LENGTH>()[..length.min(SEALED_LENGTH)].to_vec()
}
