//! Who is where at a facility on a local day.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{
    facility::Facility,
    occupancy::{self, Occupancy, Occupant, OccupiedPlace},
    problem::Code,
    time::{at_local, format_instant, local_date, parse_day},
};
use runtime::vault::{Owner, StaySafe};
use serde_json::{Value, json};
use store::occupants::OccupantRow;
use uuid::Uuid;

use super::{find, rooms};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::problem::Failure;
use crate::query::{Parameter, Query};
use crate::reads;
use crate::shapes::OccupancyView;
use crate::unreadable;

/// Stays read from the database at a time.
const PART_SIZE: u32 = 500;
/// Stays opened before other tasks get their turn.
const OPENED_BETWEEN_YIELDS: usize = 50;

/// The parameter `date`.
pub(crate) const PARAMETERS: [Parameter; 1] = [Parameter {
    name: "date",
    about: "A calendar day of Viet Nam; today when left out.",
    schema: || json!({"type": "string", "format": "date"}),
}];

/// The occupancy of a day.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    id: &str,
    mut query: Query,
) -> Result<Answer<OccupancyView>, Failure> {
    let facility = find(admitted.sender(), id)?;
    let date = query.parsed("date", Code::InvalidDate, parse_day);
    query.finish()?;
    let now = app.clock.now();
    let date = date.unwrap_or_else(|| local_date(now));
    let list = rooms::current(app, facility).await?.list;
    let (occupants, unreadable) = occupants(app, facility, date).await?;
    reads::note(app, admitted.sender(), occupants.len()).await;
    let occupancy = occupancy::of_day(&list, occupants, date, now);
    let mut shown = to_json(facility, (date, now), &occupancy);
    if !unreadable.is_empty() {
        shown["unreadable"] = json!(unreadable);
    }
    Ok(Answer::json(shown.to_string()))
}

/// Who is there, and the stays that cannot be read.
async fn occupants(
    app: &App,
    facility: &Facility,
    date: NaiveDate,
) -> Result<(Vec<Occupant>, Vec<Uuid>), Failure> {
    let from = at_local(date, NaiveTime::MIN);
    let next_day = date.checked_add_days(Days::new(1)).unwrap_or(date);
    let to = at_local(next_day, NaiveTime::MIN);
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
                Ok(occupant) => occupants.push(occupant),
                Err(error) => {
                    unreadable::note("stay_version", stay_id, &error);
                    unreadable.push(stay_id);
                }
            }
        }
    }
}

fn open(app: &App, row: OccupantRow) -> Result<Occupant, unreadable::Cause> {
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
    Ok(Occupant {
        stay_id: row.stay_id,
        full_name: text("/guest/full_name"),
        room: text("/room"),
        bed: text("/bed"),
        ward: text("/ward"),
        arrival_at: row.arrival_at,
        expected_departure_at: row.expected_departure_at,
        departed_at: row.departed_at,
    })
}

/// A day, and when it is looked at.
type Looked = (NaiveDate, DateTime<Utc>);

fn to_json(facility: &Facility, looked: Looked, occupancy: &Occupancy) -> Value {
    let places = occupancy.places.iter();
    let places = places.map(|place| place_to_json(place, looked));
    let totals = occupancy.totals;
    json!({
        "facility_id": facility.id,
        "date": looked.0.to_string(),
        "rooms": places.collect::<Vec<_>>(),
        "totals": {
            "capacity": totals.capacity,
            "occupied": totals.occupied,
            "free": totals.free,
            "guests": totals.guests,
            "unlisted": totals.unlisted,
        },
    })
}

fn place_to_json(place: &OccupiedPlace, looked: Looked) -> Value {
    let guests = place.guests.iter();
    let guests = guests.map(|guest| guest_to_json(guest, looked));
    let [room, bed, ward] = &place.named;
    let listed = place.listed.as_ref();
    json!({
        "is_listed": listed.is_some(),
        "kind": listed.map_or(if bed.is_some() { "bed" } else { "room" }, |room| room.kind.as_str()),
        "name": listed.map_or(bed.as_ref().or(room.as_ref()), |room| Some(&room.name)),
        "ward": listed.map_or(ward.as_ref(), |room| room.ward.as_ref()),
        "capacity": listed.map(|room| room.capacity),
        "occupied": place.occupied,
        "free": place.free(),
        "guests": guests.collect::<Vec<_>>(),
    })
}

fn guest_to_json(guest: &Occupant, (date, now): Looked) -> Value {
    json!({
        "stay_id": guest.stay_id,
        "full_name": guest.full_name,
        "room": guest.room,
        "bed": guest.bed,
        "ward": guest.ward,
        "arrival_at": format_instant(guest.arrival_at),
        "expected_departure_at": guest.expected_departure_at.map(format_instant),
        "departed_at": guest.departed_at.map(format_instant),
        "stays_overnight": guest.stays_overnight(date, now),
    })
}
