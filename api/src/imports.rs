//! Files of stays: taken in, their progress, what became of each row, the rejected ones as a file.
//!
//! A file is only stored here; a worker reads it. Both meet in the database.

pub(crate) mod form;
pub(crate) mod rejected;
pub(crate) mod rows;
pub(crate) mod template;
pub(crate) mod upload;
pub(crate) mod workbooks;

use domain::{
    problem::{Code, Language},
    time::format_instant,
};
use intake::upload::{Sealed, SheetNames};
use poem::http::{HeaderName, header};
use serde_json::{Value, json};
use store::imports::Import;
use uuid::Uuid;

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::exchange::Exchange;
use crate::problem::Failure;
use crate::query::id_of;
use crate::shapes::ImportView;

/// Where files are sent to.
pub(crate) const PATH: &str = "/v1/imports";

/// How far a file has come.
pub(crate) async fn show(
    app: &App,
    exchange: &Exchange,
    admitted: &Admitted<Reading>,
    id: &str,
) -> Result<Answer<ImportView>, Failure> {
    let import = find(app, admitted, id).await?;
    let view = view(&import, &sheet_names(app, &import)?, exchange);
    Ok(localised(Answer::json(view.to_string()), exchange))
}

/// What the sheets of a file are called; nothing while it was not read, or when it was read before
/// files had sheets.
fn sheet_names(app: &App, import: &Import) -> Result<SheetNames, Failure> {
    let Some(sealed) = &import.sealed_sheets else {
        return Ok(SheetNames::default());
    };
    let opened = Sealed::Sheets.open(&app.vault, import, sealed);
    let opened = opened.map_err(Failure::internal)?;
    serde_json::from_slice(&opened).map_err(|_| Failure::internal("names of sheets are damaged"))
}

/// The file with this id. Absent, foreign and malformed are the same 404.
async fn find(app: &App, admitted: &Admitted<Reading>, id: &str) -> Result<Import, Failure> {
    let absent = || Failure::new(Code::NotFound);
    let id = id_of(id)?;
    let facilities = &admitted.sender().facilities;
    let facility_ids: Vec<Uuid> = facilities.iter().map(|facility| facility.id).collect();
    if facility_ids.is_empty() {
        return Err(absent());
    }
    let import = store::imports::find(&app.db, id, &facility_ids).await?;
    import
        .filter(|import| import.expires_at > app.clock.now())
        .ok_or_else(absent)
}

fn localised<T>(answer: Answer<T>, exchange: &Exchange) -> Answer<T> {
    answer
        .with_header(header::VARY, "Accept-Language")
        .with_header(header::CONTENT_LANGUAGE, exchange.language.as_str())
}

fn view(import: &Import, names: &SheetNames, exchange: &Exchange) -> Value {
    let layout = import.layout.as_deref();
    let layout: Value = layout
        .and_then(|layout| serde_json::from_str(layout).ok())
        .unwrap_or_default();
    let problem = import.problem.as_deref();
    let problem = problem
        .and_then(|problem| serde_json::from_str(problem).ok())
        .map(|problem: Value| problem_of(&problem, exchange));
    json!({
        "id": import.id,
        "facility_id": import.facility_id,
        "state": import.state,
        "dry_run": import.is_dry_run,
        "format": import.format,
        "received_at": format_instant(import.received_at.unwrap_or(import.created_at)),
        "finished_at": import.finished_at.map(format_instant),
        "expires_at": format_instant(import.expires_at),
        "rows_total": import.row_count,
        "rows_done": import.next_row,
        "accepted": import.accepted_count,
        "replayed": import.replayed_count,
        "rejected": import.rejected_count,
        "skipped": import.skipped_count,
        "columns": layout["columns"],
        "date_order": layout["date_order"],
        "permitted_stay_until": import.permitted_stay_until,
        "resend": resend(&layout, exchange.language),
        "sheets": sheets(&layout, names),
        "passed_over": passed_over(names),
        "problem": problem,
    })
}

/// By what rows are known again, and so what makes it safe to send the file once more.
fn resend(layout: &Value, language: Language) -> Value {
    let Some(known_by) = layout["known_by"].as_str() else {
        return Value::Null;
    };
    let [vi, en] = match known_by {
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
    json!({"known_by": known_by, "message": message})
}

/// The sheets that are read: how each was understood, and its name.
fn sheets(layout: &Value, names: &SheetNames) -> Value {
    let Some(layouts) = layout["sheets"].as_array() else {
        return Value::Null;
    };
    let sheet = |(place, layout): (usize, &Value)| {
        json!({
            "name": names.sheets.get(place).and_then(|(name, _)| name.as_deref()),
            "rows_total": layout["rows_total"],
            "heading_row": layout["heading_row"],
            "first_row": layout["first_row"],
            "last_row": layout["last_row"],
            "columns": layout["columns"],
            "date_order": layout["date_order"],
        })
    };
    layouts.iter().enumerate().map(sheet).collect()
}

fn passed_over(names: &SheetNames) -> Value {
    let sheets = names.passed_over.iter();
    sheets
        .map(|(name, reason)| json!({"name": name, "reason": reason}))
        .collect()
}

/// A problem as it was kept, in the words of the language asked for.
fn problem_of(kept: &Value, exchange: &Exchange) -> Value {
    let code = kept["code"].as_str().and_then(Code::parse);
    let failure = Failure::new(code.unwrap_or(Code::Internal));
    let mut problem = failure.to_json(exchange.language, &exchange.request_id());
    problem["errors"] = notes_of(&kept["errors"], exchange.language);
    if kept["stay_id"].is_string() {
        problem["stay_id"] = kept["stay_id"].clone();
    }
    problem
}

/// Violations as they were kept, in one language.
fn notes_of(kept: &Value, language: Language) -> Value {
    let kept = kept.as_array().map(Vec::as_slice).unwrap_or_default();
    let note = |note: &Value| {
        json!({
            "pointer": note["pointer"],
            "code": note["code"],
            "message": note[language.as_str()],
        })
    };
    kept.iter().map(note).collect()
}

/// Says what a file is called when it is saved: never what its sender called it.
fn named<T>(answer: Answer<T>, name: &str) -> Answer<T> {
    let disposition = format!("attachment; filename=\"{name}\"");
    answer.with_header(HeaderName::from_static("content-disposition"), disposition)
}
