//! How long a caller waits for an intake that has no room: one policy for each channel.

use std::time::Duration;

use domain::stay::Channel;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const MOMENT: Duration = Duration::from_millis(100);
const SOON: Duration = Duration::from_secs(2);

/// How often, and for how long, work is offered again that the intake could not take.
///
/// Whoever waits asks again instead of queueing for room: a queue is served in its order, and a
/// thousand lines at its head would hold up every single stay behind them.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// The first pause; each is twice the one before.
    pause_min: Duration,
    pause_max: Duration,
    /// The longest wait in all; `None` is without end.
    wait_max: Option<Duration>,
    /// Ends the wait early.
    stop: Option<CancellationToken>,
}

impl RetryPolicy {
    /// The policy of a channel.
    #[must_use]
    pub const fn of(channel: Channel) -> Self {
        let (pause_min, pause_max, wait_max) = match channel {
            // The sender is told when to send again, and a refusal costs nothing.
            Channel::Rest
            | Channel::Batch
            | Channel::Hl7
            | Channel::Fhir
            | Channel::Page
            | Channel::Scan => (Duration::ZERO, Duration::ZERO, Some(Duration::ZERO)),
            // By the time lines are written the census is recorded, and its sender would have to
            // send all of it again: worth a moment, but the request must end.
            Channel::Census => (MOMENT, MOMENT, Some(SOON)),
            // Nobody waits for the answer.
            Channel::File => (MOMENT, SOON, None),
        };
        Self {
            pause_min,
            pause_max,
            wait_max,
            stop: None,
        }
    }

    /// The same, but ends when `stop` is cancelled.
    #[must_use]
    pub fn until(self, stop: CancellationToken) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// Begins to wait.
    #[must_use]
    pub fn start(&self) -> Retries<'_> {
        Retries {
            policy: self,
            pause: self.pause_min,
            waited: Duration::ZERO,
        }
    }
}

/// A wait by a [`RetryPolicy`].
pub struct Retries<'a> {
    policy: &'a RetryPolicy,
    pause: Duration,
    waited: Duration,
}

impl Retries<'_> {
    /// Pauses before the next attempt. Returns false once no other attempt is to be made.
    pub async fn pause(&mut self) -> bool {
        let Some(pause) = self.next() else {
            return false;
        };
        match &self.policy.stop {
            None => tokio::time::sleep(pause).await,
            Some(stop) => {
                // Whether the time is up or the wait was stopped, the token tells.
                let _ = timeout(pause, stop.cancelled()).await;
                return !stop.is_cancelled();
            }
        }
        true
    }

    fn next(&mut self) -> Option<Duration> {
        let policy = self.policy;
        if policy.wait_max.is_some_and(|max| self.waited >= max) {
            return None;
        }
        let pause = self.pause;
        self.waited += pause;
        self.pause = (pause * 2).min(policy.pause_max);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(channel: Channel, count_max: usize) -> Vec<u128> {
        let policy = RetryPolicy::of(channel);
        let mut retries = policy.start();
        let pauses = std::iter::from_fn(|| retries.next());
        pauses
            .take(count_max)
            .map(|pause| pause.as_millis())
            .collect()
    }

    #[test]
    fn a_request_never_waits_a_census_for_two_seconds_and_a_file_without_end() {
        let doubling = [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000];
        for channel in Channel::ALL.iter().copied() {
            let found = pauses(channel, 1_000);
            match channel {
                Channel::Census => assert_eq!(found, [100; 20]),
                Channel::File => {
                    assert_eq!(found[..8], doubling);
                    assert_eq!(found.len(), 1_000);
                }
                Channel::Rest
                | Channel::Batch
                | Channel::Hl7
                | Channel::Fhir
                | Channel::Page
                | Channel::Scan => assert_eq!(found, [0; 0]),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_without_end_ends_when_it_is_stopped() {
        let stop = CancellationToken::new();
        let policy = RetryPolicy::of(Channel::File).until(stop.clone());
        let mut retries = policy.start();
        assert!(retries.pause().await);
        let (is_to_go_on, ()) = tokio::join!(retries.pause(), async { stop.cancel() });
        assert!(!is_to_go_on);
        assert!(!retries.pause().await);
    }
}
