//! Files of stays: uploads, their progress, the outcome of each row, and the rejected rows as a
//! file.
//!
//! Files are only stored here; a worker reads them. The two communicate through the database.

pub(crate) mod file;
pub(crate) mod form;
mod list;
pub(crate) mod rejected;
pub(crate) mod rows;
pub(crate) mod template;
pub(crate) mod upload;
pub(crate) mod workbooks;

use std::sync::Arc;

use domain::{
    import::DateOrder,
    problem::{Code, Language},
    time::parse_day,
};
use formats::stay_file::FileOptions;
use intake::upload::SheetNames;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use store::imports::Import;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Access, Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::parameters::{Paged, Query};
use crate::problem::Failure;
use crate::reply::{Json, Localised, Raw};
use crate::shapes::text::{
    DateOrderWord, Day, FieldWord, FileKindWord, ImportStateWord, Instant, KnownByWord,
    PassedOverWord,
};
use crate::shapes::{Problem, ViolationView};
use crate::stays::facility_ids;
use crate::topic::Topic;

use list::{ImportFilters, ImportSummaryPage, ImportsListed};

pub(crate) use list::recent;

/// Where files are sent to.
pub(crate) const PATH: &str = "/v1/imports";

/// A file of stays and how far it has come. It is kept for 7 days.
#[derive(Object, Serialize)]
#[oai(rename = "Import")]
pub(crate) struct ImportView {
    /// Its id.
    id: Uuid,
    /// Where the stays are.
    facility_id: Uuid,
    /// How far it has come; `failed`: it cannot be read as a whole, and `problem` says why.
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
    /// Rows whose stay is new.
    accepted: u32,
    /// Rows that had been declared before.
    replayed: u32,
    /// Rows that were refused: mend them and send them again.
    rejected: u32,
    /// Rows of nobody who is here: bookings, cancellations, no-shows.
    skipped: u32,
    /// How the columns were understood; `null` until the file is read.
    #[oai(nullable)]
    columns: Option<Raw<Vec<ImportColumn>>>,
    /// How dates with slashes were read; `null` until the file is read, and where columns differ:
    /// each says its own.
    #[oai(nullable)]
    date_order: Option<DateOrderWord>,
    /// What the sender said of all foreigners of the file whose own rows do not say.
    #[oai(nullable)]
    permitted_stay_until: Option<Day>,
    /// What makes it safe to send the file again; `null` until it is read.
    #[oai(nullable)]
    resend: Option<ImportResend>,
    /// The sheets that are read, in the order of the file; a text file counts as one without a
    /// name. `null` until the file is read.
    #[oai(nullable)]
    sheets: Option<Vec<ImportSheet>>,
    /// The sheets that are not read, each with the reason.
    passed_over: Vec<PassedOverSheet>,
    /// Why the file cannot be read.
    #[oai(nullable)]
    problem: Option<Raw<Problem>>,
}

/// A sheet that is read.
#[derive(Object, Serialize)]
pub(crate) struct ImportSheet {
    /// Its name; `null` of a text file.
    #[oai(nullable)]
    name: Option<String>,
    /// Rows below the heading that are not blank.
    rows_total: u32,
    /// The row of the heading, as a spreadsheet numbers it.
    heading_row: u32,
    /// The first row below it that is not blank.
    first_row: u32,
    /// The last row that is not blank.
    last_row: u32,
    /// How its columns were understood.
    columns: Raw<Vec<ImportColumn>>,
    /// How its dates with slashes were read; `null` when they contradict each other.
    #[oai(nullable)]
    date_order: Option<DateOrderWord>,
}

/// A sheet that is not read.
#[derive(Object, Serialize)]
pub(crate) struct PassedOverSheet {
    /// Its name.
    name: String,
    /// Why.
    reason: PassedOverWord,
}

/// What makes it safe to send a file again.
#[derive(Object, Serialize)]
pub(crate) struct ImportResend {
    /// By what its rows are known again: `reference`, `person_number` (with the day of arrival) or
    /// `content`.
    known_by: KnownByWord,
    /// The same in words.
    message: String,
}

/// A column that is understood.
#[derive(Object)]
pub(crate) struct ImportColumn {
    /// Its number, from 1.
    column: u32,
    /// What it holds.
    field: FieldWord,
    /// Its heading.
    heading: String,
    /// `false`: another column that means the same was taken in its place.
    is_used: bool,
    /// How its dates with slashes were read; `null` of a column without days.
    #[oai(nullable)]
    date_order: Option<DateOrderWord>,
}

/// Files that were sent.
pub(crate) struct ImportsApi(pub(crate) Arc<App>);

/// A file's progress is shown.
#[derive(ApiResponse)]
pub(crate) enum ImportShown {
    /// The file, without its content.
    #[oai(status = 200)]
    Import(Localised<Json<ImportView>>),
}

impl Examples for ImportsApi {
    const EXAMPLES: &'static str = include_str!("imports.examples.json");
}

#[OpenApi]
impl ImportsApi {
    /// List files, the newest first
    ///
    /// Those of the caller's facilities that were accepted and are still kept. The sheets, columns
    /// and problems of a file are at its own address.
    #[oai(
        path = "/v1/imports",
        method = "get",
        operation_id = "listImports",
        tag = "Topic::Files"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListImports>,
        mut query: Query<Paged<ImportFilters>>,
    ) -> Result<ImportsListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let named = query.parameters.filters.facility_id.take();
        let own = query.resolve(("facility_id", named), Code::FacilityUnknown, |named| {
            sender.facility(named.0).map(|facility| facility.id)
        });
        let page = query.page(&app.vault, list::NAME, sender.key_id);
        query.finish()?;
        let own = own.map_or_else(|| facility_ids(sender), |id| vec![id]);
        let mut files = recent(app, &own, page.after, page.count_max()).await?;
        let last = page.cut(&mut files);
        let next = last.map(|file| cursor::write(&app.vault, list::NAME, sender.key_id, file.id));
        let page = ImportSummaryPage::of(app, &files, next);
        Ok(ImportsListed::Page(Json(page)))
    }

    /// See how far a file has come
    #[oai(
        path = "/v1/imports/:id",
        method = "get",
        operation_id = "showImport",
        tag = "Topic::Files"
    )]
    async fn show(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::ShowImport>,
        /// The file's id.
        Path(id): Path<Uuid>,
    ) -> Result<ImportShown, Failure> {
        let app = &self.0;
        let import = find(app, &admitted, id).await?;
        let view = ImportView::of(&import, &sheet_names(app, &import)?, &exchange)?;
        let answer = Localised::new(exchange.language, Json(view));
        Ok(ImportShown::Import(answer))
    }
}

/// What a file and its sheets are called.
pub(crate) fn sheet_names(app: &App, import: &Import) -> Result<SheetNames, Failure> {
    SheetNames::open(&app.vault, import).map_err(Failure::internal)
}

/// The file with this id. Absent and foreign are the same 404.
pub(crate) async fn find(
    app: &App,
    admitted: &Admitted<impl Access>,
    id: Uuid,
) -> Result<Import, Failure> {
    let absent = || Failure::new(Code::NotFound);
    let facility_ids = facility_ids(admitted.sender());
    if facility_ids.is_empty() {
        return Err(absent());
    }
    let import = store::imports::find(&app.db, id, &facility_ids).await?;
    import
        .filter(|import| import.expires_at > app.clock.now())
        .ok_or_else(absent)
}

/// How a row of a file is read that has been read before: dates stand as the whole file decided.
pub(crate) fn options(import: &Import) -> Result<FileOptions, Failure> {
    let layout = StoredLayout::of(import)?;
    let received_at = import.received_at.unwrap_or(import.created_at);
    let until = import.permitted_stay_until.as_deref();
    Ok(FileOptions {
        date_order: layout.date_order,
        received_at_micros: received_at.timestamp_micros(),
        permitted_stay_until: until.and_then(parse_day),
    })
}

/// How a file was understood, as the worker keeps it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StoredLayout {
    columns: Option<Box<RawValue>>,
    date_order: Option<DateOrder>,
    known_by: Option<String>,
    sheets: Option<Vec<SheetLayout>>,
}

/// The same of one of its sheets.
#[derive(Deserialize)]
struct SheetLayout {
    rows_total: u32,
    heading_row: u32,
    first_row: u32,
    last_row: u32,
    columns: Box<RawValue>,
    date_order: Option<DateOrder>,
}

impl StoredLayout {
    /// The layout of a file; nothing is known of one that was not read.
    fn of(import: &Import) -> Result<Self, Failure> {
        let Some(layout) = &import.layout else {
            return Ok(Self::default());
        };
        serde_json::from_str(layout)
            .map_err(|_| Failure::internal("the layout of a file is damaged"))
    }
}

impl ImportView {
    fn of(import: &Import, names: &SheetNames, exchange: &Exchange) -> Result<Self, Failure> {
        let layout = StoredLayout::of(import)?;
        let problem = store::imports::problem(import)?;
        let known_by = layout.known_by;
        let sheets = layout.sheets.map(|sheets| ImportSheet::all(sheets, names));
        Ok(Self {
            id: import.id,
            facility_id: import.facility_id,
            state: import.state.get()?.into(),
            dry_run: import.is_dry_run,
            format: import.format.get()?.into(),
            received_at: Instant::of(import.received_at.unwrap_or(import.created_at)),
            finished_at: import.finished_at.map(Instant::of),
            expires_at: Instant::of(import.expires_at),
            rows_total: import.row_count.map(i32::unsigned_abs),
            rows_done: import.next_row.unsigned_abs(),
            accepted: import.accepted_count.unsigned_abs(),
            replayed: import.replayed_count.unsigned_abs(),
            rejected: import.rejected_count.unsigned_abs(),
            skipped: import.skipped_count.unsigned_abs(),
            columns: layout.columns.map(Raw::read),
            date_order: layout.date_order.map(DateOrderWord::from),
            permitted_stay_until: import.permitted_stay_until.clone().map(Day),
            resend: known_by.map(|known_by| ImportResend::of(known_by, exchange.language)),
            sheets,
            passed_over: PassedOverSheet::all(names),
            problem: problem
                .map(|problem| problem_of(&problem, exchange))
                .transpose()?,
        })
    }
}

impl ImportSheet {
    /// The sheets that are read: how each was understood, and its name.
    fn all(layouts: Vec<SheetLayout>, names: &SheetNames) -> Vec<Self> {
        let sheet = |(place, layout): (usize, SheetLayout)| Self {
            name: names.sheets.get(place).and_then(|(name, _)| name.clone()),
            rows_total: layout.rows_total,
            heading_row: layout.heading_row,
            first_row: layout.first_row,
            last_row: layout.last_row,
            columns: Raw::read(layout.columns),
            date_order: layout.date_order.map(DateOrderWord::from),
        };
        layouts.into_iter().enumerate().map(sheet).collect()
    }
}

impl PassedOverSheet {
    fn all(names: &SheetNames) -> Vec<Self> {
        let sheet = |(name, reason): &(String, String)| Self {
            name: name.clone(),
            reason: PassedOverWord(reason.clone()),
        };
        names.passed_over.iter().map(sheet).collect()
    }
}

impl ImportResend {
    /// How rows are recognised, which makes it safe to send the file again.
    fn of(known_by: String, language: Language) -> Self {
        let [vi, en] = match known_by.as_str() {
            "reference" => [
                "Mỗi dòng được nhận ra theo cột mã khai báo. Gửi lại tệp không tạo lượt thứ hai; dòng có nội dung đã đổi bị từ chối và cho biết lượt cũ để sửa.",
                "Rows are known again by their reference. Sending the file again makes no second stay; a row whose content has changed is refused and names the stay to correct.",
            ],
            "person_number" => [
                "Mỗi dòng được nhận ra theo mã riêng của người đó cùng với ngày đến. Gửi lại tệp không tạo lượt thứ hai; dòng có nội dung đã đổi (như đổi phòng) bị từ chối và cho biết lượt cũ để sửa.",
                "Rows are known again by the person's own number together with the day of arrival. Sending the file again makes no second stay; a row whose content has changed (another room) is refused and names the stay to correct.",
            ],
            _ => [
                "Mỗi dòng được nhận ra theo toàn bộ nội dung. Gửi lại đúng tệp này trong 7 ngày không tạo lượt thứ hai, nhưng dòng đã đổi (như đổi phòng) thành một lượt mới. Hãy thêm cột Mã khai báo để gửi lại an toàn.",
                "Rows are known again by all that they say. Sending this very file again within 7 days makes no second stay, but a row that has changed (another room) becomes a new one. Add a column Reference to make sending again safe.",
            ],
        };
        let message = match language {
            Language::Vi => vi,
            Language::En => en,
        };
        Self {
            known_by: KnownByWord(known_by),
            message: message.to_owned(),
        }
    }
}

/// A problem as it was kept, in the words of the language asked for.
fn problem_of(kept: &Value, exchange: &Exchange) -> Result<Raw<Problem>, Failure> {
    let code = kept["code"].as_str().and_then(Code::parse);
    let failure = Failure::new(code.unwrap_or(Code::Internal));
    let mut problem = failure.to_json(exchange.language, &exchange.request_id());
    let errors = notes_of(&kept["errors"], exchange.language);
    problem["errors"] = serde_json::to_value(errors).map_err(Failure::internal)?;
    if kept["stay_id"].is_string() {
        problem["stay_id"] = kept["stay_id"].clone();
    }
    Raw::of(&problem)
}

/// Violations as they were kept, in one language.
fn notes_of(kept: &Value, language: Language) -> Vec<ViolationView> {
    let kept = kept.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |note: &Value, name: &str| note[name].as_str().unwrap_or_default().to_owned();
    let note = |note: &Value| {
        let message = text(note, language.as_str());
        ViolationView::new(text(note, "pointer"), text(note, "code"), message)
    };
    kept.iter().map(note).collect()
}
