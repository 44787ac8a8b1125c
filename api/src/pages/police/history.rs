//! What happened to a case and its stay, as a table.

use chrono::{DateTime, Utc};
use domain::change::ChangeKind;
use domain::review::{DecisionReason, ReviewDecision};
use domain::stay::Timeliness;
use pages::moment;
use pages::police::case::HistoryLine;
use pages::words::Words;
use serde_json::Value;
use uuid::Uuid;

use super::instant;
use super::shown::ShownCase;
use crate::police::versions::{CaseVersion, CaseVersions};

/// A line with the time by which it is ordered.
type Timed = (DateTime<Utc>, HistoryLine);

/// What happened, the newest first.
pub(super) fn lines(
    words: Words,
    case: &ShownCase,
    versions: &CaseVersions,
    officer: Uuid,
) -> Vec<HistoryLine> {
    let mut timed = vec![opened(words, case)];
    let versions = versions.items.iter();
    timed.extend(versions.map(|one| version(words, case, one)));
    timed.extend(attempt(words, case, "registry", words.was_compared()));
    timed.extend(attempt(words, case, "police", words.was_sent()));
    let decisions = case.list("/decisions").iter();
    timed.extend(decisions.map(|decision| decided(words, decision, officer)));
    let questions = case.list("/questions").iter();
    timed.extend(questions.filter_map(|question| answered(words, question)));
    timed.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    timed.into_iter().map(|(_, line)| line).collect()
}

fn line(at: &str, what: &str, who: &'static str, outcome: String) -> Timed {
    let at = instant(at);
    let line = HistoryLine {
        at: moment::exact(at),
        what: what.to_owned(),
        who,
        outcome,
    };
    (at, line)
}

/// A version of the stay. The first one tells whether it was on time.
fn version(words: Words, case: &ShownCase, version: &CaseVersion) -> Timed {
    let what = ChangeKind::parse(&version.change.0);
    let what = what.map_or("", |change| words.of_change(change));
    let changed = version.changed.iter().map(|pointer| pointer.0.as_str());
    let mut members: Vec<&str> = changed.map(|pointer| words.of_member(pointer)).collect();
    members.dedup();
    let timeliness = Timeliness::parse(case.text("/stay/timeliness"));
    let first = timeliness.map_or("", |one| words.of_timeliness(one));
    let outcome = match (version.version, members.is_empty()) {
        (1, _) => first.to_owned(),
        (_, true) => String::new(),
        (_, false) => words.changed_members(members.join(", ")),
    };
    let parts = [outcome.as_str(), version.receipt_number.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let what = words.version_named(version.version, what);
    line(
        &version.made_at.0,
        &what,
        words.by_facility(),
        parts.join(" · "),
    )
}

fn opened(words: Words, case: &ShownCase) -> Timed {
    let version = case.value("/version").and_then(Value::as_u64).unwrap_or(1);
    let outcome = words.version_is(version);
    line(
        case.text("/opened_at"),
        words.was_opened(),
        words.by_system(),
        outcome,
    )
}

/// The calls of a peer.
fn attempt(words: Words, case: &ShownCase, peer: &str, what: &str) -> Option<Timed> {
    let attempts = case.value(&format!("/attempts/{peer}"))?;
    let outcome = match attempts["last_outcome"].as_str().unwrap_or_default() {
        "delivered" => words.attempt_delivered(),
        "answered" => words.attempt_answered(),
        "refused" | "rejected" => words.attempt_refused(),
        _ => words.attempt_failed(),
    };
    let count = words.tried_times(&attempts["count"]);
    let said = format!("{outcome}, {count}");
    let said = match attempts["last_http_status"].as_u64() {
        Some(status) => words.with_status(said, status),
        None => said,
    };
    let at = attempts["last_at"].as_str().unwrap_or_default();
    Some(line(at, what, words.by_system(), said))
}

fn decided(words: Words, decision: &Value, officer: Uuid) -> Timed {
    let text = |name: &str| decision[name].as_str().unwrap_or_default();
    let what = ReviewDecision::parse(text("decision"));
    let reason = DecisionReason::parse(text("reason"));
    let who = match Uuid::try_parse(text("decided_by")) == Ok(officer) {
        true => words.by_you(),
        false => words.by_other_officer(),
    };
    let referred = match text("referred_to") {
        "" => String::new(),
        commune => words.referred_to(commune),
    };
    let reason = reason.map_or("", |reason| words.of_decision_reason(reason));
    let parts = [referred.as_str(), reason, text("note")];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let what = what.map_or("", |what| words.of_decision(what));
    line(text("decided_at"), what, who, parts.join(" · "))
}

fn answered(words: Words, question: &Value) -> Option<Timed> {
    let at = question["answered_at"].as_str()?;
    let answer = question.pointer("/answer/text").and_then(Value::as_str);
    let what = match answer {
        Some(_) => words.was_answered(),
        None => words.was_corrected(),
    };
    let said = answer.unwrap_or_default().to_owned();
    Some(line(at, what, words.by_facility(), said))
}
