//! The one transaction that changes stays: each stay gets its next version, with task, audit entry
//! and event, in a handful of multi-row statements.
//!
//! A change is judged against one version and written only while that version is current: the
//! update names it and returns the stays it matched. No row is locked during judgement, and only
//! one of several changes to the same version is written.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::stay::Presence;
use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use crate::{
    Backend, Database, Result,
    census::{
        self,
        lease::{self, CensusLease},
    },
    declarations::{self, KeyClaim, Uniqueness},
    dialect,
    idempotency::{self, Idempotency},
    outbox::{self, NewTask, TaskRow},
    pool::Transaction,
    review::{self, NewCase},
    rows::{self, columns},
    table_rows::{AuditRow, EventRow, VersionRow},
    tries::{self, Try},
    write,
};

/// Most changes of one group.
pub const GROUP_SIZE_MAX: usize = 500;

/// Everything one change writes.
#[derive(Clone)]
pub struct NewChange {
    /// What the sender owed when the change was judged.
    pub expected_owed: Option<String>,
    /// Whether the police had been notified of the stay when it was judged.
    pub was_told: bool,
    /// The stay afterwards, one version after the one the change was judged against.
    pub stay: entity::stay::Model,
    /// Whether the registry is to be asked again.
    pub resets_identity: bool,
    /// How the declaration keys of the stay change.
    pub keys: KeyMoves,
    /// The sender's `Idempotency-Key`; only for a change that is a group of its own.
    pub idempotency: Option<Idempotency>,
    /// The new version.
    pub version: entity::stay_version::Model,
    /// The notification to deliver; `None` when the police need not hear of it.
    pub task: Option<NewTask>,
    /// How many notifications nobody has claimed it takes back, so that the police never hear of
    /// the stay; only for a change that is a group of its own.
    pub withdrawn_count: Option<u64>,
    /// The audit entry of the change.
    pub audit: entity::audit_entry::Model,
    /// The event for the sender's feed.
    pub event: entity::event::Model,
    /// Reasons for an officer to look at it.
    pub cases: Vec<NewCase>,
    /// Pointers to the changed members: a question about any of them counts as answered.
    pub changed: Vec<String>,
    /// The person that this version names for a registry number, if different from before.
    pub identity_try: Option<Try>,
}

/// How a change affects the declaration keys of a stay.
#[derive(Clone, Default)]
pub struct KeyMoves {
    /// The key of its new content.
    pub taken: Option<Uniqueness>,
    /// Whether the key is that of a reference, which must be unique.
    pub is_reference: bool,
    /// Keys of content it no longer has.
    pub freed: Vec<[u8; 32]>,
}

/// The outcome of one change in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// Written.
    Written,
    /// The stay has moved since the change was judged, or the change must be written alone: judge
    /// it again.
    Moved,
    /// The reference is taken.
    ReferenceConflict {
        /// The stay that holds the reference.
        stay_id: Uuid,
    },
    /// The `Idempotency-Key` has been used in the meantime; what it led to decides.
    KeyKnown,
}

/// Writes a group in one transaction; the outcomes are in the order of the group.
///
/// No two changes of a group may be of the same stay. Errors: any; except for
/// [`crate::Error::OutcomeUnknown`] nothing of the group was written.
pub async fn write(db: &Database, group: &[&NewChange]) -> Result<Vec<ChangeOutcome>> {
    write_in(write::begin(db).await?, db, group).await
}

/// Like [`write()`], for the changes of a census. Fails with [`crate::Error::LeaseLost`] when
/// another census of the facility is under way.
pub async fn write_held(
    db: &Database,
    lease: CensusLease,
    group: &[&NewChange],
) -> Result<Vec<ChangeOutcome>> {
    write_in(lease::begin(db, lease).await?, db, group).await
}

async fn write_in(
    transaction: Transaction,
    db: &Database,
    group: &[&NewChange],
) -> Result<Vec<ChangeOutcome>> {
    let mut outcomes = vec![ChangeOutcome::Written; group.len()];
    let new_keys = take_declaration_keys(&transaction, group, &mut outcomes).await?;
    withdraw(&transaction, group, &mut outcomes).await?;
    update_stays(&transaction, group, &mut outcomes).await?;
    let keys_are_free = take_idempotency_key(&transaction, group, &outcomes).await?;
    let written: Vec<&NewChange> = chosen(group, &outcomes, ChangeOutcome::Written);
    if !keys_are_free || written.is_empty() {
        transaction.rollback().await?;
        return Ok(if keys_are_free {
            outcomes
        } else {
            vec![ChangeOutcome::KeyKnown; group.len()]
        });
    }
    let moved = chosen(group, &outcomes, ChangeOutcome::Moved);
    free_keys(&transaction, &written, &moved, &new_keys).await?;
    insert(&transaction, &written).await?;
    let touched = written.iter().map(touched).collect::<Result<_>>()?;
    review::answer_by_changes(&transaction, touched).await?;
    let cases = written
        .iter()
        .flat_map(|change| change.cases.iter().cloned());
    review::open(&transaction, cases.collect()).await?;
    review::close(&transaction, who_never_came(&written)?).await?;
    census::close_questions(&transaction, who_left(&written)?).await?;
    let tries = written.iter().filter_map(|one| one.identity_try.clone());
    tries::note(&transaction, tries).await?;
    write::commit(transaction).await?;
    if written.iter().any(|change| change.task.is_some()) {
        db.wake().notify();
    } else {
        db.wake().notify_events();
    }
    Ok(outcomes)
}

fn touched<'a>(change: &&'a NewChange) -> Result<review::Touched<'a>> {
    Ok(review::Touched {
        stay_id: change.stay.id,
        version: change.version.version,
        at: change.version.received_at,
        changed: &change.changed,
        is_withdrawn: change.stay.presence.get()? == Presence::Cancelled,
    })
}

fn who_left(written: &[&NewChange]) -> Result<Vec<Uuid>> {
    let mut left = Vec::new();
    for change in written {
        if change.stay.presence.get()? != Presence::Present {
            left.push(change.stay.id);
        }
    }
    Ok(left)
}

/// Cancelled stays, with when they were.
fn who_never_came(written: &[&NewChange]) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
    let mut cancelled = Vec::new();
    for change in written {
        if change.stay.presence.get()? == Presence::Cancelled {
            cancelled.push((change.stay.id, change.version.received_at));
        }
    }
    Ok(cancelled)
}

fn chosen<'a>(
    group: &[&'a NewChange],
    outcomes: &[ChangeOutcome],
    wanted: ChangeOutcome,
) -> Vec<&'a NewChange> {
    let pairs = group.iter().zip(outcomes);
    pairs
        .filter(|(_, outcome)| **outcome == wanted)
        .map(|(change, _)| *change)
        .collect()
}

/// Takes the keys of the stays' new content. Returns the stays that gained a key.
async fn take_declaration_keys(
    connection: &impl ConnectionTrait,
    group: &[&NewChange],
    outcomes: &mut [ChangeOutcome],
) -> Result<HashSet<Uuid>> {
    let mut wanted = HashSet::new();
    let mut keys = Vec::new();
    for (change, outcome) in group.iter().zip(outcomes.iter_mut()) {
        let Some(claim) = claim_of(change) else {
            continue;
        };
        // If two changes want the same key, the second is written alone.
        if wanted.insert(claim.uniqueness.key_hash) {
            keys.push(claim.row());
        } else {
            *outcome = ChangeOutcome::Moved;
        }
    }
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let mut taken = declarations::take_keys(connection, keys).await?;
    for (change, outcome) in group.iter().zip(outcomes.iter_mut()) {
        let is_lost = change.keys.is_reference && !taken.contains(&change.stay.id);
        let Some(claim) = claim_of(change).filter(|_| is_lost) else {
            continue;
        };
        if *outcome != ChangeOutcome::Written {
            continue;
        }
        let key_hash = claim.uniqueness.key_hash;
        let mut holders = declarations::holders(connection, vec![key_hash]).await?;
        match holders.remove(key_hash.as_slice()) {
            // The reference that it was declared with.
            Some(holder) if holder.stay_id == change.stay.id => {}
            Some(holder) if holder.has_reference => {
                *outcome = ChangeOutcome::ReferenceConflict {
                    stay_id: holder.stay_id,
                };
            }
            Some(holder) => {
                claim.take_over(connection, holder.stay_id).await?;
                taken.insert(change.stay.id);
            }
            None => *outcome = ChangeOutcome::Moved,
        }
    }
    Ok(taken)
}

fn claim_of(change: &NewChange) -> Option<KeyClaim> {
    Some(KeyClaim {
        uniqueness: change.keys.taken.clone()?,
        stay_id: change.stay.id,
        at: change.version.received_at,
    })
}

/// Takes notifications back. A change whose notifications are not all unclaimed any more has to be
/// judged again; nothing of it is written. Tasks come before stays, as in the results of workers.
async fn withdraw(
    connection: &impl ConnectionTrait,
    group: &[&NewChange],
    outcomes: &mut [ChangeOutcome],
) -> Result<()> {
    for (change, outcome) in group.iter().zip(outcomes.iter_mut()) {
        let Some(count) = change.withdrawn_count else {
            continue;
        };
        if group.len() > 1 || outbox::withdraw(connection, change.stay.id).await? != count {
            *outcome = ChangeOutcome::Moved;
        }
    }
    Ok(())
}

/// Moves each stay from the version it was judged at to the next; skips stays that are no longer at
/// that version.
async fn update_stays(
    connection: &impl ConnectionTrait,
    group: &[&NewChange],
    outcomes: &mut [ChangeOutcome],
) -> Result<()> {
    let mut rows: Vec<ChangedStay> = chosen(group, outcomes, ChangeOutcome::Written)
        .into_iter()
        .map(ChangedStay::new)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_unstable_by_key(|row| row.stay.id);
    let (with, values) = dialect::with_rows(Backend::of(connection), rows);
    let text = format!(
        "{with} UPDATE stay SET version = v.version, presence = v.presence, \
           arrival_at = v.arrival_at, arrival_on = v.arrival_on, \
           expected_departure_at = v.expected_departure_at, departed_at = v.departed_at, \
           purpose = v.purpose, sex = v.sex, age_band = v.age_band, nationality = v.nationality, \
           document_kind = v.document_kind, reference_index = v.reference_index, \
           document_index = v.document_index, name_index = v.name_index, \
           completion_state = v.completion_state, owed = v.owed, \
           party_index = v.party_index, \
           attention_version = CASE WHEN v.resets_identity THEN NULL \
             ELSE stay.attention_version END, \
           identity_state = CASE WHEN v.resets_identity THEN 'pending' \
             ELSE stay.identity_state END, \
           identity_review = CASE WHEN v.resets_identity THEN NULL \
             ELSE stay.identity_review END, \
           delivery_state = CASE WHEN v.is_queued THEN 'queued' \
             WHEN v.is_withdrawn THEN 'not_required' ELSE stay.delivery_state END, \
           delivery_version = CASE WHEN v.is_queued THEN v.version \
             ELSE stay.delivery_version END, \
           police_reference = CASE WHEN v.is_queued THEN NULL ELSE stay.police_reference END, \
           delivery_reason = CASE WHEN v.is_queued THEN NULL \
             WHEN v.is_withdrawn THEN 'withdrawn' ELSE stay.delivery_reason END, \
           changed_at = v.changed_at \
         FROM v WHERE stay.id = v.stay_id AND stay.version = v.version - 1 \
           AND COALESCE(stay.owed, '') = v.expected_owed \
           AND (stay.delivery_state <> 'not_required') = v.was_told RETURNING stay.id AS stay_id"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), text, values);
    let found = connection.query_all_raw(statement).await?;
    let found = found
        .iter()
        .map(|row| Ok(row.try_get::<Uuid>("", "stay_id")?))
        .collect::<Result<HashSet<Uuid>>>()?;
    for (change, outcome) in group.iter().zip(outcomes.iter_mut()) {
        if *outcome == ChangeOutcome::Written && !found.contains(&change.stay.id) {
            *outcome = ChangeOutcome::Moved;
        }
    }
    Ok(())
}

/// Returns whether the key of a change about to be written was free.
async fn take_idempotency_key(
    connection: &impl ConnectionTrait,
    group: &[&NewChange],
    outcomes: &[ChangeOutcome],
) -> Result<bool> {
    let ([change], [ChangeOutcome::Written]) = (group, outcomes) else {
        return Ok(true);
    };
    let Some(key) = &change.idempotency else {
        return Ok(true);
    };
    let target = (change.stay.id, change.version.version);
    let row =
        idempotency::IdempotencyKeyRow::new(key.clone(), Some(target), change.version.received_at);
    let taken = idempotency::insert(connection, vec![row]).await?;
    Ok(!taken.is_empty())
}

/// Deletes the keys of outdated content, and releases keys taken for changes that were not written.
async fn free_keys(
    connection: &impl ConnectionTrait,
    written: &[&NewChange],
    moved: &[&NewChange],
    new_keys: &HashSet<Uuid>,
) -> Result<()> {
    let mut freed: Vec<([u8; 32], Uuid)> = Vec::new();
    for change in written {
        let hashes = change.keys.freed.iter();
        freed.extend(hashes.map(|key_hash| (*key_hash, change.stay.id)));
    }
    let in_vain = moved
        .iter()
        .filter(|change| new_keys.contains(&change.stay.id));
    freed.extend(in_vain.filter_map(|change| {
        let taken = change.keys.taken.as_ref()?;
        Some((taken.key_hash, change.stay.id))
    }));
    if freed.is_empty() {
        return Ok(());
    }
    freed.sort_unstable();
    let marks = vec!["?"; freed.len()].join(", ");
    let text =
        format!("DELETE FROM declaration_key WHERE key_hash IN ({marks}) AND stay_id IN ({marks})");
    let hashes = freed
        .iter()
        .map(|(key_hash, _)| rows::bytes(key_hash.to_vec()));
    let stays = freed.iter().map(|(_, stay_id)| rows::uuid(*stay_id));
    let statement = dialect::statement(
        Backend::of(connection),
        &text,
        hashes.chain(stays).collect(),
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

async fn insert(connection: &impl ConnectionTrait, written: &[&NewChange]) -> Result<()> {
    let backend = Backend::of(connection);
    let versions: Vec<VersionRow> = written
        .iter()
        .map(|change| VersionRow(change.version.clone()))
        .collect();
    let tasks: Vec<TaskRow> = written
        .iter()
        .filter_map(|change| change.task.clone().map(TaskRow::from))
        .collect();
    let audits: Vec<AuditRow> = written
        .iter()
        .map(|change| AuditRow(change.audit.clone()))
        .collect();
    let events: Vec<EventRow> = written
        .iter()
        .map(|change| EventRow(change.event.clone()))
        .collect();
    let mut statements = vec![dialect::insert_rows(backend, "stay_version", versions, "")];
    if !tasks.is_empty() {
        statements.push(dialect::insert_rows(backend, "outbox_task", tasks, ""));
    }
    statements.push(dialect::insert_rows(backend, "audit_entry", audits, ""));
    statements.push(dialect::insert_rows(backend, "event", events, ""));
    for statement in statements {
        connection.execute_raw(statement).await?;
    }
    Ok(())
}

/// The columns that the update of a stay writes.
struct ChangedStay {
    stay: entity::stay::Model,
    expected_owed: String,
    was_told: bool,
    resets_identity: bool,
    is_queued: bool,
    is_withdrawn: bool,
}

impl ChangedStay {
    fn new(change: &NewChange) -> Self {
        Self {
            stay: change.stay.clone(),
            expected_owed: change.expected_owed.clone().unwrap_or_default(),
            was_told: change.was_told,
            resets_identity: change.resets_identity,
            is_queued: change.task.is_some(),
            is_withdrawn: change.withdrawn_count.is_some(),
        }
    }
}

columns!(ChangedStay {
    stay.id as "stay_id",
    stay.version,
    expected_owed,
    was_told,
    stay.presence,
    stay.arrival_at,
    stay.arrival_on,
    stay.expected_departure_at,
    stay.departed_at,
    stay.purpose,
    stay.sex,
    stay.age_band,
    stay.nationality,
    stay.document_kind,
    stay.reference_index,
    stay.document_index,
    stay.name_index,
    stay.party_index,
    stay.completion_state,
    stay.owed,
    resets_identity,
    is_queued,
    is_withdrawn,
    stay.changed_at,
});
