//! How much waits, by commune and reason.

use domain::time::format_instant;
use serde_json::{Value, json};
use store::review::queue;

use super::scope_of;
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reviewing};
use crate::problem::Failure;
use crate::shapes::review::ReviewSummary;

/// The counts of the officer's communes. They hold nothing personal.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reviewing>,
) -> Result<Answer<ReviewSummary>, Failure> {
    let now = app.clock.now();
    let counts = queue::counts(&app.db, &scope_of(admitted.sender()), now).await?;
    let items = counts.into_iter().map(|count| {
        let age = count
            .oldest_opened_at
            .map(|at| (now - at).num_seconds().max(0));
        json!({
            "commune_code": count.commune_code,
            "kind": count.kind,
            "open": count.open_count,
            "leased": count.leased_count,
            "awaiting_correction": count.awaiting_count,
            "oldest_opened_at": count.oldest_opened_at.map(format_instant),
            "oldest_age_seconds": age,
        })
    });
    let items: Vec<Value> = items.collect();
    let summary = json!({"items": items, "next_cursor": null});
    Ok(Answer::json(summary.to_string()))
}
