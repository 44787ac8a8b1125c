//! The police endpoint at its worst, request by request: rows R7 to R10 and R14 of the fault plan
//! (`docs/reliability.md`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{
    Caller, Database, Notified, Process, Reply, Rude, Services, Setting, measured,
    on_both_databases, people,
};
use tokio::time::{Instant, sleep};

const DELIVERED: Duration = Duration::from_secs(60);
/// The tolerance for time limits on a busy machine.
const SLACK: Duration = Duration::from_secs(1);

on_both_databases![
    a_call_that_hangs_ends_at_its_limit_and_leaves_nothing_behind,
    no_malformed_answer_is_a_delivery,
    a_failing_endpoint_is_left_alone_and_comes_back_gently,
    a_wish_to_be_left_alone_is_kept,
    each_refusal_has_its_exact_state,
    poison_is_set_aside_and_its_neighbours_are_not,
];

/// An API, and an endpoint that answers as the test chooses.
struct Town {
    services: Services,
    desk: Caller,
    rude: Rude,
    _api: Process,
}

impl Town {
    async fn open(
        database: Database,
        choice: impl Fn(&Notified) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let services = Services::install(database).await;
        let (api, address) = services.start_api().await;
        Self {
            desk: services.caller(&address, "integrator"),
            rude: Rude::start(choice).await,
            _api: api,
            services,
        }
    }

    async fn worker(&self, settings: &[Setting]) -> Process {
        let police = [("LUUTRU_POLICE_URL", self.rude.url().to_owned())];
        let settings = [settings, &police].concat();
        self.services.start_worker_with(&settings).await
    }

    async fn declare(&self, count: usize) -> Vec<String> {
        let facility_id = self.services.facility("hotel");
        let stays: Vec<Value> = (0..count).map(|_| people::citizen(facility_id)).collect();
        let body = json!({"stays": stays});
        let answer = self.desk.post("/v1/stays/batch", &body).await.expect(200);
        let results = answer["results"].as_array().unwrap();
        let ids = results.iter().map(|one| one["stay"]["id"].as_str());
        ids.map(|id| id.unwrap().to_owned()).collect()
    }

    async fn are_delivered(&self, ids: &[String]) {
        for id in ids {
            self.desk.delivered(id, "acknowledged", DELIVERED).await;
        }
    }

    async fn count(&self, query: &str) -> i64 {
        self.services.database().count(query).await
    }

    /// Calls to the police of which this holds.
    async fn attempts(&self, condition: &str) -> i64 {
        let query = format!("SELECT COUNT(*) FROM attempt WHERE peer = 'police' AND {condition}");
        self.count(&query).await
    }
}

fn id_of_stay(notified: &Notified) -> String {
    let id = notified.json()["stay_id"].as_str().map(str::to_owned);
    id.expect("a notification names its stay")
}

/// Confirms and ends the connection, so that none is kept for the next call.
fn confirmed(notified: &Notified) -> Reply {
    Reply::json(notified.confirmation().to_string())
}

/// R7: silent after the request, an answer of one byte a second, a connection that is half closed
/// after the request. Each call ends at its limit, and no socket stays.
async fn a_call_that_hangs_ends_at_its_limit_and_leaves_nothing_behind(database: Database) {
    const LIMIT: Duration = Duration::from_secs(3);
    const HUNG: usize = 40;
    let town = Town::open(database, |notified| match notified.place {
        _ if notified.try_count > 1 => confirmed(notified),
        place @ 1..=HUNG if place % 2 == 0 => Reply::Silent,
        1..=HUNG => Reply::Drips,
        place if (HUNG + 1..HUNG + 6).contains(&place) => Reply::HalfCloses,
        _ => confirmed(notified),
    })
    .await;
    let limit = LIMIT.as_millis().to_string();
    // Connections to the registry are kept for a while: few of them, to see those to the police.
    let settings = [
        ("LUUTRU_PEER_CALL_TIMEOUT_MILLISECONDS", limit),
        ("LUUTRU_REGISTRY_CONCURRENCY", "1".to_owned()),
    ];
    let worker = town.worker(&settings).await;
    let ids = town.declare(1).await;
    town.are_delivered(&ids).await;
    let before = worker.socket_count();

    let ids = town.declare(HUNG + 5).await;
    tests::eventually("calls that hang", DELIVERED, async || {
        town.rude.notified().len() > HUNG
    })
    .await;
    let meanwhile = worker.socket_count();
    town.are_delivered(&ids).await;
    let hung: Vec<Duration> = town
        .rude
        .notified()
        .iter()
        .filter(|one| (1..=HUNG).contains(&one.place) && one.try_count == 1)
        .map(|one| one.waited.expect("it was given up"))
        .collect();
    let (least, most) = (hung.iter().min().unwrap(), hung.iter().max().unwrap());
    assert_eq!(hung.len(), HUNG);
    assert!(*least >= LIMIT - Duration::from_millis(500), "{least:?}");
    assert!(*most <= LIMIT + SLACK, "{most:?}");
    tests::eventually("the end of all sockets", DELIVERED, async || {
        worker.socket_count() <= before + 2
    })
    .await;
    let after = worker.socket_count();
    measured(
        "R7",
        &format!(
            "limit {LIMIT:?}, kept {least:?} to {most:?}; sockets {before} before, {meanwhile} \
             meanwhile, {after} after"
        ),
    );
}

/// R8: every malformed answer with a 2xx or a redirect. None counts as delivered, none is read
/// beyond 1 MiB, each notification is sent again with the same id and bytes.
async fn no_malformed_answer_is_a_delivery(database: Database) {
    const MIB: usize = 1024 * 1024;
    const HUGE: usize = 100 * 1000 * 1000;
    let whole = r#"{"police_reference":"CA-38-1","received_at":"2026-11-23T14:05:00+07:00"}"#;
    let another = r#""notification_id":"0190c8f0-a000-7000-8000-00000000abcd"}"#;
    let plain = "content-type: text/plain\r\n";
    let redirect = "location: http://127.0.0.1:9/\r\n";
    let malformed = vec![
        Reply::status(200, "content-type: text/html\r\n", "<!doctype html><p>OK"),
        Reply::json(&whole[..50]),
        Reply::json(whole.replace('}', &format!(",{another}"))),
        Reply::status(200, plain, whole),
        Reply::json(whole.replace("\"CA-38-1\"", "38")),
        Reply::status(204, "", ""),
        Reply::status(302, redirect, ""),
        Reply::json([br#"{"police_reference":""#, &b"\xff\xfe\"}"[..]].concat()),
        Reply::json(format!("{whole}{whole}")),
        Reply::json(format!("[{whole},{whole}]")),
        Reply::json(whole.replace('}', r#","police_reference":"CA-38-2"}"#)),
        Reply::json(r#"["CA-38-1","2026-11-23T14:05:00+07:00"]"#),
        Reply::Says(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"police".to_vec()),
        Reply::Says(b"not even HTTP\r\n\r\n".to_vec()),
        Reply::Floods {
            byte_count: HUGE,
            is_announced: true,
        },
        Reply::Floods {
            byte_count: HUGE,
            is_announced: false,
        },
        Reply::ConfirmsTwice,
    ];
    // The last of them confirms: only what comes after its confirmation is wrong.
    let count = malformed.len();
    let town = Town::open(database, move |notified| {
        if notified.try_count > 1 {
            return Reply::Confirms;
        }
        let reply = malformed.get(notified.place).cloned();
        reply.unwrap_or(Reply::Confirms)
    })
    .await;
    let _worker = town.worker(&[]).await;
    let ids = town.declare(count).await;
    town.are_delivered(&ids).await;

    let by_id = town.rude.by_id();
    assert_eq!(by_id.len(), count, "nobody followed the redirect");
    for tries in by_id.values() {
        let expected = if tries[0].place == count - 1 { 1 } else { 2 };
        assert_eq!(tries.len(), expected, "{:?}", tries[0].place);
        assert!(tries.iter().all(|one| one.body == tries[0].body));
        let stay = town.desk.stay(&id_of_stay(&tries[0])).await;
        let reference = tries[0].confirmation()["police_reference"].take();
        assert_eq!(stay["delivery"]["police_reference"], reference);
    }
    let delivered = town.attempts("outcome = 'delivered'").await;
    let unclear = town.attempts("outcome = 'unknown'").await;
    let broken = town.attempts("outcome = 'unavailable'").await;
    let malformed_count = i64::try_from(count - 1).unwrap();
    assert_eq!(delivered, malformed_count + 1);
    assert_eq!((unclear, broken), (malformed_count - 2, 2));
    let notified = town.rude.notified();
    let most_read = notified.iter().map(|one| one.sent).max().unwrap();
    // Data that was sent but not read is in the buffers of the two sockets.
    assert!(
        most_read < 8 * MIB,
        "{most_read} of {HUGE} bytes were taken"
    );
    measured(
        "R8",
        &format!("{malformed_count} malformed answers, at most {most_read} bytes of {HUGE} left"),
    );
}

/// R9: 500, 502, 503 and 429 without a pause. The breaker opens after five in a row, lets one
/// probe through every five seconds, and what piled up goes at the rate of the cap afterwards.
async fn a_failing_endpoint_is_left_alone_and_comes_back_gently(database: Database) {
    const RATE: usize = 20;
    const AT_ONCE: usize = 4;
    const BACKLOG: usize = 60;
    const PROBE_PAUSE: Duration = Duration::from_secs(5);
    let is_down = Arc::new(AtomicBool::new(true));
    let asked = AtomicUsize::new(0);
    let down = Arc::clone(&is_down);
    let town = Town::open(database, move |notified| {
        if !down.load(Ordering::SeqCst) {
            return Reply::Confirms;
        }
        let statuses = [500, 502, 503, 429];
        let status = statuses[asked.fetch_add(1, Ordering::SeqCst) % statuses.len()];
        Reply::status(status, "", notified.id.as_bytes())
    })
    .await;
    let ids = town.declare(BACKLOG).await;
    let _worker = town
        .worker(&[
            ("LUUTRU_POLICE_CALLS_PER_SECOND", RATE.to_string()),
            ("LUUTRU_POLICE_CONCURRENCY", AT_ONCE.to_string()),
        ])
        .await;
    tests::eventually("the first probe", DELIVERED, async || {
        probes_of(&town.rude).len() >= 2
    })
    .await;
    is_down.store(false, Ordering::SeqCst);
    let healed = Instant::now();
    town.are_delivered(&ids).await;

    let (failed, delivered): (Vec<_>, Vec<_>) = town
        .rude
        .notified()
        .into_iter()
        .map(|one| one.at)
        .partition(|at| *at < healed);
    let probes = probes_of(&town.rude);
    let opening = failed.len() - failed.iter().filter(|at| probes.contains(at)).count();
    assert!(
        (5..=5 + AT_ONCE).contains(&opening),
        "{opening} calls until it opened"
    );
    let last_of_opening = failed[opening - 1];
    let pauses: Vec<Duration> = [last_of_opening]
        .iter()
        .chain(&probes)
        .zip(&probes)
        .map(|(before, at)| *at - *before)
        .collect();
    let least = pauses.iter().min().unwrap();
    assert!(
        *least >= PROBE_PAUSE - Duration::from_millis(250),
        "{pauses:?}"
    );
    let first = delivered[0] - healed;
    assert!(first <= Duration::from_secs(10) + SLACK, "{first:?}");
    let busiest = delivered
        .iter()
        .map(|from| {
            let within = |at: &&Instant| **at >= *from && **at < *from + Duration::from_secs(1);
            delivered.iter().filter(within).count()
        })
        .max()
        .unwrap();
    // A tenth of a second may go at once.
    assert!(busiest <= RATE + RATE / 10 + 2, "{busiest} in a second");
    measured(
        "R9",
        &format!(
            "open after {opening} calls, {AT_ONCE} at once; {least:?} between probes; first \
             delivery after {first:?}; busiest second {busiest} of {RATE}"
        ),
    );
}

/// Calls before which nothing came for two seconds.
fn probes_of(rude: &Rude) -> Vec<Instant> {
    let notified = rude.notified();
    notified
        .windows(2)
        .filter(|two| two[1].at - two[0].at > Duration::from_secs(2))
        .map(|two| two[1].at)
        .collect()
}

/// R9: `Retry-After` holds for the notification that got it and, once the breaker is open, for the
/// endpoint; at most for an hour.
async fn a_wish_to_be_left_alone_is_kept(database: Database) {
    const WISHES: usize = 8;
    let wish_of = |place: usize| if place.is_multiple_of(2) { 4 } else { 8 };
    let town = Town::open(database, move |notified| {
        if notified.try_count > 1 {
            return Reply::Confirms;
        }
        match notified.place {
            place if place < WISHES => {
                let header = format!("retry-after: {}\r\n", wish_of(place));
                Reply::status(503, &header, "")
            }
            WISHES => Reply::status(429, "retry-after: 7200\r\n", ""),
            _ => Reply::Confirms,
        }
    })
    .await;
    let ids = town.declare(WISHES).await;
    let _worker = town
        .worker(&[("LUUTRU_POLICE_CONCURRENCY", WISHES.to_string())])
        .await;
    town.are_delivered(&ids).await;
    let mut least = Duration::MAX;
    for tries in town.rude.by_id().values() {
        let wish = Duration::from_secs(wish_of(tries[0].place));
        let pause = tries[1].at - tries[0].at;
        assert!(pause >= wish, "{pause:?} instead of {wish:?}");
        least = least.min(pause - wish);
    }

    let ids = town.declare(1).await;
    let waiting = "state = 'waiting' AND settled_at IS NULL";
    let seconds = match town.services.database().url().starts_with("sqlite") {
        true => "CAST(strftime('%s', due_at) AS INTEGER) - CAST(strftime('%s', 'now') AS INTEGER)",
        false => "CAST(EXTRACT(EPOCH FROM due_at - now()) AS BIGINT)",
    };
    let query = format!("SELECT COALESCE(MAX({seconds}), 0) FROM outbox_task WHERE {waiting}");
    let due = tests::eventually_some("a wish of two hours", DELIVERED, async || {
        let due = town.count(&query).await;
        (due > 60).then_some(due)
    })
    .await;
    assert!((3_590..=3_635).contains(&due), "due in {due} s");
    let state = town.desk.stay(&ids[0]).await["delivery"]["state"].take();
    assert!(state == "queued" || state == "delivering", "{state}");
    measured(
        "R9",
        &format!(
            "wishes of 4 and 8 s kept, {least:?} to spare at the least; 7200 s kept as {due} s"
        ),
    );
}

/// R10: 400 and 422 end a notification after one attempt; 409 is success when it confirms these
/// very bytes and a case for a person else. 401 and 403 have their test in `destinations`.
async fn each_refusal_has_its_exact_state(database: Database) {
    let json_type = "content-type: application/json\r\n";
    let refusals = [
        (400, "address_unknown", "rejected"),
        (422, "person_unknown", "rejected"),
        (422, "", "rejected"),
        (409, "idempotency_conflict", "rejected"),
        (409, "same", "acknowledged"),
        (409, "other", "rejected"),
        (404, "facility_unknown", "rejected"),
        (200, "", "acknowledged"),
    ];
    let town = Town::open(database, move |notified| {
        let mut receipt = notified.confirmation();
        match refusals[notified.place] {
            (200, ..) => Reply::Confirms,
            (status, "", _) => Reply::status(status, "", ""),
            (status, which @ ("same" | "other"), _) => {
                let mut digest = Sha256::digest(&notified.body);
                if which == "other" {
                    digest[0] ^= 1;
                }
                receipt["body_sha256"] = json!(hex::encode(digest));
                Reply::status(status, json_type, receipt.to_string())
            }
            (status, code, _) => {
                let body = json!({"code": code, "message": "…"}).to_string();
                Reply::status(status, json_type, body)
            }
        }
    })
    .await;
    let ids = town.declare(refusals.len()).await;
    let _worker = town.worker(&[]).await;
    let settled = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NOT NULL";
    tests::eventually("the end of all tasks", DELIVERED, async || {
        town.count(settled).await == i64::try_from(ids.len()).unwrap()
    })
    .await;
    // Nothing is sent again.
    sleep(Duration::from_secs(2)).await;
    let by_id = town.rude.by_id();
    for tries in by_id.values() {
        let (status, code, expected) = refusals[tries[0].place];
        assert_eq!(tries.len(), 1, "{status}");
        let stay = town.desk.stay(&id_of_stay(&tries[0])).await;
        assert_eq!(stay["delivery"]["state"], expected, "{status} {code}");
        if expected == "rejected" && !["", "other"].contains(&code) {
            assert_eq!(stay["delivery"]["reason"], code);
        }
    }
    let cases = town.count("SELECT COUNT(*) FROM review_case WHERE kind = 'rejected'");
    assert_eq!(cases.await, 6);
    let parked = town.count("SELECT COUNT(*) FROM outbox_task WHERE state = 'parked'");
    assert_eq!(parked.await, 0);
    let open = town.count("SELECT COUNT(*) FROM destination WHERE breaker = 'open'");
    assert_eq!(open.await, 0, "a refusal says nothing against the endpoint");
    measured(
        "R10",
        "400, 404, 409, 422: one attempt and the exact state each",
    );
}

/// R14: one in a hundred is refused by the endpoint; five kill the worker that brings them. These
/// five are parked after three claims, and none of the tasks claimed together with them is.
async fn poison_is_set_aside_and_its_neighbours_are_not(database: Database) {
    const COUNT: usize = 300;
    const KILLER_COUNT: usize = 5;
    const REFUSED_COUNT: usize = COUNT / 100;
    let killers: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let refused: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let victim: Arc<Mutex<Option<Process>>> = Arc::default();
    let deaths: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let choice = {
        let (killers, refused) = (killers.clone(), refused.clone());
        let (victim, deaths) = (victim.clone(), deaths.clone());
        move |notified: &Notified| {
            let id = id_of_stay(notified);
            if killers.lock().contains(&id) {
                // One that has only just started is spared, and tries again.
                if let Some(worker) = victim.lock().as_ref().filter(|one| one.is_running()) {
                    worker.kill();
                    *deaths.lock().entry(id).or_default() += 1;
                }
                return Reply::Silent;
            }
            if refused.lock().contains(&id) {
                return Reply::status(422, "", "");
            }
            Reply::Confirms
        }
    };
    let town = Town::open(database, choice).await;
    let mut ids = town.declare(COUNT).await;
    killers.lock().extend(ids.drain(..KILLER_COUNT));
    refused.lock().extend(ids.drain(..REFUSED_COUNT));
    let settings = [
        ("LUUTRU_WORKER_LEASE_SECONDS", "4".to_owned()),
        ("LUUTRU_PEER_CALL_TIMEOUT_MILLISECONDS", "1000".to_owned()),
    ];
    let started = Instant::now();
    let open = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL";
    while town.count(open).await > 0 {
        assert!(started.elapsed() < 2 * DELIVERED, "it never ends");
        let is_alive = victim.lock().as_ref().is_some_and(Process::is_running);
        if !is_alive {
            *victim.lock() = None;
            let worker = town.worker(&settings).await;
            *victim.lock() = Some(worker);
        }
        sleep(Duration::from_millis(50)).await;
    }
    let worker = victim.lock().take();
    drop(worker);

    let state = async |id: &str| {
        let delivery = town.desk.stay(id).await["delivery"].take();
        let text = |member: &str| delivery[member].as_str().unwrap_or_default().to_owned();
        (text("state"), text("reason"))
    };
    let (killers, refused) = (killers.lock().clone(), refused.lock().clone());
    for id in &killers {
        let expected = ("parked".to_owned(), "worker_died".to_owned());
        assert_eq!(state(id).await, expected);
    }
    for id in &refused {
        assert_eq!(state(id).await.0, "rejected");
    }
    let parked = town.count("SELECT COUNT(*) FROM outbox_task WHERE state = 'parked'");
    assert_eq!(parked.await, i64::try_from(KILLER_COUNT).unwrap());
    for id in &ids {
        assert_eq!(state(id).await.0, "acknowledged");
    }
    let deaths = deaths.lock().clone();
    for id in &killers {
        let count = deaths.get(id).copied().unwrap_or(0);
        assert!(count <= 3, "{count} workers died of it");
    }
    measured(
        "R14",
        &format!(
            "{COUNT} stays, {REFUSED_COUNT} refused, {KILLER_COUNT} set aside after {} deaths, \
             {:?} altogether",
            deaths.values().sum::<usize>(),
            started.elapsed()
        ),
    );
}
