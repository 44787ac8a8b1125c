//! The catalogues in memory: provinces, communes, countries, and the communes' old codes.
//!
//! Units: Resolution 202/2025/QH15 and the Standing Committee's resolutions on the arrangement of
//! communes, in force from 2025-07-01. A code can live on with another name and extent, so a
//! commune is looked up by code and day.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::Value;

use crate::time::parse_day;

/// The alpha-3 code of Viet Nam.
pub const VIET_NAM_CODE: &str = "VNM";
/// The country of ICAO's specimens, which nobody comes from.
const SPECIMEN_CODE: &str = "UTO";
/// Countries that are only spellings of another system.
const FOREIGN_SPELLING: &str = "kbtt_only";

/// A catalogue's entries as they are stored: each with its code and its JSON. Members of an entry
/// that are not read here are ignored.
pub type Entries = Vec<(String, Value)>;

/// A province or city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Province {
    /// Two digits.
    pub code: String,
    /// With its type: `Tỉnh Thanh Hóa`.
    pub full_name: String,
}

/// A commune, ward or special zone, during one time of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commune {
    /// Five digits.
    pub code: String,
    /// With its type: `Phường Sầm Sơn`.
    pub full_name: String,
    /// The province it belongs to.
    pub province_code: String,
    /// First day of this name; open when the catalogue does not say.
    pub valid_from: Option<NaiveDate>,
    /// Last day of this name; open when it still holds.
    pub valid_to: Option<NaiveDate>,
}

/// A country, or one of ICAO Doc 9303-3's codes without a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// Alpha-3.
    pub code: String,
    /// Vietnamese name.
    pub name_vi: String,
    /// English name.
    pub name_en: String,
}

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommuneCode<'a> {
    /// A unit of today.
    Current(&'a Commune),
    /// A unit of before 2025-07-01, with the codes it went into, the main part first.
    Old(&'a [String]),
}

/// An entry that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("catalogue {catalogue}: entry {code} has no {member}")]
pub struct CatalogueFault {
    /// Which catalogue.
    pub catalogue: &'static str,
    /// Which entry.
    pub code: String,
    /// What is missing.
    pub member: &'static str,
}

/// All catalogues that the rules ask.
#[derive(Clone, Debug, Default)]
pub struct Catalogues {
    provinces: HashMap<String, Province>,
    communes: HashMap<String, Vec<Commune>>,
    countries: HashMap<String, Country>,
    old_communes: HashMap<String, Vec<String>>,
}

impl Catalogues {
    /// Builds the catalogues from stored entries. Members read: provinces `full_name`; communes
    /// `full_name`, `province_code`, `valid_from`, `valid_to`; countries `name_vi`, `name_en`,
    /// `kind`; commune_aliases `level`, `old_code`, `new_code`, `is_default`. An entry's own
    /// `code`, if any, goes before the row's.
    ///
    /// # Errors
    /// The first entry that lacks a member without which it says nothing.
    pub fn read(
        provinces: &Entries,
        communes: &Entries,
        countries: &Entries,
        commune_aliases: &Entries,
    ) -> Result<Self, CatalogueFault> {
        let mut catalogues = Self::default();
        for entry in rows("provinces", provinces) {
            catalogues.add_province(&entry)?;
        }
        for entry in rows("communes", communes) {
            catalogues.add_commune(&entry)?;
        }
        for entry in rows("countries", countries) {
            catalogues.add_country(&entry);
        }
        for entry in rows("commune_aliases", commune_aliases) {
            catalogues.add_alias(&entry)?;
        }
        Ok(catalogues)
    }

    /// The province of a two-digit code.
    #[must_use]
    pub fn province(&self, code: &str) -> Option<&Province> {
        self.provinces.get(code)
    }

    /// The commune of a code, under its newest name.
    #[must_use]
    pub fn commune(&self, code: &str) -> Option<&Commune> {
        self.communes.get(code)?.last()
    }

    /// The commune of a code, under the name it had on a day.
    #[must_use]
    pub fn commune_on(&self, code: &str, day: NaiveDate) -> Option<&Commune> {
        self.communes.get(code)?.iter().rev().find(|commune| {
            commune.valid_from.is_none_or(|first| first <= day)
                && commune.valid_to.is_none_or(|last| day <= last)
        })
    }

    /// What a commune code stands for: a unit of today goes before one of the past.
    #[must_use]
    pub fn commune_code(&self, code: &str) -> Option<CommuneCode<'_>> {
        if let Some(commune) = self.commune(code) {
            return Some(CommuneCode::Current(commune));
        }
        self.old_communes
            .get(code)
            .map(|targets| CommuneCode::Old(targets))
    }

    /// The country of an alpha-3 code. Specimen codes and other systems' spellings are none.
    #[must_use]
    pub fn country(&self, code: &str) -> Option<&Country> {
        self.countries.get(code)
    }

    fn add_province(&mut self, entry: &Entry<'_>) -> Result<(), CatalogueFault> {
        let province = Province {
            code: entry.code().to_owned(),
            full_name: entry.required("full_name")?,
        };
        self.provinces.insert(province.code.clone(), province);
        Ok(())
    }

    fn add_commune(&mut self, entry: &Entry<'_>) -> Result<(), CatalogueFault> {
        let commune = Commune {
            code: entry.code().to_owned(),
            full_name: entry.required("full_name")?,
            province_code: entry.required("province_code")?,
            valid_from: entry.text("valid_from").and_then(parse_day),
            valid_to: entry.text("valid_to").and_then(parse_day),
        };
        let lives = self.communes.entry(commune.code.clone()).or_default();
        lives.push(commune);
        lives.sort_by_key(|life| life.valid_from);
        Ok(())
    }

    fn add_country(&mut self, entry: &Entry<'_>) {
        let code = entry.code();
        if code == SPECIMEN_CODE || entry.text("kind") == Some(FOREIGN_SPELLING) {
            return;
        }
        let name = |member| entry.text(member).unwrap_or(code).to_owned();
        let country = Country {
            code: code.to_owned(),
            name_vi: name("name_vi"),
            name_en: name("name_en"),
        };
        self.countries.insert(code.to_owned(), country);
    }

    /// Only aliases of communes count, and only those whose old unit had a code.
    fn add_alias(&mut self, entry: &Entry<'_>) -> Result<(), CatalogueFault> {
        let is_commune = matches!(entry.text("level"), Some("commune" | "commune_pre2025"));
        let Some(old_code) = entry.text("old_code").filter(|_| is_commune) else {
            return Ok(());
        };
        let new_code = entry.required("new_code")?;
        let targets = self.old_communes.entry(old_code.to_owned()).or_default();
        if entry.is_set("is_default") {
            targets.insert(0, new_code);
        } else {
            targets.push(new_code);
        }
        Ok(())
    }
}

/// One stored entry while it is read.
struct Entry<'a> {
    catalogue: &'static str,
    row_code: &'a str,
    value: &'a Value,
}

fn rows<'a>(
    catalogue: &'static str,
    entries: &'a Entries,
) -> impl Iterator<Item = Entry<'a>> + use<'a> {
    entries.iter().map(move |(code, value)| Entry {
        catalogue,
        row_code: code,
        value,
    })
}

impl<'a> Entry<'a> {
    fn code(&self) -> &'a str {
        self.text("code").unwrap_or(self.row_code)
    }

    /// A member that is text and not empty.
    fn text(&self, member: &str) -> Option<&'a str> {
        self.value
            .get(member)?
            .as_str()
            .filter(|text| !text.is_empty())
    }

    fn required(&self, member: &'static str) -> Result<String, CatalogueFault> {
        self.text(member)
            .map(str::to_owned)
            .ok_or_else(|| CatalogueFault {
                catalogue: self.catalogue,
                code: self.row_code.to_owned(),
                member,
            })
    }

    /// `true`, `1` or `"1"`.
    fn is_set(&self, member: &str) -> bool {
        match self.value.get(member) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::String(text)) => text == "1" || text == "true",
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn catalogues() -> Catalogues {
        let row = |code: &str, value| (code.to_owned(), value);
        Catalogues::read(
            &vec![row("38", json!({"full_name": "Tỉnh Thanh Hóa"}))],
            &vec![
                row("a", json!({"code": "25270", "full_name": "Phường Lộc Ninh", "province_code": "75", "valid_from": "2026-04-30", "valid_to": ""})),
                row("b", json!({"code": "25270", "full_name": "Xã Lộc Ninh", "province_code": "75", "valid_from": "2025-07-01", "valid_to": "2026-04-29"})),
            ],
            &vec![
                row("VNM", json!({"kind": "iso", "name_vi": "Việt Nam", "name_en": "Viet Nam"})),
                row("UTO", json!({"kind": "icao"})),
                row("RKS", json!({"kind": "kbtt_only"})),
            ],
            &vec![
                row("1", json!({"level": "commune", "old_code": "00007", "new_code": "00008", "is_default": "0"})),
                row("2", json!({"level": "commune", "old_code": "00007", "new_code": "00025", "is_default": 1})),
                row("3", json!({"level": "district", "old_code": "001", "new_code": "01"})),
            ],
        )
        .unwrap()
    }

    #[test]
    fn a_commune_is_known_by_code_and_day() {
        let catalogues = catalogues();
        let table = [
            ("2025-06-30", None),
            ("2025-07-01", Some("Xã Lộc Ninh")),
            ("2026-04-29", Some("Xã Lộc Ninh")),
            ("2026-04-30", Some("Phường Lộc Ninh")),
            ("2040-01-01", Some("Phường Lộc Ninh")),
        ];
        for (day, name) in table {
            let found = catalogues.commune_on("25270", parse_day(day).unwrap());
            assert_eq!(
                found.map(|commune| commune.full_name.as_str()),
                name,
                "{day}"
            );
        }
        assert_eq!(
            catalogues.commune("25270").unwrap().full_name,
            "Phường Lộc Ninh"
        );
    }

    #[test]
    fn an_old_code_leads_to_its_main_part_first() {
        let catalogues = catalogues();
        let targets = ["00025".to_owned(), "00008".to_owned()];
        assert_eq!(
            catalogues.commune_code("00007"),
            Some(CommuneCode::Old(&targets))
        );
        assert_eq!(catalogues.commune_code("001"), None);
        assert_eq!(
            catalogues.province("38").unwrap().full_name,
            "Tỉnh Thanh Hóa"
        );
    }

    #[test]
    fn specimens_and_foreign_spellings_are_no_countries() {
        let catalogues = catalogues();
        assert_eq!(catalogues.country("VNM").unwrap().name_en, "Viet Nam");
        assert_eq!(catalogues.country("UTO"), None);
        assert_eq!(catalogues.country("RKS"), None);
    }

    #[test]
    fn an_unreadable_entry_is_named() {
        let communes = vec![("00004".to_owned(), json!({"full_name": "Phường Ba Đình"}))];
        let none = Entries::new();
        let fault = Catalogues::read(&none, &communes, &none, &none).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "catalogue communes: entry 00004 has no province_code"
        );
    }
}
