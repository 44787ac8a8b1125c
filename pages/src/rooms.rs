//! The rooms of a facility: listed, added, changed.

use askama::Template;

use crate::field::Field;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;

/// The page of the rooms.
#[derive(Template)]
#[template(path = "rooms.html")]
pub struct RoomsPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// How many rooms there are, for how many guests.
    pub summary: String,
    /// The rooms, in the order in which they are listed.
    pub rooms: Vec<RoomLine>,
    /// The version of the list that a change is meant for.
    pub version: i32,
    /// The room that is changed; `None` where one is added.
    pub changed: Option<ChangedRoom>,
    /// The fields of the room.
    pub fields: Vec<Field>,
}

/// A room of the list.
pub struct RoomLine {
    /// Its place in the list.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Room or bed.
    pub kind: &'static str,
    /// Its house or ward.
    pub ward: String,
    /// Its floor.
    pub floor: String,
    /// How many guests it holds.
    pub capacity: u32,
}

/// The room that is changed.
pub struct ChangedRoom {
    /// Its place in the list.
    pub index: usize,
    /// Its name as it is listed.
    pub name: String,
}
