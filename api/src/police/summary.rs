//! Counts of waiting cases, by commune and reason.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::time::{VIET_NAM, local_date};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use store::{
    review::queue::{self, Count, HandledCase, OfficerScope},
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

/// What is due within this time is urgent.
const DUE_SOON: TimeDelta = TimeDelta::hours(3);

/// How much waits.
#[derive(Object, Serialize)]
pub(crate) struct ReviewSummary {
    /// By commune and kind.
    pub(crate) items: Vec<ReviewCount>,
    /// Waiting cases whose declaration is due within three hours.
    pub(crate) due_soon: u32,
    /// Cases that were decided today.
    pub(crate) handled_today: u32,
    /// Of these, how long half of them waited at most, from opening to decision.
    #[oai(nullable)]
    pub(crate) median_handling_seconds: Option<u64>,
    /// Always `null`: there is one page.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// How many cases of a kind a commune has.
#[derive(Object, Serialize)]
pub(crate) struct ReviewCount {
    /// The commune.
    pub(crate) commune_code: CommuneCode,
    /// The kind.
    pub(crate) kind: ReviewKindWord,
    /// Cases that wait for an officer, those held by one included.
    pub(crate) open: u32,
    /// Of these, cases that an officer holds.
    pub(crate) leased: u32,
    /// Cases whose sender was asked.
    pub(crate) awaiting_correction: u32,
    /// Since when the oldest waits for an officer.
    #[oai(nullable)]
    pub(crate) oldest_opened_at: Option<Instant>,
    /// The same in seconds.
    #[oai(nullable)]
    pub(crate) oldest_age_seconds: Option<u64>,
}

impl ReviewCount {
    /// Errors: their kind is damaged. The list of cases names them.
    fn of(count: Count, now: DateTime<Utc>) -> Result<Self, Unreadable> {
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
        let summary = summary(&self.0, &scope_of(admitted.sender())).await?;
        Ok(CasesCounted::Summary(Json(summary)))
    }
}

/// How much waits in these areas.
pub(crate) async fn summary(app: &App, scope: &OfficerScope) -> Result<ReviewSummary, Failure> {
    let now = app.clock.now();
    let counts = queue::counts(&app.db, scope, now).await?;
    let items = counts.into_iter();
    let items = items.filter_map(|count| ReviewCount::of(count, now).ok());
    let due_soon = queue::due_between(&app.db, scope, now, now + DUE_SOON).await?;
    let since = local_date(now).and_time(NaiveTime::MIN) - VIET_NAM;
    let handled = queue::handled_since(&app.db, scope, since.and_utc()).await?;
    Ok(ReviewSummary {
        items: items.collect(),
        due_soon: number(due_soon),
        handled_today: u32::try_from(handled.len()).unwrap_or(u32::MAX),
        median_handling_seconds: median_seconds(&handled),
        next_cursor: None,
    })
}

/// The middle one of the times from opening to decision, the lower one of two.
fn median_seconds(handled: &[HandledCase]) -> Option<u64> {
    let seconds = |case: &HandledCase| (case.decided_at - case.opened_at).num_seconds();
    let mut seconds: Vec<i64> = handled.iter().map(seconds).collect();
    seconds.sort_unstable();
    let middle = seconds.get(seconds.len().saturating_sub(1) / 2)?;
    u64::try_from(*middle).ok()
}

fn number(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}
