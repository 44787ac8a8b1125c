//! The digest of a facility's day, which shows a sender and the service what the other lacks.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Caller, Database, River, now, on_both_databases, people};

on_both_databases![
    a_day_s_digest_is_over_the_numbers_of_its_receipts,
    what_differs_is_told_both_ways,
    every_fault_of_a_list_of_receipts_is_named,
    digests_of_others_are_as_good_as_absent,
];

/// A local day some days ago.
fn days_ago(count: i64) -> String {
    let day = now() - chrono::TimeDelta::days(count);
    day.date_naive().to_string()
}

fn path(facility_id: &str) -> String {
    format!("/v1/facilities/{facility_id}/digest")
}

/// A stay that began on a day, as it was accepted.
async fn declared(desk: &Caller, facility_id: &str, day: &str) -> Value {
    let mut stay = people::citizen(facility_id);
    stay["arrival_at"] = json!(format!("{day}T00:30:00+07:00"));
    desk.accepted(&stay).await
}

fn number(stay: &Value) -> &str {
    stay["receipt"]["number"].as_str().unwrap()
}

/// Count and hash, made by the words of the contract.
fn digest_of(numbers: &[&str]) -> Value {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    let sha256 = hex::encode(Sha256::digest(numbers.join("\n")));
    json!([numbers.len(), sha256])
}

async fn shown(desk: &Caller, facility_id: &str, day: &str) -> Value {
    let path = format!("{}?date={day}", path(facility_id));
    let digest = desk.get(&path).await.expect(200);
    assert_eq!(digest["facility_id"], facility_id);
    assert_eq!(digest["date"], day);
    json!([digest["count"], digest["sha256"]])
}

async fn a_day_s_digest_is_over_the_numbers_of_its_receipts(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let (day, day_before) = (days_ago(3), days_ago(4));
    assert_eq!(shown(&desk, hotel, &day).await, digest_of(&[]));

    let first = declared(&desk, hotel, &day).await;
    let second = declared(&desk, hotel, &day).await;
    let third = declared(&desk, hotel, &day).await;
    let other = declared(&desk, hotel, &day_before).await;
    let all = digest_of(&[number(&first), number(&second), number(&third)]);
    assert_eq!(shown(&desk, hotel, &day).await, all);
    let of_the_day_before = digest_of(&[number(&other)]);
    assert_eq!(shown(&desk, hotel, &day_before).await, of_the_day_before);

    // An amendment gives another receipt, and the digest stays; a cancellation takes one away.
    let id = first["id"].as_str().unwrap();
    let patch = json!({"room": "305", "reason": "Đổi phòng"});
    let amended = desk.amend(id, 1, &patch).await.expect(200);
    assert_ne!(number(&amended), number(&first));
    assert_eq!(shown(&desk, hotel, &day).await, all);
    let id = second["id"].as_str().unwrap();
    let reason = json!({"reason": "Khai nhầm khách"});
    desk.act(id, "cancellation", 1, &reason).await.expect(200);
    let rest = digest_of(&[number(&first), number(&third)]);
    assert_eq!(shown(&desk, hotel, &day).await, rest);
}

async fn what_differs_is_told_both_ways(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let (day, day_before) = (days_ago(3), days_ago(4));
    let first = declared(&desk, hotel, &day).await;
    let second = declared(&desk, hotel, &day).await;
    let other = declared(&desk, hotel, &day_before).await;
    let lost = "LT-261101-0000000000000000";
    let mut both = [number(&first), number(&second)];
    both.sort_unstable();
    // Each row: the sender's numbers, the missing ones, the unknown ones.
    let table: [(Vec<&str>, Vec<&str>, Vec<&str>); 5] = [
        (vec![both[1], both[0], both[1]], vec![], vec![]),
        (vec![], both.to_vec(), vec![]),
        (vec![both[0]], vec![both[1]], vec![]),
        (vec![lost, both[1], both[0]], vec![], vec![lost]),
        (
            vec![number(&other), both[1]],
            vec![both[0]],
            vec![number(&other)],
        ),
    ];
    for (held, missing, unknown) in table {
        let sent = json!({"date": day, "receipts": held});
        let compared = desk.post(&path(hotel), &sent).await.expect(200);
        let expected = json!({"missing": missing, "unknown": unknown});
        assert_eq!(compared, expected, "{held:?}");
    }
}

async fn every_fault_of_a_list_of_receipts_is_named(database: Database) {
    let river = River::shared(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    // Each row: the request, and its violations.
    let table = [
        (json!([]), vec![("", "invalid_type")]),
        (
            json!({}),
            vec![("/date", "required"), ("/receipts", "required")],
        ),
        (
            json!({"date": "24.11.2026", "receipts": [7, "x".repeat(65)], "cursor": 1}),
            vec![
                ("/cursor", "unknown_field"),
                ("/date", "invalid_date"),
                ("/receipts/0", "invalid_type"),
                ("/receipts/1", "too_long"),
            ],
        ),
        (
            json!({"date": "2026-11-24", "receipts": vec!["x"; 100_001]}),
            vec![("/receipts", "too_many_items")],
        ),
    ];
    for (sent, expected) in table {
        let expected = expected
            .into_iter()
            .map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
        let violations = desk.post(&path(hotel), &sent).await.violations();
        assert_eq!(violations, expected.collect());
    }
    for (query, code) in [("", "required"), ("?date=2026-02-30", "invalid_date")] {
        let answer = desk.get(&format!("{}{query}", path(hotel))).await;
        let expected = [("/query/date".to_owned(), code.to_owned())];
        assert_eq!(answer.violations(), expected.into());
    }
}

async fn digests_of_others_are_as_good_as_absent(database: Database) {
    let river = River::shared(database).await;
    let school = river.facility("school");
    let absent = "0197c1c8-0280-7000-8000-00000000ffff";
    let held = json!({"date": "2026-11-24", "receipts": []});
    for key in ["hotel", "police", "admin"] {
        let caller = river.caller(key);
        for id in [school, absent, "x"] {
            let shown = format!("{}?date=2026-11-24", path(id));
            caller.get(&shown).await.expect_problem(404, "not_found");
            let compared = caller.post(&path(id), &held).await;
            compared.expect_problem(404, "not_found");
        }
    }
}
