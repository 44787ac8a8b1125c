//! What officers of the police send and see.

use domain::facility::Facility;
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::text::{
    AnswerText, CommuneCode, CompletionWord, CountryCode, Day, DecisionReasonWord, DeliveryWord,
    DocumentKindWord, FacilityKindWord, GradeReasonWord, GradedIdentityWord, IdentityWord, Instant,
    Name, NoDocumentReasonWord, Note, PartialDate, Place, Pointer, PresenceWord, ProvinceCode,
    PurposeWord, ReviewDecisionWord, ReviewKindWord, ReviewStateWord, SexWord, TimelinessWord,
    Word,
};
use super::{Residence, Visa, Warning};
use crate::reply::Raw;

/// Something about a stay that an officer should look at.
#[derive(Object, Serialize)]
pub(crate) struct ReviewCase {
    /// The case's id.
    pub(crate) id: Uuid,
    /// Why it was opened.
    pub(crate) kind: ReviewKindWord,
    /// Where it is.
    pub(crate) state: ReviewStateWord,
    /// From 1, the most urgent.
    pub(crate) priority: u32,
    /// Since when.
    pub(crate) opened_at: Instant,
    /// The commune whose police decide.
    pub(crate) commune_code: CommuneCode,
    /// Its province.
    pub(crate) province_code: ProvinceCode,
    /// The version of the stay that gave the reason.
    pub(crate) version: u32,
    /// Further members, by `kind`. Codes, grades and ids.
    pub(crate) detail: Any<Value>,
    /// Who holds it; `null` when nobody does.
    #[oai(nullable)]
    pub(crate) lease: Option<Lease>,
    /// The stay as it stands.
    pub(crate) stay: ReviewedStay,
    /// What was tried for it, by peer.
    pub(crate) attempts: PeerAttempts,
    /// What its sender was asked.
    pub(crate) questions: Vec<AskedQuestion>,
    /// What was decided, the oldest first.
    pub(crate) decisions: Vec<PastDecision>,
}

/// Who holds a case.
#[derive(Object, Serialize)]
pub(crate) struct Lease {
    /// Whether you do.
    pub(crate) is_own: bool,
    /// The lease, if it is yours.
    #[oai(nullable)]
    pub(crate) lease_id: Option<Uuid>,
    /// Until when.
    pub(crate) leased_until: Instant,
}

/// A stay as the police see it: what is forwarded to them.
#[derive(Object, Serialize)]
pub(crate) struct ReviewedStay {
    /// Its id.
    pub(crate) id: Uuid,
    /// The version shown.
    pub(crate) version: u32,
    /// Where.
    pub(crate) facility: ReviewedFacility,
    /// Whether the guest is there.
    pub(crate) presence: PresenceWord,
    /// When the stay began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arrival_at: Option<Instant>,
    /// When it is expected to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_departure_at: Option<Instant>,
    /// When the guest left, if he did.
    #[oai(nullable)]
    pub(crate) departed_at: Option<Instant>,
    /// Why the guest is here.
    pub(crate) purpose: PurposeWord,
    /// What the purpose `other` means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose_text: Option<Note>,
    /// The room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) room: Option<Place>,
    /// Who.
    pub(crate) guest: Raw<ReviewedGuest>,
    /// What the registry said, and how.
    pub(crate) identity: GradedIdentity,
    /// The way to the police endpoint.
    pub(crate) delivery: ReviewedDelivery,
    /// What is still owed.
    pub(crate) completion: ReviewedCompletion,
    /// Whether the declaration met its deadline.
    pub(crate) timeliness: TimelinessWord,
    /// Legal time of filing.
    pub(crate) received_at: Instant,
    /// When it was due.
    pub(crate) deadline_at: Instant,
    /// What deserved a look.
    pub(crate) warnings: Raw<Vec<Warning>>,
    /// `true` when what was declared is stored damaged: the guest and the room are not shown then.
    /// Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unreadable: Option<bool>,
}

/// A facility as the police see it.
#[derive(Object, Serialize)]
pub(crate) struct ReviewedFacility {
    /// Its id.
    pub(crate) id: Uuid,
    /// What it is by law.
    pub(crate) kind: FacilityKindWord,
    /// Its name.
    pub(crate) name: String,
    /// Its address inside the commune.
    pub(crate) address: String,
    /// Its commune.
    pub(crate) commune_code: CommuneCode,
}

impl ReviewedFacility {
    /// A facility as it stands.
    pub(crate) fn of(facility: &Facility) -> Self {
        Self {
            id: facility.id,
            kind: facility.kind.into(),
            name: facility.name.clone(),
            address: facility.address.clone(),
            commune_code: CommuneCode(facility.commune_code.clone()),
        }
    }
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
#[derive(Object, Serialize)]
pub(crate) struct GradedIdentity {
    /// The state.
    pub(crate) state: GradedIdentityWord,
    /// What the sender sees of it.
    pub(crate) seen_by_sender: IdentityWord,
    /// How well each member agrees, where a mismatch is open.
    pub(crate) differences: Raw<Vec<Difference>>,
}

/// How well a member agrees with the registry.
#[derive(Object)]
pub(crate) struct Difference {
    /// Which member.
    pointer: Pointer,
    /// How well.
    grade: String,
    /// Which part of it is another, or how it is written otherwise; absent where it agrees. It tells
    /// nothing of the registry's value.
    reason: Option<GradeReasonWord>,
}

/// The way to the police endpoint, for the police.
#[derive(Object, Serialize)]
pub(crate) struct ReviewedDelivery {
    /// The state.
    pub(crate) state: DeliveryWord,
    /// Of which version.
    pub(crate) version: u32,
    /// What the endpoint calls it.
    #[oai(nullable)]
    pub(crate) police_reference: Option<String>,
    /// Why it was refused or set aside.
    #[oai(nullable)]
    pub(crate) reason: Option<String>,
}

/// What is still owed, for the police.
#[derive(Object, Serialize)]
pub(crate) struct ReviewedCompletion {
    /// The state.
    pub(crate) state: CompletionWord,
}

/// What was tried for the newest versions, by peer.
#[derive(Default, Object, Serialize)]
pub(crate) struct PeerAttempts {
    /// Calls of the population registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registry: Option<Attempts>,
    /// Calls of the police endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) police: Option<Attempts>,
}

/// Calls of a peer.
#[derive(Object, Serialize)]
pub(crate) struct Attempts {
    /// How many.
    pub(crate) count: u32,
    /// When the last began.
    pub(crate) last_at: Instant,
    /// How it ended.
    pub(crate) last_outcome: String,
    /// Its HTTP status, if there was an answer.
    #[oai(nullable)]
    pub(crate) last_http_status: Option<i32>,
    /// What the peer said, or what was the matter.
    #[oai(nullable)]
    pub(crate) last_code: Option<String>,
}

/// A question with its answer's time.
#[derive(Object, Serialize)]
pub(crate) struct AskedQuestion {
    /// Its id.
    pub(crate) id: Uuid,
    /// When it was asked.
    pub(crate) asked_at: Instant,
    /// What was asked, in words.
    #[oai(nullable)]
    pub(crate) question: Option<String>,
    /// The members to look at again.
    pub(crate) pointers: Vec<Pointer>,
    /// When it was answered in words or by a change of what is asked about, or an officer decided
    /// otherwise.
    #[oai(nullable)]
    pub(crate) answered_at: Option<Instant>,
    /// What the facility answered in words; `null` when it did not.
    #[oai(nullable)]
    pub(crate) answer: Option<WordedAnswer>,
}

/// What a facility answered in words.
#[derive(Object, Serialize)]
pub(crate) struct WordedAnswer {
    /// Its id.
    pub(crate) id: Uuid,
    /// The words; `null` when it is stored damaged.
    #[oai(nullable)]
    pub(crate) text: Option<AnswerText>,
    /// When.
    pub(crate) answered_at: Instant,
}

/// A decision in a case's history.
#[derive(Object, Serialize)]
pub(crate) struct PastDecision {
    /// Its id.
    pub(crate) id: Uuid,
    /// What was decided.
    pub(crate) decision: ReviewDecisionWord,
    /// When.
    pub(crate) decided_at: Instant,
    /// The officer's key.
    pub(crate) decided_by: Uuid,
    /// The commune whose case it was.
    pub(crate) commune_code: CommuneCode,
    /// The commune that it went to.
    #[oai(nullable)]
    pub(crate) referred_to: Option<CommuneCode>,
    /// Why, as a word.
    #[oai(nullable)]
    pub(crate) reason: Option<DecisionReasonWord>,
    /// Why, in words.
    #[oai(nullable)]
    pub(crate) note: Option<String>,
}
