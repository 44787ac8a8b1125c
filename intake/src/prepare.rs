//! Turns a declaration that passed the rules into the rows of its transaction and the answer of
//! its acceptance: ids, receipt, seal, blind indexes. No I/O.

use chrono::{DateTime, Datelike, Utc};
use domain::{
    birth_date::BirthDate,
    canonical::to_canonical_json,
    declaration::{Declaration, Guest},
    document::comparable_number,
    event::EventKind,
    notification::notification_id,
    personal_id::PersonalId,
    receipt,
    review::{self, ReviewKind},
    sex::Sex,
    stay::{DeliveryState, IdentityState, NotificationKind, Presence, Timeliness},
    text, time,
};
use runtime::{ids, vault::SealContext};
use serde_json::{Value, json};
use store::{
    declarations::{Idempotency, NewDeclaration, Uniqueness},
    review::NewCase,
};
use uuid::Uuid;

use crate::{
    Intake, Occasion, Refusal,
    view::{self, StayView},
};

/// References hold as long as their stay does.
const REFERENCE_KEPT_DAYS: i64 = 36_500;

/// A declaration ready to be written.
pub(crate) struct Prepared {
    /// Its rows.
    pub(crate) row: NewDeclaration,
    /// What its sender is told once they are written.
    pub(crate) view: StayView,
}

/// What is made once for each declaration and goes into several rows.
struct Filing<'a> {
    occasion: &'a Occasion<'a>,
    declaration: &'a Declaration,
    stay_id: Uuid,
    salt: [u8; 16],
    content: Value,
    canonical_content: Vec<u8>,
    content_index: [u8; 32],
    content_sha256: [u8; 32],
    receipt_number: String,
}

/// Makes rows and answer. Errors: [`Refusal::Internal`] when no key can seal.
pub(crate) fn prepare(
    intake: &Intake,
    occasion: &Occasion<'_>,
    declaration: Declaration,
) -> Result<Prepared, Refusal> {
    let parts = &intake.inner.parts;
    let stay_id = ids::uuid_v7(&parts.clock);
    let content = declaration.content();
    let canonical_content = to_canonical_json(&content);
    let salt = ids::random_bytes::<16>();
    let filing = Filing {
        occasion,
        stay_id,
        salt,
        content_index: request_hash(intake, &declaration),
        content_sha256: receipt::content_sha256(&salt, &canonical_content),
        receipt_number: receipt::number(occasion.received_at, stay_id, 1),
        content,
        canonical_content,
        declaration: &declaration,
    };
    let stay = stay_row(intake, &filing);
    let version = version_row(intake, &filing)?;
    let view = view::accepted(&stay, &version, &filing.content, &filing.salt);
    let row = NewDeclaration {
        uniqueness: uniqueness(intake, &filing),
        idempotency: idempotency_of(intake, occasion, &filing.content_index),
        task: declaration.is_forwardable.then(|| task_row(&filing)),
        audit: audit_row(intake, &filing),
        event: event_row(intake, &filing),
        cases: cases(&filing),
        stay,
        version,
    };
    Ok(Prepared { row, view })
}

/// Reasons for an officer to look at it that lie in the declaration itself.
fn cases(filing: &Filing<'_>) -> Vec<NewCase> {
    let case = |kind, detail| {
        let received_at = filing.occasion.received_at;
        NewCase::of_version(filing.stay_id, 1, kind, detail, received_at)
    };
    let mut cases = Vec::new();
    if filing.declaration.timeliness == Timeliness::Late {
        let late_by = filing.occasion.received_at - filing.declaration.deadline.at;
        let detail = json!({"late_by_minutes": late_by.num_minutes()});
        cases.push(case(ReviewKind::Late, detail));
    }
    if let Some(detail) = review::contradictions(&filing.declaration.warnings) {
        cases.push(case(ReviewKind::Implausible, detail));
    }
    cases
}

/// Keyed hash of what is compared when a declaration comes again.
pub(crate) fn request_hash(intake: &Intake, declaration: &Declaration) -> [u8; 32] {
    let content = to_canonical_json(&declaration.comparison_content());
    intake
        .inner
        .parts
        .vault
        .blind_index("stay.content", &[&content])
}

/// The `Idempotency-Key` of a request with the given content, if one came.
pub(crate) fn idempotency(
    intake: &Intake,
    occasion: &Occasion<'_>,
    content: &[u8],
) -> Option<Idempotency> {
    let hash = intake
        .inner
        .parts
        .vault
        .blind_index("request.content", &[content]);
    idempotency_of(intake, occasion, &hash)
}

fn idempotency_of(
    intake: &Intake,
    occasion: &Occasion<'_>,
    request_hash: &[u8; 32],
) -> Option<Idempotency> {
    let key = occasion.idempotency_key?;
    let parts = &intake.inner.parts;
    let organisation = occasion.sender.organisation_id;
    Some(Idempotency {
        key_hash: parts.vault.blind_index(
            "idempotency.key",
            &[organisation.as_bytes(), key.as_bytes()],
        ),
        request_hash: *request_hash,
        expires_at: occasion.received_at + parts.settings.idempotency_kept,
    })
}

fn uniqueness(intake: &Intake, filing: &Filing<'_>) -> Uniqueness {
    let parts = &intake.inner.parts;
    let received_at = filing.occasion.received_at;
    let facility_id = filing.declaration.facility.id;
    if let Some(reference) = &filing.declaration.reference {
        return Uniqueness {
            key_hash: reference_index(&parts.vault, facility_id, reference),
            expires_at: received_at + chrono::Duration::days(REFERENCE_KEPT_DAYS),
        };
    }
    let kept = if filing.declaration.arrival_was_sent {
        parts.settings.content_kept
    } else {
        parts.settings.content_without_arrival_kept
    };
    Uniqueness {
        key_hash: parts.vault.blind_index(
            "declaration.content",
            &[facility_id.as_bytes(), &filing.content_index],
        ),
        expires_at: received_at + kept,
    }
}

/// Keyed hash of a sender's reference at a facility: finds it, and keeps it unique.
pub(crate) fn reference_index(
    vault: &runtime::vault::Vault,
    facility_id: Uuid,
    reference: &str,
) -> [u8; 32] {
    vault.blind_index(
        "declaration.reference",
        &[facility_id.as_bytes(), reference.as_bytes()],
    )
}

fn stay_row(intake: &Intake, filing: &Filing<'_>) -> entity::stay::Model {
    let declaration = filing.declaration;
    let facility = &declaration.facility;
    let guest = &declaration.guest;
    let vault = &intake.inner.parts.vault;
    let birth_year = known_birth_year(guest);
    let delivery = if declaration.is_forwardable {
        DeliveryState::Queued
    } else {
        DeliveryState::NotRequired
    };
    entity::stay::Model {
        id: filing.stay_id,
        organisation_id: facility.organisation_id,
        facility_id: facility.id,
        facility_kind: facility.kind.as_str().to_owned(),
        commune_code: facility.commune_code.clone(),
        province_code: facility.province_code.clone(),
        version: 1,
        presence: Presence::Present.as_str().to_owned(),
        identity_state: IdentityState::Pending.as_str().to_owned(),
        delivery_state: delivery.as_str().to_owned(),
        delivery_version: 1,
        police_reference: None,
        delivery_reason: None,
        completion_state: declaration.completion.as_str().to_owned(),
        owed: declaration.owed.to_text(),
        timeliness: declaration.timeliness.as_str().to_owned(),
        arrival_at: declaration.arrival_at,
        arrival_on: time::local_date(declaration.arrival_at),
        expected_departure_at: declaration.expected_departure_at,
        departed_at: None,
        received_at: filing.occasion.received_at,
        deadline_at: declaration.deadline.at,
        purpose: declaration.purpose.as_str().to_owned(),
        sex: known_sex(guest).map(|sex| sex.as_str().to_owned()),
        age_band: birth_year.map(|year| age_band(declaration.arrival_at, year).to_owned()),
        nationality: guest.nationality.clone(),
        document_kind: guest.document.kind().as_str().to_owned(),
        reference_index: declaration
            .reference
            .as_ref()
            .map(|reference| reference_index(vault, facility.id, reference).to_vec()),
        document_index: guest
            .document
            .number()
            .map(comparable_number)
            .map(|number| {
                vault
                    .blind_index("guest.document", &[number.as_bytes()])
                    .to_vec()
            }),
        name_index: guest.full_name.as_ref().map(|name| {
            let year = birth_year.unwrap_or_default().to_be_bytes();
            vault
                .blind_index("guest.name", &[text::fold(name).as_bytes(), &year])
                .to_vec()
        }),
        changed_at: filing.occasion.received_at,
    }
}

/// As sent, else out of the number.
fn known_sex(guest: &Guest) -> Option<Sex> {
    guest
        .sex
        .or_else(|| guest.document.personal_id().map(PersonalId::sex))
}

/// As sent, else out of the number.
fn known_birth_year(guest: &Guest) -> Option<i32> {
    guest
        .birth_date
        .map(BirthDate::year)
        .or_else(|| guest.document.personal_id().map(PersonalId::birth_year))
}

/// Age on arrival by years alone, in the bands reports use.
fn age_band(arrival_at: DateTime<Utc>, birth_year: i32) -> &'static str {
    match time::local_date(arrival_at).year() - birth_year {
        ..14 => "0-13",
        14..18 => "14-17",
        18..60 => "18-59",
        60.. => "60+",
    }
}

fn version_row(
    intake: &Intake,
    filing: &Filing<'_>,
) -> Result<entity::stay_version::Model, Refusal> {
    let parts = &intake.inner.parts;
    let declaration = filing.declaration;
    let received_at = filing.occasion.received_at;
    let context = SealContext {
        table: view::SEALED_TABLE,
        row_id: filing.stay_id,
        version: 1,
    };
    let plaintext = view::to_plaintext(&filing.salt, &filing.canonical_content);
    let sealed = parts
        .vault
        .seal(&month(received_at), &context, &plaintext)
        .map_err(|error| Refusal::Internal(error.into()))?;
    let payload = receipt::jws_payload(&receipt::ReceiptFacts {
        number: &filing.receipt_number,
        version: 1,
        received_at,
        deadline_at: declaration.deadline.at,
        timeliness: declaration.timeliness,
        content_sha256: filing.content_sha256,
        iss: view::ISSUER,
        stay_id: filing.stay_id,
        facility_id: declaration.facility.id,
    });
    Ok(entity::stay_version::Model {
        stay_id: filing.stay_id,
        version: 1,
        channel: filing.occasion.channel.as_str().to_owned(),
        created_by: filing.occasion.sender.key_id,
        received_at,
        sealed,
        content_index: filing.content_index.to_vec(),
        content_sha256: filing.content_sha256.to_vec(),
        receipt_number: filing.receipt_number.clone(),
        receipt_kid: parts.signer.kid().to_owned(),
        receipt_signature: parts.signer.sign(&payload).to_vec(),
        warnings: view::warnings_to_json(&declaration.warnings),
        owed: declaration.owed.to_text(),
        is_forwardable: declaration.is_forwardable,
    })
}

/// The month whose data key seals what is received at this instant, `YYYY-MM` in Viet Nam.
fn month(at: DateTime<Utc>) -> String {
    time::local_date(at).format("%Y-%m").to_string()
}

fn task_row(filing: &Filing<'_>) -> entity::outbox_task::Model {
    let received_at = filing.occasion.received_at;
    let kind = NotificationKind::Stay;
    entity::outbox_task::Model {
        id: notification_id(filing.stay_id, 1, kind),
        stay_id: filing.stay_id,
        version: 1,
        kind: kind.as_str().to_owned(),
        facility_id: filing.declaration.facility.id,
        destination: filing.declaration.facility.commune_code.clone(),
        deadline_at: filing.declaration.deadline.at,
        state: "waiting".to_owned(),
        step: "check_identity".to_owned(),
        due_at: received_at,
        lease_id: None,
        leased_until: None,
        claim_count: 0,
        attempt_count: 0,
        unclear_count: 0,
        identity_state: None,
        body_sha256: None,
        sealed_body: None,
        trace_parent: filing.occasion.trace_parent.map(str::to_owned),
        created_at: received_at,
        settled_at: None,
    }
}

fn audit_row(intake: &Intake, filing: &Filing<'_>) -> entity::audit_entry::Model {
    entity::audit_entry::Model {
        id: ids::uuid_v7(&intake.inner.parts.clock),
        at: filing.occasion.received_at,
        actor_kind: "api_key".to_owned(),
        actor_id: Some(filing.occasion.sender.key_id),
        action: "stay.declared".to_owned(),
        subject_kind: "stay".to_owned(),
        subject_id: filing.stay_id,
        subject_version: Some(1),
        digest: Some(filing.content_sha256.to_vec()),
    }
}

fn event_row(intake: &Intake, filing: &Filing<'_>) -> entity::event::Model {
    let detail = json!({
        "channel": filing.occasion.channel.as_str(),
        "timeliness": filing.declaration.timeliness.as_str(),
    });
    entity::event::Model {
        id: ids::uuid_v7(&intake.inner.parts.clock),
        organisation_id: Some(filing.declaration.facility.organisation_id),
        facility_id: Some(filing.declaration.facility.id),
        stay_id: Some(filing.stay_id),
        version: Some(1),
        kind: EventKind::StayAccepted.as_str().to_owned(),
        detail: detail.to_string(),
        created_at: filing.occasion.received_at,
        sequence: None,
    }
}
