//! What senders see of the review: the same for every number, data that an officer accepted, and
//! questions answered in writing or by a change to the members in question.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Answer, Caller, Consumer, Database, Manner, River, eventually_some, local, officer_key,
    on_both_databases, people, text_of,
};

on_both_databases![
    a_number_that_is_there_and_one_that_is_not_look_the_same_in_every_door,
    who_tries_persons_for_a_number_learns_nothing_more,
    a_desk_that_mistypes_twice_is_no_prober,
    what_an_officer_accepts_is_settled_until_the_guest_is_another,
    a_question_about_identity_names_the_three_members,
    a_question_is_answered_in_words,
    a_change_answers_only_what_was_asked_about,
    a_reason_alone_changes_nothing,
    a_case_is_not_referred_to_where_it_is_and_stays_readable_after,
    what_the_police_endpoint_says_is_no_way_for_personal_values,
];

const SEEN: Duration = Duration::from_secs(30);
const PEPPER: &str = "5f0c2b9e7a41d8c36e90b7f2a4d15c83e6079ab1c4f8d23571be0a9c64d7f318";
const LOOK_AGAIN: [&str; 3] = [
    "/guest/full_name",
    "/guest/document/number",
    "/guest/birth_date",
];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().clone()
}

/// A minimal declaration of this name for this number.
fn named(river: &River, name: &str, number: &str) -> Value {
    let mut stay = people::minimal(river.facility("hotel"));
    stay["reference"] = json!(people::fresh("R"));
    stay["arrival_at"] = json!(text_of(tests::now()));
    stay["guest"]["full_name"] = json!(name);
    stay["guest"]["document"]["number"] = json!(number);
    stay
}

/// Two numbers: one that the registry knows as the person given, and one that it does not know.
async fn known_and_unknown(river: &River) -> [String; 2] {
    let [known, unknown] = [people::person().number, people::person().number];
    let registry = river.registry();
    registry
        .knows(&known, "Lê Thị Thiềm Đúng", "1985-05-17", "male")
        .await;
    [known, unknown]
}

/// The stay once the registry has spoken and the police have it.
async fn settled(desk: &Caller, id: &str) -> Value {
    desk.delivered(id, "acknowledged", SEEN).await;
    eventually_some("an identity", SEEN, async || {
        let stay = desk.stay(id).await;
        (stay["identity"]["state"] != "pending").then_some(stay)
    })
    .await
}

/// What of a value could tell one stay from another, without ids, times and numbers that differ by
/// themselves.
fn plain(value: &Value) -> Value {
    const OWN: [&str; 17] = [
        "id",
        "cursor",
        "occurred_at",
        "timestamp",
        "stay_id",
        "row",
        "reference",
        "receipt",
        "police_reference",
        "received_at",
        "arrival_at",
        "deadline_at",
        "due_at",
        "at",
        "guest",
        "facility_id",
        "expected_departure_at",
    ];
    match value {
        Value::Object(members) => {
            let kept = members
                .iter()
                .filter(|(name, _)| !OWN.contains(&name.as_str()));
            Value::Object(
                kept.map(|(name, value)| (name.clone(), plain(value)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

async fn events_of(desk: &Caller, stay_id: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = "/v1/events?limit=200".to_owned();
    loop {
        let page = desk.get(&path).await.expect(200);
        let events = items(&page);
        let of_stay = |event: &&Value| event["stay_id"] == stay_id;
        found.extend(events.iter().filter(of_stay).cloned());
        match (page["next_cursor"].as_str(), events.is_empty()) {
            (Some(next), false) => path = format!("/v1/events?limit=200&after={next}"),
            (_, true) | (None, _) => return found,
        }
    }
}

async fn until_event(desk: &Caller, stay_id: &str, kind: &str) -> Vec<Value> {
    eventually_some(kind, SEEN, async || {
        let events = events_of(desk, stay_id).await;
        let is_there = events.iter().any(|event| event["type"] == kind);
        is_there.then_some(events)
    })
    .await
}

/// Everything a sender can see of a stay: the stay itself, lists and filters, due items, events.
async fn everything(river: &River, stay_id: &str) -> Value {
    let desk = river.caller("hotel");
    let stay = settled(&desk, stay_id).await;
    let mut listed = Vec::new();
    for filter in [
        "identity=attention",
        "identity=verified",
        "identity=reviewed",
        "completion=due",
    ] {
        let page = desk
            .get(&format!("/v1/stays?limit=200&{filter}"))
            .await
            .expect(200);
        let found = items(&page).into_iter().find(|item| item["id"] == stay_id);
        listed.push((filter, found.map(|item| plain(&item))));
    }
    let due = format!("/v1/facilities/{}/due?limit=200", river.facility("hotel"));
    let due = items(&desk.get(&due).await.expect(200)).into_iter();
    let due: Vec<Value> = due
        .filter(|item| item["stay_id"] == stay_id)
        .map(|item| plain(&item))
        .collect();
    let history = desk
        .get(&format!("/v1/stays/{stay_id}/history"))
        .await
        .expect(200);
    let count = history["items"].as_array().unwrap().len();
    let events = until_event(&desk, stay_id, "stay.acknowledged").await;
    let events: Vec<Value> = events.iter().map(plain).collect();
    json!([plain(&stay), listed, due, count, events])
}

async fn a_number_that_is_there_and_one_that_is_not_look_the_same_in_every_door(
    database: Database,
) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let consumer = Consumer::start(Manner::Status(200)).await;
    let webhook = json!({"url": consumer.url()});
    desk.post("/v1/webhooks", &webhook).await.expect(201);
    for door in ["single", "batch", "census"] {
        let mut seen = Vec::new();
        let mut told = Vec::new();
        for number in known_and_unknown(&river).await {
            let stay = named(&river, "Lê Thị Thiềm Sai", &number);
            let answer = match door {
                "single" => desk.accepted(&stay).await,
                "batch" => {
                    let batch = json!({"stays": [stay]});
                    let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
                    answer["results"][0]["stay"].clone()
                }
                _ => {
                    let mut stay = stay;
                    stay.as_object_mut().unwrap().remove("facility_id");
                    let reference = stay["reference"].clone();
                    let census = json!({
                        "taken_at": text_of(tests::now()), "missing": "ask", "stays": [stay],
                    });
                    let path = format!("/v1/facilities/{}/census", river.facility("hotel"));
                    let answer = desk
                        .call("PUT", &path)
                        .json(&census)
                        .send()
                        .await
                        .expect(200);
                    assert_eq!(answer["arrived"], 1, "{answer}");
                    let found = format!("/v1/stays?reference={}", text(&reference));
                    items(&desk.get(&found).await.expect(200)).remove(0)
                }
            };
            let id = text(&answer["id"]);
            seen.push(everything(&river, &id).await);
            let mut calls = Vec::new();
            for kind in ["stay.attention", "stay.completion_due", "stay.acknowledged"] {
                let call = consumer.until_told(kind, &id, SEEN).await;
                calls.push(plain(&call.json()));
            }
            told.push(calls);
        }
        assert_eq!(seen[0], seen[1], "{door}");
        assert_eq!(told[0], told[1], "{door}");
        let stay = &seen[0][0];
        let attention = json!({"state": "attention", "pointers": LOOK_AGAIN});
        assert_eq!(stay["identity"], attention, "{door}");
        assert_eq!(stay["completion"]["state"], "due", "{door}");
        assert_eq!(stay["completion"]["missing"], json!(["/guest/birth_date"]));
    }
}

/// Many persons for each of two numbers, the last the right one for the number that is there: by
/// single stays, by a batch, by a correction, and by stays that are cancelled.
async fn who_tries_persons_for_a_number_learns_nothing_more(database: Database) {
    let river = River::start(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    let mut seen = Vec::new();
    let mut last_ids = Vec::new();
    for number in known_and_unknown(&river).await {
        let cancelled = desk
            .accepted(&named(&river, "Trần Thiềm Một", &number))
            .await;
        let id = text(&cancelled["id"]);
        settled(&desk, &id).await;
        let reason = json!({"reason": "Khai nhầm khách"});
        desk.act(&id, "cancellation", 1, &reason).await.expect(200);
        let batch = json!({"stays": [named(&river, "Trần Thiềm Hai", &number)]});
        let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
        let id = text(&answer["results"][0]["stay"]["id"]);
        settled(&desk, &id).await;
        let patch = json!({"guest": {"full_name": "Trần Thiềm Ba"}, "reason": "Sửa tên"});
        desk.amend(&id, 1, &patch).await.expect(200);
        settled(&desk, &id).await;
        // The fourth person is the right one, of the number that is there.
        let right = desk
            .accepted(&named(&river, "Lê Thị Thiềm Đúng", &number))
            .await;
        let right = text(&right["id"]);
        seen.push(everything(&river, &right).await);
        let earlier = eventually_some("the earlier stay shows no more", SEEN, async || {
            let stay = desk.stay(&id).await;
            (stay["identity"]["state"] == "attention").then_some(stay)
        })
        .await;
        assert_eq!(earlier["identity"]["pointers"], json!(LOOK_AGAIN));
        last_ids.push(right);
    }
    assert_eq!(seen[0], seen[1]);
    let attention = json!({"state": "attention", "pointers": LOOK_AGAIN});
    assert_eq!(seen[0][0]["identity"], attention);
    assert_eq!(seen[0][0]["completion"]["state"], "due");

    // The police see what it is, one case a number.
    let list = "/v1/police/notifications?limit=200&kind=probing";
    let cases = items(&police.get(list).await.expect(200));
    assert_eq!(cases.len(), 2, "{cases:?}");
    for case in &cases {
        assert_eq!(case["detail"], json!({"tried_persons": 4}));
        assert_eq!(case["stay"]["identity"]["seen_by_sender"], "attention");
    }
    let of = |id: &str| cases.iter().find(|case| case["stay"]["id"] == id).unwrap();
    assert_eq!(of(&last_ids[0])["stay"]["identity"]["state"], "verified");
    assert_eq!(of(&last_ids[1])["stay"]["identity"]["state"], "not_found");
    // Another facility of the same organisation tries no further.
    let mut elsewhere = named(&river, "Lê Thị Thiềm Đúng", &number_of(of(&last_ids[0])));
    elsewhere["facility_id"] = json!(river.facility("guest_house"));
    let house = river.caller("guest_house");
    let elsewhere = house.accepted(&elsewhere).await;
    let elsewhere = settled(&house, &text(&elsewhere["id"])).await;
    assert_eq!(elsewhere["identity"], attention);
    // An officer who accepts it settles all of them.
    let claim = json!({"kinds": ["probing"], "ids": [of(&last_ids[0])["id"]]});
    let claimed = police.post("/v1/police/claims", &claim).await.expect(200);
    accept(&police, &claimed).await.expect(200);
    let stay = desk.stay(&last_ids[0]).await;
    assert_eq!(stay["identity"], json!({"state": "reviewed"}));
    assert_eq!(stay["completion"], json!({"state": "complete"}));
    until_event(&desk, &last_ids[0], "stay.reviewed").await;
    assert_eq!(desk.stay(&last_ids[1]).await["identity"], attention);
}

fn number_of(case: &Value) -> String {
    text(&case["stay"]["guest"]["document"]["number"])
}

async fn a_desk_that_mistypes_twice_is_no_prober(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let [known, _] = known_and_unknown(&river).await;
    let stay = desk
        .accepted(&named(&river, "Lê Thị Thiềm Đung Dúng", &known))
        .await;
    let id = text(&stay["id"]);
    settled(&desk, &id).await;
    for (version, name) in [(1, "Lê Thị Thiềm Nhầm"), (2, "Lê Thị Thiềm Đúng")] {
        let patch = json!({"guest": {"full_name": name}, "reason": "Gõ nhầm"});
        desk.amend(&id, version, &patch).await.expect(200);
        settled(&desk, &id).await;
    }
    // The same person again is no other person.
    for _ in 0..3 {
        let again = desk
            .accepted(&named(&river, "LE THI THIEM DUNG", &known))
            .await;
        let again = settled(&desk, &text(&again["id"])).await;
        assert_eq!(again["identity"], json!({"state": "verified"}));
        assert_eq!(again["completion"], json!({"state": "complete"}));
    }
}

async fn claim(police: &Caller, kind: &str, stay_id: &str) -> Value {
    eventually_some("the case", SEEN, async || {
        let list = format!("/v1/police/notifications?limit=200&kind={kind}");
        let cases = items(&police.get(&list).await.expect(200));
        let case = cases.iter().find(|case| case["stay"]["id"] == stay_id)?;
        let ids = json!({"ids": [case["id"]]});
        let claimed = police.post("/v1/police/claims", &ids).await.expect(200);
        (claimed["items"].as_array().unwrap().len() == 1).then_some(claimed)
    })
    .await
}

async fn decide(police: &Caller, claimed: &Value, decision: Value) -> Answer {
    let mut decision = decision;
    decision["note"] = json!("Đã xem");
    decision["lease_id"] = claimed["lease_id"].clone();
    let id = text(&claimed["items"][0]["id"]);
    let path = format!("/v1/police/notifications/{id}/decision");
    police.post(&path, &decision).await
}

async fn accept(police: &Caller, claimed: &Value) -> Answer {
    decide(police, claimed, json!({"decision": "accept"})).await
}

async fn due_of(river: &River, stay_id: &str) -> Vec<Value> {
    let path = format!("/v1/facilities/{}/due?limit=200", river.facility("hotel"));
    let page = river.caller("hotel").get(&path).await.expect(200);
    let due = items(&page).into_iter();
    due.filter(|item| item["stay_id"] == stay_id).collect()
}

fn count(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["type"] == kind).count()
}

async fn what_an_officer_accepts_is_settled_until_the_guest_is_another(database: Database) {
    let river = River::start(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    for (kind, number) in ["mismatch", "not_found"]
        .into_iter()
        .zip(known_and_unknown(&river).await)
    {
        let stay = desk
            .accepted(&named(&river, "Lê Thị Thiềm Sai", &number))
            .await;
        let id = text(&stay["id"]);
        settled(&desk, &id).await;
        assert_eq!(
            due_of(&river, &id).await.len(),
            2,
            "a correction and a completion"
        );
        // Changing a room reopens nothing, and reports nothing twice.
        let room = json!({"room": "21", "reason": "Đổi phòng"});
        desk.amend(&id, 1, &room).await.expect(200);
        settled(&desk, &id).await;
        let claimed = claim(&police, kind, &id).await;
        accept(&police, &claimed).await.expect(200);
        let reviewed = desk.stay(&id).await;
        assert_eq!(reviewed["identity"], json!({"state": "reviewed"}), "{kind}");
        assert_eq!(
            reviewed["completion"],
            json!({"state": "complete"}),
            "{kind}"
        );
        assert_eq!(reviewed["version"], 2);
        assert_eq!(due_of(&river, &id).await, Vec::<Value>::new());
        let listed = desk
            .get("/v1/stays?identity=reviewed&limit=200")
            .await
            .expect(200);
        assert!(items(&listed).iter().any(|item| item["id"] == id.as_str()));
        let listed = desk
            .get("/v1/stays?identity=attention&limit=200")
            .await
            .expect(200);
        assert!(items(&listed).iter().all(|item| item["id"] != id.as_str()));
        until_event(&desk, &id, "stay.reviewed").await;
        let room = json!({"room": "22", "reason": "Đổi phòng"});
        desk.amend(&id, 2, &room).await.expect(200);
        let moved = desk.delivered(&id, "acknowledged", SEEN).await;
        assert_eq!(moved["delivery"]["version"], 3);
        assert_eq!(moved["identity"], json!({"state": "reviewed"}), "{kind}");
        let list = format!("/v1/police/notifications?limit=200&kind={kind}");
        let open = items(&police.get(&list).await.expect(200));
        assert!(open.iter().all(|case| case["stay"]["id"] != id.as_str()));
        let events = until_event(&desk, &id, "stay.reviewed").await;
        assert_eq!(count(&events, "stay.attention"), 1, "{kind}: {events:?}");
        assert_eq!(count(&events, "stay.completion_due"), 1, "{kind}");
        assert_eq!(count(&events, "stay.reviewed"), 1, "{kind}");
        // Another name is another thing to judge.
        let name = json!({"guest": {"full_name": "Lê Thị Thiềm Khác"}, "reason": "Sửa tên"});
        desk.amend(&id, 3, &name).await.expect(200);
        let again = settled(&desk, &id).await;
        assert_eq!(again["identity"]["state"], "attention", "{kind}");
        claim(&police, kind, &id).await;
    }
}

/// Asks the facility about a stay; returns the question's id.
async fn ask(police: &Caller, claimed: &Value, pointers: Value) -> Value {
    let question = json!({
        "decision": "request_correction", "question": "Xin xem lại giấy tờ", "pointers": pointers,
    });
    decide(police, claimed, question).await.expect(200)["id"].clone()
}

async fn a_question_about_identity_names_the_three_members(database: Database) {
    let river = River::start(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    let [known, _] = known_and_unknown(&river).await;
    let stay = desk
        .accepted(&named(&river, "Lê Thị Thiềm Sai", &known))
        .await;
    let id = text(&stay["id"]);
    settled(&desk, &id).await;
    let claimed = claim(&police, "mismatch", &id).await;
    ask(
        &police,
        &claimed,
        json!(["/guest/birth_date", "/guest/sex"]),
    )
    .await;
    let asked = desk.stay(&id).await["questions"][0].clone();
    assert_eq!(asked["pointers"], json!(LOOK_AGAIN));
    let events = until_event(&desk, &id, "stay.correction_requested").await;
    let event = events
        .iter()
        .find(|event| event["type"] == "stay.correction_requested");
    assert_eq!(event.unwrap()["data"]["pointers"], json!(LOOK_AGAIN));
}

/// A late stay about which an officer asks for the number; its id and the question's.
async fn asked_about_the_number(river: &River) -> (String, Value) {
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    let mut stay = people::foreigner(river.facility("hotel"));
    stay["arrival_at"] = json!(text_of(local(-2, "10:00:00")));
    let id = text(&desk.accepted(&stay).await["id"]);
    desk.delivered(&id, "acknowledged", SEEN).await;
    let claimed = claim(&police, "late", &id).await;
    let question = ask(&police, &claimed, json!(["/guest/document/number"])).await;
    (id, question)
}

async fn case_of(police: &Caller, stay_id: &str) -> Value {
    let list = "/v1/police/notifications?limit=200&kind=late";
    let cases = items(&police.get(list).await.expect(200));
    let mut cases = cases.into_iter();
    cases.find(|case| case["stay"]["id"] == stay_id).unwrap()
}

async fn a_question_is_answered_in_words(database: Database) {
    const WORDS: &str = "Đã xem lại hộ chiếu: tên thiềm thừ đúng như đã khai";
    let river = River::start(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    let (id, question) = asked_about_the_number(&river).await;
    let path = format!("/v1/stays/{id}/answers");
    let answer = json!({"question_id": question, "text": WORDS});
    let before = until_event(&desk, &id, "stay.correction_requested").await;

    // Callers without the stay, and invalid answers.
    let foreign = river.caller("hospital").post(&path, &answer).await;
    foreign.expect_problem(404, "not_found");
    let unknown = json!({"question_id": id, "text": WORDS});
    let refused = desk.post(&path, &unknown).await;
    refused.expect_problem(422, "validation_failed");
    let expected = [("/question_id".to_owned(), "question_unknown".to_owned())];
    assert_eq!(refused.violations(), expected.into());
    let refused = desk
        .post(&path, &json!({"text": "a".repeat(2001), "note": "x"}))
        .await;
    let expected = [
        ("/question_id", "required"),
        ("/text", "too_long"),
        ("/note", "unknown_field"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(refused.violations(), expected.into());

    let key = people::fresh("K");
    let send = async |body: &Value| {
        let call = desk.call("POST", &path).header("Idempotency-Key", &key);
        call.json(body).send().await
    };
    let first = send(&answer).await;
    let made = first.expect(201);
    assert_eq!(
        (&made["question_id"], &made["stay_id"]),
        (&question, &json!(id))
    );
    for again in [send(&answer).await, desk.post(&path, &answer).await] {
        assert_eq!(again.status, 200);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.text(), first.text());
    }
    let other = json!({"question_id": question, "text": "Khác"});
    send(&other)
        .await
        .expect_problem(422, "idempotency_key_reused");
    desk.post(&path, &other)
        .await
        .expect_problem(409, "question_closed");

    // The question is closed; the stay is unchanged and no notification is sent.
    let stay = desk.stay(&id).await;
    assert_eq!((stay.get("questions"), &stay["version"]), (None, &json!(1)));
    assert_eq!(due_of(&river, &id).await, Vec::<Value>::new());
    assert_eq!(events_of(&desk, &id).await, before);
    // The officer sees it, and the case waits for the officer.
    let case = case_of(&police, &id).await;
    assert_eq!(
        (&case["state"], &case["version"]),
        (&json!("open"), &json!(1))
    );
    assert_eq!(case["questions"][0]["answer"]["text"], WORDS);
    assert_eq!(case["questions"][0]["answer"]["id"], made["id"]);
    let claimed = claim(&police, "late", &id).await;
    let question = ask(&police, &claimed, json!(["/room"])).await;
    let claimed = claim(&police, "late", &id).await;
    accept(&police, &claimed).await.expect(200);
    // Decided without its answer.
    let late = json!({"question_id": question, "text": WORDS});
    desk.post(&path, &late)
        .await
        .expect_problem(409, "question_closed");
    if let Some(database) = river.database() {
        let stored = database.everything().await;
        let stored = String::from_utf8_lossy(&stored).into_owned();
        assert!(!stored.contains("thiềm thừ"), "the words are sealed");
    }
}

async fn a_change_answers_only_what_was_asked_about(database: Database) {
    let river = River::start(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    let (id, question) = asked_about_the_number(&river).await;
    let others = [
        json!({"note": "Khách quen", "reason": "Ghi chú"}),
        json!({"room": "9", "reason": "Đổi phòng"}),
        json!({"guest": {"sex": "female", "visa": {"kind": "EV"}}, "reason": "Sửa"}),
    ];
    for (version, patch) in (1..).zip(&others) {
        let answer = desk.amend(&id, version, patch).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let stay = desk.stay(&id).await;
        assert_eq!(stay["questions"][0]["id"], question, "{patch}");
        assert_eq!(
            case_of(&police, &id).await["state"],
            "awaiting_correction",
            "{patch}"
        );
    }
    let version = desk.stay(&id).await["version"].as_u64().unwrap();
    let number = json!({"guest": {"document": {"number": "C01X00T47"}}, "reason": "Sửa số"});
    desk.amend(&id, version, &number).await.expect(200);
    assert_eq!(desk.stay(&id).await.get("questions"), None);
    let case = case_of(&police, &id).await;
    assert_eq!(
        (&case["state"], &case["version"]),
        (&json!("open"), &json!(version + 1))
    );
    assert!(case["questions"][0]["answered_at"].is_string());
    assert_eq!(case["questions"][0]["answer"], Value::Null);
}

async fn a_reason_alone_changes_nothing(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let id = text(&stay["id"]);
    let patch = json!({"reason": "Đã xem hộ chiếu"});
    let refused = desk.amend(&id, 1, &patch).await;
    refused.expect_problem(422, "validation_failed");
    let expected = [(String::new(), "nothing_to_change".to_owned())];
    assert_eq!(refused.violations(), expected.into());
    assert_eq!(desk.stay(&id).await["version"], 1);
}

async fn a_case_is_not_referred_to_where_it_is_and_stays_readable_after(database: Database) {
    let own = [("LUUTRU_KEY_PEPPER", PEPPER.to_owned())];
    let river = River::start_with(database, &own).await;
    let settings = [
        ("LUUTRU_DATABASE_URL", river.database_url().to_owned()),
        ("LUUTRU_KEY_PEPPER", PEPPER.to_owned()),
    ];
    let commune = async |name: &str| {
        let path = format!("/v1/facilities/{}", river.facility(name));
        text(&river.caller(name).get(&path).await.expect(200)["commune_code"])
    };
    let (here, there) = (commune("hotel").await, commune("hospital").await);
    let officer = async |commune: &str| {
        let key = officer_key(&["--commune", commune], &settings).await;
        river.stranger().with_key(&key)
    };
    let (first, colleague) = (officer(&here).await, officer(&here).await);
    let second = officer(&there).await;
    let desk = river.caller("hotel");
    let mut stay = people::foreigner(river.facility("hotel"));
    stay["arrival_at"] = json!(text_of(local(-2, "10:00:00")));
    let id = text(&desk.accepted(&stay).await["id"]);
    let claimed = claim(&first, "late", &id).await;
    let refer = |commune: &str| json!({"decision": "refer", "commune_code": commune});
    let refused = decide(&first, &claimed, refer(&here)).await;
    refused.expect_problem(422, "validation_failed");
    let expected = [(
        "/commune_code".to_owned(),
        "referred_to_same_commune".to_owned(),
    )];
    assert_eq!(refused.violations(), expected.into());
    // The lease still holds it.
    decide(&first, &claimed, refer(&there)).await.expect(200);
    let path = format!(
        "/v1/police/notifications/{}",
        text(&claimed["items"][0]["id"])
    );
    let read = first.get(&path).await.expect(200);
    assert_eq!(
        (&read["state"], &read["commune_code"]),
        (&json!("referred"), &json!(there))
    );
    colleague.get(&path).await.expect_problem(404, "not_found");
    let mine = claim(&second, "late", &id).await;
    // To read is not to decide.
    decide(&first, &mine, json!({"decision": "accept"}))
        .await
        .expect_problem(404, "not_found");
    accept(&second, &mine).await.expect(200);
    assert_eq!(first.get(&path).await.expect(200)["state"], "closed");
}

async fn what_the_police_endpoint_says_is_no_way_for_personal_values(database: Database) {
    let river = River::start(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    for spell in [
        |number: &str| number.to_owned(),
        |number: &str| format!("id_{number}"),
        |_: &str| "tran_thiem_van".to_owned(),
    ] {
        let mut stay = people::citizen(river.facility("hotel"));
        stay["guest"]["full_name"] = json!("Trần Thiềm Văn");
        let number = text(&stay["guest"]["document"]["number"]);
        let code = spell(&number);
        let refusal = json!([{"document_number": number, "status": 422, "code": code}]);
        river.police().refuse(&refusal).await;
        let id = text(&desk.accepted(&stay).await["id"]);
        let stay = desk.delivered(&id, "rejected", SEEN).await;
        assert_eq!(stay["delivery"]["reason"], "refused", "{code}");
        let claimed = claim(&police, "rejected", &id).await;
        assert_eq!(claimed["items"][0]["detail"]["code"], "refused");
        let events = until_event(&desk, &id, "stay.rejected").await;
        assert!(!json!(events).to_string().contains(&code));
        let log = river.process().log();
        assert!(!log.contains(&code), "{code} stands in the log");
    }
}
