//! Organisations and facilities as administrators manage them: created, listed, changed and closed.
//! Each action and its audit entry are one transaction, carried out once per request key.
//!
//! The row holds the values in force. `directory_change` records what each version touched and from
//! which day, so that a change can be scheduled and the first answer to a request repeated.

pub(crate) mod changes;

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use domain::{
    directory::{Content, DirectoryChange, FacilityPatch, FacilityRecord, Organisation},
    time::local_date,
};
use entity::{audit_entry, facility, organisation};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{
    Database, Error, Result, audit,
    damage::Listed,
    facilities,
    idempotency::{self, Idempotency},
    pool::Transaction,
    write,
};

use changes::{at_version, change, changes_of_one, keep, organisations_of, remember_first};

/// How an action is recorded, and the key that guards it against running twice.
pub struct ActionRecord<'a> {
    /// The audit entry; its time is the time of the action.
    pub entry: audit::Entry,
    /// The key of the request.
    pub key: Option<&'a Idempotency>,
}

/// The outcome of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionOutcome<T> {
    /// It is done.
    Done(T),
    /// A replay: what the first request led to, as it stood then.
    Replayed(T, DateTime<Utc>),
    /// The key was used by another request.
    KeyReused,
    /// Somebody else has this code.
    CodeTaken,
    /// The row is now at this version, not at the one that was judged.
    VersionMismatch(i32),
}

/// A part of a list, by id.
#[derive(Clone, Copy, Debug)]
pub struct ListPart {
    /// Behind this one.
    pub after: Option<Uuid>,
    /// Most of them.
    pub count_max: u64,
}

/// Creates an organisation.
pub async fn create_organisation(
    db: &Database,
    organisation: Organisation,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<Organisation>> {
    let transaction = match begin(db, &note).await? {
        ControlFlow::Continue(transaction) => transaction,
        ControlFlow::Break(written) => return Ok(written),
    };
    if organisation_of_code(&transaction, &organisation.code)
        .await?
        .is_some()
    {
        transaction.rollback().await?;
        return Ok(ActionOutcome::CodeTaken);
    }
    let row = organisation::ActiveModel {
        id: Set(organisation.id),
        code: Set(organisation.code.clone()),
        name: Set(organisation.name.clone()),
        created_at: Set(organisation.created_at),
        version: Set(organisation.version),
        ended_at: Set(organisation.ended_at),
    };
    let inserted = organisation::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(Error::from);
    match inserted {
        Err(Error::Duplicate) => return Ok(ActionOutcome::CodeTaken),
        inserted => inserted?,
    };
    let at = note.entry.at;
    let first = change(
        organisation.id,
        1,
        local_date(at),
        at,
        organisation.content(),
    );
    keep(&transaction, first, note.entry).await?;
    write::commit(transaction).await?;
    Ok(ActionOutcome::Done(organisation))
}

/// Changes an organisation that stands at the version judged; a change of nothing is none.
///
/// Errors: [`Error::NotFound`].
pub async fn change_organisation(
    db: &Database,
    judged: &Organisation,
    content: Content,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<Organisation>> {
    let (transaction, row) = match begin_change(db, judged, &content, &note).await? {
        ControlFlow::Continue(begun) => begun,
        ControlFlow::Break(written) => return Ok(written),
    };
    remember_first(&transaction, judged.id, judged.created_at, judged.content()).await?;
    let at = note.entry.at;
    let mut after = judged.clone();
    after.version += 1;
    after.apply(&content);
    let mut row = row.into_active_model();
    row.name = Set(after.name.clone());
    row.ended_at = Set(after.ended_at);
    row.version = Set(after.version);
    row.update(&transaction).await?;
    let change = change(judged.id, after.version, local_date(at), at, content);
    keep(&transaction, change, note.entry).await?;
    write::commit(transaction).await?;
    Ok(ActionOutcome::Done(after))
}

/// Creates a facility.
pub async fn create_facility(
    db: &Database,
    mut record: FacilityRecord,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<FacilityRecord>> {
    let transaction = match begin(db, &note).await? {
        ControlFlow::Continue(transaction) => transaction,
        ControlFlow::Break(written) => return Ok(written),
    };
    let facility = &record.facility;
    let row = facility::ActiveModel {
        id: Set(facility.id),
        organisation_id: Set(facility.organisation_id),
        version: Set(record.version),
        created_at: Set(record.created_at),
        ..columns(&record)
    };
    facility::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await?;
    let at = note.entry.at;
    let first = change(facility.id, 1, local_date(at), at, record.content());
    let of = std::iter::once(facility.organisation_id);
    let organisations = organisations_of(&transaction, of).await?;
    keep(&transaction, first, note.entry).await?;
    write::commit(transaction).await?;
    // A scheduled end of its organisation applies to the facility too.
    if let Some(organisation) = organisations.into_values().next() {
        facilities::settle(&mut record, &organisation);
    }
    Ok(ActionOutcome::Done(record))
}

/// Changes a facility that stands at the version judged, from a day on; a change of nothing is
/// none.
///
/// Errors: [`Error::NotFound`].
pub async fn change_facility(
    db: &Database,
    judged: &FacilityRecord,
    patch: FacilityPatch,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<FacilityRecord>> {
    let (transaction, row) = match begin_change(db, judged, &patch.content, &note).await? {
        ControlFlow::Continue(begun) => begun,
        ControlFlow::Break(written) => return Ok(written),
    };
    let (id, at) = (judged.facility.id, note.entry.at);
    let first = facilities::from_row(row)?;
    remember_first(&transaction, id, first.created_at, first.content()).await?;
    let mut after = judged.clone();
    after.version += 1;
    if patch.valid_from <= local_date(at) {
        after.apply(&patch.content);
    }
    let mut columns = columns(&after);
    columns.id = Set(id);
    columns.version = Set(after.version);
    columns.update(&transaction).await?;
    let change = change(id, after.version, patch.valid_from, at, patch.content);
    keep(&transaction, change, note.entry).await?;
    write::commit(transaction).await?;
    let stored = facility(db, id, at).await?;
    Ok(ActionOutcome::Done(stored.ok_or(Error::NotFound)?))
}

/// What of a facility can change.
fn columns(record: &FacilityRecord) -> facility::ActiveModel {
    let facility = &record.facility;
    facility::ActiveModel {
        kind: Set(facility.kind.into()),
        subkind: Set(facility.subkind.clone()),
        name: Set(facility.name.clone()),
        address: Set(facility.address.clone()),
        commune_code: Set(facility.commune_code.clone()),
        province_code: Set(facility.province_code.clone()),
        is_remote: Set(facility.is_remote),
        closed_at: Set(record.ended_at),
        capacity: Set(record.capacity.and_then(|count| i32::try_from(count).ok())),
        ..Default::default()
    }
}

/// Organisations, by id.
pub async fn organisations(db: &Database, part: ListPart) -> Result<Vec<Organisation>> {
    let mut query = organisation::Entity::find().order_by_asc(organisation::Column::Id);
    if let Some(after) = part.after {
        query = query.filter(organisation::Column::Id.gt(after));
    }
    let rows = query.limit(part.count_max).all(db.reader()).await?;
    Ok(rows.into_iter().map(of_row).collect())
}

/// One organisation.
pub async fn organisation(db: &Database, id: Uuid) -> Result<Option<Organisation>> {
    let row = organisation::Entity::find_by_id(id)
        .one(db.reader())
        .await?;
    Ok(row.map(of_row))
}

/// The organisation with this code.
pub async fn organisation_by_code(db: &Database, code: &str) -> Result<Option<Organisation>> {
    organisation_of_code(db.reader(), code).await
}

async fn organisation_of_code(
    connection: &impl ConnectionTrait,
    code: &str,
) -> Result<Option<Organisation>> {
    let row = organisation::Entity::find()
        .filter(organisation::Column::Code.eq(code))
        .one(connection)
        .await?;
    Ok(row.map(of_row))
}

/// Facilities of one organisation or of all, by id.
pub async fn facilities(
    db: &Database,
    organisation_id: Option<Uuid>,
    part: ListPart,
    now: DateTime<Utc>,
) -> Result<Vec<Listed<FacilityRecord>>> {
    let mut query = facility::Entity::find().order_by_asc(facility::Column::Id);
    if let Some(id) = organisation_id {
        query = query.filter(facility::Column::OrganisationId.eq(id));
    }
    if let Some(after) = part.after {
        query = query.filter(facility::Column::Id.gt(after));
    }
    let rows = query.limit(part.count_max).all(db.reader()).await?;
    facilities::records(db.reader(), rows, now).await
}

/// One facility.
pub async fn facility(
    db: &Database,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<FacilityRecord>> {
    let row = facility::Entity::find_by_id(id).one(db.reader()).await?;
    let listed = facilities::records(db.reader(), row.into_iter().collect(), now).await?;
    listed.into_iter().next().map(|one| one.row).transpose()
}

fn of_row(row: organisation::Model) -> Organisation {
    Organisation {
        id: row.id,
        code: row.code,
        name: row.name,
        created_at: row.created_at,
        ended_at: row.ended_at,
        version: row.version,
    }
}

/// The state of a key: unused, used by another request, or used by the same one.
pub(crate) enum KeyRequest {
    Other,
    Same(Box<audit_entry::Model>),
}

/// Takes the key of a request, if it has one.
pub(crate) async fn known(
    connection: &impl ConnectionTrait,
    note: &ActionRecord<'_>,
) -> Result<Option<KeyRequest>> {
    let Some(key) = note.key else {
        return Ok(None);
    };
    let entry = &note.entry;
    let Some(led_to) = idempotency::take(connection, key, entry.id, entry.at).await? else {
        return Ok(None);
    };
    let first = match led_to {
        Some(id) => audit_entry::Entity::find_by_id(id).one(connection).await?,
        None => None,
    };
    Ok(Some(first.map_or(KeyRequest::Other, |first| {
        KeyRequest::Same(Box::new(first))
    })))
}

/// What an earlier request under this key led to. `None`: the key is free, or the request has none.
pub async fn earlier<S: Versioned>(
    db: &Database,
    key: Option<&Idempotency>,
    now: DateTime<Utc>,
) -> Result<Option<ActionOutcome<S>>> {
    match look_up(db, key, now).await? {
        Some(known) => replayed(db.reader(), known).await.map(Some),
        None => Ok(None),
    }
}

/// What a key led to, without taking it.
pub(crate) async fn look_up(
    db: &Database,
    key: Option<&Idempotency>,
    now: DateTime<Utc>,
) -> Result<Option<KeyRequest>> {
    let Some(key) = key else {
        return Ok(None);
    };
    let Some(known) = idempotency::find(db, &key.key_hash, now).await? else {
        return Ok(None);
    };
    let first = match known.subject_of(key) {
        Some(id) => audit_entry::Entity::find_by_id(id).one(db.reader()).await?,
        None => None,
    };
    Ok(Some(first.map_or(KeyRequest::Other, |first| {
        KeyRequest::Same(Box::new(first))
    })))
}

/// A versioned subject: an organisation or a facility.
pub trait Versioned: Clone + Send + Sync {
    /// Its row.
    type Row: Send;

    /// Its id and its version.
    fn place(&self) -> (Uuid, i32);

    /// Its row and the version of it, which nobody else changes until the transaction ends.
    ///
    /// Errors: [`Error::NotFound`].
    fn lock<C: ConnectionTrait>(
        connection: &C,
        id: Uuid,
    ) -> impl Future<Output = Result<(Self::Row, i32)>> + Send;

    /// The subject as the deed left it that this entry of the audit tells of.
    ///
    /// Errors: [`Error::NotFound`].
    fn as_left_by<C: ConnectionTrait>(
        connection: &C,
        deed: &audit_entry::Model,
    ) -> impl Future<Output = Result<Self>> + Send;
}

impl Versioned for Organisation {
    type Row = organisation::Model;

    fn place(&self) -> (Uuid, i32) {
        (self.id, self.version)
    }

    async fn lock<C: ConnectionTrait>(connection: &C, id: Uuid) -> Result<(Self::Row, i32)> {
        let query = organisation::Entity::find_by_id(id).lock_exclusive();
        let row = query.one(connection).await?.ok_or(Error::NotFound)?;
        let version = row.version;
        Ok((row, version))
    }

    async fn as_left_by<C: ConnectionTrait>(
        connection: &C,
        deed: &audit_entry::Model,
    ) -> Result<Self> {
        let row = organisation::Entity::find_by_id(deed.subject_id)
            .one(connection)
            .await?;
        let mut organisation = of_row(row.ok_or(Error::NotFound)?);
        let version = deed.subject_version.unwrap_or(1);
        for change in changes_of_one(connection, deed.subject_id).await? {
            if change.version <= version {
                organisation.apply(&change.content);
            }
        }
        organisation.version = version;
        Ok(organisation)
    }
}

impl Versioned for FacilityRecord {
    type Row = facility::Model;

    fn place(&self) -> (Uuid, i32) {
        (self.facility.id, self.version)
    }

    async fn lock<C: ConnectionTrait>(connection: &C, id: Uuid) -> Result<(Self::Row, i32)> {
        let query = facility::Entity::find_by_id(id).lock_exclusive();
        let row = query.one(connection).await?.ok_or(Error::NotFound)?;
        let version = row.version;
        Ok((row, version))
    }

    async fn as_left_by<C: ConnectionTrait>(
        connection: &C,
        deed: &audit_entry::Model,
    ) -> Result<Self> {
        let id = deed.subject_id;
        let row = facility::Entity::find_by_id(id).one(connection).await?;
        let mut record = facilities::from_row(row.ok_or(Error::NotFound)?)?;
        let version = deed.subject_version.unwrap_or(1);
        let today = local_date(deed.at);
        let mut changes = changes_of_one(connection, id).await?;
        changes.retain(|change| change.version <= version);
        for change in DirectoryChange::in_force(&changes, today, version) {
            record.apply(&change.content);
        }
        changes.retain(|change| change.valid_from > today);
        record.upcoming = changes;
        record.version = version;
        let of = std::iter::once(record.facility.organisation_id);
        let organisations = organisations_of(connection, of).await?;
        let organisation = organisations.into_values().next().ok_or(Error::NotFound)?;
        let organisation = as_it_stood(connection, organisation, deed.at).await?;
        facilities::settle(&mut record, &organisation);
        Ok(record)
    }
}

/// What the request that has the key led to.
async fn replayed<S: Versioned>(
    connection: &impl ConnectionTrait,
    known: KeyRequest,
) -> Result<ActionOutcome<S>> {
    match known {
        KeyRequest::Other => Ok(ActionOutcome::KeyReused),
        KeyRequest::Same(first) => {
            let subject = S::as_left_by(connection, &first).await?;
            Ok(ActionOutcome::Replayed(subject, first.at))
        }
    }
}

/// Opens the transaction of a deed, unless the key of its request was used before.
async fn begin<S: Versioned>(
    db: &Database,
    note: &ActionRecord<'_>,
) -> Result<ControlFlow<ActionOutcome<S>, Transaction>> {
    let transaction = write::begin(db).await?;
    let Some(known) = known(&transaction, note).await? else {
        return Ok(ControlFlow::Continue(transaction));
    };
    let written = replayed(&transaction, known).await;
    transaction.rollback().await?;
    written.map(ControlFlow::Break)
}

/// Opens the transaction of a change of what stands at the version judged, and locks its row. A
/// change of nothing ends here.
///
/// Errors: [`Error::NotFound`].
async fn begin_change<S: Versioned>(
    db: &Database,
    judged: &S,
    content: &Content,
    note: &ActionRecord<'_>,
) -> Result<ControlFlow<ActionOutcome<S>, (Transaction, S::Row)>> {
    let transaction = match begin(db, note).await? {
        ControlFlow::Continue(transaction) => transaction,
        ControlFlow::Break(written) => return Ok(ControlFlow::Break(written)),
    };
    let (id, version) = judged.place();
    let (row, found) = S::lock(&transaction, id).await?;
    if found != version {
        transaction.rollback().await?;
        return Ok(ControlFlow::Break(ActionOutcome::VersionMismatch(found)));
    }
    if !content.is_empty() {
        return Ok(ControlFlow::Continue((transaction, row)));
    }
    if note.key.is_some() {
        audit::note(&transaction, at_version(note.entry.clone(), version)).await?;
    }
    write::commit(transaction).await?;
    Ok(ControlFlow::Break(ActionOutcome::Done(judged.clone())))
}

/// An organisation as it had been described at an instant.
async fn as_it_stood(
    connection: &impl ConnectionTrait,
    row: organisation::Model,
    at: DateTime<Utc>,
) -> Result<organisation::Model> {
    let mut then = of_row(row.clone());
    for change in changes_of_one(connection, row.id).await? {
        if change.at <= at {
            then.apply(&change.content);
        }
    }
    Ok(organisation::Model {
        ended_at: then.ended_at,
        ..row
    })
}
