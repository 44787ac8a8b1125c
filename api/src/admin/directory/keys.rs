//! API keys: made, listed, ended. The text of a key is told once.

use domain::{
    directory::{KeyDraft, KeyRecord},
    problem::Code,
};
use poem::http::header;
use runtime::{ids, key_hash};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use store::{
    api_keys::ApiKey,
    directory::{Note, Written},
    key_ring,
};
use uuid::Uuid;

use super::{OF_ORGANISATION, made, one_more, outcome, owner};
use crate::admin::{AREA, failure};
use crate::answer::Answer;
use crate::app::App;
use crate::audit;
use crate::auth::{Administering, Admitted};
use crate::cursor;
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
use crate::problem::Failure;
use crate::query::{Parameter, Query, id_of};
use crate::shapes::directory as shapes;

/// What cursors of this list are good for.
const LIST: &str = "keys";

/// The filters, beside those of every list.
pub(crate) const PARAMETERS: [Parameter; 1] = [OF_ORGANISATION];

/// A page of keys, the oldest first.
pub(crate) async fn list(
    app: &App,
    admitted: &Admitted<Administering>,
    mut query: Query,
) -> Result<Answer<shapes::KeyPage>, Failure> {
    let key_id = admitted.sender().key_id;
    let page = query.page(&app.vault, LIST, key_id);
    let organisation_id = query.parsed("organisation_id", Code::InvalidFilter, |text| {
        Uuid::try_parse(text).ok()
    });
    query.finish()?;
    let part = one_more(&page);
    let mut rows = key_ring::list(&app.db, organisation_id, part).await?;
    let has_more = rows.len() > page.limit;
    rows.truncate(page.limit);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, key_id, row.id));
    let now = app.clock.now();
    let items: Vec<Value> = rows.iter().map(|row| row.to_json(now)).collect();
    let page = json!({"items": items, "next_cursor": next_cursor});
    Ok(Answer::json(page.to_string()))
}

/// One key.
pub(crate) async fn show(app: &App, id: &str) -> Result<Answer<shapes::KeyView>, Failure> {
    let record = find(app, id).await?;
    Ok(Answer::json(record.to_json(app.clock.now()).to_string()))
}

/// Makes one: 201 with its text, which is told this once.
pub(crate) async fn create(
    app: &App,
    admitted: &Admitted<Administering>,
    key: IdempotencyKey,
    document: Document<shapes::KeyDraft>,
) -> Result<Answer<shapes::KeyMade>, Failure> {
    let sender = admitted.sender();
    let now = document.received_at;
    let guard = key.of_request(app, sender, (AREA, &[]), ("keys", &document.value), now);
    let (written, text) = match key_ring::earlier(&app.db, guard.as_ref(), now).await? {
        Some(written) => (written, None),
        None => {
            let draft = KeyDraft::read(&document.value, app.intake.catalogues());
            let draft = draft.map_err(Failure::invalid)?;
            let (row, text) = forge(app, draft, now).await?;
            let subject = (key_ring::KEY, row.id);
            let note = Note {
                entry: audit::entry(app, sender.key_id, key_ring::CREATED, subject, now),
                key: guard.as_ref(),
            };
            let written = key_ring::create(&app.db, &row, &app.row_key, note).await;
            let written = written.map_err(|error| failure(error, &key))?;
            let is_done = matches!(written, Written::Done(_));
            (written, Some(text).filter(|_| is_done))
        }
    };
    let outcome = outcome(written, &key, now)?;
    let mut shown = outcome.subject.to_json(outcome.at);
    shown["secret"] = json!(text.as_ref().map(ExposeSecret::expose_secret));
    let location = format!("/v1/admin/keys/{}", outcome.subject.id);
    let answer = Answer::json(shown.to_string()).with_header(header::CACHE_CONTROL, "no-store");
    Ok(made(answer, &location, outcome.is_replayed))
}

/// A new key as its draft wants it, and its text.
async fn forge(
    app: &App,
    draft: KeyDraft,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(ApiKey, SecretString), Failure> {
    let organisation = owner(app, &draft.organisation_code, now).await?;
    let facilities = store::facilities::of_organisation(&app.db, organisation.id, now).await?;
    let open = facilities.iter().filter(|facility| facility.is_open(now));
    let open: Vec<Uuid> = open.map(|facility| facility.id).collect();
    let facility_ids = draft.facilities(&open).map_err(Failure::invalid)?;
    let made = key_hash::generate(ids::uuid_v7(&app.clock));
    let row = ApiKey {
        id: made.key_id,
        organisation_id: organisation.id,
        role: draft.role,
        secret_hash: key_hash::hash(&app.pepper, &made.secret).to_vec(),
        facility_ids,
        created_at: now,
        expires_at: draft.expires_at(now),
        label: draft.label,
        commune_codes: draft.communes,
        province_codes: draft.provinces,
        revoked_at: None,
    };
    Ok((row, made.text()))
}

/// Ends one: requests with it are refused within two seconds. One that has ended stays as it is.
pub(crate) async fn revoke(
    app: &App,
    admitted: &Admitted<Administering>,
    id: &str,
) -> Result<Answer<shapes::KeyView>, Failure> {
    let id = id_of(id)?;
    let key_id = admitted.sender().key_id;
    let now = app.clock.now();
    let entry = audit::entry(app, key_id, "key.revoked", (key_ring::KEY, id), now);
    let revoked = key_ring::revoke(&app.db, id, &app.row_key, entry).await;
    revoked.map_err(|error| failure(error, &IdempotencyKey(None)))?;
    show(app, &id.to_string()).await
}

async fn find(app: &App, id: &str) -> Result<KeyRecord, Failure> {
    let found = key_ring::find(&app.db, id_of(id)?).await?;
    found.ok_or_else(|| Failure::new(Code::NotFound))
}
