//! A stay as it was sent: read leniently, judged later.
//!
//! Reading takes any JSON and never fails: what has the wrong shape is named with its pointer and
//! left out, the rest is kept. All text comes out in NFC, trimmed, without control or invisible
//! characters and within its bound; `null`, empty text and empty objects are the same as absent.

pub(crate) mod reader;

use std::fmt;

use serde_json::{Map, Value};

use crate::problem::Violation;
use reader::{Bound, ObjectReader};

/// Longest name of a person, in characters.
pub const NAME_LENGTH_MAX: usize = 200;
/// Longest reference of a sender, in characters.
pub const REFERENCE_LENGTH_MAX: usize = 128;
/// Longest name of a room, bed or ward, in characters.
pub const PLACE_LENGTH_MAX: usize = 64;
/// Longest address, in characters.
pub const ADDRESS_LENGTH_MAX: usize = 500;
/// Longest note or purpose text, in characters.
pub const NOTE_LENGTH_MAX: usize = 2000;
/// Longest word of any other member, in characters.
pub const WORD_LENGTH_MAX: usize = 100;

const NAME: Bound = Bound::name(NAME_LENGTH_MAX);
const REFERENCE: Bound = Bound::line(REFERENCE_LENGTH_MAX);
const PLACE: Bound = Bound::line(PLACE_LENGTH_MAX);
const WARD: Bound = Bound::remark(PLACE_LENGTH_MAX);
const ADDRESS: Bound = Bound::remark(ADDRESS_LENGTH_MAX);
const NOTE: Bound = Bound::remarks(NOTE_LENGTH_MAX);
const MEANING: Bound = Bound::lines(NOTE_LENGTH_MAX);
const WORD: Bound = Bound::line(WORD_LENGTH_MAX);
const NUMBER: Bound = Bound::number(WORD_LENGTH_MAX);
const TELEPHONE: Bound = Bound::telephone(WORD_LENGTH_MAX);

/// The members of a stay's answer that only the service sets.
pub(crate) const READ_ONLY: [&str; 13] = [
    "id",
    "version",
    "received_at",
    "deadline_at",
    "timeliness",
    "warnings",
    "presence",
    "identity",
    "delivery",
    "completion",
    "receipt",
    "departed_at",
    "questions",
];

/// The contract's stay, every member optional and still text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Where; may be left out by a key of one facility.
    pub facility_id: Option<String>,
    /// The sender's own name for this stay.
    pub reference: Option<String>,
    /// Room.
    pub room: Option<String>,
    /// Bed.
    pub bed: Option<String>,
    /// Ward: kept, never forwarded.
    pub ward: Option<String>,
    /// RFC 3339; now when left out.
    pub arrival_at: Option<String>,
    /// RFC 3339.
    pub expected_departure_at: Option<String>,
    /// A word of [`crate::purpose::Purpose`].
    pub purpose: Option<String>,
    /// What `other` means.
    pub purpose_text: Option<String>,
    /// Who.
    pub guest: DraftGuest,
    /// With whom.
    pub party: Option<DraftParty>,
    /// The sender's own note.
    pub note: Option<String>,
}

/// The guest of a [`Draft`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftGuest {
    /// As on the document, in one piece.
    pub full_name: Option<String>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// A word of [`crate::sex::Sex`].
    pub sex: Option<String>,
    /// Alpha-3.
    pub nationality: Option<String>,
    /// What was shown.
    pub document: Option<DraftDocument>,
    /// A word of [`crate::document::NoDocumentReason`].
    pub no_document_reason: Option<String>,
    /// Where the guest lives.
    pub residence: Option<DraftResidence>,
    /// Telephone.
    pub phone: Option<String>,
    /// Who answers for a child or a patient.
    pub guardian: Option<DraftGuardian>,
    /// A newborn's mother: the reference of her stay.
    pub mother_reference: Option<String>,
    /// Foreigners: last permitted day.
    pub permitted_stay_until: Option<String>,
    /// Foreigners: visa.
    pub visa: Option<DraftVisa>,
    /// Foreigners: day of entry.
    pub entered_on: Option<String>,
    /// Foreigners: gate of entry.
    pub entry_gate: Option<String>,
}

/// The document of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftDocument {
    /// A word of [`crate::document::DocumentKind`].
    pub kind: Option<String>,
    /// Its number.
    pub number: Option<String>,
}

/// The residence of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftResidence {
    /// Five digits.
    pub commune_code: Option<String>,
    /// Street, hamlet, old units.
    pub address: Option<String>,
}

/// The guardian of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftGuardian {
    /// Name.
    pub full_name: Option<String>,
    /// What he is to the guest.
    pub relation: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
}

/// The visa of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftVisa {
    /// Kind, as printed.
    pub kind: Option<String>,
    /// Number, as printed.
    pub number: Option<String>,
    /// Last day of validity.
    pub expires_on: Option<String>,
}

/// The party of a [`Draft`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftParty {
    /// The sender's name for the party.
    pub reference: Option<String>,
    /// A word of [`crate::party::PartyRole`].
    pub role: Option<String>,
}

impl Draft {
    /// Reads a stay's body, with every fault of its shape at once: `invalid_type`,
    /// `unknown_field`, `read_only`, `too_long`, `control_character`, `invisible_character`. Pointers
    /// are into `body`. A faulty member is absent from the draft. Beside the faults stand warnings,
    /// told by the [class](crate::problem::Code::class) of their code, of what was left out of a
    /// text that is kept.
    #[must_use]
    pub fn read(body: &Value) -> (Self, Vec<Violation>) {
        let mut violations = Vec::new();
        let draft = match ObjectReader::root(body, &mut violations) {
            Some(mut stay) => {
                let draft = Self::read_members(&mut stay);
                stay.finish(&READ_ONLY);
                draft
            }
            None => Self::default(),
        };
        (draft, violations)
    }

    fn read_members(stay: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            facility_id: stay.text("facility_id", WORD),
            reference: stay.text("reference", REFERENCE),
            room: stay.text("room", PLACE),
            bed: stay.text("bed", PLACE),
            ward: stay.text("ward", WARD),
            arrival_at: stay.text("arrival_at", WORD),
            expected_departure_at: stay.text("expected_departure_at", WORD),
            purpose: stay.text("purpose", WORD),
            purpose_text: stay.text("purpose_text", MEANING),
            guest: stay
                .object("guest", DraftGuest::read_members)
                .unwrap_or_default(),
            party: stay.object("party", DraftParty::read_members),
            note: stay.text("note", NOTE),
        }
    }

    /// The members that are there, as JSON in the contract's form.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut stay = Map::new();
        put(&mut stay, "facility_id", self.facility_id.as_ref());
        put(&mut stay, "reference", self.reference.as_ref());
        put(&mut stay, "room", self.room.as_ref());
        put(&mut stay, "bed", self.bed.as_ref());
        put(&mut stay, "ward", self.ward.as_ref());
        put(&mut stay, "arrival_at", self.arrival_at.as_ref());
        put(
            &mut stay,
            "expected_departure_at",
            self.expected_departure_at.as_ref(),
        );
        put(&mut stay, "purpose", self.purpose.as_ref());
        put(&mut stay, "purpose_text", self.purpose_text.as_ref());
        put_object(&mut stay, "guest", self.guest.to_map());
        if let Some(party) = &self.party {
            put_object(&mut stay, "party", party.to_map());
        }
        put(&mut stay, "note", self.note.as_ref());
        Value::Object(stay)
    }
}

impl DraftGuest {
    fn read_members(guest: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            full_name: guest.text("full_name", NAME),
            birth_date: guest.text("birth_date", WORD),
            sex: guest.text("sex", WORD),
            nationality: guest.text("nationality", WORD),
            document: guest.object("document", DraftDocument::read_members),
            no_document_reason: guest.text("no_document_reason", WORD),
            residence: guest.object("residence", DraftResidence::read_members),
            phone: guest.text("phone", TELEPHONE),
            guardian: guest.object("guardian", DraftGuardian::read_members),
            mother_reference: guest.text("mother_reference", REFERENCE),
            permitted_stay_until: guest.text("permitted_stay_until", WORD),
            visa: guest.object("visa", DraftVisa::read_members),
            entered_on: guest.text("entered_on", WORD),
            entry_gate: guest.text("entry_gate", NAME),
        }
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut guest = Map::new();
        put(&mut guest, "full_name", self.full_name.as_ref());
        put(&mut guest, "birth_date", self.birth_date.as_ref());
        put(&mut guest, "sex", self.sex.as_ref());
        put(&mut guest, "nationality", self.nationality.as_ref());
        if let Some(document) = &self.document {
            put_object(&mut guest, "document", document.to_map());
        }
        put(
            &mut guest,
            "no_document_reason",
            self.no_document_reason.as_ref(),
        );
        if let Some(residence) = &self.residence {
            put_object(&mut guest, "residence", residence.to_map());
        }
        put(&mut guest, "phone", self.phone.as_ref());
        if let Some(guardian) = &self.guardian {
            put_object(&mut guest, "guardian", guardian.to_map());
        }
        put(
            &mut guest,
            "mother_reference",
            self.mother_reference.as_ref(),
        );
        put(
            &mut guest,
            "permitted_stay_until",
            self.permitted_stay_until.as_ref(),
        );
        if let Some(visa) = &self.visa {
            put_object(&mut guest, "visa", visa.to_map());
        }
        put(&mut guest, "entered_on", self.entered_on.as_ref());
        put(&mut guest, "entry_gate", self.entry_gate.as_ref());
        guest
    }
}

impl DraftDocument {
    fn read_members(document: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            kind: document.text("kind", WORD),
            number: document.text("number", NUMBER),
        }
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut document = Map::new();
        put(&mut document, "kind", self.kind.as_ref());
        put(&mut document, "number", self.number.as_ref());
        document
    }
}

impl DraftResidence {
    fn read_members(residence: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            commune_code: residence.text("commune_code", WORD),
            address: residence.text("address", ADDRESS),
        }
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut residence = Map::new();
        put(&mut residence, "commune_code", self.commune_code.as_ref());
        put(&mut residence, "address", self.address.as_ref());
        residence
    }
}

impl DraftGuardian {
    fn read_members(guardian: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            full_name: guardian.text("full_name", NAME),
            relation: guardian.text("relation", WORD),
            phone: guardian.text("phone", TELEPHONE),
        }
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut guardian = Map::new();
        put(&mut guardian, "full_name", self.full_name.as_ref());
        put(&mut guardian, "relation", self.relation.as_ref());
        put(&mut guardian, "phone", self.phone.as_ref());
        guardian
    }
}

impl DraftVisa {
    fn read_members(visa: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            kind: visa.text("kind", WORD),
            number: visa.text("number", NUMBER),
            expires_on: visa.text("expires_on", WORD),
        }
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut visa = Map::new();
        put(&mut visa, "kind", self.kind.as_ref());
        put(&mut visa, "number", self.number.as_ref());
        put(&mut visa, "expires_on", self.expires_on.as_ref());
        visa
    }
}

impl DraftParty {
    fn read_members(party: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            reference: party.text("reference", REFERENCE),
            role: party.text("role", WORD),
        }
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut party = Map::new();
        put(&mut party, "reference", self.reference.as_ref());
        put(&mut party, "role", self.role.as_ref());
        party
    }
}

fn put(object: &mut Map<String, Value>, name: &str, text: Option<&String>) {
    if let Some(text) = text {
        object.insert(name.to_owned(), Value::String(text.clone()));
    }
}

fn put_object(object: &mut Map<String, Value>, name: &str, members: Map<String, Value>) {
    if !members.is_empty() {
        object.insert(name.to_owned(), Value::Object(members));
    }
}

/// Nearly everything in a draft is personal: nothing is printed.
impl fmt::Debug for Draft {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Draft(…)")
    }
}
