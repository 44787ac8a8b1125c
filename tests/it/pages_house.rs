//! The pages of the house over HTTP: today, guests who are expected, rooms, the register, the
//! reconciliation, residents and households.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, Person, River, local, now, on_both_databases, people, text_of,
};

use crate::pages::{hidden, send};

on_both_databases![
    today_shows_a_room_without_naming_it_in_an_address,
    many_guests_are_checked_out_by_one_confirmation,
    what_was_not_changed_is_told_guest_by_guest,
    an_expected_guest_is_one_until_declared,
    expected_guests_are_noted_and_declared_on_pages,
    expected_guests_of_others_are_as_good_as_absent,
    rooms_are_kept_on_a_page,
    the_register_masks_numbers_unless_asked,
    receipts_are_compared_on_a_page,
    residents_are_extended_and_checked_out_together,
    a_household_knows_its_members_from_its_guests,
    lists_of_a_facility_tell_version_state_and_guest,
];

async fn signed_in(river: &River, account: &str) -> Person {
    Person::signed_in(river.api(), river.account(account)).await
}

fn today() -> NaiveDate {
    now().date_naive()
}

fn id(stay: &Value) -> &str {
    stay["id"].as_str().unwrap()
}

/// A citizen who has just arrived and leaves in so many days.
async fn guest(desk: &Caller, facility_id: &str, room: &str, days: i64) -> Value {
    let mut stay = people::citizen(facility_id);
    stay["room"] = json!(room);
    stay.as_object_mut().unwrap().remove("arrival_at");
    stay["expected_departure_at"] = json!(text_of(local(days, "12:00:00")));
    desk.accepted(&stay).await
}

fn name(stay: &Value) -> &str {
    stay["guest"]["full_name"].as_str().unwrap()
}

fn number(stay: &Value) -> &str {
    stay["guest"]["document"]["number"].as_str().unwrap()
}

/// The values of the boxes and fields called `stay`.
fn chosen(page: &str) -> Vec<String> {
    let parts = page.split("name=\"stay\" value=\"").skip(1);
    let values = parts.filter_map(|part| part.split('"').next());
    values.map(str::to_owned).collect()
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap()
}

async fn today_shows_a_room_without_naming_it_in_an_address(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let (first, second) = (
        guest(&desk, hotel, "203", 1).await,
        guest(&desk, hotel, "204", 1).await,
    );
    let person = signed_in(&river, "desk").await;
    let page = person.get("/desk/today").await.text();
    assert!(page.contains(name(&first)) && page.contains(name(&second)));
    assert!(!page.contains("?room="), "{page}");
    let of_room = send(&person, "/desk/today", &[("room", "203")])
        .await
        .text();
    assert!(of_room.contains("Khách phòng 203"));
    assert_eq!(chosen(&of_room), [format!("{}:1", id(&first))]);
    let found = send(&person, "/desk/today", &[("find", name(&second))])
        .await
        .text();
    assert_eq!(chosen(&found).len(), 1, "{found}");
    let leaving = person.get("/desk/today?tab=leaving").await.text();
    assert_eq!(chosen(&leaving), Vec::<String>::new());
    // An address of before shows everybody.
    let page = person.get("/desk/today?room=203").await.text();
    assert_eq!(chosen(&page).len(), 2);
}

async fn many_guests_are_checked_out_by_one_confirmation(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let stays = [
        guest(&desk, hotel, "203", 1).await,
        guest(&desk, hotel, "204", 1).await,
    ];
    let person = signed_in(&river, "desk").await;
    let boxes: Vec<String> = stays.iter().map(|stay| format!("{}:1", id(stay))).collect();
    let mut pairs: Vec<(&str, &str)> = boxes.iter().map(|value| ("stay", value.as_str())).collect();
    let nobody = send(&person, "/desk/guests/departures", &[]).await;
    assert_eq!(location(&nobody), "/desk/today?done=nobody");
    let page = person.get(location(&nobody)).await.text();
    assert!(page.contains("Chưa chọn khách nào."));

    let asked = send(&person, "/desk/guests/departures", &pairs)
        .await
        .text();
    assert!(asked.contains("<h1>Trả phòng 2 khách</h1>"), "{asked}");
    assert_eq!(desk.stay(id(&stays[0])).await["presence"], "present");
    pairs.push(("confirmed", "3"));
    let other = send(&person, "/desk/guests/departures", &pairs)
        .await
        .text();
    assert!(other.contains("nay là 2 khách"), "{other}");
    assert_eq!(desk.stay(id(&stays[0])).await["presence"], "present");

    let mut pairs: Vec<(&str, &str)> = boxes.iter().map(|value| ("stay", value.as_str())).collect();
    pairs.push(("confirmed", "2"));
    let done = send(&person, "/desk/guests/departures", &pairs).await;
    assert_eq!(location(&done), "/desk/today?done=departures&count=2");
    let page = person.get(location(&done)).await.text();
    assert!(page.contains("Đã ghi trả phòng 2 khách."));
    for stay in &stays {
        assert_eq!(desk.stay(id(stay)).await["presence"], "departed");
    }
}

async fn what_was_not_changed_is_told_guest_by_guest(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let (first, second) = (
        guest(&desk, hotel, "203", 1).await,
        guest(&desk, hotel, "204", 1).await,
    );
    let patch = json!({"room": "205", "reason": "Đổi phòng"});
    desk.amend(id(&second), 1, &patch).await.expect(200);
    let person = signed_in(&river, "desk").await;
    let boxes = [format!("{}:1", id(&first)), format!("{}:1", id(&second))];
    let day = (today() + Days::new(3)).format("%d/%m/%Y").to_string();
    let pairs = [
        ("stay", boxes[0].as_str()),
        ("stay", boxes[1].as_str()),
        ("extended_until", day.as_str()),
        ("confirmed", "2"),
    ];
    let page = send(&person, "/desk/guests/extensions", &pairs)
        .await
        .text();
    assert!(page.contains("1 khách chưa lưu được"), "{page}");
    assert!(page.contains("Người khác vừa sửa lượt này"), "{page}");
    // What is confirmed next is the version that is shown now.
    assert_eq!(chosen(&page), [format!("{}:2", id(&second))]);
    let extended = desk.stay(id(&first)).await;
    assert_eq!(extended["version"], 2);
    // What cannot be read changes nothing.
    let pairs = [
        ("stay", chosen(&page)[0].clone()),
        ("extended_until", "mai mốt".to_owned()),
        ("confirmed", "1".to_owned()),
    ];
    let pairs = pairs
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let page = send(&person, "/desk/guests/extensions", &pairs)
        .await
        .text();
    assert!(page.contains("Không đọc được ngày này."), "{page}");
    assert_eq!(desk.stay(id(&second)).await["version"], 2);
    // A stay of another facility is none.
    let foreign = guest(
        &river.caller("guest_house"),
        river.facility("guest_house"),
        "1",
        1,
    )
    .await;
    let stranger = format!("{}:1", id(&foreign));
    let answer = send(&person, "/desk/guests/departures", &[("stay", &stranger)]).await;
    assert_eq!(location(&answer), "/desk/today?done=nobody");
}

fn expected_path(facility_id: &str) -> String {
    format!("/v1/facilities/{facility_id}/expected-guests")
}

async fn expected(desk: &Caller, facility_id: &str) -> Vec<Value> {
    let page = desk.get(&expected_path(facility_id)).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

async fn an_expected_guest_is_one_until_declared(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let stay = people::citizen(hotel);
    let tomorrow = (today() + Days::new(1)).to_string();
    let body = json!({"items": [
        {"full_name": name(&stay), "room": "203", "document_number": number(&stay)},
        {"full_name": "Lê Thị Mai"},
        {"full_name": "Khách Ngày Mai", "expected_on": tomorrow},
    ]});
    let noted = desk.post(&expected_path(hotel), &body).await.expect(200);
    assert_eq!(noted["items"].as_array().unwrap().len(), 3);
    let again = desk.post(&expected_path(hotel), &body).await.expect(200);
    assert_eq!(again, noted, "the same again changes nothing");
    let listed = expected(&desk, hotel).await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0]["full_name"], name(&stay));
    let path = format!("{}?date={tomorrow}", expected_path(hotel));
    assert_eq!(
        desk.get(&path).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );

    // Declared by whatever door: expected no longer. Cancelled: expected again.
    let accepted = desk.accepted(&stay).await;
    assert_eq!(expected(&desk, hotel).await.len(), 1);
    let reason = json!({"reason": "Khai nhầm khách"});
    desk.act(id(&accepted), "cancellation", 1, &reason)
        .await
        .expect(200);
    assert_eq!(expected(&desk, hotel).await.len(), 2);

    let mai = listed[1]["id"].as_str().unwrap();
    let path = format!("{}/{mai}", expected_path(hotel));
    assert_eq!(desk.call("DELETE", &path).send().await.status, 204);
    assert_eq!(desk.call("DELETE", &path).send().await.status, 404);
    assert_eq!(expected(&desk, hotel).await.len(), 1);
    let database = river.database().unwrap();
    let noted = "SELECT count(*) FROM audit_entry WHERE action = 'expected_guests.noted'";
    assert_eq!(database.count(noted).await, 2);
    // Nothing personal lies open.
    let blank = match river.database_url().starts_with("sqlite") {
        true => "instr(sealed, CAST('Khách Ngày Mai' AS BLOB)) > 0",
        false => "position(convert_to('Khách Ngày Mai', 'UTF8') IN sealed) > 0",
    };
    let open = format!("SELECT count(*) FROM expected_guest WHERE {blank}");
    assert_eq!(database.count(&open).await, 0);
    let faults = desk
        .post(&expected_path(hotel), &json!({"items": [{"room": "1"}]}))
        .await;
    assert_eq!(
        faults.expect(422)["errors"][0]["pointer"],
        "/items/0/full_name"
    );
}

async fn expected_guests_are_noted_and_declared_on_pages(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let person = signed_in(&river, "desk").await;
    let pairs = [("expected_name", "Nguyễn Văn An"), ("expected_room", "203")];
    let noted = send(&person, "/desk/expected", &pairs).await;
    assert_eq!(location(&noted), "/desk/today?tab=undeclared&noted=1");
    let pasted = "Trần Bình\t204\t001090001234\nLê Chi;205";
    let noted = send(&person, "/desk/expected", &[("pasted", pasted)]).await;
    let page = person.get(location(&noted)).await.text();
    assert!(page.contains("Đã ghi 2 khách chưa khai."), "{page}");
    assert!(page.contains("<b>3 khách chưa khai</b>"), "{page}");
    assert!(
        page.contains("0010") && !page.contains("001090001234"),
        "the number is masked"
    );
    let map = person.get("/desk/today").await.text();
    assert!(map.contains("tab=undeclared"));

    let bad = send(&person, "/desk/expected", &[("pasted", "Lê Chi\n;206")])
        .await
        .text();
    assert!(bad.contains("Dòng 2: Nhập họ tên khách."), "{bad}");
    assert!(bad.contains(";206"), "what was typed is kept");
    let bad = [("expected_name", "An"), ("expected_day", "hôm nọ")];
    let bad = send(&person, "/desk/expected", &bad).await.text();
    assert!(bad.contains("value=\"hôm nọ\"") && bad.contains("Không đọc được ngày này."));
    assert_eq!(expected(&desk, hotel).await.len(), 3);

    let an = expected(&desk, hotel).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let card = send(&person, "/desk/expected/card", &[("id", &an)])
        .await
        .text();
    assert!(card.contains("value=\"Nguyễn Văn An\""), "{card}");
    assert_eq!(hidden(&card, "expected"), an);
    let number = people::person().number;
    let departure = (today() + Days::new(1)).format("%d/%m/%Y").to_string();
    let pairs = [
        ("kind", "citizen_card"),
        ("number", number.as_str()),
        ("full_name", "Nguyễn Văn An"),
        ("room", "203"),
        ("departure", departure.as_str()),
        ("purpose", "tourism"),
        ("key", hidden(&card, "key")),
        ("expected", an.as_str()),
    ];
    let declared = send(&person, "/desk/stays", &pairs).await;
    assert!(location(&declared).starts_with("/desk?sent="));
    assert_eq!(expected(&desk, hotel).await.len(), 2);
    let other = expected(&desk, hotel).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let removed = send(&person, "/desk/expected/removal", &[("id", &other)]).await;
    assert_eq!(location(&removed), "/desk/today?tab=undeclared&removed=1");
    assert_eq!(expected(&desk, hotel).await.len(), 1);
}

async fn expected_guests_of_others_are_as_good_as_absent(database: Database) {
    let river = River::shared(database).await;
    let (hotel, school) = (river.facility("hotel"), river.caller("school"));
    let body = json!({"items": [{"full_name": "Lê Thị Mai"}]});
    assert_eq!(school.get(&expected_path(hotel)).await.status, 404);
    assert_eq!(school.post(&expected_path(hotel), &body).await.status, 404);
    let path = format!("{}/{hotel}", expected_path(hotel));
    assert_eq!(school.call("DELETE", &path).send().await.status, 404);
    let officer = river.caller("police");
    assert_eq!(officer.post(&expected_path(hotel), &body).await.status, 403);
    for (account, path) in [
        ("desk", "/desk/roster"),
        ("desk", "/desk/household"),
        ("dormitory", "/desk/household"),
    ] {
        let person = river.person(account).await;
        assert_eq!(person.get(path).await.status, 404, "{account} {path}");
    }
    let desk = river.person("desk").await;
    assert_eq!(desk.get("/desk/rooms").await.status, 403);
    assert_eq!(send(&desk, "/desk/rooms", &[]).await.status, 403);
    let officer = river.person("police").await;
    for path in ["/desk/register", "/desk/reconcile", "/desk/roster"] {
        assert_eq!(officer.get(path).await.status, 403, "{path}");
    }
    // The rail has what the facility needs.
    let dormitory = river.person("dormitory").await.get("/desk").await.text();
    assert!(dormitory.contains("href=\"/desk/roster\"") && !dormitory.contains("/desk/household"));
    let hotel = desk.get("/desk").await.text();
    assert!(!hotel.contains("href=\"/desk/roster\"") && !hotel.contains("href=\"/desk/rooms\""));
}

async fn rooms_are_kept_on_a_page(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let person = river.person("manager").await;
    person.set_cookie("facility", hotel);
    let list = async || {
        desk.get(&format!("/v1/facilities/{hotel}/rooms"))
            .await
            .expect(200)
    };
    let room = |version, name, last, capacity| {
        [
            ("version", version),
            ("name", name),
            ("last", last),
            ("kind", "room"),
            ("capacity", capacity),
            ("floor", ""),
            ("ward", ""),
        ]
    };
    let added = send(&person, "/desk/rooms", &room("0", "301", "303", "2")).await;
    assert_eq!(location(&added), "/desk/rooms?saved=1");
    let page = person.get(location(&added)).await.text();
    assert!(page.contains("3 phòng, 6 chỗ") && page.contains("Đã lưu danh sách phòng."));
    assert_eq!(list().await["items"].as_array().unwrap().len(), 3);

    let page = send(&person, "/desk/rooms", &room("1", "302", "", "0"))
        .await
        .text();
    assert!(page.contains("Nhập số chỗ"), "{page}");
    let page = send(&person, "/desk/rooms", &room("1", "302", "", "2"))
        .await
        .text();
    assert!(page.contains("Đã có phòng này trong danh sách."), "{page}");
    let stale = send(&person, "/desk/rooms", &room("0", "401", "", "2"))
        .await
        .text();
    assert!(
        stale.contains("Người khác vừa sửa danh sách phòng."),
        "{stale}"
    );
    assert!(stale.contains("value=\"401\""), "what was typed is kept");

    let form = send(&person, "/desk/rooms/change", &[("index", "1")])
        .await
        .text();
    assert!(form.contains("Sửa phòng 302"), "{form}");
    let mut changed = room("1", "302B", "", "4").to_vec();
    changed.extend([("index", "1"), ("was", "302")]);
    location(&send(&person, "/desk/rooms", &changed).await);
    assert_eq!(list().await["items"][1]["name"], "302B");
    assert_eq!(list().await["items"][1]["capacity"], 4);
    let mut removed = room("2", "302B", "", "4").to_vec();
    removed.extend([("index", "1"), ("was", "302B"), ("remove", "1")]);
    location(&send(&person, "/desk/rooms", &removed).await);
    assert_eq!(list().await["items"].as_array().unwrap().len(), 2);
}

async fn the_register_masks_numbers_unless_asked(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let stay = guest(&desk, hotel, "203", 2).await;
    let person = signed_in(&river, "desk").await;
    let day = today();
    for query in [
        format!("date={day}"),
        format!("month={}", day.format("%Y-%m")),
    ] {
        let page = person.get(&format!("/desk/register?{query}")).await.text();
        assert!(page.contains(name(&stay)), "{query}: {page}");
        assert!(!page.contains(number(&stay)), "{query}");
    }
    let pairs = [("date", day.to_string()), ("whole", "1".to_owned())];
    let pairs = pairs
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let page = send(&person, "/desk/register", &pairs).await.text();
    assert!(page.contains(number(&stay)));
    let before = person.get("/desk/register?date=2020-01-01").await.text();
    assert!(before.contains("Không có khách nào trong thời gian này."));
    let read = "SELECT count(*) FROM audit_entry WHERE action = 'register.read'";
    assert_eq!(river.database().unwrap().count(read).await, 4);
}

async fn receipts_are_compared_on_a_page(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    let (first, second) = (
        guest(&desk, hotel, "203", 1).await,
        guest(&desk, hotel, "204", 1).await,
    );
    let receipt = |stay: &Value| stay["receipt"]["number"].as_str().unwrap().to_owned();
    let person = signed_in(&river, "desk").await;
    let page = person.get("/desk/reconcile").await.text();
    assert!(page.contains(&receipt(&first)) && page.contains(name(&second)));
    let both = format!("{}\n{}", receipt(&first), receipt(&second));
    let page = send(&person, "/desk/reconcile", &[("held", &both)])
        .await
        .text();
    assert!(page.contains("Khớp: cả 2 biên nhận"), "{page}");
    let other = format!("{}, LT-1", receipt(&first));
    let page = send(&person, "/desk/reconcile", &[("held", &other)])
        .await
        .text();
    assert!(
        page.contains("1 biên nhận cơ sở chưa giữ, 1 số hệ thống không có"),
        "{page}"
    );
    assert!(page.contains("<li class=\"n\">LT-1</li>"), "{page}");
    let page = send(&person, "/desk/reconcile", &[("held", " ")])
        .await
        .text();
    assert!(page.contains("Dán ít nhất một số biên nhận."));
}

async fn residents_are_extended_and_checked_out_together(database: Database) {
    let river = River::start(database).await;
    let (school, desk) = (river.facility("school"), river.caller("school"));
    let rooms = json!({"items": [{"name": "A101", "kind": "room", "capacity": 4, "ward": "Nhà A", "floor": "1"}]});
    let path = format!("/v1/facilities/{school}/rooms");
    desk.call("PUT", &path)
        .json(&rooms)
        .send()
        .await
        .expect(200);
    let stays = [
        guest(&desk, school, "A101", 5).await,
        guest(&desk, school, "A101", 5).await,
    ];
    let person = signed_in(&river, "dormitory").await;
    let page = person.get("/desk/roster").await.text();
    assert!(page.contains("Nhà A · tầng 1"), "{page}");
    assert!(
        page.contains("<dd>2</dd>") && page.contains("<dd>4</dd>"),
        "{page}"
    );
    let all = [("back", "/desk/roster"), ("all", "2")];
    let asked = send(&person, "/desk/guests/extensions", &all).await.text();
    assert!(asked.contains("<h1>Gia hạn 2 khách</h1>"), "{asked}");
    let end = (today() + Days::new(20)).format("%d/%m/%Y").to_string();
    let all = [
        ("back", "/desk/roster"),
        ("all", "2"),
        ("confirmed", "2"),
        ("extended_until", &end),
    ];
    let done = send(&person, "/desk/guests/extensions", &all).await;
    assert_eq!(location(&done), "/desk/roster?done=extensions&count=2");
    let move_to = [
        ("back", "/desk/roster"),
        ("stay", &format!("{}:2", id(&stays[0]))),
        ("confirmed", "1"),
        ("new_room", "A102"),
        ("reason", "Chuyển phòng"),
    ];
    let moved = send(&person, "/desk/guests/transfers", &move_to).await;
    assert_eq!(location(&moved), "/desk/roster?done=transfers&count=1");
    assert_eq!(desk.stay(id(&stays[0])).await["room"], "A102");
    let all = [("back", "/desk/roster"), ("all", "2"), ("confirmed", "2")];
    location(&send(&person, "/desk/guests/departures", &all).await);
    for stay in &stays {
        assert_eq!(desk.stay(id(stay)).await["presence"], "departed");
    }
}

async fn a_household_knows_its_members_from_its_guests(database: Database) {
    let river = River::start(database).await;
    let (residence, desk) = (
        river.facility("official_residence"),
        river.caller("official_residence"),
    );
    let member = guest(&desk, residence, "1", 90).await;
    let visitor = guest(&desk, residence, "1", 2).await;
    let person = signed_in(&river, "residence").await;
    let page = person.get("/desk/household").await.text();
    assert!(page.contains("1 người ở, 1 khách lưu trú"), "{page}");
    let (guests, members) = page.split_once("id=\"members\"").unwrap();
    assert!(guests.contains(name(&visitor)) && members.contains(name(&member)));
    assert!(
        page.contains("href=\"/desk/rooms\""),
        "who keeps rooms finds them"
    );
}

async fn lists_of_a_facility_tell_version_state_and_guest(database: Database) {
    let river = River::start(database).await;
    let (hotel, desk) = (river.facility("hotel"), river.caller("hotel"));
    river.police().fail(&json!({"outage": true})).await;
    let stay = guest(&desk, hotel, "203", 1).await;
    let occupancy = desk
        .get(&format!("/v1/facilities/{hotel}/occupancy"))
        .await
        .expect(200);
    let there = &occupancy["rooms"][0]["guests"][0];
    assert_eq!(
        (&there["version"], &there["completion"]),
        (&json!(1), &json!("complete"))
    );
    assert!(
        there["delivery"].is_string() && there["identity"].is_string(),
        "{there}"
    );
    let due = desk
        .get(&format!("/v1/facilities/{hotel}/due"))
        .await
        .expect(200);
    assert_eq!(due["items"][0]["full_name"], name(&stay));
    assert_eq!(due["items"][0]["room"], "203");
    river.police().heal().await;
}
