//! The residents of a dormitory: who sleeps there tonight, the beginning and the end of a term, and
//! moves between rooms.

use askama::Template;

use crate::frame::Frame;
use crate::guests::{Floor, GuestList};
use crate::icon::Icon;
use crate::note::Note;

/// The page of the residents.
#[derive(Template)]
#[template(path = "roster.html")]
pub struct RosterPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The numbers of the night: what they count, and how many.
    pub figures: Vec<(&'static str, u32)>,
    /// What is looked for.
    pub find: String,
    /// The rooms, by floor.
    pub floors: Vec<Floor>,
    /// The residents of the list.
    pub list: GuestList,
}
