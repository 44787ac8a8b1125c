//! When: arrival, departure, deadline.

use super::*;
use crate::problem::{Hint, Language};

fn arriving(text: &str) -> Value {
    with(citizen(), "/arrival_at", json!(text))
}

fn leaving(text: &str) -> Value {
    with(citizen(), "/expected_departure_at", json!(text))
}

#[test]
fn an_arrival_lies_within_the_window() {
    let table = [
        ("2026-11-23T14:20:00+07:00", vec![]),
        (
            "2026-11-23T14:20:00.000001+07:00",
            vec!["/arrival_at arrival_in_future"],
        ),
        ("2026-11-23T07:20:00Z", vec![]),
        ("2026-09-22T14:10:00+07:00", vec![]),
        (
            "2026-09-22T14:09:59+07:00",
            vec!["/arrival_at arrival_too_old"],
        ),
        ("2026-11-23T14:05:00", vec!["/arrival_at invalid_instant"]),
        ("2026-11-23", vec!["/arrival_at invalid_instant"]),
        ("now", vec!["/arrival_at invalid_instant"]),
    ];
    for (arrival, expected) in table {
        assert_eq!(
            refusals(&arriving(arrival), &[hotel()]),
            expected,
            "{arrival}"
        );
    }
}

#[test]
fn an_early_declaration_is_told_from_when_on_it_is_taken() {
    let faults = judge(&arriving("2026-11-23T18:00:00+07:00"), &[hotel()]).unwrap_err();
    let [violation] = faults.violations.as_slice() else {
        panic!("one violation")
    };
    let from = instant("2026-11-23T17:50:00+07:00");
    assert_eq!(violation.hint, Some(Hint::DeclareFrom(from)));
    assert!(
        violation
            .message(Language::En)
            .contains("2026-11-23T17:50:00+07:00")
    );
    let again = check(
        &arriving("2026-11-23T18:00:00+07:00"),
        &[hotel()],
        &catalogues(),
        &Window::default(),
        from,
    );
    assert!(again.is_ok());
}

#[test]
fn an_arrival_left_out_is_now() {
    let declaration = accept(&without(citizen(), "/arrival_at"));
    assert_eq!(declaration.arrival_at, instant(RECEIVED_AT));
    assert!(!declaration.arrival_was_sent);
    assert!(accept(&citizen()).arrival_was_sent);
}

#[test]
fn the_departure_lies_after_the_arrival() {
    let before = vec!["/expected_departure_at departure_before_arrival"];
    let table = [
        ("2026-11-23T14:05:00.000001+07:00", vec![]),
        ("2026-11-23T14:05:00+07:00", before.clone()),
        ("2026-11-23T10:00:00+07:00", before),
        ("tomorrow", vec!["/expected_departure_at invalid_instant"]),
    ];
    for (departure, expected) in table {
        assert_eq!(
            refusals(&leaving(departure), &[hotel()]),
            expected,
            "{departure}"
        );
    }
}

#[test]
fn a_guest_who_leaves_before_23_00_is_not_forwarded() {
    let table = [
        ("2026-11-23T20:00:00+07:00", false),
        ("2026-11-23T16:00:00Z", false),
        ("2026-11-23T23:00:01+07:00", true),
        ("2026-11-23T23:59:59.999999+07:00", true),
        ("2026-11-24T00:00:00+07:00", true),
        ("2026-11-25T12:00:00+07:00", true),
    ];
    for (departure, is_forwardable) in table {
        assert_eq!(
            accept(&leaving(departure)).is_forwardable,
            is_forwardable,
            "{departure}"
        );
    }
    let open = without(citizen(), "/expected_departure_at");
    let hospital = facility(FacilityKind::MedicalFacility);
    assert!(judge(&open, &[hospital]).unwrap().is_forwardable);
}

#[test]
fn thirty_days_are_temporary_residence() {
    let due = vec!["/expected_departure_at temporary_residence_due"];
    let table = [
        ("2026-12-22T23:00:00+07:00", vec![]),
        ("2026-12-23T06:00:00+07:00", due.clone()),
        ("2027-06-30T12:00:00+07:00", due),
    ];
    for (departure, expected) in table {
        assert_eq!(warnings(&leaving(departure)), expected, "{departure}");
    }
}

#[test]
fn the_deadline_follows_from_person_and_place() {
    let mut remote = Facility::clone(&hotel());
    remote.is_remote = true;
    let table = [
        (citizen(), hotel(), "2026-11-23T23:00:00+07:00"),
        (foreigner(), hotel(), "2026-11-24T02:05:00+07:00"),
        (
            foreigner(),
            Arc::new(remote.clone()),
            "2026-11-24T14:05:00+07:00",
        ),
        (citizen(), Arc::new(remote), "2026-11-23T23:00:00+07:00"),
    ];
    for (body, place, deadline) in table {
        let declaration = judge(&body, &[place]).unwrap();
        assert_eq!(declaration.deadline.at, instant(deadline));
        assert_eq!(declaration.timeliness, Timeliness::OnTime);
    }
    let late = judge(&arriving("2026-11-22T14:05:00+07:00"), &[hotel()]).unwrap();
    assert_eq!(late.timeliness, Timeliness::Late);
}

#[test]
fn dates_of_entry_that_do_not_fit_the_arrival_are_warned_of() {
    let permitted = "/guest/permitted_stay_until permitted_stay_ended";
    let visa = "/guest/visa/expires_on visa_expired";
    let entered = "/guest/entered_on entered_after_arrival";
    // Each row: member, day, warnings; the guest arrives on 2026-11-23.
    let table = [
        ("permitted_stay_until", "1900-01-01", vec![permitted]),
        ("permitted_stay_until", "2026-11-22", vec![permitted]),
        ("permitted_stay_until", "2026-11-23", vec![]),
        ("visa", "2020-05-01", vec![visa]),
        ("visa", "2026-11-22", vec![visa]),
        ("visa", "2026-11-23", vec![]),
        ("entered_on", "2026-11-24", vec![entered]),
        ("entered_on", "2027-01-01", vec![entered]),
        ("entered_on", "2026-11-23", vec![]),
        ("entered_on", "2026-11-01", vec![]),
    ];
    for (member, day, expected) in table {
        let value = match member {
            "visa" => json!({"kind": "DL", "expires_on": day}),
            _ => json!(day),
        };
        let body = with(foreigner(), &format!("/guest/{member}"), value);
        assert_eq!(warnings(&body), expected, "{member} {day}");
    }
}
