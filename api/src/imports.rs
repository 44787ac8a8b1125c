//! Files of stays: taken in, their progress, what became of each row, the rejected ones as a file.
//!
//! A file is only stored here; a worker reads it. Both meet in the database.

pub(crate) mod rejected;
pub(crate) mod rows;
pub(crate) mod template;
pub(crate) mod upload;

use domain::{
    problem::{Code, Language},
    time::format_instant,
};
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
/// Files that are held in memory at the same time: each may have 64 MiB.
pub(crate) const FILE_COUNT_MAX: usize = 2;
/// What may become of a row.
pub(crate) const OUTCOMES: [&str; 4] = ["accepted", "replayed", "rejected", "skipped"];
/// What may stand first in a date.
pub(crate) const DATE_ORDERS: [&str; 2] = ["dmy", "mdy"];

/// How far a file has come.
pub(crate) async fn show(
    app: &App,
    exchange: &Exchange,
    admitted: &Admitted<Reading>,
    id: &str,
) -> Result<Answer<ImportView>, Failure> {
    let import = find(app, admitted, id).await?;
    Ok(localised(
        Answer::json(view(&import, exchange).to_string()),
        exchange,
    ))
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

fn view(import: &Import, exchange: &Exchange) -> Value {
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
        "problem": problem,
    })
}

/// A problem as it was kept, in the words of the language asked for.
fn problem_of(kept: &Value, exchange: &Exchange) -> Value {
    let code = kept["code"].as_str().and_then(Code::parse);
    let failure = Failure::new(code.unwrap_or(Code::Internal));
    let mut problem = failure.to_json(exchange);
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
