//! Every version of a stay: who, when, why.

use std::collections::{BTreeSet, HashSet};

use domain::{notification::notification_id, stay::NotificationKind};
use poem::http::header;
use store::stays::StayVersionRow;
use uuid::Uuid;

use super::{etag, find};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::problem::Failure;
use crate::reads;
use crate::shapes::History;
use crate::unreadable;

/// The versions of a stay, the oldest first.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    id: &str,
) -> Result<Answer<History>, Failure> {
    let (stay, _) = find(app, admitted.sender(), id, None).await?;
    let versions = store::stays::versions(&app.db, stay.id).await?;
    let keys: BTreeSet<Uuid> = versions.iter().map(|version| version.created_by).collect();
    let keys: Vec<Uuid> = keys.into_iter().collect();
    let labels = store::api_keys::labels(&app.db, &keys).await?;
    let sent_later = sent_later(app, &versions).await?;
    let history = intake::view::history(&app.vault, &stay, &versions, &labels, &sent_later);
    let history = history.map_err(|error| unreadable::failure(stay.id, error))?;
    reads::note(app, admitted.sender(), 1).await;
    let newest = versions
        .last()
        .map_or(stay.version, |newest| newest.version);
    Ok(Answer::json(history.to_string()).with_header(header::ETAG, etag(newest)))
}

/// The versions that had no night in them when they were made, and that the police got at 23:00.
async fn sent_later(app: &App, versions: &[StayVersionRow]) -> Result<HashSet<i32>, Failure> {
    let id_of = |version: &StayVersionRow| {
        notification_id(version.stay_id, version.version, NotificationKind::Stay)
    };
    let unsent = versions.iter().filter(|version| !version.is_forwardable);
    let ids: Vec<Uuid> = unsent.map(id_of).collect();
    let known = store::evening::known_tasks(&app.db, &ids).await?;
    let sent = versions
        .iter()
        .filter(|version| known.contains(&id_of(version)));
    Ok(sent.map(|version| version.version).collect())
}
