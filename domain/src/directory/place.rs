//! Facilities: the places where guests stay, with changes dated by day.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ADDRESS_LENGTH_MAX, CAPACITY_MAX, Content, DirectoryChange, NAME_LENGTH_MAX, WORD_LENGTH_MAX,
    code, count, day, ended_at, flag, instant, instant_json, is_cleared, refuse_clearing,
};
use crate::catalogue::{Catalogues, CommuneCode};
use crate::facility::{Facility, FacilityKind};
use crate::members::Members;
use crate::problem::{Code, Hint, Violation};

/// A facility as it stands, with what administrators know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct FacilityRecord {
    /// As the rules see it.
    pub facility: Facility,
    /// Code of its organisation.
    pub organisation_code: String,
    /// How many guests it has room for.
    pub capacity: Option<u32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops accepting declarations, regardless of its organisation.
    pub ended_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: i32,
    /// Changes that hold from a later day on.
    pub upcoming: Vec<DirectoryChange>,
}

impl FacilityRecord {
    /// Everything that can change.
    #[must_use]
    pub fn content(&self) -> Content {
        let facility = &self.facility;
        Content::from_iter([
            ("kind".to_owned(), json!(facility.kind.as_str())),
            ("subkind".to_owned(), json!(facility.subkind)),
            ("name".to_owned(), json!(facility.name)),
            ("address".to_owned(), json!(facility.address)),
            ("commune_code".to_owned(), json!(facility.commune_code)),
            ("province_code".to_owned(), json!(facility.province_code)),
            ("is_remote".to_owned(), json!(facility.is_remote)),
            ("capacity".to_owned(), json!(self.capacity)),
            ("ended_at".to_owned(), instant_json(self.ended_at)),
        ])
    }

    /// Applies a change; unreadable members stay unchanged.
    pub fn apply(&mut self, content: &Content) {
        let text = |name: &str| content.get(name).and_then(Value::as_str);
        let facility = &mut self.facility;
        for (name, member) in [
            ("name", &mut facility.name),
            ("address", &mut facility.address),
            ("commune_code", &mut facility.commune_code),
            ("province_code", &mut facility.province_code),
        ] {
            if let Some(text) = text(name) {
                text.clone_into(member);
            }
        }
        if let Some(kind) = text("kind").and_then(FacilityKind::parse) {
            facility.kind = kind;
        }
        if let Some(subkind) = content.get("subkind") {
            facility.subkind = subkind.as_str().map(str::to_owned);
        }
        if let Some(is_remote) = content.get("is_remote").and_then(Value::as_bool) {
            facility.is_remote = is_remote;
        }
        if let Some(capacity) = content.get("capacity") {
            self.capacity = capacity
                .as_u64()
                .and_then(|count| u32::try_from(count).ok());
        }
        if let Some(end) = content.get("ended_at") {
            self.ended_at = ended_at(end);
        }
    }
}

/// What a new facility is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacilityDraft {
    /// Code of its organisation.
    pub organisation_code: String,
    /// What it is by law.
    pub kind: FacilityKind,
    /// Closer word.
    pub subkind: Option<String>,
    /// Its name.
    pub name: String,
    /// Its address inside the commune.
    pub address: String,
    /// A commune of today.
    pub commune_code: String,
    /// The commune's province.
    pub province_code: String,
    /// Whether it lies in a remote area.
    pub is_remote: bool,
    /// How many guests it has room for.
    pub capacity: Option<u32>,
}

impl FacilityDraft {
    /// Reads `{organisation_code, kind, subkind?, name, address, commune_code, is_remote?,
    /// capacity?}`. Whether it is remote is taken from the catalogue of communes when left out.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(
        body: &Value,
        catalogues: &Catalogues,
        today: NaiveDate,
    ) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let organisation_code = code(&mut members, "organisation_code");
        let has_kind = members.required("kind", WORD_LENGTH_MAX);
        let kind = has_kind.and_then(|word| kind(&mut members, &word));
        let subkind = members.text("subkind", WORD_LENGTH_MAX);
        check_subkind(&mut members, catalogues, kind, subkind.as_deref());
        let name = members.required("name", NAME_LENGTH_MAX);
        let address = members.required("address", ADDRESS_LENGTH_MAX);
        let sent = members.required("commune_code", WORD_LENGTH_MAX);
        let commune = sent.and_then(|sent| commune(&mut members, catalogues, &sent, today));
        let is_remote = flag(&mut members, "is_remote");
        let capacity = count(&mut members, "capacity", CAPACITY_MAX);
        members.finish()?;
        let (Some(organisation_code), Some(kind), Some(name), Some(address), Some(commune)) =
            (organisation_code, kind, name, address, commune)
        else {
            return Err(Vec::new());
        };
        Ok(Self {
            organisation_code,
            kind,
            subkind,
            name,
            address,
            is_remote: is_remote.unwrap_or(commune.is_remote),
            commune_code: commune.code,
            province_code: commune.province_code,
            capacity,
        })
    }

    /// The facility, as version 1.
    #[must_use]
    pub fn into_record(
        self,
        id: Uuid,
        organisation_id: Uuid,
        created_at: DateTime<Utc>,
    ) -> FacilityRecord {
        FacilityRecord {
            facility: Facility {
                id,
                organisation_id,
                kind: self.kind,
                subkind: self.subkind,
                name: self.name,
                address: self.address,
                commune_code: self.commune_code,
                province_code: self.province_code,
                is_remote: self.is_remote,
                ended_at: None,
            },
            organisation_code: self.organisation_code,
            capacity: self.capacity,
            created_at,
            ended_at: None,
            version: 1,
            upcoming: Vec::new(),
        }
    }
}

/// A change of a facility.
#[derive(Clone, Debug, PartialEq)]
pub struct FacilityPatch {
    /// What it touches.
    pub content: Content,
    /// From which day on.
    pub valid_from: NaiveDate,
}

impl FacilityPatch {
    /// Reads a merge patch of `kind`, `subkind`, `name`, `address`, `commune_code`, `is_remote`,
    /// `capacity`, `ended_at`, with `valid_from` beside them: today when left out, never before.
    ///
    /// A new commune brings its province, and whether it is remote unless that is said; a new kind
    /// drops the closer word of the old one unless a new one is said.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(
        body: &Value,
        before: &FacilityRecord,
        catalogues: &Catalogues,
        today: NaiveDate,
    ) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let valid_from = day(&mut members, "valid_from").unwrap_or(today);
        if valid_from < today {
            members.fault("valid_from", Code::ValidFromInPast, None);
        }
        let before = before.on(valid_from);
        let mut content = Content::new();
        for (name, length_max) in [("name", NAME_LENGTH_MAX), ("address", ADDRESS_LENGTH_MAX)] {
            if let Some(text) = members.text(name, length_max) {
                content.insert(name.to_owned(), json!(text));
            }
        }
        read_kind(body, &mut members, &before, catalogues, &mut content);
        read_commune(&mut members, &before, catalogues, valid_from, &mut content);
        if let Some(is_remote) = flag(&mut members, "is_remote") {
            content.insert("is_remote".to_owned(), json!(is_remote));
        }
        if let Some(capacity) = count(&mut members, "capacity", CAPACITY_MAX) {
            content.insert("capacity".to_owned(), json!(capacity));
        } else if is_cleared(body, "capacity") {
            content.insert("capacity".to_owned(), Value::Null);
        }
        if let Some(end) = instant(&mut members, "ended_at") {
            content.insert("ended_at".to_owned(), instant_json(Some(end)));
        } else if is_cleared(body, "ended_at") {
            content.insert("ended_at".to_owned(), Value::Null);
        }
        let kept = ["name", "address", "kind", "commune_code", "is_remote"];
        refuse_clearing(&mut members, body, &kept);
        members.finish()?;
        let old = before.content();
        content.retain(|name, value| old.get(name) != Some(value));
        Ok(Self {
            content,
            valid_from,
        })
    }
}

impl FacilityRecord {
    /// As it will stand on a later day, as far as is known.
    fn on(&self, day: NaiveDate) -> Self {
        let mut later = self.clone();
        for change in DirectoryChange::in_force(&self.upcoming, day, i32::MAX) {
            later.apply(&change.content);
        }
        later
    }
}

fn read_kind(
    body: &Value,
    members: &mut Members<'_>,
    before: &FacilityRecord,
    catalogues: &Catalogues,
    content: &mut Content,
) {
    let sent = members.text("kind", WORD_LENGTH_MAX);
    let kind = sent.and_then(|word| kind(members, &word));
    let subkind = members.text("subkind", WORD_LENGTH_MAX);
    let in_force = kind.unwrap_or(before.facility.kind);
    check_subkind(members, catalogues, Some(in_force), subkind.as_deref());
    if let Some(kind) = kind {
        content.insert("kind".to_owned(), json!(kind.as_str()));
    }
    let is_dropped = in_force != before.facility.kind || is_cleared(body, "subkind");
    if subkind.is_some() || is_dropped {
        content.insert("subkind".to_owned(), json!(subkind));
    }
}

fn read_commune(
    members: &mut Members<'_>,
    before: &FacilityRecord,
    catalogues: &Catalogues,
    day: NaiveDate,
    content: &mut Content,
) {
    let sent = members.text("commune_code", WORD_LENGTH_MAX);
    let Some(commune) = sent.and_then(|sent| commune(members, catalogues, &sent, day)) else {
        return;
    };
    content.insert("province_code".to_owned(), json!(commune.province_code));
    if commune.code != before.facility.commune_code {
        content.insert("is_remote".to_owned(), json!(commune.is_remote));
    }
    content.insert("commune_code".to_owned(), json!(commune.code));
}

fn kind(members: &mut Members<'_>, word: &str) -> Option<FacilityKind> {
    let kind = FacilityKind::parse(word);
    if kind.is_none() {
        members.fault("kind", Code::UnknownCode, None);
    }
    kind
}

fn check_subkind(
    members: &mut Members<'_>,
    catalogues: &Catalogues,
    kind: Option<FacilityKind>,
    subkind: Option<&str>,
) {
    if let (Some(kind), Some(subkind)) = (kind, subkind)
        && !catalogues.has_subkind(kind.as_str(), subkind)
    {
        members.fault("subkind", Code::UnknownCode, None);
    }
}

/// What a commune brings along.
struct ResolvedCommune {
    code: String,
    province_code: String,
    is_remote: bool,
}

/// A commune that exists on the day. An old code is refused with its successor named: a facility
/// is set up once, and its notifications go where its commune's police are.
fn commune(
    members: &mut Members<'_>,
    catalogues: &Catalogues,
    sent: &str,
    day: NaiveDate,
) -> Option<ResolvedCommune> {
    match catalogues.commune_code(sent) {
        Some(CommuneCode::Current(commune)) if commune.full_name_on(day).is_some() => {
            Some(ResolvedCommune {
                code: commune.code.clone(),
                province_code: commune.province_code.clone(),
                is_remote: commune.is_remote,
            })
        }
        Some(CommuneCode::Old(successors)) => {
            let main = successors.first().and_then(|code| code.parse().ok());
            members.fault(
                "commune_code",
                Code::CommuneReplaced,
                main.map(Hint::CommuneNow),
            );
            None
        }
        Some(CommuneCode::Current(_)) | None => {
            members.fault("commune_code", Code::UnknownCommune, None);
            None
        }
    }
}
