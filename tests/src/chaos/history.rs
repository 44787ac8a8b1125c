//! J as a history: each request with its outcome, each declaration with all its attempts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::journal::{CallEnd, Change, Item, Line, Operation, Sending};

/// A sender's knowledge after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A complete 2xx.
    Acknowledged,
    /// A complete answer that says nothing was saved.
    Refused,
    /// No complete answer, or one that says that the outcome is not known.
    Unknown,
}

/// A request and how it ended.
pub struct Request<'a> {
    /// What was sent.
    pub sending: &'a Sending,
    /// How it ended; none when the journal breaks off.
    pub ending: Option<&'a CallEnd>,
    /// The body of its answer, read.
    pub answer: Value,
}

impl Request<'_> {
    /// What its sender knows.
    pub fn known(&self) -> Known {
        match self.ending.and_then(|ending| ending.status) {
            Some(200..=299) => Known::Acknowledged,
            Some(503) if self.code() == "outcome_unknown" => Known::Unknown,
            Some(_) => Known::Refused,
            None => Known::Unknown,
        }
    }

    /// Whether the same request may still succeed.
    pub fn is_open(&self) -> bool {
        match self.known() {
            Known::Acknowledged => false,
            Known::Unknown => true,
            Known::Refused => {
                let status = self.ending.and_then(|ending| ending.status);
                status == Some(429) || self.answer["retryable"] == true
            }
        }
    }

    /// The code of the problem it was answered with.
    pub fn code(&self) -> &str {
        self.answer["code"].as_str().unwrap_or_default()
    }

    /// The outcome of one item, with the stay in the answer if there is one.
    pub fn item(&self, index: usize) -> (Known, Option<&Value>) {
        let known = self.known();
        if known != Known::Acknowledged {
            return (known, None);
        }
        if self.sending.operation != Operation::Batch {
            return (known, Some(&self.answer));
        }
        let result = self.results().find(|result| result["index"] == index);
        match result {
            Some(result) if result["stay"].is_object() => {
                (Known::Acknowledged, Some(&result["stay"]))
            }
            // An item with an unknown outcome is marked by its code.
            Some(result) if result["problem"]["code"] == "outcome_unknown" => {
                (Known::Unknown, None)
            }
            Some(_) => (Known::Refused, None),
            None => (Known::Unknown, None),
        }
    }

    /// The results of a batch.
    pub fn results(&self) -> impl Iterator<Item = &Value> {
        self.answer["results"].as_array().into_iter().flatten()
    }

    /// When it ended, or ends at the latest, in microseconds.
    pub fn ended_at(&self) -> i64 {
        self.ending.map_or(i64::MAX, |ending| ending.at)
    }
}

/// One stay that a sender meant to declare, and all its attempts.
pub struct Declaration<'a> {
    /// As it was sent, each time the same.
    pub item: &'a Item,
    /// The requests that carried it, and its place in each.
    pub tries: Vec<(usize, usize)>,
}

/// One change that a sender meant to make, and all its attempts.
pub struct Intent<'a> {
    /// What it does.
    pub operation: Operation,
    /// As it was sent, each time the same.
    pub change: &'a Change,
    /// The requests that carried it.
    pub tries: Vec<usize>,
}

/// The whole story.
pub struct History<'a> {
    /// All requests in the order of sending.
    pub requests: Vec<Request<'a>>,
    /// All declarations by reference.
    pub declarations: BTreeMap<&'a str, Declaration<'a>>,
    /// All changes by stay, in the order of sending; without those that had to be refused.
    pub changes: BTreeMap<&'a str, Vec<Intent<'a>>>,
}

/// How many attempts senders needed to learn the outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// They knew after the first try.
    pub first: usize,
    /// After the second.
    pub second: usize,
    /// After more, or never.
    pub more: usize,
}

impl Tries {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            first: self.first + other.first,
            second: self.second + other.second,
            more: self.more + other.more,
        }
    }

    /// The percentage that knew the outcome after at most two attempts.
    pub fn within_two(self) -> f64 {
        let all = self.first + self.second + self.more;
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        100.0 * count(self.first + self.second) / count(all.max(1))
    }
}

impl<'a> History<'a> {
    /// How many attempts retrying senders needed; a sender that gave up after its first attempt is
    /// not counted, because it never learned the outcome.
    pub fn patience(&self) -> Tries {
        let mut by_key: BTreeMap<(Operation, &str), Vec<bool>> = BTreeMap::new();
        for request in &self.requests {
            let sending = request.sending;
            let is_open =
                request.is_open() || request.results().any(|r| r["problem"]["retryable"] == true);
            by_key
                .entry((sending.operation, &sending.key))
                .or_default()
                .push(is_open);
        }
        let mut tries = Tries::default();
        for asked in by_key.values() {
            match asked.iter().position(|is_open| !is_open) {
                Some(0) => tries.first += 1,
                Some(1) => tries.second += 1,
                None if asked.len() == 1 => {}
                Some(_) | None => tries.more += 1,
            }
        }
        tries
    }

    /// Puts the lines together.
    pub fn read(lines: &'a [Line]) -> Self {
        let mut endings = BTreeMap::new();
        for line in lines {
            if let Line::Outcome(ending) = line {
                endings.insert(ending.request, ending);
            }
        }
        let mut requests = Vec::new();
        for line in lines {
            let Line::Send(sending) = line else { continue };
            let ending = endings.get(&sending.request).copied();
            let body = ending.and_then(|ending| ending.body.as_deref());
            requests.push(Request {
                sending,
                ending,
                answer: body
                    .and_then(|body| serde_json::from_str(body).ok())
                    .unwrap_or_default(),
            });
        }
        Self {
            declarations: declarations(&requests),
            changes: changes(&requests),
            requests,
        }
    }

    /// The tries of a change.
    pub fn tries(&self, intent: &Intent<'_>) -> impl Iterator<Item = &Request<'a>> {
        intent.tries.iter().map(|place| &self.requests[*place])
    }

    /// The outcome of each attempt at a declaration, with the stay if one was returned.
    pub fn outcomes(
        &self,
        declaration: &Declaration<'_>,
    ) -> impl Iterator<Item = (&Request<'a>, Known, Option<&Value>)> {
        declaration.tries.iter().map(|(place, index)| {
            let request = &self.requests[*place];
            let (known, stay) = request.item(*index);
            (request, known, stay)
        })
    }
}

fn declarations<'a>(requests: &[Request<'a>]) -> BTreeMap<&'a str, Declaration<'a>> {
    let mut declarations: BTreeMap<&str, Declaration<'a>> = BTreeMap::new();
    for (place, request) in requests.iter().enumerate() {
        if request.sending.operation.refusal().is_some() {
            continue;
        }
        for (index, item) in request.sending.items.iter().enumerate() {
            let declaration = declarations
                .entry(&item.reference)
                .or_insert_with(|| Declaration {
                    item,
                    tries: Vec::new(),
                });
            declaration.tries.push((place, index));
        }
    }
    declarations
}

fn changes<'a>(requests: &[Request<'a>]) -> BTreeMap<&'a str, Vec<Intent<'a>>> {
    let mut changes: BTreeMap<&str, Vec<Intent<'a>>> = BTreeMap::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, request) in requests.iter().enumerate() {
        let sending = request.sending;
        let Some(change) = &sending.change else {
            continue;
        };
        if sending.operation.refusal().is_some() {
            continue;
        }
        let intents = changes.entry(&change.stay_id).or_default();
        let which = *places.entry(&sending.key).or_insert_with(|| {
            intents.push(Intent {
                operation: sending.operation,
                change,
                tries: Vec::new(),
            });
            intents.len() - 1
        });
        intents[which].tries.push(place);
    }
    changes
}
