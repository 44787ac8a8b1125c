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
    /// Reads a number as it is printed. Spaces, dots and full-width digits are not cleaned here:
    /// pages, scans and files do that and say so.
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
