//! The senders: a seeded list of errands, each carried out by somebody honest who keeps a journal
//! and comes again until he knows, but for a few who walk away.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, sleep},
};

use super::{
    history::Known,
    journal::{Item, Journal, Operation},
};
use crate::{
    caller::Caller,
    people::{MARKERS, syllables},
    simulators::Police,
    time::{now, text_of},
};

/// Shares of the errands, of a hundred; the rest declares one stay.
const BATCHES: u32 = 25;
const INVALID: u32 = 2;
/// Stays of a batch.
const BATCH_SIZE: std::ops::RangeInclusive<usize> = 2..=20;
/// Of a hundred single declarations: sent again under their key, under a taken key, under a taken
/// reference.
const RESENT: u32 = 10;
const KEY_REUSED: u32 = 2;
const CONFLICTING: u32 = 2;
/// Of a hundred senders, those who do not come again.
const WALKING_AWAY: u32 = 4;
/// Of a hundred stays, those that the police endpoint is told to refuse.
const REFUSED_BY_POLICE: u32 = 2;
/// Document numbers that the police endpoint is told to refuse, of one run.
const REFUSED_NUMBER_COUNT: u32 = 500;
const FIRST_REFUSED_NUMBER: u32 = 900_000;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(300);
/// A sender who is still without an answer after this long gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a sender sets out to do.
#[derive(Clone, Debug)]
pub struct Errand {
    operation: Operation,
    key: String,
    items: Vec<Item>,
    comes_again: bool,
    /// What is tried once it is acknowledged.
    afterwards: Option<(Operation, String, Item)>,
}

/// Makes errands, the same ones for the same seed.
pub struct Errands {
    random: StdRng,
    seed: u64,
    count: u32,
    refused_count: u32,
    facilities: Vec<String>,
}

impl Errands {
    /// For these facilities: lodgings whose guests have rooms.
    pub fn new(seed: u64, facilities: Vec<String>) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            seed,
            count: 0,
            refused_count: 0,
            facilities,
        }
    }

    /// The next one.
    pub fn next_one(&mut self) -> Errand {
        let draw = self.random.random_range(0..100);
        let (operation, size) = if draw < BATCHES {
            (Operation::Batch, self.random.random_range(BATCH_SIZE))
        } else if draw < BATCHES + INVALID {
            (Operation::Invalid, 1)
        } else {
            (Operation::Declare, 1)
        };
        let mut items: Vec<Item> = (0..size).map(|_| self.item()).collect();
        if operation == Operation::Invalid {
            for item in &mut items {
                item.content["guest"]["full_name"] = Value::Null;
            }
        }
        let key = self.key();
        let afterwards = if operation == Operation::Declare {
            self.afterwards(&key, &items[0])
        } else {
            None
        };
        Errand {
            operation,
            key,
            items,
            comes_again: self.random.random_range(0..100) >= WALKING_AWAY,
            afterwards,
        }
    }

    /// A single stay whose sender comes again until he knows.
    pub fn plain(&mut self) -> Errand {
        Errand {
            operation: Operation::Declare,
            key: self.key(),
            items: vec![self.acceptable()],
            comes_again: true,
            afterwards: None,
        }
    }

    fn afterwards(&mut self, key: &str, item: &Item) -> Option<(Operation, String, Item)> {
        let draw = self.random.random_range(0..100);
        if draw < RESENT {
            Some((Operation::Resend, key.to_owned(), item.clone()))
        } else if draw < RESENT + KEY_REUSED {
            Some((Operation::ReuseKey, key.to_owned(), self.acceptable()))
        } else if draw < RESENT + KEY_REUSED + CONFLICTING {
            let mut other = item.clone();
            other.content["room"] = Value::from("204 gác xép");
            Some((Operation::Conflict, self.key(), other))
        } else {
            None
        }
    }

    fn key(&mut self) -> String {
        self.count += 1;
        format!("K{}-{}", self.seed, self.count)
    }

    fn item(&mut self) -> Item {
        let mut item = self.acceptable();
        let is_refused = self.random.random_range(0..100) < REFUSED_BY_POLICE;
        if is_refused && self.refused_count < REFUSED_NUMBER_COUNT {
            let number = refused_number(self.refused_count);
            self.refused_count += 1;
            item.content["guest"]["document"]["number"] = Value::from(number);
            item.is_refused_by_police = true;
        }
        item
    }

    /// A stay as the service shows it again: nothing is left to be normalised.
    fn acceptable(&mut self) -> Item {
        self.count += 1;
        let reference = format!("R{}-{}", self.seed, self.count);
        let place = self.random.random_range(0..self.facilities.len());
        let arrival = now();
        let content = json!({
            "facility_id": self.facilities[place],
            "reference": reference,
            "room": "203 gác xép",
            "arrival_at": text_of(arrival),
            "expected_departure_at": text_of(arrival + TimeDelta::days(2)),
            "purpose": "tourism",
            "guest": {
                "full_name": format!("Lê Thiềm {}", syllables(self.count)),
                "birth_date": "1985-05-17",
                "sex": "male",
                "nationality": "VNM",
                "document": {"kind": "citizen_card", "number": number(self.count)},
                "phone": MARKERS[1],
            },
            "note": MARKERS[3],
        });
        Item {
            reference,
            content,
            is_refused_by_police: false,
        }
    }
}

/// A man born in Thanh Hóa in 1985.
fn number(count: u32) -> String {
    format!("038085{count:06}")
}

fn refused_number(count: u32) -> String {
    number(FIRST_REFUSED_NUMBER + count)
}

/// Tells the police endpoint which of the stays to refuse.
pub async fn plant_refusals(police: &Police) {
    let refusals: Vec<Value> = (0..REFUSED_NUMBER_COUNT)
        .map(|count| {
            json!({
                "document_number": refused_number(count),
                "status": 422,
                "code": "planted_refusal",
            })
        })
        .collect();
    police.refuse(&Value::from(refusals)).await;
}

/// Somebody with a key of the integrator, and his journal.
#[derive(Clone)]
pub struct Desk {
    caller: Caller,
    journal: Arc<Journal>,
}

impl Desk {
    /// Sends by this caller.
    pub fn new(caller: Caller, journal: Arc<Journal>) -> Self {
        Self { caller, journal }
    }

    /// Carries an errand out. Answers the id of the stay, where it was one and was acknowledged.
    pub async fn run(&self, errand: Errand) -> Option<String> {
        let started = Instant::now();
        loop {
            let answer = self
                .send(errand.operation, &errand.key, &errand.items)
                .await;
            let known = known(errand.operation, answer.as_ref());
            let is_open = match known {
                Known::Unknown => true,
                Known::Refused => answer.as_ref().is_some_and(|(status, body)| {
                    *status == 429 || body["retryable"] == true || is_partly_open(body)
                }),
                Known::Acknowledged => false,
            };
            if known == Known::Acknowledged {
                if let Some((operation, key, item)) = &errand.afterwards {
                    self.send(*operation, key, std::slice::from_ref(item)).await;
                }
                let id = answer.as_ref().and_then(|(_, body)| body["id"].as_str());
                return id.map(str::to_owned);
            }
            if !is_open || !errand.comes_again || started.elapsed() > PATIENCE {
                return None;
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends an errand's request a single time; answers the code of its refusal.
    pub async fn once(&self, errand: &Errand) -> Option<String> {
        let sent = self.send(errand.operation, &errand.key, &errand.items);
        let (_, body) = sent.await?;
        body["code"].as_str().map(str::to_owned)
    }

    /// Sends one request, between its two lines.
    async fn send(&self, operation: Operation, key: &str, items: &[Item]) -> Option<(u16, Value)> {
        let (path, body) = if operation == Operation::Batch {
            let stays: Vec<&Value> = items.iter().map(|item| &item.content).collect();
            ("/v1/stays/batch", json!({"stays": stays}))
        } else {
            ("/v1/stays", items[0].content.clone())
        };
        let request = self.journal.sending(operation, key, items);
        let call = self.caller.call("POST", path);
        let answer = call.header("Idempotency-Key", key).json(&body);
        let answer = answer.try_send().await.ok();
        let told = answer.map(|answer| (answer.status, answer.text()));
        self.journal.ended(request, told.clone());
        told.map(|(status, body)| (status, serde_json::from_str(&body).unwrap_or_default()))
    }
}

/// What the sender knows of all that he sent.
fn known(operation: Operation, answer: Option<&(u16, Value)>) -> Known {
    let Some((status, body)) = answer else {
        return Known::Unknown;
    };
    match status {
        200..=299 if operation == Operation::Batch && is_partly_open(body) => Known::Refused,
        200..=299 => Known::Acknowledged,
        503 if body["code"] == "outcome_unknown" => Known::Unknown,
        _ => Known::Refused,
    }
}

/// Whether items of a batch may be sent again.
fn is_partly_open(body: &Value) -> bool {
    let results = body["results"].as_array().into_iter().flatten();
    results
        .into_iter()
        .any(|result| result["problem"]["retryable"] == true)
}

/// Carries errands out at a steady rate, whether answers come or not, while `meanwhile` runs; then
/// waits for the last answers.
pub async fn keep_busy<T>(
    desk: &Desk,
    errands: &mut Errands,
    per_second: u32,
    meanwhile: impl Future<Output = T>,
) -> T {
    let mut clock = tokio::time::interval(Duration::from_secs(1) / per_second.max(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running = JoinSet::new();
    tokio::pin!(meanwhile);
    let done = loop {
        tokio::select! {
            done = &mut meanwhile => break done,
            _ = clock.tick() => {
                let (desk, errand) = (desk.clone(), errands.next_one());
                running.spawn(async move { desk.run(errand).await });
                while running.try_join_next().is_some() {}
            }
        }
    };
    while let Some(ended) = running.join_next().await {
        ended.expect("an errand ends");
    }
    done
}
