//! Webhooks: the retry schedule, when a consumer counts as gone, and the states that its owner
//! sees.
//!
//! The schedule is that of the Standard Webhooks specification, version 1 ("Deliverability and
//! reliability"), as its reference service keeps it.

use std::time::Duration;

use crate::{coded::Coded, event::EventKind};

coded! {
    /// Whether events are sent to a webhook.
    pub enum WebhookState {
        /// They are.
        Enabled => "enabled",
        /// They are not, until it is enabled again.
        Disabled => "disabled",
    }
}

coded! {
    /// Where an event is on its way to a consumer.
    pub enum EventProgress {
        /// To be sent, or to be sent again.
        Waiting => "waiting",
        /// The consumer took it.
        Delivered => "delivered",
        /// Tried as often as the schedule says; a replay tries again.
        Failed => "failed",
    }
}

coded! {
    /// How a call to a consumer ended.
    pub enum CallOutcome {
        /// 2xx: the consumer took it.
        Delivered => "delivered",
        /// 410: the consumer wants no more.
        Gone => "gone",
        /// 3xx: redirects are not followed.
        Redirected => "redirected",
        /// Any other status.
        Refused => "refused",
        /// No answer in time.
        TimedOut => "timed_out",
        /// No connection, or none that lasted.
        Unreachable => "unreachable",
        /// The address leads where webhooks may not go.
        NotAllowed => "not_allowed",
    }
}

coded! {
    /// Why a webhook was disabled.
    pub enum DisabledReason {
        /// Its consumer answered 410.
        Gone => "gone",
        /// Nothing but failures for 5 days.
        Failing => "failing",
        /// The key that created or last re-enabled it was revoked or has expired.
        KeyEnded => "key_ended",
    }
}

/// What a delivery to a webhook is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookEvent {
    /// An event of the feed.
    Feed(EventKind),
    /// A test: it carries no data and is attempted once.
    Test,
}

impl WebhookEvent {
    /// Every word of the feed, and the test.
    pub const ALL: &'static [Self] = &{
        let mut all = [Self::Test; EventKind::ALL.len() + 1];
        let mut place = 0;
        while place < EventKind::ALL.len() {
            all[place] = Self::Feed(EventKind::ALL[place]);
            place += 1;
        }
        all
    };

    /// The stable word of JSON and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed(kind) => kind.as_str(),
            Self::Test => "webhook.test",
        }
    }
}

impl Coded for WebhookEvent {
    const NAME: &'static str = "WebhookEvent";
    const ALL: &'static [Self] = Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }

    fn parse(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|event| event.as_str() == word)
    }
}

/// Deliveries that may wait for one webhook.
pub const WAITING_COUNT_MAX: u64 = 10_000;

/// Waits between one attempt and the next, in seconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
const WAITS_S: [u64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// How long a consumer may keep failing before its webhook is disabled.
pub const FAILING_MAX: Duration = Duration::from_secs(5 * 24 * 3_600);

/// The wait after the attempt of this number, from 1; `None` when it was the last one.
#[must_use]
pub fn wait_after(attempt: u32) -> Option<Duration> {
    let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
    WAITS_S.get(index).copied().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_about_an_event_of_the_feed_or_a_test() {
        for kind in EventKind::ALL {
            let event = WebhookEvent::parse(kind.as_str());
            assert_eq!(event, Some(WebhookEvent::Feed(*kind)));
        }
        assert_eq!(WebhookEvent::ALL.len(), EventKind::ALL.len() + 1);
        assert_eq!(
            WebhookEvent::parse("webhook.test"),
            Some(WebhookEvent::Test)
        );
        assert_eq!(WebhookEvent::parse("webhook"), None);
    }

    #[test]
    fn an_event_is_tried_eight_times_in_little_more_than_a_day() {
        // Each row: attempt, wait after it in seconds.
        let table = [
            (1, Some(5)),
            (2, Some(300)),
            (3, Some(1_800)),
            (4, Some(7_200)),
            (5, Some(18_000)),
            (6, Some(36_000)),
            (7, Some(36_000)),
            (8, None),
            (u32::MAX, None),
            (0, None),
        ];
        for (attempt, seconds) in table {
            let wait = wait_after(attempt).map(|wait| wait.as_secs());
            assert_eq!(wait, seconds, "attempt {attempt}");
        }
    }
}
