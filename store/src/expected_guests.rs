//! Guests whom a facility expects. One who has been declared since, by the same document, is
//! expected no longer: nothing is written for that, so that every door counts, and a declaration
//! that is cancelled brings the expectation back.

use chrono::{DateTime, NaiveDate, Utc};
use entity::expected_guest;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, sea_query::Value,
};
use uuid::Uuid;

use crate::{Database, Result, audit, dialect, rows, rows::columns, table_rows::AuditRow, write};

/// A guest who is expected, as stored: sealed.
pub type ExpectedGuestRow = expected_guest::Model;

columns!(Row(ExpectedGuestRow) {
    id,
    facility_id,
    expected_on,
    expires_at,
    content_index,
    document_index,
    sealed,
    noted_by,
    noted_at,
});

/// Whom a facility expects on a day or before: not yet past, and not declared at the facility since
/// by the same document.
const EXPECTED: &str = "FROM expected_guest e \
     WHERE e.facility_id = ? AND e.expected_on <= ? AND e.expires_at > ? \
     AND NOT EXISTS (SELECT 1 FROM stay s \
       WHERE s.document_index = e.document_index AND s.document_index IS NOT NULL \
       AND s.facility_id = e.facility_id AND s.presence <> 'cancelled' \
       AND (s.presence = 'present' OR s.arrival_on >= e.expected_on))";

/// Until which day, and as seen when.
pub type Until = (NaiveDate, DateTime<Utc>);

/// Who is expected until a day, in the order in which they were noted.
pub async fn list(db: &Database, facility_id: Uuid, until: Until) -> Result<Vec<ExpectedGuestRow>> {
    let text = format!("SELECT e.* {EXPECTED} ORDER BY e.id");
    let statement = dialect::statement(db.backend(), &text, values(facility_id, until));
    let guests = ExpectedGuestRow::find_by_statement(statement);
    Ok(guests.all(db.reader()).await?)
}

/// How many are expected until a day.
pub async fn count(db: &Database, facility_id: Uuid, until: Until) -> Result<usize> {
    let text = format!("SELECT COUNT(*) AS guests {EXPECTED}");
    let statement = dialect::statement(db.backend(), &text, values(facility_id, until));
    let row = db.reader().query_one_raw(statement).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get("", "guests"))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

fn values(facility_id: Uuid, (day, now): Until) -> Vec<Value> {
    vec![
        rows::uuid(facility_id),
        Value::ChronoDate(Some(day)),
        rows::instant(now),
    ]
}

/// Notes guests, with the audit entry; those that are noted already stay as they are. Returns those
/// of these guests that are noted now, in no particular order.
pub async fn note(
    db: &Database,
    guests: Vec<ExpectedGuestRow>,
    entry: audit::Entry,
) -> Result<Vec<ExpectedGuestRow>> {
    let facility_ids: Vec<Uuid> = guests.iter().map(|guest| guest.facility_id).collect();
    let indexes: Vec<Vec<u8>> = guests
        .iter()
        .map(|guest| guest.content_index.clone())
        .collect();
    let transaction = write::begin(db).await?;
    let rows = guests.into_iter().map(Row).collect();
    let tail = "ON CONFLICT (facility_id, content_index) DO NOTHING";
    let insert = dialect::insert_rows(db.backend(), "expected_guest", rows, tail);
    transaction.execute_raw(insert).await?;
    let noted = expected_guest::Entity::find()
        .filter(expected_guest::Column::FacilityId.is_in(facility_ids))
        .filter(expected_guest::Column::ContentIndex.is_in(indexes))
        .all(&transaction)
        .await?;
    let entry = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(entry).await?;
    write::commit(transaction).await?;
    Ok(noted)
}

/// A guest who is expected at a facility.
pub async fn find(db: &Database, facility_id: Uuid, id: Uuid) -> Result<Option<ExpectedGuestRow>> {
    Ok(expected_guest::Entity::find_by_id(id)
        .filter(expected_guest::Column::FacilityId.eq(facility_id))
        .one(db.reader())
        .await?)
}

/// Removes a guest of a facility, with the audit entry. Returns `false`, with nothing written, when
/// there is none.
pub async fn remove(
    db: &Database,
    facility_id: Uuid,
    id: Uuid,
    entry: audit::Entry,
) -> Result<bool> {
    let transaction = write::begin(db).await?;
    let removed = expected_guest::Entity::delete_many()
        .filter(expected_guest::Column::Id.eq(id))
        .filter(expected_guest::Column::FacilityId.eq(facility_id))
        .exec(&transaction)
        .await?;
    if removed.rows_affected == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    let entry = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(entry).await?;
    write::commit(transaction).await?;
    Ok(true)
}
