//! Identity documents: their kinds, and the form of each kind's number.
//!
//! Kinds: the list of the Ministry's declaration form. Forms: Law on Identity 26/2023/QH15 and
//! Circular 16/2024/TT-BCA for the 12-digit number, the declaration form for the others.

use std::fmt;

use chrono::NaiveDate;

use crate::personal_id::PersonalId;
use crate::problem::Code;

/// The longest number of a document without a fixed format, in characters.
pub const FREE_NUMBER_LENGTH_MAX: usize = 50;
/// Longest number of a licence, health card or travel document.
const LETTERS_AND_DIGITS_MAX: usize = 20;
/// Longest passport number the police's form takes; ICAO Doc 9303-4 has nine.
const PASSPORT_LENGTH_MAX: usize = 10;
/// Digits of the identity card of before 2012.
const OLD_CARD_DIGIT_COUNT: usize = 9;

coded! {
    /// What a guest showed.
    pub enum DocumentKind {
        /// Card with the 12-digit number, issued 2012 or later.
        CitizenCard => "citizen_card",
        /// Identity card of another country: letters and digits as that country prints them.
        ForeignIdentityCard => "foreign_identity_card",
        /// Identity card with 9 digits, expired for all on 2025-01-01.
        OldIdentityCard => "old_identity_card",
        /// Notice of the personal ID number, 12 digits.
        PersonalIdNotice => "personal_id_notice",
        /// Passport.
        Passport => "passport",
        /// Other document for international travel.
        TravelDocument => "travel_document",
        /// Vietnamese driving licence.
        DrivingLicence => "driving_licence",
        /// Birth certificate.
        BirthCertificate => "birth_certificate",
        /// Health insurance card.
        HealthInsuranceCard => "health_insurance_card",
        /// Another document.
        Other => "other",
        /// None; `no_document_reason` says why.
        None => "none",
    }
}

coded! {
    /// Why a guest showed no document.
    pub enum NoDocumentReason {
        /// Born here a moment ago.
        Newborn => "newborn",
        /// Unconscious or unknown.
        Unidentified => "unidentified",
        /// A child without a card.
        Minor => "minor",
        /// Lost or stolen.
        Lost => "lost",
    }
}

/// The nationality that Vietnamese law implies when a document's holder names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImpliedNationality {
    /// Issued by Viet Nam: `VNM` when left out.
    Vietnamese,
    /// Any state may have issued it: the nationality must be named.
    MustBeNamed,
    /// There is no document; the nationality may stay unknown.
    Unknown,
}

impl DocumentKind {
    /// Whether the number is the personal ID number: then name and number are a whole declaration.
    #[must_use]
    pub const fn has_personal_id(self) -> bool {
        matches!(self, Self::CitizenCard | Self::PersonalIdNotice)
    }

    /// The nationality of a holder who names none.
    #[must_use]
    pub const fn implied_nationality(self) -> ImpliedNationality {
        match self {
            Self::CitizenCard
            | Self::OldIdentityCard
            | Self::PersonalIdNotice
            | Self::DrivingLicence
            | Self::BirthCertificate
            | Self::HealthInsuranceCard => ImpliedNationality::Vietnamese,
            Self::ForeignIdentityCard | Self::Passport | Self::TravelDocument | Self::Other => {
                ImpliedNationality::MustBeNamed
            }
            Self::None => ImpliedNationality::Unknown,
        }
    }
}

/// A document whose number has the form of its kind.
#[derive(Clone, PartialEq, Eq)]
pub enum Document {
    /// A document with the 12-digit number; the kind is one that [has it](DocumentKind::has_personal_id).
    Personal {
        /// Which document.
        kind: DocumentKind,
        /// Its number.
        id: PersonalId,
    },
    /// A document with a number of its own.
    Numbered {
        /// Which document.
        kind: DocumentKind,
        /// Its number, as sent.
        number: String,
    },
    /// None.
    Missing {
        /// Why.
        reason: NoDocumentReason,
    },
}

impl Document {
    /// A document of a kind that has a number.
    ///
    /// # Errors
    /// The code of what is wrong with the number; [`Code::DocumentNumberNotAllowed`] for
    /// [`DocumentKind::None`].
    pub fn numbered(kind: DocumentKind, number: &str, today: NaiveDate) -> Result<Self, Code> {
        if kind.has_personal_id() {
            let id = PersonalId::parse(number, today).map_err(|fault| fault.code())?;
            return Ok(Self::Personal { kind, id });
        }
        let is_formed = match kind {
            DocumentKind::CitizenCard | DocumentKind::PersonalIdNotice | DocumentKind::None => {
                return Err(Code::DocumentNumberNotAllowed);
            }
            DocumentKind::OldIdentityCard => {
                number.len() == OLD_CARD_DIGIT_COUNT
                    && number.bytes().all(|byte| byte.is_ascii_digit())
            }
            DocumentKind::Passport => is_alphanumeric(number, PASSPORT_LENGTH_MAX),
            DocumentKind::TravelDocument
            | DocumentKind::DrivingLicence
            | DocumentKind::HealthInsuranceCard => is_alphanumeric(number, LETTERS_AND_DIGITS_MAX),
            DocumentKind::ForeignIdentityCard => is_foreign_number(number),
            DocumentKind::BirthCertificate | DocumentKind::Other => {
                (1..=FREE_NUMBER_LENGTH_MAX).contains(&number.chars().count())
            }
        };
        if is_formed {
            Ok(Self::Numbered {
                kind,
                number: number.to_owned(),
            })
        } else {
            Err(Code::InvalidDocumentNumber)
        }
    }

    /// Which document.
    #[must_use]
    pub const fn kind(&self) -> DocumentKind {
        match self {
            Self::Personal { kind, .. } | Self::Numbered { kind, .. } => *kind,
            Self::Missing { .. } => DocumentKind::None,
        }
    }

    /// Its number, as sent.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Personal { id, .. } => Some(id.as_str()),
            Self::Numbered { number, .. } => Some(number),
            Self::Missing { .. } => None,
        }
    }

    /// The personal ID number, if this document carries one.
    #[must_use]
    pub const fn personal_id(&self) -> Option<&PersonalId> {
        match self {
            Self::Personal { id, .. } => Some(id),
            Self::Numbered { .. } | Self::Missing { .. } => None,
        }
    }

    /// Why there is none.
    #[must_use]
    pub const fn no_document_reason(&self) -> Option<NoDocumentReason> {
        match self {
            Self::Missing { reason } => Some(*reason),
            Self::Personal { .. } | Self::Numbered { .. } => None,
        }
    }
}

/// The number is personal: only the kind is printed.
impl fmt::Debug for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Document({})", self.kind())
    }
}

/// A number as two of them are compared: upper case, letters and digits only.
#[must_use]
pub fn comparable_number(number: &str) -> String {
    number
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}

/// A number as printed: `0380******34`. Shows a third of it from the start, at most four
/// characters, and two at the end (one if it has fewer than eight); none if it has four or fewer.
#[must_use]
pub fn masked_number(number: &str) -> String {
    let count = number.chars().count();
    let (first, last) = match count {
        0..=4 => (0, 0),
        5..=7 => (count / 3, 1),
        _ => ((count / 3).min(4), 2),
    };
    let is_shown = |place: usize| place < first || place >= count - last;
    let letters = number.chars().enumerate();
    letters
        .map(|(place, letter)| if is_shown(place) { letter } else { '*' })
        .collect()
}

/// Every country prints its cards in its own way (`900101-14-5678`, `1-2345-67890-12-3`): letters
/// and digits, with what stands between them.
fn is_foreign_number(number: &str) -> bool {
    let is_allowed = |letter: char| letter.is_alphanumeric() || "-./ ".contains(letter);
    (1..=FREE_NUMBER_LENGTH_MAX).contains(&number.chars().count())
        && number.chars().all(is_allowed)
        && number.chars().any(char::is_alphanumeric)
}

fn is_alphanumeric(number: &str, length_max: usize) -> bool {
    (1..=length_max).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_day;

    #[test]
    fn most_of_a_printed_number_is_hidden() {
        let table = [
            ("038090001234", "0380******34"),
            ("173990011", "173****11"),
            ("B1234567", "B1****67"),
            ("M123456", "M1****6"),
            ("12345", "1***5"),
            ("1234", "****"),
            ("", ""),
            ("Số-Đặc-Biệt", "Số-******ệt"),
        ];
        for (number, masked) in table {
            assert_eq!(masked_number(number), masked, "{number}");
        }
    }

    #[test]
    fn each_kind_has_the_form_its_catalogue_shows() {
        use DocumentKind as Kind;
        let bad = Err(Code::InvalidDocumentNumber);
        let table = [
            (Kind::CitizenCard, "038090990001", Ok(())),
            (
                Kind::CitizenCard,
                "03809099001",
                Err(Code::PersonalIdLength),
            ),
            (
                Kind::CitizenCard,
                "038 090 990 001",
                Err(Code::PersonalIdNotDigits),
            ),
            (
                Kind::PersonalIdNotice,
                "003090990001",
                Err(Code::PersonalIdBirthPlace),
            ),
            (
                Kind::PersonalIdNotice,
                "038290990001",
                Err(Code::PersonalIdFutureBirthYear),
            ),
            (Kind::OldIdentityCard, "173990011", Ok(())),
            (Kind::OldIdentityCard, "17399001", bad),
            (Kind::OldIdentityCard, "1739900112", bad),
            (Kind::OldIdentityCard, "17399001１", bad),
            (Kind::Passport, "B1234567", Ok(())),
            (Kind::Passport, "c01x00t47", Ok(())),
            (Kind::Passport, "A123456789", Ok(())),
            (Kind::Passport, "A1234567890", bad),
            (Kind::Passport, "B 123", bad),
            (Kind::ForeignIdentityCard, "L01X00T47", Ok(())),
            (Kind::ForeignIdentityCard, "880692310285", Ok(())),
            (Kind::ForeignIdentityCard, "900101-14-5678", Ok(())),
            (Kind::ForeignIdentityCard, "--", bad),
            (Kind::ForeignIdentityCard, "L01X|00T47", bad),
            (Kind::TravelDocument, "ABCDEFGHIJ0123456789", Ok(())),
            (Kind::TravelDocument, "ABCDEFGHIJ01234567890", bad),
            (Kind::DrivingLicence, "380012345678", Ok(())),
            (Kind::HealthInsuranceCard, "GD4380123456789", Ok(())),
            (Kind::HealthInsuranceCard, "GD-4-38", bad),
            (Kind::BirthCertificate, "12/2019 Q.01", Ok(())),
            (Kind::Other, "Thẻ nhà báo 7", Ok(())),
            (Kind::None, "1", Err(Code::DocumentNumberNotAllowed)),
        ];
        let today = parse_day("2026-11-23").unwrap();
        for (kind, number, expected) in table {
            let read = Document::numbered(kind, number, today);
            assert_eq!(
                read.as_ref().map(|_| ()).map_err(|code| *code),
                expected,
                "{kind} {number}"
            );
            if let Ok(document) = read {
                assert_eq!((document.kind(), document.number()), (kind, Some(number)));
                assert_eq!(document.personal_id().is_some(), kind.has_personal_id());
            }
        }
    }

    #[test]
    fn numbers_are_compared_without_case_and_punctuation() {
        assert_eq!(
            comparable_number("c01x-00 t47"),
            comparable_number("C01X00T47")
        );
    }

    #[test]
    fn only_the_kind_is_printed() {
        let today = parse_day("2026-11-23").unwrap();
        let document = Document::numbered(DocumentKind::Passport, "B1234567", today).unwrap();
        assert_eq!(format!("{document:?}"), "Document(passport)");
    }
}
