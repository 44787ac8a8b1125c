//! Machines that managers have enrolled at the desks of their facilities.

use chrono::{DateTime, Utc};
use entity::enrolled_machine::{self, Column, Entity};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::AccountRowKey;
use super::row_key::{Forged, is_same, report_forged};
use crate::directory::{self, ActionOutcome, ActionRecord, KeyRequest, ListPart};
use crate::{Database, Error, Result, audit, write};

/// An enrolled machine as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its id.
    pub id: Uuid,
    /// The organisation of its facility.
    pub organisation_id: Uuid,
    /// The facility at whose desk it stands.
    pub facility_id: Uuid,
    /// What people call it.
    pub label: String,
    /// Keyed hash of its token.
    pub token_hash: Vec<u8>,
    /// The account that enrolled it.
    pub enrolled_by: Uuid,
    /// When.
    pub enrolled_at: DateTime<Utc>,
    /// From when on it is a machine like any other.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Enrols a machine. A replay finds the one that is enrolled.
pub async fn enroll(
    db: &Database,
    machine: &Machine,
    by: &AccountRowKey,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<Machine>> {
    let transaction = write::begin(db).await?;
    if let Some(known) = directory::known(&transaction, &note).await? {
        transaction.rollback().await?;
        let first = match known {
            KeyRequest::Other => return Ok(ActionOutcome::KeyReused),
            KeyRequest::Same(first) => first,
        };
        let found = get(db, machine.organisation_id, first.subject_id, by).await?;
        let found = found.ok_or(Error::NotFound)?;
        return Ok(ActionOutcome::Replayed(found, first.at));
    }
    Entity::insert(by.machine_row(machine).into_active_model())
        .exec_without_returning(&transaction)
        .await?;
    audit::note(&transaction, note.entry).await?;
    write::commit(transaction).await?;
    Ok(ActionOutcome::Done(machine.clone()))
}

/// The machine of a token, whether it still counts or not.
pub async fn find(db: &Database, token_hash: &[u8], by: &AccountRowKey) -> Result<Option<Machine>> {
    let row = Entity::find()
        .filter(Column::TokenHash.eq(token_hash))
        .one(db.reader())
        .await?;
    Ok(row.and_then(|row| by.read_machine(row)))
}

/// One machine of an organisation.
pub async fn get(
    db: &Database,
    organisation_id: Uuid,
    id: Uuid,
    by: &AccountRowKey,
) -> Result<Option<Machine>> {
    let row = Entity::find_by_id(id)
        .filter(Column::OrganisationId.eq(organisation_id))
        .one(db.reader())
        .await?;
    Ok(row.and_then(|row| by.read_machine(row)))
}

/// The machines of an organisation, or of some of its facilities, by id.
pub async fn list(
    db: &Database,
    organisation_id: Uuid,
    facilities: Option<&[Uuid]>,
    part: ListPart,
    by: &AccountRowKey,
) -> Result<Vec<Machine>> {
    let query = Entity::find()
        .filter(Column::OrganisationId.eq(organisation_id))
        .order_by_asc(Column::Id)
        .apply_if(facilities, |query, ids| {
            query.filter(Column::FacilityId.is_in(ids.iter().copied()))
        })
        .apply_if(part.after, |query, after| {
            query.filter(Column::Id.gt(after))
        });
    let rows = query.limit(part.count_max).all(db.reader()).await?;
    let machines = rows.into_iter().filter_map(|row| by.read_machine(row));
    Ok(machines.collect())
}

/// Ends a machine's enrolment. One that has ended stays as it is.
///
/// Errors: [`Error::NotFound`].
pub async fn end(
    db: &Database,
    machine: &Machine,
    by: &AccountRowKey,
    entry: audit::Entry,
) -> Result<Machine> {
    let transaction = write::begin(db).await?;
    let row = Entity::find_by_id(machine.id)
        .lock_exclusive()
        .one(&transaction)
        .await?;
    let row = row.and_then(|row| by.read_machine(row));
    let mut machine = row.ok_or(Error::NotFound)?;
    if machine.ended_at.is_none() {
        machine.ended_at = Some(entry.at);
        let row = by.machine_row(&machine).into_active_model().reset_all();
        Entity::update(row).exec(&transaction).await?;
        audit::note(&transaction, entry).await?;
    }
    write::commit(transaction).await?;
    Ok(machine)
}

impl AccountRowKey {
    fn of_machine(&self, row: &enrolled_machine::Model) -> Vec<u8> {
        let mut mac = self.of_table("enrolled_machine");
        mac.part(row.id.as_bytes());
        mac.part(row.organisation_id.as_bytes());
        mac.part(row.facility_id.as_bytes());
        mac.part(row.label.as_bytes());
        mac.part(&row.token_hash);
        mac.part(row.enrolled_by.as_bytes());
        mac.instant(row.enrolled_at);
        mac.optional_instant(row.ended_at);
        mac.finish()
    }

    pub(super) fn forged_machines(&self, rows: Vec<enrolled_machine::Model>) -> Forged {
        let is_forged = |row: &enrolled_machine::Model| !is_same(&self.of_machine(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("enrolled_machine", row.id)).collect()
    }

    /// The row of a machine.
    fn machine_row(&self, machine: &Machine) -> enrolled_machine::Model {
        let mut row = enrolled_machine::Model {
            id: machine.id,
            organisation_id: machine.organisation_id,
            facility_id: machine.facility_id,
            label: machine.label.clone(),
            token_hash: machine.token_hash.clone(),
            enrolled_by: machine.enrolled_by,
            enrolled_at: machine.enrolled_at,
            ended_at: machine.ended_at,
            mac: Vec::new(),
        };
        row.mac = self.of_machine(&row);
        row
    }

    /// The machine of a row; `None` when somebody else wrote it.
    fn read_machine(&self, row: enrolled_machine::Model) -> Option<Machine> {
        if !is_same(&self.of_machine(&row), &row.mac) {
            report_forged("enrolled_machine", row.id);
            return None;
        }
        Some(Machine {
            id: row.id,
            organisation_id: row.organisation_id,
            facility_id: row.facility_id,
            label: row.label,
            token_hash: row.token_hash,
            enrolled_by: row.enrolled_by,
            enrolled_at: row.enrolled_at,
            ended_at: row.ended_at,
        })
    }
}
