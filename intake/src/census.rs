//! Processes a census: new guests are declared, the stays of present guests are updated where they
//! differ, and missing guests depart or become questions.
//!
//! Everything is planned first, and a dry run ends there. A census that was interrupted and sent
//! again does what is left; finished steps are recognised and reported the same way.

mod carry_out;
mod plan;
mod read;
mod report;
mod turn;
mod whereabouts;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    census::{Census, Scope},
    facility::Facility,
};
use runtime::vault::Vault;
use serde_json::Value;
use store::{
    census::{Begun, CensusRow, lease::CensusLease},
    declarations::Idempotency,
};
use uuid::Uuid;

use crate::{Intake, Occasion, Refusal};

pub use report::{CensusEntry, CensusReport};
pub use whereabouts::Whereabouts;

/// What everything is written under that a census writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CensusHold {
    /// The turn. Nothing is written once it is over.
    pub(crate) lease: CensusLease,
    /// When the census was taken: the instant that its changes describe.
    pub(crate) taken_at: DateTime<Utc>,
}

/// A census in progress.
struct CensusWork<'a> {
    occasion: Occasion<'a>,
    hold: CensusHold,
    facility: &'a Arc<Facility>,
    census: Census<'a>,
    later: LaterCensuses<'a>,
}

/// The later censuses of a facility, each of a part of it.
struct LaterCensuses<'a> {
    vault: &'a Vault,
    facility_id: Uuid,
    /// When they were taken, by the index of their scope.
    taken_at: HashMap<Vec<u8>, DateTime<Utc>>,
}

impl LaterCensuses<'_> {
    /// When the newest was taken of any part that contains a stay with this content.
    fn counted_at(&self, content: &Value) -> Option<DateTime<Utc>> {
        if self.taken_at.is_empty() {
            return None;
        }
        let index = |scope| scope_index(self.vault, self.facility_id, scope);
        let around = Scope::around(content);
        let taken_at = around
            .iter()
            .filter_map(|scope| self.taken_at.get(&index(scope)));
        taken_at.max().copied()
    }
}

impl Intake {
    /// Processes a census of one of the sender's facilities. A dry run writes nothing.
    ///
    /// Errors: [`Refusal`] of the whole census; nothing of it was saved. Errors about one guest are
    /// in that guest's entry.
    pub async fn census(
        &self,
        occasion: Occasion<'_>,
        facility: &Arc<Facility>,
        document: &Value,
        is_dry_run: bool,
    ) -> Result<CensusReport, Refusal> {
        let window = &self.inner.rules.window;
        let census = Census::read(document, facility.kind, window, occasion.received_at);
        let census = census.map_err(Refusal::Invalid)?;
        let key = if is_dry_run {
            None
        } else {
            let content = to_canonical_json(document);
            let content = [facility.id.as_bytes().as_slice(), &content].concat();
            self.guard_key(&occasion, Some(facility.id), &content)
                .await?
        };
        let turn = self.turn(facility.id).await?;
        let work = CensusWork {
            occasion: occasion.of_an_item(),
            hold: CensusHold {
                lease: turn.lease,
                taken_at: census.taken_at,
            },
            later: self.later_censuses(facility.id, census.taken_at).await?,
            facility,
            census,
        };
        let report = self.process(&work, key.as_ref(), is_dry_run).await;
        turn.end().await;
        report
    }

    async fn process(
        &self,
        work: &CensusWork<'_>,
        key: Option<&Idempotency>,
        is_dry_run: bool,
    ) -> Result<CensusReport, Refusal> {
        let last = self.last(work).await?;
        let plan = self.plan(work, last.as_ref()).await?;
        let mut report = plan.foretold();
        if !is_dry_run {
            self.begin(work, last.as_ref(), key).await?;
            self.carry_out(work, plan, &mut report).await;
        }
        Ok(report)
    }

    async fn later_censuses(
        &self,
        facility_id: Uuid,
        taken_at: DateTime<Utc>,
    ) -> Result<LaterCensuses<'_>, Refusal> {
        let later = store::census::later(&self.inner.db, facility_id, taken_at).await?;
        let later = later.into_iter().map(|row| (row.scope_index, row.taken_at));
        Ok(LaterCensuses {
            vault: &self.inner.clerk.vault,
            facility_id,
            taken_at: later.collect(),
        })
    }

    /// The newest census of the same scope. Errors: a later one covers what this one does.
    async fn last(&self, work: &CensusWork<'_>) -> Result<Option<CensusRow>, Refusal> {
        let own = self.scope_index(work, &work.census.scope);
        let indexes = [own.clone(), self.scope_index(work, &Scope::Facility)];
        let newest = store::census::newest(&self.inner.db, work.facility.id, &indexes).await?;
        let latest = newest.iter().map(|row| row.taken_at).max();
        if let Some(last_taken_at) = latest.filter(|last| work.census.is_stale(*last)) {
            return Err(Refusal::CensusStale { last_taken_at });
        }
        Ok(newest.into_iter().find(|row| row.scope_index == own))
    }

    fn scope_index(&self, work: &CensusWork<'_>, scope: &Scope) -> Vec<u8> {
        scope_index(&self.inner.clerk.vault, work.facility.id, scope)
    }

    /// Records the census before acting on it, so that an older one arriving in the meantime is
    /// recognised as old.
    async fn begin(
        &self,
        work: &CensusWork<'_>,
        last: Option<&CensusRow>,
        key: Option<&Idempotency>,
    ) -> Result<(), Refusal> {
        let row = CensusRow {
            facility_id: work.facility.id,
            scope_index: self.scope_index(work, &work.census.scope),
            taken_at: work.census.taken_at,
            confirmed_departures: confirmed(&work.census),
            received_at: work.occasion.received_at,
            created_by: work.occasion.sender.key_id,
        };
        let begun = store::census::begin(&self.inner.db, work.hold.lease, row, key).await?;
        let last_taken_at = last.map_or(work.occasion.received_at, |last| last.taken_at);
        match begun {
            Begun::Newest => Ok(()),
            Begun::Stale => Err(Refusal::CensusStale { last_taken_at }),
            Begun::KeyReused => Err(Refusal::IdempotencyKeyReused),
        }
    }

    /// When each of these wards was last counted, alone or with the whole facility; none where it
    /// never was.
    ///
    /// Errors: those of the database.
    pub async fn counted_at(
        &self,
        facility_id: Uuid,
        wards: &[String],
    ) -> store::Result<Vec<Option<DateTime<Utc>>>> {
        let vault = &self.inner.clerk.vault;
        let whole = scope_index(vault, facility_id, &Scope::Facility);
        let of_ward = |ward: &String| scope_index(vault, facility_id, &Scope::Ward(ward.clone()));
        let indexes: Vec<Vec<u8>> = wards.iter().map(of_ward).collect();
        let mut wanted = indexes.clone();
        wanted.push(whole.clone());
        let found = store::census::newest(&self.inner.db, facility_id, &wanted).await?;
        let taken_at: HashMap<Vec<u8>, DateTime<Utc>> = found
            .into_iter()
            .map(|census| (census.scope_index, census.taken_at))
            .collect();
        let with_all = taken_at.get(&whole);
        let newest = |index| taken_at.get(index).max(with_all).copied();
        Ok(indexes.iter().map(newest).collect())
    }
}

/// Keyed hash of a part of a facility.
fn scope_index(vault: &Vault, facility_id: Uuid, scope: &Scope) -> Vec<u8> {
    let [kind, name] = scope.parts();
    let parts: [&[u8]; 3] = [facility_id.as_bytes(), kind.as_bytes(), name.as_bytes()];
    vault.blind_index("census.scope", &parts).to_vec()
}

/// How many departures the sender has confirmed, as it is stored.
fn confirmed(census: &Census<'_>) -> Option<i32> {
    let departures = census.confirmed_departures?;
    i32::try_from(departures).ok()
}
