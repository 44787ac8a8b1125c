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
