//! What is typed at a desk, or comes out of a scanner that types: which document it is of, and the
//! day or instant that is meant.
//!
//! People write days in the order of Viet Nam, day first, with any separator or none, and leave out
//! what goes without saying. Nothing is guessed beyond that: what has no single meaning is none.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};

use crate::birth_date::BirthDate;
use crate::personal_id::PersonalId;
use crate::scan::clean_number;
use crate::time::{VIET_NAM, at_local, local_date, parse_day};

/// Letters of the shortest line of a machine-readable zone (ICAO Doc 9303-5, TD1).
const MRZ_LENGTH_MIN: usize = 30;
/// Digits of a personal ID number, of which one or two may be missing or doubled.
const PERSONAL_ID_LENGTHS: std::ops::RangeInclusive<usize> = 10..=14;
/// Digits of an old identity card, and of British and American passports.
const NINE: usize = 9;

/// What a text in the scan field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// Nothing was typed.
    Nothing,
    /// The text of a card's QR code.
    Qr,
    /// A machine-readable zone.
    Mrz,
    /// A personal ID number, perhaps with a digit too few or too many.
    PersonalId(String),
    /// A passport, or an old identity card: both have nine digits.
    NineDigits(String),
    /// The number of a passport or of another document.
    Number(String),
}

/// What a text in the scan field is. The page's script decides the same for the zone, whose lines
/// a scanner ends like a form.
#[must_use]
pub fn recognise(text: &str) -> Recognised {
    if text.contains(['|', '~', '\t']) {
        return Recognised::Qr;
    }
    if is_zone(text) {
        return Recognised::Mrz;
    }
    let (number, _) = clean_number(text);
    let is_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    match number.len() {
        0 => Recognised::Nothing,
        NINE if is_digits => Recognised::NineDigits(number),
        length if is_digits && PERSONAL_ID_LENGTHS.contains(&length) => {
            Recognised::PersonalId(number)
        }
        _ => Recognised::Number(number.to_uppercase()),
    }
}

/// The personal ID number of which a spreadsheet has dropped the zeros in front, as it does with
/// numbers; `None` where what is left cannot be one.
#[must_use]
pub fn with_lost_zeros(digits: &str, today: NaiveDate) -> Option<String> {
    const LENGTH: usize = 12;
    const LOST_MAX: usize = 2;
    let lost = LENGTH.checked_sub(digits.len())?;
    let whole = format!("{digits:0>LENGTH$}");
    let is_whole = (1..=LOST_MAX).contains(&lost) && PersonalId::parse(&whole, today).is_ok();
    is_whole.then_some(whole)
}

fn is_zone(text: &str) -> bool {
    let mut letters = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let first = letters.clone().next();
    let is_of_a_zone =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<';
    matches!(first, Some(b'P' | b'I' | b'A' | b'C'))
        && letters.clone().count() >= MRZ_LENGTH_MIN
        && letters.all(is_of_a_zone)
}

/// Where a day lies whose year was left out or shortened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaning {
    /// Not after today: a birth, an entry.
    Past,
    /// Not before today: a departure, the end of a permission.
    Future,
    /// As near to today as possible: an arrival.
    Near,
}

/// The day of a text such as `30/12`, `3012`, `30-12-26`, `30122026`, `2026-12-30`; `None` when
/// there is no such day.
#[must_use]
pub fn day(text: &str, today: NaiveDate, leaning: Leaning) -> Option<NaiveDate> {
    let text = text.trim();
    if let Some(day) = parse_day(text) {
        return Some(day);
    }
    match TypedDay::of(text)? {
        TypedDay {
            day,
            month,
            year: Some(year),
        } => NaiveDate::from_ymd_opt(year.whole(today, leaning), month, day),
        TypedDay {
            day,
            month,
            year: None,
        } => {
            let years = today.year() - 1..=today.year() + 1;
            let days = years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
            nearest(days, today, leaning)
        }
    }
}

/// Leap days have no neighbour in the next year, so there may be none.
fn nearest(
    days: impl Iterator<Item = NaiveDate>,
    today: NaiveDate,
    leaning: Leaning,
) -> Option<NaiveDate> {
    let is_fitting = |day: &NaiveDate| match leaning {
        Leaning::Past => *day <= today,
        Leaning::Future => *day >= today,
        Leaning::Near => true,
    };
    days.filter(is_fitting)
        .min_by_key(|day| day.signed_duration_since(today).num_days().abs())
}

/// A year as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Year {
    Whole(i32),
    /// Its last two digits.
    Short(i32),
}

impl Year {
    fn whole(self, today: NaiveDate, leaning: Leaning) -> i32 {
        let century = today.year() - today.year() % 100;
        match self {
            Self::Whole(year) => year,
            Self::Short(year) if leaning == Leaning::Past && century + year > today.year() => {
                century + year - 100
            }
            Self::Short(year) => century + year,
        }
    }
}

/// The numbers of a day.
struct TypedDay {
    day: u32,
    month: u32,
    year: Option<Year>,
}

impl TypedDay {
    fn of(text: &str) -> Option<Self> {
        let is_separator = |letter: char| matches!(letter, '/' | '-' | '.' | ' ');
        let words: Vec<&str> = text
            .split(is_separator)
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            [together] => Self::of_digits(together),
            [day, month] => Some(Self {
                day: number(day, 2)?,
                month: number(month, 2)?,
                year: None,
            }),
            [day, month, year] => Some(Self {
                day: number(day, 2)?,
                month: number(month, 2)?,
                year: Some(Self::year(year)?),
            }),
            _ => None,
        }
    }

    /// `ddmm`, `ddmmyy`, `ddmmyyyy`.
    fn of_digits(digits: &str) -> Option<Self> {
        let year = match digits.len() {
            4 => None,
            6 | 8 => Some(Self::year(digits.get(4..)?)?),
            _ => return None,
        };
        Some(Self {
            day: number(digits.get(0..2)?, 2)?,
            month: number(digits.get(2..4)?, 2)?,
            year,
        })
    }

    fn year(digits: &str) -> Option<Year> {
        let year = i32::try_from(number(digits, 4)?).ok()?;
        match digits.len() {
            2 => Some(Year::Short(year)),
            4 => Some(Year::Whole(year)),
            _ => None,
        }
    }
}

/// A number of at most so many digits.
fn number(digits: &str, length_max: usize) -> Option<u32> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && (1..=length_max).contains(&digits.len())).then(|| digits.parse().ok())?
}

/// The instant of a text such as `27/11/2026 20:45` or `27/11`; without a time of day at `time`.
#[must_use]
pub fn instant(
    text: &str,
    now: DateTime<Utc>,
    leaning: Leaning,
    time: NaiveTime,
) -> Option<DateTime<Utc>> {
    let today = local_date(now);
    let text = text.trim();
    let (on, at) = match text.rsplit_once(char::is_whitespace) {
        Some((on, at)) if at.contains([':', 'h', 'H']) => (on, clock(at)?),
        Some(_) | None => (text, time),
    };
    Some(at_local(day(on, today, leaning)?, at))
}

/// `20:45`, `20h45`, `20h`.
fn clock(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = text.split_once([':', 'h', 'H'])?;
    let minute = if minute.is_empty() { "0" } else { minute };
    NaiveTime::from_hms_opt(number(hour, 2)?, number(minute, 2)?, 0)
}

/// A birth date of which the year, or month and year, may be all that is known.
#[must_use]
pub fn birth_date(text: &str, today: NaiveDate) -> Option<BirthDate> {
    let text = text.trim();
    if let Some(date) = BirthDate::parse(text) {
        return Some(date);
    }
    if let Some((month, year)) = text.split_once(['/', '-', '.'])
        && year.len() == 4
        && let Some(date) = BirthDate::parse(&format!("{year}-{month:0>2}"))
    {
        return Some(date);
    }
    day(text, today, Leaning::Past).map(BirthDate::of_day)
}

/// `27/11/2026`.
#[must_use]
pub fn written_day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// `27/11/2026 20:45`, in Viet Nam.
#[must_use]
pub fn written_instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&VIET_NAM)
        .format("%d/%m/%Y %H:%M")
        .to_string()
}

/// As much of a birth date as is known: `17/05/1990`, `05/1990`, `1990`.
#[must_use]
pub fn written_birth_date(date: BirthDate) -> String {
    let text = date.to_text();
    let parts: Vec<&str> = text.split('-').rev().collect();
    parts.join("/")
}

/// Whole years from a birth to a day; from the latest day that the birth date leaves open, so that
/// nobody is taken for older than they are.
#[must_use]
pub fn age_on(birth: BirthDate, day: NaiveDate) -> u32 {
    day.years_since(birth.latest()).unwrap_or_default()
}

/// Noon of the day after an arrival, on which most guests leave. An arrival after midnight belongs
/// to the night before.
#[must_use]
pub fn usual_departure(arrival: DateTime<Utc>, night_count: u64) -> DateTime<Utc> {
    const NOON: NaiveTime = match NaiveTime::from_hms_opt(12, 0, 0) {
        Some(noon) => noon,
        None => NaiveTime::MIN,
    };
    let day = local_date(arrival);
    let left_on = day.checked_add_days(Days::new(night_count)).unwrap_or(day);
    at_local(left_on, NOON)
}

/// Under the age of majority (Civil Code 91/2015/QH13, art. 20), counted to the day.
#[must_use]
pub fn is_minor(birth: BirthDate, day: NaiveDate) -> bool {
    birth
        .latest()
        .checked_add_months(Months::new(18 * 12))
        .is_none_or(|majority| majority > day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    fn on(text: &str) -> NaiveDate {
        parse_day(text).unwrap()
    }

    #[test]
    fn a_text_is_recognised_by_its_form() {
        let number = |text: &str| Recognised::Number(text.to_owned());
        let table = [
            ("", Recognised::Nothing),
            ("  ", Recognised::Nothing),
            ("038090001234|NGUYEN VAN AN|17051990", Recognised::Qr),
            ("038090001234~AN", Recognised::Qr),
            (
                "P<FRADUBOIS<<CLAIRE<MARIE<<<<<<<<<<<<<<<<<<< 19AB402751FRA8809024F3001019<<<<<<<<<<<<<<02",
                Recognised::Mrz,
            ),
            (
                "0380 9000 1234",
                Recognised::PersonalId("038090001234".to_owned()),
            ),
            (
                "038.090.001.234",
                Recognised::PersonalId("038090001234".to_owned()),
            ),
            (
                "03809000123",
                Recognised::PersonalId("03809000123".to_owned()),
            ),
            ("123456789", Recognised::NineDigits("123456789".to_owned())),
            ("c1234567", number("C1234567")),
            ("P1234567", number("P1234567")),
            ("12345", number("12345")),
        ];
        for (text, expected) in table {
            assert_eq!(recognise(text), expected, "{text}");
        }
    }

    #[test]
    fn zeros_that_a_spreadsheet_dropped_are_put_back() {
        let today = on("2026-11-27");
        let table = [
            ("38090001299", Some("038090001299")),
            ("1090001299", Some("001090001299")),
            ("038090001299", None),
            ("123456789", None),
            ("99090001299", None),
            ("3809000129X", None),
            ("", None),
        ];
        for (digits, expected) in table {
            let whole = with_lost_zeros(digits, today);
            assert_eq!(whole.as_deref(), expected, "{digits}");
        }
    }

    #[test]
    fn a_day_is_meant_as_people_write_it() {
        let today = on("2026-11-27");
        let table = [
            ("3012", Leaning::Future, Some("2026-12-30")),
            ("30/12", Leaning::Future, Some("2026-12-30")),
            ("2/1", Leaning::Future, Some("2027-01-02")),
            ("27/11", Leaning::Future, Some("2026-11-27")),
            ("2/1", Leaning::Past, Some("2026-01-02")),
            ("28/12", Leaning::Past, Some("2025-12-28")),
            ("2/1", Leaning::Near, Some("2027-01-02")),
            ("26/11", Leaning::Near, Some("2026-11-26")),
            ("30122026", Leaning::Future, Some("2026-12-30")),
            ("301226", Leaning::Future, Some("2026-12-30")),
            ("30-12-2026", Leaning::Future, Some("2026-12-30")),
            ("30.12.26", Leaning::Future, Some("2026-12-30")),
            ("2026-12-30", Leaning::Future, Some("2026-12-30")),
            ("5/3/95", Leaning::Past, Some("1995-03-05")),
            ("5/3/15", Leaning::Past, Some("2015-03-05")),
            ("05031995", Leaning::Past, Some("1995-03-05")),
            ("29/2", Leaning::Future, None),
            ("31/2/2026", Leaning::Future, None),
            ("5", Leaning::Future, None),
            ("1/2/3/4", Leaning::Future, None),
            ("mai", Leaning::Future, None),
            ("5/3/195", Leaning::Past, None),
            ("", Leaning::Near, None),
        ];
        for (text, leaning, expected) in table {
            assert_eq!(
                day(text, today, leaning),
                expected.map(on),
                "{text} {leaning:?}"
            );
        }
    }

    #[test]
    fn an_instant_has_a_day_and_perhaps_a_time() {
        let now = parse_instant("2026-11-27T20:45:00+07:00").unwrap();
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
        let table = [
            ("27/11/2026 20:45", Some("2026-11-27T20:45:00+07:00")),
            ("27/11 9:05", Some("2026-11-27T09:05:00+07:00")),
            ("28/11", Some("2026-11-28T12:00:00+07:00")),
            ("28 11", Some("2026-11-28T12:00:00+07:00")),
            ("28/11 20h45", Some("2026-11-28T20:45:00+07:00")),
            ("28/11 20h", Some("2026-11-28T20:00:00+07:00")),
            ("28/11 25:00", None),
            ("28/11 x:y", None),
            ("20:45", None),
        ];
        for (text, expected) in table {
            let expected = expected.and_then(parse_instant);
            assert_eq!(instant(text, now, Leaning::Near, noon), expected, "{text}");
        }
        assert_eq!(written_instant(now), "27/11/2026 20:45");
    }

    #[test]
    fn a_birth_date_may_be_a_year() {
        let today = on("2026-11-27");
        let table = [
            ("1990", Some("1990")),
            ("5/1990", Some("1990-05")),
            ("17/05/1990", Some("1990-05-17")),
            ("17051990", Some("1990-05-17")),
            ("1990-05-17", Some("1990-05-17")),
            ("17/5/90", Some("1990-05-17")),
            ("40/5/90", None),
        ];
        for (text, expected) in table {
            let read = birth_date(text, today).map(BirthDate::to_text);
            assert_eq!(read.as_deref(), expected, "{text}");
        }
        let whole = birth_date("17/5/1990", today).unwrap();
        assert_eq!(written_birth_date(whole), "17/05/1990");
    }

    #[test]
    fn majority_begins_on_the_eighteenth_birthday() {
        let table = [
            ("2008-11-27", false),
            ("2008-11-28", true),
            ("2008", true),
            ("2007", false),
        ];
        for (birth, expected) in table {
            let birth = BirthDate::parse(birth).unwrap();
            assert_eq!(is_minor(birth, on("2026-11-27")), expected, "{birth:?}");
        }
    }

    #[test]
    fn most_guests_leave_at_noon_of_the_next_day() {
        let arrival = parse_instant("2026-11-27T20:45:00+07:00").unwrap();
        let noon = parse_instant("2026-11-28T12:00:00+07:00").unwrap();
        assert_eq!(usual_departure(arrival, 1), noon);
    }
}
