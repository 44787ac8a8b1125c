//! Which destination a commune's notifications go to, and over whose endpoint. Pure.
//!
//! A commune goes to the destination of its route, else to that of its province. A former commune
//! follows its alias to the unit that now holds its main part. A destination without an endpoint
//! uses its province's, or else that of the settings, `national`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    catalogue::{Catalogues, CommuneCode},
    time::local_date,
};

use crate::{
    destinations::{Destination, NATIONAL, PAUSED, Route, WORKER},
    outbox::Communes,
};

/// Where a task goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Code of the destination.
    pub destination: Arc<str>,
    /// Code of the destination whose endpoint is called.
    pub lane: Arc<str>,
    /// Somebody holds it back.
    pub is_paused: bool,
}

/// All ways of a day.
pub struct Routes {
    ways: HashMap<String, Way>,
    /// Of communes that the catalogues do not know.
    otherwise: Way,
    /// The way of each destination, by code.
    destinations: HashMap<String, Way>,
}

impl Routes {
    /// The ways of the day of `now`, as far as pauses go those of the instant.
    #[must_use]
    pub fn new(
        destinations: Vec<Destination>,
        routes: &[Route],
        catalogues: &Catalogues,
        now: DateTime<Utc>,
    ) -> Self {
        let destinations: BTreeMap<String, Destination> = destinations
            .into_iter()
            .map(|row| (row.code.clone(), row))
            .collect();
        let finder = Finder {
            by_province: destinations
                .values()
                .filter(|row| row.province_code.as_deref() == Some(&*row.code))
                .map(|row| (&*row.code, row))
                .collect(),
            destinations: &destinations,
            routed: routed(routes, local_date(now)),
            catalogues,
            now,
        };
        let otherwise = finder.way_over(None);
        let way_of = |row: &Destination| (row.code.clone(), finder.way_over(Some(row)));
        let by_destination: HashMap<String, Way> = destinations.values().map(way_of).collect();
        // Thousands of communes share one destination's way.
        let way = |code: &str| {
            let destination = finder.destination(code);
            let way = destination.and_then(|row| by_destination.get(&row.code));
            way.unwrap_or(&otherwise).clone()
        };
        let mut codes: Vec<&str> = catalogues.commune_codes().collect();
        codes.extend(finder.routed.keys());
        let ways = codes.into_iter().map(|code| (code.to_owned(), way(code)));
        Self {
            ways: ways.collect(),
            otherwise,
            destinations: by_destination,
        }
    }

    /// Where the tasks of this commune go.
    #[must_use]
    pub fn way(&self, commune_code: &str) -> &Way {
        self.ways.get(commune_code).unwrap_or(&self.otherwise)
    }

    /// The way of a destination's own tasks.
    #[must_use]
    pub fn way_of_destination(&self, code: &str) -> Option<&Way> {
        self.destinations.get(code)
    }

    /// The communes whose way is so: by those that are not, where the communes that nobody knows
    /// are. `None`: no way is.
    pub fn communes(&self, is_so: impl Fn(&Way) -> bool) -> Option<Communes> {
        let codes = |wanted: bool| -> Vec<String> {
            self.ways
                .iter()
                .filter(|(_, way)| is_so(way) == wanted)
                .map(|(code, _)| code.to_owned())
                .collect()
        };
        if is_so(&self.otherwise) {
            return Some(Communes::Except(codes(false)));
        }
        let codes = codes(true);
        (!codes.is_empty()).then_some(Communes::Only(codes))
    }

    /// The communes that have a way of their own, in no particular order.
    pub fn ways(&self) -> impl Iterator<Item = (&str, &Way)> {
        self.ways.iter().map(|(code, way)| (code.as_str(), way))
    }

    /// The way of all others.
    #[must_use]
    pub fn otherwise(&self) -> &Way {
        &self.otherwise
    }
}

/// The route of each commune that holds on `day`; the one that began last, should there be two.
fn routed(routes: &[Route], day: NaiveDate) -> HashMap<&str, &Route> {
    let mut routed: HashMap<&str, &Route> = HashMap::new();
    let valid = routes
        .iter()
        .filter(|route| route.valid_from <= day && route.valid_to.is_none_or(|last| day <= last));
    for route in valid {
        let best = routed.entry(&route.commune_code).or_insert(route);
        if best.valid_from < route.valid_from {
            *best = route;
        }
    }
    routed
}

struct Finder<'a> {
    destinations: &'a BTreeMap<String, Destination>,
    by_province: HashMap<&'a str, &'a Destination>,
    routed: HashMap<&'a str, &'a Route>,
    catalogues: &'a Catalogues,
    now: DateTime<Utc>,
}

impl Finder<'_> {
    fn destination(&self, commune_code: &str) -> Option<&Destination> {
        // A route for the exact code beats an alias: an operator set it.
        let routed = self.routed_destination(commune_code);
        let code = self.code_of_today(commune_code);
        let routed = routed.or_else(|| self.routed_destination(code));
        let province = self
            .catalogues
            .commune(code)
            .and_then(|commune| self.by_province.get(commune.province_code.as_str()))
            .copied();
        routed.or(province)
    }

    fn code_of_today<'b>(&'b self, commune_code: &'b str) -> &'b str {
        match self.catalogues.commune_code(commune_code) {
            Some(CommuneCode::Old([main, ..])) => main,
            Some(CommuneCode::Old([]) | CommuneCode::Current(_)) | None => commune_code,
        }
    }

    fn routed_destination(&self, commune_code: &str) -> Option<&Destination> {
        let route = self.routed.get(commune_code)?;
        self.destinations.get(&route.destination_code)
    }

    /// The way to this destination, up to the first endpoint. A paused destination on the way
    /// blocks it.
    fn way_over(&self, destination: Option<&Destination>) -> Way {
        let province = destination
            .and_then(|row| row.province_code.as_deref())
            .and_then(|code| self.by_province.get(code))
            .copied();
        let national = self.destinations.get(NATIONAL);
        let mut lane = NATIONAL;
        let mut is_paused = false;
        for row in [destination, province, national].into_iter().flatten() {
            is_paused |= is_paused_by_hand(row, self.now);
            if row.endpoint_url.is_some() {
                lane = &row.code;
                break;
            }
        }
        Way {
            destination: destination.map_or(NATIONAL, |row| &row.code).into(),
            lane: lane.into(),
            is_paused,
        }
    }
}

/// Somebody paused it and the pause has not ended. A worker's own pause is left to its breaker,
/// which keeps probing.
fn is_paused_by_hand(row: &Destination, now: DateTime<Utc>) -> bool {
    row.state == PAUSED
        && row.paused_by.as_deref() != Some(WORKER)
        && row.paused_until.is_none_or(|until| now < until)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn noon(text: &str) -> DateTime<Utc> {
        format!("{text}T12:00:00+07:00").parse().unwrap()
    }

    fn destination(code: &str, province: Option<&str>, endpoint: bool) -> Destination {
        let mut row = crate::destinations::new(
            code.to_owned(),
            Uuid::nil(),
            code.to_owned(),
            province.map(str::to_owned),
            DateTime::UNIX_EPOCH,
        );
        row.endpoint_url = endpoint.then(|| format!("http://{code}"));
        row
    }

    fn route(commune: &str, to: &str, from: &str, last: Option<&str>) -> Route {
        Route {
            commune_code: commune.to_owned(),
            valid_from: day(from),
            valid_to: last.map(day),
            destination_code: to.to_owned(),
        }
    }

    /// Communes 00004 and 00008 of province 01, 16531 of 38; 00001 of the past went into 00004.
    fn catalogues() -> Catalogues {
        let mut catalogues = Catalogues::default();
        for (code, province) in [("00004", "01"), ("00008", "01"), ("16531", "38")] {
            let body = json!({"full_name": code, "province_code": province});
            catalogues.add("communes", code, &body).unwrap();
        }
        let targets = json!([
            {"code": "00008", "is_default": false},
            {"code": "00004", "is_default": true},
        ]);
        let alias = json!({"level": "commune", "old_code": "00001", "targets": targets});
        catalogues.add("commune_aliases", "x", &alias).unwrap();
        catalogues
    }

    fn way(routes: &Routes, commune: &str) -> String {
        let way = routes.way(commune);
        let held = if way.is_paused { " held" } else { "" };
        format!("{} over {}{held}", way.destination, way.lane)
    }

    #[test]
    fn a_commune_goes_to_its_route_else_to_its_province_else_to_the_nation() {
        let destinations = vec![
            destination("national", None, false),
            destination("01", Some("01"), true),
            destination("38", Some("38"), false),
            destination("ba_dinh", Some("01"), true),
            destination("ngoc_ha", Some("01"), false),
        ];
        let routes = [
            route("00004", "ba_dinh", "2026-01-01", None),
            route("00008", "ngoc_ha", "2026-01-01", None),
        ];
        let routes = Routes::new(destinations, &routes, &catalogues(), noon("2026-11-25"));
        let table = [
            ("00004", "ba_dinh over ba_dinh"),
            ("00001", "ba_dinh over ba_dinh"),
            ("00008", "ngoc_ha over 01"),
            ("16531", "38 over national"),
            ("99999", "national over national"),
        ];
        for (commune, expected) in table {
            assert_eq!(way(&routes, commune), expected, "{commune}");
        }
    }

    #[test]
    fn a_route_holds_from_its_first_day_to_its_last() {
        let routes = [
            route("00004", "old", "2026-01-01", Some("2026-11-24")),
            route("00004", "new", "2026-11-25", None),
            route("00001", "other", "2026-12-01", Some("2026-12-31")),
        ];
        let table = [
            ("2025-12-31", "00004", "01 over national"),
            ("2026-01-01", "00004", "old over old"),
            ("2026-11-24", "00004", "old over old"),
            ("2026-11-25", "00004", "new over new"),
            ("2026-11-25", "00001", "new over new"),
            ("2026-12-01", "00001", "other over other"),
            ("2027-01-01", "00001", "new over new"),
        ];
        for (today, commune, expected) in table {
            let destinations = ["old", "new", "other"].map(|code| destination(code, None, true));
            let mut destinations = destinations.to_vec();
            destinations.push(destination("01", Some("01"), false));
            let routes = Routes::new(destinations, &routes, &catalogues(), noon(today));
            assert_eq!(way(&routes, commune), expected, "{today} {commune}");
        }
    }

    #[test]
    fn who_is_paused_on_the_way_holds_it_back_until_the_pause_is_over() {
        let paused = |code: &str, by: &str, until: Option<&str>| {
            let mut row = destination(code, (code == "01").then_some("01"), false);
            row.state = PAUSED.to_owned();
            row.paused_by = Some(by.to_owned());
            row.paused_until = until.map(noon);
            row
        };
        let table = [
            (
                paused("01", "cli", None),
                "01 over national held",
                "national over national",
            ),
            (
                paused("01", "cli", Some("2026-11-26")),
                "01 over national held",
                "national over national",
            ),
            (
                paused("01", "cli", Some("2026-11-25")),
                "01 over national",
                "national over national",
            ),
            (
                paused("01", WORKER, None),
                "01 over national",
                "national over national",
            ),
            (
                paused("national", "cli", None),
                "national over national held",
                "national over national held",
            ),
        ];
        for (row, hanoi, thanh_hoa) in table {
            let routes = Routes::new(vec![row], &[], &catalogues(), noon("2026-11-25"));
            assert_eq!(way(&routes, "00004"), hanoi);
            assert_eq!(way(&routes, "16531"), thanh_hoa);
        }
    }
}
