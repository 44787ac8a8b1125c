//! API keys as administrators manage them: created, listed and revoked, each action with its audit
//! entry in one transaction. The time of last use is stored beside the row.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, ActorKind, SubjectKind},
    directory::KeyRecord,
};
use entity::{api_key, api_key_use, organisation, word::Word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::{
    Database, Error, Result,
    api_keys::{self, ApiKey, RowKey},
    audit,
    damage::Listed,
    declarations::Idempotency,
    dialect,
    directory::{self, ActionOutcome, ActionRecord, KeyRequest, ListPart},
    rows::columns,
    write,
};

/// Creates a key. A replay returns everything except its text.
pub async fn create(
    db: &Database,
    key: &ApiKey,
    by: &RowKey,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<KeyRecord>> {
    let transaction = write::begin(db).await?;
    match directory::known(&transaction, &note).await? {
        None => {}
        Some(KeyRequest::Other) => {
            transaction.rollback().await?;
            return Ok(ActionOutcome::KeyReused);
        }
        Some(KeyRequest::Same(first)) => {
            transaction.rollback().await?;
            let made = find(db, first.subject_id).await?.ok_or(Error::NotFound)?;
            return Ok(ActionOutcome::Replayed(made.as_made(), first.at));
        }
    }
    if !api_keys::insert_in(&transaction, key, by).await? {
        return Err(Error::Duplicate);
    }
    audit::note(&transaction, note.entry).await?;
    write::commit(transaction).await?;
    let made = find(db, key.id).await?.ok_or(Error::NotFound)?;
    Ok(ActionOutcome::Done(made))
}

/// What an earlier request under this request key led to. `None`: the key is free, or the request
/// has none.
pub async fn earlier(
    db: &Database,
    key: Option<&Idempotency>,
    now: DateTime<Utc>,
) -> Result<Option<ActionOutcome<KeyRecord>>> {
    match directory::look_up(db, key, now).await? {
        None => Ok(None),
        Some(KeyRequest::Other) => Ok(Some(ActionOutcome::KeyReused)),
        Some(KeyRequest::Same(first)) => {
            let made = find(db, first.subject_id).await?.ok_or(Error::NotFound)?;
            Ok(Some(ActionOutcome::Replayed(made.as_made(), first.at)))
        }
    }
}

/// Revokes a key. An already revoked key stays unchanged, and nothing is recorded.
///
/// Errors: [`Error::NotFound`].
pub async fn revoke(db: &Database, id: Uuid, by: &RowKey, entry: audit::Entry) -> Result<()> {
    let transaction = write::begin(db).await?;
    let is_ended = api_keys::revoke_in(&transaction, id, by, entry.at).await?;
    if is_ended {
        audit::note(&transaction, entry).await?;
    }
    write::commit(transaction).await
}

/// Keys of one organisation or of all, oldest first.
pub async fn list(
    db: &Database,
    organisation_id: Option<Uuid>,
    part: ListPart,
) -> Result<Vec<Listed<KeyRecord>>> {
    let query = api_key::Entity::find()
        .order_by_asc(api_key::Column::Id)
        .apply_if(organisation_id, |query, id| {
            query.filter(api_key::Column::OrganisationId.eq(id))
        })
        .apply_if(part.after, |query, after| {
            query.filter(api_key::Column::Id.gt(after))
        });
    let rows = query.limit(part.count_max).all(db.reader()).await?;
    records(db, rows).await
}

/// One key.
pub async fn find(db: &Database, id: Uuid) -> Result<Option<KeyRecord>> {
    let row = api_key::Entity::find_by_id(id).one(db.reader()).await?;
    let listed = records(db, row.into_iter().collect()).await?;
    listed.into_iter().next().map(|one| one.row).transpose()
}

async fn records(db: &Database, rows: Vec<api_key::Model>) -> Result<Vec<Listed<KeyRecord>>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let of = rows.iter().map(|row| row.organisation_id);
    let organisations = directory::changes::organisations_of(db.reader(), of).await?;
    let makers = makers(db, &ids).await?;
    let uses = uses(db, &ids).await?;
    let read = |row: api_key::Model| {
        let key = api_keys::from_row(row)?;
        let organisation = organisations.get(&key.organisation_id);
        let organisation = organisation.ok_or(Error::Corrupt {
            what: "api_key.organisation_id",
        })?;
        let (maker, used) = (makers.get(&key.id), uses.get(&key.id));
        Ok(record(key, organisation, maker.cloned(), used.copied()))
    };
    let listed = rows.into_iter().map(|row| Listed {
        id: row.id,
        row: read(row),
    });
    Ok(listed.collect())
}

fn record(
    key: ApiKey,
    organisation: &organisation::Model,
    created_by: Option<String>,
    last_used_at: Option<DateTime<Utc>>,
) -> KeyRecord {
    KeyRecord {
        id: key.id,
        organisation_id: key.organisation_id,
        organisation_code: organisation.code.clone(),
        organisation_ended_at: organisation.ended_at,
        role: key.role,
        label: key.label,
        facility_ids: key.facility_ids,
        communes: key.commune_codes,
        provinces: key.province_codes,
        created_at: key.created_at,
        created_by,
        expires_at: key.expires_at,
        last_used_at,
        revoked_at: key.revoked_at,
    }
}

/// The creators of these keys: a key's id, or the name of the operator at a terminal.
async fn makers(db: &Database, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let (among, values) = dialect::among_ids(db.backend(), "e.subject_id", ids);
    // The kind is inlined so that the partial index applies.
    let text = format!(
        "SELECT e.subject_id, e.actor_kind, e.actor_id, o.name FROM audit_entry e \
         LEFT JOIN operator o ON e.actor_kind = 'operator' AND o.id = e.actor_id \
         WHERE e.subject_kind = '{}' AND e.action = '{}' AND {among}",
        SubjectKind::ApiKey,
        Action::KeyCreated,
    );
    let statement = dialect::statement(db.backend(), &text, values);
    let mut makers = HashMap::new();
    for row in db.reader().query_all_raw(statement).await? {
        let subject: Uuid = row.try_get("", "subject_id")?;
        let kind: Word<ActorKind> = row.try_get("", "actor_kind")?;
        let actor: Option<Uuid> = row.try_get("", "actor_id")?;
        let name: Option<String> = row.try_get("", "name")?;
        let maker = name
            .or_else(|| actor.map(|id| id.to_string()))
            .unwrap_or_else(|| kind.as_stored().to_owned());
        makers.insert(subject, maker);
    }
    Ok(makers)
}

async fn uses(db: &Database, ids: &[Uuid]) -> Result<HashMap<Uuid, DateTime<Utc>>> {
    let rows = api_key_use::Entity::find()
        .filter(api_key_use::Column::KeyId.is_in(ids.iter().copied()))
        .all(db.reader())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.key_id, row.last_used_at))
        .collect())
}

struct UseRow {
    key_id: Uuid,
    last_used_at: DateTime<Utc>,
}

columns!(UseRow {
    key_id,
    last_used_at,
});

/// Records when keys were last used; a later known time is kept.
pub async fn note_uses(db: &Database, mut uses: Vec<(Uuid, DateTime<Utc>)>) -> Result<()> {
    if uses.is_empty() {
        return Ok(());
    }
    // All processes lock the rows in the same order.
    uses.sort_unstable();
    let row = |(key_id, last_used_at)| UseRow {
        key_id,
        last_used_at,
    };
    let rows = uses.into_iter().map(row).collect();
    let tail = "ON CONFLICT (key_id) DO UPDATE SET last_used_at = excluded.last_used_at \
        WHERE api_key_use.last_used_at < excluded.last_used_at";
    let statement = dialect::insert_rows(db.backend(), "api_key_use", rows, tail);
    db.writer().execute_raw(statement).await?;
    Ok(())
}
