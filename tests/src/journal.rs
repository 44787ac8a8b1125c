//! A sender that records its requests and their answers, as evidence of what was acknowledged.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use crate::{caller::Caller, people};

/// What became of one declaration.
#[derive(Clone, Debug)]
pub enum Posted {
    /// A complete 2xx: the stay's id.
    Accepted(String),
    /// A complete refusal: its status and code.
    Refused(u16, String),
    /// No complete answer, or one that says that the outcome is not known.
    Unknown,
}

/// Every declaration that was sent, written before it is sent.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<Entry>>>);

struct Entry {
    idempotency_key: String,
    stay: Value,
    outcome: Posted,
}

impl Journal {
    /// Sends a new stay and records its outcome.
    pub async fn post(&self, caller: &Caller, facility_id: &str) {
        let place = self.write(people::citizen(facility_id));
        self.send(caller, place).await;
    }

    /// Retries, like an honest sender, requests with an unknown outcome and temporary refusals.
    pub async fn resend_open(&self, caller: &Caller) {
        let open: Vec<usize> = {
            let entries = self.0.lock();
            let places = entries.iter().enumerate();
            places
                .filter(|(_, entry)| {
                    matches!(entry.outcome, Posted::Unknown | Posted::Refused(503, _))
                })
                .map(|(place, _)| place)
                .collect()
        };
        for place in open {
            self.send(caller, place).await;
        }
    }

    /// Ids of the stays that were answered with 2xx.
    pub fn accepted(&self) -> BTreeSet<String> {
        let entries = self.0.lock();
        let ids = entries.iter().filter_map(|entry| match &entry.outcome {
            Posted::Accepted(id) => Some(id.clone()),
            Posted::Refused(..) | Posted::Unknown => None,
        });
        ids.collect()
    }

    /// All outcomes, in the order of sending.
    pub fn outcomes(&self) -> Vec<Posted> {
        let entries = self.0.lock();
        entries.iter().map(|entry| entry.outcome.clone()).collect()
    }

    fn write(&self, stay: Value) -> usize {
        let mut entries = self.0.lock();
        entries.push(Entry {
            idempotency_key: people::fresh("journal"),
            stay,
            outcome: Posted::Unknown,
        });
        entries.len() - 1
    }

    async fn send(&self, caller: &Caller, place: usize) {
        let (key, stay) = {
            let entries = self.0.lock();
            let entry = &entries[place];
            (entry.idempotency_key.clone(), entry.stay.clone())
        };
        let call = caller.call("POST", "/v1/stays");
        let call = call.header("Idempotency-Key", &key).json(&stay);
        let outcome = match call.try_send().await {
            Ok(answer) if answer.status < 300 => {
                let id = answer.json()["id"].as_str().map(str::to_owned);
                Posted::Accepted(id.expect("a stay has an id"))
            }
            Ok(answer) => {
                let code = answer.json()["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                if code == "outcome_unknown" {
                    Posted::Unknown
                } else {
                    Posted::Refused(answer.status, code)
                }
            }
            Err(_) => Posted::Unknown,
        };
        let mut entries = self.0.lock();
        entries[place].outcome = outcome;
    }
}

/// Posts stays at a steady rate, regardless of answers, while `meanwhile` runs; then waits for the
/// last answers.
pub async fn post_steadily(
    journal: &Journal,
    caller: &Caller,
    facility_id: &str,
    per_second: u32,
    meanwhile: impl Future<Output = ()>,
) {
    let mut clock = tokio::time::interval(Duration::from_secs(1) / per_second);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut posts = JoinSet::new();
    tokio::pin!(meanwhile);
    loop {
        tokio::select! {
            () = &mut meanwhile => break,
            _ = clock.tick() => {
                let (journal, caller) = (journal.clone(), caller.clone());
                let facility_id = facility_id.to_owned();
                posts.spawn(async move { journal.post(&caller, &facility_id).await });
            }
        }
    }
    while let Some(posted) = posts.join_next().await {
        posted.expect("a post ends");
    }
}
