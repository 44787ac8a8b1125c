//! The office: accounts, machines, keys, organisations, facilities, and how the service runs. Its
//! pages are all made of the same parts: tables, forms, facts.

mod part;

use askama::Template;

use crate::badge::Badge;
use crate::frame::{Frame, Mark};
use crate::icon::Icon;
use crate::note::Note;

pub use part::{
    Act, Button, Cell, Check, Checks, Column, Fact, Facts, Form, FormField, Grant, Row, Table, Tint,
};

/// A page of the office.
#[derive(Template)]
#[template(path = "office.html")]
pub struct OfficePage {
    /// What surrounds it.
    pub frame: Frame,
    /// Its heading.
    pub heading: String,
    /// What is so, in a line.
    pub sub: String,
    /// Pages beside this one.
    pub tabs: Vec<TabLink>,
    /// What happened, or what is so.
    pub notes: Vec<Note>,
    /// Something that is shown this once.
    pub secret: Option<OneTimeSecret>,
    /// What is wrong with a form that came back.
    pub summary: Option<FaultSummary>,
    /// The parts, one below the other.
    pub parts: Vec<Part>,
    /// The parts at the side.
    pub aside: Vec<Part>,
}

impl OfficePage {
    /// A page without parts.
    #[must_use]
    pub const fn new(frame: Frame, heading: String) -> Self {
        Self {
            frame,
            heading,
            sub: String::new(),
            tabs: Vec::new(),
            notes: Vec::new(),
            secret: None,
            summary: None,
            parts: Vec::new(),
            aside: Vec::new(),
        }
    }
}

/// A page beside this one.
pub struct TabLink {
    /// Where it is.
    pub path: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Whether it is this one.
    pub is_current: bool,
}

impl TabLink {
    fn mark(&self) -> Mark {
        Mark::current(self.is_current)
    }
}

/// Something that is shown this once.
pub struct OneTimeSecret {
    /// What was made.
    pub fact: String,
    /// What is shown.
    pub text: String,
    /// What to do with it.
    pub advice: String,
    /// What is to be ticked before the page is left.
    pub kept: &'static str,
    /// Where to go on.
    pub next: String,
}

/// What is wrong with a form that came back.
pub struct FaultSummary {
    /// That nothing was saved.
    pub not_saved: String,
    /// The field and what is wrong with it.
    pub faults: Vec<(String, String)>,
}

/// A part of a page.
pub enum Part {
    /// Rows.
    Table(Table),
    /// Something to fill in.
    Form(Box<Form>),
    /// Names and values.
    Facts(Facts),
}
