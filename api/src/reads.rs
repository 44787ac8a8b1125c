//! What is noted when somebody sees stays with what is personal in them: a metric each time, and
//! in the audit one entry for each key and minute.

use domain::sender::Sender;
use metrics::counter;

use crate::app::App;
use crate::audit;

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
