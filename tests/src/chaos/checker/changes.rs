//! I1 to I4, I8 to I10 and I20 for changed stays: which request made which version, and its
//! expected content.
//!
//! The checker applies each change to the previous content by its own rules, and compares the
//! digest with the stored one. Senders change a stay sequentially; only the last change, and two
//! that compete for one version, may remain unknown.

use serde_json::Value;

use super::{
    super::{
        history::{Intent, Known, Request},
        journal::Operation,
        records::Version,
    },
    Invariant, Report, View, text,
};
use crate::receipt::digest_of;

/// The apparent clock difference tolerated on one machine, in microseconds.
const CLOCK_SLACK: i64 = 50_000;

/// The expected stay after the changes up to one version.
#[derive(Clone)]
struct Expected {
    version: i64,
    content: Value,
    presence: &'static str,
}

pub(super) fn check(view: &View<'_>, report: &mut Report) {
    for (stay_id, intents) in &view.history.changes {
        for intent in intents {
            one_outcome(view, report, stay_id, intent);
        }
        let Some(first) = view.declared_as.get(*stay_id) else {
            continue;
        };
        let expected = Expected {
            version: 1,
            content: first.content.clone(),
            presence: "present",
        };
        live_again(view, report, stay_id, intents, expected);
    }
}

/// I2 and I3 of one change, from its answers alone.
fn one_outcome(view: &View<'_>, report: &mut Report, stay_id: &str, intent: &Intent<'_>) {
    let number = first_number(view, intent);
    let ids = [stay_id, number.as_str()];
    let made = versions_made(view, intent);
    report.changes += usize::from(!made.is_empty());
    report.look(
        Invariant::UnknownIsStoredOnceAtMost,
        made.len() <= 1,
        "a change was acknowledged as more than one version",
        &ids,
    );
    let is_refused = view
        .history
        .tries(intent)
        .any(|request| request.known() == Known::Refused && !request.is_open());
    let lost_to_rival = view.history.tries(intent).all(|request| {
        request.known() != Known::Refused
            || request.is_open()
            || request.code() == "version_mismatch"
    });
    report.look(
        Invariant::UnknownIsStoredOnceAtMost,
        !is_refused || (made.is_empty() && intent.change.has_rival && lost_to_rival),
        "a change that nothing forbade was refused for good",
        &ids,
    );
}

/// Finds the request that made each version of a stay, and checks it.
fn live_again(
    view: &View<'_>,
    report: &mut Report,
    stay_id: &str,
    intents: &[Intent<'_>],
    mut expected: Expected,
) {
    for intent in intents {
        for request in acknowledged(view, intent) {
            is_kept(view, report, stay_id, intent, request);
        }
    }
    loop {
        let next = expected.version + 1;
        let acknowledged: Vec<&Intent<'_>> = intents
            .iter()
            .filter(|intent| versions_made(view, intent).contains(&next))
            .collect();
        let number = next.to_string();
        report.look(
            Invariant::VersionsHaveNoGap,
            acknowledged.len() <= 1,
            "two changes were acknowledged as the same version",
            &[stay_id, &number],
        );
        let stored = view.versions.get(&(stay_id, next));
        let maker = match (acknowledged.first(), stored) {
            (Some(maker), _) => *maker,
            (None, None) => break,
            (None, Some(stored)) => {
                let maker = unknown_maker(view, stay_id, intents, &expected, stored);
                let is_refused_one =
                    maker.is_none() && intents.iter().any(|one| one.change.version + 1 == next);
                let (invariant, what) = if is_refused_one {
                    (
                        Invariant::RefusedLeftNothing,
                        "a refused change made a version",
                    )
                } else {
                    (
                        Invariant::NothingElseIsStored,
                        "a version is stored that nobody sent",
                    )
                };
                report.look(invariant, maker.is_some(), what, &[stay_id, &number]);
                let Some(maker) = maker else { return };
                maker
            }
        };
        let before = expected.clone();
        expected = after(&before, maker);
        for request in acknowledged_at(view, maker, next) {
            is_what_was_sent(view, report, stay_id, &expected, request);
        }
        if let Some(stored) = stored {
            is_told_and_audited(view, report, &before, &expected, maker, stored);
        }
    }
    is_current(view, report, stay_id, &expected);
}

/// The origin of a version that no sender knows: a change with an unknown outcome.
fn unknown_maker<'v, 'a>(
    view: &View<'_>,
    stay_id: &str,
    intents: &'v [Intent<'a>],
    before: &Expected,
    stored: &Version,
) -> Option<&'v Intent<'a>> {
    let receipt = view
        .evidence
        .shown
        .get(stay_id)
        .map(|stay| &stay["receipt"]);
    let is_shown = |receipt: &&Value| receipt["version"] == stored.version;
    let receipt = receipt.filter(is_shown);
    intents.iter().find(|intent| {
        let mut tries = view.history.tries(intent);
        let is_unknown = intent.change.version == before.version
            && versions_made(view, intent).is_empty()
            && tries.any(|request| request.known() == Known::Unknown);
        let says_it = receipt.is_none_or(|receipt| {
            digest_of(receipt, &after(before, intent).content).as_deref()
                == Some(&stored.content_sha256)
        });
        is_unknown && says_it
    })
}

/// I1 and I8: an acknowledged change is there, and changes nothing of the filing.
fn is_kept(
    view: &View<'_>,
    report: &mut Report,
    stay_id: &str,
    intent: &Intent<'_>,
    request: &Request<'_>,
) {
    let number = request.sending.request.to_string();
    let ids = [stay_id, number.as_str()];
    let answered = &request.answer;
    let version = answered["version"].as_i64().unwrap_or_default();
    let is_there = view.versions.contains_key(&(stay_id, version));
    report.lost += usize::from(!is_there);
    report.look(
        Invariant::AcknowledgedIsStored,
        is_there,
        "an acknowledged change is not stored",
        &ids,
    );
    report.look(
        Invariant::VersionsHaveNoGap,
        version == intent.change.version + 1,
        "a change made another version than the one after that it names",
        &ids,
    );
    let instant = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        let at = chrono::DateTime::parse_from_rfc3339(text);
        at.map_or(i64::MIN, |at| at.timestamp_micros())
    };
    if let Some(stay) = view.stays.get(stay_id) {
        let is_unchanged = (instant(&answered["received_at"]) - stay.received_at).abs() < 1_000
            && instant(&answered["deadline_at"]) == stay.deadline_at
            && text(answered, "timeliness") == stay.timeliness;
        report.look(
            Invariant::ReceivedAtIsHonest,
            is_unchanged,
            "a change moved the filing's time, deadline or verdict",
            &ids,
        );
    }
    // Every version's receipt states the time of filing; the version's own time is in the database.
    let Some(received_at) = view.versions.get(&(stay_id, version)) else {
        return;
    };
    let received_at = received_at.received_at;
    let is_between = view.history.tries(intent).any(|one| {
        let until = one.ended_at().min(request.ended_at());
        (one.sending.at - CLOCK_SLACK..=until.saturating_add(CLOCK_SLACK)).contains(&received_at)
    });
    report.look(
        Invariant::ReceivedAtIsHonest,
        is_between && answered["receipt"]["received_at"] == answered["received_at"],
        "a change was received outside of every try, or its receipt moves the filing",
        &ids,
    );
}

/// I1: answer and stored version say what was sent.
fn is_what_was_sent(
    view: &View<'_>,
    report: &mut Report,
    stay_id: &str,
    expected: &Expected,
    request: &Request<'_>,
) {
    let number = request.sending.request.to_string();
    let answered = &request.answer;
    let digest = digest_of(&answered["receipt"], &expected.content);
    let stored = view.versions.get(&(stay_id, expected.version));
    let is_what_was_sent = digest.is_some()
        && digest.as_deref() == answered["receipt"]["content_sha256"].as_str()
        && stored.is_none_or(|stored| digest.as_deref() == Some(&stored.content_sha256));
    report.look(
        Invariant::AcknowledgedIsStored,
        is_what_was_sent && answered["presence"] == expected.presence,
        "the version of a change does not say what was sent",
        &[stay_id, &number],
    );
}

/// I10 and I20: the police are notified of what concerns them, and the action is audited.
fn is_told_and_audited(
    view: &View<'_>,
    report: &mut Report,
    before: &Expected,
    expected: &Expected,
    maker: &Intent<'_>,
    stored: &Version,
) {
    let number = stored.version.to_string();
    let ids = [stored.stay_id.as_str(), number.as_str()];
    let mut without_note = [before.content.clone(), expected.content.clone()];
    for content in &mut without_note {
        content["note"] = Value::Null;
    }
    let concerns_police =
        maker.operation == Operation::Cancel || without_note[0] != without_note[1];
    report.look(
        Invariant::OneEffectEach,
        stored.is_forwardable == concerns_police,
        "the police are told of what does not concern them, or not of what does",
        &ids,
    );
    let action = action(before, expected, maker.operation);
    let audits = view.audits_of.get(&(ids[0], stored.version));
    let is_audited = audits.is_some_and(|audits| audits.iter().any(|one| one.action == action));
    report.look(
        Invariant::OneAuditEntryEach,
        is_audited,
        "the audit names another deed than the one that was done",
        &ids,
    );
}

fn action(before: &Expected, expected: &Expected, operation: Operation) -> &'static str {
    if operation == Operation::Depart {
        "stay.departed"
    } else if operation == Operation::Extend {
        "stay.extended"
    } else if operation == Operation::Cancel {
        "stay.cancelled"
    } else if before.presence == "departed" && expected.presence == "present" {
        "stay.returned"
    } else {
        "stay.amended"
    }
}

/// I9: the current version is the last acknowledged change.
fn is_current(view: &View<'_>, report: &mut Report, stay_id: &str, expected: &Expected) {
    let Some(stay) = view.stays.get(stay_id) else {
        return;
    };
    report.look(
        Invariant::VersionsHaveNoGap,
        stay.version == expected.version && stay.presence == expected.presence,
        "the current version is not the last acknowledged change",
        &[stay_id],
    );
    let Some(shown) = view.evidence.shown.get(stay_id) else {
        return;
    };
    let digest = digest_of(&shown["receipt"], &expected.content);
    let stored = view.versions.get(&(stay_id, stay.version));
    report.look(
        Invariant::VersionsHaveNoGap,
        shown["version"] == stay.version
            && shown["presence"] == stay.presence.as_str()
            && stored.is_some_and(|stored| digest.as_deref() == Some(&stored.content_sha256)),
        "what is shown is not what the changes add up to",
        &[stay_id],
    );
}

/// The stay after a change.
fn after(before: &Expected, intent: &Intent<'_>) -> Expected {
    let mut content = before.content.clone();
    if intent.operation != Operation::Cancel {
        merge(&mut content, &intent.change.document);
    }
    if let Some(members) = content.as_object_mut() {
        members.remove("reason");
    }
    let presence = if intent.operation == Operation::Cancel {
        "cancelled"
    } else if content["departed_at"].is_string() {
        "departed"
    } else {
        "present"
    };
    Expected {
        version: before.version + 1,
        content,
        presence,
    }
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(members) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

fn acknowledged<'v, 'a>(
    view: &'v View<'a>,
    intent: &'v Intent<'_>,
) -> impl Iterator<Item = &'v Request<'a>> {
    let tries = view.history.tries(intent);
    tries.filter(|request| request.known() == Known::Acknowledged)
}

fn acknowledged_at<'v, 'a>(
    view: &'v View<'a>,
    intent: &'v Intent<'_>,
    version: i64,
) -> impl Iterator<Item = &'v Request<'a>> {
    acknowledged(view, intent).filter(move |request| request.answer["version"] == version)
}

/// The versions named in the answers to a change.
fn versions_made(view: &View<'_>, intent: &Intent<'_>) -> std::collections::BTreeSet<i64> {
    acknowledged(view, intent)
        .map(|request| request.answer["version"].as_i64().unwrap_or_default())
        .collect()
}

fn first_number(view: &View<'_>, intent: &Intent<'_>) -> String {
    let first = view.history.tries(intent).next();
    first.map_or_else(String::new, |request| request.sending.request.to_string())
}
