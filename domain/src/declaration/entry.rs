//! Dates of a foreigner's entry that do not fit the arrival. None causes refusal: lodgings must
//! declare a foreigner whatever the papers say, and a date may be mistyped.
//!
//! Source: Law 47/2014/QH13, art. 33 (the lodging declares), art. 31 (the permitted stay).

use chrono::{DateTime, Utc};

use super::{Faults, Guest};
use crate::problem::Code;
use crate::time::local_date;

const PERMITTED_STAY_UNTIL: &str = "/guest/permitted_stay_until";
const VISA_EXPIRES_ON: &str = "/guest/visa/expires_on";
const ENTERED_ON: &str = "/guest/entered_on";

/// Warns of a permitted stay and of a visa that ended before the day of arrival, and of an entry
/// after it. The day of arrival itself fits all three.
pub(super) fn warn(guest: &Guest, arrival_at: DateTime<Utc>, faults: &mut Faults) {
    let arrived_on = local_date(arrival_at);
    let is_over = |day: Option<chrono::NaiveDate>| day.is_some_and(|day| day < arrived_on);
    if is_over(guest.permitted_stay_until) {
        faults.warn(PERMITTED_STAY_UNTIL, Code::PermittedStayEnded);
    }
    if is_over(guest.visa.as_ref().and_then(|visa| visa.expires_on)) {
        faults.warn(VISA_EXPIRES_ON, Code::VisaExpired);
    }
    if guest.entered_on.is_some_and(|day| day > arrived_on) {
        faults.warn(ENTERED_ON, Code::EnteredAfterArrival);
    }
}
