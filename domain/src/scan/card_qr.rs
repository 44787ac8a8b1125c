//! The QR text on the cards of 2021 and of 2024.
//!
//! Fields, separated by `|`, in UTF-8: number, number of the card before (9 or 12 digits, or
//! empty), full name, birth date `ddmmyyyy`, `Nam` or `Nữ`, address, day of issue `ddmmyyyy`. The
//! cards under Circular 16/2024/TT-BCA go on with a cancelled number and the parents' names, which
//! no declaration asks for: they are not read. The address is the one of the day of issue.

use chrono::NaiveDate;

use super::repair::decoded_again;
use super::{DOCUMENT, DOCUMENT_NUMBER, GUEST, GuestReading, Scan, clean_number};
use crate::birth_date::BirthDate;
use crate::catalogue::VIET_NAM_CODE;
use crate::document::DocumentKind;
use crate::personal_id::{PersonalId, PersonalIdFault};
use crate::problem::Code;
use crate::sex::Sex;
use crate::text::fold;
use crate::time::parse_day;

/// The separator and its misreadings; the first one found is used.
const SEPARATORS: [char; 3] = ['|', '~', '\t'];
/// How some scanners announce a QR code (ISO/IEC 15424); a digit follows.
const SYMBOLOGY_PREFIX: &str = "]Q";

/// Reads the QR text of a citizen's card. `today` is the day in Viet Nam.
///
/// Warnings: [`Code::TextRepaired`], [`Code::NumberCleaned`], [`Code::ScanFieldUnreadable`] (the
/// member is left out), [`Code::IssueDateDoubtful`], sex or birth year against the number, and what
/// a declaration would say to the number, the name and the birth date.
///
/// # Errors
/// [`Code::NotCardQr`], [`Code::CardQrIncomplete`] for fewer than seven fields;
/// [`Code::PersonalIdNotDigits`] and [`Code::PersonalIdLength`] when the first is no 12 digits,
/// without which it is nobody's card.
pub fn read_qr(text: &str, today: NaiveDate) -> Result<Scan, Code> {
    let mut reading = GuestReading::default();
    let mended = decoded_again(without_mark(text));
    if mended.is_some() {
        reading.warn(GUEST, Code::TextRepaired);
    }
    let card = Card::cut(mended.as_deref().unwrap_or(text))?;
    let (number, id) = card.personal_id(today, &mut reading)?;
    reading.read_document(DocumentKind::CitizenCard, &number, today);
    reading.guest.nationality = Some(VIET_NAM_CODE.to_owned());
    reading.read_name(&card.full_name);
    let birth_date = birth_date(&card.birth_date);
    reading.read_birth_date(birth_date, today);
    let sex = sex(&card.sex);
    reading.read_sex(sex);
    if reading.guest.full_name.is_none() && birth_date.is_none() && sex.is_none() {
        return Err(Code::NotCardQr);
    }
    if let Some(id) = id {
        reading.compare(&id, birth_date, sex);
    }
    reading.read_address(&card.address);
    if !is_issue_date(&card.issued_on, birth_date, today) {
        reading.warn(DOCUMENT, Code::IssueDateDoubtful);
    }
    Ok(reading.into_scan())
}

/// The fields that are read, still text.
struct Card {
    number: String,
    full_name: String,
    birth_date: String,
    sex: String,
    address: String,
    issued_on: String,
}

impl Card {
    fn cut(text: &str) -> Result<Self, Code> {
        let text = without_frame(text);
        let separator = SEPARATORS
            .into_iter()
            .find(|separator| text.contains(*separator))
            .ok_or(Code::NotCardQr)?;
        let fields: Vec<String> = text.split(separator).map(printable).collect();
        let [
            number,
            _,
            full_name,
            birth_date,
            sex,
            address,
            issued_on,
            ..,
        ] = fields.as_slice()
        else {
            let begins_as_card = fields.first().is_some_and(|first| is_digits(first));
            return Err(if begins_as_card {
                Code::CardQrIncomplete
            } else {
                Code::NotCardQr
            });
        };
        Ok(Self {
            number: number.clone(),
            full_name: full_name.clone(),
            birth_date: birth_date.clone(),
            sex: sex.clone(),
            address: address.clone(),
            issued_on: issued_on.clone(),
        })
    }

    /// The 12 digits as they will be declared, and the number if it can be somebody's.
    fn personal_id(
        &self,
        today: NaiveDate,
        reading: &mut GuestReading,
    ) -> Result<(String, Option<PersonalId>), Code> {
        let (number, is_changed) = clean_number(&self.number);
        if !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(Code::NotCardQr);
        }
        if is_changed {
            reading.warn(DOCUMENT_NUMBER, Code::NumberCleaned);
        }
        match PersonalId::parse(&number, today) {
            Ok(id) => Ok((number, Some(id))),
            Err(PersonalIdFault::BirthPlace | PersonalIdFault::FutureBirthYear) => {
                Ok((number, None))
            }
            Err(fault @ (PersonalIdFault::NotDigits | PersonalIdFault::Length)) => {
                Err(fault.code())
            }
        }
    }
}

fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// Without byte order mark, line ends, and what a scanner puts before the text.
fn without_frame(text: &str) -> &str {
    let is_frame =
        |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\u{feff}';
    let text = text.trim_matches(is_frame);
    text.strip_prefix(SYMBOLOGY_PREFIX)
        .and_then(|rest| rest.strip_prefix(|digit: char| digit.is_ascii_digit()))
        .unwrap_or(text)
}

fn printable(field: &str) -> String {
    let text: String = field
        .chars()
        .filter(|letter| !letter.is_control() && *letter != '\u{feff}')
        .collect();
    text.trim().to_owned()
}

fn is_digits(field: &str) -> bool {
    let (number, _) = clean_number(field);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// `ddmmyyyy`, and nothing else: `yyyymmdd` is not guessed at. Where the card knows no day or no
/// month, zeros stand for them.
fn birth_date(field: &str) -> Option<BirthDate> {
    let (day, month, year) = day_month_year(field)?;
    let text = match (day, month) {
        ("00", "00") => year.to_owned(),
        ("00", month) => format!("{year}-{month}"),
        (day, month) => format!("{year}-{month}-{day}"),
    };
    BirthDate::parse(&text)
}

fn day_month_year(field: &str) -> Option<(&str, &str, &str)> {
    let is_eight_digits = field.len() == 8 && field.bytes().all(|byte| byte.is_ascii_digit());
    if !is_eight_digits {
        return None;
    }
    Some((field.get(..2)?, field.get(2..4)?, field.get(4..)?))
}

/// The word on the card, with or without its mark.
fn sex(field: &str) -> Option<Sex> {
    match fold(field).as_str() {
        "NAM" => Some(Sex::Male),
        "NU" => Some(Sex::Female),
        _ => None,
    }
}

/// A day that exists, not before the birth and not after today.
fn is_issue_date(field: &str, birth_date: Option<BirthDate>, today: NaiveDate) -> bool {
    let issued_on = day_month_year(field)
        .and_then(|(day, month, year)| parse_day(&format!("{year}-{month}-{day}")));
    issued_on.is_some_and(|day| {
        day <= today && birth_date.is_none_or(|birth_date| birth_date.earliest() <= day)
    })
}
