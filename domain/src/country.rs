//! Recognises countries: codes, names in Vietnamese and English, everyday short forms and
//! adjectives of nationality.
//!
//! The order is fixed, so that a word means the same at every start: a code as it is written goes
//! first (`NGA` is Nigeria); then names with their marks (`Nga` is Russia, `Áo` is Austria); then
//! codes in small letters and names without marks, which must agree (`My` is Malaysia as a code and
//! the United States as a name, so that it is refused by name of both). The words are data,
//! written by `scripts/country_names.py`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::text::{fold, nfc_trim, single_spaced};

/// `code,kind,word`.
const WORDS: &str = include_str!("../data/country_names.csv");

/// Prefixes that people put before a country: `người Anh`, `quốc tịch Mỹ`.
const PREFIXES: [&str; 7] = [
    "quốc tịch ",
    "công dân ",
    "người ",
    "nước ",
    "cộng hòa ",
    "cộng hoà ",
    "the ",
];
/// Suffixes that people put after one: `British citizen`.
const SUFFIXES: [&str; 3] = [" citizen", " national", " nationality"];

/// The meaning of a word as a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountryMeaning {
    /// This country, by its code.
    Country(&'static str),
    /// At least two countries match: the sender must say which.
    Either(&'static str, &'static str),
    /// No country that is known.
    Unknown,
}

impl CountryMeaning {
    fn of(codes: Option<&Vec<&'static str>>) -> Self {
        match codes.map(Vec::as_slice) {
            None | Some([]) => Self::Unknown,
            Some([code]) => Self::Country(code),
            Some([first, second, ..]) => Self::Either(first, second),
        }
    }

    /// Combines two readings of one word.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (Self::Country(one), Self::Country(other)) if one != other => Self::Either(one, other),
            (Self::Either(first, second), _) | (_, Self::Either(first, second)) => {
                Self::Either(first, second)
            }
            (Self::Country(code), Self::Country(_)) => Self::Country(code),
        }
    }
}

/// The names of countries in Vietnamese and English, by code.
#[must_use]
pub fn names(code: &str) -> Option<(&'static str, &'static str)> {
    TABLE.names.get(code).copied()
}

/// Every country: its code, and its names in Vietnamese and English.
pub fn all() -> impl Iterator<Item = (&'static str, (&'static str, &'static str))> {
    TABLE.names.iter().map(|(code, names)| (*code, *names))
}

/// Which country a text means. A name may stand beside its code (`Việt Nam - VNM`, `Pháp (FR)`):
/// then both must mean the same.
#[must_use]
pub fn meaning(text: &str) -> CountryMeaning {
    let text = single_spaced(&nfc_trim(text));
    let whole = of_word(&text);
    if whole != CountryMeaning::Unknown {
        return whole;
    }
    let parts = text
        .split([':', ';', '|', '(', ')', '/'])
        .flat_map(|part| part.split(" - "));
    let parts: Vec<&str> = parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() < 2 {
        return CountryMeaning::Unknown;
    }
    parts
        .into_iter()
        .map(of_word)
        .fold(CountryMeaning::Unknown, CountryMeaning::and)
}

fn of_word(text: &str) -> CountryMeaning {
    let found = of_bare_word(text);
    if found != CountryMeaning::Unknown {
        return found;
    }
    let lower = text.to_lowercase();
    let shorter = PREFIXES
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix))
        .or_else(|| {
            SUFFIXES
                .iter()
                .find_map(|suffix| lower.strip_suffix(suffix))
        });
    shorter.map_or(CountryMeaning::Unknown, |rest| by_name(rest.trim()))
}

fn of_bare_word(text: &str) -> CountryMeaning {
    let code = CountryMeaning::of(TABLE.codes.get(text));
    if code == CountryMeaning::Unknown {
        by_name(text)
    } else {
        code
    }
}

fn by_name(text: &str) -> CountryMeaning {
    let exact = CountryMeaning::of(TABLE.exact.get(&text.to_lowercase()));
    if exact != CountryMeaning::Unknown {
        return exact;
    }
    let code = CountryMeaning::of(TABLE.codes.get(&text.to_uppercase()));
    code.and(CountryMeaning::of(TABLE.plain.get(&plain(text))))
}

/// Without marks and punctuation, `St` as `Saint`.
fn plain(text: &str) -> String {
    let letters = fold(text).replace(['.', '\''], "").replace('&', " AND ");
    let spaced: String = letters
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                ' '
            }
        })
        .collect();
    let spaced = single_spaced(&spaced);
    match spaced.strip_prefix("ST ") {
        Some(rest) => format!("SAINT {rest}"),
        None => spaced,
    }
}

/// Each word with the codes it means, in the order of the codes.
#[derive(Default)]
struct CountryTable {
    codes: BTreeMap<String, Vec<&'static str>>,
    exact: BTreeMap<String, Vec<&'static str>>,
    plain: BTreeMap<String, Vec<&'static str>>,
    names: BTreeMap<&'static str, (&'static str, &'static str)>,
}

static TABLE: LazyLock<CountryTable> = LazyLock::new(|| {
    let mut table = CountryTable::default();
    for line in WORDS.lines().skip(1) {
        let mut cells = line.splitn(3, ',');
        let (Some(code), Some(kind), Some(word)) = (cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        // The one thing that a name holds and CSV quotes is the comma.
        let word = word
            .strip_prefix('"')
            .and_then(|word| word.strip_suffix('"'))
            .unwrap_or(word);
        table.add(code, kind, word);
    }
    table
});

impl CountryTable {
    fn add(&mut self, code: &'static str, kind: &str, word: &'static str) {
        let add = |words: &mut BTreeMap<String, Vec<&'static str>>, word: String| {
            let codes = words.entry(word).or_default();
            if !codes.contains(&code) {
                codes.push(code);
            }
        };
        if kind == "code" {
            return add(&mut self.codes, word.to_owned());
        }
        add(&mut self.exact, word.to_lowercase());
        add(&mut self.plain, plain(word));
        let names = self.names.entry(code).or_insert((code, code));
        match kind {
            "vi" => names.0 = word,
            "en" => names.1 = word,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_its_country_whatever_nickname_it_equals() {
        for (word, codes) in &TABLE.codes {
            let [code] = codes.as_slice() else {
                panic!("{word} is the code of several countries");
            };
            assert_eq!(meaning(word), CountryMeaning::Country(code), "{word}");
        }
        let table = [
            ("MY", "MYS"),
            ("NGA", "NGA"),
            ("AO", "AGO"),
            ("BI", "BDI"),
            ("D", "DEU"),
        ];
        for (word, code) in table {
            assert_eq!(meaning(word), CountryMeaning::Country(code), "{word}");
        }
    }

    #[test]
    fn every_name_means_one_country_or_is_told_to_mean_two() {
        for (word, codes) in &TABLE.exact {
            let expected = CountryMeaning::of(Some(codes));
            let is_code = TABLE.codes.contains_key(word.as_str());
            assert!(is_code || meaning(word) == expected, "{word}");
        }
        let twice: Vec<&str> = TABLE
            .exact
            .iter()
            .filter(|(_, codes)| codes.len() > 1)
            .map(|(word, _)| word.as_str())
            .collect();
        assert_eq!(twice, ["congo", "congolese", "công-gô", "dominican"]);
    }

    #[test]
    fn words_of_daily_use_are_known_in_both_languages() {
        let table = [
            ("Áo", "AUT"),
            ("ÁO", "AUT"),
            ("Nga", "RUS"),
            ("nga", "RUS"),
            ("China", "CHN"),
            ("Russia", "RUS"),
            ("United States", "USA"),
            ("Taiwan", "TWN"),
            ("Laos", "LAO"),
            ("Turkey", "TUR"),
            ("Türkiye", "TUR"),
            ("Czechia", "CZE"),
            ("Korea", "KOR"),
            ("Nhật", "JPN"),
            ("NHẬT BẢN", "JPN"),
            ("nhat ban", "JPN"),
            ("Hàn", "KOR"),
            ("Thái", "THA"),
            ("Thai Lan", "THA"),
            ("Séc", "CZE"),
            ("Brunei", "BRN"),
            ("British", "GBR"),
            ("AMERICAN", "USA"),
            ("Chinese", "CHN"),
            ("Anh", "GBR"),
            ("Mỹ", "USA"),
            ("U.S.A.", "USA"),
            ("UK", "GBR"),
            ("TQ", "CHN"),
            ("Ý", "ITA"),
            ("Bỉ", "BEL"),
            ("Úc", "AUS"),
            ("Uc", "AUS"),
            ("vn", "VNM"),
            ("vnm", "VNM"),
            ("Viet-Nam", "VNM"),
            ("Co\u{302}te d’Ivoire", "CIV"),
            ("St. Lucia", "LCA"),
            ("Trinidad & Tobago", "TTO"),
            ("người Pháp", "FRA"),
            ("Quốc tịch Đức", "DEU"),
            ("British citizen", "GBR"),
            ("Việt Nam - VNM", "VNM"),
            ("VNM - Việt Nam", "VNM"),
            ("Pháp (FR)", "FRA"),
            ("Korea, Republic of", "KOR"),
            ("North Korea", "PRK"),
            ("Hong Kong", "HKG"),
        ];
        for (word, code) in table {
            assert_eq!(meaning(word), CountryMeaning::Country(code), "{word}");
        }
    }

    #[test]
    fn a_word_for_two_countries_is_told_by_both_and_others_are_unknown() {
        let table = [
            ("My", CountryMeaning::Either("MYS", "USA")),
            ("my", CountryMeaning::Either("MYS", "USA")),
            ("Ao", CountryMeaning::Either("AGO", "AUT")),
            ("Bi", CountryMeaning::Either("BDI", "BEL")),
            ("Congo", CountryMeaning::Either("COD", "COG")),
            ("Pháp / Đức", CountryMeaning::Either("FRA", "DEU")),
            ("Tàu", CountryMeaning::Unknown),
            ("Atlantis", CountryMeaning::Unknown),
            ("", CountryMeaning::Unknown),
            ("-", CountryMeaning::Unknown),
        ];
        for (word, expected) in table {
            assert_eq!(meaning(word), expected, "{word}");
        }
        assert_eq!(names("AUT"), Some(("Áo", "Austria")));
    }
}
