//! Operators' control over delivery to the police: notifications and their attempts, parked
//! notifications, and destinations.
//!
//! What `luutru delivery` does, through the same functions of the store and with the same views,
//! with the key as actor. Shows nothing personal; which notification somebody looked at is in the audit all the same,
//! before it is answered.

pub(crate) mod destinations;
pub(crate) mod directory;
pub(crate) mod duty_desks;
pub(crate) mod health;
pub(crate) mod notifications;
pub(crate) mod parked;
pub(crate) mod requeue;

use domain::{
    audit::{Action, SubjectKind},
    problem::Code,
    routing::Communes,
    sender::Sender,
};
use store::{audit::Entry, backlog::Map, outbox::Task};

use crate::app::App;
use crate::audit;
use crate::idempotency::{Area, IdempotencyKey};
use crate::problem::Failure;

/// Domain separation for the key hashes of operators' requests.
const AREA: Area = Area {
    key: "idempotency.admin",
    request: "request.admin",
};

/// The destinations, and which commune goes where today.
pub(crate) async fn map(app: &App) -> Result<Map, Failure> {
    let catalogues = app.intake.catalogues();
    Ok(Map::read(&app.db, catalogues, app.clock.now()).await?)
}

/// The communes that go to a destination. Without any, the list is empty.
fn communes(map: &Map, code: &str) -> Communes {
    let communes = map.routing.communes(|route| *route.destination == *code);
    communes.unwrap_or_else(|| Communes::Only(Vec::new()))
}

/// An item that the store does not find does not exist for the caller.
fn failure(error: store::Error, key: &IdempotencyKey) -> Failure {
    if matches!(error, store::Error::NotFound) {
        Failure::new(Code::NotFound)
    } else {
        key.failure(error)
    }
}

/// The same without a key of a request.
fn absent(error: store::Error) -> Failure {
    failure(error, &IdempotencyKey(None))
}

/// Audits that an operator is about to see these notifications.
///
/// Errors: the entries cannot be written; nothing may be shown.
async fn note_reads(app: &App, sender: &Sender, tasks: &[Task]) -> Result<(), Failure> {
    let now = app.clock.now();
    let entries = tasks.iter().map(|task| Entry {
        subject_version: Some(task.version),
        ..audit::entry(
            app,
            sender,
            Action::DeliveryRead,
            (SubjectKind::Task, task.id),
            now,
        )
    });
    store::audit::insert_many(&app.db, entries.collect()).await?;
    Ok(())
}
