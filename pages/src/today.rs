//! Today: who is where, by room, who is not declared yet, what is to be handled, and the count of
//! the day.

use askama::Template;

use crate::desk::DueLine;
use crate::expected::ExpectedLine;
use crate::field::Field;
use crate::frame::{Frame, Mark};
use crate::guests::{Floor, GuestList};
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
    /// How many are expected to leave today, or were before.
    pub leaving_count: usize,
    /// The rooms, by floor.
    pub floors: Vec<Floor>,
    /// The guests of the list.
    pub list: GuestList,
    /// Guests who are not declared yet.
    pub expected: Vec<ExpectedLine>,
    /// Noting such guests.
    pub expecting: Expecting,
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
    /// Those who are not declared yet.
    Undeclared,
    /// Those who are expected to leave today.
    Leaving,
}

impl TodayPage {
    fn marked(&self, tab: Tab) -> Mark {
        Mark::current(self.tab == tab)
    }

    fn at_present(&self) -> Mark {
        self.marked(Tab::Present)
    }

    fn at_undeclared(&self) -> Mark {
        self.marked(Tab::Undeclared)
    }

    fn at_leaving(&self) -> Mark {
        self.marked(Tab::Leaving)
    }

    fn is_undeclared(&self) -> bool {
        self.tab == Tab::Undeclared
    }
}

/// The forms that note guests who are expected.
pub struct Expecting {
    /// The fields for one guest.
    pub fields: Vec<Field>,
    /// The field for many, a line each.
    pub pasted: Field,
    /// Whether the form for many is open.
    pub is_pasting: bool,
}

/// The count of the day.
pub struct DayCount {
    /// Guests who arrived today.
    pub arrived: usize,
    /// Those of them who were declared on time.
    pub on_time: usize,
}
