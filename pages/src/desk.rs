//! Declaring a guest: the scan field, below it what is to be handled, the guest's card, or the
//! receipt; beside them the newest declarations.

pub mod card;
pub mod form;

use askama::Template;
use uuid::Uuid;

use crate::badge::{Badge, Tone};
use crate::expected::ExpectedLine;
use crate::frame::{Frame, Head};
use crate::icon::Icon;
use crate::note::Note;
use card::Card;

/// The page on which guests are declared.
#[derive(Template)]
#[template(path = "desk.html")]
pub struct DeskPage {
    /// What surrounds it.
    pub frame: Frame,
    /// The scan field.
    pub scan: ScanField,
    /// One message about the page.
    pub note: Option<Note>,
    /// What stands below the scan field.
    pub stage: Stage,
    /// The newest declarations, the newest first.
    pub newest: Vec<Newest>,
    /// What drafts are sealed with while the connection is lost.
    pub sealing: Sealing,
    /// Whom to call when that lasts.
    pub duty: String,
}

/// The page on which guests are declared while the connection is lost: an empty card. It is kept in
/// the browser, and shows nothing of anybody.
#[derive(Template)]
#[template(path = "offline.html")]
pub struct OfflinePage {
    /// What every page has.
    pub head: Head,
    /// The facility.
    pub facility: String,
    /// An empty card with every field.
    pub card: Card,
    /// What drafts are sealed with.
    pub sealing: Sealing,
    /// Whom to call when the connection stays lost.
    pub duty: String,
}

/// What a browser seals drafts with.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The public key, in base64url.
    pub key: String,
    /// The facility, for which alone a draft opens.
    pub facility_id: Uuid,
}

/// The field that takes scans and numbers.
#[derive(Clone, Debug, Default)]
pub struct ScanField {
    /// What stands in it: never cleared because of a fault.
    pub value: String,
    /// Why it was not understood.
    pub fault: Option<String>,
    /// A room that the next guest shares.
    pub room: String,
}

/// What stands below the scan field.
pub enum Stage {
    /// Nobody is being declared.
    Idle(Idle),
    /// A guest is.
    Card(Box<Card>),
    /// A guest was.
    Sent(Box<Sent>),
}

impl Stage {
    fn is_card(&self) -> bool {
        matches!(self, Self::Card(_))
    }

    fn has_summary(&self) -> bool {
        matches!(self, Self::Card(card) if !card.summary.is_empty())
    }
}

/// What is to be handled while nobody is being declared.
pub struct Idle {
    /// What is due, the most urgent first.
    pub due: Vec<DueLine>,
    /// Guests who are not declared yet.
    pub expected: Vec<ExpectedLine>,
    /// Whether anybody was declared here lately.
    pub has_guests: bool,
}

/// Something to handle.
#[derive(Clone, Debug)]
pub struct DueLine {
    /// The stay.
    pub stay_id: Uuid,
    /// The guest.
    pub name: String,
    /// Where the guest sleeps.
    pub room: Option<String>,
    /// What kind of thing it is.
    pub badge: Badge,
    /// What to do.
    pub advice: String,
}

impl DueLine {
    /// Whether somebody asks the facility.
    #[must_use]
    pub fn is_question(&self) -> bool {
        self.badge.icon == Icon::Question
    }

    /// Whether somebody has to look at the guest's data.
    #[must_use]
    pub fn needs_look(&self) -> bool {
        matches!(self.badge.tone, Tone::Attention | Tone::Late)
    }
}

/// A guest who was just declared.
pub struct Sent {
    /// The stay.
    pub stay_id: Uuid,
    /// The verdict and the guest.
    pub heading: String,
    /// Whether the deadline was met.
    pub is_on_time: bool,
    /// The receipt's number.
    pub number: String,
    /// When it was received, to the second.
    pub received_at: String,
    /// The deadline.
    pub deadline_at: String,
    /// Which police get it.
    pub destination: String,
    /// The room, for somebody who shares it.
    pub room: String,
}

/// One of the newest declarations.
#[derive(Clone, Debug)]
pub struct Newest {
    /// The stay.
    pub stay_id: Uuid,
    /// The guest.
    pub name: String,
    /// Where the guest sleeps.
    pub room: Option<String>,
    /// Its state.
    pub badge: Badge,
    /// When it was received.
    pub received_at: String,
    /// The receipt's number, shortened.
    pub number: String,
    /// The version that undoing takes back; only of one that was declared a moment ago.
    pub undo: Option<Undo>,
}

/// Taking a declaration back.
#[derive(Clone, Debug)]
pub struct Undo {
    /// The version that is taken back.
    pub version: i32,
    /// How long it is offered, in seconds.
    pub seconds: i64,
}

/// The first and the last letters of a receipt's number: `LT-261127-8MB8…XZW6`.
#[must_use]
pub fn shortened(number: &str) -> String {
    const TAIL: usize = 4;
    const HEAD: usize = "LT-261127-8MB8".len();
    let letters: Vec<char> = number.chars().collect();
    match (letters.get(..HEAD), letters.len().checked_sub(TAIL)) {
        (Some(head), Some(tail)) if tail > HEAD => {
            let tail = letters.get(tail..).unwrap_or_default();
            format!("{}…{}", String::from_iter(head), String::from_iter(tail))
        }
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shortened_in_its_middle() {
        assert_eq!(
            shortened("LT-261127-8MB80123456XZW6"),
            "LT-261127-8MB8…XZW6"
        );
        assert_eq!(shortened("LT-1"), "LT-1");
    }
}
