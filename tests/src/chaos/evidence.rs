//! Everything a run leaves behind for the checker.

use std::{collections::BTreeMap, path::Path};

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

/// What the harness did itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Deeds {
    /// Workers that were killed.
    pub worker_kills: u64,
    /// The longest a call to a peer may take.
    pub call_timeout_ms: i64,
    /// Drains after the faults.
    pub drains: Vec<Drain>,
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
