//! Reads scanner output: the QR text of a citizen's card, or the machine-readable zone of a card or
//! passport.
//!
//! A scan pre-fills a form and proves nothing: neither text is signed. Anything else is refused
//! with a code; doubtful values are read with a warning at their member. A doubtful value is shown
//! as scanned and never corrected, except for damage to the whole text (encoding, letter case),
//! which is repaired and reported. Every guest read here has the shape of the contract's `guest`.
//! Nothing is stored.

mod card_qr;
mod mrz;
mod repair;

#[cfg(test)]
mod tests;

use std::fmt;

use chrono::NaiveDate;
use serde_json::Value;

use crate::birth_date::BirthDate;
use crate::declaration::is_name;
use crate::document::{Document, DocumentKind};
use crate::draft::{
    ADDRESS_LENGTH_MAX, Draft, DraftDocument, DraftGuest, DraftResidence, NAME_LENGTH_MAX,
};
use crate::personal_id::PersonalId;
use crate::problem::{Code, Hint, Violation};
use crate::sex::Sex;
use crate::text::{is_unseen, nfc_trim, single_spaced, without_unseen};

pub use card_qr::read_qr;
pub use mrz::read_mrz;
pub use repair::is_misread;

const GUEST: &str = "/guest";
const FULL_NAME: &str = "/guest/full_name";
const BIRTH_DATE: &str = "/guest/birth_date";
const SEX: &str = "/guest/sex";
const NATIONALITY: &str = "/guest/nationality";
const DOCUMENT: &str = "/guest/document";
const DOCUMENT_NUMBER: &str = "/guest/document/number";
const ADDRESS: &str = "/guest/residence/address";

coded! {
    /// The kind of text in a scan.
    pub enum ScanKind {
        /// The QR code of a citizen's card.
        Qr => "qr",
        /// The machine-readable zone of a card or passport.
        Mrz => "mrz",
    }
}

/// The result of one scan.
#[derive(Clone, PartialEq)]
pub struct Scan {
    /// The members it holds, in the form of a stay's `guest`.
    pub guest: Value,
    /// Each doubt at its member; pointers begin with `/guest`.
    pub warnings: Vec<Violation>,
}

/// Everything read is personal: only the doubts are counted.
impl fmt::Debug for Scan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Scan({} warnings)", self.warnings.len())
    }
}

/// A number as people write it, down to its letters and digits: white space, dots, full-width
/// forms and what nobody sees go. The second value says whether anything but white space at the ends did, which is
/// worth [`Code::NumberCleaned`].
#[must_use]
pub fn clean_number(text: &str) -> (String, bool) {
    let cleaned: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '.' && !is_unseen(*letter))
        .map(half_width)
        .collect();
    let is_changed = cleaned != text.trim();
    (cleaned, is_changed)
}

/// The ASCII character of a full-width form (U+FF01 to U+FF5E).
fn half_width(letter: char) -> char {
    match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        other => other,
    }
}

/// A guest while being read.
#[derive(Default)]
struct GuestReading {
    guest: DraftGuest,
    warnings: Vec<Violation>,
}

impl GuestReading {
    fn warn(&mut self, pointer: &str, code: Code) {
        self.note(Violation::new(pointer, code));
    }

    /// Removes duplicate warnings.
    fn note(&mut self, warning: Violation) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn has_warning_at(&self, pointer: &str) -> bool {
        self.warnings
            .iter()
            .any(|warning| warning.pointer == pointer)
    }

    /// A name is kept as scanned even if a declaration would refuse it: correcting it is faster
    /// than typing it.
    fn read_name(&mut self, text: &str) {
        let seen = without_unseen(text);
        if seen.is_some() {
            self.warn(FULL_NAME, Code::InvisibleDropped);
        }
        let name = single_spaced(&nfc_trim(seen.as_deref().unwrap_or(text)));
        if name.is_empty() {
            return self.warn(FULL_NAME, Code::ScanFieldUnreadable);
        }
        if !is_name(&name) {
            self.warn(FULL_NAME, Code::InvalidName);
        } else if name.contains(|letter: char| letter.is_ascii_digit()) {
            self.warn(FULL_NAME, Code::NameDoubtful);
        }
        self.guest.full_name = self.bounded(name, FULL_NAME, NAME_LENGTH_MAX);
    }

    fn read_address(&mut self, text: &str) {
        let seen = without_unseen(text);
        let text = nfc_trim(seen.as_deref().unwrap_or(text));
        if text.is_empty() {
            return;
        }
        let address = self.bounded(text, ADDRESS, ADDRESS_LENGTH_MAX);
        self.guest.residence = address.map(|address| DraftResidence {
            commune_code: None,
            address: Some(address),
        });
    }

    fn bounded(&mut self, text: String, pointer: &str, length_max: usize) -> Option<String> {
        if text.chars().nth(length_max).is_none() {
            return Some(text);
        }
        let hint = Hint::LengthMax(length_max);
        self.note(Violation::new(pointer, Code::TooLong).with(hint));
        None
    }

    /// The document, and what a declaration would find wrong with its number.
    fn read_document(&mut self, kind: DocumentKind, number: &str, today: NaiveDate) {
        if number.is_empty() {
            self.warn(DOCUMENT_NUMBER, Code::ScanFieldUnreadable);
        } else if let Err(code) = Document::numbered(kind, number, today) {
            self.warn(DOCUMENT_NUMBER, code);
        }
        self.guest.document = Some(DraftDocument {
            kind: Some(kind.as_str().to_owned()),
            number: (!number.is_empty()).then(|| number.to_owned()),
        });
    }

    fn read_birth_date(&mut self, date: Option<BirthDate>, today: NaiveDate) {
        let Some(date) = date else {
            return self.warn(BIRTH_DATE, Code::ScanFieldUnreadable);
        };
        if let Err(code) = date.check(today) {
            self.warn(BIRTH_DATE, code);
        }
        self.guest.birth_date = Some(date.to_text());
    }

    fn read_sex(&mut self, sex: Option<Sex>) {
        match sex {
            Some(sex) => self.guest.sex = Some(sex.as_str().to_owned()),
            None => self.warn(SEX, Code::ScanFieldUnreadable),
        }
    }

    /// The number may be older than a correction of sex or birth year: a difference is worth a
    /// look (Decree 137/2015/NĐ-CP, art. 13 has both in it).
    fn compare(&mut self, id: &PersonalId, birth_date: Option<BirthDate>, sex: Option<Sex>) {
        if sex.is_some_and(|sex| sex != Sex::Unspecified && sex != id.sex()) {
            self.warn(SEX, Code::SexDiffersFromNumber);
        }
        if birth_date.is_some_and(|date| date.year() != id.birth_year()) {
            self.warn(BIRTH_DATE, Code::BirthYearDiffersFromNumber);
        }
    }

    fn into_scan(self) -> Scan {
        let draft = Draft {
            guest: self.guest,
            ..Draft::default()
        };
        let mut stay = draft.to_value();
        Scan {
            guest: stay["guest"].take(),
            warnings: self.warnings,
        }
    }
}
