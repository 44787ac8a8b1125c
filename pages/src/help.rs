//! Help: what each screen is for, its steps, its keys, what to do when something goes wrong, and
//! whom to call. The texts are data ([`guides`]); the pages only draw them.

mod guides;
pub mod page;

use crate::section::Section;
use crate::words::{Bilingual, Words};

/// What does something: its keys, pressed together, and what they do.
pub(crate) struct KeyGuide {
    keys: &'static [&'static str],
    does: fn(Words) -> &'static str,
}

/// Something that goes wrong, and what to do.
pub(crate) struct Remedy {
    fact: Bilingual,
    advice: Bilingual,
}

/// The help of one screen.
pub(crate) struct Guide {
    title: fn(Words) -> &'static str,
    purpose: Bilingual,
    steps: &'static [Bilingual],
    keys: &'static [KeyGuide],
    remedies: &'static [&'static [Remedy]],
    calls: &'static [Bilingual],
}

macro_rules! topics {
    ($( $topic:ident, $word:literal, $guide:path; )+) => {
        /// A screen that has help.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum HelpTopic {
            $( #[doc = concat!("`/help/", $word, "`.")] $topic, )+
        }

        impl HelpTopic {
            /// All of them, in the order of the list of topics.
            pub const ALL: &[Self] = &[ $( Self::$topic, )+ ];

            /// Where its help is.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self {
                    $( Self::$topic => concat!("/help/", $word), )+
                }
            }

            const fn guide(self) -> &'static Guide {
                match self {
                    $( Self::$topic => &$guide, )+
                }
            }
        }
    };
}

topics! {
    Declare, "declare", guides::DECLARE;
    Group, "group", guides::GROUP;
    Imports, "import", guides::IMPORTS;
    Ward, "ward", guides::WARD;
    Today, "today", guides::TODAY;
    Expected, "expected", guides::EXPECTED;
    Stay, "stay", guides::STAY;
    Rooms, "rooms", guides::ROOMS;
    Register, "register", guides::REGISTER;
    Reconciliation, "reconciliation", guides::RECONCILIATION;
    Roster, "roster", guides::ROSTER;
    Household, "household", guides::HOUSEHOLD;
    Queue, "queue", guides::QUEUE;
    Case, "case", guides::CASE;
    Dashboard, "dashboard", guides::DASHBOARD;
    Facilities, "facilities", guides::FACILITIES;
    Accounts, "accounts", guides::ACCOUNTS;
    Machines, "machines", guides::MACHINES;
    Destinations, "destinations", guides::DESTINATIONS;
    Health, "health", guides::HEALTH;
    DutyDesks, "duty-desks", guides::DUTY_DESKS;
    Organisations, "organisations", guides::ORGANISATIONS;
    Keys, "keys", guides::KEYS;
    Own, "account", guides::OWN;
    SignIn, "sign-in", guides::SIGN_IN;
}

/// Screens that are no place of the rail, by where their path begins.
const BELOW_PLACES: [(&str, HelpTopic); 8] = [
    ("/desk/stays/", HelpTopic::Stay),
    ("/desk/expected", HelpTopic::Expected),
    ("/desk/register", HelpTopic::Register),
    ("/desk/reconcile", HelpTopic::Reconciliation),
    ("/police/cases/", HelpTopic::Case),
    ("/organisation/machines", HelpTopic::Machines),
    ("/sign-in", HelpTopic::SignIn),
    ("/invitation/", HelpTopic::SignIn),
];

impl HelpTopic {
    /// The topic whose help is at `/help/` and this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let path = |topic: &&Self| topic.path().strip_prefix("/help/") == Some(word);
        Self::ALL.iter().find(path).copied()
    }

    /// The help of a place of the rail.
    #[must_use]
    pub const fn of(section: Section) -> Self {
        match section {
            Section::Desk => Self::Declare,
            Section::Group => Self::Group,
            Section::Ward => Self::Ward,
            Section::Roster => Self::Roster,
            Section::Household => Self::Household,
            Section::Today => Self::Today,
            Section::Imports => Self::Imports,
            Section::Rooms => Self::Rooms,
            Section::Queue => Self::Queue,
            Section::Dashboard => Self::Dashboard,
            Section::Destinations => Self::Destinations,
            Section::Health => Self::Health,
            Section::DutyDesks => Self::DutyDesks,
            Section::Organisations => Self::Organisations,
            Section::Facilities => Self::Facilities,
            Section::Accounts => Self::Accounts,
            Section::Keys => Self::Keys,
            Section::Own => Self::Own,
        }
    }

    /// The help of the screen at a path, which belongs to a place of the rail.
    #[must_use]
    pub fn at(section: Section, path: &str) -> Self {
        Self::below(path).unwrap_or_else(|| Self::of(section))
    }

    fn below(path: &str) -> Option<Self> {
        let found = BELOW_PLACES
            .iter()
            .find(|(start, _)| path.starts_with(start));
        found.map(|(_, topic)| *topic)
    }

    /// Whether the people who read it have guests before them.
    #[must_use]
    pub const fn is_for_desks(self) -> bool {
        matches!(
            self,
            Self::Declare
                | Self::Group
                | Self::Imports
                | Self::Ward
                | Self::Today
                | Self::Expected
                | Self::Stay
                | Self::Register
                | Self::Roster
                | Self::Household
        )
    }

    /// What it is called.
    #[must_use]
    pub fn title(self, words: Words) -> &'static str {
        (self.guide().title)(words)
    }
}

/// The way to the help of a page that nobody needs to be signed in for.
pub(crate) fn path_for(path: &str) -> &'static str {
    HelpTopic::below(path).map_or("/help", HelpTopic::path)
}

/// Every text of the help.
#[cfg(test)]
pub(crate) fn every_text() -> impl Iterator<Item = Bilingual> {
    let of_topics = HelpTopic::ALL.iter().flat_map(|topic| {
        let guide = topic.guide();
        let remedies = guide.remedies.iter().copied().flatten();
        let remedies = remedies.flat_map(|remedy| [remedy.fact, remedy.advice]);
        let listed = guide.steps.iter().chain(guide.calls).copied();
        [guide.purpose].into_iter().chain(listed).chain(remedies)
    });
    guides::GENERAL.iter().copied().chain(of_topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_screen_says_what_it_is_for_how_it_goes_and_whom_to_call() {
        for topic in HelpTopic::ALL {
            let guide = topic.guide();
            let path = topic.path();
            assert!((3..=6).contains(&guide.steps.len()), "{path}");
            assert!(
                !guide.remedies.is_empty() && !guide.calls.is_empty(),
                "{path}"
            );
            assert_eq!(
                path.strip_prefix("/help/").and_then(HelpTopic::parse),
                Some(*topic)
            );
        }
        for text in every_text() {
            assert!(text.vi.ends_with(['.', '?']), "{}", text.vi);
            assert!(text.en.ends_with(['.', '?']), "{}", text.en);
            assert_ne!(text.vi, text.en);
        }
    }

    #[test]
    fn a_screen_below_a_place_has_help_of_its_own() {
        let table = [
            (Section::Today, "/desk/today", HelpTopic::Today),
            (Section::Today, "/desk/stays/0/amendment", HelpTopic::Stay),
            (Section::Desk, "/desk/stays", HelpTopic::Declare),
            (Section::Desk, "/desk/scan", HelpTopic::Declare),
            (Section::Today, "/desk/expected", HelpTopic::Expected),
            (Section::Today, "/desk/register", HelpTopic::Register),
            (Section::Queue, "/police/cases/0/decision", HelpTopic::Case),
            (Section::Queue, "/police", HelpTopic::Queue),
            (
                Section::Accounts,
                "/organisation/machines",
                HelpTopic::Machines,
            ),
        ];
        for (section, path, expected) in table {
            assert_eq!(HelpTopic::at(section, path), expected, "{path}");
        }
        assert_eq!(path_for("/sign-in/code"), "/help/sign-in");
        assert_eq!(path_for("/"), "/help");
    }
}
