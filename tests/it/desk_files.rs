//! Files as desks keep them: their words for countries, sexes and documents, their dates, their
//! columns, and what spreadsheets did to their numbers.

use std::{path::Path, time::Duration};

use chrono::{TimeDelta, Timelike};
use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, River, Setting, TestDatabase, WrongClock, local, now,
    on_both_databases, people,
    sheet::{CSV, XLSX},
    text_of,
};

const DONE: Duration = Duration::from_secs(90);

on_both_databases![
    countries_sexes_and_cards_are_told_by_the_words_of_desks,
    what_a_spreadsheet_did_to_rooms_and_numbers_is_restored_or_refused,
    nobody_is_present_by_a_status_that_does_not_say_so,
    one_odd_date_turns_no_other_one,
    an_assumed_arrival_never_lies_ahead_and_is_compared_by_its_day,
    names_in_legacy_letters_are_refused_in_every_door,
    of_two_columns_for_one_member_the_better_one_is_taken_and_named,
    dates_and_times_are_read_in_the_forms_of_desks,
    a_row_shows_every_warning_of_its_stay,
    a_students_number_names_the_stay_with_its_day,
    a_day_said_for_the_whole_file_completes_its_foreigners,
    messages_name_the_column_by_its_own_heading,
    the_template_speaks_the_language_asked_for_and_reads_back,
];

async fn upload(desk: &Caller, query: &str, content: impl Into<Vec<u8>>) -> Answer {
    desk.send_file(query, CSV, content).await
}

/// Uploads a file, waits until it is done, and returns its state and the outcomes of its rows.
async fn imported(desk: &Caller, query: &str, content: &str) -> (Value, Vec<Value>) {
    let answer = upload(desk, query, content).await;
    answer.expect(202);
    let address = answer.header("location").unwrap().to_owned();
    let import = tests::eventually_some("the end of a file", DONE, async || {
        let import = desk.get(&address).await.expect(200);
        let is_open = ["queued", "running"].contains(&import["state"].as_str().unwrap());
        (!is_open).then_some(import)
    })
    .await;
    let rows = desk
        .get(&format!("{address}/rows?limit=200"))
        .await
        .expect(200);
    (import, rows["items"].as_array().unwrap().clone())
}

/// A table as CSV.
fn table(heading: &str, rows: &[Vec<String>]) -> String {
    let lines = rows.iter().map(|row| {
        let cells: Vec<String> = row.iter().map(|cell| format!("\"{cell}\"")).collect();
        cells.join(";")
    });
    let lines: Vec<String> = std::iter::once(heading.to_owned()).chain(lines).collect();
    lines.join("\r\n") + "\r\n"
}

fn day(days_from_today: i64) -> String {
    local(days_from_today, "12:00:00")
        .format("%d/%m/%Y")
        .to_string()
}

/// `pointer code` of what a row is refused for.
fn reasons(row: &Value) -> Vec<String> {
    let errors = row["problem"]["errors"].as_array();
    let reason = |error: &Value| {
        let [pointer, code] = ["pointer", "code"].map(|name| error[name].as_str().unwrap());
        format!("{pointer} {code}")
    };
    errors.map_or_else(Vec::new, |errors| errors.iter().map(reason).collect())
}

fn warnings(row: &Value) -> Vec<String> {
    let of = |warning: &Value| {
        let [pointer, code] = ["pointer", "code"].map(|name| warning[name].as_str().unwrap());
        format!("{pointer} {code}")
    };
    row["warnings"].as_array().unwrap().iter().map(of).collect()
}

async fn stay(desk: &Caller, row: &Value) -> Value {
    assert!(row["stay_id"].is_string(), "{row}");
    desk.stay(row["stay_id"].as_str().unwrap()).await
}

const FOREIGNERS: &str = "Họ và tên;Ngày sinh;Giới tính;Quốc tịch;Loại giấy tờ;Số giấy tờ;Phòng;Ngày đến;Giờ đến;Ngày đi dự kiến;Tạm trú đến ngày";

fn foreigner(country: &str, sex: &str, kind: &str, number: &str) -> Vec<String> {
    let cells = [
        "ANNA THIỀM",
        "08/12/1985",
        sex,
        country,
        kind,
        number,
        "305",
        &day(-1),
        "20:15",
        &day(2),
        &day(30),
    ];
    cells.map(str::to_owned).to_vec()
}

fn passport() -> String {
    format!("P{:07}", people::next())
}

async fn countries_sexes_and_cards_are_told_by_the_words_of_desks(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let words = [
        ("MY", "MYS"),
        ("NGA", "NGA"),
        ("Nga", "RUS"),
        ("Áo", "AUT"),
        ("China", "CHN"),
        ("United States", "USA"),
        ("Hàn", "KOR"),
        ("Séc", "CZE"),
        ("British", "GBR"),
        ("Đức - DEU", "DEU"),
    ];
    let sexes = [
        ("X", "unspecified"),
        ("Khác", "unspecified"),
        ("Nam/Male", "male"),
        ("Nữ", "female"),
    ];
    let mut lines: Vec<Vec<String>> = words
        .iter()
        .map(|(word, _)| foreigner(word, "Nữ", "Hộ chiếu", &passport()))
        .collect();
    lines.extend(
        sexes
            .iter()
            .map(|(sex, _)| foreigner("FRA", sex, "Passport", &passport())),
    );
    lines.push(foreigner("German", "Nữ", "Identity card", "L01X00T47"));
    lines.push(foreigner("My", "Nữ", "Passport", &passport()));
    lines.push(foreigner("Atlantis", "Nữ", "Passport", &passport()));
    let (import, rows) = imported(&desk, "", &table(FOREIGNERS, &lines)).await;
    assert_eq!(import["rejected"], 2, "{rows:?}");
    for (row, (word, code)) in rows.iter().zip(words) {
        assert_eq!(
            stay(&desk, row).await["guest"]["nationality"],
            code,
            "{word}"
        );
    }
    for (row, (word, sex)) in rows[words.len()..].iter().zip(sexes) {
        assert_eq!(stay(&desk, row).await["guest"]["sex"], sex, "{word}");
    }
    let [german, either, unknown] = &rows[words.len() + sexes.len()..] else {
        panic!("{rows:?}");
    };
    let document = json!({"kind": "foreign_identity_card", "number": "L01X00T47"});
    assert_eq!(stay(&desk, german).await["guest"]["document"], document);
    assert_eq!(
        reasons(either),
        ["/guest/nationality nationality_ambiguous"]
    );
    let message = either["problem"]["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("MYS") && message.contains("USA"),
        "{message}"
    );
    assert_eq!(reasons(unknown), ["/guest/nationality unknown_code"]);
}

const CITIZENS: &str = "Họ tên;Phòng;Số giấy tờ;Ngày đến;Ngày đi;Số điện thoại;Ghi chú";

fn citizen(room: &str, number: &str, phone: &str, note: &str) -> Vec<String> {
    let arrival = format!("{} 20:15", day(-1));
    let cells = ["Lê Thiềm An", room, number, &arrival, &day(1), phone, note];
    cells.map(str::to_owned).to_vec()
}

async fn what_a_spreadsheet_did_to_rooms_and_numbers_is_restored_or_refused(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let number = people::person().number;
    let lost = number.trim_start_matches('0');
    let lines = [
        citizen("203.0", &format!("{number}.0"), "912345678.0", "#N/A"),
        citizen("1", &format!("{lost}.0"), "", ""),
        citizen("#N/A", &people::person().number, "", ""),
        citizen("TRUE", &people::person().number, "", ""),
        citizen("01-Dec", &people::person().number, "", ""),
        citizen("1", "3.80909E+10", "", ""),
    ];
    let (import, rows) = imported(&desk, "", &table(CITIZENS, &lines)).await;
    assert_eq!(import["accepted"], 1, "{rows:?}");
    let whole = stay(&desk, &rows[0]).await;
    assert_eq!(whole["room"], "203");
    assert_eq!(whole["guest"]["document"]["number"], number);
    assert_eq!(whole["guest"]["phone"], "912345678");
    assert!(whole["note"].is_null(), "{whole}");
    let found = warnings(&rows[0]);
    for warning in [
        "/room number_cleaned",
        "/guest/document/number number_cleaned",
        "/note cell_not_text",
    ] {
        assert!(found.contains(&warning.to_owned()), "{found:?}");
    }
    assert_eq!(
        reasons(&rows[1]),
        ["/guest/document/number leading_zero_lost"]
    );
    for row in &rows[2..5] {
        assert_eq!(reasons(row), ["/room cell_not_text"], "{row}");
    }
    assert_eq!(reasons(&rows[5]), ["/guest/document/number number_rounded"]);
}

async fn nobody_is_present_by_a_status_that_does_not_say_so(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let heading = "Họ tên;Phòng;Số giấy tờ;Ngày đến;Giờ đến;Ngày đi;Giờ đi;Trạng thái";
    let line = |status: &str, departure: &str, time: &str| {
        let number = people::person().number;
        let arrival = day(-2);
        let cells = [
            "Lê Thiềm An",
            "7",
            &number,
            &arrival,
            "20:15",
            departure,
            time,
            status,
        ];
        cells.map(str::to_owned).to_vec()
    };
    let yesterday = day(-1);
    let lines = [
        line("Khách hủy", &yesterday, ""),
        line("Due In", &yesterday, ""),
        line("Chưa đến", &yesterday, ""),
        line("CHECKED OUT", &yesterday, "11:30"),
        line("Đã trả phòng", &yesterday, ""),
        line("ra", &day(3), ""),
        line("Đã thanh toán", &yesterday, ""),
        line("Đang ở", &day(1), ""),
    ];
    let content = table(heading, &lines);
    let (import, rows) = imported(&desk, "", &content).await;
    let outcomes: Vec<&str> = rows
        .iter()
        .map(|row| row["outcome"].as_str().unwrap())
        .collect();
    let expected = [
        "skipped", "skipped", "skipped", "accepted", "accepted", "skipped", "rejected", "accepted",
    ];
    assert_eq!(outcomes, expected, "{rows:?}");
    assert_eq!(import["skipped"], 4);
    let why: Vec<Vec<String>> = rows.iter().map(warnings).collect();
    assert_eq!(why[0], [" booking_cancelled"]);
    assert_eq!(why[1], [" guest_not_arrived"]);
    assert_eq!(why[2], [" guest_not_arrived"]);
    assert_eq!(why[5], [" guest_departed"]);
    assert_eq!(reasons(&rows[6]), [" status_unknown"]);
    let presence = async |row: &Value| stay(&desk, row).await["presence"].clone();
    assert_eq!(presence(&rows[3]).await, "departed");
    assert_eq!(presence(&rows[4]).await, "departed");
    assert_eq!(presence(&rows[7]).await, "present");
    let left = stay(&desk, &rows[3]).await;
    assert_eq!(left["departed_at"], text_of(local(-1, "11:30:00")));
    // Once more nothing changes.
    let (again, rows) = imported(&desk, "", &content).await;
    assert_eq!(
        (&again["replayed"], &again["skipped"]),
        (&json!(3), &json!(4)),
        "{rows:?}"
    );
    assert_eq!(stay(&desk, &rows[3]).await["version"], left["version"]);
}

async fn one_odd_date_turns_no_other_one(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    // The first twelve days of a month may be read in either order.
    let arrival = (1..40).map(|back| local(-back, "12:00:00"));
    let arrival = arrival
        .into_iter()
        .find(|day| {
            (1..=12).contains(&chrono::Datelike::day(day))
                && chrono::Datelike::day(day) != chrono::Datelike::month(day)
        })
        .unwrap();
    let day_of = arrival.format("%d/%m/%Y").to_string();
    let heading = "Họ tên;Số CCCD;Phòng;Ngày đến;Ngày đi;Ngày sinh";
    let leaves = day(3);
    let line = |birth: &str| {
        let number = people::person().number;
        ["Lê Thiềm An", &number, "7", &day_of, &leaves, birth]
            .map(str::to_owned)
            .to_vec()
    };
    let lines = [line("02/01/1985"), line("05/17/1985")];
    let (import, rows) = imported(&desk, "", &table(heading, &lines)).await;
    assert_eq!(import["date_order"], "dmy", "{import}");
    let first = stay(&desk, &rows[0]).await;
    let arrival_day = arrival.format("%Y-%m-%d").to_string();
    assert!(
        first["arrival_at"]
            .as_str()
            .unwrap()
            .starts_with(&arrival_day),
        "{first}"
    );
    assert_eq!(first["guest"]["birth_date"], "1985-01-02");
    assert!(warnings(&rows[0]).contains(&"/guest/birth_date date_assumed".to_owned()));
    assert_eq!(reasons(&rows[1]), ["/guest/birth_date invalid_date"]);
    let columns = import["columns"].as_array().unwrap();
    let birth = columns
        .iter()
        .find(|column| column["field"] == "birth_date")
        .unwrap();
    assert_eq!(
        (&birth["date_order"], &birth["heading"]),
        (&json!("dmy"), &json!("Ngày sinh"))
    );

    let number = || people::person().number;
    let american = |days: i64| local(days, "12:00:00").format("%m/%d/%Y").to_string();
    let english = "Guest name,Room,Personal ID,Arrival,Departure,DOB";
    let content = format!(
        "{english}\nLê An,7,{},{},{},12/25/1985\nLê An,7,{},{},{},25/12/1985\n",
        number(),
        american(-1),
        day(3),
        number(),
        american(-20),
        day(4),
    );
    let (import, rows) = imported(&desk, "?dry_run=true", &content).await;
    let order = |field: &str| {
        let columns = import["columns"].as_array().unwrap();
        let column = columns.iter().find(|column| column["field"] == field);
        column.unwrap()["date_order"].clone()
    };
    // Both orders are proven: the day goes first, and only the other one is refused.
    assert_eq!(order("birth_date"), "dmy");
    assert_eq!(rows[0]["outcome"], "rejected", "{rows:?}");
    assert!(reasons(&rows[0]).contains(&"/guest/birth_date invalid_date".to_owned()));
    assert!(!reasons(&rows[1]).contains(&"/guest/birth_date invalid_date".to_owned()));
}

/// The same file at 09:00 and at 09:05 in Viet Nam; on PostgreSQL, which has a clock of its own,
/// twice now.
async fn an_assumed_arrival_never_lies_ahead_and_is_compared_by_its_day(database: Database) {
    let until_nine = (local(0, "09:00:00") - now()).num_seconds();
    let (clock, settings) = match database {
        Database::Sqlite => {
            let clock = WrongClock::ahead(until_nine);
            let settings = clock.settings();
            (Some(clock), settings)
        }
        Database::Postgres => (None, Vec::new()),
    };
    let directory = tempfile::tempdir().unwrap();
    let (river, _database) = start(database, directory.path(), settings).await;
    let desk = river.caller("hotel");
    let heading = "Họ tên;Phòng;Số giấy tờ;Ngày đến;Ngày đi";
    let number = people::person().number;
    let (today, tomorrow) = (day(0), day(1));
    let line = ["Lê Thiềm An", "7", &number, &today, &tomorrow]
        .map(str::to_owned)
        .to_vec();
    let content = table(heading, &[line]);
    let (import, rows) = imported(&desk, "", &content).await;
    assert_eq!(import["accepted"], 1, "{rows:?}");
    assert_eq!(warnings(&rows[0]), ["/arrival_at arrival_time_assumed"]);
    let first = stay(&desk, &rows[0]).await;
    let arrival_at: chrono::DateTime<chrono::FixedOffset> =
        first["arrival_at"].as_str().unwrap().parse().unwrap();
    let received_at: chrono::DateTime<chrono::FixedOffset> =
        first["received_at"].as_str().unwrap().parse().unwrap();
    assert!(arrival_at < received_at, "{first}");
    assert!(arrival_at.hour() <= 14, "{first}");
    assert!(received_at - arrival_at < TimeDelta::minutes(2) || arrival_at.hour() == 14);
    if let Some(clock) = &clock {
        assert_eq!(
            arrival_at.hour(),
            if arrival_at.minute() == 59 { 8 } else { 9 }
        );
        clock.jump(until_nine + 300);
    }
    let (again, rows) = imported(&desk, "", &content).await;
    assert_eq!(again["replayed"], 1, "{rows:?}");
    assert_eq!(rows[0]["stay_id"], first["id"]);
    // A change of something else leaves the day what it is compared by.
    let id = first["id"].as_str().unwrap();
    let patch = json!({"room": "8", "reason": "đổi phòng"});
    desk.call("PATCH", &format!("/v1/stays/{id}"))
        .header("If-Match", "\"1\"")
        .json(&patch)
        .send()
        .await
        .expect(200);
    let moved = content.replace("\"7\"", "\"8\"");
    let (moved, rows) = imported(&desk, "", &moved).await;
    assert_eq!(moved["replayed"], 1, "{rows:?}");
}

async fn start(
    database: Database,
    directory: &Path,
    mut settings: Vec<Setting>,
) -> (River, Option<TestDatabase>) {
    let own = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let url = own.as_ref().map(|own| own.url().to_owned());
    settings.extend(url.map(|url| ("LUUTRU_DATABASE_URL", url)));
    (River::start_in(directory, &settings).await, own)
}

async fn names_in_legacy_letters_are_refused_in_every_door(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for name in ["Lª ThÞ Hoµ", "Nguyeãn Thò Hoaø", "Nguyá»…n Thá»‹ HoÃ "] {
        let mut sent = people::citizen(river.facility("hotel"));
        sent["guest"]["full_name"] = json!(name);
        let problem = desk
            .declare(&sent)
            .await
            .expect_problem(422, "validation_failed");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{problem}");
        assert_eq!(errors[0]["code"], "text_damaged", "{name}");
        let mut line = citizen("1", &people::person().number, "", "");
        name.clone_into(&mut line[0]);
        let (_, rows) = imported(&desk, "", &table(CITIZENS, &[line])).await;
        assert_eq!(
            reasons(&rows[0]),
            ["/guest/full_name text_damaged"],
            "{name}"
        );
    }
    for name in ["João Müller", "Noël Åberg", "Nguyễn Thị Hoà"] {
        let mut sent = people::citizen(river.facility("hotel"));
        sent["guest"]["full_name"] = json!(name);
        desk.declare(&sent).await.expect(201);
    }
}

async fn of_two_columns_for_one_member_the_better_one_is_taken_and_named(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let arrival = local(-1, "20:15:00").format("%Y-%m-%d %H:%M").to_string();
    let departure = local(1, "12:00:00").format("%Y-%m-%d").to_string();
    let content = format!(
        "Guest name,Room,Personal ID,Check-in,Check-out,Status,Guest Status,Title,Gender,Phone Number,Mobile\n\
         Lê An,7,{},{arrival},{departure},Confirmed,Checked In,Mr.,,,0912345678\n",
        people::person().number
    );
    let (import, rows) = imported(&desk, "", &content).await;
    assert_eq!(import["accepted"], 1, "{import} {rows:?}");
    let kept = stay(&desk, &rows[0]).await;
    assert_eq!(
        kept["guest"]["sex"], "male",
        "of the title, where the gender is left out"
    );
    assert_eq!(kept["guest"]["phone"], "0912345678");
    let columns = import["columns"].as_array().unwrap();
    let used: Vec<(&str, bool)> = columns
        .iter()
        .filter(|column| ["status", "sex", "phone"].contains(&column["field"].as_str().unwrap()))
        .map(|column| {
            (
                column["heading"].as_str().unwrap(),
                column["is_used"].as_bool().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("Status", false),
        ("Guest Status", true),
        ("Title", false),
        ("Gender", true),
        ("Phone Number", false),
        ("Mobile", true),
    ];
    assert_eq!(used, expected);
    let content = "Họ tên,Tên khách,Ngày đến,Ngày vào,Phòng\nA,B,1/2/2026,2/2/2026,3\n";
    let (import, _) = imported(&desk, "", content).await;
    let errors = import["problem"]["errors"].as_array().unwrap();
    let messages: Vec<&str> = errors
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages.len(), 2, "{import}");
    assert!(messages[0].ends_with("Cột A và B."), "{messages:?}");
    assert!(messages[1].ends_with("Cột C và D."), "{messages:?}");
}

async fn dates_and_times_are_read_in_the_forms_of_desks(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let heading = "Họ tên;Phòng;Số giấy tờ;Ngày sinh;Ngày đến;Giờ đến;Ngày đi";
    let yesterday = local(-1, "12:00:00");
    let form = |form: &str| yesterday.format(form).to_string();
    let leaves = day(2);
    let line = |birth: &str, arrival: &str, time: &str| {
        let number = people::person().number;
        ["Lê An", "7", &number, birth, arrival, time, &leaves]
            .map(str::to_owned)
            .to_vec()
    };
    let lines = [
        line("00/00/1985", &form("%d thg %m, %Y"), "2:05 CH"),
        line("--/--/1985", &form("14:05:00 %d/%m/%Y"), ""),
        line("1985", &form("%d/%m"), "14.05"),
        line("xx/05/1985", &form("%Y-%m-%d"), "14h05"),
        line("17/05/2528", &form("ngày %d tháng %m năm %Y"), "14 giờ 05"),
    ];
    let (import, rows) = imported(&desk, "", &table(heading, &lines)).await;
    assert_eq!(import["accepted"], 5, "{rows:?}");
    let births = ["1985", "1985", "1985", "1985-05", "1985-05-17"];
    for (row, birth) in rows.iter().zip(births) {
        let kept = stay(&desk, row).await;
        assert_eq!(kept["arrival_at"], text_of(local(-1, "14:05:00")), "{row}");
        assert_eq!(kept["guest"]["birth_date"], birth, "{row}");
    }
    assert!(warnings(&rows[4]).contains(&"/guest/birth_date date_assumed".to_owned()));
}

async fn a_row_shows_every_warning_of_its_stay(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let number = people::person().number;
    let first = table(CITIZENS, &[citizen("101", &number, "", "")]);
    let (import, rows) = imported(&desk, "", &first).await;
    assert_eq!(import["accepted"], 1, "{rows:?}");
    assert_eq!(import["resend"]["known_by"], "content");
    assert!(
        import["resend"]["message"]
            .as_str()
            .unwrap()
            .contains("Mã khai báo")
    );
    let moved = table(CITIZENS, &[citizen("102", &number, "", "")]);
    for outcome in ["accepted", "replayed"] {
        let (_, rows) = imported(&desk, "", &moved).await;
        assert_eq!(rows[0]["outcome"], outcome);
        let kept = stay(&desk, &rows[0]).await;
        let carried: Vec<String> = kept["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| {
                let [pointer, code] =
                    ["pointer", "code"].map(|name| warning[name].as_str().unwrap());
                format!("{pointer} {code}")
            })
            .collect();
        assert!(carried.contains(&"/guest/document/number already_present_here".to_owned()));
        assert_eq!(warnings(&rows[0]), carried);
    }
}

async fn a_students_number_names_the_stay_with_its_day(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("school");
    let arrival = local(-10, "12:00:00");
    let heading = "MSSV;Họ tên;Số CCCD;Phòng;Giường;Ngày vào;Ngày ra dự kiến";
    let students: Vec<(String, String)> = (0..3)
        .map(|_| (people::fresh("SV"), people::person().number))
        .collect();
    let roster = |room: &str| {
        let line = |(student, number): &(String, String)| {
            let cells = [
                student,
                "Lê Thiềm An",
                number,
                room,
                "1",
                &day(-10),
                &day(60),
            ];
            cells.map(str::to_owned).to_vec()
        };
        table(heading, &students.iter().map(line).collect::<Vec<_>>())
    };
    let (import, rows) = imported(&desk, "", &roster("A1")).await;
    assert_eq!(import["accepted"], 3, "{rows:?}");
    assert_eq!(import["resend"]["known_by"], "person_number");
    let kept = stay(&desk, &rows[0]).await;
    let reference = format!("{}/{}", students[0].0, arrival.format("%Y-%m-%d"));
    assert_eq!(kept["reference"], reference);
    let (again, _) = imported(&desk, "", &roster("A1")).await;
    assert_eq!(again["replayed"], 3);
    // A guest who moved to another room is not present twice: the row names the stay to correct.
    let (moved, rows) = imported(&desk, "", &roster("B2")).await;
    assert_eq!(moved["rejected"], 3, "{rows:?}");
    assert_eq!(rows[0]["problem"]["code"], "reference_conflict");
    assert_eq!(rows[0]["problem"]["stay_id"], kept["id"]);
}

async fn a_day_said_for_the_whole_file_completes_its_foreigners(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let lines: Vec<Vec<String>> = ["KOR", "Việt Nam", "FRA"]
        .iter()
        .map(|country| {
            let mut line = foreigner(country, "Nữ", "", &passport());
            if *country == "Việt Nam" {
                line[5] = people::person().number;
            }
            if *country != "FRA" {
                line[10].clear();
            }
            line
        })
        .collect();
    let content = table(FOREIGNERS, &lines);
    let (_, rows) = imported(&desk, "?dry_run=true", &content).await;
    assert_eq!(reasons(&rows[0]), ["/guest/permitted_stay_until required"]);
    let until = local(40, "12:00:00").format("%Y-%m-%d").to_string();
    let query = format!("?permitted_stay_until={until}");
    let (import, rows) = imported(&desk, &query, &content).await;
    assert_eq!(import["accepted"], 3, "{rows:?}");
    assert_eq!(import["permitted_stay_until"], until);
    let own = local(30, "12:00:00").format("%Y-%m-%d").to_string();
    for (row, expected) in rows.iter().zip([Some(&until), None, Some(&own)]) {
        let said = stay(&desk, row).await["guest"]["permitted_stay_until"].clone();
        assert_eq!(said.as_str(), expected.map(String::as_str), "{row}");
    }
    // It is part of what makes the request the same.
    let key = people::fresh("file");
    let post = async |query: &str| {
        let call = desk.call("POST", &format!("/v1/imports{query}"));
        let call = call
            .body(CSV, content.clone())
            .header("Idempotency-Key", &key);
        call.send().await
    };
    post(&query).await.expect(202);
    post("").await.expect_problem(422, "idempotency_key_reused");
    let problem = upload(&desk, "?permitted_stay_until=27/12/2026", content.clone()).await;
    let problem = problem.expect_problem(422, "validation_failed");
    assert_eq!(
        problem["errors"][0]["pointer"],
        "/query/permitted_stay_until"
    );
}

async fn messages_name_the_column_by_its_own_heading(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut lines = vec![
        citizen("1", &people::person().number, "", ""),
        citizen("", &people::person().number, "", ""),
        citizen("1", &passport(), "", ""),
    ];
    "31/11/2026".clone_into(&mut lines[0][3]);
    let content = table(CITIZENS, &lines);
    let answer = upload(&desk, "", content.clone()).await;
    answer.expect(202);
    let address = answer.header("location").unwrap().to_owned();
    let rows = tests::eventually_some("the end of a file", DONE, async || {
        let import = desk.get(&address).await.expect(200);
        if import["state"] != "completed" {
            return None;
        }
        let call = desk.call("GET", &format!("{address}/rows"));
        Some(
            call.header("Accept-Language", "en")
                .send()
                .await
                .expect(200),
        )
    })
    .await;
    let messages: Vec<Vec<&str>> = rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let errors = row["problem"]["errors"].as_array().unwrap().iter();
            errors
                .map(|error| error["message"].as_str().unwrap())
                .collect()
        })
        .collect();
    assert!(
        messages[0][0].starts_with("Column D “Ngày đến”: "),
        "{messages:?}"
    );
    assert!(messages[0][0].contains("28/11/2026 14:05"), "{messages:?}");
    assert!(
        messages[1][0].starts_with("Column B “Phòng”: The cell is empty"),
        "{messages:?}"
    );
    let missing = messages[2]
        .iter()
        .find(|message| message.contains("no column"));
    assert!(
        missing.is_some_and(|message| message.contains("“Nationality”")),
        "{messages:?}"
    );
    for message in messages.iter().flatten() {
        for word in ["RFC", "YYYY", "+07:00", "/v1"] {
            assert!(!message.contains(word), "{message}");
        }
    }
    let file = desk
        .call("GET", &format!("{address}/rejected"))
        .header("Accept-Language", "vi")
        .send()
        .await;
    assert_eq!(file.status, 200);
    assert!(
        file.text().contains("Cột D “Ngày đến”: "),
        "{}",
        file.text()
    );
}

async fn the_template_speaks_the_language_asked_for_and_reads_back(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for (language, heading) in [("vi", "Họ và tên *"), ("en", "Full name *")] {
        let get = async |accept: &str| {
            let call = desk.call("GET", "/v1/imports/template");
            let call = call.header("Accept", accept);
            call.header("Accept-Language", language).send().await
        };
        let csv = get("text/csv").await;
        assert_eq!(csv.header("content-language"), Some(language));
        assert!(csv.text().contains(heading), "{}", csv.text());
        let workbook = get(XLSX).await;
        let answer = desk
            .call("POST", "/v1/imports")
            .body(XLSX, workbook.body)
            .send()
            .await;
        let address = answer.header("location").unwrap().to_owned();
        let import = tests::eventually_some("the end of a file", DONE, async || {
            let import = desk.get(&address).await.expect(200);
            (import["state"] == "failed").then_some(import)
        })
        .await;
        assert_eq!(
            import["problem"]["errors"][0]["code"], "file_empty",
            "{import}"
        );
    }
}
