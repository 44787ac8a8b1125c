//! Files of stays as pages: sent, watched, and their refused rows mended in place. A mended row is
//! declared like any row of a form, at the instant at which it is sent.

use std::collections::{BTreeMap, HashMap};

use domain::import::{FileKind, ImportState, RowOutcome};
use domain::problem::{Code, Language};
use formats::template;
use pages::badge::{Badge, Tone};
use pages::desk::form::CardForm;
use pages::icon::Icon;
use pages::imports::{
    ImportCounts, ImportPage, ImportsPage, Look, RecentImport, SheetColumn, SheetColumns,
};
use pages::moment;
use pages::note::Note;
use pages::rows::{GuestRow, JudgedRow, RowState};
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use poem::http::StatusCode;
use poem_openapi::{ApiExtractor, ExtractParamOptions};
use runtime::ids;
use serde_json::Value;
use store::damage;
use store::imports::{Import, ImportRow};
use uuid::Uuid;

use super::enter::Visit;
use super::form::PageForm;
use super::rows::{self, NumberedForm, SharedFields};
use super::{MadePage, PageRoute, get, html, paste, post, see_other};
use crate::auth::{Access, op};
use crate::idempotency::IdempotencyKey;
use crate::imports::{self, rejected, sheet_names, upload};
use crate::payload::Upload;
use crate::problem::Failure;
use crate::reads;

/// How many files are listed.
const RECENT_COUNT: u64 = 20;
/// How many refused rows are mended at a time.
const MENDED_COUNT_MAX: u64 = 50;
/// How many rows that deserve a look are listed.
const LOOK_COUNT_MAX: u64 = 50;

/// The pages of files.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/desk/imports", show),
        post("/desk/imports", accept),
        get("/desk/imports/:id", show_one),
        post("/desk/imports/:id/check", check),
        post("/desk/imports/:id/rows", mend),
    ]
}

/// `GET /desk/imports`.
async fn show(request: Request) -> MadePage {
    let (visit, _) = Visit::<op::ImportsPage>::open(request).await?;
    visit.imports(StatusCode::OK, None).await
}

/// `POST /desk/imports`: a file, in a form that holds nothing else.
async fn accept(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let visit: Visit<op::ImportStays> = Visit::begin(&request, &mut body).await?;
    let query = PageForm::of_query(&request);
    let key = Uuid::try_parse(query.value("key")).ok();
    let key = IdempotencyKey(key.map(|key| key.to_string()));
    let sent = Upload::from_request(&request, &mut body, ExtractParamOptions::default());
    let sent = sent.await.map_err(Failure::from)?;
    let wishes = upload::UploadQuery::plain(visit.facility.id, !query.value("trial").is_empty());
    let stored = upload::store_file(
        &visit.app,
        &visit.exchange,
        visit.sender(),
        &key,
        &wishes,
        sent,
    );
    match stored.await {
        Ok(import) => Ok(see_other(&format!("/desk/imports/{}", import.id))),
        Err(failure) => {
            let failure = visit.admitted.ticket.refuse(failure);
            let note = visit.not_stored(&failure);
            visit.imports(failure.status(), Some(note)).await
        }
    }
}

/// `GET /desk/imports/{id}`.
async fn show_one(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::ImportsPage>::open(request).await?;
    let import = visit.one(&request).await?;
    let forms = visit.rejected(&import).await?;
    visit.import(StatusCode::OK, &import, forms, None).await
}

/// `POST /desk/imports/{id}/check`: refused rows as they were corrected so far.
async fn check(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::ValidateStay> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive_many(&request, &mut body).await?;
    visit.now = received_at;
    let import = visit.one(&request).await?;
    let mut forms = visit.with_typed(&import, rows::of_form(&sent)).await?;
    let (open, used) = (sent.value("open"), sent.value("use"));
    for row in &mut forms {
        let number = row.number.to_string();
        if number == open {
            row.form.is_open = true;
        }
        if number == used {
            rows::use_suggestion(&mut row.form, visit.now);
        }
    }
    visit.import(StatusCode::OK, &import, forms, None).await
}

/// `POST /desk/imports/{id}/rows`: declares the rows that were corrected.
async fn mend(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::DeclareStays> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive_many(&request, &mut body).await?;
    visit.now = received_at;
    let import = visit.one(&request).await?;
    let forms = visit.with_typed(&import, rows::of_form(&sent)).await?;
    let mended = visit.mended(&import, forms, sent.value("key")).await;
    let (status, forms, note) = match mended {
        Ok((forms, note)) => (StatusCode::OK, forms, note),
        Err(failure) => {
            let forms = visit.with_typed(&import, rows::of_form(&sent)).await?;
            let note = visit.unsaved(&failure, visit.reader.words.rows_kept());
            (failure.status(), forms, note)
        }
    };
    let import = visit.one(&request).await?;
    visit.import(status, &import, forms, Some(note)).await
}

/// A refused row: its place in the file, what people call it, and what it says.
struct RefusedRow {
    /// Its place in the file.
    number: usize,
    label: String,
    form: CardForm,
}

impl<A: Access> Visit<A> {
    /// The file that a path names.
    async fn one(&self, request: &Request) -> Result<Import, Failure> {
        let id = super::stay::id_of(request)?;
        let import = imports::find(&self.app, &self.admitted, id).await?;
        match import.facility_id == self.facility.id {
            true => Ok(import),
            false => Err(Failure::new(Code::NotFound)),
        }
    }

    /// What to say of a file that was not stored.
    fn not_stored(&self, failure: &Failure) -> Note {
        let words = self.reader.words;
        let detail = failure.first_error().unwrap_or(failure.code());
        let request = words.request_is(self.exchange.request_id());
        let fact = words.not_saved_because(failure.code().title(words.0));
        Note::failed(
            format!("{fact}."),
            format!("{} {request}", detail.detail(words.0)),
        )
    }

    async fn imports(&self, status: StatusCode, note: Option<Note>) -> MadePage {
        let words = self.reader.words;
        let due = self.due().await?;
        let files = imports::recent(&self.app, &[self.facility.id], None, RECENT_COUNT).await?;
        let recent = files
            .iter()
            .filter_map(|file| damage::sound("import", file.id, self.recent(file)));
        let title = match &note {
            Some(_) => words.error_title(words.imports()),
            None => words.imports().to_owned(),
        };
        let page = ImportsPage {
            frame: self.frame(Section::Imports, title, &due).await?,
            note,
            key: ids::uuid_v7(&self.app.clock),
            size_max: self.app.settings.file_body_bytes_max / (1024 * 1024),
            recent: recent.collect(),
        };
        html::answer(&self.reader, status, &page)
    }

    fn recent(&self, import: &Import) -> Result<RecentImport, Failure> {
        let words = self.reader.words;
        Ok(RecentImport {
            id: import.id,
            name: sheet_names(&self.app, import)?.file,
            received_at: moment::short(received_at(import)),
            kind: kind(import.format.get()?),
            badge: self.standing(import)?,
            rows: import
                .row_count
                .map_or_else(String::new, |count| words.row_count_is(count)),
        })
    }

    /// How a file stands.
    fn standing(&self, import: &Import) -> Result<Badge, Failure> {
        let words = self.reader.words;
        let rejected = import.rejected_count;
        Ok(match import.state.get()? {
            ImportState::Uploading | ImportState::Queued => {
                Badge::new(Tone::Go, Icon::Clock, words.file_waiting())
            }
            ImportState::Running => Badge::new(Tone::Go, Icon::History, words.file_reading()),
            ImportState::Failed => Badge::new(Tone::Late, Icon::CircleX, words.file_failed()),
            ImportState::Completed if rejected > 0 => {
                Badge::new(Tone::Late, Icon::Octagon, words.rows_to_correct(rejected))
            }
            ImportState::Completed if import.is_dry_run => {
                Badge::new(Tone::Settled, Icon::CircleCheck, words.file_tried())
            }
            ImportState::Completed => Badge::new(Tone::Ok, Icon::CheckCheck, words.file_done()),
        })
    }

    /// The first refused rows of a file, as their cells say.
    async fn rejected(&self, import: &Import) -> Result<Vec<RefusedRow>, Failure> {
        if import.is_dry_run || import.state.get()?.is_open() {
            return Ok(Vec::new());
        }
        let outcome = Some(RowOutcome::Rejected);
        let rows = store::imports::rows(&self.app.db, import.id, outcome, None, MENDED_COUNT_MAX);
        let rows = rows.await?;
        reads::note(&self.app, self.sender(), rows.len()).await;
        let names = sheet_names(&self.app, import)?;
        let sheets = rejected::sent_sheets(&self.app, import)?;
        let mut sent = Vec::with_capacity(rows.len());
        let mut refused = Vec::with_capacity(rows.len());
        for row in &rows {
            let cells = rejected::sent_cells(&self.app, import, row)?.cells;
            let sheet = row.sheet.and_then(|place| usize::try_from(place).ok());
            let place = sheet.unwrap_or_default();
            let heading = sheets.get(place).map(|sheet| sheet.heading.clone());
            sent.push((heading.unwrap_or_default(), cells));
            let sheet_name = names
                .sheets
                .get(place)
                .and_then(|(name, _)| name.as_deref());
            refused.push((position(row), self.row_label(row, sheet_name)));
        }
        let forms = paste::of_cells(sent, imports::options(import)?).await?;
        let rows = refused.into_iter().zip(forms);
        Ok(rows
            .map(|((number, label), form)| RefusedRow {
                number,
                label,
                form,
            })
            .collect())
    }

    fn row_label(&self, row: &ImportRow, sheet: Option<&str>) -> String {
        match sheet {
            Some(sheet) => format!("{} · {sheet}", row.row_number),
            None => row.row_number.to_string(),
        }
    }

    /// The refused rows, with what was typed where something was.
    async fn with_typed(
        &self,
        import: &Import,
        typed: Vec<NumberedForm>,
    ) -> Result<Vec<RefusedRow>, Failure> {
        let mut typed: HashMap<usize, CardForm> = typed.into_iter().collect();
        let rows = self.rejected(import).await?.into_iter();
        Ok(rows
            .map(|row| match typed.remove(&row.number) {
                Some(form) => RefusedRow { form, ..row },
                None => row,
            })
            .collect())
    }

    async fn import(
        &self,
        status: StatusCode,
        import: &Import,
        forms: Vec<RefusedRow>,
        note: Option<Note>,
    ) -> MadePage {
        let words = self.reader.words;
        let due = self.due().await?;
        let state = import.state.get()?;
        let at = received_at(import);
        let title = words.file_of(kind(import.format.get()?), moment::short(at));
        let named = sheet_names(&self.app, import)?.file;
        let count = |count: i32| count.unsigned_abs();
        let problem = store::imports::problem(import)?;
        let page = ImportPage {
            frame: self.frame(Section::Imports, title.clone(), &due).await?,
            note,
            id: import.id,
            heading: named.unwrap_or(title),
            received_at: moment::exact(at),
            badge: self.standing(import)?,
            is_open: state.is_open(),
            is_dry_run: import.is_dry_run,
            progress: (
                count(import.next_row),
                import.row_count.map(i32::unsigned_abs),
            ),
            counts: ImportCounts {
                accepted: count(import.accepted_count),
                replayed: count(import.replayed_count),
                rejected: count(import.rejected_count),
                skipped: count(import.skipped_count),
            },
            problem: problem.map(|problem| said_of_problem(&problem, words.0)),
            sheets: self.columns(import)?,
            passed_over: self.passed_over(import)?,
            key: ids::uuid_v7(&self.app.clock),
            rejected: self.refused_rows(forms),
            looks: self.looks(import).await?,
        };
        html::answer(&self.reader, status, &page)
    }

    fn refused_rows(&self, forms: Vec<RefusedRow>) -> Vec<GuestRow> {
        let around = self.row_surroundings();
        let rows = forms.into_iter().map(|row| self.judged_refused(row));
        rows.map(|row| GuestRow::of(&row, around)).collect()
    }

    fn judged_refused(&self, row: RefusedRow) -> JudgedRow {
        let judged = self.judged_row(row.number, row.form, &SharedFields::default());
        JudgedRow {
            label: Some(row.label),
            ..judged
        }
    }

    /// How the columns were understood, those that are not read among them.
    fn columns(&self, import: &Import) -> Result<Vec<SheetColumns>, Failure> {
        let language = self.reader.words.0;
        let names = sheet_names(&self.app, import)?;
        let sheets = rejected::sent_sheets(&self.app, import)?
            .into_iter()
            .enumerate();
        let sheets = sheets.filter(|(_, sheet)| !sheet.heading.is_empty());
        Ok(sheets
            .map(|(place, sheet)| {
                let name = names.sheets.get(place).and_then(|(name, _)| name.clone());
                let headings = sheet.heading.iter().enumerate();
                let columns = headings.map(|(at, heading)| {
                    let known = sheet.fields.iter().find(|(place, _)| *place == at);
                    SheetColumn {
                        letters: letters(at),
                        heading: heading.clone(),
                        meaning: known.map(|(_, field)| template::heading(*field, language)),
                    }
                });
                SheetColumns {
                    name,
                    columns: columns.collect(),
                }
            })
            .collect())
    }

    fn passed_over(&self, import: &Import) -> Result<Vec<String>, Failure> {
        let names = sheet_names(&self.app, import)?;
        Ok(names
            .passed_over
            .into_iter()
            .map(|(name, _)| name)
            .collect())
    }

    /// Rows that were taken and deserve a look.
    async fn looks(&self, import: &Import) -> Result<Vec<Look>, Failure> {
        let words = self.reader.words;
        let rows = store::imports::noted(&self.app.db, import.id, LOOK_COUNT_MAX).await?;
        // Rows of which the same is said are told together.
        let mut said: BTreeMap<String, Vec<&ImportRow>> = BTreeMap::new();
        for row in &rows {
            let notes = store::imports::notes(row)?;
            let warnings = notes["warnings"].as_array().cloned().unwrap_or_default();
            let messages = warnings
                .iter()
                .filter_map(|note| note[words.tag()].as_str());
            for message in messages {
                said.entry(message.to_owned()).or_default().push(row);
            }
        }
        let mut looks: Vec<(i32, Look)> = said
            .into_iter()
            .map(|(message, rows)| look(words, message, &rows))
            .collect();
        looks.sort_by_key(|(first, _)| *first);
        Ok(looks.into_iter().map(|(_, look)| look).collect())
    }
}

impl Visit<op::DeclareStays> {
    /// Declares the refused rows that can be by now; the others, and what to say.
    ///
    /// Errors: nothing was saved, or it is not known whether it was.
    async fn mended(
        &mut self,
        import: &Import,
        forms: Vec<RefusedRow>,
        key: &str,
    ) -> Result<(Vec<RefusedRow>, Note), Failure> {
        let words = self.reader.words;
        let judged: Vec<JudgedRow> = forms
            .into_iter()
            .map(|row| self.judged_refused(row))
            .collect();
        let is_good = |row: &JudgedRow| row.state() != RowState::Bad;
        let (good, mut bad): (Vec<_>, Vec<_>) = judged.into_iter().partition(is_good);
        let mut count = 0;
        if !good.is_empty() {
            let rows: Vec<&JudgedRow> = good.iter().collect();
            let outcomes = self
                .declare_rows(&rows, &SharedFields::default(), key)
                .await?;
            for (row, outcome) in good.into_iter().zip(outcomes) {
                match outcome {
                    Ok(accepted) => {
                        let place = i32::try_from(row.number).unwrap_or(i32::MAX);
                        store::imports::mend(&self.app.db, import.id, place, accepted.stay.id)
                            .await?;
                        count += 1;
                    }
                    Err(_) => bad.push(row),
                }
            }
        }
        let left = match bad.len() {
            0 => String::new(),
            left => words.rows_still_bad(left),
        };
        let note = match count {
            0 => Note::failed(words.nothing_was_saved().to_owned(), left),
            count => Note::done(words.rows_mended(count), left),
        };
        let bad = bad.into_iter().map(|row| RefusedRow {
            number: row.number,
            label: row.label(),
            form: row.form,
        });
        Ok((bad.collect(), note))
    }
}

/// What is said of rows; the stay is linked to where it is one.
fn look(words: Words, message: String, rows: &[&ImportRow]) -> (i32, Look) {
    let numbers: Vec<String> = rows.iter().map(|row| row.row_number.to_string()).collect();
    let stay_id = match rows {
        [only] => only.stay_id,
        _ => None,
    };
    let look = Look {
        row: words.row_is(numbers.join(", ")),
        stay_id,
        message,
    };
    (rows.first().map_or(0, |row| row.position), look)
}

fn received_at(import: &Import) -> chrono::DateTime<chrono::Utc> {
    import.received_at.unwrap_or(import.created_at)
}

fn position(row: &ImportRow) -> usize {
    usize::try_from(row.position).unwrap_or_default()
}

const fn kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Csv => "CSV",
        FileKind::Xlsx => "XLSX",
    }
}

/// A problem as it was kept: what about the file, first.
fn said_of_problem(kept: &Value, language: Language) -> String {
    let error = &kept["errors"][0];
    if let Some(said) = error[language.as_str()].as_str() {
        return said.to_owned();
    }
    let code = kept["code"].as_str().and_then(Code::parse);
    code.unwrap_or(Code::Internal).detail(language).to_owned()
}

/// A column as spreadsheets call it.
fn letters(at: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    match at / 26 {
        0 => letter(at).to_string(),
        more => format!("{}{}", letters(more - 1), letter(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_spreadsheets_do() {
        let table = [(0, "A"), (25, "Z"), (26, "AA"), (52, "BA"), (702, "AAA")];
        for (at, expected) in table {
            assert_eq!(letters(at), expected);
        }
    }
}
