//! Audit entries of what is done through the API.

use chrono::{DateTime, Utc};
use domain::audit::{Action, SubjectKind};
use domain::sender::Sender;
use runtime::ids;
use store::audit::{Actor, Entry};
use uuid::Uuid;

use crate::app::App;

/// An audit entry for an action of the caller on `subject`, by kind and id.
pub(crate) fn entry(
    app: &App,
    sender: &Sender,
    action: Action,
    subject: (SubjectKind, Uuid),
    at: DateTime<Utc>,
) -> Entry {
    let place = (ids::uuid_v7(&app.clock), at);
    store::audit::entry(place, Actor::of(sender), action, subject)
}
