//! Forgets what has run out: idempotency keys and content keys past their end, tries for numbers
//! that no longer count, guests whose day is over, and sessions and one-time links of long ago.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;

use crate::{Database, Result, accounts::sessions, dialect, rows};

/// How long tries for a number are kept: longer than they count, because stays may wait for the
/// registry through a long outage.
const TRIES_KEPT: TimeDelta = TimeDelta::days(14);
/// How long sessions and one-time links are kept after they were of use.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);
/// Rows of one statement. A day's keys of a busy installation take longer than a statement may run,
/// and on SQLite nobody declares meanwhile.
const PORTION: u64 = 500;

/// A table whose rows run out.
struct Expiring {
    table: &'static str,
    key: &'static str,
    /// The column by which it runs out; an index begins with it.
    time: &'static str,
}

const IDEMPOTENCY_KEYS: Expiring = Expiring {
    table: "idempotency_key",
    key: "key_hash",
    time: "expires_at",
};
const DECLARATION_KEYS: Expiring = Expiring {
    table: "declaration_key",
    key: "key_hash",
    time: "expires_at",
};
const TRIES: Expiring = Expiring {
    table: "identity_try",
    key: "(number_hash, person_hash)",
    time: "last_at",
};

const EXPECTED_GUESTS: Expiring = Expiring {
    table: "expected_guest",
    key: "id",
    time: "expires_at",
};

/// Deletes keys that expired before `now` and returns how many rows it deleted. Each portion is a
/// transaction of its own: what was deleted before an error stays deleted.
pub async fn forget_expired_keys(db: &Database, now: DateTime<Utc>) -> Result<u64> {
    let mut count = IDEMPOTENCY_KEYS.forget(db, now).await?;
    count += DECLARATION_KEYS.forget(db, now).await?;
    count += TRIES.forget(db, now - TRIES_KEPT).await?;
    count += EXPECTED_GUESTS.forget(db, now).await?;
    count += sessions::forget(db, now - SESSIONS_KEPT).await?;
    Ok(count)
}

impl Expiring {
    /// Deletes what ran out until `end`, portion by portion.
    async fn forget(&self, db: &Database, end: DateTime<Utc>) -> Result<u64> {
        let mut count = 0;
        loop {
            let portion = self.forget_portion(db, end).await?;
            count += portion;
            if portion < PORTION {
                return Ok(count);
            }
        }
    }

    async fn forget_portion(&self, db: &Database, end: DateTime<Utc>) -> Result<u64> {
        let Self { table, key, time } = self;
        let columns = key.trim_matches(['(', ')']);
        // Whoever is just taking a key over that has run out keeps it: it is skipped here, and by
        // the outer condition if it was taken over since.
        let text = format!(
            "DELETE FROM {table} WHERE {time} <= ? AND {key} IN (\
               SELECT {columns} FROM {table} WHERE {time} <= ? ORDER BY {time} LIMIT {PORTION} {})",
            dialect::skip_locked(db.backend())
        );
        let values = vec![rows::instant(end), rows::instant(end)];
        let statement = dialect::statement(db.backend(), &text, values);
        Ok(db.writer().execute_raw(statement).await?.rows_affected())
    }
}
