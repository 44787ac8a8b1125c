//! Today at a facility: who is where, what is to be handled, who has to leave.

use std::collections::HashMap;

use domain::{
    occupancy::{self, Occupancy, Occupant, OccupiedPlace},
    stay::Timeliness,
    text::fold,
    time::local_date,
};
use pages::desk::DueLine;
use pages::frame::Section;
use pages::moment;
use pages::note::Note;
use pages::today::{DayCount, Floor, GuestLine, RoomTile, Tab, TodayPage, floor_of};
use pages::words::Words;
use poem::Request;
use uuid::Uuid;

use super::enter::Visit;
use super::form::PageForm;
use super::lines::{self, StayLine};
use super::{MadePage, PageRoute, get, html, post};
use crate::auth::{Access, op};
use crate::facilities::{occupancy as occupants, rooms};
use crate::problem::Failure;
use crate::reads;

/// How many guests are listed at most.
const LISTED_COUNT_MAX: usize = 200;
/// How many departures one form may ask for.
const DEPARTURE_COUNT_MAX: usize = 200;

/// The pages of today.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/desk/today", show),
        post("/desk/today", find),
        post("/desk/today/departures", depart),
    ]
}

/// `GET /desk/today`.
pub(super) async fn show(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let visit: Visit<op::TodayPage> = Visit::begin(&request, &mut body).await?;
    let query = PageForm::of_query(&request);
    let tab = match query.value("tab") {
        "leaving" => Tab::Leaving,
        _ => Tab::Present,
    };
    let wanted = WantedGuests {
        tab,
        room: query.value("room").to_owned(),
        find: String::new(),
    };
    visit.today(wanted, None).await
}

/// `POST /desk/today`: the same for a room or a name, which stands in no address.
pub(super) async fn find(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::TodayPage> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive(&request, &mut body).await?;
    visit.now = received_at;
    let wanted = WantedGuests {
        tab: Tab::Present,
        room: String::new(),
        find: sent.value("find").trim().to_owned(),
    };
    visit.today(wanted, None).await
}

/// `POST /desk/today/departures`: the guests who were chosen have left.
pub(super) async fn depart(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::DepartStay> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive(&request, &mut body).await?;
    visit.now = received_at;
    let (mut left_count, mut failed_count) = (0, 0);
    for chosen in sent.values("stay").take(DEPARTURE_COUNT_MAX) {
        let Some((id, version)) = chosen.split_once(':') else {
            continue;
        };
        match Uuid::try_parse(id) {
            Ok(id) if visit.depart(id, version).await => left_count += 1,
            Ok(_) | Err(_) => failed_count += 1,
        }
    }
    let words = visit.reader.words;
    let note = match (left_count, failed_count) {
        (0, 0) => None,
        (left, 0) => Some(Note::done(words.checked_out(left), String::new())),
        (left, failed) => Some(Note::failed(
            words.not_checked_out(failed),
            words.checked_out(left),
        )),
    };
    let wanted = WantedGuests {
        tab: Tab::Present,
        room: String::new(),
        find: String::new(),
    };
    visit.today(wanted, note).await
}

/// Which guests are listed.
struct WantedGuests {
    tab: Tab,
    /// Those of a room.
    room: String,
    /// Those of a room or with a name.
    find: String,
}

impl WantedGuests {
    fn is_filtered(&self) -> bool {
        !self.room.is_empty() || !self.find.is_empty()
    }

    fn matches(&self, place: &str, guest: &Occupant) -> bool {
        let is_of_room = self.room.is_empty() || self.room == place;
        let name = fold(guest.full_name.as_deref().unwrap_or_default());
        let is_found = self.find.is_empty()
            || fold(place) == fold(&self.find)
            || name.contains(&fold(&self.find));
        is_of_room && is_found
    }

    fn heading(&self, words: Words) -> String {
        match (self.tab, self.room.as_str()) {
            (_, room) if !room.is_empty() => words.guests_of_room(room),
            (Tab::Present, _) => words.present_guests().to_owned(),
            (Tab::Leaving, _) => words.leaving_guests().to_owned(),
        }
    }
}

impl<A: Access> Visit<A> {
    async fn today(&self, wanted: WantedGuests, note: Option<Note>) -> MadePage {
        let words = self.reader.words;
        let today = local_date(self.now);
        let list = rooms::current(&self.app, &self.facility).await?.list;
        let (guests, _) = occupants::occupants(&self.app, &self.facility, today).await?;
        reads::note(&self.app, self.sender(), guests.len()).await;
        let day = occupancy::of_day(&list, guests, today, self.now);
        let due = self.due().await?;
        let present = present(&day);
        let is_leaving = |guest: &Occupant| {
            let at = guest.expected_departure_at;
            at.is_some_and(|at| local_date(at) <= today)
        };
        let leaving_count = present
            .iter()
            .filter(|(_, guest)| is_leaving(guest))
            .count();
        let listed: Vec<(&str, &Occupant)> = present
            .iter()
            .filter(|(place, guest)| wanted.matches(place, guest))
            .filter(|(_, guest)| wanted.tab == Tab::Present || is_leaving(guest))
            .take(LISTED_COUNT_MAX)
            .copied()
            .collect();
        let page = TodayPage {
            note,
            summary: summary(words, &day, present.len()),
            tab: wanted.tab,
            present_count: present.len(),
            leaving_count,
            floors: floors(words, &day, &due, &wanted.room),
            list_heading: wanted.heading(words),
            guests: self.guests(&listed).await?,
            is_filtered: wanted.is_filtered(),
            count: self.count().await?,
            find: wanted.find,
            frame: self.frame(Section::Today, words.today().to_owned(), &due),
            due,
        };
        html::page(&self.reader, &page)
    }

    async fn guests(&self, listed: &[(&str, &Occupant)]) -> Result<Vec<GuestLine>, Failure> {
        let words = self.reader.words;
        let ids: Vec<Uuid> = listed.iter().map(|(_, guest)| guest.stay_id).collect();
        let stays = store::stays::find_many(&self.app.db, &ids, &[self.facility.id]).await?;
        let lines = lines::of(&self.app, stays, self.now).await?;
        let lines: HashMap<Uuid, StayLine> =
            lines.into_iter().map(|line| (line.stay.id, line)).collect();
        let guests = listed.iter().filter_map(|(place, guest)| {
            let line = lines.get(&guest.stay_id)?;
            let leaves_at = guest.expected_departure_at.map(moment::short);
            Some(GuestLine {
                stay_id: guest.stay_id,
                version: line.stay.version,
                name: line.name(words),
                room: (*place).to_owned(),
                leaves_at: leaves_at.unwrap_or_else(|| words.unknown().to_owned()),
                badge: line.badge(words),
            })
        });
        Ok(guests.collect())
    }

    async fn count(&self) -> Result<DayCount, Failure> {
        let today = local_date(self.now);
        let arrived = store::stays::arrived_on(&self.app.db, self.facility.id, today).await?;
        let is_on_time = |timeliness: &Result<Timeliness, _>| {
            timeliness
                .as_ref()
                .is_ok_and(|one| *one == Timeliness::OnTime)
        };
        let on_time = arrived.iter().map(|row| row.timeliness.get());
        Ok(DayCount {
            on_time: on_time.filter(is_on_time).count(),
            arrived: arrived.len(),
        })
    }
}

/// Guests who have not left, with the name of their place.
fn present(day: &Occupancy) -> Vec<(&str, &Occupant)> {
    let places = day.places.iter();
    places
        .flat_map(|place| {
            let guests = place.guests.iter();
            let here = guests.filter(|guest| guest.departed_at.is_none());
            here.map(|guest| (name_of(place), guest))
        })
        .collect()
}

fn name_of(place: &OccupiedPlace) -> &str {
    let [room, bed, _] = &place.named;
    match &place.listed {
        Some(listed) => &listed.name,
        None => bed.as_deref().or(room.as_deref()).unwrap_or_default(),
    }
}

fn summary(words: Words, day: &Occupancy, guest_count: usize) -> String {
    let listed = day.places.iter().filter(|place| place.listed.is_some());
    let occupied = listed.clone().filter(|place| place.occupied > 0).count();
    match listed.count() {
        0 => words.guests_present(guest_count),
        all => words.guests_in_rooms(guest_count, occupied, all),
    }
}

/// The places by floor, the highest first; places without a number of a floor come last.
fn floors(words: Words, day: &Occupancy, due: &[DueLine], chosen: &str) -> Vec<Floor> {
    let mut floors: Vec<(Option<String>, Vec<RoomTile>)> = Vec::new();
    let named = day.places.iter().filter(|place| !name_of(place).is_empty());
    for place in named {
        let floor = floor_of(name_of(place)).map(str::to_owned);
        let tile = tile(place, due, chosen);
        match floors.iter_mut().find(|(known, _)| *known == floor) {
            Some((_, tiles)) => tiles.push(tile),
            None => floors.push((floor, vec![tile])),
        }
    }
    let number = |floor: &Option<String>| floor.as_deref().and_then(|it| it.parse::<u32>().ok());
    floors.sort_by_key(|(floor, _)| std::cmp::Reverse(number(floor)));
    let floors = floors.into_iter();
    floors
        .map(|(floor, rooms)| Floor {
            name: match floor {
                Some(floor) => words.floor_is(floor),
                None => words.other_rooms().to_owned(),
            },
            rooms,
        })
        .collect()
}

fn tile(place: &OccupiedPlace, due: &[DueLine], chosen: &str) -> RoomTile {
    let name = name_of(place);
    let is_due = |guest: &Occupant| {
        let needs_look = due.iter().filter(|line| line.needs_look());
        needs_look
            .into_iter()
            .any(|line| line.stay_id == guest.stay_id)
    };
    RoomTile {
        name: name.to_owned(),
        occupied: place.occupied,
        capacity: place.listed.as_ref().map(|listed| listed.capacity),
        needs_attention: place.guests.iter().any(is_due),
        is_chosen: name == chosen,
    }
}
