//! Bodies that declare.

use chrono::{DateTime, Utc};
use domain::{
    directory::{Organisation, OrganisationDraft, read_organisation_patch},
    problem::Code,
    time::format_instant,
};
use intake::Expected;
use runtime::ids;
use serde_json::{Value, json};
use store::directory::{self, Note, ORGANISATION, Written};
use uuid::Uuid;

use super::{changed, check_version, etag, made, one_more, outcome};
use crate::admin::{AREA, failure};
use crate::answer::Answer;
use crate::app::App;
use crate::audit;
use crate::auth::{Administering, Admitted};
use crate::cursor;
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::query::{Query, id_of};
use crate::shapes::directory as shapes;

/// What cursors of this list are good for.
const LIST: &str = "organisations";

/// A page of organisations, by id.
pub(crate) async fn list(
    app: &App,
    admitted: &Admitted<Administering>,
    mut query: Query,
) -> Result<Answer<shapes::OrganisationPage>, Failure> {
    let key_id = admitted.sender().key_id;
    let page = query.page(&app.vault, LIST, key_id);
    query.finish()?;
    let part = one_more(&page);
    let mut rows = directory::organisations(&app.db, part).await?;
    let has_more = rows.len() > page.limit;
    rows.truncate(page.limit);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, key_id, row.id));
    let now = app.clock.now();
    let items: Vec<Value> = rows.iter().map(|row| row.to_json(now)).collect();
    let page = json!({"items": items, "next_cursor": next_cursor});
    Ok(Answer::json(page.to_string()))
}

/// One organisation.
pub(crate) async fn show(app: &App, id: &str) -> Result<Answer<shapes::OrganisationView>, Failure> {
    Ok(view(&find(app, id).await?, app.clock.now()))
}

/// Makes one.
pub(crate) async fn create(
    app: &App,
    admitted: &Admitted<Administering>,
    key: IdempotencyKey,
    document: Document<shapes::OrganisationDraft>,
) -> Result<Answer<shapes::OrganisationView>, Failure> {
    let sender = admitted.sender();
    let now = document.received_at;
    let draft = OrganisationDraft::read(&document.value).map_err(Failure::invalid)?;
    let organisation = Organisation {
        id: ids::uuid_v7(&app.clock),
        code: draft.code,
        name: draft.name,
        created_at: now,
        ended_at: None,
        version: 1,
    };
    let subject = (ORGANISATION, organisation.id);
    let guard = key.of_request(
        app,
        sender,
        (AREA, &[]),
        ("organisations", &document.value),
        now,
    );
    let note = Note {
        entry: audit::entry(app, sender.key_id, "organisation.created", subject, now),
        key: guard.as_ref(),
    };
    let written = directory::create_organisation(&app.db, organisation, note).await;
    let written = written.map_err(|error| failure(error, &key))?;
    let outcome = outcome(written, &key, now)?;
    let location = format!("/v1/admin/organisations/{}", outcome.subject.id);
    let answer = view(&outcome.subject, outcome.at);
    Ok(made(answer, &location, outcome.is_replayed))
}

/// Changes one by a merge patch.
pub(crate) async fn change(
    app: &App,
    admitted: &Admitted<Administering>,
    id: &str,
    if_match: &IfMatch,
    key: IdempotencyKey,
    document: Document<shapes::OrganisationPatch>,
) -> Result<Answer<shapes::OrganisationView>, Failure> {
    let now = document.received_at;
    let sender = admitted.sender();
    let path = format!("organisations/{id}");
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &document.value), now);
    if let Some(written) = directory::earlier(&app.db, guard.as_ref(), now).await? {
        return answer(written, &key, now);
    }
    let judged = find(app, id).await?;
    if if_match.0 == Expected::Unnamed {
        return Err(Failure::new(Code::PreconditionRequired));
    }
    let content = read_organisation_patch(&document.value, &judged).map_err(Failure::invalid)?;
    check_version(&if_match.0, judged.version, content.is_empty())?;
    let subject = (ORGANISATION, judged.id);
    let note = Note {
        entry: audit::entry(app, sender.key_id, "organisation.changed", subject, now),
        key: guard.as_ref(),
    };
    let written = directory::change_organisation(&app.db, &judged, content, note).await;
    answer(written.map_err(|error| failure(error, &key))?, &key, now)
}

/// Ends one now. One that has ended stays as it is.
pub(crate) async fn end(
    app: &App,
    admitted: &Admitted<Administering>,
    id: &str,
    if_match: &IfMatch<false>,
) -> Result<Answer<shapes::OrganisationView>, Failure> {
    let now = app.clock.now();
    let judged = find(app, id).await?;
    if domain::directory::is_over(judged.ended_at, now) {
        return Ok(view(&judged, now));
    }
    if_match.check(judged.version)?;
    let patch = json!({"ended_at": format_instant(now)});
    let content = read_organisation_patch(&patch, &judged).map_err(Failure::invalid)?;
    let subject = (ORGANISATION, judged.id);
    let key_id = admitted.sender().key_id;
    let note = Note {
        entry: audit::entry(app, key_id, "organisation.ended", subject, now),
        key: None,
    };
    let written = directory::change_organisation(&app.db, &judged, content, note).await?;
    answer(written, &IdempotencyKey(None), now)
}

fn answer(
    written: Written<Organisation>,
    key: &IdempotencyKey,
    now: DateTime<Utc>,
) -> Result<Answer<shapes::OrganisationView>, Failure> {
    let outcome = outcome(written, key, now)?;
    Ok(changed(
        view(&outcome.subject, outcome.at),
        outcome.is_replayed,
    ))
}

async fn find(app: &App, id: &str) -> Result<Organisation, Failure> {
    let id: Uuid = id_of(id)?;
    let found = directory::organisation(&app.db, id).await?;
    found.ok_or_else(|| Failure::new(Code::NotFound))
}

fn view(organisation: &Organisation, at: DateTime<Utc>) -> Answer<shapes::OrganisationView> {
    let shown = Answer::json(organisation.to_json(at).to_string());
    etag(shown, organisation.version)
}
