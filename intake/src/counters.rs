//! Counts what became of requests, the same at every door. The handles of counters are kept:
//! looking one up costs as much as a small query of a map by text, several times for each stay.

use std::sync::OnceLock;

use domain::{change::Operation, facility::FacilityKind, problem::Class, stay::Channel};
use metrics::{Counter, counter};

use crate::{Refusal, occasion::Accepted};

/// What became of one declaration or change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// A version was made.
    Accepted,
    /// It had been made before.
    Replayed,
    /// Nothing was made.
    Refused(Class),
}

impl ItemOutcome {
    /// What an answer says.
    #[must_use]
    pub const fn of(answer: &Result<Accepted, Refusal>) -> Self {
        match answer {
            Ok(Accepted {
                is_replay: true, ..
            }) => Self::Replayed,
            Ok(_) => Self::Accepted,
            Err(refusal) => Self::Refused(refusal.class()),
        }
    }

    const COUNT: usize = 2 + Class::ALL.len();

    const fn place(self) -> usize {
        match self {
            Self::Accepted => 0,
            Self::Replayed => 1,
            Self::Refused(class) => 2 + class as usize,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Replayed => "replayed",
            Self::Refused(_) => "refused",
        }
    }

    const fn error_class(self) -> &'static str {
        match self {
            Self::Accepted | Self::Replayed => "none",
            Self::Refused(class) => class.as_str(),
        }
    }
}

const CHANNEL_COUNT: usize = Channel::ALL.len();
/// Every kind, and none.
const KIND_COUNT: usize = FacilityKind::ALL.len() + 1;
const OPERATION_COUNT: usize = Operation::ALL.len();

/// The counters of an intake. Each is looked up at its first use: most are never used.
#[derive(Default)]
pub(crate) struct IntakeCounters {
    items: [[[OnceLock<Counter>; ItemOutcome::COUNT]; KIND_COUNT]; CHANNEL_COUNT],
    changes: [[OnceLock<Counter>; ItemOutcome::COUNT]; OPERATION_COUNT],
    keys: [OnceLock<Counter>; 4],
}

impl IntakeCounters {
    /// One declaration more, for a facility of that kind; `None` where it names none that its
    /// sender may use.
    pub(crate) fn item(&self, channel: Channel, kind: Option<FacilityKind>, outcome: ItemOutcome) {
        let kind_place = kind.map_or(0, |kind| 1 + kind as usize);
        let counter = &self.items[channel as usize][kind_place][outcome.place()];
        let counter = counter.get_or_init(|| {
            counter!(
                "luutru_intake_items_total",
                "channel" => channel.as_str(),
                "facility_kind" => kind.map_or("unknown", FacilityKind::as_str),
                "outcome" => outcome.as_str(),
                "error_class" => outcome.error_class()
            )
        });
        counter.increment(1);
    }

    /// One change more.
    pub(crate) fn change(&self, operation: Operation, outcome: ItemOutcome) {
        let counter = &self.changes[operation as usize][outcome.place()];
        let counter = counter.get_or_init(|| {
            counter!(
                "luutru_intake_changes_total",
                "operation" => operation.as_str(),
                "outcome" => outcome.as_str(),
                "error_class" => outcome.error_class()
            )
        });
        counter.increment(1);
    }

    /// What the `Idempotency-Key` of a request did.
    pub(crate) fn key(&self, answer: &Result<Accepted, Refusal>) {
        let (place, result) = match answer {
            Ok(accepted) if accepted.is_replay => (0, "replay"),
            Ok(_) => (1, "new"),
            Err(Refusal::IdempotencyKeyReused) => (2, "mismatch"),
            Err(Refusal::IdempotencyInProgress) => (3, "in_progress"),
            Err(_) => return,
        };
        let counter = self.keys[place]
            .get_or_init(|| counter!("luutru_idempotency_total", "result" => result));
        counter.increment(1);
    }
}
