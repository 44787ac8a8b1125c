//! What becomes of each line of a census, once the stays that it may be about have been read.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Census, Known, Line, patch};
use crate::change::{self, Before, Change};
use crate::declaration::Rejudging;
use crate::problem::{Code, Violation};
use crate::stay::Presence;
use crate::time::format_instant;

/// Whom a line is about.
#[derive(Clone, Copy)]
pub enum About<'a> {
    /// The guest of a stay.
    Known(Known<'a>),
    /// The guest of a stay that cannot be read.
    Unreadable(Uuid),
    /// A guest of whom no stay is known.
    Newcomer,
    /// The guest of this earlier line, or one who was given that guest's reference or number.
    Repeated(&'a Line),
}

/// A line with whom it is about.
#[derive(Clone, Copy)]
pub struct Sighting<'a> {
    /// The line.
    pub line: &'a Line,
    /// Whom it is about.
    pub about: About<'a>,
    /// The line as a declaration.
    pub declaration: &'a Value,
    /// The violations of the declaration, beside those of the line; of a line about a known stay
    /// nobody asks for them.
    pub faults: &'a [Violation],
}

/// What a census does about a line.
#[derive(Clone, PartialEq)]
pub enum LineStep {
    /// Declares a new stay.
    Arrive,
    /// Changes the stay.
    Change {
        /// The stay.
        stay_id: Uuid,
        /// What changes.
        change: Change,
    },
    /// The stay says it already, or knows better.
    Nothing(Uuid),
    /// A later census decides, including whether there is a question.
    Leave(Uuid),
    /// The line is refused.
    Refuse(Vec<Violation>),
    /// The line is about a stay that cannot be read.
    Unreadable(Uuid),
    /// A later census of the part where the line places the guest did not list the guest.
    Stale {
        /// The stay, where there is one.
        stay_id: Option<Uuid>,
        /// When that census was taken.
        last_taken_at: DateTime<Utc>,
    },
}

/// What the lines of a census are judged by.
#[derive(Clone, Copy)]
pub struct Planner<'a> {
    /// The census.
    pub census: &'a Census<'a>,
    /// The terms for judging its changes. `filed_at` is taken from each stay.
    pub by: Rejudging<'a>,
    /// When the newest later census was taken of any part of the facility that contains a stay with
    /// this content.
    pub counted_at: &'a (dyn Fn(&Value) -> Option<DateTime<Utc>> + Send + Sync),
}

impl Sighting<'_> {
    /// Whether the line is refused and may describe a guest who seems to be missing.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        let all = || self.line.violations.iter().chain(self.faults).cloned();
        match self.about {
            About::Known(_) => false,
            About::Newcomer | About::Unreadable(_) => {
                let faults: Vec<Violation> = all().collect();
                !faults.is_empty() && !self.line.tells_a_newcomer(&faults)
            }
            About::Repeated(before) => {
                // Members required of a declaration need not be repeated.
                let is_wrong = |fault: &Violation| fault.code != Code::Required;
                let faults: Vec<Violation> = all().filter(is_wrong).collect();
                !self.line.tells_the_guest_of(before, &faults)
            }
        }
    }
}

impl Planner<'_> {
    /// What is done about a line.
    #[must_use]
    pub fn step(&self, sighting: &Sighting<'_>) -> LineStep {
        match sighting.about {
            About::Known(stay) => self.step_of_stay(sighting.line, &stay),
            About::Unreadable(stay_id) => LineStep::Unreadable(stay_id),
            About::Newcomer => self.arrival(sighting),
            About::Repeated(_) => LineStep::Refuse(vec![repeated(sighting.line)]),
        }
    }

    fn arrival(&self, sighting: &Sighting<'_>) -> LineStep {
        for faults in [sighting.line.violations.as_slice(), sighting.faults] {
            if !faults.is_empty() {
                return LineStep::Refuse(faults.to_vec());
            }
        }
        match (self.counted_at)(sighting.declaration) {
            None => LineStep::Arrive,
            Some(last_taken_at) => LineStep::Stale {
                stay_id: None,
                last_taken_at,
            },
        }
    }

    fn step_of_stay(&self, line: &Line, stay: &Known<'_>) -> LineStep {
        let taken_at = self.census.taken_at;
        if !line.violations.is_empty() {
            return LineStep::Refuse(line.violations.clone());
        }
        let stale = |last_taken_at| LineStep::Stale {
            stay_id: Some(stay.stay_id),
            last_taken_at,
        };
        let mut patch = patch(&line.content, stay.content, stay.first, self.by.facility);
        let counted_there = (self.counted_at)(&place_after(&patch, stay.content));
        let had_left = stay.had_left_by(taken_at);
        let was_here = stay.arrival_at <= taken_at && !had_left;
        if stay.was_missed && stay.has_just_left() && was_here && counted_there.is_none() {
            // A later census of the part where the guest had been missed who was here by then.
            take_back_departure(&mut patch);
            return self.amend(patch, stay);
        }
        let is_later = stay.is_later_than(taken_at);
        if let Some(last_taken_at) = stay.counted_after(taken_at) {
            return match had_left && !is_later {
                true => stale(last_taken_at),
                false => LineStep::Leave(stay.stay_id),
            };
        }
        if stay.presence == Presence::Cancelled || is_later {
            return LineStep::Nothing(stay.stay_id);
        }
        if had_left {
            take_back_departure(&mut patch);
        } else if stay.presence == Presence::Departed {
            return LineStep::Nothing(stay.stay_id);
        }
        if patch.is_empty() {
            return LineStep::Nothing(stay.stay_id);
        }
        match counted_there {
            Some(last_taken_at) => stale(last_taken_at),
            None => self.amend(patch, stay),
        }
    }

    fn amend(&self, patch: Map<String, Value>, stay: &Known<'_>) -> LineStep {
        let reason = format!("Danh sách lúc {}", format_instant(self.census.taken_at));
        let change = Change::amendment(patch, &reason);
        let before = Before {
            content: stay.content,
            presence: stay.presence,
            owed: stay.owed,
            arrival_was_sent: stay.arrival_at != stay.received_at,
        };
        let by = Rejudging {
            filed_at: stay.received_at,
            ..self.by
        };
        match change::apply(&change, &before, &by) {
            Ok(after) if after.presence == stay.presence && after.content == *stay.content => {
                LineStep::Nothing(stay.stay_id)
            }
            Ok(_) => LineStep::Change {
                stay_id: stay.stay_id,
                change,
            },
            Err(violations) => LineStep::Refuse(violations),
        }
    }
}

fn take_back_departure(patch: &mut Map<String, Value>) {
    patch.insert("departed_at".to_owned(), Value::Null);
}

/// Where a patch leaves a guest.
fn place_after(patch: &Map<String, Value>, content: &Value) -> Value {
    let place = |name| patch.get(name).unwrap_or(&content[name]);
    json!({"ward": place("ward"), "room": place("room")})
}

fn repeated(line: &Line) -> Violation {
    let pointer = match line.reference() {
        Some(_) => "/reference",
        None => "/guest/document/number",
    };
    Violation::new(pointer, Code::CensusLineRepeated)
}
