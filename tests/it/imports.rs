//! Files of stays: uploaded, processed, and returned with their faulty rows.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, River, on_both_databases, people,
    sheet::{self, CSV, XLSX},
};

const DONE: Duration = Duration::from_secs(90);
/// Memory of the whole of `luutru up`, whatever is uploaded.
const MEMORY_KIB_MAX: u64 = 400 * 1024;

on_both_databases![
    a_file_becomes_stays_filed_when_it_was_uploaded,
    rejected_rows_come_back_and_are_sent_again_mended,
    a_dry_run_judges_and_stores_nothing,
    a_file_sent_again_makes_nothing_twice,
    a_key_that_was_refused_is_free_for_another_file,
    what_cannot_be_a_file_of_stays_is_refused_at_the_door,
    what_is_no_table_of_guests_fails_with_its_reason,
    a_file_is_seen_by_its_facility_only,
    files_are_listed_the_newest_first,
    three_files_of_a_facility_wait_and_no_fourth,
    what_is_kept_of_a_file_is_sealed_and_deleted_in_time,
    the_template_is_a_file_that_is_understood,
    a_river_killed_in_a_file_goes_on_with_no_row_twice_or_lost,
];

async fn upload(desk: &Caller, query: &str, kind: &str, content: impl Into<Vec<u8>>) -> Answer {
    desk.call("POST", &format!("/v1/imports{query}"))
        .body(kind, content.into())
        .send()
        .await
}

/// Uploads a file that must be accepted, waits until it is done, and returns its final state.
async fn imported(desk: &Caller, query: &str, kind: &str, content: impl Into<Vec<u8>>) -> Value {
    let answer = desk.send_file(query, kind, content).await;
    let accepted = answer.expect(202);
    let address = answer.header("location").unwrap().to_owned();
    assert_eq!(
        address,
        format!("/v1/imports/{}", accepted["id"].as_str().unwrap())
    );
    done(desk, &address, DONE).await
}

async fn done(desk: &Caller, address: &str, limit: Duration) -> Value {
    tests::eventually_some("the end of a file", limit, async || {
        let import = desk.get(address).await.expect(200);
        let is_open = ["queued", "running"].contains(&import["state"].as_str().unwrap());
        (!is_open).then_some(import)
    })
    .await
}

/// All rows of a file, page by page.
async fn rows(desk: &Caller, import: &Value, query: &str) -> Vec<Value> {
    let id = import["id"].as_str().unwrap();
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/imports/{id}/rows?limit=200{query}{cursor}");
        let page = desk.get(&path).await.expect(200);
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

async fn rejected(desk: &Caller, import: &Value, language: &str) -> Answer {
    let id = import["id"].as_str().unwrap();
    let answer = desk
        .call("GET", &format!("/v1/imports/{id}/rejected"))
        .header("Accept-Language", language)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

fn counts(import: &Value) -> [u64; 4] {
    ["accepted", "replayed", "rejected", "skipped"].map(|count| import[count].as_u64().unwrap())
}

async fn a_file_becomes_stays_filed_when_it_was_uploaded(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for kind in [CSV, XLSX] {
        let mut guests = sheet::guests(5);
        guests[3][9].clear();
        guests[4][14] = "NO SHOW".to_owned();
        let content = match kind {
            CSV => sheet::csv(&guests).into_bytes(),
            _ => sheet::xlsx(&guests),
        };
        let import = imported(&desk, "", kind, content).await;
        assert_eq!(import["state"], "completed", "{import}");
        assert_eq!(
            (&import["rows_total"], &import["rows_done"]),
            (&json!(5), &json!(5))
        );
        assert_eq!(import["facility_id"], river.facility("hotel"));
        assert_eq!(import["date_order"], "dmy");
        let columns = import["columns"].as_array().unwrap();
        let number = json!({
            "column": 8,
            "field": "document_number",
            "heading": "Số giấy tờ",
            "is_used": true,
            "date_order": null,
        });
        assert!(columns.contains(&number), "{columns:?}");
        let rows = rows(&desk, &import, "").await;
        assert_eq!(rows.len(), 5);
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row["row"], index + 2);
        }
        // Counts as 14:00, or as the time of receipt where that is earlier.
        let assumed = &rows[3];
        let codes = json!([{"pointer": "/arrival_at", "code": "arrival_time_assumed"}]);
        assert_eq!(assumed["warnings"][0]["code"], codes[0]["code"]);
        assert_eq!(assumed["outcome"], "accepted", "{assumed}");
        let stay = desk.stay(assumed["stay_id"].as_str().unwrap()).await;
        assert_eq!(stay["warnings"], codes);
        let arrival_at = stay["arrival_at"].as_str().unwrap();
        assert!(arrival_at < stay["received_at"].as_str().unwrap(), "{stay}");
        assert_eq!(rows[4]["outcome"], "skipped");
        let stay = desk.stay(rows[0]["stay_id"].as_str().unwrap()).await;
        assert_eq!(stay["received_at"], import["received_at"]);
        assert_eq!(stay["guest"]["full_name"], guests[0][2]);
        assert_eq!(stay["guest"]["birth_date"], "1985-05-17");
        assert_eq!(stay["room"], guests[0][1]);
        desk.delivered(stay["id"].as_str().unwrap(), "acknowledged", DONE)
            .await;
    }
}

async fn rejected_rows_come_back_and_are_sent_again_mended(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for kind in [CSV, XLSX] {
        let mut guests = sheet::guests(4);
        let number = guests[1][7].clone();
        guests[1][7] = number.trim_start_matches('0').to_owned();
        guests[2][1].clear();
        guests[2][15] = "=HYPERLINK(1)".to_owned();
        guests[3][8] = "31/11/2026".to_owned();
        let content = match kind {
            CSV => sheet::csv(&guests).into_bytes(),
            _ => sheet::xlsx(&guests),
        };
        let import = imported(&desk, "", kind, content).await;
        assert_eq!(counts(&import), [1, 0, 3, 0], "{import}");
        let refused = rows(&desk, &import, "&outcome=rejected").await;
        let reason = |row: &Value| {
            let errors = row["problem"]["errors"].as_array().unwrap();
            assert_eq!(errors.len(), 1, "{row}");
            let [pointer, code] = ["pointer", "code"].map(|name| errors[0][name].as_str().unwrap());
            format!("{pointer} {code}")
        };
        let reasons: Vec<String> = refused.iter().map(reason).collect();
        assert_eq!(
            reasons,
            [
                "/guest/document/number leading_zero_lost",
                "/room required",
                "/arrival_at invalid_instant"
            ]
        );
        // What a problem says of a cell is no value; the cells themselves stand beside it.
        let said: String = refused
            .iter()
            .map(|row| row["problem"].to_string())
            .collect();
        assert!(
            !said.contains(number.trim_start_matches('0')),
            "a value is shown"
        );
        let cell = json!({"heading": "Số giấy tờ", "value": guests[1][7]});
        let cells = refused[0]["values"].as_array().unwrap();
        assert!(cells.contains(&cell), "{cells:?}");
        assert_eq!(refused[0]["suggestions"][0]["value"], number);

        let file = rejected(&desk, &import, "en").await;
        assert_eq!(file.header("content-type"), Some(kind));
        let name = file.header("content-disposition").unwrap();
        assert!(name.contains(import["id"].as_str().unwrap()), "{name}");
        // As it is, nothing new comes of it.
        let again = imported(&desk, "", kind, file.body.clone()).await;
        assert_eq!(counts(&again), [0, 0, 3, 0], "{again}");
        if kind == CSV {
            let text = file.text();
            assert!(text.starts_with('\u{feff}'), "no byte order mark");
            assert!(text.contains("Errors (luutru)"), "{text}");
            assert!(text.contains("\"'=HYPERLINK(1)\""), "{text}");
            assert!(text.contains(&format!("Số giấy tờ: {number}")), "{text}");
            assert!(!text.contains(&guests[0][7]), "an accepted row is there");
            let departure = &guests[3][10];
            let mended = text
                .replace(
                    &format!("\"{}\";", number.trim_start_matches('0')),
                    &format!("\"{number}\";"),
                )
                .replace("\"3\";\"\";", "\"3\";\"7\";")
                .replace("31/11/2026", &guests[0][8]);
            assert!(mended.contains(departure));
            let mended = imported(&desk, "", kind, mended).await;
            assert_eq!(counts(&mended), [3, 0, 0, 0], "{mended}");
            let kept = rows(&desk, &mended, "").await;
            let stay = desk.stay(kept[1]["stay_id"].as_str().unwrap()).await;
            assert_eq!(stay["note"], "=HYPERLINK(1)", "kept as text");
            assert_eq!(stay["received_at"], mended["received_at"]);
        }
    }
}

async fn a_dry_run_judges_and_stores_nothing(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut guests = sheet::guests(3);
    guests[1][2].clear();
    let content = sheet::csv(&guests);
    let dry = imported(&desk, "?dry_run=true", CSV, content.clone()).await;
    assert_eq!(dry["dry_run"], true);
    assert_eq!(counts(&dry), [2, 0, 1, 0], "{dry}");
    for row in rows(&desk, &dry, "").await {
        assert_eq!(row["stay_id"], Value::Null);
    }
    let real = imported(&desk, "?dry_run=false", CSV, content).await;
    assert_eq!(counts(&real), [2, 0, 1, 0], "nothing was there before");
}

async fn a_file_sent_again_makes_nothing_twice(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut guests = sheet::guests(3);
    guests.push(guests[0].clone());
    guests[3][0] = "4".to_owned();
    let content = sheet::csv(&guests);
    let key = people::fresh("file");
    let post = async |content: String| {
        let call = desk.call("POST", "/v1/imports").body(CSV, content);
        call.header("Idempotency-Key", &key).send().await
    };
    let first = post(content.clone()).await;
    first.expect(202);
    let first = done(&desk, first.header("location").unwrap(), DONE).await;
    // The last row says the same as the first.
    assert_eq!(counts(&first), [3, 1, 0, 0]);
    let second = post(content.clone()).await;
    second.expect(202);
    let second = done(&desk, second.header("location").unwrap(), DONE).await;
    assert_eq!(counts(&second), [0, 4, 0, 0]);
    let ids = async |import: &Value| -> BTreeSet<String> {
        let rows = rows(&desk, import, "").await;
        let ids = rows
            .iter()
            .map(|row| row["stay_id"].as_str().unwrap().to_owned());
        ids.collect()
    };
    assert_eq!(ids(&first).await, ids(&second).await);
    let other = post(content + "\r\n").await;
    other.expect_problem(422, "idempotency_key_reused");
}

async fn a_key_that_was_refused_is_free_for_another_file(database: Database) {
    let services = tests::Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    let post = async |key: &str, query: &str, content: Vec<u8>| {
        let call = desk.call("POST", &format!("/v1/imports{query}"));
        let call = call.body(CSV, content).header("Idempotency-Key", key);
        call.send().await
    };
    let file = || sheet::csv(&sheet::guests(1)).into_bytes();
    let (key, content) = (people::fresh("file"), file());
    // Not readable, a query that is wrong: none of it takes the key.
    let answer = post(&key, "", b"Name\nJo\xE3o\n".to_vec()).await;
    answer.expect_problem(422, "validation_failed");
    let answer = post(&key, "?date_order=ymd", file()).await;
    answer.expect_problem(422, "validation_failed");
    post(&key, "", content.clone()).await.expect(202);
    // An option that changes the result makes it another request.
    for query in ["?dry_run=true", "?date_order=mdy", "?date_order=dmy"] {
        let answer = post(&key, query, content.clone()).await;
        answer.expect_problem(422, "idempotency_key_reused");
    }
    let answer = post(&key, "?dry_run=false", content.clone()).await;
    answer.expect(202);
    // Without a worker they wait forever: the fourth is refused, and its key stays free.
    post(&people::fresh("file"), "", file()).await.expect(202);
    let refused = people::fresh("file");
    for _ in 0..2 {
        let answer = post(&refused, "", file()).await;
        answer.expect_problem(429, "too_many_imports");
    }
    let _worker = services.start_worker().await;
    tests::eventually("room for a file", DONE, async || {
        let answer = post(&refused, "?dry_run=true", file()).await;
        if answer.status == 429 {
            return false;
        }
        answer.expect(202);
        true
    })
    .await;
    tests::eventually("room to ask about a key", DONE, async || {
        let answer = post(&refused, "?dry_run=true", file()).await;
        if answer.status == 429 {
            return false;
        }
        answer.expect_problem(422, "idempotency_key_reused");
        true
    })
    .await;
    let uploads = "SELECT COUNT(*) FROM import WHERE state = 'uploading'";
    assert_eq!(services.database().count(uploads).await, 0);
}

async fn what_cannot_be_a_file_of_stays_is_refused_at_the_door(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let table: [(&str, &[u8], &str); 5] = [
        (XLSX, b"no archive", "file_unreadable"),
        (XLSX, b"", "file_unreadable"),
        (XLSX, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "file_unreadable"),
        (CSV, b"Name\nJo\xE3o\n", "file_encoding_unknown"),
        (CSV, b"\xEF\xBB\xBFName\nJo\xE3o\n", "file_encoding_unknown"),
    ];
    for (kind, content, code) in table {
        let answer = upload(&desk, "", kind, content).await;
        let problem = answer.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], code);
    }
    let content = sheet::csv(&sheet::guests(1));
    for kind in ["application/json", "text/plain", "application/zip"] {
        let answer = upload(&desk, "", kind, content.clone()).await;
        answer.expect_problem(415, "unsupported_media_type");
    }
    let large = vec![b'x'; 64 * 1024 * 1024 + 1];
    let answer = upload(&desk, "", CSV, large).await;
    answer.expect_problem(413, "body_too_large");
    let queries = [
        ("?dry_run=perhaps", "/query/dry_run", "invalid_filter"),
        ("?date_order=ymd", "/query/date_order", "invalid_filter"),
        ("?facility_id=x", "/query/facility_id", "facility_unknown"),
        ("?dryrun=true", "/query/dryrun", "unknown_field"),
    ];
    for (query, pointer, code) in queries {
        let answer = upload(&desk, query, CSV, content.clone()).await;
        let problem = answer.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
    let integrator = river.caller("integrator");
    let answer = upload(&integrator, "", CSV, content.clone()).await;
    let problem = answer.expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "required");
    let police = upload(&river.caller("police"), "", CSV, content.clone()).await;
    police.expect_problem(403, "forbidden");
    let stranger = upload(&river.stranger(), "", CSV, content).await;
    stranger.expect_problem(401, "unauthorized");
}

async fn what_is_no_table_of_guests_fails_with_its_reason(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut twice = sheet::csv(&sheet::guests(1));
    twice = twice.replacen("\"STT\"", "\"Tên khách\"", 1);
    let wide = format!("Họ tên,Ngày đến{}\n", ",x".repeat(200));
    let table = [
        ("a,b\n1,2\n".to_owned(), "file_columns_unknown"),
        (String::new(), "file_empty"),
        ("Họ tên,Ngày đến\n".to_owned(), "file_empty"),
        (twice, "file_columns_ambiguous"),
        (wide, "file_too_many_columns"),
        (
            format!("Họ tên,Ngày đến\n{}", "x".repeat(40_000)),
            "file_cell_too_long",
        ),
    ];
    for (content, code) in table {
        let import = imported(&desk, "", CSV, content).await;
        assert_eq!(import["state"], "failed", "{import}");
        assert_eq!(import["problem"]["errors"][0]["code"], code, "{import}");
        assert_eq!(counts(&import), [0, 0, 0, 0]);
        assert!(rows(&desk, &import, "").await.is_empty());
        rejected(&desk, &import, "vi").await;
    }
}

/// A day as people write it.
fn day_from_now(count: i64) -> String {
    let day = tests::now() + chrono::TimeDelta::days(count);
    day.format("%d/%m/%Y").to_string()
}

async fn files_are_listed_the_newest_first(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let empty = desk.get("/v1/imports").await.expect(200);
    assert_eq!(empty, json!({"items": [], "next_cursor": null}));
    let query = format!("?facility_id={hotel}");
    let mut sent = Vec::new();
    let (day, next) = (day_from_now(0), day_from_now(1));
    for _ in 0..3 {
        let guest = people::person();
        let content = format!(
            "Họ và tên,Số giấy tờ,Phòng,Ngày đến,Ngày đi\n{},{},203,{day},{next}\n\
             Lê Chi,không có,204,{day},{next}\n",
            guest.full_name, guest.number
        );
        let file = imported(&desk, &query, CSV, content).await;
        assert_eq!(file["state"], "completed", "{file}");
        sent.push(file);
    }
    sent.reverse();
    let id = |file: &Value| file["id"].as_str().unwrap().to_owned();
    let all = desk.get("/v1/imports").await.expect(200);
    let items = all["items"].as_array().unwrap();
    let (listed, expected): (Vec<_>, Vec<_>) = (
        items.iter().map(id).collect(),
        sent.iter().map(id).collect(),
    );
    assert_eq!(listed, expected);
    for (item, file) in items.iter().zip(&sent) {
        for (name, value) in item.as_object().unwrap() {
            match name.as_str() {
                "is_clean" => assert_eq!(*value, json!(file["rejected"] == 0)),
                "file_name" => assert_eq!(*value, Value::Null),
                _ => assert_eq!(*value, file[name], "{name}"),
            }
        }
    }
    let first = desk.get("/v1/imports?limit=2").await.expect(200);
    assert_eq!(first["items"].as_array().unwrap()[..], items[..2]);
    let next = first["next_cursor"].as_str().unwrap();
    let path = format!("/v1/imports?limit=2&facility_id={hotel}&cursor={next}");
    let second = desk.get(&path).await.expect(200);
    assert_eq!(second["items"].as_array().unwrap()[..], items[2..]);
    assert!(second["next_cursor"].is_null());

    // A form says what its file is called; that is kept while the file is read.
    let content = format!("Họ và tên,Phòng,Ngày đến\nLê Chi,204,{day}\n");
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"Đoàn Lê Chi.csv\"\r\nContent-Type: text/csv\r\n\r\n{content}\r\n--b--\r\n"
    );
    let named = imported(&desk, &query, "multipart/form-data; boundary=b", form).await;
    let first = desk.get("/v1/imports?limit=1").await.expect(200);
    assert_eq!(first["items"][0]["id"], named["id"]);
    assert_eq!(first["items"][0]["file_name"], "Đoàn Lê Chi.csv");

    // Facilities of others have none, and those that are none of the caller's are refused.
    let school = river.caller("school");
    assert_eq!(school.get("/v1/imports").await.expect(200), empty);
    let foreign = school.get(&format!("/v1/imports{query}")).await;
    assert_eq!(foreign.expect(422)["errors"][0]["code"], "facility_unknown");
    let officer = river.caller("police");
    assert_eq!(officer.get("/v1/imports").await.expect(200), empty);
    // The page lists the same.
    let person = river.person("desk").await;
    let page = person.get("/desk/imports").await.text();
    for file in sent.iter().chain([&named]) {
        assert!(page.contains(&format!("href=\"/desk/imports/{}\"", id(file))));
    }
    assert!(page.contains("<b>Đoàn Lê Chi.csv</b>"), "{page}");
}

async fn a_file_is_seen_by_its_facility_only(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let content = sheet::csv(&sheet::guests(1));
    let import = imported(&desk, "", CSV, content.clone()).await;
    let id = import["id"].as_str().unwrap();
    let absent = "0197c1c8-0280-7000-8000-000000000010";
    for (caller, id) in [
        ("school", id),
        ("police", id),
        ("hotel", absent),
        ("hotel", "x"),
    ] {
        let caller = river.caller(caller);
        for part in ["", "/rows", "/rejected"] {
            let answer = caller.get(&format!("/v1/imports/{id}{part}")).await;
            answer.expect_problem(404, "not_found");
        }
    }
    let foreign = format!("?facility_id={}", river.facility("school"));
    let answer = upload(&desk, &foreign, CSV, content.clone()).await;
    let problem = answer.expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "facility_unknown");
    // A sender with several facilities names one, and others of the organisation see the file.
    let own = format!("?facility_id={}", river.facility("guest_house"));
    let integrator = river.caller("integrator");
    let import = imported(&integrator, &own, CSV, sheet::csv(&sheet::guests(1))).await;
    assert_eq!(counts(&import), [1, 0, 0, 0], "{import}");
    let id = import["id"].as_str().unwrap();
    let seen = river.caller("guest_house");
    seen.get(&format!("/v1/imports/{id}")).await.expect(200);
}

async fn three_files_of_a_facility_wait_and_no_fourth(database: Database) {
    let services = tests::Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    // Without a worker they wait forever.
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let answer = upload(&desk, "", CSV, sheet::csv(&sheet::guests(2))).await;
        let import = answer.expect(202);
        assert_eq!(import["state"], "queued");
        assert_eq!(import["rows_total"], Value::Null);
        waiting.push(answer.header("location").unwrap().to_owned());
    }
    let answer = upload(&desk, "", CSV, sheet::csv(&sheet::guests(2))).await;
    let problem = answer.expect_problem(429, "too_many_imports");
    assert_eq!(problem["retryable"], true);
    assert!(answer.header("retry-after").is_some());
    let school = services.caller(&address, "school");
    upload(&school, "", CSV, sheet::csv(&sheet::guests(2)))
        .await
        .expect(202);
    let _worker = services.start_worker().await;
    for address in waiting {
        let import = done(&desk, &address, DONE).await;
        assert_eq!(counts(&import), [2, 0, 0, 0], "{import}");
    }
    upload(&desk, "", CSV, sheet::csv(&sheet::guests(2)))
        .await
        .expect(202);
}

async fn what_is_kept_of_a_file_is_sealed_and_deleted_in_time(database: Database) {
    let services = tests::Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    let worker = services.start_worker().await;
    let mut guests = sheet::guests(2);
    guests[1][1].clear();
    let import = imported(&desk, "", CSV, sheet::csv(&guests)).await;
    assert_eq!(counts(&import), [1, 0, 1, 0], "{import}");
    let everything = services.database().everything().await;
    let everything = String::from_utf8_lossy(&everything);
    for marker in people::MARKERS {
        assert!(!everything.contains(marker), "{marker} lies open");
    }
    drop(worker);
    let aged = "UPDATE import SET expires_at = received_at";
    services.database().execute(aged).await;
    // The first sweep is at the start.
    let _worker = services.start_worker().await;
    for table in ["import", "import_chunk", "import_row"] {
        let query = format!("SELECT COUNT(*) FROM {table}");
        tests::eventually("the sweep", DONE, async || {
            services.database().count(&query).await == 0
        })
        .await;
    }
    let id = import["id"].as_str().unwrap();
    desk.get(&format!("/v1/imports/{id}"))
        .await
        .expect_problem(404, "not_found");
    let stays = services.database().count("SELECT COUNT(*) FROM stay").await;
    assert_eq!(stays, 1, "stays are not deleted with their file");
}

async fn the_template_is_a_file_that_is_understood(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let get = async |accept: &str| {
        let call = desk.call("GET", "/v1/imports/template");
        call.header("Accept", accept).send().await
    };
    let workbook = get("*/*").await;
    assert_eq!(workbook.status, 200);
    assert_eq!(workbook.header("content-type"), Some(XLSX));
    // The sheet has a heading and no rows.
    let import = imported(&desk, "", XLSX, workbook.body).await;
    assert_eq!(
        import["problem"]["errors"][0]["code"], "file_empty",
        "{import}"
    );
    let csv = get("text/csv").await;
    assert_eq!(csv.header("content-type"), Some(CSV));
    let import = imported(&desk, "", CSV, csv.body).await;
    assert_eq!(
        import["problem"]["errors"][0]["code"], "file_empty",
        "{import}"
    );
    get("image/png").await.expect_problem(406, "not_acceptable");
}

async fn a_river_killed_in_a_file_goes_on_with_no_row_twice_or_lost(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let settings: Vec<_> = database
        .iter()
        .map(|database| ("LUUTRU_DATABASE_URL", database.url().to_owned()))
        .collect();
    let count = tests::import_row_count();
    let mut guests = sheet::guests(count);
    // One is there twice, one is at fault.
    guests[count - 1] = guests[0].clone();
    guests[count / 2][1].clear();
    let content = sheet::xlsx(&guests);
    drop(guests);

    let mut river = River::start_in(directory.path(), &settings).await;
    let answer = upload(&river.caller("hotel"), "", XLSX, content).await;
    let received_at = answer.expect(202)["received_at"].clone();
    let address = answer.header("location").unwrap().to_owned();
    let mut peak = 0;
    for part in 1..=2 {
        let desk = river.caller("hotel");
        tests::eventually("progress", DONE * 4, async || {
            let import = desk.get(&address).await.expect(200);
            import["rows_done"].as_u64().unwrap() >= (count * part / 4) as u64
        })
        .await;
        peak = peak.max(river.process().memory_peak_kib());
        river.process().kill();
        river = River::start_in(directory.path(), &settings).await;
    }
    let desk = river.caller("hotel");
    let limit = DONE.max(Duration::from_millis(30 * count as u64));
    let import = done(&desk, &address, limit).await;
    peak = peak.max(river.process().memory_peak_kib());
    let count = count as u64;
    assert_eq!(import["state"], "completed", "{import}");
    assert_eq!(counts(&import), [count - 2, 1, 1, 0], "{import}");
    assert_eq!(import["received_at"], received_at);
    assert!(peak < MEMORY_KIB_MAX, "the process held {peak} KiB");

    let rows = rows(&desk, &import, "").await;
    assert_eq!(rows.len() as u64, count);
    let stays: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row["stay_id"].as_str())
        .collect();
    assert_eq!(stays.len() as u64, count - 2);
    let mut listed = 0;
    let mut cursor = String::new();
    loop {
        let page = desk
            .get(&format!("/v1/stays?limit=200{cursor}"))
            .await
            .expect(200);
        for stay in page["items"].as_array().unwrap() {
            assert!(
                stays.contains(stay["id"].as_str().unwrap()),
                "a stay of no row"
            );
            assert_eq!(stay["received_at"], received_at);
            listed += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, count - 2);
    #[expect(clippy::print_stderr, reason = "the number that is asked for by hand")]
    {
        eprintln!(
            "{count} rows, at most {peak} KiB, finished {}",
            import["finished_at"]
        );
    }
}
