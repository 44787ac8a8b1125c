//! What a census does about each line.

use super::*;
use crate::catalogue::{Catalogues, Entries};
use crate::declaration::Rejudging;

fn catalogues() -> Catalogues {
    let vietnamese = vec![("VNM".to_owned(), json!({"kind": "iso"}))];
    let none = Entries::new();
    Catalogues::read(&none, &none, &vietnamese, &none).unwrap()
}

fn content() -> Value {
    json!({
        "facility_id": facility().id, "reference": "BN-1", "room": "203",
        "arrival_at": "2026-11-24T06:00:00+07:00",
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": "038090990001"},
        },
    })
}

fn in_room(room: &str) -> Line {
    line(json!({"reference": "BN-1", "room": room}))
}

fn present() -> Known<'static> {
    known(&content(), "06:00:00")
}

fn departed(departed_at: &str) -> Known<'static> {
    let mut content = content();
    content["departed_at"] = json!(format!("2026-11-24T{departed_at}+07:00"));
    Known {
        presence: Presence::Departed,
        changed_at: Some(at(departed_at)),
        ..known(&content, "06:00:00")
    }
}

/// What a census of 08:00 does about a line. `counted_at` is when a later census was taken of the
/// part where the line places the guest.
fn step(sighting: &Sighting<'_>, counted_at: Option<&str>) -> LineStep {
    let document = json!({"taken_at": "2026-11-24T08:00:00+07:00", "stays": []});
    let (census, catalogues) = (census(&document), catalogues());
    let (facility, counted_at) = (std::sync::Arc::new(facility()), counted_at.map(at));
    let planner = Planner {
        census: &census,
        by: Rejudging {
            facility: &facility,
            catalogues: &catalogues,
            window: &Window::default(),
            received_at: at("08:05:00"),
            filed_at: at("08:05:00"),
        },
        counted_at: &|_| counted_at,
    };
    planner.step(sighting)
}

fn about<'a>(line: &'a Line, about: About<'a>) -> Sighting<'a> {
    Sighting {
        line,
        about,
        declaration: &Value::Null,
        faults: &[],
    }
}

fn name(step: &LineStep) -> String {
    let hour = |at: &DateTime<Utc>| crate::time::format_instant(*at)[11..16].to_owned();
    match step {
        LineStep::Arrive => "arrive".to_owned(),
        LineStep::Change { change, .. } => {
            let mut members: Vec<&str> = change
                .document
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            members.retain(|member| *member != "reason");
            format!("change {}", members.join(" "))
        }
        LineStep::Nothing(_) => "nothing".to_owned(),
        LineStep::Leave(_) => "leave".to_owned(),
        LineStep::Refuse(violations) => {
            let pointers: Vec<&str> = violations.iter().map(|one| one.pointer.as_str()).collect();
            format!("refuse {}", pointers.join(" "))
        }
        LineStep::Unreadable(_) => "unreadable".to_owned(),
        LineStep::Stale {
            stay_id,
            last_taken_at,
        } => {
            let whose = if stay_id.is_some() { "stay" } else { "nobody" };
            format!("stale {whose} {}", hour(last_taken_at))
        }
    }
}

#[test]
fn a_line_changes_its_stay_unless_newer_information_exists() {
    let counted = |stay: Known<'static>, counted_at| Known {
        counted_at: Some(at(counted_at)),
        ..stay
    };
    let changed = |stay: Known<'static>, changed_at| Known {
        changed_at: Some(at(changed_at)),
        ..stay
    };
    let missed = |stay: Known<'static>| Known {
        was_missed: true,
        ..stay
    };
    let cancelled = Known {
        presence: Presence::Cancelled,
        ..present()
    };
    // The stay, the room of the line, when the part with that room was counted later; what is done.
    let table = [
        (present(), "203", None, "nothing"),
        (present(), "204", None, "change room"),
        (changed(present(), "08:00:00"), "204", None, "change room"),
        (changed(present(), "08:00:01"), "204", None, "nothing"),
        (known(&content(), "08:00:01"), "204", None, "nothing"),
        (cancelled, "204", None, "nothing"),
        // Where it lay, or where the line says it lies, was counted later.
        (counted(present(), "09:00:00"), "204", None, "leave"),
        (present(), "204", Some("09:00:00"), "stale stay 09:00"),
        (present(), "203", Some("09:00:00"), "nothing"),
        // Who had left by then is back.
        (departed("07:00:00"), "203", None, "change departed_at"),
        (departed("07:00:00"), "204", None, "change departed_at room"),
        (
            departed("07:00:00"),
            "203",
            Some("09:00:00"),
            "stale stay 09:00",
        ),
        (
            counted(departed("07:00:00"), "09:00:00"),
            "203",
            None,
            "stale stay 09:00",
        ),
        (
            changed(departed("07:00:00"), "08:30:00"),
            "203",
            None,
            "nothing",
        ),
        // Who left afterwards was still there.
        (departed("08:30:00"), "203", None, "nothing"),
        (
            counted(departed("08:30:00"), "08:30:00"),
            "203",
            None,
            "leave",
        ),
        // Unless it was a census that let the guest depart: here is where the guest was.
        (
            counted(missed(departed("08:30:00")), "08:30:00"),
            "204",
            None,
            "change departed_at room",
        ),
        (
            counted(missed(departed("08:30:00")), "08:30:00"),
            "204",
            Some("09:00:00"),
            "leave",
        ),
        (
            missed(departed("07:00:00")),
            "203",
            None,
            "change departed_at",
        ),
    ];
    for (number, (stay, room, counted_at, expected)) in table.into_iter().enumerate() {
        let line = in_room(room);
        let step = step(&about(&line, About::Known(stay)), counted_at);
        assert_eq!(name(&step), expected, "row {number}");
    }
}

#[test]
fn a_line_that_cannot_change_its_stay_is_refused() {
    let faulty = Line {
        violations: vec![Violation::new("/room", Code::InvalidType)],
        ..in_room("204")
    };
    let found = step(&about(&faulty, About::Known(present())), None);
    assert_eq!(name(&found), "refuse /room");
    let mut content = in_room("204").content;
    content["guest"] = json!({"birth_date": "tomorrow"});
    let odd = line(content);
    let found = step(&about(&odd, About::Known(present())), None);
    assert_eq!(name(&found), "refuse /guest/birth_date");
}

#[test]
fn a_line_about_nobody_known_arrives_unless_it_is_faulty_or_late() {
    let fault = |pointer: &str| Violation::new(pointer, Code::InvalidType);
    // Faults of the line, of the declaration; when its part was counted later; what is done.
    let table = [
        (vec![], vec![], None, "arrive"),
        (vec![], vec![], Some("09:00:00"), "stale nobody 09:00"),
        (vec![], vec![fault("/guest")], None, "refuse /guest"),
        (
            vec![fault("/room")],
            vec![fault("/guest")],
            None,
            "refuse /room",
        ),
        (
            vec![fault("/room")],
            vec![],
            Some("09:00:00"),
            "refuse /room",
        ),
    ];
    for (violations, faults, counted_at, expected) in table {
        let line = Line {
            violations,
            ..in_room("204")
        };
        let sighting = Sighting {
            faults: &faults,
            ..about(&line, About::Newcomer)
        };
        assert_eq!(name(&step(&sighting, counted_at)), expected);
    }
}

#[test]
fn a_line_about_a_damaged_stay_or_a_second_one_is_not_done() {
    let (named, unnamed) = (in_room("204"), line(numbered("1")));
    let found = step(&about(&named, About::Unreadable(id(7))), None);
    assert!(found == LineStep::Unreadable(id(7)));
    let table = [
        (&named, "refuse /reference"),
        (&unnamed, "refuse /guest/document/number"),
    ];
    for (line, expected) in table {
        let found = step(&about(line, About::Repeated(&named)), None);
        assert_eq!(name(&found), expected);
    }
}

#[test]
fn a_refused_line_is_unclear_unless_it_tells_its_guest() {
    let fault = |pointer: &str| Violation::new(pointer, Code::InvalidType);
    let missing = |pointer: &str| Violation::new(pointer, Code::Required);
    let (one, other) = (line(numbered("1")), line(numbered("2")));
    // Whom it is about, what is wrong with it; whether it may be about anybody.
    let table = [
        (About::Known(present()), vec![fault("/reference")], false),
        (About::Newcomer, vec![], false),
        (About::Newcomer, vec![fault("/room")], false),
        (About::Newcomer, vec![fault("/guest/document/number")], true),
        (
            About::Newcomer,
            vec![missing("/guest/document/number")],
            true,
        ),
        (About::Unreadable(id(7)), vec![], false),
        (About::Unreadable(id(7)), vec![fault("/reference")], true),
        (About::Repeated(&one), vec![], false),
        (About::Repeated(&one), vec![fault("/reference")], true),
        (
            About::Repeated(&one),
            vec![missing("/guest/document/number")],
            false,
        ),
        (About::Repeated(&other), vec![], true),
    ];
    for (number, (whom, faults, expected)) in table.into_iter().enumerate() {
        let sighting = Sighting {
            faults: &faults,
            ..about(&one, whom)
        };
        assert_eq!(sighting.is_unclear(), expected, "row {number}");
        // It does not matter which of the two judged it.
        let line = Line {
            violations: faults,
            ..one.clone()
        };
        assert_eq!(about(&line, whom).is_unclear(), expected, "row {number}");
    }
}
