//! The rooms and beds that a facility lists, read and replaced as a whole.

use domain::{facility::Facility, problem::Code, room::RoomList, time};
use poem::http::header;
use runtime::vault::{Owner, SealContext};
use serde_json::{Value, json};
use store::rooms::RoomListRow;

use super::find;
use crate::answer::Answer;
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, Managing, Reading};
use crate::payload::Document;
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::shapes::{RoomListDraft, RoomPage};

/// The table whose rows hold sealed lists, for the seal's context.
const SEALED_TABLE: &str = "room_list";
/// Tries of a change that names no version, while others change the list as well.
const TRY_COUNT_MAX: u32 = 5;

/// A list and its version; version 0 is the empty list of a facility that never sent one.
pub(super) struct Current {
    pub(super) version: i32,
    pub(super) list: RoomList,
}

/// The list.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    id: &str,
) -> Result<Answer<RoomPage>, Failure> {
    let facility = find(admitted.sender(), id)?;
    Ok(answer(&current(app, facility).await?))
}

/// Puts another list in its place. The same list again changes nothing.
pub(crate) async fn replace(
    app: &App,
    admitted: &Admitted<Managing>,
    id: &str,
    if_match: &IfMatch<false>,
    document: &Document<RoomListDraft>,
) -> Result<Answer<RoomPage>, Failure> {
    let facility = find(admitted.sender(), id)?;
    let list = RoomList::read(&document.value).map_err(Failure::invalid)?;
    for _ in 0..TRY_COUNT_MAX {
        let current = current(app, facility).await?;
        if_match.check(current.version)?;
        if current.version > 0 && current.list == list {
            return Ok(answer(&current));
        }
        let next = Current {
            version: current.version.saturating_add(1),
            list: list.clone(),
        };
        if write(app, admitted, facility, &next, document).await? {
            return Ok(answer(&next));
        }
    }
    Err(Failure::new(Code::Overloaded))
}

/// The list as it stands.
pub(super) async fn current(app: &App, facility: &Facility) -> Result<Current, Failure> {
    let Some(row) = store::rooms::find(&app.db, facility.id).await? else {
        return Ok(Current {
            version: 0,
            list: RoomList::default(),
        });
    };
    let context = context(facility, row.version);
    let stored = app.vault.open(&context, &row.sealed);
    let stored = stored.map_err(Failure::internal)?;
    // The errors of both readers would quote what they read.
    let rooms: Option<Value> = serde_json::from_slice(&stored).ok();
    let list = rooms.and_then(|rooms| RoomList::read(&json!({"rooms": rooms})).ok());
    Ok(Current {
        version: row.version,
        list: list.ok_or_else(|| Failure::internal("a stored list of rooms cannot be read"))?,
    })
}

async fn write(
    app: &App,
    admitted: &Admitted<Managing>,
    facility: &Facility,
    next: &Current,
    document: &Document<RoomListDraft>,
) -> Result<bool, Failure> {
    let at = document.received_at;
    let month = time::local_date(at).format("%Y-%m").to_string();
    let content = next.list.to_value().to_string();
    let context = context(facility, next.version);
    let sealed = app.vault.seal(&month, &context, content.as_bytes());
    let row = RoomListRow {
        facility_id: facility.id,
        version: next.version,
        sealed: sealed.map_err(Failure::internal)?,
        changed_by: admitted.sender().key_id,
        changed_at: at,
    };
    let (key_id, subject) = (admitted.sender().key_id, ("facility", facility.id));
    let entry = store::audit::Entry {
        subject_version: Some(next.version),
        ..audit::entry(app, key_id, "rooms.replaced", subject, at)
    };
    Ok(store::rooms::replace(&app.db, row, entry).await?)
}

fn context(facility: &Facility, version: i32) -> SealContext<'static> {
    SealContext {
        table: SEALED_TABLE,
        row_id: facility.id,
        version,
        owner: Owner {
            organisation_id: facility.organisation_id,
            facility_id: facility.id,
        },
    }
}

fn answer(current: &Current) -> Answer<RoomPage> {
    let page = json!({"items": current.list.to_value(), "next_cursor": null});
    Answer::json(page.to_string()).with_header(header::ETAG, format!("\"{}\"", current.version))
}
