//! Compares J, D and P, and reports each violated invariant and the ids concerned.
//!
//! Checks of each invariant are counted, so that an unchecked invariant does not pass for one that
//! holds.

mod changes;
mod forwarding;
mod intake;
mod receipts;
mod structure;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use super::{
    evidence::{Effect, Evidence},
    history::{History, Known},
    journal::Item,
    records::{Audit, Stay, Task, Version},
};

pub use structure::logical_state;

/// Violations that a report shows of each invariant; all are counted.
const SHOWN_COUNT_MAX: usize = 5;

/// How much longer than the harness thinks a run may have lasted, in microseconds.
const DATING_SLACK: i64 = 1_000_000;

/// What must hold, whatever was killed, cut or slowed down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Every acknowledged stay is stored, with the id in its answer and the content that was sent.
    AcknowledgedIsStored,
    /// An unknown request is stored once or not at all; a retry returns the first receipt.
    UnknownIsStoredOnceAtMost,
    /// What was refused left nothing.
    RefusedLeftNothing,
    /// Nothing is stored that was not sent.
    NothingElseIsStored,
    /// Stay, version, task, audit entry and keys are there all together.
    AllOrNone,
    /// A key has one effect, and one body as answer.
    KeyHasOneEffect,
    /// A batch has one outcome an item, at its place.
    BatchAnswersEachItem,
    /// The time of receipt lies between request and answer, and its verdict stays.
    ReceivedAtIsHonest,
    /// Versions have no gap, and the newest is the current one.
    VersionsHaveNoGap,
    /// Each notification has exactly one effect at the police.
    OneEffectEach,
    /// The police have nothing that is not stored.
    NothingSentBeforeCommit,
    /// The same notification has the same bytes each time.
    SameBytesEachTime,
    /// Effects of a stay come in the order of its versions.
    EffectsInOrder,
    /// No two workers have one task at the same time, and none ends it twice.
    OneLeaseAtATime,
    /// Every task ended as it should: parked or refused are the planted ones only.
    EndedAsItShould,
    /// The stored police reference is the police's own.
    PoliceReferenceIsTheirs,
    /// Everything the police saw is on record here.
    AttemptsAreOnRecord,
    /// Receipts verify offline and speak of the stored version.
    ReceiptsVerify,
    /// Every change of state has exactly one audit entry.
    OneAuditEntryEach,
    /// The digest of a facility's day is the one the sender computes.
    DayDigestAgrees,
    /// No value of a person is in a log, a metric or an error.
    NoPersonalValueLeaks,
    /// The backlog drains in time.
    BacklogDrains,
    /// No request waits forever.
    EveryRequestEnds,
}

impl Invariant {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 23] = [
        Self::AcknowledgedIsStored,
        Self::UnknownIsStoredOnceAtMost,
        Self::RefusedLeftNothing,
        Self::NothingElseIsStored,
        Self::AllOrNone,
        Self::KeyHasOneEffect,
        Self::BatchAnswersEachItem,
        Self::ReceivedAtIsHonest,
        Self::VersionsHaveNoGap,
        Self::OneEffectEach,
        Self::NothingSentBeforeCommit,
        Self::SameBytesEachTime,
        Self::EffectsInOrder,
        Self::OneLeaseAtATime,
        Self::EndedAsItShould,
        Self::PoliceReferenceIsTheirs,
        Self::AttemptsAreOnRecord,
        Self::ReceiptsVerify,
        Self::OneAuditEntryEach,
        Self::DayDigestAgrees,
        Self::NoPersonalValueLeaks,
        Self::BacklogDrains,
        Self::EveryRequestEnds,
    ];

    /// The number it has in `docs/reliability.md`.
    pub const fn number(self) -> &'static str {
        match self {
            Self::AcknowledgedIsStored => "I1",
            Self::UnknownIsStoredOnceAtMost => "I2",
            Self::RefusedLeftNothing => "I3",
            Self::NothingElseIsStored => "I4",
            Self::AllOrNone => "I5",
            Self::KeyHasOneEffect => "I6",
            Self::BatchAnswersEachItem => "I7",
            Self::ReceivedAtIsHonest => "I8",
            Self::VersionsHaveNoGap => "I9",
            Self::OneEffectEach => "I10",
            Self::NothingSentBeforeCommit => "I11",
            Self::SameBytesEachTime => "I12",
            Self::EffectsInOrder => "I13",
            Self::OneLeaseAtATime => "I14",
            Self::EndedAsItShould => "I15",
            Self::PoliceReferenceIsTheirs => "I16",
            Self::AttemptsAreOnRecord => "I17",
            Self::ReceiptsVerify => "I18",
            Self::OneAuditEntryEach => "I20",
            Self::DayDigestAgrees => "I23",
            Self::NoPersonalValueLeaks => "I25",
            Self::BacklogDrains => "I29",
            Self::EveryRequestEnds => "I30",
        }
    }
}

/// One case in which an invariant does not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// What is wrong, without any value of a person.
    pub what: &'static str,
    /// What it concerns: ids, references, request numbers.
    pub ids: Vec<String>,
}

/// What the checker found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How often each invariant was checked.
    pub looks: BTreeMap<Invariant, u64>,
    /// Where it does not hold.
    pub violations: Vec<Violation>,
    /// Stays that were acknowledged.
    pub acknowledged: usize,
    /// Changes that were acknowledged.
    pub changes: usize,
    /// Of these and of the stays, those that are not stored.
    pub lost: usize,
    /// Effects at the police beyond one for a notification, and stays stored twice.
    pub doubled: usize,
    /// Requests sent.
    pub requests: usize,
    /// Of these, without a complete answer.
    pub unknown: usize,
    /// Effects at the police.
    pub effects: usize,
}

impl Report {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// The invariants that do not hold.
    pub fn broken(&self) -> BTreeSet<Invariant> {
        let broken = self.violations.iter().map(|violation| violation.invariant);
        broken.collect()
    }

    /// Performs one check: unless `holds`, records a violation.
    fn look(&mut self, invariant: Invariant, holds: bool, what: &'static str, ids: &[&str]) {
        *self.looks.entry(invariant).or_default() += 1;
        if !holds {
            self.violations.push(Violation {
                invariant,
                what,
                ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            });
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} requests, {} without a complete answer; {} stays and {} changes acknowledged, {} \
             effects at the police; lost {}, doubled {}",
            self.requests,
            self.unknown,
            self.acknowledged,
            self.changes,
            self.effects,
            self.lost,
            self.doubled
        )?;
        for invariant in Invariant::ALL {
            let looks = self.looks.get(&invariant).copied().unwrap_or_default();
            let found: Vec<&Violation> = self
                .violations
                .iter()
                .filter(|violation| violation.invariant == invariant)
                .collect();
            if found.is_empty() {
                continue;
            }
            writeln!(
                out,
                "  {} {invariant:?}: {} of {looks} looks found a violation",
                invariant.number(),
                found.len()
            )?;
            for violation in found.iter().take(SHOWN_COUNT_MAX) {
                writeln!(out, "    {}: {}", violation.what, violation.ids.join(" "))?;
            }
        }
        let looked: Vec<String> = self
            .looks
            .iter()
            .map(|(invariant, count)| format!("{} {count}", invariant.number()))
            .collect();
        write!(out, "  looks: {}", looked.join(", "))
    }
}

/// Looks at every invariant.
pub fn check(evidence: &Evidence) -> Report {
    let view = View::of(evidence);
    let mut report = Report {
        requests: view.history.requests.len(),
        effects: evidence.effects.len(),
        ..Report::default()
    };
    intake::check(&view, &mut report);
    changes::check(&view, &mut report);
    receipts::check(&view, &mut report);
    forwarding::check(&view, &mut report);
    structure::check(&view, &mut report);
    report
}

/// The records, with ways to find things in them.
struct View<'a> {
    evidence: &'a Evidence,
    history: History<'a>,
    stays: BTreeMap<&'a str, &'a Stay>,
    versions: BTreeMap<(&'a str, i64), &'a Version>,
    tasks: BTreeMap<&'a str, &'a Task>,
    tasks_of: BTreeMap<(&'a str, i64), Vec<&'a Task>>,
    audits_of: BTreeMap<(&'a str, i64), Vec<&'a Audit>>,
    effects_of: BTreeMap<&'a str, Vec<&'a Effect>>,
    /// The content of acknowledged stays, by id.
    declared_as: BTreeMap<String, &'a Item>,
    /// Ids of stored stays by the reference that the service shows.
    by_reference: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> View<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        let records = &evidence.records;
        let mut by_reference: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, stay) in &evidence.shown {
            if let Some(reference) = stay["reference"].as_str() {
                by_reference.entry(reference).or_default().push(id);
            }
        }
        let versions = records.versions.iter();
        let history = History::read(&evidence.journal);
        Self {
            declared_as: declared_as(&history),
            history,
            stays: records.stays.iter().map(|s| (s.id.as_str(), s)).collect(),
            versions: versions
                .map(|v| ((v.stay_id.as_str(), v.version), v))
                .collect(),
            tasks: records.tasks.iter().map(|t| (t.id.as_str(), t)).collect(),
            tasks_of: grouped(&records.tasks, |t| (t.stay_id.as_str(), t.version)),
            audits_of: grouped(&records.audits, |a| {
                (a.subject_id.as_str(), a.subject_version.unwrap_or_default())
            }),
            effects_of: grouped(&evidence.effects, |e| e.stay_id.as_str()),
            by_reference,
            evidence,
        }
    }

    /// An instant written by a worker, corrected if it can only come from a clock that the harness
    /// had set wrong.
    fn on_our_clock(&self, micros: i64) -> i64 {
        let deeds = &self.evidence.deeds;
        let (from, until) = deeds.lasted;
        let lasted = from - DATING_SLACK..=until + DATING_SLACK;
        let mut errors = deeds.wrong_clocks.iter();
        if lasted.contains(&micros) {
            return micros;
        }
        let right = |seconds: &i32| micros - i64::from(*seconds) * 1_000_000;
        errors
            .find(|seconds| lasted.contains(&right(seconds)))
            .map_or(micros, right)
    }

    /// The stays stored under a reference.
    fn stored_under(&self, reference: &str) -> &[&'a str] {
        self.by_reference
            .get(reference)
            .map_or(&[], |ids| ids.as_slice())
    }
}

fn declared_as<'a>(history: &History<'a>) -> BTreeMap<String, &'a Item> {
    let mut found = BTreeMap::new();
    for declaration in history.declarations.values() {
        for (_, known, stay) in history.outcomes(declaration) {
            if let (Known::Acknowledged, Some(stay)) = (known, stay) {
                found.insert(text(stay, "id").to_owned(), declaration.item);
            }
        }
    }
    found
}

fn grouped<'a, T, K: Ord>(rows: &'a [T], key: impl Fn(&'a T) -> K) -> BTreeMap<K, Vec<&'a T>> {
    let mut groups: BTreeMap<K, Vec<&T>> = BTreeMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().push(row);
    }
    groups
}

/// A member that is text; empty where it is none.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}
