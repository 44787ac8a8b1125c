//! Which requests repeat an earlier one, and which guests have been here before.
//!
//! Everything follows from the seed and the number of the request, so that a run can be repeated.

use rand::{Rng, SeedableRng, rngs::StdRng};

/// A front desk resends while it remembers: from so many requests back at most. Also the number of
/// requests that are kept to be resent.
const DISTANCE_MAX: u64 = 1_024;
/// Requests a connection may be behind the newest one. Nearer than that, the first sending of a
/// request might still be under way.
const DISTANCE_PER_CONNECTION: u64 = 4;

/// What a request declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Guests who have not been here before.
    Fresh,
    /// The same request as that one, byte for byte.
    Resend {
        /// Number of a request that is no resend.
        of: u64,
    },
    /// A new stay of the guest of that request.
    Returning {
        /// Number of a request with a fresh guest.
        of: u64,
    },
}

/// The shares of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    /// Share of requests that are resends, from 0 to 1.
    pub(crate) resend_share: f64,
    /// Share of requests whose guest returns, from 0 to 1. With the resends at most 1.
    pub(crate) returning_share: f64,
}

impl Mix {
    /// Every guest is somebody new.
    pub(crate) const FRESH: Self = Self {
        resend_share: 0.0,
        returning_share: 0.0,
    };

    /// What request `number` of the run with this seed declares.
    pub(crate) fn kind(&self, seed: u64, number: u64, connection_count: usize) -> Kind {
        if self.resend_share + self.returning_share <= 0.0 {
            return Kind::Fresh;
        }
        let nearest = DISTANCE_PER_CONNECTION * connection_count as u64;
        let (chance, mut draws) = self.draw(seed, number);
        if chance == Chance::Fresh || number < nearest || nearest > DISTANCE_MAX {
            return Kind::Fresh;
        }
        let earlier = number - draws.random_range(nearest..=number.min(DISTANCE_MAX));
        let chance_of = |number| self.draw(seed, number).0;
        match chance {
            Chance::Fresh => Kind::Fresh,
            Chance::Resend => last_with(earlier, |number| chance_of(number) != Chance::Resend)
                .map_or(Kind::Fresh, |of| Kind::Resend { of }),
            Chance::Returning => last_with(earlier, |number| chance_of(number) == Chance::Fresh)
                .map_or(Kind::Fresh, |of| Kind::Returning { of }),
        }
    }

    /// By the shares alone, whatever there is to come back to.
    fn draw(&self, seed: u64, number: u64) -> (Chance, StdRng) {
        let mut draws = StdRng::seed_from_u64(seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let drawn: f64 = draws.random();
        let chance = if drawn < self.resend_share {
            Chance::Resend
        } else if drawn < self.resend_share + self.returning_share {
            Chance::Returning
        } else {
            Chance::Fresh
        };
        (chance, draws)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chance {
    Fresh,
    Resend,
    Returning,
}

/// The last number up to `number` that will do, within the same distance again.
fn last_with(number: u64, will_do: impl Fn(u64) -> bool) -> Option<u64> {
    let first = number.saturating_sub(DISTANCE_MAX);
    (first..=number).rev().find(|number| will_do(*number))
}

/// The latest requests, to be sent again.
pub(crate) struct Sent<T> {
    slots: Vec<Option<(u64, T)>>,
}

impl<T: Clone> Sent<T> {
    /// Nothing was sent yet.
    pub(crate) fn new() -> Self {
        // A resend may reach back by the distance twice.
        let length = usize::try_from(2 * DISTANCE_MAX + 1).unwrap_or(usize::MAX);
        Self {
            slots: vec![None; length],
        }
    }

    /// Keeps a request, in the place of one from long before.
    pub(crate) fn keep(&mut self, number: u64, request: T) {
        let slot = self.slot(number);
        self.slots[slot] = Some((number, request));
    }

    /// The request with this number, if it was kept.
    pub(crate) fn get(&self, number: u64) -> Option<T> {
        match &self.slots[self.slot(number)] {
            Some((kept, request)) if *kept == number => Some(request.clone()),
            Some(_) | None => None,
        }
    }

    fn slot(&self, number: u64) -> usize {
        usize::try_from(number % self.slots.len() as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIX: Mix = Mix {
        resend_share: 0.1,
        returning_share: 0.2,
    };

    fn kinds(seed: u64) -> Vec<Kind> {
        (0..20_000)
            .map(|number| MIX.kind(seed, number, 64))
            .collect()
    }

    #[test]
    fn the_shares_are_kept_and_the_seed_repeats_them() {
        let kinds_of_seven = kinds(7);
        let count = |is_counted: fn(&Kind) -> bool| {
            kinds_of_seven
                .iter()
                .filter(|kind| is_counted(kind))
                .count()
        };
        let resends = count(|kind| matches!(kind, Kind::Resend { .. }));
        let returning = count(|kind| matches!(kind, Kind::Returning { .. }));
        assert!((1_800..2_200).contains(&resends), "{resends}");
        assert!((3_600..4_400).contains(&returning), "{returning}");
        assert_eq!(kinds_of_seven, kinds(7));
        assert_ne!(kinds_of_seven, kinds(8));
    }

    #[test]
    fn a_resend_and_a_return_lead_to_a_request_that_was_answered_before() {
        let kinds = kinds(7);
        for (number, kind) in (0_u64..).zip(&kinds) {
            let (Kind::Resend { of } | Kind::Returning { of }) = *kind else {
                continue;
            };
            assert!(of + 256 <= number && number <= of + 2 * DISTANCE_MAX);
            let first = kinds[usize::try_from(of).unwrap()];
            match kind {
                Kind::Resend { .. } => assert!(!matches!(first, Kind::Resend { .. })),
                Kind::Returning { .. } | Kind::Fresh => assert_eq!(first, Kind::Fresh),
            }
        }
    }

    #[test]
    fn a_run_of_nothing_but_resends_ends_all_the_same() {
        let mix = Mix {
            resend_share: 1.0,
            returning_share: 0.0,
        };
        assert_eq!(mix.kind(7, 10_000, 64), Kind::Fresh);
    }

    #[test]
    fn without_shares_every_guest_is_new() {
        assert!((0..5_000).all(|number| Mix::FRESH.kind(1, number, 8) == Kind::Fresh));
    }

    #[test]
    fn a_request_is_kept_until_its_place_is_needed() {
        let mut sent = Sent::new();
        sent.keep(3, "three");
        assert_eq!(sent.get(3), Some("three"));
        assert_eq!(sent.get(3 + 2 * DISTANCE_MAX + 1), None);
        sent.keep(3 + 2 * DISTANCE_MAX + 1, "later");
        assert_eq!(sent.get(3), None);
    }
}
