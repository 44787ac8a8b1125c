//! The house: who is where, as its pages show it, and what is done for many guests at once.

pub(super) mod bulk;
pub(super) mod expected;
mod household;
mod notice;
mod reconcile;
mod register;
mod rooms;
mod roster;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{
    occupancy::{self, Occupancy, Occupant, OccupiedPlace},
    problem::Code,
    stay::Presence,
    text::fold,
    time::local_date,
};
use pages::badge::StayState;
use pages::guests::{Floor, GuestLine, GuestList, RoomTile, floor_of};
use pages::moment;
use pages::words::Words;
use uuid::Uuid;

use super::desk::scan;
use super::enter::Visit;
use super::form::PageForm;
use super::{PageRoute, get, post};
use crate::auth::Access;
use crate::facilities::{occupancy as occupants, rooms as room_lists};
use crate::problem::Failure;
use crate::reads;

/// How many guests are listed at most.
const LISTED_COUNT_MAX: usize = 200;

/// The pages of the house.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        post("/desk/guests/departures", bulk::depart),
        post("/desk/guests/extensions", bulk::extend),
        post("/desk/guests/transfers", bulk::transfer),
        post("/desk/expected", expected::note),
        post("/desk/expected/card", scan::read_expected),
        post("/desk/expected/removal", expected::remove),
        get("/desk/rooms", rooms::show),
        post("/desk/rooms", rooms::save),
        post("/desk/rooms/change", rooms::change),
        get("/desk/register", register::show),
        post("/desk/register", register::show_asked),
        get("/desk/notice", notice::show),
        get("/desk/reconcile", reconcile::show),
        post("/desk/reconcile", reconcile::compare),
        get("/desk/roster", roster::show),
        post("/desk/roster", roster::find),
        get("/desk/household", household::show),
        post("/desk/household", household::find),
    ]
}

/// Which guests are wanted of a list.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    /// Those of a room.
    pub(super) room: String,
    /// Those of a room or with a name.
    pub(super) find: String,
}

impl Wanted {
    /// What a form asks for.
    pub(super) fn of(sent: &PageForm) -> Self {
        Self {
            room: sent.value("room").to_owned(),
            find: sent.value("find").trim().to_owned(),
        }
    }

    /// Whether it is not everybody.
    pub(super) fn is_filtered(&self) -> bool {
        !self.room.is_empty() || !self.find.is_empty()
    }

    fn matches(&self, one: &PresentGuest<'_>) -> bool {
        let place = name_of(one.place);
        let is_of_room = self.room.is_empty() || self.room == place;
        let name = fold(one.guest.full_name.as_deref().unwrap_or_default());
        let is_found = self.find.is_empty()
            || fold(place) == fold(&self.find)
            || name.contains(&fold(&self.find));
        is_of_room && is_found
    }
}

/// Who is where today.
pub(super) struct HouseDay {
    /// The places and their guests.
    pub(super) occupancy: Occupancy,
    asked: HashSet<Uuid>,
    now: DateTime<Utc>,
}

/// A guest who has not left, and where.
#[derive(Clone, Copy)]
pub(super) struct PresentGuest<'a> {
    /// The place.
    place: &'a OccupiedPlace,
    /// The guest.
    pub(super) guest: &'a Occupant,
}

/// A list as its page shows it.
pub(super) struct ListFrame {
    /// Its id in the page.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) heading: String,
    /// The page that it stands on.
    pub(super) back: &'static str,
    /// Whether guests move between rooms here.
    pub(super) is_of_term: bool,
}

impl<A: Access> Visit<A> {
    /// Who is where today: three queries, whatever the number of guests.
    pub(super) async fn house_day(&self) -> Result<HouseDay, Failure> {
        let today = local_date(self.now);
        let list = room_lists::current(&self.app, &self.facility).await?.list;
        let (guests, _) = occupants::occupants(&self.app, &self.facility, today).await?;
        reads::note(&self.app, self.sender(), guests.len()).await;
        let asked = store::due::asked(&self.app.db, self.facility.id).await?;
        Ok(HouseDay {
            occupancy: occupancy::of_day(&list, guests, today, self.now),
            asked: asked.into_iter().map(|(stay, _)| stay.id).collect(),
            now: self.now,
        })
    }

    /// Errors: the page is not for facilities of this kind.
    fn only_at(&self, kind: domain::facility::FacilityKind) -> Result<(), Failure> {
        match self.facility.kind == kind {
            true => Ok(()),
            false => Err(Failure::new(Code::NotFound)),
        }
    }
}

impl HouseDay {
    /// Guests who have not left, place by place.
    pub(super) fn present(&self) -> Vec<PresentGuest<'_>> {
        let places = self.occupancy.places.iter();
        let guests = places.flat_map(|place| {
            let here = place.guests.iter();
            let here = here.filter(|guest| guest.departed_at.is_none());
            here.map(move |guest| PresentGuest { place, guest })
        });
        guests.collect()
    }

    /// Those who are wanted.
    pub(super) fn wanted(&self, wanted: &Wanted) -> Vec<PresentGuest<'_>> {
        let mut present = self.present();
        present.retain(|one| wanted.matches(one));
        present
    }

    /// A list of these guests.
    pub(super) fn list(
        &self,
        words: Words,
        frame: ListFrame,
        wanted: &Wanted,
        guests: &[PresentGuest<'_>],
    ) -> GuestList {
        let listed = guests.iter().take(LISTED_COUNT_MAX);
        GuestList {
            id: frame.id,
            heading: frame.heading,
            lines: listed.map(|one| self.line(words, one)).collect(),
            all_count: guests.len(),
            is_filtered: wanted.is_filtered(),
            back: frame.back,
            room: wanted.room.clone(),
            find: wanted.find.clone(),
            is_of_term: frame.is_of_term,
        }
    }

    fn line(&self, words: Words, one: &PresentGuest<'_>) -> GuestLine {
        let guest = one.guest;
        let leaves_at = guest.expected_departure_at.map(moment::short);
        let name = guest.full_name.as_deref();
        GuestLine {
            stay_id: guest.stay_id,
            version: guest.state.version,
            name: name.unwrap_or_else(|| words.unnamed()).to_owned(),
            room: name_of(one.place).to_owned(),
            leaves_at: leaves_at.unwrap_or_else(|| words.unknown().to_owned()),
            badge: self.state(guest).badge(words),
        }
    }

    fn state(&self, guest: &Occupant) -> StayState {
        StayState {
            presence: Presence::Present,
            identity: guest.state.identity,
            review: guest.state.review,
            delivery: guest.state.delivery,
            is_withdrawn: false,
            completion: guest.state.completion,
            is_asked: self.asked.contains(&guest.stay_id),
            is_overdue: guest.expected_departure_at.is_some_and(|at| at <= self.now),
        }
    }

    /// The places by house and floor, the highest floor first; places of no known floor come last.
    pub(super) fn floors(&self, words: Words, expecting: &[&str], chosen: &str) -> Vec<Floor> {
        let mut floors: Vec<(FloorKey<'_>, Vec<RoomTile>)> = Vec::new();
        let places = self.occupancy.places.iter();
        for place in places.filter(|place| is_shown(place)) {
            let key = FloorKey::of(place);
            let tile = self.tile(place, expecting, chosen);
            match floors.iter_mut().find(|(known, _)| *known == key) {
                Some((_, tiles)) => tiles.push(tile),
                None => floors.push((key, vec![tile])),
            }
        }
        floors.sort_by_key(|(key, _)| key.order());
        let floors = floors.into_iter();
        floors
            .map(|(key, rooms)| Floor {
                name: key.name(words),
                rooms,
            })
            .collect()
    }

    fn tile(&self, place: &OccupiedPlace, expecting: &[&str], chosen: &str) -> RoomTile {
        let name = name_of(place);
        let here = place.guests.iter();
        let mut here = here.filter(|guest| guest.departed_at.is_none());
        RoomTile {
            name: name.to_owned(),
            occupied: place.occupied,
            capacity: place.listed.as_ref().map(|listed| listed.capacity),
            needs_attention: here.any(|guest| self.state(guest).needs_attention()),
            is_expecting: expecting.contains(&name),
            is_chosen: name == chosen,
        }
    }
}

/// The floor of a place, in its house.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FloorKey<'a> {
    house: Option<&'a str>,
    floor: Option<&'a str>,
}

impl<'a> FloorKey<'a> {
    fn of(place: &'a OccupiedPlace) -> Self {
        let listed = place.listed.as_ref();
        let floor = listed.and_then(|room| room.floor.as_deref());
        Self {
            house: listed.and_then(|room| room.ward.as_deref()),
            floor: floor.or_else(|| floor_of(name_of(place))),
        }
    }

    /// Houses in the order of their names; what is in no house, and on no floor, last.
    fn order(&self) -> (bool, Option<&'a str>, std::cmp::Reverse<Option<u32>>) {
        let number = self.floor.and_then(|floor| floor.parse().ok());
        let is_unknown = self.house.is_none() && self.floor.is_none();
        (is_unknown, self.house, std::cmp::Reverse(number))
    }

    fn name(&self, words: Words) -> String {
        match (self.house, self.floor) {
            (Some(house), Some(floor)) => words.floor_of_house(house, floor),
            (Some(house), None) => house.to_owned(),
            (None, Some(floor)) => words.floor_is(floor),
            (None, None) => words.other_rooms().to_owned(),
        }
    }
}

/// Places of the list, and others with a name while somebody is there.
fn is_shown(place: &OccupiedPlace) -> bool {
    let is_there = |guest: &Occupant| guest.departed_at.is_none();
    let is_named = !name_of(place).is_empty();
    is_named && (place.listed.is_some() || place.guests.iter().any(is_there))
}

/// What a place is called.
pub(super) fn name_of(place: &OccupiedPlace) -> &str {
    let [room, bed, _] = &place.named;
    match &place.listed {
        Some(listed) => &listed.name,
        None => bed.as_deref().or(room.as_deref()).unwrap_or_default(),
    }
}
