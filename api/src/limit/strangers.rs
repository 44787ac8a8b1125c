//! Unknown keys, counted by client address.
//!
//! A caller who guesses keys or floods the service with made-up ones costs it a query or a hash
//! each time. Existing keys are not counted.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use metrics::{counter, gauge};
use parking_lot::Mutex;
use runtime::address::ClientAddress;

use super::{Allowance, Rate};
use crate::problem::Failure;

/// Unknown keys of one address: twenty a second.
const RATE: Rate = Rate {
    per_second: NonZeroU32::MIN.saturating_add(19),
    burst: NonZeroU32::MIN.saturating_add(39),
};
/// Addresses that are counted at the same time; those that come later share one count.
const ADDRESS_COUNT_MAX: usize = 100_000;

/// Recent addresses with unknown keys.
pub(crate) struct UnknownKeyAddresses {
    by_address: Mutex<HashMap<ClientAddress, Arc<Allowance>>>,
    others: Arc<Allowance>,
}

impl Default for UnknownKeyAddresses {
    fn default() -> Self {
        Self {
            by_address: Mutex::default(),
            others: Arc::new(Allowance::new(RATE)),
        }
    }
}

impl UnknownKeyAddresses {
    /// Counts an unknown key.
    ///
    /// Errors: 429 when its address has sent too many.
    pub(crate) fn note(&self, address: Option<ClientAddress>) -> Result<(), Failure> {
        let allowance = match address {
            Some(address) => self.of(address),
            None => Arc::clone(&self.others),
        };
        allowance.take(1).map_err(|shortage| {
            counter!("luutru_auth_failures_total", "kind" => "too_many").increment(1);
            shortage.into()
        })
    }

    /// Forgets who is quiet.
    pub(super) fn sweep(&self) {
        let mut by_address = self.by_address.lock();
        by_address.retain(|_, allowance| !allowance.is_full());
        by_address.shrink_to_fit();
        let count = u32::try_from(by_address.len()).unwrap_or(u32::MAX);
        gauge!("luutru_ratelimit_tracked_keys", "policy" => "address").set(f64::from(count));
    }

    fn of(&self, address: ClientAddress) -> Arc<Allowance> {
        let mut by_address = self.by_address.lock();
        if let Some(allowance) = by_address.get(&address) {
            return Arc::clone(allowance);
        }
        if by_address.len() >= ADDRESS_COUNT_MAX {
            return Arc::clone(&self.others);
        }
        let allowance = Arc::new(Allowance::new(RATE));
        by_address.insert(address, Arc::clone(&allowance));
        allowance
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_address_has_twenty_unknown_keys_a_second_and_no_other_pays_for_it() {
        let strangers = UnknownKeyAddresses::default();
        let [one, other] = [1, 2].map(|last| {
            Some(ClientAddress::of(IpAddr::V4(Ipv4Addr::new(
                192, 0, 2, last,
            ))))
        });
        let admitted = (0..1_000).filter(|_| strangers.note(one).is_ok()).count();
        assert_eq!(admitted, 40);
        assert!(strangers.note(other).is_ok() && strangers.note(None).is_ok());
        tokio::time::advance(Duration::from_secs(1)).await;
        let admitted = (0..1_000).filter(|_| strangers.note(one).is_ok()).count();
        assert_eq!(admitted, 20);
        tokio::time::advance(Duration::from_secs(2)).await;
        strangers.sweep();
        assert!(strangers.by_address.lock().is_empty());
    }
}
