//! Everything a run leaves behind for the checker.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    journal::{self, Line},
    records::Records,
};
use crate::{caller::Caller, simulators::Police};

/// One effect in **P**, the ledger of the police endpoint, in the order of its listing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "members have the names of the listing's")]
pub struct Effect {
    pub notification_id: String,
    pub stay_id: String,
    pub version: i64,
    pub kind: String,
    pub deliveries: i64,
    pub body_sha256: String,
    pub police_reference: String,
}

/// How long a backlog took to drain.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Drain {
    /// Tasks open when the last fault had healed.
    pub backlog: u64,
    /// What the destination allows in a second.
    pub allowed_per_second: u32,
    /// Seconds until none was open.
    pub seconds: f64,
}

/// A task that a worker held when one was killed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    /// The task.
    pub task_id: String,
    /// Its lease.
    pub lease_id: String,
    /// When the worker was killed, in microseconds since 1970.
    pub at: i64,
}

/// What the harness did itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Deeds {
    /// Workers that were killed.
    pub worker_kills: u64,
    /// The longest a call to a peer may take.
    pub call_timeout_ms: i64,
    /// Drains after the faults.
    pub drains: Vec<Drain>,
    /// What was on lease when workers were killed.
    #[serde(default)]
    pub held: Vec<Held>,
    /// By how many seconds clocks of workers were wrong.
    #[serde(default)]
    pub wrong_clocks: Vec<i32>,
    /// When the run began and ended, in microseconds since 1970.
    #[serde(default)]
    pub lasted: (i64, i64),
}

/// The records of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// J.
    pub journal: Vec<Line>,
    /// D.
    pub records: Records,
    /// P.
    pub effects: Vec<Effect>,
    /// Every stay in D as the service shows it, by id: references and salts lie sealed in D.
    pub shown: BTreeMap<String, Value>,
    /// The published receipt keys.
    pub jwks: Value,
    /// Everything that processes logged and counted, by name.
    pub logs: Vec<(String, String)>,
    /// What the harness did.
    pub deeds: Deeds,
}

impl Evidence {
    /// Gathers the records when everything has settled.
    pub async fn gather(
        journal: &Path,
        database_url: &str,
        police: &Police,
        integrator: &Caller,
        deeds: Deeds,
        logs: Vec<(String, String)>,
    ) -> Self {
        let records = Records::read(database_url).await;
        let mut shown = BTreeMap::new();
        for stay in &records.stays {
            let answer = integrator.get(&format!("/v1/stays/{}", stay.id)).await;
            if answer.status == 200 {
                shown.insert(stay.id.clone(), answer.json());
            }
        }
        let effects = police.ledger().await.into_iter().map(|effect| {
            serde_json::from_value(effect).expect("the ledger lists what the checker knows")
        });
        Self {
            journal: journal::read(journal),
            records,
            effects: effects.collect(),
            shown,
            jwks: integrator.get("/.well-known/jwks.json").await.expect(200),
            logs,
            deeds,
        }
    }

    /// Of tasks that a worker held when it was killed and that another lease ended: how long after
    /// the kill they had ended, the shortest first.
    pub fn redeliveries(&self) -> Vec<Duration> {
        let mut last_lease = BTreeMap::new();
        let mut calls: Vec<_> = self.records.attempts.iter().collect();
        calls.sort_by_key(|call| call.started_at);
        for call in calls {
            last_lease.insert(call.task_id.as_str(), call.lease_id.as_str());
        }
        let settled = self.records.tasks.iter();
        let settled: BTreeMap<&str, Option<i64>> = settled
            .map(|task| (task.id.as_str(), task.settled_at))
            .collect();
        let mut last_held: BTreeMap<&str, &Held> = BTreeMap::new();
        for held in &self.deeds.held {
            let is_of_other =
                last_lease.get(held.task_id.as_str()) != Some(&held.lease_id.as_str());
            if is_of_other {
                last_held.insert(&held.task_id, held);
            }
        }
        let mut durations: Vec<Duration> = last_held
            .iter()
            .filter_map(|(task_id, held)| {
                let settled_at = settled.get(task_id).copied().flatten()?;
                let lasted = u64::try_from(settled_at - held.at).ok()?;
                Some(Duration::from_micros(lasted))
            })
            .collect();
        durations.sort_unstable();
        durations
    }

    /// Calls to the police endpoint dated outside the run: made by workers with wrong clocks.
    pub fn misdated_call_count(&self) -> usize {
        let (from, until) = self.deeds.lasted;
        let calls = self.records.attempts.iter();
        calls
            .filter(|call| call.peer == "police" && !(from..=until).contains(&call.started_at))
            .count()
    }

    /// Keeps the evidence in a file, for a second look.
    pub fn save(&self, path: &Path) {
        let text = serde_json::to_vec(self).expect("evidence is JSON");
        std::fs::write(path, text).expect("the evidence can be written");
    }

    /// Reads what was kept.
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read(path).expect("the evidence can be read");
        serde_json::from_slice(&text).expect("the file holds evidence")
    }
}
