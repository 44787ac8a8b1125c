//! Changes stays: judges a change against the current version, makes the next one, and writes it
//! only if that version is still current.
//!
//! Nothing is locked while a change is judged. If the stay has moved in the meantime, it is read
//! and judged again: a caller that named a version gets a conflict; one that named none has the
//! change reapplied to the new version.

mod judge;
mod next;

use std::collections::{HashMap, HashSet};

use domain::{
    canonical::to_canonical_json,
    change::{Change, Operation},
    hold,
};
use store::{
    changes::{self, ChangeOutcome, NewChange},
    idempotency::{self, Idempotency},
    outbox,
    stays::{StayRow, StayVersionRow},
};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use self::judge::{JudgedChange, judge};
use crate::{
    Accepted, Intake, Occasion, Refusal,
    accept::Inner,
    census::CensusHold,
    lost_commit::{self, Trace},
    rewrite,
    view::StayView,
};

/// How often a change that names no version is judged again because the stay moved.
const TRY_COUNT_MAX: u32 = 64;
/// Changes of one transaction when there are many.
const GROUP_COUNT_MAX: usize = 200;

/// The version that a change targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The version that is current at the time of writing.
    Current,
    /// One of these.
    Versions(Vec<i32>),
    /// The sender should have named one.
    Unnamed,
}

/// A change and what identifies its request.
struct ChangeRequest<'a> {
    occasion: &'a Occasion<'a>,
    /// Set by a census.
    hold: Option<CensusHold>,
    stay_id: Uuid,
    expected: &'a Expected,
    change: &'a Change,
    /// Keyed hash of the request, to recognise a repetition.
    change_index: [u8; 32],
    /// Only for a change that is a request of its own.
    idempotency: Option<Idempotency>,
}

/// A stay as it was read for a change.
struct ReadStay {
    stay: StayRow,
    current: StayVersionRow,
    /// The first version, where it is another.
    first: Option<StayVersionRow>,
    /// How many notifications the stay has, if it was held when it was declared and nobody has
    /// claimed any of them. Read for a cancellation alone.
    unclaimed_count: Option<u64>,
}

/// A change ready to be written.
struct PreparedChange {
    row: NewChange,
    /// The answer to the sender once the row is written.
    view: StayView,
}

/// Changes that come together.
#[derive(Clone, Copy)]
struct Series<'a> {
    occasion: &'a Occasion<'a>,
    /// Set by a census.
    hold: Option<CensusHold>,
}

impl Intake {
    /// Changes a stay of the sender's.
    ///
    /// A change that changes nothing, or that repeats from the version it names the very change
    /// that made the current version, makes no new version: its answer is that of the current one.
    ///
    /// Errors: [`Refusal`]; nothing was saved, unless it says that this is not known. Checks run in
    /// the contract's order: known key, absent stay, version not named, faults of the document,
    /// outdated version, state of the stay.
    pub async fn change(
        &self,
        occasion: Occasion<'_>,
        stay_id: Uuid,
        expected: &Expected,
        change: &Change,
    ) -> Result<Accepted, Refusal> {
        let answer = self
            .change_alone(&occasion, stay_id, expected, change)
            .await;
        self.count_change(change.operation, &answer);
        self.count_key(&occasion, &answer);
        answer
    }

    /// Takes back a stay of the sender's of which the police have not heard; `None` when they may
    /// have: then nothing is changed, and only a cancellation ends it.
    ///
    /// Errors: as [`Intake::change`].
    pub async fn withdraw(
        &self,
        occasion: Occasion<'_>,
        stay_id: Uuid,
        expected: &Expected,
        reason: &str,
    ) -> Result<Option<Accepted>, Refusal> {
        let change = Change::cancellation(reason);
        let series = Series {
            occasion: &occasion.of_an_item(),
            hold: None,
        };
        let request = self.request(series, stay_id, expected, &change);
        let withdraws = |row: &NewChange| row.withdrawn_count.is_some();
        let answer = self.judge_and_write_if(&request, withdraws).await;
        if let Some(answer) = answer.transpose() {
            self.count_change(change.operation, &answer);
            return answer.map(Some);
        }
        Ok(None)
    }

    async fn change_alone(
        &self,
        occasion: &Occasion<'_>,
        stay_id: Uuid,
        expected: &Expected,
        change: &Change,
    ) -> Result<Accepted, Refusal> {
        let about = self.about(occasion, stay_id).await?;
        let alone = Series {
            occasion,
            hold: None,
        };
        let mut request = self.request(alone, stay_id, expected, change);
        let clerk = &self.inner.clerk;
        request.idempotency = clerk.idempotency_of(occasion, about, &request.change_index);
        self.judge_and_write(&request).await
    }

    async fn judge_and_write(&self, request: &ChangeRequest<'_>) -> Result<Accepted, Refusal> {
        let answer = self.judge_and_write_if(request, |_| true).await?;
        answer.ok_or(Refusal::Overloaded)
    }

    /// Like [`Intake::judge_and_write`]; makes nothing, and answers `None`, where the version to be
    /// written is not `wanted`.
    async fn judge_and_write_if(
        &self,
        request: &ChangeRequest<'_>,
        wanted: impl Fn(&NewChange) -> bool,
    ) -> Result<Option<Accepted>, Refusal> {
        let Inner { rules, clerk, .. } = &*self.inner;
        for _ in 0..TRY_COUNT_MAX {
            if let Some(version) = self.known_by_key(request).await? {
                return self.replay(request.stay_id, version).await.map(Some);
            }
            let Some(read) = self.read(request).await? else {
                continue;
            };
            let prepared = match judge(rules, clerk, request, &read)? {
                JudgedChange::Said { version } => {
                    return self.repeat(request, version).await.map(Some);
                }
                JudgedChange::New(prepared) if !wanted(&prepared.row) => return Ok(None),
                JudgedChange::New(prepared) => prepared,
            };
            let outcomes = self.write(request.hold, &[&prepared.row]).await?;
            match outcomes.first() {
                Some(ChangeOutcome::Written) => return Ok(Some(Accepted::new(prepared.view))),
                Some(ChangeOutcome::ReferenceConflict { stay_id }) => {
                    return Err(Refusal::ReferenceConflict { stay_id: *stay_id });
                }
                Some(ChangeOutcome::Moved | ChangeOutcome::KeyKnown) | None => {}
            }
        }
        Err(Refusal::Overloaded)
    }

    /// Changes many stays, each independently and at its current version, several per transaction.
    /// Outcomes are in the order of the changes. Ignores any `Idempotency-Key`.
    pub async fn change_many(
        &self,
        occasion: Occasion<'_>,
        changes: &[(Uuid, Change)],
    ) -> Vec<Result<Accepted, Refusal>> {
        self.change_series(occasion, None, changes).await
    }

    /// Like [`Intake::change_many`], for a census: once its lease is lost, nothing more is written.
    pub(crate) async fn change_held(
        &self,
        occasion: Occasion<'_>,
        hold: CensusHold,
        changes: &[(Uuid, Change)],
    ) -> Vec<Result<Accepted, Refusal>> {
        self.change_series(occasion, Some(hold), changes).await
    }

    async fn change_series(
        &self,
        occasion: Occasion<'_>,
        hold: Option<CensusHold>,
        changes: &[(Uuid, Change)],
    ) -> Vec<Result<Accepted, Refusal>> {
        let series = Series {
            occasion: &occasion.of_an_item(),
            hold,
        };
        let mut outcomes = Vec::with_capacity(changes.len());
        for group in changes.chunks(GROUP_COUNT_MAX) {
            outcomes.extend(self.change_group(series, group).await);
        }
        outcomes
    }

    async fn change_group(
        &self,
        series: Series<'_>,
        group: &[(Uuid, Change)],
    ) -> Vec<Result<Accepted, Refusal>> {
        let together = self.prepare_group(series, group).await;
        let mut together = together.unwrap_or_default();
        let written = self.write_together(series.hold, &together).await;
        let mut answers = Vec::with_capacity(group.len());
        for (index, (stay_id, change)) in group.iter().enumerate() {
            let prepared = together.remove(&index).filter(|_| written.contains(&index));
            answers.push(match prepared {
                Some(prepared) => Ok(Accepted::new(prepared.view)),
                None => {
                    let request = self.request(series, *stay_id, &Expected::Current, change);
                    self.judge_and_write(&request).await
                }
            });
        }
        answers
    }

    /// Writes what was prepared, and returns the indexes of what is written. Whatever could not be
    /// written together is retried one by one: the stay moved, or only some of the group are at
    /// fault.
    async fn write_together(
        &self,
        hold: Option<CensusHold>,
        together: &HashMap<usize, PreparedChange>,
    ) -> HashSet<usize> {
        let (indexes, rows): (Vec<usize>, Vec<&NewChange>) = together
            .iter()
            .map(|(index, prepared)| (*index, &prepared.row))
            .unzip();
        if rows.is_empty() {
            return HashSet::new();
        }
        let outcomes = self.write(hold, &rows).await.unwrap_or_default();
        let outcomes = indexes.into_iter().zip(outcomes);
        outcomes
            .filter(|(_, outcome)| *outcome == ChangeOutcome::Written)
            .map(|(index, _)| index)
            .collect()
    }

    /// The changes that can be written together, by index. The rest are retried one by one, which
    /// finds the reason.
    async fn prepare_group(
        &self,
        series: Series<'_>,
        group: &[(Uuid, Change)],
    ) -> Result<HashMap<usize, PreparedChange>, Refusal> {
        let Inner { rules, clerk, .. } = &*self.inner;
        let ids: Vec<Uuid> = group.iter().map(|(stay_id, _)| *stay_id).collect();
        let mut found = self.read_many(series.occasion, &ids).await?;
        let mut prepared = HashMap::with_capacity(group.len());
        for (index, (stay_id, change)) in group.iter().enumerate() {
            // A second change to the same stay finds nothing here and follows the first.
            let Some(read) = found.remove(stay_id) else {
                continue;
            };
            // Alone it is rewritten first.
            if rewrite::is_needed(&clerk.vault, &read.stay) {
                continue;
            }
            let request = self.request(series, *stay_id, &Expected::Current, change);
            if let Ok(JudgedChange::New(new)) = judge(rules, clerk, &request, &read) {
                prepared.insert(index, *new);
            }
            tokio::task::yield_now().await;
        }
        Ok(prepared)
    }

    /// These stays with what a change is judged by. Stays that moved while being read are absent.
    async fn read_many(
        &self,
        occasion: &Occasion<'_>,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, ReadStay>, Refusal> {
        let db = &self.inner.db;
        let stays = store::stays::find_many(db, ids, &occasion.facility_ids()).await?;
        let mut currents = by_stay(store::stays::current_versions(db, &stays).await?);
        let later = stays.iter().filter(|stay| stay.version > 1);
        let later: Vec<Uuid> = later.map(|stay| stay.id).collect();
        let mut firsts = by_stay(store::stays::first_versions(db, &later).await?);
        let read = stays.into_iter().filter_map(|stay| {
            let read = ReadStay {
                current: currents.remove(&stay.id)?,
                first: firsts.remove(&stay.id),
                unclaimed_count: None,
                stay,
            };
            Some((read.stay.id, read))
        });
        Ok(read.collect())
    }

    /// The facility of the stay to change. Only needed when the request has a key, because keys are
    /// separate per facility.
    async fn about(&self, occasion: &Occasion<'_>, stay_id: Uuid) -> Result<Option<Uuid>, Refusal> {
        if occasion.idempotency_key.is_none() {
            return Ok(None);
        }
        let db = &self.inner.db;
        let stay = store::stays::find(db, stay_id, &occasion.facility_ids()).await?;
        Ok(stay.map(|stay| stay.facility_id))
    }

    /// A request without an `Idempotency-Key`.
    fn request<'a>(
        &self,
        series: Series<'a>,
        stay_id: Uuid,
        expected: &'a Expected,
        change: &'a Change,
    ) -> ChangeRequest<'a> {
        let content = to_canonical_json(&change.comparison_content());
        ChangeRequest {
            occasion: series.occasion,
            hold: series.hold,
            stay_id,
            expected,
            change,
            change_index: self.inner.clerk.change_hash(stay_id, &content),
            idempotency: None,
        }
    }

    /// The version that this request produced earlier, if its key is known.
    async fn known_by_key(&self, request: &ChangeRequest<'_>) -> Result<Option<i32>, Refusal> {
        let Some(key) = &request.idempotency else {
            return Ok(None);
        };
        let db = &self.inner.db;
        let known = idempotency::find(db, &key.key_hash, request.occasion.received_at);
        let Some(known) = known.await? else {
            return Ok(None);
        };
        let target = known.target.filter(|_| known.is_same_request(key));
        let Some((stay_id, version)) = target else {
            return Err(Refusal::IdempotencyKeyReused);
        };
        let is_theirs = store::stays::find(db, stay_id, &request.occasion.facility_ids()).await?;
        match is_theirs {
            Some(_) => Ok(Some(version)),
            None => Err(Refusal::NotFound),
        }
    }

    /// The current stay; `None` when it moved while being read.
    async fn read(&self, request: &ChangeRequest<'_>) -> Result<Option<ReadStay>, Refusal> {
        let db = &self.inner.db;
        let id = request.stay_id;
        let stay = store::stays::find(db, id, &request.occasion.facility_ids()).await?;
        let stay = stay.ok_or(Refusal::NotFound)?;
        if rewrite::is_needed(&self.inner.clerk.vault, &stay) {
            // From now on the stay's data is sealed with its own key.
            rewrite::stay(db, &self.inner.clerk.vault, id).await?;
            return Ok(None);
        }
        let Some(current) = store::stays::version(db, id, stay.version).await? else {
            return Ok(None);
        };
        let first = match stay.version {
            ..=1 => None,
            _ => store::stays::version(db, id, 1).await?,
        };
        let declared = first.as_ref().unwrap_or(&current);
        let unclaimed_count = match request.change.operation {
            Operation::Cancellation if was_held(&stay, declared)? => {
                outbox::unclaimed_count(db, id).await?
            }
            Operation::Cancellation
            | Operation::Amendment
            | Operation::Departure
            | Operation::Extension => None,
        };
        Ok(Some(ReadStay {
            stay,
            current,
            first,
            unclaimed_count,
        }))
    }

    async fn write(
        &self,
        hold: Option<CensusHold>,
        rows: &[&NewChange],
    ) -> Result<Vec<ChangeOutcome>, Refusal> {
        let db = &self.inner.db;
        let started = Instant::now();
        let writing = async {
            match hold {
                None => changes::write(db, rows).await,
                Some(hold) => changes::write_held(db, hold.lease, rows).await,
            }
        };
        let written = timeout(store::write::TRANSACTION_DURATION_MAX, writing).await;
        match written.unwrap_or(Err(store::Error::OutcomeUnknown)) {
            Ok(outcomes) => Ok(outcomes),
            Err(store::Error::OutcomeUnknown) => {
                let versions: Vec<&StayVersionRow> = rows.iter().map(|row| &row.version).collect();
                let traces = lost_commit::search(db, &versions, started).await;
                let traces = traces.ok_or(Refusal::OutcomeUnknown)?;
                Ok(traces.into_iter().map(outcome_of).collect())
            }
            Err(store::Error::LockTimeout) if rows.iter().any(|row| row.idempotency.is_some()) => {
                Err(Refusal::IdempotencyInProgress)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Nothing new to make; a key sent with the request leads there from now on.
    async fn repeat(&self, request: &ChangeRequest<'_>, version: i32) -> Result<Accepted, Refusal> {
        if let Some(key) = &request.idempotency {
            let target = (request.stay_id, version);
            let db = &self.inner.db;
            idempotency::keep(db, key, target, request.occasion.received_at).await?;
        }
        self.replay(request.stay_id, version).await
    }
}

/// Whether the police were to hear of a stay a moment after it was declared only.
fn was_held(stay: &StayRow, declared: &StayVersionRow) -> Result<bool, Refusal> {
    let channel = declared.channel.get();
    let channel = channel.map_err(|cause| unreadable(stay.id, cause))?;
    Ok(hold::held_until(channel, stay.received_at, stay.deadline_at).is_some())
}

/// A version that is not there was not written: its stay had moved.
fn outcome_of(trace: Trace) -> ChangeOutcome {
    match trace {
        Trace::Written { .. } => ChangeOutcome::Written,
        Trace::Taken | Trace::Absent => ChangeOutcome::Moved,
    }
}

fn by_stay(versions: Vec<StayVersionRow>) -> HashMap<Uuid, StayVersionRow> {
    let pairs = versions.into_iter();
    pairs.map(|version| (version.stay_id, version)).collect()
}

fn unreadable(stay_id: Uuid, cause: impl Into<anyhow::Error>) -> Refusal {
    let cause = cause.into();
    Refusal::Unreadable { stay_id, cause }
}
