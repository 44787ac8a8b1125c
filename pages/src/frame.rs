//! What surrounds a page: the rail with the places to go, the deadline bar, and what every page
//! loads.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, Utc};
use domain::deadline::Deadline;
use domain::time::format_instant;

use crate::badge::Tone;
use crate::help::{self, HelpTopic};
use crate::icon::Icon;
use crate::moment;
use crate::section::Section;
use crate::words::Words;

/// From this many minutes on the deadline is near.
const NEAR_MINUTES: i64 = 60;
/// How much of the day the bar shows, in minutes.
const SHOWN_MINUTES: i64 = 9 * 60;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device is set.
    #[default]
    Device,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The theme of a word, as it stands in the cookie.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// The word of the theme that the switch leads to.
    #[must_use]
    pub const fn switched(self) -> &'static str {
        match self {
            Self::Device | Self::Light => "dark",
            Self::Dark => "light",
        }
    }
}

/// As an attribute of the document; none where the device decides.
impl fmt::Display for Theme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device => Ok(()),
            Self::Light => out.write_str(" data-theme=\"light\""),
            Self::Dark => out.write_str(" data-theme=\"dark\""),
        }
    }
}

/// The markup is a constant.
impl HtmlSafe for Theme {}

/// What a page has before anybody is signed in.
#[derive(Clone, Debug)]
pub struct Head {
    /// The words of the reader's language.
    pub words: Words,
    /// Light or dark.
    pub theme: Theme,
    /// What the page is called.
    pub title: String,
    /// Where the page is, to come back to after a switch.
    pub path: String,
    /// Whether single letters do something.
    pub has_single_keys: bool,
}

impl Head {
    pub(crate) fn help_path(&self) -> &'static str {
        help::path_for(&self.path)
    }
}

/// What surrounds a page of somebody at work.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What every page has.
    pub head: Head,
    /// The facility, or whatever else somebody works for.
    pub facility: String,
    /// Who is at work, and as what.
    pub person: String,
    /// Which place this is.
    pub section: Section,
    /// Which screen its help is of.
    pub help: HelpTopic,
    /// The places of the rail, in order.
    pub places: Vec<Section>,
    /// How many things are to be handled, told beside today.
    pub attention_count: usize,
    /// Until when guests who arrive now are to be declared; `None` away from a facility.
    pub deadline: Option<DeadlineBar>,
    /// What the page follows; `None` where it follows nothing.
    pub live: Option<LiveBar>,
    /// Whether somebody is signed in, rather than a program.
    pub has_session: bool,
}

impl Frame {
    pub(crate) fn home(&self) -> &'static str {
        self.places.first().copied().unwrap_or(Section::Desk).path()
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = PlaceLink> {
        self.places.iter().map(|section| PlaceLink {
            path: section.path(),
            icon: section.icon(),
            name: section.name(self.head.words),
            mark: self.mark(*section),
            count: if [Section::Today, Section::Queue].contains(section) {
                self.attention_count
            } else {
                0
            },
        })
    }

    /// Marks the place of the rail that this is.
    fn mark(&self, section: Section) -> Mark {
        Mark::current(self.section == section)
    }
}

/// How a page follows what happens at its facility.
#[derive(Clone, Copy, Debug)]
pub struct LiveBar {
    /// How many questions of the police wait for an answer.
    pub question_count: usize,
    /// Whether a new one is heard.
    pub has_sound: bool,
}

/// A place as the rail shows it.
pub(crate) struct PlaceLink {
    pub(crate) path: &'static str,
    pub(crate) icon: Icon,
    pub(crate) name: &'static str,
    pub(crate) mark: Mark,
    /// How many things are to be handled there.
    pub(crate) count: usize,
}

/// An attribute that is a constant.
#[derive(Clone, Copy, Debug)]
pub struct Mark(&'static str);

impl Mark {
    /// Marks the page that this is.
    #[must_use]
    pub const fn current(is_current: bool) -> Self {
        Self(if is_current {
            " aria-current=\"page\""
        } else {
            ""
        })
    }

    /// Marks the one that is chosen.
    #[must_use]
    pub const fn chosen(is_chosen: bool) -> Self {
        Self(if is_chosen {
            " aria-current=\"true\""
        } else {
            ""
        })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

/// The markup is a constant.
impl HtmlSafe for Mark {}

/// The deadline of a guest who arrives now.
#[derive(Clone, Debug)]
pub struct DeadlineBar {
    /// How near it is.
    pub tone: Option<Tone>,
    /// The time left, `02:14:30`.
    pub left: String,
    /// The same for programs.
    pub left_duration: String,
    /// The clock of the deadline, and its day.
    pub clock: String,
    /// The instant, for the countdown.
    pub at: String,
    /// Minutes that have passed of those the bar shows.
    pub passed_minutes: i64,
    /// How many guests are expected who are not declared yet.
    pub undeclared_count: usize,
    /// Whom to call once the deadline is near; `None` where no number is known.
    pub duty: Option<String>,
}

impl DeadlineBar {
    /// The deadline for guests who arrive now.
    #[must_use]
    pub fn at(words: Words, now: DateTime<Utc>) -> Self {
        let deadline = Deadline::for_citizen(now);
        let left = (deadline.at - now).num_seconds().max(0);
        let (hours, minutes, seconds) = (left / 3600, left / 60 % 60, left % 60);
        Self {
            tone: (left < NEAR_MINUTES * 60).then_some(Tone::Soon),
            left: format!("{hours:02}:{minutes:02}:{seconds:02}"),
            left_duration: format!("PT{hours}H{minutes}M{seconds}S"),
            clock: moment::clock_and_day(words, deadline.at, now),
            at: format_instant(deadline.at),
            passed_minutes: (SHOWN_MINUTES - left / 60).clamp(0, SHOWN_MINUTES),
            undeclared_count: 0,
            duty: None,
        }
    }

    /// The class of the style sheet.
    #[must_use]
    pub fn class(&self) -> &'static str {
        self.tone.map_or("", Tone::class)
    }

    /// Minutes that the bar shows.
    #[must_use]
    pub const fn shown_minutes(&self) -> i64 {
        SHOWN_MINUTES
    }

    /// Its icon.
    #[must_use]
    pub const fn icon(&self) -> Icon {
        Icon::Timer
    }
}

#[cfg(test)]
mod tests {
    use domain::{problem::Language, time::parse_instant};

    use super::*;

    #[test]
    fn the_bar_counts_to_the_next_deadline() {
        // Each row: now, time left, near, the deadline in words.
        let table = [
            ("27T20:45:30", "02:14:30", false, "23:00 hôm nay"),
            ("27T22:00:00", "01:00:00", false, "23:00 hôm nay"),
            ("27T22:00:01", "00:59:59", true, "23:00 hôm nay"),
            ("27T23:00:00", "09:00:00", false, "08:00 ngày mai"),
            ("28T00:30:00", "22:30:00", false, "23:00 hôm nay"),
        ];
        for (now, left, is_near, clock) in table {
            let now = parse_instant(&format!("2026-11-{now}+07:00")).unwrap();
            let bar = DeadlineBar::at(Words(Language::Vi), now);
            assert_eq!((bar.left.as_str(), bar.clock.as_str()), (left, clock));
            assert_eq!(bar.tone == Some(Tone::Soon), is_near);
        }
    }
}
