//! How many calls a second: spreads them over time.

use std::time::Duration;

use tokio::time::Instant;

/// The burst after a pause, as a share of one second's calls.
const BURST: Duration = Duration::from_millis(100);

/// Spreads calls over time: a virtual schedule of one call an interval, which may run ahead of the
/// clock by [`BURST`].
pub(crate) struct RateLimit {
    interval: Duration,
    next: Option<Instant>,
}

impl RateLimit {
    pub(crate) fn new(rate_per_second: u32) -> Self {
        Self {
            interval: Duration::from_secs(1) / rate_per_second.max(1),
            next: None,
        }
    }

    /// Takes the next place; `None` when it is now.
    pub(crate) fn reserve(&mut self, now: Instant) -> Option<Instant> {
        let place = self.next.unwrap_or(now).max(now);
        self.next = Some(place + self.interval);
        let go_at = place.checked_sub(BURST)?;
        (go_at > now).then_some(go_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_lets_a_burst_through_and_spreads_the_rest() {
        let now = Instant::now();
        let mut pace = RateLimit::new(100);
        let waits: Vec<u128> = (0..31)
            .map(|_| pace.reserve(now).map_or(0, |at| (at - now).as_millis()))
            .collect();
        assert!(waits[..=10].iter().all(|wait| *wait == 0), "{waits:?}");
        assert_eq!(waits[11], 10);
        assert_eq!(waits[30], 200);

        let later = now + Duration::from_secs(10);
        assert_eq!(
            pace.reserve(later),
            None,
            "what was not used is not saved up"
        );
    }
}
