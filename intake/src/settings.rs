//! The limits of the intake.

use std::time::Duration;

use domain::declaration::Window;

/// Limits of the intake; every field has a default.
#[derive(Clone, Debug)]
pub struct IntakeSettings {
    /// Declarations that may wait for the committer; one more is refused with 503.
    pub queue_count_max: usize,
    /// Most declarations of one transaction.
    pub group_count_max: usize,
    /// Committers on PostgreSQL; SQLite has one writer and needs one.
    pub committer_count: usize,
    /// How long a declaration may wait in the queue before its caller is told to retry.
    pub queue_wait_max: Duration,
    /// How long an `Idempotency-Key` is kept.
    pub idempotency_kept: Duration,
    /// How long the same content, sent without reference, counts as the same stay.
    pub content_kept: Duration,
    /// The same where `arrival_at` was left out.
    pub content_without_arrival_kept: Duration,
    /// How far ahead and back an arrival may lie.
    pub window: Window,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self {
            queue_count_max: 8_192,
            group_count_max: 256,
            committer_count: 2,
            queue_wait_max: Duration::from_secs(10),
            idempotency_kept: 7 * DAY,
            content_kept: 7 * DAY,
            content_without_arrival_kept: Duration::from_secs(600),
            window: Window::default(),
        }
    }
}
