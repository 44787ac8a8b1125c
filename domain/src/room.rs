//! The rooms and beds of a facility as listed, and the place of a stay on the list.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::draft::PLACE_LENGTH_MAX;
use crate::draft::reader::{Bound, ObjectReader};
use crate::problem::{Code, Violation};

/// Most entries of a facility's list: the largest resort of the country has fewer.
pub const ROOM_COUNT_MAX: usize = 5_000;
/// Most guests that one entry holds at the same time: a hall of a dormitory or a camp.
pub const CAPACITY_MAX: u32 = 1_000;

/// Most violations that are named of one list.
const VIOLATION_COUNT_MAX: usize = 100;
const PLACE: Bound = Bound::line(PLACE_LENGTH_MAX);

coded! {
    /// The kind of an entry.
    pub enum RoomKind {
        /// A room that guests share or have alone.
        Room => "room",
        /// A single bed.
        Bed => "bed",
    }
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// What a stay's `room` or `bed` calls it; unique within its ward.
    pub name: String,
    /// Room or bed.
    pub kind: RoomKind,
    /// How many guests it holds.
    pub capacity: u32,
    /// The ward or house it belongs to: kept, never forwarded.
    pub ward: Option<String>,
    /// The floor it is on, where its number does not tell: kept, never forwarded.
    pub floor: Option<String>,
}

impl Room {
    fn to_value(&self) -> Value {
        let mut room = json!({
            "name": self.name,
            "kind": self.kind.as_str(),
            "capacity": self.capacity,
        });
        if let Some(ward) = &self.ward {
            room["ward"] = json!(ward);
        }
        if let Some(floor) = &self.floor {
            room["floor"] = json!(floor);
        }
        room
    }
}

/// A facility's list, in the order in which it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomList {
    rooms: Vec<Room>,
}

impl RoomList {
    /// Reads `{items: [{name, kind, capacity, ward?, floor?}]}`: the whole list, which may be empty. An
    /// answer can be sent back unchanged; `rooms` is accepted in place of `items`, for
    /// compatibility.
    ///
    /// A bed has room for one when it does not say otherwise. Names are compared without regard
    /// to letter case.
    ///
    /// # Errors
    /// Every violation, at most 100.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let rooms = read_rooms(body, &mut violations);
        if violations.is_empty() {
            return Ok(Self { rooms });
        }
        violations.truncate(VIOLATION_COUNT_MAX);
        Err(violations)
    }

    /// The entries.
    #[must_use]
    pub fn rooms(&self) -> &[Room] {
        &self.rooms
    }

    /// The entries as JSON, in the contract's form: what is answered and what is kept.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.rooms.iter().map(Room::to_value).collect()
    }

    /// The entries, in the order in which they were sent.
    #[must_use]
    pub fn into_rooms(self) -> Vec<Room> {
        self.rooms
    }

    /// Where on the list each stay lies.
    #[must_use]
    pub fn places(&self) -> RoomIndex {
        let mut places = RoomIndex(HashMap::new());
        for (index, room) in self.rooms.iter().enumerate() {
            let entry = (room.ward.as_deref().map(comparable), index);
            let of_name = places.0.entry((room.kind, comparable(&room.name)));
            of_name.or_default().push(entry);
        }
        places
    }
}

/// Finds the entry of a stay by what the stay says of its place.
pub struct RoomIndex(HashMap<(RoomKind, String), Vec<WardEntry>>);

/// An entry's ward, as it is compared, and its index.
type WardEntry = (Option<String>, usize);

impl RoomIndex {
    /// The index of the entry: the bed, if one of that name is listed, else the room. A ward that
    /// the stay names decides between entries of the same name; one that contradicts it is never
    /// meant.
    #[must_use]
    pub fn find(&self, room: Option<&str>, bed: Option<&str>, ward: Option<&str>) -> Option<usize> {
        let ward = ward.map(comparable);
        let by_bed = bed.and_then(|name| self.of(RoomKind::Bed, name, ward.as_deref()));
        by_bed.or_else(|| room.and_then(|name| self.of(RoomKind::Room, name, ward.as_deref())))
    }

    fn of(&self, kind: RoomKind, name: &str, ward: Option<&str>) -> Option<usize> {
        let entries = self.0.get(&(kind, comparable(name)))?;
        let exact = entries.iter().find(|(listed, _)| listed.as_deref() == ward);
        let fitting = || {
            entries
                .iter()
                .find(|(listed, _)| listed.is_none() || ward.is_none())
        };
        exact.or_else(fitting).map(|(_, index)| *index)
    }
}

fn read_rooms(body: &Value, violations: &mut Vec<Violation>) -> Vec<Room> {
    let Some(mut list) = ObjectReader::root(body, violations) else {
        return Vec::new();
    };
    let items = list.list("items", 0..=ROOM_COUNT_MAX);
    let rooms = list.list("rooms", 0..=ROOM_COUNT_MAX);
    let (member, elements) = match (items, rooms) {
        (Some(items), None) => ("items", Some(items)),
        (None, rooms) => ("rooms", rooms),
        (Some(items), Some(rooms)) => {
            // The same twice is no contradiction.
            if items != rooms {
                list.refuse("rooms", Code::Duplicate);
            }
            ("items", Some(items))
        }
    };
    let is_sent = ["items", "rooms"]
        .iter()
        .any(|name| body.get(name).is_some_and(|sent| !sent.is_null()));
    if !is_sent {
        list.require("items");
    }
    // A list that was answered has it, as `null`.
    list.finish(&["next_cursor"]);
    let mut rooms = Vec::new();
    let mut names = HashMap::new();
    for (index, element) in elements.unwrap_or_default().iter().enumerate() {
        let pointer = format!("/{member}/{index}");
        let Some(room) = read_room(&pointer, element, violations) else {
            continue;
        };
        let key = (room.ward.as_deref().map(comparable), comparable(&room.name));
        if names.insert(key, index).is_some() {
            violations.push(Violation::new(format!("{pointer}/name"), Code::Duplicate));
        }
        rooms.push(room);
    }
    rooms
}

fn read_room(pointer: &str, element: &Value, violations: &mut Vec<Violation>) -> Option<Room> {
    let mut reader = ObjectReader::at(pointer.to_owned(), element, violations)?;
    let name = reader.text("name", PLACE);
    if name.is_none() {
        reader.require("name");
    }
    let word = reader.text("kind", PLACE);
    let kind = word.as_deref().and_then(RoomKind::parse);
    match (&word, kind) {
        (None, _) => reader.require("kind"),
        (Some(_), None) => reader.refuse("kind", Code::UnknownCode),
        (Some(_), Some(_)) => {}
    }
    let capacity = reader
        .integer("capacity", 1..=CAPACITY_MAX)
        .or_else(|| (kind == Some(RoomKind::Bed)).then_some(1));
    if capacity.is_none() {
        reader.require("capacity");
    }
    let ward = reader.text("ward", PLACE);
    let floor = reader.text("floor", PLACE);
    reader.finish(&[]);
    Some(Room {
        name: name?,
        kind: kind?,
        capacity: capacity?,
        ward,
        floor,
    })
}

/// A name as it is compared: without regard to letter case.
fn comparable(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(body: &Value) -> Vec<(String, Code)> {
        let violations = RoomList::read(body).unwrap_err();
        let pairs = violations.into_iter();
        pairs.map(|one| (one.pointer, one.code)).collect()
    }

    #[test]
    fn a_list_reads_back_as_it_was_sent() {
        let sent = json!({"rooms": [
            {"name": " 101 ", "kind": "room", "capacity": 2, "floor": " 1 "},
            {"name": "12B", "kind": "bed", "ward": "Nội"},
            {"name": "12b", "kind": "bed", "capacity": 1, "ward": "Ngoại"},
        ]});
        let list = RoomList::read(&sent).unwrap();
        let expected = json!([
            {"name": "101", "kind": "room", "capacity": 2, "floor": "1"},
            {"name": "12B", "kind": "bed", "capacity": 1, "ward": "Nội"},
            {"name": "12b", "kind": "bed", "capacity": 1, "ward": "Ngoại"},
        ]);
        assert_eq!(list.to_value(), expected);
        let again = RoomList::read(&json!({"items": expected, "next_cursor": null})).unwrap();
        assert_eq!(again, list);
        assert_eq!(RoomList::read(&json!({"rooms": []})).unwrap().rooms(), []);
    }

    #[test]
    fn every_fault_of_a_list_is_named() {
        let room = json!({"name": "1", "kind": "room", "capacity": 1});
        let table = [
            (json!([]), vec![("", Code::InvalidType)]),
            (json!({}), vec![("/items", Code::Required)]),
            (json!({"rooms": null}), vec![("/items", Code::Required)]),
            (
                json!({"rooms": {}, "x": 1}),
                vec![("/rooms", Code::InvalidType), ("/x", Code::UnknownField)],
            ),
            (
                json!({"items": {}, "next_cursor": "x"}),
                vec![
                    ("/items", Code::InvalidType),
                    ("/next_cursor", Code::ReadOnly),
                ],
            ),
            (json!({"items": [7]}), vec![("/items/0", Code::InvalidType)]),
            (
                json!({"items": [room], "rooms": []}),
                vec![("/rooms", Code::Duplicate)],
            ),
            (
                json!({"rooms": vec![room.clone(); ROOM_COUNT_MAX + 1]}),
                vec![("/rooms", Code::TooManyItems)],
            ),
            (
                json!({"rooms": [7, {}, {"name": "1", "kind": "hut", "capacity": 0, "x": 1}]}),
                vec![
                    ("/rooms/0", Code::InvalidType),
                    ("/rooms/1/name", Code::Required),
                    ("/rooms/1/kind", Code::Required),
                    ("/rooms/1/capacity", Code::Required),
                    ("/rooms/2/kind", Code::UnknownCode),
                    ("/rooms/2/capacity", Code::OutOfRange),
                    ("/rooms/2/x", Code::UnknownField),
                ],
            ),
            (
                json!({"rooms": [room, {"name": "1", "kind": "bed"}]}),
                vec![("/rooms/1/name", Code::Duplicate)],
            ),
            (
                json!({"rooms": [{"name": "a", "kind": "room", "capacity": 1001},
                                 {"name": "b", "kind": "room", "capacity": "2"}]}),
                vec![
                    ("/rooms/0/capacity", Code::OutOfRange),
                    ("/rooms/1/capacity", Code::InvalidType),
                ],
            ),
        ];
        for (body, expected) in table {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(pointer, code)| (pointer.to_owned(), code))
                .collect();
            assert_eq!(found(&body), expected);
        }
        let many = json!({"rooms": vec![json!({}); 1_000]});
        assert_eq!(found(&many).len(), VIOLATION_COUNT_MAX);
    }

    #[test]
    fn a_stay_lies_in_its_bed_else_in_its_room() {
        let list = RoomList::read(&json!({"rooms": [
            {"name": "101", "kind": "room", "capacity": 2},
            {"name": "1", "kind": "bed", "ward": "Nội"},
            {"name": "1", "kind": "bed", "ward": "Ngoại"},
            {"name": "101", "kind": "room", "capacity": 2, "ward": "Ngoại"},
        ]}));
        let places = list.unwrap().places();
        // Each row: room, bed, ward, index of the entry.
        let table = [
            (Some("101"), None, None, Some(0)),
            (Some("101"), Some("1"), Some("nội"), Some(1)),
            (None, Some("1"), Some("Ngoại"), Some(2)),
            (None, Some("1"), None, Some(1)),
            (Some("101"), Some("9"), Some("Ngoại"), Some(3)),
            // A room of no ward may be meant by a stay of any ward.
            (Some("101"), None, Some("Sản"), Some(0)),
            (None, Some("1"), Some("Sản"), None),
            (Some("102"), None, None, None),
            (None, None, Some("Nội"), None),
        ];
        for (room, bed, ward, index) in table {
            assert_eq!(
                places.find(room, bed, ward),
                index,
                "{room:?} {bed:?} {ward:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_is_kept_reads_back(
            names in prop::collection::vec(("\\PC{0,70}", 0_u32..1_200, any::<bool>()), 0..20)
        ) {
            let rooms: Vec<Value> = names.iter().map(|(name, capacity, is_bed)| json!({
                "name": name,
                "kind": if *is_bed { "bed" } else { "room" },
                "capacity": capacity,
            })).collect();
            if let Ok(list) = RoomList::read(&json!({"rooms": rooms})) {
                let again = RoomList::read(&json!({"rooms": list.to_value()}));
                prop_assert_eq!(again, Ok(list));
            }
        }
    }
}
