//! The telephones of the duty desks of the communes' police.

use entity::{duty_desk, facility};
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect, sea_query::OnConflict,
};

use crate::{Database, Result, audit, write};

/// A duty desk as it is stored.
pub type DutyDesk = duty_desk::Model;

/// The duty desk of a commune, where it is known.
pub async fn find(db: &Database, commune_code: &str) -> Result<Option<DutyDesk>> {
    let desk = duty_desk::Entity::find_by_id(commune_code);
    Ok(desk.one(db.reader()).await?)
}

/// All that are known, by commune.
pub async fn all(db: &Database) -> Result<Vec<DutyDesk>> {
    let desks = duty_desk::Entity::find().order_by_asc(duty_desk::Column::CommuneCode);
    Ok(desks.all(db.reader()).await?)
}

/// The communes that facilities lie in.
pub async fn communes_of_facilities(db: &Database) -> Result<Vec<String>> {
    let codes = facility::Entity::find()
        .select_only()
        .column(facility::Column::CommuneCode)
        .distinct()
        .order_by_asc(facility::Column::CommuneCode)
        .into_tuple();
    Ok(codes.all(db.reader()).await?)
}

/// Puts a telephone in the place of what was known of the commune, with the audit entry.
pub async fn set(db: &Database, desk: DutyDesk, entry: audit::Entry) -> Result<()> {
    let replaced = OnConflict::column("commune_code")
        .update_columns(["telephone", "changed_at"])
        .to_owned();
    let transaction = write::begin(db).await?;
    duty_desk::Entity::insert(desk.into_active_model().reset_all())
        .on_conflict(replaced)
        .exec_without_returning(&transaction)
        .await?;
    audit::note(&transaction, entry).await?;
    write::commit(transaction).await
}

/// Forgets the telephone of a commune, with the audit entry.
pub async fn remove(db: &Database, commune_code: &str, entry: audit::Entry) -> Result<()> {
    let transaction = write::begin(db).await?;
    duty_desk::Entity::delete_by_id(commune_code)
        .exec(&transaction)
        .await?;
    audit::note(&transaction, entry).await?;
    write::commit(transaction).await
}
