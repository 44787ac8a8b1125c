//! Counts of waiting cases, by commune and reason.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use store::{
    review::queue::{self, Count},
    word::Unreadable,
};

use super::scope_of;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{CommuneCode, Instant, ReviewKindWord};
use crate::topic::Topic;

/// How much waits.
#[derive(Object, Serialize)]
pub(crate) struct ReviewSummary {
    /// By commune and kind.
    items: Vec<ReviewCount>,
    /// Always `null`: there is one page.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// How many cases of a kind a commune has.
#[derive(Object, Serialize)]
struct ReviewCount {
    /// The commune.
    commune_code: CommuneCode,
    /// The kind.
    kind: ReviewKindWord,
    /// Cases that wait for an officer, those held by one included.
    open: u32,
    /// Of these, cases that an officer holds.
    leased: u32,
    /// Cases whose sender was asked.
    awaiting_correction: u32,
    /// Since when the oldest waits for an officer.
    #[oai(nullable)]
    oldest_opened_at: Option<Instant>,
    /// The same in seconds.
    #[oai(nullable)]
    oldest_age_seconds: Option<u64>,
}

impl ReviewCount {
    /// Errors: their kind is damaged. The list of cases names them.
    fn of(count: Count, now: DateTime<Utc>) -> Result<Self, Unreadable> {
        let number = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        let age = |at: DateTime<Utc>| u64::try_from((now - at).num_seconds()).unwrap_or_default();
        Ok(Self {
            commune_code: CommuneCode(count.commune_code),
            kind: count.kind.get()?.into(),
            open: number(count.open_count),
            leased: number(count.leased_count),
            awaiting_correction: number(count.awaiting_count),
            oldest_opened_at: count.oldest_opened_at.map(Instant::of),
            oldest_age_seconds: count.oldest_opened_at.map(age),
        })
    }
}

/// Cases are counted.
#[derive(ApiResponse)]
pub(crate) enum CasesCounted {
    /// The counts.
    #[oai(status = 200)]
    Summary(Json<ReviewSummary>),
}

/// Counts of cases.
pub(crate) struct CaseCountsApi(pub(crate) Arc<App>);

impl Examples for CaseCountsApi {
    const EXAMPLES: &'static str = include_str!("summary.examples.json");
}

#[OpenApi]
impl CaseCountsApi {
    /// Count cases
    ///
    /// By commune and kind, with the age of the oldest. Nothing personal.
    #[oai(
        path = "/v1/police/summary",
        method = "get",
        operation_id = "summarizeCases",
        tag = "Topic::Police"
    )]
    async fn show(&self, admitted: Admitted<op::SummarizeCases>) -> Result<CasesCounted, Failure> {
        let app = &self.0;
        let now = app.clock.now();
        let counts = queue::counts(&app.db, &scope_of(admitted.sender()), now).await?;
        let items = counts.into_iter();
        let items = items.filter_map(|count| ReviewCount::of(count, now).ok());
        Ok(CasesCounted::Summary(Json(ReviewSummary {
            items: items.collect(),
            next_cursor: None,
        })))
    }
}
