//! The pages for many guests over HTTP: a group, a file, a ward's census.

use std::time::Duration;

use serde_json::json;
use tests::{
    Answer, Database, Person, River, eventually_some, now, on_both_databases, people, text_of,
};

on_both_databases![
    a_group_is_declared_once_and_its_bad_rows_stay,
    a_pasted_table_becomes_rows,
    a_card_scanned_twice_makes_no_second_row,
    a_file_is_sent_watched_and_mended,
    a_ward_is_confirmed_by_its_differences,
    a_list_that_looks_like_a_mistake_is_confirmed_by_its_number,
    pages_of_many_are_for_those_who_declare,
];

/// How long a file may take.
const DONE: Duration = Duration::from_secs(60);

/// Sends a form as a browser does.
async fn send(person: &Person, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    let call = person.call("POST", path);
    let body = pairs.join("&");
    call.body("application/x-www-form-urlencoded", body)
        .send()
        .await
}

fn escaped(value: &str) -> String {
    let bytes = value.bytes();
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}

/// The value of a field.
fn value<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&start);
    let (_, rest) = rest.unwrap_or_else(|| panic!("no field {name}: {page}"));
    rest.split('"').next().unwrap_or_default()
}

async fn a_group_is_declared_once_and_its_bad_rows_stay(database: Database) {
    let river = River::shared(database).await;
    let desk = Person::signed_in(river.api(), river.account("desk")).await;
    let page = desk.get("/desk/group").await;
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(page.contains("Chưa có khách nào trong đoàn"), "{page}");
    let (one, two) = (people::person(), people::person());
    let short = &two.number[1..];
    let shared = [
        ("key", value(&page, "key")),
        ("departure", "1/1"),
        ("purpose", "tourism"),
        ("group_name", "Xe 29B"),
        ("count", "2"),
        ("1.full_name", one.full_name.as_str()),
        ("1.number", one.number.as_str()),
        ("1.kind", "citizen_card"),
        ("1.room", "301"),
        ("2.full_name", two.full_name.as_str()),
        ("2.kind", "citizen_card"),
        ("2.room", "301"),
    ];
    let bad = [&shared[..], &[("2.number", short)]].concat();
    let sent = send(&desk, "/desk/group/stays", &bad).await;
    assert_eq!(sent.status, 200);
    let sent = sent.text();
    assert!(sent.contains("Đã khai 1 khách, đều đúng hạn"), "{sent}");
    assert!(sent.contains(&format!("Dùng {}", two.number)), "{sent}");
    assert!(!sent.contains(&one.number), "{sent}");
    assert_ne!(value(&sent, "key"), shared[0].1);

    // Sent again, nothing is made twice.
    let again = send(&desk, "/desk/group/stays", &bad).await.text();
    assert!(
        again.contains("1 người trong số đó đã khai từ trước"),
        "{again}"
    );

    // The suggestion is taken, and the row is sent.
    let mended = [&bad[..], &[("use", "2")]].concat();
    let mended = send(&desk, "/desk/group", &mended).await.text();
    assert_eq!(value(&mended, "2.number"), two.number);
    let good = [&shared[..], &[("2.number", two.number.as_str())]].concat();
    let good: Vec<(&str, &str)> = good.into_iter().skip(1).collect();
    let sent = send(&desk, "/desk/group/stays", &good).await.text();
    assert!(sent.contains("Đã khai 2 khách"), "{sent}");
    let hotel = river.caller("hotel");
    let found = json!({"document_number": two.number});
    let found = hotel.post("/v1/stays/search", &found).await.expect(200);
    assert_eq!(found["items"][0]["party"]["reference"], "Xe 29B");
    assert_eq!(found["items"][0]["room"], "301");
}

async fn a_pasted_table_becomes_rows(database: Database) {
    let river = River::shared(database).await;
    let desk = Person::signed_in(river.api(), river.account("desk")).await;
    let (one, two) = (people::person(), people::person());
    let table = format!(
        "{}\t{}\t17/05/1985\n{}\t{}\t18/05/1985\n",
        one.full_name, one.number, two.full_name, two.number
    );
    let pairs = [
        ("departure", "1/1"),
        ("paste", "1"),
        ("table", table.as_str()),
    ];
    let page = send(&desk, "/desk/group", &pairs).await.text();
    assert!(page.contains("Đã thêm 2 dòng từ bảng."), "{page}");
    assert_eq!(value(&page, "1.number"), one.number);
    assert_eq!(value(&page, "2.birth_date"), "18/05/1985");
    assert!(page.contains("Nhập số phòng."), "{page}");
    let unread = [("paste", "1"), ("table", "một\thai\nba\tbốn\n")];
    let page = send(&desk, "/desk/group", &unread).await.text();
    assert!(page.contains("Không nhận ra bảng này"), "{page}");
    assert!(page.contains("một\thai"), "{page}");
    // Rooms are given by counting from the first.
    let rooms = [
        ("rooms", "1"),
        ("from", "A09"),
        ("each", "1"),
        ("1.full_name", "A B"),
        ("2.full_name", "C D"),
    ];
    let page = send(&desk, "/desk/group", &rooms).await.text();
    assert_eq!(value(&page, "1.room"), "A09");
    assert_eq!(value(&page, "2.room"), "A10");
}

async fn a_card_scanned_twice_makes_no_second_row(database: Database) {
    let river = River::shared(database).await;
    let desk = Person::signed_in(river.api(), river.account("desk")).await;
    let person = people::person();
    let scan = format!(
        "{}||{}|17051985|Nam|Thanh Hóa|01052021",
        person.number, person.full_name
    );
    let page = send(&desk, "/desk/group", &[("scan", &scan)]).await.text();
    assert!(page.contains("Vừa nhận: dòng 1"), "{page}");
    let again = [
        ("scan", scan.as_str()),
        ("1.full_name", person.full_name.as_str()),
        ("1.number", person.number.as_str()),
    ];
    let page = send(&desk, "/desk/group", &again).await.text();
    assert!(page.contains("đã ở dòng 1"), "{page}");
    assert!(!page.contains("name=\"2."), "{page}");
    let unread = send(&desk, "/desk/group", &[("scan", "a|b|c")])
        .await
        .text();
    assert_eq!(value(&unread, "scan"), "a|b|c");
}

/// Sends a file as a form does.
async fn upload(person: &Person, path: &str, file: &str) -> Answer {
    let call = person.call("POST", path);
    let disposition = "Content-Disposition: form-data; name=\"file\"; filename=\"so.csv\"";
    let body = format!("--b\r\n{disposition}\r\nContent-Type: text/csv\r\n\r\n{file}\r\n--b--\r\n");
    let call = call.body("multipart/form-data; boundary=b", body);
    call.send().await
}

async fn a_file_is_sent_watched_and_mended(database: Database) {
    let river = River::shared(database).await;
    let desk = Person::signed_in(river.api(), river.account("desk")).await;
    let page = desk.get("/desk/imports").await.text();
    assert!(page.contains("Kéo tệp vào đây"), "{page}");
    let (good, bad) = (people::person(), people::person());
    let today = now().format("%d/%m/%Y");
    let tomorrow = (now() + chrono::TimeDelta::days(1)).format("%d/%m/%Y");
    let file = format!(
        "Họ tên,Số CCCD,Phòng,Ngày đến,Ngày đi,Ghi chú NV\n\
         {},{},301,{today},{tomorrow},x\n{},{},302,{today},{tomorrow},y\n",
        good.full_name,
        good.number,
        bad.full_name,
        &bad.number[1..]
    );
    let key = "0197c1c8-0280-7000-8000-00000000f11e";
    let path = format!("/desk/imports?key={key}{}", people::next());
    let sent = upload(&desk, &path, &file).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let location = sent.header("location").unwrap().to_owned();
    let page = eventually_some("the end of a file", DONE, async || {
        let page = desk.get(&location).await.text();
        (!page.contains("data-poll")).then_some(page)
    })
    .await;
    for said in ["1 dòng cần sửa", "Bỏ qua", "Ghi chú NV", "Sửa tại chỗ"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(page.contains(&format!("Dùng {}", bad.number)), "{page}");
    assert_eq!(value(&page, "1.number"), &bad.number[1..]);
    // The API says the same of the row.
    let id = location.rsplit('/').next().unwrap();
    let hotel = river.caller("hotel");
    let path = format!("/v1/imports/{id}/rows?outcome=rejected");
    let rows = hotel.get(&path).await.expect(200);
    let row = &rows["items"][0];
    assert_eq!(
        row["values"][1],
        json!({"heading": "Số CCCD", "value": &bad.number[1..]})
    );
    assert_eq!(row["suggestions"][0]["value"], bad.number);

    let fields = ["full_name", "kind", "arrival", "departure", "source"];
    let names: Vec<String> = fields.iter().map(|name| format!("1.{name}")).collect();
    let key = value(&page, "key").to_owned();
    let mut pairs: Vec<(&str, &str)> = names
        .iter()
        .filter(|name| page.contains(&format!("name=\"{name}\"")))
        .map(|name| (name.as_str(), field(&page, name)))
        .collect();
    pairs.extend([("key", key.as_str()), ("1.room", "302")]);
    // What is still wrong stays as it was typed.
    let wrong = [&pairs[..], &[("1.number", "0380")]].concat();
    let still = send(&desk, &format!("{location}/rows"), &wrong)
        .await
        .text();
    assert!(still.contains("1 dòng vẫn cần sửa"), "{still}");
    assert_eq!(value(&still, "1.number"), "0380");
    pairs.push(("1.number", bad.number.as_str()));
    let mended = send(&desk, &format!("{location}/rows"), &pairs)
        .await
        .text();
    assert!(mended.contains("Đã khai 1 dòng đã sửa"), "{mended}");
    assert!(!mended.contains("Sửa tại chỗ"), "{mended}");
    let found = json!({"document_number": bad.number});
    let found = hotel.post("/v1/stays/search", &found).await.expect(200);
    assert_eq!(found["items"][0]["room"], "302");
    let import = hotel.get(&format!("/v1/imports/{id}")).await.expect(200);
    assert_eq!(
        (&import["accepted"], &import["rejected"]),
        (&json!(2), &json!(0))
    );
    // It is nobody else's.
    let ward = Person::signed_in(river.api(), river.account("ward")).await;
    assert_eq!(ward.get(&location).await.status, 404);
}

/// The value of a field, or what is chosen in it.
fn field<'a>(page: &'a str, name: &str) -> &'a str {
    match page.contains(&format!("<select name=\"{name}\"")) {
        false => value(page, name),
        true => {
            let (_, rest) = page
                .split_once(&format!("<select name=\"{name}\""))
                .unwrap();
            let (before, _) = rest.split_once("\" selected").unwrap();
            before.rsplit("value=\"").next().unwrap()
        }
    }
}

/// A ward of the hospital with so many patients, and their names.
async fn patients(river: &River, ward: &str, count: usize) -> Vec<(String, String)> {
    let hospital = river.caller("hospital");
    let mut patients = Vec::new();
    for bed in 1..=count {
        let mut stay = people::citizen(river.facility("hospital"));
        stay["ward"] = json!(ward);
        stay["room"] = json!("301");
        stay["bed"] = json!(bed.to_string());
        stay["arrival_at"] = json!(text_of(now() - chrono::TimeDelta::hours(3)));
        stay["purpose"] = json!("medical_treatment");
        hospital.accepted(&stay).await;
        let text = |pointer: &str| stay.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        patients.push((text("/guest/full_name"), text("/guest/document/number")));
    }
    patients
}

async fn a_ward_is_confirmed_by_its_differences(database: Database) {
    let river = River::shared(database).await;
    let nurse = Person::signed_in(river.api(), river.account("ward")).await;
    let ward = people::fresh("Khoa thử");
    let known = patients(river, &ward, 4).await;
    let chosen = send(&nurse, "/desk/ward", &[("ward", &ward)]).await;
    assert_eq!(chosen.status, 200, "{}", chosen.text());
    let page = chosen.text();
    assert!(page.contains(&known[0].0), "{page}");
    assert!(page.contains("Xác nhận 4 người"), "{page}");
    // One has moved, one is new, one is missing, two are as they were.
    let new = people::person();
    let table = format!(
        "Họ tên\tSố CCCD\tPhòng\tGiường\n{}\t{}\t310\t2\n{}\t{}\t301\t2\n{}\t{}\t301\t3\n{}\t{}\t312\t4\n",
        known[0].0,
        known[0].1,
        known[1].0,
        known[1].1,
        known[2].0,
        known[2].1,
        new.full_name,
        new.number,
    );
    let pairs = [("ward", ward.as_str()), ("paste", "1"), ("table", &table)];
    let page = send(&nurse, "/desk/ward", &pairs).await.text();
    for said in [
        "Mới vào",
        "Đã ra",
        "Đổi chỗ",
        "Từ phòng 301 · giường 1",
        "Xác nhận 4 người",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(page.contains(&known[3].0), "{page}");
    let form = inputs(&page);
    let pairs: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let done = send(&nurse, "/desk/ward/census", &pairs).await;
    assert_eq!(done.status, 200);
    let done = done.text();
    assert!(done.contains("Đã xác nhận 4 người có mặt."), "{done}");
    assert!(done.contains("Mới vào 1, đã ra 1, đổi 1."), "{done}");
    let hospital = river.caller("hospital");
    let presence = async |number: &str| {
        let found = json!({"document_number": number});
        hospital.post("/v1/stays/search", &found).await.expect(200)["items"][0].clone()
    };
    assert_eq!(presence(&known[3].1).await["presence"], "departed");
    assert_eq!(presence(&known[0].1).await["bed"], "2");
    assert_eq!(presence(&new.number).await["ward"], ward.as_str());
}

/// The fields of the page's form as a browser would send them.
fn inputs(page: &str) -> Vec<(String, String)> {
    let unescaped = |text: &str| {
        text.replace("&#38;", "&")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
    };
    let (_, form) = page.split_once("data-rows").expect("the form");
    form.split("<input ")
        .skip(1)
        .filter_map(|input| {
            let input = input.split('>').next()?;
            let is_off = input.contains("type=\"radio\"") && !input.contains(" checked");
            let part = |name: &str| {
                let (_, value) = input.split_once(&format!("{name}=\""))?;
                value.split('"').next()
            };
            (!is_off).then_some(())?;
            Some((
                part("name")?.to_owned(),
                unescaped(part("value").unwrap_or_default()),
            ))
        })
        .collect()
}

async fn a_list_that_looks_like_a_mistake_is_confirmed_by_its_number(database: Database) {
    let river = River::shared(database).await;
    let nurse = Person::signed_in(river.api(), river.account("ward")).await;
    let ward = people::fresh("Khoa vắng");
    let known = patients(river, &ward, 3).await;
    let table = format!(
        "Họ tên\tSố CCCD\tPhòng\n{}\t{}\t301\n",
        known[0].0, known[0].1
    );
    let pairs = [("ward", ward.as_str()), ("paste", "1"), ("table", &table)];
    let page = send(&nurse, "/desk/ward", &pairs).await.text();
    assert!(page.contains("Gõ 2 để xác nhận"), "{page}");
    let mut form = inputs(&page);
    let pairs: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let refused = send(&nurse, "/desk/ward/census", &pairs).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("Gõ 2 để xác nhận"));
    // One of the missing is still here: then it is no mistake.
    let mut here = form.clone();
    let missing = here.iter_mut().find(|(name, _)| name.starts_with("is."));
    missing.expect("a choice").1 = "here".to_owned();
    let pairs: Vec<(&str, &str)> = here
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let compared = send(&nurse, "/desk/ward", &pairs).await.text();
    assert!(!compared.contains("Gõ "), "{compared}");
    for (name, value) in &mut form {
        if name == "confirm" {
            "2".clone_into(value);
        }
    }
    let pairs: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let done = send(&nurse, "/desk/ward/census", &pairs).await.text();
    assert!(done.contains("Đã xác nhận 1 người có mặt."), "{done}");
}

async fn pages_of_many_are_for_those_who_declare(database: Database) {
    let river = River::shared(database).await;
    let officer = river.person("police").await;
    for path in ["/desk/group", "/desk/imports", "/desk/ward"] {
        assert_eq!(officer.get(path).await.status, 403, "{path}");
    }
    // A ward is confirmed by those who work in it.
    let desk = Person::signed_in(river.api(), river.account("desk")).await;
    assert_eq!(desk.get("/desk/ward").await.status, 403);
    let nurse = Person::signed_in(river.api(), river.account("ward")).await;
    assert_eq!(nurse.get("/").await.header("location"), Some("/desk/ward"));
    let sent = send(&officer, "/desk/group/stays", &[("1.room", "1")]).await;
    assert_eq!(sent.status, 403);
    let nobody = Person::at(river.api());
    assert_eq!(nobody.get("/desk/group").await.status, 303);
}
