//! Defects planted around the real code, in its inputs and outputs, to prove that the checker finds
//! them.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;
use store::results::{TaskProgress, TaskResult};
use uuid::Uuid;

use super::{
    calls::{Call, Outcome},
    eyes,
};
use crate::{
    peer::PeerName,
    settle::{Recording, ResultLedger},
    transport::{CallFault, PeerAnswer},
};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    /// Nothing.
    None,
    /// Results count whatever their lease.
    NoFencing,
    /// Each attempt has an id of its own.
    NewIdForEachAttempt,
    /// Each attempt has bytes of its own.
    NewBytesForEachAttempt,
    /// Any response with status 200 counts as a confirmation.
    DeliveredOnPage,
    /// A later version does not wait for an earlier one.
    OrderIgnored,
    /// Leases keep nobody away.
    LeasesIgnored,
    /// A call that times out ends its task.
    ParkedOnTimeout,
    /// A delivery is not recorded, and its task continues.
    DeliveryForgotten,
    /// The delivery is recorded without its audit entry.
    AuditLeftOut,
}

/// All but none.
pub(super) const DEFECTS: [Defect; 9] = [
    Defect::NoFencing,
    Defect::NewIdForEachAttempt,
    Defect::NewBytesForEachAttempt,
    Defect::DeliveredOnPage,
    Defect::OrderIgnored,
    Defect::LeasesIgnored,
    Defect::ParkedOnTimeout,
    Defect::DeliveryForgotten,
    Defect::AuditLeftOut,
];

impl Defect {
    /// Applies to a call to the police endpoint.
    pub(super) fn bend_call(self, call: &mut Call, machine: u32, attempt: usize) {
        if self == Self::NewIdForEachAttempt {
            let id = u128::from(machine) << 32 | attempt as u128;
            call.key = Some(Uuid::from_u128(id).to_string());
        }
        if self == Self::NewBytesForEachAttempt {
            call.body.resize(call.body.len() + attempt, b' ');
        }
    }

    /// Applies to the police endpoint's answer about a notification.
    pub(super) fn bend_answer(self, id: Uuid, outcome: Outcome) -> Outcome {
        match outcome {
            Ok(answer) if self == Self::DeliveredOnPage && answer.status == 200 => Ok(PeerAnswer {
                is_json: true,
                body: json!({
                    "police_reference": format!("CA-{id}"),
                    "received_at": "2026-11-23T14:05:00+07:00",
                })
                .to_string()
                .into_bytes(),
                ..answer
            }),
            outcome => outcome,
        }
    }

    /// Whether claims go their own way, and which tasks they then leave out.
    pub(super) fn claim_condition(self) -> Option<&'static str> {
        if self == Self::OrderIgnored {
            return Some("(leased_until IS NULL OR leased_until <= ?)");
        }
        (self == Self::LeasesIgnored).then_some(
            "(? IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM outbox_task AS earlier \
               WHERE earlier.stay_id = outbox_task.stay_id AND earlier.settled_at IS NULL \
               AND earlier.version < outbox_task.version)",
        )
    }
}

/// A ledger with a defect.
pub(super) struct BentLedger {
    pub(super) inner: Box<dyn ResultLedger>,
    pub(super) defect: Defect,
    pub(super) eyes: DatabaseConnection,
}

impl ResultLedger for BentLedger {
    fn record<'a>(&'a self, results: &'a [&TaskResult], now: DateTime<Utc>) -> Recording<'a> {
        Box::pin(async move {
            let mut bent: Vec<TaskResult> = results.iter().copied().cloned().collect();
            for result in &mut bent {
                if self.defect == Defect::NoFencing {
                    self.take_lease(result).await;
                }
                if self.defect == Defect::ParkedOnTimeout {
                    park_on_timeout(result, now);
                }
                if self.defect == Defect::AuditLeftOut {
                    result.audit = None;
                }
            }
            let is_forgotten = |result: &TaskResult| {
                self.defect == Defect::DeliveryForgotten
                    && matches!(result.progress, TaskProgress::Delivered { .. })
            };
            let kept = bent.iter().filter(|result| !is_forgotten(result));
            let kept: Vec<&TaskResult> = kept.collect();
            let held = if kept.is_empty() {
                Vec::new()
            } else {
                self.inner.record(&kept, now).await?
            };
            let mut held = held.into_iter();
            Ok(bent
                .iter()
                .map(|result| is_forgotten(result) || held.next().unwrap_or(false))
                .collect())
        })
    }
}

impl BentLedger {
    async fn take_lease(&self, result: &mut TaskResult) {
        let statement = Statement::from_sql_and_values(
            sea_orm::DbBackend::Sqlite,
            "SELECT lease_id FROM outbox_task WHERE id = ?",
            [result.task_id.into()],
        );
        let row = self.eyes.query_one_raw(statement).await.unwrap();
        let lease: Option<Uuid> = row.and_then(|row| row.try_get_by_index(0).unwrap());
        result.lease_id = lease.unwrap_or(result.lease_id);
    }
}

fn park_on_timeout(result: &mut TaskResult, now: DateTime<Utc>) {
    let is_timeout = result.attempts.last().is_some_and(|attempt| {
        attempt.peer.get() == Ok(PeerName::Police)
            && attempt.code.as_deref() == Some(CallFault::Timeout.as_str())
    });
    if is_timeout && matches!(result.progress, TaskProgress::Retry { .. }) {
        result.progress = TaskProgress::Parked { at: now };
    }
}

/// Claims as a worker would, but for the condition of the defect.
pub(super) async fn claim_bent(
    connection: &DatabaseConnection,
    condition: &str,
    lease: (Uuid, u32),
    now: DateTime<Utc>,
    count: usize,
) -> Vec<store::outbox::Task> {
    let (lease_id, seconds) = lease;
    let text = format!(
        "UPDATE outbox_task SET lease_id = ?, leased_until = ?, \
           claim_count = claim_count + 1 WHERE id IN (SELECT id FROM outbox_task \
             WHERE settled_at IS NULL AND due_at <= ? AND {condition} \
             ORDER BY deadline_at, version DESC, id LIMIT {count}) RETURNING *"
    );
    let until = now + chrono::TimeDelta::seconds(seconds.into());
    let values = [lease_id.into(), until.into(), now.into(), now.into()];
    eyes::tasks(connection, &text, values).await
}
