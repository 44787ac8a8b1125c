//! Rewrites stored data in the second form of sealing: bound to organisation and facility, with a
//! separate key for each stay.
//!
//! It may stop at any point and resume, in this process or another; only one process rewrites at a
//! time while the others wait. Until it is done, both forms can be read and the second is written.
//! When nothing is left in the first form, that fact is recorded under the master key, and from
//! then on no blob of the first form is opened.

use std::time::Duration;

use chrono::{DateTime, Utc};
use runtime::{
    clock::Clock,
    ids,
    vault::{Owner, SealContext, Vault, VaultError, WrappedDataKey},
};
use store::{
    Database,
    consistency::{self, OfStay},
    rewrite::{self, BlobPlace, BlobSelection, Loose, Replaced, RewrittenStay},
    stays::StayRow,
};
use uuid::Uuid;

use crate::{
    clerk::month,
    view::{self, SEALED_ANSWER, SEALED_BODY, SEALED_REASON, SEALED_TABLE, SEALED_WORDS},
};

/// The record that nothing is left in the first form.
const RECORD: &str = "sealed_in_second_form";
/// Stays read at a time.
const STAYS_AT_ONCE: u64 = 100;
/// Loose blobs read at a time: pieces of files are large.
const BLOBS_AT_ONCE: u64 = 20;
/// How long the turn lasts without renewal.
const LEASE_SECONDS: u32 = 30;
/// How often a waiting process checks for the pass.
const TURN_PAUSE: Duration = Duration::from_secs(2);

/// Why nothing more was rewritten.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// The database did not answer as it should.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A key is not there or does not fit.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Another process took the turn while we slept.
    #[error("another process goes on with it")]
    TurnLost,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RewriteTotals {
    /// Stays rewritten in the second form.
    pub stays: u64,
    /// Blobs of no stay that were.
    pub blobs: u64,
    /// Blobs that could not be opened and were left unchanged.
    pub damaged: u64,
}

/// Progress, reported from time to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewriteProgress {
    /// Another process rewrites.
    Waiting,
    /// Stays done, of those remaining at the start.
    Stays {
        /// Done since the start.
        done: u64,
        /// Left at the start.
        of: u64,
    },
}

/// Whether the record says that nothing is left in the first form. A new installation never had
/// such data and gets the record here.
///
/// Data keys must already be loaded; `wrapped` are those keys as stored.
///
/// # Errors
/// The record is forged, or is missing although later data exists.
pub async fn settle(
    db: &Database,
    vault: &Vault,
    wrapped: &[WrappedDataKey],
    now: DateTime<Utc>,
) -> Result<bool, store::Error> {
    let mark = vault.record_mark(RECORD);
    let is_after_it = wrapped.iter().any(WrappedDataKey::is_of_second_form);
    match store::installation::fact(db, RECORD).await? {
        Some(found) if found == mark => {}
        Some(_) => return Err(not_ours()),
        None if is_after_it => return Err(not_ours()),
        None if wrapped.is_empty() && rewrite::is_without_stays(db).await? => {
            let settled = store::installation::settle(db, RECORD, &mark, now).await?;
            if settled != mark {
                return Err(not_ours());
            }
        }
        None => return Ok(false),
    }
    vault.refuse_first_form();
    Ok(true)
}

fn not_ours() -> store::Error {
    store::Error::Unusable(
        "the record in the table installation_fact that everything is sealed in the second form \
         was changed or removed past luutru: put back the newest backup, or that row of it"
            .to_owned(),
    )
}

/// How the rest is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Made after each part, for others' sake.
    pub pause: Duration,
    /// Whether to record the end when nothing is left. Do not while releases older than the second
    /// form may run: nobody could read what they write afterwards.
    pub may_finish: bool,
}

/// Rewrites what is left, and records the end if it may.
///
/// # Errors
/// [`RewriteError`]; what was done stays done.
pub async fn run(
    db: &Database,
    vault: &Vault,
    clock: &Clock,
    manner: Manner,
    tell: &(dyn Fn(RewriteProgress) + Sync),
) -> Result<RewriteTotals, RewriteError> {
    let pass = RewritePass {
        db,
        clock,
        lease_id: ids::uuid_v7(clock),
    };
    while !pass.keep().await? {
        tell(RewriteProgress::Waiting);
        tokio::time::sleep(TURN_PAUSE).await;
    }
    let outcome = under_turn(&pass, vault, manner, tell).await;
    let ended = rewrite::end_turn(db, pass.lease_id).await;
    let done = outcome?;
    ended?;
    Ok(done)
}

struct RewritePass<'a> {
    db: &'a Database,
    clock: &'a Clock,
    lease_id: Uuid,
}

impl RewritePass<'_> {
    async fn keep(&self) -> store::Result<bool> {
        rewrite::take_turn(self.db, self.lease_id, self.clock.now(), LEASE_SECONDS).await
    }

    async fn check(&self) -> Result<(), RewriteError> {
        if self.keep().await? {
            Ok(())
        } else {
            Err(RewriteError::TurnLost)
        }
    }
}

async fn under_turn(
    pass: &RewritePass<'_>,
    vault: &Vault,
    manner: Manner,
    tell: &(dyn Fn(RewriteProgress) + Sync),
) -> Result<RewriteTotals, RewriteError> {
    let db = pass.db;
    let mut done = RewriteTotals::default();
    if store::installation::fact(db, RECORD).await? == Some(vault.record_mark(RECORD)) {
        vault.refuse_first_form();
        return Ok(done);
    }
    let of = rewrite::stay_count(db).await?;
    loop {
        pass.check().await?;
        let rows = rewrite::stays(db, STAYS_AT_ONCE).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            if let Some(damaged) = rewrite_stay(db, vault, row).await? {
                done.stays += 1;
                done.damaged += damaged;
            }
        }
        let told = done.stays;
        tell(RewriteProgress::Stays { done: told, of });
        tokio::time::sleep(manner.pause).await;
    }
    for place in BlobPlace::ALL {
        rewrite_loose(pass, vault, place, manner.pause, &mut done).await?;
    }
    if manner.may_finish {
        pass.check().await?;
        finish(pass, vault).await?;
    }
    Ok(done)
}

/// Records the end, and wraps the data keys so that removing the record would be noticed.
async fn finish(pass: &RewritePass<'_>, vault: &Vault) -> Result<(), RewriteError> {
    let (db, now) = (pass.db, pass.clock.now());
    let mark = vault.record_mark(RECORD);
    let settled = store::installation::settle(db, RECORD, &mark, now).await?;
    if settled != mark {
        return Err(not_ours().into());
    }
    vault.refuse_first_form();
    for key in store::data_keys::all(db).await? {
        let old = WrappedDataKey {
            id: key.id,
            month: key.month,
            wrapped: key.wrapped,
        };
        if !old.is_of_second_form() {
            let new = vault.wrap_anew(&old)?.wrapped;
            let old = old.wrapped;
            rewrite::replace_data_key(db, key.id, Replaced { old, new }).await?;
        }
    }
    Ok(())
}

/// Whether a stay must be rewritten before anything new is sealed for it. Not if it lacks a key in
/// an installation without first-form data: then its key was destroyed, or removed by somebody
/// else.
#[must_use]
pub fn is_needed(vault: &Vault, stay: &StayRow) -> bool {
    stay.sealed_key.is_none() && !vault.refuses_first_form()
}

/// Rewrites one stay immediately, before anything new is sealed for it.
///
/// # Errors
/// The database does not answer, or a key is not there.
pub async fn stay(db: &Database, vault: &Vault, stay_id: Uuid) -> Result<(), store::Error> {
    let row = store::stays::get(db, stay_id).await?;
    if !is_needed(vault, &row) {
        return Ok(());
    }
    match rewrite_stay(db, vault, &row).await {
        Ok(_) => Ok(()),
        Err(RewriteError::Store(error)) => Err(error),
        Err(RewriteError::Vault(error)) => {
            tracing::error!(stay.id = %stay_id, %error, "could not rewrite a stay");
            Err(store::Error::Corrupt {
                what: "stay.sealed_key",
            })
        }
        Err(RewriteError::TurnLost) => Ok(()),
    }
}

/// `None` when the stay moved meanwhile; else how many of its blobs could not be opened.
async fn rewrite_stay(
    db: &Database,
    vault: &Vault,
    row: &StayRow,
) -> Result<Option<u64>, RewriteError> {
    let old = view::safe(row);
    let new = vault.new_stay_key(&month(row.received_at), row.id, old.owner)?;
    let found = rewrite::of_stay(db, row.id).await?;
    let mut damaged = 0;
    let mut anew = |context: SealContext<'_>, blob: Vec<u8>| {
        let opened = match vault.open_of_stay(&old, &context, &blob) {
            Ok(opened) => opened,
            Err(VaultError::NotOpened) => {
                damaged += 1;
                tracing::error!(
                    table = context.table,
                    row.id = %context.row_id,
                    "a sealed row is damaged and was left unchanged"
                );
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let sealed = new.key.seal(&context, &opened)?;
        Ok(Some(Replaced {
            old: blob,
            new: sealed,
        }))
    };
    let mut by = RewrittenStay::default();
    for (version, content, reason) in found.versions {
        let context = old.context(SEALED_TABLE, row.id, version);
        by.contents
            .extend(anew(context, content)?.map(|replaced| (version, replaced)));
        if let Some(reason) = reason {
            let context = old.context(SEALED_REASON, row.id, version);
            by.reasons
                .extend(anew(context, reason)?.map(|replaced| (version, replaced)));
        }
    }
    for (id, version, body) in found.bodies {
        let context = old.context(SEALED_BODY, id, version);
        by.bodies
            .extend(anew(context, body)?.map(|replaced| (id, replaced)));
    }
    for (id, words) in found.words {
        let context = old.context(SEALED_WORDS, id, 0);
        by.words
            .extend(anew(context, words)?.map(|replaced| (id, replaced)));
    }
    by.sealed_key = new.sealed;
    let is_done = rewrite::replace_stay(db, row, by).await?;
    Ok(is_done.then_some(damaged))
}

async fn rewrite_loose(
    pass: &RewritePass<'_>,
    vault: &Vault,
    place: BlobPlace,
    pause: Duration,
    done: &mut RewriteTotals,
) -> Result<(), RewriteError> {
    let mut after = (Uuid::nil(), -1);
    loop {
        pass.check().await?;
        let part = rewrite::loose(
            pass.db,
            place,
            BlobSelection::FirstForm,
            after,
            BLOBS_AT_ONCE,
        )
        .await?;
        let Some(last) = part.last() else {
            return Ok(());
        };
        after = (last.row_id, last.version);
        for found in part {
            let context = loose_context(place, &found);
            match vault.open(&context, &found.sealed) {
                Ok(opened) => {
                    let month = month(pass.clock.now());
                    let new = vault.seal(&month, &context, &opened)?;
                    rewrite::replace_loose(pass.db, place, found, new).await?;
                    done.blobs += 1;
                }
                Err(VaultError::NotOpened) => {
                    done.damaged += 1;
                    tracing::error!(
                        table = context.table,
                        row.id = %context.row_id,
                        "a sealed row is damaged and was left unchanged"
                    );
                }
                Err(error) => return Err(error.into()),
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// The same place that was named when it was sealed.
fn loose_context(place: BlobPlace, found: &Loose) -> SealContext<'static> {
    let table = match place {
        BlobPlace::Webhook => "webhook",
        BlobPlace::RoomList => "room_list",
        BlobPlace::ImportHeading | BlobPlace::ImportSheets => "import",
        BlobPlace::ImportChunk => "import_chunk",
        BlobPlace::ImportRow => "import_row",
    };
    SealContext {
        table,
        row_id: found.row_id,
        version: found.version,
        owner: Owner {
            organisation_id: found.organisation_id,
            facility_id: found.facility_id.unwrap_or_default(),
        },
    }
}

/// A sealed row that cannot be opened: damaged, or of another owner than it was sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// Its table.
    pub table: &'static str,
    /// Its id; of what belongs to a facility or a file, that one's.
    pub row_id: Uuid,
    /// Version or place in it.
    pub version: i32,
}

/// The findings about sealed rows other than versions of stays.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// How many were opened.
    pub checked: u64,
    /// Those that could not be.
    pub unreadable: Vec<UnreadableRow>,
}

/// Opens every sealed row but the versions of stays, and changes nothing.
///
/// # Errors
/// The database does not answer.
pub async fn inspect(db: &Database, vault: &Vault) -> store::Result<Inspection> {
    let mut found = Inspection::default();
    for place in BlobPlace::ALL {
        let mut after = (Uuid::nil(), -1);
        loop {
            let part = rewrite::loose(db, place, BlobSelection::All, after, BLOBS_AT_ONCE).await?;
            let Some(last) = part.last() else {
                break;
            };
            after = (last.row_id, last.version);
            for blob in part {
                let context = loose_context(place, &blob);
                let is_readable = vault.open(&context, &blob.sealed).is_ok();
                found.note(&context, is_readable);
            }
        }
    }
    let of_stays = [
        (SEALED_BODY, OfStay::Bodies),
        (SEALED_WORDS, OfStay::Words),
        (SEALED_ANSWER, OfStay::Answers),
    ];
    for (table, what) in of_stays {
        let mut after = Uuid::nil();
        loop {
            let part = consistency::sealed_of_stays(db, what, after, STAYS_AT_ONCE).await?;
            let Some(last) = part.last() else {
                break;
            };
            after = last.row_id;
            for one in part {
                let safe = view::safe(&one.stay);
                let context = safe.context(table, one.row_id, one.version);
                let is_readable = vault.open_of_stay(&safe, &context, &one.sealed).is_ok();
                found.note(&context, is_readable);
            }
        }
    }
    Ok(found)
}

impl Inspection {
    fn note(&mut self, context: &SealContext<'static>, is_readable: bool) {
        self.checked += 1;
        if !is_readable {
            self.unreadable.push(UnreadableRow {
                table: context.table,
                row_id: context.row_id,
                version: context.version,
            });
        }
    }
}
