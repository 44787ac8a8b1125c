//! The census of a ward, as differences: who is new, who has left, who has moved. Nothing is
//! written before somebody confirms it.

use askama::Template;
use uuid::Uuid;

use crate::badge::Tone;
use crate::desk::DueLine;
use crate::field::Choice;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;
use crate::rows::GuestRow;

/// The page on which a ward is confirmed.
#[derive(Template)]
#[template(path = "ward.html")]
pub struct WardPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The wards to choose from; the whole facility first.
    pub wards: Vec<Choice>,
    /// The wards, with when each was last confirmed.
    pub confirmed: Vec<WardLine>,
    /// The ward that is shown; empty for all of them.
    pub ward: String,
    /// What it is called.
    pub heading: String,
    /// What the list is compared with.
    pub source: String,
    /// When the list was taken, as it is sent along.
    pub taken_at: String,
    /// The key that makes sending twice harmless.
    pub key: String,
    /// Whether a list was pasted.
    pub is_pasted: bool,
    /// A table that was pasted and not understood, and why.
    pub table: Option<(String, String)>,
    /// Lines of the list that need correcting.
    pub bad: Vec<GuestRow>,
    /// What else is sent along: the lines of the list.
    pub hidden: Vec<(String, String)>,
    /// The differences, by kind.
    pub differences: Vec<Difference>,
    /// Everybody who is where they were.
    pub unchanged: Vec<Person>,
    /// What is confirmed, in words.
    pub counts: Vec<(&'static str, usize)>,
    /// How many people are confirmed as present.
    pub present: usize,
    /// A number that must be typed because the list looks like a mistake.
    pub confirmation: Option<Confirmation>,
    /// What is owed of provisional declarations.
    pub due: Vec<DueLine>,
}

/// A ward, as it was last confirmed.
pub struct WardLine {
    /// Its name.
    pub name: String,
    /// How many declared people are there.
    pub present_count: u32,
    /// When its list was last confirmed, in words.
    pub said: String,
    /// Whether it is the one that is shown.
    pub is_shown: bool,
}

/// A kind of difference, and who is concerned.
pub struct Difference {
    /// What it is called.
    pub heading: &'static str,
    /// Its icon.
    pub icon: Icon,
    /// Its colour.
    pub tone: Tone,
    /// Who.
    pub people: Vec<Person>,
}

/// Somebody of a ward.
pub struct Person {
    /// The name.
    pub name: String,
    /// Room and bed.
    pub place: String,
    /// What there is to say.
    pub said: String,
    /// The stay, where it is to be chosen whether the person is still here.
    pub choice: Option<Presence>,
}

/// Whether somebody is still here.
pub struct Presence {
    /// The stay.
    pub stay_id: Uuid,
    /// Whether the person is.
    pub is_here: bool,
}

/// A number that must be typed.
pub struct Confirmation {
    /// How many people would have left.
    pub departures: u32,
    /// Why it is asked.
    pub said: String,
    /// What was typed.
    pub value: String,
}
