//! When: arrival and expected departure.

use chrono::{DateTime, Utc};

use super::place::Place;
use super::{Context, Faults};
use crate::draft::Draft;
use crate::night::{self, End};
use crate::problem::{Code, Hint};
use crate::time::{local_date, parse_instant};

/// From this many days on a stay is temporary residence and must be registered as such (Law on
/// Residence 68/2020/QH14, art. 2(6) and 27).
pub const TEMPORARY_RESIDENCE_DAYS: i64 = 30;

const ARRIVAL: &str = "/arrival_at";
const DEPARTURE: &str = "/expected_departure_at";

/// Arrival and departure that agree with each other and with the clock.
pub(super) struct Times {
    pub(super) arrival_at: DateTime<Utc>,
    pub(super) expected_departure_at: Option<DateTime<Utc>>,
}

impl Times {
    /// Whether a night lies in it, as far as it is known at `now`.
    pub(super) fn has_night(&self, now: DateTime<Utc>) -> bool {
        let end = End::Planned(self.expected_departure_at);
        night::has_night(self.arrival_at, end, now)
    }

    /// Calendar days in Viet Nam from arrival to expected departure.
    fn day_count(&self) -> Option<i64> {
        let departure = local_date(self.expected_departure_at?);
        Some((departure - local_date(self.arrival_at)).num_days())
    }
}

pub(super) fn check(
    draft: &Draft,
    place: &Place,
    context: &Context<'_>,
    faults: &mut Faults,
) -> Option<Times> {
    let arrival_at = arrival(draft, context, faults);
    let expected_departure_at = draft
        .expected_departure_at
        .as_deref()
        .and_then(|text| instant(text, DEPARTURE, faults));
    let kind = place.facility.as_ref().map(|facility| facility.kind);
    let is_required = kind.is_some_and(|kind| kind.requires_expected_departure());
    if draft.expected_departure_at.is_none() && is_required {
        faults.require(DEPARTURE);
    }
    let times = Times {
        arrival_at: arrival_at?,
        expected_departure_at,
    };
    check_order(&times, faults);
    Some(times)
}

/// As sent, within the window; the instant of receipt when left out.
fn arrival(draft: &Draft, context: &Context<'_>, faults: &mut Faults) -> Option<DateTime<Utc>> {
    let Some(text) = draft.arrival_at.as_deref() else {
        return (!faults.has(ARRIVAL)).then_some(context.received_at);
    };
    let arrival_at = instant(text, ARRIVAL, faults)?;
    let declare_from = arrival_at
        .checked_sub_signed(context.window.ahead)
        .unwrap_or(arrival_at);
    let oldest = context.filed_at.checked_sub_signed(context.window.back);
    if declare_from > context.received_at {
        faults.push_with(
            ARRIVAL,
            Code::ArrivalInFuture,
            Hint::DeclareFrom(declare_from),
        );
    } else if let Some(oldest) = oldest.filter(|oldest| arrival_at < *oldest) {
        faults.push_with(ARRIVAL, Code::ArrivalTooOld, Hint::OldestArrival(oldest));
    }
    Some(arrival_at)
}

fn check_order(times: &Times, faults: &mut Faults) {
    let Some(departure) = times.expected_departure_at else {
        return;
    };
    if departure <= times.arrival_at {
        faults.push(DEPARTURE, Code::DepartureBeforeArrival);
    } else if times
        .day_count()
        .is_some_and(|days| days >= TEMPORARY_RESIDENCE_DAYS)
    {
        faults.warn(DEPARTURE, Code::TemporaryResidenceDue);
    }
}

fn instant(text: &str, pointer: &str, faults: &mut Faults) -> Option<DateTime<Utc>> {
    let at = parse_instant(text);
    if at.is_none() {
        faults.push(pointer, Code::InvalidInstant);
    }
    at
}
