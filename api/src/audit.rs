//! Audit entries of what is done through the API.

use chrono::{DateTime, Utc};
use runtime::ids;
use store::audit::{Actor, Entry};
use uuid::Uuid;

use crate::app::App;

/// An entry of what the holder of a key did to `subject`, its kind and id.
pub(crate) fn entry(
    app: &App,
    key_id: Uuid,
    action: &str,
    subject: (&str, Uuid),
    at: DateTime<Utc>,
) -> Entry {
    let place = (ids::uuid_v7(&app.clock), at);
    store::audit::entry(place, Actor::Key(key_id), action, subject)
}
