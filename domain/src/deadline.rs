//! The statutory deadline of a notification of stay.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use crate::stay::Timeliness;
use crate::time::{VIET_NAM, at_local};

/// 23:00, Viet Nam time.
const EVENING: NaiveTime = clock(23);
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

    /// Each person by his own rule, also in a mixed party. Somebody whose nationality is not known
    /// counts as a citizen.
    #[must_use]
    pub fn of(arrival: DateTime<Utc>, is_foreigner: bool, is_remote: bool) -> Self {
        if is_foreigner {
            Self::for_foreigner(arrival, is_remote)
        } else {
            Self::for_citizen(arrival)
        }
    }

    /// On time is what was received before the deadline; "before 23:00" ends with 22:59:59.999999.
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
    use chrono::{Datelike, NaiveDate, Timelike};
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

    /// The same rule told in another way: walk on minute by minute, on a clock kept by hand, until
    /// it shows 23:00, or 08:00 for whoever came when 23:00 had struck.
    struct WalkingClock {
        day: NaiveDate,
        minute: u32,
    }

    impl WalkingClock {
        fn minutes_until(&self, hour: u32) -> i64 {
            let now = i64::from(self.minute);
            let strikes = i64::from(hour * 60);
            if strikes > now {
                strikes - now
            } else {
                strikes - now + 24 * 60
            }
        }

        fn wait(&self) -> i64 {
            if self.minute >= 23 * 60 {
                self.minutes_until(8)
            } else {
                self.minutes_until(23)
            }
        }

        fn tick(&mut self) {
            self.minute += 1;
            if self.minute == 24 * 60 {
                self.minute = 0;
                self.day = self.day.succ_opt().unwrap();
            }
        }
    }

    #[test]
    fn every_minute_of_a_leap_year_agrees_with_a_walking_clock() {
        let first_day = NaiveDate::from_ymd_opt(2028, 1, 1).unwrap();
        let mut clock = WalkingClock {
            day: first_day,
            minute: 0,
        };
        let mut arrival = viet_nam("2028-01-01T00:00:00");
        while clock.day.year() == 2028 {
            let local = arrival.with_timezone(&VIET_NAM);
            assert_eq!(local.date_naive(), clock.day);
            assert_eq!(local.hour() * 60 + local.minute(), clock.minute);
            let waited = (Deadline::for_citizen(arrival).at - arrival).num_minutes();
            assert_eq!(waited, clock.wait(), "arrival {arrival}");
            clock.tick();
            arrival += TimeDelta::minutes(1);
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
