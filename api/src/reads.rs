//! Records every view of stays with personal data: a metric each time, and one audit entry per key
//! and minute.

use domain::{
    audit::{Action, SubjectKind},
    facility::Facility,
    sender::Sender,
};
use metrics::counter;

use crate::app::App;
use crate::audit;

/// Records that a sender is about to see this many stays of its own facilities.
///
/// If the entry cannot be written (a full disk), this is logged, and the front desk still sees its
/// own stays.
pub(crate) async fn note(app: &App, sender: &Sender, stay_count: usize) {
    count(sender.role.as_str(), "own_stays", stay_count);
    let now = app.clock.now();
    if !app
        .noted_reads
        .is_first(sender.key_id, now.timestamp() / 60)
    {
        return;
    }
    let subject = (SubjectKind::Organisation, sender.organisation_id);
    let entry = audit::entry(app, sender, Action::StaysRead, subject, now);
    if let Err(error) = store::audit::insert(&app.db, entry).await {
        tracing::error!(%error, key.id = %sender.key_id, "could not audit a read of personal data");
    }
}

/// Audits that a sender is about to search for a guest among the stays of its own facilities: each
/// time, without the search terms.
pub(crate) async fn note_search(app: &App, sender: &Sender) {
    let subject = (SubjectKind::Organisation, sender.organisation_id);
    let now = app.clock.now();
    let entry = audit::entry(app, sender, Action::StaysSearched, subject, now);
    if let Err(error) = store::audit::insert(&app.db, entry).await {
        tracing::error!(%error, key.id = %sender.key_id, "could not audit a search");
    }
}

/// Audits that a sender opens the register of a facility, each time.
pub(crate) async fn note_register(
    app: &App,
    sender: &Sender,
    facility: &Facility,
    stay_count: usize,
) {
    count(sender.role.as_str(), "register", stay_count);
    let subject = (SubjectKind::Facility, facility.id);
    let now = app.clock.now();
    let entry = audit::entry(app, sender, Action::RegisterRead, subject, now);
    if let Err(error) = store::audit::insert(&app.db, entry).await {
        tracing::error!(%error, key.id = %sender.key_id, "could not audit a register");
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
