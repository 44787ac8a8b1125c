//! Parses dates and times as people and programs write them.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use domain::birth_date::BirthDate;
use domain::import::DateOrder;
use domain::problem::{Code, Hint, Violation};
use domain::text::{fold, is_unseen, single_spaced};
use domain::time::{local_date, parse_instant};

use super::clock::{self, ClockTime};

/// Serial numbers of days that are taken: 1954 to 2118.
const SERIALS: std::ops::RangeInclusive<f64> = 20_000.0..=80_000.0;
/// Serial numbers of birth dates: 1905 to 2118; what is smaller is a year.
const BIRTH_SERIALS: std::ops::RangeInclusive<f64> = 2_101.0..=80_000.0;
/// Years that are taken.
const YEARS: std::ops::RangeInclusive<i32> = 1880..=2100;
/// Years of the Buddhist era, as Thai papers count them, and how far they are ahead.
const BUDDHIST_YEARS: std::ops::RangeInclusive<i32> = 2423..=2643;
const BUDDHIST_YEARS_AHEAD: i32 = 543;
/// Days between the two epochs of serial numbers.
const DAYS_TO_1904: u64 = 1_462;
/// How far before the receipt a date without a year may lie: as far as an arrival may.
const DAYS_BACK_MAX: i64 = 62;
/// And so far ahead.
const DAYS_AHEAD_MAX: i64 = 1;

/// Months in English; their first three letters are enough.
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
/// Months in Vietnamese, in the form in which they are compared; those of two words stand apart.
const MONTHS_VI: [(&str, i32); 14] = [
    ("GIENG", 1),
    ("MOT", 1),
    ("HAI", 2),
    ("BA", 3),
    ("TU", 4),
    ("BON", 4),
    ("NAM", 5),
    ("SAU", 6),
    ("BAY", 7),
    ("TAM", 8),
    ("CHIN", 9),
    ("MUOI", 10),
    ("CHAP", 12),
    ("DEN", 1),
];
/// What months are called in Vietnamese: `tháng 11`, `thg 11`, `Th11`.
const MONTH_WORDS: [&str; 4] = ["THANG", "THG", "TH", "T"];
/// Days of the week, and other words beside a date that say nothing more.
const FILLERS: [&str; 22] = [
    "NGAY",
    "LUC",
    "VAO",
    "AT",
    "ON",
    "HOI",
    "CN",
    "CHU",
    "MON",
    "MONDAY",
    "TUE",
    "TUESDAY",
    "WED",
    "WEDNESDAY",
    "THU",
    "THURSDAY",
    "FRI",
    "FRIDAY",
    "SAT",
    "SATURDAY",
    "SUN",
    "SUNDAY",
];

/// What helps to write dates in this order.
const fn hint_of(order: DateOrder) -> Hint {
    match order {
        DateOrder::DayMonth => Hint::DayFirst,
        DateOrder::MonthDay => Hint::MonthFirst,
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

/// The value, and whether it is ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read<T> {
    pub(super) value: T,
    /// Worth [`Code::DateAssumed`].
    pub(super) is_assumed: bool,
}

/// Why a cell has no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateFault {
    /// It has no form that is known, or no such day exists.
    Invalid,
    /// It is a date only in the order that its column does not use.
    OtherOrder(DateOrder),
    /// It may mean two days.
    Ambiguous,
}

impl DateFault {
    pub(super) fn violation(self, pointer: &str, otherwise: Code) -> Violation {
        match self {
            Self::Invalid => Violation::new(pointer, otherwise),
            Self::OtherOrder(order) => Violation::new(pointer, otherwise).with(hint_of(order)),
            Self::Ambiguous => Violation::new(pointer, Code::DateAmbiguous),
        }
    }
}

/// Evidence about the order of a column's dates.
#[derive(Clone, Copy, Default)]
pub(super) struct DateOrderEvidence {
    day_first: usize,
    month_first: usize,
}

impl DateOrderEvidence {
    pub(super) fn see(&mut self, text: &str) {
        if !text.contains(['/', '-', '／']) {
            return;
        }
        let Ok((date, _)) = apart(text) else { return };
        if let Some([first, second, _]) = numbers::<3>(&date.join(" "))
            && first <= 31
        {
            self.day_first += usize::from(first > 12 && second <= 12);
            self.month_first += usize::from(second > 12 && first <= 12);
        }
    }

    /// Whether only one order makes days of all of them: that one.
    const fn proven(self) -> Option<DateOrder> {
        match (self.day_first > 0, self.month_first > 0) {
            (true, false) => Some(DateOrder::DayMonth),
            (false, true) => Some(DateOrder::MonthDay),
            (false, false) | (true, true) => None,
        }
    }
}

/// How the dates of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateReader {
    pub(super) order: DateOrder,
    /// Dates that may be read in either order might be meant in the other one.
    pub(super) is_doubtful: bool,
    /// Serial numbers count from 1904.
    pub(super) is_1904: bool,
    /// The local day of receipt.
    pub(super) today: NaiveDate,
}

/// What decides the order of a column.
pub(super) struct Signs {
    /// What the sender says.
    pub(super) asked: Option<DateOrder>,
    /// What the heading says: `(dd/mm/yyyy)`.
    pub(super) named: Option<DateOrder>,
    /// The headings are Vietnamese.
    pub(super) is_vietnamese: bool,
    /// What is in the column.
    pub(super) evidence: DateOrderEvidence,
}

impl Signs {
    /// Vietnamese headings mean day first. English ones mean month first only where a value above
    /// 12 stands second and none stands first in this very column.
    pub(super) fn order(&self) -> DateOrder {
        let proven = self.evidence.proven().filter(|_| !self.is_vietnamese);
        let said = self.asked.or(self.named);
        said.or(proven).unwrap_or(DateOrder::DayMonth)
    }

    /// Whether a date that may be read in either order is worth a look: others of the column are
    /// days in the other order only, or nothing in it tells and another column of the file has the
    /// other order.
    pub(super) fn is_doubtful(&self, others_have: impl Fn(DateOrder) -> bool) -> bool {
        let order = self.order();
        let (own, other) = match order {
            DateOrder::DayMonth => (self.evidence.day_first, self.evidence.month_first),
            DateOrder::MonthDay => (self.evidence.month_first, self.evidence.day_first),
        };
        let opposite = match order {
            DateOrder::DayMonth => DateOrder::MonthDay,
            DateOrder::MonthDay => DateOrder::DayMonth,
        };
        let is_said = self.asked.or(self.named).is_some();
        other > 0 || (own == 0 && !is_said && others_have(opposite))
    }
}

impl DateReader {
    /// Reads a day, perhaps with a time. One without a year is the only such day near the receipt.
    pub(super) fn when(&self, text: &str) -> Result<Read<When>, DateFault> {
        let text = seen(text);
        if let Some(instant) = instant(&text) {
            return Ok(certain(When::Instant(instant)));
        }
        if let Some((day, time)) = serial(&text, self.is_1904, &SERIALS) {
            return Ok(certain(When::Local(day, time)));
        }
        let (date, time) = apart(&text)?;
        let date = match self.day(&date) {
            Err(DateFault::Invalid) => self.day_without_year(&date)?,
            other => other?,
        };
        let (day, time) = match time {
            Some(clock) => {
                let day = clock.day_after(date.value).ok_or(DateFault::Invalid)?;
                (day, Some(clock.time))
            }
            None => (date.value, None),
        };
        Ok(Read {
            value: When::Local(day, time),
            is_assumed: date.is_assumed,
        })
    }

    /// Reads a birth date: a day, a month, a year. `day` tells the century of two-digit years.
    pub(super) fn birth_date(
        &self,
        text: &str,
        day: Option<NaiveDate>,
    ) -> Result<Read<BirthDate>, DateFault> {
        let text = seen(text);
        if let Some(date) = BirthDate::parse(&text).filter(|date| YEARS.contains(&date.year())) {
            return Ok(certain(date));
        }
        if let Some((day, _)) = serial(&text, self.is_1904, &BIRTH_SERIALS) {
            return Ok(certain(BirthDate::of_day(day)));
        }
        if let Some(date) = in_part(&text) {
            return date.ok_or(DateFault::Invalid);
        }
        let (date, _) = apart(&text)?;
        let found = self.day(&date)?;
        let today = day.unwrap_or(self.today);
        // `12/05/75`: nobody is born in 2075 yet.
        if found.value > today && has_short_year(&date) {
            let earlier = found.value.with_year(found.value.year() - 100);
            let earlier = earlier.ok_or(DateFault::Invalid)?;
            return Ok(certain(BirthDate::of_day(earlier)));
        }
        Ok(Read {
            value: BirthDate::of_day(found.value),
            is_assumed: found.is_assumed,
        })
    }

    fn day(&self, words: &[String]) -> Result<Read<NaiveDate>, DateFault> {
        let text = words.join(" ");
        if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return without_separators(&text).map(certain);
        }
        if let Some(day) = with_month_name(&text) {
            return day;
        }
        let [first, second, third] = numbers::<3>(&text).ok_or(DateFault::Invalid)?;
        // A year in front: ISO, with whatever separator.
        if first > 31 {
            return date(first, second, third);
        }
        // Dots are never between an American month and day.
        let order = if text.contains('.') {
            DateOrder::DayMonth
        } else {
            self.order
        };
        let may_be_either = first <= 12 && second <= 12 && first != second;
        let day = self.in_order(order, [first, second, third])?;
        Ok(Read {
            is_assumed: day.is_assumed
                || (self.is_doubtful && may_be_either && !text.contains('.')),
            ..day
        })
    }

    fn in_order(
        &self,
        order: DateOrder,
        [first, second, third]: [i32; 3],
    ) -> Result<Read<NaiveDate>, DateFault> {
        let year = full_year(third);
        let (ours, theirs) = (date(year, second, first), date(year, first, second));
        let (found, other) = match order {
            DateOrder::DayMonth => (ours, theirs),
            DateOrder::MonthDay => (theirs, ours),
        };
        match (found, other) {
            (Err(_), Ok(_)) => Err(DateFault::OtherOrder(order)),
            (found, _) => found,
        }
    }

    /// `29/11`: the only such day that an arrival may have.
    fn day_without_year(&self, words: &[String]) -> Result<Read<NaiveDate>, DateFault> {
        let text = words.join(" ");
        let [first, second] = numbers::<2>(&text).ok_or(DateFault::Invalid)?;
        let near = |year: &i32| {
            let found = self
                .in_order(self.order, [first, second, *year])
                .ok()?
                .value;
            let days = (found - self.today).num_days();
            (-DAYS_BACK_MAX..=DAYS_AHEAD_MAX)
                .contains(&days)
                .then_some(found)
        };
        let years = self.today.year() - 1..=self.today.year() + 1;
        let found = years.into_iter().find_map(|year| near(&year));
        let value = found.ok_or(DateFault::Invalid)?;
        Ok(Read {
            value,
            is_assumed: self.is_doubtful && first <= 12 && second <= 12 && first != second,
        })
    }

    /// `30/11` of a departure: the first such day from the arrival on; `None` for a day with its
    /// year.
    pub(super) fn when_from(&self, text: &str, from: NaiveDate) -> Option<When> {
        let (words, clock) = apart(&seen(text)).ok()?;
        let [first, second] = numbers::<2>(&words.join(" "))?;
        let years = [from.year(), from.year() + 1];
        let day = years.into_iter().find_map(|year| {
            let found = self.in_order(self.order, [first, second, year]).ok()?.value;
            (found >= from).then_some(found)
        })?;
        match clock {
            Some(clock) => Some(When::Local(clock.day_after(day)?, Some(clock.time))),
            None => Some(When::Local(day, None)),
        }
    }
}

const fn certain<T>(value: T) -> Read<T> {
    Read {
        value,
        is_assumed: false,
    }
}

/// The visible text of a cell, without the apostrophe that marks it as text.
fn seen(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !is_unseen(*letter)).collect();
    single_spaced(text.trim_start_matches('\''))
}

/// RFC 3339, and what programs make of it: a space for the `T`, no seconds, `UTC`, `+0700`.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Some(instant) = parse_instant(text) {
        return Some(instant);
    }
    let text = text.to_ascii_uppercase();
    let (day, rest) = (text.get(..10)?, text.get(10..)?);
    let rest = rest.strip_prefix(['T', ' '])?;
    let (time, zone) = match rest.find(['Z', '+', '-', 'U', 'G']) {
        Some(at) => (rest.get(..at)?.trim(), rest.get(at..)?.trim()),
        None => return None,
    };
    let zone = match zone {
        "Z" | "UTC" | "GMT" => "Z".to_owned(),
        offset => {
            let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
            let sign = offset.get(..1).filter(|sign| matches!(*sign, "+" | "-"))?;
            let (hours, minutes) = match digits.len() {
                2 => (digits.as_str(), "00"),
                4 => (digits.get(..2)?, digits.get(2..)?),
                _ => return None,
            };
            format!("{sign}{hours}:{minutes}")
        }
    };
    let seconds = if time.len() == 5 { ":00" } else { "" };
    parse_instant(&format!("{day}T{time}{seconds}{zone}"))
}

/// A serial number as Excel counts days, with the part of the day behind the point.
fn serial(
    text: &str,
    is_1904: bool,
    serials: &std::ops::RangeInclusive<f64>,
) -> Option<(NaiveDate, Option<NaiveTime>)> {
    let text = text.replace(',', ".");
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
    // Excel assumes a 29 February 1900; from March 1900 on, day 0 is 30 December 1899.
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))?;
    let part = serial.fract();
    let time = if part > 0.0 {
        clock::part_of_day(part)
    } else {
        None
    };
    Some((day, time))
}

/// The words of the date, upper case and without marks, and the time that stands before or behind
/// it.
fn apart(text: &str) -> Result<(Vec<String>, Option<ClockTime>), DateFault> {
    let text = fold(text).replace([',', ';'], " ");
    let words: Vec<&str> = text.split_whitespace().flat_map(at_the_t).collect();
    let (clock, rest) = clock::take(&words).ok_or(DateFault::Invalid)?;
    let is_weekday = |at: usize| {
        let is_of_vi = at > 0 && matches!(rest.get(at - 1), Some(&"THU"));
        is_of_vi
            && rest
                .get(at)
                .is_some_and(|word| number_of_vi(word).is_some())
    };
    let is_short_weekday = |at: usize, word: &str| {
        at == 0
            && rest.len() > 1
            && matches!(word, "T2" | "T3" | "T4" | "T5" | "T6" | "T7" | "NHAT")
    };
    let words = rest.iter().enumerate().filter(|(at, word)| {
        let is_sunday = **word == "NHAT" && *at > 0;
        !FILLERS.contains(word) && !is_weekday(*at) && !is_short_weekday(*at, word) && !is_sunday
    });
    Ok((words.map(|(_, word)| (*word).to_owned()).collect(), clock))
}

/// `2026-11-23T14:05` as two words.
fn at_the_t(word: &str) -> Vec<&str> {
    let split = word.split_once('T').filter(|(day, time)| {
        let is_digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
        day.len() >= 8 && is_digit(day.chars().last()) && is_digit(time.chars().next())
    });
    split.map_or_else(|| vec![word], |(day, time)| vec![day, time])
}

fn date(year: i32, month: i32, day: i32) -> Result<Read<NaiveDate>, DateFault> {
    let is_buddhist = BUDDHIST_YEARS.contains(&year);
    let year = if is_buddhist {
        year - BUDDHIST_YEARS_AHEAD
    } else {
        year
    };
    let month = u32::try_from(month).unwrap_or_default();
    let day = u32::try_from(day).unwrap_or_default();
    let date = NaiveDate::from_ymd_opt(year, month, day);
    let date = date.filter(|date| YEARS.contains(&date.year()));
    Ok(Read {
        value: date.ok_or(DateFault::Invalid)?,
        is_assumed: is_buddhist,
    })
}

/// Two digits are of this century until a birth date says otherwise.
const fn full_year(year: i32) -> i32 {
    if 0 <= year && year < 100 {
        2000 + year
    } else {
        year
    }
}

fn has_short_year(words: &[String]) -> bool {
    let text = words.join(" ");
    let last = text.rsplit(|letter: char| !letter.is_ascii_digit()).next();
    last.is_some_and(|year| year.len() == 2)
}

/// `00/00/1960`, `--/--/1960`, `xx/05/1960`, `05/1960`, `tháng 5 năm 1960`, `năm 1960`: a month or
/// a year; the inner `None` where it has the form of one and is none.
fn in_part(text: &str) -> Option<Option<Read<BirthDate>>> {
    let folded = fold(text);
    let year_of = |text: &str| {
        let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_year.then(|| text.parse::<i32>().ok()).flatten()
    };
    let parts: Vec<&str> = if folded.contains('/') {
        let parts = folded.split('/').map(str::trim);
        parts
            .map(|part| part.strip_prefix("THANG ").unwrap_or(part))
            .collect()
    } else if folded.starts_with("THANG") || folded.starts_with("NAM ") {
        let words = folded.split([' ', '-']);
        words
            .filter(|word| !matches!(*word, "THANG" | "NAM" | "SINH" | ""))
            .collect()
    } else {
        folded
            .rsplitn(3, ['-', '.', ' '])
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect()
    };
    let is_blank = |part: &str| part.chars().all(|sign| "0-X_?.*".contains(sign));
    let (month, year) = match parts.as_slice() {
        [year] if folded.starts_with("NAM ") => ("", year_of(year)?),
        // Signs before a lone year: `---1960`.
        [blank, month, year] if is_blank(blank) => (*month, year_of(year)?),
        [year, month, blank] if is_blank(blank) && year.len() == 4 => (*month, year_of(year)?),
        [month, year] => (*month, year_of(year)?),
        _ => return None,
    };
    let is_number = (1..=2).contains(&month.len()) && month.bytes().all(|b| b.is_ascii_digit());
    if !is_blank(month) && !is_number {
        return None;
    }
    let is_buddhist = BUDDHIST_YEARS.contains(&year);
    let year = if is_buddhist {
        year - BUDDHIST_YEARS_AHEAD
    } else {
        year
    };
    let written = if is_blank(month) {
        format!("{year:04}")
    } else {
        format!("{year:04}-{month:0>2}")
    };
    let read = BirthDate::parse(&written).filter(|date| YEARS.contains(&date.year()));
    Some(read.map(|value| Read {
        value,
        is_assumed: is_buddhist,
    }))
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
        (Ok(day), Err(_)) | (Err(_), Ok(day)) => Ok(day.value),
        (Err(fault), Err(_)) => Err(fault),
    }
}

/// So many numbers with one separator between them, spaces around it or nothing.
fn numbers<const COUNT: usize>(text: &str) -> Option<[i32; COUNT]> {
    let bare: String = if text.contains(['/', '-', '.']) {
        text.chars().filter(|letter| *letter != ' ').collect()
    } else {
        text.to_owned()
    };
    let separator = bare.chars().find(|letter| !letter.is_ascii_digit())?;
    if !matches!(separator, '/' | '-' | '.' | ' ') {
        return None;
    }
    let mut parts = bare.split(separator).map(str::trim);
    let mut found = [0; COUNT];
    for place in &mut found {
        let part = parts.next()?;
        let is_number =
            (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        *place = if is_number {
            part.parse().ok()?
        } else {
            return None;
        };
    }
    parts.next().is_none().then_some(found)
}

/// `23 Nov 2026`, `23-NOV-26`, `Nov 23, 2026`, `ngày 23 tháng 11 năm 2026`, `28 thg 11, 2026`.
fn with_month_name(text: &str) -> Option<Result<Read<NaiveDate>, DateFault>> {
    let words = letters_and_digits(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<i32>().ok();
    let (day, month, year) = if let Some((before, month, after)) = around_vi_month(&words) {
        match (before, after) {
            ([day], [year]) => (number(day)?, month, number(year)?),
            ([], [day, year]) => (number(day)?, month, number(year)?),
            _ => return None,
        }
    } else {
        let is_ordinal = |word: &&&str| matches!(**word, "ST" | "ND" | "RD" | "TH" | "OF");
        let words: Vec<&str> = words
            .iter()
            .filter(|word| !is_ordinal(word))
            .copied()
            .collect();
        match words.as_slice() {
            [day, month, year] if month_of(month).is_some() => {
                (number(day)?, month_of(month)?, number(year)?)
            }
            [month, day, year] => (number(day)?, month_of(month)?, number(year)?),
            _ => return None,
        }
    };
    // `2026-Nov-23`.
    let (day, year) = if day > 31 { (year, day) } else { (day, year) };
    Some(date(full_year(year), month, day))
}

/// Runs of letters and runs of digits.
fn letters_and_digits(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            let is_same_kind =
                before.is_alphanumeric() && before.is_ascii_digit() == letter.is_ascii_digit();
            match words.last_mut() {
                Some(word) if is_same_kind => word.push(letter),
                Some(_) | None => words.push(letter.to_string()),
            }
        }
        before = letter;
    }
    words
}

/// The text before and after a Vietnamese month, without the word for year.
fn around_vi_month<'a, 'b>(words: &'a [&'b str]) -> Option<(&'a [&'b str], i32, &'a [&'b str])> {
    let at = words.iter().position(|word| MONTH_WORDS.contains(word))?;
    let (before, rest) = (words.get(..at)?, words.get(at + 1..)?);
    let (month, rest) = match rest {
        ["MUOI", "MOT", rest @ ..] => (11, rest),
        ["MUOI", "HAI", rest @ ..] => (12, rest),
        [word, rest @ ..] => {
            let named = MONTHS_VI.iter().find(|(name, _)| name == word);
            let month = word.parse().ok().or(named.map(|(_, month)| *month))?;
            (month, rest)
        }
        [] => return None,
    };
    let rest = match rest {
        ["NAM", rest @ ..] => rest,
        rest => rest,
    };
    Some((before, month, rest))
}

fn number_of_vi(word: &str) -> Option<i32> {
    MONTHS_VI
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, number)| *number)
}

fn month_of(word: &str) -> Option<i32> {
    let word = if word == "SEPT" { "SEP" } else { word };
    let at = MONTHS
        .iter()
        .position(|month| word.len() >= 3 && month.starts_with(word));
    i32::try_from(at? + 1).ok()
}

/// Whether a cell that should hold a room or a number holds a whole day instead: what a spreadsheet
/// makes of `12-1`.
pub(super) fn is_day(text: &str) -> bool {
    let text = seen(text);
    let folded = fold(&text);
    let has_year = numbers::<3>(&folded).is_some_and(|[first, second, third]| {
        let is_day = |year| {
            date(full_year(year), first, second).is_ok()
                || date(full_year(year), second, first).is_ok()
        };
        (third >= 1000 && is_day(third)) || (first >= 1000 && date(first, second, third).is_ok())
    });
    let words = letters_and_digits(&folded);
    let is_number = |word: &str| word.len() <= 4 && word.parse::<u32>().is_ok();
    let is_month = match words.as_slice() {
        [one, other] => {
            (is_number(one) && is_month_alone(other)) || (is_month_alone(one) && is_number(other))
        }
        [_, month, _] => is_month_alone(month) && with_month_name(&folded).is_some(),
        _ => false,
    };
    has_year || (is_month && text.contains(['-', '/', ' ', '.']))
}

/// `Dec`, `December`: a block called `Sep` would have to be called otherwise.
fn is_month_alone(word: &str) -> bool {
    month_of(word).is_some_and(|month| {
        let name = MONTHS.get(usize::try_from(month - 1).unwrap_or_default());
        word.len() == 3 || name.is_some_and(|name| *name == word)
    })
}

#[cfg(test)]
mod tests;
