//! Puts the examples of all nouns together and dates them.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::time::{at_local, format_instant, local_date};
use serde_json::{Map, Value};

/// The examples of nouns by operation, in the form of
/// [`Examples`](crate::examples::Examples). One that is no JSON is left out; a test looks for it.
pub(super) fn read(of_nouns: &[&str]) -> Map<String, Value> {
    let read = |text: &&str| serde_json::from_str::<Map<String, Value>>(text);
    of_nouns.iter().flat_map(read).flatten().collect()
}

/// Dates every text of the form `@now-20m` (an instant), `@day+2` (a day) or `@day+2T12:00` (an
/// instant of a day), in the time of Viet Nam.
pub(super) fn date(value: &mut Value, now: DateTime<Utc>) {
    match value {
        Value::String(text) => {
            if let Some(dated) = text.strip_prefix('@').and_then(|moment| at(moment, now)) {
                *text = dated;
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| date(element, now)),
        Value::Object(members) => members.values_mut().for_each(|member| date(member, now)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn at(moment: &str, now: DateTime<Utc>) -> Option<String> {
    if let Some(offset) = moment.strip_prefix("now") {
        let at = now.checked_add_signed(span(offset)?)?;
        let second = at.timestamp();
        return DateTime::from_timestamp(second, 0).map(format_instant);
    }
    let rest = moment.strip_prefix("day")?;
    let (offset, time) = rest.split_once('T').unwrap_or((rest, ""));
    let day = shifted(local_date(now), offset)?;
    if time.is_empty() {
        return Some(day.to_string());
    }
    let time = NaiveTime::parse_from_str(time, "%H:%M").ok()?;
    Some(format_instant(at_local(day, time)))
}

/// `+2`, `-40` or nothing.
fn shifted(day: NaiveDate, offset: &str) -> Option<NaiveDate> {
    if offset.is_empty() {
        return Some(day);
    }
    let days: i64 = offset.parse().ok()?;
    let count = Days::new(days.unsigned_abs());
    if days < 0 {
        day.checked_sub_days(count)
    } else {
        day.checked_add_days(count)
    }
}

/// `-20m`, `+12h`, `-5s` or nothing.
fn span(offset: &str) -> Option<TimeDelta> {
    if offset.is_empty() {
        return Some(TimeDelta::zero());
    }
    let (number, unit) = offset.split_at_checked(offset.len() - 1)?;
    let number: i64 = number.parse().ok()?;
    match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_dated_in_the_time_of_viet_nam() {
        let now = DateTime::parse_from_rfc3339("2026-11-24T18:30:15.5Z").unwrap();
        let now = now.with_timezone(&Utc);
        let table = [
            ("@now", "2026-11-25T01:30:15+07:00"),
            ("@now-20m", "2026-11-25T01:10:15+07:00"),
            ("@now+12h", "2026-11-25T13:30:15+07:00"),
            ("@now-15s", "2026-11-25T01:30:00+07:00"),
            ("@day", "2026-11-25"),
            ("@day+10", "2026-12-05"),
            ("@day-40", "2026-10-16"),
            ("@day+2T12:00", "2026-11-27T12:00:00+07:00"),
            ("@dayT06:30", "2026-11-25T06:30:00+07:00"),
            // No moment: a text like any other.
            ("@luutru", "@luutru"),
            ("now", "now"),
        ];
        for (text, expected) in table {
            let mut value = json!({"a": [text]});
            date(&mut value, now);
            assert_eq!(value["a"][0], expected, "{text}");
        }
    }

    #[test]
    fn every_example_is_of_an_operation_of_its_noun() {
        for (noun, examples) in crate::routes::EXAMPLES_BY_NOUN {
            let examples: Map<String, Value> = serde_json::from_str(examples).unwrap();
            let paths = noun().into_iter().flat_map(|api| api.paths);
            let operations = paths.flat_map(|path| path.operations);
            let known: Vec<_> = operations.map(|one| one.operation_id.unwrap()).collect();
            for name in examples.keys() {
                assert!(known.iter().any(|id| id == name), "{name}");
            }
        }
    }
}
