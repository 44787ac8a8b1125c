//! One stay: its journey, what was declared, its versions and receipt, what the police ask, and
//! what can be changed.

use askama::Template;
use uuid::Uuid;

use crate::badge::Badge;
use crate::field::Field;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;

/// The page of a stay.
#[derive(Template)]
#[template(path = "stay.html")]
pub struct StayPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The stay.
    pub stay_id: Uuid,
    /// The version that changes are meant for.
    pub version: i32,
    /// The guest.
    pub name: String,
    /// Where the guest sleeps.
    pub room: Option<String>,
    /// Its state.
    pub badge: Badge,
    /// What is asked.
    pub questions: Vec<Question>,
    /// From receipt to the answer of the police.
    pub steps: Vec<Step>,
    /// Where the police found it, by their own reference.
    pub police_reference: Option<String>,
    /// What was declared.
    pub facts: Vec<Fact>,
    /// Whether the whole number of the document is among them.
    pub is_number_shown: bool,
    /// Every version, the newest first.
    pub versions: Vec<VersionLine>,
    /// The receipt of the newest version.
    pub receipt: ReceiptFacts,
    /// What can be changed; empty for a cancelled stay.
    pub changes: Changes,
}

/// A question about the stay.
pub struct Question {
    /// Its id; `None` for what a census asks.
    pub id: Option<Uuid>,
    /// In words.
    pub text: String,
    /// When it was asked and until when an answer is awaited.
    pub times: String,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Done.
    Done,
    /// Done, and to be looked at.
    Attention,
    /// Still to come.
    Waiting,
}

/// A station of the journey.
pub struct Step {
    /// How far it has come.
    pub progress: Progress,
    /// What it is called.
    pub name: &'static str,
    /// When.
    pub at: Option<String>,
    /// What came of it.
    pub outcome: String,
}

impl Step {
    fn class(&self) -> &'static str {
        match self.progress {
            Progress::Done => "done",
            Progress::Attention => "att",
            Progress::Waiting => "",
        }
    }

    fn icon(&self) -> Icon {
        match self.progress {
            Progress::Done => Icon::Check,
            Progress::Attention => Icon::Flag,
            Progress::Waiting => Icon::Clock,
        }
    }
}

/// A member of the declaration.
pub struct Fact {
    /// What it is called.
    pub name: &'static str,
    /// What was declared.
    pub value: String,
    /// Whether it is to be looked at again.
    pub is_flagged: bool,
}

/// A version.
pub struct VersionLine {
    /// Its number.
    pub version: i64,
    /// What made it.
    pub change: &'static str,
    /// When, by whom, through which door.
    pub by: String,
    /// What changed, by names.
    pub changed: String,
    /// Why.
    pub reason: Option<String>,
}

/// What the receipt says.
pub struct ReceiptFacts {
    /// Its number.
    pub number: String,
    /// When it was received.
    pub received_at: String,
    /// The deadline.
    pub deadline_at: String,
    /// The verdict.
    pub verdict: Badge,
}

/// What can be changed.
pub struct Changes {
    /// The fields of a correction.
    pub amendment: Option<Vec<Field>>,
    /// Until when the guest stays.
    pub extension: Option<Field>,
    /// When the guest left.
    pub departure: Option<Field>,
    /// Why the declaration is cancelled.
    pub cancellation: Option<Field>,
    /// Which of them is open because it came back with faults.
    pub open: Option<ChangeForm>,
}

/// A form of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeForm {
    /// The correction.
    Amendment,
    /// The extension.
    Extension,
    /// The departure.
    Departure,
    /// The cancellation.
    Cancellation,
}

impl Changes {
    fn is_open(&self, form: ChangeForm) -> bool {
        self.open == Some(form)
    }
}
