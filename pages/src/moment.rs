//! Days and instants as people say them: today and tomorrow by name, others by date.

use chrono::{DateTime, Days, Utc};
use domain::time::{VIET_NAM, local_date};

use crate::words::Words;

/// `23:00 hôm nay`, `21:40 hôm qua`, `08:00 ngày mai`, `08:00 ngày 28/11`.
#[must_use]
pub fn clock_and_day(words: Words, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (day, today) = (local_date(at), local_date(now));
    let time = clock(at);
    if day == today {
        words.clock_today(time)
    } else if Some(day) == today.checked_add_days(Days::new(1)) {
        words.clock_tomorrow(time)
    } else if Some(day) == today.checked_sub_days(Days::new(1)) {
        words.clock_yesterday(time)
    } else {
        words.clock_on(time, day.format("%d/%m"))
    }
}

/// `20:45`.
#[must_use]
pub fn clock(at: DateTime<Utc>) -> String {
    at.with_timezone(&VIET_NAM).format("%H:%M").to_string()
}

/// `28/11 12:00`.
#[must_use]
pub fn short(at: DateTime<Utc>) -> String {
    at.with_timezone(&VIET_NAM)
        .format("%d/%m %H:%M")
        .to_string()
}

/// `20:45` today, `28/11 12:00` on other days.
#[must_use]
pub fn near(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match local_date(at) == local_date(now) {
        true => clock(at),
        false => short(at),
    }
}

/// `27/11/2026 20:46:08`, for receipts.
#[must_use]
pub fn exact(at: DateTime<Utc>) -> String {
    at.with_timezone(&VIET_NAM)
        .format("%d/%m/%Y %H:%M:%S")
        .to_string()
}

#[cfg(test)]
mod tests {
    use domain::{problem::Language, time::parse_instant};

    use super::*;

    #[test]
    fn near_days_have_names() {
        let at = |text: &str| parse_instant(&format!("2026-11-{text}:00+07:00")).unwrap();
        let table = [
            ("27T23:00", "23:00 hôm nay"),
            ("28T08:00", "08:00 ngày mai"),
            ("29T08:00", "08:00 ngày 29/11"),
            ("26T23:00", "23:00 hôm qua"),
            ("25T23:00", "23:00 ngày 25/11"),
        ];
        for (deadline, expected) in table {
            let said = clock_and_day(Words(Language::Vi), at(deadline), at("27T20:45"));
            assert_eq!(said, expected);
        }
    }
}
