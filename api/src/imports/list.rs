//! The files that were sent lately: how far each has come, and what is left to correct.

use poem_openapi::{ApiResponse, Object};
use serde::Serialize;
use store::damage;
use store::imports::Import;
use uuid::Uuid;

use super::sheet_names;
use crate::app::App;
use crate::parameters::{FacilityId, query};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{FileKindWord, ImportStateWord, Instant};

/// The scope of this list's cursors.
pub(super) const NAME: &str = "imports";

query! {
    /// Which files are listed.
    pub(crate) struct ImportFilters {
        /// Only those of this facility.
        facility_id: Option<FacilityId>,
    }
}

/// Files that were sent.
#[derive(Object, Serialize)]
pub(crate) struct ImportSummaryPage {
    /// The files, the newest first.
    items: Vec<ImportSummary>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A file of stays: how far it has come, and what is left to correct.
#[derive(Object, Serialize)]
pub(crate) struct ImportSummary {
    /// Its id.
    id: Uuid,
    /// What its sender calls it; `null` of one that did not come in a form.
    #[oai(nullable)]
    file_name: Option<String>,
    /// Where the stays are.
    facility_id: Uuid,
    /// How far it has come.
    state: ImportStateWord,
    /// Nothing is stored; `accepted` means that it would be.
    dry_run: bool,
    /// What kind of file it is.
    format: FileKindWord,
    /// When the upload was accepted: the legal time of filing of all its stays.
    received_at: Instant,
    /// When the last row was done.
    #[oai(nullable)]
    finished_at: Option<Instant>,
    /// When the file, its outcomes and its rejected rows are deleted.
    expires_at: Instant,
    /// Rows below the heading; `null` until the file is read.
    #[oai(nullable)]
    rows_total: Option<u32>,
    /// Rows that are done.
    rows_done: u32,
    /// Rows whose stay is new, those among them that were refused and mended.
    accepted: u32,
    /// Rows that had been declared before.
    replayed: u32,
    /// Rows that were refused and are not mended on the page of the file.
    rejected: u32,
    /// Rows of nobody who is here: bookings, cancellations, no-shows.
    skipped: u32,
    /// Every row is done and none is left to correct.
    is_clean: bool,
}

/// Files are listed.
#[derive(ApiResponse)]
pub(crate) enum ImportsListed {
    /// A page of files.
    #[oai(status = 200)]
    Page(Json<ImportSummaryPage>),
}

/// The accepted files of facilities that are still kept, the newest first: those before a file, or
/// all.
pub(crate) async fn recent(
    app: &App,
    facility_ids: &[Uuid],
    before: Option<Uuid>,
    count_max: u64,
) -> Result<Vec<Import>, Failure> {
    let now = app.clock.now();
    Ok(store::imports::list(&app.db, facility_ids, now, before, count_max).await?)
}

impl ImportSummaryPage {
    /// What can be read of files; a damaged one is told to the operator.
    pub(super) fn of(app: &App, files: &[Import], next_cursor: Option<String>) -> Self {
        let sound = files
            .iter()
            .filter_map(|file| damage::sound("import", file.id, ImportSummary::of(app, file)));
        Self {
            items: sound.collect(),
            next_cursor,
        }
    }
}

impl ImportSummary {
    fn of(app: &App, file: &Import) -> Result<Self, Failure> {
        let state = file.state.get()?;
        let is_done = state == domain::import::ImportState::Completed;
        Ok(Self {
            id: file.id,
            file_name: sheet_names(app, file)?.file,
            facility_id: file.facility_id,
            state: state.into(),
            dry_run: file.is_dry_run,
            format: file.format.get()?.into(),
            received_at: Instant::of(file.received_at.unwrap_or(file.created_at)),
            finished_at: file.finished_at.map(Instant::of),
            expires_at: Instant::of(file.expires_at),
            rows_total: file.row_count.map(i32::unsigned_abs),
            rows_done: file.next_row.unsigned_abs(),
            accepted: file.accepted_count.unsigned_abs(),
            replayed: file.replayed_count.unsigned_abs(),
            rejected: file.rejected_count.unsigned_abs(),
            skipped: file.skipped_count.unsigned_abs(),
            is_clean: is_done && file.rejected_count == 0,
        })
    }
}
