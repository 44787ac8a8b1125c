//! Questions to senders about a stay: those of officers, shown on the stay until answered, and
//! whether a guest missing from a census has left.

use std::collections::HashMap;

use domain::{problem::Code, time::format_instant};
use runtime::vault::Vault;
use serde_json::{Value, json};
use store::{
    census,
    review::{DecisionRow, decide},
    stays::StayRow,
};
use uuid::Uuid;

use super::words::OfficerWords;
use crate::app::App;
use crate::problem::Failure;

/// The questions that wait for an answer, as their senders see them, by stay. They tell where to
/// look again and what the officer wrote for them; nothing of the registry.
pub(crate) async fn of_stays(
    app: &App,
    stays: &[&StayRow],
) -> Result<HashMap<Uuid, Vec<Value>>, Failure> {
    let stay_ids: Vec<Uuid> = stays.iter().map(|stay| stay.id).collect();
    let stays: HashMap<Uuid, &StayRow> = stays.iter().map(|stay| (stay.id, *stay)).collect();
    let mut questions: HashMap<Uuid, Vec<Value>> = HashMap::new();
    for row in decide::questions(&app.db, &stay_ids).await? {
        if let Some(stay) = stays.get(&row.stay_id) {
            let question = question(&app.vault, stay, &row);
            questions.entry(row.stay_id).or_default().push(question);
        }
    }
    for (stay_id, asked_at) in census::asked(&app.db, &stay_ids).await? {
        let question = json!({
            "code": Code::CensusMissing.as_str(),
            "asked_at": format_instant(asked_at),
        });
        questions.entry(stay_id).or_default().push(question);
    }
    Ok(questions)
}

fn question(vault: &Vault, stay: &StayRow, row: &DecisionRow) -> Value {
    json!({
        "id": row.id,
        "asked_at": format_instant(row.decided_at),
        "question": OfficerWords::open(vault, stay, row).question,
        "pointers": pointers(row),
    })
}

/// The members that a decision asks to look at again.
pub(super) fn pointers(row: &DecisionRow) -> Value {
    store::review::asked_about(row).into()
}
