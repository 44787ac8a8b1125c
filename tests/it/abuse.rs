//! Attacks, each bounded in number and time, run beside an honest sender. The numbers are those of
//! `docs/security.md`; figures are printed with `--nocapture`.

use std::time::Duration;

use image::{GrayImage, ImageFormat, Luma};
use serde_json::{Value, json};
use tests::{
    Caller, Consumer, Database, Manner, River, Services, WrongClock,
    attack::{Figures, Flood, made_up_key, swollen_workbook, unread_http_2},
    attack_connection_count, eventually, local, measured, officer_key, on_both_databases, people,
    run_to_end, sheet, text_of,
};
use tokio::task::JoinSet;

on_both_databases![
    abuse_34_a_file_that_swells_takes_little_memory_and_nobody_else_s_turn,
    abuse_41_an_answer_that_is_not_taken_ends_its_connection,
    abuse_41_answers_that_are_not_taken_hold_bounded_memory,
    abuse_41_slow_connections_of_one_address_keep_nobody_out,
    abuse_41_slow_bodies_of_one_key_keep_nobody_waiting,
    abuse_41_pictures_of_one_key_keep_nobody_waiting,
    made_up_keys_keep_no_key_waiting,
    abuse_64_nobody_chooses_the_address_he_is_counted_under,
    tries_of_webhooks_have_a_quota_and_are_tried_once,
    who_never_answered_is_called_ever_less,
    a_request_id_that_may_be_somebodys_number_is_not_logged,
    abuse_08_an_officer_reaches_no_case_of_other_communes,
    abuse_13_an_expired_key_is_told_so,
    abuse_43_paths_of_others_are_not_there,
    abuse_63_a_foreign_host_is_refused,
];

/// The pepper of keys that a test makes itself while the service runs.
const PEPPER: &str = "5d3f90c1a7be2846f01d5a9c33e87b64b2096ecd41f7a85802ce961b7f4ad30e";
/// The contract: a connection without progress of an answer ends within this time.
const CUT: Duration = Duration::from_secs(60);

/// Declares a stay over a connection of its own; the status.
async fn declare_anew(river: &River, name: &str) -> u16 {
    let caller = Caller::new(river.api(), Some(river.key(name)));
    let call = caller.call("POST", "/v1/stays");
    let answer = call.json(&people::citizen(river.facility(name)));
    answer.try_send().await.map_or(0, |answer| answer.status)
}

/// Uploads a file; its address.
async fn upload(desk: &Caller, file: &[u8]) -> String {
    const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let call = desk.call("POST", "/v1/imports");
    let answer = call.body(XLSX, file.to_vec()).send().await;
    answer.expect(202);
    answer.header("location").unwrap().to_owned()
}

async fn abuse_34_a_file_that_swells_takes_little_memory_and_nobody_else_s_turn(
    database: Database,
) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let before = river.process().memory_peak_kib();
    let mut imports = Vec::new();
    for number in 0..3 {
        // Inside every bound that is seen from outside: 244 MiB unpacked, 44 times the file.
        let file = swollen_workbook(4 * 1024 * 1024 + number, 240 * 1024 * 1024);
        imports.push(upload(&desk, &file).await);
    }
    let neighbour = river.caller("guest_house");
    let stay = people::citizen(river.facility("guest_house"));
    let stay = neighbour.accepted(&stay).await;
    let mut readers = 0;
    let limit = Duration::from_secs(120);
    eventually("the end of the files", limit, async || {
        readers = readers.max(river.process().children_memory_peak_kib());
        for import in &imports {
            let seen = desk.get(import).await.expect(200);
            if ["queued", "running"].contains(&seen["state"].as_str().unwrap()) {
                return false;
            }
            assert_eq!(seen["state"], "failed", "{seen}");
        }
        true
    })
    .await;
    let id = stay["id"].as_str().unwrap();
    neighbour.delivered(id, "acknowledged", limit).await;
    let grown = river.process().memory_peak_kib() - before;
    measured(
        "H4",
        &format!("three files that swell to 244 MiB: {grown} KiB more, a reader {readers} KiB"),
    );
    assert!(
        grown < 128 * 1024 && readers < 256 * 1024,
        "{grown} {readers}"
    );
    assert!(river.process().is_running());
}

async fn abuse_41_an_answer_that_is_not_taken_ends_its_connection(database: Database) {
    let river = River::start(database).await;
    let count = attack_connection_count();
    let request = unread_http_2("/livez", None, 1);
    let flood = Flood::open(river.api(), count, &request).await;
    let honest = Figures::of(40, Duration::from_millis(100), async || {
        declare_anew(&river, "hotel").await
    })
    .await;
    measured("H1", &format!("beside {count} unread answers: {honest}"));
    assert!(honest.are_all(&[201]), "{honest}");
    eventually("the end of every connection", CUT, async || {
        flood.closed_count() == count
    })
    .await;
}

async fn abuse_41_answers_that_are_not_taken_hold_bounded_memory(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let facility_id = river.facility("hotel");
    let stays: Vec<Value> = (0..200).map(|_| people::citizen(facility_id)).collect();
    let batch = json!({"stays": stays});
    desk.post("/v1/stays/batch", &batch).await.expect(200);
    let page = desk.get("/v1/stays?limit=200").await;
    let before = river.process().memory_peak_kib();
    let request = unread_http_2("/v1/stays?limit=200", Some(river.key("hotel")), 100);
    let flood = Flood::open(river.api(), 4, &request).await;
    let neighbour = Figures::of(20, Duration::from_millis(100), async || {
        declare_anew(&river, "guest_house").await
    })
    .await;
    eventually("the end of every connection", CUT, async || {
        flood.closed_count() == 4
    })
    .await;
    let grown = river.process().memory_peak_kib() - before;
    let answer = page.body.len() / 1024;
    measured(
        "H1",
        &format!("400 unread answers of {answer} KiB: {grown} KiB more; a neighbour: {neighbour}"),
    );
    // A busy machine may shed one; a caller that retries is served.
    assert!(neighbour.are_all(&[201, 503]), "{neighbour}");
    assert!(neighbour.statuses[&201] >= 19, "{neighbour}");
    // A key has 128 answers under way; twice that, for what makes them.
    assert!(grown < 256 * 1024, "{grown} KiB");
    desk.get("/v1/stays?limit=200").await.expect(200);
}

async fn abuse_41_slow_connections_of_one_address_keep_nobody_out(database: Database) {
    let river = River::start(database).await;
    let count = attack_connection_count();
    let head = b"GET /v1/stays HTTP/1.1\r\nhost: a\r\nx-slow: ";
    let second = Duration::from_secs(1);
    let _flood = Flood::drip(river.api(), count, head, second).await;
    let honest = Figures::of(40, Duration::from_millis(100), async || {
        declare_anew(&river, "hotel").await
    })
    .await;
    measured("L17", &format!("beside {count} slow connections: {honest}"));
    assert!(honest.are_all(&[201]), "{honest}");
    let ops = river.ops().get("/metrics").await.text();
    assert!(ops.contains("reason=\"crowded\""), "nobody was put out");
}

/// The head of a POST of this path with a long body.
fn slow_head(path: &str, content_type: &str, key: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-type: {content_type}\r\ncontent-length: 1048576\r\n\r\n{{"
    )
    .into_bytes()
}

async fn abuse_41_slow_bodies_of_one_key_keep_nobody_waiting(database: Database) {
    let river = River::start(database).await;
    let key = river.key("hotel");
    let census = format!("/v1/facilities/{}/census", river.facility("hotel"));
    let census = slow_head(&census, "application/json", key);
    let census = String::from_utf8(census)
        .unwrap()
        .replacen("POST", "PUT", 1);
    let heads = [
        slow_head("/v1/imports", "text/csv", key),
        slow_head("/v1/stays/batch", "application/json", key),
        census.into_bytes(),
    ];
    let pause = Duration::from_secs(3);
    let mut floods = Vec::new();
    for head in &heads {
        floods.push(Flood::drip(river.api(), 16, head, pause).await);
    }
    let neighbour = river.caller("guest_house");
    let file = sheet::csv(&sheet::guests(3));
    let mut posts = Figures::default();
    for kind in ["stay", "batch", "file"] {
        let met = Figures::of(4, Duration::from_millis(500), async || {
            let stay = people::citizen(river.facility("guest_house"));
            let call = match kind {
                "stay" => neighbour.call("POST", "/v1/stays").json(&stay),
                "batch" => {
                    let batch = json!({"stays": [stay]});
                    neighbour.call("POST", "/v1/stays/batch").json(&batch)
                }
                _ => neighbour
                    .call("POST", "/v1/imports?dry_run=true")
                    .body("text/csv", file.clone()),
            };
            call.send().await.status
        })
        .await;
        measured("H3", &format!("{kind} beside 48 slow bodies: {met}"));
        posts.statuses.extend(met.statuses);
    }
    // A facility has three files that wait.
    assert!(posts.are_all(&[200, 201, 202, 429]), "{:?}", posts.statuses);
    assert!(posts.statuses.contains_key(&202), "{:?}", posts.statuses);
    drop(floods);
    // Slower than 4 KiB a second: over after ten seconds, not after 240.
    let slow = Flood::open(river.api(), 1, &heads[0]).await;
    let limit = Duration::from_secs(30);
    eventually("the end of a slow upload", limit, async || {
        slow.closed_count() == 1
    })
    .await;
}

/// A picture in which there is much to look for and nothing to find.
fn noise() -> Vec<u8> {
    let mut state = 7_u32;
    let picture = GrayImage::from_fn(240, 200, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Luma([state.to_be_bytes()[0]])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

async fn abuse_41_pictures_of_one_key_keep_nobody_waiting(database: Database) {
    let river = River::start(database).await;
    let picture = noise();
    let mut flood = JoinSet::new();
    for _ in 0..40 {
        let (desk, picture) = (river.caller("hotel"), picture.clone());
        let call = desk.call("POST", "/v1/scans").body("image/png", picture);
        flood.spawn(async move { call.send().await.status });
    }
    let neighbour = river.caller("guest_house");
    let met = Figures::of(8, Duration::ZERO, async || {
        let call = neighbour.call("POST", "/v1/scans");
        call.body("image/png", picture.clone()).send().await.status
    })
    .await;
    measured("H3", &format!("pictures beside 40 of another key: {met}"));
    assert!(met.are_all(&[422]), "{met}");
    // Requests of the same key wait for each other, and are told to retry.
    let statuses = flood.join_all().await;
    assert!(
        statuses.iter().all(|status| [422, 429].contains(status)),
        "{statuses:?}"
    );
}

/// Asks with keys that nobody has, `tasks` senders of `count` each; how often each status came.
async fn flood_with_keys(river: &River, tasks: u64, count: u64) -> Vec<u16> {
    let mut flood = JoinSet::new();
    for task in 0..tasks {
        let stranger = river.stranger();
        flood.spawn(async move {
            let mut statuses = Vec::new();
            for number in 0..count {
                let key = made_up_key(task * 1_000_000 + number);
                let call = stranger.with_key(&key).call("GET", "/v1/stays");
                statuses.push(call.try_send().await.map_or(0, |answer| answer.status));
            }
            statuses
        });
    }
    flood.join_all().await.concat()
}

async fn made_up_keys_keep_no_key_waiting(database: Database) {
    let river = River::start(database).await;
    let names = ["hotel", "guest_house", "school", "hospital"];
    let mut turn = names.iter().cycle();
    let (statuses, honest) = tokio::join!(
        flood_with_keys(&river, 40, 100),
        // Longer apart than a key is remembered: each asks the database.
        Figures::of(12, Duration::from_millis(300), async || {
            let name = turn.next().unwrap();
            river.caller(name).get("/v1/facilities").await.status
        })
    );
    let refused = statuses.iter().filter(|status| **status == 429).count();
    measured(
        "M7",
        &format!(
            "{refused} of {} made-up keys unasked: {honest}",
            statuses.len()
        ),
    );
    assert!(honest.are_all(&[200]), "{honest}");
    // Those that are asked for wait for each other, and not for long.
    let expected = [401, 429, 503];
    assert!(statuses.iter().all(|status| expected.contains(status)));
    assert!(refused > statuses.len() / 2, "{refused}");
    // A caller from the same address with a key is let in.
    river
        .caller("official_residence")
        .get("/v1/facilities")
        .await
        .expect(200);
    let answer = river.stranger().get("/v1/stays").await;
    answer.expect_problem(401, "unauthorized");
}

async fn abuse_64_nobody_chooses_the_address_he_is_counted_under(database: Database) {
    let trusted = [("LUUTRU_TRUSTED_PROXIES", "127.0.0.0/8".to_owned())];
    for (settings, is_believed) in [(&[][..], false), (&trusted[..], true)] {
        let river = River::start_with(database, settings).await;
        let stranger = river.stranger();
        let mut asked = JoinSet::new();
        for number in 0..200_u64 {
            let stranger = stranger.with_key(&made_up_key(number));
            asked.spawn(async move {
                let call = stranger.call("GET", "/v1/stays");
                // The leftmost entry is what the sender itself claims; proxies append to it.
                let chain = format!("192.0.2.1, 198.51.100.{number}");
                call.header("X-Forwarded-For", &chain).send().await.status
            });
        }
        let statuses = asked.join_all().await;
        let is_limited = statuses.contains(&429);
        assert_eq!(is_limited, !is_believed, "{statuses:?}");
    }
}

async fn make(caller: &Caller, url: &str) -> String {
    let made = caller.post("/v1/webhooks", &json!({"url": url})).await;
    let made = made.expect(201);
    format!("/v1/webhooks/{}", made["id"].as_str().unwrap())
}

async fn tries_of_webhooks_have_a_quota_and_are_tried_once(database: Database) {
    let hurry = ("LUUTRU_WEBHOOK_HURRY", "1000".to_owned());
    let river = River::start_with(database, &[hurry]).await;
    let desk = river.caller("hotel");
    let consumer = Consumer::start(Manner::Status(500)).await;
    let hook = make(&desk, consumer.url()).await;
    let mut statuses = Vec::new();
    for _ in 0..100 {
        let call = desk.call("POST", &format!("{hook}/test"));
        statuses.push(call.send().await.status);
    }
    let accepted = statuses.iter().filter(|status| **status == 202).count();
    assert!((1..=25).contains(&accepted), "{accepted}");
    assert_eq!(statuses.last(), Some(&429));
    let limit = Duration::from_secs(60);
    eventually("every try tried", limit, async || {
        let page = desk
            .get(&format!("{hook}/deliveries?limit=200"))
            .await
            .expect(200);
        let items = page["items"].as_array().unwrap();
        items.len() == accepted && items.iter().all(|one| one["state"] == "failed")
    })
    .await;
    measured("M10", &format!("{accepted} of 100 tries were called"));
    assert_eq!(consumer.told_of("webhook.test").len(), accepted);
    // Another key has its own.
    let other = river.caller("guest_house");
    let hook = make(&other, consumer.url()).await;
    other
        .call("POST", &format!("{hook}/test"))
        .send()
        .await
        .expect(202);
}

async fn who_never_answered_is_called_ever_less(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let silent = Consumer::start(Manner::Status(500)).await;
    let good = Consumer::start(Manner::Status(200)).await;
    make(&desk, silent.url()).await;
    make(&desk, good.url()).await;
    let stays: Vec<Value> = (0..100)
        .map(|_| people::citizen(river.facility("hotel")))
        .collect();
    desk.post("/v1/stays/batch", &json!({"stays": stays}))
        .await
        .expect(200);
    let limit = Duration::from_secs(60);
    eventually("all events at a consumer that answers", limit, async || {
        good.told_of("stay.accepted").len() == 100
    })
    .await;
    let calls = silent.told_of("stay.accepted").len();
    measured(
        "M10",
        &format!("{calls} calls to an address that never answered, for 100 events"),
    );
    // A second after the first failure, and then each time a quarter of the time since later.
    assert!((1..=40).contains(&calls), "{calls}");
}

async fn a_request_id_that_may_be_somebodys_number_is_not_logged(database: Database) {
    let settings = [("LUUTRU_LOG", "debug".to_owned())];
    let river = River::start_with(database, &settings).await;
    let opaque = "0190c8f0-a000-7000-8000-00000000abcd";
    for sent in ["038053770363", "Nguyen-Van-An", opaque] {
        let call = river.caller("hotel").call("GET", "/v1/nowhere");
        let answer = call.header("X-Request-Id", sent).send().await;
        let problem = answer.expect_problem(404, "not_found");
        assert_eq!(answer.header("x-request-id"), Some(sent));
        assert_eq!(problem["request_id"], sent);
    }
    let limit = Duration::from_secs(10);
    eventually("a line of the log", limit, async || {
        river.process().log().contains(opaque)
    })
    .await;
    let log = river.process().log();
    for sent in ["038053770363", "Nguyen-Van-An"] {
        assert!(!log.contains(sent), "{sent} is in the log");
    }
}

async fn abuse_08_an_officer_reaches_no_case_of_other_communes(database: Database) {
    let pepper = ("LUUTRU_KEY_PEPPER", PEPPER.to_owned());
    let river = River::start_with(database, std::slice::from_ref(&pepper)).await;
    let url = ("LUUTRU_DATABASE_URL", river.database_url().to_owned());
    let foreign = officer_key(&["--province", "01"], &[url, pepper]).await;
    let foreign = river.stranger().with_key(&foreign);
    let mut late = people::citizen(river.facility("hotel"));
    late["arrival_at"] = json!(text_of(local(-1, "10:00:00")));
    river.caller("hotel").accepted(&late).await;
    let own = river.caller("police");
    let page = own.get("/v1/police/notifications").await.expect(200);
    let there = page["items"][0]["id"].as_str().unwrap().to_owned();
    let absent = "0190c8f0-a000-7000-8000-00000000abcd".to_owned();
    for id in [absent, there] {
        let path = format!("/v1/police/notifications/{id}");
        foreign.get(&path).await.expect_problem(404, "not_found");
        let path = format!("{path}/decision");
        for body in [json!({}), json!({"decision": "accept", "lease_id": id})] {
            let answer = foreign.post(&path, &body).await;
            answer.expect_problem(404, "not_found");
        }
    }
    let metrics = river.ops().get("/metrics").await.text();
    let denied = metrics
        .lines()
        .find(|line| line.starts_with("luutru_authz_denied_total") && line.contains("scope"));
    // Only an existing case of another commune raises an alarm.
    assert!(
        denied.is_some_and(|line| line.ends_with(" 3")),
        "{denied:?}"
    );
}

/// A key that was made two days ago for one day.
async fn expired_key(services: &Services) -> String {
    let two_days_ago = WrongClock::ahead(-2 * 24 * 3_600);
    let settings = [services.settings(), &two_days_ago.settings()].concat();
    let words = "key create --organisation demo --role integrator --all-facilities \
                 --expires-in-days 1 --label over";
    let words: Vec<&str> = words.split_whitespace().collect();
    let ending = run_to_end(&words, &settings).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    let is_of_a_key = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let mut words = ending.output.split(|letter| !is_of_a_key(letter));
    let key = words.find(|word| word.starts_with("luutru_"));
    key.expect("a key is shown").to_owned()
}

async fn abuse_13_an_expired_key_is_told_so(database: Database) {
    let services = Services::install(database).await;
    let key = expired_key(&services).await;
    let (_process, api) = services.start_api().await;
    let answer = Caller::new(&api, Some(&key)).get("/v1/stays").await;
    answer.expect_problem(401, "key_expired");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("invalid_token"), "{challenge}");
    // Only a caller that has its secret learns that it exists.
    let (start, _) = key.split_at(key.len() - 43);
    let guessed = format!("{start}{}", "A".repeat(43));
    let answer = Caller::new(&api, Some(&guessed)).get("/v1/stays").await;
    answer.expect_problem(401, "unauthorized");
}

async fn abuse_43_paths_of_others_are_not_there(database: Database) {
    let river = River::shared(database).await;
    let table = [
        (
            "GET",
            "/v1/admin/deliveries",
            vec!["hotel", "integrator", "police"],
        ),
        (
            "POST",
            "/v1/admin/deliveries/requeue",
            vec!["hotel", "integrator", "police"],
        ),
        (
            "GET",
            "/v1/police/notifications",
            vec!["hotel", "integrator", "admin"],
        ),
        (
            "POST",
            "/v1/police/claims",
            vec!["hotel", "integrator", "admin"],
        ),
    ];
    for (method, path, names) in table {
        for name in names {
            let call = river.caller(name).call(method, path);
            let answer = match method {
                "POST" => call.json(&json!({})).send().await,
                _ => call.send().await,
            };
            answer.expect_problem(404, "not_found");
        }
    }
}

async fn abuse_63_a_foreign_host_is_refused(database: Database) {
    let settings = [("LUUTRU_HOSTS", "luutru.example.vn".to_owned())];
    let river = River::start_with(database, &settings).await;
    let desk = river.caller("hotel");
    let ours = [
        "luutru.example.vn",
        "LUUTRU.example.vn:8080",
        "localhost",
        "127.0.0.1",
        "api-1",
    ];
    for host in ours {
        let call = desk.call("GET", "/v1/limits").header("Host", host);
        assert_eq!(call.send().await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "luutru.example.vn.evil.example",
        "127.0.0.1.evil.example",
    ] {
        let call = desk.call("GET", "/v1/limits").header("Host", host);
        let answer = call.send().await;
        answer.expect_problem(421, "host_unknown");
        assert!(!answer.text().contains("evil"), "{}", answer.text());
        // Health checks work under any host name.
        let probe = desk.call("GET", "/livez").header("Host", host);
        assert_eq!(probe.send().await.status, 200);
    }
}
