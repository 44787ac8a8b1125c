//! Faults on demand: the configured faults, and the fate of each request.
//!
//! Every request takes the same number of draws in the same order, so that one seed gives one
//! sequence of fates, whichever rates are set.

use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

const LATENCY_MS_MAX: u64 = 600_000;

/// The faults of one simulator, as `PUT /faults` sets them. Members left out take the default:
/// no fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FaultPlan {
    /// Milliseconds between a request and its answer, at most 600,000.
    pub(crate) latency_ms: u64,
    /// Up to this many milliseconds more, evenly spread.
    pub(crate) jitter_ms: u64,
    /// Share of requests, 0 to 1, answered with `error_status` and without effect.
    pub(crate) error_rate: f64,
    /// 400 to 599.
    pub(crate) error_status: u16,
    /// `Retry-After` of those answers, in seconds.
    pub(crate) retry_after_s: Option<u64>,
    /// Share of requests that get no answer for 120 seconds and have no effect.
    pub(crate) hang_rate: f64,
    /// Share of requests that take effect and whose connection is then cut.
    pub(crate) drop_after_accept_rate: f64,
    /// Share of requests that take effect and are answered 200 with HTML.
    pub(crate) malformed_rate: f64,
    /// Every connection is closed without an answer.
    pub(crate) outage: bool,
    /// Start of the random sequence. Chosen and shown when left out.
    pub(crate) seed: Option<u64>,
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            jitter_ms: 0,
            error_rate: 0.0,
            error_status: 503,
            retry_after_s: None,
            hang_rate: 0.0,
            drop_after_accept_rate: 0.0,
            malformed_rate: 0.0,
            outage: false,
            seed: None,
        }
    }
}

impl FaultPlan {
    /// Names of the members whose value is out of bounds; empty when the plan is valid.
    pub(crate) fn violations(&self) -> Vec<&'static str> {
        let is_rate = |rate: f64| (0.0..=1.0).contains(&rate);
        let judged = [
            ("/latency_ms", self.latency_ms <= LATENCY_MS_MAX),
            ("/jitter_ms", self.jitter_ms <= LATENCY_MS_MAX),
            ("/error_rate", is_rate(self.error_rate)),
            ("/error_status", (400..=599).contains(&self.error_status)),
            ("/hang_rate", is_rate(self.hang_rate)),
            (
                "/drop_after_accept_rate",
                is_rate(self.drop_after_accept_rate),
            ),
            ("/malformed_rate", is_rate(self.malformed_rate)),
        ];
        judged
            .into_iter()
            .filter_map(|(pointer, is_valid)| (!is_valid).then_some(pointer))
            .collect()
    }
}

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// Closed without an answer, no effect.
    Outage,
    /// No answer for a long time, no effect.
    Hang,
    /// Effect, then the connection is cut.
    DropAfterAccept,
    /// Effect, then HTML.
    Malformed,
    /// This status, no effect.
    Error {
        status: u16,
        retry_after_s: Option<u64>,
    },
    /// Treated as it deserves.
    Answered,
}

/// The current plan and its random sequence.
pub(crate) struct Faults {
    state: Mutex<(FaultPlan, Sequence)>,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self {
            state: Mutex::new((FaultPlan::default(), Sequence(0))),
        }
    }

    /// Replaces the plan and restarts its sequence. Returns the plan in force, with its seed.
    pub(crate) fn set(&self, mut plan: FaultPlan) -> FaultPlan {
        let seed = plan.seed.unwrap_or_else(fresh_seed);
        plan.seed = Some(seed);
        *self.state.lock() = (plan.clone(), Sequence(seed));
        plan
    }

    pub(crate) fn clear(&self) {
        *self.state.lock() = (FaultPlan::default(), Sequence(0));
    }

    pub(crate) fn plan(&self) -> FaultPlan {
        self.state.lock().0.clone()
    }

    /// The fate of the next request and how long its answer is to take.
    pub(crate) fn draw(&self) -> (Fate, Duration) {
        let mut state = self.state.lock();
        let (plan, sequence) = &mut *state;
        draw(plan, sequence)
    }
}

fn draw(plan: &FaultPlan, sequence: &mut Sequence) -> (Fate, Duration) {
    let hangs = sequence.share() < plan.hang_rate;
    let drops = sequence.share() < plan.drop_after_accept_rate;
    let is_malformed = sequence.share() < plan.malformed_rate;
    let fails = sequence.share() < plan.error_rate;
    let jitter = Duration::from_millis(plan.jitter_ms).mul_f64(sequence.share());
    let delay = Duration::from_millis(plan.latency_ms) + jitter;

    let fate = if plan.outage {
        Fate::Outage
    } else if hangs {
        Fate::Hang
    } else if drops {
        Fate::DropAfterAccept
    } else if is_malformed {
        Fate::Malformed
    } else if fails {
        Fate::Error {
            status: plan.error_status,
            retry_after_s: plan.retry_after_s,
        }
    } else {
        Fate::Answered
    };
    (fate, delay)
}

/// SplitMix64: written out here because a seed has to mean the same in every release.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// At least 0, less than 1.
    fn share(&mut self) -> f64 {
        const TWO_TO_53: f64 = 9_007_199_254_740_992.0;
        (self.next() >> 11) as f64 / TWO_TO_53
    }
}

/// 32 bits, so that every JSON reader keeps the seed exactly.
fn fresh_seed() -> u64 {
    u64::from(u32::from_le_bytes(runtime::ids::random_bytes::<4>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(plan: FaultPlan, count: usize) -> Vec<Fate> {
        let faults = Faults::none();
        faults.set(plan);
        (0..count).map(|_| faults.draw().0).collect()
    }

    #[test]
    fn splitmix_gives_the_published_sequence() {
        // Reference: the first outputs of the algorithm's published C code for seed 1234567.
        let mut sequence = Sequence(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        for value in expected {
            assert_eq!(sequence.next(), value);
        }
    }

    #[test]
    fn faults_are_judged_in_the_order_of_the_contract() {
        let all = FaultPlan {
            outage: true,
            hang_rate: 1.0,
            drop_after_accept_rate: 1.0,
            malformed_rate: 1.0,
            error_rate: 1.0,
            ..FaultPlan::default()
        };
        let no_outage = FaultPlan {
            outage: false,
            ..all.clone()
        };
        let no_hang = FaultPlan {
            hang_rate: 0.0,
            ..no_outage.clone()
        };
        let no_drop = FaultPlan {
            drop_after_accept_rate: 0.0,
            ..no_hang.clone()
        };
        let only_error = FaultPlan {
            malformed_rate: 0.0,
            ..no_drop.clone()
        };
        let error = Fate::Error {
            status: 503,
            retry_after_s: None,
        };
        let table = [
            (all, Fate::Outage),
            (no_outage, Fate::Hang),
            (no_hang, Fate::DropAfterAccept),
            (no_drop, Fate::Malformed),
            (only_error, error),
            (FaultPlan::default(), Fate::Answered),
        ];
        for (plan, fate) in table {
            assert_eq!(fates(plan, 1), [fate]);
        }
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let plan = FaultPlan {
            error_rate: 0.3,
            malformed_rate: 0.2,
            seed: Some(7),
            ..FaultPlan::default()
        };
        let other = FaultPlan {
            seed: Some(8),
            ..plan.clone()
        };
        assert_eq!(fates(plan.clone(), 200), fates(plan.clone(), 200));
        assert_ne!(fates(plan, 200), fates(other, 200));
    }

    #[test]
    fn raising_one_rate_leaves_the_draws_of_the_others() {
        let errors_only = FaultPlan {
            error_rate: 0.3,
            seed: Some(7),
            ..FaultPlan::default()
        };
        let with_hangs = FaultPlan {
            hang_rate: 0.2,
            ..errors_only.clone()
        };
        let pairs = fates(errors_only, 300)
            .into_iter()
            .zip(fates(with_hangs, 300));
        for (alone, together) in pairs {
            assert!(together == alone || together == Fate::Hang);
        }
    }

    #[test]
    fn rates_come_out_about_as_asked() {
        let plan = FaultPlan {
            error_rate: 0.25,
            seed: Some(1),
            ..FaultPlan::default()
        };
        let answered = fates(plan, 4_000)
            .into_iter()
            .filter(|fate| *fate == Fate::Answered)
            .count();
        assert!((2_850..3_150).contains(&answered), "{answered} of 4,000");
    }

    #[test]
    fn jitter_stays_between_its_bounds() {
        let faults = Faults::none();
        faults.set(FaultPlan {
            latency_ms: 50,
            jitter_ms: 20,
            seed: Some(3),
            ..FaultPlan::default()
        });
        for _ in 0..200 {
            let (_, delay) = faults.draw();
            assert!((50..70).contains(&delay.as_millis()), "{delay:?}");
        }
    }

    #[test]
    fn values_out_of_bounds_are_named() {
        let plan = FaultPlan {
            latency_ms: LATENCY_MS_MAX + 1,
            error_rate: 1.1,
            error_status: 200,
            hang_rate: -0.1,
            malformed_rate: f64::NAN,
            ..FaultPlan::default()
        };
        let expected = [
            "/latency_ms",
            "/error_rate",
            "/error_status",
            "/hang_rate",
            "/malformed_rate",
        ];
        assert_eq!(plan.violations(), expected);
        assert!(FaultPlan::default().violations().is_empty());
    }
}
