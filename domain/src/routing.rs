//! Destination routing: which destination a commune's notifications go to, and over whose endpoint.
//!
//! A commune goes to the destination of its route, else to that of its province. A former commune
//! follows its alias to the unit that now holds its main part. A destination without an endpoint
//! uses its province's, or else that of the settings, [`NATIONAL`].

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    catalogue::{Catalogues, CommuneCode},
    time::local_date,
};

/// Code of the destination that stands for the endpoint of the settings.
pub const NATIONAL: &str = "national";

/// A destination, as far as routing depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutedDestination {
    /// Its code.
    pub code: String,
    /// The province that it belongs to. The destination whose code is the province's own receives
    /// whatever has no route there.
    pub province_code: Option<String>,
    /// Whether it has an endpoint of its own.
    pub has_endpoint: bool,
    /// The pause that an operator set. A pause that a worker set is left to the worker's breaker,
    /// which keeps probing.
    pub pause: Option<OperatorPause>,
}

impl RoutedDestination {
    fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.pause
            .is_some_and(|pause| pause.until.is_none_or(|until| now < until))
    }
}

/// An operator's pause of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorPause {
    /// When it ends; `None`: when an operator resumes the destination.
    pub until: Option<DateTime<Utc>>,
}

/// A commune's own route, which precedes that of its province.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommuneRoute {
    /// The commune.
    pub commune_code: String,
    /// The destination of its notifications.
    pub destination_code: String,
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day, if there is one.
    pub valid_to: Option<NaiveDate>,
}

/// Where a task goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRoute {
    /// Code of the destination.
    pub destination: Arc<str>,
    /// Code of the destination whose endpoint is called.
    pub lane: Arc<str>,
    /// An operator paused the destination, or one whose endpoint it uses.
    pub is_paused: bool,
}

/// Selects tasks by commune.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Communes {
    /// Every commune.
    All,
    /// Every commune except these.
    Except(Vec<String>),
    /// Only these.
    Only(Vec<String>),
}

/// The routes of all communes on one day.
pub struct RoutingTable {
    catalogues: Arc<Catalogues>,
    by_destination: HashMap<String, ResolvedRoute>,
    /// Of the destinations that have a province's code.
    by_province: HashMap<String, ResolvedRoute>,
    /// Of the communes that have a route of their own.
    routed: HashMap<String, ResolvedRoute>,
    /// Of communes that the catalogues do not know.
    fallback: ResolvedRoute,
    /// Of every commune, once they are all asked for: there are thousands, and most questions are
    /// about a few.
    by_commune: OnceLock<HashMap<String, ResolvedRoute>>,
}

impl RoutingTable {
    /// The routes of the local day of `now`; pauses count as of the instant itself.
    #[must_use]
    pub fn new(
        destinations: &[RoutedDestination],
        routes: &[CommuneRoute],
        catalogues: &Arc<Catalogues>,
        now: DateTime<Utc>,
    ) -> Self {
        let resolver = Resolver {
            destinations: destinations.iter().map(|row| (&*row.code, row)).collect(),
            by_province: destinations
                .iter()
                .filter(|row| row.province_code.as_deref() == Some(&*row.code))
                .map(|row| (&*row.code, row))
                .collect(),
            now,
        };
        let by_code = |(code, row): (&&str, &&RoutedDestination)| {
            ((*code).to_owned(), resolver.route_over(Some(row)))
        };
        let routed = routed(routes, local_date(now)).into_iter();
        let routed = routed.filter_map(|(commune_code, route)| {
            let row = resolver.destinations.get(&*route.destination_code)?;
            Some((commune_code.to_owned(), resolver.route_over(Some(row))))
        });
        Self {
            catalogues: Arc::clone(catalogues),
            by_destination: resolver.destinations.iter().map(by_code).collect(),
            by_province: resolver.by_province.iter().map(by_code).collect(),
            routed: routed.collect(),
            fallback: resolver.route_over(None),
            by_commune: OnceLock::new(),
        }
    }

    /// Where the tasks of this commune go.
    #[must_use]
    pub fn route(&self, commune_code: &str) -> &ResolvedRoute {
        let known = match self.by_commune.get() {
            Some(routes) => routes.get(commune_code),
            None => self.resolve(commune_code),
        };
        known.unwrap_or(&self.fallback)
    }

    /// A route for the exact code beats an alias: an operator set it.
    fn resolve(&self, commune_code: &str) -> Option<&ResolvedRoute> {
        let routed = self.routed.get(commune_code);
        let code = self.code_of_today(commune_code);
        let routed = routed.or_else(|| self.routed.get(code));
        let province = || {
            let commune = self.catalogues.commune(code)?;
            self.by_province.get(&commune.province_code)
        };
        routed.or_else(province)
    }

    fn code_of_today<'a>(&'a self, commune_code: &'a str) -> &'a str {
        match self.catalogues.commune_code(commune_code) {
            Some(CommuneCode::Old([main, ..])) => main,
            Some(CommuneCode::Old([]) | CommuneCode::Current(_)) | None => commune_code,
        }
    }

    fn by_commune(&self) -> &HashMap<String, ResolvedRoute> {
        self.by_commune.get_or_init(|| {
            let codes = self.catalogues.commune_codes();
            let codes = codes.chain(self.routed.keys().map(String::as_str));
            let route = |code: &str| self.resolve(code).unwrap_or(&self.fallback).clone();
            codes.map(|code| (code.to_owned(), route(code))).collect()
        })
    }

    /// Where the tasks of this destination go.
    #[must_use]
    pub fn route_of_destination(&self, code: &str) -> Option<&ResolvedRoute> {
        self.by_destination.get(code)
    }

    /// The communes whose route satisfies the predicate: named by those that do not where unknown
    /// communes do. `None` when no route satisfies it.
    pub fn communes(&self, is_selected: impl Fn(&ResolvedRoute) -> bool) -> Option<Communes> {
        let codes = |wanted: bool| -> Vec<String> {
            self.routes()
                .filter(|(_, route)| is_selected(route) == wanted)
                .map(|(code, _)| code.to_owned())
                .collect()
        };
        if is_selected(&self.fallback) {
            return Some(Communes::Except(codes(false)));
        }
        let codes = codes(true);
        (!codes.is_empty()).then_some(Communes::Only(codes))
    }

    /// Each known commune with its route, in no particular order.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &ResolvedRoute)> {
        self.by_commune()
            .iter()
            .map(|(code, route)| (code.as_str(), route))
    }

    /// The route of all other communes.
    #[must_use]
    pub fn fallback(&self) -> &ResolvedRoute {
        &self.fallback
    }
}

/// The route of each commune that is valid on `day`. If two are, the later one to begin counts.
fn routed(routes: &[CommuneRoute], day: NaiveDate) -> HashMap<&str, &CommuneRoute> {
    let mut routed: HashMap<&str, &CommuneRoute> = HashMap::new();
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

struct Resolver<'a> {
    destinations: HashMap<&'a str, &'a RoutedDestination>,
    by_province: HashMap<&'a str, &'a RoutedDestination>,
    now: DateTime<Utc>,
}

impl Resolver<'_> {
    /// The route to this destination, up to the first endpoint. A paused destination on the way
    /// blocks it.
    fn route_over(&self, destination: Option<&RoutedDestination>) -> ResolvedRoute {
        let province = destination
            .and_then(|row| row.province_code.as_deref())
            .and_then(|code| self.by_province.get(code))
            .copied();
        let national = self.destinations.get(NATIONAL).copied();
        let mut lane = NATIONAL;
        let mut is_paused = false;
        for row in [destination, province, national].into_iter().flatten() {
            is_paused |= row.is_paused(self.now);
            if row.has_endpoint {
                lane = &row.code;
                break;
            }
        }
        ResolvedRoute {
            destination: destination.map_or(NATIONAL, |row| &row.code).into(),
            lane: lane.into(),
            is_paused,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn noon(text: &str) -> DateTime<Utc> {
        format!("{text}T12:00:00+07:00").parse().unwrap()
    }

    fn destination(code: &str, province: Option<&str>, has_endpoint: bool) -> RoutedDestination {
        RoutedDestination {
            code: code.to_owned(),
            province_code: province.map(str::to_owned),
            has_endpoint,
            pause: None,
        }
    }

    fn route(commune: &str, to: &str, from: &str, last: Option<&str>) -> CommuneRoute {
        CommuneRoute {
            commune_code: commune.to_owned(),
            valid_from: day(from),
            valid_to: last.map(day),
            destination_code: to.to_owned(),
        }
    }

    /// Communes 00004 and 00008 of province 01, 16531 of 38; 00001 of the past went into 00004.
    fn catalogues() -> Arc<Catalogues> {
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
        Arc::new(catalogues)
    }

    fn shown(table: &RoutingTable, commune: &str) -> String {
        let route = table.route(commune);
        let held = if route.is_paused { " held" } else { "" };
        format!("{} over {}{held}", route.destination, route.lane)
    }

    #[test]
    fn a_commune_goes_to_its_route_else_to_its_province_else_to_the_nation() {
        let destinations = [
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
        let routing = RoutingTable::new(&destinations, &routes, &catalogues(), noon("2026-11-25"));
        let table = [
            ("00004", "ba_dinh over ba_dinh"),
            ("00001", "ba_dinh over ba_dinh"),
            ("00008", "ngoc_ha over 01"),
            ("16531", "38 over national"),
            ("99999", "national over national"),
        ];
        for (commune, expected) in table {
            assert_eq!(shown(&routing, commune), expected, "{commune}");
        }
        // The same once all routes are known.
        assert_eq!(routing.routes().count(), 4);
        for (commune, expected) in table {
            assert_eq!(shown(&routing, commune), expected, "{commune}");
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
            let routing = RoutingTable::new(&destinations, &routes, &catalogues(), noon(today));
            assert_eq!(shown(&routing, commune), expected, "{today} {commune}");
        }
    }

    #[test]
    fn a_paused_destination_blocks_its_routes_until_the_pause_ends() {
        let paused = |code: &str, until: Option<&str>| {
            let mut row = destination(code, (code == "01").then_some("01"), false);
            let until = until.map(noon);
            row.pause = Some(OperatorPause { until });
            row
        };
        let table = [
            (
                paused("01", None),
                "01 over national held",
                "national over national",
            ),
            (
                paused("01", Some("2026-11-26")),
                "01 over national held",
                "national over national",
            ),
            (
                paused("01", Some("2026-11-25")),
                "01 over national",
                "national over national",
            ),
            (
                destination("01", Some("01"), false),
                "01 over national",
                "national over national",
            ),
            (
                paused("national", None),
                "national over national held",
                "national over national held",
            ),
        ];
        for (row, hanoi, thanh_hoa) in table {
            let routing = RoutingTable::new(&[row], &[], &catalogues(), noon("2026-11-25"));
            assert_eq!(shown(&routing, "00004"), hanoi);
            assert_eq!(shown(&routing, "16531"), thanh_hoa);
        }
    }
}
