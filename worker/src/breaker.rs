//! Whether a peer is worth calling. Pure: the current monotonic time is a parameter, so a jumping
//! clock opens nothing.
//!
//! Opens after [`FAILURES_IN_A_ROW_MAX`] failures in a row, when half of the last [`WINDOW`] calls
//! failed, or at once when the peer refuses us altogether. While it is open, one call every
//! [`PROBE_PAUSE`] probes whether the peer is back; only such a probe closes it, since an answer
//! already in flight when it opened says nothing new. No probe is made before the time the peer
//! asked for in any of its answers.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES_IN_A_ROW_MAX: u32 = 5;
/// How many recent calls count; the breaker opens when half of them failed.
const WINDOW: usize = 20;
/// Between two probes.
pub(crate) const PROBE_PAUSE: Duration = Duration::from_secs(5);

/// What an answer, or its absence, reveals about the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It does its work.
    Well,
    /// It does not.
    Failing,
    /// It refuses everything we send: wrong secret or key.
    RefusesUs,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallPermit {
    /// The peer is well, as far as we know.
    Call,
    /// The peer was failing; this call probes whether it is back.
    Probe,
    /// Not now.
    Held,
}

/// The effect of an outcome on the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BreakerChange {
    /// Nothing.
    None,
    /// It opened.
    Opened,
    /// It closed: tasks waiting for the peer may proceed.
    Closed,
}

/// What is known of one peer.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// The next probe, while open.
    probe_at: Option<Instant>,
    failures_in_a_row: u32,
    /// True for a failure, newest last.
    window: VecDeque<bool>,
    /// How long the peer has asked us to wait, since its last success.
    left_alone_until: Option<Instant>,
}

impl Breaker {
    /// True while calls are blocked.
    pub(crate) fn is_open(&self) -> bool {
        self.probe_at.is_some()
    }

    /// True when the next call would be a probe.
    pub(crate) fn is_probe_due(&self, now: Instant) -> bool {
        self.probe_at.is_some_and(|at| now >= at)
    }

    /// Requests permission to call. A permitted probe delays the next one.
    pub(crate) fn admit(&mut self, now: Instant) -> CallPermit {
        match self.probe_at {
            None => CallPermit::Call,
            Some(at) if now >= at => {
                self.probe_at = Some(now + PROBE_PAUSE);
                CallPermit::Probe
            }
            Some(_) => CallPermit::Held,
        }
    }

    /// Records the outcome of a call admitted as `permit`. `wish` is how long the peer asked us
    /// to wait.
    pub(crate) fn note(
        &mut self,
        permit: CallPermit,
        health: Health,
        now: Instant,
        wish: Option<Duration>,
    ) -> BreakerChange {
        if health != Health::Well {
            self.left_alone_until = self.left_alone_until.max(wish.map(|wish| now + wish));
        }
        match (self.is_open(), permit, health) {
            (true, CallPermit::Probe, Health::Well) => {
                *self = Self::default();
                BreakerChange::Closed
            }
            (true, CallPermit::Probe, Health::Failing | Health::RefusesUs) => {
                self.open(now);
                BreakerChange::None
            }
            (true, CallPermit::Call | CallPermit::Held, _) => {
                self.probe_at = self.probe_at.max(self.left_alone_until);
                BreakerChange::None
            }
            (false, _, health) => self.weigh(health, now),
        }
    }

    fn weigh(&mut self, health: Health, now: Instant) -> BreakerChange {
        let has_failed = health != Health::Well;
        if !has_failed {
            self.left_alone_until = None;
        }
        self.failures_in_a_row = if has_failed {
            self.failures_in_a_row + 1
        } else {
            0
        };
        if self.window.len() == WINDOW {
            self.window.pop_front();
        }
        self.window.push_back(has_failed);
        let failure_count = self.window.iter().filter(|failed| **failed).count();
        let is_half = self.window.len() == WINDOW && failure_count * 2 >= WINDOW;
        let is_too_much = self.failures_in_a_row >= FAILURES_IN_A_ROW_MAX
            || is_half
            || health == Health::RefusesUs;
        if !(has_failed && is_too_much) {
            return BreakerChange::None;
        }
        self.open(now);
        BreakerChange::Opened
    }

    fn open(&mut self, now: Instant) {
        self.probe_at = Some(now + PROBE_PAUSE).max(self.left_alone_until);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn note(breaker: &mut Breaker, health: Health, now: Instant) -> BreakerChange {
        breaker.note(CallPermit::Call, health, now, None)
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert_eq!(
                note(&mut breaker, Health::Failing, now),
                BreakerChange::None
            );
        }
        assert_eq!(
            note(&mut breaker, Health::Failing, now),
            BreakerChange::Opened
        );
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_between_does_not() {
        let now = Instant::now();
        assert!(opened(now).is_open());

        let mut breaker = Breaker::default();
        for _ in 0..4 {
            note(&mut breaker, Health::Failing, now);
        }
        note(&mut breaker, Health::Well, now);
        for _ in 0..4 {
            assert_eq!(
                note(&mut breaker, Health::Failing, now),
                BreakerChange::None
            );
        }
        assert!(!breaker.is_open());
    }

    #[test]
    fn half_of_twenty_opens_it() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        let changes: Vec<BreakerChange> = (0..20)
            .map(|call| {
                let health = if call % 2 == 0 {
                    Health::Well
                } else {
                    Health::Failing
                };
                note(&mut breaker, health, now)
            })
            .collect();
        assert!(
            changes[..19]
                .iter()
                .all(|change| *change == BreakerChange::None)
        );
        assert_eq!(changes[19], BreakerChange::Opened);
    }

    #[test]
    fn a_peer_that_refuses_us_is_left_alone_at_once() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        assert_eq!(
            note(&mut breaker, Health::RefusesUs, now),
            BreakerChange::Opened
        );
    }

    #[test]
    fn while_open_one_probe_every_five_seconds_and_only_its_success_closes() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(
            breaker.admit(now + Duration::from_secs(4)),
            CallPermit::Held
        );
        assert_eq!(note(&mut breaker, Health::Well, now), BreakerChange::None);

        let later = now + PROBE_PAUSE;
        assert_eq!(breaker.admit(later), CallPermit::Probe);
        assert_eq!(breaker.admit(later), CallPermit::Held);
        let failed = breaker.note(CallPermit::Probe, Health::Failing, later, None);
        assert_eq!(failed, BreakerChange::None);

        let later = later + PROBE_PAUSE;
        assert_eq!(breaker.admit(later), CallPermit::Probe);
        let closed = breaker.note(CallPermit::Probe, Health::Well, later, None);
        assert_eq!(closed, BreakerChange::Closed);
        assert_eq!(breaker.admit(later), CallPermit::Call);
    }

    #[test]
    fn a_probe_waits_as_long_as_the_peer_asked() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let wish = Some(Duration::from_secs(60));
        let now = now + PROBE_PAUSE;
        assert_eq!(breaker.admit(now), CallPermit::Probe);
        breaker.note(CallPermit::Probe, Health::Failing, now, wish);
        assert_eq!(
            breaker.admit(now + Duration::from_secs(59)),
            CallPermit::Held
        );
        assert_eq!(
            breaker.admit(now + Duration::from_secs(60)),
            CallPermit::Probe
        );
    }

    #[test]
    fn the_longest_wish_counts_and_a_success_ends_it() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let wish = |seconds| Some(Duration::from_secs(seconds));
        let mut breaker = Breaker::default();
        breaker.note(CallPermit::Call, Health::Failing, now, wish(300));
        note(&mut breaker, Health::Well, now);
        breaker.note(CallPermit::Call, Health::Failing, now, wish(20));
        for _ in 0..4 {
            note(&mut breaker, Health::Failing, now);
        }
        assert_eq!(breaker.admit(after(19)), CallPermit::Held);
        // A call that was in flight when the breaker opened.
        breaker.note(CallPermit::Call, Health::Failing, after(1), wish(30));
        assert_eq!(breaker.admit(after(30)), CallPermit::Held);
        assert_eq!(breaker.admit(after(31)), CallPermit::Probe);
    }

    proptest! {
        #[test]
        fn whatever_happens_probes_keep_their_pause(
            steps in proptest::collection::vec((0_u64..2_000, 0_u8..3), 1..300),
        ) {
            let mut breaker = Breaker::default();
            let mut now = Instant::now();
            let mut last_probe: Option<Instant> = None;
            for (pause_ms, word) in steps {
                now += Duration::from_millis(pause_ms);
                let permit = breaker.admit(now);
                if permit == CallPermit::Held {
                    continue;
                }
                if permit == CallPermit::Probe {
                    prop_assert!(last_probe.is_none_or(|last| now - last >= PROBE_PAUSE));
                    last_probe = Some(now);
                }
                let health = [Health::Well, Health::Failing, Health::RefusesUs][usize::from(word)];
                breaker.note(permit, health, now, None);
            }
        }
    }
}
