//! A census: everyone who is present in a facility, or in a part of it, at one instant.
//!
//! Lines are matched with stays by reference, else by document. A line without a stay is an
//! arrival, a stay without a line has left or becomes a question. What arrived or changed after
//! the instant is known better than the census knows it, and is left alone; so is what lies in a
//! part of the facility of which a later census is known. Nobody departs while a
//! faulty line may be about anybody.
//!
//! What a census did counts as of the instant at which it was taken, a departure as of itself, any
//! other change as of its receipt. Censuses that were held up and come in order do what they would
//! have done at once.

mod matching;
mod patch;
mod reading;

#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::declaration::VIOLATION_COUNT_MAX;
use crate::facility::FacilityKind;
use crate::problem::Violation;
use crate::stay::Presence;
use crate::time::parse_instant;

pub use matching::{Match, match_lines};
pub use patch::patch;

/// What a guest is told by; whatever lies within counts as well.
const TELLING_MEMBERS: [&str; 3] = ["/reference", "/guest/document", "/guest/nationality"];

/// Most lines of a census.
pub const STAY_COUNT_MAX: usize = 5_000;

coded! {
    /// What becomes of guests who are present and not in the census.
    pub enum Missing {
        /// They left when it was taken.
        Depart => "depart",
        /// The facility is asked.
        Ask => "ask",
    }
}

coded! {
    /// What a census did with a guest.
    pub enum Fate {
        /// A new stay.
        Arrived => "arrived",
        /// Not in the census: departed.
        Departed => "departed",
        /// The stay says something else now.
        Changed => "changed",
        /// The stay says it already, or is known better.
        Unchanged => "unchanged",
        /// Not in the census: the facility is asked.
        Asked => "asked",
    }
}

/// What part of a facility a census covers.
#[derive(Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Facility,
    /// One ward.
    Ward(String),
    /// The rooms whose names begin so.
    RoomPrefix(String),
}

/// A census whose own members are sound; its lines are judged one by one.
pub struct Census<'a> {
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// What it covers.
    pub scope: Scope,
    /// What becomes of who is missing.
    pub missing: Missing,
    /// How many departures the sender knows of.
    pub confirmed_departures: Option<u32>,
    /// The lines as they were sent.
    pub stays: &'a [Value],
}

/// One line, after normalisation.
#[derive(Clone)]
pub struct Line {
    /// The members it sends; its facility and the ward of the scope filled in.
    pub content: Value,
    /// What is wrong with it already.
    pub violations: Vec<Violation>,
    /// What was left out of its texts.
    pub warnings: Vec<Violation>,
}

/// A stay that a census may be about.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What its current version says.
    pub content: &'a Value,
    /// Whether the guest is there.
    pub presence: Presence,
    /// When it began.
    pub arrival_at: DateTime<Utc>,
    /// As of when its newest change tells of it, unless it is as it was declared.
    pub changed_at: Option<DateTime<Utc>>,
    /// When the newest census was taken of those parts of the facility in which it lies; `None`
    /// where none is known that is later than the census at hand.
    pub counted_at: Option<DateTime<Utc>>,
}

impl Missing {
    /// What becomes of the missing when the sender does not say. A ward knows who lies in it; a
    /// guest who is not on a list elsewhere may be out.
    #[must_use]
    pub const fn default_of(kind: FacilityKind) -> Self {
        match kind {
            FacilityKind::MedicalFacility => Self::Depart,
            FacilityKind::LodgingBusiness
            | FacilityKind::GuestHouse
            | FacilityKind::OfficialResidence
            | FacilityKind::School => Self::Ask,
        }
    }
}

impl Scope {
    /// Whether a stay of this content lies in it.
    #[must_use]
    pub fn holds(&self, content: &Value) -> bool {
        match self {
            Self::Facility => true,
            Self::Ward(ward) => content["ward"].as_str() == Some(ward),
            Self::RoomPrefix(prefix) => content["room"]
                .as_str()
                .is_some_and(|room| room.starts_with(prefix)),
        }
    }

    /// The parts of a facility, other than all of it, in which a stay of this content lies: its
    /// ward, and the rooms of each prefix of its room.
    #[must_use]
    pub fn around(content: &Value) -> Vec<Self> {
        let ward = content["ward"].as_str().map(str::to_owned);
        let room = content["room"].as_str().unwrap_or_default();
        let ends = room.char_indices().skip(1).map(|(end, _)| end);
        let prefixes = ends
            .chain([room.len()])
            .filter_map(|end| room.get(..end).filter(|prefix| !prefix.is_empty()));
        let prefixes = prefixes.map(|prefix| Self::RoomPrefix(prefix.to_owned()));
        ward.map(Self::Ward).into_iter().chain(prefixes).collect()
    }

    /// Words that tell scopes of one facility apart.
    #[must_use]
    pub fn parts(&self) -> [&str; 2] {
        match self {
            Self::Facility => ["facility", ""],
            Self::Ward(ward) => ["ward", ward],
            Self::RoomPrefix(prefix) => ["room_prefix", prefix],
        }
    }
}

impl Line {
    /// The sender's own name for the stay.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.content["reference"].as_str()
    }

    /// Whether a faulty line that is about no stay that is known is for certain about nobody who
    /// is known: it has a number, and nothing by which guests are told is at fault. What a sound
    /// line of a newcomer is believed, such a line is believed as well.
    ///
    /// `faults` are all its violations as a declaration.
    #[must_use]
    pub fn tells_a_newcomer(&self, faults: &[Violation]) -> bool {
        is_told(faults) && matching::document(&self.content).is_some()
    }

    /// Whether a faulty line that names the reference or the number of the line `before` is for
    /// certain about the same guest: nothing by which guests are told is at fault, and it names
    /// no other document.
    #[must_use]
    pub fn tells_the_guest_of(&self, before: &Self, faults: &[Violation]) -> bool {
        is_told(faults) && matching::is_one_document(&self.content, &before.content)
    }

    /// The line as a declaration: who is there and does not say since when, is there since the
    /// census at the latest.
    #[must_use]
    pub fn to_declaration(&self, taken_at: DateTime<Utc>) -> Value {
        let mut declaration = self.content.clone();
        if declaration.get("arrival_at").is_none() {
            declaration["arrival_at"] = Value::String(crate::time::format_instant(taken_at));
        }
        declaration
    }
}

impl Known<'_> {
    /// Whether it arrived or changed after the census was taken.
    #[must_use]
    pub fn is_later_than(&self, taken_at: DateTime<Utc>) -> bool {
        self.arrival_at > taken_at || self.changed_at.is_some_and(|at| at > taken_at)
    }

    /// When a later census was taken of a part in which it lies: that one knows better.
    #[must_use]
    pub fn counted_after(&self, taken_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.counted_at.filter(|at| *at > taken_at)
    }

    fn departed_at(&self) -> Option<DateTime<Utc>> {
        parse_instant(self.content.get("departed_at")?.as_str()?)
    }

    /// Whether the guest is there, or was when the census was taken.
    fn is_there_after(&self, taken_at: DateTime<Utc>) -> bool {
        match self.presence {
            Presence::Present => true,
            Presence::Departed => !self.had_left_by(taken_at),
            Presence::Cancelled => false,
        }
    }

    /// Whether the guest had left before the census was taken, and nothing is known since: it is
    /// not about this stay, unless it says so by the stay's reference.
    #[must_use]
    pub fn is_over_by(&self, taken_at: DateTime<Utc>) -> bool {
        self.had_left_by(taken_at) && !self.is_later_than(taken_at)
    }

    /// Whether the newest that is known of the guest is the departure itself.
    #[must_use]
    pub fn has_just_left(&self) -> bool {
        self.presence == Presence::Departed
            && self.departed_at().is_some()
            && self.departed_at() == self.changed_at
    }

    /// Whether the guest had left before the census was taken, and it says otherwise.
    #[must_use]
    pub fn had_left_by(&self, taken_at: DateTime<Utc>) -> bool {
        self.presence == Presence::Departed && self.departed_at().is_none_or(|at| at <= taken_at)
    }
}

/// Stays of the scope that the census does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// How many the scope had when it was taken, in parts that were not counted later.
    pub present_count: usize,
    /// Places of those who are missing, in the order given.
    pub missing: Vec<usize>,
    /// Places of those who are left alone, since more is known of them than the census knows.
    pub left_alone: Vec<usize>,
}

impl Census<'_> {
    /// Whom of these stays the census does not have; `is_matched` tells for each whether a line
    /// is about it.
    #[must_use]
    pub fn absent(&self, stays: &[Known<'_>], is_matched: &[bool]) -> Absent {
        let mut absent = Absent {
            present_count: 0,
            missing: Vec::new(),
            left_alone: Vec::new(),
        };
        for (place, (stay, is_matched)) in stays.iter().zip(is_matched).enumerate() {
            if !self.scope.holds(stay.content) || !stay.is_there_after(self.taken_at) {
                continue;
            }
            let is_covered = stay.presence == Presence::Present
                && stay.arrival_at <= self.taken_at
                && stay.counted_after(self.taken_at).is_none();
            absent.present_count += usize::from(is_covered);
            if *is_matched {
                continue;
            }
            if is_covered && !stay.is_later_than(self.taken_at) {
                absent.missing.push(place);
            } else {
                absent.left_alone.push(place);
            }
        }
        absent
    }

    /// What becomes of who is missing, where so many faulty lines leave open whom they are about:
    /// any of them may be about any of the missing, and so nobody departs.
    #[must_use]
    pub const fn missing_become(&self, unclear_count: usize) -> Missing {
        if unclear_count == 0 {
            self.missing
        } else {
            Missing::Ask
        }
    }

    /// How many departures the sender must name before they are believed, if so many look like a
    /// mistake: an empty census, or one after which less than half would be left. `missing` is
    /// what becomes of who is missing.
    #[must_use]
    pub fn departures_to_confirm(&self, absent: &Absent, missing: Missing) -> Option<u32> {
        let departing = match missing {
            Missing::Depart => absent.missing.len(),
            Missing::Ask => 0,
        };
        let is_implausible = self.stays.is_empty() || departing * 2 > absent.present_count;
        let departing = u32::try_from(departing).unwrap_or(u32::MAX);
        (is_implausible && self.confirmed_departures != Some(departing)).then_some(departing)
    }

    /// Whether a later census was taken of what this one covers. `last` are the instants of those
    /// before.
    #[must_use]
    pub fn is_stale(&self, last: DateTime<Utc>) -> bool {
        self.taken_at < last
    }
}

/// Whether nothing is wrong with what a guest is told by. Of a line with as many violations as are
/// named nobody knows what else is wrong with it.
fn is_told(faults: &[Violation]) -> bool {
    let is_telling = |pointer: &str| {
        TELLING_MEMBERS.iter().any(|member| {
            let rest = pointer.strip_prefix(member);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let is_at_fault = faults.iter().any(|fault| is_telling(&fault.pointer));
    !is_at_fault && faults.len() < VIOLATION_COUNT_MAX
}

/// Nearly everything in a line is personal: nothing is printed.
impl fmt::Debug for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Line(…)")
    }
}
