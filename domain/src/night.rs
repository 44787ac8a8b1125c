//! Which stays include a night: only those are reported to the police.
//!
//! Source: Law on Residence 68/2020/QH14, art. 30(1), as amended by Law 118/2025/QH15, art. 4(9):
//! overnight stays ("qua đêm") must be reported. The law does not say when a night begins and ends.
//! We count from 23:00, the deadline for the day's stays, to 05:00: a stay that lies entirely
//! between 05:00 and 23:00 of one day includes no night, but only while it lies there. A guest who
//! is still present at 23:00 stays overnight, whatever was planned.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::deadline::EVENING;
use crate::time::{VIET_NAM, at_local, local_date};

/// The first minute of a day without a night.
const DAWN: NaiveTime = match NaiveTime::from_hms_opt(5, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};
/// From midnight to [`EVENING`].
const UNTIL_EVENING: TimeDelta = TimeDelta::hours(23);

/// How a stay ends, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The guest has left.
    Left(DateTime<Utc>),
    /// The guest is present and expected to leave then, or at an unknown time.
    Planned(Option<DateTime<Utc>>),
}

/// Whether a stay includes a night, as known at `now`. At exactly 23:00:00 it is still day for a
/// guest who leaves, and night for one who is present.
#[must_use]
pub fn has_night(arrival_at: DateTime<Utc>, end: End, now: DateTime<Utc>) -> bool {
    let evening = evening_of(arrival_at);
    let began_by_day = arrival_at.with_timezone(&VIET_NAM).time() >= DAWN;
    let is_over_by_evening = match end {
        End::Left(left_at) => left_at <= evening,
        End::Planned(None) => false,
        End::Planned(Some(leaves_at)) => leaves_at <= evening && now < evening,
    };
    !(began_by_day && is_over_by_evening)
}

/// 23:00 of the day on which a stay began.
fn evening_of(arrival_at: DateTime<Utc>) -> DateTime<Utc> {
    at_local(local_date(arrival_at), EVENING)
}

/// The newest day whose 23:00 has passed: a present guest who arrived on or before it stays
/// overnight.
#[must_use]
pub fn last_evening(now: DateTime<Utc>) -> NaiveDate {
    local_date(now.checked_sub_signed(UNTIL_EVENING).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    /// An instant of these days of November 2026, `23T14:05`, in Viet Nam time.
    fn local(text: &str) -> DateTime<Utc> {
        let seconds = if text.len() == 8 { ":00" } else { "" };
        parse_instant(&format!("2026-11-{text}{seconds}+07:00")).unwrap()
    }

    #[test]
    fn a_stay_between_05_00_and_23_00_of_one_day_has_no_night() {
        // Each row: arrival, planned departure, whether there is a night in it, told at 12:00.
        let table = [
            ("23T05:00", Some("23T23:00"), false),
            ("23T05:00", Some("23T23:00:00.000001"), true),
            ("23T04:59:59.999999", Some("23T12:30"), true),
            ("23T00:15", Some("23T12:30"), true),
            ("23T00:00", Some("23T12:30"), true),
            ("23T09:00", Some("23T23:30"), true),
            ("23T09:00", Some("23T23:59:59.999999"), true),
            ("23T09:00", Some("24T00:00"), true),
            ("23T09:00", Some("24T12:00"), true),
            ("23T09:00", Some("30T20:00"), true),
            ("23T09:00", None, true),
            ("23T12:10", Some("23T12:20"), false),
        ];
        for (arrival, leaves, expected) in table {
            let end = End::Planned(leaves.map(local));
            let found = has_night(local(arrival), end, local("23T12:00"));
            assert_eq!(found, expected, "{arrival} {leaves:?}");
        }
    }

    #[test]
    fn who_is_still_there_at_23_00_stays_overnight_and_who_left_does_not() {
        let arrival = local("23T09:00");
        // Each row: told at, whether it counts as a night while the guest is there.
        let table = [
            ("23T16:59", false),
            ("23T22:59:59.999999", false),
            ("23T23:00", true),
            ("24T00:00", true),
            ("24T09:00", true),
            ("30T09:00", true),
        ];
        for (now, expected) in table {
            let planned = End::Planned(Some(local("23T17:00")));
            assert_eq!(has_night(arrival, planned, local(now)), expected, "{now}");
        }
        // Each row: when the guest left, whether it was a night; told days later.
        let table = [
            ("23T09:00", false),
            ("23T23:00", false),
            ("23T23:00:00.000001", true),
            ("24T06:00", true),
        ];
        for (left, expected) in table {
            let end = End::Left(local(left));
            assert_eq!(
                has_night(arrival, end, local("27T09:00")),
                expected,
                "{left}"
            );
        }
        let early = has_night(
            local("23T00:15"),
            End::Left(local("23T12:00")),
            local("23T12:00"),
        );
        assert!(early, "the night before 05:00 counts for who left as well");
    }

    #[test]
    fn an_evening_comes_at_23_00() {
        let table = [
            ("23T00:00", "2026-11-22"),
            ("23T22:59:59.999999", "2026-11-22"),
            ("23T23:00", "2026-11-23"),
            ("24T05:00", "2026-11-23"),
        ];
        for (now, day) in table {
            assert_eq!(last_evening(local(now)).to_string(), day, "{now}");
        }
    }
}
