//! Viet Nam time, and instants as text.
//!
//! Viet Nam keeps UTC+7 all year, so a fixed offset is exact and no time zone database is needed.
//! Instants have microsecond precision everywhere: that is what both databases keep.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, SubsecRound, Timelike, Utc};

/// Viet Nam time, UTC+7 without daylight saving.
pub const VIET_NAM: FixedOffset = match FixedOffset::east_opt(7 * 3600) {
    Some(offset) => offset,
    None => unreachable!(),
};

/// The calendar day in Viet Nam at an instant.
#[must_use]
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&VIET_NAM).date_naive()
}

/// The instant of a local clock time of Viet Nam.
#[must_use]
pub fn at_local(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    (day.and_time(time) - VIET_NAM).and_utc()
}

/// An instant as the contract writes it: `2026-11-23T14:05:00+07:00`; a fraction only when it is
/// not zero, without trailing zeros, at most six digits (what is finer is cut off).
#[must_use]
pub fn format_instant(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&VIET_NAM);
    let (date, time) = (local.date_naive(), local.time());
    let mut text = String::with_capacity("2026-11-23T14:05:00.123456+07:00".len());
    text.push_str(&format!("{:04}", date.year()));
    let parts = [
        ('-', date.month()),
        ('-', date.day()),
        ('T', time.hour()),
        (':', time.minute()),
        (':', time.second()),
    ];
    for (mark, number) in parts {
        text.push(mark);
        text.extend([digit(number / 10), digit(number)]);
    }
    let mut fraction = time.nanosecond() / 1_000;
    if fraction > 0 {
        text.push('.');
    }
    while fraction > 0 {
        text.push(digit(fraction / 100_000));
        fraction = fraction % 100_000 * 10;
    }
    text.push_str("+07:00");
    text
}

/// The last digit of a number.
fn digit(number: u32) -> char {
    char::from_digit(number % 10, 10).unwrap_or('0')
}

/// Reads an RFC 3339 instant. The offset is required: without it the instant is a guess.
///
/// `None` for anything else, for a leap second (`:60`, which no clock of ours shows) and outside
/// the years 1900 to 9999. What is finer than a microsecond is cut off.
#[must_use]
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    let year = local_date(at).year();
    let is_leap_second = at.nanosecond() >= 1_000_000_000;
    ((1900..=9999).contains(&year) && !is_leap_second).then(|| at.trunc_subsecs(6))
}

/// Reads a calendar day, `YYYY-MM-DD` and nothing else; `None` when there is no such day.
#[must_use]
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let has_shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !has_shape {
        return None;
    }
    let year = text.get(0..4)?.parse().ok()?;
    let month = text.get(5..7)?.parse().ok()?;
    let day = text.get(8..10)?.parse().ok()?;
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instants_are_written_in_viet_nam_time_with_the_shortest_fraction() {
        let table = [
            ("2026-11-23T07:05:00Z", "2026-11-23T14:05:00+07:00"),
            ("2026-11-23T14:05:00+07:00", "2026-11-23T14:05:00+07:00"),
            ("2026-11-23T20:00:00.500Z", "2026-11-24T03:00:00.5+07:00"),
            (
                "2026-11-23T07:05:00.000001Z",
                "2026-11-23T14:05:00.000001+07:00",
            ),
            ("2026-11-23T07:05:00.0000009Z", "2026-11-23T14:05:00+07:00"),
            ("2026-11-23T07:05:00-05:00", "2026-11-23T19:05:00+07:00"),
        ];
        for (sent, written) in table {
            let at = parse_instant(sent).unwrap();
            assert_eq!(format_instant(at), written, "sent {sent}");
            assert_eq!(parse_instant(written), Some(at), "written {written}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_is_written_as_chrono_would(micros in -62_000_000_000_000_000..253_000_000_000_000_000_i64) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let local = at.with_timezone(&VIET_NAM);
            let whole = local.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
            let shortest = whole.trim_end_matches('0').trim_end_matches('.');
            prop_assert_eq!(format_instant(at), format!("{shortest}+07:00"));
        }
    }

    #[test]
    fn an_instant_without_offset_or_that_does_not_exist_is_refused() {
        let table = [
            "2026-11-23T14:05:00",
            "2026-11-23",
            "2026-02-30T14:05:00+07:00",
            "2026-11-23T24:00:00+07:00",
            "2026-11-23T23:59:60+07:00",
            "0001-01-01T00:00:00Z",
            "14:05",
            "",
        ];
        for text in table {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_iso_and_exist() {
        assert!(parse_day("2024-02-29").is_some());
        for text in [
            "2023-02-29",
            "2026-1-1",
            "20260101",
            "2026/01/01",
            "+026-01-01",
            "２026-01-1",
        ] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }
}
