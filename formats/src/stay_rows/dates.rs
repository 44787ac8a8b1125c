//! Days and times as people and programs write them.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use domain::birth_date::BirthDate;
use domain::problem::Code;
use domain::text::fold;
use domain::time::{local_date, parse_instant};

/// Serial numbers of days that are taken: 1954 to 2118.
const SERIALS: std::ops::RangeInclusive<f64> = 20_000.0..=80_000.0;
/// Serial numbers of birth dates: 1905 to 2118; what is smaller is a year.
const BIRTH_SERIALS: std::ops::RangeInclusive<f64> = 2_101.0..=80_000.0;
/// Years that are taken.
const YEARS: std::ops::RangeInclusive<i32> = 1880..=2100;
/// Days between the two epochs of serial numbers.
const DAYS_TO_1904: u64 = 1_462;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// Months in English, and how long the shortest form is.
const MONTHS: [&str; 12] = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
];

/// What stands first in `08/12/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// The day, as in Viet Nam.
    DayMonth,
    /// The month, as in the United States.
    MonthDay,
}

impl DateOrder {
    /// The word of JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DayMonth => "dmy",
            Self::MonthDay => "mdy",
        }
    }

    /// The order of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::DayMonth, Self::MonthDay]
            .into_iter()
            .find(|order| order.as_str() == word)
    }
}

/// What a cell says about when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// With an offset.
    Instant(DateTime<Utc>),
    /// By the clocks of Viet Nam, perhaps without a time.
    Local(NaiveDate, Option<NaiveTime>),
}

impl When {
    pub(super) fn day(self) -> NaiveDate {
        match self {
            Self::Instant(instant) => local_date(instant),
            Self::Local(day, _) => day,
        }
    }
}

/// Why a cell says nothing about when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateFault {
    /// It has no form that is known, or no such day exists.
    Invalid,
    /// It may mean two days.
    Ambiguous,
}

impl DateFault {
    pub(super) const fn code(self, otherwise: Code) -> Code {
        match self {
            Self::Invalid => otherwise,
            Self::Ambiguous => Code::DateAmbiguous,
        }
    }
}

/// What the dates of a file say about their order.
#[derive(Default)]
pub(super) struct Evidence {
    day_first: usize,
    month_first: usize,
}

impl Evidence {
    pub(super) fn see(&mut self, text: &str) {
        let (date, _) = split_time(text.trim());
        if let Some([first, second, _]) = three_numbers(date)
            && date.contains(['/', '-'])
            && first <= 31
        {
            self.day_first += usize::from(first > 12);
            self.month_first += usize::from(second > 12);
        }
    }

    /// The order; `None` when there are proofs for both.
    pub(super) const fn order(&self, otherwise: DateOrder) -> Option<DateOrder> {
        match (self.day_first > 0, self.month_first > 0) {
            (true, false) => Some(DateOrder::DayMonth),
            (false, true) => Some(DateOrder::MonthDay),
            (false, false) => Some(otherwise),
            (true, true) => None,
        }
    }
}

/// Reads a day, perhaps with a time.
pub(super) fn when(text: &str, order: Option<DateOrder>, is_1904: bool) -> Result<When, DateFault> {
    let text = text.trim();
    if let Some(instant) = parse_instant(text) {
        return Ok(When::Instant(instant));
    }
    if let Some((day, time)) = serial(text, is_1904, &SERIALS) {
        return Ok(When::Local(day, time));
    }
    let (date, clock) = split_time(text);
    let time = match clock {
        Some(clock) => Some(time(clock).ok_or(DateFault::Invalid)?),
        None => None,
    };
    Ok(When::Local(day(date, order, 2000)?, time))
}

/// Reads a birth date: a day, a month, a year. `today` tells the century of two-digit years.
pub(super) fn birth_date(
    text: &str,
    order: Option<DateOrder>,
    is_1904: bool,
    today: Option<NaiveDate>,
) -> Result<BirthDate, DateFault> {
    let text = text.trim();
    if let Some(date) = BirthDate::parse(text).filter(|date| YEARS.contains(&date.year())) {
        return Ok(date);
    }
    if let Some((day, _)) = serial(text, is_1904, &BIRTH_SERIALS) {
        return Ok(BirthDate::of_day(day));
    }
    if let Some((month, year)) = text.split_once('/')
        && let (Ok(month), Ok(year), 4) = (month.parse::<u32>(), year.parse::<i32>(), year.len())
    {
        let date = BirthDate::parse(&format!("{year:04}-{month:02}"));
        return date.ok_or(DateFault::Invalid);
    }
    let (date, _) = split_time(text);
    let day = day(date, order, 2000)?;
    let is_ahead = today.is_some_and(|today| day > today);
    // `12/05/75`: nobody is born in 2075 yet.
    if is_ahead && has_short_year(date) {
        let earlier = day.with_year(day.year() - 100).ok_or(DateFault::Invalid)?;
        return Ok(BirthDate::of_day(earlier));
    }
    Ok(BirthDate::of_day(day))
}

/// Reads a time: `14:22`, `15h30`, `0h15`, `2:30 PM`, a part of a day as Excel has it.
pub(super) fn time(text: &str) -> Option<NaiveTime> {
    let text = text.trim().to_ascii_uppercase();
    if let Ok(part) = text.parse::<f64>()
        && text.contains('.')
        && (0.0..1.0).contains(&part)
    {
        return part_of_day(part);
    }
    let (text, half) = match text.strip_suffix("PM") {
        Some(text) => (text, Some(12)),
        None => match text.strip_suffix("AM") {
            Some(text) => (text, Some(0)),
            None => (text.as_str(), None),
        },
    };
    let text = text.trim().trim_end_matches('Z');
    let (whole, _fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split([':', 'H']);
    let hour: u32 = number(parts.next()?)?;
    let minute = match parts.next() {
        None | Some("") if whole.contains('H') || half.is_some() => 0,
        Some(minute) => number(minute.trim_end_matches('P'))?,
        None => return None,
    };
    let second = match parts.next() {
        None => 0,
        Some(second) => number(second)?,
    };
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
        None => hour,
    };
    if parts.next().is_some() {
        return None;
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let is_short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { text.parse().ok() } else { None }
}

/// A serial number as Excel counts days, with the part of the day behind the point.
fn serial(
    text: &str,
    is_1904: bool,
    serials: &std::ops::RangeInclusive<f64>,
) -> Option<(NaiveDate, Option<NaiveTime>)> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    // Eight digits are a date without separators.
    if !is_number || text.split('.').next()?.len() > 5 {
        return None;
    }
    let serial: f64 = text.parse().ok()?;
    if !serials.contains(&serial) {
        return None;
    }
    let offset = if is_1904 { DAYS_TO_1904 } else { 0 };
    // Between 0 and 80,000: the cast cuts off the part of the day.
    let days = serial.trunc() as u64 + offset;
    // Excel believes in 29 February 1900; from March 1900 on, day 0 is 30 December 1899.
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))?;
    let part = serial.fract();
    let time = if part > 0.0 { part_of_day(part) } else { None };
    Some((day, time))
}

fn part_of_day(part: f64) -> Option<NaiveTime> {
    // Below 86,400.
    let seconds = (part * SECONDS_PER_DAY).round() as u32;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds.min(86_399), 0)
}

/// The date and the time behind it.
fn split_time(text: &str) -> (&str, Option<&str>) {
    let at = text.char_indices().find(|(at, letter)| {
        let rest = text.get(at + letter.len_utf8()..).unwrap_or_default();
        let is_gap = letter.is_whitespace() || *letter == 'T' || *letter == ',';
        is_gap && looks_like_time(rest.trim_start())
    });
    match at {
        Some((at, letter)) => {
            let date = text.get(..at).unwrap_or_default();
            let time = text.get(at + letter.len_utf8()..).unwrap_or_default();
            (date.trim_end_matches([' ', ',']), Some(time.trim()))
        }
        None => (text, None),
    }
}

/// Up to two digits and a colon or an `h`.
fn looks_like_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let next = text.as_bytes().get(digits);
    (1..=2).contains(&digits) && matches!(next, Some(b':' | b'h' | b'H'))
}

fn day(text: &str, order: Option<DateOrder>, century: i32) -> Result<NaiveDate, DateFault> {
    let text = text.trim();
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return without_separators(text);
    }
    if let Some(day) = with_month_name(text, century) {
        return Ok(day);
    }
    let [first, second, third] = three_numbers(text).ok_or(DateFault::Invalid)?;
    // A year in front: ISO, with whatever separator.
    if first > 31 {
        return date(first, second, third);
    }
    let year = full_year(third, century);
    // Dots are never between an American month and day.
    let order = if text.contains('.') {
        Some(DateOrder::DayMonth)
    } else {
        order
    };
    match order {
        Some(DateOrder::DayMonth) => date(year, second, first),
        Some(DateOrder::MonthDay) => date(year, first, second),
        None if first > 12 || first == second => date(year, second, first),
        None if second > 12 => date(year, first, second),
        None => Err(DateFault::Ambiguous),
    }
}

fn date(year: i32, month: i32, day: i32) -> Result<NaiveDate, DateFault> {
    let month = u32::try_from(month).unwrap_or_default();
    let day = u32::try_from(day).unwrap_or_default();
    let date = NaiveDate::from_ymd_opt(year, month, day);
    date.filter(|date| YEARS.contains(&date.year()))
        .ok_or(DateFault::Invalid)
}

fn full_year(year: i32, century: i32) -> i32 {
    if (0..100).contains(&year) {
        century + year
    } else {
        year
    }
}

fn has_short_year(text: &str) -> bool {
    let last = text.rsplit(|letter: char| !letter.is_ascii_digit()).next();
    last.is_some_and(|year| year.len() == 2)
}

/// `23112026`, or `20261123` where that alone is a date.
fn without_separators(text: &str) -> Result<NaiveDate, DateFault> {
    let part = |from: usize, to: usize| {
        let part = text.get(from..to).unwrap_or_default();
        part.parse::<i32>().unwrap_or_default()
    };
    let ours = date(part(4, 8), part(2, 4), part(0, 2));
    let iso = date(part(0, 4), part(4, 6), part(6, 8));
    match (ours, iso) {
        (Ok(_), Ok(_)) => Err(DateFault::Ambiguous),
        (Ok(day), Err(_)) | (Err(_), Ok(day)) => Ok(day),
        (Err(fault), Err(_)) => Err(fault),
    }
}

/// Three numbers with one separator between them.
fn three_numbers(text: &str) -> Option<[i32; 3]> {
    let separator = text.chars().find(|letter| !letter.is_ascii_digit())?;
    if !matches!(separator, '/' | '-' | '.') {
        return None;
    }
    let mut parts = text.split(separator).map(str::trim);
    let mut next = || {
        let part = parts.next()?;
        let is_number =
            (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { part.parse().ok() } else { None }
    };
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

/// `23 Nov 2026`, `23-NOV-26`, `Nov 23, 2026`, `ngày 23 tháng 11 năm 2026`.
fn with_month_name(text: &str, century: i32) -> Option<NaiveDate> {
    let folded = fold(text);
    let words: Vec<&str> = folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let number = |word: &str| word.parse::<i32>().ok();
    let (day, month, year) = match words.as_slice() {
        ["NGAY", day, "THANG", month, "NAM", year] | [day, "THANG", month, "NAM", year] => {
            (number(day)?, number(month)?, number(year)?)
        }
        [first, month, year] if month_of(month).is_some() => {
            (number(first)?, month_of(month)?, number(year)?)
        }
        [month, day, year] => (number(day)?, month_of(month)?, number(year)?),
        _ => return None,
    };
    date(full_year(year, century), month, day).ok()
}

fn month_of(word: &str) -> Option<i32> {
    let at = MONTHS
        .iter()
        .position(|month| word.len() >= 3 && month.starts_with(word));
    i32::try_from(at? + 1).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn local(text: &str) -> When {
        let (day, time) = text.split_once(' ').unwrap_or((text, ""));
        let time = NaiveTime::parse_from_str(time, "%H:%M:%S").ok();
        When::Local(day.parse().unwrap(), time)
    }

    #[test]
    fn days_are_read_in_every_form_they_come_in() {
        let ours = Some(DateOrder::DayMonth);
        let theirs = Some(DateOrder::MonthDay);
        let table = [
            ("23/11/2026", ours, Ok(local("2026-11-23"))),
            ("23/11/26", ours, Ok(local("2026-11-23"))),
            ("3/1/2026", ours, Ok(local("2026-01-03"))),
            ("11/23/2026", theirs, Ok(local("2026-11-23"))),
            ("11/23/2026", ours, Err(DateFault::Invalid)),
            ("08/12/2026", None, Err(DateFault::Ambiguous)),
            ("12/12/2026", None, Ok(local("2026-12-12"))),
            ("23.11.2026", theirs, Ok(local("2026-11-23"))),
            ("2026-11-23", ours, Ok(local("2026-11-23"))),
            ("2026/11/23 14:05", ours, Ok(local("2026-11-23 14:05:00"))),
            (
                "2026-11-23T14:05:00",
                ours,
                Ok(local("2026-11-23 14:05:00")),
            ),
            ("23/11/2026, 15h30", ours, Ok(local("2026-11-23 15:30:00"))),
            ("23/11/2026 2:05 PM", ours, Ok(local("2026-11-23 14:05:00"))),
            ("23112026", ours, Ok(local("2026-11-23"))),
            ("20261123", ours, Ok(local("2026-11-23"))),
            ("23-Nov-26", theirs, Ok(local("2026-11-23"))),
            ("Nov 23, 2026", ours, Ok(local("2026-11-23"))),
            ("ngày 23 tháng 11 năm 2026", ours, Ok(local("2026-11-23"))),
            ("46349", ours, Ok(local("2026-11-23"))),
            ("46349.5", ours, Ok(local("2026-11-23 12:00:00"))),
            ("30/02/2026", ours, Err(DateFault::Invalid)),
            ("soon", ours, Err(DateFault::Invalid)),
            ("", ours, Err(DateFault::Invalid)),
            ("3.80909E+10", ours, Err(DateFault::Invalid)),
        ];
        for (text, order, expected) in table {
            assert_eq!(when(text, order, false), expected, "{text}");
        }
        assert_eq!(when("44887", ours, true), Ok(local("2026-11-23")));
        let instant = when("2026-11-23T16:10:00Z", ours, false).unwrap();
        assert_eq!(instant.day().to_string(), "2026-11-23");
        let instant = when("2026-11-23T17:10:00Z", ours, false).unwrap();
        assert_eq!(instant.day().to_string(), "2026-11-24");
    }

    #[test]
    fn birth_dates_are_as_exact_as_they_are_known() {
        let today = "2026-11-23".parse().ok();
        let table = [
            ("1975", Ok("1975")),
            ("05/1975", Ok("1975-05")),
            ("1975-05", Ok("1975-05")),
            ("29/02/2012", Ok("2012-02-29")),
            ("12/05/75", Ok("1975-05-12")),
            ("12/05/05", Ok("2005-05-12")),
            ("27526", Ok("1975-05-12")),
            ("29/02/2011", Err(DateFault::Invalid)),
            ("1700", Err(DateFault::Invalid)),
        ];
        for (text, expected) in table {
            let found = birth_date(text, Some(DateOrder::DayMonth), false, today);
            let found = found.map(BirthDate::to_text);
            assert_eq!(found, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn times_are_read_in_every_form_they_come_in() {
        let table = [
            ("14:22", Some("14:22:00")),
            ("14:22:05", Some("14:22:05")),
            ("15h30", Some("15:30:00")),
            ("0h15", Some("00:15:00")),
            ("7h", Some("07:00:00")),
            ("2:30 pm", Some("14:30:00")),
            ("12:15 AM", Some("00:15:00")),
            ("0.5", Some("12:00:00")),
            ("24:00", None),
            ("13:00 PM", None),
            ("noon", None),
            ("14", None),
            ("", None),
        ];
        for (text, expected) in table {
            let found = time(text).map(|time| time.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_file_proves_the_order_of_its_dates() {
        let table: [(&[&str], Option<DateOrder>); 4] = [
            (&["11/23/2026", "08/12/1964"], Some(DateOrder::MonthDay)),
            (&["23/11/2026", "08/12/1964"], Some(DateOrder::DayMonth)),
            (&["08/12/1964", "2026-11-23"], Some(DateOrder::DayMonth)),
            (&["23/11/2026", "11/23/2026"], None),
        ];
        for (texts, order) in table {
            let mut evidence = Evidence::default();
            texts.iter().for_each(|text| evidence.see(text));
            assert_eq!(evidence.order(DateOrder::DayMonth), order, "{texts:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,24}") {
            let _ = when(&text, None, false);
            let _ = birth_date(&text, None, true, None);
            let _ = time(&text);
        }

        #[test]
        fn a_day_written_by_us_is_read_back(days in 0_u64..60_000) {
            let day = NaiveDate::from_ymd_opt(1900, 3, 1).unwrap() + Days::new(days);
            for form in ["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d %b %Y"] {
                let text = day.format(form).to_string();
                let found = when(&text, Some(DateOrder::DayMonth), false);
                prop_assert_eq!(found, Ok(When::Local(day, None)));
            }
        }
    }
}
