//! Facilities as the rules see them: as they stand today, without changes scheduled for later.
//! Administrators create and change them through [`crate::directory`].

use chrono::{DateTime, Utc};
use domain::{
    directory::{DirectoryChange, FacilityRecord},
    facility::Facility,
    time::local_date,
};
use entity::{facility, organisation};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use crate::{Database, Error, Result, damage::Listed, dialect, directory::changes};

/// Adds an organisation; an existing one with the same code stays unchanged.
pub async fn insert_organisation(
    db: &Database,
    id: Uuid,
    code: &str,
    name: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = organisation::ActiveModel {
        id: Set(id),
        code: Set(code.to_owned()),
        name: Set(name.to_owned()),
        created_at: Set(now),
        version: Set(1),
        ended_at: Set(None),
    };
    organisation::Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("code"))
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// Adds a facility; an existing one with the same id stays unchanged.
pub async fn insert_facility(db: &Database, facility: &Facility, now: DateTime<Utc>) -> Result<()> {
    let row = facility::ActiveModel {
        id: Set(facility.id),
        organisation_id: Set(facility.organisation_id),
        kind: Set(facility.kind.into()),
        subkind: Set(facility.subkind.clone()),
        name: Set(facility.name.clone()),
        address: Set(facility.address.clone()),
        commune_code: Set(facility.commune_code.clone()),
        province_code: Set(facility.province_code.clone()),
        is_remote: Set(facility.is_remote),
        created_at: Set(now),
        closed_at: Set(None),
        version: Set(1),
        capacity: Set(None),
    };
    facility::Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("id"))
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// The facilities of an organisation, ended ones too, by id: those in `only`, all when it is empty.
///
/// Errors: one of them is damaged. A caller must not be taken for one that has fewer.
pub async fn of_organisation(
    db: &Database,
    organisation_id: Uuid,
    only: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Facility>> {
    let mut rows = facility::Entity::find()
        .filter(facility::Column::OrganisationId.eq(organisation_id))
        .order_by_asc(facility::Column::Id)
        .all(db.reader())
        .await?;
    rows.retain(|row| only.is_empty() || only.contains(&row.id));
    let listed = records(db.reader(), rows, now).await?;
    let facilities = listed.into_iter().map(|one| Ok(one.row?.facility));
    facilities.collect()
}

/// One facility, open or ended.
pub async fn find(db: &Database, id: Uuid, now: DateTime<Utc>) -> Result<Option<Facility>> {
    let row = facility::Entity::find_by_id(id).one(db.reader()).await?;
    let listed = records(db.reader(), row.into_iter().collect(), now).await?;
    let found = listed.into_iter().next();
    found.map(|one| Ok(one.row?.facility)).transpose()
}

/// How these facilities stand at the instant, with what administrators know of them.
pub(crate) async fn records(
    connection: &impl ConnectionTrait,
    rows: Vec<facility::Model>,
    now: DateTime<Utc>,
) -> Result<Vec<Listed<FacilityRecord>>> {
    let ids = rows.iter().map(|row| row.organisation_id);
    let organisations = changes::organisations_of(connection, ids).await?;
    // Most were never changed.
    let changed = rows.iter().filter(|row| row.version > 1).map(|row| row.id);
    let mut changes = changes::changes_of(connection, changed).await?;
    let today = local_date(now);
    let mut stands = |row: facility::Model| {
        let organisation = organisations.get(&row.organisation_id);
        let organisation = organisation.ok_or(Error::Corrupt {
            what: "facility.organisation_id",
        })?;
        let changes = changes.remove(&row.id).unwrap_or_else(|| Ok(Vec::new()))?;
        let mut record = from_row(row)?;
        for change in DirectoryChange::in_force(&changes, today, i32::MAX) {
            record.apply(&change.content);
        }
        record.upcoming = changes;
        record.upcoming.retain(|change| change.valid_from > today);
        settle(&mut record, organisation);
        Ok(record)
    };
    let listed = rows.into_iter().map(|row| Listed {
        id: row.id,
        row: stands(row),
    });
    Ok(listed.collect())
}

/// Adds what its organisation says of a facility.
pub(crate) fn settle(record: &mut FacilityRecord, organisation: &organisation::Model) {
    record.organisation_code.clone_from(&organisation.code);
    let ends = [record.ended_at, organisation.ended_at];
    record.facility.ended_at = ends.into_iter().flatten().min();
}

/// The row alone, without its organisation's settings and without scheduled changes.
pub(crate) fn from_row(row: facility::Model) -> Result<FacilityRecord> {
    Ok(FacilityRecord {
        facility: Facility {
            id: row.id,
            organisation_id: row.organisation_id,
            kind: row.kind.get()?,
            subkind: row.subkind,
            name: row.name,
            address: row.address,
            commune_code: row.commune_code,
            province_code: row.province_code,
            is_remote: row.is_remote,
            ended_at: row.closed_at,
        },
        organisation_code: String::new(),
        capacity: row.capacity.and_then(|count| u32::try_from(count).ok()),
        created_at: row.created_at,
        ended_at: row.closed_at,
        version: row.version,
        upcoming: Vec::new(),
    })
}
