//! The catalogues in memory: provinces, communes, countries, and the communes' old codes.
//!
//! Units: Decision 19/2025/QĐ-TTg, in force from 2025-07-01. A code can live on with another name
//! and extent, so a name belongs to a code and a day.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::Value;

use crate::time::parse_day;

/// The alpha-3 code of Viet Nam.
pub const VIET_NAM_CODE: &str = "VNM";
/// ICAO's specimen country, which has no citizens.
const SPECIMEN_CODE: &str = "UTO";
/// Countries that are only spellings of another system.
const FOREIGN_SPELLING: &str = "kbtt_only";

/// A catalogue's entries as stored: each with its code and its JSON. Unknown members of an entry
/// are ignored.
pub type Entries = Vec<(String, Value)>;

/// A province or city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Province {
    /// Two digits.
    pub code: String,
    /// With its type: `Tỉnh Thanh Hóa`.
    pub full_name: String,
}

/// A commune, ward or special zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commune {
    /// Five digits.
    pub code: String,
    /// Its name of today with its type: `Phường Sầm Sơn`.
    pub full_name: String,
    /// The province it belongs to.
    pub province_code: String,
    /// Whether it is a remote area, as far as the catalogue says.
    pub is_remote: bool,
    /// First day of the unit; open when the catalogue does not say.
    pub valid_from: Option<NaiveDate>,
    /// Last day of the unit; open while it exists.
    pub valid_to: Option<NaiveDate>,
    /// Names it bore before, each with its last day, oldest first.
    pub former_names: Vec<(String, NaiveDate)>,
}

impl Commune {
    /// The full name on a day; nothing before the unit's first day or after its last.
    #[must_use]
    pub fn full_name_on(&self, day: NaiveDate) -> Option<&str> {
        let exists = self.valid_from.is_none_or(|first| first <= day)
            && self.valid_to.is_none_or(|last| day <= last);
        let former = self.former_names.iter().find(|(_, last)| day <= *last);
        exists.then(|| former.map_or(self.full_name.as_str(), |(name, _)| name))
    }
}

/// A country, or one of ICAO Doc 9303-3's codes without a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// Alpha-3.
    pub code: String,
    /// Alpha-2, where the country has one.
    pub alpha_2: Option<String>,
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
    /// A unit that existed before 2025-07-01, with the codes of its successors, main part first.
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
    communes: HashMap<String, Commune>,
    countries: HashMap<String, Country>,
    old_communes: HashMap<String, Vec<String>>,
    /// The closer words of each kind of facility.
    subkinds: HashMap<String, Vec<String>>,
}

impl Catalogues {
    /// Builds the catalogues from stored entries. Members read: provinces `full_name`; communes
    /// `full_name`, `province_code`, `valid_from`, `valid_to`, `former_names: [{full_name,
    /// valid_to}]`; countries `name_vi`, `name_en`, `kind`; commune_aliases `level`, `old_code`,
    /// `targets: [{code, is_default}]`. An entry's own `code`, if any, goes before the row's.
    ///
    /// # Errors
    /// The first entry that lacks an essential member.
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

    /// Adds one stored entry, for readers that hold one at a time: a whole catalogue takes many
    /// times the memory of its text. Members as in [`Catalogues::read`]; entries of catalogues that
    /// no rule uses are ignored.
    ///
    /// # Errors
    /// The entry lacks an essential member.
    pub fn add(
        &mut self,
        catalogue: &str,
        code: &str,
        value: &Value,
    ) -> Result<(), CatalogueFault> {
        let entry = |catalogue| EntryReader {
            catalogue,
            row_code: code,
            value,
        };
        match catalogue {
            "provinces" => self.add_province(&entry("provinces")),
            "communes" => self.add_commune(&entry("communes")),
            "countries" => {
                self.add_country(&entry("countries"));
                Ok(())
            }
            "commune_aliases" => self.add_alias(&entry("commune_aliases")),
            "facility_kinds" => {
                self.add_subkinds(&entry("facility_kinds"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The province of a two-digit code.
    #[must_use]
    pub fn province(&self, code: &str) -> Option<&Province> {
        self.provinces.get(code)
    }

    /// The commune of a five-digit code of today.
    #[must_use]
    pub fn commune(&self, code: &str) -> Option<&Commune> {
        self.communes.get(code)
    }

    /// The meaning of a commune code: a current unit takes precedence over a former one.
    #[must_use]
    pub fn commune_code(&self, code: &str) -> Option<CommuneCode<'_>> {
        if let Some(commune) = self.commune(code) {
            return Some(CommuneCode::Current(commune));
        }
        self.old_communes
            .get(code)
            .map(|targets| CommuneCode::Old(targets))
    }

    /// Every code of a commune, current or former, in no particular order.
    pub fn commune_codes(&self) -> impl Iterator<Item = &str> {
        let today = self.communes.keys();
        let before = self.old_communes.keys();
        let before = before.filter(|code| !self.communes.contains_key(*code));
        today.chain(before).map(String::as_str)
    }

    /// The country of an alpha-3 code. Specimen codes and other systems' spellings are none.
    #[must_use]
    pub fn country(&self, code: &str) -> Option<&Country> {
        self.countries.get(code)
    }

    /// Whether a closer word belongs to a kind of facility.
    #[must_use]
    pub fn has_subkind(&self, kind: &str, subkind: &str) -> bool {
        let known = self.subkinds.get(kind);
        known.is_some_and(|known| known.iter().any(|code| code == subkind))
    }

    /// All countries, in no particular order.
    pub fn countries(&self) -> impl Iterator<Item = &Country> {
        self.countries.values()
    }

    fn add_province(&mut self, entry: &EntryReader<'_>) -> Result<(), CatalogueFault> {
        let province = Province {
            code: entry.code().to_owned(),
            full_name: entry.required("full_name")?,
        };
        self.provinces.insert(province.code.clone(), province);
        Ok(())
    }

    fn add_commune(&mut self, entry: &EntryReader<'_>) -> Result<(), CatalogueFault> {
        let mut former_names: Vec<(String, NaiveDate)> = entry
            .list("former_names")
            .iter()
            .filter_map(former_name)
            .collect();
        former_names.sort_by_key(|(_, last)| *last);
        let commune = Commune {
            code: entry.code().to_owned(),
            full_name: entry.required("full_name")?,
            province_code: entry.required("province_code")?,
            is_remote: entry
                .value
                .get("is_remote")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            valid_from: entry.text("valid_from").and_then(parse_day),
            valid_to: entry.text("valid_to").and_then(parse_day),
            former_names,
        };
        self.communes.insert(commune.code.clone(), commune);
        Ok(())
    }

    fn add_country(&mut self, entry: &EntryReader<'_>) {
        let code = entry.code();
        if code == SPECIMEN_CODE || entry.text("kind") == Some(FOREIGN_SPELLING) {
            return;
        }
        let name = |member| entry.text(member).unwrap_or(code).to_owned();
        let country = Country {
            code: code.to_owned(),
            alpha_2: entry.text("alpha2").map(str::to_owned),
            name_vi: name("name_vi"),
            name_en: name("name_en"),
        };
        self.countries.insert(code.to_owned(), country);
    }

    fn add_subkinds(&mut self, entry: &EntryReader<'_>) {
        let codes = entry.list("subkinds").iter();
        let codes = codes.filter_map(|subkind| subkind.get("code")?.as_str().map(str::to_owned));
        self.subkinds
            .insert(entry.code().to_owned(), codes.collect());
    }

    /// Only aliases of communes count, and only those whose old unit had a code.
    fn add_alias(&mut self, entry: &EntryReader<'_>) -> Result<(), CatalogueFault> {
        let is_commune = matches!(entry.text("level"), Some("commune" | "commune_pre2025"));
        let Some(old_code) = entry.text("old_code").filter(|_| is_commune) else {
            return Ok(());
        };
        let mut targets: Vec<(bool, &str)> =
            entry.list("targets").iter().filter_map(target).collect();
        if targets.is_empty() {
            return Err(entry.lacks("targets"));
        }
        targets.sort_by_key(|(is_default, _)| !is_default);
        let known = self.old_communes.entry(old_code.to_owned()).or_default();
        known.extend(targets.into_iter().map(|(_, code)| code.to_owned()));
        Ok(())
    }
}

/// A former name and its last day.
fn former_name(former: &Value) -> Option<(String, NaiveDate)> {
    let last = parse_day(former.get("valid_to")?.as_str()?)?;
    Some((former.get("full_name")?.as_str()?.to_owned(), last))
}

/// Whether a target holds the main part, and its code.
fn target(target: &Value) -> Option<(bool, &str)> {
    let is_default = target
        .get("is_default")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    Some((is_default, target.get("code")?.as_str()?))
}

/// One stored entry while being read.
struct EntryReader<'a> {
    catalogue: &'static str,
    row_code: &'a str,
    value: &'a Value,
}

fn rows<'a>(
    catalogue: &'static str,
    entries: &'a Entries,
) -> impl Iterator<Item = EntryReader<'a>> + use<'a> {
    entries.iter().map(move |(code, value)| EntryReader {
        catalogue,
        row_code: code,
        value,
    })
}

impl<'a> EntryReader<'a> {
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

    /// A member that is a list; empty when it is not there.
    fn list(&self, member: &str) -> &'a [Value] {
        self.value
            .get(member)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn required(&self, member: &'static str) -> Result<String, CatalogueFault> {
        self.text(member)
            .map(str::to_owned)
            .ok_or_else(|| self.lacks(member))
    }

    fn lacks(&self, member: &'static str) -> CatalogueFault {
        CatalogueFault {
            catalogue: self.catalogue,
            code: self.row_code.to_owned(),
            member,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn catalogues() -> Catalogues {
        let row = |code: &str, value| (code.to_owned(), value);
        let former = json!([{"full_name": "Xã Lộc Ninh", "valid_to": "2026-04-29"}]);
        let commune = json!({
            "full_name": "Phường Lộc Ninh", "province_code": "75", "former_names": former,
            "valid_from": "2025-07-01", "valid_to": null,
        });
        let targets = json!([
            {"code": "00008", "is_default": false},
            {"code": "00025", "is_default": true},
        ]);
        Catalogues::read(
            &vec![row("38", json!({"full_name": "Tỉnh Thanh Hóa"}))],
            &vec![row("25270", commune)],
            &vec![
                row(
                    "VNM",
                    json!({"kind": "iso", "name_vi": "Việt Nam", "name_en": "Viet Nam"}),
                ),
                row("UTO", json!({"kind": "icao"})),
                row("SC-", json!({"kind": "kbtt_only"})),
            ],
            &vec![
                row(
                    "commune-00007",
                    json!({"level": "commune", "old_code": "00007", "targets": targets}),
                ),
                row(
                    "district-001",
                    json!({"level": "district", "old_code": "001", "targets": targets}),
                ),
                row(
                    "pre2025-x",
                    json!({"level": "commune_pre2025", "old_code": null, "targets": targets}),
                ),
            ],
        )
        .unwrap()
    }

    #[test]
    fn a_commune_bears_the_name_of_the_day() {
        let catalogues = catalogues();
        let table = [
            ("2025-06-30", None),
            ("2025-07-01", Some("Xã Lộc Ninh")),
            ("2026-04-29", Some("Xã Lộc Ninh")),
            ("2026-04-30", Some("Phường Lộc Ninh")),
            ("2040-01-01", Some("Phường Lộc Ninh")),
        ];
        let commune = catalogues.commune("25270").unwrap();
        for (day, name) in table {
            assert_eq!(commune.full_name_on(parse_day(day).unwrap()), name, "{day}");
        }
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
        assert_eq!(catalogues.country("SC-"), None);
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
