//! A week of censuses that were held up by outages and sent in order, against a naive model of who
//! lies where: patient by patient, after every one of them, on both databases.
//!
//! The model is independent of the service: guests on a list are present; present guests who are
//! not on it have left. A seed makes the week; `LUUTRU_TEST_CENSUS_SEED` runs that seed alone, and
//! `LUUTRU_TEST_CENSUS_SEEDS` says how many are run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, TimeDelta};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tests::{Caller, Database, River, local, now, on_both_databases, people, text_of};

on_both_databases![
    a_week_of_held_up_censuses_leaves_what_the_naive_model_says,
    who_moved_is_there_whichever_ward_was_counted_first,
];

const SEED_COUNT: u64 = 3;
const DAY_COUNT: i64 = 7;
const PATIENT_COUNT: usize = 14;
const WARD_COUNT: usize = 3;

async fn a_week_of_held_up_censuses_leaves_what_the_naive_model_says(database: Database) {
    let river = River::start(database).await;
    let number = |name: &str| tests::setting(name).and_then(|text| text.parse::<u64>().ok());
    let count = number("LUUTRU_TEST_CENSUS_SEEDS").unwrap_or(SEED_COUNT);
    let seeds = match number("LUUTRU_TEST_CENSUS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..count,
    };
    for seed in seeds {
        Week::begin(&river, seed).run().await;
    }
}

/// Where the model has a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    NeverSeen,
    There { ward: usize, room: String },
    Left { at: String },
}

struct Patient {
    /// Missing where the ward tells patients by their papers.
    reference: Option<String>,
    name: String,
    number: String,
    place: Place,
    /// The desk knew something later than any of these censuses.
    is_known_better: bool,
    stay_id: Option<String>,
}

struct Week<'a> {
    desk: Caller,
    hospital: &'a str,
    seed: u64,
    chance: StdRng,
    wards: Vec<String>,
    patients: Vec<Patient>,
}

impl<'a> Week<'a> {
    fn begin(river: &'a River, seed: u64) -> Self {
        let patients = (0..PATIENT_COUNT).map(|count| {
            let person = people::person();
            Patient {
                reference: (count % 3 > 0).then(|| people::fresh("BN")),
                name: person.full_name,
                number: person.number,
                place: Place::NeverSeen,
                is_known_better: false,
                stay_id: None,
            }
        });
        Self {
            desk: river.caller("hospital"),
            hospital: river.facility("hospital"),
            seed,
            chance: StdRng::seed_from_u64(seed),
            wards: (0..WARD_COUNT).map(|_| people::fresh("Khoa")).collect(),
            patients: patients.collect(),
        }
    }

    async fn run(mut self) {
        // The wards of other seeds are of no concern, so nothing is counted as a whole.
        for day in 0..DAY_COUNT {
            let lying = self.lying();
            let morning = local(day - DAY_COUNT, "06:00:00");
            for ward in 0..WARD_COUNT {
                let minutes = i64::try_from(ward).unwrap() * 7;
                let taken_at = morning + TimeDelta::minutes(minutes);
                self.count(ward, &lying, taken_at).await;
                if self.chance.random_bool(0.15) {
                    self.desk_knows_better().await;
                }
            }
        }
    }

    /// Where each patient lies on a day: in a ward and a room, or nowhere.
    fn lying(&mut self) -> Vec<Option<(usize, String)>> {
        let patients = 0..self.patients.len();
        patients
            .map(|place| {
                let before = &self.patients[place].place;
                let stays_put = self.chance.random_bool(0.55);
                if let (true, Place::There { ward, room }) = (stays_put, before) {
                    return Some((*ward, room.clone()));
                }
                let is_there = self.chance.random_bool(0.7);
                let ward = self.chance.random_range(0..WARD_COUNT);
                let room = self.chance.random_range(1..5);
                is_there.then(|| (ward, format!("{}-{room}", self.seed)))
            })
            .collect()
    }

    async fn count(
        &mut self,
        ward: usize,
        lying: &[Option<(usize, String)>],
        taken_at: DateTime<FixedOffset>,
    ) {
        let at = format!("seed {}, ward {ward}, {}", self.seed, text_of(taken_at));
        let on_list: BTreeMap<usize, &String> = lying
            .iter()
            .enumerate()
            .filter_map(|(patient, place)| {
                let (lies_in, room) = place.as_ref()?;
                (*lies_in == ward).then_some((patient, room))
            })
            .collect();
        let lines: Vec<Value> = on_list
            .iter()
            .map(|(patient, room)| self.patients[*patient].line(room))
            .collect();
        let were_there: BTreeSet<usize> = self.there(ward);
        let missing = were_there.iter().filter(|patient| {
            !on_list.contains_key(*patient) && !self.patients[**patient].is_known_better
        });
        let departures = missing.count();
        let census = json!({
            "taken_at": text_of(taken_at), "scope": {"ward": self.wards[ward]},
            "missing": "depart", "confirm": {"departures": departures}, "stays": lines,
        });
        let path = format!("/v1/facilities/{}/census", self.hospital);
        let answer = self.desk.call("PUT", &path).json(&census).send().await;
        assert_eq!(answer.status, 200, "{at}: {}", answer.json());
        let answer = answer.json();
        assert_eq!(answer["rejected"], 0, "{at}: {answer}");
        assert_eq!(answer["departed"], departures, "{at}: {answer}");
        self.is_everybody_named(&were_there, &answer, &at);
        for patient in were_there {
            if !on_list.contains_key(&patient) {
                let at = text_of(taken_at);
                self.patients[patient].see(Place::Left { at });
            }
        }
        for (patient, room) in on_list {
            let room = room.clone();
            self.patients[patient].see(Place::There { ward, room });
        }
        self.compare(&at).await;
    }

    /// Every guest known to be in the ward is in the answer.
    fn is_everybody_named(&self, were_there: &BTreeSet<usize>, answer: &Value, at: &str) {
        let results = answer["results"].as_array().unwrap().iter();
        let named: BTreeSet<&str> = results
            .filter_map(|result| result["stay_id"].as_str())
            .collect();
        for patient in were_there {
            let stay_id = self.patients[*patient].stay_id.as_deref().unwrap();
            assert!(named.contains(stay_id), "{at}: {patient} is in no result");
        }
    }

    fn there(&self, ward: usize) -> BTreeSet<usize> {
        let patients = self.patients.iter().enumerate();
        patients
            .filter(|(_, patient)| {
                matches!(&patient.place, Place::There { ward: lies_in, .. } if *lies_in == ward)
            })
            .map(|(place, _)| place)
            .collect()
    }

    /// The desk moves somebody, or sees somebody off, today: after all of these censuses.
    async fn desk_knows_better(&mut self) {
        let there: Vec<usize> = (0..WARD_COUNT).flat_map(|ward| self.there(ward)).collect();
        if there.is_empty() {
            return;
        }
        let chosen = there[self.chance.random_range(0..there.len())];
        let patient = &mut self.patients[chosen];
        let id = patient.stay_id.clone().unwrap();
        let version = self.desk.stay(&id).await["version"].as_u64().unwrap();
        if self.chance.random_bool(0.5) {
            let room = people::fresh("bàn");
            let patch = json!({"room": room, "reason": "Chuyển phòng"});
            self.desk.amend(&id, version, &patch).await.expect(200);
            if let Place::There { room: lies_in, .. } = &mut patient.place {
                *lies_in = room;
            }
        } else {
            let at = text_of(now());
            let departure = json!({"departed_at": at});
            let departed = self.desk.act(&id, "departure", version, &departure).await;
            departed.expect(200);
            patient.place = Place::Left { at };
        }
        patient.is_known_better = true;
    }

    /// The service has everybody where the model has them, each once.
    async fn compare(&mut self, at: &str) {
        let mut stays = Vec::new();
        let mut path = format!("/v1/stays?limit=200&facility_id={}", self.hospital);
        loop {
            let page = self.desk.get(&path).await.expect(200);
            stays.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!(
                "/v1/stays?limit=200&facility_id={}&cursor={next}",
                self.hospital
            );
        }
        let wards = &self.wards;
        for (count, patient) in self.patients.iter_mut().enumerate() {
            let own: Vec<&Value> = stays.iter().filter(|stay| patient.has(stay)).collect();
            let there: Vec<&&Value> = own
                .iter()
                .filter(|stay| stay["presence"] == "present")
                .collect();
            match &patient.place {
                Place::NeverSeen => assert!(own.is_empty(), "{at}: {count} is unknown"),
                Place::There { ward, room } => {
                    assert_eq!(there.len(), 1, "{at}: {count} is there once");
                    assert_eq!(there[0]["ward"], wards[*ward].as_str(), "{at}: {count}");
                    assert_eq!(there[0]["room"], room.as_str(), "{at}: {count}");
                    patient.stay_id = there[0]["id"].as_str().map(str::to_owned);
                }
                Place::Left { at: left_at } => {
                    assert_eq!(there.len(), 0, "{at}: {count} has left");
                    let last = own.iter().filter_map(|stay| stay["departed_at"].as_str());
                    assert_eq!(last.max(), Some(left_at.as_str()), "{at}: {count}");
                }
            }
            // By a reference it is one stay forever.
            assert!(
                patient.reference.is_none() || own.len() <= 1,
                "{at}: {count}"
            );
        }
    }
}

impl Patient {
    fn line(&self, room: &str) -> Value {
        let mut line = json!({
            "room": room,
            "guest": {
                "full_name": self.name,
                "document": {"kind": "citizen_card", "number": self.number},
            },
        });
        if let Some(reference) = &self.reference {
            line["reference"] = json!(reference);
        }
        line
    }

    fn has(&self, stay: &Value) -> bool {
        stay["guest"]["document"]["number"] == self.number.as_str()
    }

    /// The census's data, unless the desk has newer data.
    fn see(&mut self, place: Place) {
        if !self.is_known_better {
            self.place = place;
        }
    }
}

async fn who_moved_is_there_whichever_ward_was_counted_first(database: Database) {
    let river = River::start(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let path = format!("/v1/facilities/{hospital}/census");
    for is_in_order in [true, false] {
        let [from, to] = [people::fresh("Nội"), people::fresh("Ngoại")];
        let lines: Vec<Value> = (0..3)
            .map(|_| {
                let person = people::person();
                json!({"reference": people::fresh("BN"), "room": "1", "guest": {
                    "full_name": person.full_name,
                    "document": {"kind": "citizen_card", "number": person.number}}})
            })
            .collect();
        let put = async |ward: &str, at: DateTime<FixedOffset>, lines: &[Value]| {
            let census = json!({"taken_at": text_of(at), "scope": {"ward": ward},
                "missing": "depart", "confirm": {"departures": 1}, "stays": lines});
            let answer = desk.call("PUT", &path).json(&census).send().await;
            answer.expect(200)
        };
        put(&from, local(-2, "06:00:00"), &lines).await;
        // The one ward counts at 06:00 without the patient, the other two minutes before with it.
        let morning = local(-1, "06:00:00");
        let before = morning - TimeDelta::minutes(2);
        let left = async || put(&from, morning, &lines[1..]).await;
        let came = async || put(&to, before, &lines[..1]).await;
        let came = if is_in_order {
            let answer = came().await;
            left().await;
            answer
        } else {
            left().await;
            came().await
        };
        assert_eq!(came["results"][0]["outcome"], "changed", "{came}");
        let reference = lines[0]["reference"].as_str().unwrap();
        let list = desk.get(&format!("/v1/stays?reference={reference}")).await;
        let list = list.expect(200);
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["presence"], "present", "{is_in_order}");
        assert_eq!(items[0]["ward"], to.as_str());
    }
}
