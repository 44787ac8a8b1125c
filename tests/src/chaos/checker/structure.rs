//! I25, I27, I29 and I30: leaks, differences and durations.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    super::{evidence::Evidence, history::Known, journal::Operation},
    Invariant, Report, View, text,
};
use crate::people::MARKERS;

/// Every request has its answer, or a closed connection, within this time.
const REQUEST_MICROS_MAX: i64 = 30_000_000;
/// Numbers of documents have at least so many digits.
const NUMBER_LENGTH_MIN: usize = 9;

pub(super) fn check(view: &View<'_>, report: &mut Report) {
    leaks(view, report);
    drains(view, report);
    ends(view, report);
}

/// I25. Reports where a value was found, not the value.
fn leaks(view: &View<'_>, report: &mut Report) {
    let numbers: BTreeSet<&str> = view
        .history
        .requests
        .iter()
        .flat_map(|request| &request.sending.items)
        .map(|item| text(&item.content["guest"]["document"], "number"))
        .filter(|number| number.len() >= NUMBER_LENGTH_MIN)
        .collect();
    let holds_none = |text: &str| {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let mut long = words.filter(|word| word.len() >= NUMBER_LENGTH_MIN);
        !MARKERS.iter().any(|marker| text.contains(marker))
            && !long.any(|word| numbers.contains(word))
    };
    for (name, log) in &view.evidence.logs {
        for line in log.lines() {
            report.look(
                Invariant::NoPersonalValueLeaks,
                holds_none(line),
                "a value of a person is in a log or a metric",
                &[name],
            );
        }
    }
    for request in &view.history.requests {
        if request.known() != Known::Refused {
            continue;
        }
        let body = request.ending.and_then(|ending| ending.body.as_deref());
        report.look(
            Invariant::NoPersonalValueLeaks,
            body.is_none_or(holds_none),
            "a value of a person is in a refusal",
            &[&request.sending.request.to_string()],
        );
    }
}

/// I29: within 1.5 times what the rate allows, and a minute.
fn drains(view: &View<'_>, report: &mut Report) {
    for drain in &view.evidence.deeds.drains {
        let backlog = f64::from(u32::try_from(drain.backlog).unwrap_or(u32::MAX));
        let allowed = 1.5 * backlog / f64::from(drain.allowed_per_second.max(1)) + 60.0;
        report.look(
            Invariant::BacklogDrains,
            drain.seconds <= allowed,
            "the backlog did not drain in time",
            &[&drain.backlog.to_string()],
        );
    }
}

/// I30: answered in time, with one of our codes, and with a retry time.
fn ends(view: &View<'_>, report: &mut Report) {
    for request in &view.history.requests {
        let lasted = request.ended_at().saturating_sub(request.sending.at);
        report.look(
            Invariant::EveryRequestEnds,
            lasted <= REQUEST_MICROS_MAX,
            "a request had neither answer nor end in time",
            &[&request.sending.request.to_string()],
        );
        let Some(ending) = request.ending else {
            continue;
        };
        report.look(
            Invariant::EveryRequestEnds,
            ending.status != Some(500),
            "a request was answered with 500",
            &[&request.sending.request.to_string()],
        );
        report.look(
            Invariant::EveryRequestEnds,
            ending.status != Some(503) || ending.retry_after.is_some(),
            "a 503 does not say when to come again",
            &[&request.sending.request.to_string(), request.code()],
        );
    }
}

/// I27: the result of a seeded history without ids, times and order, for comparing two databases.
/// References come from the seed. Attempts that were told to retry are left out: a busy server may
/// do so, and how often is not a difference between databases.
pub fn logical_state(evidence: &Evidence) -> Vec<String> {
    let view = View::of(evidence);
    let mut lines = Vec::new();
    for (reference, declaration) in &view.history.declarations {
        let outcomes: Vec<String> = view
            .history
            .outcomes(declaration)
            .filter(|(request, ..)| !request.is_open())
            .map(|(_, known, stay)| {
                format!("{known:?} {}", stay.map_or(&Value::Null, |s| &s["version"]))
            })
            .collect();
        let mut line = format!("{reference}: {}", outcomes.join(", "));
        for id in view.stored_under(reference) {
            if let Some(stay) = view.stays.get(id) {
                // The guest of a cancelled stay is not checked any more: its identity state depends
                // on when it was cancelled.
                let identity_state = match stay.presence.as_str() {
                    "cancelled" => "-",
                    _ => &stay.identity_state,
                };
                line.push_str(&format!(
                    "; v{} {} {identity_state} {} {}",
                    stay.version, stay.presence, stay.delivery_state, stay.timeliness
                ));
            }
            for effect in view.effects_of.get(id).into_iter().flatten() {
                line.push_str(&format!("; {} {}", effect.kind, effect.version));
            }
        }
        lines.push(line);
    }
    for request in view.history.requests.iter().filter(|one| !one.is_open()) {
        if request.sending.operation.refusal().is_some()
            || request.sending.operation == Operation::Batch
        {
            let status = request.ending.and_then(|ending| ending.status);
            lines.push(format!(
                "{} {:?}: {status:?} {}",
                request.sending.request,
                request.sending.operation,
                request.code()
            ));
        }
    }
    lines.sort();
    lines
}
