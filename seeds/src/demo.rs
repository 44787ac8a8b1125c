//! The demonstration: an organisation with one facility of each kind in Thanh Hóa, and a key for
//! each kind of caller.
//!
//! Names, addresses and ids are constants, so that every demonstration looks the same. Key texts
//! are random and belong to one data directory; the database holds their hashes.

use anyhow::Context;
use chrono::{DateTime, Utc};
use domain::{
    facility::{Facility, FacilityKind},
    sender::Role,
};
use runtime::{clock::Clock, ids, key_hash};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use store::{
    Database,
    api_keys::{ApiKey, KeyLookup, RowKey},
};
use uuid::Uuid;

use crate::units;

/// Ids of the constants: version 7, of the first second of 2025-07-01 in Viet Nam, with a counted
/// tail.
const fn fixed_id(tail: u128) -> Uuid {
    Uuid::from_u128(0x0197_c1c8_0280_7000_8000_0000_0000_0000 | tail)
}

pub(crate) const ORGANISATION: DemoOrganisation = DemoOrganisation {
    id: fixed_id(0x01),
    code: "demo",
    name: "Công ty Du lịch và Dịch vụ Biển Xanh (dữ liệu mẫu)",
};
pub(crate) const POLICE: DemoOrganisation = DemoOrganisation {
    id: fixed_id(0x02),
    code: "demo-police",
    name: "Công an tỉnh Thanh Hóa (dữ liệu mẫu)",
};
pub(crate) const OPERATOR: DemoOrganisation = DemoOrganisation {
    id: fixed_id(0x03),
    code: "demo-operator",
    name: "Đơn vị vận hành luutru (dữ liệu mẫu)",
};

/// Thanh Hóa.
pub(crate) const PROVINCE: &str = "38";
/// Phường Sầm Sơn, on the coast.
pub(crate) const SAM_SON: &str = "16531";
/// Phường Hạc Thành, the centre of the city.
const HAC_THANH: &str = "14797";

/// A body that calls. `code` is unique among organisations.
#[derive(Clone, Copy)]
pub struct DemoOrganisation {
    /// The same in every database.
    pub id: Uuid,
    /// Short and stable.
    pub code: &'static str,
    /// In Vietnamese; says that it is made up.
    pub name: &'static str,
}

/// Ids of the five facilities, by the names of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoFacilityIds {
    /// `lodging_business`, Sầm Sơn.
    pub hotel: Uuid,
    /// `guest_house`, Sầm Sơn.
    pub guest_house: Uuid,
    /// `official_residence`, Hạc Thành.
    pub official_residence: Uuid,
    /// `medical_facility`, Hạc Thành.
    pub hospital: Uuid,
    /// `school`, Hạc Thành.
    pub school: Uuid,
}

/// Texts of the demo keys, by the names of the contract. Secret: no `Debug`, never logged.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoKeys {
    /// Declares for the hotel only; so do the next four for their own facility.
    pub hotel: String,
    /// Declares for the guest house only.
    pub guest_house: String,
    /// Declares for the official residence only.
    pub official_residence: String,
    /// Declares for the hospital only.
    pub hospital: String,
    /// Declares for the school only.
    pub school: String,
    /// Declares for all five.
    pub integrator: String,
    /// An officer of the province of Thanh Hóa.
    pub police: String,
    /// Operates the service.
    pub admin: String,
}

/// What a data directory keeps (`demo.json`, mode 0600) so that the next start has the same keys.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoSecrets {
    /// The key texts.
    pub keys: DemoKeys,
}

impl DemoSecrets {
    /// New random keys, known to no database yet. The clock is that of their ids.
    #[must_use]
    pub fn generate(clock: &Clock) -> Self {
        let text = || {
            key_hash::generate(ids::uuid_v7(clock))
                .text()
                .expose_secret()
                .to_owned()
        };
        let keys = DemoKeys {
            hotel: text(),
            guest_house: text(),
            official_residence: text(),
            hospital: text(),
            school: text(),
            integrator: text(),
            police: text(),
            admin: text(),
        };
        Self { keys }
    }
}

/// What a demonstration holds after seeding.
pub struct DemoSeeded {
    /// The organisation of the five facilities.
    pub organisation_id: Uuid,
    /// The same in every database.
    pub facilities: DemoFacilityIds,
    /// `None` when the database already had demo keys and their texts were not given: they cannot
    /// be read back.
    pub keys: Option<DemoKeys>,
}

/// The organisation that runs the five facilities.
#[must_use]
pub fn demo_organisation() -> DemoOrganisation {
    ORGANISATION
}

/// The ids of [`demo_facilities`].
#[must_use]
pub fn demo_facility_ids() -> DemoFacilityIds {
    DemoFacilityIds {
        hotel: fixed_id(0x11),
        guest_house: fixed_id(0x12),
        official_residence: fixed_id(0x13),
        hospital: fixed_id(0x14),
        school: fixed_id(0x15),
    }
}

/// One facility of each kind, in the order of [`DemoFacilityIds`].
#[must_use]
pub fn demo_facilities() -> [Facility; 5] {
    let ids = demo_facility_ids();
    [
        facility(
            ids.hotel,
            (FacilityKind::LodgingBusiness, "hotel"),
            "Khách sạn Biển Xanh Sầm Sơn",
            ("Số 99 đường Hồ Xuân Hương", SAM_SON),
        ),
        facility(
            ids.guest_house,
            (FacilityKind::GuestHouse, "guest_residence"),
            "Nhà khách Trường Lệ",
            ("Số 9 đường Thanh Niên", SAM_SON),
        ),
        facility(
            ids.official_residence,
            (FacilityKind::OfficialResidence, "official_residence"),
            "Nhà công vụ Hạc Thành",
            ("Số 19 đường Hạc Thành", HAC_THANH),
        ),
        facility(
            ids.hospital,
            (FacilityKind::MedicalFacility, "hospital"),
            "Bệnh viện Đa khoa Sông Mã",
            ("Số 199 đường Hải Thượng Lãn Ông", HAC_THANH),
        ),
        facility(
            ids.school,
            (FacilityKind::School, "dormitory"),
            "Ký túc xá Trường Cao đẳng Hàm Rồng",
            ("Số 299 đường Quang Trung", HAC_THANH),
        ),
    ]
}

fn facility(
    id: Uuid,
    (kind, subkind): (FacilityKind, &str),
    name: &str,
    (address, commune_code): (&str, &str),
) -> Facility {
    Facility {
        id,
        organisation_id: ORGANISATION.id,
        kind,
        subkind: Some(subkind.to_owned()),
        name: name.to_owned(),
        address: address.to_owned(),
        commune_code: commune_code.to_owned(),
        province_code: PROVINCE.to_owned(),
        is_remote: units::is_remote(commune_code),
        ended_at: None,
    }
}

/// Loads the demonstration into a migrated database. Safe to repeat.
///
/// With `secrets` their keys are made unless they are there. Without, keys are made only when the
/// database holds no complete set of valid demo keys (two first calls at once may make two sets;
/// both work). `pepper` is the one the API hashes presented keys with.
///
/// Errors: the database's own; a text in `secrets` that is no key; a key that is there under the
/// hash of another pepper, which would be refused at every call.
pub async fn seed_demo(
    db: &Database,
    pepper: &[u8; 32],
    clock: &Clock,
    secrets: Option<&DemoSecrets>,
) -> anyhow::Result<DemoSeeded> {
    let now = clock.now();
    for DemoOrganisation { id, code, name } in [ORGANISATION, POLICE, OPERATOR] {
        store::facilities::insert_organisation(db, id, code, name, now).await?;
    }
    for facility in demo_facilities() {
        store::facilities::insert_facility(db, &facility, now).await?;
    }
    let keys = match secrets {
        Some(secrets) => Some(seed_keys(db, pepper, now, secrets).await?),
        None if has_all_keys(db, now).await? => None,
        None => Some(seed_keys(db, pepper, now, &DemoSecrets::generate(clock)).await?),
    };
    Ok(DemoSeeded {
        organisation_id: ORGANISATION.id,
        facilities: demo_facility_ids(),
        keys,
    })
}

/// One demo key: whose it is and what it may do.
struct DemoKeyPlan {
    label: &'static str,
    text: fn(&DemoKeys) -> &str,
    role: Role,
    organisation: DemoOrganisation,
    facility_ids: Vec<Uuid>,
    province_codes: Vec<String>,
}

fn plans() -> [DemoKeyPlan; 8] {
    let ids = demo_facility_ids();
    let all = vec![
        ids.hotel,
        ids.guest_house,
        ids.official_residence,
        ids.hospital,
        ids.school,
    ];
    [
        declarant("demo hotel", |keys| &keys.hotel, ids.hotel),
        declarant(
            "demo guest_house",
            |keys| &keys.guest_house,
            ids.guest_house,
        ),
        declarant(
            "demo official_residence",
            |keys| &keys.official_residence,
            ids.official_residence,
        ),
        declarant("demo hospital", |keys| &keys.hospital, ids.hospital),
        declarant("demo school", |keys| &keys.school, ids.school),
        DemoKeyPlan {
            label: "demo integrator",
            text: |keys| &keys.integrator,
            role: Role::Integrator,
            organisation: ORGANISATION,
            facility_ids: all,
            province_codes: Vec::new(),
        },
        DemoKeyPlan {
            label: "demo police",
            text: |keys| &keys.police,
            role: Role::Police,
            organisation: POLICE,
            facility_ids: Vec::new(),
            province_codes: vec![PROVINCE.to_owned()],
        },
        DemoKeyPlan {
            label: "demo admin",
            text: |keys| &keys.admin,
            role: Role::Admin,
            organisation: OPERATOR,
            facility_ids: Vec::new(),
            province_codes: Vec::new(),
        },
    ]
}

/// A key for one facility.
fn declarant(label: &'static str, text: fn(&DemoKeys) -> &str, facility_id: Uuid) -> DemoKeyPlan {
    DemoKeyPlan {
        label,
        text,
        role: Role::Declarant,
        organisation: ORGANISATION,
        facility_ids: vec![facility_id],
        province_codes: Vec::new(),
    }
}

async fn seed_keys(
    db: &Database,
    pepper: &[u8; 32],
    now: DateTime<Utc>,
    secrets: &DemoSecrets,
) -> anyhow::Result<DemoKeys> {
    let by = RowKey::of_pepper(pepper);
    for plan in plans() {
        let label = plan.label;
        let text = (plan.text)(&secrets.keys);
        let key =
            to_row(plan, text, pepper, now).with_context(|| format!("the key \"{label}\""))?;
        let is_new = store::api_keys::insert(db, &key, &by).await?;
        if !is_new {
            require_same_hash(db, &key, &by).await?;
        }
    }
    Ok(secrets.keys.clone())
}

fn to_row(
    plan: DemoKeyPlan,
    text: &str,
    pepper: &[u8; 32],
    now: DateTime<Utc>,
) -> anyhow::Result<ApiKey> {
    let parsed = key_hash::parse(text).context("its text is no API key")?;
    Ok(ApiKey {
        id: parsed.key_id,
        organisation_id: plan.organisation.id,
        role: plan.role,
        label: plan.label.to_owned(),
        secret_hash: key_hash::hash(pepper, &parsed.secret).to_vec(),
        facility_ids: plan.facility_ids,
        commune_codes: Vec::new(),
        province_codes: plan.province_codes,
        created_at: now,
        expires_at: None,
        revoked_at: None,
    })
}

async fn require_same_hash(db: &Database, key: &ApiKey, by: &RowKey) -> anyhow::Result<()> {
    let stored = store::api_keys::find(db, key.id, by)
        .await?
        .context("a demo key vanished")?;
    let is_same = match stored {
        KeyLookup::Key(stored) => stored.secret_hash == key.secret_hash,
        // The key is no longer valid, as each use will show; this must not prevent a start.
        KeyLookup::Forged { secret_hash } => secret_hash == key.secret_hash,
    };
    anyhow::ensure!(
        is_same,
        "the database knows the key \"{}\" under another pepper: start with the LUUTRU_KEY_PEPPER \
         it was made with, or with a new data directory",
        key.label,
    );
    Ok(())
}

/// Whether a valid key of every label is there.
async fn has_all_keys(db: &Database, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let stored = store::api_keys::list(db).await?;
    let is_there = |label| {
        stored
            .iter()
            .any(|key| key.label == label && key.is_valid_at(now))
    };
    Ok(plans().iter().all(|plan| is_there(plan.label)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use store::ConnectOptions;
    use tempfile::TempDir;

    use super::*;
    use crate::{catalogues, seed_catalogues};

    const PEPPER: &[u8; 32] = &[7; 32];

    async fn database() -> anyhow::Result<(TempDir, Database)> {
        let directory = tempfile::tempdir()?;
        let url = format!("sqlite://{}", directory.path().join("luutru.db").display());
        let db = Database::connect(&url, &ConnectOptions::default()).await?;
        store::schema::migrate(&db).await?;
        Ok((directory, db))
    }

    #[test]
    fn there_is_one_facility_of_each_kind_in_communes_that_exist() {
        let seeds = catalogues().unwrap();
        let communes = seeds.iter().find(|seed| seed.name == "communes").unwrap();
        let kinds: HashSet<FacilityKind> = demo_facilities().iter().map(|one| one.kind).collect();
        assert_eq!(kinds.len(), FacilityKind::ALL.len());
        for facility in demo_facilities() {
            let (_, commune) = communes
                .entries
                .iter()
                .find(|(code, _)| *code == facility.commune_code)
                .unwrap();
            assert_eq!(commune["province_code"], facility.province_code.as_str());
            assert_eq!(commune["is_remote"], facility.is_remote);
            assert_eq!(facility.id.get_version_num(), 7);
        }
    }

    #[test]
    fn subkinds_of_the_facilities_are_in_the_catalogue() {
        let seeds = catalogues().unwrap();
        let kinds = seeds
            .iter()
            .find(|seed| seed.name == "facility_kinds")
            .unwrap();
        for facility in demo_facilities() {
            let (_, kind) = kinds
                .entries
                .iter()
                .find(|(code, _)| code == facility.kind.as_str())
                .unwrap();
            let subkinds = kind["subkinds"].as_array().unwrap();
            let subkind = facility.subkind.as_deref().unwrap();
            assert!(
                subkinds.iter().any(|one| one["code"] == subkind),
                "{subkind}"
            );
            assert_eq!(
                kind["default_purpose"],
                facility.kind.default_purpose().as_str()
            );
        }
    }

    #[tokio::test]
    async fn catalogues_are_loaded_once() {
        let (_directory, db) = database().await.unwrap();
        let clock = Clock::system();
        seed_catalogues(&db, &clock).await.unwrap();
        seed_catalogues(&db, &clock).await.unwrap();
        let stored = store::catalogues::load_all(&db).await.unwrap();
        assert_eq!(stored.len(), catalogues().unwrap().len());
        for seed in catalogues().unwrap() {
            let same = stored.iter().find(|one| one.name == seed.name).unwrap();
            assert_eq!(same.version, seed.version);
            let entries: Vec<(String, serde_json::Value)> = same
                .entries
                .iter()
                .map(|(code, body)| (code.clone(), serde_json::from_str(body.get()).unwrap()))
                .collect();
            assert_eq!(entries, seed.entries, "{}", seed.name);
        }
    }

    #[tokio::test]
    async fn seeding_twice_with_the_same_secrets_keeps_the_keys() {
        let (_directory, db) = database().await.unwrap();
        let clock = Clock::system();
        let secrets = DemoSecrets::generate(&clock);
        for _ in 0..2 {
            let seeded = seed_demo(&db, PEPPER, &clock, Some(&secrets))
                .await
                .unwrap();
            assert!(seeded.keys.unwrap().hotel == secrets.keys.hotel);
        }
        assert_eq!(store::api_keys::list(&db).await.unwrap().len(), 8);
        let facilities =
            store::facilities::of_organisation(&db, demo_organisation().id, &[], clock.now())
                .await
                .unwrap();
        assert_eq!(facilities, demo_facilities());

        let id = key_hash::parse(&secrets.keys.hotel).unwrap().key_id;
        let by = RowKey::of_pepper(PEPPER);
        let Some(KeyLookup::Key(hotel)) = store::api_keys::find(&db, id, &by).await.unwrap() else {
            panic!("the hotel's key is there");
        };
        assert_eq!(hotel.facility_ids, [demo_facility_ids().hotel]);
        assert_eq!(hotel.role, Role::Declarant);
    }

    #[tokio::test]
    async fn without_secrets_keys_are_made_once_and_shown_once() {
        let (_directory, db) = database().await.unwrap();
        let clock = Clock::system();
        let first = seed_demo(&db, PEPPER, &clock, None).await.unwrap();
        let second = seed_demo(&db, PEPPER, &clock, None).await.unwrap();
        assert!(first.keys.is_some());
        assert!(second.keys.is_none());
        assert_eq!(store::api_keys::list(&db).await.unwrap().len(), 8);
    }

    #[tokio::test]
    async fn another_pepper_is_refused_by_name() {
        let (_directory, db) = database().await.unwrap();
        let clock = Clock::system();
        let secrets = DemoSecrets::generate(&clock);
        seed_demo(&db, PEPPER, &clock, Some(&secrets))
            .await
            .unwrap();
        let refusal = seed_demo(&db, &[8; 32], &clock, Some(&secrets))
            .await
            .err()
            .unwrap();
        assert!(refusal.to_string().contains("LUUTRU_KEY_PEPPER"));
        assert!(!refusal.to_string().contains(&secrets.keys.hotel));
    }
}
