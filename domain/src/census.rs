//! A census: everyone who is present in a facility, or in a part of it, at one instant.
//!
//! Lines are matched with stays by reference, otherwise by document. A line without a stay is an
//! arrival; a stay without a line becomes a departure or a question. Stays that arrived or changed
//! after the census was taken are left alone, because newer information exists; so are stays in a
//! part of the facility that a later census covers. Nobody departs while a faulty line might
//! describe any of the missing guests.
//!
//! The effects of a census are dated to the instant at which it was taken, a departure to itself,
//! any other change to its receipt. Censuses that were delayed but arrive in order have the same
//! effect as live ones.

mod matching;
mod patch;
mod plan;
mod reading;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::declaration::VIOLATION_COUNT_MAX;
use crate::facility::FacilityKind;
use crate::problem::Violation;
use crate::stay::Presence;
use crate::time::parse_instant;

pub use matching::{LineMatch, match_lines};
pub use patch::patch;
pub use plan::{About, LineStep, Planner, Sighting};

/// The members that identify a guest, including everything below them.
const TELLING_MEMBERS: [&str; 3] = ["/reference", "/guest/document", "/guest/nationality"];

/// Most lines of a census.
pub const STAY_COUNT_MAX: usize = 5_000;

coded! {
    /// What happens to present guests whom the census does not list.
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
        /// The stay already matches, or newer information exists.
        Unchanged => "unchanged",
        /// Not listed: the facility is asked.
        Asked => "asked",
    }
}

/// The part of a facility that a census covers.
#[derive(Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Facility,
    /// One ward.
    Ward(String),
    /// The rooms whose names begin so.
    RoomPrefix(String),
}

/// A census whose own members are valid; its lines are judged one by one.
pub struct Census<'a> {
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// What it covers.
    pub scope: Scope,
    /// What becomes of who is missing.
    pub missing: Missing,
    /// How many departures the sender has confirmed.
    pub confirmed_departures: Option<u32>,
    /// The lines as they were sent.
    pub stays: &'a [Value],
}

/// One line, after normalisation.
#[derive(Clone)]
pub struct Line {
    /// The members that were sent, with the facility and the scope's ward filled in.
    pub content: Value,
    /// What is wrong with it already.
    pub violations: Vec<Violation>,
    /// Warnings about its texts.
    pub warnings: Vec<Violation>,
}

/// A stay that a census may concern.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Its id.
    pub stay_id: Uuid,
    /// What its current version says.
    pub content: &'a Value,
    /// What it was declared with, if data is still missing.
    pub first: Option<&'a Value>,
    /// What is owed, as it is stored.
    pub owed: Option<&'a str>,
    /// When it was declared.
    pub received_at: DateTime<Utc>,
    /// Whether its newest change is a departure that a census recorded.
    pub was_missed: bool,
    /// Whether the guest is there.
    pub presence: Presence,
    /// When it began.
    pub arrival_at: DateTime<Utc>,
    /// The instant that its newest change describes; `None` if it is unchanged since declaration.
    pub changed_at: Option<DateTime<Utc>>,
    /// When the newest census of any part of the facility containing it was taken; `None` if none
    /// is later than the census at hand.
    pub counted_at: Option<DateTime<Utc>>,
}

impl Missing {
    /// The default for missing guests. A ward knows its patients; elsewhere a guest who is not
    /// listed may just be out.
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

    /// The key that distinguishes the scopes of one facility.
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

    /// Whether a faulty line certainly describes a new guest: it has a document number, and none of
    /// its faults concerns a member that identifies the guest.
    ///
    /// `faults` are all its violations as a declaration.
    #[must_use]
    pub fn tells_a_newcomer(&self, faults: &[Violation]) -> bool {
        is_told(faults) && matching::document(&self.content).is_some()
    }

    /// Whether a faulty line with the reference or number of the line `before` certainly describes
    /// the same guest: none of its faults concerns a member that identifies the guest, and it names
    /// no other document.
    #[must_use]
    pub fn tells_the_guest_of(&self, before: &Self, faults: &[Violation]) -> bool {
        is_told(faults) && matching::is_one_document(&self.content, &before.content)
    }

    /// The line as a declaration. A guest without an arrival time arrived no later than the census.
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

    /// When a later census of a part containing it was taken; that census takes precedence.
    #[must_use]
    pub fn counted_after(&self, taken_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.counted_at.filter(|at| *at > taken_at)
    }

    fn departed_at(&self) -> Option<DateTime<Utc>> {
        parse_instant(self.content.get("departed_at")?.as_str()?)
    }

    /// Whether the guest is present, or was when the census was taken.
    fn is_there_after(&self, taken_at: DateTime<Utc>) -> bool {
        match self.presence {
            Presence::Present => true,
            Presence::Departed => !self.had_left_by(taken_at),
            Presence::Cancelled => false,
        }
    }

    /// Whether the guest had left before the census was taken, with no later change: then a line
    /// concerns this stay only if it names the stay's reference.
    #[must_use]
    pub fn is_over_by(&self, taken_at: DateTime<Utc>) -> bool {
        self.had_left_by(taken_at) && !self.is_later_than(taken_at)
    }

    /// Whether the departure is the newest change of the stay.
    #[must_use]
    pub fn has_just_left(&self) -> bool {
        self.presence == Presence::Departed
            && self.departed_at().is_some()
            && self.departed_at() == self.changed_at
    }

    /// Whether the guest had left before the census was taken although the census lists the guest.
    #[must_use]
    pub fn had_left_by(&self, taken_at: DateTime<Utc>) -> bool {
        self.presence == Presence::Departed && self.departed_at().is_none_or(|at| at <= taken_at)
    }
}

/// Stays of the scope that the census does not list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// How many stays the scope had when the census was taken, without parts counted later.
    pub present_count: usize,
    /// The stays of the missing guests, in the order given.
    pub missing: Vec<Uuid>,
    /// The stays of the guests who are left alone because newer information exists.
    pub left_alone: Vec<Uuid>,
}

impl Census<'_> {
    /// Which of these stays the census does not list; `listed` are those that its lines are about.
    #[must_use]
    pub fn absent<'a>(
        &self,
        stays: impl Iterator<Item = Known<'a>>,
        listed: &HashSet<Uuid>,
    ) -> Absent {
        let mut absent = Absent {
            present_count: 0,
            missing: Vec::new(),
            left_alone: Vec::new(),
        };
        for stay in stays {
            if !self.scope.holds(stay.content) || !stay.is_there_after(self.taken_at) {
                continue;
            }
            let is_covered = stay.presence == Presence::Present
                && stay.arrival_at <= self.taken_at
                && stay.counted_after(self.taken_at).is_none();
            absent.present_count += usize::from(is_covered);
            if listed.contains(&stay.stay_id) {
                continue;
            }
            if is_covered && !stay.is_later_than(self.taken_at) {
                absent.missing.push(stay.stay_id);
            } else {
                absent.left_alone.push(stay.stay_id);
            }
        }
        absent
    }

    /// What happens to missing guests, given the number of unclear faulty lines: any of these might
    /// describe any missing guest, so nobody departs.
    #[must_use]
    pub const fn missing_become(&self, unclear_count: usize) -> Missing {
        if unclear_count == 0 {
            self.missing
        } else {
            Missing::Ask
        }
    }

    /// How many departures the sender must confirm, if the census looks like a mistake: an empty
    /// one, or one that would leave less than half of the guests. `missing` is what happens to
    /// missing guests.
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

    /// Whether a later census of the same scope exists. `last` are the instants of the previous
    /// ones.
    #[must_use]
    pub fn is_stale(&self, last: DateTime<Utc>) -> bool {
        self.taken_at < last
    }
}

/// Whether none of the faults concerns a member that identifies the guest. A line with the maximum
/// number of violations may have more faults than are listed.
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

/// Nearly everything in a line is personal, so nothing is printed.
impl fmt::Debug for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Line(…)")
    }
}
