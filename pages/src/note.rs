//! One message about the whole page: what is so, and what to do.

use askama::{Template, filters::HtmlSafe};

use crate::badge::Tone;
use crate::icon::Icon;

/// A message about the whole page.
#[derive(Clone, Debug, Template)]
#[template(path = "note.html")]
pub struct Note {
    /// How urgent.
    pub tone: Tone,
    /// What kind of message.
    pub icon: Icon,
    /// The fact.
    pub fact: String,
    /// What to do.
    pub advice: String,
    /// Read out at once, for what was not saved.
    pub is_alert: bool,
    /// Whether the page sends the card again by itself.
    pub is_resent: bool,
}

impl HtmlSafe for Note {}

impl Note {
    /// Something was not done.
    #[must_use]
    pub const fn failed(fact: String, advice: String) -> Self {
        Self {
            tone: Tone::Late,
            icon: Icon::Triangle,
            fact,
            advice,
            is_alert: true,
            is_resent: false,
        }
    }

    /// Something was done.
    #[must_use]
    pub const fn done(fact: String, advice: String) -> Self {
        Self {
            tone: Tone::Ok,
            icon: Icon::CircleCheck,
            fact,
            advice,
            is_alert: false,
            is_resent: false,
        }
    }
}
