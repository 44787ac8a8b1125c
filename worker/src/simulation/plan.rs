//! What a seed decides in advance: the length of a run and its faults.
//!
//! Each run has a few faults that strike often rather than a little of everything, which finds
//! problems that only appear when the same thing fails repeatedly.

use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

/// How the police endpoint deals with a notification that reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoliceFault {
    /// Files it; the answer is cut.
    FiledThenCut,
    /// Files it; the answer never comes.
    FiledThenSilent,
    /// Files it; a proxy answers with a page instead.
    FiledThenPage,
    /// Files it; the answer is that of another notification.
    FiledThenOther,
    /// Files it; half of the answer comes.
    FiledThenHalf,
    /// Nothing listens.
    NoConnection,
    /// Reads nothing, says nothing.
    Silent,
    /// Ends the connection.
    Cut,
    /// 500.
    Failing,
    /// 503, with a request to retry later.
    Busy,
    /// 429, with a request to retry later.
    TooMany,
    /// 401.
    WrongSecret,
    /// A page with status 200.
    Page,
    /// A confirmation of another notification.
    Other,
    /// `{}` with status 200.
    Empty,
    /// 204.
    NoContent,
    /// 302.
    Redirect,
    /// 404 without a code.
    WrongAddress,
    /// An answer without end.
    Endless,
    /// 422 with a code, now and at every retry.
    Refuses,
    /// 400, now and at every retry.
    RefusesForm,
    /// 409: other bytes are stored under its id, now and at every retry.
    HoldsOther,
    /// 418 with a code, now and at every retry: neither accepted nor refused.
    Puzzles,
}

const POLICE_FAULTS: [PoliceFault; 23] = [
    PoliceFault::FiledThenCut,
    PoliceFault::FiledThenSilent,
    PoliceFault::FiledThenPage,
    PoliceFault::FiledThenOther,
    PoliceFault::FiledThenHalf,
    PoliceFault::NoConnection,
    PoliceFault::Silent,
    PoliceFault::Cut,
    PoliceFault::Failing,
    PoliceFault::Busy,
    PoliceFault::TooMany,
    PoliceFault::WrongSecret,
    PoliceFault::Page,
    PoliceFault::Other,
    PoliceFault::Empty,
    PoliceFault::NoContent,
    PoliceFault::Redirect,
    PoliceFault::WrongAddress,
    PoliceFault::Endless,
    PoliceFault::Refuses,
    PoliceFault::RefusesForm,
    PoliceFault::HoldsOther,
    PoliceFault::Puzzles,
];

/// How the registry deals with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RegistryFault {
    /// Nothing listens.
    NoConnection,
    /// Says nothing.
    Silent,
    /// Ends the connection.
    Cut,
    /// 500.
    Failing,
    /// 429, with a request to retry later.
    TooMany,
    /// 401.
    WrongKey,
    /// 400.
    RefusesQuestion,
    /// A page with status 200.
    Page,
    /// Speaks of somebody else.
    OtherPerson,
}

const REGISTRY_FAULTS: [RegistryFault; 9] = [
    RegistryFault::NoConnection,
    RegistryFault::Silent,
    RegistryFault::Cut,
    RegistryFault::Failing,
    RegistryFault::TooMany,
    RegistryFault::WrongKey,
    RegistryFault::RefusesQuestion,
    RegistryFault::Page,
    RegistryFault::OtherPerson,
];

/// How the database deals with a group of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LedgerFault {
    /// Does not answer; nothing is written.
    Away,
    /// Its disk is full; nothing is written.
    Full,
    /// Refuses it; nothing is written.
    Refuses,
    /// Writes it; the answer to COMMIT is lost.
    AnswerLost,
    /// The answer to COMMIT is lost, and nothing was written.
    CommitLost,
}

const LEDGER_FAULTS: [LedgerFault; 5] = [
    LedgerFault::Away,
    LedgerFault::Full,
    LedgerFault::Refuses,
    LedgerFault::AnswerLost,
    LedgerFault::CommitLost,
];

/// Faults of one kind, and how often one strikes.
#[derive(Clone, Debug)]
pub(super) struct Trouble<F> {
    kinds: Vec<F>,
    /// From 0 to 1.
    rate: f64,
}

impl<F: Copy + PartialEq> Trouble<F> {
    fn draw(chance: &mut StdRng, all: &[F]) -> Self {
        let kind_count = [0, 1, 2, 4].choose(chance).copied().unwrap_or(0);
        Self {
            kinds: all.choose_multiple(chance, kind_count).copied().collect(),
            rate: [0.1, 0.3, 0.6, 0.9].choose(chance).copied().unwrap_or(0.0),
        }
    }

    /// What strikes now, if anything.
    pub(super) fn strikes(&self, chance: &mut StdRng) -> Option<F> {
        if chance.random_bool(self.rate) {
            self.kinds.choose(chance).copied()
        } else {
            None
        }
    }
}

/// How likely each thing is to happen next, in comparison.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    pub(super) declare: u32,
    pub(super) change: u32,
    pub(super) resend: u32,
    pub(super) turn: u32,
    pub(super) begin: u32,
    pub(super) arrive: u32,
    pub(super) answer: u32,
    pub(super) write: u32,
    pub(super) hear: u32,
    pub(super) pass: u32,
    pub(super) jump: u32,
    pub(super) kill: u32,
    pub(super) stop: u32,
    pub(super) hold: u32,
    pub(super) send_again: u32,
}

/// Everything a seed decides beforehand.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) step_count: usize,
    pub(super) stay_count: usize,
    pub(super) worker_count: usize,
    /// Tasks a worker takes at once, and works on at once.
    pub(super) claim_count: usize,
    pub(super) place_count: usize,
    pub(super) lease_seconds: u32,
    pub(super) registry_rate: u32,
    pub(super) police_rate: u32,
    /// How far the wall clock jumps at most, in minutes.
    pub(super) jump_minutes: i64,
    pub(super) police: Trouble<PoliceFault>,
    pub(super) registry: Trouble<RegistryFault>,
    pub(super) ledger: Trouble<LedgerFault>,
    pub(super) weights: Weights,
}

impl Plan {
    /// The plan of a seed.
    pub(super) fn of(seed: u64) -> Self {
        // Apart from the numbers that the run itself draws.
        let mut chance = StdRng::seed_from_u64(seed ^ 0x706c_616e);
        let chance = &mut chance;
        let starts = [
            "2026-11-23T09:00:00+07:00",
            "2026-11-23T14:05:00+07:00",
            "2026-11-23T22:10:00+07:00",
            "2026-11-23T22:50:00+07:00",
            "2026-11-23T23:55:00+07:00",
        ];
        let starts_at = starts
            .choose(chance)
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let rates = [1, 5, 50, 5_000, 5_000];
        let rate = |chance: &mut StdRng| rates.choose(chance).copied().unwrap_or(5_000);
        Self {
            seed,
            starts_at: starts_at.unwrap_or_default().to_utc(),
            step_count: chance.random_range(150..450),
            stay_count: chance.random_range(1..7),
            worker_count: chance.random_range(1..4),
            claim_count: chance.random_range(1..9),
            place_count: chance.random_range(2..13),
            lease_seconds: [13, 25, 30, 30, 60].choose(chance).copied().unwrap_or(30),
            registry_rate: rate(chance),
            police_rate: rate(chance),
            jump_minutes: [0, 0, 2, 90, 600].choose(chance).copied().unwrap_or(0),
            police: Trouble::draw(chance, &POLICE_FAULTS),
            registry: Trouble::draw(chance, &REGISTRY_FAULTS),
            ledger: Trouble::draw(chance, &LEDGER_FAULTS),
            weights: Weights::draw(chance),
        }
    }
}

impl Weights {
    fn draw(chance: &mut StdRng) -> Self {
        let mut some = |most| chance.random_range(1..=most);
        let (declare, change, resend) = (some(8), some(6), some(2));
        let (turn, begin, arrive) = (some(12) + 4, some(10) + 2, some(10) + 2);
        let (answer, write, hear) = (some(10) + 2, some(10) + 2, some(10) + 2);
        let pass = some(8) + 1;
        let mut rarely = |most| [0, 0, 1, most].choose(chance).copied().unwrap_or(0);
        Self {
            declare,
            change,
            resend,
            turn,
            begin,
            arrive,
            answer,
            write,
            hear,
            pass,
            jump: rarely(3),
            kill: rarely(3),
            stop: rarely(2),
            hold: rarely(3),
            send_again: rarely(2),
        }
    }
}
