//! What the police receive: built from an allow-list, so that a new member of a stay is not
//! forwarded until it is added here.
//!
//! Content: Law on Residence 68/2020/QH14, art. 30(2) as amended by Law 118/2025/QH15, art. 4(9)
//! (name, birth date, personal ID or passport number, reason, duration, lodging address), and for
//! foreigners form NA17 of Circular 04/2015/TT-BCA. Never forwarded: ward and bed (they tell of an
//! illness; Law on Medical Examination 15/2023/QH15), note, telephone, guardian, references.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::birth_date::BirthDate;
use crate::catalogue::VIET_NAM_CODE;
use crate::document::{DocumentKind, ImpliedNationality};
use crate::facility::Facility;
use crate::identity::Grade;
use crate::personal_id::PersonalId;
use crate::sex::Sex;
use crate::stay::{IdentityState, NotificationKind, Timeliness};
use crate::time::{format_instant, local_date};

/// Keeps these ids apart from any other use of the digest.
const ID_DOMAIN: &[u8] = b"luutru notification 1";
/// Bytes at the beginning of a UUIDv7 that are its time, in milliseconds.
const TIME_LENGTH: usize = 6;

coded! {
    /// Where a forwarded value comes from.
    pub enum Source {
        /// The sender sent it.
        Declared => "declared",
        /// The population registry gave it.
        Registry => "registry",
        /// It was read out of the personal ID number: a birth date is then the year alone.
        Derived => "derived",
    }
}

/// What a notification says besides the stay's content.
#[derive(Clone, Debug)]
pub struct NotificationFacts<'a> {
    /// The id of the task that delivers it.
    pub id: Uuid,
    /// The stay.
    pub stay_id: Uuid,
    /// Which version of it.
    pub version: i32,
    /// What is being said.
    pub kind: NotificationKind,
    /// Where.
    pub facility: &'a Facility,
    /// What the registry said so far.
    pub identity: IdentityState,
    /// Member by member, when there was something to compare.
    pub grade: Option<Grade>,
    /// The registry's birth date, used when the sender sent none.
    pub registry_birth_date: Option<BirthDate>,
    /// The registry's sex, used when the sender sent none.
    pub registry_sex: Option<Sex>,
    /// The timeliness of version 1.
    pub timeliness: Timeliness,
    /// Legal time of filing, of version 1.
    pub received_at: DateTime<Utc>,
    /// Statutory deadline, of version 1.
    pub deadline_at: DateTime<Utc>,
}

/// The permanent id of a notification: a UUIDv8 (RFC 9562, 5.8) that begins with the six bytes of
/// the stay's id that hold its time, and goes on with the SHA-256 of stay, version and kind. A
/// retry, a restart or a second worker finds the same id.
///
/// The time keeps tasks of the same hour together in the primary key of the outbox, so that a new
/// task touches the index page that the last one touched. With ids that are random throughout, each
/// would touch a page of its own, more of them the larger the table is.
#[must_use]
pub fn notification_id(stay_id: Uuid, version: i32, kind: NotificationKind) -> Uuid {
    let mut bytes = digest(stay_id, version, kind);
    bytes[..TIME_LENGTH].copy_from_slice(&stay_id.as_bytes()[..TIME_LENGTH]);
    Uuid::new_v8(bytes)
}

/// The id that earlier releases gave the same notification. Their tasks keep it, so a lookup by id
/// has to ask for both.
#[must_use]
pub fn former_notification_id(stay_id: Uuid, version: i32, kind: NotificationKind) -> Uuid {
    Uuid::new_v8(digest(stay_id, version, kind))
}

fn digest(stay_id: Uuid, version: i32, kind: NotificationKind) -> [u8; 16] {
    let mut digest = Sha256::new();
    digest.update(ID_DOMAIN);
    digest.update(stay_id.as_bytes());
    digest.update(version.to_be_bytes());
    digest.update(kind.as_str());
    let mut bytes = [0; 16];
    for (byte, source) in bytes.iter_mut().zip(digest.finalize()) {
        *byte = source;
    }
    bytes
}

/// The allow-list: the members of a stay that may go to the police, read from its stored content as
/// they are. They were checked and normalised before they were stored.
///
/// No `Debug`: it is personal.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NotifiedStay {
    /// RFC 3339.
    pub arrival_at: Option<String>,
    /// RFC 3339; of a stay that has ended.
    pub departed_at: Option<String>,
    /// RFC 3339.
    pub expected_departure_at: Option<String>,
    /// The person.
    #[serde(deserialize_with = "object")]
    pub guest: NotifiedGuest,
    /// A word of [`crate::purpose::Purpose`]; the facility's default when absent.
    pub purpose: Option<String>,
    /// The meaning of the purpose `other`.
    pub purpose_text: Option<String>,
    /// Room.
    pub room: Option<String>,
}

/// The guest of a [`NotifiedStay`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NotifiedGuest {
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// What was shown.
    pub document: Option<NotifiedDocument>,
    /// Foreigners: day of entry.
    pub entered_on: Option<String>,
    /// Foreigners: gate of entry.
    pub entry_gate: Option<String>,
    /// As on the document.
    pub full_name: Option<String>,
    /// Alpha-3; implied by the document when absent.
    pub nationality: Option<String>,
    /// A word of [`crate::document::NoDocumentReason`].
    pub no_document_reason: Option<String>,
    /// Foreigners: last permitted day.
    pub permitted_stay_until: Option<String>,
    /// Where the guest lives.
    pub residence: Option<NotifiedResidence>,
    /// A word of [`Sex`].
    pub sex: Option<String>,
    /// Foreigners: visa.
    pub visa: Option<NotifiedVisa>,
}

/// The document of a [`NotifiedGuest`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NotifiedDocument {
    /// A word of [`DocumentKind`].
    pub kind: Option<String>,
    /// Its number.
    pub number: Option<String>,
}

/// The residence of a [`NotifiedGuest`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NotifiedResidence {
    /// Street, hamlet, old units.
    pub address: Option<String>,
    /// Five digits.
    pub commune_code: Option<String>,
}

/// The visa of a [`NotifiedGuest`].
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NotifiedVisa {
    /// Last day of validity.
    pub expires_on: Option<String>,
    /// Kind, as printed.
    pub kind: Option<String>,
    /// Number, as printed.
    pub number: Option<String>,
}

impl NotifiedStay {
    /// Reads stored content from its text, without a tree of values in between. `None` when it is
    /// damaged.
    #[must_use]
    pub fn read(content: &[u8]) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_slice(content);
        // The reader's error would quote what it read.
        let stay = object(&mut reader).ok()?;
        reader.end().is_ok().then_some(stay)
    }

    /// The same from a tree.
    #[must_use]
    pub fn of(content: &Value) -> Option<Self> {
        object(content).ok()
    }
}

/// Reads an object and nothing else: what is derived would take an empty list for a stay that says
/// nothing.
fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }

    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// The body of a notification.
///
/// A stay carries everything of the allow-list; a later identity result carries the grade and the
/// guest's birth date and sex; a cancellation names the stay only.
#[must_use]
pub fn build(stay: &NotifiedStay, facts: &NotificationFacts<'_>) -> Value {
    let mut body = envelope(facts);
    match facts.kind {
        NotificationKind::Stay => {
            add_stay(&mut body, stay, facts.facility);
            body.insert("identity".into(), identity(facts));
            body.insert("guest".into(), Value::Object(guest(&stay.guest, facts)));
        }
        NotificationKind::IdentityResult => {
            let mut guest = Map::new();
            add_birth_date_and_sex(&mut guest, &stay.guest, facts);
            body.insert("identity".into(), identity(facts));
            body.insert("guest".into(), Value::Object(guest));
        }
        NotificationKind::Cancellation => {}
    }
    Value::Object(body)
}

/// What the police receive of a version's content, with what its facility and its document imply:
/// two versions with the same differ in nothing that concerns the police. `None` when the content
/// is damaged.
#[must_use]
pub fn forwarded(content: &Value, facility: &Facility) -> Option<NotifiedStay> {
    let mut stay = NotifiedStay::of(content)?;
    let default_purpose = facility.default_purpose().as_str();
    stay.purpose
        .get_or_insert_with(|| default_purpose.to_owned());
    stay.guest.nationality = nationality(&stay.guest).map(str::to_owned);
    Some(stay)
}

fn envelope(facts: &NotificationFacts<'_>) -> Map<String, Value> {
    let facility = facts.facility;
    let mut body = Map::new();
    body.insert("notification_id".into(), json!(facts.id));
    body.insert("stay_id".into(), json!(facts.stay_id));
    body.insert("version".into(), json!(facts.version));
    body.insert("kind".into(), json!(facts.kind.as_str()));
    body.insert(
        "facility".into(),
        json!({
            "id": facility.id,
            "kind": facility.kind.as_str(),
            "name": facility.name,
            "address": facility.address,
            "commune_code": facility.commune_code,
        }),
    );
    body.insert("timeliness".into(), json!(facts.timeliness.as_str()));
    body.insert(
        "received_at".into(),
        json!(format_instant(facts.received_at)),
    );
    body.insert(
        "deadline_at".into(),
        json!(format_instant(facts.deadline_at)),
    );
    body
}

fn add_stay(body: &mut Map<String, Value>, stay: &NotifiedStay, facility: &Facility) {
    let default_purpose = facility.default_purpose().as_str();
    let purpose = stay.purpose.as_deref().unwrap_or(default_purpose);
    body.insert("purpose".into(), json!(purpose));
    let members = [
        ("purpose_text", &stay.purpose_text),
        ("room", &stay.room),
        ("arrival_at", &stay.arrival_at),
        ("expected_departure_at", &stay.expected_departure_at),
        ("departed_at", &stay.departed_at),
    ];
    for (name, text) in members {
        put(body, name, text.as_deref());
    }
}

fn identity(facts: &NotificationFacts<'_>) -> Value {
    let mut identity = Map::new();
    identity.insert("state".into(), json!(facts.identity.as_str()));
    if let Some(grade) = facts.grade {
        identity.insert("full_name".into(), json!(grade.full_name.as_str()));
        identity.insert("birth_date".into(), json!(grade.birth_date.as_str()));
        identity.insert("sex".into(), json!(grade.sex.as_str()));
    }
    Value::Object(identity)
}

fn guest(sent: &NotifiedGuest, facts: &NotificationFacts<'_>) -> Map<String, Value> {
    let mut guest = declared(sent);
    add_birth_date_and_sex(&mut guest, sent, facts);
    guest
}

/// The members of a guest that are forwarded as sent.
fn declared(sent: &NotifiedGuest) -> Map<String, Value> {
    let mut guest = Map::new();
    put(&mut guest, "full_name", sent.full_name.as_deref());
    put(&mut guest, "nationality", nationality(sent));
    if let Some(document) = &sent.document {
        let mut shown = Map::new();
        put(&mut shown, "kind", document.kind.as_deref());
        put(&mut shown, "number", document.number.as_deref());
        guest.insert("document".into(), Value::Object(shown));
    }
    put(
        &mut guest,
        "no_document_reason",
        sent.no_document_reason.as_deref(),
    );
    add_residence(&mut guest, sent);
    add_entry(&mut guest, sent);
    guest
}

fn add_residence(guest: &mut Map<String, Value>, sent: &NotifiedGuest) {
    let Some(residence) = &sent.residence else {
        return;
    };
    let mut lives = Map::new();
    put(
        &mut lives,
        "commune_code",
        residence.commune_code.as_deref(),
    );
    put(&mut lives, "address", residence.address.as_deref());
    guest.insert("residence".into(), Value::Object(lives));
}

/// Form NA17 of Circular 04/2015/TT-BCA.
fn add_entry(guest: &mut Map<String, Value>, sent: &NotifiedGuest) {
    put(
        guest,
        "permitted_stay_until",
        sent.permitted_stay_until.as_deref(),
    );
    put(guest, "entered_on", sent.entered_on.as_deref());
    put(guest, "entry_gate", sent.entry_gate.as_deref());
    let Some(visa) = &sent.visa else { return };
    let mut shown = Map::new();
    put(&mut shown, "kind", visa.kind.as_deref());
    put(&mut shown, "number", visa.number.as_deref());
    put(&mut shown, "expires_on", visa.expires_on.as_deref());
    guest.insert("visa".into(), Value::Object(shown));
}

/// Each is the one sent, else the registry's, else what the number tells, marked with its source.
fn add_birth_date_and_sex(
    guest: &mut Map<String, Value>,
    sent: &NotifiedGuest,
    facts: &NotificationFacts<'_>,
) {
    let number = personal_id(sent, facts);
    let birth_date = sent
        .birth_date
        .clone()
        .map(|date| (date, Source::Declared))
        .or(facts
            .registry_birth_date
            .map(|date| (date.to_text(), Source::Registry)))
        .or(number
            .as_ref()
            .map(|id| (id.birth_year().to_string(), Source::Derived)));
    if let Some((date, source)) = birth_date {
        guest.insert("birth_date".into(), json!(date));
        guest.insert("birth_date_source".into(), json!(source.as_str()));
    }
    let sex = sent
        .sex
        .as_deref()
        .and_then(Sex::parse)
        .map(|sex| (sex, Source::Declared))
        .or(facts.registry_sex.map(|sex| (sex, Source::Registry)))
        .or(number.as_ref().map(|id| (id.sex(), Source::Derived)));
    if let Some((sex, source)) = sex {
        guest.insert("sex".into(), json!(sex.as_str()));
        guest.insert("sex_source".into(), json!(source.as_str()));
    }
}

fn personal_id(sent: &NotifiedGuest, facts: &NotificationFacts<'_>) -> Option<PersonalId> {
    let document = sent.document.as_ref()?;
    let kind = DocumentKind::parse(document.kind.as_deref()?)?;
    let number = document
        .number
        .as_deref()
        .filter(|_| kind.has_personal_id())?;
    PersonalId::parse(number, local_date(facts.received_at)).ok()
}

/// The one sent, else the one the document implies; nothing when neither is known.
fn nationality(sent: &NotifiedGuest) -> Option<&str> {
    if let Some(code) = sent.nationality.as_deref() {
        return Some(code);
    }
    let kind = DocumentKind::parse(sent.document.as_ref()?.kind.as_deref()?)?;
    match kind.implied_nationality() {
        ImpliedNationality::Vietnamese => Some(VIET_NAM_CODE),
        ImpliedNationality::MustBeNamed | ImpliedNationality::Unknown => None,
    }
}

fn put(object: &mut Map<String, Value>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        object.insert(name.to_owned(), Value::String(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facility::FacilityKind;
    use crate::identity::{GradeReasons, Match};
    use crate::time::parse_instant;

    fn ward_facility() -> Facility {
        Facility {
            id: Uuid::from_u128(4),
            organisation_id: Uuid::from_u128(99),
            kind: FacilityKind::MedicalFacility,
            subkind: Some("hospital".to_owned()),
            name: "Bệnh viện thử".to_owned(),
            address: "181 Hải Thượng Lãn Ông".to_owned(),
            commune_code: "14812".to_owned(),
            province_code: "38".to_owned(),
            is_remote: false,
            ended_at: None,
        }
    }

    fn facts(facility: &Facility) -> NotificationFacts<'_> {
        NotificationFacts {
            id: Uuid::from_u128(5),
            stay_id: Uuid::from_u128(7),
            version: 1,
            kind: NotificationKind::Stay,
            facility,
            identity: IdentityState::Pending,
            grade: None,
            registry_birth_date: None,
            registry_sex: None,
            timeliness: Timeliness::OnTime,
            received_at: parse_instant("2026-11-23T14:10:00+07:00").unwrap(),
            deadline_at: parse_instant("2026-11-23T23:00:00+07:00").unwrap(),
        }
    }

    fn content() -> Value {
        json!({
            "facility_id": Uuid::from_u128(4), "reference": "ref-secret", "room": "P210",
            "bed": "bed-secret", "ward": "ward-secret", "note": "note-secret",
            "arrival_at": "2026-11-23T14:05:00+07:00",
            "guest": {
                "full_name": "Nguyễn Văn An",
                "document": {"kind": "citizen_card", "number": "038090990001"},
                "phone": "0912345678", "mother_reference": "mother-secret",
                "guardian": {"full_name": "guardian-secret"},
                "residence": {"commune_code": "14812", "address": "Số 5"},
            },
            "party": {"reference": "party-secret"},
        })
    }

    fn notify(content: &Value, facts: &NotificationFacts<'_>) -> Value {
        build(&NotifiedStay::of(content).unwrap(), facts)
    }

    #[test]
    fn content_is_read_as_it_is_stored_and_only_the_allow_list_of_it() {
        let stored = json!({
            "arrival_at": "2026-11-23T14:05:00+07:00", "note": "\u{200d} kept \"as it is\"\n",
            "guest": {
                "full_name": "Nguyễn  \"An\"\u{301}",
                "document": {"kind": "passport", "number": "B 1"},
                "visa": {"kind": "DL", "number": "V-1", "expires_on": "2027-01-01"},
                "party": {"reference": 7},
            },
        });
        let read = NotifiedStay::read(stored.to_string().as_bytes()).unwrap();
        assert!(NotifiedStay::of(&stored) == Some(read.clone()));
        assert_eq!(
            read.guest.full_name.as_deref(),
            Some("Nguyễn  \"An\"\u{301}")
        );
        let visa = read.guest.visa.unwrap();
        assert_eq!(visa.expires_on.as_deref(), Some("2027-01-01"));
    }

    #[test]
    fn what_is_no_stay_is_damaged() {
        for damaged in ["", "[]", "null", "{", r#"{"guest":[]}"#, r#"{"room":7}"#] {
            assert!(
                NotifiedStay::read(damaged.as_bytes()).is_none(),
                "{damaged}"
            );
        }
    }

    #[test]
    fn two_contents_differ_for_the_police_only_in_what_they_receive() {
        let facility = ward_facility();
        // Each row: a pointer, its new value, and whether that concerns the police.
        let table = [
            ("/note", json!("another"), false),
            ("/ward", json!("another"), false),
            ("/bed", json!("another"), false),
            ("/guest/phone", json!("0987654321"), false),
            ("/purpose", json!("medical_treatment"), false),
            ("/guest/nationality", json!("VNM"), false),
            ("/room", json!("P211"), true),
            ("/departed_at", json!("2026-11-24T09:00:00+07:00"), true),
            ("/guest/full_name", json!("Nguyễn Văn Bình"), true),
            ("/guest/residence/address", json!("Số 6"), true),
            ("/purpose", json!("visit"), true),
        ];
        let before = content();
        for (pointer, value, is_told) in table {
            let mut after = before.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            after.pointer_mut(parent).unwrap()[name] = value;
            let differs = forwarded(&before, &facility) != forwarded(&after, &facility);
            assert_eq!(differs, is_told, "{pointer}");
        }
    }

    #[test]
    fn only_the_allow_list_goes_to_the_police() {
        let facility = ward_facility();
        let expected = json!({
            "notification_id": Uuid::from_u128(5),
            "stay_id": Uuid::from_u128(7),
            "version": 1,
            "kind": "stay",
            "facility": {
                "id": Uuid::from_u128(4), "kind": "medical_facility", "name": "Bệnh viện thử",
                "address": "181 Hải Thượng Lãn Ông", "commune_code": "14812",
            },
            "room": "P210",
            "arrival_at": "2026-11-23T14:05:00+07:00",
            "purpose": "medical_treatment",
            "guest": {
                "full_name": "Nguyễn Văn An",
                "birth_date": "1990", "birth_date_source": "derived",
                "sex": "male", "sex_source": "derived",
                "nationality": "VNM",
                "document": {"kind": "citizen_card", "number": "038090990001"},
                "residence": {"commune_code": "14812", "address": "Số 5"},
            },
            "identity": {"state": "pending"},
            "timeliness": "on_time",
            "received_at": "2026-11-23T14:10:00+07:00",
            "deadline_at": "2026-11-23T23:00:00+07:00",
        });
        let body = notify(&content(), &facts(&facility));
        assert_eq!(body, expected);
        assert!(!body.to_string().contains("secret"));
    }

    #[test]
    fn the_birth_date_is_the_sent_one_else_the_registry_s_else_the_number_s() {
        let facility = ward_facility();
        let mut sent = content();
        sent["guest"]["birth_date"] = json!("1990-05");
        let registry = BirthDate::parse("1990-05-17");
        let table = [
            (&sent, registry, json!("1990-05"), "declared"),
            (&sent, None, json!("1990-05"), "declared"),
            (&content(), registry, json!("1990-05-17"), "registry"),
            (&content(), None, json!("1990"), "derived"),
        ];
        for (content, registry_birth_date, date, source) in table {
            let facts = NotificationFacts {
                registry_birth_date,
                ..facts(&facility)
            };
            let guest = notify(content, &facts)["guest"].clone();
            assert_eq!(
                (&guest["birth_date"], &guest["birth_date_source"]),
                (&date, &json!(source))
            );
        }
    }

    #[test]
    fn an_unidentified_person_has_neither_birth_date_nor_nationality() {
        let facility = ward_facility();
        let guest = json!({"document": {"kind": "none"}, "no_document_reason": "unidentified"});
        let content = json!({"arrival_at": "2026-11-23T14:05:00+07:00", "guest": guest});
        let body = notify(&content, &facts(&facility));
        assert_eq!(body["guest"], guest);
    }

    #[test]
    fn a_later_identity_result_carries_the_grade_and_a_cancellation_nothing() {
        let facility = ward_facility();
        let grade = Grade {
            full_name: Match::Near,
            birth_date: Match::Exact,
            sex: Match::NotCompared,
            reasons: GradeReasons::default(),
        };
        let result = NotificationFacts {
            kind: NotificationKind::IdentityResult,
            identity: IdentityState::Verified,
            grade: Some(grade),
            ..facts(&facility)
        };
        let body = notify(&content(), &result);
        let identity = json!({
            "state": "verified", "full_name": "near", "birth_date": "exact", "sex": "not_compared",
        });
        assert_eq!(body["identity"], identity);
        assert_eq!(body["guest"].get("document"), None);

        let cancelled = NotificationFacts {
            kind: NotificationKind::Cancellation,
            ..result
        };
        let body = notify(&content(), &cancelled);
        assert_eq!((body.get("guest"), body.get("identity")), (None, None));
    }

    #[test]
    fn a_notification_has_its_id_for_ever() {
        let stay_id = Uuid::from_u128(0x0193_5b2c_8a40_7000_8000_0000_0000_0007);
        let id = notification_id(stay_id, 1, NotificationKind::Stay);
        assert_eq!(id, notification_id(stay_id, 1, NotificationKind::Stay));
        assert_eq!(id.to_string(), "01935b2c-8a40-8c36-91fa-28f7817ae51d");
        assert_eq!(id.get_version_num(), 8);
        assert_ne!(id, notification_id(stay_id, 2, NotificationKind::Stay));
        assert_ne!(
            id,
            notification_id(stay_id, 1, NotificationKind::IdentityResult)
        );
        assert_ne!(
            id,
            notification_id(Uuid::from_u128(8), 1, NotificationKind::Stay)
        );
    }

    #[test]
    fn ids_of_notifications_are_in_the_order_of_their_stays() {
        let of_time = |milliseconds: u128| Uuid::from_u128(milliseconds << 80 | 7 << 76 | 1);
        let ids = (1..100).map(|at| notification_id(of_time(at), 1, NotificationKind::Stay));
        assert!(ids.is_sorted());
    }

    #[test]
    fn the_id_of_an_earlier_release_is_still_found() {
        let id = former_notification_id(Uuid::from_u128(7), 1, NotificationKind::Stay);
        assert_eq!(id.to_string(), "1b93589e-fdf9-8135-8880-aff3efc7f51b");
    }
}
