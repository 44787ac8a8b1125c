//! Times as a front desk in Viet Nam writes them.

use chrono::{DateTime, FixedOffset, NaiveTime, SecondsFormat, TimeDelta, Utc};

const SEVEN_HOURS_SECONDS: i32 = 7 * 3600;

/// The current time, in Viet Nam time.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests are outside of the service and have no clock of it"
)]
pub fn now() -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(SEVEN_HOURS_SECONDS).expect("an offset");
    Utc::now().with_timezone(&offset)
}

/// A clock time, `HH:MM:SS` of Viet Nam, so many days from today.
pub fn local(days_from_today: i64, time: &str) -> DateTime<FixedOffset> {
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S").expect("a clock time");
    let day = now() + TimeDelta::days(days_from_today);
    day.with_time(time)
        .single()
        .expect("Viet Nam knows no summer time")
}

/// RFC 3339 with seconds.
pub fn text_of(instant: DateTime<FixedOffset>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// RFC 3339 to the microsecond, for what must not count as said before something of the same
/// second. Written as the service writes it, without trailing zeros, so that one time in ten does
/// not differ from its answer.
pub fn exact_text_of(instant: DateTime<FixedOffset>) -> String {
    domain::time::format_instant(instant.to_utc())
}
