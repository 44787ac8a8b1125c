//! The pages over HTTP: whom they are for, what browsers may do with them, and that a form declares
//! as the API does. What people see and press is tested in a browser (`tests/browser`).

use tests::{Answer, Database, Person, River, on_both_databases, people};

on_both_databases![
    a_page_is_for_those_who_declare,
    a_page_allows_browsers_what_it_needs_and_no_more,
    files_of_pages_are_kept_for_good,
    a_card_is_declared_once,
    the_next_guest_of_a_room_names_it_in_no_address,
    a_card_with_faults_comes_back_as_it_was,
    a_choice_of_language_leads_back_to_pages_of_ours_only,
    a_form_of_another_site_declares_nothing,
];

/// The hotel's front desk.
async fn desk(river: &River) -> Person {
    Person::signed_in(river.api(), river.account("desk")).await
}

/// Sends a form as a browser does.
pub(super) async fn send(person: &Person, path: &str, pairs: &[(&str, &str)]) -> Answer {
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

/// The value of a hidden field.
pub(super) fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start).expect("the field");
    rest.split('"').next().unwrap_or_default()
}

async fn a_page_is_for_those_who_declare(database: Database) {
    let river = River::shared(database).await;
    let nobody = Person::at(river.api());
    for path in ["/desk", "/desk/today", "/desk/stays/0"] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        let location = answer.header("location").unwrap();
        assert_eq!(location, format!("/sign-in?next={path}"));
    }
    let page = desk(river).await.get("/desk").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<h1>Khai báo khách</h1>"));
    // Officers have pages of their own, and programs have none.
    let officer = river.person("police").await;
    assert_eq!(officer.get("/desk").await.status, 403);
    assert_eq!(river.caller("hotel").get("/desk").await.status, 403);
    // Whoever works for several facilities chooses one.
    let manager = river.person("manager").await.in_another_window(river.api());
    assert!(manager.get("/desk").await.text().contains("Chọn cơ sở"));
    manager.set_cookie("facility", river.facility("hotel"));
    let page = manager.get("/desk").await.text();
    assert!(page.contains("<h1>Khai báo khách</h1>"));
}

async fn a_page_allows_browsers_what_it_needs_and_no_more(database: Database) {
    let river = River::shared(database).await;
    let desk = desk(river).await;
    let page = desk.get("/desk").await;
    let expected = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src \
             'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors \
             'none'",
        ),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("content-language", "vi"),
    ];
    for (name, value) in expected {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let packed = desk.call("GET", "/desk").header("Accept-Encoding", "gzip");
    assert_eq!(packed.send().await.header("content-encoding"), Some("gzip"));
    let absent = desk.get("/desk/stays/0").await;
    assert_eq!(absent.status, 404);
    assert_eq!(
        absent.header("content-type"),
        Some("text/html; charset=utf-8")
    );
}

async fn files_of_pages_are_kept_for_good(database: Database) {
    let river = River::shared(database).await;
    let nobody = river.stranger();
    let page = nobody.get("/help").await.text();
    let (_, rest) = page.split_once("href=\"/assets/style-").unwrap();
    let path = format!("/assets/style-{}", rest.split('"').next().unwrap());
    let style = nobody.get(&path).await;
    assert_eq!(style.status, 200);
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    assert!(style.header("cache-control").unwrap().contains("immutable"));
    let tag = style.header("etag").unwrap();
    let again = nobody.call("GET", &path).header("If-None-Match", tag);
    assert_eq!(again.send().await.status, 304);
    assert_eq!(nobody.get("/assets/style.css").await.status, 404);
}

async fn a_card_is_declared_once(database: Database) {
    let river = River::shared(database).await;
    let desk = desk(river).await;
    let person = people::person();
    let scan = format!(
        "{}||{}|17051985|Nam|Thanh Hóa|01052021",
        person.number, person.full_name
    );
    let card = send(&desk, "/desk/scan", &[("scan", &scan)]).await.text();
    assert!(card.contains(&person.full_name));
    let pairs: Vec<(&str, &str)> = ["kind", "number", "full_name", "sex", "key", "source"]
        .into_iter()
        .map(|name| (name, hidden(&card, name)))
        .chain([
            ("room", "203"),
            ("departure", "1/1"),
            ("purpose", "tourism"),
        ])
        .collect();
    let first = send(&desk, "/desk/stays", &pairs).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let again = send(&desk, "/desk/stays", &pairs).await;
    let location = first.header("location").unwrap();
    assert_eq!(again.header("location"), Some(location));
    let (_, id) = location.split_once("sent=").unwrap();
    let stay = river.caller("hotel").stay(id).await;
    assert_eq!(stay["guest"]["full_name"], person.full_name);
    assert_eq!(stay["room"], "203");
    assert_eq!(stay["timeliness"], "on_time");
    let receipt = desk.get(location).await.text();
    assert!(receipt.contains(stay["receipt"]["number"].as_str().unwrap()));
}

/// Every address that a page leads to, or sends to.
fn addresses(page: &str) -> Vec<&str> {
    let starts = ["href=\"", "src=\"", "action=\"", "hx-get=\"", "hx-post=\""];
    let parts = starts.iter().flat_map(|start| page.split(start).skip(1));
    parts.filter_map(|part| part.split('"').next()).collect()
}

async fn the_next_guest_of_a_room_names_it_in_no_address(database: Database) {
    let river = River::start(database).await;
    let desk = desk(&river).await;
    let mut stay = people::citizen(river.facility("hotel"));
    let room = "QX-7731 & 2";
    stay["room"] = room.into();
    let stay = river.caller("hotel").accepted(&stay).await;
    let id = stay["id"].as_str().unwrap();
    let said = desk.get(&format!("/desk?sent={id}")).await.text();
    assert!(said.contains("QX-7731 &#38; 2"), "{said}");
    let (_, form) = said
        .split_once("<form method=\"post\" action=\"/desk\" hx-post=\"/desk\">")
        .expect("the form of the next guest");
    assert_eq!(hidden(form, "room"), "QX-7731 &#38; 2");
    let next = send(&desk, "/desk", &[("room", room)]).await;
    assert_eq!(next.status, 200);
    assert_eq!(hidden(&next.text(), "room"), "QX-7731 &#38; 2");
    let scan = [("scan", "001090001234"), ("room", room)];
    let card = send(&desk, "/desk/scan", &scan).await.text();
    assert!(card.contains("value=\"QX-7731 &#38; 2\""), "{card}");
    // An address of before opens the page without a room.
    let page = desk.get("/desk?room=QX-7731").await.text();
    assert_eq!(hidden(&page, "room"), "");

    // Nor does any other address that the pages of a desk lead to, or send to.
    let mut known = vec!["/desk".to_owned(), format!("/desk?sent={id}")];
    let mut place = 0;
    let number = stay["guest"]["document"]["number"].as_str().unwrap();
    let values = ["7731", number, "Thi"];
    while let Some(path) = known.get(place).cloned() {
        place += 1;
        let page = desk.get(&path).await.text();
        for address in addresses(&page) {
            let told = values.iter().find(|value| address.contains(**value));
            assert_eq!(told, None, "{address} on {path}");
            let next = address
                .split('#')
                .next()
                .unwrap_or_default()
                .replace("&amp;", "&");
            let is_page = next.starts_with("/desk") && !next.contains("/live");
            if is_page && !known.contains(&next) && known.len() < 100 {
                known.push(next);
            }
        }
    }
    assert!(known.len() > 10, "{known:?}");
}

async fn a_card_with_faults_comes_back_as_it_was(database: Database) {
    let river = River::shared(database).await;
    let desk = desk(river).await;
    let pairs = [
        ("kind", "citizen_card"),
        ("number", "03809000123"),
        ("full_name", "<b>\"An\""),
        ("departure", "hôm kia"),
        ("key", "one-key"),
    ];
    let page = send(&desk, "/desk/stays", &pairs).await;
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(page.contains("<title>Lỗi: "), "{page}");
    assert!(page.contains("Nhập số phòng."));
    assert!(page.contains("Không đọc được ngày này."));
    assert!(page.contains("value=\"hôm kia\""));
    assert!(page.contains("value=\"03809000123\""));
    assert!(!page.contains("<b>\"An"));
    assert_eq!(hidden(&page, "key"), "one-key");
}

async fn a_choice_of_language_leads_back_to_pages_of_ours_only(database: Database) {
    let river = River::shared(database).await;
    let nobody = Person::at(river.api());
    let table = [("/desk/today", "/desk/today"), ("//evil.example", "/")];
    for (back, location) in table {
        let pairs = [("lang", "en"), ("back", back)];
        let answer = send(&nobody, "/preferences", &pairs).await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), Some(location));
        assert!(answer.header("set-cookie").unwrap().starts_with("lang=en;"));
    }
    let english = nobody.call("GET", "/help").header("Cookie", "lang=en");
    assert!(english.send().await.text().contains("<h1>Help</h1>"));
}

async fn a_form_of_another_site_declares_nothing(database: Database) {
    let river = River::shared(database).await;
    let call = desk(river).await;
    let call = call.bare_call("POST", "/desk/stays");
    let call = call.header("Sec-Fetch-Site", "cross-site");
    let body = call.body("application/x-www-form-urlencoded", "room=203");
    let answer = body.send().await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("id=\"failed\""));
}
