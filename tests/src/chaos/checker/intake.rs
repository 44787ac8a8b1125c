//! I1 to I9: compares acknowledged, refused and unknown requests with the stored data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeDelta};
use serde_json::Value;

use super::{
    super::{
        history::{Declaration, Known, Request},
        journal::Operation,
        records::Stay,
    },
    Invariant, Report, View, text,
};
use crate::receipt::digest_of;

/// The apparent clock difference tolerated on one machine, in microseconds.
const CLOCK_SLACK: i64 = 50_000;
const SEVEN_HOURS_SECONDS: i32 = 7 * 3600;

pub(super) fn check(view: &View<'_>, report: &mut Report) {
    for (reference, declaration) in &view.history.declarations {
        judge(view, report, reference, declaration);
    }
    nothing_else(view, report);
    refusals(view, report);
    together(view, report);
    keys(view, report);
    batches(view, report);
    versions(view, report);
    let unknown = view.history.requests.iter();
    report.unknown = unknown.filter(|r| r.known() == Known::Unknown).count();
}

/// One declaration with all its tries.
fn judge(view: &View<'_>, report: &mut Report, reference: &str, declaration: &Declaration<'_>) {
    let stored = view.stored_under(reference);
    let mut acknowledged = BTreeSet::new();
    let mut is_unknown = false;
    for (request, known, stay) in view.history.outcomes(declaration) {
        match (known, stay) {
            (Known::Acknowledged, Some(stay)) => {
                acknowledged.insert(text(stay, "id").to_owned());
                is_stored(view, report, declaration, request, stay);
                time(view, report, declaration, request, stay);
            }
            (Known::Acknowledged, None) | (Known::Refused, _) => {}
            (Known::Unknown, _) => is_unknown = true,
        }
    }
    report.acknowledged += usize::from(!acknowledged.is_empty());
    report.doubled += stored.len().saturating_sub(1);
    report.look(
        Invariant::UnknownIsStoredOnceAtMost,
        stored.len() <= 1 && acknowledged.len() <= 1,
        "a declaration was stored, or acknowledged, as more than one stay",
        &[reference],
    );
    if acknowledged.is_empty() && !is_unknown {
        report.look(
            Invariant::RefusedLeftNothing,
            stored.is_empty(),
            "a stay is stored whose every try was refused",
            &[reference],
        );
    }
}

/// I1.
fn is_stored(
    view: &View<'_>,
    report: &mut Report,
    declaration: &Declaration<'_>,
    request: &Request<'_>,
    answered: &Value,
) {
    let id = text(answered, "id");
    let number = request.sending.request.to_string();
    let first = view.versions.get(&(id, 1));
    let is_there = view.stays.contains_key(id) && first.is_some();
    report.lost += usize::from(!is_there);
    report.look(
        Invariant::AcknowledgedIsStored,
        is_there,
        "an acknowledged stay is not stored",
        &[id, &number],
    );
    let digest = digest_of(&answered["receipt"], &declaration.item.content);
    let is_what_was_sent =
        first.is_none_or(|first| digest.as_deref() == Some(&first.content_sha256));
    report.look(
        Invariant::AcknowledgedIsStored,
        is_what_was_sent,
        "the stored digest is not the one of what was sent",
        &[id, &number],
    );
    let is_at_its_place = text(answered, "reference") == declaration.item.reference;
    if request.sending.operation == Operation::Batch {
        report.look(
            Invariant::BatchAnswersEachItem,
            is_at_its_place && digest.as_deref() == answered["receipt"]["content_sha256"].as_str(),
            "the outcome at this place speaks of another item",
            &[id, &number],
        );
    }
    report.look(
        Invariant::AcknowledgedIsStored,
        is_at_its_place,
        "the answer speaks of another stay than the one sent",
        &[id, &number],
    );
}

/// I8.
fn time(
    view: &View<'_>,
    report: &mut Report,
    declaration: &Declaration<'_>,
    request: &Request<'_>,
    answered: &Value,
) {
    let id = text(answered, "id");
    let instant = |name: &str| DateTime::parse_from_rfc3339(text(answered, name)).ok();
    let (Some(received_at), Some(deadline_at)) = (instant("received_at"), instant("deadline_at"))
    else {
        report.look(
            Invariant::ReceivedAtIsHonest,
            false,
            "an answer has no sound received_at and deadline_at",
            &[id],
        );
        return;
    };
    let micros = received_at.timestamp_micros();
    // For a replay, the time is that of the first attempt.
    let is_between = view.history.outcomes(declaration).any(|(one, _, _)| {
        let from = one.sending.at - CLOCK_SLACK;
        let until = one.ended_at().min(request.ended_at()) + CLOCK_SLACK;
        (from..=until).contains(&micros) || (one.ending.is_none() && micros >= from)
    });
    report.look(
        Invariant::ReceivedAtIsHonest,
        is_between,
        "received_at lies outside of every try",
        &[id],
    );
    let expected = deadline_of(&declaration.item.content);
    let verdict = if received_at < deadline_at {
        "on_time"
    } else {
        "late"
    };
    let is_sound = expected.is_none_or(|expected| expected == deadline_at)
        && text(answered, "timeliness") == verdict;
    report.look(
        Invariant::ReceivedAtIsHonest,
        is_sound,
        "deadline or verdict is not the law's",
        &[id],
    );
    if let Some(stay) = view.stays.get(id) {
        report.look(
            Invariant::ReceivedAtIsHonest,
            is_unchanged(stay, micros, deadline_at.timestamp_micros(), verdict),
            "what is stored of the filing's time is not what was answered",
            &[id],
        );
    }
}

fn is_unchanged(stay: &Stay, received_at: i64, deadline_at: i64, verdict: &str) -> bool {
    // The answer may cut below the millisecond.
    (stay.received_at - received_at).abs() < 1_000
        && stay.deadline_at == deadline_at
        && stay.timeliness == verdict
}

/// A citizen's deadline, computed independently of the service: before 23:00 on the day of arrival;
/// from 23:00 on, before 08:00 the next day.
fn deadline_of(content: &Value) -> Option<DateTime<FixedOffset>> {
    if content["guest"]["nationality"] != "VNM" {
        return None;
    }
    let offset = FixedOffset::east_opt(SEVEN_HOURS_SECONDS)?;
    let arrival = DateTime::parse_from_rfc3339(text(content, "arrival_at")).ok()?;
    let arrival = arrival.with_timezone(&offset);
    let midnight = arrival.with_time(NaiveTime::MIN).single()?;
    let evening = midnight + TimeDelta::hours(23);
    if arrival < evening {
        Some(evening)
    } else {
        Some(midnight.checked_add_days(Days::new(1))? + TimeDelta::hours(8))
    }
}

/// I4.
fn nothing_else(view: &View<'_>, report: &mut Report) {
    for stay in &view.evidence.records.stays {
        let Some(shown) = view.evidence.shown.get(&stay.id) else {
            report.look(
                Invariant::NothingElseIsStored,
                false,
                "a stored stay is not shown to its sender",
                &[&stay.id],
            );
            continue;
        };
        let declaration = view.history.declarations.get(text(shown, "reference"));
        let is_sent = declaration.is_some_and(|declaration| {
            let first = view.versions.get(&(stay.id.as_str(), 1));
            let is_first = shown["version"] == 1;
            let digest = digest_of(&shown["receipt"], &declaration.item.content);
            let is_changed = view.history.changes.contains_key(stay.id.as_str());
            if is_first {
                digest.as_deref() == first.map(|first| first.content_sha256.as_str())
            } else {
                is_changed
            }
        });
        report.look(
            Invariant::NothingElseIsStored,
            is_sent,
            "a stay is stored that nobody sent",
            &[&stay.id],
        );
    }
}

/// I3.
fn refusals(view: &View<'_>, report: &mut Report) {
    for request in &view.history.requests {
        let Some((status, code)) = request.sending.operation.refusal() else {
            continue;
        };
        let number = request.sending.request.to_string();
        for item in &request.sending.items {
            let is_also_declared = view
                .history
                .declarations
                .contains_key(item.reference.as_str());
            report.look(
                Invariant::RefusedLeftNothing,
                is_also_declared || view.stored_under(&item.reference).is_empty(),
                "a refused stay is stored",
                &[&item.reference, &number],
            );
        }
        let is_refused = match request.ending.and_then(|ending| ending.status) {
            Some(given) if given == status => request.code() == code,
            Some(given) => given == 429 || given == 503,
            None => true,
        };
        let invariant = if request.sending.operation == Operation::ReuseKey {
            Invariant::KeyHasOneEffect
        } else {
            Invariant::RefusedLeftNothing
        };
        report.look(
            invariant,
            is_refused,
            "what must be refused was not, or not in the right words",
            &[&number],
        );
    }
    // A key row that leads nowhere, or one more than there were requests to leave it.
    let mut left = BTreeMap::new();
    for request in &view.history.requests {
        if request.known() != Known::Refused && request.sending.operation.refusal().is_none() {
            left.entry(&request.sending.key).or_insert(());
        }
    }
    let stored = view.evidence.records.idempotency_keys.len();
    report.look(
        Invariant::RefusedLeftNothing,
        stored <= left.len(),
        "more keys are kept than requests could leave",
        &[],
    );
}

/// I5, both ways.
fn together(view: &View<'_>, report: &mut Report) {
    let records = &view.evidence.records;
    let invariant = Invariant::AllOrNone;
    let declared: BTreeSet<&str> = records
        .declaration_keys
        .iter()
        .map(|key| key.stay_id.as_str())
        .collect();
    for stay in &records.stays {
        let ids = [stay.id.as_str()];
        let has = |holds, what, report: &mut Report| report.look(invariant, holds, what, &ids);
        let first = view.versions.get(&(stay.id.as_str(), 1));
        has(first.is_some(), "a stay has no first version", report);
        let is_kept = stay.presence == "cancelled" || declared.contains(stay.id.as_str());
        has(is_kept, "a stay has no declaration key", report);
    }
    for version in &records.versions {
        let place = (version.stay_id.as_str(), version.version);
        let number = version.version.to_string();
        let ids = [version.stay_id.as_str(), number.as_str()];
        let has = |holds, what, report: &mut Report| report.look(invariant, holds, what, &ids);
        has(
            view.stays.contains_key(place.0),
            "a version has no stay",
            report,
        );
        let tasks = view.tasks_of.get(&place);
        let own = tasks.map_or(0, |tasks| {
            tasks.iter().filter(|t| t.kind != "identity_result").count()
        });
        let audits = view.audits_of.get(&place);
        // A stay without a night is sent if the guest is still there at 23:00.
        let goes_at_night = audits.is_some_and(|audits| {
            let mut audits = audits.iter();
            audits.any(|audit| audit.action == "notification.required")
        });
        let shown = view.evidence.shown.get(place.0);
        let is_sent = shown.is_none_or(|stay| !super::forwarding::is_withdrawn(stay));
        has(
            own == usize::from(is_sent && (version.is_forwardable || goes_at_night)),
            "a version that goes to the police has no task, or one too many",
            report,
        );
        let deeds = audits.map_or(0, |audits| {
            audits.iter().filter(|a| is_deed(&a.action)).count()
        });
        has(
            deeds == 1,
            "a version has not exactly one audit entry",
            report,
        );
    }
    events(view, report);
    for task in &records.tasks {
        let is_known = view
            .versions
            .contains_key(&(task.stay_id.as_str(), task.version));
        report.look(invariant, is_known, "a task has no version", &[&task.id]);
    }
    for audit in records.audits.iter().filter(|a| is_deed(&a.action)) {
        let place = (
            audit.subject_id.as_str(),
            audit.subject_version.unwrap_or_default(),
        );
        let version = view.versions.get(&place);
        report.look(
            invariant,
            version.is_some_and(|version| {
                audit
                    .digest
                    .as_deref()
                    .is_none_or(|digest| digest == version.content_sha256)
            }),
            "an audit entry has no version of its digest",
            &[&audit.id],
        );
    }
    for key in &records.declaration_keys {
        let is_known = view.stays.contains_key(key.stay_id.as_str());
        report.look(
            invariant,
            is_known,
            "a declaration key leads to no stay",
            &[&key.stay_id],
        );
    }
    for key in &records.idempotency_keys {
        if let Some(stay_id) = &key.stay_id {
            let is_known = view.stays.contains_key(stay_id.as_str());
            report.look(
                invariant,
                is_known,
                "an idempotency key leads to no stay",
                &[stay_id],
            );
        }
    }
}

/// Each version has one event for its creation.
fn events(view: &View<'_>, report: &mut Report) {
    let mut told: BTreeMap<(&str, i64), usize> = BTreeMap::new();
    for event in &view.evidence.records.events {
        if let (Some(stay_id), Some(version)) = (&event.stay_id, event.version)
            && MAKINGS.contains(&event.kind.as_str())
        {
            *told.entry((stay_id, version)).or_default() += 1;
        }
    }
    for place in view.versions.keys() {
        report.look(
            Invariant::AllOrNone,
            told.get(place) == Some(&1),
            "a version has not exactly one event",
            &[place.0, &place.1.to_string()],
        );
    }
}

/// Events that tell of the making of a version.
const MAKINGS: [&str; 7] = [
    "stay.accepted",
    "stay.amended",
    "stay.completed",
    "stay.departed",
    "stay.returned",
    "stay.extended",
    "stay.cancelled",
];

/// Whether an entry tells of the making of a version.
fn is_deed(action: &str) -> bool {
    action.starts_with("stay.")
}

/// I6.
fn keys(view: &View<'_>, report: &mut Report) {
    let mut by_key: BTreeMap<&str, Vec<&Request<'_>>> = BTreeMap::new();
    for request in &view.history.requests {
        if is_judged_as_one(request.sending.operation) && request.known() == Known::Acknowledged {
            by_key
                .entry(&request.sending.key)
                .or_default()
                .push(request);
        }
    }
    let mut kept: BTreeMap<(&str, i64), usize> = BTreeMap::new();
    for key in &view.evidence.records.idempotency_keys {
        if let Some(stay_id) = &key.stay_id {
            let place = (stay_id.as_str(), key.version.unwrap_or(1));
            *kept.entry(place).or_default() += 1;
        }
    }
    for requests in by_key.values() {
        let first = requests[0];
        let id = text(&first.answer, "id");
        let body = |request: &Request<'_>| {
            request
                .ending
                .and_then(|ending| ending.body.clone())
                .unwrap_or_default()
        };
        let is_same = requests.iter().all(|one| body(one) == body(first));
        report.look(
            Invariant::KeyHasOneEffect,
            is_same,
            "one key was answered with two bodies",
            &[id],
        );
        let version = first.answer["version"].as_i64().unwrap_or_default();
        report.look(
            Invariant::KeyHasOneEffect,
            kept.get(&(id, version)) == Some(&1),
            "an acknowledged key is not kept exactly once",
            &[id, &version.to_string()],
        );
    }
}

fn is_judged_as_one(operation: Operation) -> bool {
    match operation {
        Operation::Declare
        | Operation::Resend
        | Operation::ReuseKey
        | Operation::Amend
        | Operation::Depart
        | Operation::Extend
        | Operation::Cancel => true,
        // The items of a batch are judged one by one.
        Operation::Batch | Operation::Conflict | Operation::Invalid | Operation::Stale => false,
    }
}

/// I7.
fn batches(view: &View<'_>, report: &mut Report) {
    for request in &view.history.requests {
        if request.sending.operation != Operation::Batch || request.known() != Known::Acknowledged {
            continue;
        }
        let number = request.sending.request.to_string();
        let sent = request.sending.items.len();
        let places: Vec<u64> = request
            .results()
            .filter_map(|result| result["index"].as_u64())
            .collect();
        let expected: Vec<u64> = (0..sent as u64).collect();
        let count = |name: &str| request.answer[name].as_u64().unwrap_or_default();
        let told = count("accepted") + count("replayed") + count("rejected");
        report.look(
            Invariant::BatchAnswersEachItem,
            places == expected && told == sent as u64,
            "a batch has not exactly one outcome an item",
            &[&number],
        );
    }
}

/// I9.
fn versions(view: &View<'_>, report: &mut Report) {
    let mut numbers: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (stay_id, version) in view.versions.keys() {
        numbers.entry(stay_id).or_default().push(*version);
    }
    for stay in &view.evidence.records.stays {
        let found = numbers.get(stay.id.as_str()).cloned().unwrap_or_default();
        let expected: Vec<i64> = (1..=stay.version).collect();
        report.look(
            Invariant::VersionsHaveNoGap,
            found == expected,
            "the versions of a stay are not one after the other up to the current one",
            &[&stay.id],
        );
    }
}
