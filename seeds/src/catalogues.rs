//! The published catalogues: their list, their versions, and loading them into a database.
//!
//! A catalogue's version changes whenever one of its entries does; the test of fingerprints at
//! the end of this file holds that.

use anyhow::Context;
use chrono::NaiveDate;
use runtime::clock::Clock;
use serde::Deserialize;
use serde_json::{Map, Value, json, value::to_raw_value};
use store::{Database, catalogues::StoredCatalogue};

use crate::data::{FIRST_DAY, day, read_csv};
use crate::units;

/// Words and mappings of this service: document kinds, purposes, facility kinds.
const WORDS: &str = include_str!("../data/words.json");
const NATIONALITIES: &str = include_str!("../data/nationalities.csv");

/// Last change of units applied here (Resolutions 30/2026/QH16 and 237/NQ-UBTVQH16).
const UNITS_CHANGED_ON: NaiveDate = day(2026, 4, 30);

/// Not served as countries: the first is a word of one import template, the second stands on
/// specimens only (ICAO Doc 9303 part 3); nobody is a national of either.
const NOT_COUNTRIES: [&str; 2] = ["SC-", "UTO"];
/// Codes of machine-readable zones that name a country with a code of its own.
const SAME_COUNTRY: [(&str, &str); 2] = [("D", "DEU"), ("RKS", "XKX")];

/// One catalogue, ready to be stored.
///
/// An entry is its code and a JSON object that repeats it as `code`. Every object has `valid_from`
/// and `valid_to` (ISO dates, both inclusive; `null` = open) and a name: `name_vi`, and `name_en`
/// where one is known. Numbers and labels of other systems are in `mappings`.
pub struct CatalogueSeed {
    /// Name in `/v1/catalogues/{name}`.
    pub name: &'static str,
    /// Changes with any entry; compared for equality only.
    pub version: String,
    /// First day on which this version says what holds.
    pub valid_from: NaiveDate,
    /// In the order they are shown. Codes are unique.
    pub entries: Vec<(String, Value)>,
}

/// The source of a catalogue, before it is read.
struct CatalogueSource {
    name: &'static str,
    version: &'static str,
    valid_from: NaiveDate,
    read: fn() -> anyhow::Result<Bodies>,
}

/// The objects of a catalogue in their order, made when asked for.
type Bodies = Box<dyn Iterator<Item = anyhow::Result<Value>> + Send>;

fn all(bodies: anyhow::Result<Vec<Value>>) -> anyhow::Result<Bodies> {
    Ok(Box::new(bodies?.into_iter().map(Ok)))
}

const SOURCES: [CatalogueSource; 7] = [
    CatalogueSource {
        name: "provinces",
        version: "2026-04-30",
        valid_from: UNITS_CHANGED_ON,
        read: || all(units::provinces()),
    },
    CatalogueSource {
        name: "communes",
        version: "2026-04-30",
        valid_from: UNITS_CHANGED_ON,
        read: || all(units::communes()),
    },
    CatalogueSource {
        name: "commune_aliases",
        version: "2026-04-30",
        valid_from: UNITS_CHANGED_ON,
        read: || Ok(Box::new(units::aliases()?)),
    },
    CatalogueSource {
        name: "countries",
        version: "2026-11-29",
        valid_from: FIRST_DAY,
        read: || all(countries()),
    },
    CatalogueSource {
        name: "document_kinds",
        version: "2026-11-29",
        valid_from: FIRST_DAY,
        read: || all(words("document_kinds")),
    },
    CatalogueSource {
        name: "purposes",
        version: "2026-11-23",
        valid_from: FIRST_DAY,
        read: || all(words("purposes")),
    },
    CatalogueSource {
        name: "facility_kinds",
        version: "2026-11-23",
        valid_from: FIRST_DAY,
        read: || all(words("facility_kinds")),
    },
];

impl CatalogueSource {
    /// Code and object of each entry.
    fn entries(
        &self,
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<(String, Value)>> + use<>> {
        let bodies = (self.read)().with_context(|| format!("catalogue {}", self.name))?;
        Ok(bodies.map(|body| with_code(body?)))
    }

    fn seed(&self) -> anyhow::Result<CatalogueSeed> {
        let entries = self.entries()?.collect::<anyhow::Result<_>>()?;
        Ok(CatalogueSeed {
            name: self.name,
            version: self.version.to_owned(),
            valid_from: self.valid_from,
            entries,
        })
    }
}

/// All catalogues but `error_codes`, which the program knows by itself.
///
/// Fails only if an embedded file is broken; the tests of this crate read every one.
pub fn catalogues() -> anyhow::Result<Vec<CatalogueSeed>> {
    SOURCES.iter().map(CatalogueSource::seed).collect()
}

/// Loads this program's catalogues into the database. A catalogue whose version is already loaded
/// is not read at all, so a usual start costs one small query per catalogue.
pub async fn seed_catalogues(db: &Database, clock: &Clock) -> anyhow::Result<()> {
    for source in &SOURCES {
        let stored = store::catalogues::version(db, source.name).await?;
        if stored.as_deref() == Some(source.version) {
            continue;
        }
        let entries = source.entries()?.map(|entry| {
            let (code, body) = entry?;
            Ok((code, to_raw_value(&body)?))
        });
        let catalogue = StoredCatalogue {
            name: source.name.to_owned(),
            version: source.version.to_owned(),
            valid_from: source.valid_from,
            entries: entries.collect::<anyhow::Result<_>>()?,
        };
        store::catalogues::replace(db, &catalogue, clock.now()).await?;
        tracing::info!(
            catalogue = source.name,
            version = source.version,
            entry_count = catalogue.entries.len(),
            "catalogue loaded"
        );
    }
    Ok(())
}

fn with_code(body: Value) -> anyhow::Result<(String, Value)> {
    let code = body
        .get("code")
        .and_then(Value::as_str)
        .context("an entry has no code")?;
    Ok((code.to_owned(), body))
}

/// A section of `words.json`, each entry with the validity all words share.
fn words(section: &str) -> anyhow::Result<Vec<Value>> {
    let mut sections: Map<String, Value> = serde_json::from_str(WORDS)?;
    let entries = sections.remove(section).context("no such section")?;
    let mut entries: Vec<Map<String, Value>> = serde_json::from_value(entries)?;
    for entry in &mut entries {
        entry.insert("valid_from".to_owned(), json!(FIRST_DAY));
        entry.insert("valid_to".to_owned(), Value::Null);
    }
    Ok(entries.into_iter().map(Value::Object).collect())
}

/// A row of `nationalities.csv`.
#[derive(Deserialize)]
struct CountryRow {
    code: String,
    alpha2: Option<String>,
    numeric: Option<String>,
    kind: String,
    name_vi: String,
    name_en: String,
    kbtt_code: Option<String>,
    mrz_code: String,
}

/// ISO 3166-1 alpha-3 and the special codes of ICAO Doc 9303 part 3 section 5.
fn countries() -> anyhow::Result<Vec<Value>> {
    let rows: Vec<CountryRow> = read_csv(NATIONALITIES)?;
    let served = rows
        .into_iter()
        .filter(|row| !NOT_COUNTRIES.contains(&row.code.as_str()));
    Ok(served.map(country).collect())
}

fn country(row: CountryRow) -> Value {
    let same_as = SAME_COUNTRY
        .iter()
        .find(|(form, _)| *form == row.code)
        .map(|(_, code)| code);
    json!({
        "code": row.code,
        "kind": row.kind,
        "alpha2": row.alpha2,
        "numeric": row.numeric,
        "name_vi": row.name_vi,
        "name_en": row.name_en,
        "same_as": same_as,
        "valid_from": FIRST_DAY,
        "valid_to": null,
        "mappings": { "kbtt": row.kbtt_code, "mrz": row.mrz_code },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use domain::{
        canonical::to_canonical_json,
        catalogue::{Catalogues, CommuneCode},
        document::DocumentKind,
        facility::FacilityKind,
        purpose::Purpose,
    };

    use super::*;

    fn entries(name: &str) -> HashMap<String, Value> {
        let all = catalogues().unwrap();
        let seed = all.into_iter().find(|seed| seed.name == name).unwrap();
        seed.entries.into_iter().collect()
    }

    /// FNV-1a over the canonical bodies, in order.
    fn fingerprint(seed: &CatalogueSeed) -> u64 {
        let bodies = seed
            .entries
            .iter()
            .flat_map(|(_, body)| to_canonical_json(body));
        bodies.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    #[test]
    fn entries_do_not_change_under_the_same_version() {
        // When this fails, change the catalogue's version in SOURCES, then the row here.
        let table = [
            ("provinces", "2026-04-30", 34, 0x10414368738cb94d_u64),
            ("communes", "2026-04-30", 3_321, 0x3cd6b0e623bd1652_u64),
            (
                "commune_aliases",
                "2026-04-30",
                11_563,
                0x5ff985c9678cbd83_u64,
            ),
            ("countries", "2026-11-29", 276, 0x3558bdddadc49ae9_u64),
            ("document_kinds", "2026-11-29", 11, 0x2c10f8f0211e2ea2_u64),
            ("purposes", "2026-11-23", 21, 0x136fe491868e75fe_u64),
            ("facility_kinds", "2026-11-23", 5, 0x124ae5aedeb53412_u64),
        ];
        let got: Vec<_> = catalogues()
            .unwrap()
            .iter()
            .map(|seed| {
                (
                    seed.name,
                    seed.version.clone(),
                    seed.entries.len(),
                    fingerprint(seed),
                )
            })
            .collect();
        let wanted: Vec<_> = table
            .iter()
            .map(|(name, version, count, print)| (*name, (*version).to_owned(), *count, *print))
            .collect();
        assert_eq!(got, wanted);
    }

    #[test]
    fn every_entry_has_a_unique_code_a_name_and_validity_dates() {
        for seed in catalogues().unwrap() {
            let mut codes = HashSet::new();
            for (code, body) in &seed.entries {
                assert!(
                    codes.insert(code.clone()),
                    "{} {code} comes twice",
                    seed.name
                );
                assert_eq!(body["code"], json!(code));
                assert!(
                    body["name_vi"].is_string(),
                    "{} {code} has no name",
                    seed.name
                );
                for member in ["valid_from", "valid_to"] {
                    let date = body.get(member).unwrap();
                    let is_date = date
                        .as_str()
                        .is_some_and(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok());
                    assert!(date.is_null() || is_date, "{} {code} {member}", seed.name);
                }
            }
        }
    }

    #[test]
    fn countries_hold_iso_and_icao_codes_and_no_specimen() {
        let countries = entries("countries");
        for code in ["VNM", "KOR", "DEU", "D", "XXA", "GBD", "XKX"] {
            assert!(countries.contains_key(code), "{code}");
        }
        for code in NOT_COUNTRIES {
            assert!(!countries.contains_key(code), "{code}");
        }
        assert_eq!(countries["D"]["same_as"], "DEU");
        assert_eq!(countries["DEU"]["mappings"]["kbtt"], "D");
        assert_eq!(countries["HKG"]["mappings"]["kbtt"], Value::Null);
        assert_eq!(countries["ALB"]["numeric"], "008");
        let iso_count = countries
            .values()
            .filter(|country| country["kind"] == "iso")
            .count();
        assert_eq!(iso_count, 249);
    }

    #[test]
    fn the_rules_read_the_catalogues() {
        let all: HashMap<&str, _> = catalogues()
            .unwrap()
            .into_iter()
            .map(|seed| (seed.name, seed.entries))
            .collect();
        let read = Catalogues::read(
            &all["provinces"],
            &all["communes"],
            &all["countries"],
            &all["commune_aliases"],
        )
        .unwrap();
        assert_eq!(read.province("38").unwrap().full_name, "Tỉnh Thanh Hóa");
        assert_eq!(read.commune("16531").unwrap().full_name, "Phường Sầm Sơn");
        assert!(read.country("KOR").is_some() && read.country("UTO").is_none());
        let old = ["00008", "00025"].map(str::to_owned);
        assert_eq!(read.commune_code("00007"), Some(CommuneCode::Old(&old)));
        assert!(matches!(
            read.commune_code("14812"),
            Some(CommuneCode::Current(_))
        ));
    }

    #[test]
    fn words_of_the_catalogues_are_those_of_the_rules() {
        let same = |name: &str, words: Vec<&str>| {
            let served = entries(name);
            assert_eq!(served.len(), words.len(), "{name}");
            assert!(
                words.iter().all(|word| served.contains_key(*word)),
                "{name}"
            );
        };
        same(
            "document_kinds",
            DocumentKind::ALL.iter().map(|one| one.as_str()).collect(),
        );
        same(
            "purposes",
            Purpose::ALL.iter().map(|one| one.as_str()).collect(),
        );
        same(
            "facility_kinds",
            FacilityKind::ALL.iter().map(|one| one.as_str()).collect(),
        );
    }

    #[test]
    fn default_purposes_of_facility_kinds_are_purposes() {
        let purposes = entries("purposes");
        for kind in entries("facility_kinds").into_values() {
            let subkinds = kind["subkinds"].as_array().unwrap().clone();
            assert!(!subkinds.is_empty());
            for holder in subkinds.iter().chain([&kind]) {
                let purpose = holder["default_purpose"].as_str().unwrap();
                assert!(purposes.contains_key(purpose), "{purpose}");
            }
        }
    }

    #[test]
    fn nothing_but_law_and_standards_is_cited() {
        for seed in catalogues().unwrap() {
            for (code, body) in seed.entries {
                let text = body.to_string();
                assert!(
                    !text.contains("index ") && !text.contains("_sources"),
                    "{code}"
                );
            }
        }
    }
}
