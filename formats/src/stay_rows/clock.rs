//! Times of day as people and programs write them: `14:22`, `15h30`, `2:05 CH`, `14 giờ 30`.

use chrono::{Days, NaiveDate, NaiveTime};
use domain::text::fold;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// A time of day. `24:00` is the first instant of the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClockTime {
    pub(super) time: NaiveTime,
    pub(super) is_next_day: bool,
}

impl ClockTime {
    /// The day on which it shows, of a cell that stands for this day.
    pub(super) fn day_after(self, day: NaiveDate) -> Option<NaiveDate> {
        day.checked_add_days(Days::new(u64::from(self.is_next_day)))
    }
}

/// Which half of the day the hours of a clock with twelve are in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Noon,
    Afternoon,
    Evening,
    Night,
}

/// Reads a cell that holds a time alone. There `14.30` and `1430` are times too.
pub(super) fn time(text: &str) -> Option<ClockTime> {
    let folded = fold(text.trim_start_matches('\'')).replace([',', ';'], ".");
    if let Ok(part) = folded.parse::<f64>()
        && folded.starts_with("0.")
        && (0.0..1.0).contains(&part)
    {
        return part_of_day(part).map(today);
    }
    let is_digits = folded.len() == 4 && folded.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits {
        return at(folded.get(..2)?, folded.get(2..)?, None, None);
    }
    let words: Vec<&str> = folded.split_whitespace().collect();
    if let [word] = words.as_slice()
        && let Some(clock) = dotted(word)
    {
        return Some(clock);
    }
    match take(&words)? {
        (Some(clock), rest) if rest.is_empty() => Some(clock),
        (Some(_) | None, _) => None,
    }
}

/// The time among the words of a cell, and the other words; the outer `None` where there are two
/// times, or one that no clock shows.
pub(super) fn take<'a>(words: &[&'a str]) -> Option<(Option<ClockTime>, Vec<&'a str>)> {
    let mut rest: Vec<&str> = Vec::with_capacity(words.len());
    let mut found = None;
    let mut place = 0;
    while let Some(word) = words.get(place) {
        let behind = words.get(place + 1..).unwrap_or_default();
        let is_last = behind.is_empty() && !rest.is_empty();
        let taken = match spoken(word, behind) {
            Some(taken) => Some(taken),
            None if looks_like_time(word) => Some(colons(word, behind)),
            None if is_last => dotted(word).map(|clock| (Some(clock), 1)),
            None => None,
        };
        match taken {
            Some((Some(clock), count)) if found.is_none() => {
                found = Some(clock);
                place += count;
            }
            Some(_) => return None,
            None => {
                rest.push(word);
                place += 1;
            }
        }
    }
    Some((found, rest))
}

/// `14 GIO 30 PHUT`, `2 GIO CHIEU`, `2 PM`: with how many words it is.
fn spoken(word: &str, behind: &[&str]) -> Option<(Option<ClockTime>, usize)> {
    let is_number = |word: &str| {
        (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(word) {
        return None;
    }
    match behind {
        ["GIO", minute, rest @ ..] if is_number(minute) => {
            let has_unit = matches!(rest.first(), Some(&"PHUT"));
            let half_at = usize::from(has_unit);
            let half = rest.get(half_at).and_then(|word| half(word));
            let count = 3 + half_at + usize::from(half.is_some());
            Some((at(word, minute, None, half), count))
        }
        ["GIO", rest @ ..] => {
            let half = rest.first().and_then(|word| half(word));
            Some((at(word, "0", None, half), 2 + usize::from(half.is_some())))
        }
        [next, ..] => half(next).map(|half| (at(word, "0", None, Some(half)), 2)),
        [] => None,
    }
}

/// `14:05:00`, `2:05 CH`, `7h`, `15H30'`, `2:05PM`.
fn colons(word: &str, behind: &[&str]) -> (Option<ClockTime>, usize) {
    let (bare, own) = without_half(word);
    let next = behind
        .first()
        .and_then(|word| half(word))
        .filter(|_| own.is_none());
    let count = 1 + usize::from(next.is_some());
    let bare = bare.trim_end_matches(['Z', '\'', 'P']);
    let (whole, _fraction) = bare.split_once('.').unwrap_or((bare, ""));
    let mut parts = whole.split([':', 'H', 'G']).map(str::trim);
    let (hour, minute, second) = (parts.next(), parts.next(), parts.next());
    let minute = match minute {
        Some("") => "0",
        Some(minute) => minute,
        None => "0",
    };
    let second = second.filter(|second| !second.is_empty());
    let clock = if parts.next().is_some() {
        None
    } else {
        hour.and_then(|hour| at(hour, minute, second, own.or(next)))
    };
    (clock, count)
}

/// `14.30`.
fn dotted(word: &str) -> Option<ClockTime> {
    let (hour, minute) = word.split_once('.')?;
    (minute.len() == 2)
        .then(|| at(hour, minute, None, None))
        .flatten()
}

/// Up to two digits and a colon, an `h` or a `g`, or a half of the day at once.
fn looks_like_time(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let rest = word.get(digits..).unwrap_or_default();
    let is_clock = rest.starts_with([':', 'H', 'G'])
        && rest
            .chars()
            .skip(1)
            .all(|letter| letter.is_ascii_digit() || ":.'PAMZSCH".contains(letter));
    (1..=2).contains(&digits) && (is_clock || half(rest).is_some())
}

/// The word without the half of the day at its end.
fn without_half(word: &str) -> (&str, Option<Half>) {
    for (name, half) in HALVES {
        if let Some(bare) = word.strip_suffix(name)
            && bare.ends_with(|letter: char| letter.is_ascii_digit() || letter == ':')
        {
            return (bare, Some(half));
        }
    }
    (word, None)
}

const HALVES: [(&str, Half); 11] = [
    ("AM", Half::Morning),
    ("A.M.", Half::Morning),
    ("SA", Half::Morning),
    ("SANG", Half::Morning),
    ("TRUA", Half::Noon),
    ("PM", Half::Afternoon),
    ("P.M.", Half::Afternoon),
    ("CH", Half::Afternoon),
    ("CHIEU", Half::Afternoon),
    ("TOI", Half::Evening),
    ("DEM", Half::Night),
];

fn half(word: &str) -> Option<Half> {
    let found = HALVES.iter().find(|(name, _)| *name == word);
    found.map(|(_, half)| *half)
}

fn at(hour: &str, minute: &str, second: Option<&str>, half: Option<Half>) -> Option<ClockTime> {
    let (hour, minute) = (number(hour)?, number(minute)?);
    let second = match second {
        Some(second) => number(second)?,
        None => 0,
    };
    let hour = match half {
        None => hour,
        // `14:05 CH` is written as well.
        Some(Half::Afternoon | Half::Evening) if (13..24).contains(&hour) => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(Half::Morning) => hour % 12,
        Some(Half::Noon) if hour >= 10 => hour,
        Some(Half::Noon | Half::Afternoon) => hour % 12 + 12,
        // Twelve in the evening means midnight, but it is unclear which one.
        Some(Half::Evening) if hour == 12 => return None,
        Some(Half::Evening) => hour + 12,
        Some(Half::Night) if hour < 6 => hour,
        Some(Half::Night) if hour < 12 => hour + 12,
        Some(Half::Night) => return None,
    };
    if (hour, minute, second) == (24, 0, 0) {
        return Some(ClockTime {
            time: NaiveTime::MIN,
            is_next_day: true,
        });
    }
    NaiveTime::from_hms_opt(hour, minute, second).map(today)
}

const fn today(time: NaiveTime) -> ClockTime {
    ClockTime {
        time,
        is_next_day: false,
    }
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let is_short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { text.parse().ok() } else { None }
}

pub(super) fn part_of_day(part: f64) -> Option<NaiveTime> {
    // Below 86,400.
    let seconds = (part * SECONDS_PER_DAY).round() as u32;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds.min(86_399), 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_in_every_form_they_come_in() {
        let table = [
            ("14:22", Some("14:22:00")),
            ("14:22:05", Some("14:22:05")),
            ("14:22:05.000", Some("14:22:05")),
            ("15h30", Some("15:30:00")),
            ("15h30'", Some("15:30:00")),
            ("15g30", Some("15:30:00")),
            ("0h15", Some("00:15:00")),
            ("7h", Some("07:00:00")),
            ("2:30 pm", Some("14:30:00")),
            ("2:30PM", Some("14:30:00")),
            ("2 PM", Some("14:00:00")),
            ("2pm", Some("14:00:00")),
            ("12:15 AM", Some("00:15:00")),
            ("12:15 a.m.", Some("00:15:00")),
            ("2:05 CH", Some("14:05:00")),
            ("2:05 SA", Some("02:05:00")),
            ("12:05 SA", Some("00:05:00")),
            ("12:05 CH", Some("12:05:00")),
            ("14:05 CH", Some("14:05:00")),
            ("2 giờ chiều", Some("14:00:00")),
            ("14 giờ 30", Some("14:30:00")),
            ("14 giờ 30 phút", Some("14:30:00")),
            ("8h sáng", Some("08:00:00")),
            ("11 giờ trưa", Some("11:00:00")),
            ("8 giờ tối", Some("20:00:00")),
            ("11 giờ đêm", Some("23:00:00")),
            ("14.30", Some("14:30:00")),
            ("1430", Some("14:30:00")),
            ("0930", Some("09:30:00")),
            ("0.5", Some("12:00:00")),
            ("'14:30", Some("14:30:00")),
            ("１４：３０", Some("14:30:00")),
            ("24:30", None),
            ("25:00", None),
            ("13:00 SA", None),
            ("12 giờ đêm", None),
            ("14:05 15:06", None),
            ("noon", None),
            ("14", None),
            ("", None),
        ];
        for (text, expected) in table {
            let found = time(text).map(|clock| clock.time.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        let midnight = time("24:00").unwrap();
        assert!(midnight.is_next_day && midnight.time == NaiveTime::MIN);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,24}") {
            let _ = time(&text);
        }
    }
}
