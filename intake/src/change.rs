//! Changes stays: judges a change against the current version, makes the next one, and writes it
//! only if that version is still current.
//!
//! Nothing is locked while a change is judged. If the stay has moved in the meantime, it is read
//! and judged again: a caller that named a version gets a conflict; one that named none has the
//! change reapplied to the new version.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    catalogue::VIET_NAM_CODE,
    change::{self, After, Before, Change, ChangeKind, Operation},
    deadline::Deadline,
    declaration::Rejudging,
    facility::Facility,
    notification,
    problem::Code,
    review::{self, ReviewKind},
    stay::{CompletionState, DeliveryState, NotificationKind},
};
use entity::word::Unreadable;
use metrics::counter;
use runtime::ids;
use serde_json::{Value, json};
use store::{
    changes::{self, KeyMoves, NewChange, Outcome},
    idempotency::{self, Idempotency},
    review::NewCase,
    stays::{StayRow, StayVersionRow},
};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::{
    Accepted, Intake, Occasion, Refusal,
    census::Hold,
    commit::{OUTCOME_SEARCH_PAUSE, outcome_search_max},
    prepare::{self, Filed, Filing},
    rewrite,
    view::{self, StayView},
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
struct Asked<'a> {
    occasion: &'a Occasion<'a>,
    /// Set by a census.
    hold: Option<Hold>,
    stay_id: Uuid,
    expected: &'a Expected,
    change: &'a Change,
    /// Keyed hash of the request, to recognise a repetition.
    change_index: Vec<u8>,
    idempotency: Option<Idempotency>,
}

/// A stay as it was read for a change.
struct Found {
    stay: StayRow,
    current: StayVersionRow,
    /// The first version, where it is another.
    first: Option<StayVersionRow>,
}

/// What a change would do.
enum Judged {
    /// This version says it already.
    Said { version: i32 },
    /// To be written.
    New(Box<Prepared>),
}

struct Prepared {
    row: NewChange,
    view: StayView,
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
        let about = self.about(&occasion, stay_id).await?;
        let asked = self.ask(&occasion, None, about, stay_id, expected, change);
        self.change_one(&asked).await
    }

    async fn change_one(&self, asked: &Asked<'_>) -> Result<Accepted, Refusal> {
        for _ in 0..TRY_COUNT_MAX {
            if let Some(version) = self.known_by_key(asked).await? {
                return self.replay(asked.stay_id, version).await;
            }
            let Some(found) = self.find(asked).await? else {
                continue;
            };
            let prepared = match self.judge(asked, &found)? {
                Judged::Said { version } => return self.repeat(asked, version).await,
                Judged::New(prepared) => prepared,
            };
            let outcomes = self.write(asked.hold, &[&prepared.row]).await?;
            match outcomes.first() {
                Some(Outcome::Written) => return Ok(accepted(*prepared)),
                Some(Outcome::ReferenceConflict { stay_id }) => {
                    return Err(Refusal::ReferenceConflict { stay_id: *stay_id });
                }
                Some(Outcome::Moved | Outcome::KeyKnown) | None => {}
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
        self.change_all(occasion, None, changes).await
    }

    /// Like [`Intake::change_many`], for the changes of a census: once the lease is lost, nothing
    /// more is written.
    pub(crate) async fn change_held(
        &self,
        occasion: Occasion<'_>,
        hold: Hold,
        changes: &[(Uuid, Change)],
    ) -> Vec<Result<Accepted, Refusal>> {
        self.change_all(occasion, Some(hold), changes).await
    }

    async fn change_all(
        &self,
        occasion: Occasion<'_>,
        hold: Option<Hold>,
        changes: &[(Uuid, Change)],
    ) -> Vec<Result<Accepted, Refusal>> {
        let occasion = Occasion {
            idempotency_key: None,
            ..occasion
        };
        let mut outcomes = Vec::with_capacity(changes.len());
        for group in changes.chunks(GROUP_COUNT_MAX) {
            outcomes.extend(self.change_group(&occasion, hold, group).await);
        }
        outcomes
    }

    async fn change_group(
        &self,
        occasion: &Occasion<'_>,
        hold: Option<Hold>,
        group: &[(Uuid, Change)],
    ) -> Vec<Result<Accepted, Refusal>> {
        let together = self.prepare_group(occasion, hold, group).await;
        let mut together = together.unwrap_or_default();
        let rows: Vec<&NewChange> = together.values().map(|prepared| &prepared.row).collect();
        let written = if rows.is_empty() {
            Ok(Vec::new())
        } else {
            self.write(hold, &rows).await
        };
        let ids: Vec<usize> = together.keys().copied().collect();
        // Retry one by one whatever could not be written together: the stay moved, or only some of
        // the group are at fault.
        let written: HashSet<usize> = written
            .map(|outcomes| ids.into_iter().zip(outcomes))
            .into_iter()
            .flatten()
            .filter(|(_, outcome)| *outcome == Outcome::Written)
            .map(|(index, _)| index)
            .collect();
        let mut answers = Vec::with_capacity(group.len());
        for (index, (stay_id, change)) in group.iter().enumerate() {
            let prepared = together.remove(&index).filter(|_| written.contains(&index));
            answers.push(match prepared {
                Some(prepared) => Ok(accepted(prepared)),
                None => {
                    let expected = &Expected::Current;
                    let asked = self.ask(occasion, hold, None, *stay_id, expected, change);
                    self.change_one(&asked).await
                }
            });
        }
        answers
    }

    /// The changes that can be written together, by index. The rest are retried one by one, which
    /// finds the reason.
    async fn prepare_group(
        &self,
        occasion: &Occasion<'_>,
        hold: Option<Hold>,
        group: &[(Uuid, Change)],
    ) -> Result<HashMap<usize, Prepared>, Refusal> {
        let db = &self.inner.parts.db;
        let ids: Vec<Uuid> = group.iter().map(|(stay_id, _)| *stay_id).collect();
        let stays = store::stays::find_many(db, &ids, &facility_ids(occasion)).await?;
        let by_stay = |versions: Vec<StayVersionRow>| -> HashMap<Uuid, StayVersionRow> {
            let pairs = versions.into_iter();
            pairs.map(|version| (version.stay_id, version)).collect()
        };
        let mut currents = by_stay(store::stays::current_versions(db, &stays).await?);
        let later = stays.iter().filter(|stay| stay.version > 1);
        let later: Vec<Uuid> = later.map(|stay| stay.id).collect();
        let mut firsts = by_stay(store::stays::first_versions(db, &later).await?);
        let mut stays: HashMap<Uuid, StayRow> =
            stays.into_iter().map(|stay| (stay.id, stay)).collect();
        let mut prepared = HashMap::with_capacity(group.len());
        for (index, (stay_id, change)) in group.iter().enumerate() {
            // A second change to the same stay finds nothing here and follows the first.
            let (Some(stay), Some(current)) = (stays.remove(stay_id), currents.remove(stay_id))
            else {
                continue;
            };
            // Alone it is rewritten first.
            if rewrite::is_needed(&self.inner.parts.vault, &stay) {
                continue;
            }
            let found = Found {
                stay,
                current,
                first: firsts.remove(stay_id),
            };
            let asked = self.ask(occasion, hold, None, *stay_id, &Expected::Current, change);
            if let Ok(Judged::New(new)) = self.judge(&asked, &found) {
                prepared.insert(index, *new);
            }
            tokio::task::yield_now().await;
        }
        Ok(prepared)
    }

    /// The facility of the stay to change. Only needed when the request has a key, because keys are
    /// separate per facility.
    async fn about(&self, occasion: &Occasion<'_>, stay_id: Uuid) -> Result<Option<Uuid>, Refusal> {
        if occasion.idempotency_key.is_none() {
            return Ok(None);
        }
        let db = &self.inner.parts.db;
        let stay = store::stays::find(db, stay_id, &facility_ids(occasion)).await?;
        Ok(stay.map(|stay| stay.facility_id))
    }

    fn ask<'a>(
        &self,
        occasion: &'a Occasion<'a>,
        hold: Option<Hold>,
        about: Option<Uuid>,
        stay_id: Uuid,
        expected: &'a Expected,
        change: &'a Change,
    ) -> Asked<'a> {
        let content = to_canonical_json(&change.comparison_content());
        let change_index = self
            .inner
            .parts
            .vault
            .blind_index("stay.change", &[stay_id.as_bytes(), &content]);
        Asked {
            occasion,
            hold,
            stay_id,
            expected,
            change,
            change_index: change_index.to_vec(),
            idempotency: prepare::idempotency_of(self, occasion, about, &change_index),
        }
    }

    /// The version that this request produced earlier, if its key is known.
    async fn known_by_key(&self, asked: &Asked<'_>) -> Result<Option<i32>, Refusal> {
        let Some(key) = &asked.idempotency else {
            return Ok(None);
        };
        let db = &self.inner.parts.db;
        let known = idempotency::find(db, &key.key_hash, asked.occasion.received_at);
        let Some(known) = known.await? else {
            return Ok(None);
        };
        let target = known.target.filter(|_| known.is_same_request(key));
        let Some((stay_id, version)) = target else {
            return Err(Refusal::IdempotencyKeyReused);
        };
        let is_theirs = store::stays::find(db, stay_id, &facility_ids(asked.occasion)).await?;
        match is_theirs {
            Some(_) => Ok(Some(version)),
            None => Err(Refusal::NotFound),
        }
    }

    /// The current stay; `None` when it moved while being read.
    async fn find(&self, asked: &Asked<'_>) -> Result<Option<Found>, Refusal> {
        let db = &self.inner.parts.db;
        let id = asked.stay_id;
        let stay = store::stays::find(db, id, &facility_ids(asked.occasion)).await?;
        let stay = stay.ok_or(Refusal::NotFound)?;
        if rewrite::is_needed(&self.inner.parts.vault, &stay) {
            // From now on the stay's data is sealed with its own key.
            rewrite::stay(db, &self.inner.parts.vault, id).await?;
            return Ok(None);
        }
        let Some(current) = store::stays::version(db, id, stay.version).await? else {
            return Ok(None);
        };
        let first = match stay.version {
            ..=1 => None,
            _ => store::stays::version(db, id, 1).await?,
        };
        Ok(Some(Found {
            stay,
            current,
            first,
        }))
    }

    fn judge(&self, asked: &Asked<'_>, found: &Found) -> Result<Judged, Refusal> {
        let parts = &self.inner.parts;
        let stay = &found.stay;
        let facility = asked.occasion.sender.facility(stay.facility_id);
        let facility = facility.ok_or(Refusal::NotFound)?;
        if *asked.expected == Expected::Unnamed {
            return Err(Refusal::VersionUnnamed);
        }
        if is_repetition(asked, found) {
            return Ok(Judged::Said {
                version: stay.version,
            });
        }
        let opened = view::open(&parts.vault, stay, &found.current);
        let opened = opened.map_err(|cause| unreadable(stay.id, cause))?;
        let presence = stay.presence.get();
        let presence = presence.map_err(|cause| unreadable(stay.id, cause.into()))?;
        let before = Before {
            content: &opened.content,
            presence,
            owed: stay.owed.as_deref(),
            // To the microsecond; defaults to the instant of receipt.
            arrival_was_sent: stay.arrival_at != stay.received_at,
        };
        let by = Rejudging {
            facility,
            catalogues: &parts.catalogues,
            window: &parts.settings.window,
            received_at: asked.occasion.received_at,
            filed_at: stay.received_at,
        };
        let after = change::apply(asked.change, &before, &by).map_err(Refusal::Invalid)?;
        if let Expected::Versions(versions) = asked.expected
            && !versions.contains(&stay.version)
        {
            return Err(Refusal::VersionMismatch {
                version: stay.version,
            });
        }
        match change::forbidden(asked.change.operation, presence) {
            None => {}
            Some(Code::StayDeparted) => return Err(Refusal::StayDeparted),
            Some(_) => return Err(Refusal::StayCancelled),
        }
        if after.presence == presence && after.content == opened.content {
            return Ok(Judged::Said {
                version: stay.version,
            });
        }
        let prepared = self.prepare(asked, found, facility, &opened.content, &after)?;
        Ok(Judged::New(Box::new(prepared)))
    }

    /// The rows and the answer of the next version.
    fn prepare(
        &self,
        asked: &Asked<'_>,
        found: &Found,
        facility: &Arc<Facility>,
        before: &Value,
        after: &After,
    ) -> Result<Prepared, Refusal> {
        let occasion = asked.occasion;
        let mut stay = self.next(found, after);
        let was_told = is_told(&found.stay);
        let was_told = was_told.map_err(|cause| unreadable(found.stay.id, cause.into()))?;
        let task = notification_kind(facility, before, after, was_told)
            .map(|kind| prepare::task_row(occasion, &stay, kind));
        if task.is_some() {
            stay.delivery_state = DeliveryState::Queued.into();
            stay.delivery_version = stay.version;
        }
        stay.changed_at = occasion.received_at;
        let content_index = match &after.declaration {
            Some(declaration) => {
                let mut declaration = declaration.clone();
                declaration.arrival_was_assumed = arrival_is_assumed(found, before, after);
                prepare::request_hash(self, &declaration).to_vec()
            }
            None => found.current.content_index.clone(),
        };
        let salt = ids::random_bytes();
        let content = to_canonical_json(&after.content);
        let Filed { row: version, jws } = prepare::version_row(
            self,
            &Filing {
                occasion,
                stay: &stay,
                salt,
                canonical_content: &content,
                warnings: warnings(found, before, after),
                is_forwardable: task.is_some(),
                delivery_version: if task.is_some() || was_told {
                    stay.delivery_version
                } else {
                    0
                },
                kind: after.kind,
                change_index: Some(asked.change_index.clone()),
                reason: after.reason.as_deref(),
                content_index,
                as_of: Some(as_of(asked, found, after)),
            },
        )?;
        let changed = change::differences(before, &after.content);
        let detail = json!({"channel": occasion.channel.as_str(), "changed": changed});
        let is_same_guest = change::is_same_guest(before, &after.content);
        let named = after.declaration.as_ref().filter(|_| !is_same_guest);
        let identity_try = named.and_then(|declaration| {
            prepare::identity_try(self, &stay, declaration, occasion.received_at)
        });
        let view = view::accepted(&stay, &version, &content, &salt, &jws);
        Ok(Prepared {
            view: view.map_err(|cause| unreadable(stay.id, cause))?,
            row: NewChange {
                expected_owed: found.stay.owed.clone(),
                was_told,
                cases: late_case(found, facility, after, occasion.received_at)
                    .into_iter()
                    .collect(),
                resets_identity: !is_same_guest,
                keys: self.key_moves(found, before, after, &version)?,
                idempotency: asked.idempotency.clone(),
                task,
                audit: prepare::audit_row(self, occasion, after.kind, &version),
                changed,
                identity_try,
                event: prepare::event_row(self, occasion, &stay, after.kind.event(), &detail),
                stay,
                version,
            },
        })
    }

    /// The stay's row after the change, except for its delivery to the police.
    fn next(&self, found: &Found, after: &After) -> StayRow {
        let mut stay = found.stay.clone();
        if let Some(declaration) = &after.declaration {
            prepare::describe(&mut stay, self, declaration);
        }
        stay.version += 1;
        stay.presence = after.presence.into();
        stay.departed_at = after.departed_at;
        let completion = match &after.owed {
            Some(_) => CompletionState::Due,
            None => CompletionState::Complete,
        };
        stay.completion_state = completion.into();
        stay.owed.clone_from(&after.owed);
        stay
    }

    /// A stay keeps the keys of its original and its current content; a cancelled one keeps none.
    fn key_moves(
        &self,
        found: &Found,
        before: &Value,
        after: &After,
        version: &StayVersionRow,
    ) -> Result<KeyMoves, Refusal> {
        let facility_id = found.stay.facility_id;
        let key = |content: &Value, content_index: &[u8]| {
            let reference = content["reference"].as_str();
            prepare::declaration_key(self, facility_id, reference, content_index)
        };
        let current = key(before, &found.current.content_index);
        let is_cancelled = after.kind == ChangeKind::Cancelled;
        let next = key(&after.content, &version.content_index);
        if next == current && !is_cancelled {
            return Ok(KeyMoves::default());
        }
        let first = match &found.first {
            None => current,
            Some(first) => {
                let opened = view::open(&self.inner.parts.vault, &found.stay, first);
                let opened = opened.map_err(|cause| unreadable(found.stay.id, cause))?;
                key(&opened.content, &first.content_index)
            }
        };
        if is_cancelled {
            let freed = if first == current {
                vec![current]
            } else {
                vec![first, current]
            };
            return Ok(KeyMoves {
                freed,
                ..KeyMoves::default()
            });
        }
        let taken = after.declaration.as_ref().map(|declaration| {
            let index = &version.content_index;
            prepare::uniqueness(self, declaration, None, index, version.received_at)
        });
        Ok(KeyMoves {
            taken,
            is_reference: after.content["reference"].is_string(),
            freed: (current != first).then_some(current).into_iter().collect(),
        })
    }

    async fn write(
        &self,
        hold: Option<Hold>,
        rows: &[&NewChange],
    ) -> Result<Vec<Outcome>, Refusal> {
        let limit = store::write::TRANSACTION_DURATION_MAX;
        let begun = Instant::now();
        let db = &self.inner.parts.db;
        let writing = async {
            match hold {
                None => changes::write(db, rows).await,
                Some(hold) => changes::write_held(db, hold.lease, rows).await,
            }
        };
        let written = timeout(limit, writing).await;
        let written = written.unwrap_or(Err(store::Error::OutcomeUnknown));
        match written {
            Ok(outcomes) => Ok(outcomes),
            Err(store::Error::OutcomeUnknown) => self.search(rows, outcome_search_max(begun)).await,
            Err(store::Error::LockTimeout) if rows.iter().any(|row| row.idempotency.is_some()) => {
                Err(Refusal::IdempotencyInProgress)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The answer to COMMIT was lost. A group is written atomically, so one version found to be
    /// ours proves the others, unless those had moved.
    async fn search(
        &self,
        rows: &[&NewChange],
        search_max: Duration,
    ) -> Result<Vec<Outcome>, Refusal> {
        counter!("luutru_intake_outcome_searches_total").increment(1);
        tracing::warn!(count = rows.len(), "the answer to a COMMIT was lost");
        let started = Instant::now();
        while started.elapsed() < search_max {
            let left = search_max.saturating_sub(started.elapsed());
            if let Ok(Ok(outcomes)) = timeout(left, self.look_up(rows)).await
                && outcomes.iter().any(Option::is_some)
            {
                let outcomes = outcomes.into_iter();
                return Ok(outcomes
                    .map(|outcome| outcome.unwrap_or(Outcome::Moved))
                    .collect());
            }
            tokio::time::sleep(OUTCOME_SEARCH_PAUSE).await;
        }
        Err(Refusal::OutcomeUnknown)
    }

    /// For each version: ours, another writer's, or absent.
    async fn look_up(&self, rows: &[&NewChange]) -> store::Result<Vec<Option<Outcome>>> {
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            let version = &row.version;
            let db = &self.inner.parts.db;
            let digest = changes::digest(db, version.stay_id, version.version).await?;
            outcomes.push(digest.map(|digest| {
                if digest == version.content_sha256 {
                    Outcome::Written
                } else {
                    Outcome::Moved
                }
            }));
        }
        Ok(outcomes)
    }

    /// Nothing new to make; a key sent with the request leads there from now on.
    async fn repeat(&self, asked: &Asked<'_>, version: i32) -> Result<Accepted, Refusal> {
        if let Some(key) = &asked.idempotency {
            let target = (asked.stay_id, version);
            let db = &self.inner.parts.db;
            idempotency::keep(db, key, target, asked.occasion.received_at).await?;
        }
        self.replay(asked.stay_id, version).await
    }
}

/// Whether this very change made the current version, from the version it names.
fn is_repetition(asked: &Asked<'_>, found: &Found) -> bool {
    let Expected::Versions(versions) = asked.expected else {
        return false;
    };
    versions.contains(&(found.stay.version - 1))
        && found.current.change_index.as_ref() == Some(&asked.change_index)
}

/// Whether the police are notified of the stay.
fn is_told(stay: &StayRow) -> Result<bool, Unreadable> {
    Ok(stay.delivery_state.get()? != DeliveryState::NotRequired)
}

/// The instant that the new version and its predecessors describe: for a census when it was taken,
/// for a departure the departure itself, otherwise the time of receipt.
fn as_of(asked: &Asked<'_>, found: &Found, after: &After) -> DateTime<Utc> {
    let received_at = asked.occasion.received_at;
    let own = match asked.hold {
        Some(hold) => hold.taken_at,
        None if asked.change.operation == Operation::Departure => {
            after.departed_at.unwrap_or(received_at)
        }
        None => received_at,
    };
    view::as_of(&found.current).map_or(own, |before| before.max(own))
}

/// A reason for review if the declaration would have been late given the stay's new data. Its
/// timeliness does not change.
fn late_case(
    found: &Found,
    facility: &Facility,
    after: &After,
    received_at: DateTime<Utc>,
) -> Option<NewCase> {
    let declaration = after.declaration.as_ref()?;
    let stay = &found.stay;
    let nationality = stay.nationality.as_deref();
    let is_foreigner = nationality.is_some_and(|code| code != VIET_NAM_CODE);
    let before = Deadline::of(stay.arrival_at, is_foreigner, facility.is_remote);
    let late_by = review::made_late(stay.received_at, before, declaration.deadline)?;
    let detail = json!({"late_by_minutes": late_by.num_minutes()});
    let version = stay.version + 1;
    let kind = ReviewKind::Late;
    Some(NewCase::of_version(
        stay.id,
        version,
        kind,
        detail,
        received_at,
    ))
}

/// What the police must be told about the new version, if anything. Every difference that concerns
/// them is sent, even when the stay no longer includes a night, so that what they know stays true.
fn notification_kind(
    facility: &Facility,
    before: &Value,
    after: &After,
    is_known: bool,
) -> Option<NotificationKind> {
    let is_told = if after.kind == ChangeKind::Cancelled {
        return is_known.then_some(NotificationKind::Cancellation);
    } else if is_known {
        notification::forwarded(before, facility)
            != notification::forwarded(&after.content, facility)
    } else {
        after.has_night
    };
    is_told.then_some(NotificationKind::Stay)
}

/// Whether the time of arrival was assumed at declaration and is still unknown.
fn arrival_is_assumed(found: &Found, before: &Value, after: &After) -> bool {
    let is_assumed = found
        .current
        .warnings
        .contains(Code::ArrivalTimeAssumed.as_str());
    is_assumed && before.get("arrival_at") == after.content.get("arrival_at")
}

/// The warnings of the new version. Warnings about other stays, found when an earlier version was
/// written, still hold while the guest is the same.
fn warnings(found: &Found, before: &Value, after: &After) -> String {
    let stored = &found.current.warnings;
    let Some(declaration) = &after.declaration else {
        return stored.clone();
    };
    let own = view::warnings_to_json(&declaration.warnings);
    let is_same_guest = change::is_same_guest(before, &after.content);
    let is_assumed = arrival_is_assumed(found, before, after);
    let read = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
    let still_holds = |warning: &Value| {
        let is_of_arrival = warning["code"] == Code::ArrivalTimeAssumed.as_str();
        (is_same_guest && warning.get("stay_id").is_some()) || (is_assumed && is_of_arrival)
    };
    let mut all = read(&own);
    all.extend(read(stored).into_iter().filter(still_holds));
    Value::Array(all).to_string()
}

fn accepted(prepared: Prepared) -> Accepted {
    Accepted {
        stay: prepared.view,
        is_replay: false,
    }
}

fn facility_ids(occasion: &Occasion<'_>) -> Vec<Uuid> {
    let facilities = occasion.sender.facilities.iter();
    facilities.map(|facility| facility.id).collect()
}

fn unreadable(stay_id: Uuid, cause: anyhow::Error) -> Refusal {
    Refusal::Unreadable { stay_id, cause }
}
