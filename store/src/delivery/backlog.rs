//! The backlog on its way to the police, by destination, for lists and for the metrics of every
//! process.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{catalogue::Catalogues, operator::BreakerState, routing::RoutingTable};
use metrics::gauge;

use crate::{
    Database, Result,
    destinations::{self, Destination},
    tasks,
};

/// How many of a destination's notifications are under way or parked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Notifications on their way.
    pub open_count: i64,
    /// Of these, those whose deadline has passed.
    pub overdue_count: i64,
    /// Parked notifications.
    pub parked_count: i64,
    /// When the oldest on its way was made.
    pub oldest_created_at: Option<DateTime<Utc>>,
    /// The nearest deadline of those on their way.
    pub nearest_deadline_at: Option<DateTime<Utc>>,
}

/// The destinations, and which commune goes where today.
pub struct Map {
    /// All destinations, by code.
    pub rows: Vec<Destination>,
    /// Which commune goes to which of them.
    pub routing: RoutingTable,
}

impl Map {
    /// Reads both tables.
    pub async fn read(
        db: &Database,
        catalogues: &Arc<Catalogues>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let rows = destinations::all(db).await?;
        let routes = destinations::routes(db).await?;
        let routing = destinations::routing_table(&rows, &routes, catalogues, now);
        Ok(Self { rows, routing })
    }

    /// The destination with this code. Searched in memory, because the code is unchecked input.
    #[must_use]
    pub fn destination(&self, code: &str) -> Option<&Destination> {
        self.rows.iter().find(|row| row.code == code)
    }

    /// The destination whose endpoint is called for this one: its own, its province's, or that of
    /// the settings. Breakers are those of endpoints.
    #[must_use]
    pub fn called<'a>(&'a self, row: &'a Destination) -> &'a Destination {
        let route = self.routing.route_of_destination(&row.code);
        let lane = route.map(|route| &*route.lane);
        lane.and_then(|lane| self.destination(lane)).unwrap_or(row)
    }

    /// The backlog, by the code of the destination it goes to today.
    pub async fn backlogs(
        &self,
        db: &Database,
        now: DateTime<Utc>,
    ) -> Result<HashMap<String, Backlog>> {
        let mut backlogs: HashMap<String, Backlog> = HashMap::new();
        for part in tasks::backlogs(db, now).await? {
            let code = &*self.routing.route(&part.commune_code).destination;
            let whole = backlogs.entry(code.to_owned()).or_default();
            whole.open_count += part.open_count;
            whole.overdue_count += part.overdue_count;
            whole.parked_count += part.parked_count;
            whole.oldest_created_at = earlier(whole.oldest_created_at, part.oldest_created_at);
            whole.nearest_deadline_at =
                earlier(whole.nearest_deadline_at, part.nearest_deadline_at);
        }
        Ok(backlogs)
    }
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

type CountOf = fn(&Backlog) -> i64;

/// What is counted, with its word in the metrics.
const COUNTS: [(&str, CountOf); 3] = [
    ("open", |backlog| backlog.open_count),
    ("overdue", |backlog| backlog.overdue_count),
    ("parked", |backlog| backlog.parked_count),
];

/// Measures the backlog, in total and by destination. Every process measures the same values.
pub async fn measure(
    db: &Database,
    catalogues: &Arc<Catalogues>,
    now: DateTime<Utc>,
) -> Result<()> {
    let map = Map::read(db, catalogues, now).await?;
    let backlogs = map.backlogs(db, now).await?;
    for (state, count) in COUNTS {
        let whole = backlogs.values().map(count).sum();
        gauge!("luutru_outbox_rows", "state" => state).set(number(whole));
    }
    for row in &map.rows {
        let backlog = backlogs.get(&row.code).copied().unwrap_or_default();
        measure_destination(&row.code, &backlog, now);
        let is_open = map.called(row).breaker.get() == Ok(BreakerState::Open);
        gauge!("luutru_destination_breaker_open", "destination" => row.code.clone())
            .set(f64::from(u8::from(is_open)));
    }
    Ok(())
}

fn measure_destination(code: &str, backlog: &Backlog, now: DateTime<Utc>) {
    for (state, count) in COUNTS {
        gauge!(
            "luutru_destination_backlog", "destination" => code.to_owned(), "state" => state
        )
        .set(number(count(backlog)));
    }
    let left = backlog.nearest_deadline_at;
    let left = left.map_or(f64::INFINITY, |at| number((at - now).num_seconds()));
    gauge!("luutru_destination_deadline_left_seconds", "destination" => code.to_owned()).set(left);
    let age = backlog.oldest_created_at;
    let age = age.map_or(0.0, |at| number((now - at).num_seconds().max(0)));
    gauge!("luutru_destination_oldest_age_seconds", "destination" => code.to_owned()).set(age);
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn number(count: i64) -> f64 {
    count as f64
}
