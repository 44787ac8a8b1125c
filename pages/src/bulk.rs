//! One thing for many guests: their number is named and asked for once before anything is written.

use askama::Template;
use uuid::Uuid;

use crate::field::Field;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;
use crate::words::Words;

/// What is done for the guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkKind {
    /// They have left.
    Departure,
    /// They stay longer.
    Extension,
    /// They move to another room.
    Transfer,
}

impl BulkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Departure, Self::Extension, Self::Transfer];

    /// Its word in an address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Departure => "departures",
            Self::Extension => "extensions",
            Self::Transfer => "transfers",
        }
    }

    /// What the button says.
    #[must_use]
    pub fn said(self, words: Words, count: usize) -> String {
        match self {
            Self::Departure => words.check_out_count(count),
            Self::Extension => words.extend_count(count),
            Self::Transfer => words.transfer_count(count),
        }
    }

    /// What is said once it is done.
    #[must_use]
    pub fn done(self, words: Words, count: usize) -> String {
        match self {
            Self::Departure => words.checked_out(count),
            Self::Extension => words.extended_count(count),
            Self::Transfer => words.transferred_count(count),
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Departure => Icon::Door,
            Self::Extension => Icon::CalendarPlus,
            Self::Transfer => Icon::Bed,
        }
    }
}

/// The page that asks.
#[derive(Template)]
#[template(path = "bulk.html")]
pub struct BulkPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// What is done.
    pub kind: BulkKind,
    /// The guests it is done for.
    pub guests: Vec<BulkGuest>,
    /// How many there are in all.
    pub count: usize,
    /// The page to go back to.
    pub back: &'static str,
    /// Where all guests of a list are meant: its room, and what was looked for.
    pub whole_list: Option<(String, String)>,
    /// What is to be filled in.
    pub fields: Vec<Field>,
}

impl BulkPage {
    fn button(&self) -> String {
        self.kind.said(self.frame.head.words, self.count)
    }
}

/// A guest for whom it is done.
pub struct BulkGuest {
    /// The stay.
    pub stay_id: Uuid,
    /// The version that is changed.
    pub version: i32,
    /// The guest.
    pub name: String,
    /// Where the guest sleeps.
    pub room: String,
    /// Why it was not done.
    pub fault: Option<String>,
}
