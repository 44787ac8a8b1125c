//! Published lists, each with its version.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{catalogue, catalogue_entry};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};
use serde_json::value::RawValue;

use crate::{Database, Error, Result, dialect, rows::columns, write};

/// Rows written by one statement: 4 columns each stay far below SQLite's 32,766 parameters.
const ROWS_PER_STATEMENT_MAX: usize = 2_000;

/// A catalogue as it is stored.
#[derive(Clone, Debug)]
pub struct StoredCatalogue {
    /// `communes`, `purposes`, ….
    pub name: String,
    /// Changes whenever an entry does.
    pub version: String,
    /// The first day this version holds.
    pub valid_from: NaiveDate,
    /// Code and body of each entry, in order. Bodies are JSON objects that repeat the code as `code`;
    /// they stay as they are written, since read into values they would take ten times the memory.
    pub entries: Vec<(String, Box<RawValue>)>,
}

struct EntryRow<'a> {
    catalogue: &'a str,
    position: i32,
    code: &'a str,
    body: &'a str,
}

columns!(EntryRow<'_> {
    catalogue,
    position,
    code,
    body,
});

/// Replaces the previous version of a catalogue, atomically.
pub async fn replace(db: &Database, catalogue: &StoredCatalogue, now: DateTime<Utc>) -> Result<()> {
    let transaction = write::begin(db).await?;
    upsert_header(&transaction, catalogue, now).await?;
    catalogue_entry::Entity::delete_many()
        .filter(catalogue_entry::Column::Catalogue.eq(&catalogue.name))
        .exec(&transaction)
        .await?;
    let numbered: Vec<_> = (0_i32..).zip(&catalogue.entries).collect();
    for chunk in numbered.chunks(ROWS_PER_STATEMENT_MAX) {
        let chunk = chunk
            .iter()
            .map(|(position, (code, body))| EntryRow {
                catalogue: &catalogue.name,
                position: *position,
                code,
                body: body.get(),
            })
            .collect();
        let statement = dialect::insert_rows(db.backend(), "catalogue_entry", chunk, "");
        transaction.execute_raw(statement).await?;
    }
    write::commit(transaction).await
}

async fn upsert_header(
    connection: &impl ConnectionTrait,
    catalogue: &StoredCatalogue,
    now: DateTime<Utc>,
) -> Result<()> {
    let entry_count = i32::try_from(catalogue.entries.len()).map_err(|_| Error::Corrupt {
        what: "catalogue.entry_count",
    })?;
    let row = catalogue::ActiveModel {
        name: Set(catalogue.name.clone()),
        version: Set(catalogue.version.clone()),
        valid_from: Set(catalogue.valid_from),
        entry_count: Set(entry_count),
        loaded_at: Set(now),
    };
    let overwrite = OnConflict::column(catalogue::Column::Name)
        .update_columns([
            catalogue::Column::Version,
            catalogue::Column::ValidFrom,
            catalogue::Column::EntryCount,
            catalogue::Column::LoadedAt,
        ])
        .to_owned();
    catalogue::Entity::insert(row)
        .on_conflict(overwrite)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// The version that is loaded, `None` when the catalogue is not there.
pub async fn version(db: &Database, name: &str) -> Result<Option<String>> {
    let row = catalogue::Entity::find_by_id(name).one(db.reader()).await?;
    Ok(row.map(|row| row.version))
}

/// Code and body of each entry of one catalogue, in their order; none when it is not there. Fails
/// with [`Error::Corrupt`] where a body is no JSON.
pub async fn entries(db: &Database, name: &str) -> Result<Vec<(String, Box<RawValue>)>> {
    let rows: Vec<(String, String)> = catalogue_entry::Entity::find()
        .select_only()
        .column(catalogue_entry::Column::Code)
        .column(catalogue_entry::Column::Body)
        .filter(catalogue_entry::Column::Catalogue.eq(name))
        .order_by_asc(catalogue_entry::Column::Position)
        .into_tuple()
        .all(db.reader())
        .await?;
    let entries = rows.into_iter().map(|(code, body)| {
        let body = RawValue::from_string(body).map_err(|_| {
            tracing::error!(catalogue = name, code, "an entry is damaged");
            Error::Corrupt {
                what: "catalogue_entry.body",
            }
        })?;
        Ok((code, body))
    });
    entries.collect()
}

/// All catalogues with their entries.
pub async fn load_all(db: &Database) -> Result<Vec<StoredCatalogue>> {
    let headers = catalogue::Entity::find()
        .order_by_asc(catalogue::Column::Name)
        .all(db.reader())
        .await?;
    let mut loaded = Vec::with_capacity(headers.len());
    for header in headers {
        let entries = entries(db, &header.name).await?;
        loaded.push(StoredCatalogue {
            name: header.name,
            version: header.version,
            valid_from: header.valid_from,
            entries,
        });
    }
    Ok(loaded)
}
