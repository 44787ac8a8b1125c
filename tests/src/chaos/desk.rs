//! The senders: a seeded list of requests, each made by an honest sender that keeps a journal and
//! retries until it knows the outcome, except for a few that give up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, sleep},
};

use super::{
    history::Known,
    journal::{Change, Item, Journal, Operation, Told},
    lives::{self, Deed},
};
use crate::{
    caller::Caller,
    people::{MARKERS, syllables},
    simulators::Police,
    time::{now, text_of},
};

/// Percentages of the requests; the rest declare one stay.
const BATCHES: u32 = 25;
const INVALID: u32 = 2;
/// Stays of a batch.
const BATCH_SIZE: std::ops::RangeInclusive<usize> = 2..=20;
/// Of a hundred single declarations: sent again under their key, under a taken key, under a taken
/// reference.
const RESENT: u32 = 10;
const KEY_REUSED: u32 = 2;
const CONFLICTING: u32 = 2;
/// Of a hundred single declarations, those whose stay is changed afterwards, three times on
/// average: about a tenth of all requests are changes.
const CHANGED: u32 = 6;
/// The percentage of senders that do not retry.
const WALKING_AWAY: u32 = 4;
/// The percentage of stays that the police endpoint is told to refuse.
const REFUSED_BY_POLICE: u32 = 2;
/// Document numbers that the police endpoint is told to refuse, of one run.
const REFUSED_NUMBER_COUNT: u32 = 500;
const FIRST_REFUSED_NUMBER: u32 = 900_000;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(300);
/// A sender still without an answer after this long gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The request, identical each time.
#[derive(Clone, Debug)]
struct Request {
    operation: Operation,
    key: String,
    items: Vec<Item>,
    change: Option<Change>,
}

/// A request that a sender means to make.
#[derive(Clone, Debug)]
pub struct Errand {
    first: Request,
    comes_again: bool,
    /// The changes to the stay once it is acknowledged.
    deeds: Vec<Deed>,
    /// What is tried after that.
    afterwards: Option<Request>,
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
        let first = Request {
            operation,
            key: self.key(),
            items,
            change: None,
        };
        let mut errand = Errand {
            comes_again: self.random.random_range(0..100) >= WALKING_AWAY,
            deeds: Vec::new(),
            afterwards: None,
            first,
        };
        if operation == Operation::Declare {
            errand.afterwards = self.afterwards(&errand.first);
            if self.random.random_range(0..100) < CHANGED {
                errand.deeds = self.deeds(&errand.first.items[0]);
            }
            // A cancelled stay has freed its reference.
            if errand.deeds.iter().any(Deed::is_final) {
                let kept = errand.afterwards.take();
                errand.afterwards = kept.filter(|other| other.operation != Operation::Conflict);
            }
        }
        errand
    }

    /// A single stay whose sender retries until the outcome is known.
    pub fn plain(&mut self) -> Errand {
        Errand {
            first: Request {
                operation: Operation::Declare,
                key: self.key(),
                items: vec![self.acceptable()],
                change: None,
            },
            comes_again: true,
            deeds: Vec::new(),
            afterwards: None,
        }
    }

    /// A stay that goes through every possible change and is then sent again.
    pub fn eventful(&mut self) -> Errand {
        let mut errand = self.plain();
        let arrival_at = errand.first.items[0].content["arrival_at"].clone();
        errand.deeds = lives::whole(&arrival_at, || self.key());
        let mut again = errand.first.clone();
        again.operation = Operation::Resend;
        errand.afterwards = Some(again);
        errand
    }

    /// One whose key is then used for something else.
    pub fn key_reusing(&mut self) -> Errand {
        let mut errand = self.plain();
        let mut other = errand.first.clone();
        other.operation = Operation::ReuseKey;
        other.items = vec![self.acceptable_beside(&errand.first)];
        errand.afterwards = Some(other);
        errand
    }

    /// Another stay at the facility of a request: keys of other facilities are others.
    fn acceptable_beside(&mut self, first: &Request) -> Item {
        let facility = |item: &Item| item.content["facility_id"].clone();
        let wanted = first.items.first().map(facility);
        loop {
            let item = self.acceptable();
            if Some(facility(&item)) == wanted {
                return item;
            }
        }
    }

    fn deeds(&mut self, item: &Item) -> Vec<Deed> {
        // Refusals by the police are not corrected here: other tests cover that.
        if item.is_refused_by_police {
            return Vec::new();
        }
        let (count, prefix) = (&mut self.count, self.seed);
        lives::by_chance(&item.content["arrival_at"], &mut self.random, || {
            *count += 1;
            format!("K{prefix}-{count}")
        })
    }

    fn afterwards(&mut self, first: &Request) -> Option<Request> {
        let draw = self.random.random_range(0..100);
        let mut other = first.clone();
        if draw < RESENT {
            other.operation = Operation::Resend;
        } else if draw < RESENT + KEY_REUSED {
            other.operation = Operation::ReuseKey;
            other.items = vec![self.acceptable_beside(first)];
        } else if draw < RESENT + KEY_REUSED + CONFLICTING {
            other.operation = Operation::Conflict;
            other.key = self.key();
            other.items[0].content["room"] = Value::from("204 gác xép");
        } else {
            return None;
        }
        Some(other)
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

    /// A stay that the service returns unchanged: nothing needs normalising.
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

/// A sender with the integrator's key, and its journal. With several APIs, it switches to the next
/// when one does not answer.
#[derive(Clone)]
pub struct Desk {
    callers: Arc<[Caller]>,
    /// The API to call first.
    turn: Arc<AtomicUsize>,
    journal: Arc<Journal>,
}

impl Desk {
    /// Sends through these callers, one per API.
    pub fn new(callers: Vec<Caller>, journal: Arc<Journal>) -> Self {
        Self {
            callers: callers.into(),
            turn: Arc::default(),
            journal,
        }
    }

    /// Carries out a request. Returns the stay's id if a single stay was acknowledged.
    pub async fn run(&self, errand: Errand) -> Option<String> {
        let (known, body) = self.insist(&errand.first, errand.comes_again).await;
        if known != Known::Acknowledged {
            return None;
        }
        let id = body["id"].as_str().map(str::to_owned);
        let first_change = match &id {
            Some(id) => self.live(id, &errand).await,
            None => None,
        };
        if let Some(request) = &errand.afterwards {
            self.send(0, request).await;
            // A key answers the same whatever came after.
            if let Some(change) = first_change.filter(|_| request.operation == Operation::Resend) {
                self.send(0, &change).await;
            }
        }
        id
    }

    /// Sends a request once; returns the code of its refusal.
    pub async fn once(&self, errand: &Errand) -> Option<String> {
        let (_, body) = self.send(0, &errand.first).await?;
        body["code"].as_str().map(str::to_owned)
    }

    /// Applies a stay's changes, each to the version made by the previous one, until that version
    /// is unknown. Returns the first change made.
    async fn live(&self, id: &str, errand: &Errand) -> Option<Request> {
        let mut version = 1;
        let mut first = None;
        for deed in &errand.deeds {
            let requests = deed
                .at(id, version)
                .map(|(operation, key, change)| Request {
                    operation,
                    key,
                    items: Vec::new(),
                    change: Some(change),
                });
            let requests: Vec<Request> = requests.collect();
            let outcomes = self.insist_on_all(&requests, errand).await;
            let mut made = None;
            for (request, (known, body)) in requests.iter().zip(outcomes) {
                match known {
                    Known::Acknowledged => {
                        made = body["version"].as_i64();
                        first.get_or_insert_with(|| request.clone());
                    }
                    Known::Refused => {}
                    Known::Unknown => return first,
                }
            }
            match made {
                Some(next) => version = next,
                None if deed.is_refused() => {}
                None => return first,
            }
        }
        first
    }

    /// Sends one request, or two at once, until the outcome of each is known.
    async fn insist_on_all(&self, requests: &[Request], errand: &Errand) -> Vec<(Known, Value)> {
        match requests {
            [one, rival] => {
                let (one, rival) = tokio::join!(
                    self.insist(one, errand.comes_again),
                    self.insist(rival, errand.comes_again)
                );
                vec![one, rival]
            }
            others => {
                let mut all = Vec::new();
                for request in others {
                    all.push(self.insist(request, errand.comes_again).await);
                }
                all
            }
        }
    }

    /// Sends a request until its outcome is known; it stays unknown if the sender gives up.
    async fn insist(&self, request: &Request, comes_again: bool) -> (Known, Value) {
        let started = Instant::now();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut place = first;
        loop {
            let answer = self.send(place, request).await;
            let known = known(request.operation, answer.as_ref());
            let is_open = match known {
                Known::Unknown => true,
                Known::Refused => answer.as_ref().is_some_and(|(status, body)| {
                    *status == 429 || body["retryable"] == true || is_partly_open(body)
                }),
                Known::Acknowledged => false,
            };
            let body = answer.map(|(_, body)| body).unwrap_or_default();
            if !is_open {
                return (known, body);
            }
            if !comes_again || started.elapsed() > PATIENCE {
                return (Known::Unknown, body);
            }
            // Another one may be there at once.
            if self.callers.len() == 1 || place > first {
                sleep(PAUSE).await;
            }
            place += 1;
        }
    }

    /// Sends one request, between its two lines, to the API of this place.
    async fn send(&self, place: usize, request: &Request) -> Option<(u16, Value)> {
        let (method, path, body) = match (request.operation.change(), &request.change) {
            (Some((method, action)), Some(change)) => {
                let path = format!("/v1/stays/{}{action}", change.stay_id);
                (method, path, change.document.clone())
            }
            _ if request.operation == Operation::Batch => {
                let stays: Vec<&Value> = request.items.iter().map(|item| &item.content).collect();
                (
                    "POST",
                    "/v1/stays/batch".to_owned(),
                    json!({"stays": stays}),
                )
            }
            _ => (
                "POST",
                "/v1/stays".to_owned(),
                request.items[0].content.clone(),
            ),
        };
        let number = self.journal.sending(
            request.operation,
            &request.key,
            &request.items,
            request.change.as_ref(),
        );
        let caller = &self.callers[place % self.callers.len()];
        let mut call = caller
            .call(method, &path)
            .header("Idempotency-Key", &request.key);
        if let Some(change) = &request.change {
            call = call.header("If-Match", &format!("\"{}\"", change.version));
        }
        let answer = call.json(&body).try_send().await.ok();
        let told = answer.map(|answer| Told {
            status: answer.status,
            body: answer.text(),
            retry_after: answer.header("retry-after").map(str::to_owned),
        });
        self.journal.ended(number, told.clone());
        told.map(|told| {
            (
                told.status,
                serde_json::from_str(&told.body).unwrap_or_default(),
            )
        })
    }
}

/// The sender's knowledge of every request it sent.
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

/// Makes requests at a steady rate, regardless of answers, while `meanwhile` runs; then waits for
/// the last answers.
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
