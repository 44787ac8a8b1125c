//! Turns a valid declaration into the rows of its transaction and the answer to its sender: ids,
//! receipt, seal, blind indexes. No I/O.

use chrono::{DateTime, Datelike, Utc};
use domain::{
    audit::{Action, SubjectKind},
    birth_date::BirthDate,
    change::ChangeKind,
    declaration::{Declaration, Guest},
    event::EventKind,
    notification::notification_id,
    personal_id::PersonalId,
    receipt,
    review::{self, ReviewKind},
    sex::Sex,
    stay::{DeliveryState, IdentityState, NotificationKind, Presence, Timeliness},
    time,
};
use entity::word::Word;
use runtime::{ids, vault::Owner};
use serde_json::{Value, json};
use store::{
    audit::{self, Actor},
    declarations::{Idempotency, NewDeclaration, Uniqueness},
    outbox::NewTask,
    review::NewCase,
    tries::Try,
};
use uuid::Uuid;

use crate::{
    Intake, Occasion, Refusal,
    index::{document_index, name_index, reference_index},
    tries,
    view::{self, StayView},
};

/// References hold as long as their stay does.
const REFERENCE_KEPT_DAYS: i64 = 36_500;

/// A declaration ready to be written.
pub(crate) struct Prepared {
    /// Its rows.
    pub(crate) row: NewDeclaration,
    /// The answer to the sender once the rows are written.
    pub(crate) view: StayView,
}

/// A version of a stay on its way to become a row.
pub(crate) struct Filing<'a> {
    /// The sender, the channel, and the time of receipt.
    pub(crate) occasion: &'a Occasion<'a>,
    /// The stay as this version leaves it.
    pub(crate) stay: &'a entity::stay::Model,
    /// Salts the digest of the receipt.
    pub(crate) salt: [u8; 16],
    /// The version's content in canonical form.
    pub(crate) canonical_content: &'a [u8],
    /// Keyed hash for comparison with declarations.
    pub(crate) content_index: Vec<u8>,
    /// Warnings as they are stored.
    pub(crate) warnings: String,
    /// Whether the police get it.
    pub(crate) is_forwardable: bool,
    /// The newest version sent to the police, including this one; 0 when there is none.
    pub(crate) delivery_version: i32,
    /// What made it.
    pub(crate) kind: ChangeKind,
    /// Keyed hash of the request that changed the stay.
    pub(crate) change_index: Option<Vec<u8>>,
    /// Why, in the sender's words.
    pub(crate) reason: Option<&'a str>,
    /// The instant that this version and its predecessors describe; a declaration is dated by its
    /// arrival.
    pub(crate) as_of: Option<DateTime<Utc>>,
}

/// A version that is ready to be written.
pub(crate) struct Filed {
    /// Its row.
    pub(crate) row: entity::stay_version::Model,
    /// Its receipt as a compact JWS.
    pub(crate) jws: String,
}

/// Makes rows and answer. Errors: [`Refusal::Internal`] when no key can seal.
pub(crate) fn prepare(
    intake: &Intake,
    occasion: &Occasion<'_>,
    declaration: Declaration,
) -> Result<Prepared, Refusal> {
    let parts = &intake.inner.parts;
    let stay_id = ids::uuid_v7(&parts.clock);
    let content = declaration.canonical_content();
    let content_index = request_hash(intake, &declaration);
    let stay = stay_row(intake, occasion, &declaration, stay_id)?;
    let filing = Filing {
        occasion,
        stay: &stay,
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
    let Filed { row: version, jws } = version_row(intake, &filing)?;
    let view = view::accepted(&stay, &version, &content, &filing.salt, &jws);
    let view = view.map_err(Refusal::Internal)?;
    let detail = json!({
        "channel": occasion.channel.as_str(),
        "timeliness": declaration.timeliness.as_str(),
    });
    let row = NewDeclaration {
        uniqueness: uniqueness(
            intake,
            &declaration,
            stay.reference_index.as_deref(),
            &content_index,
            occasion.received_at,
        ),
        idempotency: idempotency_of(intake, occasion, Some(stay.facility_id), &content_index),
        task: declaration
            .is_forwardable
            .then(|| task_row(occasion, &stay, NotificationKind::Stay)),
        audit: audit_row(intake, occasion, ChangeKind::Declared, &version),
        event: event_row(
            intake,
            occasion,
            &stay,
            ChangeKind::Declared.event(),
            &detail,
        ),
        cases: cases(occasion, &declaration, &stay),
        identity_try: identity_try(intake, &stay, &declaration, occasion.received_at),
        stay,
        version,
    };
    Ok(Prepared { row, view })
}

/// Reasons for review found in the declaration itself.
fn cases(
    occasion: &Occasion<'_>,
    declaration: &Declaration,
    stay: &entity::stay::Model,
) -> Vec<NewCase> {
    let received_at = occasion.received_at;
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

/// The person that a version of a stay names for a registry number.
pub(crate) fn identity_try(
    intake: &Intake,
    stay: &entity::stay::Model,
    declaration: &Declaration,
    at: DateTime<Utc>,
) -> Option<Try> {
    let vault = &intake.inner.parts.vault;
    tries::of_guest(vault, stay.organisation_id, &declaration.guest, at)
}

/// Keyed hash that recognises a repeated declaration.
pub(crate) fn request_hash(intake: &Intake, declaration: &Declaration) -> [u8; 32] {
    let content = declaration.comparison_content();
    intake
        .inner
        .parts
        .vault
        .blind_index("stay.content", &[&content])
}

/// The `Idempotency-Key` of a request with the given content, if any. `about` is the facility that
/// the request concerns.
pub(crate) fn idempotency(
    intake: &Intake,
    occasion: &Occasion<'_>,
    about: Option<Uuid>,
    content: &[u8],
) -> Option<Idempotency> {
    let hash = intake
        .inner
        .parts
        .vault
        .blind_index("request.content", &[content]);
    idempotency_of(intake, occasion, about, &hash)
}

/// An organisation's keys are separate per facility, so two facilities that number their requests
/// alike do not collide. Requests about several facilities have a key space of their own.
pub(crate) fn idempotency_of(
    intake: &Intake,
    occasion: &Occasion<'_>,
    about: Option<Uuid>,
    request_hash: &[u8; 32],
) -> Option<Idempotency> {
    let key = occasion.idempotency_key?;
    let parts = &intake.inner.parts;
    let organisation = occasion.sender.organisation_id;
    Some(Idempotency {
        key_hash: parts.vault.blind_index(
            "idempotency.key",
            &[
                organisation.as_bytes(),
                about.unwrap_or_default().as_bytes(),
                key.as_bytes(),
            ],
        ),
        request_hash: *request_hash,
        expires_at: occasion.received_at + parts.settings.idempotency_kept,
    })
}

/// What makes a declaration received at that time unique, and for how long. `reference_index` is
/// that of its reference, where it has been made already.
pub(crate) fn uniqueness(
    intake: &Intake,
    declaration: &Declaration,
    reference_index: Option<&[u8]>,
    content_index: &[u8],
    received_at: DateTime<Utc>,
) -> Uniqueness {
    let settings = &intake.inner.parts.settings;
    let reference = declaration.reference.as_deref();
    let expires_at = match reference {
        Some(_) => received_at + chrono::Duration::days(REFERENCE_KEPT_DAYS),
        None if declaration.arrival_was_sent => received_at + settings.content_kept,
        None => received_at + settings.content_without_arrival_kept,
    };
    let known = reference_index.and_then(|index| index.try_into().ok());
    Uniqueness {
        key_hash: known.unwrap_or_else(|| {
            declaration_key(intake, declaration.facility.id, reference, content_index)
        }),
        expires_at,
        is_timeless: reference.is_none() && !declaration.arrival_was_sent,
    }
}

/// The key of a declaration: by its reference, else by its content.
pub(crate) fn declaration_key(
    intake: &Intake,
    facility_id: Uuid,
    reference: Option<&str>,
    content_index: &[u8],
) -> [u8; 32] {
    let vault = &intake.inner.parts.vault;
    match reference {
        Some(reference) => reference_index(vault, facility_id, reference),
        None => vault.blind_index(
            "declaration.content",
            &[facility_id.as_bytes(), content_index],
        ),
    }
}

fn stay_row(
    intake: &Intake,
    occasion: &Occasion<'_>,
    declaration: &Declaration,
    stay_id: Uuid,
) -> Result<entity::stay::Model, Refusal> {
    let facility = &declaration.facility;
    let owner = Owner {
        organisation_id: facility.organisation_id,
        facility_id: facility.id,
    };
    let month = month(occasion.received_at);
    let vault = &intake.inner.parts.vault;
    let sealed_key = vault.new_stay_key(&month, stay_id, owner);
    let sealed_key = sealed_key.map_err(|error| Refusal::Internal(error.into()))?;
    let delivery = if declaration.is_forwardable {
        DeliveryState::Queued
    } else {
        DeliveryState::NotRequired
    };
    let mut stay = entity::stay::Model {
        id: stay_id,
        organisation_id: facility.organisation_id,
        facility_id: facility.id,
        facility_kind: facility.kind.into(),
        commune_code: facility.commune_code.clone(),
        province_code: facility.province_code.clone(),
        version: 1,
        presence: Presence::Present.into(),
        identity_state: IdentityState::Pending.into(),
        identity_review: None,
        delivery_state: delivery.into(),
        delivery_version: 1,
        police_reference: None,
        delivery_reason: None,
        completion_state: declaration.completion.into(),
        owed: declaration.owed.to_text(),
        timeliness: declaration.timeliness.into(),
        arrival_at: declaration.arrival_at,
        arrival_on: time::local_date(declaration.arrival_at),
        expected_departure_at: None,
        departed_at: None,
        received_at: occasion.received_at,
        deadline_at: declaration.deadline.at,
        purpose: declaration.purpose.into(),
        sex: None,
        age_band: None,
        nationality: None,
        document_kind: declaration.guest.document.kind().into(),
        reference_index: None,
        document_index: None,
        name_index: None,
        party_index: None,
        changed_at: occasion.received_at,
        sealed_key: Some(sealed_key),
        departure_noted_for: None,
        attention_version: None,
    };
    describe(&mut stay, intake, declaration);
    Ok(stay)
}

/// Writes the clear columns that tell of what is declared.
pub(crate) fn describe(stay: &mut entity::stay::Model, intake: &Intake, declaration: &Declaration) {
    let facility = &declaration.facility;
    let guest = &declaration.guest;
    let vault = &intake.inner.parts.vault;
    let birth_year = known_birth_year(guest);
    stay.arrival_at = declaration.arrival_at;
    stay.arrival_on = time::local_date(declaration.arrival_at);
    stay.expected_departure_at = declaration.expected_departure_at;
    stay.purpose = declaration.purpose.into();
    stay.sex = known_sex(guest).map(Word::from);
    stay.age_band = birth_year.map(|year| age_band(declaration.arrival_at, year).to_owned());
    stay.nationality.clone_from(&guest.nationality);
    stay.document_kind = guest.document.kind().into();
    stay.reference_index = declaration
        .reference
        .as_ref()
        .map(|reference| reference_index(vault, facility.id, reference).to_vec());
    stay.document_index = guest
        .document
        .number()
        .map(|number| document_index(vault, number));
    stay.name_index = guest
        .full_name
        .as_ref()
        .map(|name| name_index(vault, name, birth_year));
    let party = declaration.party.as_ref();
    let party = party.and_then(|party| party.reference.as_deref());
    stay.party_index = party.map(|reference| {
        let parts = [facility.id.as_bytes(), reference.as_bytes()];
        vault.blind_index("stay.party", &parts).to_vec()
    });
}

/// As sent, otherwise derived from the number.
fn known_sex(guest: &Guest) -> Option<Sex> {
    guest
        .sex
        .or_else(|| guest.document.personal_id().map(PersonalId::sex))
}

/// As sent, otherwise derived from the number.
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

/// Errors: [`Refusal::Internal`] when no key can seal.
pub(crate) fn version_row(intake: &Intake, filing: &Filing<'_>) -> Result<Filed, Refusal> {
    let parts = &intake.inner.parts;
    let stay = filing.stay;
    let content_sha256 = receipt::content_sha256(&filing.salt, filing.canonical_content);
    let receipt_number = receipt::number(stay.received_at, stay.id, stay.version);
    let payload = receipt::jws_payload(&receipt::ReceiptFacts {
        number: &receipt_number,
        version: stay.version,
        received_at: stay.received_at,
        deadline_at: stay.deadline_at,
        timeliness: stay.timeliness.get()?,
        content_sha256,
        iss: view::ISSUER,
        stay_id: stay.id,
        facility_id: stay.facility_id,
    });
    let (jws, signature) = parts.signer.sign_receipt(&payload);
    let plaintext = view::to_plaintext(&filing.salt, filing.canonical_content);
    let sealed_reason = filing
        .reason
        .map(|reason| seal(intake, filing, view::SEALED_REASON, reason.as_bytes()));
    let row = entity::stay_version::Model {
        stay_id: stay.id,
        version: stay.version,
        channel: filing.occasion.channel.into(),
        created_by: filing.occasion.sender.key_id,
        received_at: filing.occasion.received_at,
        sealed: seal(intake, filing, view::SEALED_TABLE, &plaintext)?,
        content_index: filing.content_index.clone(),
        content_sha256: content_sha256.to_vec(),
        receipt_number,
        receipt_kid: parts.signer.kid().to_owned(),
        receipt_signature: signature.to_vec(),
        warnings: filing.warnings.clone(),
        owed: stay.owed.clone(),
        is_forwardable: filing.is_forwardable,
        change_kind: filing.kind.into(),
        change_index: filing.change_index.clone(),
        sealed_reason: sealed_reason.transpose()?,
        presence: stay.presence.clone(),
        delivery_version: filing.delivery_version,
        as_of: filing.as_of,
    };
    Ok(Filed { row, jws })
}

fn seal(
    intake: &Intake,
    filing: &Filing<'_>,
    table: &'static str,
    plaintext: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let stay = view::safe(filing.stay);
    let context = stay.context(table, stay.stay_id, filing.stay.version);
    let vault = &intake.inner.parts.vault;
    let sealed = vault.seal_of_stay(&stay, &context, plaintext);
    sealed.map_err(|error| Refusal::Internal(error.into()))
}

/// The month whose data key seals what is received at this instant, `YYYY-MM` in Viet Nam.
pub(crate) fn month(at: DateTime<Utc>) -> String {
    time::local_date(at).format("%Y-%m").to_string()
}

/// The notification of the stay's version, due at once.
pub(crate) fn task_row(
    occasion: &Occasion<'_>,
    stay: &entity::stay::Model,
    kind: NotificationKind,
) -> NewTask {
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

pub(crate) fn audit_row(
    intake: &Intake,
    occasion: &Occasion<'_>,
    kind: ChangeKind,
    version: &entity::stay_version::Model,
) -> audit::Entry {
    let place = (
        ids::uuid_v7(&intake.inner.parts.clock),
        occasion.received_at,
    );
    let actor = Actor::of(occasion.sender);
    let subject = (SubjectKind::Stay, version.stay_id);
    audit::Entry {
        subject_version: Some(version.version),
        digest: Some(version.content_sha256.clone()),
        ..audit::entry(place, actor, Action::of_change(kind), subject)
    }
}

pub(crate) fn event_row(
    intake: &Intake,
    occasion: &Occasion<'_>,
    stay: &entity::stay::Model,
    kind: EventKind,
    detail: &Value,
) -> entity::event::Model {
    entity::event::Model {
        id: ids::uuid_v7(&intake.inner.parts.clock),
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
