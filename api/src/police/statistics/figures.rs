//! What is told of stays and cases that are watched over.

use poem_openapi::Object;
use serde::Serialize;

use crate::shapes::text::{CommuneCode, Day, FacilityKindWord, Instant};

/// Earlier weeks with which the arrivals of today are compared.
pub(super) const WEEK_COUNT: u32 = 4;

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
