//! Made-up guests for the load generator: valid bodies of `POST /v1/stays`.
//!
//! Nobody here exists. Personal numbers have the structure of real ones with a tail that begins
//! with 99, as everywhere in the demonstration. The same seed makes the same guests.

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, SecondsFormat, Utc};
use clap::ValueEnum;
use domain::{facility::FacilityKind, sex::Sex, time::VIET_NAM};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use seeds::DemoPerson;
use serde_json::{Value, json};

/// Which guests check in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Population {
    /// New people with numbers of their own: the registry does not know them.
    #[default]
    MadeUp,
    /// The people of the demonstration, whom its registry knows.
    Demo,
}

/// Foreigners' countries, roughly as they come.
const COUNTRIES: [&str; 8] = ["KOR", "CHN", "USA", "JPN", "RUS", "FRA", "AUS", "IND"];
const FOREIGN_NAMES: [&str; 6] = [
    "KIM MINJUN",
    "WANG XIU YING",
    "SMITH JOHN",
    "SATO HARUTO",
    "IVANOVA ANNA",
    "MARTIN CLAIRE",
];
const STREETS: [&str; 5] = [
    "đường Lê Lợi",
    "đường Nguyễn Huệ",
    "phố Hàng Đào",
    "đường Trần Phú",
    "thôn Đông Thành",
];
/// Communes of today that guests live in: Sầm Sơn, Hạc Thành.
const COMMUNES: [&str; 2] = ["16531", "14797"];

/// More than the stays of any batch.
const STRIDE: u64 = 1_024;

/// Makes guests. Cheap to share; every stay draws from a generator of its own.
pub(crate) struct People {
    known: Vec<DemoPerson>,
    population: Population,
    foreigner_share: f64,
    seed: u64,
}

/// A guest, by the request that first declared them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// Number of the request.
    pub(crate) request: u64,
    /// Position in its batch; 0 for a single stay.
    pub(crate) position: u32,
}

/// What a stay depends on in its facility.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Its id, as text.
    pub(crate) facility_id: &'a str,
    /// Its kind, which decides what a stay must say.
    pub(crate) kind: FacilityKind,
}

impl People {
    /// `foreigner_share` is from 0 to 1; the others are citizens.
    pub(crate) fn new(population: Population, foreigner_share: f64, seed: u64) -> Self {
        Self {
            known: seeds::demo_people().collect(),
            population,
            foreigner_share: foreigner_share.clamp(0.0, 1.0),
            seed,
        }
    }

    /// The draws of the request with this number: the same for the same seed and number.
    pub(crate) fn draws(&self, number: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A valid stay of a guest that begins now.
    pub(crate) fn stay(
        &self,
        draws: &mut StdRng,
        guest: Guest,
        place: Place<'_>,
        reference: &str,
        now: DateTime<Utc>,
    ) -> Value {
        let now = now.with_timezone(&VIET_NAM);
        let nights = draws.random_range(1..=4);
        let guest = self.guest(guest, now.date_naive());
        let mut stay = json!({
            "facility_id": place.facility_id,
            "reference": reference,
            "arrival_at": wire_instant(now - Duration::minutes(draws.random_range(0..5))),
            "guest": guest,
            "party": {"reference": format!("G-{}", draws.random_range(1..100_000)), "role": "member"},
        });
        if place.kind != FacilityKind::OfficialResidence {
            stay["room"] = Value::from(draws.random_range(101..=999).to_string());
            stay["expected_departure_at"] = Value::from(wire_instant(now + Duration::days(nights)));
        }
        stay
    }

    /// The same person whenever the guest comes.
    fn guest(&self, guest: Guest, today: NaiveDate) -> Value {
        let ordinal = guest.request * STRIDE + u64::from(guest.position);
        let mixed = ordinal.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut draws = StdRng::seed_from_u64(!self.seed ^ mixed);
        if draws.random_bool(self.foreigner_share) {
            foreigner(&mut draws, today)
        } else {
            self.citizen(&mut draws)
        }
    }

    fn citizen(&self, draws: &mut StdRng) -> Value {
        let Some(model) = self.known.choose(draws) else {
            return Value::Null;
        };
        let (number, birth_date) = match self.population {
            Population::Demo => (model.personal_id.clone(), model.birth_date),
            Population::MadeUp => new_number(draws, model),
        };
        json!({
            "full_name": model.full_name,
            "birth_date": birth_date,
            "sex": model.sex.as_str(),
            "nationality": "VNM",
            "document": {"kind": "citizen_card", "number": number},
            "residence": residence(draws),
            "phone": format!("09{:08}", draws.random_range(0..100_000_000_u32)),
        })
    }
}

/// A number and birth date that agree with the model's sex.
fn new_number(draws: &mut StdRng, model: &DemoPerson) -> (String, NaiveDate) {
    let birth_place = model.personal_id.get(..3).unwrap_or("038");
    let year = draws.random_range(1945..=2008);
    let birth_date =
        NaiveDate::from_yo_opt(year, draws.random_range(1..=365)).unwrap_or(model.birth_date);
    let century_and_sex = 2 * (birth_date.year() / 100 - 19) + i32::from(model.sex == Sex::Female);
    let number = format!(
        "{birth_place}{century_and_sex}{:02}99{:04}",
        birth_date.year() % 100,
        draws.random_range(0..10_000)
    );
    (number, birth_date)
}

fn residence(draws: &mut StdRng) -> Value {
    let house = draws.random_range(1..400);
    let street = STREETS.choose(draws).copied().unwrap_or_default();
    json!({
        "commune_code": COMMUNES.choose(draws),
        "address": format!("Số {house} {street}"),
    })
}

fn foreigner(draws: &mut StdRng, today: NaiveDate) -> Value {
    let letter = char::from(draws.random_range(b'A'..=b'Z'));
    let birth_date =
        NaiveDate::from_yo_opt(draws.random_range(1950..=2005), draws.random_range(1..=365));
    json!({
        "full_name": FOREIGN_NAMES.choose(draws),
        "birth_date": birth_date,
        "sex": if draws.random_bool(0.5) { "male" } else { "female" },
        "nationality": COUNTRIES.choose(draws),
        "document": {
            "kind": "passport",
            "number": format!("{letter}{:08}", draws.random_range(0..100_000_000_u32)),
        },
        "permitted_stay_until": today + Duration::days(draws.random_range(15..=90)),
    })
}

fn wire_instant(instant: DateTime<FixedOffset>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, false)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::{
        catalogue::Catalogues,
        declaration::{self, Window},
    };

    use super::*;

    fn catalogues() -> Catalogues {
        let seeds = seeds::catalogues().unwrap();
        let entries = |name: &str| {
            let seed = seeds.iter().find(|seed| seed.name == name).unwrap();
            seed.entries.clone()
        };
        Catalogues::read(
            &entries("provinces"),
            &entries("communes"),
            &entries("countries"),
            &entries("commune_aliases"),
        )
        .unwrap()
    }

    #[test]
    fn every_made_up_stay_is_valid_at_every_kind_of_facility() {
        let catalogues = catalogues();
        let now = DateTime::parse_from_rfc3339("2026-11-23T14:05:00.123456+07:00").unwrap();
        let now = now.with_timezone(&Utc);
        let populations = [(Population::MadeUp, 0.3), (Population::Demo, 0.0)];
        for (population, foreigner_share) in populations {
            let people = People::new(population, foreigner_share, 7);
            for (number, facility) in (0..400).zip(seeds::demo_facilities().into_iter().cycle()) {
                let facility_id = facility.id.to_string();
                let place = Place {
                    facility_id: &facility_id,
                    kind: facility.kind,
                };
                let reference = format!("R-{number}");
                let mut draws = people.draws(number);
                let guest = Guest {
                    request: number,
                    position: 0,
                };
                let body = people.stay(&mut draws, guest, place, &reference, now);
                let facilities = [Arc::new(facility)];
                let checked =
                    declaration::check(&body, &facilities, &catalogues, &Window::default(), now);
                if let Err(faults) = checked {
                    let codes: Vec<_> = faults
                        .violations
                        .iter()
                        .map(|one| (one.pointer.clone(), one.code.as_str()))
                        .collect();
                    panic!("stay {number}: {codes:?}");
                }
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_stay() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let place = Place {
            facility_id: "f",
            kind: FacilityKind::LodgingBusiness,
        };
        let make = |seed: u64, number: u64| {
            let people = People::new(Population::MadeUp, 0.1, seed);
            let guest = Guest {
                request: number,
                position: 0,
            };
            people.stay(&mut people.draws(number), guest, place, "R", now)
        };
        assert_eq!(make(1, 5), make(1, 5));
        assert_ne!(make(1, 5), make(1, 6));
        assert_ne!(make(1, 5), make(2, 5));
    }

    #[test]
    fn a_guest_who_returns_is_the_same_person_with_another_stay() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let place = Place {
            facility_id: "f",
            kind: FacilityKind::LodgingBusiness,
        };
        let people = People::new(Population::MadeUp, 0.1, 1);
        let guest = Guest {
            request: 3,
            position: 0,
        };
        let first = people.stay(&mut people.draws(3), guest, place, "R-3", now);
        let second = people.stay(&mut people.draws(9), guest, place, "R-9", now);
        assert_eq!(first["guest"], second["guest"]);
        assert_ne!(first["room"], second["room"]);
    }
}
