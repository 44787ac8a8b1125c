//! Censuses: which guests a facility has, the newest census of each of its parts, and the stays
//! that census did not list.

pub mod lease;

use chrono::{DateTime, TimeDelta, Utc};
use domain::stay::Presence;
use entity::{census, census_question, stay};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Value,
};
use uuid::Uuid;

use crate::{
    Database, Result, dialect,
    idempotency::{self, Idempotency},
    rows::{self, columns},
    stays::StayRow,
    write,
};

use self::lease::CensusLease;

/// The most declaration keys, stays or questions that one statement handles.
const ROW_COUNT_MAX: usize = 500;

/// A census as stored.
pub type CensusRow = census::Model;

/// The stays of a facility that a census taken at that instant may concern: guests present, guests
/// who left later, and stays changed since. A departure may be recorded up to `ahead` in advance.
/// Ordered by declaration.
pub async fn concerned(
    db: &Database,
    facility_id: Uuid,
    taken_at: DateTime<Utc>,
    ahead: TimeDelta,
) -> Result<Vec<StayRow>> {
    let told_after = taken_at.checked_sub_signed(ahead).unwrap_or(taken_at);
    let left_later = Condition::all()
        .add(stay::Column::ChangedAt.gt(told_after))
        .add(stay::Column::DepartedAt.gt(taken_at));
    let is_concerned = Condition::any()
        .add(stay::Column::Presence.eq(Presence::Present.as_str()))
        .add(stay::Column::ChangedAt.gt(taken_at))
        .add(left_later);
    Ok(stay::Entity::find()
        .filter(stay::Column::FacilityId.eq(facility_id))
        .filter(is_concerned)
        .order_by_asc(stay::Column::Id)
        .all(db.reader())
        .await?)
}

/// The stays that hold these declaration keys, with the keys.
pub async fn holders(
    db: &Database,
    key_hashes: &[[u8; 32]],
    now: DateTime<Utc>,
) -> Result<Vec<(Vec<u8>, Uuid)>> {
    let mut holders = Vec::new();
    for part in key_hashes.chunks(ROW_COUNT_MAX) {
        let marks = vec!["?"; part.len()].join(", ");
        let text = format!(
            "SELECT key_hash, stay_id FROM declaration_key \
             WHERE key_hash IN ({marks}) AND expires_at > ?"
        );
        let mut values: Vec<Value> = part
            .iter()
            .map(|key_hash| rows::bytes(key_hash.to_vec()))
            .collect();
        values.push(rows::instant(now));
        let statement = dialect::statement(db.backend(), &text, values);
        for row in db.reader().query_all_raw(statement).await? {
            holders.push((row.try_get("", "key_hash")?, row.try_get("", "stay_id")?));
        }
    }
    Ok(holders)
}

/// The newest censuses of these scopes.
pub async fn newest(
    db: &Database,
    facility_id: Uuid,
    scope_indexes: &[Vec<u8>],
) -> Result<Vec<CensusRow>> {
    Ok(census::Entity::find()
        .filter(census::Column::FacilityId.eq(facility_id))
        .filter(census::Column::ScopeIndex.is_in(scope_indexes.to_vec()))
        .all(db.reader())
        .await?)
}

/// The newest later census of each scope of this facility.
pub async fn later(
    db: &Database,
    facility_id: Uuid,
    taken_at: DateTime<Utc>,
) -> Result<Vec<CensusRow>> {
    Ok(census::Entity::find()
        .filter(census::Column::FacilityId.eq(facility_id))
        .filter(census::Column::TakenAt.gt(taken_at))
        .all(db.reader())
        .await?)
}

/// The result of making a census the newest of its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is.
    Newest,
    /// A later census is already the newest. Nothing changed.
    Stale,
    /// Its key was used by another request. Nothing changed.
    KeyReused,
}

/// Makes a census the newest of its scope, and takes the `Idempotency-Key` it came with. Fails with
/// [`crate::Error::LeaseLost`] when another census of the facility is under way.
pub async fn begin(
    db: &Database,
    lease: CensusLease,
    census: CensusRow,
    key: Option<&Idempotency>,
) -> Result<Begun> {
    let received_at = census.received_at;
    let tail = "ON CONFLICT (facility_id, scope_index) DO UPDATE SET \
         taken_at = excluded.taken_at, confirmed_departures = excluded.confirmed_departures, \
         received_at = excluded.received_at, created_by = excluded.created_by \
         WHERE census.taken_at <= excluded.taken_at RETURNING facility_id";
    let row = vec![BegunCensus(census)];
    let statement = dialect::insert_rows(db.backend(), "census", row, tail);
    let transaction = lease::begin(db, lease).await?;
    if transaction.query_one_raw(statement).await?.is_none() {
        return Ok(Begun::Stale);
    }
    if let Some(key) = key
        && !idempotency::guard_on(&transaction, key, received_at).await?
    {
        return Ok(Begun::KeyReused);
    }
    write::commit(transaction).await?;
    Ok(Begun::Newest)
}

/// Opens questions about stays that a census did not list, and closes those about stays that it
/// did. A question that is already open stays unchanged. Fails with [`crate::Error::LeaseLost`]
/// when another census of the facility is under way.
pub async fn question(
    db: &Database,
    lease: CensusLease,
    asked: &[Uuid],
    answered: &[Uuid],
    now: DateTime<Utc>,
) -> Result<()> {
    if asked.is_empty() && answered.is_empty() {
        return Ok(());
    }
    let transaction = lease::begin(db, lease).await?;
    for part in answered.chunks(ROW_COUNT_MAX) {
        census_question::Entity::delete_many()
            .filter(census_question::Column::StayId.is_in(part.iter().copied()))
            .exec(&transaction)
            .await?;
    }
    for part in asked.chunks(ROW_COUNT_MAX) {
        let row = |stay_id: &Uuid| NewQuestion {
            stay_id: *stay_id,
            facility_id: lease.facility_id,
            asked_at: now,
        };
        let questions: Vec<NewQuestion> = part.iter().map(row).collect();
        let tail = "ON CONFLICT (stay_id) DO NOTHING";
        let statement = dialect::insert_rows(db.backend(), "census_question", questions, tail);
        transaction.execute_raw(statement).await?;
    }
    write::commit(transaction).await
}

/// Ends the questions about stays whose guests are no longer there.
pub(crate) async fn close_questions(
    connection: &impl ConnectionTrait,
    stay_ids: Vec<Uuid>,
) -> Result<()> {
    if stay_ids.is_empty() {
        return Ok(());
    }
    census_question::Entity::delete_many()
        .filter(census_question::Column::StayId.is_in(stay_ids))
        .exec(connection)
        .await?;
    Ok(())
}

/// Which of these stays have an open question to their facility, and since when.
pub async fn asked(db: &Database, stay_ids: &[Uuid]) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
    let questions = census_question::Entity::find()
        .filter(census_question::Column::StayId.is_in(stay_ids.iter().copied()))
        .all(db.reader())
        .await?;
    let asked = questions.into_iter();
    Ok(asked
        .map(|question| (question.stay_id, question.asked_at))
        .collect())
}

columns!(BegunCensus(CensusRow) {
    facility_id,
    scope_index,
    taken_at,
    confirmed_departures,
    received_at,
    created_by,
});

struct NewQuestion {
    stay_id: Uuid,
    facility_id: Uuid,
    asked_at: DateTime<Utc>,
}

columns!(NewQuestion {
    stay_id,
    facility_id,
    asked_at,
});
