//! Observes the traffic between workers and database, and records violations.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use store::{
    outbox::Task,
    results::{TaskProgress, TaskResult},
};
use uuid::Uuid;

use super::plan::{LedgerFault, Trouble};
use crate::settle::{Recording, ResultLedger};

/// The holder of a task, as far as can be told from outside.
struct Hold {
    lease_id: Uuid,
    until: DateTime<Utc>,
    /// A result has given it back.
    is_over: bool,
    /// Claims since the last result.
    claim_count: u32,
}

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    holds: BTreeMap<Uuid, Hold>,
    /// Which worker a lease belongs to.
    pub(super) machines: BTreeMap<Uuid, u32>,
    /// Tasks with calls that a worker could not put on record.
    pub(super) unrecorded: BTreeSet<(Uuid, u32)>,
    /// Tasks that crashed so many workers that they must not be touched.
    pub(super) spent: BTreeSet<Uuid>,
    /// What must not be.
    pub(super) violations: Vec<String>,
    /// Results that were written.
    pub(super) result_count: usize,
    /// Results that came too late.
    pub(super) late_count: usize,
}

/// Shared between the run and its ledgers.
#[derive(Clone, Default)]
pub(super) struct Observed(Arc<Mutex<Seen>>);

impl Observed {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a claim.
    pub(super) fn note_claim(
        &self,
        machine: u32,
        lease_id: Uuid,
        tasks: &[Task],
        now: DateTime<Utc>,
        lease_seconds: u32,
    ) {
        let mut seen = self.seen();
        seen.machines.insert(lease_id, machine);
        for task in tasks {
            let mut claim_count = 1;
            let mut is_taken = false;
            if let Some(hold) = seen.holds.get(&task.id) {
                is_taken = !hold.is_over && now < hold.until;
                claim_count += hold.claim_count;
            }
            if is_taken {
                let id = task.id;
                seen.violations.push(format!(
                    "I14 task {id} is claimed while another lease lives"
                ));
            }
            if claim_count > 3 {
                seen.spent.insert(task.id);
            }
            let until = now + TimeDelta::seconds(lease_seconds.into());
            let hold = Hold {
                lease_id,
                until,
                is_over: false,
                claim_count,
            };
            seen.holds.insert(task.id, hold);
        }
    }

    /// An operator has put a task on its way again.
    pub(super) fn note_requeued(&self, task_id: Uuid) {
        let mut seen = self.seen();
        seen.holds.remove(&task_id);
        seen.spent.remove(&task_id);
    }

    fn note_result(&self, result: &TaskResult, is_held: bool) {
        let mut seen = self.seen();
        let task_id = result.task_id;
        seen.result_count += 1;
        if !is_held {
            seen.late_count += 1;
            return;
        }
        let Some(hold) = seen.holds.get_mut(&task_id) else {
            seen.violations.push(format!(
                "I14 a result of task {task_id}, which nobody claimed"
            ));
            return;
        };
        let is_theirs = hold.lease_id == result.lease_id && !hold.is_over;
        if !matches!(result.progress, TaskProgress::Fixed { .. }) {
            hold.is_over = true;
            hold.claim_count = 0;
        }
        if !is_theirs {
            seen.violations
                .push(format!("I14 a lost lease changed task {task_id}"));
        }
    }
}

/// A ledger that is watched.
pub(super) struct WatchedLedger {
    pub(super) inner: Box<dyn ResultLedger>,
    pub(super) observed: Observed,
}

impl ResultLedger for WatchedLedger {
    fn record<'a>(&'a self, results: &'a [&TaskResult], now: DateTime<Utc>) -> Recording<'a> {
        Box::pin(async move {
            let held = self.inner.record(results, now).await?;
            for (result, is_held) in results.iter().zip(&held) {
                self.observed.note_result(result, *is_held);
            }
            Ok(held)
        })
    }
}

/// A ledger with faults.
pub(super) struct FaultyLedger {
    pub(super) inner: Box<dyn ResultLedger>,
    pub(super) observed: Observed,
    pub(super) machine: u32,
    pub(super) trouble: Trouble<LedgerFault>,
    pub(super) chance: Mutex<StdRng>,
    pub(super) is_calm: Arc<AtomicBool>,
}

impl FaultyLedger {
    fn fault(&self) -> Option<LedgerFault> {
        if self.is_calm.load(Ordering::SeqCst) {
            return None;
        }
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        self.trouble.strikes(&mut chance)
    }
}

impl ResultLedger for FaultyLedger {
    fn record<'a>(&'a self, results: &'a [&TaskResult], now: DateTime<Utc>) -> Recording<'a> {
        Box::pin(async move {
            match self.fault() {
                None => self.inner.record(results, now).await,
                Some(LedgerFault::Away) => Err(store::Error::Unavailable),
                Some(LedgerFault::Full) => Err(store::Error::StorageFull),
                Some(LedgerFault::CommitLost) => Err(store::Error::OutcomeUnknown),
                Some(LedgerFault::AnswerLost) => {
                    self.inner.record(results, now).await?;
                    Err(store::Error::OutcomeUnknown)
                }
                Some(LedgerFault::Refuses) => {
                    if let [result] = results {
                        let lost = (result.task_id, self.machine);
                        self.observed.seen().unrecorded.insert(lost);
                    }
                    let code = "simulated".to_owned();
                    Err(store::Error::Database { code })
                }
            }
        })
    }
}
