//! Which document a row speaks of, and what spreadsheets did to its number.

use chrono::NaiveDate;
use domain::birth_date::BirthDate;
use domain::catalogue::VIET_NAM_CODE;
use domain::personal_id::PersonalId;
use domain::scan::clean_number;

use super::words;

/// Digits of a personal ID number.
const PERSONAL_ID_LENGTH: usize = 12;
/// Digits of an old identity card.
const OLD_CARD_LENGTH: usize = 9;
/// Of age (Civil Code 91/2015/QH13, art. 20).
const ADULT_AGE_YEARS: u32 = 18;

/// What a row's columns hold about the document.
pub(super) struct Cells<'a> {
    pub(super) kind: Option<String>,
    pub(super) number: Option<String>,
    pub(super) personal_id: Option<String>,
    pub(super) passport: Option<String>,
    pub(super) nationality: Option<&'a str>,
}

/// What they say together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Option<String>,
    pub(super) number: Option<String>,
    pub(super) is_cleaned: bool,
    pub(super) fault: Option<NumberFault>,
}

/// What a spreadsheet did to a number.
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
enum Place {
    Anywhere,
    PersonalId,
    Passport,
}

/// The document of a row. A column for any document goes first, then the one that its holder's
/// nationality makes more likely.
pub(super) fn find(cells: &Cells<'_>) -> Found {
    let is_foreign = cells.nationality.is_some_and(|code| code != VIET_NAM_CODE);
    let any = cells.number.as_ref().map(|text| (text, Place::Anywhere));
    let personal = cells
        .personal_id
        .as_ref()
        .map(|text| (text, Place::PersonalId));
    let passport = cells.passport.as_ref().map(|text| (text, Place::Passport));
    let chosen = if is_foreign {
        any.or(passport).or(personal)
    } else {
        any.or(personal).or(passport)
    };
    let named = cells.kind.as_deref().map(words::document_kind);
    let Some((text, place)) = chosen else {
        return Found {
            kind: named.flatten().map(str::to_owned).or(cells.kind.clone()),
            ..Found::default()
        };
    };
    let (number, is_cleaned) = clean_number(text.trim_start_matches('\''));
    let fault = fault(&number, place, cells.nationality, named.flatten());
    let kind = match named {
        Some(Some(kind)) => Some(fitting(kind, &number, is_foreign).to_owned()),
        // A word we do not know is told, unless the number says all: `DNI` beside 12 digits.
        Some(None) if is_digits(&number, PERSONAL_ID_LENGTH) && !is_foreign => {
            Some("citizen_card".to_owned())
        }
        Some(None) => cells.kind.clone(),
        None => Some(implied(&number, place, is_foreign).to_owned()),
    };
    Found {
        kind,
        number: Some(number),
        is_cleaned,
        fault,
    }
}

/// Twelve digits of a citizen are the personal ID number, whatever the old kind in the file says.
fn fitting(kind: &'static str, number: &str, is_foreign: bool) -> &'static str {
    let is_old_word = matches!(kind, "old_identity_card" | "passport");
    if is_old_word && !is_foreign && is_digits(number, PERSONAL_ID_LENGTH) {
        "citizen_card"
    } else if kind == "citizen_card" && is_digits(number, OLD_CARD_LENGTH) {
        "old_identity_card"
    } else {
        kind
    }
}

/// The kind that a number without a named one has.
fn implied(number: &str, place: Place, is_foreign: bool) -> &'static str {
    if is_foreign {
        return match place {
            Place::Anywhere | Place::Passport => "passport",
            Place::PersonalId => "other",
        };
    }
    let is_all_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits(number, OLD_CARD_LENGTH) {
        return "old_identity_card";
    }
    match place {
        Place::PersonalId => "citizen_card",
        Place::Anywhere | Place::Passport if is_all_digits => "citizen_card",
        Place::Anywhere | Place::Passport => "passport",
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn fault(
    number: &str,
    place: Place,
    nationality: Option<&str>,
    kind: Option<&str>,
) -> Option<NumberFault> {
    if is_rounded(number) {
        return Some(NumberFault::Rounded);
    }
    let is_citizen = match nationality {
        Some(code) => code == VIET_NAM_CODE,
        None => place != Place::Passport,
    };
    let is_other_kind = kind.is_some_and(|kind| {
        !matches!(
            kind,
            "citizen_card" | "personal_id_notice" | "old_identity_card"
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
fn is_rounded(number: &str) -> bool {
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
            let found = fault(number, Place::Anywhere, None, None);
            assert_eq!(found, expected, "{number}");
        }
        let foreign = fault("38090990001", Place::Anywhere, Some("GBR"), None);
        assert_eq!(foreign, None);
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
