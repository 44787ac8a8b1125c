//! Today: who is where, by room, what is to be handled, and the count of the day.

use askama::Template;
use uuid::Uuid;

use crate::badge::Badge;
use crate::desk::DueLine;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;

/// The page of today.
#[derive(Template)]
#[template(path = "today.html")]
pub struct TodayPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The day, and how many guests are in how many rooms.
    pub summary: String,
    /// What is looked for.
    pub find: String,
    /// Which guests are listed.
    pub tab: Tab,
    /// How many guests are present.
    pub present_count: usize,
    /// How many are expected to leave today.
    pub leaving_count: usize,
    /// The rooms, by floor.
    pub floors: Vec<Floor>,
    /// The heading of the list.
    pub list_heading: String,
    /// The guests of the list.
    pub guests: Vec<GuestLine>,
    /// Whether the list is not of all who are present.
    pub is_filtered: bool,
    /// What is to be handled.
    pub due: Vec<DueLine>,
    /// The count of the day.
    pub count: DayCount,
}

/// Which guests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// All who are present.
    Present,
    /// Those who are expected to leave today.
    Leaving,
}

impl TodayPage {
    fn marked(&self, tab: Tab) -> crate::frame::Mark {
        crate::frame::Mark::current(self.tab == tab)
    }

    fn at_present(&self) -> crate::frame::Mark {
        self.marked(Tab::Present)
    }

    fn at_leaving(&self) -> crate::frame::Mark {
        self.marked(Tab::Leaving)
    }
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
    /// Whether its guests are listed.
    pub is_chosen: bool,
}

impl RoomTile {
    fn class(&self) -> &'static str {
        if self.needs_attention {
            "att"
        } else if self.occupied == 0 {
            "out"
        } else if self
            .capacity
            .is_some_and(|capacity| self.occupied >= capacity)
        {
            "full"
        } else {
            ""
        }
    }

    fn mark(&self) -> crate::frame::Mark {
        crate::frame::Mark::chosen(self.is_chosen)
    }
}

/// A guest of the list.
pub struct GuestLine {
    /// The stay.
    pub stay_id: Uuid,
    /// The version that a departure is meant for.
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

/// The count of the day.
pub struct DayCount {
    /// Guests who arrived today.
    pub arrived: usize,
    /// Those of them who were declared on time.
    pub on_time: usize,
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
