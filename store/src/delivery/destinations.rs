//! Where notifications go, and whether delivery there is paused.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    catalogue::Catalogues,
    operator::{BreakerState, DestinationState},
    routing::{CommuneRoute, OperatorPause, RoutedDestination, RoutingTable},
};
use entity::{audit_entry, destination, destination_route};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, sea_query::Expr,
};

use crate::{
    Database, Error, Result, audit, dialect,
    idempotency::{self, Idempotency},
    table_rows::AuditRow,
    write,
};

/// A destination as it is stored.
pub type Destination = destination::Model;
/// A commune's route to its destination, as it is stored.
pub type Route = destination_route::Model;

pub use domain::routing::NATIONAL;
/// The author of a pause that a worker set because the destination refuses us. The pause ends by
/// itself once the destination accepts again.
pub const WORKER: &str = "worker";

/// A destination that was never paused, without an endpoint of its own.
pub fn new(
    code: String,
    id: uuid::Uuid,
    name: String,
    province_code: Option<String>,
    now: DateTime<Utc>,
) -> Destination {
    Destination {
        code,
        id,
        name,
        province_code,
        endpoint_url: None,
        state: DestinationState::Running.into(),
        paused_by: None,
        paused_reason: None,
        paused_at: None,
        paused_until: None,
        rate_per_second: None,
        call_count_max: None,
        breaker: BreakerState::Closed.into(),
        breaker_reason: None,
        breaker_since: None,
        created_at: now,
    }
}

/// Adds destinations; existing ones stay unchanged.
pub async fn add(db: &Database, destinations: Vec<Destination>) -> Result<()> {
    let rows = destinations
        .into_iter()
        .map(|row| row.into_active_model().reset_all());
    destination::Entity::insert_many(rows)
        .on_conflict(dialect::ignore_conflicts("code"))
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// All destinations, by code.
pub async fn all(db: &Database) -> Result<Vec<Destination>> {
    Ok(destination::Entity::find()
        .order_by_asc(destination::Column::Code)
        .all(db.reader())
        .await?)
}

/// All routes, of all times.
pub async fn routes(db: &Database) -> Result<Vec<Route>> {
    Ok(destination_route::Entity::find().all(db.reader()).await?)
}

/// The routes of the local day of `now`.
#[must_use]
pub fn routing_table(
    rows: &[Destination],
    routes: &[Route],
    catalogues: &Arc<Catalogues>,
    now: DateTime<Utc>,
) -> RoutingTable {
    let destinations: Vec<_> = rows.iter().map(as_routed).collect();
    let routes: Vec<_> = routes.iter().map(as_commune_route).collect();
    RoutingTable::new(&destinations, &routes, catalogues, now)
}

fn as_routed(row: &Destination) -> RoutedDestination {
    RoutedDestination {
        code: row.code.clone(),
        province_code: row.province_code.clone(),
        has_endpoint: row.endpoint_url.is_some(),
        pause: pause_of(row),
    }
}

/// While nobody can tell whether a destination is paused, nothing goes there.
fn pause_of(row: &Destination) -> Option<OperatorPause> {
    match row.state.get() {
        Ok(DestinationState::Running) => None,
        Ok(DestinationState::Paused) => {
            let is_by_operator = row.paused_by.as_deref() != Some(WORKER);
            is_by_operator.then_some(OperatorPause {
                until: row.paused_until,
            })
        }
        Err(_) => Some(OperatorPause { until: None }),
    }
}

fn as_commune_route(row: &Route) -> CommuneRoute {
    CommuneRoute {
        commune_code: row.commune_code.clone(),
        destination_code: row.destination_code.clone(),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    }
}

/// One destination.
///
/// Errors: [`Error::NotFound`].
pub async fn get(db: &Database, code: &str) -> Result<Destination> {
    destination::Entity::find_by_id(code)
        .one(db.reader())
        .await?
        .ok_or(Error::NotFound)
}

/// A pause, by whom and why.
#[derive(Clone, Debug)]
pub struct Pause {
    /// Who: the id of a key, or the word of a process.
    pub by: String,
    /// Why; no personal value.
    pub reason: String,
    /// From when.
    pub at: DateTime<Utc>,
    /// When the pause ends; `None`: when somebody resumes it.
    pub until: Option<DateTime<Utc>>,
}

/// The outcome of an operator's action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationOutcome {
    /// It is done.
    Done,
    /// A replay of a request that was carried out at this instant.
    Replayed(DateTime<Utc>),
    /// The key was used by another request.
    KeyReused,
}

/// Pauses a destination. Pausing again replaces the reason and the end time.
///
/// Errors: [`Error::NotFound`].
pub async fn pause(
    db: &Database,
    code: &str,
    pause: Pause,
    entry: audit::Entry,
    key: Option<&Idempotency>,
) -> Result<DestinationOutcome> {
    let change = destination::Entity::update_many()
        .col_expr(destination::Column::State, state(DestinationState::Paused))
        .col_expr(destination::Column::PausedBy, Expr::value(pause.by))
        .col_expr(destination::Column::PausedReason, Expr::value(pause.reason))
        .col_expr(destination::Column::PausedAt, Expr::value(pause.at))
        .col_expr(destination::Column::PausedUntil, Expr::value(pause.until))
        .filter(destination::Column::Code.eq(code));
    perform(db, change, entry, key).await
}

/// Lets a destination's notifications go again.
///
/// Errors: [`Error::NotFound`].
pub async fn resume(
    db: &Database,
    code: &str,
    entry: audit::Entry,
    key: Option<&Idempotency>,
) -> Result<DestinationOutcome> {
    let change = running_again().filter(destination::Column::Code.eq(code));
    perform(db, change, entry, key).await
}

/// Changes one destination and writes the audit entry in one transaction, once per key.
async fn perform(
    db: &Database,
    change: sea_orm::UpdateMany<destination::Entity>,
    entry: audit::Entry,
    key: Option<&Idempotency>,
) -> Result<DestinationOutcome> {
    let transaction = write::begin(db).await?;
    if let Some(key) = key
        && let Some(known) = idempotency::take(&transaction, key, entry.id, entry.at).await?
    {
        let first = match known {
            Some(id) => {
                audit_entry::Entity::find_by_id(id)
                    .one(&transaction)
                    .await?
            }
            None => None,
        };
        transaction.rollback().await?;
        return Ok(first.map_or(DestinationOutcome::KeyReused, |first| {
            DestinationOutcome::Replayed(first.at)
        }));
    }
    if change.exec(&transaction).await?.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    let statement = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await?;
    db.wake().notify();
    Ok(DestinationOutcome::Done)
}

/// Ends expired pauses.
pub async fn end_pauses(db: &Database, now: DateTime<Utc>) -> Result<u64> {
    let change = running_again()
        .filter(destination::Column::State.eq(DestinationState::Paused.as_str()))
        .filter(destination::Column::PausedUntil.lte(now));
    apply(db, change).await
}

/// Records that a destination refuses everything we send. Returns true for the first to record it,
/// since one alarm is enough.
pub async fn pause_as_refusing(db: &Database, code: &str, at: DateTime<Utc>) -> Result<bool> {
    let change = destination::Entity::update_many()
        .col_expr(destination::Column::State, state(DestinationState::Paused))
        .col_expr(destination::Column::PausedBy, Expr::value(WORKER))
        .col_expr(destination::Column::PausedReason, Expr::value("refuses_us"))
        .col_expr(destination::Column::PausedAt, Expr::value(at))
        .filter(destination::Column::Code.eq(code))
        .filter(destination::Column::State.eq(DestinationState::Running.as_str()));
    Ok(apply(db, change).await? == 1)
}

/// Records what a worker observed of a destination's endpoint. A closed breaker also ends a pause
/// set by a worker.
pub async fn note_breaker(
    db: &Database,
    code: &str,
    reason: Option<&str>,
    since: DateTime<Utc>,
) -> Result<()> {
    let breaker = match reason {
        Some(_) => BreakerState::Open,
        None => BreakerState::Closed,
    };
    let change = destination::Entity::update_many()
        .col_expr(destination::Column::Breaker, Expr::value(breaker.as_str()))
        .col_expr(
            destination::Column::BreakerReason,
            Expr::value(reason.map(str::to_owned)),
        )
        .col_expr(destination::Column::BreakerSince, Expr::value(since))
        .filter(destination::Column::Code.eq(code));
    apply(db, change).await?;
    if reason.is_none() {
        let change = running_again()
            .filter(destination::Column::Code.eq(code))
            .filter(destination::Column::PausedBy.eq(WORKER));
        apply(db, change).await?;
    }
    Ok(())
}

fn state(state: DestinationState) -> Expr {
    Expr::value(state.as_str())
}

fn running_again() -> sea_orm::UpdateMany<destination::Entity> {
    let nothing = || Expr::value(None::<String>);
    let never = || Expr::value(None::<DateTime<Utc>>);
    destination::Entity::update_many()
        .col_expr(destination::Column::State, state(DestinationState::Running))
        .col_expr(destination::Column::PausedBy, nothing())
        .col_expr(destination::Column::PausedReason, nothing())
        .col_expr(destination::Column::PausedAt, never())
        .col_expr(destination::Column::PausedUntil, never())
}

/// Makes a change that no operator asked for and returns the number of destinations changed.
async fn apply(db: &Database, change: sea_orm::UpdateMany<destination::Entity>) -> Result<u64> {
    let transaction = write::begin(db).await?;
    let changed = change.exec(&transaction).await?.rows_affected;
    write::commit(transaction).await?;
    Ok(changed)
}

/// Makes `commune_code` go to `destination_code` from `valid_from` on; a route that begins on the
/// same day is replaced.
pub async fn route(db: &Database, route: Route, entry: audit::Entry) -> Result<()> {
    let transaction = write::begin(db).await?;
    destination_route::Entity::delete_many()
        .filter(destination_route::Column::CommuneCode.eq(&route.commune_code))
        .filter(destination_route::Column::ValidFrom.eq(route.valid_from))
        .exec(&transaction)
        .await?;
    destination_route::Entity::insert(route.into_active_model().reset_all())
        .exec_without_returning(&transaction)
        .await?;
    let statement = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await
}

/// Sets a destination's own endpoint and limits; creates it if it does not exist.
pub async fn put(db: &Database, destination: Destination, entry: audit::Entry) -> Result<()> {
    let change = destination::Entity::update_many()
        .col_expr(
            destination::Column::Name,
            Expr::value(destination.name.clone()),
        )
        .col_expr(
            destination::Column::ProvinceCode,
            Expr::value(destination.province_code.clone()),
        )
        .col_expr(
            destination::Column::EndpointUrl,
            Expr::value(destination.endpoint_url.clone()),
        )
        .col_expr(
            destination::Column::RatePerSecond,
            Expr::value(destination.rate_per_second),
        )
        .col_expr(
            destination::Column::CallCountMax,
            Expr::value(destination.call_count_max),
        )
        .filter(destination::Column::Code.eq(&destination.code));
    let row = destination::ActiveModel {
        code: Set(destination.code.clone()),
        ..destination.into_active_model().reset_all()
    };
    let transaction = write::begin(db).await?;
    if change.exec(&transaction).await?.rows_affected == 0 {
        destination::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await?;
    }
    let statement = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await
}

#[cfg(test)]
mod tests {
    use entity::word::Word;
    use sea_orm::sea_query::ValueType;

    use super::*;

    #[test]
    fn only_an_operators_pause_stops_routing() {
        let until = DateTime::UNIX_EPOCH;
        let held = Some(OperatorPause { until: Some(until) });
        let for_good = Some(OperatorPause { until: None });
        let damaged: Word<DestinationState> = ValueType::try_from("thiềm".into()).unwrap();
        let table = [
            (Word::from(DestinationState::Running), None, None),
            (DestinationState::Paused.into(), Some("cli"), held),
            (DestinationState::Paused.into(), None, held),
            (DestinationState::Paused.into(), Some(WORKER), None),
            // Nobody can tell.
            (damaged.clone(), None, for_good),
            (damaged, Some(WORKER), for_good),
        ];
        for (state, by, expected) in table {
            let mut row = new(
                "01".to_owned(),
                uuid::Uuid::nil(),
                "Hà Nội".to_owned(),
                Some("01".to_owned()),
                until,
            );
            row.state = state.clone();
            row.paused_by = by.map(str::to_owned);
            row.paused_until = Some(until);
            assert_eq!(as_routed(&row).pause, expected, "{state:?} by {by:?}");
        }
    }
}
