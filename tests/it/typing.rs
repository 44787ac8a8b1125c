//! How much a front desk types for a guest, counted.
//!
//! The form in use today asks for fourteen fields of each citizen: name, sex, birth date, arrival,
//! expected departure, reason, kind and number of the document, telephone, province, ward,
//! address, kind of residence and room; a room shared by two is typed twice. Here a field counts
//! as typed when its value goes into the request, was not read from the document, and was not
//! typed before for the same booking: whoever sends two guests of one room types room and
//! departure once. Bookings have 2.4 guests on average, so the count is for a booking of two.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Caller, Database, River, now, on_both_databases, people, text_of};

on_both_databases![two_guests_are_declared_with_a_fraction_of_the_typing];

/// Fields of the form in use today, for each guest.
const FORM_FIELD_COUNT: usize = 14;

async fn two_guests_are_declared_with_a_fraction_of_the_typing(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let today = 2 * FORM_FIELD_COUNT;

    let by_hand = declare_two(&desk, |person, shared| {
        let mut stay = shared.clone();
        stay["guest"] = json!({"full_name": person.full_name,
            "document": {"kind": "citizen_card", "number": person.number}});
        (stay, json!({}))
    })
    .await;
    let saved = 100 - 100 * by_hand / today;
    assert!(
        saved >= 60,
        "by hand {by_hand} of {today} fields: -{saved} %"
    );

    let scans = [scan(&desk).await, scan(&desk).await];
    let mut scans = scans.into_iter();
    let by_scan = declare_two(&desk, |_, shared| {
        let read = scans.next().unwrap();
        let mut stay = shared.clone();
        stay["guest"] = read.clone();
        (stay, json!({"guest": read}))
    })
    .await;
    let saved = 100 - 100 * by_scan / today;
    assert!(
        saved >= 90,
        "by scan {by_scan} of {today} fields: -{saved} %"
    );
}

/// What the service reads from a card's QR text.
async fn scan(desk: &Caller) -> Value {
    let person = people::person();
    let text = format!(
        "{}||{}|17051985|Nam|Số 9 ngõ Thiềm Thừ, Hạc Thành, Thanh Hóa|01052021",
        person.number, person.full_name
    );
    let card = json!({"kind": "qr", "text": text});
    let read = desk.post("/v1/scans", &card).await;
    read.expect(200)["guest"].clone()
}

/// Declares two guests of one room and counts what was typed: `of` gives the stay of a guest and
/// the part of it that was read from the document.
async fn declare_two(
    desk: &Caller,
    mut of: impl FnMut(people::Person, &Value) -> (Value, Value),
) -> usize {
    let shared = json!({
        "room": format!("3{}", people::next()),
        "expected_departure_at": text_of(now() + TimeDelta::days(1)),
    });
    let mut typed = BTreeSet::new();
    for _ in 0..2 {
        let (stay, read) = of(people::person(), &shared);
        desk.accepted(&stay).await;
        let read = leaves(&read, "");
        typed.extend(leaves(&stay, "").difference(&read).cloned());
    }
    typed.len()
}

/// Every member with its value; the kind of document of two guests is one choice.
fn leaves(value: &Value, pointer: &str) -> BTreeSet<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| leaves(value, &format!("{pointer}/{name}")))
            .collect(),
        leaf @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => BTreeSet::from([format!("{pointer}={leaf}")]),
    }
}
