//! The feed: ordered, complete, and limited to its audience.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tests::{Caller, Database, River, eventually, on_both_databases, people, run_to_end};

/// Revoking a key requires the pepper that authenticates its row.
const PEPPER: &str = "5f0c2b9e7a41d8c36e90b7f2a4d15c83e6079ab1c4f8d23571be0a9c64d7f318";
const SEEN: Duration = Duration::from_secs(20);

on_both_databases![
    a_stays_way_is_told_in_order_and_once,
    an_event_that_commits_late_is_not_passed_over,
    numbers_have_no_gap_and_come_soon,
    a_key_hears_of_its_own_facilities,
    what_is_asked_of_the_feed_is_checked,
    a_stream_tells_what_happens_and_resumes,
    a_stream_says_at_once_where_it_begins,
    streams_are_bounded_and_end_with_their_key,
    streams_end_at_the_stop,
];

/// The events after a cursor, page by page, and the cursor after them.
async fn read(caller: &Caller, after: &str, limit: usize) -> (Vec<Value>, String) {
    let mut items = Vec::new();
    let mut cursor = after.to_owned();
    loop {
        let after = match cursor.as_str() {
            "" => String::new(),
            cursor => format!("&after={cursor}"),
        };
        let path = format!("/v1/events?limit={limit}{after}");
        let page = caller.get(&path).await.expect(200);
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= limit);
        if let Some(last) = found.last() {
            assert!(last["cursor"].is_string());
        }
        items.extend(found.iter().cloned());
        page["next_cursor"]
            .as_str()
            .unwrap()
            .clone_into(&mut cursor);
        if found.is_empty() {
            return (items, cursor);
        }
    }
}

async fn latest(caller: &Caller) -> String {
    let page = caller.get("/v1/events?after=latest").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 0);
    page["next_cursor"].as_str().unwrap().to_owned()
}

fn types_of(items: &[Value], stay_id: &str) -> Vec<String> {
    let own = items.iter().filter(|item| item["stay_id"] == stay_id);
    own.map(|item| item["type"].as_str().unwrap().to_owned())
        .collect()
}

async fn until_told(caller: &Caller, after: &str, stay_id: &str, kind: &str) -> Vec<Value> {
    let mut items = Vec::new();
    eventually(kind, SEEN, async || {
        items = read(caller, after, 200).await.0;
        types_of(&items, stay_id).iter().any(|told| told == kind)
    })
    .await;
    items
}

async fn a_stays_way_is_told_in_order_and_once(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("guest_house");
    let before = latest(&desk).await;
    let stay = desk
        .accepted(&people::citizen(river.facility("guest_house")))
        .await;
    let id = stay["id"].as_str().unwrap();
    let items = until_told(&desk, &before, id, "stay.acknowledged").await;
    let told = types_of(&items, id);
    assert_eq!(told.first().unwrap(), "stay.accepted");
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
    let accepted = &items[0];
    assert_eq!(accepted["facility_id"], river.facility("guest_house"));
    assert_eq!(accepted["version"], 1);
    assert_eq!(accepted["data"]["timeliness"], "on_time");
    assert!(
        accepted["occurred_at"]
            .as_str()
            .unwrap()
            .ends_with("+07:00")
    );

    // Page by page it is the same, and from any event on.
    let (single, end) = read(&desk, &before, 1).await;
    assert_eq!(single, items);
    let (rest, _) = read(&desk, items[0]["cursor"].as_str().unwrap(), 200).await;
    assert_eq!(rest, items[1..]);
    // The cursor of an empty page leads to what happens later.
    let next = desk
        .accepted(&people::citizen(river.facility("guest_house")))
        .await;
    let id = next["id"].as_str().unwrap();
    let items = until_told(&desk, &end, id, "stay.accepted").await;
    assert_eq!(items[0]["stay_id"], id);
}

/// A row that is committed when later ones have been read already.
async fn an_event_that_commits_late_is_not_passed_over(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let late = format!(
        "INSERT INTO event (id, organisation_id, facility_id, kind, detail, created_at) \
         SELECT {}, organisation_id, id, 'stay.accepted', '{{}}', created_at FROM facility \
         WHERE {} = '{}'",
        match database {
            Database::Sqlite => "X'01900000000070008000000000000001'",
            Database::Postgres => "'01900000-0000-7000-8000-000000000001'::uuid",
        },
        match database {
            Database::Sqlite => "lower(hex(id))",
            Database::Postgres => "replace(id::text, '-', '')",
        },
        river.facility("hotel").replace('-', "")
    );
    // On SQLite no other writer can run meanwhile, so the whole row comes late.
    let (begin, slow) = match database {
        Database::Sqlite => ("", ""),
        Database::Postgres => ("BEGIN;", "; SELECT pg_sleep(4); COMMIT"),
    };
    let statements = format!("{begin}{late}{slow}");
    let stay = async {
        let stay = desk
            .accepted(&people::citizen(river.facility("hotel")))
            .await;
        let id = stay["id"].as_str().unwrap().to_owned();
        until_told(&desk, "", &id, "stay.acknowledged").await;
        read(&desk, "", 200).await
    };
    let store = river.database().unwrap();
    let ((items, cursor), ()) = match database {
        Database::Sqlite => (stay.await, store.execute(&statements).await),
        Database::Postgres => tokio::join!(stay, store.execute(&statements)),
    };
    let late_id = "01900000-0000-7000-8000-000000000001";
    assert!(items.iter().all(|item| item["id"] != late_id), "{items:?}");
    eventually("the late event", SEEN, async || {
        let (items, _) = read(&desk, &cursor, 200).await;
        items.iter().any(|item| item["id"] == late_id)
    })
    .await;
}

async fn numbers_have_no_gap_and_come_soon(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("integrator");
    let stays: Vec<Value> = (0..200)
        .map(|_| people::citizen(river.facility("school")))
        .collect();
    let batch = serde_json::json!({"stays": stays});
    desk.post("/v1/stays/batch", &batch).await.expect(200);
    let store = river.database().unwrap();
    let all_delivered = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL";
    eventually("the end of all deliveries", SEEN, async || {
        store.count(all_delivered).await == 0
    })
    .await;
    eventually("numbers for all", Duration::from_secs(2), async || {
        let unnumbered = "SELECT COUNT(*) FROM event WHERE sequence IS NULL";
        store.count(unnumbered).await == 0
    })
    .await;
    let count = store.count("SELECT COUNT(*) FROM event").await;
    assert!(count >= 400, "{count}");
    for query in [
        "SELECT COUNT(DISTINCT sequence) FROM event",
        "SELECT MAX(sequence) FROM event",
        "SELECT last_sequence FROM event_head",
    ] {
        assert_eq!(store.count(query).await, count, "{query}");
    }
    let (items, _) = read(&desk, "", 200).await;
    assert_eq!(i64::try_from(items.len()).unwrap(), count);
    let metrics = river.ops().get("/metrics").await.text();
    assert!(metrics.contains("luutru_event_lag_seconds"), "{metrics}");
}

async fn a_key_hears_of_its_own_facilities(database: Database) {
    let river = River::shared(database).await;
    let (hotel, integrator) = (river.caller("hotel"), river.caller("integrator"));
    let before = latest(&integrator).await;
    let stay = river
        .caller("school")
        .accepted(&people::citizen(river.facility("school")))
        .await;
    let id = stay["id"].as_str().unwrap();
    until_told(&integrator, &before, id, "stay.accepted").await;
    let (items, _) = read(&hotel, "", 200).await;
    assert!(types_of(&items, id).is_empty());
    for item in &items {
        let facility = &item["facility_id"];
        assert!(facility.is_null() || facility == river.facility("hotel"));
    }
    // A cursor is valid for every key of its organisation and for no other.
    read(&hotel, &before, 200).await;
    let path = format!("/v1/events?after={before}");
    let stranger = river.caller("police").get(&path).await;
    assert_eq!(
        stranger.violations(),
        [("/query/after".to_owned(), "invalid_cursor".to_owned())].into()
    );
    let police = river.caller("police").get("/v1/events").await.expect(200);
    assert_eq!(police["items"].as_array().unwrap().len(), 0);
}

async fn what_is_asked_of_the_feed_is_checked(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let table = [
        ("limit=0", "/query/limit", "invalid_limit"),
        ("limit=201", "/query/limit", "invalid_limit"),
        ("after=7", "/query/after", "invalid_cursor"),
        ("since=7", "/query/since", "unknown_field"),
    ];
    for (query, pointer, code) in table {
        let violations = desk.get(&format!("/v1/events?{query}")).await.violations();
        assert_eq!(violations, [(pointer.to_owned(), code.to_owned())].into());
    }
    let accepting = async |accept: &str| {
        let call = desk.call("GET", "/v1/events").header("Accept", accept);
        call.send().await
    };
    let refused = accepting("text/html").await;
    refused.expect_problem(406, "not_acceptable");
    accepting("application/json").await.expect(200);
    accepting("*/*").await.expect(200);
    let call = desk.call("GET", "/v1/events");
    let call = call.header("Accept", "text/event-stream");
    let refused = call.header("Last-Event-ID", "x").send().await;
    let pointer = "/header/Last-Event-ID".to_owned();
    assert_eq!(
        refused.violations(),
        [(pointer, "invalid_cursor".to_owned())].into()
    );
}

async fn a_stream_tells_what_happens_and_resumes(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let other = river.caller("school");
    let mut stream = desk.call("GET", "/v1/events").stream().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        other
            .accepted(&people::citizen(river.facility("school")))
            .await;
        let stay = desk
            .accepted(&people::citizen(river.facility("hotel")))
            .await;
        ids.push(stay["id"].as_str().unwrap().to_owned());
    }
    // Two stays, each accepted and acknowledged.
    let mut told = Vec::new();
    while told.len() < 4 {
        let event = stream.next(SEEN).await.unwrap();
        assert_eq!(event.data["cursor"], event.id);
        assert_eq!(event.data["type"], event.event);
        assert_eq!(event.data["facility_id"], river.facility("hotel"));
        if event.event == "stay.accepted" || event.event == "stay.acknowledged" {
            told.push(event);
        }
    }
    let (items, _) = read(&desk, "", 200).await;
    let streamed: Vec<&Value> = told.iter().map(|event| &event.data).collect();
    for id in &ids {
        assert!(types_of(&items, id).contains(&"stay.acknowledged".to_owned()));
    }
    for event in &streamed {
        assert!(items.contains(event), "{event}");
    }

    // From the first event on: all others, once.
    let call = desk.call("GET", "/v1/events?after=latest");
    let mut resumed = call.header("Last-Event-ID", &told[0].id).stream().await;
    for expected in &items[1..] {
        let event = resumed.next(SEEN).await.unwrap();
        assert_eq!(&event.data, expected);
    }
}

/// A client that is cut off before the first event resumes where it began, and misses nothing.
async fn a_stream_says_at_once_where_it_begins(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let call = desk.call("GET", "/v1/events?after=latest");
    let mut stream = call.stream().await;
    let place = stream.place(Duration::from_secs(5)).await;
    drop(stream);
    let missed = people::citizen(river.facility("hotel"));
    let missed = desk.accepted(&missed).await["id"].take();
    let call = desk.call("GET", "/v1/events?after=latest");
    let mut resumed = call.header("Last-Event-ID", &place).stream().await;
    let first = resumed.next(SEEN).await.unwrap();
    assert_eq!(first.event, "stay.accepted");
    assert_eq!(first.data["stay_id"], missed);
}

async fn streams_are_bounded_and_end_with_their_key(database: Database) {
    let pepper = ("LUUTRU_KEY_PEPPER", PEPPER.to_owned());
    let settings = [("LUUTRU_EVENT_STREAMS", "6".to_owned()), pepper.clone()];
    let river = River::start_with(database, &settings).await;
    let listen = async |name: &str| {
        let call = river.caller(name).call("GET", "/v1/events?after=latest");
        call.stream().await
    };
    let refused = async |name: &str| {
        let call = river.caller(name).call("GET", "/v1/events");
        call.header("Accept", "text/event-stream").send().await
    };
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(listen("hotel").await);
    }
    refused("hotel").await.expect_problem(429, "rate_limited");
    streams.push(listen("school").await);
    streams.push(listen("school").await);
    refused("school").await.expect_problem(503, "overloaded");
    // A closed stream frees its slot.
    streams.pop();
    eventually("a free place", SEEN, async || {
        let call = river.caller("school").call("GET", "/v1/events?limit=1");
        let call = call.header("Accept", "text/event-stream;q=1");
        // Dropped at once when it is let in: its head alone is looked at.
        tokio::time::timeout(Duration::from_millis(300), call.send())
            .await
            .is_err()
    })
    .await;

    let id = river.key("hotel").split('_').nth(1).unwrap();
    let database_url = ("LUUTRU_DATABASE_URL", river.database_url().to_owned());
    let ending = run_to_end(&["key", "revoke", id], &[database_url, pepper]).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    let ended = streams[0].next(Duration::from_secs(10)).await;
    assert_eq!(ended, None);
    let others = river.caller("guest_house");
    assert!(others.get("/v1/events").await.status == 200);
}

async fn streams_end_at_the_stop(database: Database) {
    let river = River::start(database).await;
    let mut streams = Vec::new();
    for name in ["hotel", "school", "integrator"] {
        let call = river.caller(name).call("GET", "/v1/events?after=latest");
        streams.push(call.stream().await);
    }
    river.process().terminate();
    for stream in &mut streams {
        assert_eq!(stream.next(Duration::from_secs(10)).await, None);
    }
    let ending = river.process().ended(Duration::from_secs(15)).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
}
