//! Plans a census: reads what its lines may be about, and decides what is done about each line and
//! each guest who is not listed. Writes nothing.

use std::collections::{HashMap, HashSet};

use domain::{
    census::{About, Census, Line, LineMatch, LineStep, Missing, Planner, Sighting},
    problem::{Code, Violation},
};
use serde_json::Value;
use store::census::CensusRow;
use uuid::Uuid;

use super::{
    CensusWork, confirmed,
    read::{GuestList, StoredStay, Unlisted},
    whereabouts::Whereabouts,
};
use crate::{Intake, Refusal, accept::Inner};

/// How many lines to judge before yielding to other tasks.
const LINES_BETWEEN_YIELDS: usize = 200;

/// What a census would do.
pub(super) struct CensusPlan {
    pub(super) lines: Vec<PlannedLine>,
    pub(super) missing: Vec<Unlisted>,
    /// What becomes of the missing guests.
    pub(super) missing_become: Missing,
    /// Present guests whose stays cannot be read and whom no line names; left alone.
    pub(super) unreadable: Vec<Uuid>,
    /// Unlisted guests about whom newer information exists.
    pub(super) left_alone: Vec<Unlisted>,
    pub(super) warnings: Vec<Violation>,
}

/// A line and what is done about it.
pub(super) struct PlannedLine {
    pub(super) reference: Option<String>,
    /// The guest as the stay knew them so far, where there is one.
    pub(super) before: Option<Whereabouts>,
    pub(super) step: LineStep,
    /// The line as a declaration, where it is an arrival.
    pub(super) arrival: Option<Arrival>,
}

/// A line about a guest of whom no stay is known, as a declaration.
pub(super) struct Arrival {
    pub(super) declaration: Value,
    /// Warnings about its texts.
    pub(super) warnings: Vec<Violation>,
}

/// A line that was matched with no stay, judged as a declaration.
#[derive(Default)]
struct JudgedLine {
    declaration: Value,
    faults: Vec<Violation>,
    /// The key by which its stay was declared before, if it was.
    key_hash: Option<[u8; 32]>,
}

impl Intake {
    pub(super) async fn plan(
        &self,
        work: &CensusWork<'_>,
        last: Option<&CensusRow>,
    ) -> Result<CensusPlan, Refusal> {
        let census = &work.census;
        let mut guests = self.guests(work).await?;
        let lines = census.stays.iter();
        let lines: Vec<Line> = lines.map(|sent| census.line(sent, work.facility)).collect();
        let matches = guests.match_lines(&lines);
        let judged = self.judge_lines(work, &lines, &matches).await;
        let keys = judged.iter().enumerate();
        // Of twins the last one: the others are declared, and found to be there.
        let keys = keys.filter_map(|(index, line)| Some((line.key_hash?, index)));
        let holders = self.holders(work, &keys.collect(), &mut guests).await?;
        let abouts = self.abouts(work, &lines, &matches, &guests, &holders);
        let sightings = lines.iter().zip(&judged).zip(abouts);
        let sightings = sightings.map(|((line, judged), about)| Sighting {
            line,
            about,
            declaration: &judged.declaration,
            faults: &judged.faults,
        });
        let sightings: Vec<Sighting<'_>> = sightings.collect();
        let steps = self.steps(work, &sightings).await;
        conclude(census, last, &sightings, steps, &guests)
    }

    async fn judge_lines(
        &self,
        work: &CensusWork<'_>,
        lines: &[Line],
        matches: &[LineMatch],
    ) -> Vec<JudgedLine> {
        let mut judged = Vec::with_capacity(lines.len());
        for (index, (line, found)) in lines.iter().zip(matches).enumerate() {
            judged.push(match found {
                LineMatch::Stay(_) => JudgedLine::default(),
                LineMatch::Nobody => self.judge_line(work, line, line.violations.is_empty()),
                LineMatch::Repeated(_) => self.judge_line(work, line, false),
            });
            give_way(index).await;
        }
        judged
    }

    /// Only the key of a line that may be declared is looked for.
    fn judge_line(&self, work: &CensusWork<'_>, line: &Line, has_key: bool) -> JudgedLine {
        let Inner { rules, clerk, .. } = &*self.inner;
        let (sender, received_at) = (work.occasion.sender, work.occasion.received_at);
        let declaration = line.to_declaration(work.census.taken_at);
        let judged = rules.check(sender, received_at, &declaration);
        // A reference identifies a stay whatever else the line says.
        let key_hash = match (line.reference(), &judged) {
            _ if !has_key => None,
            (reference @ Some(_), _) => {
                Some(clerk.declaration_key(work.facility.id, reference, &[]))
            }
            (None, Ok(sound)) => {
                let content_index = clerk.request_hash(sound);
                let uniqueness = clerk.uniqueness(sound, None, &content_index, received_at);
                Some(uniqueness.key_hash)
            }
            (None, Err(_)) => None,
        };
        JudgedLine {
            declaration,
            faults: judged.err().unwrap_or_default(),
            key_hash,
        }
    }

    fn abouts<'a>(
        &self,
        work: &CensusWork<'_>,
        lines: &'a [Line],
        matches: &[LineMatch],
        guests: &'a GuestList,
        holders: &'a HashMap<usize, StoredStay>,
    ) -> Vec<About<'a>> {
        let known: HashMap<Uuid, &StoredStay> =
            guests.stays.iter().map(|stay| (stay.id(), stay)).collect();
        let about = |(index, (line, found)): (usize, (&'a Line, &LineMatch))| match found {
            LineMatch::Stay(stay_id) => About::Known(known[stay_id].known()),
            LineMatch::Repeated(first) => About::Repeated(&lines[*first]),
            LineMatch::Nobody => match holders.get(&index) {
                Some(stay) => About::Known(stay.known()),
                None => match self.damaged_of(work, line, &guests.damaged) {
                    Some(stay_id) => About::Unreadable(stay_id),
                    None => About::Newcomer,
                },
            },
        };
        lines.iter().zip(matches).enumerate().map(about).collect()
    }

    async fn steps(&self, work: &CensusWork<'_>, sightings: &[Sighting<'_>]) -> Vec<LineStep> {
        let received_at = work.occasion.received_at;
        let planner = Planner {
            census: &work.census,
            by: self
                .inner
                .rules
                .rejudging(work.facility, received_at, received_at),
            counted_at: &|content| work.later.counted_at(content),
        };
        let mut steps = Vec::with_capacity(sightings.len());
        for (index, sighting) in sightings.iter().enumerate() {
            steps.push(planner.step(sighting));
            give_way(index).await;
        }
        steps
    }
}

/// Lets other tasks run from time to time.
async fn give_way(index: usize) {
    if index % LINES_BETWEEN_YIELDS == LINES_BETWEEN_YIELDS - 1 {
        tokio::task::yield_now().await;
    }
}

/// Adds to the steps what becomes of the guests who are not listed. Errors: the census looks like a
/// mistake that nobody has confirmed.
fn conclude(
    census: &Census<'_>,
    last: Option<&CensusRow>,
    sightings: &[Sighting<'_>],
    steps: Vec<LineStep>,
    guests: &GuestList,
) -> Result<CensusPlan, Refusal> {
    let unclear = sightings.iter().enumerate();
    let unclear = unclear.filter(|(_, sighting)| sighting.is_unclear());
    let unclear: Vec<usize> = unclear.map(|(index, _)| index).collect();
    let listed = sightings
        .iter()
        .filter_map(|sighting| match sighting.about {
            About::Known(stay) => Some(stay.stay_id),
            About::Unreadable(stay_id) => Some(stay_id),
            About::Newcomer | About::Repeated(_) => None,
        });
    let listed: HashSet<Uuid> = listed.collect();
    let absent = census.absent(guests.stays.iter().map(StoredStay::known), &listed);
    let missing_become = census.missing_become(unclear.len());
    if let Some(departures) = census.departures_to_confirm(&absent, missing_become)
        && !is_going_on(census, last, departures)
    {
        return Err(Refusal::CensusImplausible { departures });
    }
    let lines = sightings.iter().zip(steps).map(PlannedLine::of);
    Ok(CensusPlan {
        lines: lines.collect(),
        unreadable: guests.unreadable(census.taken_at, &listed),
        warnings: if missing_become == census.missing || absent.missing.is_empty() {
            Vec::new()
        } else {
            unclear.into_iter().map(unclear_guest).collect()
        },
        missing: guests.named(&absent.missing),
        missing_become,
        left_alone: guests.named(&absent.left_alone),
    })
}

impl PlannedLine {
    fn of((sighting, step): (&Sighting<'_>, LineStep)) -> Self {
        let arrival = (step == LineStep::Arrive).then(|| Arrival {
            declaration: sighting.declaration.clone(),
            warnings: sighting.line.warnings.clone(),
        });
        let before = match sighting.about {
            About::Known(stay) => Some(Whereabouts::of(stay.content)),
            About::Newcomer | About::Repeated(_) | About::Unreadable(_) => None,
        };
        Self {
            reference: sighting.line.reference().map(str::to_owned),
            before,
            step,
            arrival,
        }
    }
}

fn unclear_guest(index: usize) -> Violation {
    Violation::new(format!("/stays/{index}"), Code::CensusGuestUnclear)
}

/// Whether this resumes a confirmed census. Some guests have already departed, so the number may
/// only be lower.
fn is_going_on(census: &Census<'_>, last: Option<&CensusRow>, departures: u32) -> bool {
    let named = census.confirmed_departures;
    named.is_some_and(|named| departures <= named)
        && last.is_some_and(|last| {
            last.taken_at == census.taken_at && last.confirmed_departures == confirmed(census)
        })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::census::Scope;

    use super::*;

    #[test]
    fn a_confirmed_census_goes_on_with_fewer_departures() {
        let facility_id = Uuid::nil();
        let last = CensusRow {
            facility_id,
            scope_index: Vec::new(),
            taken_at: DateTime::UNIX_EPOCH,
            confirmed_departures: Some(60),
            received_at: DateTime::UNIX_EPOCH,
            created_by: Uuid::nil(),
        };
        let census = |seconds, confirmed_departures| Census {
            taken_at: DateTime::UNIX_EPOCH + chrono::Duration::seconds(seconds),
            scope: Scope::Facility,
            missing: Missing::Depart,
            confirmed_departures,
            stays: &[],
        };
        let table = [
            (0, Some(60), 55, true),
            (0, Some(60), 61, false),
            (0, Some(59), 55, false),
            (0, None, 55, false),
            (1, Some(60), 55, false),
        ];
        for (seconds, confirmed, departures, is_going_on) in table {
            let census = census(seconds, confirmed);
            assert_eq!(
                super::is_going_on(&census, Some(&last), departures),
                is_going_on
            );
            assert!(!super::is_going_on(&census, None, departures));
        }
    }
}
