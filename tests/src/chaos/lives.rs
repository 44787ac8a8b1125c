//! The life of a declared stay: a list of changes, each possible in the state left by the previous
//! ones.

use chrono::{DateTime, FixedOffset, TimeDelta};
use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};

use super::journal::{Change, Operation};
use crate::{people::MARKERS, time::text_of};

/// Most changes of one stay.
const DEED_COUNT_MAX: usize = 5;

/// One change, or two of the same version at the same time.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    operation: Operation,
    rivals: Vec<(String, Value)>,
}

/// What can be done to a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    MoveRoom,
    /// Concerns only the sender: the police are not notified.
    Note,
    MoveRoomTwiceAtOnce,
    NameAnotherVersion,
    Extend,
    Depart,
    Return,
    Cancel,
}

/// While the guest is there.
const PRESENT: [Step; 7] = [
    Step::MoveRoom,
    Step::Note,
    Step::MoveRoomTwiceAtOnce,
    Step::NameAnotherVersion,
    Step::Extend,
    Step::Depart,
    Step::Cancel,
];
/// After the departure.
const DEPARTED: [Step; 4] = [Step::MoveRoom, Step::Note, Step::Return, Step::Cancel];
/// Everything once, in an order in which it is possible.
const WHOLE: [Step; 8] = [
    Step::MoveRoom,
    Step::Note,
    Step::NameAnotherVersion,
    Step::MoveRoomTwiceAtOnce,
    Step::Extend,
    Step::Depart,
    Step::Return,
    Step::Cancel,
];

impl Deed {
    /// The changes to send while this is the current version.
    pub(super) fn at(
        &self,
        stay_id: &str,
        version: i64,
    ) -> impl Iterator<Item = (Operation, String, Change)> {
        let named = if self.is_refused() {
            version + 1
        } else {
            version
        };
        self.rivals.iter().map(move |(key, document)| {
            let change = Change {
                stay_id: stay_id.to_owned(),
                version: named,
                document: document.clone(),
                has_rival: self.rivals.len() > 1,
            };
            (self.operation, key.clone(), change)
        })
    }

    /// Whether nothing can come after it.
    pub(super) fn is_final(&self) -> bool {
        self.operation == Operation::Cancel
    }

    /// Whether it leaves the stay as it is.
    pub(super) fn is_refused(&self) -> bool {
        self.operation.refusal().is_some()
    }
}

/// A life in which everything happens.
pub(super) fn whole(arrival_at: &Value, mut key: impl FnMut() -> String) -> Vec<Deed> {
    let steps = WHOLE.iter().zip(1..);
    steps
        .map(|(step, number)| step.deed(arrival_at, number, &mut key))
        .collect()
}

/// A random life.
pub(super) fn by_chance(
    arrival_at: &Value,
    random: &mut StdRng,
    mut key: impl FnMut() -> String,
) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let mut possible: &[Step] = &PRESENT;
    let count = random.random_range(1..=DEED_COUNT_MAX);
    for number in (1..).take(count) {
        let step = possible[random.random_range(0..possible.len())];
        deeds.push(step.deed(arrival_at, number, &mut key));
        match step {
            Step::Depart => possible = &DEPARTED,
            Step::Return => possible = &PRESENT,
            Step::Cancel => break,
            Step::MoveRoom
            | Step::Note
            | Step::MoveRoomTwiceAtOnce
            | Step::NameAnotherVersion
            | Step::Extend => {}
        }
    }
    deeds
}

impl Step {
    /// The deed; its number in the stay's life keeps any two apart.
    fn deed(self, arrival_at: &Value, number: i64, key: &mut impl FnMut() -> String) -> Deed {
        let arrival_at = arrival_at.as_str().unwrap_or_default();
        let arrival_at = DateTime::parse_from_rfc3339(arrival_at).expect("an instant");
        let mut one = |operation, document| Deed {
            operation,
            rivals: vec![(key(), document)],
        };
        match self {
            Self::MoveRoom => one(Operation::Amend, room(number, "A")),
            Self::Note => one(
                Operation::Amend,
                json!({"note": format!("{} {number}", MARKERS[3]), "reason": MARKERS[3]}),
            ),
            Self::NameAnotherVersion => one(Operation::Stale, room(number, "S")),
            Self::MoveRoomTwiceAtOnce => Deed {
                operation: Operation::Amend,
                rivals: ["B", "C"].map(|wing| (key(), room(number, wing))).to_vec(),
            },
            Self::Extend => one(Operation::Extend, extension(arrival_at, number)),
            Self::Depart => one(
                Operation::Depart,
                json!({"departed_at": text_of(arrival_at + TimeDelta::minutes(1))}),
            ),
            Self::Return => one(
                Operation::Amend,
                json!({"departed_at": null, "reason": MARKERS[3]}),
            ),
            Self::Cancel => one(Operation::Cancel, json!({"reason": MARKERS[3]})),
        }
    }
}

fn room(number: i64, wing: &str) -> Value {
    json!({"room": format!("{wing}{number} {}", MARKERS[2]), "reason": MARKERS[3]})
}

/// Later than any extension before it, and before the day on which residence must be registered.
fn extension(arrival_at: DateTime<FixedOffset>, number: i64) -> Value {
    json!({"expected_departure_at": text_of(arrival_at + TimeDelta::days(2 + number))})
}
