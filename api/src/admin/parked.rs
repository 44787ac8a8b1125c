//! What was set aside on its way to the police: by destination and cause, and since when.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use store::tasks;

use super::map;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::Instant;
use crate::topic::Topic;

/// Notifications that were set aside for the same cause.
pub(crate) struct ParkedCause {
    /// Code of the destination they go to today.
    pub(crate) destination: String,
    /// Why; none where a later version of the stay carries it.
    pub(crate) reason: Option<String>,
    /// How many.
    pub(crate) count: u64,
    /// When the first was set aside.
    pub(crate) oldest_at: Option<DateTime<Utc>>,
    /// When the last was.
    pub(crate) newest_at: Option<DateTime<Utc>>,
}

/// Notifications that were set aside for the same cause.
#[derive(Object, Serialize)]
#[oai(rename = "ParkedCause")]
struct ParkedCauseView {
    /// Code of the destination they go to today.
    destination: String,
    /// Why: a code; `null` where a later version carries the whole stay.
    #[oai(nullable)]
    reason: Option<String>,
    /// How many.
    count: u64,
    /// When the first of them was set aside.
    #[oai(nullable)]
    oldest_at: Option<Instant>,
    /// When the last of them was.
    #[oai(nullable)]
    newest_at: Option<Instant>,
}

/// Everything that was set aside, the most first.
#[derive(Object, Serialize)]
pub(crate) struct ParkedSummary {
    /// By destination and cause.
    items: Vec<ParkedCauseView>,
}

/// What was set aside is summed up.
#[derive(ApiResponse)]
pub(crate) enum ParkedSummarized {
    /// By destination and cause.
    #[oai(status = 200)]
    Summary(Json<ParkedSummary>),
}

/// What was set aside, by cause.
pub(crate) struct ParkedApi(pub(crate) Arc<App>);

impl Examples for ParkedApi {
    const EXAMPLES: &'static str = include_str!("parked.examples.json");
}

#[OpenApi]
impl ParkedApi {
    /// Sum up what was set aside
    ///
    /// By destination and cause, with the age of each: what `listNotifications` lists one by one.
    /// Nothing of their content.
    #[oai(
        path = "/v1/admin/parked",
        method = "get",
        operation_id = "summarizeParked",
        tag = "Topic::Administration"
    )]
    async fn summarize(
        &self,
        _admitted: Admitted<op::SummarizeParked>,
    ) -> Result<ParkedSummarized, Failure> {
        let causes = causes(&self.0).await?;
        let items = causes.into_iter().map(|cause| ParkedCauseView {
            destination: cause.destination,
            reason: cause.reason,
            count: cause.count,
            oldest_at: cause.oldest_at.map(Instant::of),
            newest_at: cause.newest_at.map(Instant::of),
        });
        Ok(ParkedSummarized::Summary(Json(ParkedSummary {
            items: items.collect(),
        })))
    }
}

/// Everything that was set aside, the most first.
pub(crate) async fn causes(app: &App) -> Result<Vec<ParkedCause>, Failure> {
    let routing = map(app).await?.routing;
    let mut sums: BTreeMap<(String, Option<String>), ParkedCause> = BTreeMap::new();
    for part in tasks::parked_causes(&app.db).await? {
        let destination = routing.route(&part.commune_code).destination.to_string();
        let place = (destination.clone(), part.reason.clone());
        let sum = sums.entry(place).or_insert_with(|| ParkedCause {
            destination,
            reason: part.reason,
            count: 0,
            oldest_at: part.oldest_at,
            newest_at: part.newest_at,
        });
        sum.count += u64::try_from(part.parked_count).unwrap_or_default();
        sum.oldest_at = [sum.oldest_at, part.oldest_at].into_iter().flatten().min();
        sum.newest_at = sum.newest_at.max(part.newest_at);
    }
    let mut causes: Vec<ParkedCause> = sums.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
    Ok(causes)
}
