//! The pages of officers over HTTP: whom they are for, that the queue tells nothing personal, and
//! that forms take, decide and give back as the API does.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Caller, Database, Person, River, eventually_some, local, on_both_databases, people, text_of,
};

use super::pages::{hidden, send};

on_both_databases![
    an_officer_works_by_pages,
    supervisors_watch_and_others_are_refused,
    statistics_leave_out_few_people,
];

/// A count is kept for ten seconds.
const COUNTED_WITHIN: Duration = Duration::from_secs(30);

/// An officer's code is good once, so that one officer does all of it.
async fn an_officer_works_by_pages(database: Database) {
    let river = River::start(database).await;
    let river = &river;
    let officer = &river.person("police").await;
    the_queue_tells_nothing_of_a_guest(river, officer).await;
    an_officer_takes_a_case_and_decides_it_by_forms(river, officer).await;
    a_decision_with_faults_comes_back_as_it_was(river, officer).await;
    a_lost_lease_keeps_what_was_typed(river, officer).await;
    a_question_does_not_tell_what_the_registry_said(river, officer).await;
    a_case_is_given_back_alone(river, officer).await;
}

/// A late stay of the hotel, with the case that it opened.
async fn late_case(river: &River) -> (Value, String) {
    let mut stay = people::citizen(river.facility("hotel"));
    stay["arrival_at"] = json!(text_of(local(-1, "10:00:00")));
    let stay = river.caller("hotel").accepted(&stay).await;
    let case = case_of(&river.caller("police"), &stay["id"]).await;
    (stay, case)
}

/// The late case of a stay.
async fn case_of(police: &Caller, stay_id: &Value) -> String {
    let mut path = "/v1/police/notifications?kind=late&limit=200".to_owned();
    loop {
        let page = police.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        if let Some(case) = items.iter().find(|case| case["stay"]["id"] == *stay_id) {
            return case["id"].as_str().unwrap().to_owned();
        }
        let cursor = page["next_cursor"].as_str().expect("the case");
        path = format!("/v1/police/notifications?kind=late&limit=200&cursor={cursor}");
    }
}

async fn state_of(river: &River, case: &str) -> Value {
    let path = format!("/v1/police/notifications/{case}");
    river.caller("police").get(&path).await.expect(200)["state"].clone()
}

/// Takes a case; returns its page.
async fn taken(officer: &Person, case: &str) -> String {
    let path = format!("/police/cases/{case}");
    let answer = send(officer, &format!("{path}/claim"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), Some(path.as_str()));
    officer.get(&path).await.text()
}

async fn the_queue_tells_nothing_of_a_guest(river: &River, officer: &Person) {
    let (stay, case) = late_case(river).await;
    let police = river.caller("police");
    let facility = river.facility("hotel");
    let path = format!("/v1/police/queue?kind=late&facility_id={facility}&limit=200");
    let mut listed = police.get(&path).await.expect(200);
    while let Some(cursor) = listed["next_cursor"].as_str() {
        listed = police
            .get(&format!("{path}&cursor={cursor}"))
            .await
            .expect(200);
    }
    let items = listed["items"].as_array().unwrap();
    let line = items
        .iter()
        .find(|line| line["id"] == case)
        .expect("the case");
    assert_eq!(line["deadline_at"], stay["deadline_at"]);
    assert_eq!(line["timeliness"], "late");
    let name = stay["guest"]["full_name"].as_str().unwrap();
    assert!(!listed.to_string().contains(name));
    let schools = "/v1/police/queue?facility_kind=school&limit=200";
    let schools = police.get(schools).await.expect(200);
    assert!(!schools.to_string().contains(facility));
    // The page shows the same.
    let page = officer
        .get(&format!("/police?kind=late&facility={facility}"))
        .await;
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(page.contains("<h1>Hàng đợi</h1>"));
    assert!(page.contains("Khai quá hạn"));
    assert!(!page.contains(name));
    // What an address names that is none filters nothing.
    let odd = officer
        .get("/police?kind=gone&commune=x&state=open&facility=1&cursor=zz")
        .await;
    assert_eq!(odd.status, 200);
}

async fn an_officer_takes_a_case_and_decides_it_by_forms(river: &River, officer: &Person) {
    let (stay, case) = late_case(river).await;
    let untaken = officer.get(&format!("/police/cases/{case}")).await.text();
    assert!(untaken.contains("Nhận vụ việc"));
    let page = taken(officer, &case).await;
    assert!(page.contains(stay["guest"]["full_name"].as_str().unwrap()));
    assert!(page.contains("Đang giữ"));
    let pairs = [
        ("decision", "accept"),
        ("reason", "excused_delay"),
        ("note", "mất điện"),
        ("lease", hidden(&page, "lease")),
        ("key", hidden(&page, "key")),
    ];
    let path = format!("/police/cases/{case}/decision");
    let decided = send(officer, &path, &pairs).await;
    assert_eq!(decided.status, 303, "{}", decided.text());
    let location = decided.header("location").unwrap();
    assert!(location.ends_with("?done=accept"), "{location}");
    let shown = officer.get(location).await.text();
    assert!(shown.contains("Đã chấp nhận."));
    assert_eq!(state_of(river, &case).await, "closed");
    // Sent again, it is the same decision.
    assert_eq!(send(officer, &path, &pairs).await.status, 303);
    let shown = officer.get(&format!("/police/cases/{case}")).await.text();
    assert!(shown.contains("Khai muộn có lý do · mất điện"));
    assert!(shown.contains("Vụ việc đã xong"));
}

async fn a_decision_with_faults_comes_back_as_it_was(river: &River, officer: &Person) {
    let (_, case) = late_case(river).await;
    let page = taken(officer, &case).await;
    let path = format!("/police/cases/{case}/decision");
    let pairs = [
        ("decision", "refer"),
        ("note", "<b>sang phường khác"),
        ("commune", "Phường Không Có"),
        ("lease", hidden(&page, "lease")),
    ];
    let answer = send(officer, &path, &pairs).await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(page.contains("<title>Lỗi: "), "{page}");
    assert!(page.contains("Không có xã, phường này."));
    assert!(page.contains("value=\"Phường Không Có\""));
    assert!(!page.contains("<b>sang"));
    let nothing = [("lease", hidden(&page, "lease"))];
    let page = send(officer, &path, &nothing).await.text();
    assert!(page.contains("Chọn quyết định."));
    assert!(page.contains("Chọn mã lý do"));
    let named = [
        ("decision", "refer"),
        ("reason", "other_commune"),
        ("commune", "phường hàm rồng"),
        ("lease", hidden(&page, "lease")),
    ];
    let referred = send(officer, &path, &named).await;
    assert_eq!(referred.status, 303, "{}", referred.text());
    // Whoever referred a case still sees it.
    let shown = officer.get(&format!("/police/cases/{case}")).await;
    assert_eq!(shown.status, 200);
}

async fn a_lost_lease_keeps_what_was_typed(river: &River, officer: &Person) {
    let (_, case) = late_case(river).await;
    let page = taken(officer, &case).await;
    let lease = hidden(&page, "lease");
    let path = format!("/v1/police/claims/{lease}/notifications/{case}");
    let freed = officer.call("DELETE", &path).send().await.expect(200);
    assert_eq!(freed["released"], 1);
    let pairs = [
        ("decision", "accept"),
        ("reason", "data_confirmed"),
        ("note", "đã gọi lễ tân"),
        ("lease", lease),
        ("key", hidden(&page, "key")),
    ];
    let path = format!("/police/cases/{case}");
    let answer = send(officer, &format!("{path}/decision"), &pairs).await;
    assert_eq!(answer.status, 200);
    let lost = answer.text();
    assert!(lost.contains("Thời hạn giữ đã hết, chưa có gì được lưu"));
    assert!(lost.contains("value=\"đã gọi lễ tân\""));
    assert_eq!(state_of(river, &case).await, "open");
    let again = send(officer, &format!("{path}/claim"), &pairs).await;
    assert_eq!(again.status, 200);
    let again = again.text();
    assert!(again.contains("value=\"đã gọi lễ tân\""));
    let lease = hidden(&again, "lease");
    assert!(!lease.is_empty());
    let pairs = [
        ("decision", "accept"),
        ("reason", "data_confirmed"),
        ("note", "đã gọi lễ tân"),
        ("lease", lease),
        ("key", hidden(&again, "key")),
    ];
    let decided = send(officer, &format!("{path}/decision"), &pairs).await;
    assert_eq!(decided.status, 303, "{}", decided.text());
    assert_eq!(state_of(river, &case).await, "closed");
}

async fn a_question_does_not_tell_what_the_registry_said(river: &River, officer: &Person) {
    let (stay, case) = late_case(river).await;
    let page = taken(officer, &case).await;
    let path = format!("/police/cases/{case}/decision");
    let telling = [
        ("decision", "request_correction"),
        ("reason", "typing_error"),
        ("question", "Ngày sinh không khớp, xin xem lại"),
        ("look", "/guest/birth_date"),
        ("lease", hidden(&page, "lease")),
    ];
    let answer = send(officer, &path, &telling).await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(page.contains("Câu hỏi có vẻ cho biết kết quả đối chiếu"));
    assert_eq!(state_of(river, &case).await, "open");
    let asking = [
        ("decision", "request_correction"),
        ("reason", "typing_error"),
        ("question", "Xin xem lại thẻ của khách"),
        ("look", "/guest/birth_date"),
        ("lease", hidden(&page, "lease")),
    ];
    let asked = send(officer, &path, &asking).await;
    assert_eq!(asked.status, 303, "{}", asked.text());
    assert_eq!(state_of(river, &case).await, "awaiting_correction");
    // What is to be looked at stays with the police.
    let id = stay["id"].as_str().unwrap();
    let question = river.caller("hotel").stay(id).await["questions"][0].clone();
    let members = [
        "/guest/full_name",
        "/guest/document/number",
        "/guest/birth_date",
    ];
    assert_eq!(question["pointers"], json!(members));
    let shown = officer.get(&format!("/police/cases/{case}")).await.text();
    assert!(shown.contains("Cần xem: Ngày sinh."));
}

async fn a_case_is_given_back_alone(river: &River, officer: &Person) {
    let (_, case) = late_case(river).await;
    let page = taken(officer, &case).await;
    let pairs = [("decision", "give_back"), ("lease", hidden(&page, "lease"))];
    let answer = send(officer, &format!("/police/cases/{case}/decision"), &pairs).await;
    assert_eq!(answer.status, 303);
    let free = officer.get(&format!("/police/cases/{case}")).await.text();
    assert!(free.contains("Nhận vụ việc"));
    // A lease of nobody's.
    let path = format!(
        "/v1/police/claims/{}/notifications/{case}",
        river.facility("hotel")
    );
    assert_eq!(officer.call("DELETE", &path).send().await.status, 404);
}

async fn supervisors_watch_and_others_are_refused(database: Database) {
    let river = River::start(database).await;
    let river = &river;
    let (_, case) = late_case(river).await;
    let path = format!("/police/cases/{case}");
    let supervisor = river.person("supervisor").await;
    assert_eq!(
        supervisor.get("/").await.header("location"),
        Some("/police")
    );
    let queue = supervisor.get("/police").await.text();
    assert!(queue.contains("Chỉ xem, không quyết định"));
    assert!(!queue.contains("Nhận 5 vụ việc kế tiếp"));
    assert_eq!(supervisor.get(&path).await.status, 200);
    for form in [
        format!("{path}/claim"),
        format!("{path}/decision"),
        "/police/claims".to_owned(),
    ] {
        let answer = send(&supervisor, &form, &[]).await;
        assert_eq!(answer.status, 404, "{form}");
    }
    let desk = Person::signed_in(river.api(), river.account("desk")).await;
    for page in ["/police", path.as_str()] {
        assert_eq!(desk.get(page).await.status, 404, "{page}");
        assert_eq!(Person::at(river.api()).get(page).await.status, 303);
        assert_eq!(river.caller("police").get(page).await.status, 404);
    }
    let officer = river.person("province").await;
    let absent = officer
        .get("/police/cases/0197c1c8-0280-7000-8000-000000000010")
        .await;
    assert_eq!(absent.status, 404);
}

async fn statistics_leave_out_few_people(database: Database) {
    let river = River::shared(database).await;
    late_case(river).await;
    let police = river.caller("police");
    // What another test was told a moment ago may not have the case yet.
    let counted = eventually_some("a count with the case", COUNTED_WITHIN, async || {
        let answer = police.get("/v1/police/statistics").await;
        let counted = (answer.status == 200).then(|| answer.json())?;
        let backlog = counted["backlog"].as_array()?.last()?;
        (backlog["waiting"].as_u64()? >= 1).then_some(counted)
    })
    .await;
    assert_eq!(counted["arrivals"].as_array().unwrap().len(), 24);
    let told = counted["by_kind"].as_array().unwrap().iter();
    let told = told.filter_map(|kind| kind["declarations"]["declared"].as_u64());
    assert!(told.into_iter().all(|count| count >= 10));
    assert_eq!(
        river
            .caller("hotel")
            .get("/v1/police/statistics")
            .await
            .status,
        404
    );
}
