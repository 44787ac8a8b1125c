//! The rows of whole tables as row sets: which columns an insert writes, in which order.

use sea_orm::Value;

use crate::rows::{self, AsRow, Column, Kind, column, nullable};

pub(crate) struct StayRow(pub(crate) entity::stay::Model);

impl AsRow for StayRow {
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("organisation_id", Kind::Uuid),
        column("facility_id", Kind::Uuid),
        column("facility_kind", Kind::Text),
        column("commune_code", Kind::Text),
        column("province_code", Kind::Text),
        column("version", Kind::Integer),
        column("presence", Kind::Text),
        column("identity_state", Kind::Text),
        nullable("identity_review", Kind::Text),
        column("delivery_state", Kind::Text),
        column("delivery_version", Kind::Integer),
        nullable("police_reference", Kind::Text),
        nullable("delivery_reason", Kind::Text),
        column("completion_state", Kind::Text),
        nullable("owed", Kind::Text),
        column("timeliness", Kind::Text),
        column("arrival_at", Kind::Instant),
        column("arrival_on", Kind::Date),
        nullable("expected_departure_at", Kind::Instant),
        nullable("departed_at", Kind::Instant),
        column("received_at", Kind::Instant),
        column("deadline_at", Kind::Instant),
        column("purpose", Kind::Text),
        nullable("sex", Kind::Text),
        nullable("age_band", Kind::Text),
        nullable("nationality", Kind::Text),
        column("document_kind", Kind::Text),
        nullable("reference_index", Kind::Bytes),
        nullable("document_index", Kind::Bytes),
        nullable("name_index", Kind::Bytes),
        nullable("party_index", Kind::Bytes),
        column("changed_at", Kind::Instant),
        nullable("sealed_key", Kind::Bytes),
    ];

    fn into_values(self) -> Vec<Value> {
        let row = self.0;
        vec![
            rows::uuid(row.id),
            rows::uuid(row.organisation_id),
            rows::uuid(row.facility_id),
            rows::text(row.facility_kind),
            rows::text(row.commune_code),
            rows::text(row.province_code),
            rows::integer(row.version),
            rows::text(row.presence),
            rows::text(row.identity_state),
            rows::text_null(row.identity_review),
            rows::text(row.delivery_state),
            rows::integer(row.delivery_version),
            rows::text_null(row.police_reference),
            rows::text_null(row.delivery_reason),
            rows::text(row.completion_state),
            rows::text_null(row.owed),
            rows::text(row.timeliness),
            rows::instant(row.arrival_at),
            rows::date(row.arrival_on),
            rows::instant_null(row.expected_departure_at),
            rows::instant_null(row.departed_at),
            rows::instant(row.received_at),
            rows::instant(row.deadline_at),
            rows::text(row.purpose),
            rows::text_null(row.sex),
            rows::text_null(row.age_band),
            rows::text_null(row.nationality),
            rows::text(row.document_kind),
            rows::bytes_null(row.reference_index),
            rows::bytes_null(row.document_index),
            rows::bytes_null(row.name_index),
            rows::bytes_null(row.party_index),
            rows::instant(row.changed_at),
            rows::bytes_null(row.sealed_key),
        ]
    }
}

pub(crate) struct VersionRow(pub(crate) entity::stay_version::Model);

impl AsRow for VersionRow {
    const COLUMNS: &'static [Column] = &[
        column("stay_id", Kind::Uuid),
        column("version", Kind::Integer),
        column("channel", Kind::Text),
        column("created_by", Kind::Uuid),
        column("received_at", Kind::Instant),
        column("sealed", Kind::Bytes),
        column("content_index", Kind::Bytes),
        column("content_sha256", Kind::Bytes),
        column("receipt_number", Kind::Text),
        column("receipt_kid", Kind::Text),
        column("receipt_signature", Kind::Bytes),
        column("warnings", Kind::Text),
        nullable("owed", Kind::Text),
        column("is_forwardable", Kind::Boolean),
        column("change_kind", Kind::Text),
        nullable("change_index", Kind::Bytes),
        nullable("sealed_reason", Kind::Bytes),
        column("presence", Kind::Text),
        column("delivery_version", Kind::Integer),
        nullable("as_of", Kind::Instant),
    ];

    fn into_values(self) -> Vec<Value> {
        let row = self.0;
        vec![
            rows::uuid(row.stay_id),
            rows::integer(row.version),
            rows::text(row.channel),
            rows::uuid(row.created_by),
            rows::instant(row.received_at),
            rows::bytes(row.sealed),
            rows::bytes(row.content_index),
            rows::bytes(row.content_sha256),
            rows::text(row.receipt_number),
            rows::text(row.receipt_kid),
            rows::bytes(row.receipt_signature),
            rows::text(row.warnings),
            rows::text_null(row.owed),
            rows::boolean(row.is_forwardable),
            rows::text(row.change_kind),
            rows::bytes_null(row.change_index),
            rows::bytes_null(row.sealed_reason),
            rows::text(row.presence),
            rows::integer(row.delivery_version),
            rows::instant_null(row.as_of),
        ]
    }
}

pub(crate) struct TaskRow(pub(crate) entity::outbox_task::Model);

impl AsRow for TaskRow {
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("stay_id", Kind::Uuid),
        column("version", Kind::Integer),
        column("kind", Kind::Text),
        column("facility_id", Kind::Uuid),
        column("destination", Kind::Text),
        column("deadline_at", Kind::Instant),
        column("state", Kind::Text),
        column("step", Kind::Text),
        column("due_at", Kind::Instant),
        column("claim_count", Kind::Integer),
        column("attempt_count", Kind::Integer),
        column("unclear_count", Kind::Integer),
        nullable("identity_state", Kind::Text),
        nullable("trace_parent", Kind::Text),
        column("created_at", Kind::Instant),
    ];

    fn into_values(self) -> Vec<Value> {
        let row = self.0;
        vec![
            rows::uuid(row.id),
            rows::uuid(row.stay_id),
            rows::integer(row.version),
            rows::text(row.kind),
            rows::uuid(row.facility_id),
            rows::text(row.destination),
            rows::instant(row.deadline_at),
            rows::text(row.state),
            rows::text(row.step),
            rows::instant(row.due_at),
            rows::integer(row.claim_count),
            rows::integer(row.attempt_count),
            rows::integer(row.unclear_count),
            rows::text_null(row.identity_state),
            rows::text_null(row.trace_parent),
            rows::instant(row.created_at),
        ]
    }
}

pub(crate) struct AuditRow(pub(crate) entity::audit_entry::Model);

impl AsRow for AuditRow {
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("at", Kind::Instant),
        column("actor_kind", Kind::Text),
        nullable("actor_id", Kind::Uuid),
        column("action", Kind::Text),
        column("subject_kind", Kind::Text),
        column("subject_id", Kind::Uuid),
        nullable("subject_version", Kind::Integer),
        nullable("digest", Kind::Bytes),
    ];

    fn into_values(self) -> Vec<Value> {
        let row = self.0;
        vec![
            rows::uuid(row.id),
            rows::instant(row.at),
            rows::text(row.actor_kind),
            rows::uuid_null(row.actor_id),
            rows::text(row.action),
            rows::text(row.subject_kind),
            rows::uuid(row.subject_id),
            rows::integer_null(row.subject_version),
            rows::bytes_null(row.digest),
        ]
    }
}

pub(crate) struct AttemptRow(pub(crate) entity::attempt::Model);

impl AsRow for AttemptRow {
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("task_id", Kind::Uuid),
        column("stay_id", Kind::Uuid),
        column("peer", Kind::Text),
        column("lease_id", Kind::Uuid),
        column("started_at", Kind::Instant),
        column("latency_ms", Kind::Integer),
        column("outcome", Kind::Text),
        nullable("http_status", Kind::Integer),
        nullable("code", Kind::Text),
    ];

    fn into_values(self) -> Vec<Value> {
        let row = self.0;
        vec![
            rows::uuid(row.id),
            rows::uuid(row.task_id),
            rows::uuid(row.stay_id),
            rows::text(row.peer),
            rows::uuid(row.lease_id),
            rows::instant(row.started_at),
            rows::integer(row.latency_ms),
            rows::text(row.outcome),
            rows::integer_null(row.http_status),
            rows::text_null(row.code),
        ]
    }
}

pub(crate) struct EventRow(pub(crate) entity::event::Model);

impl AsRow for EventRow {
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        nullable("organisation_id", Kind::Uuid),
        nullable("facility_id", Kind::Uuid),
        nullable("stay_id", Kind::Uuid),
        nullable("version", Kind::Integer),
        column("kind", Kind::Text),
        column("detail", Kind::Text),
        column("created_at", Kind::Instant),
    ];

    fn into_values(self) -> Vec<Value> {
        let row = self.0;
        vec![
            rows::uuid(row.id),
            rows::uuid_null(row.organisation_id),
            rows::uuid_null(row.facility_id),
            rows::uuid_null(row.stay_id),
            rows::integer_null(row.version),
            rows::text(row.kind),
            rows::text(row.detail),
            rows::instant(row.created_at),
        ]
    }
}

/// A delivery that has not been tried.
pub(crate) struct WebhookDeliveryRow(pub(crate) entity::webhook_delivery::Model);

impl AsRow for WebhookDeliveryRow {
    const COLUMNS: &'static [Column] = &[
        column("id", Kind::Uuid),
        column("webhook_id", Kind::Uuid),
        column("event_id", Kind::Uuid),
        column("kind", Kind::Text),
        column("body", Kind::Text),
        column("state", Kind::Text),
        column("attempt_count", Kind::Integer),
        column("due_at", Kind::Instant),
        column("created_at", Kind::Instant),
    ];

    fn into_values(self) -> Vec<Value> {
        let row = self.0;
        vec![
            rows::uuid(row.id),
            rows::uuid(row.webhook_id),
            rows::uuid(row.event_id),
            rows::text(row.kind),
            rows::text(row.body),
            rows::text(row.state),
            rows::integer(row.attempt_count),
            rows::instant(row.due_at),
            rows::instant(row.created_at),
        ]
    }
}
