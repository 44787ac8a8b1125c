//! What officers and supervisors watch over, as counts: arrivals, declarations on time, the age of
//! the backlog, and how good the data are.

pub(crate) mod counts;
pub(crate) mod figures;
pub(crate) mod kept;

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::time::{at_local, local_date};
use poem_openapi::{ApiResponse, OpenApi};
use store::review::{queue::OfficerScope, statistics as store_of};

use self::figures::{PoliceStatistics, WEEK_COUNT};
use super::scope_of;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{Day, Instant};
use crate::topic::Topic;

/// Days over which declarations are counted, today included.
const DAY_COUNT: u64 = 7;
/// Hours of the backlog.
const BACKLOG_HOURS: i64 = 12;

/// It is counted.
#[derive(ApiResponse)]
pub(crate) enum Counted {
    /// The counts.
    #[oai(status = 200)]
    Statistics(Json<Arc<PoliceStatistics>>),
}

/// Statistics.
pub(crate) struct StatisticsApi(pub(crate) Arc<App>);

impl Examples for StatisticsApi {
    const EXAMPLES: &'static str = include_str!("statistics.examples.json");
}

#[OpenApi]
impl StatisticsApi {
    /// Watch over declarations
    ///
    /// Counts of the officer's communes: arrivals of today beside those of the four weeks before,
    /// declarations on time, the age of the backlog, and how good the data are. Nothing personal:
    /// counts of fewer than ten people are left out.
    #[oai(
        path = "/v1/police/statistics",
        method = "get",
        operation_id = "showStatistics",
        tag = "Topic::Police"
    )]
    async fn show(&self, admitted: Admitted<op::ShowStatistics>) -> Result<Counted, Failure> {
        let statistics = statistics(&self.0, &scope_of(admitted.sender())).await?;
        Ok(Counted::Statistics(Json(statistics)))
    }
}

/// What is watched over in these areas, counted some seconds ago or now.
pub(crate) async fn statistics(
    app: &App,
    scope: &OfficerScope,
) -> Result<Arc<PoliceStatistics>, Failure> {
    Ok(app.statistics.get(scope, count(app, scope)).await?)
}

async fn count(app: &App, scope: &OfficerScope) -> store::Result<Arc<PoliceStatistics>> {
    let now = app.clock.now();
    let today = local_date(now);
    let from = today - Days::new(DAY_COUNT - 1);
    let days = compared_days(today);
    let hours = store_of::arrivals_by_hour(&app.db, scope, &days).await?;
    let states = store_of::states(&app.db, scope, (from, today)).await?;
    let begun = at_local(from, chrono::NaiveTime::MIN);
    let duplicates = store_of::duplicates_since(&app.db, scope, begun).await?;
    let hours_ago = now - TimeDelta::hours(BACKLOG_HOURS);
    let spans = store_of::waiting_since(&app.db, scope, hours_ago).await?;
    Ok(Arc::new(PoliceStatistics {
        counted_at: Instant::of(now),
        day: Day(today.to_string()),
        from_day: Day(from.to_string()),
        arrivals: counts::arrivals(&hours, today, now),
        declarations: counts::on_time(&states),
        by_kind: counts::by_kind(&states),
        by_commune: counts::by_commune(&states),
        backlog: backlog_instants(now)
            .map(|at| counts::backlog(&spans, at))
            .collect(),
        quality: counts::quality(&states, duplicates),
    }))
}

/// Today and the same day of the weeks before.
fn compared_days(today: NaiveDate) -> Vec<NaiveDate> {
    let weeks = 0..=WEEK_COUNT;
    let before = weeks.map(|week| today - Days::new(u64::from(7 * week)));
    before.collect()
}

/// Every full hour of the last ones, and now.
fn backlog_instants(now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let past = now.timestamp().rem_euclid(3600);
    let full = now - TimeDelta::seconds(past);
    let hours = (0..BACKLOG_HOURS).rev();
    let full_hours = hours.map(move |ago| full - TimeDelta::hours(ago));
    full_hours.chain((past > 0).then_some(now))
}
