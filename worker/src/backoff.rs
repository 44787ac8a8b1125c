//! When to retry a failed task: full jitter under a doubling ceiling. Pure; the random draw is a
//! parameter.

use chrono::{DateTime, TimeDelta, Utc};

/// Ceiling of the first wait; doubled with every attempt.
const FIRST_CEILING: TimeDelta = TimeDelta::seconds(1);
/// The highest ceiling before the deadline.
const CEILING_BEFORE_DEADLINE: TimeDelta = TimeDelta::seconds(30);
/// The highest ceiling after the deadline.
const CEILING_AFTER_DEADLINE: TimeDelta = TimeDelta::minutes(5);
/// The longest `Retry-After` of a peer that is honoured.
pub(crate) const RETRY_AFTER_MAX: TimeDelta = TimeDelta::hours(1);
/// The longest a task waits for a peer whose breaker is open. When the breaker closes, waiting
/// tasks become due at once, so this only covers the loss of the process that knew of it.
const HELD_MAX: TimeDelta = TimeDelta::minutes(5);
/// The longest any task waits, unless its peer asked for more.
pub(crate) const UNASKED_MAX: TimeDelta = TimeDelta::minutes(5);

/// What a wait depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: DateTime<Utc>,
    pub(crate) deadline_at: DateTime<Utc>,
    /// Attempts made so far, this one included.
    pub(crate) attempt_count: u32,
    /// From 0 (inclusive) to 1 (exclusive).
    pub(crate) draw: f64,
}

/// When to retry after a failure: not before the peer's `Retry-After`, up to a limit.
pub(crate) fn after_failure(moment: Moment, retry_after: Option<TimeDelta>) -> DateTime<Utc> {
    let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
    moment.now + asked + part(ceiling(moment), moment.draw)
}

/// When to retry after a peer's breaker refused the call.
pub(crate) fn while_held(moment: Moment) -> DateTime<Utc> {
    let half = HELD_MAX / 2;
    moment.now + half + part(half, moment.draw)
}

fn ceiling(moment: Moment) -> TimeDelta {
    let cap = if moment.now < moment.deadline_at {
        CEILING_BEFORE_DEADLINE
    } else {
        CEILING_AFTER_DEADLINE
    };
    let doublings = moment.attempt_count.saturating_sub(1).min(16);
    (FIRST_CEILING * (1 << doublings)).min(cap)
}

fn part(whole: TimeDelta, draw: f64) -> TimeDelta {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "minutes in milliseconds; the fraction of one does not matter"
    )]
    let milliseconds = (whole.num_milliseconds() as f64 * draw) as i64;
    TimeDelta::milliseconds(milliseconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(attempt_count: u32, deadline_in_s: i64, draw: f64) -> Moment {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        Moment {
            now,
            deadline_at: now + TimeDelta::seconds(deadline_in_s),
            attempt_count,
            draw,
        }
    }

    #[test]
    fn the_ceiling_doubles_up_to_its_cap() {
        // Each row: attempts, seconds to the deadline, ceiling in seconds.
        let table = [
            (0, 3600, 1),
            (1, 3600, 1),
            (2, 3600, 2),
            (3, 3600, 4),
            (5, 3600, 16),
            (6, 3600, 30),
            (u32::MAX, 3600, 30),
            (6, 1, 30),
            (6, 0, 32),
            (6, -1, 32),
            (9, -1, 256),
            (10, -1, 300),
            (u32::MAX, -1, 300),
        ];
        for (attempt_count, deadline_in_s, seconds) in table {
            let got = ceiling(moment(attempt_count, deadline_in_s, 0.0));
            assert_eq!(got.num_seconds(), seconds, "attempt {attempt_count}");
        }
    }

    #[test]
    fn a_peer_s_wish_is_followed_for_an_hour_at_most() {
        let table = [
            (None, 0),
            (Some(7), 7),
            (Some(3_600), 3_600),
            (Some(90_000), 3_600),
        ];
        for (asked, seconds) in table {
            let moment = moment(1, 3600, 0.0);
            let due_at = after_failure(moment, asked.map(TimeDelta::seconds));
            assert_eq!((due_at - moment.now).num_seconds(), seconds);
        }
    }

    proptest! {
        #[test]
        fn a_wait_lies_between_nothing_and_its_cap(
            attempt_count: u32, deadline_in_s in -100_000_i64..100_000, draw in 0.0..1.0_f64,
        ) {
            let moment = moment(attempt_count, deadline_in_s, draw);
            let wait = after_failure(moment, None) - moment.now;
            let cap = if deadline_in_s > 0 { 30 } else { 300 };
            prop_assert!(wait >= TimeDelta::zero() && wait < TimeDelta::seconds(cap));
            let held = while_held(moment) - moment.now;
            prop_assert!(held >= HELD_MAX / 2 && held < HELD_MAX);
        }

        #[test]
        fn a_greater_draw_never_waits_shorter(
            attempt_count: u32, one in 0.0..1.0_f64, other in 0.0..1.0_f64,
        ) {
            let wait = |draw| after_failure(moment(attempt_count, 3600, draw), None);
            prop_assert!(wait(one.min(other)) <= wait(one.max(other)));
        }
    }
}
