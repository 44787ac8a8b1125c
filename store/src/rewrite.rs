//! Finds data sealed in the first form and rewrites it in the second, piece by piece, while
//! everything else keeps running.
//!
//! A stay is rewritten in one transaction, so it is always in exactly one form. Every update names
//! the value it replaces: data that changed in the meantime is skipped and found again later.

use chrono::{DateTime, Utc};
use entity::{
    data_key, import, import_chunk, import_row, outbox_task, review_decision, room_list, stay,
    stay_version, webhook,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{Database, Result, dialect, installation, rows, stays::StayRow, write};

/// The row that holds the rewriter's lease as its value, and the lease's end as its instant.
const LEASE: &str = "rewrite_lease";

/// Everything sealed of a stay but its own row.
pub struct SealedParts {
    /// Version, content, reason.
    pub versions: Vec<(i32, Vec<u8>, Option<Vec<u8>>)>,
    /// Tasks with a body: id, version, body.
    pub bodies: Vec<(Uuid, i32, Vec<u8>)>,
    /// Decisions with words: id, words.
    pub words: Vec<(Uuid, Vec<u8>)>,
}

/// The rewritten stay: each blob with the one it replaces.
#[derive(Default)]
pub struct RewrittenStay {
    /// The key everything is sealed with.
    pub sealed_key: Vec<u8>,
    /// Contents, by version.
    pub contents: Vec<(i32, Replaced)>,
    /// Reasons, by version.
    pub reasons: Vec<(i32, Replaced)>,
    /// Bodies, by task.
    pub bodies: Vec<(Uuid, Replaced)>,
    /// Words, by decision.
    pub words: Vec<(Uuid, Replaced)>,
}

/// A blob and what is written in its place.
pub struct Replaced {
    /// The blob as stored.
    pub old: Vec<u8>,
    /// As it is to lie there.
    pub new: Vec<u8>,
}

/// Stays in the first form, by id.
pub async fn stays(db: &Database, limit: u64) -> Result<Vec<StayRow>> {
    Ok(stay::Entity::find()
        .filter(stay::Column::SealedKey.is_null())
        .order_by_asc(stay::Column::Id)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// How many stays are in the first form.
pub async fn stay_count(db: &Database) -> Result<u64> {
    Ok(stay::Entity::find()
        .filter(stay::Column::SealedKey.is_null())
        .count(db.reader())
        .await?)
}

/// What is sealed of a stay.
pub async fn of_stay(db: &Database, stay_id: Uuid) -> Result<SealedParts> {
    let versions = stay_version::Entity::find()
        .filter(stay_version::Column::StayId.eq(stay_id))
        .all(db.reader())
        .await?;
    let tasks = outbox_task::Entity::find()
        .filter(outbox_task::Column::StayId.eq(stay_id))
        .filter(outbox_task::Column::SealedBody.is_not_null())
        .all(db.reader())
        .await?;
    let decisions = review_decision::Entity::find()
        .filter(review_decision::Column::StayId.eq(stay_id))
        .filter(review_decision::Column::Sealed.is_not_null())
        .all(db.reader())
        .await?;
    let body = |task: outbox_task::Model| Some((task.id, task.version, task.sealed_body?));
    let words = |row: review_decision::Model| Some((row.id, row.sealed?));
    Ok(SealedParts {
        versions: versions
            .into_iter()
            .map(|row| (row.version, row.sealed, row.sealed_reason))
            .collect(),
        bodies: tasks.into_iter().filter_map(body).collect(),
        words: decisions.into_iter().filter_map(words).collect(),
    })
}

/// Puts a stay into the second form, if it is still in the first and at this version. Returns
/// whether it did; nothing is written otherwise.
pub async fn replace_stay(db: &Database, stay: &StayRow, by: RewrittenStay) -> Result<bool> {
    let transaction = write::begin(db).await?;
    // In the order in which a worker writes, so that neither waits for the other in a circle.
    for (id, Replaced { old, new }) in by.bodies {
        // A task settled in the meantime no longer has one.
        outbox_task::Entity::update_many()
            .col_expr(outbox_task::Column::SealedBody, Expr::value(new))
            .filter(outbox_task::Column::Id.eq(id))
            .filter(outbox_task::Column::SealedBody.eq(old))
            .exec(&transaction)
            .await?;
    }
    let keyed = stay::Entity::update_many()
        .col_expr(stay::Column::SealedKey, Expr::value(by.sealed_key))
        .filter(stay::Column::Id.eq(stay.id))
        .filter(stay::Column::Version.eq(stay.version))
        .filter(stay::Column::SealedKey.is_null())
        .exec(&transaction)
        .await?;
    if keyed.rows_affected != 1 {
        transaction.rollback().await?;
        return Ok(false);
    }
    let columns = [
        (stay_version::Column::Sealed, by.contents),
        (stay_version::Column::SealedReason, by.reasons),
    ];
    for (column, blobs) in columns {
        for (version, Replaced { old, new }) in blobs {
            stay_version::Entity::update_many()
                .col_expr(column, Expr::value(new))
                .filter(stay_version::Column::StayId.eq(stay.id))
                .filter(stay_version::Column::Version.eq(version))
                .filter(column.eq(old))
                .exec(&transaction)
                .await?;
        }
    }
    for (id, Replaced { old, new }) in by.words {
        review_decision::Entity::update_many()
            .col_expr(review_decision::Column::Sealed, Expr::value(new))
            .filter(review_decision::Column::Id.eq(id))
            .filter(review_decision::Column::Sealed.eq(old))
            .exec(&transaction)
            .await?;
    }
    write::commit(transaction).await?;
    Ok(true)
}

/// Where a blob that is of no stay lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobPlace {
    /// Address and secret of a webhook.
    Webhook,
    /// A facility's list of rooms.
    RoomList,
    /// The heading of an uploaded table.
    ImportHeading,
    /// Names and headings of the sheets of an uploaded file.
    ImportSheets,
    /// A piece of an uploaded file.
    ImportChunk,
    /// The cells of a rejected row.
    ImportRow,
}

impl BlobPlace {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Webhook,
        Self::RoomList,
        Self::ImportHeading,
        Self::ImportSheets,
        Self::ImportChunk,
        Self::ImportRow,
    ];
}

/// A blob that is of no stay.
#[derive(Debug, FromQueryResult)]
pub struct Loose {
    /// Id of the row: the webhook, the facility, the import.
    pub row_id: Uuid,
    /// What else its place is bound to.
    pub version: i32,
    /// The organisation that owns it.
    pub organisation_id: Uuid,
    /// Where; none where it is of the organisation.
    pub facility_id: Option<Uuid>,
    /// The blob.
    pub sealed: Vec<u8>,
}

/// Which blobs of a place are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobSelection {
    /// Those in the first form.
    FirstForm,
    /// All.
    All,
}

/// Blobs at a place, those behind `after` in the order of their rows.
pub async fn loose(
    db: &Database,
    place: BlobPlace,
    which: BlobSelection,
    after: (Uuid, i32),
    limit: u64,
) -> Result<Vec<Loose>> {
    let (row_id, version, sealed, from) = match place {
        BlobPlace::Webhook => ("w.id", "0", "w.sealed", "webhook w"),
        BlobPlace::RoomList => (
            "r.facility_id",
            "r.version",
            "r.sealed",
            "room_list r JOIN facility w ON w.id = r.facility_id",
        ),
        BlobPlace::ImportHeading => ("w.id", "0", "w.sealed_heading", "import w"),
        BlobPlace::ImportSheets => ("w.id", "1", "w.sealed_sheets", "import w"),
        BlobPlace::ImportChunk => (
            "w.id",
            "c.position",
            "c.sealed",
            "import_chunk c JOIN import w ON w.id = c.import_id",
        ),
        BlobPlace::ImportRow => (
            "w.id",
            "c.position",
            "c.sealed",
            "import_row c JOIN import w ON w.id = c.import_id",
        ),
    };
    let facility = match place {
        BlobPlace::Webhook => dialect::no_uuid(db.backend()),
        BlobPlace::RoomList => "w.id",
        BlobPlace::ImportHeading
        | BlobPlace::ImportSheets
        | BlobPlace::ImportChunk
        | BlobPlace::ImportRow => "w.facility_id",
    };
    let is_asked_for = match which {
        BlobSelection::FirstForm => dialect::begins_with_byte(db.backend(), sealed, 1),
        BlobSelection::All => format!("{sealed} IS NOT NULL"),
    };
    let text = format!(
        "SELECT {row_id} AS row_id, {version} AS version, w.organisation_id, \
           {facility} AS facility_id, {sealed} AS sealed FROM {from} \
         WHERE {is_asked_for} AND ({row_id} > ? OR ({row_id} = ? AND {version} > ?)) \
         ORDER BY 1, 2 LIMIT ?"
    );
    let values = vec![
        rows::uuid(after.0),
        rows::uuid(after.0),
        rows::integer(after.1),
        sea_orm::Value::BigInt(i64::try_from(limit).ok()),
    ];
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(Loose::find_by_statement(statement).all(db.reader()).await?)
}

/// Replaces the blob that was found; skips it if it changed in the meantime.
pub async fn replace_loose(
    db: &Database,
    place: BlobPlace,
    found: Loose,
    new: Vec<u8>,
) -> Result<()> {
    let Loose {
        row_id,
        version,
        sealed: old,
        ..
    } = found;
    let connection = db.writer();
    match place {
        BlobPlace::Webhook => {
            webhook::Entity::update_many()
                .col_expr(webhook::Column::Sealed, Expr::value(new))
                .filter(webhook::Column::Id.eq(row_id))
                .filter(webhook::Column::Sealed.eq(old))
                .exec(connection)
                .await?;
        }
        BlobPlace::RoomList => {
            room_list::Entity::update_many()
                .col_expr(room_list::Column::Sealed, Expr::value(new))
                .filter(room_list::Column::FacilityId.eq(row_id))
                .filter(room_list::Column::Version.eq(version))
                .filter(room_list::Column::Sealed.eq(old))
                .exec(connection)
                .await?;
        }
        BlobPlace::ImportHeading => {
            import::Entity::update_many()
                .col_expr(import::Column::SealedHeading, Expr::value(new))
                .filter(import::Column::Id.eq(row_id))
                .filter(import::Column::SealedHeading.eq(old))
                .exec(connection)
                .await?;
        }
        BlobPlace::ImportSheets => {
            import::Entity::update_many()
                .col_expr(import::Column::SealedSheets, Expr::value(new))
                .filter(import::Column::Id.eq(row_id))
                .filter(import::Column::SealedSheets.eq(old))
                .exec(connection)
                .await?;
        }
        BlobPlace::ImportChunk => {
            import_chunk::Entity::update_many()
                .col_expr(import_chunk::Column::Sealed, Expr::value(new))
                .filter(import_chunk::Column::ImportId.eq(row_id))
                .filter(import_chunk::Column::Position.eq(version))
                .filter(import_chunk::Column::Sealed.eq(old))
                .exec(connection)
                .await?;
        }
        BlobPlace::ImportRow => {
            import_row::Entity::update_many()
                .col_expr(import_row::Column::Sealed, Expr::value(new))
                .filter(import_row::Column::ImportId.eq(row_id))
                .filter(import_row::Column::Position.eq(version))
                .filter(import_row::Column::Sealed.eq(old))
                .exec(connection)
                .await?;
        }
    }
    Ok(())
}

/// Puts the wrapping of a data key in place of the one that was found.
pub async fn replace_data_key(db: &Database, id: Uuid, wrapped: Replaced) -> Result<()> {
    data_key::Entity::update_many()
        .col_expr(data_key::Column::Wrapped, Expr::value(wrapped.new))
        .filter(data_key::Column::Id.eq(id))
        .filter(data_key::Column::Wrapped.eq(wrapped.old))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// Whether anything was ever stored here: organisations are made by hand, stays by none.
pub async fn is_without_stays(db: &Database) -> Result<bool> {
    let any = stay::Entity::find()
        .select_only()
        .column(stay::Column::Id)
        .limit(1)
        .into_tuple::<Uuid>()
        .one(db.reader())
        .await?;
    Ok(any.is_none())
}

/// Takes or keeps the turn to rewrite: `true` while it is ours. The turn of a dead process expires.
pub async fn take_turn(
    db: &Database,
    lease_id: Uuid,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> Result<bool> {
    let backend = db.backend();
    installation::offer(db.writer(), LEASE, &[], DateTime::UNIX_EPOCH).await?;
    let (end, end_value) = dialect::lease_end(backend, now, lease_seconds);
    let (present, present_values) = dialect::lease_now(backend, now);
    let text = format!(
        "UPDATE installation_fact SET value = ?, recorded_at = {end} \
         WHERE name = '{LEASE}' AND (value = ? OR recorded_at <= {present})"
    );
    let lease = rows::bytes(lease_id.as_bytes().to_vec());
    let mut values = vec![lease.clone(), end_value, lease];
    values.extend(present_values);
    let statement = dialect::statement(backend, &text, values);
    let taken = db.writer().execute_raw(statement).await?;
    Ok(taken.rows_affected() == 1)
}

/// Gives the turn back.
pub async fn end_turn(db: &Database, lease_id: Uuid) -> Result<()> {
    let text = format!(
        "UPDATE installation_fact SET recorded_at = ? WHERE name = '{LEASE}' AND value = ?"
    );
    let values = vec![
        rows::instant(DateTime::UNIX_EPOCH),
        rows::bytes(lease_id.as_bytes().to_vec()),
    ];
    let statement = dialect::statement(db.backend(), &text, values);
    db.writer().execute_raw(statement).await?;
    Ok(())
}
