//! Provinces, communes and the units they replaced.
//!
//! Since 2025-07-01 Viet Nam has two levels: 34 provinces and 3,321 communes, wards and special
//! zones (Decision 19/2025/QĐ-TTg). The files hold the state of that day; `unit_changes_2026.csv`
//! is applied on top, so that a served unit has its name of today and keeps the former one with
//! its dates. A code can outlive the unit it stood for: 14812 was a ward of Bỉm Sơn and is now all
//! of it. Old units are therefore found in the aliases by code and level, never among the new.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use anyhow::Context;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::{FIRST_DAY, read_csv};

const PROVINCES: &str = include_str!("../data/provinces_2025.csv");
const COMMUNES: &str = include_str!("../data/communes_2025.csv");
const CHANGES: &str = include_str!("../data/unit_changes_2026.csv");
const ALIASES: &str = include_str!("../data/commune_aliases.csv");
const BIRTH_PLACES: &str = include_str!("../data/birth_province_codes.csv");

/// Communes where a foreigner's stay is owed within 24 hours instead of 12.
///
/// Source: Law on Entry, Exit, Transit and Residence of Foreigners 47/2014/QH13, art. 33: "remote
/// areas". The law gives no list, so none is assumed here: the shorter time is the safe reading.
/// A province that publishes one is entered here; a single facility can be marked on its own.
const REMOTE_COMMUNES: [&str; 0] = [];

/// Whether a facility in this commune is in a remote area unless marked otherwise.
pub(crate) fn is_remote(commune_code: &str) -> bool {
    REMOTE_COMMUNES.contains(&commune_code)
}

#[derive(Deserialize)]
struct ProvinceRow {
    code: String,
    name: String,
    full_name: String,
    #[serde(rename = "type")]
    kind: String,
    name_ascii: String,
    formed_from_codes: String,
}

#[derive(Deserialize)]
struct CommuneRow {
    code: String,
    name: String,
    full_name: String,
    #[serde(rename = "type")]
    kind: String,
    province_code: String,
    name_ascii: String,
}

/// A unit that took another name and kind. Its code and its extent stay.
#[derive(Deserialize)]
struct RenamedUnitRow {
    level: String,
    code: String,
    old_full_name: String,
    new_full_name: String,
    valid_from: NaiveDate,
    instrument: String,
}

#[derive(Deserialize)]
struct BirthPlaceRow {
    id_code: String,
    current_code: String,
}

#[derive(Deserialize)]
struct AliasRow {
    level: String,
    old_code: String,
    old_full_name: String,
    old_district_code: String,
    old_district: String,
    old_province_code: String,
    old_province: String,
    new_code: String,
    new_province_code: String,
    relation: String,
    is_default: u8,
}

/// The name a unit bears today, and those it bore since [`FIRST_DAY`].
struct Naming {
    full_name: String,
    kind: String,
    former: Vec<Value>,
}

/// Changes by level and code.
type Changes = HashMap<(String, String), RenamedUnitRow>;

fn changes() -> anyhow::Result<Changes> {
    let rows: Vec<RenamedUnitRow> = read_csv(CHANGES)?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.level.clone(), row.code.clone()), row))
        .collect())
}

fn naming(
    changes: &Changes,
    level: &str,
    code: &str,
    full_name: String,
    kind: String,
) -> anyhow::Result<Naming> {
    let Some(change) = changes.get(&(level.to_owned(), code.to_owned())) else {
        return Ok(Naming {
            full_name,
            kind,
            former: Vec::new(),
        });
    };
    anyhow::ensure!(
        change.old_full_name == full_name,
        "the change of {level} {code} names another"
    );
    let last_day = change
        .valid_from
        .checked_sub_days(Days::new(1))
        .context("no day before")?;
    let former = json!({
        "full_name": full_name,
        "kind": kind,
        "valid_from": FIRST_DAY,
        "valid_to": last_day,
        "changed_by": change.instrument,
    });
    Ok(Naming {
        kind: kind_of(&change.new_full_name)?.to_owned(),
        full_name: change.new_full_name.clone(),
        former: vec![former],
    })
}

/// A unit's kind, read from the first word of its full name.
fn kind_of(full_name: &str) -> anyhow::Result<&'static str> {
    let kinds = [
        ("Thành phố ", "city"),
        ("Tỉnh ", "province"),
        ("Phường ", "ward"),
        ("Xã ", "commune"),
        ("Đặc khu ", "special_zone"),
    ];
    let found = kinds.iter().find(|(word, _)| full_name.starts_with(word));
    found
        .map(|(_, kind)| *kind)
        .with_context(|| format!("{full_name} is of no known kind"))
}

/// The 34 provinces. `kind` is `city` or `province`; `formed_from` are the two-digit codes of
/// before 2025-07-01, `mappings.personal_id` the first three digits of numbers given there.
pub(crate) fn provinces() -> anyhow::Result<Vec<Value>> {
    let changes = changes()?;
    let birth_places: Vec<BirthPlaceRow> = read_csv(BIRTH_PLACES)?;
    let rows: Vec<ProvinceRow> = read_csv(PROVINCES)?;
    rows.into_iter()
        .map(|row| province(&changes, &birth_places, row))
        .collect()
}

fn province(
    changes: &Changes,
    birth_places: &[BirthPlaceRow],
    row: ProvinceRow,
) -> anyhow::Result<Value> {
    let Naming {
        full_name,
        kind,
        former,
    } = naming(changes, "province", &row.code, row.full_name, row.kind)?;
    let here = birth_places
        .iter()
        .filter(|place| place.current_code == row.code);
    let personal_id: Vec<&str> = here.map(|place| place.id_code.as_str()).collect();
    let formed_from: Vec<&str> = row.formed_from_codes.split_whitespace().collect();
    Ok(json!({
        "code": row.code,
        "name_vi": row.name,
        "name_en": row.name_ascii,
        "full_name": full_name,
        "kind": kind,
        "former_names": former,
        "formed_from": formed_from,
        "valid_from": FIRST_DAY,
        "valid_to": null,
        "mappings": { "personal_id": personal_id },
    }))
}

/// The 3,321 units of the lower level. `kind` is `ward`, `commune` or `special_zone`.
pub(crate) fn communes() -> anyhow::Result<Vec<Value>> {
    let changes = changes()?;
    let rows: Vec<CommuneRow> = read_csv(COMMUNES)?;
    rows.into_iter().map(|row| commune(&changes, row)).collect()
}

fn commune(changes: &Changes, row: CommuneRow) -> anyhow::Result<Value> {
    let Naming {
        full_name,
        kind,
        former,
    } = naming(changes, "commune", &row.code, row.full_name, row.kind)?;
    Ok(json!({
        "is_remote": is_remote(&row.code),
        "code": row.code,
        "name_vi": row.name,
        "name_en": row.name_ascii,
        "full_name": full_name,
        "kind": kind,
        "province_code": row.province_code,
        "former_names": former,
        "valid_from": FIRST_DAY,
        "valid_to": null,
    }))
}

/// Full names of today by code, both levels (provinces have two digits, communes five).
fn names_of_today() -> anyhow::Result<HashMap<String, Value>> {
    let mut names = HashMap::new();
    for unit in provinces()?.into_iter().chain(communes()?) {
        let code = unit["code"].as_str().context("a unit has no code")?;
        names.insert(code.to_owned(), unit["full_name"].clone());
    }
    Ok(names)
}

/// Units that are no more, one entry each, with all units that took a part of them.
///
/// - `level`: `province` (code of 2 digits), `district` (3), `commune` (5), all three as of
///   2025-06-30, and `commune_pre2025`: names gone by March 2025 and still printed on cards.
///   Their codes are not sure, so that the entry's code is its path of names; the number is in
///   `old_code`.
/// - `relation`: `whole` (went into one unit), `part` (was cut up: targets are candidates to
///   choose from, never a rewriting), `abolished` (a district; only its province is known),
///   `same` and `renamed` (provinces).
/// - `targets`: `{code, full_name, province_code, is_default}`. The default holds the main part
///   and comes first; some units that were cut up have none.
/// - `valid_to`: the last day of the unit; of `commune_pre2025` the last one possible.
///
/// Made one at a time: all of them at once take ten times the memory of their texts.
pub(crate) fn aliases() -> anyhow::Result<impl Iterator<Item = anyhow::Result<Value>> + 'static> {
    let names = names_of_today()?;
    let rows: Vec<AliasRow> = read_csv(ALIASES)?;
    let mut by_unit: BTreeMap<(usize, String), Vec<AliasRow>> = BTreeMap::new();
    for row in rows {
        by_unit
            .entry((level_rank(&row.level)?, alias_code(&row)))
            .or_default()
            .push(row);
    }
    Ok(by_unit.into_iter().map(move |((_, code), mut rows)| {
        rows.sort_by_key(|row| Reverse(row.is_default));
        alias(&names, code, &rows)
    }))
}

fn level_rank(level: &str) -> anyhow::Result<usize> {
    let levels = ["province", "district", "commune", "commune_pre2025"];
    levels
        .iter()
        .position(|known| *known == level)
        .with_context(|| format!("level {level}"))
}

fn alias_code(row: &AliasRow) -> String {
    if row.level == "commune_pre2025" {
        format!(
            "{}/{}/{}",
            row.old_province_code, row.old_district, row.old_full_name
        )
    } else {
        row.old_code.clone()
    }
}

fn alias(names: &HashMap<String, Value>, code: String, rows: &[AliasRow]) -> anyhow::Result<Value> {
    let first = rows.first().context("an alias without rows")?;
    let valid_to = if first.level == "commune_pre2025" {
        "2025-03-31"
    } else {
        "2025-06-30"
    };
    let with_unit = rows.iter().filter(|row| !row.new_code.is_empty());
    let targets: Vec<Value> = with_unit
        .map(|row| target(names, row))
        .collect::<anyhow::Result<_>>()?;
    Ok(json!({
        "code": code,
        "level": first.level,
        "old_code": none_if_empty(&first.old_code),
        "name_vi": first.old_full_name,
        "district_code": none_if_empty(&first.old_district_code),
        "district_vi": none_if_empty(&first.old_district),
        "province_code": first.old_province_code,
        "province_vi": first.old_province,
        "relation": first.relation,
        "targets": targets,
        "target_province_code": first.new_province_code,
        "valid_from": null,
        "valid_to": valid_to,
    }))
}

fn target(names: &HashMap<String, Value>, row: &AliasRow) -> anyhow::Result<Value> {
    let name = names
        .get(&row.new_code)
        .with_context(|| format!("no unit {}", row.new_code))?;
    Ok(json!({
        "code": row.new_code,
        "full_name": name,
        "province_code": row.new_province_code,
        "is_default": row.is_default == 1,
    }))
}

fn none_if_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn count(units: &[Value], member: &str, value: &str) -> usize {
        units.iter().filter(|unit| unit[member] == value).count()
    }

    fn all_aliases() -> Vec<Value> {
        aliases().unwrap().map(Result::unwrap).collect()
    }

    fn by_code(units: &[Value], code: &str) -> Value {
        units
            .iter()
            .find(|unit| unit["code"] == code)
            .unwrap()
            .clone()
    }

    #[test]
    fn there_are_34_provinces_and_3321_communes() {
        let (provinces, communes) = (provinces().unwrap(), communes().unwrap());
        assert_eq!(provinces.len(), 34);
        assert_eq!(count(&provinces, "kind", "city"), 7);
        assert_eq!(count(&provinces, "kind", "province"), 27);
        assert_eq!(communes.len(), 3_321);
        assert_eq!(count(&communes, "kind", "commune"), 2_611);
        assert_eq!(count(&communes, "kind", "ward"), 697);
        assert_eq!(count(&communes, "kind", "special_zone"), 13);
    }

    #[test]
    fn thanh_hoa_has_166_communes_19_of_them_wards() {
        let mut communes = communes().unwrap();
        communes.retain(|commune| commune["province_code"] == "38");
        assert_eq!(communes.len(), 166);
        assert_eq!(count(&communes, "kind", "ward"), 19);
        assert_eq!(by_code(&communes, "16531")["full_name"], "Phường Sầm Sơn");
    }

    #[test]
    fn every_commune_lies_in_a_province() {
        let provinces = provinces().unwrap();
        let codes: HashSet<&str> = provinces
            .iter()
            .map(|province| province["code"].as_str().unwrap())
            .collect();
        for commune in communes().unwrap() {
            assert!(codes.contains(commune["province_code"].as_str().unwrap()));
        }
    }

    #[test]
    fn changes_of_2026_keep_the_former_name_with_its_dates() {
        let dong_nai = by_code(&provinces().unwrap(), "75");
        assert_eq!(dong_nai["full_name"], "Thành phố Đồng Nai");
        assert_eq!(dong_nai["kind"], "city");
        let former = &dong_nai["former_names"][0];
        assert_eq!(former["full_name"], "Tỉnh Đồng Nai");
        assert_eq!(former["valid_to"], "2026-04-29");

        let communes = communes().unwrap();
        let changed = communes
            .iter()
            .filter(|unit| unit["former_names"] != json!([]));
        assert_eq!(changed.count(), 10);
        assert_eq!(
            by_code(&communes, "26368")["full_name"],
            "Phường Long Thành"
        );
    }

    #[test]
    fn all_63_birth_places_of_numbers_belong_to_a_province() {
        let provinces = provinces().unwrap();
        let mut codes = HashSet::new();
        for province in &provinces {
            for code in province["mappings"]["personal_id"].as_array().unwrap() {
                let old_code = code.as_str().unwrap().strip_prefix('0').unwrap();
                let formed_from = province["formed_from"].as_array().unwrap();
                assert!(formed_from.contains(&json!(old_code)), "{code}");
                codes.insert(code.clone());
            }
        }
        assert_eq!(codes.len(), 63);
    }

    #[test]
    fn every_old_unit_leads_to_units_that_exist() {
        let (provinces, communes) = (provinces().unwrap(), communes().unwrap());
        let codes: HashSet<&Value> = provinces
            .iter()
            .chain(&communes)
            .map(|unit| &unit["code"])
            .collect();
        let aliases = all_aliases();
        for (level, expected) in [
            ("province", 63),
            ("district", 696),
            ("commune", 10_035),
            ("commune_pre2025", 769),
        ] {
            assert_eq!(count(&aliases, "level", level), expected, "{level}");
        }
        for alias in &aliases {
            let targets = alias["targets"].as_array().unwrap();
            assert!(
                !targets.is_empty() || alias["relation"] == "abolished",
                "{}",
                alias["code"]
            );
            assert!(targets.iter().all(|target| codes.contains(&target["code"])));
            assert!(
                codes.contains(&alias["target_province_code"]),
                "{}",
                alias["code"]
            );
            let defaults = targets
                .iter()
                .filter(|target| target["is_default"] == true)
                .count();
            assert!(defaults <= 1, "{}", alias["code"]);
            assert!(
                defaults == 0 || targets[0]["is_default"] == true,
                "{}",
                alias["code"]
            );
        }
    }

    #[test]
    fn every_commune_has_an_old_name() {
        let aliases = all_aliases();
        let reached: HashSet<&Value> = aliases
            .iter()
            .filter(|alias| alias["level"] == "commune" || alias["level"] == "district")
            .flat_map(|alias| alias["targets"].as_array().unwrap())
            .map(|target| &target["code"])
            .collect();
        assert_eq!(reached.len(), 3_321);
    }

    #[test]
    fn a_cut_up_ward_shows_all_its_candidates() {
        let cong_vi = by_code(&all_aliases(), "00007");
        assert_eq!(cong_vi["relation"], "part");
        assert_eq!(cong_vi["targets"].as_array().unwrap().len(), 2);
        assert_eq!(cong_vi["district_vi"], "Quận Ba Đình");
    }
}
