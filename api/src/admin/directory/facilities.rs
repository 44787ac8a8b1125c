//! Places where guests stay.

use chrono::{DateTime, Utc};
use domain::{
    directory::{FacilityDraft, FacilityPatch, FacilityRecord, is_over},
    problem::Code,
    time::{format_instant, local_date},
};
use intake::Expected;
use runtime::ids;
use serde_json::{Value, json};
use store::directory::{self, FACILITY, Note, Written};
use uuid::Uuid;

use super::{OF_ORGANISATION, changed, check_version, etag, made, one_more, outcome, owner};
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
use crate::query::{Parameter, Query, id_of};
use crate::shapes::directory as shapes;

/// What cursors of this list are good for.
const LIST: &str = "admin_facilities";

/// The filters, beside those of every list.
pub(crate) const PARAMETERS: [Parameter; 1] = [OF_ORGANISATION];

/// A page of facilities, by id.
pub(crate) async fn list(
    app: &App,
    admitted: &Admitted<Administering>,
    mut query: Query,
) -> Result<Answer<shapes::FacilityRecordPage>, Failure> {
    let key_id = admitted.sender().key_id;
    let page = query.page(&app.vault, LIST, key_id);
    let organisation_id = query.parsed("organisation_id", Code::InvalidFilter, |text| {
        Uuid::try_parse(text).ok()
    });
    query.finish()?;
    let part = one_more(&page);
    let now = app.clock.now();
    let mut rows = directory::facilities(&app.db, organisation_id, part, now).await?;
    let has_more = rows.len() > page.limit;
    rows.truncate(page.limit);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, key_id, row.facility.id));
    let items: Vec<Value> = rows.iter().map(|row| row.to_json(now)).collect();
    let page = json!({"items": items, "next_cursor": next_cursor});
    Ok(Answer::json(page.to_string()))
}

/// One facility.
pub(crate) async fn show(
    app: &App,
    id: &str,
) -> Result<Answer<shapes::FacilityRecordView>, Failure> {
    let now = app.clock.now();
    Ok(view(&find(app, id, now).await?, now))
}

/// Makes one.
pub(crate) async fn create(
    app: &App,
    admitted: &Admitted<Administering>,
    key: IdempotencyKey,
    document: Document<shapes::FacilityRecordDraft>,
) -> Result<Answer<shapes::FacilityRecordView>, Failure> {
    let sender = admitted.sender();
    let now = document.received_at;
    let guard = key.of_request(
        app,
        sender,
        (AREA, &[]),
        ("facilities", &document.value),
        now,
    );
    let written = match directory::earlier(&app.db, guard.as_ref(), now).await? {
        Some(written) => written,
        None => {
            let catalogues = app.intake.catalogues();
            let draft = FacilityDraft::read(&document.value, catalogues, local_date(now));
            let draft = draft.map_err(Failure::invalid)?;
            let organisation = owner(app, &draft.organisation_code, now).await?;
            let record = draft.into_record(ids::uuid_v7(&app.clock), organisation.id, now);
            let subject = (FACILITY, record.facility.id);
            let note = Note {
                entry: audit::entry(app, sender.key_id, "facility.created", subject, now),
                key: guard.as_ref(),
            };
            let written = directory::create_facility(&app.db, record, note).await;
            written.map_err(|error| failure(error, &key))?
        }
    };
    let outcome = outcome(written, &key, now)?;
    let location = format!("/v1/admin/facilities/{}", outcome.subject.facility.id);
    let answer = view(&outcome.subject, outcome.at);
    Ok(made(answer, &location, outcome.is_replayed))
}

/// Changes one by a merge patch, from a day on.
pub(crate) async fn change(
    app: &App,
    admitted: &Admitted<Administering>,
    id: &str,
    if_match: &IfMatch,
    key: IdempotencyKey,
    document: Document<shapes::FacilityRecordPatch>,
) -> Result<Answer<shapes::FacilityRecordView>, Failure> {
    let sender = admitted.sender();
    let now = document.received_at;
    let path = format!("facilities/{id}");
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &document.value), now);
    if let Some(written) = directory::earlier(&app.db, guard.as_ref(), now).await? {
        return answer(written, &key, now);
    }
    let judged = find(app, id, now).await?;
    if if_match.0 == Expected::Unnamed {
        return Err(Failure::new(Code::PreconditionRequired));
    }
    let catalogues = app.intake.catalogues();
    let patch = FacilityPatch::read(&document.value, &judged, catalogues, local_date(now));
    let patch = patch.map_err(Failure::invalid)?;
    check_version(&if_match.0, judged.version, patch.content.is_empty())?;
    let subject = (FACILITY, judged.facility.id);
    let note = Note {
        entry: audit::entry(app, sender.key_id, "facility.changed", subject, now),
        key: guard.as_ref(),
    };
    let written = directory::change_facility(&app.db, &judged, patch, note).await;
    answer(written.map_err(|error| failure(error, &key))?, &key, now)
}

/// Ends one now. One that has ended stays as it is.
pub(crate) async fn end(
    app: &App,
    admitted: &Admitted<Administering>,
    id: &str,
    if_match: &IfMatch<false>,
) -> Result<Answer<shapes::FacilityRecordView>, Failure> {
    let now = app.clock.now();
    let judged = find(app, id, now).await?;
    if is_over(judged.ended_at, now) {
        return Ok(view(&judged, now));
    }
    if_match.check(judged.version)?;
    let patch = json!({"ended_at": format_instant(now)});
    let catalogues = app.intake.catalogues();
    let patch = FacilityPatch::read(&patch, &judged, catalogues, local_date(now));
    let patch = patch.map_err(Failure::invalid)?;
    let subject = (FACILITY, judged.facility.id);
    let key_id = admitted.sender().key_id;
    let note = Note {
        entry: audit::entry(app, key_id, "facility.ended", subject, now),
        key: None,
    };
    let written = directory::change_facility(&app.db, &judged, patch, note).await?;
    answer(written, &IdempotencyKey(None), now)
}

fn answer(
    written: Written<FacilityRecord>,
    key: &IdempotencyKey,
    now: DateTime<Utc>,
) -> Result<Answer<shapes::FacilityRecordView>, Failure> {
    let outcome = outcome(written, key, now)?;
    Ok(changed(
        view(&outcome.subject, outcome.at),
        outcome.is_replayed,
    ))
}

async fn find(app: &App, id: &str, now: DateTime<Utc>) -> Result<FacilityRecord, Failure> {
    let found = directory::facility(&app.db, id_of(id)?, now).await?;
    found.ok_or_else(|| Failure::new(Code::NotFound))
}

fn view(record: &FacilityRecord, at: DateTime<Utc>) -> Answer<shapes::FacilityRecordView> {
    etag(Answer::json(record.to_json(at).to_string()), record.version)
}
