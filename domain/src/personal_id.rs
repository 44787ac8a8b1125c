//! The personal identification number (số định danh cá nhân) of 12 digits.
//!
//! Structure: Decree 137/2015/NĐ-CP, art. 13, and its successors; the codes are those of the
//! Ministry of Public Security's circulars on the national population database. There is no check
//! digit.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::problem::Code;
use crate::sex::Sex;

/// Digits of a personal ID number.
pub const DIGIT_COUNT: usize = 12;

/// The provinces of birth registration: 0 and the two-digit code of one of the 63 provinces that
/// existed until 2025-06-30. Numbers given before stay valid, so all 63 are accepted.
const BIRTH_PROVINCES: [u16; 63] = [
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37,
    38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77,
    79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
];

/// The least code of a country, for births registered abroad.
const COUNTRY_CODE_MIN: u16 = 100;

/// A well-formed personal ID number: 12 digits, a known place of birth registration, a birth year
/// that has come. That it was ever given to somebody, only the registry knows.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalId(String);

/// Why a text is no personal ID number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalIdFault {
    /// Something other than ASCII digits, or nothing.
    NotDigits,
    /// Not exactly 12 digits.
    Length,
    /// Digits 1 to 3 are no place of birth registration.
    BirthPlace,
    /// Digits 4 to 6 give a year after today's.
    FutureBirthYear,
}

impl PersonalIdFault {
    /// The violation's code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::NotDigits => Code::PersonalIdNotDigits,
            Self::Length => Code::PersonalIdLength,
            Self::BirthPlace => Code::PersonalIdBirthPlace,
            Self::FutureBirthYear => Code::PersonalIdFutureBirthYear,
        }
    }
}

impl PersonalId {
    /// Reads a number as printed. Does not clean spaces, dots or full-width digits: pages, scans
    /// and files do that and report it.
    ///
    /// # Errors
    /// The first fault found, in the order of [`PersonalIdFault`].
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, PersonalIdFault> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PersonalIdFault::NotDigits);
        }
        if text.len() != DIGIT_COUNT {
            return Err(PersonalIdFault::Length);
        }
        let id = Self(text.to_owned());
        if !is_birth_place(id.birth_place()) {
            return Err(PersonalIdFault::BirthPlace);
        }
        if id.birth_year() > today.year() {
            return Err(PersonalIdFault::FutureBirthYear);
        }
        Ok(id)
    }

    /// The 12 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Digits 1 to 3: 0 and the old code of the province of birth registration, or a country.
    #[must_use]
    pub fn birth_place(&self) -> u16 {
        (0..3).fold(0, |code, at| code * 10 + u16::from(self.digit(at)))
    }

    /// Digit 4, halved, is the century from 1900 on; digits 5 and 6 are the year in it.
    #[must_use]
    pub fn birth_year(&self) -> i32 {
        let century = i32::from(self.digit(3) / 2);
        1900 + 100 * century + i32::from(self.digit(4)) * 10 + i32::from(self.digit(5))
    }

    /// Digit 4: even is male, odd is female.
    #[must_use]
    pub fn sex(&self) -> Sex {
        if self.digit(3).is_multiple_of(2) {
            Sex::Male
        } else {
            Sex::Female
        }
    }

    fn digit(&self, at: usize) -> u8 {
        self.0
            .as_bytes()
            .get(at)
            .map_or(0, |byte| byte.saturating_sub(b'0'))
    }
}

/// The number is personal: not printed.
impl fmt::Debug for PersonalId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PersonalId(…)")
    }
}

fn is_birth_place(code: u16) -> bool {
    code >= COUNTRY_CODE_MIN || BIRTH_PROVINCES.binary_search(&code).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::birth_date::BirthDate;
    use crate::document::{Document, DocumentKind};
    use crate::time::parse_day;

    #[derive(Deserialize)]
    struct Vector {
        number: String,
        birth_date: String,
        sex: String,
        as_of: String,
        expected: String,
    }

    /// What the vectors call an outcome.
    fn outcome(vector: &Vector) -> &'static str {
        let today = parse_day(&vector.as_of).unwrap();
        match PersonalId::parse(&vector.number, today) {
            Err(PersonalIdFault::NotDigits) => "not_digits",
            Err(PersonalIdFault::Length) => {
                let old = Document::numbered(DocumentKind::OldIdentityCard, &vector.number, today);
                if old.is_ok() { "ok_cmnd9" } else { "length" }
            }
            Err(PersonalIdFault::BirthPlace) => "birth_place",
            Err(PersonalIdFault::FutureBirthYear) => "future_birth_year",
            Ok(id) => agreement(&id, vector),
        }
    }

    fn agreement(id: &PersonalId, vector: &Vector) -> &'static str {
        let sex = match vector.sex.as_str() {
            "M" => Some(Sex::Male),
            "F" => Some(Sex::Female),
            _ => None,
        };
        let birth_date = BirthDate::parse(&vector.birth_date);
        if birth_date.is_some_and(|date| date.year() != id.birth_year()) {
            "birth_year_mismatch"
        } else if sex.is_some_and(|sex| sex != id.sex()) {
            "sex_mismatch"
        } else {
            "ok"
        }
    }

    #[test]
    fn every_vector_has_the_outcome_it_names() {
        let vectors = include_str!("../testdata/personal_id_vectors.csv");
        let mut reader = csv::Reader::from_reader(vectors.as_bytes());
        let rows: Vec<Vector> = reader.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 28);
        for (line, row) in rows.iter().enumerate() {
            assert_eq!(
                outcome(row),
                row.expected,
                "row {}: {}",
                line + 1,
                row.number
            );
        }
    }

    #[test]
    fn all_63_old_provinces_and_countries_are_places_of_birth() {
        let used = (0..1000).filter(|code| is_birth_place(*code)).count();
        assert_eq!(used, 63 + 900);
    }

    #[test]
    fn a_number_does_not_print() {
        let id = PersonalId::parse("038090990001", parse_day("2026-11-23").unwrap()).unwrap();
        assert_eq!(format!("{id:?}"), "PersonalId(…)");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let today = parse_day("2026-11-23").unwrap();
            if let Ok(id) = PersonalId::parse(&text, today) {
                prop_assert_eq!(id.as_str(), text);
            }
        }

        #[test]
        fn the_number_tells_the_year_and_sex_it_was_made_from(
            year in 1900..=2026_i32, is_female in any::<bool>(), tail in 0..1_000_000_u32,
        ) {
            let digit = (year / 100 - 19) * 2 + i32::from(is_female);
            let number = format!("038{digit}{:02}{tail:06}", year % 100);
            let id = PersonalId::parse(&number, parse_day("2026-11-23").unwrap()).unwrap();
            prop_assert_eq!(id.birth_year(), year);
            prop_assert_eq!(id.sex() == Sex::Female, is_female);
            prop_assert_eq!(id.birth_place(), 38);
        }
    }
}
