//! Times of last use of keys: recorded in memory, written in the background at most once a minute
//! per key.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use store::Database;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The shortest interval between writes for one key.
const PAUSE: Duration = Duration::from_secs(60);
/// How often pending uses are written, so that a new key's first use shows at once.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How many keys are tracked; further ones are not recorded until there is room.
const KEY_COUNT_MAX: usize = 10_000;
/// Keys of one statement.
const KEYS_AT_ONCE: usize = 500;

/// The last uses of keys.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<HashMap<Uuid, Use>>);

struct Use {
    at: DateTime<Utc>,
    is_written: bool,
    written_at: Option<Instant>,
}

impl KeyUses {
    /// Notes that a key was used.
    pub(crate) fn note(&self, key_id: Uuid, at: DateTime<Utc>) {
        let mut uses = self.0.lock();
        if uses.len() >= KEY_COUNT_MAX && !uses.contains_key(&key_id) {
            return;
        }
        let noted = uses.entry(key_id).or_insert(Use {
            at,
            is_written: false,
            written_at: None,
        });
        noted.at = at;
        noted.is_written = false;
    }

    /// The uses to write now; all of them the last time. Removes old entries that have been
    /// written.
    fn due(&self, is_last: bool) -> Vec<(Uuid, DateTime<Utc>)> {
        let mut uses = self.0.lock();
        let is_old = |noted: &Use| noted.written_at.is_none_or(|at| at.elapsed() >= PAUSE);
        uses.retain(|_, noted| !noted.is_written || !is_old(noted));
        let mut due = Vec::new();
        for (id, noted) in uses.iter_mut() {
            if due.len() < KEYS_AT_ONCE && !noted.is_written && (is_last || is_old(noted)) {
                noted.is_written = true;
                noted.written_at = Some(Instant::now());
                due.push((*id, noted.at));
            }
        }
        due
    }

    /// Writes uses until shutdown, then the remaining ones.
    pub(crate) async fn keep(&self, db: &Database, shutdown: &CancellationToken) {
        loop {
            let pause = tokio::time::sleep(LOOK_INTERVAL);
            let is_last = shutdown.run_until_cancelled(pause).await.is_none();
            if let Err(error) = store::key_ring::note_uses(db, self.due(is_last)).await {
                // A help for administrators; the next use is written again.
                tracing::debug!(%error, "could not write the times of last use of keys");
            }
            if is_last {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_use_is_written_at_once_and_then_once_a_minute() {
        let uses = KeyUses::default();
        let key = Uuid::from_u128(1);
        uses.note(key, at(0));
        assert_eq!(uses.due(false), [(key, at(0))]);
        assert_eq!(uses.due(false), []);
        uses.note(key, at(30));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(uses.due(false), []);
        uses.note(key, at(59));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(uses.due(false), [(key, at(59))]);
        uses.note(key, at(61));
        assert_eq!(uses.due(true), [(key, at(61))]);
        tokio::time::advance(PAUSE).await;
        assert_eq!(uses.due(false), []);
        assert!(
            uses.0.lock().is_empty(),
            "what is written and old is forgotten"
        );
    }
}
