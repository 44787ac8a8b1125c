//! The state of something as an icon and a word. Of several states the worst is shown.

use askama::{Template, filters::HtmlSafe};
use domain::stay::{CompletionState, DeliveryState, IdentityReview, IdentityState, Presence};

use crate::icon::Icon;
use crate::words::Words;

/// The colour of a state; never its only sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Ok,
    /// Under way.
    Go,
    /// Becoming urgent.
    Soon,
    /// Overdue, refused, not saved.
    Late,
    /// To be looked at by somebody.
    Attention,
    /// Settled.
    Settled,
}

impl Tone {
    /// The class of the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Go => "go",
            Self::Soon => "soon",
            Self::Late => "late",
            Self::Attention => "att",
            Self::Settled => "set",
        }
    }
}

/// An icon and a word.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "badge.html")]
pub struct Badge {
    /// Its colour.
    pub tone: Tone,
    /// Its icon.
    pub icon: Icon,
    /// Its word.
    pub word: String,
}

impl HtmlSafe for Badge {}

impl Badge {
    /// A badge.
    #[must_use]
    pub fn new(tone: Tone, icon: Icon, word: impl Into<String>) -> Self {
        Self {
            tone,
            icon,
            word: word.into(),
        }
    }
}

/// The axes of a stay, of which its badge shows the worst.
#[derive(Clone, Copy, Debug)]
pub struct StayState {
    /// Whether the guest is there.
    pub presence: Presence,
    /// What the registry said.
    pub identity: IdentityState,
    /// What an officer made of it.
    pub review: Option<IdentityReview>,
    /// Where it is on its way to the police.
    pub delivery: DeliveryState,
    /// Whether it was taken back before the police heard of it.
    pub is_withdrawn: bool,
    /// Whether something is owed.
    pub completion: CompletionState,
    /// Whether a question waits for an answer.
    pub is_asked: bool,
    /// Whether the planned departure has passed.
    pub is_overdue: bool,
}

impl StayState {
    /// Whether somebody at the facility should look at it.
    #[must_use]
    pub fn needs_attention(&self) -> bool {
        self.presence == Presence::Present
            && (self.is_asked
                || self.identity.needs_attention(self.review)
                || self.delivery == DeliveryState::Rejected)
    }

    /// The worst of its states.
    #[must_use]
    pub fn badge(&self, words: Words) -> Badge {
        let is_present = self.presence == Presence::Present;
        if self.is_withdrawn {
            Badge::new(Tone::Settled, Icon::Undo, words.state_withdrawn())
        } else if self.presence == Presence::Cancelled {
            Badge::new(Tone::Settled, Icon::Ban, words.cancelled())
        } else if self.is_asked {
            Badge::new(Tone::Attention, Icon::Question, words.state_asked())
        } else if self.delivery == DeliveryState::Rejected {
            Badge::new(Tone::Late, Icon::CircleX, words.state_rejected())
        } else if is_present && self.identity.needs_attention(self.review) {
            Badge::new(Tone::Attention, Icon::Flag, words.state_attention())
        } else if self.completion == CompletionState::Due {
            Badge::new(Tone::Soon, Icon::Clock, words.state_owing())
        } else if is_present && self.is_overdue {
            Badge::new(Tone::Soon, Icon::Clock, words.state_overdue())
        } else if self.presence == Presence::Departed {
            Badge::new(Tone::Settled, Icon::Door, words.departed())
        } else {
            of_delivery(self.delivery, words)
        }
    }
}

fn of_delivery(state: DeliveryState, words: Words) -> Badge {
    match state {
        DeliveryState::Queued | DeliveryState::Delivering => {
            Badge::new(Tone::Go, Icon::Send, words.state_queued())
        }
        DeliveryState::Acknowledged => {
            Badge::new(Tone::Ok, Icon::CheckCheck, words.state_acknowledged())
        }
        DeliveryState::Rejected => Badge::new(Tone::Late, Icon::CircleX, words.state_rejected()),
        DeliveryState::Parked => Badge::new(Tone::Attention, Icon::Pause, words.state_parked()),
        DeliveryState::NotRequired => {
            Badge::new(Tone::Settled, Icon::Clock, words.state_not_required())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;

    use super::*;

    const FINE: StayState = StayState {
        presence: Presence::Present,
        identity: IdentityState::Verified,
        review: None,
        delivery: DeliveryState::Acknowledged,
        is_withdrawn: false,
        completion: CompletionState::Complete,
        is_asked: false,
        is_overdue: false,
    };

    #[test]
    fn the_worst_state_wins() {
        let words = Words(Language::En);
        let asked = StayState {
            is_asked: true,
            delivery: DeliveryState::Rejected,
            ..FINE
        };
        let table = [
            (FINE, words.state_acknowledged()),
            (asked, words.state_asked()),
            (
                StayState {
                    presence: Presence::Cancelled,
                    ..asked
                },
                words.cancelled(),
            ),
            (
                StayState {
                    presence: Presence::Cancelled,
                    is_withdrawn: true,
                    ..asked
                },
                words.state_withdrawn(),
            ),
            (
                StayState {
                    identity: IdentityState::Mismatch,
                    ..FINE
                },
                words.state_attention(),
            ),
            (
                StayState {
                    identity: IdentityState::Mismatch,
                    review: Some(IdentityReview::Reviewed),
                    ..FINE
                },
                words.state_acknowledged(),
            ),
            (
                StayState {
                    presence: Presence::Departed,
                    identity: IdentityState::Mismatch,
                    ..FINE
                },
                words.departed(),
            ),
            (
                StayState {
                    is_overdue: true,
                    ..FINE
                },
                words.state_overdue(),
            ),
        ];
        for (state, expected) in table {
            assert_eq!(state.badge(words).word, expected, "{state:?}");
        }
    }
}
