//! Carries out the plan of a census, and puts into its report what became of everybody.

use domain::{
    census::{Fate, LineStep, Missing},
    change::Change,
    stay::Channel,
};
use uuid::Uuid;

use super::{
    CensusWork,
    plan::{Arrival, CensusPlan, PlannedLine},
    read::Unlisted,
    report::CensusReport,
};
use crate::{Accepted, Intake, Item, ItemOutcome, Refusal};

/// How many arrivals enter the queue together, leaving room for other callers.
const ARRIVALS_AT_ONCE: usize = 256;

impl Intake {
    /// `report` is what the plan foretold.
    pub(super) async fn carry_out(
        &self,
        work: &CensusWork<'_>,
        plan: CensusPlan,
        report: &mut CensusReport,
    ) {
        let line_count = plan.lines.len();
        let present: Vec<Uuid> = plan.lines.iter().filter_map(PlannedLine::present).collect();
        self.declare_arrivals(work, &plan.lines, report).await;
        self.change_stays(work, plan.lines, report).await;
        let asked = match plan.missing_become {
            Missing::Ask => plan.missing.as_slice(),
            Missing::Depart => &[],
        };
        let questioned = self.question(work, asked, &present).await;
        match (plan.missing_become, questioned) {
            (Missing::Ask, true) => {}
            (Missing::Ask, false) => {
                for (_, entry) in plan.missing.iter().zip(report.missing_of(line_count)) {
                    entry.outcome = Err(Refusal::StorageUnavailable);
                }
            }
            (Missing::Depart, _) => {
                let answers = self.depart(work, &plan.missing).await;
                for (answer, entry) in answers.into_iter().zip(report.missing_of(line_count)) {
                    match answer {
                        // Another request recorded it a moment ago.
                        Err(Refusal::StayDeparted | Refusal::StayCancelled) => {
                            entry.outcome = Ok(Fate::Unchanged);
                        }
                        answer => entry.settle(answer),
                    }
                }
            }
        }
    }

    async fn declare_arrivals(
        &self,
        work: &CensusWork<'_>,
        lines: &[PlannedLine],
        report: &mut CensusReport,
    ) {
        let lines = lines.iter().zip(&mut report.entries);
        let arrivals = lines.filter_map(|(line, entry)| Some((line.arrival.as_ref()?, entry)));
        let (arrivals, mut entries): (Vec<&Arrival>, Vec<_>) = arrivals.unzip();
        let groups = arrivals.chunks(ARRIVALS_AT_ONCE);
        for (arrivals, entries) in groups.zip(entries.chunks_mut(ARRIVALS_AT_ONCE)) {
            let answers = self.declare_group(work, arrivals).await;
            for (entry, answer) in entries.iter_mut().zip(answers) {
                let outcome = ItemOutcome::of(&answer);
                self.count_item(Channel::Census, Some(work.facility.kind), outcome);
                entry.settle(answer);
            }
        }
    }

    async fn declare_group(
        &self,
        work: &CensusWork<'_>,
        arrivals: &[&Arrival],
    ) -> Vec<Result<Accepted, Refusal>> {
        let items = arrivals.iter().map(|arrival| Item {
            warnings: &arrival.warnings,
            ..Item::plain(&arrival.declaration)
        });
        let items: Vec<Item<'_>> = items.collect();
        let answers = self.declare_held(work.occasion, work.hold.lease, &items);
        answers.await.unwrap_or_else(|refusal| {
            let is_full = matches!(refusal, Refusal::Overloaded);
            let refused = || match is_full {
                true => Refusal::Overloaded,
                false => Refusal::Stopping,
            };
            items.iter().map(|_| Err(refused())).collect()
        })
    }

    async fn change_stays(
        &self,
        work: &CensusWork<'_>,
        lines: Vec<PlannedLine>,
        report: &mut CensusReport,
    ) {
        let lines = lines.into_iter().zip(&mut report.entries);
        let (changes, entries): (Vec<(Uuid, Change)>, Vec<_>) = lines
            .filter_map(|(line, entry)| Some((line.into_change()?, entry)))
            .unzip();
        let answers = self.change_held(work.occasion, work.hold, &changes).await;
        for (entry, answer) in entries.into_iter().zip(answers) {
            entry.settle(answer);
        }
    }

    /// Asks about guests, and closes the questions about those who are present. Returns whether
    /// that is written.
    async fn question(&self, work: &CensusWork<'_>, asked: &[Unlisted], present: &[Uuid]) -> bool {
        let (db, lease) = (&self.inner.db, work.hold.lease);
        let asked: Vec<Uuid> = asked.iter().map(|guest| guest.stay_id).collect();
        let now = work.occasion.received_at;
        let written = store::census::question(db, lease, &asked, present, now).await;
        if let Err(error) = &written {
            tracing::warn!(%error, "could not write the questions of a census");
        }
        written.is_ok()
    }

    async fn depart(
        &self,
        work: &CensusWork<'_>,
        missing: &[Unlisted],
    ) -> Vec<Result<Accepted, Refusal>> {
        let change = Change::departure(work.census.taken_at);
        let changes = missing.iter().map(|guest| (guest.stay_id, change.clone()));
        let changes: Vec<(Uuid, Change)> = changes.collect();
        self.change_held(work.occasion, work.hold, &changes).await
    }
}

impl PlannedLine {
    /// The stay whose guest is there, if a question about it is answered.
    fn present(&self) -> Option<Uuid> {
        match &self.step {
            LineStep::Change { stay_id, .. } | LineStep::Nothing(stay_id) => Some(*stay_id),
            LineStep::Arrive
            | LineStep::Leave(_)
            | LineStep::Refuse(_)
            | LineStep::Unreadable(_)
            | LineStep::Stale { .. } => None,
        }
    }

    fn into_change(self) -> Option<(Uuid, Change)> {
        match self.step {
            LineStep::Change { stay_id, change } => Some((stay_id, change)),
            LineStep::Arrive
            | LineStep::Nothing(_)
            | LineStep::Leave(_)
            | LineStep::Refuse(_)
            | LineStep::Unreadable(_)
            | LineStep::Stale { .. } => None,
        }
    }
}
