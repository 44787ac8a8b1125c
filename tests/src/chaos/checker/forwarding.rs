//! I10 to I17 and I20: compares stored data with the police's ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        evidence::Effect,
        records::{Attempt, Task},
    },
    Invariant, Report, View, grouped, text,
};

/// How far the clocks of two processes of one machine may seem apart, in microseconds.
const CLOCK_SLACK: i64 = 50_000;

pub(super) fn check(view: &View<'_>, report: &mut Report) {
    let by_id: BTreeMap<&str, Vec<&Effect>> =
        grouped(&view.evidence.effects, |e| e.notification_id.as_str());
    effects(view, report, &by_id);
    for task in &view.evidence.records.tasks {
        let effect = by_id.get(task.id.as_str()).map(|effects| effects[0]);
        ended(view, report, task);
        arrived(view, report, task, effect);
    }
    withdrawn(view, report);
    order(view, report);
    turns(view, report);
    leases(view, report, &by_id);
    audits(view, report);
}

/// I10 and I11, from the side of the police.
fn effects(view: &View<'_>, report: &mut Report, by_id: &BTreeMap<&str, Vec<&Effect>>) {
    for (id, effects) in by_id {
        report.doubled += effects.len() - 1;
        report.look(
            Invariant::OneEffectEach,
            effects.len() == 1,
            "a notification has more than one effect",
            &[id],
        );
        report.look(
            Invariant::NothingSentBeforeCommit,
            view.tasks.contains_key(id),
            "the police have a notification that is not stored",
            &[id, &effects[0].stay_id],
        );
    }
    let by_meaning = grouped(&view.evidence.effects, |e| {
        (e.stay_id.as_str(), e.version, e.kind.as_str())
    });
    for ((stay_id, version, _), effects) in by_meaning {
        report.doubled += effects.len() - 1;
        report.look(
            Invariant::OneEffectEach,
            effects.len() == 1,
            "one version of a stay has more than one effect",
            &[stay_id, &version.to_string()],
        );
    }
}

/// I15.
fn ended(view: &View<'_>, report: &mut Report, task: &Task) {
    let invariant = Invariant::EndedAsItShould;
    let is_settled = task.settled_at.is_some() && task.lease_id.is_none();
    report.look(invariant, is_settled, "a task is still open", &[&task.id]);
    let shown = view.evidence.shown.get(&task.stay_id);
    let reference = shown
        .map(|stay| text(stay, "reference"))
        .unwrap_or_default();
    let declaration = view.history.declarations.get(reference);
    let is_planted = declaration.is_some_and(|one| one.item.is_refused_by_police);
    let expected = if is_planted { "refused" } else { "delivered" };
    report.look(
        invariant,
        !is_settled || task.state == expected,
        "a task ended otherwise than it should",
        &[&task.id, &task.state],
    );
}

/// I11 and I15 of what was taken back on a page: no task is left, and the police never heard of it.
fn withdrawn(view: &View<'_>, report: &mut Report) {
    for (stay_id, shown) in &view.evidence.shown {
        if !is_withdrawn(shown) {
            continue;
        }
        let mut tasks = view.evidence.records.tasks.iter();
        report.look(
            Invariant::EndedAsItShould,
            tasks.all(|task| task.stay_id != *stay_id),
            "a task is left of a stay that was withdrawn",
            &[stay_id],
        );
        report.look(
            Invariant::NothingSentBeforeCommit,
            !view.effects_of.contains_key(stay_id.as_str()),
            "the police have a stay that was withdrawn",
            &[stay_id],
        );
    }
}

/// Whether a stay, as its sender sees it, was taken back before it was sent.
pub(super) fn is_withdrawn(shown: &serde_json::Value) -> bool {
    shown["delivery"]["reason"] == "withdrawn"
}

/// I10, I12 and I16, from our side.
fn arrived(view: &View<'_>, report: &mut Report, task: &Task, effect: Option<&Effect>) {
    if task.state != "delivered" {
        // A planted refusal takes no effect.
        report.look(
            Invariant::OneEffectEach,
            effect.is_none() || task.settled_at.is_none(),
            "the police have what is not delivered here",
            &[&task.id],
        );
        return;
    }
    let Some(effect) = effect else {
        report.look(
            Invariant::OneEffectEach,
            false,
            "what is delivered here has no effect at the police",
            &[&task.id],
        );
        return;
    };
    report.look(
        Invariant::OneEffectEach,
        effect.stay_id == task.stay_id && effect.version == task.version,
        "an effect speaks of another version than its task",
        &[&task.id],
    );
    report.look(
        Invariant::SameBytesEachTime,
        task.body_sha256.as_deref() == Some(&effect.body_sha256),
        "the police have other bytes than were fixed here",
        &[&task.id],
    );
    let Some(stay) = view.stays.get(task.stay_id.as_str()) else {
        return;
    };
    if task.version == stay.delivery_version && task.kind != "identity_result" {
        report.look(
            Invariant::PoliceReferenceIsTheirs,
            stay.police_reference.as_deref() == Some(&effect.police_reference),
            "the stored police reference is not the police's",
            &[&task.id],
        );
        report.look(
            Invariant::EndedAsItShould,
            stay.delivery_state == "acknowledged",
            "a stay's delivery does not read acknowledged though it is",
            &[&stay.id],
        );
    }
}

/// I13. The listing is in the order of acceptance.
fn order(view: &View<'_>, report: &mut Report) {
    for (stay_id, effects) in &view.effects_of {
        let places: Vec<(i64, bool)> = effects
            .iter()
            .map(|effect| (effect.version, effect.kind == "identity_result"))
            .collect();
        let newest = places.iter().map(|place| place.0).max();
        let stay = view.stays.get(stay_id);
        report.look(
            Invariant::EffectsInOrder,
            places.is_sorted(),
            "effects of a stay came out of order",
            &[stay_id],
        );
        let is_newest = stay.is_none_or(|stay| {
            stay.delivery_state != "acknowledged" || newest == Some(stay.delivery_version)
        });
        report.look(
            Invariant::EffectsInOrder,
            is_newest,
            "the police have not the newest version of a stay",
            &[stay_id],
        );
    }
}

/// I13 on our side: the police were not called for a version before the one before it had ended.
fn turns(view: &View<'_>, report: &mut Report) {
    let mut first_calls: BTreeMap<&str, i64> = BTreeMap::new();
    for call in &view.evidence.records.attempts {
        if call.peer == "police" {
            let at = view.on_our_clock(call.started_at);
            let first = first_calls.entry(&call.task_id).or_insert(at);
            *first = at.min(*first);
        }
    }
    let tasks = view.evidence.records.tasks.iter();
    let mut versions: Vec<&Task> = tasks
        .filter(|task| task.kind != "identity_result")
        .collect();
    versions.sort_by_key(|task| (&task.stay_id, task.version));
    for pair in versions.windows(2) {
        let (one, next) = (pair[0], pair[1]);
        let (Some(ended_at), Some(called_at)) = (one.settled_at, first_calls.get(next.id.as_str()))
        else {
            continue;
        };
        if one.stay_id == next.stay_id {
            report.look(
                Invariant::EffectsInOrder,
                view.on_our_clock(ended_at) <= called_at + CLOCK_SLACK,
                "the police were called for a version before the one before it had ended",
                &[&one.id, &next.id],
            );
        }
    }
}

/// I12, I14 and I17, from the calls on record.
fn leases(view: &View<'_>, report: &mut Report, by_id: &BTreeMap<&str, Vec<&Effect>>) {
    let deeds = &view.evidence.deeds;
    let attempts = grouped(&view.evidence.records.attempts, |a| a.task_id.as_str());
    for (task_id, attempts) in &attempts {
        let mut calls: Vec<&&Attempt> = attempts.iter().collect();
        calls.sort_by_key(|call| view.on_our_clock(call.started_at));
        let is_apart = calls.windows(2).all(|pair| {
            let (one, next) = (pair[0], pair[1]);
            // A call that outlives its time limit was made by a suspended worker whose lease has
            // ended.
            let lasted = one.latency_ms.min(deeds.call_timeout_ms) * 1_000;
            one.lease_id == next.lease_id
                || view.on_our_clock(next.started_at) + CLOCK_SLACK
                    >= view.on_our_clock(one.started_at) + lasted
        });
        report.look(
            Invariant::OneLeaseAtATime,
            is_apart,
            "two workers called for one task at the same time",
            &[task_id],
        );
        let has_no_conflict = attempts.iter().all(|call| call.http_status != Some(409));
        report.look(
            Invariant::SameBytesEachTime,
            has_no_conflict,
            "the police saw other bytes under one id",
            &[task_id],
        );
    }
    for (id, effects) in by_id {
        let calls = attempts.get(id).map_or(0, |calls| {
            calls.iter().filter(|call| call.peer == "police").count() as u64
        });
        let seen: i64 = effects.iter().map(|effect| effect.deliveries).sum();
        let is_on_record = calls + deeds.worker_kills >= seen.unsigned_abs();
        report.look(
            Invariant::AttemptsAreOnRecord,
            is_on_record,
            "the police saw more requests than are on record and deaths explain",
            &[id],
        );
    }
}

/// I14 and I20: each end of a task is on record once.
fn audits(view: &View<'_>, report: &mut Report) {
    let versions: BTreeSet<_> = view.tasks_of.keys().chain(view.audits_of.keys()).collect();
    for place in versions {
        let tasks = view.tasks_of.get(place).map_or(&[][..], Vec::as_slice);
        let audits = view.audits_of.get(place).map_or(&[][..], Vec::as_slice);
        for (state, action) in [
            ("delivered", "notification.delivered"),
            ("refused", "notification.refused"),
            ("parked", "notification.parked"),
        ] {
            let ended = tasks.iter().filter(|task| task.state == state).count();
            let told = audits.iter().filter(|one| one.action == action).count();
            let number = place.1.to_string();
            report.look(
                Invariant::OneAuditEntryEach,
                told >= ended,
                "the end of a task is not in the audit",
                &[place.0, &number, action],
            );
            report.look(
                Invariant::OneLeaseAtATime,
                told <= ended,
                "a task was ended more often than once",
                &[place.0, &number, action],
            );
        }
    }
}
