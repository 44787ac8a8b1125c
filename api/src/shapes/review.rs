//! What officers of the police send and see.

use poem_openapi::{Object, types::Any};
use serde_json::Value;

use super::text::{
    AnswerText, CommuneCode, CompletionWord, CountryCode, Day, DeliveryWord, DocumentKindWord,
    FacilityKindWord, GradedIdentityWord, Id, IdentityWord, Instant, Name, NoDocumentReasonWord,
    Note, PartialDate, Place, Pointer, PresenceWord, ProvinceCode, PurposeWord, ReviewDecisionWord,
    ReviewKindWord, ReviewStateWord, SexWord, TimelinessWord, Word,
};
use super::{Residence, Visa, Warning};

/// Something about a stay that an officer should look at.
#[derive(Object)]
pub(crate) struct ReviewCase {
    /// The case's id.
    id: Id,
    /// Why it was opened.
    kind: ReviewKindWord,
    /// Where it is.
    state: ReviewStateWord,
    /// From 1, the most urgent.
    priority: u32,
    /// Since when.
    opened_at: Instant,
    /// The commune whose police decide.
    commune_code: CommuneCode,
    /// Its province.
    province_code: ProvinceCode,
    /// The version of the stay that gave the reason.
    version: u32,
    /// Further members, by `kind`. Codes, grades and ids.
    detail: Any<Value>,
    /// Who holds it; `null` when nobody does.
    #[oai(nullable)]
    lease: Option<Lease>,
    /// The stay as it stands.
    stay: ReviewedStay,
    /// What was tried for it, by peer.
    attempts: PeerAttempts,
    /// What its sender was asked.
    questions: Vec<AskedQuestion>,
    /// What was decided, the oldest first.
    decisions: Vec<PastDecision>,
}

/// Who holds a case.
#[derive(Object)]
pub(crate) struct Lease {
    /// Whether you do.
    is_own: bool,
    /// The lease, if it is yours.
    #[oai(nullable)]
    lease_id: Option<Id>,
    /// Until when.
    leased_until: Instant,
}

/// A stay as the police see it: what is forwarded to them.
#[derive(Object)]
pub(crate) struct ReviewedStay {
    /// Its id.
    id: Id,
    /// The version shown.
    version: u32,
    /// Where.
    facility: ReviewedFacility,
    /// Whether the guest is there.
    presence: PresenceWord,
    /// When the stay began.
    arrival_at: Option<Instant>,
    /// When it is expected to end.
    expected_departure_at: Option<Instant>,
    /// When the guest left, if he did.
    #[oai(nullable)]
    departed_at: Option<Instant>,
    /// Why the guest is here.
    purpose: PurposeWord,
    /// What the purpose `other` means.
    purpose_text: Option<Note>,
    /// The room.
    room: Option<Place>,
    /// Who.
    guest: ReviewedGuest,
    /// What the registry said, and how.
    identity: GradedIdentity,
    /// The way to the police endpoint.
    delivery: ReviewedDelivery,
    /// What is still owed.
    completion: ReviewedCompletion,
    /// Whether the declaration met its deadline.
    timeliness: TimelinessWord,
    /// Legal time of filing.
    received_at: Instant,
    /// When it was due.
    deadline_at: Instant,
    /// What deserved a look.
    warnings: Vec<Warning>,
    /// `true` when what was declared is stored damaged: the guest and the room are not shown then.
    /// Left out otherwise.
    unreadable: Option<bool>,
}

/// A facility as the police see it.
#[derive(Object)]
pub(crate) struct ReviewedFacility {
    /// Its id.
    id: Id,
    /// What it is by law.
    kind: FacilityKindWord,
    /// Its name.
    name: String,
    /// Its address inside the commune.
    address: String,
    /// Its commune.
    commune_code: CommuneCode,
}

/// A guest as the police see it.
#[derive(Object)]
pub(crate) struct ReviewedGuest {
    /// As declared.
    full_name: Option<Name>,
    /// As declared, or the year out of the number.
    birth_date: Option<PartialDate>,
    /// Where that is from.
    birth_date_source: Option<Word>,
    /// As declared, or out of the number.
    sex: Option<SexWord>,
    /// Where that is from.
    sex_source: Option<Word>,
    /// Alpha-3.
    nationality: Option<CountryCode>,
    /// What was shown.
    document: Option<ReviewedDocument>,
    /// Why there was none.
    no_document_reason: Option<NoDocumentReasonWord>,
    /// Where the guest lives.
    residence: Option<Residence>,
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
pub(crate) struct ReviewedDocument {
    /// Its kind.
    kind: Option<DocumentKindWord>,
    /// Its number.
    number: Option<Word>,
}

/// What the registry said, for the police.
#[derive(Object)]
pub(crate) struct GradedIdentity {
    /// The state.
    state: GradedIdentityWord,
    /// What the sender sees of it.
    seen_by_sender: IdentityWord,
    /// How well each member agrees, where a mismatch is open.
    differences: Vec<Difference>,
}

/// How well a member agrees with the registry.
#[derive(Object)]
pub(crate) struct Difference {
    /// Which member.
    pointer: Pointer,
    /// How well.
    grade: String,
}

/// The way to the police endpoint, for the police.
#[derive(Object)]
pub(crate) struct ReviewedDelivery {
    /// The state.
    state: DeliveryWord,
    /// Of which version.
    version: u32,
    /// What the endpoint calls it.
    #[oai(nullable)]
    police_reference: Option<String>,
    /// Why it was refused or set aside.
    #[oai(nullable)]
    reason: Option<String>,
}

/// What is still owed, for the police.
#[derive(Object)]
pub(crate) struct ReviewedCompletion {
    /// The state.
    state: CompletionWord,
}

/// What was tried for the newest versions, by peer.
#[derive(Object)]
pub(crate) struct PeerAttempts {
    /// Calls of the population registry.
    registry: Option<Attempts>,
    /// Calls of the police endpoint.
    police: Option<Attempts>,
}

/// Calls of a peer.
#[derive(Object)]
pub(crate) struct Attempts {
    /// How many.
    count: u32,
    /// When the last began.
    last_at: Instant,
    /// How it ended.
    last_outcome: String,
    /// Its HTTP status, if there was an answer.
    #[oai(nullable)]
    last_http_status: Option<i32>,
    /// What the peer said, or what was the matter.
    #[oai(nullable)]
    last_code: Option<String>,
}

/// A question with its answer's time.
#[derive(Object)]
pub(crate) struct AskedQuestion {
    /// Its id.
    id: Id,
    /// When it was asked.
    asked_at: Instant,
    /// What was asked, in words.
    #[oai(nullable)]
    question: Option<String>,
    /// The members to look at again.
    pointers: Vec<Pointer>,
    /// When it was answered in words or by a change of what is asked about, or an officer decided
    /// otherwise.
    #[oai(nullable)]
    answered_at: Option<Instant>,
    /// What the facility answered in words; `null` when it did not.
    #[oai(nullable)]
    answer: Option<WordedAnswer>,
}

/// What a facility answered in words.
#[derive(Object)]
pub(crate) struct WordedAnswer {
    /// Its id.
    id: Id,
    /// The words; `null` when it is stored damaged.
    #[oai(nullable)]
    text: Option<AnswerText>,
    /// When.
    answered_at: Instant,
}

/// A decision in a case's history.
#[derive(Object)]
pub(crate) struct PastDecision {
    /// Its id.
    id: Id,
    /// What was decided.
    decision: ReviewDecisionWord,
    /// When.
    decided_at: Instant,
    /// The officer's key.
    decided_by: Id,
    /// The commune whose case it was.
    commune_code: CommuneCode,
    /// The commune that it went to.
    #[oai(nullable)]
    referred_to: Option<CommuneCode>,
    /// Why.
    #[oai(nullable)]
    note: Option<String>,
}
