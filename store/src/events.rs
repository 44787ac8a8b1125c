//! The event feed: one process at a time assigns numbers, and readers page by number.
//!
//! Only committed rows get numbers, and the transactions that assign them are serialized. A reader
//! that has reached a number has therefore seen everything up to it: a row that commits late gets a
//! later number, and no cursor ever skips it. Numbers have no gaps.

use chrono::{DateTime, Utc};
use entity::{event, event_head};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Database, Error, Result, dialect, rows, write};

/// An event as stored.
pub type EventRow = event::Model;

/// The detail of an event that tells nothing besides its subject.
pub const NO_DETAIL: &str = "{}";

/// The only row of `event_head`.
const HEAD: i32 = 1;

/// Selects events by owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedScope {
    /// Only events of this organisation.
    pub organisation_id: Uuid,
    /// Only those of these facilities, and those of no facility; `None`: all.
    pub facility_ids: Option<Vec<Uuid>>,
}

impl FeedScope {
    /// Whether an event belongs to it.
    pub fn holds(&self, event: &EventRow) -> bool {
        let is_of_facilities = |id| {
            let wanted = self.facility_ids.as_ref();
            wanted.is_none_or(|ids| ids.contains(&id))
        };
        event.organisation_id == Some(self.organisation_id)
            && event.facility_id.is_none_or(is_of_facilities)
    }
}

/// A part of the feed.
#[derive(Clone, Debug)]
pub struct FeedPage {
    /// The events, in the order of their numbers.
    pub items: Vec<EventRow>,
    /// Everything up to this number has been looked at: the next page begins after it.
    pub reached: i64,
    /// There may be more at once.
    pub is_full: bool,
}

/// Numbers up to `limit` committed events that have none, oldest first, and returns the instants at
/// which they happened. Empty when there are none, or another process is numbering.
///
/// The organisation of an event that names only its facility is filled in.
pub async fn number(db: &Database, limit: u64) -> Result<Vec<DateTime<Utc>>> {
    if !has_unnumbered(db).await? {
        return Ok(Vec::new());
    }
    let backend = db.backend();
    let transaction = write::begin(db).await?;
    let lock = format!(
        "SELECT last_sequence FROM event_head WHERE id = ? {}",
        dialect::skip_locked(backend)
    );
    let lock = dialect::statement(backend, &lock, vec![rows::integer(HEAD)]);
    let Some(head) = transaction.query_one_raw(lock).await? else {
        transaction.rollback().await?;
        return Ok(Vec::new());
    };
    let last: i64 = head.try_get("", "last_sequence")?;
    // A separate statement, so that it sees everything committed before the lock was acquired.
    let text = format!(
        "WITH oldest AS MATERIALIZED (\
           SELECT id FROM event WHERE sequence IS NULL ORDER BY id LIMIT {limit}), \
         picked AS MATERIALIZED (\
           SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM oldest) \
         UPDATE event SET sequence = ? + picked.place, \
           organisation_id = COALESCE(event.organisation_id, (\
             SELECT facility.organisation_id FROM facility WHERE facility.id = event.facility_id)) \
         FROM picked WHERE event.id = picked.id RETURNING created_at"
    );
    let give = dialect::statement(backend, &text, vec![rows::big_integer(last)]);
    let numbered = transaction.query_all_raw(give).await?;
    let count = i64::try_from(numbered.len()).unwrap_or(i64::MAX);
    let advance = dialect::statement(
        backend,
        "UPDATE event_head SET last_sequence = ? WHERE id = ?",
        vec![rows::big_integer(last + count), rows::integer(HEAD)],
    );
    transaction.execute_raw(advance).await?;
    write::commit(transaction).await?;
    numbered
        .iter()
        .map(|row| Ok(row.try_get("", "created_at")?))
        .collect()
}

async fn has_unnumbered(db: &Database) -> Result<bool> {
    let found = event::Entity::find()
        .select_only()
        .column(event::Column::Id)
        .filter(event::Column::Sequence.is_null())
        .limit(1)
        .into_tuple::<Uuid>()
        .one(db.reader())
        .await?;
    Ok(found.is_some())
}

/// The last number that was given; 0 before the first.
pub async fn head(db: &Database) -> Result<i64> {
    let head = event_head::Entity::find_by_id(HEAD)
        .one(db.reader())
        .await?;
    let head = head.ok_or(Error::Corrupt { what: "event_head" })?;
    Ok(head.last_sequence)
}

/// The events of a scope after a number, at most `limit`.
pub async fn page(db: &Database, scope: &FeedScope, after: i64, limit: u64) -> Result<FeedPage> {
    let organisation = event::Column::OrganisationId.eq(scope.organisation_id);
    let mut condition = Condition::all().add(organisation);
    if let Some(ids) = &scope.facility_ids {
        let of_facilities = Condition::any()
            .add(event::Column::FacilityId.is_null())
            .add(event::Column::FacilityId.is_in(ids.iter().copied()));
        condition = condition.add(of_facilities);
    }
    read(db, condition, after, limit).await
}

/// The events of everybody after a number, at most `limit`.
pub async fn all_after(db: &Database, after: i64, limit: u64) -> Result<FeedPage> {
    read(db, Condition::all(), after, limit).await
}

async fn read(db: &Database, condition: Condition, after: i64, limit: u64) -> Result<FeedPage> {
    // First, so that every number up to it is visible to what is read next.
    let head = head(db).await?;
    if head <= after {
        return Ok(FeedPage {
            items: Vec::new(),
            reached: after,
            is_full: false,
        });
    }
    let items = event::Entity::find()
        .filter(condition)
        .filter(event::Column::Sequence.gt(after))
        .filter(event::Column::Sequence.lte(head))
        .order_by_asc(event::Column::Sequence)
        .limit(limit)
        .all(db.reader())
        .await?;
    let is_full = u64::try_from(items.len()).is_ok_and(|count| count >= limit);
    let last = items.last().and_then(|event| event.sequence);
    let reached = last.filter(|_| is_full).unwrap_or(head);
    Ok(FeedPage {
        items,
        reached,
        is_full,
    })
}

/// What an event tells besides its subject.
///
/// Errors: it is damaged.
pub fn detail(event: &EventRow) -> Result<Map<String, Value>> {
    serde_json::from_str(&event.detail).map_err(|_| Error::Corrupt {
        what: "event.detail",
    })
}

/// Deletes up to `limit` of the oldest events, those before `end`, and returns how many it deleted.
pub async fn forget(db: &Database, end: DateTime<Utc>, limit: u64) -> Result<u64> {
    let text = format!(
        "DELETE FROM event WHERE created_at < ? AND id IN (\
           SELECT id FROM event WHERE sequence IS NOT NULL ORDER BY sequence LIMIT {limit})"
    );
    let statement = dialect::statement(db.backend(), &text, vec![rows::instant(end)]);
    let deleted = db.writer().execute_raw(statement).await?;
    Ok(deleted.rows_affected())
}
