//! The machine-readable zone of cards (TD1, TD2) and passports (TD3), ICAO Doc 9303.
//!
//! The Vietnamese card prints the last nine digits of the personal ID number as its number, and
//! all twelve, with a check digit of their own, in the field that is the issuer's to use.

mod zone;

use chrono::{Datelike, NaiveDate};

use super::{
    BIRTH_DATE, DOCUMENT, DOCUMENT_NUMBER, FULL_NAME, GUEST, GuestReading, NATIONALITY, Scan,
};
use crate::birth_date::BirthDate;
use crate::catalogue::{Catalogues, VIET_NAM_CODE};
use crate::document::DocumentKind;
use crate::personal_id::{DIGIT_COUNT, PersonalId};
use crate::problem::{Code, Hint, Violation};
use crate::sex::Sex;
use crate::time::parse_day;
use zone::{Checked, FILLER, Zone, ZoneFormat, ZoneLines};

/// Codes of zones for countries that have another alpha-3 code: Germany, Kosovo.
const SAME_COUNTRY: [(&str, &str); 2] = [("D", "DEU"), ("RKS", "XKX")];
/// Nationalities of those who hold a travel document, not a passport: stateless persons and
/// refugees (Doc 9303-3, section 5).
const WITHOUT_PASSPORT: [&str; 3] = ["XXA", "XXB", "XXC"];
/// A date of which nothing is known.
const NO_DATE: &str = "<<<<<<";

/// Reads a machine-readable zone, in lines or in one. `today` is the day in Viet Nam.
///
/// The card of France of before 2021, two lines of 36 like TD2 and cut in a way of its own, is read
/// too; it states no expiry.
///
/// Warnings: [`Code::CheckDigitWrong`] at the member it checks (the document itself for the expiry
/// and the issuer's own field, the guest for the composite digit when no other is wrong), with
/// the place of a likely misreading; [`Code::MrzNumbersDiffer`]; [`Code::ScanFieldUnreadable`] and
/// an unknown nationality (the member is left out); [`Code::NameCutOff`]; [`Code::NameDoubtful`];
/// [`Code::DocumentExpired`]; [`Code::TextRepaired`]; sex or birth year against the personal ID
/// number, and what a declaration would say to the number.
///
/// # Errors
/// [`Code::NotMrz`], [`Code::MrzLength`], [`Code::MrzCharacter`]; [`Code::MrzOtherDocument`] for
/// the zone of a visa or of another document that identifies nobody.
pub fn read_mrz(text: &str, today: NaiveDate, catalogues: &Catalogues) -> Result<Scan, Code> {
    let lines = ZoneLines::read(text)?;
    let zone = Zone::cut(&lines)?;
    let mut reading = GuestReading::default();
    if lines.is_mended {
        reading.warn(GUEST, Code::TextRepaired);
    }
    read_name(&zone, &mut reading);
    read_nationality(&zone, catalogues, &mut reading);
    let id = match CitizenCard::of(&zone) {
        Some(card) => card.read(today, &mut reading),
        None => read_number(&zone, today, &mut reading),
    };
    let birth_date = read_birth_date(&zone, id.as_ref(), today, &mut reading);
    let sex = sex(&zone.sex);
    reading.read_sex(sex);
    if let Some(id) = id {
        reading.compare(&id, birth_date, sex);
    }
    read_expiry(&zone, today, &mut reading);
    if !zone.composite.is_right() && !reading.has_doubt_of_digits() {
        reading.warn(GUEST, Code::CheckDigitWrong);
    }
    Ok(reading.into_scan())
}

impl GuestReading {
    /// Says so when a field's digit is wrong, and where a letter may stand for a digit.
    fn judge(&mut self, field: &Checked, pointer: &str) {
        if field.is_right() {
            return;
        }
        let mut warning = Violation::new(pointer, Code::CheckDigitWrong);
        warning.hint = field.misread_at().map(Hint::MisreadAt);
        self.note(warning);
    }

    fn has_doubt_of_digits(&self) -> bool {
        self.warnings
            .iter()
            .any(|warning| matches!(warning.code, Code::CheckDigitWrong | Code::MrzNumbersDiffer))
    }
}

/// The fields of a Vietnamese citizen's card.
struct CitizenCard<'zone> {
    /// Nine digits: the end of the twelve.
    short: &'zone Checked,
    /// The twelve.
    long: Checked,
}

impl<'zone> CitizenCard<'zone> {
    fn of(zone: &'zone Zone) -> Option<Self> {
        let is_card = zone.format == ZoneFormat::Td1
            && zone.document_code.starts_with('I')
            && zone.issuer == VIET_NAM_CODE;
        let long = zone.optional.text.get(..DIGIT_COUNT)?;
        let check = zone.optional.text.get(DIGIT_COUNT + 2..)?;
        is_card.then(|| Self {
            short: &zone.number,
            long: Checked::new(long, check),
        })
    }

    fn read(&self, today: NaiveDate, reading: &mut GuestReading) -> Option<PersonalId> {
        reading.judge(self.short, DOCUMENT_NUMBER);
        reading.judge(&self.long, DOCUMENT_NUMBER);
        let number = self.long.value();
        if !number.ends_with(&self.short.text) && !reading.has_warning_at(DOCUMENT_NUMBER) {
            reading.warn(DOCUMENT_NUMBER, Code::MrzNumbersDiffer);
        }
        reading.read_document(DocumentKind::CitizenCard, &number, today);
        PersonalId::parse(&number, today).ok()
    }
}

/// The number of any other document. Viet Nam's passports may carry the personal ID number in the
/// optional field: it decides the century of the birth, and is compared, but not declared.
fn read_number(zone: &Zone, today: NaiveDate, reading: &mut GuestReading) -> Option<PersonalId> {
    reading.judge(&zone.number, DOCUMENT_NUMBER);
    if zone.format == ZoneFormat::Td3 {
        reading.judge(&zone.optional, DOCUMENT);
    }
    reading.read_document(kind(zone), &zone.number.value(), today);
    let may_have_id = zone.format == ZoneFormat::Td3 && zone.issuer == VIET_NAM_CODE;
    PersonalId::parse(&zone.optional.value(), today)
        .ok()
        .filter(|_| may_have_id)
}

fn kind(zone: &Zone) -> DocumentKind {
    let is_national = !WITHOUT_PASSPORT.contains(&zone.nationality.as_str());
    match zone.format {
        ZoneFormat::Td3 if is_national => DocumentKind::Passport,
        ZoneFormat::Td1 | ZoneFormat::Td2 | ZoneFormat::FrenchCard if is_identity_card(zone) => {
            DocumentKind::ForeignIdentityCard
        }
        ZoneFormat::Td1 | ZoneFormat::Td2 | ZoneFormat::Td3 | ZoneFormat::FrenchCard => {
            DocumentKind::TravelDocument
        }
    }
}

/// A card of a country for its own nationals: passport cards and residence permits are documents
/// for travelling.
fn is_identity_card(zone: &Zone) -> bool {
    zone.document_code.starts_with('I') && zone.issuer == zone.nationality
}

/// Surname first, as the zone has it and as Vietnamese is written. A field without a filler at
/// its end may have been cut.
fn read_name(zone: &Zone, reading: &mut GuestReading) {
    reading.read_name(&zone.name.replace(FILLER, " "));
    if !zone.name.ends_with(FILLER) {
        reading.warn(FULL_NAME, Code::NameCutOff);
    }
    if is_doubtful(&zone.name) {
        reading.warn(FULL_NAME, Code::NameDoubtful);
    }
}

/// One pair of fillers parts surname and given names, one filler parts words, and after the last
/// name there are fillers only (Doc 9303-3, section 4.6). Letters behind a longer run, or behind a
/// second pair, are fillers that a reader took for letters, and so are digits.
fn is_doubtful(name: &str) -> bool {
    let runs: Vec<usize> = name
        .trim_matches(FILLER)
        .split(|letter: char| letter != FILLER)
        .map(str::len)
        .filter(|length| *length > 1)
        .collect();
    name.starts_with(FILLER)
        || runs.len() > 1
        || runs.iter().any(|length| *length > 2)
        || name.contains(|letter: char| letter.is_ascii_digit())
}

fn read_nationality(zone: &Zone, catalogues: &Catalogues, reading: &mut GuestReading) {
    let printed = zone.nationality.trim_end_matches(FILLER);
    let same = SAME_COUNTRY.iter().find(|(code, _)| *code == printed);
    let code = same.map_or(printed, |(_, code)| *code);
    match catalogues.country(code) {
        Some(country) => reading.guest.nationality = Some(country.code.clone()),
        None => reading.warn(NATIONALITY, Code::UnknownCode),
    }
}

fn read_birth_date(
    zone: &Zone,
    id: Option<&PersonalId>,
    today: NaiveDate,
    reading: &mut GuestReading,
) -> Option<BirthDate> {
    reading.judge(&zone.birth_date, BIRTH_DATE);
    if zone.birth_date.text == NO_DATE {
        return None;
    }
    let date = birth_date(&zone.birth_date.text, id, today);
    reading.read_birth_date(date, today);
    date
}

/// `yymmdd`; fillers stand for a day or a month that is not known. The century is the one in the
/// personal ID number, else the last in which the date lies in the past.
pub(super) fn birth_date(
    text: &str,
    id: Option<&PersonalId>,
    today: NaiveDate,
) -> Option<BirthDate> {
    let (year, month, day) = (text.get(..2)?, text.get(2..4)?, text.get(4..)?);
    let rest = match (month, day) {
        ("<<", _) => String::new(),
        (month, "<<") => format!("-{month}"),
        (month, day) => format!("-{month}-{day}"),
    };
    let this_century = today.year() / 100;
    let centuries = id
        .map(|id| id.birth_year() / 100)
        .into_iter()
        .chain([this_century, this_century - 1]);
    centuries
        .filter_map(|century| BirthDate::parse(&format!("{century}{year}{rest}")))
        .find(|date| date.earliest() <= today)
}

/// `X` is what issuers print who do not follow the standard.
fn sex(text: &str) -> Option<Sex> {
    match text {
        "M" => Some(Sex::Male),
        "F" => Some(Sex::Female),
        "<" | "X" => Some(Sex::Unspecified),
        _ => None,
    }
}

/// The expiry is judged and not declared. Cards without one have fillers or the year 99.
fn read_expiry(zone: &Zone, today: NaiveDate, reading: &mut GuestReading) {
    reading.judge(&zone.expiry, DOCUMENT);
    let text = &zone.expiry.text;
    if text == NO_DATE {
        return;
    }
    match expiry(text) {
        None => reading.warn(DOCUMENT, Code::ScanFieldUnreadable),
        Some(day) if day < today && zone.expiry.is_right() => {
            reading.warn(DOCUMENT, Code::DocumentExpired);
        }
        Some(_) => {}
    }
}

/// Cards expire on a birthday, so that 29 February may stand beside a year that has none.
fn expiry(text: &str) -> Option<NaiveDate> {
    let (year, month, day) = (text.get(..2)?, text.get(2..4)?, text.get(4..)?);
    let printed = parse_day(&format!("20{year}-{month}-{day}"));
    let leap_day =
        || parse_day(&format!("20{year}-02-28")).filter(|_| (month, day) == ("02", "29"));
    printed.or_else(leap_day)
}
