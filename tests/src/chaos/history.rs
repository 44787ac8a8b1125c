//! J read as a story: each request with its end, each declaration with all its tries.

use std::collections::BTreeMap;

use serde_json::Value;

use super::journal::{Ending, Item, Line, Operation, Sending};

/// What a sender knows after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A complete 2xx.
    Acknowledged,
    /// A complete answer that says: not saved.
    Refused,
    /// No complete answer, or one that says that the outcome is not known.
    Unknown,
}

/// A request and how it ended.
pub struct Request<'a> {
    /// What was sent.
    pub sending: &'a Sending,
    /// How it ended; none when the journal breaks off.
    pub ending: Option<&'a Ending>,
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

    /// The code of the problem it was answered with.
    pub fn code(&self) -> &str {
        self.answer["code"].as_str().unwrap_or_default()
    }

    /// What became of one of its items, and the stay in the answer where there is one.
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
            // An item that is told to be unknown is told so by its code.
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

/// One stay that somebody meant to declare, and all tries of it.
pub struct Declaration<'a> {
    /// As it was sent, each time the same.
    pub item: &'a Item,
    /// The requests that carried it, and its place in each.
    pub tries: Vec<(usize, usize)>,
}

/// The whole story.
pub struct History<'a> {
    /// All requests in the order of sending.
    pub requests: Vec<Request<'a>>,
    /// All declarations by reference.
    pub declarations: BTreeMap<&'a str, Declaration<'a>>,
    /// References of stays that only ever came in a request that had to be refused.
    pub refused_items: Vec<(usize, &'a Item)>,
}

impl<'a> History<'a> {
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
        let mut declarations: BTreeMap<&str, Declaration<'a>> = BTreeMap::new();
        let mut refused_items = Vec::new();
        for (place, request) in requests.iter().enumerate() {
            for (index, item) in request.sending.items.iter().enumerate() {
                if request.sending.operation.refusal().is_some() {
                    refused_items.push((place, item));
                    continue;
                }
                let declaration =
                    declarations
                        .entry(&item.reference)
                        .or_insert_with(|| Declaration {
                            item,
                            tries: Vec::new(),
                        });
                declaration.tries.push((place, index));
            }
        }
        Self {
            requests,
            declarations,
            refused_items,
        }
    }

    /// What became of each try of a declaration, with the stay where one was answered.
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
