//! Guests who are there, as a list to choose from, and the map of the rooms they are in.

use uuid::Uuid;

use crate::badge::Badge;
use crate::words::Words;

/// Guests to choose from.
pub struct GuestList {
    /// Its id in the page.
    pub id: &'static str,
    /// Its heading.
    pub heading: String,
    /// The guests.
    pub lines: Vec<GuestLine>,
    /// How many there are; more than are listed, at times.
    pub all_count: usize,
    /// Whether the list is not of all who are present.
    pub is_filtered: bool,
    /// The page that it stands on.
    pub back: &'static str,
    /// The room whose guests are listed.
    pub room: String,
    /// What was looked for.
    pub find: String,
    /// Whether guests move between rooms here, and all of the list can be taken at once.
    pub is_of_term: bool,
}

impl GuestList {
    pub(crate) fn is_cut(&self) -> bool {
        self.lines.len() < self.all_count
    }
}

/// A guest of a list.
pub struct GuestLine {
    /// The stay.
    pub stay_id: Uuid,
    /// The version that a change is meant for.
    pub version: i32,
    /// The guest.
    pub name: String,
    /// Where the guest sleeps.
    pub room: String,
    /// When the guest is expected to leave.
    pub leaves_at: String,
    /// The state.
    pub badge: Badge,
}

/// The rooms of a floor.
pub struct Floor {
    /// What it is called.
    pub name: String,
    /// Its rooms, in the order of the facility's list.
    pub rooms: Vec<RoomTile>,
}

/// A room of the map.
pub struct RoomTile {
    /// Its name.
    pub name: String,
    /// How many guests sleep there.
    pub occupied: u32,
    /// How many could; `None` for a room that is not on the list.
    pub capacity: Option<u32>,
    /// Whether a guest's data are to be looked at again.
    pub needs_attention: bool,
    /// Whether a guest is expected who is not declared yet.
    pub is_expecting: bool,
    /// Whether its guests are listed.
    pub is_chosen: bool,
}

impl RoomTile {
    pub(crate) fn class(&self) -> &'static str {
        let is_full = |capacity| self.occupied >= capacity;
        if self.needs_attention {
            "att"
        } else if self.is_expecting {
            "soon"
        } else if self.occupied == 0 {
            "out"
        } else if self.capacity.is_some_and(is_full) {
            "full"
        } else {
            ""
        }
    }

    pub(crate) fn mark(&self) -> crate::frame::Mark {
        crate::frame::Mark::chosen(self.is_chosen)
    }

    /// How many guests are there, in words.
    pub(crate) fn said(&self, words: Words) -> String {
        if self.needs_attention {
            words.look_again().to_owned()
        } else if self.is_expecting {
            words.not_declared().to_owned()
        } else if self.occupied == 0 {
            words.empty_room().to_owned()
        } else if let Some(capacity) = self.capacity {
            words.of_capacity(self.occupied, capacity)
        } else {
            self.occupied.to_string()
        }
    }

    /// Whether the number is one of guests.
    pub(crate) fn is_counted(&self) -> bool {
        !self.needs_attention && !self.is_expecting && self.occupied > 0
    }
}

/// The floor of a room: what stands before the last two digits of its number.
#[must_use]
pub fn floor_of(room: &str) -> Option<&str> {
    let is_number = room.len() >= 3 && room.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| room.get(..room.len() - 2))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_s_number_begins_with_its_floor() {
        let table = [
            ("203", Some("2")),
            ("1204", Some("12")),
            ("12", None),
            ("A203", None),
            ("", None),
            ("Phòng 1", None),
        ];
        for (room, floor) in table {
            assert_eq!(floor_of(room), floor, "{room}");
        }
    }
}
