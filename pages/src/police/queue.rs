//! The queue: the cases that wait, without anything personal.

use askama::Template;
use uuid::Uuid;

use super::bar::PoliceBar;
use crate::badge::Badge;
use crate::field::Choice;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;

/// The page of the queue.
#[derive(Template)]
#[template(path = "police.html")]
pub struct QueuePage {
    /// What surrounds it.
    pub frame: Frame,
    /// What the officer holds.
    pub bar: PoliceBar,
    /// One message about the page.
    pub note: Option<Note>,
    /// The areas, and how much waits.
    pub summary: String,
    /// The four numbers.
    pub figures: [Figure; 4],
    /// What is listed.
    pub filters: QueueFilters,
    /// The cases.
    pub lines: Vec<QueueLine>,
    /// Cases that are stored damaged.
    pub damaged_count: usize,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Whether this is not the first page.
    pub is_later: bool,
    /// How many cases are taken at once; `None` for those who decide nothing.
    pub take_count: Option<usize>,
    /// Guards the taking against being done twice.
    pub key: String,
}

/// One of the four numbers.
pub struct Figure {
    /// The number.
    pub value: String,
    /// What it counts.
    pub name: &'static str,
    /// Whether it is bad that it is not nothing.
    pub is_bad: bool,
}

/// What is listed. All of it stands in the address: none of it is personal.
#[derive(Clone, Debug, Default)]
pub struct QueueFilters {
    /// Kinds of cases.
    pub kinds: Vec<Choice>,
    /// The one that is chosen.
    pub kind: String,
    /// The communes that may be chosen; none where there is only one.
    pub communes: Vec<Choice>,
    /// The one that is chosen.
    pub commune: String,
    /// Kinds of facilities.
    pub facility_kinds: Vec<Choice>,
    /// The one that is chosen.
    pub facility_kind: String,
    /// States.
    pub states: Vec<Choice>,
    /// The one that is chosen.
    pub state: String,
    /// Only of this facility.
    pub facility: String,
    /// Only what the reader holds.
    pub is_held: bool,
}

impl QueueFilters {
    /// Whether less than all is listed.
    fn is_filtered(&self) -> bool {
        let chosen = [
            &self.kind,
            &self.commune,
            &self.facility_kind,
            &self.facility,
            &self.state,
        ];
        self.is_held || chosen.iter().any(|value| !value.is_empty())
    }

    /// The filters as the query of an address.
    fn query(&self) -> String {
        let pairs = [
            ("kind", &self.kind),
            ("commune", &self.commune),
            ("facility_kind", &self.facility_kind),
            ("state", &self.state),
            ("facility", &self.facility),
        ];
        let chosen = pairs.iter().filter(|(_, value)| !value.is_empty());
        let chosen = chosen.map(|(name, value)| format!("{name}={value}"));
        let held = self.is_held.then(|| "held=1".to_owned());
        chosen.chain(held).collect::<Vec<_>>().join("&")
    }
}

/// A case of the queue.
pub struct QueueLine {
    /// The case.
    pub id: Uuid,
    /// From 1, the most urgent.
    pub priority: u32,
    /// The same as a word.
    pub priority_word: &'static str,
    /// Why it was opened.
    pub badge: Badge,
    /// Where it is, when it does not simply wait.
    pub state: Option<&'static str>,
    /// The facility.
    pub facility: String,
    /// What it is by law.
    pub facility_kind: &'static str,
    /// How long it has waited.
    pub waited: String,
    /// The clock of the deadline.
    pub deadline: String,
    /// How far away that is.
    pub deadline_left: String,
    /// Whether it has passed.
    pub is_overdue: bool,
    /// Who holds it.
    pub holder: Holder,
}

/// Who holds a case.
pub enum Holder {
    /// Nobody, and the reader may take it.
    Free,
    /// Nobody, and the reader only watches, or it is done.
    Nobody,
    /// The reader, or somebody else, in words.
    Held(Badge),
}

impl QueueLine {
    /// The class of its priority.
    fn class(&self) -> &'static str {
        match self.priority {
            0 | 1 => "p1",
            2 => "p2",
            _ => "p3",
        }
    }
}
