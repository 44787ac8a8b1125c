//! The rows of whole tables as row sets: which columns an insert writes.

use crate::rows::columns;

columns!(StayRow(entity::stay::Model) {
    id,
    organisation_id,
    facility_id,
    facility_kind,
    commune_code,
    province_code,
    version,
    presence,
    identity_state,
    identity_review,
    delivery_state,
    delivery_version,
    police_reference,
    delivery_reason,
    completion_state,
    owed,
    timeliness,
    arrival_at,
    arrival_on,
    expected_departure_at,
    departed_at,
    received_at,
    deadline_at,
    purpose,
    sex,
    age_band,
    nationality,
    document_kind,
    reference_index,
    document_index,
    name_index,
    party_index,
    changed_at,
    sealed_key,
});

columns!(VersionRow(entity::stay_version::Model) {
    stay_id,
    version,
    channel,
    created_by,
    received_at,
    sealed,
    content_index,
    content_sha256,
    receipt_number,
    receipt_kid,
    receipt_signature,
    warnings,
    owed,
    is_forwardable,
    change_kind,
    change_index,
    sealed_reason,
    presence,
    delivery_version,
    as_of,
});

columns!(AuditRow(entity::audit_entry::Model) {
    id,
    at,
    actor_kind,
    actor_id,
    action,
    subject_kind,
    subject_id,
    subject_version,
    digest,
});

columns!(AttemptRow(entity::attempt::Model) {
    id,
    task_id,
    stay_id,
    peer,
    lease_id,
    started_at,
    latency_ms,
    outcome,
    http_status,
    code,
});

columns!(EventRow(entity::event::Model) {
    id,
    organisation_id,
    facility_id,
    stay_id,
    version,
    kind,
    detail,
    created_at,
});

// A delivery that has not been tried.
columns!(WebhookDeliveryRow(entity::webhook_delivery::Model) {
    id,
    webhook_id,
    event_id,
    kind,
    body,
    state,
    attempt_count,
    due_at,
    created_at,
});
