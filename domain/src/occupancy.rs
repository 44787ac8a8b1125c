//! Which guests are where on a local day, and what is free the following night.
//!
//! A guest is present from the day of arrival to the day of departure; without a departure, until
//! the expected day, and without that, indefinitely. A guest whose expected departure has passed is
//! still present, and counts tonight. A night counts for guests who have not left by the end of the
//! day.

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use crate::declaration::TEMPORARY_RESIDENCE_DAYS;
use crate::room::{Room, RoomList};
use crate::stay::{CompletionState, DeliveryState, IdentityReview, IdentityState};
use crate::time::local_date;

/// Which version of a stay it is, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OccupantState {
    /// The version that a change is meant for.
    pub version: i32,
    /// What the registry said.
    pub identity: IdentityState,
    /// What an officer made of it.
    pub review: Option<IdentityReview>,
    /// Where it is on its way to the police.
    pub delivery: DeliveryState,
    /// Whether something is owed.
    pub completion: CompletionState,
}

/// What is known of a stay's place and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// The stay.
    pub stay_id: Uuid,
    /// The guest; missing for unidentified persons.
    pub full_name: Option<String>,
    /// Room, as declared.
    pub room: Option<String>,
    /// Bed, as declared.
    pub bed: Option<String>,
    /// Ward, as declared.
    pub ward: Option<String>,
    /// When the stay began.
    pub arrival_at: DateTime<Utc>,
    /// When it is expected to end.
    pub expected_departure_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub departed_at: Option<DateTime<Utc>>,
    /// Its version and state.
    pub state: OccupantState,
}

impl Occupant {
    /// Whether the guest is present at some time of the day, as known at `now`.
    #[must_use]
    pub fn is_there_on(&self, day: NaiveDate, now: DateTime<Utc>) -> bool {
        local_date(self.arrival_at) <= day && self.last_day(now).is_none_or(|last| day <= last)
    }

    /// Whether the guest is present at the midnight that ends the day.
    #[must_use]
    pub fn stays_overnight(&self, day: NaiveDate, now: DateTime<Utc>) -> bool {
        local_date(self.arrival_at) <= day && self.last_day(now).is_none_or(|last| day < last)
    }

    /// Whether the guest lives here rather than being a guest: from 30 days on a stay is temporary
    /// residence (Law on Residence 68/2020/QH14, art. 2(6) and 27), and so is taken one whose end
    /// is not known.
    #[must_use]
    pub fn is_resident(&self) -> bool {
        self.expected_departure_at.is_none_or(|end| {
            let days = local_date(end) - local_date(self.arrival_at);
            days.num_days() >= TEMPORARY_RESIDENCE_DAYS
        })
    }

    /// The day on which the guest leaves. An overdue guest is not assumed to leave before tomorrow
    /// until a departure is recorded.
    fn last_day(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        if let Some(departed_at) = self.departed_at {
            return Some(local_date(departed_at));
        }
        let expected_at = self.expected_departure_at?;
        if expected_at > now {
            return Some(local_date(expected_at));
        }
        local_date(now).checked_add_days(Days::new(1))
    }
}

/// A place and who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccupiedPlace {
    /// The entry of the facility's list; `None` for a place that is not on it.
    pub listed: Option<Room>,
    /// Room, bed and ward as the stays name it, where it is not on the list.
    pub named: [Option<String>; 3],
    /// The guests present during the day, in order of arrival.
    pub guests: Vec<Occupant>,
    /// How many of them stay the night.
    pub occupied: u32,
}

impl OccupiedPlace {
    /// How many more could sleep there; `None` where the capacity is not known.
    #[must_use]
    pub fn free(&self) -> Option<u32> {
        let room = self.listed.as_ref()?;
        Some(room.capacity.saturating_sub(self.occupied))
    }
}

/// All places of a facility on one day: those of its list in their order, then the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// The places.
    pub places: Vec<OccupiedPlace>,
    /// Totals of the whole facility.
    pub totals: Totals,
}

/// The sums over all places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Places of the list.
    pub capacity: u32,
    /// Guests who stay the night, on the list or not.
    pub occupied: u32,
    /// Free capacity on the list; overfull places count as full.
    pub free: u32,
    /// Guests present during the day.
    pub guests: u32,
    /// Those of them in places that are not on the list.
    pub unlisted: u32,
}

/// The occupancy of one local day, as far as it is known at `now`.
#[must_use]
pub fn of_day(
    list: &RoomList,
    occupants: Vec<Occupant>,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Occupancy {
    let finder = list.places();
    let rooms = list.rooms().iter().cloned();
    let mut places: Vec<OccupiedPlace> = rooms.map(listed).collect();
    let listed_count = places.len();
    let mut occupants: Vec<Occupant> = occupants
        .into_iter()
        .filter(|occupant| occupant.is_there_on(day, now))
        .collect();
    occupants.sort_by_key(|occupant| (occupant.arrival_at, occupant.stay_id));
    let mut others: std::collections::BTreeMap<[Option<String>; 3], Vec<Occupant>> =
        std::collections::BTreeMap::new();
    for occupant in occupants {
        let [room, bed, ward] =
            [&occupant.room, &occupant.bed, &occupant.ward].map(|name| name.as_deref());
        let place = finder.find(room, bed, ward);
        match place.and_then(|index| places.get_mut(index)) {
            Some(place) => place.guests.push(occupant),
            None => {
                let named = [&occupant.room, &occupant.bed, &occupant.ward].map(Clone::clone);
                others.entry(named).or_default().push(occupant);
            }
        }
    }
    places.extend(others.into_iter().map(|(named, guests)| OccupiedPlace {
        listed: None,
        named,
        guests,
        occupied: 0,
    }));
    for place in &mut places {
        let sleeping = place
            .guests
            .iter()
            .filter(|guest| guest.stays_overnight(day, now));
        place.occupied = to_count(sleeping.count());
    }
    let totals = totals(&places, listed_count);
    Occupancy { places, totals }
}

fn listed(room: Room) -> OccupiedPlace {
    OccupiedPlace {
        listed: Some(room),
        named: [None, None, None],
        guests: Vec::new(),
        occupied: 0,
    }
}

fn totals(places: &[OccupiedPlace], listed_count: usize) -> Totals {
    let guests_of =
        |places: &[OccupiedPlace]| to_count(places.iter().map(|place| place.guests.len()).sum());
    let capacities = places.iter().filter_map(|place| place.listed.as_ref());
    Totals {
        capacity: capacities.map(|room| room.capacity).sum(),
        occupied: places.iter().map(|place| place.occupied).sum(),
        free: places.iter().filter_map(OccupiedPlace::free).sum(),
        guests: guests_of(places),
        unlisted: guests_of(places.get(listed_count..).unwrap_or_default()),
    }
}

fn to_count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::time::{parse_day, parse_instant};

    fn local(text: &str) -> DateTime<Utc> {
        parse_instant(&format!("{text}:00+07:00")).unwrap()
    }

    fn occupant(room: &str, arrival: &str, expected: Option<&str>, left: Option<&str>) -> Occupant {
        Occupant {
            stay_id: Uuid::nil(),
            full_name: None,
            room: Some(room.to_owned()),
            bed: None,
            ward: None,
            arrival_at: local(arrival),
            expected_departure_at: expected.map(local),
            departed_at: left.map(local),
            state: OccupantState {
                version: 1,
                identity: IdentityState::Verified,
                review: None,
                delivery: DeliveryState::Acknowledged,
                completion: CompletionState::Complete,
            },
        }
    }

    #[test]
    fn whoever_stays_thirty_days_lives_here() {
        let table = [
            (None, true),
            (Some("2026-12-29T12:00"), false),
            (Some("2026-12-30T01:00"), true),
        ];
        for (expected, lives_here) in table {
            let guest = occupant("1", "2026-11-30T23:30", expected, None);
            assert_eq!(guest.is_resident(), lives_here, "{expected:?}");
        }
    }

    #[test]
    fn a_guest_is_there_from_arrival_to_departure_and_sleeps_until_the_night_before() {
        let day = parse_day("2026-11-24").unwrap();
        // Each row: arrival, expected departure, departure, there that day, there that night.
        let table = [
            ("2026-11-24T00:00", None, None, true, true),
            ("2026-11-25T00:00", None, None, false, false),
            (
                "2026-11-23T14:00",
                Some("2026-11-24T12:00"),
                None,
                true,
                false,
            ),
            (
                "2026-11-23T14:00",
                Some("2026-11-25T12:00"),
                None,
                true,
                true,
            ),
            (
                "2026-11-22T14:00",
                Some("2026-11-23T12:00"),
                None,
                false,
                false,
            ),
            (
                "2026-11-22T14:00",
                Some("2026-11-26T12:00"),
                Some("2026-11-23T23:59"),
                false,
                false,
            ),
            (
                "2026-11-22T14:00",
                Some("2026-11-23T12:00"),
                Some("2026-11-24T08:00"),
                true,
                false,
            ),
            (
                "2026-11-24T10:00",
                None,
                Some("2026-11-24T16:00"),
                true,
                false,
            ),
        ];
        for (arrival, expected, left, is_there, sleeps) in table {
            let guest = occupant("1", arrival, expected, left);
            let now = local("2026-11-20T09:00");
            assert_eq!(
                guest.is_there_on(day, now),
                is_there,
                "{arrival} {expected:?} {left:?}"
            );
            assert_eq!(
                guest.stays_overnight(day, now),
                sleeps,
                "{arrival} {expected:?} {left:?}"
            );
        }
    }

    #[test]
    fn who_should_have_left_and_is_there_is_counted_until_tomorrow() {
        let now = local("2026-11-24T12:01");
        // Each row: expected departure, day asked about, there that day, there that night.
        let table = [
            ("2026-11-24T12:00", "2026-11-24", true, true),
            ("2026-11-24T12:02", "2026-11-24", true, false),
            ("2026-11-22T12:00", "2026-11-21", true, true),
            ("2026-11-22T12:00", "2026-11-22", true, true),
            ("2026-11-22T12:00", "2026-11-23", true, true),
            ("2026-11-22T12:00", "2026-11-24", true, true),
            ("2026-11-22T12:00", "2026-11-25", true, false),
            ("2026-11-22T12:00", "2026-11-26", false, false),
            ("2026-11-22T12:00", "2026-11-19", false, false),
        ];
        for (expected, day, is_there, sleeps) in table {
            let guest = occupant("1", "2026-11-20T14:00", Some(expected), None);
            let day = parse_day(day).unwrap();
            let found = (guest.is_there_on(day, now), guest.stays_overnight(day, now));
            assert_eq!(found, (is_there, sleeps), "{expected} {day}");
        }
        let gone = occupant(
            "1",
            "2026-11-20T14:00",
            Some("2026-11-22T12:00"),
            Some("2026-11-22T11:00"),
        );
        assert!(!gone.is_there_on(parse_day("2026-11-23").unwrap(), now));
    }

    #[test]
    fn places_are_counted_by_the_night() {
        let list = RoomList::read(&json!({"rooms": [
            {"name": "101", "kind": "room", "capacity": 2},
            {"name": "102", "kind": "room", "capacity": 1},
            {"name": "103", "kind": "room", "capacity": 3},
        ]}));
        let day = parse_day("2026-11-24").unwrap();
        let occupants = vec![
            occupant("101", "2026-11-24T14:00", Some("2026-11-25T12:00"), None),
            occupant("101", "2026-11-23T14:00", Some("2026-11-24T12:00"), None),
            occupant("102", "2026-11-24T14:00", None, None),
            occupant("102", "2026-11-24T14:10", None, None),
            occupant("gác xép", "2026-11-24T14:00", None, None),
            occupant("102", "2026-11-25T14:00", None, None),
        ];
        let now = local("2026-11-24T09:00");
        let occupancy = of_day(&list.unwrap(), occupants, day, now);
        let counted: Vec<_> = occupancy
            .places
            .iter()
            .map(|place| (place.guests.len(), place.occupied, place.free()))
            .collect();
        let expected = [
            (2, 1, Some(1)),
            (2, 2, Some(0)),
            (0, 0, Some(3)),
            (1, 1, None),
        ];
        assert_eq!(counted, expected);
        let totals = Totals {
            capacity: 6,
            occupied: 4,
            free: 4,
            guests: 5,
            unlisted: 1,
        };
        assert_eq!(occupancy.totals, totals);
        let arrivals: Vec<_> = occupancy.places[0]
            .guests
            .iter()
            .map(|guest| guest.arrival_at)
            .collect();
        assert!(arrivals.is_sorted());
    }

    proptest! {
        #[test]
        fn nobody_is_lost_and_nobody_is_in_two_places(
            rooms in prop::collection::vec((0_u8..4, 0_i64..4, prop::option::of(0_i64..4)), 0..30)
        ) {
            let list = RoomList::read(&json!({"rooms": [
                {"name": "0", "kind": "room", "capacity": 2},
                {"name": "1", "kind": "room", "capacity": 2},
            ]})).unwrap();
            let start = local("2026-11-20T14:00");
            let occupants: Vec<Occupant> = rooms.iter().map(|(room, arrival, nights)| Occupant {
                arrival_at: start + chrono::TimeDelta::days(*arrival),
                departed_at: nights.map(|nights| start + chrono::TimeDelta::days(arrival + nights)),
                ..occupant(&room.to_string(), "2026-11-20T14:00", None, None)
            }).collect();
            let day = parse_day("2026-11-22").unwrap();
            let now = local("2026-11-21T12:00");
            let there = occupants.iter().filter(|guest| guest.is_there_on(day, now)).count();
            let occupancy = of_day(&list, occupants, day, now);
            let placed: usize = occupancy.places.iter().map(|place| place.guests.len()).sum();
            prop_assert_eq!(placed, there);
            prop_assert!(occupancy.totals.occupied <= occupancy.totals.guests);
            prop_assert!(occupancy.totals.unlisted <= occupancy.totals.guests);
            prop_assert!(occupancy.totals.free <= occupancy.totals.capacity);
        }
    }
}
