//! The hold: what is declared on a page can be taken back for a moment before the police hear of it.
//!
//! Only sending waits. The stay is stored and has its receipt at once, and `received_at` decides
//! whether it is on time, so that no hold ever makes a declaration late.

use chrono::{DateTime, TimeDelta, Utc};

use crate::stay::Channel;

/// How long the notification of a stay declared on a page is not claimed.
pub const HOLD_DURATION: TimeDelta = TimeDelta::seconds(10);
/// So close to its deadline a stay is sent at once.
const DEADLINE_MARGIN: TimeDelta = TimeDelta::minutes(5);

/// The delivery reason of a stay that was taken back: the police were never told of it.
pub const WITHDRAWN: &str = "withdrawn";

/// Until when a new stay's notification is held; `None` when it is due at once.
///
/// Stays that programs declare are never held, nor those received in the last five minutes before
/// their deadline. A stay that is late already is held like any other.
#[must_use]
pub fn held_until(
    channel: Channel,
    received_at: DateTime<Utc>,
    deadline_at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let left = deadline_at - received_at;
    let is_urgent = left > TimeDelta::zero() && left <= DEADLINE_MARGIN;
    (is_of_a_page(channel) && !is_urgent).then(|| received_at + HOLD_DURATION)
}

/// Whether somebody looks at the answer who may want to take it back.
const fn is_of_a_page(channel: Channel) -> bool {
    match channel {
        Channel::Page | Channel::Scan => true,
        Channel::Rest
        | Channel::Batch
        | Channel::File
        | Channel::Census
        | Channel::Hl7
        | Channel::Fhir => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    #[test]
    fn a_stay_declared_on_a_page_is_held_but_not_close_to_its_deadline() {
        // Each row: received, held until; the deadline is 23:00.
        let table = [
            ("20:00:00", Some("20:00:10")),
            ("22:54:59", Some("22:55:09")),
            ("22:55:00", None),
            ("22:59:59", None),
            ("23:00:00", Some("23:00:10")),
            ("23:30:00", Some("23:30:10")),
        ];
        let at = |time: &str| parse_instant(&format!("2026-11-23T{time}+07:00")).unwrap();
        for (received, held) in table {
            for channel in [Channel::Page, Channel::Scan] {
                let until = held_until(channel, at(received), at("23:00:00"));
                assert_eq!(until, held.map(at), "{received}");
            }
        }
    }

    #[test]
    fn what_programs_declare_is_due_at_once() {
        let at = |time: &str| parse_instant(&format!("2026-11-23T{time}+07:00")).unwrap();
        for channel in Channel::ALL.iter().copied() {
            let is_held = held_until(channel, at("20:00:00"), at("23:00:00")).is_some();
            assert_eq!(is_held, is_of_a_page(channel), "{channel}");
        }
    }
}
