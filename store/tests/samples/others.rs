//! A row of each table that has words, besides those of stays and their notifications.

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, ActorKind, SubjectKind},
    event::EventKind,
    facility::FacilityKind,
    import::{DateOrder, FileKind, ImportState, RowOutcome},
    operator::{BreakerState, DestinationState},
    review::{ReviewDecision, ReviewKind, ReviewState},
    role::AccountRole,
    sender::Role,
    session::Stage,
    webhook::{CallOutcome, DisabledReason, EventProgress, WebhookEvent},
};
use entity::{
    account, api_key, audit_entry, destination, directory_change, event, facility, import,
    import_row, organisation, review, review_case, review_decision, session, webhook,
    webhook_delivery,
};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(1);

pub(crate) fn event(now: DateTime<Utc>) -> event::Model {
    event::Model {
        id: ID,
        organisation_id: Some(ID),
        facility_id: None,
        stay_id: None,
        version: None,
        kind: EventKind::StayAccepted.into(),
        detail: "{}".to_owned(),
        created_at: now,
        sequence: None,
    }
}

pub(crate) fn audit_entry(now: DateTime<Utc>) -> audit_entry::Model {
    audit_entry::Model {
        id: ID,
        at: now,
        actor_kind: ActorKind::Worker.into(),
        actor_id: None,
        action: Action::StayDeclared.into(),
        subject_kind: SubjectKind::Stay.into(),
        subject_id: ID,
        subject_version: None,
        digest: None,
    }
}

/// A case as the previous release wrote it.
pub(crate) fn review(now: DateTime<Utc>) -> review::Model {
    review::Model {
        id: ID,
        stay_id: ID,
        kind: ReviewKind::Mismatch.into(),
        commune_code: "00001".to_owned(),
        state: ReviewState::Open.into(),
        opened_at: now,
        closed_at: None,
    }
}

pub(crate) fn review_case(now: DateTime<Utc>) -> review_case::Model {
    review_case::Model {
        id: ID,
        kind: ReviewKind::Late.into(),
        state: ReviewState::Open.into(),
        priority: 1,
        commune_code: "00001".to_owned(),
        province_code: "01".to_owned(),
        facility_id: ID,
        stay_id: ID,
        version: 1,
        detail: "{}".to_owned(),
        opened_at: now,
        lease_id: None,
        leased_by: None,
        leased_until: None,
        decision: Some(ReviewDecision::Accept.into()),
        decided_by: None,
        decided_at: None,
        closed_at: None,
    }
}

pub(crate) fn review_decision(now: DateTime<Utc>) -> review_decision::Model {
    review_decision::Model {
        id: ID,
        case_id: ID,
        stay_id: ID,
        version: 1,
        decision: ReviewDecision::Accept.into(),
        commune_code: "00001".to_owned(),
        referred_to: None,
        decided_by: ID,
        decided_at: now,
        pointers: None,
        sealed: None,
        answered_at: None,
    }
}

pub(crate) fn destination(now: DateTime<Utc>) -> destination::Model {
    destination::Model {
        code: "01".to_owned(),
        id: ID,
        name: "Công an".to_owned(),
        province_code: None,
        endpoint_url: None,
        state: DestinationState::Running.into(),
        paused_by: None,
        paused_reason: None,
        paused_at: None,
        paused_until: None,
        rate_per_second: None,
        call_count_max: None,
        breaker: BreakerState::Closed.into(),
        breaker_reason: None,
        breaker_since: None,
        created_at: now,
    }
}

pub(crate) fn import(now: DateTime<Utc>) -> import::Model {
    import::Model {
        id: ID,
        organisation_id: ID,
        facility_id: ID,
        created_by: ID,
        created_by_kind: domain::sender::SenderKind::Key.into(),
        format: FileKind::Csv.into(),
        is_dry_run: false,
        date_order: Some(DateOrder::DayMonth.into()),
        permitted_stay_until: None,
        state: ImportState::Queued.into(),
        byte_count: 1,
        chunk_count: 1,
        created_at: now,
        received_at: Some(now),
        finished_at: None,
        expires_at: now,
        row_count: None,
        next_row: 0,
        accepted_count: 0,
        replayed_count: 0,
        rejected_count: 0,
        skipped_count: 0,
        layout: None,
        sealed_heading: None,
        sealed_sheets: None,
        problem: None,
        trace_parent: None,
        lease_id: None,
        leased_until: None,
        claim_count: 0,
    }
}

pub(crate) fn import_row() -> import_row::Model {
    import_row::Model {
        import_id: ID,
        position: 0,
        row_number: 2,
        sheet: None,
        outcome: RowOutcome::Accepted.into(),
        stay_id: None,
        notes: None,
        sealed: None,
    }
}

pub(crate) fn organisation(now: DateTime<Utc>) -> organisation::Model {
    organisation::Model {
        id: ID,
        code: "one".to_owned(),
        name: "Một".to_owned(),
        created_at: now,
        version: 1,
        ended_at: None,
    }
}

pub(crate) fn facility(id: Uuid, now: DateTime<Utc>) -> facility::Model {
    facility::Model {
        id,
        organisation_id: ID,
        kind: FacilityKind::GuestHouse.into(),
        subkind: None,
        name: "Nhà nghỉ".to_owned(),
        address: "1 Phố".to_owned(),
        commune_code: "00001".to_owned(),
        province_code: "01".to_owned(),
        is_remote: false,
        created_at: now,
        closed_at: None,
        version: 1,
        capacity: None,
    }
}

pub(crate) fn directory_change(subject_id: Uuid, now: DateTime<Utc>) -> directory_change::Model {
    directory_change::Model {
        subject_id,
        version: 1,
        valid_from: now.date_naive(),
        changed_at: now,
        content: "{}".to_owned(),
    }
}

pub(crate) fn account(now: DateTime<Utc>) -> account::Model {
    account::Model {
        id: ID,
        organisation_id: ID,
        name: "le-tan".to_owned(),
        label: "Lễ tân".to_owned(),
        role: AccountRole::FrontDesk.into(),
        facility_ids: "[]".to_owned(),
        areas: "[]".to_owned(),
        password_hash: None,
        sealed_totp: None,
        totp_step: None,
        recovery_hashes: "[]".to_owned(),
        generation: 1,
        created_at: now,
        ended_at: None,
        version: 1,
        revision: 1,
        mac: vec![1],
    }
}

pub(crate) fn session(now: DateTime<Utc>) -> session::Model {
    session::Model {
        id: ID,
        account_id: ID,
        token_hash: vec![1],
        stage: Stage::Complete.into(),
        generation: 1,
        sealed_totp: None,
        created_at: now,
        last_used_at: now,
        ended_at: None,
        mac: vec![1],
    }
}

pub(crate) fn api_key(now: DateTime<Utc>) -> api_key::Model {
    api_key::Model {
        id: ID,
        organisation_id: ID,
        role: Role::Declarant.into(),
        label: "key".to_owned(),
        secret_hash: vec![1],
        facility_ids: "[]".to_owned(),
        commune_codes: "[]".to_owned(),
        province_codes: "[]".to_owned(),
        created_at: now,
        expires_at: None,
        revoked_at: None,
        mac: None,
    }
}

pub(crate) fn webhook(now: DateTime<Utc>) -> webhook::Model {
    webhook::Model {
        id: ID,
        organisation_id: ID,
        facility_ids: None,
        kinds: None,
        sealed: vec![1],
        position: 0,
        created_by: ID,
        created_at: now,
        failing_since: None,
        disabled_at: Some(now),
        disabled_reason: Some(DisabledReason::Gone.into()),
        proven_at: None,
    }
}

pub(crate) fn webhook_delivery(now: DateTime<Utc>) -> webhook_delivery::Model {
    webhook_delivery::Model {
        id: ID,
        webhook_id: ID,
        event_id: ID,
        kind: WebhookEvent::Test.into(),
        body: "{}".to_owned(),
        state: EventProgress::Waiting.into(),
        attempt_count: 1,
        due_at: now,
        lease_id: None,
        leased_until: None,
        last_attempt_at: Some(now),
        last_outcome: Some(CallOutcome::TimedOut.into()),
        last_status: None,
        created_at: now,
        settled_at: None,
    }
}
