//! Stays without a night: kept but not sent while they lie between 05:00 and 23:00 of one day, and
//! sent if the guest is still there at 23:00.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, Launched, Services, WrongClock, local, now, on_both_databases,
    people, text_of,
};

on_both_databases![
    who_is_still_there_at_23_00_is_sent_then_and_who_left_is_not,
    a_day_that_is_over_is_sent_at_once,
];

const DELIVERED: Duration = Duration::from_secs(60);
const RIGHT: Duration = Duration::from_secs(30);
/// The time that the clock of the declaring process is set to.
const NOON: &str = "12:00:00";

/// An installation whose API can be told that it is noon of yesterday.
struct Yesterday {
    services: Services,
    clock: WrongClock,
    api: Launched,
    address: String,
}

const DAY_SECONDS: i64 = 86_400;

impl Yesterday {
    async fn begin(database: Database) -> Self {
        let services = Services::install(database).await;
        // Its first day was yesterday, so that it has a key of yesterday's month too.
        let clock = WrongClock::ahead(-DAY_SECONDS);
        let (api, address) = services.launch_api_with(&clock.settings());
        tests::eventually("a process that serves", RIGHT, async || {
            let answer = api.ops().call("GET", "/livez").try_send().await;
            answer.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        clock.jump(0);
        api.ready().await;
        Self {
            services,
            clock,
            api,
            address,
        }
    }

    fn desk(&self) -> Caller {
        self.services.caller(&self.address, "hotel")
    }

    /// Declares stays together at noon of yesterday; returns them. Where another clock can be
    /// asked, a moment after the jump it is gone by: then once more.
    async fn declared(&self, stays: &[Value]) -> Vec<Value> {
        let noon = local(-1, NOON);
        tests::eventually_some("a declaration of yesterday", RIGHT, async || {
            self.be_right().await;
            self.clock.jump((noon - now()).num_seconds());
            let batch = json!({"stays": stays});
            let answer = self.desk().post("/v1/stays/batch", &batch).await;
            self.be_right().await;
            let results = answer.expect(200)["results"].as_array().unwrap().clone();
            let stays: Vec<Value> = results.iter().map(|one| one["stay"].clone()).collect();
            let received_at = stays[0]["received_at"].as_str().unwrap();
            if received_at < text_of(noon + TimeDelta::minutes(5)).as_str() {
                return Some(stays);
            }
            for stay in &stays {
                let reason = json!({"reason": "nhầm"});
                self.desk().act(id(stay), "cancellation", 1, &reason).await;
            }
            None
        })
        .await
    }

    /// Resets the clock to the machine's and waits until the process trusts it.
    async fn be_right(&self) {
        self.clock.jump(0);
        tests::eventually("a clock that is right", RIGHT, async || {
            let answer = self.api.ops().call("GET", "/readyz").try_send().await;
            answer.is_ok_and(|answer| answer.status == 200)
        })
        .await;
    }

    async fn told(&self, stay: &Value) -> Vec<(String, u64)> {
        let effects = self.services.police().effects(id(stay)).await;
        let told = effects.iter().map(|effect| {
            let kind = effect["kind"].as_str().unwrap().to_owned();
            (kind, effect["version"].as_u64().unwrap())
        });
        told.filter(|(kind, _)| kind != "identity_result").collect()
    }
}

fn id(stay: &Value) -> &str {
    stay["id"].as_str().unwrap()
}

/// A guest of the hotel, this many days from today.
fn guest(hotel: &str, days: i64, arrival: &str, departure: &str) -> Value {
    let mut stay = people::citizen(hotel);
    stay["arrival_at"] = json!(text_of(local(days, arrival)));
    stay["expected_departure_at"] = json!(text_of(local(days, departure)));
    stay
}

fn sent(version: u64) -> Vec<(String, u64)> {
    vec![("stay".to_owned(), version)]
}

async fn who_is_still_there_at_23_00_is_sent_then_and_who_left_is_not(database: Database) {
    let world = Yesterday::begin(database).await;
    let (desk, hotel) = (world.desk(), world.services.facility("hotel"));
    // Who stays, until the last minute and beyond; who came before dawn; who leaves, changes room,
    // stays longer, never came.
    let stays = [
        guest(hotel, -1, "11:50:00", "17:00:00"),
        guest(hotel, -1, "05:00:00", "23:00:00"),
        guest(hotel, -1, "11:50:00", "23:30:00"),
        guest(hotel, -1, "00:15:00", "12:30:00"),
        guest(hotel, -1, "11:50:00", "17:00:00"),
        guest(hotel, -1, "11:50:00", "17:00:00"),
        guest(hotel, -1, "11:50:00", "17:00:00"),
        guest(hotel, -1, "11:50:00", "17:00:00"),
    ];
    let declared = world.declared(&stays).await;
    let states: Vec<&Value> = declared
        .iter()
        .map(|one| &one["delivery"]["state"])
        .collect();
    let expected = [
        "not_required",
        "not_required",
        "queued",
        "queued",
        "not_required",
        "not_required",
        "not_required",
        "not_required",
    ];
    assert_eq!(states, expected);
    let [
        there,
        last_minute,
        late,
        before_dawn,
        left,
        moved,
        longer,
        never,
    ] = &declared[..]
    else {
        panic!("eight were declared");
    };

    // A day later, and no worker was there meanwhile.
    let first = desk.declare(&stays[0]).await;
    assert_eq!(first.expect(200), *there);
    let departure = json!({"departed_at": text_of(local(-1, "13:00:00"))});
    let departed = desk.act(id(left), "departure", 1, &departure).await;
    assert_eq!(departed.expect(200)["delivery"]["state"], "not_required");
    let patch = json!({"room": "7", "reason": "Đổi phòng"});
    let amended = desk.amend(id(moved), 1, &patch).await.expect(200);
    assert_eq!(
        amended["delivery"],
        json!({"state": "queued", "version": 2})
    );
    let until = json!({"expected_departure_at": text_of(now() + TimeDelta::days(1))});
    let extended = desk.act(id(longer), "extension", 1, &until).await;
    let extended = extended.expect(200);
    assert_eq!(
        extended["delivery"],
        json!({"state": "queued", "version": 2})
    );
    let reason = json!({"reason": "Nhầm"});
    let cancelled = desk.act(id(never), "cancellation", 1, &reason).await;
    assert_eq!(cancelled.expect(200)["delivery"]["state"], "not_required");
    let mut listed = ids_of(&desk.get("/v1/stays?delivery=not_required").await);
    listed.sort_unstable();
    let mut expected = [there, last_minute, left, never].map(|stay| id(stay).to_owned());
    expected.sort_unstable();
    assert_eq!(listed, expected);

    let worker = world.services.start_worker().await;
    for (stay, version) in [
        (there, 1),
        (last_minute, 1),
        (late, 1),
        (before_dawn, 1),
        (moved, 2),
        (longer, 2),
    ] {
        let shown = desk.delivered(id(stay), "acknowledged", DELIVERED).await;
        assert_eq!(shown["version"], version);
        assert_eq!(shown["timeliness"], "on_time");
        assert_eq!(shown["received_at"], stay["received_at"]);
        assert_eq!(world.told(stay).await, sent(version));
    }
    // The answer is what it was, byte for byte; only the stay went on.
    assert_eq!(desk.declare(&stays[0]).await.body, first.body);
    let path = format!("/v1/stays/{}/history", id(there));
    let history = desk.get(&path).await.expect(200);
    assert_eq!(history["items"][0]["is_forwarded"], true);
    assert_eq!(history["items"].as_array().unwrap().len(), 1);
    // Once sent, it is not withdrawn, and later changes are reported.
    let departure = json!({"departed_at": text_of(local(-1, "16:00:00"))});
    let departed = desk.act(id(there), "departure", 1, &departure).await;
    let departed = departed.expect(200);
    assert_eq!(
        departed["delivery"],
        json!({"state": "queued", "version": 2})
    );
    desk.delivered(id(there), "acknowledged", DELIVERED).await;
    assert_eq!(world.told(there).await, [sent(1), sent(2)].concat());
    for stay in [left, never] {
        assert_eq!(
            desk.stay(id(stay)).await["delivery"]["state"],
            "not_required"
        );
        assert!(world.told(stay).await.is_empty());
    }
    // It turns out that the guest had left at night.
    let patch = json!({"departed_at": text_of(local(-1, "23:30:00")), "reason": "Nhầm giờ"});
    desk.amend(id(left), 2, &patch).await.expect(200);
    desk.delivered(id(left), "acknowledged", DELIVERED).await;
    assert_eq!(world.told(left).await, sent(3));
    assert!(worker.is_running());
}

fn ids_of(answer: &Answer) -> Vec<String> {
    let page = answer.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    let ids = items.map(|item| id(item).to_owned());
    ids.collect()
}

async fn a_day_that_is_over_is_sent_at_once(database: Database) {
    let world = Yesterday::begin(database).await;
    let (desk, hotel) = (world.desk(), world.services.facility("hotel"));
    for days in [-1, -20] {
        let stay = guest(hotel, days, "09:00:00", "17:30:00");
        let declared = desk.accepted(&stay).await;
        assert_eq!(
            declared["delivery"],
            json!({"state": "queued", "version": 1})
        );
        assert_eq!(declared["timeliness"], "late");
    }
}
