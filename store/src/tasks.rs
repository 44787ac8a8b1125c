//! Notifications as operators see them, and what operators do with those that were set aside.

use chrono::{DateTime, Utc};
use entity::{attempt, outbox_task, stay};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    Database, Error, Result, audit, dialect, outbox::Task, rows, table_rows::AuditRow, write,
};

/// One call on behalf of a task.
pub type Attempt = attempt::Model;

/// Which tasks are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those on their way.
    Open,
    /// Those set aside.
    Parked,
}

impl Which {
    fn condition(self) -> Condition {
        let condition = Condition::all();
        match self {
            Self::Open => condition.add(outbox_task::Column::SettledAt.is_null()),
            Self::Parked => condition.add(outbox_task::Column::State.eq("parked")),
        }
    }
}

/// Up to `limit` tasks after `after` (its deadline and id), nearest deadline first.
pub async fn list(
    db: &Database,
    which: Which,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u64,
) -> Result<Vec<Task>> {
    let mut query = outbox_task::Entity::find().filter(which.condition());
    if let Some((deadline_at, id)) = after {
        let same_deadline = Condition::all()
            .add(outbox_task::Column::DeadlineAt.eq(deadline_at))
            .add(outbox_task::Column::Id.gt(id));
        query = query.filter(
            Condition::any()
                .add(outbox_task::Column::DeadlineAt.gt(deadline_at))
                .add(same_deadline),
        );
    }
    Ok(query
        .order_by_asc(outbox_task::Column::DeadlineAt)
        .order_by_asc(outbox_task::Column::Id)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// One task, and the reason that its stay's delivery gives.
///
/// Errors: [`Error::NotFound`].
pub async fn get(db: &Database, id: Uuid) -> Result<(Task, Option<String>)> {
    let task = outbox_task::Entity::find_by_id(id)
        .one(db.reader())
        .await?
        .ok_or(Error::NotFound)?;
    let reason = stay::Entity::find_by_id(task.stay_id)
        .select_only()
        .column(stay::Column::DeliveryReason)
        .into_tuple::<Option<String>>()
        .one(db.reader())
        .await?;
    Ok((task, reason.flatten()))
}

/// Every call that was made for a task, the first one first.
pub async fn attempts(db: &Database, task_id: Uuid) -> Result<Vec<Attempt>> {
    Ok(attempt::Entity::find()
        .filter(attempt::Column::TaskId.eq(task_id))
        .order_by_asc(attempt::Column::StartedAt)
        .order_by_asc(attempt::Column::Id)
        .all(db.reader())
        .await?)
}

/// What became of the wish to send a task again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeued {
    /// It is due now.
    Done,
    /// It is not set aside: it is on its way, or was taken or refused by the police.
    NotParked,
    /// A later version of its stay goes its own way, with the whole stay in it.
    Superseded,
}

#[derive(FromQueryResult)]
struct Freed {
    stay_id: Uuid,
    version: i32,
    kind: String,
}

/// Makes a task that was set aside due again, under its old id, with nothing held against it.
///
/// A task whose stay has a later version stays where it is, since the police would get the older
/// one last. The stay's row says whether there is one: who amends a stay writes it too, so that
/// neither passes the other.
///
/// Errors: [`Error::NotFound`].
pub async fn requeue(
    db: &Database,
    id: Uuid,
    now: DateTime<Utc>,
    entry: audit::Entry,
) -> Result<Requeued> {
    let backend = db.backend();
    let transaction = write::begin(db).await?;
    let statement = dialect::statement(
        backend,
        "UPDATE outbox_task SET state = 'waiting', due_at = ?, settled_at = NULL, \
           claim_count = 0, unclear_count = 0 \
         WHERE id = ? AND state = 'parked' RETURNING stay_id, version, kind",
        vec![rows::instant(now), rows::uuid(id)],
    );
    let Some(task) = Freed::find_by_statement(statement)
        .one(&transaction)
        .await?
    else {
        drop(transaction);
        outbox_task::Entity::find_by_id(id)
            .one(db.reader())
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(Requeued::NotParked);
    };
    let mut change = stay::Entity::update_many()
        .col_expr(stay::Column::ChangedAt, Expr::value(now))
        .filter(stay::Column::Id.eq(task.stay_id))
        .filter(stay::Column::DeliveryVersion.eq(task.version));
    // An identity result that was set aside left the stay acknowledged.
    if task.kind != "identity_result" {
        change = change
            .col_expr(stay::Column::DeliveryState, Expr::value("queued"))
            .col_expr(stay::Column::DeliveryReason, Expr::value(None::<String>));
    }
    if change.exec(&transaction).await?.rows_affected == 0 {
        // Dropped, it is rolled back.
        return Ok(Requeued::Superseded);
    }
    let entry = audit::Entry {
        subject_version: Some(task.version),
        ..entry
    };
    let statement = dialect::insert_rows(backend, "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await?;
    db.wake().notify();
    Ok(Requeued::Done)
}
