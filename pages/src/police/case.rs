//! One case: what was declared beside how well it agrees, and the decision.

use askama::Template;
use uuid::Uuid;

use super::bar::PoliceBar;
use crate::badge::Badge;
use crate::field::Choice;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;

/// The page of a case.
#[derive(Template)]
#[template(path = "police_case.html")]
pub struct CasePage {
    /// What surrounds it.
    pub frame: Frame,
    /// What the officer holds.
    pub bar: PoliceBar,
    /// One message about the page.
    pub note: Option<Note>,
    /// The case.
    pub id: Uuid,
    /// Why it was opened.
    pub kind: &'static str,
    /// From 1, the most urgent.
    pub priority: u32,
    /// The same as a word.
    pub priority_word: &'static str,
    /// Facility, room, and how long it has waited.
    pub sub: String,
    /// What was declared, member by member.
    pub compared: Vec<ComparedRow>,
    /// How much of it differs.
    pub differences: Option<Badge>,
    /// Whether what was declared is damaged.
    pub is_damaged: bool,
    /// Whether the declaration met its deadline.
    pub timeliness: Badge,
    /// The stay.
    pub facts: Vec<(String, String)>,
    /// What happened, the newest first.
    pub history: Vec<HistoryLine>,
    /// Other cases of the facility.
    pub related: Vec<RelatedCase>,
    /// The facility.
    pub facility_id: String,
    /// What the reader may do.
    pub decision: DecisionBox,
    /// The case before, of those that the reader holds.
    pub previous: Option<Uuid>,
    /// The case behind.
    pub next: Option<Uuid>,
}

impl CasePage {
    fn class(&self) -> &'static str {
        match self.priority {
            0 | 1 => "p1",
            2 => "p2",
            _ => "p3",
        }
    }
}

/// A member as declared, and how well it agrees.
pub struct ComparedRow {
    /// What it is called.
    pub name: &'static str,
    /// As declared.
    pub value: String,
    /// How well it agrees.
    pub grade: Option<Badge>,
    /// In what it differs.
    pub reason: String,
    /// Whether it is to be seen.
    pub is_different: bool,
}

/// Something that happened.
pub struct HistoryLine {
    /// When.
    pub at: String,
    /// What.
    pub what: String,
    /// Who did it.
    pub who: &'static str,
    /// What came of it.
    pub outcome: String,
}

/// Another case of the facility.
pub struct RelatedCase {
    /// The case.
    pub id: Uuid,
    /// Why it was opened.
    pub badge: Badge,
    /// Where it is.
    pub state: &'static str,
    /// How long it has waited.
    pub waited: String,
}

/// What the reader may do about a case.
pub enum DecisionBox {
    /// Decide it.
    Form(Box<DecisionForm>),
    /// Take it first.
    Take,
    /// Nothing: in words why not.
    Nothing(String),
}

/// The form of a decision.
#[derive(Clone, Debug, Default)]
pub struct DecisionForm {
    /// The lease that holds the case; empty when it was lost.
    pub lease: String,
    /// Guards the decision against being made twice.
    pub key: String,
    /// What may be chosen.
    pub options: Vec<DecisionOption>,
    /// What is chosen.
    pub chosen: String,
    /// Members that may be looked at, and whether they are ticked.
    pub members: Vec<(Choice, bool)>,
    /// Reasons, by decision.
    pub reasons: Vec<(&'static str, Vec<Choice>)>,
    /// The reason that is chosen.
    pub reason: String,
    /// The question to the facility.
    pub question: String,
    /// Communes that a case may be referred to.
    pub communes: Vec<Choice>,
    /// The one that was typed.
    pub commune: String,
    /// The note.
    pub note: String,
    /// What is wrong: the field, and what to do.
    pub faults: Vec<(&'static str, String)>,
    /// Whether the officer has seen that the question tells something.
    pub is_confirmed: bool,
    /// The heading over the faults.
    pub faults_title: String,
}

/// A decision that may be chosen.
#[derive(Clone, Debug)]
pub struct DecisionOption {
    /// What is sent.
    pub value: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// The reason that goes with it.
    pub reason: &'static str,
}

impl DecisionForm {
    fn is_lost(&self) -> bool {
        self.lease.is_empty()
    }

    fn fault(&self, field: &str) -> Option<&str> {
        let mut faults = self.faults.iter();
        faults
            .find(|(name, _)| *name == field)
            .map(|(_, message)| message.as_str())
    }

    fn bad(&self, field: &str) -> &'static str {
        match self.fault(field) {
            Some(_) => " bad",
            None => "",
        }
    }
}
