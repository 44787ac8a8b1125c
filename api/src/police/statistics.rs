//! What officers and supervisors watch over, as counts: arrivals, declarations on time, the age of
//! the backlog, and how good the data are.

pub(crate) mod counts;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::time::{at_local, local_date};
use moka::future::Cache;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use store::review::{queue::OfficerScope, statistics as store_of};

use super::scope_of;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{CommuneCode, Day, FacilityKindWord, Instant};
use crate::topic::Topic;

/// Days over which declarations are counted, today included.
const DAY_COUNT: u64 = 7;
/// Earlier weeks with which the arrivals of today are compared.
const WEEK_COUNT: u32 = 4;
/// Hours of the backlog.
const BACKLOG_HOURS: i64 = 12;
/// Counting reads every stay of a week, so that those who watch the same areas share a count for
/// so long. It says when it was counted.
const KEPT_DURATION: Duration = Duration::from_secs(10);
/// Of how many areas counts are kept.
const KEPT_COUNT_MAX: u64 = 1_000;

/// What is watched over. Counts under ten stand for few people and are `null`; where that would
/// leave a single one that the sum gives away, the next smallest is `null` too.
#[derive(Object, Serialize)]
pub(crate) struct PoliceStatistics {
    /// When it was counted.
    pub(crate) counted_at: Instant,
    /// Today.
    pub(crate) day: Day,
    /// From which day on declarations are counted.
    pub(crate) from_day: Day,
    /// Guests who arrived today, by hour, from 0 to 23.
    pub(crate) arrivals: Vec<ArrivalHour>,
    /// Declarations of these days.
    pub(crate) declarations: OnTimeCount,
    /// The same by kind of facility.
    pub(crate) by_kind: Vec<KindOnTime>,
    /// The same by commune.
    pub(crate) by_commune: Vec<CommuneOnTime>,
    /// How long cases waited, at each of the last hours and now.
    pub(crate) backlog: Vec<BacklogHour>,
    /// How good the data of these days are.
    pub(crate) quality: DataQuality,
}

/// The arrivals of an hour.
#[derive(Object, Serialize)]
pub(crate) struct ArrivalHour {
    /// The hour.
    pub(crate) hour: u32,
    /// Guests who arrived today; `null` when there are fewer than ten, or the hour has not begun.
    #[oai(nullable)]
    pub(crate) today: Option<u32>,
    /// The mean of the four same days of the week before.
    #[oai(nullable)]
    pub(crate) usual: Option<u32>,
}

/// How many declarations were on time.
#[derive(Clone, Copy, Object, Serialize)]
pub(crate) struct OnTimeCount {
    /// Declarations.
    #[oai(nullable)]
    pub(crate) declared: Option<u32>,
    /// Of these, on time, in tenths of a percent.
    #[oai(nullable)]
    pub(crate) on_time_permille: Option<u32>,
}

/// A kind of facility.
#[derive(Object, Serialize)]
pub(crate) struct KindOnTime {
    /// The kind.
    pub(crate) facility_kind: FacilityKindWord,
    /// Its declarations.
    pub(crate) declarations: OnTimeCount,
}

/// A commune.
#[derive(Object, Serialize)]
pub(crate) struct CommuneOnTime {
    /// The commune.
    pub(crate) commune_code: CommuneCode,
    /// Its declarations.
    pub(crate) declarations: OnTimeCount,
}

/// The backlog at an instant.
#[derive(Object, Serialize)]
pub(crate) struct BacklogHour {
    /// When.
    pub(crate) at: Instant,
    /// Cases that waited.
    pub(crate) waiting: u32,
    /// How long half of them had waited at most.
    #[oai(nullable)]
    pub(crate) median_seconds: Option<u64>,
    /// How long 95 in 100 of them had waited at most.
    #[oai(nullable)]
    pub(crate) p95_seconds: Option<u64>,
    /// How long the oldest had waited.
    #[oai(nullable)]
    pub(crate) oldest_seconds: Option<u64>,
}

/// How good the data are, each in tenths of a percent.
#[derive(Object, Serialize)]
pub(crate) struct DataQuality {
    /// Of the stays that the registry answered about: those that agree with it.
    #[oai(nullable)]
    pub(crate) correct_permille: Option<u32>,
    /// Of all stays: those that owe nothing.
    #[oai(nullable)]
    pub(crate) complete_permille: Option<u32>,
    /// Of all stays: those that were not declared twice.
    #[oai(nullable)]
    pub(crate) clean_permille: Option<u32>,
    /// Of all stays: those that were declared on time.
    #[oai(nullable)]
    pub(crate) timely_permille: Option<u32>,
}

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

/// The counts of areas that somebody watches.
pub(crate) struct KeptStatistics(Cache<OfficerScope, Arc<PoliceStatistics>>);

impl Default for KeptStatistics {
    fn default() -> Self {
        let kept = Cache::builder()
            .max_capacity(KEPT_COUNT_MAX)
            .time_to_live(KEPT_DURATION);
        Self(kept.build())
    }
}

/// What is watched over in these areas. Of several who ask at once, one counts.
pub(crate) async fn statistics(
    app: &App,
    scope: &OfficerScope,
) -> Result<Arc<PoliceStatistics>, Failure> {
    let kept = &app.statistics.0;
    let counted = kept.try_get_with_by_ref(scope, count(app, scope)).await;
    counted.map_err(|error| store::Error::clone(&error).into())
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
