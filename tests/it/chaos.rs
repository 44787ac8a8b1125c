//! The checker is tested first: on the records of a clean run, then on the same records with a
//! defect planted. A checker that does not find what is planted proves nothing.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{
    Database,
    chaos::{
        Evidence, Invariant, check,
        checker::logical_state,
        journal::{Line, Operation, Sending},
        leg,
    },
    on_both_databases,
};

const SEED: u64 = 15;
const ERRAND_COUNT: u32 = 60;

on_both_databases![each_planted_defect_turns_the_checker_red];

/// A defect, planted in the records where it would show.
struct Defect {
    name: &'static str,
    /// Invariants that must be found broken.
    breaks: &'static [Invariant],
    plant: fn(&mut Evidence),
}

/// The fifteen ways in which services of this kind lose or double things, and eleven in which they
/// lose or double changes.
const DEFECTS: [Defect; 26] = [
    Defect {
        name: "acknowledged before the commit",
        breaks: &[Invariant::AcknowledgedIsStored],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            forget(evidence, &id);
        },
    },
    Defect {
        name: "outbox written outside of the transaction",
        breaks: &[Invariant::AllOrNone],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            evidence.records.tasks.retain(|task| task.stay_id != id);
            evidence.effects.retain(|effect| effect.stay_id != id);
        },
    },
    Defect {
        name: "key kept without the hash of its request",
        breaks: &[Invariant::KeyHasOneEffect],
        plant: |evidence| {
            // Another request under a taken key is answered as if it were the first.
            let (key, reused) = sent(evidence, Operation::ReuseKey);
            let first = answer_under(evidence, &key);
            answer(evidence, reused, 200, first);
        },
    },
    Defect {
        name: "no fencing",
        breaks: &[Invariant::OneLeaseAtATime],
        plant: |evidence| {
            // The sleeper ends the task of its successor once more.
            let id = delivered(evidence, 0);
            let mut told = evidence.records.audits.iter();
            let end =
                told.find(|one| one.subject_id == id && one.action == "notification.delivered");
            let mut again = end.cloned().unwrap();
            again.id = fresh_id();
            evidence.records.audits.push(again);
        },
    },
    Defect {
        name: "id made anew for each attempt",
        breaks: &[Invariant::OneEffectEach],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            let mut second = effect_of(evidence, &id);
            second.notification_id = fresh_id();
            evidence.effects.push(second);
        },
    },
    Defect {
        name: "delivered on 200 with HTML",
        breaks: &[Invariant::PoliceReferenceIsTheirs],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            stay(evidence, &id).police_reference = None;
        },
    },
    Defect {
        name: "set aside on a time-out",
        breaks: &[Invariant::EndedAsItShould],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            let tasks = evidence.records.tasks.iter_mut();
            for task in tasks.filter(|task| task.stay_id == id) {
                task.state = "parked".to_owned();
            }
            evidence.effects.retain(|effect| effect.stay_id != id);
            let audits = evidence.records.audits.iter_mut();
            for audit in audits.filter(|one| one.subject_id == id) {
                audit.action = audit.action.replace(".delivered", ".parked");
            }
            stay(evidence, &id).delivery_state = "parked".to_owned();
        },
    },
    Defect {
        name: "order of versions ignored",
        breaks: &[Invariant::EffectsInOrder],
        plant: |evidence| {
            let id = changed(evidence);
            let places: Vec<usize> = evidence
                .effects
                .iter()
                .enumerate()
                .filter(|(_, effect)| effect.stay_id == id)
                .map(|(place, _)| place)
                .collect();
            evidence.effects.swap(places[1], places[2]);
        },
    },
    Defect {
        name: "audit entry left out on one path",
        breaks: &[Invariant::AllOrNone],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            let audits = &mut evidence.records.audits;
            audits.retain(|one| one.subject_id != id || !one.action.starts_with("stay."));
        },
    },
    Defect {
        name: "receipt signed over the input instead of the stored version",
        breaks: &[Invariant::ReceiptsVerify],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            let versions = evidence.records.versions.iter_mut();
            for version in versions.filter(|version| version.stay_id == id) {
                version.content_sha256 = "00".repeat(32);
            }
        },
    },
    Defect {
        name: "leases by the wall clock",
        breaks: &[Invariant::OneLeaseAtATime],
        plant: |evidence| {
            // A clock that jumped ends a lease while its call is on the way.
            let mut calls = evidence.records.attempts.iter_mut();
            let call = calls.find(|call| call.peer == "police").unwrap();
            call.latency_ms = 900;
            let mut other = call.clone();
            other.id = fresh_id();
            other.lease_id = fresh_id();
            other.started_at += 300_000;
            evidence.records.attempts.push(other);
        },
    },
    Defect {
        name: "outcomes of a batch shifted by one",
        breaks: &[Invariant::BatchAnswersEachItem],
        plant: |evidence| {
            let (_, request) = sent(evidence, Operation::Batch);
            let mut body = body_of(evidence, request);
            let results = body["results"].as_array_mut().unwrap();
            let mut stays: Vec<Value> = results.iter_mut().map(|one| one["stay"].take()).collect();
            stays.rotate_right(1);
            for (result, stay) in results.iter_mut().zip(stays) {
                result["stay"] = stay;
            }
            answer(evidence, request, 200, body.to_string());
        },
    },
    Defect {
        name: "sent again after a restore under a new id",
        breaks: &[Invariant::NothingSentBeforeCommit, Invariant::OneEffectEach],
        plant: |evidence| {
            let id = delivered(evidence, 0);
            let mut second = effect_of(evidence, &id);
            second.notification_id = fresh_id();
            let tasks = evidence.records.tasks.iter_mut();
            for task in tasks.filter(|task| task.stay_id == id) {
                task.id.clone_from(&second.notification_id);
            }
            evidence.effects.push(second);
        },
    },
    Defect {
        name: "synchronous off: the last commits are gone",
        breaks: &[Invariant::AcknowledgedIsStored],
        plant: |evidence| {
            let mut stays: Vec<(i64, String)> = evidence
                .records
                .stays
                .iter()
                .map(|stay| (stay.received_at, stay.id.clone()))
                .collect();
            stays.sort();
            for (_, id) in stays.iter().rev().take(5) {
                forget(evidence, id);
            }
        },
    },
    Defect {
        name: "number of a document in a log line",
        breaks: &[Invariant::NoPersonalValueLeaks],
        plant: |evidence| {
            let number = evidence.journal.iter().find_map(|line| match line {
                Line::Send(sending) => {
                    sending.items.first()?.content["guest"]["document"]["number"]
                        .as_str()
                        .map(str::to_owned)
                }
                Line::Outcome(_) => None,
            });
            let line = format!("{{\"message\":\"no such number: {}\"}}\n", number.unwrap());
            evidence.logs.push(("api".to_owned(), line));
        },
    },
    Defect {
        name: "a version between two others is gone",
        breaks: &[
            Invariant::VersionsHaveNoGap,
            Invariant::AcknowledgedIsStored,
        ],
        plant: |evidence| {
            let id = changed(evidence);
            forget_version(evidence, &id, 2);
        },
    },
    Defect {
        name: "the last acknowledged change is lost",
        breaks: &[
            Invariant::VersionsHaveNoGap,
            Invariant::AcknowledgedIsStored,
        ],
        plant: |evidence| {
            let id = changed(evidence);
            let last = stay(evidence, &id).version;
            forget_version(evidence, &id, last);
            let stay = stay(evidence, &id);
            stay.version = last - 1;
            stay.presence = "present".to_owned();
        },
    },
    Defect {
        name: "of two changes of one version the later one wins, and both are acknowledged",
        breaks: &[Invariant::VersionsHaveNoGap],
        plant: |evidence| {
            let id = changed(evidence);
            let rivals = requests_of(evidence, &id, |sending| {
                sending.change.as_ref().is_some_and(|one| one.has_rival)
            });
            let (mut lost, mut won) = (None, String::new());
            for request in rivals {
                let body = body_of(evidence, request);
                if body["version"].is_number() {
                    won = body.to_string();
                } else {
                    lost = Some(request);
                }
            }
            answer(evidence, lost.unwrap(), 200, won);
        },
    },
    Defect {
        name: "a change is made once more when it is sent again",
        breaks: &[Invariant::NothingElseIsStored],
        plant: |evidence| {
            let id = changed(evidence);
            let last = stay(evidence, &id).version;
            repeat_version(evidence, &id, last);
        },
    },
    Defect {
        name: "a cancellation forgets the versions before it",
        breaks: &[Invariant::VersionsHaveNoGap],
        plant: |evidence| {
            let id = changed(evidence);
            let last = stay(evidence, &id).version;
            let versions = &mut evidence.records.versions;
            versions.retain(|row| row.stay_id != id || row.version == last);
        },
    },
    Defect {
        name: "a departure is kept from the police",
        breaks: &[Invariant::OneEffectEach],
        plant: |evidence| {
            let id = changed(evidence);
            let departure = departure(evidence);
            let version = body_of(evidence, departure)["version"].as_i64().unwrap();
            let records = &mut evidence.records;
            let is_it = |of: &str, number: i64| of == id && number == version;
            records
                .tasks
                .retain(|row| !is_it(&row.stay_id, row.version));
            evidence
                .effects
                .retain(|row| !is_it(&row.stay_id, row.version));
            let versions = records.versions.iter_mut();
            for row in versions.filter(|row| is_it(&row.stay_id, row.version)) {
                row.is_forwardable = false;
            }
        },
    },
    Defect {
        name: "the version in If-Match is not looked at",
        breaks: &[Invariant::RefusedLeftNothing],
        plant: |evidence| {
            let (_, stale) = sent(evidence, Operation::Stale);
            let id = changed(evidence);
            let made = requests_of(evidence, &id, |sending| {
                sending.operation == Operation::Amend
            });
            let body = body_of(evidence, made[0]);
            answer(evidence, stale, 200, body.to_string());
        },
    },
    Defect {
        name: "a version is sent before the one before it has its answer",
        breaks: &[Invariant::EffectsInOrder],
        plant: |evidence| {
            let id = changed(evidence);
            let tasks = evidence.records.tasks.iter();
            let next = tasks.filter(|task| task.stay_id == id && task.version > 1);
            let next = next.min_by_key(|task| task.version).unwrap().id.clone();
            let calls = evidence.records.attempts.iter_mut();
            for call in calls.filter(|call| call.task_id == next) {
                call.started_at -= 60_000_000;
            }
        },
    },
    Defect {
        name: "a change is laid over an older version",
        breaks: &[Invariant::AcknowledgedIsStored],
        plant: |evidence| {
            // The previous change's data is gone: the digests cover other content.
            let id = changed(evidence);
            let versions = evidence.records.versions.iter_mut();
            let row = versions
                .into_iter()
                .find(|row| row.stay_id == id && row.version == 3);
            row.unwrap().content_sha256 = "11".repeat(32);
        },
    },
    Defect {
        name: "a change moves the verdict",
        breaks: &[Invariant::ReceivedAtIsHonest],
        plant: |evidence| {
            let departure = departure(evidence);
            let mut body = body_of(evidence, departure);
            body["timeliness"] = Value::from("late");
            answer(evidence, departure, 200, body.to_string());
        },
    },
    Defect {
        name: "the key of a change answers as the stay is now",
        breaks: &[Invariant::KeyHasOneEffect],
        plant: |evidence| {
            let id = changed(evidence);
            let amended = requests_of(evidence, &id, |sending| {
                sending.operation == Operation::Amend
            });
            let again = *amended.last().unwrap();
            let now = evidence.shown[&id].to_string();
            answer(evidence, again, 200, now);
        },
    },
];

async fn each_planted_defect_turns_the_checker_red(database: Database) {
    let clean = leg::quiet(database, SEED, ERRAND_COUNT).await;
    let report = check(&clean);
    assert!(report.is_clean(), "a clean run is green: {report}");
    assert!(report.acknowledged > 50, "{report}");
    for invariant in Invariant::ALL {
        let is_looked_at = report.looks.get(&invariant).copied() > Some(0);
        assert!(is_looked_at, "{invariant:?} was never looked at");
    }
    let mut missed = Vec::new();
    for defect in &DEFECTS {
        let mut evidence = clean.clone();
        (defect.plant)(&mut evidence);
        let broken = check(&evidence).broken();
        if !defect.breaks.iter().all(|one| broken.contains(one)) {
            missed.push((defect.name, broken));
        }
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
}

#[test]
fn no_defect_is_there_twice() {
    let names: BTreeSet<&str> = DEFECTS.iter().map(|defect| defect.name).collect();
    assert_eq!(names.len(), DEFECTS.len());
}

#[tokio::test]
async fn one_history_leaves_the_same_behind_on_both_databases() {
    let (on_sqlite, on_postgres) = tokio::join!(
        leg::quiet(Database::Sqlite, SEED, ERRAND_COUNT),
        leg::quiet(Database::Postgres, SEED, ERRAND_COUNT),
    );
    let (on_sqlite, on_postgres) = (logical_state(&on_sqlite), logical_state(&on_postgres));
    assert!(on_sqlite.len() > 50);
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        let lines = one.iter().filter(|line| !other.contains(line));
        lines.cloned().collect()
    };
    assert_eq!(
        only(&on_sqlite, &on_postgres),
        only(&on_postgres, &on_sqlite),
        "left: on SQLite only, right: on PostgreSQL only"
    );
    assert_eq!(on_sqlite, on_postgres);
}

fn fresh_id() -> String {
    let number = tests::people::next();
    format!("00000000-0000-7000-8000-{number:012}")
}

/// The id of a stay that was declared alone and is at the police.
fn delivered(evidence: &Evidence, place: usize) -> String {
    let ids: BTreeSet<&str> = evidence
        .effects
        .iter()
        .map(|effect| effect.stay_id.as_str())
        .collect();
    let answers = evidence.journal.iter().filter_map(|line| match line {
        Line::Outcome(ending) => serde_json::from_str::<Value>(ending.body.as_deref()?).ok(),
        Line::Send(_) => None,
    });
    let mut alone = answers.filter_map(|answer| {
        let id = answer["id"].as_str()?;
        ids.contains(id).then(|| id.to_owned())
    });
    alone.nth(place).unwrap()
}

fn stay<'a>(evidence: &'a mut Evidence, id: &str) -> &'a mut tests::chaos::records::Stay {
    let stays = evidence.records.stays.iter_mut();
    stays.into_iter().find(|stay| stay.id == id).unwrap()
}

fn effect_of(evidence: &Evidence, id: &str) -> tests::chaos::evidence::Effect {
    let mut effects = evidence.effects.iter();
    effects.find(|effect| effect.stay_id == id).unwrap().clone()
}

/// Takes a stay and everything of it out of the database, as if it had never been committed.
fn forget(evidence: &mut Evidence, id: &str) {
    let records = &mut evidence.records;
    records.stays.retain(|row| row.id != id);
    records.versions.retain(|row| row.stay_id != id);
    records.tasks.retain(|row| row.stay_id != id);
    records.audits.retain(|row| row.subject_id != id);
    records.declaration_keys.retain(|row| row.stay_id != id);
    let is_of_it = |of: &Option<String>| of.as_deref() == Some(id);
    records
        .idempotency_keys
        .retain(|row| !is_of_it(&row.stay_id));
    records.events.retain(|row| !is_of_it(&row.stay_id));
    evidence.shown.remove(id);
}

/// The stay to which everything happened: the one with the most versions.
fn changed(evidence: &Evidence) -> String {
    let stays = evidence.records.stays.iter();
    let stay = stays.max_by_key(|stay| stay.version).unwrap();
    assert!(stay.version > 5, "no stay was changed often");
    stay.id.clone()
}

/// Takes one version of a stay out of everything.
fn forget_version(evidence: &mut Evidence, id: &str, version: i64) {
    let records = &mut evidence.records;
    let is_it = |of: &str, number: i64| of == id && number == version;
    records
        .versions
        .retain(|row| !is_it(&row.stay_id, row.version));
    records
        .tasks
        .retain(|row| !is_it(&row.stay_id, row.version));
    records
        .audits
        .retain(|row| !is_it(&row.subject_id, row.subject_version.unwrap_or_default()));
    records
        .events
        .retain(|row| row.stay_id.as_deref() != Some(id) || row.version != Some(version));
    evidence
        .effects
        .retain(|row| !is_it(&row.stay_id, row.version));
}

/// Makes the last version of a stay once more, everywhere where a real one would be.
fn repeat_version(evidence: &mut Evidence, id: &str, last: i64) {
    let records = &mut evidence.records;
    let version = records
        .versions
        .iter_mut()
        .find(|row| row.stay_id == id && row.version == last);
    let mut version = version.unwrap().clone();
    version.version += 1;
    version.is_forwardable = false;
    records.versions.push(version);
    let audits = records.audits.iter();
    let audit = audits
        .into_iter()
        .find(|row| row.subject_id == id && row.subject_version == Some(last));
    let mut audit = audit.unwrap().clone();
    (audit.id, audit.subject_version) = (fresh_id(), Some(last + 1));
    records.audits.push(audit);
    let events = records.events.iter();
    let event = events
        .into_iter()
        .find(|row| row.stay_id.as_deref() == Some(id) && row.version == Some(last));
    let mut event = event.unwrap().clone();
    (event.id, event.version) = (fresh_id(), Some(last + 1));
    records.events.push(event);
    stay(evidence, id).version += 1;
    if let Some(shown) = evidence.shown.get_mut(id) {
        shown["version"] = Value::from(last + 1);
    }
}

/// Numbers of the changes of a stay that are such, in the order of sending.
fn requests_of(evidence: &Evidence, id: &str, is_such: impl Fn(&Sending) -> bool) -> Vec<u64> {
    let lines = evidence.journal.iter();
    let sendings = lines.filter_map(|line| match line {
        Line::Send(sending) => Some(sending),
        Line::Outcome(_) => None,
    });
    sendings
        .filter(|sending| sending.change.as_ref().is_some_and(|one| one.stay_id == id))
        .filter(|sending| is_such(sending))
        .map(|sending| sending.request)
        .collect()
}

/// The departure of the stay to which everything happened.
fn departure(evidence: &Evidence) -> u64 {
    let is_departure = |sending: &Sending| sending.operation == Operation::Depart;
    requests_of(evidence, &changed(evidence), is_departure)[0]
}

/// Key and number of the first request of a kind.
fn sent(evidence: &Evidence, operation: Operation) -> (String, u64) {
    let found = evidence.journal.iter().find_map(|line| match line {
        Line::Send(sending) if sending.operation == operation && sending.items.len() != 2 => {
            Some((sending.key.clone(), sending.request))
        }
        Line::Send(_) | Line::Outcome(_) => None,
    });
    found.unwrap_or_else(|| panic!("seed {SEED} sends no {operation:?}"))
}

fn answer_under(evidence: &Evidence, key: &str) -> String {
    let request = evidence.journal.iter().find_map(|line| match line {
        Line::Send(sending) if sending.key == key => Some(sending.request),
        Line::Send(_) | Line::Outcome(_) => None,
    });
    body_of(evidence, request.unwrap()).to_string()
}

fn body_of(evidence: &Evidence, request: u64) -> Value {
    let body = evidence.journal.iter().find_map(|line| match line {
        Line::Outcome(ending) if ending.request == request => ending.body.as_deref(),
        Line::Send(_) | Line::Outcome(_) => None,
    });
    serde_json::from_str(body.unwrap()).unwrap()
}

/// Changes what a request was answered with.
fn answer(evidence: &mut Evidence, request: u64, status: u16, body: String) {
    for line in &mut evidence.journal {
        if let Line::Outcome(ending) = line
            && ending.request == request
        {
            (ending.status, ending.body) = (Some(status), Some(body.clone()));
        }
    }
}
