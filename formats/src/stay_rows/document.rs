//! Reads the document of a row, and repairs or reports what spreadsheets did to its number.

use chrono::NaiveDate;
use domain::birth_date::BirthDate;
use domain::catalogue::VIET_NAM_CODE;
use domain::document::DocumentKind;
use domain::personal_id::PersonalId;
use domain::scan::clean_number;
use domain::text::{fold, is_unseen};

use super::words;
use crate::columns::Field;

/// Digits of a personal ID number.
const PERSONAL_ID_LENGTH: usize = 12;
/// Digits of an old identity card.
const OLD_CARD_LENGTH: usize = 9;
/// Of age (Civil Code 91/2015/QH13, art. 20).
const ADULT_AGE_YEARS: u32 = 18;

/// The document data in a row's columns.
pub(super) struct Cells<'a> {
    pub(super) kind: Option<String>,
    pub(super) number: Option<String>,
    pub(super) personal_id: Option<String>,
    pub(super) passport: Option<String>,
    pub(super) nationality: Option<&'a str>,
}

/// What they say together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FoundDocument {
    pub(super) kind: Option<String>,
    pub(super) number: Option<String>,
    /// The column that the number stood in.
    pub(super) field: Option<Field>,
    pub(super) is_cleaned: bool,
    pub(super) fault: Option<NumberFault>,
}

/// How a spreadsheet damaged a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NumberFault {
    /// It dropped zeros in front.
    ZeroLost {
        /// With the zeros. Personal.
        repaired: String,
    },
    /// It kept fewer digits than there were: `3.80909E+10`.
    Rounded,
}

/// Where the number stood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NumberPlace {
    Anywhere,
    PersonalId,
    Passport,
}

impl NumberPlace {
    const fn field(self) -> Field {
        match self {
            Self::Anywhere => Field::DocumentNumber,
            Self::PersonalId => Field::PersonalId,
            Self::Passport => Field::PassportNumber,
        }
    }
}

/// The document of a row. A column for any document takes precedence, then the one that the
/// holder's nationality makes more likely.
pub(super) fn find(cells: &Cells<'_>) -> FoundDocument {
    let is_foreign = cells.nationality.is_some_and(|code| code != VIET_NAM_CODE);
    let any = cells
        .number
        .as_ref()
        .map(|text| (text, NumberPlace::Anywhere));
    let personal = cells
        .personal_id
        .as_ref()
        .map(|text| (text, NumberPlace::PersonalId));
    let passport = cells
        .passport
        .as_ref()
        .map(|text| (text, NumberPlace::Passport));
    let chosen = if is_foreign {
        any.or(passport).or(personal)
    } else {
        any.or(personal).or(passport)
    };
    let named = cells.kind.as_deref().map(words::document_kind);
    let Some((text, place)) = chosen else {
        let known = named.flatten().map(|kind| kind.as_str().to_owned());
        return FoundDocument {
            kind: known.or(cells.kind.clone()),
            ..FoundDocument::default()
        };
    };
    let (number, is_cleaned) = restored(text);
    let fault = fault(&number, place, cells.nationality, named.flatten());
    let kind = match named {
        Some(Some(kind)) => Some(
            fitting(kind, cells, &number, is_foreign)
                .as_str()
                .to_owned(),
        ),
        // An unknown word is reported, unless the number is conclusive: `DNI` beside 12 digits.
        Some(None) if is_digits(&number, PERSONAL_ID_LENGTH) && !is_foreign => {
            Some(DocumentKind::CitizenCard.as_str().to_owned())
        }
        Some(None) => cells.kind.clone(),
        None => Some(implied(&number, place, is_foreign).as_str().to_owned()),
    };
    FoundDocument {
        kind,
        number: Some(number),
        field: Some(place.field()),
        is_cleaned,
        fault,
    }
}

/// A number without what people and spreadsheets put into it: spaces, dots, an apostrophe in front,
/// commas between thousands, and the `.0` of a program that took it for a quantity. Whether
/// anything was dropped that is worth a look.
pub(super) fn restored(text: &str) -> (String, bool) {
    let text: String = text.chars().filter(|letter| !is_unseen(*letter)).collect();
    let text = text.trim().trim_start_matches('\'').trim();
    let whole = whole_number(text).unwrap_or_else(|| text.to_owned());
    let (number, _) = clean_number(&whole);
    let is_cleaned = number != text;
    (number, is_cleaned)
}

/// A place or a name of digits alone without the `.0` behind it: `203.0` is room 203.
pub(super) fn without_fraction(text: &str) -> Option<String> {
    let (whole, zeros) = text.rsplit_once(['.', ','])?;
    let is_whole = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    (is_whole && matches!(zeros, "0" | "00")).then(|| whole.to_owned())
}

/// `505123456.0`, `38,205,012,345`: the digits of what was taken for a quantity.
fn whole_number(text: &str) -> Option<String> {
    let half_width = fold(text);
    let whole = match half_width.rsplit_once(['.', ',']) {
        Some((whole, "0" | "00")) => whole,
        Some(_) | None => half_width.as_str(),
    };
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_grouped = groups
        .clone()
        .all(|group| group.len() == 3 && is_number(group));
    let has_groups = groups.next().is_some();
    let is_changed = has_groups || whole.len() != half_width.len();
    let plain = first.replace([' ', '.'], "");
    let is_whole = is_number(&plain) && is_grouped && (!has_groups || first.len() <= 3);
    (is_changed && is_whole).then(|| whole.replace([',', ' ', '.'], ""))
}

/// A conclusive number overrides the named kind, and so does the nationality: Viet Nam issues its
/// cards to citizens (Law on Identity 26/2023/QH15, arts. 3 and 18), so a foreigner's identity card
/// is another country's.
fn fitting(kind: DocumentKind, cells: &Cells<'_>, number: &str, is_foreign: bool) -> DocumentKind {
    let is_personal_id = is_digits(number, PERSONAL_ID_LENGTH);
    let is_card = matches!(
        kind,
        DocumentKind::CitizenCard | DocumentKind::OldIdentityCard
    );
    if is_card && is_foreign {
        // With the Vietnamese word and such a number, the nationality may be wrong.
        let is_vietnamese = is_personal_id && cells.kind.as_deref().is_some_and(is_word_of_ours);
        return if is_vietnamese {
            kind
        } else {
            DocumentKind::ForeignIdentityCard
        };
    }
    let is_old_word = matches!(kind, DocumentKind::OldIdentityCard | DocumentKind::Passport);
    if is_old_word && !is_foreign && is_personal_id {
        DocumentKind::CitizenCard
    } else if kind == DocumentKind::CitizenCard && is_digits(number, OLD_CARD_LENGTH) {
        DocumentKind::OldIdentityCard
    } else {
        kind
    }
}

/// Whether a word for a card is one for Viet Nam's alone.
fn is_word_of_ours(word: &str) -> bool {
    let word = fold(word);
    ["CCCD", "CAN CUOC", "CITIZEN", "CMND", "CHUNG MINH", "VNEID"]
        .iter()
        .any(|ours| word.contains(ours))
}

/// The kind that a number without a named one has.
fn implied(number: &str, place: NumberPlace, is_foreign: bool) -> DocumentKind {
    if is_foreign {
        return match place {
            NumberPlace::Anywhere | NumberPlace::Passport => DocumentKind::Passport,
            NumberPlace::PersonalId => DocumentKind::ForeignIdentityCard,
        };
    }
    let is_all_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    // A spreadsheet rounds what was digits alone.
    if is_rounded(number) {
        return DocumentKind::CitizenCard;
    }
    if is_digits(number, OLD_CARD_LENGTH) {
        return DocumentKind::OldIdentityCard;
    }
    match place {
        NumberPlace::PersonalId => DocumentKind::CitizenCard,
        NumberPlace::Anywhere | NumberPlace::Passport if is_all_digits => DocumentKind::CitizenCard,
        NumberPlace::Anywhere | NumberPlace::Passport => DocumentKind::Passport,
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn fault(
    number: &str,
    place: NumberPlace,
    nationality: Option<&str>,
    kind: Option<DocumentKind>,
) -> Option<NumberFault> {
    if is_rounded(number) {
        return Some(NumberFault::Rounded);
    }
    let is_citizen = match nationality {
        Some(code) => code == VIET_NAM_CODE,
        None => place != NumberPlace::Passport,
    };
    let is_other_kind = kind.is_some_and(|kind| {
        !matches!(
            kind,
            DocumentKind::CitizenCard
                | DocumentKind::PersonalIdNotice
                | DocumentKind::OldIdentityCard
        )
    });
    if !is_citizen || is_other_kind || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let repaired = match number.len() {
        10 | 11 => format!("{number:0>PERSONAL_ID_LENGTH$}"),
        8 => format!("{number:0>OLD_CARD_LENGTH$}"),
        _ => return None,
    };
    let is_possible = repaired.len() == OLD_CARD_LENGTH
        || NaiveDate::from_ymd_opt(2100, 1, 1)
            .is_some_and(|day| PersonalId::parse(&repaired, day).is_ok());
    is_possible.then_some(NumberFault::ZeroLost { repaired })
}

/// `3.80909E+10`, whatever the decimal mark.
pub(super) fn is_rounded(number: &str) -> bool {
    let upper = number.to_ascii_uppercase();
    let Some((mantissa, exponent)) = upper.split_once("E+") else {
        return false;
    };
    let is_number = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b'.')
    };
    is_number(mantissa) && is_number(exponent)
}

/// Whether somebody born then was not of age on that day, whatever day of the year it was.
pub(super) fn is_minor(birth: BirthDate, day: NaiveDate) -> bool {
    day.years_since(birth.earliest())
        .is_some_and(|age| age < ADULT_AGE_YEARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(number: &str) -> Cells<'static> {
        Cells {
            kind: None,
            number: Some(number.to_owned()),
            personal_id: None,
            passport: None,
            nationality: None,
        }
    }

    #[test]
    fn a_number_implies_its_kind() {
        let table = [
            ("001075990003", None, "citizen_card"),
            ("17399 0012", None, "old_identity_card"),
            ("A1234567", Some("GBR"), "passport"),
            ("C1234567", Some("VNM"), "passport"),
            ("990000111", Some("GBR"), "passport"),
        ];
        for (number, nationality, kind) in table {
            let found = find(&Cells {
                nationality,
                ..cells(number)
            });
            assert_eq!(found.kind.as_deref(), Some(kind), "{number}");
            assert_eq!(found.is_cleaned, number.contains(' '), "{number}");
            assert_eq!(found.fault, None, "{number}");
        }
    }

    #[test]
    fn a_rounded_number_was_one_of_digits() {
        for (nationality, kind) in [(None, "citizen_card"), (Some("GBR"), "passport")] {
            let found = find(&Cells {
                nationality,
                ..cells("3.80909E+10")
            });
            assert_eq!(found.kind.as_deref(), Some(kind));
            assert_eq!(found.fault, Some(NumberFault::Rounded));
        }
    }

    #[test]
    fn what_a_spreadsheet_did_to_a_number_is_found_out() {
        let lost = |repaired: &str| {
            Some(NumberFault::ZeroLost {
                repaired: repaired.to_owned(),
            })
        };
        let table = [
            ("38090990001", lost("038090990001")),
            ("1075990003", lost("001075990003")),
            ("73990012", lost("073990012")),
            // No place of birth has this code.
            ("99090990001", None),
            ("3.80909E+10", Some(NumberFault::Rounded)),
            ("3,80909E+10", Some(NumberFault::Rounded)),
            ("12E+3X", None),
        ];
        for (number, expected) in table {
            // Dots are cleaned away, the exponent stays.
            let found = fault(number, NumberPlace::Anywhere, None, None);
            assert_eq!(found, expected, "{number}");
        }
        let foreign = fault("38090990001", NumberPlace::Anywhere, Some("GBR"), None);
        assert_eq!(foreign, None);
    }

    #[test]
    fn a_point_and_a_zero_are_no_digits() {
        let table = [
            ("38205012345.0", "38205012345", true),
            ("505123456.0", "505123456", true),
            ("505123456,00", "505123456", true),
            ("38,205,012,345", "38205012345", true),
            ("38,205,012,345.00", "38205012345", true),
            ("038.205.012.345", "038205012345", true),
            ("038 205 012 345", "038205012345", true),
            ("'038205012345", "038205012345", false),
            ("０３８205012345", "038205012345", true),
            ("038205012345", "038205012345", false),
            ("C01X00T47", "C01X00T47", false),
            ("C01X00.0", "C01X000", true),
            ("12,34", "12,34", false),
        ];
        for (text, number, is_cleaned) in table {
            assert_eq!(restored(text), (number.to_owned(), is_cleaned), "{text}");
        }
        assert_eq!(without_fraction("203.0").as_deref(), Some("203"));
        for room in ["203", "A.0", "20.3", "203.000", ".0", "2.03.0"] {
            assert_eq!(without_fraction(room), None, "{room}");
        }
        let lost = find(&cells("38205012345.0"));
        let repaired = "038205012345".to_owned();
        assert_eq!(lost.fault, Some(NumberFault::ZeroLost { repaired }));
        let foreign = find(&Cells {
            nationality: Some("GBR"),
            ..cells("505123456.0")
        });
        assert_eq!(
            (foreign.number.as_deref(), foreign.is_cleaned),
            (Some("505123456"), true)
        );
    }

    #[test]
    fn the_identity_card_of_a_foreigner_is_another_countrys() {
        let table = [
            ("Identity card", "L01X00T47", "DEU", "foreign_identity_card"),
            ("ID card", "900101145678", "MYS", "foreign_identity_card"),
            ("CCCD", "L01X00T47", "DEU", "foreign_identity_card"),
            ("CMND", "1234567", "LAO", "foreign_identity_card"),
            ("CCCD", "038205012345", "LAO", "citizen_card"),
            ("Identity card", "038205012345", "VNM", "citizen_card"),
        ];
        for (kind, number, nationality, expected) in table {
            let found = find(&Cells {
                kind: Some(kind.to_owned()),
                nationality: Some(nationality),
                ..cells(number)
            });
            assert_eq!(found.kind.as_deref(), Some(expected), "{kind} {number}");
        }
        let in_our_column = find(&Cells {
            number: None,
            personal_id: Some("L01X00T47".to_owned()),
            nationality: Some("DEU"),
            ..cells("")
        });
        assert_eq!(in_our_column.kind.as_deref(), Some("foreign_identity_card"));
    }

    #[test]
    fn the_kind_that_is_named_gives_way_to_the_number() {
        let table = [
            ("8", "038205990101", None, "citizen_card"),
            ("CMND", "038205990101", None, "citizen_card"),
            ("DNI", "096020990009", Some("VNM"), "citizen_card"),
            ("4", "PA0099002", Some("LAO"), "passport"),
            ("Passport", "99RT00001", Some("FRA"), "passport"),
        ];
        for (kind, number, nationality, expected) in table {
            let found = find(&Cells {
                kind: Some(kind.to_owned()),
                nationality,
                ..cells(number)
            });
            assert_eq!(found.kind.as_deref(), Some(expected), "{kind} {number}");
        }
    }
}
