//! The rooms and beds that a facility lists, read and replaced as a whole.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    facility::Facility,
    problem::Code,
    room::{Room, RoomList},
    sender::Sender,
    time,
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::vault::{Owner, SealContext};
use serde::Serialize;
use serde_json::{Value, json};
use store::rooms::RoomListRow;
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::config::ApiSettings;
use crate::examples::Examples;
use crate::payload::{JsonDocument, Shape};
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::{ETag, Json};
use crate::shapes::text::{Place, RoomKindWord};
use crate::topic::Topic;

/// The table whose rows hold sealed lists, for the seal's context.
const SEALED_TABLE: &str = "room_list";
/// How often to try a change that names no version while others change the list.
const TRY_COUNT_MAX: u32 = 5;

/// A list and its version; version 0 is the empty list of a facility that never sent one.
pub(crate) struct CurrentRooms {
    /// Its version.
    pub(crate) version: i32,
    /// The list.
    pub(crate) list: RoomList,
}

/// All rooms and beds of a facility: replaces what was there.
#[derive(Object)]
#[oai(rename = "RoomList")]
pub(crate) struct RoomListDraft {
    /// The entries, in the order in which they are to be shown. List rooms or their beds, not
    /// both: capacities are added up.
    #[oai(validator(max_items = 5000))]
    items: Option<Vec<RoomDraft>>,
    /// The same by its former name; one of the two is sent.
    #[oai(validator(max_items = 5000))]
    rooms: Option<Vec<RoomDraft>>,
    /// Of a list that was answered and is put back: `null`.
    next_cursor: Option<String>,
}

/// A room or a bed.
#[derive(Object)]
pub(crate) struct RoomDraft {
    /// What a stay's `room` or `bed` calls it, without regard to letter case; unique within its
    /// ward.
    name: Place,
    /// What it is.
    kind: RoomKindWord,
    /// How many guests it holds; a bed one, when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
    capacity: Option<u32>,
    /// The ward or house it belongs to.
    ward: Option<Place>,
    /// The floor it is on, where its number does not tell.
    floor: Option<Place>,
}

impl Shape for RoomListDraft {
    fn bytes_max(settings: &ApiSettings) -> u32 {
        settings.batch_body_bytes_max
    }
}

/// A room or a bed, as it is listed.
#[derive(Object, Serialize)]
#[oai(rename = "Room")]
pub(crate) struct RoomView {
    /// What stays call it.
    name: String,
    /// What it is.
    kind: RoomKindWord,
    /// How many guests it holds.
    capacity: u32,
    /// The ward or house it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    ward: Option<String>,
    /// The floor it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<String>,
}

/// A facility's list of rooms and beds.
#[derive(Object, Serialize)]
pub(crate) struct RoomPage {
    /// The entries, in the order in which they were sent.
    items: Vec<RoomView>,
    /// Always `null`: the list is whole.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// The rooms and beds of a facility.
pub(crate) struct RoomsApi(pub(crate) Arc<App>);

/// The list is shown.
#[derive(ApiResponse)]
pub(crate) enum RoomsShown {
    /// The list.
    #[oai(status = 200)]
    List(Json<RoomPage>, #[oai(header = "ETag")] ETag),
}

/// The list was replaced.
#[derive(ApiResponse)]
pub(crate) enum RoomsReplaced {
    /// The list as it is now.
    #[oai(status = 200)]
    List(Json<RoomPage>, #[oai(header = "ETag")] ETag),
}

impl Examples for RoomsApi {
    const EXAMPLES: &'static str = include_str!("rooms.examples.json");
}

#[OpenApi]
impl RoomsApi {
    /// See a facility's rooms and beds
    ///
    /// The whole list.
    #[oai(
        path = "/v1/facilities/:id/rooms",
        method = "get",
        operation_id = "showRooms",
        tag = "Topic::Facilities"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowRooms>,
        /// The facility's id.
        Path(id): Path<Uuid>,
    ) -> Result<RoomsShown, Failure> {
        let facility = find(admitted.sender(), id)?;
        let current = current(&self.0, facility).await?;
        let tag = ETag::of(current.version);
        Ok(RoomsShown::List(Json(RoomPage::of(current.list)), tag))
    }

    /// List a facility's rooms and beds
    ///
    /// Replaces the whole list. With `If-Match` only the version that was seen; the same list
    /// again changes nothing.
    #[oai(
        path = "/v1/facilities/:id/rooms",
        method = "put",
        operation_id = "replaceRooms",
        tag = "Topic::Facilities"
    )]
    async fn replace(
        &self,
        admitted: Admitted<op::ReplaceRooms>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        /// The `ETag` of the list that is to be replaced.
        #[oai(name = "If-Match")]
        if_match: IfMatch<false>,
        document: JsonDocument<RoomListDraft>,
    ) -> Result<RoomsReplaced, Refused<422>> {
        let facility = find(admitted.sender(), id)?;
        let list = RoomList::read(&document.value).map_err(Failure::invalid)?;
        let (app, at) = (&self.0, document.received_at);
        let list = replace(app, admitted.sender(), facility, &if_match, (list, at)).await?;
        let tag = ETag::of(list.version);
        Ok(RoomsReplaced::List(Json(RoomPage::of(list.list)), tag))
    }
}

/// Puts a list that came at an instant in the place of what is stored. The same list again changes
/// nothing.
pub(crate) async fn replace(
    app: &App,
    sender: &Sender,
    facility: &Facility,
    if_match: &IfMatch<false>,
    (list, at): (RoomList, DateTime<Utc>),
) -> Result<CurrentRooms, Failure> {
    for _ in 0..TRY_COUNT_MAX {
        let current = current(app, facility).await?;
        if_match.check(current.version)?;
        if current.version > 0 && current.list == list {
            return Ok(current);
        }
        let next = CurrentRooms {
            version: current.version.saturating_add(1),
            list: list.clone(),
        };
        if write(app, sender, facility, &next, at).await? {
            return Ok(next);
        }
    }
    Err(Failure::new(Code::Overloaded))
}

/// The list as it stands.
pub(crate) async fn current(app: &App, facility: &Facility) -> Result<CurrentRooms, Failure> {
    let Some(row) = store::rooms::find(&app.db, facility.id).await? else {
        return Ok(CurrentRooms {
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
    Ok(CurrentRooms {
        version: row.version,
        list: list.ok_or_else(|| Failure::internal("a stored list of rooms cannot be read"))?,
    })
}

async fn write(
    app: &App,
    sender: &Sender,
    facility: &Facility,
    next: &CurrentRooms,
    at: DateTime<Utc>,
) -> Result<bool, Failure> {
    let month = time::local_date(at).format("%Y-%m").to_string();
    let content = next.list.to_value().to_string();
    let context = context(facility, next.version);
    let sealed = app.vault.seal(&month, &context, content.as_bytes());
    let row = RoomListRow {
        facility_id: facility.id,
        version: next.version,
        sealed: sealed.map_err(Failure::internal)?,
        changed_by: sender.key_id,
        changed_at: at,
    };
    let subject = (SubjectKind::Facility, facility.id);
    let entry = store::audit::Entry {
        subject_version: Some(next.version),
        ..audit::entry(app, sender, Action::RoomsReplaced, subject, at)
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

impl RoomPage {
    fn of(list: RoomList) -> Self {
        Self {
            items: list.into_rooms().into_iter().map(RoomView::of).collect(),
            next_cursor: None,
        }
    }
}

impl RoomView {
    fn of(room: Room) -> Self {
        Self {
            name: room.name,
            kind: room.kind.into(),
            capacity: room.capacity,
            ward: room.ward,
            floor: room.floor,
        }
    }
}
