//! The content of a task: the sealed content of its version, its facility, and the sealed bytes of
//! the notification.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::{facility::Facility, notification::NotifiedStay};
use intake::{
    rewrite,
    view::{self, Unsealed},
};
use runtime::vault::{Owner, SealContext, StaySafe, Vault, VaultError, WrappedDataKey};
use store::{
    Database,
    outbox::{self, Subject, Task},
};
use tokio::time::Instant;
use uuid::Uuid;
use zeroize::Zeroizing;

/// How long a facility is cached before a new name or address takes effect.
const FACILITY_KEPT: Duration = Duration::from_secs(60);
/// How many facilities are cached; beyond that, the cache is cleared.
const FACILITY_COUNT_MAX: usize = 20_000;
/// The shortest interval between loads of the data keys.
const KEYS_PAUSE: Duration = Duration::from_millis(500);

/// Opens and seals what tasks carry.
pub(crate) struct Contents {
    db: Database,
    vault: Arc<Vault>,
    facilities: Mutex<HashMap<Uuid, (Instant, Arc<Facility>)>>,
    keys_read_at: tokio::sync::Mutex<Option<Instant>>,
}

/// Why a task cannot be processed.
#[derive(Debug)]
pub(crate) enum UnreadableTask {
    /// The database did not answer, or a key is not there yet: retry.
    NotNow,
    /// The stored data is damaged: retrying would not help.
    Damaged,
}

impl Contents {
    pub(crate) fn new(db: Database, vault: Arc<Vault>) -> Self {
        Self {
            db,
            vault,
            facilities: Mutex::default(),
            keys_read_at: tokio::sync::Mutex::default(),
        }
    }

    /// Seals and opens.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Loads the subjects of these tasks. A stay sealed in the first form is rewritten first,
    /// because its body must be sealed with its own key.
    pub(crate) async fn subjects(&self, tasks: &[Task]) -> store::Result<Vec<Subject>> {
        let subjects = outbox::subjects(&self.db, tasks).await?;
        let is_old = |task: &&Task| {
            let of_it = |subject: &&Subject| subject.task_id == task.id;
            let subject = subjects.iter().find(of_it);
            subject.is_some_and(|subject| subject.sealed_key.is_none())
                && !self.vault.refuses_first_form()
        };
        let old: Vec<&Task> = tasks.iter().filter(is_old).collect();
        if old.is_empty() {
            return Ok(subjects);
        }
        for task in old {
            rewrite::stay(&self.db, &self.vault, task.stay_id).await?;
        }
        outbox::subjects(&self.db, tasks).await
    }

    /// The content of a task's version.
    pub(crate) async fn open(
        &self,
        task: &Task,
        subject: &Subject,
    ) -> Result<NotifiedStay, UnreadableTask> {
        let safe = safe(task, subject);
        let open = || Unsealed::of(&self.vault, &safe, task.version, &subject.sealed);
        let unsealed = self.with_keys(open).await?;
        let unsealed = unsealed.map_err(|error| unreadable(task, &error))?;
        NotifiedStay::read(unsealed.content())
            .ok_or_else(|| damaged(task, &"a sealed version holds no stay"))
    }

    /// Seals the bytes of a notification like all other data of the stay.
    pub(crate) fn seal_body(
        &self,
        task: &Task,
        subject: &Subject,
        body: &[u8],
    ) -> Result<Vec<u8>, UnreadableTask> {
        let safe = safe(task, subject);
        let context = safe.context(view::SEALED_BODY, task.id, task.version);
        self.vault
            .seal_of_stay(&safe, &context, body)
            .map_err(|error| not_now(task, &error))
    }

    /// The bytes of a notification that were fixed before.
    pub(crate) async fn open_body(
        &self,
        task: &Task,
        subject: &Subject,
        sealed: &[u8],
    ) -> Result<Vec<u8>, UnreadableTask> {
        let safe = safe(task, subject);
        let context = safe.context(view::SEALED_BODY, task.id, task.version);
        let open = || Ok(self.vault.open_of_stay(&safe, &context, sealed)?);
        let opened = self.with_keys(open).await?;
        opened
            .map(|body| body.to_vec())
            .map_err(|error| unreadable(task, &error))
    }

    /// Address and secret of a webhook.
    pub(crate) async fn open_webhook(
        &self,
        context: &SealContext<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, UnreadableTask> {
        let opened = self.with_keys(|| Ok(self.vault.open(context, sealed)?));
        opened.await?.map_err(|error| {
            tracing::error!(webhook.id = %context.row_id, %error, "a webhook cannot be read");
            if is_key_missing(&error) {
                UnreadableTask::NotNow
            } else {
                UnreadableTask::Damaged
            }
        })
    }

    /// Opens something, and once more if its key had to be loaded first.
    async fn with_keys<T: Send>(
        &self,
        open: impl Fn() -> anyhow::Result<T> + Send,
    ) -> Result<anyhow::Result<T>, UnreadableTask> {
        match open() {
            Err(error) if is_key_missing(&error) => {
                self.load_keys().await?;
                Ok(open())
            }
            opened => Ok(opened),
        }
    }

    /// The facility of a task.
    pub(crate) async fn facility(
        &self,
        task: &Task,
        now: DateTime<Utc>,
    ) -> Result<Arc<Facility>, UnreadableTask> {
        if let Some(facility) = self.known_facility(task.facility_id) {
            return Ok(facility);
        }
        let found = store::facilities::find(&self.db, task.facility_id, now).await;
        let facility = match found {
            Ok(Some(facility)) => Arc::new(facility),
            Ok(None) => return Err(damaged(task, &"the facility is not there")),
            Err(error) => return Err(not_now(task, &error)),
        };
        let mut facilities = self.lock_facilities();
        if facilities.len() >= FACILITY_COUNT_MAX {
            facilities.clear();
        }
        facilities.insert(facility.id, (Instant::now(), Arc::clone(&facility)));
        Ok(facility)
    }

    fn known_facility(&self, id: Uuid) -> Option<Arc<Facility>> {
        let facilities = self.lock_facilities();
        let (read_at, facility) = facilities.get(&id)?;
        (read_at.elapsed() < FACILITY_KEPT).then(|| Arc::clone(facility))
    }

    fn lock_facilities(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<Uuid, (Instant, Arc<Facility>)>> {
        self.facilities
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the data keys that other processes have made.
    pub(crate) async fn load_keys(&self) -> Result<(), UnreadableTask> {
        let mut read_at = self.keys_read_at.lock().await;
        if read_at.is_some_and(|at| at.elapsed() < KEYS_PAUSE) {
            return Ok(());
        }
        let keys = store::data_keys::all(&self.db).await.map_err(|error| {
            tracing::warn!(%error, "could not read the data keys");
            UnreadableTask::NotNow
        })?;
        for key in keys.into_iter().filter(|key| !self.vault.has_key(key.id)) {
            let wrapped = WrappedDataKey {
                id: key.id,
                month: key.month,
                wrapped: key.wrapped,
            };
            if let Err(error) = self.vault.load(&wrapped) {
                tracing::error!(%error, "a data key cannot be used; check LUUTRU_MASTER_KEY");
            }
        }
        *read_at = Some(Instant::now());
        Ok(())
    }
}

fn safe<'a>(task: &Task, subject: &'a Subject) -> StaySafe<'a> {
    StaySafe {
        stay_id: task.stay_id,
        owner: Owner {
            organisation_id: subject.organisation_id,
            facility_id: subject.facility_id,
        },
        sealed_key: subject.sealed_key.as_deref(),
    }
}

fn is_key_missing(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<VaultError>() {
        Some(VaultError::UnknownKey(_) | VaultError::UnknownMonth(_)) => true,
        Some(VaultError::NotUnwrapped(_) | VaultError::NotOpened | VaultError::NotSealed)
        | None => false,
    }
}

fn unreadable(task: &Task, error: &anyhow::Error) -> UnreadableTask {
    if is_key_missing(error) {
        not_now(task, error)
    } else {
        damaged(task, error)
    }
}

fn not_now(task: &Task, error: &dyn std::fmt::Display) -> UnreadableTask {
    tracing::warn!(task.id = %task.id, %error, "cannot process a task now");
    UnreadableTask::NotNow
}

fn damaged(task: &Task, error: &dyn std::fmt::Display) -> UnreadableTask {
    tracing::error!(task.id = %task.id, %error, "the content of a task cannot be read");
    UnreadableTask::Damaged
}
