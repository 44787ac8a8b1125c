//! Wrong, jumping and corrected clocks (R12 of the fault plan): what a process reports, what it
//! keeps doing, and what must not change.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::{Value, json};
use tests::{
    Caller, Database, Launched, Services, Setting, WrongClock, local, measured, now,
    on_both_databases, people, text_of,
};
use tokio::time::Instant;

/// A check asks once a second; a busy machine takes longer.
const NOTICED: Duration = Duration::from_secs(30);
const DELIVERED: Duration = Duration::from_secs(60);

const WARNING: &str = "the clocks of this host and of the database server differ";
const ALARM: &str = "the clocks of this host and of the database server are far apart";
const FAILING: &str = "a readiness check fails";

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

on_both_databases![a_jump_moves_no_verdict_and_no_order, a_jump_gives_no_tokens,];

/// Waits until the check `clock` says this word, and the status with it.
async fn until_its_clock_is(launched: &Launched, word: &str) -> Duration {
    let begun = Instant::now();
    let status = if word == "ok" { 200 } else { 503 };
    tests::eventually(&format!("a clock that is {word}"), NOTICED, async || {
        assert!(launched.process.is_running(), "{}", launched.process.log());
        let answer = launched.ops().call("GET", "/readyz").try_send().await;
        answer
            .is_ok_and(|answer| answer.status == status && answer.json()["checks"]["clock"] == word)
    })
    .await;
    begun.elapsed()
}

/// By the metric, in seconds.
async fn skew(launched: &Launched) -> Option<f64> {
    let metrics = launched.ops().get("/metrics").await.text();
    let mut lines = metrics.lines();
    lines.find_map(|line| {
        let value = line.strip_prefix("luutru_clock_skew_seconds ")?;
        value.parse().ok()
    })
}

/// Waits until the clocks were compared so often; answers the skews that were found. Each is off
/// by a little of its own.
async fn until_compared(launched: &Launched, count: usize) -> Vec<f64> {
    let mut seen: Vec<f64> = Vec::new();
    tests::eventually("several comparisons", NOTICED, async || {
        launched.ops().get("/readyz").await;
        seen.extend(skew(launched).await);
        seen.dedup();
        seen.len() >= count
    })
    .await;
    seen
}

fn count_of(line: &str, launched: &Launched) -> usize {
    launched.process.log().matches(line).count()
}

/// One process whose clock is `clock`, through everything that its readiness says of it.
async fn says_how_wrong_its_clock_is(launched: &Launched, clock: &WrongClock) {
    let began_seconds = 3.0;
    until_its_clock_is(launched, "ok").await;
    let seen = until_compared(launched, 3).await;
    let errors = seen.iter().map(|skew| (skew - began_seconds).abs());
    let worst = errors.fold(0.0, f64::max);
    assert!(worst < 0.5, "{seen:?}");
    assert_eq!(count_of(WARNING, launched), 1, "{}", launched.process.log());
    assert_eq!(count_of(FAILING, launched), 0);

    let mut noticed = Vec::new();
    for seconds in [120, 0, -120, HOUR, -DAY] {
        clock.jump(seconds);
        let word = if seconds == 0 { "ok" } else { "failing" };
        noticed.push(until_its_clock_is(launched, word).await);
        let ready = launched.ops().get("/readyz").await.json();
        assert_eq!(ready["checks"]["database"], "ok", "{ready}");
        launched.ops().get("/livez").await.expect(200);
    }
    assert_eq!(count_of(WARNING, launched), 1);
    assert_eq!(count_of(ALARM, launched), 2, "one line a change");
    assert_eq!(count_of(FAILING, launched), 2, "one line a change");

    clock.jump(-30);
    noticed.push(until_its_clock_is(launched, "ok").await);
    clock.jump(0);
    let is_right = async || {
        launched.ops().get("/readyz").await.expect(200);
        skew(launched).await.is_some_and(|skew| skew.abs() < 0.5)
    };
    tests::eventually("a clock that is right", NOTICED, is_right).await;
    assert_eq!(count_of(WARNING, launched), 2);
    measured(
        "R12",
        &format!(
            "a skew of 3 s was measured within {:.1} ms; jumps were noticed within {:?}",
            worst * 1_000.0,
            noticed.iter().max().unwrap()
        ),
    );
}

#[tokio::test]
async fn an_api_says_how_wrong_its_clock_is() {
    let services = Services::install(Database::Postgres).await;
    let clock = WrongClock::ahead(3);
    let (api, address) = services.launch_api_with(&clock.settings());
    says_how_wrong_its_clock_is(&api, &clock).await;
    // The same at the address of everybody.
    clock.jump(-HOUR);
    until_its_clock_is(&api, "failing").await;
    let stranger = Caller::new(&address, None);
    let ready = stranger.get("/readyz").await.expect(503);
    assert_eq!(ready["checks"]["clock"], "failing");
    stranger.get("/livez").await.expect(200);
}

#[tokio::test]
async fn a_worker_says_how_wrong_its_clock_is() {
    let services = Services::install(Database::Postgres).await;
    let clock = WrongClock::ahead(3);
    let worker = services.launch_worker_with(&clock.settings());
    says_how_wrong_its_clock_is(&worker, &clock).await;
}

#[tokio::test]
async fn a_process_that_starts_with_a_wrong_clock_is_never_ready() {
    let services = Services::install(Database::Postgres).await;
    for seconds in [61 + 5, -DAY] {
        let clock = WrongClock::ahead(seconds);
        let (api, _) = services.launch_api_with(&clock.settings());
        let worker = services.launch_worker_with(&clock.settings());
        for launched in [&api, &worker] {
            let mut first = None;
            tests::eventually("an answer", NOTICED, async || {
                first = launched.ops().call("GET", "/readyz").try_send().await.ok();
                first.is_some()
            })
            .await;
            let ready = first.unwrap().expect(503);
            assert_eq!(ready["checks"]["clock"], "failing", "{ready}");
        }
    }
}

/// Not being ready keeps requests away only where somebody looks. What comes all the same is dated
/// by the server's clock, from the start and a moment after each jump.
#[tokio::test]
async fn an_api_whose_clock_is_wrong_dates_what_it_takes_by_the_servers_clock() {
    let services = Services::install(Database::Postgres).await;
    let clock = WrongClock::ahead(DAY);
    let (api, address) = services.launch_api_with(&clock.settings());
    until_its_clock_is(&api, "failing").await;
    let desk = services.caller(&address, "hotel");
    let hotel = services.facility("hotel");
    for jump in [86_400_i32, -3_600, 3_600, -86_400, 300] {
        clock.jump(jump.into());
        // Noticed is a jump once the metric tells it.
        tests::eventually("the jump to be noticed", NOTICED, async || {
            skew(&api)
                .await
                .is_some_and(|skew| (skew - f64::from(jump)).abs() < 2.0)
        })
        .await;
        let before = now();
        let stay = desk.accepted(&people::citizen(hotel)).await;
        let after = now();
        let received: DateTime<FixedOffset> =
            stay["received_at"].as_str().unwrap().parse().unwrap();
        let slack = TimeDelta::milliseconds(200);
        assert!(
            received >= before - slack && received <= after + slack,
            "by {jump} s: {received} is not between {before} and {after}"
        );
        assert_eq!(stay["timeliness"], "on_time", "{stay}");
    }
}

/// On one host there is one clock.
#[tokio::test]
async fn on_sqlite_no_clock_is_compared() {
    let services = Services::install(Database::Sqlite).await;
    let clock = WrongClock::ahead(DAY);
    let (api, _) = services.launch_api_with(&clock.settings());
    until_its_clock_is(&api, "ok").await;
    assert_eq!(skew(&api).await, None);
}

/// A stay of a guest who arrived at this instant.
fn arrived_at(facility_id: &str, arrival_at: DateTime<FixedOffset>) -> Value {
    let mut stay = people::citizen(facility_id);
    stay["arrival_at"] = json!(text_of(arrival_at));
    stay["expected_departure_at"] = json!(text_of(arrival_at + TimeDelta::days(3)));
    stay
}

/// The times that a sender was given, and keeps.
fn filing(stay: &Value) -> [String; 4] {
    ["id", "received_at", "deadline_at", "timeliness"].map(|name| {
        let text = stay[name].as_str();
        text.expect("a member of the answer").to_owned()
    })
}

/// The clock of the API decides when a declaration was received. Whatever it does afterwards, what
/// it said stays, and what came later comes later in audit and feed.
async fn a_jump_moves_no_verdict_and_no_order(database: Database) {
    let services = Services::install(database).await;
    let clock = WrongClock::ahead(0);
    let (api, address) = services.start_api_with(&clock.settings()).await;
    let desk = services.caller(&address, "integrator");
    let facility_id = services.facility("hotel");
    // Hours and minutes of one day; from 24 on it is the next one.
    let midnight = local(0, "00:00:00");
    let at = |(hours, minutes): (i64, i64)| midnight + TimeDelta::minutes(hours * 60 + minutes);
    let (evening, night) = (at((21, 0)), at((23, 30)));
    let set = |time| clock.jump((at(time) - now()).num_seconds());

    // Each row: where the clock is set, the arrival, the deadline, the verdict.
    let table = [
        ((22, 30), evening, (23, 0), "on_time"),
        // Over 23:00, and back.
        ((23, 10), evening, (23, 0), "late"),
        ((22, 50), evening, (23, 0), "on_time"),
        // Over midnight, and back.
        ((24, 10), night, (32, 0), "on_time"),
        ((24, 10), evening, (23, 0), "late"),
        ((23, 50), night, (32, 0), "on_time"),
        // Two hours and a day, and back.
        ((24, 55), evening, (23, 0), "late"),
        ((48, 55), night, (32, 0), "late"),
        ((22, 55), evening, (23, 0), "on_time"),
    ];
    let mut told = Vec::new();
    for (time, arrival_at, deadline, verdict) in table {
        set(time);
        let (key, stay) = (people::fresh("jump"), arrived_at(facility_id, arrival_at));
        let answer = desk.declare_as(&key, &stay).await;
        let declared = answer.expect(201);
        let shown = |name: &str| {
            let text = declared[name].as_str().unwrap();
            DateTime::parse_from_rfc3339(text).unwrap()
        };
        let after = shown("received_at") - at(time);
        // The jump is given in whole seconds.
        let took = TimeDelta::seconds(-1)..TimeDelta::seconds(30);
        assert!(took.contains(&after), "{time:?}: {declared}");
        assert_eq!(shown("deadline_at"), at(deadline));
        assert_eq!(declared["timeliness"], verdict, "{time:?}: {declared}");
        told.push((key, stay, answer));
    }

    // Read, or sent again, at any time: the same.
    for time in [(22, 58), (23, 30)] {
        set(time);
        for (key, stay, answer) in &told {
            let again = desk.declare_as(key, stay).await;
            assert_eq!(again.body, answer.body);
            let first = answer.json();
            let shown = desk.stay(first["id"].as_str().unwrap()).await;
            assert_eq!(filing(&shown), filing(&first));
            assert_eq!(shown["receipt"], first["receipt"]);
        }
    }

    // Audit and feed have them in the order of what was done, not of what the clock said.
    let ids: Vec<String> = told
        .iter()
        .map(|(_, _, answer)| answer.json()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(audited(&services, database).await, ids);
    clock.jump(0);
    let _worker = services.start_worker().await;
    tests::eventually("the feed", DELIVERED, async || {
        accepted_in(&desk).await.len() >= ids.len()
    })
    .await;
    assert_eq!(accepted_in(&desk).await, ids);
    assert!(api.is_running());
}

/// The ids of declared stays, in the order of the audit.
async fn audited(services: &Services, database: Database) -> Vec<String> {
    let id = match database {
        Database::Sqlite => "LOWER(HEX(subject_id))",
        Database::Postgres => "REPLACE(subject_id::text, '-', '')",
    };
    let query = format!(
        "SELECT {id} FROM audit_entry WHERE subject_kind = 'stay' AND subject_version = 1 \
         AND actor_kind <> 'worker' ORDER BY id"
    );
    let plain = services.database().texts(&query).await;
    plain.iter().map(|id| dashed(id)).collect()
}

fn dashed(id: &str) -> String {
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &id[part]);
    parts.join("-")
}

/// The ids of accepted stays, in the order of the feed.
async fn accepted_in(desk: &Caller) -> Vec<String> {
    let page = desk.get("/v1/events?limit=200").await.expect(200);
    let events = page["items"].as_array().unwrap().iter();
    let accepted = events.filter(|event| event["type"] == "stay.accepted");
    accepted
        .map(|event| event["stay_id"].as_str().unwrap().to_owned())
        .collect()
}

/// Quotas fill by monotonic time.
async fn a_jump_gives_no_tokens(database: Database) {
    const BURST: usize = 60;
    let services = Services::install(database).await;
    let clock = WrongClock::ahead(0);
    let quota: Vec<Setting> = vec![
        ("LUUTRU_FACILITY_STAYS_PER_SECOND", "1".to_owned()),
        ("LUUTRU_FACILITY_STAY_BURST", BURST.to_string()),
    ];
    let settings = [quota, clock.settings()].concat();
    let (_api, address) = services.start_api_with(&settings).await;
    let desk = services.caller(&address, "integrator");
    let batch = || {
        let stays = (0..BURST).map(|_| people::citizen(services.facility("hotel")));
        json!({"stays": stays.collect::<Vec<_>>()})
    };
    let begun = Instant::now();
    desk.post("/v1/stays/batch", &batch()).await.expect(200);
    for seconds in [0, DAY, -DAY, HOUR, 0] {
        clock.jump(seconds);
        let refused = desk.post("/v1/stays/batch", &batch()).await;
        refused.expect_problem(429, "rate_limited");
        let wait = refused.header("retry-after").unwrap().parse::<u64>();
        let passed = begun.elapsed().as_secs();
        // What has come back is what the monotonic time gave, a token a second.
        assert!(
            wait.as_ref()
                .is_ok_and(|wait| wait + passed + 1 >= BURST as u64),
            "{seconds:+} s: {wait:?} s to wait {passed} s after all were spent"
        );
        assert!(passed < BURST as u64, "the machine is too slow to tell");
    }
}

/// Work under way when the clock jumps continues with the wrong time until the jump is noticed.
/// Leases use the database's time, and whatever such a worker delays or is refused does no harm.
#[tokio::test]
async fn a_worker_with_a_wrong_clock_beside_another_doubles_and_delays_nothing() {
    let services = Services::install(Database::Postgres).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let clock = WrongClock::ahead(0);
    let wrong = services.launch_worker_with(&clock.settings());
    wrong.ready().await;
    let right = services.start_worker().await;
    let police = services.police();
    police
        .fail(&json!({"latency_ms": 20, "jitter_ms": 50, "error_rate": 0.1, "error_status": 503}))
        .await;
    let mut declared = Vec::new();
    for seconds in [HOUR, -HOUR, DAY, -DAY, 90, -90] {
        clock.jump(0);
        until_its_clock_is(&wrong, "ok").await;
        for count in 0..30 {
            if count == 10 {
                clock.jump(seconds);
            }
            let stay = people::citizen(services.facility("hotel"));
            declared.push(desk.accepted(&stay).await);
        }
        until_its_clock_is(&wrong, "failing").await;
    }
    let ids: BTreeSet<String> = declared
        .iter()
        .map(|stay| filing(stay)[0].clone())
        .collect();
    police.heal().await;
    tests::eventually("delivery of all", DELIVERED, async || {
        police.stays_with_one_effect().await.is_superset(&ids)
    })
    .await;
    assert_eq!(police.stays_with_one_effect().await, ids);
    let until_settled = async || {
        let open = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL";
        services.database().count(open).await == 0
    };
    tests::eventually("the end of all tasks", DELIVERED, until_settled).await;
    for stay in &declared {
        let shown = desk.stay(stay["id"].as_str().unwrap()).await;
        assert_eq!(filing(&shown), filing(stay));
    }
    let of_attempts = async |condition: &str| {
        let query = format!("SELECT COUNT(*) FROM attempt WHERE {condition}");
        services.database().count(&query).await
    };
    let refused = of_attempts("code = 'our_clock'").await;
    let off = "abs(extract(epoch FROM started_at - now())) > 900 OR code = 'our_clock'";
    let by_a_wrong_clock = of_attempts(off).await;
    for log in [wrong.process.log(), right.log()] {
        assert!(!log.contains("refuses us"), "{log}");
    }
    measured(
        "R12",
        &format!(
            "{} stays beside a worker whose clock jumped six times: {by_a_wrong_clock} calls by a \
             clock an hour or a day wrong, {refused} refused as stale, one effect each",
            ids.len()
        ),
    );
}

/// It pauses: its signatures would be refused, and it would postpone tasks by a wrong time.
#[tokio::test]
async fn a_worker_with_a_wrong_clock_begins_nothing_until_it_is_right() {
    let services = Services::install(Database::Postgres).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    let clock = WrongClock::ahead(DAY);
    let worker = services.launch_worker_with(&clock.settings());
    until_its_clock_is(&worker, "failing").await;
    let stay = desk
        .accepted(&people::citizen(services.facility("hotel")))
        .await;
    until_compared(&worker, 4).await;
    let claimed = "SELECT COUNT(*) FROM outbox_task WHERE claim_count > 0 OR state <> 'waiting'";
    assert_eq!(services.database().count(claimed).await, 0);
    clock.jump(0);
    let begun = Instant::now();
    desk.delivered(stay["id"].as_str().unwrap(), "acknowledged", DELIVERED)
        .await;
    measured(
        "R12",
        &format!(
            "a worker delivered {:?} after its clock was set right",
            begun.elapsed()
        ),
    );
}

/// With a single clock a wrong time cannot be detected, but a step backwards can.
#[tokio::test]
async fn what_was_put_off_by_a_clock_that_was_ahead_is_tried_once_it_is_set_back() {
    let services = Services::install(Database::Sqlite).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let clock = WrongClock::ahead(HOUR);
    let worker = services.launch_worker_with(&clock.settings());
    worker.ready().await;
    services
        .police()
        .fail(&json!({"error_rate": 1.0, "error_status": 503}))
        .await;
    let mut declared = Vec::new();
    // Fewer than open a breaker: each is tried.
    for _ in 0..3 {
        let stay = people::citizen(services.facility("hotel"));
        declared.push(desk.accepted(&stay).await);
    }
    let soon = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL \
                AND julianday(substr(due_at, 1, 19)) < julianday('now', '+50 minutes')";
    tests::eventually("a failure of each", DELIVERED, async || {
        services.database().count(soon).await == 0
    })
    .await;
    services.police().heal().await;
    clock.jump(0);
    let begun = Instant::now();
    for stay in &declared {
        let id = stay["id"].as_str().unwrap();
        let shown = desk.delivered(id, "acknowledged", DELIVERED).await;
        assert_eq!(filing(&shown), filing(stay));
    }
    measured(
        "R12",
        &format!(
            "3 stays that a clock an hour ahead had put off were delivered {:?} after it was right",
            begun.elapsed()
        ),
    );
}
