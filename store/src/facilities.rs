//! Organisations and their facilities.

use chrono::{DateTime, Utc};
use domain::facility::{Facility, FacilityKind};
use entity::{facility, organisation};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{Database, Error, Result, dialect};

/// Adds an organisation; one with the same code stays as it is.
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
    };
    organisation::Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("code"))
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// The id of the organisation with this code.
pub async fn organisation_by_code(db: &Database, code: &str) -> Result<Option<Uuid>> {
    let row = organisation::Entity::find()
        .filter(organisation::Column::Code.eq(code))
        .one(db.reader())
        .await?;
    Ok(row.map(|row| row.id))
}

/// Adds a facility; one with the same id stays as it is.
pub async fn insert_facility(db: &Database, facility: &Facility, now: DateTime<Utc>) -> Result<()> {
    let row = facility::ActiveModel {
        id: Set(facility.id),
        organisation_id: Set(facility.organisation_id),
        kind: Set(facility.kind.as_str().to_owned()),
        subkind: Set(facility.subkind.clone()),
        name: Set(facility.name.clone()),
        address: Set(facility.address.clone()),
        commune_code: Set(facility.commune_code.clone()),
        province_code: Set(facility.province_code.clone()),
        is_remote: Set(facility.is_remote),
        created_at: Set(now),
        closed_at: Set(None),
    };
    facility::Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("id"))
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// The open facilities of an organisation, by id.
pub async fn of_organisation(db: &Database, organisation_id: Uuid) -> Result<Vec<Facility>> {
    let rows = facility::Entity::find()
        .filter(facility::Column::OrganisationId.eq(organisation_id))
        .filter(facility::Column::ClosedAt.is_null())
        .order_by_asc(facility::Column::Id)
        .all(db.reader())
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// One facility, open or closed.
pub async fn find(db: &Database, id: Uuid) -> Result<Option<Facility>> {
    let row = facility::Entity::find_by_id(id).one(db.reader()).await?;
    row.map(from_row).transpose()
}

pub(crate) fn from_row(row: facility::Model) -> Result<Facility> {
    Ok(Facility {
        id: row.id,
        organisation_id: row.organisation_id,
        kind: FacilityKind::parse(&row.kind).ok_or(Error::Corrupt {
            what: "facility.kind",
        })?,
        subkind: row.subkind,
        name: row.name,
        address: row.address,
        commune_code: row.commune_code,
        province_code: row.province_code,
        is_remote: row.is_remote,
    })
}
