//! What travels in more than one operation, as the document describes it; the rest is with its
//! operation.
//!
//! Requests are judged by `domain` and stays are written by `intake`: the types of both carry no
//! value and only give the document its schemas. A test holds them to the members that `domain`
//! reads.

pub(crate) mod review;
pub(crate) mod text;

use domain::problem::{Language, Violation};
use poem_openapi::Object;
use serde::Serialize;

use text::{
    Address, CodeWord, CommuneCode, CompactJws, CompletionWord, CountryCode, Day, DeliveryWord,
    DocumentKindWord, Id, IdentityWord, Instant, Name, NoDocumentReasonWord, Note, PartialDate,
    PartyRoleWord, Place, Pointer, PresenceWord, PurposeWord, Reference, ScanKindWord, SexWord,
    Sha256Hex, TimelinessWord, Word,
};

/// One guest's stay at one facility, as it is declared. A member that is `null` counts as absent.
#[derive(Object)]
#[oai(rename = "StayDraft")]
pub(crate) struct StayDraft {
    /// Where; may be left out by a key that serves one facility.
    facility_id: Option<Id>,
    /// The sender's own name for this stay, unique per facility among stays not cancelled.
    reference: Option<Reference>,
    /// Required in lodging businesses, guest houses and schools; medical facilities: room or bed.
    room: Option<Place>,
    /// The bed.
    bed: Option<Place>,
    /// The ward: kept, never forwarded.
    ward: Option<Place>,
    /// When the stay began; now when left out. At most 10 minutes ahead and 62 days back.
    arrival_at: Option<Instant>,
    /// Required in lodging businesses, guest houses and schools.
    expected_departure_at: Option<Instant>,
    /// Why the guest is here; the facility kind's default when left out.
    purpose: Option<PurposeWord>,
    /// What the purpose `other` means.
    purpose_text: Option<Note>,
    /// Who.
    guest: Guest,
    /// With whom.
    party: Option<Party>,
    /// The sender's own note.
    note: Option<Note>,
}

/// Who stays. A citizen with a 12-digit number needs no more than name and document.
#[derive(Object)]
pub(crate) struct Guest {
    /// As on the document, in one piece. May be missing only for an unidentified person.
    full_name: Option<Name>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    birth_date: Option<PartialDate>,
    /// The sex on the document.
    sex: Option<SexWord>,
    /// ISO 3166-1 alpha-3 or a code of ICAO 9303; `VNM` when left out with a Vietnamese document.
    nationality: Option<CountryCode>,
    /// What was shown.
    document: IdentityDocument,
    /// Required when the kind of document is `none`.
    no_document_reason: Option<NoDocumentReasonWord>,
    /// Where the guest lives.
    residence: Option<Residence>,
    /// Telephone.
    phone: Option<Word>,
    /// Who answers for a child or a patient.
    guardian: Option<Guardian>,
    /// A newborn's mother: the reference of her stay.
    mother_reference: Option<Reference>,
    /// Foreigners: the last permitted day.
    permitted_stay_until: Option<Day>,
    /// Foreigners: the visa.
    visa: Option<Visa>,
    /// Foreigners: the day of entry.
    entered_on: Option<Day>,
    /// Foreigners: the gate of entry.
    entry_gate: Option<Name>,
}

/// The document that was shown.
#[derive(Object)]
pub(crate) struct IdentityDocument {
    /// Its kind.
    kind: DocumentKindWord,
    /// Its number; absent only when the kind is `none`.
    number: Option<Word>,
}

/// Where a guest lives.
#[derive(Object)]
pub(crate) struct Residence {
    /// A commune of today; codes of before 2025-07-01 are taken with a warning.
    commune_code: Option<CommuneCode>,
    /// Street, hamlet.
    address: Option<Address>,
}

/// Who answers for a guest.
#[derive(Object)]
pub(crate) struct Guardian {
    /// Name.
    full_name: Option<Name>,
    /// What he is to the guest.
    relation: Option<Word>,
    /// Telephone.
    phone: Option<Word>,
}

/// A visa, as printed.
#[derive(Object)]
pub(crate) struct Visa {
    /// Kind.
    kind: Option<Word>,
    /// Number.
    number: Option<Word>,
    /// The last day it is good for.
    expires_on: Option<Day>,
}

/// The group a guest belongs to.
#[derive(Object)]
pub(crate) struct Party {
    /// The sender's name for the group.
    reference: Option<Reference>,
    /// What the guest is in it.
    role: Option<PartyRoleWord>,
}

/// What a scanner delivers.
#[derive(Object)]
pub(crate) struct ScanText {
    /// `qr` for the QR code of a citizen's card, `mrz` for a machine-readable zone.
    kind: ScanKindWord,
    /// The text as the scanner gives it; the lines of a zone one after the other.
    text: String,
}

/// A stay as its sender sees it: as sent, after normalisation, plus what the service adds.
#[derive(Object)]
pub(crate) struct Stay {
    #[oai(flatten)]
    declared: StayDraft,
    /// The stay's id.
    id: Id,
    /// The version shown, from 1; the `ETag`.
    version: u32,
    /// Legal time of filing, that of version 1 for ever.
    received_at: Instant,
    /// When the declaration was due by law.
    deadline_at: Instant,
    /// `on_time` if received before the deadline.
    timeliness: TimelinessWord,
    /// What deserves a look; refuses nothing.
    warnings: Vec<Warning>,
    /// Whether the guest is there.
    presence: PresenceWord,
    /// When the guest left, if he did.
    departed_at: Option<Instant>,
    /// What the population registry said.
    identity: Identity,
    /// The way to the police.
    delivery: Delivery,
    /// What is still owed.
    completion: Completion,
    /// What the facility is asked about the stay; only where something is asked, and only in the
    /// stay as it stands.
    questions: Option<Vec<StayQuestion>>,
    /// The signed receipt.
    receipt: Receipt,
}

/// What a facility is asked about a stay: by the police, until it is answered in words or by a change
/// of what is asked about, or because a census did not have the guest.
#[derive(Object)]
pub(crate) struct StayQuestion {
    /// `census_missing`: has the guest left? A departure closes the question, and so does a later
    /// census that has the guest. Left out where the police ask.
    code: Option<CodeWord>,
    /// Since when.
    asked_at: Instant,
    /// Of a question of the police: its id.
    id: Option<Id>,
    /// Of a question of the police: what is asked, in an officer's words.
    #[oai(nullable)]
    question: Option<String>,
    /// Of a question of the police: the members to look at again.
    pointers: Option<Vec<Pointer>>,
}

/// Something that deserves a look.
#[derive(Object, Serialize)]
pub(crate) struct Warning {
    /// Where.
    pointer: Pointer,
    /// What.
    code: CodeWord,
    /// With `already_present_here`, `overlaps_stay_here` and `declared_by_another_sender`: the
    /// other stay, of the same facility.
    #[serde(skip_serializing_if = "Option::is_none")]
    stay_id: Option<Id>,
}

impl Warning {
    /// What deserves a look at a place.
    pub(crate) fn of(warning: &Violation) -> Self {
        Self {
            pointer: Pointer(warning.pointer.clone()),
            code: warning.code.into(),
            stay_id: None,
        }
    }
}

/// The state of the identity check.
#[derive(Object)]
pub(crate) struct Identity {
    /// `attention`: look at the members named again. `reviewed`: an officer has accepted it as it is;
    /// so it stays until name, birth date, sex or document is changed.
    state: IdentityWord,
    /// The members to look at again, always the same three.
    pointers: Option<Vec<Pointer>>,
}

/// The state of the newest forwardable version on its way to the police.
#[derive(Object)]
pub(crate) struct Delivery {
    /// The state.
    state: DeliveryWord,
    /// Of which version.
    version: u32,
    /// What the police call it.
    police_reference: Option<String>,
    /// Why it was refused or set aside; `withdrawn` when it was taken back before it was sent.
    reason: Option<String>,
}

/// What is still owed of a declaration.
#[derive(Object)]
pub(crate) struct Completion {
    /// The state.
    state: CompletionWord,
    /// The members that are missing.
    missing: Option<Vec<Pointer>>,
    /// Until when they are owed.
    #[oai(nullable)]
    due_at: Option<Instant>,
}

/// A receipt. Its JWS verifies offline with the keys at `/.well-known/jwks.json`.
#[derive(Object)]
pub(crate) struct Receipt {
    /// The receipt's number.
    number: String,
    /// Of which version.
    version: u32,
    /// Legal time of filing.
    received_at: Instant,
    /// When the declaration was due.
    deadline_at: Instant,
    /// Whether it came in time.
    timeliness: TimelinessWord,
    /// 16 random bytes, base64url.
    content_salt: String,
    /// SHA-256 of the salt and the canonical content (RFC 8785).
    content_sha256: Sha256Hex,
    /// The signed receipt.
    jws: CompactJws,
}

/// A broken rule.
#[derive(Object, Serialize)]
#[oai(rename = "Violation")]
pub(crate) struct ViolationView {
    /// Where, in the document sent.
    pointer: Pointer,
    /// Which rule.
    code: CodeWord,
    /// The fact, then the fix, in the language asked for.
    message: String,
}

impl ViolationView {
    /// A broken rule in the words it was kept in.
    pub(crate) fn new(pointer: String, code: String, message: String) -> Self {
        Self {
            pointer: Pointer(pointer),
            code: CodeWord(code),
            message,
        }
    }

    /// Broken rules in a language.
    pub(crate) fn all(violations: &[Violation], language: Language) -> Vec<Self> {
        let view = |violation: &Violation| Self {
            pointer: Pointer(violation.pointer.clone()),
            code: violation.code.into(),
            message: violation.message(language),
        };
        violations.iter().map(view).collect()
    }
}

/// An error (RFC 9457), whatever went wrong.
#[derive(Object)]
pub(crate) struct Problem {
    /// Leads to the code in the catalogue `error_codes`.
    #[oai(rename = "type")]
    kind: String,
    /// A few words, in the language asked for.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The fact, then the fix.
    detail: String,
    /// `urn:uuid:` and the request's id.
    instance: String,
    /// Stable: never renamed, never used for something else.
    code: CodeWord,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// The request's id, also in `X-Request-Id`.
    request_id: String,
    /// Every broken rule at once; empty unless the document was at fault.
    errors: Vec<ViolationView>,
    /// With `reference_conflict`: the stay that has the reference.
    stay_id: Option<Id>,
    /// With `census_implausible`: how many guests would depart.
    departures: Option<u32>,
    /// With `census_stale`: when the later census was taken.
    last_taken_at: Option<Instant>,
}
