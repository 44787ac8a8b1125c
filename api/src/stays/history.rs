//! Every version of a stay: who, when, why.

use std::collections::BTreeSet;

use poem::http::header;
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
    let history = intake::view::history(&app.vault, &stay, &versions, &labels);
    let history = history.map_err(|error| unreadable::failure(stay.id, error))?;
    reads::note(app, admitted.sender(), 1).await;
    let newest = versions
        .last()
        .map_or(stay.version, |newest| newest.version);
    Ok(Answer::json(history.to_string()).with_header(header::ETAG, etag(newest)))
}
