//! What is noted when somebody sees stays with what is personal in them: a metric each time, and
//! in the audit one entry for each key and minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::sender::Sender;
use metrics::counter;
use uuid::Uuid;

use crate::app::App;
use crate::audit;

/// Keys whose last noted minute is remembered; beyond, each read is noted.
const REMEMBERED_COUNT_MAX: usize = 10_000;

/// The minute in which each key's reading was last noted.
#[derive(Default)]
pub(crate) struct NotedReads(Mutex<HashMap<Uuid, i64>>);

impl NotedReads {
    /// True for the first read of a key in a minute.
    fn is_first(&self, key_id: Uuid, minute: i64) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() >= REMEMBERED_COUNT_MAX {
            noted.retain(|_, last| *last == minute);
        }
        let is_first = noted.get(&key_id) != Some(&minute);
        if noted.len() < REMEMBERED_COUNT_MAX {
            noted.insert(key_id, minute);
        }
        is_first
    }
}

/// Notes that a sender is about to see this many stays of its own facilities.
///
/// An entry that cannot be written (a full disk) is logged and does not keep a front desk from
/// its own stays.
pub(crate) async fn note(app: &App, sender: &Sender, stay_count: usize) {
    count(sender.role.as_str(), "own_stays", stay_count);
    let now = app.clock.now();
    if !app
        .noted_reads
        .is_first(sender.key_id, now.timestamp() / 60)
    {
        return;
    }
    let subject = ("organisation", sender.organisation_id);
    let entry = audit::entry(app, sender.key_id, "stays.read", subject, now);
    if let Err(error) = store::audit::insert(&app.db, entry).await {
        tracing::error!(%error, key.id = %sender.key_id, "a personal read was not noted in the audit");
    }
}

/// Notes that a sender is about to look for a guest among the stays of its own facilities: each
/// time, with nothing of what is looked for.
pub(crate) async fn note_search(app: &App, sender: &Sender) {
    let subject = ("organisation", sender.organisation_id);
    let now = app.clock.now();
    let entry = audit::entry(app, sender.key_id, "stays.searched", subject, now);
    if let Err(error) = store::audit::insert(&app.db, entry).await {
        tracing::error!(%error, key.id = %sender.key_id, "a search was not noted in the audit");
    }
}

/// Counts a read of something personal.
pub(crate) fn count(role: &'static str, purpose: &'static str, result_count: usize) {
    let size = match result_count {
        0 => "0",
        1 => "1",
        2..=10 => "2-10",
        _ => ">10",
    };
    counter!(
        "luutru_personal_reads_total",
        "role" => role, "purpose" => purpose, "result_size" => size
    )
    .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_noted_once_a_minute() {
        let noted = NotedReads::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let answers = [(one, 5), (one, 5), (other, 5), (one, 6), (one, 6)]
            .map(|(key, minute)| noted.is_first(key, minute));
        assert_eq!(answers, [true, false, true, true, false]);
    }
}
