//! The statutory deadline of a notification of stay.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use crate::stay::Timeliness;
use crate::time::{VIET_NAM, at_local};

/// 23:00, Viet Nam time.
pub(crate) const EVENING: NaiveTime = clock(23);
/// 08:00, Viet Nam time.
const MORNING: NaiveTime = clock(8);
/// A foreigner's deadline after arrival.
const FOREIGNER: TimeDelta = TimeDelta::hours(12);
/// The same in a remote area.
const FOREIGNER_REMOTE: TimeDelta = TimeDelta::hours(24);

coded! {
    /// Which sentence of which law set a deadline.
    pub enum Rule {
        /// Citizen who arrived before 23:00.
        CitizenEvening => "citizen_evening",
        /// Citizen who arrived at 23:00 or later.
        CitizenNextMorning => "citizen_next_morning",
        /// Foreigner.
        Foreigner => "foreigner",
        /// Foreigner in a remote area.
        ForeignerRemote => "foreigner_remote",
    }
}

/// When a declaration is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The first instant that is late.
    pub at: DateTime<Utc>,
    /// By which rule.
    pub rule: Rule,
}

impl Deadline {
    /// Deadline for a Vietnamese citizen.
    ///
    /// Source: Law on Residence 68/2020/QH14, art. 30(3), as amended by Law 118/2025/QH15,
    /// art. 4(9). Before 23:00 of the day the stay begins; for an arrival after 23:00, before
    /// 08:00 of the next day. Clock times are Viet Nam time, arrival and result are instants.
    ///
    /// The law leaves 23:00:00 itself open. We count it as "after": the reading that never makes
    /// an honest host late. An arrival after midnight begins its stay on that calendar day.
    #[must_use]
    pub fn for_citizen(arrival: DateTime<Utc>) -> Self {
        let local = arrival.with_timezone(&VIET_NAM);
        let today = local.date_naive();
        if local.time() < EVENING {
            Self {
                at: at_local(today, EVENING),
                rule: Rule::CitizenEvening,
            }
        } else {
            let next_day = today.checked_add_days(Days::new(1)).unwrap_or(today);
            Self {
                at: at_local(next_day, MORNING),
                rule: Rule::CitizenNextMorning,
            }
        }
    }

    /// Deadline for a foreigner: 12 hours after arrival, 24 in a remote area.
    ///
    /// Source: Law 47/2014/QH13, art. 33(2), as amended by Laws 51/2019/QH14 and 23/2023/QH15.
    #[must_use]
    pub fn for_foreigner(arrival: DateTime<Utc>, is_remote: bool) -> Self {
        let (span, rule) = if is_remote {
            (FOREIGNER_REMOTE, Rule::ForeignerRemote)
        } else {
            (FOREIGNER, Rule::Foreigner)
        };
        Self {
            at: arrival.checked_add_signed(span).unwrap_or(arrival),
            rule,
        }
    }

    /// Each guest is judged by their own rule, even in a mixed party. Somebody whose nationality is
    /// not known counts as a citizen.
    #[must_use]
    pub fn of(arrival: DateTime<Utc>, is_foreigner: bool, is_remote: bool) -> Self {
        if is_foreigner {
            Self::for_foreigner(arrival, is_remote)
        } else {
            Self::for_citizen(arrival)
        }
    }

    /// A declaration received before the deadline is on time; "before 23:00" ends at
    /// 22:59:59.999999.
    #[must_use]
    pub fn timeliness(self, received_at: DateTime<Utc>) -> Timeliness {
        if received_at < self.at {
            Timeliness::OnTime
        } else {
            Timeliness::Late
        }
    }
}

/// A whole hour as a clock time.
const fn clock(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use proptest::prelude::*;

    use super::*;
    use crate::time::parse_instant;

    /// An instant of Viet Nam time.
    fn viet_nam(text: &str) -> DateTime<Utc> {
        parse_instant(&format!("{text}+07:00")).unwrap()
    }

    #[test]
    fn citizen_deadline_turns_at_23_00() {
        let table = [
            (
                "2026-11-23T14:30:00",
                "2026-11-23T23:00:00",
                Rule::CitizenEvening,
            ),
            (
                "2026-11-23T22:59:59",
                "2026-11-23T23:00:00",
                Rule::CitizenEvening,
            ),
            (
                "2026-11-23T22:59:59.999999",
                "2026-11-23T23:00:00",
                Rule::CitizenEvening,
            ),
            (
                "2026-11-23T23:00:00",
                "2026-11-24T08:00:00",
                Rule::CitizenNextMorning,
            ),
            (
                "2026-11-23T23:00:00.000001",
                "2026-11-24T08:00:00",
                Rule::CitizenNextMorning,
            ),
            (
                "2026-11-23T23:59:59",
                "2026-11-24T08:00:00",
                Rule::CitizenNextMorning,
            ),
            (
                "2026-11-24T00:00:00",
                "2026-11-24T23:00:00",
                Rule::CitizenEvening,
            ),
            (
                "2026-11-24T07:59:59",
                "2026-11-24T23:00:00",
                Rule::CitizenEvening,
            ),
            (
                "2026-12-31T23:59:59",
                "2027-01-01T08:00:00",
                Rule::CitizenNextMorning,
            ),
            (
                "2028-02-28T23:30:00",
                "2028-02-29T08:00:00",
                Rule::CitizenNextMorning,
            ),
        ];
        for (arrival, deadline, rule) in table {
            let got = Deadline::for_citizen(viet_nam(arrival));
            assert_eq!(
                (got.at, got.rule),
                (viet_nam(deadline), rule),
                "arrival {arrival}"
            );
        }
    }

    #[test]
    fn foreigner_deadline_is_12_hours_and_24_in_remote_areas() {
        let table = [
            (
                "2026-11-23T22:59:59",
                false,
                "2026-11-24T10:59:59",
                Rule::Foreigner,
            ),
            (
                "2026-11-23T23:00:00.5",
                false,
                "2026-11-24T11:00:00.5",
                Rule::Foreigner,
            ),
            (
                "2026-11-23T14:30:00",
                true,
                "2026-11-24T14:30:00",
                Rule::ForeignerRemote,
            ),
            (
                "2026-12-31T18:00:00",
                false,
                "2027-01-01T06:00:00",
                Rule::Foreigner,
            ),
        ];
        for (arrival, is_remote, deadline, rule) in table {
            let got = Deadline::for_foreigner(viet_nam(arrival), is_remote);
            assert_eq!(
                (got.at, got.rule),
                (viet_nam(deadline), rule),
                "arrival {arrival}"
            );
        }
    }

    #[test]
    fn the_deadline_itself_is_late() {
        let deadline = Deadline::for_citizen(viet_nam("2026-11-23T14:30:00"));
        let table = [
            ("2026-11-23T14:30:00", Timeliness::OnTime),
            ("2026-11-23T22:59:59.999999", Timeliness::OnTime),
            ("2026-11-23T23:00:00", Timeliness::Late),
            ("2026-11-24T00:00:00", Timeliness::Late),
        ];
        for (received_at, timeliness) in table {
            assert_eq!(
                deadline.timeliness(viet_nam(received_at)),
                timeliness,
                "{received_at}"
            );
        }
    }

    /// A wall calendar and a clock, independent of instants and offsets: a second opinion on every
    /// minute.
    #[derive(Clone, Copy, PartialEq, Debug)]
    struct WallCalendar {
        year: i64,
        month: i64,
        day: i64,
        minute: i64,
    }

    impl WallCalendar {
        fn days_of_month(&self) -> i64 {
            let is_leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
            match self.month {
                2 if is_leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            }
        }

        fn tear_off_a_leaf(&mut self) {
            self.day += 1;
            if self.day > self.days_of_month() {
                self.day = 1;
                self.month += 1;
            }
            if self.month > 12 {
                self.month = 1;
                self.year += 1;
            }
        }

        fn later(mut self, minutes: i64) -> Self {
            self.minute += minutes;
            while self.minute >= 1_440 {
                self.minute -= 1_440;
                self.tear_off_a_leaf();
            }
            self
        }

        fn citizen(mut self) -> Self {
            if self.minute >= 23 * 60 {
                self.tear_off_a_leaf();
                self.minute = 8 * 60;
            } else {
                self.minute = 23 * 60;
            }
            self
        }

        fn of(at: DateTime<Utc>) -> Self {
            // Seven hours further east, by seconds since 1970 alone for the clock.
            let local = at.with_timezone(&VIET_NAM);
            Self {
                year: i64::from(local.year()),
                month: i64::from(local.month()),
                day: i64::from(local.day()),
                minute: (at.timestamp() + 7 * 3_600).rem_euclid(86_400) / 60,
            }
        }
    }

    #[test]
    fn every_minute_of_a_common_and_a_leap_year_agrees_with_a_wall_calendar() {
        // 2027 is common, 2028 leap; 2100 is common although it ends a fourth year.
        for year in [2027, 2028, 2100] {
            let mut wall = WallCalendar {
                year,
                month: 1,
                day: 1,
                minute: 0,
            };
            let mut arrival = viet_nam(&format!("{year}-01-01T00:00:00"));
            let mut minute_count = 0;
            while wall.year == year {
                let table = [
                    (Deadline::of(arrival, false, false), wall.citizen()),
                    (Deadline::of(arrival, false, true), wall.citizen()),
                    (Deadline::of(arrival, true, false), wall.later(12 * 60)),
                    (Deadline::of(arrival, true, true), wall.later(24 * 60)),
                ];
                for (deadline, expected) in table {
                    assert_eq!(WallCalendar::of(deadline.at), expected, "arrival {arrival}");
                    assert_eq!(deadline.at.timestamp() % 60, 0, "arrival {arrival}");
                }
                wall = wall.later(1);
                arrival += TimeDelta::minutes(1);
                minute_count += 1;
            }
            let is_leap = year == 2028;
            assert_eq!(minute_count, if is_leap { 366 } else { 365 } * 1_440);
        }
    }

    proptest! {
        #[test]
        fn whoever_declares_on_arrival_is_on_time(
            micros in 0..4_102_444_800_000_000_i64, is_foreigner: bool, is_remote: bool,
        ) {
            let arrival = DateTime::from_timestamp_micros(micros).unwrap();
            let deadline = Deadline::of(arrival, is_foreigner, is_remote);
            prop_assert_eq!(deadline.timeliness(arrival), Timeliness::OnTime);
            prop_assert!(deadline.at - arrival <= TimeDelta::hours(24));
        }
    }
}
