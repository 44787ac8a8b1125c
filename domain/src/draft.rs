//! A stay as sent: read leniently, judged later.
//!
//! Reading accepts any JSON and never fails: members with the wrong shape are reported with their
//! pointer and dropped, the rest is kept. All text comes out in NFC, trimmed, without control or
//! invisible characters and within its limit; `null`, empty text and empty objects count as absent.
//!
//! There are two readers. [`Draft::read`] takes a tree of values and names every fault;
//! [`Draft::read_sound`] takes the text of a body without any, which is nearly every body, and
//! costs a fraction. A test holds that they agree.

pub(crate) mod reader;
mod sound;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
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
///
/// The members of this and the following structs stand in canonical order, because that is the
/// order in which they are written. `Deserialize` is the one of [`Draft::read_sound`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// RFC 3339; now when left out.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub arrival_at: Option<String>,
    /// Bed.
    #[serde(
        deserialize_with = "sound::place",
        skip_serializing_if = "Option::is_none"
    )]
    pub bed: Option<String>,
    /// RFC 3339.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub expected_departure_at: Option<String>,
    /// Where; may be left out by a key of one facility.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub facility_id: Option<String>,
    /// Who.
    #[serde(deserialize_with = "sound::guest", skip_serializing_if = "is_empty")]
    pub guest: DraftGuest,
    /// The sender's own note.
    #[serde(
        deserialize_with = "sound::note",
        skip_serializing_if = "Option::is_none"
    )]
    pub note: Option<String>,
    /// With whom.
    #[serde(deserialize_with = "sound::object", skip_serializing_if = "is_absent")]
    pub party: Option<DraftParty>,
    /// A word of [`crate::purpose::Purpose`].
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub purpose: Option<String>,
    /// What `other` means.
    #[serde(
        deserialize_with = "sound::meaning",
        skip_serializing_if = "Option::is_none"
    )]
    pub purpose_text: Option<String>,
    /// The sender's own name for this stay.
    #[serde(
        deserialize_with = "sound::reference",
        skip_serializing_if = "Option::is_none"
    )]
    pub reference: Option<String>,
    /// Room.
    #[serde(
        deserialize_with = "sound::place",
        skip_serializing_if = "Option::is_none"
    )]
    pub room: Option<String>,
    /// Ward: kept, never forwarded.
    #[serde(
        deserialize_with = "sound::ward",
        skip_serializing_if = "Option::is_none"
    )]
    pub ward: Option<String>,
}

/// The guest of a [`Draft`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftGuest {
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub birth_date: Option<String>,
    /// What was shown.
    #[serde(deserialize_with = "sound::object", skip_serializing_if = "is_absent")]
    pub document: Option<DraftDocument>,
    /// Foreigners: day of entry.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub entered_on: Option<String>,
    /// Foreigners: gate of entry.
    #[serde(
        deserialize_with = "sound::name",
        skip_serializing_if = "Option::is_none"
    )]
    pub entry_gate: Option<String>,
    /// As on the document, in one piece.
    #[serde(
        deserialize_with = "sound::name",
        skip_serializing_if = "Option::is_none"
    )]
    pub full_name: Option<String>,
    /// The person responsible for a child or a patient.
    #[serde(deserialize_with = "sound::object", skip_serializing_if = "is_absent")]
    pub guardian: Option<DraftGuardian>,
    /// A newborn's mother: the reference of her stay.
    #[serde(
        deserialize_with = "sound::reference",
        skip_serializing_if = "Option::is_none"
    )]
    pub mother_reference: Option<String>,
    /// Alpha-3.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub nationality: Option<String>,
    /// A word of [`crate::document::NoDocumentReason`].
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub no_document_reason: Option<String>,
    /// Foreigners: last permitted day.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub permitted_stay_until: Option<String>,
    /// Telephone.
    #[serde(
        deserialize_with = "sound::telephone",
        skip_serializing_if = "Option::is_none"
    )]
    pub phone: Option<String>,
    /// Where the guest lives.
    #[serde(deserialize_with = "sound::object", skip_serializing_if = "is_absent")]
    pub residence: Option<DraftResidence>,
    /// A word of [`crate::sex::Sex`].
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub sex: Option<String>,
    /// Foreigners: visa.
    #[serde(deserialize_with = "sound::object", skip_serializing_if = "is_absent")]
    pub visa: Option<DraftVisa>,
}

/// The document of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftDocument {
    /// A word of [`crate::document::DocumentKind`].
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// Its number.
    #[serde(
        deserialize_with = "sound::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub number: Option<String>,
}

/// The residence of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftResidence {
    /// Street, hamlet, old units.
    #[serde(
        deserialize_with = "sound::address",
        skip_serializing_if = "Option::is_none"
    )]
    pub address: Option<String>,
    /// Five digits.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub commune_code: Option<String>,
}

/// The guardian of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftGuardian {
    /// Name.
    #[serde(
        deserialize_with = "sound::name",
        skip_serializing_if = "Option::is_none"
    )]
    pub full_name: Option<String>,
    /// Telephone.
    #[serde(
        deserialize_with = "sound::telephone",
        skip_serializing_if = "Option::is_none"
    )]
    pub phone: Option<String>,
    /// The guardian's relation to the guest.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub relation: Option<String>,
}

/// The visa of a [`DraftGuest`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftVisa {
    /// Last day of validity.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_on: Option<String>,
    /// Kind, as printed.
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// Number, as printed.
    #[serde(
        deserialize_with = "sound::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub number: Option<String>,
}

/// The party of a [`Draft`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftParty {
    /// The sender's name for the party.
    #[serde(
        deserialize_with = "sound::reference",
        skip_serializing_if = "Option::is_none"
    )]
    pub reference: Option<String>,
    /// A word of [`crate::party::PartyRole`].
    #[serde(
        deserialize_with = "sound::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub role: Option<String>,
}

/// The body of a declaration as its door received it.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// Read by [`Draft::read_sound`].
    Sound(&'a Draft),
    /// Any JSON, to be read by [`Draft::read`].
    Document(&'a Value),
}

impl<'a> From<&'a Value> for Body<'a> {
    fn from(document: &'a Value) -> Self {
        Self::Document(document)
    }
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

    /// Reads a stay's body from its text, as long as nothing about it is at fault or odd: each
    /// member known, there once, and text that is kept without a warning. The draft is that of
    /// [`Draft::read`], made without a tree of values in between. `None` for anything else, and
    /// then [`Draft::read`] says what is wrong.
    #[must_use]
    pub fn read_sound(json: &[u8]) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let draft = sound::draft(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(draft)
    }

    /// The members that are there, as JSON in the contract's form.
    #[must_use]
    #[expect(clippy::expect_used, reason = "objects of text can always be written")]
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a draft can be written")
    }

    /// The same in canonical form, byte for byte.
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        canonical::of_sorted(self)
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
}

impl DraftDocument {
    fn read_members(document: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            kind: document.text("kind", WORD),
            number: document.text("number", NUMBER),
        }
    }
}

impl DraftResidence {
    fn read_members(residence: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            commune_code: residence.text("commune_code", WORD),
            address: residence.text("address", ADDRESS),
        }
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
}

impl DraftVisa {
    fn read_members(visa: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            kind: visa.text("kind", WORD),
            number: visa.text("number", NUMBER),
            expires_on: visa.text("expires_on", WORD),
        }
    }
}

impl DraftParty {
    fn read_members(party: &mut ObjectReader<'_, '_>) -> Self {
        Self {
            reference: party.text("reference", REFERENCE),
            role: party.text("role", WORD),
        }
    }
}

fn is_empty<T: Default + PartialEq>(object: &T) -> bool {
    *object == T::default()
}

fn is_absent<T: Default + PartialEq>(object: &Option<T>) -> bool {
    object.as_ref().is_none_or(is_empty)
}

/// Nearly everything in a draft is personal: nothing is printed.
impl fmt::Debug for Draft {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Draft(…)")
    }
}
