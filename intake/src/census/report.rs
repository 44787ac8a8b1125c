//! What a census did, or would do.

use domain::{
    census::{Fate, LineStep, Missing},
    problem::Violation,
};
use uuid::Uuid;

use super::{
    plan::{CensusPlan, PlannedLine},
    read::Unlisted,
    whereabouts::Whereabouts,
};
use crate::{Accepted, Refusal, view::StayView};

/// What a census did.
pub struct CensusReport {
    /// One entry per line in the order sent, then one per missing guest, then one per unlisted
    /// guest who is left alone.
    pub entries: Vec<CensusEntry>,
    /// Why missing guests became questions instead of departures; pointers are into the census.
    pub warnings: Vec<Violation>,
}

/// The effect of a census on one guest.
pub struct CensusEntry {
    /// The index of the guest's line; `None` for a guest who is not listed.
    pub index: Option<usize>,
    /// The reference of the line or of the stay.
    pub reference: Option<String>,
    /// The stay, where there is one.
    pub stay_id: Option<Uuid>,
    /// Who it was and where, before the census.
    pub before: Option<Whereabouts>,
    /// The stay as it was written, where a version was.
    pub stay: Option<StayView>,
    /// What became of it.
    pub outcome: Result<Fate, Refusal>,
}

impl CensusPlan {
    /// What would become of everybody.
    pub(super) fn foretold(&self) -> CensusReport {
        let fate = match self.missing_become {
            Missing::Depart => Fate::Departed,
            Missing::Ask => Fate::Asked,
        };
        let lines = self.lines.iter().enumerate();
        let lines = lines.map(|(index, line)| CensusEntry::of_line(index, line));
        let missing = self.missing.iter().map(|guest| guest.entry(fate));
        let unreadable = self.unreadable.iter().copied().map(CensusEntry::not_read);
        let left_alone = self.left_alone.iter();
        let left_alone = left_alone.map(|guest| guest.entry(Fate::Unchanged));
        let entries = lines.chain(missing).chain(unreadable).chain(left_alone);
        CensusReport {
            entries: entries.collect(),
            warnings: self.warnings.clone(),
        }
    }
}

impl CensusReport {
    /// The entries of the missing guests of a plan, in its order.
    pub(super) fn missing_of(
        &mut self,
        line_count: usize,
    ) -> impl Iterator<Item = &mut CensusEntry> {
        self.entries.iter_mut().skip(line_count)
    }
}

impl CensusEntry {
    fn of_line(index: usize, line: &PlannedLine) -> Self {
        let (stay_id, outcome) = match &line.step {
            LineStep::Arrive => (None, Ok(Fate::Arrived)),
            LineStep::Change { stay_id, .. } => (Some(*stay_id), Ok(Fate::Changed)),
            LineStep::Nothing(stay_id) | LineStep::Leave(stay_id) => {
                (Some(*stay_id), Ok(Fate::Unchanged))
            }
            LineStep::Refuse(violations) => (None, Err(Refusal::Invalid(violations.clone()))),
            LineStep::Unreadable(stay_id) => (Some(*stay_id), Err(unreadable(*stay_id))),
            LineStep::Stale {
                stay_id,
                last_taken_at,
            } => {
                let last_taken_at = *last_taken_at;
                (*stay_id, Err(Refusal::CensusStale { last_taken_at }))
            }
        };
        Self {
            index: Some(index),
            reference: line.reference.clone(),
            stay_id,
            before: line.before.clone(),
            stay: None,
            outcome,
        }
    }

    /// A guest whose stay cannot be read is neither missing nor present.
    fn not_read(stay_id: Uuid) -> Self {
        Self {
            index: None,
            reference: None,
            stay_id: Some(stay_id),
            before: None,
            stay: None,
            outcome: Err(unreadable(stay_id)),
        }
    }

    /// Puts what became of the guest in the place of what was foretold.
    pub(super) fn settle(&mut self, answer: Result<Accepted, Refusal>) {
        match answer {
            Ok(Accepted { stay, is_replay }) => {
                self.stay_id = Some(stay.id);
                if is_replay {
                    self.outcome = Ok(Fate::Unchanged);
                } else {
                    self.stay = Some(stay);
                }
            }
            Err(refusal) => self.outcome = Err(refusal),
        }
    }
}

impl Unlisted {
    fn entry(&self, fate: Fate) -> CensusEntry {
        CensusEntry {
            index: None,
            reference: self.reference.clone(),
            stay_id: Some(self.stay_id),
            before: Some(self.before.clone()),
            stay: None,
            outcome: Ok(fate),
        }
    }
}

fn unreadable(stay_id: Uuid) -> Refusal {
    let cause = anyhow::anyhow!("left alone by a census");
    Refusal::Unreadable { stay_id, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_foretold_stands_until_something_else_became_of_it() {
        let foretold = || {
            CensusEntry::of_line(
                3,
                &PlannedLine {
                    reference: Some("BN-1".to_owned()),
                    before: None,
                    step: LineStep::Arrive,
                    arrival: None,
                },
            )
        };
        let accepted = |is_replay| Accepted {
            stay: StayView {
                id: Uuid::from_u128(1),
                version: 1,
                json: "{}".to_owned(),
            },
            is_replay,
        };
        // The answer; the outcome, whether the stay is known, whether it is shown.
        let table = [
            (Ok(accepted(false)), "arrived", true, true),
            (Ok(accepted(true)), "unchanged", true, false),
            (Err(Refusal::Overloaded), "overloaded", false, false),
        ];
        for (answer, expected, is_known, is_shown) in table {
            let mut entry = foretold();
            entry.settle(answer);
            let outcome = match &entry.outcome {
                Ok(fate) => fate.as_str(),
                Err(refusal) => refusal.code().as_str(),
            };
            assert_eq!(outcome, expected);
            assert_eq!(entry.stay_id.is_some(), is_known, "{expected}");
            assert_eq!(entry.stay.is_some(), is_shown, "{expected}");
            assert_eq!(
                (entry.index, entry.reference.as_deref()),
                (Some(3), Some("BN-1"))
            );
        }
    }

    #[test]
    fn the_missing_come_after_the_lines() {
        let unlisted = |number| Unlisted {
            stay_id: Uuid::from_u128(number),
            reference: None,
            before: Whereabouts::default(),
        };
        let line = |step| PlannedLine {
            reference: None,
            before: None,
            step,
            arrival: None,
        };
        let plan = CensusPlan {
            lines: vec![
                line(LineStep::Nothing(Uuid::from_u128(1))),
                line(LineStep::Arrive),
            ],
            missing: vec![unlisted(2), unlisted(3)],
            missing_become: Missing::Ask,
            unreadable: vec![Uuid::from_u128(4)],
            left_alone: vec![unlisted(5)],
            warnings: Vec::new(),
        };
        let mut report = plan.foretold();
        let outcome = |entry: &CensusEntry| match &entry.outcome {
            Ok(fate) => fate.as_str(),
            Err(refusal) => refusal.code().as_str(),
        };
        let found: Vec<(Option<usize>, Option<u128>, &str)> = report
            .entries
            .iter()
            .map(|entry| {
                (
                    entry.index,
                    entry.stay_id.map(|id| id.as_u128()),
                    outcome(entry),
                )
            })
            .collect();
        let expected = [
            (Some(0), Some(1), "unchanged"),
            (Some(1), None, "arrived"),
            (None, Some(2), "asked"),
            (None, Some(3), "asked"),
            (None, Some(4), "stay_unreadable"),
            (None, Some(5), "unchanged"),
        ];
        assert_eq!(found, expected);
        let missing = report.missing_of(2).take(2).map(|entry| entry.stay_id);
        let missing: Vec<Option<Uuid>> = missing.collect();
        assert_eq!(
            missing,
            [Some(Uuid::from_u128(2)), Some(Uuid::from_u128(3))]
        );
    }
}
