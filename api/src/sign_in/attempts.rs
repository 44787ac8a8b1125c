//! Counts wrong passwords and codes, so that guessing is slow and locks out nobody else.
//!
//! An address may be wrong so often, and each name from it more rarely. A name that is guessed from
//! everywhere is slowed for strangers only: a browser in which its holder has signed in before goes
//! by its own count.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use domain::problem::Code;
use metrics::counter;
use parking_lot::{Mutex, MutexGuard};
use runtime::address::ClientAddress;

use crate::limit::Allowance;
use crate::problem::Failure;

/// Wrong attempts at once, and in how long one more is allowed.
struct AttemptRate {
    burst: NonZeroU32,
    period: Duration,
}

/// A person who mistypes.
const OF_PAIR: AttemptRate = AttemptRate {
    burst: NonZeroU32::new(10).unwrap(),
    period: Duration::from_secs(60),
};
/// A hospital behind one address.
const OF_ADDRESS: AttemptRate = AttemptRate {
    burst: NonZeroU32::new(60).unwrap(),
    period: Duration::from_secs(10),
};
/// Strangers from many addresses.
const OF_NAME: AttemptRate = AttemptRate {
    burst: NonZeroU32::new(30).unwrap(),
    period: Duration::from_secs(30),
};
/// What is counted apart at the same time; what comes later shares one count.
const COUNTED_MAX: usize = 100_000;

/// Wrong attempts of late.
pub(crate) struct SignInAttempts {
    of_address: Allowances<Option<ClientAddress>>,
    of_pair: Allowances<(String, Option<ClientAddress>)>,
    of_name: Allowances<String>,
}

impl Default for SignInAttempts {
    fn default() -> Self {
        Self {
            of_address: Allowances::new(OF_ADDRESS),
            of_pair: Allowances::new(OF_PAIR),
            of_name: Allowances::new(OF_NAME),
        }
    }
}

/// An attempt that is under way. It counts as wrong until it is forgiven.
pub(super) struct SignInAttempt(Vec<Arc<Allowance>>);

impl SignInAttempt {
    /// The attempt was right.
    pub(super) fn forgive(self) {
        for allowance in self.0 {
            allowance.give_back(1);
        }
    }
}

impl SignInAttempts {
    /// Begins an attempt at a folded name.
    ///
    /// Errors: 429 when there were too many wrong ones.
    pub(super) fn begin(
        &self,
        name: &str,
        address: Option<ClientAddress>,
        is_known_browser: bool,
    ) -> Result<SignInAttempt, Failure> {
        let mut counted = vec![
            self.of_address.of(address),
            self.of_pair.of((name.to_owned(), address)),
        ];
        if !is_known_browser {
            counted.push(self.of_name.of(name.to_owned()));
        }
        let mut attempt = SignInAttempt(Vec::with_capacity(counted.len()));
        for allowance in counted {
            if let Err(shortage) = allowance.take(1) {
                attempt.forgive();
                counter!("luutru_auth_failures_total", "kind" => "too_many_sign_ins").increment(1);
                return Err(shortage.refuse(Code::TooManySignIns));
            }
            attempt.0.push(allowance);
        }
        Ok(attempt)
    }

    /// Forgets what has come back.
    pub(crate) fn sweep(&self) {
        self.of_address.sweep();
        self.of_pair.sweep();
        self.of_name.sweep();
    }
}

/// An allowance for each of many.
struct Allowances<K> {
    pace: AttemptRate,
    each: Mutex<HashMap<K, Arc<Allowance>>>,
    others: Arc<Allowance>,
}

impl<K: Eq + Hash> Allowances<K> {
    fn new(pace: AttemptRate) -> Self {
        let others = Arc::new(Allowance::slow(pace.burst, pace.period));
        Self {
            pace,
            each: Mutex::default(),
            others,
        }
    }

    fn of(&self, key: K) -> Arc<Allowance> {
        let mut each = self.lock();
        if let Some(allowance) = each.get(&key) {
            return Arc::clone(allowance);
        }
        if each.len() >= COUNTED_MAX {
            return Arc::clone(&self.others);
        }
        let allowance = Arc::new(Allowance::slow(self.pace.burst, self.pace.period));
        each.insert(key, Arc::clone(&allowance));
        allowance
    }

    fn sweep(&self) {
        let mut each = self.lock();
        each.retain(|_, allowance| !allowance.is_full());
        each.shrink_to_fit();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<Allowance>>> {
        self.each.lock()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn address(last: u8) -> Option<ClientAddress> {
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        Some(ClientAddress::of(address))
    }

    /// How many wrong attempts of so many are let through.
    fn wrong(attempts: &SignInAttempts, count: usize, name: &str, from: u8) -> usize {
        let let_through = |_: &usize| attempts.begin(name, address(from), false).is_ok();
        (0..count).filter(let_through).count()
    }

    #[tokio::test(start_paused = true)]
    async fn who_guesses_a_name_is_slowed_and_others_are_not() {
        let attempts = SignInAttempts::default();
        assert_eq!(wrong(&attempts, 20, "desk", 1), 10);
        assert!(
            attempts.begin("desk", address(2), false).is_ok(),
            "from elsewhere"
        );
        assert!(
            attempts.begin("ward", address(1), false).is_ok(),
            "another name"
        );
        tokio::time::advance(OF_PAIR.period).await;
        assert_eq!(wrong(&attempts, 20, "desk", 1), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_guessed_from_everywhere_still_opens_in_a_known_browser() {
        let attempts = SignInAttempts::default();
        let let_through: usize = (10..100)
            .map(|from| wrong(&attempts, 5, "desk", from))
            .sum();
        assert_eq!(let_through, 30);
        assert!(
            attempts.begin("desk", address(1), false).is_err(),
            "a stranger"
        );
        assert!(
            attempts.begin("desk", address(1), true).is_ok(),
            "its holder"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn right_attempts_cost_nothing() {
        let attempts = SignInAttempts::default();
        for _ in 0..1_000 {
            let attempt = attempts.begin("desk", address(1), false);
            attempt
                .unwrap_or_else(|_| panic!("a right attempt is free"))
                .forgive();
        }
        attempts.sweep();
        assert!(attempts.of_pair.lock().is_empty());
    }
}
