//! The simulated police endpoint: files each notification once by its id, and logs everything that
//! reached it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rand::{rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    calls::{Call, Outcome},
    plan::PoliceFault,
};
use crate::transport::{CallFault, PeerAnswer};

/// What was filed.
#[derive(Clone, Debug)]
pub(super) struct Filed {
    pub(super) id: String,
    pub(super) stay_id: String,
    pub(super) version: i64,
    pub(super) kind: String,
    pub(super) reference: String,
}

/// What arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) machine: u32,
    pub(super) sha256: Vec<u8>,
}

/// The book.
#[derive(Default)]
pub(super) struct Police {
    pub(super) filed: Vec<Filed>,
    pub(super) seen: Vec<Seen>,
    /// What it says of a notification whenever it comes.
    pub(super) opinions: BTreeMap<String, PoliceFault>,
    /// Unclear answers that were given, by notification.
    pub(super) puzzled: BTreeMap<String, usize>,
}

impl Police {
    /// Deals with a call; `None`: silence.
    pub(super) fn deal(
        &mut self,
        call: &Call,
        fault: Option<PoliceFault>,
        chance: &mut StdRng,
    ) -> Option<Outcome> {
        let id = call.key.clone().unwrap_or_default();
        if !matches!(fault, Some(PoliceFault::NoConnection)) {
            self.seen.push(Seen {
                id: id.clone(),
                machine: call.machine,
                sha256: Sha256::digest(&call.body).to_vec(),
            });
        }
        let is_filed = self.filed.iter().any(|filed| filed.id == id);
        let fault = match fault {
            Some(opinion) if is_opinion(opinion) => {
                if !is_filed {
                    self.opinions.entry(id.clone()).or_insert(opinion);
                }
                None
            }
            fault => fault,
        };
        if let Some(fault) = fault.filter(|fault| is_before_filing(*fault)) {
            return without_filing(fault, chance);
        }
        if let Some(opinion) = self.opinions.get(&id).copied().filter(|_| !is_filed) {
            let answer = self.say(&id, opinion);
            return match fault {
                // What it thinks does not get through.
                Some(_) => Some(Err(CallFault::Cut)),
                None => Some(answer),
            };
        }
        let confirmation = self.file(&id, &call.body);
        match fault {
            None => Some(json(200, &confirmation)),
            Some(PoliceFault::FiledThenSilent) => None,
            Some(PoliceFault::FiledThenPage) => Some(page(200)),
            Some(PoliceFault::FiledThenOther) => Some(json(200, &other())),
            Some(PoliceFault::FiledThenHalf) => {
                let mut text = confirmation.to_string().into_bytes();
                text.truncate(text.len() / 2);
                Some(answer(200, true, text))
            }
            Some(_) => Some(Err(CallFault::Cut)),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are no opinions")]
    fn say(&mut self, id: &str, opinion: PoliceFault) -> Outcome {
        let code = |status, code| json(status, &json!({"code": code, "message": "…"}));
        match opinion {
            PoliceFault::RefusesForm => code(400, "notification_incomplete"),
            PoliceFault::HoldsOther => code(409, "idempotency_conflict"),
            PoliceFault::Puzzles => {
                *self.puzzled.entry(id.to_owned()).or_default() += 1;
                code(418, "teapot")
            }
            _ => code(422, "address_unknown"),
        }
    }

    fn file(&mut self, id: &str, body: &[u8]) -> Value {
        if !self.filed.iter().any(|filed| filed.id == id) {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            self.filed.push(Filed {
                id: id.to_owned(),
                stay_id: text("stay_id").replace('-', ""),
                version: body["version"].as_i64().unwrap_or_default(),
                kind: text("kind"),
                reference: format!("CA-38-{}", self.filed.len() + 1),
            });
        }
        let filed = self.filed.iter().find(|filed| filed.id == id);
        json!({
            "police_reference": filed.map(|filed| filed.reference.clone()),
            "received_at": "2026-11-23T14:05:00+07:00",
            "notification_id": id,
        })
    }
}

/// Whether it concerns the notification, now and at every retry.
pub(super) fn is_opinion(fault: PoliceFault) -> bool {
    matches!(
        fault,
        PoliceFault::Refuses
            | PoliceFault::RefusesForm
            | PoliceFault::HoldsOther
            | PoliceFault::Puzzles
    )
}

fn is_before_filing(fault: PoliceFault) -> bool {
    !matches!(
        fault,
        PoliceFault::FiledThenCut
            | PoliceFault::FiledThenSilent
            | PoliceFault::FiledThenPage
            | PoliceFault::FiledThenOther
            | PoliceFault::FiledThenHalf
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all others end the connection"
)]
fn without_filing(fault: PoliceFault, chance: &mut StdRng) -> Option<Outcome> {
    let problem = json!({"code": "unwell", "message": "…"});
    Some(match fault {
        PoliceFault::Silent => return None,
        PoliceFault::NoConnection => Err(CallFault::Connect),
        PoliceFault::Failing => json(500, &problem),
        PoliceFault::Busy => later(503, chance),
        PoliceFault::TooMany => later(429, chance),
        PoliceFault::WrongSecret => json(401, &problem),
        PoliceFault::Page => page(200),
        PoliceFault::Other => json(200, &other()),
        PoliceFault::Empty => json(200, &json!({})),
        PoliceFault::NoContent => answer(204, false, Vec::new()),
        PoliceFault::Redirect => answer(302, false, Vec::new()),
        PoliceFault::WrongAddress => page(404),
        PoliceFault::Endless => Err(CallFault::TooLong),
        _ => Err(CallFault::Cut),
    })
}

fn other() -> Value {
    json!({
        "police_reference": "CA-38-OTHER",
        "received_at": "2026-11-23T14:05:00+07:00",
        "notification_id": "00000000-0000-8000-8000-000000000000",
    })
}

/// A refusal for now, with `Retry-After`.
pub(super) fn later(status: u16, chance: &mut StdRng) -> Outcome {
    let seconds = [0, 1, 30, 600, 7_200].choose(chance).copied().unwrap_or(0);
    let answer = PeerAnswer {
        status,
        is_json: false,
        retry_after: (seconds > 0).then(|| TimeDelta::seconds(seconds)),
        body: Vec::new(),
    };
    Ok(answer)
}

/// A page, as proxies write.
pub(super) fn page(status: u16) -> Outcome {
    answer(status, false, b"<!doctype html><title>OK</title>".to_vec())
}

/// An answer in JSON.
pub(super) fn json(status: u16, body: &Value) -> Outcome {
    answer(status, true, body.to_string().into_bytes())
}

fn answer(status: u16, is_json: bool, body: Vec<u8>) -> Outcome {
    Ok(PeerAnswer {
        status,
        is_json,
        retry_after: None,
        body,
    })
}
