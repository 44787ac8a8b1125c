//! What became of each row of a file.

use domain::{import::RowOutcome, problem::Code};
use intake::upload::SheetNames;
use serde_json::{Value, json};
use store::imports::ImportRow;
use uuid::Uuid;

use super::{find, localised, notes_of, problem_of, sheet_names};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::cursor;
use crate::exchange::Exchange;
use crate::problem::Failure;
use crate::query::{Parameter, Query};
use crate::shapes::ImportRowPage;

/// The filter, beside the parameters of every list.
pub(crate) const PARAMETERS: [Parameter; 1] = [Parameter {
    name: "outcome",
    about: "Only rows with this outcome.",
    schema: || {
        let words: Vec<&str> = RowOutcome::ALL.iter().map(|word| word.as_str()).collect();
        json!({"type": "string", "enum": words})
    },
}];

/// A page of the rows that are done, in the order of the file.
pub(crate) async fn list(
    app: &App,
    exchange: &Exchange,
    admitted: &Admitted<Reading>,
    id: &str,
    mut query: Query,
) -> Result<Answer<ImportRowPage>, Failure> {
    let import = find(app, admitted, id).await?;
    let key_id = admitted.sender().key_id;
    let list = format!("imports/{}/rows", import.id);
    let page = query.page(&app.vault, &list, key_id);
    let outcome = query.parsed("outcome", Code::InvalidFilter, RowOutcome::parse);
    query.finish()?;
    let after = page.after.map(position_of);
    let limit = u64::try_from(page.limit).unwrap_or(u64::MAX);
    let rows = store::imports::rows(
        &app.db,
        import.id,
        outcome.map(RowOutcome::as_str),
        after,
        limit + 1,
    )
    .await?;
    let has_more = rows.len() > page.limit;
    let rows = rows.get(..page.limit).unwrap_or(&rows);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|row| cursor::write(&app.vault, &list, key_id, place_of(row)));
    let names = sheet_names(app, &import)?;
    let items = rows.iter().map(|row| item(row, &names, exchange));
    let items: Vec<Value> = items.collect();
    let answer = json!({"items": items, "next_cursor": next_cursor});
    Ok(localised(Answer::json(answer.to_string()), exchange))
}

/// Cursors hold ids: a position is the number that its id is.
fn place_of(row: &ImportRow) -> Uuid {
    Uuid::from_u128(u128::try_from(row.position).unwrap_or_default())
}

fn position_of(place: Uuid) -> i32 {
    i32::try_from(place.as_u128()).unwrap_or(i32::MAX)
}

fn item(row: &ImportRow, names: &SheetNames, exchange: &Exchange) -> Value {
    let sheet = row.sheet.and_then(|place| usize::try_from(place).ok());
    let sheet = sheet.and_then(|place| names.sheets.get(place));
    let notes = row.notes.as_deref();
    let notes: Value = notes
        .and_then(|notes| serde_json::from_str(notes).ok())
        .unwrap_or_default();
    let problem = (row.outcome == "rejected").then(|| problem_of(&notes, exchange));
    json!({
        "sheet": sheet.and_then(|(name, _)| name.as_deref()),
        "row": row.row_number,
        "outcome": row.outcome,
        "stay_id": row.stay_id,
        "warnings": notes_of(&notes["warnings"], exchange.language),
        "problem": problem,
    })
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;

    use super::*;

    #[test]
    fn a_row_speaks_the_language_asked_for() {
        let notes = json!({
            "code": "validation_failed",
            "errors": [{"pointer": "/room", "code": "required", "vi": "Thiếu.", "en": "Missing."}],
        });
        let row = ImportRow {
            import_id: Uuid::nil(),
            position: 7,
            row_number: 9,
            sheet: Some(0),
            outcome: "rejected".to_owned(),
            stay_id: None,
            notes: Some(notes.to_string()),
            sealed: None,
        };
        assert_eq!(position_of(place_of(&row)), 7);
        for (language, message) in [(Language::Vi, "Thiếu."), (Language::En, "Missing.")] {
            let names = SheetNames {
                sheets: vec![(Some("Tầng 1".to_owned()), Vec::new())],
                passed_over: Vec::new(),
            };
            let shown = item(&row, &names, &Exchange::for_test("r", language));
            assert_eq!(shown["sheet"], "Tầng 1");
            assert_eq!(shown["row"], 9);
            assert_eq!(shown["problem"]["code"], "validation_failed");
            assert_eq!(shown["problem"]["errors"][0]["message"], message);
            assert_eq!(shown["warnings"], json!([]));
        }
    }
}
