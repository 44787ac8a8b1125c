//! Accepts declarations: uniqueness, idempotency, stay, version, task and audit entry of a whole
//! group. What is clean is written by one statement ([`write_clean`]), what has neighbours by
//! another ([`write_noticed`]), the rest by one transaction with a handful of multi-row statements
//! ([`write()`]).
//!
//! Rows are always written in this order, sorted by key inside each statement, so that committers
//! cannot deadlock: declaration keys, idempotency keys, then the rest. A declaration that loses a
//! key writes nothing; it is read back and answered as a replay or a conflict.

mod clean;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{neighbour, stay::Presence};
use entity::word::Word;
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use crate::{
    Backend, Database, Error, Result,
    census::lease::{self, CensusLease},
    dialect::{self, PARAMETER_COUNT_MAX},
    idempotency::{self, RecordedKey},
    neighbours::{self, NeighbourQuery},
    outbox::{NewTask, TaskRow},
    pool::Transaction,
    review::{self, NewCase},
    rows::{self, AsRow, columns},
    table_rows::{AuditRow, EventRow, StayRow, VersionRow},
    tries::{self, Try},
    write,
};

pub use crate::idempotency::Idempotency;
pub use clean::{write_clean, write_noticed};

/// Most declarations of one group: as many rows as one statement of SQLite takes of its widest
/// table, beside their number.
pub const GROUP_SIZE_MAX: usize = (PARAMETER_COUNT_MAX - 1) / StayRow::COLUMNS.len();

/// Everything one accepted declaration writes.
pub struct NewDeclaration {
    /// What makes the declaration unique at its facility.
    pub uniqueness: Uniqueness,
    /// The sender's `Idempotency-Key`, when one came.
    pub idempotency: Option<Idempotency>,
    /// The stay.
    pub stay: entity::stay::Model,
    /// Its first version.
    pub version: entity::stay_version::Model,
    /// The notification to deliver; `None` when the police need not hear of it.
    pub task: Option<NewTask>,
    /// The audit entry of the declaration.
    pub audit: entity::audit_entry::Model,
    /// The event for the sender's feed.
    pub event: entity::event::Model,
    /// Reasons for an officer to review it, known before its neighbours are.
    pub cases: Vec<NewCase>,
    /// The person that it names for a registry number.
    pub identity_try: Option<Try>,
}

/// What makes a declaration unique: by the sender's reference, or by its content.
#[derive(Clone)]
pub struct Uniqueness {
    /// Keyed hash of facility and reference, or of facility and content.
    pub key_hash: [u8; 32],
    /// When the same content counts as a new stay; far away for references.
    pub expires_at: DateTime<Utc>,
    /// Neither reference nor arrival was sent, so only a recorded departure distinguishes a
    /// returning guest from a resend.
    pub is_timeless: bool,
}

/// The outcome of one declaration in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclarationOutcome {
    /// Written.
    Written,
    /// A resend: answer with this version of this stay.
    Replayed {
        /// The stay that holds it.
        stay_id: Uuid,
        /// The version with this content: the first, or the current one.
        version: i32,
    },
    /// The reference belongs to a stay with different content.
    ReferenceConflict {
        /// The stay that holds the reference.
        stay_id: Uuid,
    },
    /// The `Idempotency-Key` was used by another request.
    KeyReused,
}

/// The outcome of one declaration, and what was noticed while writing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What became of it.
    pub outcome: DeclarationOutcome,
    /// For a written declaration: its warnings as stored, if they differ from those it came with.
    pub warnings: Option<String>,
}

/// Writes a group in one transaction; the outcomes are in the order of the group.
///
/// No two declarations of a group may share a declaration key or an idempotency key. Errors: any;
/// except for [`Error::OutcomeUnknown`] nothing of the group was written.
pub async fn write(db: &Database, group: &[&NewDeclaration]) -> Result<Vec<Judged>> {
    write_in(write::begin(db).await?, db, group).await
}

/// Like [`write()`], for the lines of a census. Fails with [`Error::LeaseLost`] when another census
/// of the facility is under way.
pub async fn write_held(
    db: &Database,
    lease: CensusLease,
    group: &[&NewDeclaration],
) -> Result<Vec<Judged>> {
    write_in(lease::begin(db, lease).await?, db, group).await
}

async fn write_in(
    transaction: Transaction,
    db: &Database,
    group: &[&NewDeclaration],
) -> Result<Vec<Judged>> {
    let mut outcomes = take_declaration_keys(&transaction, group).await?;
    take_idempotency_keys(&transaction, group, &mut outcomes).await?;
    let written: Vec<&NewDeclaration> = group
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == DeclarationOutcome::Written)
        .map(|(declaration, _)| *declaration)
        .collect();
    let mut notices = HashMap::new();
    if !written.is_empty() {
        notices = notice_neighbours(&transaction, &written).await?;
        insert_stays(&transaction, &written, &notices).await?;
        let tries = written.iter().filter_map(|one| one.identity_try.clone());
        tries::note(&transaction, tries).await?;
    }
    write::commit(transaction).await?;
    if written.iter().any(|declaration| declaration.task.is_some()) {
        db.wake().notify();
    }
    let judged = group.iter().zip(outcomes).map(|(declaration, outcome)| {
        let notice = notices.remove(&declaration.stay.id);
        Judged {
            outcome,
            warnings: notice.and_then(|noticed| noticed.warnings),
        }
    });
    Ok(judged.collect())
}

/// What its neighbours add to a declaration.
struct Noticed {
    warnings: Option<String>,
    cases: Vec<NewCase>,
}

/// Looks for stays of the same documents at the same time: one statement for the group.
async fn notice_neighbours(
    connection: &impl ConnectionTrait,
    written: &[&NewDeclaration],
) -> Result<HashMap<Uuid, Noticed>> {
    let candidates = written.iter().map(|declaration| NeighbourQuery {
        stay: &declaration.stay,
        declared_by: declaration.version.created_by,
    });
    let candidates: Vec<NeighbourQuery<'_>> = candidates.collect();
    let neighbours = neighbours::find(connection, &candidates).await?;
    let mut notices = HashMap::new();
    for (declaration, candidate) in written.iter().zip(&candidates) {
        let Some(found) = neighbours.get(&declaration.stay.id) else {
            continue;
        };
        let notice = neighbour::notice(&candidate.newcomer(), found);
        let (stay, version) = (&declaration.stay, &declaration.version);
        let case = |(kind, detail)| {
            NewCase::of_version(stay.id, version.version, kind, detail, stay.received_at)
        };
        let noticed = Noticed {
            warnings: with_more_warnings(&version.warnings, notice.warnings)?,
            cases: notice.cases.into_iter().map(case).collect(),
        };
        notices.insert(stay.id, noticed);
    }
    Ok(notices)
}

/// Stored warnings with further ones at their end; `None` when there are no further ones.
pub(crate) fn with_more_warnings(
    stored: &str,
    more: Vec<serde_json::Value>,
) -> Result<Option<String>> {
    if more.is_empty() {
        return Ok(None);
    }
    let known = serde_json::from_str::<Vec<serde_json::Value>>(stored);
    let mut warnings = known.map_err(|_| Error::Corrupt { what: "warnings" })?;
    warnings.extend(more);
    Ok(Some(serde_json::Value::Array(warnings).to_string()))
}

async fn take_declaration_keys(
    connection: &impl ConnectionTrait,
    group: &[&NewDeclaration],
) -> Result<Vec<DeclarationOutcome>> {
    let keys = group.iter().map(|one| KeyClaim::of(one).row()).collect();
    let taken = take_keys(connection, keys).await?;
    if taken.len() == group.len() {
        return Ok(vec![DeclarationOutcome::Written; group.len()]);
    }
    let lost: Vec<&NewDeclaration> = group
        .iter()
        .filter(|declaration| !taken.contains(&declaration.stay.id))
        .copied()
        .collect();
    let hashes = lost.iter().map(|lost| lost.uniqueness.key_hash).collect();
    let holders = holders(connection, hashes).await?;
    let mut outcomes = Vec::with_capacity(group.len());
    for declaration in group {
        if taken.contains(&declaration.stay.id) {
            outcomes.push(DeclarationOutcome::Written);
            continue;
        }
        let holder = holders.get(declaration.uniqueness.key_hash.as_slice());
        let holder = holder.ok_or(Error::Corrupt {
            what: "declaration_key",
        })?;
        let is_timeless = declaration.uniqueness.is_timeless;
        let content_index = &declaration.version.content_index;
        outcomes.push(match holder.judge(content_index, is_timeless) {
            Some(outcome) => outcome,
            None => {
                let claim = KeyClaim::of(declaration);
                claim.take_over(connection, holder.stay_id).await?;
                DeclarationOutcome::Written
            }
        });
    }
    Ok(outcomes)
}

/// Takes declaration keys, one per stay, and returns the stays that got theirs. An expired key is
/// taken over; a live one is not.
pub(crate) async fn take_keys(
    connection: &impl ConnectionTrait,
    mut keys: Vec<DeclarationKeyRow>,
) -> Result<HashSet<Uuid>> {
    keys.sort_unstable_by_key(|row| row.key_hash);
    let tail = "ON CONFLICT (key_hash) DO UPDATE SET stay_id = excluded.stay_id, \
         created_at = excluded.created_at, expires_at = excluded.expires_at \
         WHERE declaration_key.expires_at <= excluded.created_at RETURNING stay_id";
    let statement = dialect::insert_rows(Backend::of(connection), "declaration_key", keys, tail);
    let taken = connection.query_all_raw(statement).await?;
    taken
        .iter()
        .map(|row| Ok(row.try_get::<Uuid>("", "stay_id")?))
        .collect()
}

/// The stay that holds a declaration key, with its first and its current content.
pub(crate) struct Holder {
    pub(crate) stay_id: Uuid,
    /// Versions with the index of their content, oldest first.
    contents: Vec<(i32, Vec<u8>)>,
    /// Whether the key is that of the reference the stay has now.
    pub(crate) has_reference: bool,
    /// Whether its guest has left.
    has_left: bool,
}

impl Holder {
    /// The outcome of a declaration with this content. `None` when the key is free: the holder now
    /// has another reference and did not start with this content, or its guest has left and the
    /// declaration gives no arrival.
    fn judge(&self, content_index: &[u8], is_timeless: bool) -> Option<DeclarationOutcome> {
        if is_timeless && self.has_left {
            return None;
        }
        let stay_id = self.stay_id;
        let said = self
            .contents
            .iter()
            .find(|(_, known)| known == content_index);
        match said {
            Some((version, _)) => Some(DeclarationOutcome::Replayed {
                stay_id,
                version: *version,
            }),
            None if self.has_reference => Some(DeclarationOutcome::ReferenceConflict { stay_id }),
            None => None,
        }
    }
}

/// A declaration key that a stay wants.
pub(crate) struct KeyClaim {
    pub(crate) uniqueness: Uniqueness,
    pub(crate) stay_id: Uuid,
    pub(crate) at: DateTime<Utc>,
}

impl KeyClaim {
    fn of(declaration: &NewDeclaration) -> Self {
        Self {
            uniqueness: declaration.uniqueness.clone(),
            stay_id: declaration.stay.id,
            at: declaration.stay.received_at,
        }
    }

    pub(crate) fn row(&self) -> DeclarationKeyRow {
        DeclarationKeyRow {
            key_hash: self.uniqueness.key_hash,
            stay_id: self.stay_id,
            created_at: self.at,
            expires_at: self.uniqueness.expires_at,
        }
    }

    /// Takes the key from a stay that holds it for outdated content. Errors: [`Error::LockTimeout`]
    /// when another writer was faster; retrying settles it.
    pub(crate) async fn take_over(
        &self,
        connection: &impl ConnectionTrait,
        holder: Uuid,
    ) -> Result<()> {
        let statement = dialect::statement(
            Backend::of(connection),
            "UPDATE declaration_key SET stay_id = ?, created_at = ?, expires_at = ? \
             WHERE key_hash = ? AND stay_id = ?",
            vec![
                rows::uuid(self.stay_id),
                rows::instant(self.at),
                rows::instant(self.uniqueness.expires_at),
                rows::bytes(self.uniqueness.key_hash.to_vec()),
                rows::uuid(holder),
            ],
        );
        let taken = connection.execute_raw(statement).await?;
        if taken.rows_affected() == 1 {
            Ok(())
        } else {
            Err(Error::LockTimeout)
        }
    }
}

/// The holders of these declaration keys, by key.
pub(crate) async fn holders(
    connection: &impl ConnectionTrait,
    key_hashes: Vec<[u8; 32]>,
) -> Result<HashMap<Vec<u8>, Holder>> {
    let hashes: Vec<Value> = key_hashes
        .into_iter()
        .map(|key_hash| rows::bytes(key_hash.to_vec()))
        .collect();
    let marks = vec!["?"; hashes.len()].join(", ");
    let text = format!(
        "SELECT k.key_hash, k.stay_id, s.reference_index, s.presence, w.version, w.content_index \
         FROM declaration_key k \
         JOIN stay s ON s.id = k.stay_id \
         JOIN stay_version w ON w.stay_id = s.id AND (w.version = 1 OR w.version = s.version) \
         WHERE k.key_hash IN ({marks}) ORDER BY w.version"
    );
    let statement = dialect::statement(Backend::of(connection), &text, hashes);
    let mut holders: HashMap<Vec<u8>, Holder> = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let key_hash: Vec<u8> = row.try_get("", "key_hash")?;
        let stay_id: Uuid = row.try_get("", "stay_id")?;
        let reference_index: Option<Vec<u8>> = row.try_get("", "reference_index")?;
        let has_reference = reference_index.as_ref() == Some(&key_hash);
        let presence: Word<Presence> = row.try_get("", "presence")?;
        let has_left = presence.get()? == Presence::Departed;
        let content = (
            row.try_get("", "version")?,
            row.try_get("", "content_index")?,
        );
        let holder = holders.entry(key_hash).or_insert_with(|| Holder {
            stay_id,
            contents: Vec::new(),
            has_reference,
            has_left,
        });
        holder.contents.push(content);
    }
    Ok(holders)
}

/// Stores the idempotency keys of written and replayed declarations. If a key already exists, its
/// record decides the outcome, and the declaration key that was not needed is released.
async fn take_idempotency_keys(
    connection: &impl ConnectionTrait,
    group: &[&NewDeclaration],
    outcomes: &mut [DeclarationOutcome],
) -> Result<()> {
    judge_conflicts_by_key(connection, group, outcomes).await?;
    let keys = idempotency_rows(group, outcomes);
    if keys.is_empty() {
        return Ok(());
    }
    let offered = keys.len();
    let taken = idempotency::insert(connection, keys).await?;
    if taken.len() == offered {
        return Ok(());
    }
    let mut given_back = Vec::new();
    for (declaration, outcome) in group.iter().zip(outcomes.iter_mut()) {
        let Some(key) = &declaration.idempotency else {
            continue;
        };
        if taken.contains(key.key_hash.as_slice()) || !keeps_key(*outcome) {
            continue;
        }
        let was_written = *outcome == DeclarationOutcome::Written;
        *outcome = judge_known_key(connection, key)
            .await?
            .ok_or(Error::Corrupt {
                what: "idempotency_key",
            })?;
        if was_written {
            given_back.push(*declaration);
        }
    }
    give_back(connection, &given_back).await
}

/// The key is judged before the reference: a known key with another request is `KeyReused` even
/// where the reference is taken as well.
async fn judge_conflicts_by_key(
    connection: &impl ConnectionTrait,
    group: &[&NewDeclaration],
    outcomes: &mut [DeclarationOutcome],
) -> Result<()> {
    for (declaration, outcome) in group.iter().zip(outcomes.iter_mut()) {
        let Some(key) = &declaration.idempotency else {
            continue;
        };
        if !keeps_key(*outcome)
            && let Some(judged) = judge_known_key(connection, key).await?
        {
            *outcome = judged;
        }
    }
    Ok(())
}

fn keeps_key(outcome: DeclarationOutcome) -> bool {
    matches!(
        outcome,
        DeclarationOutcome::Written | DeclarationOutcome::Replayed { .. }
    )
}

/// A refusal leaves the key free, so a conflict stores none.
fn idempotency_rows(
    group: &[&NewDeclaration],
    outcomes: &[DeclarationOutcome],
) -> Vec<idempotency::IdempotencyKeyRow> {
    let mut keys: Vec<idempotency::IdempotencyKeyRow> = group
        .iter()
        .zip(outcomes)
        .filter_map(|(declaration, outcome)| {
            let key = declaration.idempotency.as_ref()?;
            let (stay_id, version) = match outcome {
                DeclarationOutcome::Written => (declaration.stay.id, 1),
                DeclarationOutcome::Replayed { stay_id, version } => (*stay_id, *version),
                DeclarationOutcome::ReferenceConflict { .. } | DeclarationOutcome::KeyReused => {
                    return None;
                }
            };
            let target = Some((stay_id, version));
            let created_at = declaration.stay.received_at;
            Some(idempotency::IdempotencyKeyRow::new(
                key.clone(),
                target,
                created_at,
            ))
        })
        .collect();
    keys.sort_unstable_by_key(|row| row.key.key_hash);
    keys
}

async fn judge_known_key(
    connection: &impl ConnectionTrait,
    key: &Idempotency,
) -> Result<Option<DeclarationOutcome>> {
    let known = idempotency::get(connection, &key.key_hash).await?;
    Ok(known.map(|known| judge_by_key(key, &known)))
}

/// What becomes of a declaration whose `Idempotency-Key` is known.
fn judge_by_key(key: &Idempotency, known: &RecordedKey) -> DeclarationOutcome {
    match known.target {
        Some((stay_id, version)) if known.is_same_request(key) => {
            DeclarationOutcome::Replayed { stay_id, version }
        }
        Some(_) | None => DeclarationOutcome::KeyReused,
    }
}

async fn give_back(
    connection: &impl ConnectionTrait,
    declarations: &[&NewDeclaration],
) -> Result<()> {
    if declarations.is_empty() {
        return Ok(());
    }
    let ids: Vec<Value> = declarations
        .iter()
        .map(|declaration| rows::uuid(declaration.stay.id))
        .collect();
    let hashes = declarations
        .iter()
        .map(|declaration| rows::bytes(declaration.uniqueness.key_hash.to_vec()));
    let marks = vec!["?"; ids.len()].join(", ");
    let text =
        format!("DELETE FROM declaration_key WHERE key_hash IN ({marks}) AND stay_id IN ({marks})");
    let values = hashes.chain(ids.iter().cloned()).collect();
    connection
        .execute_raw(dialect::statement(Backend::of(connection), &text, values))
        .await?;
    Ok(())
}

async fn insert_stays(
    connection: &impl ConnectionTrait,
    written: &[&NewDeclaration],
    notices: &HashMap<Uuid, Noticed>,
) -> Result<()> {
    let backend = Backend::of(connection);
    let stays: Vec<StayRow> = written.iter().map(|d| StayRow(d.stay.clone())).collect();
    let versions: Vec<VersionRow> = written
        .iter()
        .map(|d| {
            let mut version = d.version.clone();
            let noticed = notices.get(&d.stay.id);
            if let Some(warnings) = noticed.and_then(|noticed| noticed.warnings.clone()) {
                version.warnings = warnings;
            }
            VersionRow(version)
        })
        .collect();
    let tasks: Vec<TaskRow> = written
        .iter()
        .filter_map(|d| d.task.clone().map(TaskRow::from))
        .collect();
    let audits: Vec<AuditRow> = written.iter().map(|d| AuditRow(d.audit.clone())).collect();
    connection
        .execute_raw(dialect::insert_rows(backend, "stay", stays, ""))
        .await?;
    connection
        .execute_raw(dialect::insert_rows(backend, "stay_version", versions, ""))
        .await?;
    if !tasks.is_empty() {
        connection
            .execute_raw(dialect::insert_rows(backend, "outbox_task", tasks, ""))
            .await?;
    }
    connection
        .execute_raw(dialect::insert_rows(backend, "audit_entry", audits, ""))
        .await?;
    let events: Vec<EventRow> = written.iter().map(|d| EventRow(d.event.clone())).collect();
    connection
        .execute_raw(dialect::insert_rows(backend, "event", events, ""))
        .await?;
    let known = written.iter().flat_map(|d| d.cases.iter().cloned());
    let noticed = notices
        .values()
        .flat_map(|noticed| noticed.cases.iter().cloned());
    review::open(connection, known.chain(noticed).collect()).await?;
    Ok(())
}

pub(crate) struct DeclarationKeyRow {
    key_hash: [u8; 32],
    stay_id: Uuid,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

columns!(DeclarationKeyRow {
    key_hash,
    stay_id,
    created_at,
    expires_at,
});
