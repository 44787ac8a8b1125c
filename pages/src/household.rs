//! An official residence: the members of its household, and their guests.

use askama::Template;

use crate::frame::Frame;
use crate::guests::GuestList;
use crate::icon::Icon;
use crate::note::Note;

/// The page of the household.
#[derive(Template)]
#[template(path = "household.html")]
pub struct HouseholdPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// How many members and guests are there.
    pub summary: String,
    /// The members.
    pub members: GuestList,
    /// Their guests.
    pub guests: GuestList,
}
