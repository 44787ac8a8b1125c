//! Which guest is where at a facility on a local day.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{
    facility::Facility,
    occupancy::{self, Occupancy, Occupant, OccupantState, OccupiedPlace},
    room::RoomKind,
    time::{at_local, local_date},
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::vault::{Owner, StaySafe};
use serde::Serialize;
use serde_json::Value;
use store::word::Word;
use store::{damage, occupants::OccupantRow};
use uuid::Uuid;

use super::{find, rooms};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::parameters::{Query, query};
use crate::problem::Failure;
use crate::reads;
use crate::reply::Json;
use crate::shapes::text::{CompletionWord, Day, DeliveryWord, IdentityWord, Instant, RoomKindWord};
use crate::topic::Topic;
use crate::unreadable;

/// How many stays are read from the database at a time.
const PART_SIZE: u32 = 500;
/// How many stays to decrypt before yielding to other tasks.
const OPENED_BETWEEN_YIELDS: usize = 50;

query! {
    /// Which day of a facility.
    pub(crate) struct OccupancyQuery {
        /// A calendar day of Viet Nam; today when left out.
        date: Option<NaiveDate>,
    }
}

/// Who is where on a day.
#[derive(Object, Serialize)]
#[oai(rename = "Occupancy")]
pub(crate) struct OccupancyView {
    /// The facility.
    facility_id: Uuid,
    /// The calendar day of Viet Nam.
    date: Day,
    /// The places of the facility's list in their order, then others that stays name.
    rooms: Vec<OccupiedRoom>,
    /// The sums; they do not count who is in `unreadable`.
    totals: OccupancyTotals,
    /// Stays of the day that are stored damaged, so that nobody knows their places; left out when
    /// all can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<Vec<Uuid>>,
}

/// A place and who is there on the day.
#[derive(Object, Serialize)]
pub(crate) struct OccupiedRoom {
    /// Whether it is on the facility's list.
    is_listed: bool,
    /// What it is.
    kind: RoomKindWord,
    /// Its name; `null` for stays that name none.
    #[oai(nullable)]
    name: Option<String>,
    /// The ward or house it belongs to.
    #[oai(nullable)]
    ward: Option<String>,
    /// The floor it is on, as listed.
    #[oai(nullable)]
    floor: Option<String>,
    /// How many guests it holds; `null` when it is not listed.
    #[oai(nullable)]
    capacity: Option<u32>,
    /// How many guests sleep there the night that follows the day.
    occupied: u32,
    /// How many more could; `null` when it is not listed.
    #[oai(nullable)]
    free: Option<u32>,
    /// Who is there at some time of the day, in order of arrival: until the departure, and
    /// without one until the day on which it is expected.
    guests: Vec<RoomGuest>,
}

/// A guest in a place.
#[derive(Object, Serialize)]
pub(crate) struct RoomGuest {
    /// The stay.
    stay_id: Uuid,
    /// The guest's name; `null` for an unidentified person.
    #[oai(nullable)]
    full_name: Option<String>,
    /// The room, as declared.
    #[oai(nullable)]
    room: Option<String>,
    /// The bed, as declared.
    #[oai(nullable)]
    bed: Option<String>,
    /// The ward, as declared.
    #[oai(nullable)]
    ward: Option<String>,
    /// When the stay began.
    arrival_at: Instant,
    /// When it is expected to end.
    #[oai(nullable)]
    expected_departure_at: Option<Instant>,
    /// When it ended.
    #[oai(nullable)]
    departed_at: Option<Instant>,
    /// Whether the guest sleeps there the night that follows the day.
    stays_overnight: bool,
    /// The stay's version, for `If-Match`.
    version: u32,
    /// What the check of the identity has come to.
    identity: IdentityWord,
    /// Where the stay is on its way to the police.
    delivery: DeliveryWord,
    /// Whether members are owed.
    completion: CompletionWord,
}

/// The sums over all places.
#[derive(Object, Serialize)]
pub(crate) struct OccupancyTotals {
    /// What the listed places hold.
    capacity: u32,
    /// Guests who sleep there the night that follows, in listed places or not.
    occupied: u32,
    /// What is free in the listed places.
    free: u32,
    /// Guests who are there at some time of the day.
    guests: u32,
    /// Those of them in places that are not listed.
    unlisted: u32,
}

/// The occupancy of a facility.
pub(crate) struct OccupancyApi(pub(crate) Arc<App>);

/// The occupancy of a day is shown.
#[derive(ApiResponse)]
pub(crate) enum OccupancyShown {
    /// Who is where.
    #[oai(status = 200)]
    Occupancy(Json<OccupancyView>),
}

impl Examples for OccupancyApi {
    const EXAMPLES: &'static str = include_str!("occupancy.examples.json");
}

#[OpenApi]
impl OccupancyApi {
    /// See who is where
    ///
    /// On a day: each room and bed of the facility's list with its guests, what is free the night
    /// that follows, and guests in places that are not listed.
    #[oai(
        path = "/v1/facilities/:id/occupancy",
        method = "get",
        operation_id = "showOccupancy",
        tag = "Topic::Facilities"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowOccupancy>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        query: Query<OccupancyQuery>,
    ) -> Result<OccupancyShown, Failure> {
        let app = &self.0;
        let facility = find(admitted.sender(), id)?;
        let date = query.finish()?.date;
        let now = app.clock.now();
        let date = date.unwrap_or_else(|| local_date(now));
        let list = rooms::current(app, facility).await?.list;
        let (occupants, unreadable) = occupants(app, facility, date).await?;
        reads::note(app, admitted.sender(), occupants.len()).await;
        let occupancy = occupancy::of_day(&list, occupants, date, now);
        Ok(OccupancyShown::Occupancy(Json(OccupancyView {
            unreadable: (!unreadable.is_empty()).then_some(unreadable),
            ..OccupancyView::of(facility, (date, now), occupancy)
        })))
    }
}

/// The guests present, and the stays that cannot be read.
pub(crate) async fn occupants(
    app: &App,
    facility: &Facility,
    date: NaiveDate,
) -> Result<(Vec<Occupant>, Vec<Uuid>), Failure> {
    let from = at_local(date, NaiveTime::MIN);
    let next_day = date.checked_add_days(Days::new(1)).unwrap_or(date);
    let to = at_local(next_day, NaiveTime::MIN);
    between(app, facility, (from, to), |occupant, _| occupant).await
}

/// What `read` makes of each guest who may be there between two instants and of what was declared,
/// and the stays that cannot be read.
pub(crate) async fn between<T>(
    app: &App,
    facility: &Facility,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    read: impl Fn(Occupant, &Value) -> T,
) -> Result<(Vec<T>, Vec<Uuid>), Failure> {
    let (mut occupants, mut unreadable) = (Vec::new(), Vec::new());
    let mut after = Uuid::nil();
    loop {
        let part =
            store::occupants::between(&app.db, facility.id, from, to, after, PART_SIZE).await?;
        let Some(last) = part.last() else {
            return Ok((occupants, unreadable));
        };
        after = last.stay_id;
        for (index, row) in part.into_iter().enumerate() {
            if index % OPENED_BETWEEN_YIELDS == 0 {
                tokio::task::yield_now().await;
            }
            let stay_id = row.stay_id;
            match open(app, row) {
                Ok((occupant, content)) => occupants.push(read(occupant, &content)),
                Err(error) => {
                    damage::note("stay_version", stay_id, &error);
                    unreadable.push(stay_id);
                }
            }
        }
    }
}

fn open(app: &App, row: OccupantRow) -> Result<(Occupant, Value), unreadable::Cause> {
    let safe = StaySafe {
        stay_id: row.stay_id,
        owner: Owner {
            organisation_id: row.organisation_id,
            facility_id: row.facility_id,
        },
        sealed_key: row.sealed_key.as_deref(),
    };
    let content = intake::view::open_sealed(&app.vault, &safe, row.version, &row.sealed)?.content;
    let text = |pointer: &str| content.pointer(pointer)?.as_str().map(str::to_owned);
    let occupant = Occupant {
        stay_id: row.stay_id,
        full_name: text("/guest/full_name"),
        room: text("/room"),
        bed: text("/bed"),
        ward: text("/ward"),
        arrival_at: row.arrival_at,
        expected_departure_at: row.expected_departure_at,
        departed_at: row.departed_at,
        state: OccupantState {
            version: row.version,
            identity: row.identity_state.get()?,
            review: row.identity_review.as_ref().map(Word::get).transpose()?,
            delivery: row.delivery_state.get()?,
            completion: row.completion_state.get()?,
        },
    };
    Ok((occupant, content))
}

/// A day, and when it is looked at.
type Looked = (NaiveDate, DateTime<Utc>);

impl OccupancyView {
    fn of(facility: &Facility, looked: Looked, occupancy: Occupancy) -> Self {
        let places = occupancy.places.into_iter();
        let totals = occupancy.totals;
        Self {
            facility_id: facility.id,
            date: Day::of(looked.0),
            rooms: places
                .map(|place| OccupiedRoom::of(place, looked))
                .collect(),
            totals: OccupancyTotals {
                capacity: totals.capacity,
                occupied: totals.occupied,
                free: totals.free,
                guests: totals.guests,
                unlisted: totals.unlisted,
            },
            unreadable: None,
        }
    }
}

impl OccupiedRoom {
    fn of(place: OccupiedPlace, looked: Looked) -> Self {
        let free = place.free();
        let guests = place.guests.into_iter();
        let [room, bed, ward] = place.named;
        let kind = match (&place.listed, &bed) {
            (Some(listed), _) => listed.kind,
            (None, Some(_)) => RoomKind::Bed,
            (None, None) => RoomKind::Room,
        };
        let (is_listed, capacity) = match &place.listed {
            Some(listed) => (true, Some(listed.capacity)),
            None => (false, None),
        };
        let (name, ward, floor) = match place.listed {
            Some(listed) => (Some(listed.name), listed.ward, listed.floor),
            None => (bed.or(room), ward, None),
        };
        Self {
            is_listed,
            kind: kind.into(),
            name,
            ward,
            floor,
            capacity,
            occupied: place.occupied,
            free,
            guests: guests.map(|guest| RoomGuest::of(guest, looked)).collect(),
        }
    }
}

impl RoomGuest {
    fn of(guest: Occupant, (date, now): Looked) -> Self {
        let stays_overnight = guest.stays_overnight(date, now);
        let seen = guest.state.identity.as_seen_by_sender(guest.state.review);
        Self {
            stay_id: guest.stay_id,
            full_name: guest.full_name,
            room: guest.room,
            bed: guest.bed,
            ward: guest.ward,
            arrival_at: Instant::of(guest.arrival_at),
            expected_departure_at: guest.expected_departure_at.map(Instant::of),
            departed_at: guest.departed_at.map(Instant::of),
            stays_overnight,
            version: guest.state.version.unsigned_abs(),
            identity: IdentityWord(seen.to_owned()),
            delivery: guest.state.delivery.into(),
            completion: guest.state.completion.into(),
        }
    }
}
