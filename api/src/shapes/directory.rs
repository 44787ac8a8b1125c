//! Organisations, facilities and keys as administrators send and see them.

use std::collections::HashMap;

use poem_openapi::{Object, types::Any};
use serde_json::Value;

use super::text::{
    CommuneCode, Day, DirectoryStateWord, FacilityKindWord, Id, Instant, KeyStateWord,
    OrganisationCode, PlaceAddress, PlaceName, ProvinceCode, RoleWord, Word,
};

/// An organisation that declares.
#[derive(Object)]
#[oai(rename = "Organisation")]
pub(crate) struct OrganisationView {
    /// Its id.
    id: Id,
    /// The short word by which it is named; never changes.
    code: String,
    /// Its name.
    name: String,
    /// Whether its facilities take declarations.
    state: DirectoryStateWord,
    /// When it was made.
    created_at: Instant,
    /// From when on they take none.
    #[oai(nullable)]
    ended_at: Option<Instant>,
    /// Counts its changes; also in `ETag`.
    version: u32,
}

/// A page of organisations, by id.
#[derive(Object)]
pub(crate) struct OrganisationPage {
    /// The organisations.
    items: Vec<OrganisationView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A new organisation.
#[derive(Object)]
pub(crate) struct OrganisationDraft {
    /// Small letters, digits, `-_.`; no other organisation has it.
    code: OrganisationCode,
    /// Its name.
    name: PlaceName,
}

/// What of an organisation changes; what is left out stays.
#[derive(Object)]
pub(crate) struct OrganisationPatch {
    /// Its name.
    name: Option<PlaceName>,
    /// From when on its facilities take no new declarations; `null` opens it again.
    #[oai(nullable)]
    ended_at: Option<Instant>,
}

/// A facility as administrators see it.
#[derive(Object)]
#[oai(rename = "FacilityRecord")]
pub(crate) struct FacilityRecordView {
    /// Its id.
    id: Id,
    /// Its organisation.
    organisation_id: Id,
    /// That organisation's code.
    organisation_code: String,
    /// What it is by law.
    kind: FacilityKindWord,
    /// A closer word, such as hotel or dormitory.
    #[oai(nullable)]
    subkind: Option<String>,
    /// Its name, as the police know it.
    name: String,
    /// Its address inside the commune.
    address: String,
    /// Its commune.
    commune_code: CommuneCode,
    /// Its province.
    province_code: ProvinceCode,
    /// Whether foreigners may be declared within 24 hours instead of 12.
    is_remote: bool,
    /// How many guests it has room for.
    #[oai(nullable)]
    capacity: Option<u32>,
    /// Whether it takes declarations.
    state: DirectoryStateWord,
    /// When it was made.
    created_at: Instant,
    /// From when on it takes none: its own end, or its organisation's where that is earlier.
    #[oai(nullable)]
    ended_at: Option<Instant>,
    /// Counts its changes; also in `ETag`.
    version: u32,
    /// Changes that hold from a later day on.
    upcoming: Vec<UpcomingChange>,
}

/// A change that holds from a later day on.
#[derive(Object)]
pub(crate) struct UpcomingChange {
    /// The version that it made.
    version: u32,
    /// The first day on which it holds.
    valid_from: Day,
    /// The members it changes.
    changes: HashMap<String, Any<Value>>,
}

/// A page of facilities, by id.
#[derive(Object)]
pub(crate) struct FacilityRecordPage {
    /// The facilities.
    items: Vec<FacilityRecordView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A new facility.
#[derive(Object)]
pub(crate) struct FacilityRecordDraft {
    /// Code of its organisation.
    organisation_code: OrganisationCode,
    /// What it is by law.
    kind: FacilityKindWord,
    /// A closer word of the catalogue `facility_kinds`.
    #[oai(nullable)]
    subkind: Option<Word>,
    /// Its name, as the police know it.
    name: PlaceName,
    /// Its address inside the commune.
    address: PlaceAddress,
    /// Its commune: a code of today.
    commune_code: CommuneCode,
    /// Whether foreigners may be declared within 24 hours; as the catalogue says of the commune
    /// when left out.
    #[oai(nullable)]
    is_remote: Option<bool>,
    /// How many guests it has room for.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "100000")))]
    capacity: Option<u32>,
}

/// What of a facility changes, and from which day on; what is left out stays.
#[derive(Object)]
pub(crate) struct FacilityRecordPatch {
    /// The first day on which it holds, today or later; today when left out.
    valid_from: Option<Day>,
    /// What it is by law; drops the closer word unless one is sent.
    kind: Option<FacilityKindWord>,
    /// A closer word; `null` takes it away.
    #[oai(nullable)]
    subkind: Option<Word>,
    /// Its name.
    name: Option<PlaceName>,
    /// Its address inside the commune.
    address: Option<PlaceAddress>,
    /// Its commune; brings its province, and whether it is remote unless that is sent.
    commune_code: Option<CommuneCode>,
    /// Whether foreigners may be declared within 24 hours.
    is_remote: Option<bool>,
    /// How many guests it has room for; `null`: that is not known.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "100000")))]
    capacity: Option<u32>,
    /// From when on it takes no new declarations; `null` opens it again.
    #[oai(nullable)]
    ended_at: Option<Instant>,
}

/// A key: never its text.
#[derive(Object)]
#[oai(rename = "Key")]
pub(crate) struct KeyView {
    /// The public part of its text.
    id: Id,
    /// Whom it speaks for.
    organisation_id: Id,
    /// That organisation's code.
    organisation_code: String,
    /// What it may do.
    role: RoleWord,
    /// What people call it.
    label: String,
    /// How it stands.
    state: KeyStateWord,
    /// Facilities it is bound to; none: all of its organisation, for those who declare.
    facility_ids: Vec<Id>,
    /// Communes a police key may see.
    communes: Vec<CommuneCode>,
    /// Provinces a police key may see.
    provinces: Vec<ProvinceCode>,
    /// When it was made.
    created_at: Instant,
    /// By whom: the id of a key, or who sat at a terminal.
    #[oai(nullable)]
    created_by: Option<String>,
    /// When it ends by itself; `null`: never.
    #[oai(nullable)]
    expires_at: Option<Instant>,
    /// When it was last used, to the minute.
    #[oai(nullable)]
    last_used_at: Option<Instant>,
    /// When it was ended by hand.
    #[oai(nullable)]
    revoked_at: Option<Instant>,
}

/// A key that was made, with its text.
#[derive(Object)]
pub(crate) struct KeyMade {
    #[oai(flatten)]
    key: KeyView,
    /// Its text, told this once; `null` when the request is a replay.
    #[oai(nullable)]
    secret: Option<String>,
}

/// A page of keys, the oldest first.
#[derive(Object)]
pub(crate) struct KeyPage {
    /// The keys.
    items: Vec<KeyView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A new key.
#[derive(Object)]
pub(crate) struct KeyDraft {
    /// Code of the organisation it speaks for.
    organisation_code: OrganisationCode,
    /// What it may do.
    role: RoleWord,
    /// What people call it. No personal names, please.
    label: PlaceName,
    /// Facilities it may declare for. Left out for an integrator: all of its organisation, also
    /// later ones.
    #[oai(nullable, validator(max_items = 1000))]
    facility_ids: Option<Vec<Id>>,
    /// All facilities that the organisation has.
    #[oai(nullable)]
    all_facilities: Option<bool>,
    /// Communes a police key may see.
    #[oai(nullable, validator(max_items = 1000))]
    communes: Option<Vec<CommuneCode>>,
    /// Provinces a police key may see.
    #[oai(nullable, validator(max_items = 1000))]
    provinces: Option<Vec<ProvinceCode>>,
    /// Days until it ends by itself; 365 when left out.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "3650")))]
    expires_in_days: Option<u32>,
    /// It never ends by itself.
    #[oai(nullable)]
    never_expires: Option<bool>,
}
