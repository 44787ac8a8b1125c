//! Processes uploaded files: claims one at a time, reads it in a separate process ([`reader`]), and
//! sends its rows through the intake in small parts, each with a checkpoint.
//!
//! Files are not urgent: they wait while the intake is busy. Rows that a dead worker sent without a
//! checkpoint are sent again by the next one; the intake makes nothing twice, and a stay made by
//! this very file counts as accepted.

mod judge;
mod reader;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    facility::Facility,
    import::FileKind,
    problem::Code,
    sender::{Role, Sender},
    time::parse_day,
};
use formats::{
    stay_file::{FileDescription, FileOptions, RowNote, limited::Request},
    stay_rows::places::PlaceColumns,
};
use intake::{
    Intake,
    upload::{Sealed, SheetNames},
};
use metrics::{counter, histogram};
use reader::{FileReader, ReaderDeath};
use runtime::{ids, vault::VaultError};
use serde_json::{Value, json};
use store::{
    Blame,
    imports::{self, Checkpoint, Import},
    word::Word,
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::worker::Worker;

/// Rows that are sent together and recorded together.
const PART_ROW_COUNT: usize = 200;
/// Between two looks for a file.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// After a fault of the database.
const FAILURE_PAUSE: Duration = Duration::from_secs(2);
/// How long a claim holds without a heartbeat.
const LEASE_SECONDS: u32 = 15;
/// Between two signs of life.
const LEASE_KEPT_EVERY: Duration = Duration::from_secs(4);
/// How many claims may end with the worker's death before a file is given up.
const CLAIM_COUNT_MAX: i32 = 5;
/// How many reader processes a file may crash before it is refused.
const READER_COUNT_MAX: usize = 2;
/// While the intake is busy.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// Time limit for releasing a file at shutdown.
const GIVE_BACK_MAX: Duration = Duration::from_secs(2);
/// How soon a file released because of an error may be claimed again.
const RETRY_SECONDS: i64 = 5;

/// Works on files until `shutdown`.
pub(crate) async fn run(worker: Arc<Worker>, intake: Intake, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let pause = match next(&worker, &intake, &shutdown).await {
            Ok(true) => continue,
            Ok(false) => POLL_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "could not process files; retrying");
                FAILURE_PAUSE
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Processes the next file; `false` when there is none.
async fn next(
    worker: &Arc<Worker>,
    intake: &Intake,
    shutdown: &CancellationToken,
) -> store::Result<bool> {
    if worker.has_wrong_clock() || !imports::has_open(&worker.db).await? {
        return Ok(false);
    }
    let lease_id = ids::uuid_v7(&worker.clock);
    let now = worker.clock.now();
    let claimed = imports::claim(&worker.db, lease_id, now, LEASE_SECONDS).await?;
    let Some(import) = claimed else {
        return Ok(false);
    };
    let job = Job {
        worker: Arc::clone(worker),
        intake: intake.clone(),
        import,
        lease_id,
        shutdown: shutdown.clone(),
    };
    job.work().await;
    Ok(true)
}

/// A claimed file.
struct Job {
    worker: Arc<Worker>,
    intake: Intake,
    import: Import,
    lease_id: Uuid,
    shutdown: CancellationToken,
}

/// Why a file is left.
enum ImportOutcome {
    /// It is done, or nobody can do it.
    Ended,
    /// To be claimed again at once: we are stopping.
    Stopping,
    /// To be claimed again later.
    NotNow(String),
    /// The stored file cannot be read: retrying would not help.
    Damaged(String),
    /// Somebody else has it.
    LeaseLost,
    /// The process that read it ended too early.
    ReaderDied(ReaderDeath),
}

impl From<store::Error> for ImportOutcome {
    fn from(error: store::Error) -> Self {
        match error.blame() {
            Blame::Lease => Self::LeaseLost,
            Blame::Data => Self::Damaged(error.to_string()),
            Blame::Rows | Blame::Server | Blame::Installation => Self::NotNow(error.to_string()),
        }
    }
}

impl Job {
    async fn work(self) {
        let started = Instant::now();
        let id = self.import.id;
        let left = tokio::select! {
            left = self.work_through() => left.err().unwrap_or(ImportOutcome::Ended),
            left = self.keep_lease() => left,
        };
        match left {
            ImportOutcome::Ended => {
                let format = self.format_label();
                histogram!("luutru_import_duration_seconds", "format" => format)
                    .record(started.elapsed().as_secs_f64());
            }
            ImportOutcome::Stopping => self.give_back(self.worker.clock.now()).await,
            ImportOutcome::NotNow(error) => {
                tracing::warn!(import.id = %id, error, "a file is left for later");
                let due_at = self.worker.clock.now() + TimeDelta::seconds(RETRY_SECONDS);
                self.give_back(due_at).await;
            }
            ImportOutcome::Damaged(error) => {
                tracing::error!(import.id = %id, error, "a stored file cannot be read");
                // If even that fails, the lease expires.
                let _ = self.fail(Code::Internal, &[]).await;
            }
            ImportOutcome::LeaseLost => {
                tracing::warn!(import.id = %id, "another worker has this file")
            }
            // Unreachable: the last failure is reported to the sender.
            ImportOutcome::ReaderDied(_) => self.give_back(self.worker.clock.now()).await,
        }
    }

    /// A file that is not released becomes free when its lease ends.
    async fn give_back(&self, due_at: DateTime<Utc>) {
        let db = &self.worker.db;
        let give = imports::give_back(db, self.import.id, self.lease_id, due_at);
        let is_given = timeout(GIVE_BACK_MAX, give).await;
        if !matches!(is_given, Ok(Ok(()))) {
            tracing::warn!(import.id = %self.import.id, "could not release a file");
        }
    }

    /// Returns when the lease is lost.
    async fn keep_lease(&self) -> ImportOutcome {
        loop {
            sleep(LEASE_KEPT_EVERY).await;
            let now = self.worker.clock.now();
            let kept = imports::keep(
                &self.worker.db,
                self.import.id,
                self.lease_id,
                now,
                LEASE_SECONDS,
            );
            match kept.await.map_err(ImportOutcome::from) {
                Err(ImportOutcome::LeaseLost) => return ImportOutcome::LeaseLost,
                // The next heartbeat comes in time.
                Ok(())
                | Err(
                    ImportOutcome::Ended
                    | ImportOutcome::Stopping
                    | ImportOutcome::NotNow(_)
                    | ImportOutcome::Damaged(_)
                    | ImportOutcome::ReaderDied(_),
                ) => {}
            }
        }
    }

    async fn work_through(&self) -> Result<(), ImportOutcome> {
        if self.import.claim_count > CLAIM_COUNT_MAX {
            tracing::error!(import.id = %self.import.id, "a file crashed its worker several times");
            return self.fail(Code::Internal, &[]).await;
        }
        let now = self.worker.clock.now();
        let facility =
            store::facilities::find(&self.worker.db, self.import.facility_id, now).await?;
        let facility = facility.ok_or(store::Error::NotFound)?;
        let sender = self.sender(facility)?;
        let mut done = usize::try_from(self.import.next_row).unwrap_or_default();
        for _ in 1..READER_COUNT_MAX {
            match self.read_through(&mut done, &sender).await {
                Err(ImportOutcome::ReaderDied(death)) => {
                    let death = death.as_str();
                    tracing::warn!(import.id = %self.import.id, death, "a file crashed its reader");
                }
                left => return left,
            }
        }
        match self.read_through(&mut done, &sender).await {
            Err(ImportOutcome::ReaderDied(death)) => {
                let death_word = death.as_str();
                tracing::error!(import.id = %self.import.id, death = death_word, "a file is refused");
                let note = RowNote::of(&death.fault().violation());
                self.fail(Code::ValidationFailed, &[note]).await
            }
            left => left,
        }
    }

    /// Starts a process to read the file, and sends the remaining rows.
    async fn read_through(&self, done: &mut usize, sender: &Sender) -> Result<(), ImportOutcome> {
        let request = self.request(*done)?;
        let mut reader = FileReader::start(&request).await?;
        for position in 0..self.import.chunk_count {
            let piece = self.piece(position).await?;
            reader.feed(&piece).await?;
        }
        let understood = tokio::select! {
            understood = reader.description() => understood?,
            () = self.shutdown.cancelled() => return Err(ImportOutcome::Stopping),
        };
        let description = match understood {
            Ok(description) => description,
            Err(faults) => return self.fail(Code::ValidationFailed, &faults).await,
        };
        self.describe(&description).await?;
        let sheets = description.sheets.iter();
        let places: Vec<PlaceColumns> = sheets.map(|sheet| sheet.places.clone()).collect();
        loop {
            self.wait_for_turn().await?;
            let rows = reader.rows(PART_ROW_COUNT).await?;
            if rows.is_empty() {
                break;
            }
            let part = Checkpoint {
                import_id: self.import.id,
                lease_id: self.lease_id,
                first_row: i32::try_from(*done).unwrap_or(i32::MAX),
                rows: self.judge(&rows, &places, *done, sender).await?,
            };
            self.count(&part);
            let now = self.worker.clock.now();
            imports::checkpoint(&self.worker.db, part, now, LEASE_SECONDS).await?;
            *done += rows.len();
        }
        // Every row read must be reported, or a guest is lost.
        if *done != description.row_count {
            return Err(ImportOutcome::ReaderDied(ReaderDeath::Broken));
        }
        let now = self.worker.clock.now();
        imports::complete(&self.worker.db, self.import.id, self.lease_id, now).await?;
        tracing::info!(import.id = %self.import.id, row_count = *done, "a file is done");
        Ok(())
    }

    /// Single declarations come first.
    async fn wait_for_turn(&self) -> Result<(), ImportOutcome> {
        loop {
            if self.shutdown.is_cancelled() {
                return Err(ImportOutcome::Stopping);
            }
            if self.import.is_dry_run || !self.intake.is_half_full() {
                return Ok(());
            }
            sleep(BUSY_PAUSE).await;
        }
    }

    /// What is asked of the process that reads the file.
    ///
    /// Errors: what is stored of the file is damaged; it must not be read in another way than its
    /// sender asked.
    fn request(&self, first_row: usize) -> Result<Request, store::Error> {
        let import = &self.import;
        let date_order = import.date_order.as_ref().map(Word::get).transpose()?;
        let permitted_stay_until = import.permitted_stay_until.as_deref().map(|day| {
            parse_day(day).ok_or(store::Error::Corrupt {
                what: "import.permitted_stay_until",
            })
        });
        Ok(Request {
            kind: import.format.get()?,
            byte_count: usize::try_from(import.byte_count).unwrap_or_default(),
            wishes: FileOptions {
                date_order,
                received_at_micros: self.received_at().timestamp_micros(),
                permitted_stay_until: permitted_stay_until.transpose()?,
            },
            first_row,
        })
    }

    /// The kind of the file as metrics name it.
    fn format_label(&self) -> &'static str {
        let format = self.import.format.get();
        format.map_or("unreadable", FileKind::as_str)
    }

    /// A piece of the file, open.
    async fn piece(&self, position: i32) -> Result<Zeroizing<Vec<u8>>, ImportOutcome> {
        let sealed = imports::chunk(&self.worker.db, self.import.id, position).await?;
        let place = Sealed::Chunk(position);
        match place.open(self.vault(), &self.import, &sealed) {
            Ok(opened) => Ok(opened),
            // Another process may have made the key.
            Err(_) => {
                let loaded = self.worker.contents.load_keys().await;
                loaded.map_err(|_| {
                    ImportOutcome::NotNow("could not read the data keys".to_owned())
                })?;
                let opened = place.open(self.vault(), &self.import, &sealed);
                opened.map_err(left_of)
            }
        }
    }

    fn vault(&self) -> &runtime::vault::Vault {
        self.worker.contents.vault()
    }

    fn received_at(&self) -> DateTime<Utc> {
        self.import.received_at.unwrap_or(self.import.created_at)
    }

    fn seal(&self, place: Sealed, plaintext: &[u8]) -> Result<Vec<u8>, ImportOutcome> {
        let sealed = place.seal(self.vault(), &self.import, plaintext);
        sealed.map_err(left_of)
    }

    async fn describe(&self, file: &FileDescription) -> Result<(), ImportOutcome> {
        // The previous release only reads the members about the first sheet.
        let first = file.sheets.first().cloned().unwrap_or_default();
        let mut layout = first.layout;
        layout["sheets"] = file
            .sheets
            .iter()
            .map(|sheet| sheet.layout.clone())
            .collect();
        let layout = layout.to_string();
        let heading = json!(first.heading).to_string();
        let sealed_heading = self.seal(Sealed::Heading, heading.as_bytes())?;
        let known = SheetNames::open(self.vault(), &self.import).map_err(left_of)?;
        let names = SheetNames {
            file: known.file,
            sheets: file
                .sheets
                .iter()
                .map(|sheet| (sheet.name.clone(), sheet.heading.clone()))
                .collect(),
            passed_over: file.passed_over.clone(),
        };
        let sealed_sheets = names.seal(self.vault(), &self.import).map_err(left_of)?;
        let description = imports::Description {
            row_count: i32::try_from(file.row_count).unwrap_or(i32::MAX),
            layout: &layout,
            sealed_heading,
            sealed_sheets,
        };
        let db = &self.worker.db;
        let described = imports::describe(db, self.import.id, self.lease_id, description);
        Ok(described.await?)
    }

    async fn fail(&self, code: Code, notes: &[RowNote]) -> Result<(), ImportOutcome> {
        let errors: Value = notes.iter().map(RowNote::to_json).collect();
        let problem = json!({"code": code.as_str(), "errors": errors}).to_string();
        let now = self.worker.clock.now();
        let db = &self.worker.db;
        let failed = imports::fail(db, self.import.id, self.lease_id, &problem, now);
        Ok(failed.await?)
    }

    /// The uploader. The key's rights were checked at upload.
    fn sender(&self, facility: Facility) -> store::Result<Sender> {
        Ok(Sender {
            key_id: self.import.created_by,
            kind: self.import.created_by_kind.get()?,
            organisation_id: self.import.organisation_id,
            role: Role::Declarant,
            facilities: vec![Arc::new(facility)],
            communes: Vec::new(),
            provinces: Vec::new(),
        })
    }

    fn count(&self, part: &Checkpoint) {
        for row in &part.rows {
            counter!(
                "luutru_import_rows_total",
                "format" => self.format_label(),
                "outcome" => row.outcome.as_stored().to_owned()
            )
            .increment(1);
        }
    }
}

/// A missing key may still arrive; a blob that does not open never will.
fn left_of(error: VaultError) -> ImportOutcome {
    match error {
        VaultError::UnknownKey(_) | VaultError::UnknownMonth(_) => {
            ImportOutcome::NotNow(error.to_string())
        }
        VaultError::NotUnwrapped(_) | VaultError::NotOpened | VaultError::NotSealed => {
            ImportOutcome::Damaged(error.to_string())
        }
    }
}
