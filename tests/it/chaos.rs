//! The checker is tested first: on the records of a clean run, then on the same records with a
//! defect planted. A checker that does not find what is planted proves nothing.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{
    Database,
    chaos::{
        Evidence, Invariant, check,
        checker::logical_state,
        journal::{Line, Operation},
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

/// The fifteen ways in which services of this kind lose or double things.
const DEFECTS: [Defect; 15] = [
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
            let id = delivered(evidence, 0);
            amend(evidence, &id);
            let places: Vec<usize> = evidence
                .effects
                .iter()
                .enumerate()
                .filter(|(_, effect)| effect.stay_id == id)
                .map(|(place, _)| place)
                .collect();
            evidence.effects.swap(places[0], places[1]);
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
                Line::Send(sending) => sending.items[0].content["guest"]["document"]["number"]
                    .as_str()
                    .map(str::to_owned),
                Line::Outcome(_) => None,
            });
            let line = format!("{{\"message\":\"no such number: {}\"}}\n", number.unwrap());
            evidence.logs.push(("api".to_owned(), line));
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
    assert_eq!(names.len(), 15);
}

#[tokio::test]
async fn an_amendment_in_order_is_green() {
    let mut evidence = leg::quiet(Database::Sqlite, SEED, 10).await;
    let id = delivered(&evidence, 0);
    amend(&mut evidence, &id);
    let report = check(&evidence);
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn one_history_leaves_the_same_behind_on_both_databases() {
    let (on_sqlite, on_postgres) = tokio::join!(
        leg::quiet(Database::Sqlite, SEED, ERRAND_COUNT),
        leg::quiet(Database::Postgres, SEED, ERRAND_COUNT),
    );
    let (on_sqlite, on_postgres) = (logical_state(&on_sqlite), logical_state(&on_postgres));
    assert!(on_sqlite.len() > 50);
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

/// Gives a stay a second version, everywhere where a real one would be.
fn amend(evidence: &mut Evidence, id: &str) {
    let records = &mut evidence.records;
    let mut version = records.versions.iter().find(|v| v.stay_id == id).cloned();
    let version = version.as_mut().unwrap();
    version.version = 2;
    records.versions.push(version.clone());
    let mut task = records.tasks.iter().find(|t| t.stay_id == id).cloned();
    let task = task.as_mut().unwrap();
    let calls: Vec<_> = records
        .attempts
        .iter()
        .filter(|call| call.task_id == task.id)
        .cloned()
        .collect();
    (task.id, task.version) = (fresh_id(), 2);
    for mut call in calls {
        (call.id, call.task_id) = (fresh_id(), task.id.clone());
        records.attempts.push(call);
    }
    records.tasks.push(task.clone());
    let audits: Vec<_> = records
        .audits
        .iter()
        .filter(|one| one.subject_id == id)
        .cloned()
        .collect();
    for mut audit in audits {
        (audit.id, audit.subject_version) = (fresh_id(), Some(2));
        records.audits.push(audit);
    }
    let mut effect = effect_of(evidence, id);
    effect.notification_id.clone_from(&task.id);
    effect.version = 2;
    effect.police_reference.push_str("-2");
    let reference = effect.police_reference.clone();
    evidence.effects.push(effect);
    let stay = stay(evidence, id);
    (stay.version, stay.delivery_version) = (2, 2);
    stay.police_reference = Some(reference);
    if let Some(shown) = evidence.shown.get_mut(id) {
        shown["version"] = Value::from(2);
    }
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
