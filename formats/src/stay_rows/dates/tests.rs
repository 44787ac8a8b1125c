use proptest::prelude::*;

use super::*;

fn local(text: &str) -> When {
    let (day, time) = text.split_once(' ').unwrap_or((text, ""));
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S").ok();
    When::Local(day.parse().unwrap(), time)
}

fn reader(order: DateOrder) -> DateReader {
    DateReader {
        order,
        is_doubtful: false,
        is_1904: false,
        today: "2026-11-29".parse().unwrap(),
    }
}

#[test]
fn days_are_read_in_every_form_they_come_in() {
    let ours = DateOrder::DayMonth;
    let theirs = DateOrder::MonthDay;
    let table = [
        ("23/11/2026", ours, Ok(local("2026-11-23"))),
        ("23/11/26", ours, Ok(local("2026-11-23"))),
        ("3/1/2026", ours, Ok(local("2026-01-03"))),
        ("23 / 11 / 2026", ours, Ok(local("2026-11-23"))),
        ("23 11 2026", ours, Ok(local("2026-11-23"))),
        ("'23/11/2026", ours, Ok(local("2026-11-23"))),
        ("２３/１１/２０２６", ours, Ok(local("2026-11-23"))),
        ("\u{a0}23/11/2026\u{200e}", ours, Ok(local("2026-11-23"))),
        ("11/23/2026", theirs, Ok(local("2026-11-23"))),
        ("11/23/2026", ours, Err(DateFault::OtherOrder(ours))),
        ("23/11/2026", theirs, Err(DateFault::OtherOrder(theirs))),
        ("08/12/2026", ours, Ok(local("2026-12-08"))),
        ("08/12/2026", theirs, Ok(local("2026-08-12"))),
        ("23.11.2026", theirs, Ok(local("2026-11-23"))),
        ("2026-11-23", ours, Ok(local("2026-11-23"))),
        ("2026/11/23 14:05", ours, Ok(local("2026-11-23 14:05:00"))),
        (
            "2026-11-23T14:05:00",
            ours,
            Ok(local("2026-11-23 14:05:00")),
        ),
        ("2026-11-23T14:05", ours, Ok(local("2026-11-23 14:05:00"))),
        (
            "2026-11-23 14:05:00.000",
            ours,
            Ok(local("2026-11-23 14:05:00")),
        ),
        ("23/11/2026, 15h30", ours, Ok(local("2026-11-23 15:30:00"))),
        ("23/11/2026 2:05 PM", ours, Ok(local("2026-11-23 14:05:00"))),
        ("23/11/2026 2:05 CH", ours, Ok(local("2026-11-23 14:05:00"))),
        ("23/11/2026 14.30", ours, Ok(local("2026-11-23 14:30:00"))),
        ("23/11/2026 24:00", ours, Ok(local("2026-11-24 00:00:00"))),
        (
            "14:05:00 28/11/2026",
            ours,
            Ok(local("2026-11-28 14:05:00")),
        ),
        (
            "14h05 ngày 28/11/2026",
            ours,
            Ok(local("2026-11-28 14:05:00")),
        ),
        (
            "14 giờ 05 ngày 28/11/2026",
            ours,
            Ok(local("2026-11-28 14:05:00")),
        ),
        ("2:05 CH 28/11/2026", ours, Ok(local("2026-11-28 14:05:00"))),
        ("23112026", ours, Ok(local("2026-11-23"))),
        ("20261123", ours, Ok(local("2026-11-23"))),
        ("23-Nov-26", theirs, Ok(local("2026-11-23"))),
        ("23Nov2026", ours, Ok(local("2026-11-23"))),
        ("2026-Nov-23", ours, Ok(local("2026-11-23"))),
        ("Nov 23, 2026", ours, Ok(local("2026-11-23"))),
        ("Mon, 23 Nov 2026", ours, Ok(local("2026-11-23"))),
        (
            "Monday, November 23rd, 2026 2:05 PM",
            ours,
            Ok(local("2026-11-23 14:05:00")),
        ),
        ("Thứ Hai, 23/11/2026", ours, Ok(local("2026-11-23"))),
        ("Chủ Nhật 29/11/2026", ours, Ok(local("2026-11-29"))),
        ("T2 23/11/2026", ours, Ok(local("2026-11-23"))),
        ("ngày 23 tháng 11 năm 2026", ours, Ok(local("2026-11-23"))),
        ("28 thg 11, 2026", ours, Ok(local("2026-11-28"))),
        (
            "28 thg 11 2026 14:05",
            ours,
            Ok(local("2026-11-28 14:05:00")),
        ),
        ("28-Thg11-2026", ours, Ok(local("2026-11-28"))),
        ("28 Tháng Mười Một 2026", ours, Ok(local("2026-11-28"))),
        ("Tháng Mười Hai 3, 2026", ours, Ok(local("2026-12-03"))),
        ("3 tháng năm năm 2026", ours, Ok(local("2026-05-03"))),
        ("29/11", ours, Ok(local("2026-11-29"))),
        ("29-11", ours, Ok(local("2026-11-29"))),
        ("11/29", theirs, Ok(local("2026-11-29"))),
        ("01/10", ours, Ok(local("2026-10-01"))),
        ("28/11 14:05", ours, Ok(local("2026-11-28 14:05:00"))),
        // Neither lately nor soon.
        ("29/05", ours, Err(DateFault::Invalid)),
        ("23/11/2569", ours, Ok(local("2026-11-23"))),
        ("46349", ours, Ok(local("2026-11-23"))),
        ("46349.0", ours, Ok(local("2026-11-23"))),
        ("46349.5", ours, Ok(local("2026-11-23 12:00:00"))),
        ("46349,5", ours, Ok(local("2026-11-23 12:00:00"))),
        ("30/02/2026", ours, Err(DateFault::Invalid)),
        ("14:05", ours, Err(DateFault::Invalid)),
        ("soon", ours, Err(DateFault::Invalid)),
        ("", ours, Err(DateFault::Invalid)),
        ("3.80909E+10", ours, Err(DateFault::Invalid)),
    ];
    for (text, order, expected) in table {
        let found = reader(order).when(text).map(|read| read.value);
        assert_eq!(found, expected, "{text}");
    }
    let of_1904 = DateReader {
        is_1904: true,
        ..reader(ours)
    };
    assert_eq!(of_1904.when("44887").unwrap().value, local("2026-11-23"));
}

#[test]
fn instants_keep_their_offset() {
    let table = [
        ("2026-11-23T16:10:00Z", "2026-11-23T16:10:00Z"),
        ("2026-11-23T16:10Z", "2026-11-23T16:10:00Z"),
        ("2026-11-23 16:10:00Z", "2026-11-23T16:10:00Z"),
        ("2026-11-23 16:10:00 UTC", "2026-11-23T16:10:00Z"),
        ("2026-11-23T16:10:00.000Z", "2026-11-23T16:10:00Z"),
        ("2026-11-23 23:10:00+07:00", "2026-11-23T16:10:00Z"),
        ("2026-11-23 23:10 +0700", "2026-11-23T16:10:00Z"),
    ];
    for (text, expected) in table {
        let expected = When::Instant(parse_instant(expected).unwrap());
        let found = reader(DateOrder::DayMonth).when(text).unwrap().value;
        assert_eq!(found, expected, "{text}");
    }
    let late = reader(DateOrder::DayMonth)
        .when("2026-11-23T17:10:00Z")
        .unwrap();
    assert_eq!(late.value.day().to_string(), "2026-11-24");
}

#[test]
fn what_might_mean_something_else_is_told() {
    let doubtful = DateReader {
        is_doubtful: true,
        ..reader(DateOrder::DayMonth)
    };
    let table = [
        ("08/12/2026", true),
        ("12/12/2026", false),
        ("23/11/2026", false),
        ("08.12.2026", false),
        ("2026-12-08", false),
        ("8 Dec 2026", false),
        ("23/11/2569", true),
    ];
    for (text, is_assumed) in table {
        assert_eq!(
            doubtful.when(text).unwrap().is_assumed,
            is_assumed,
            "{text}"
        );
    }
    assert!(
        !reader(DateOrder::DayMonth)
            .when("08/12/2026")
            .unwrap()
            .is_assumed
    );
}

#[test]
fn birth_dates_are_as_exact_as_they_are_known() {
    let today = "2026-11-23".parse().ok();
    let table = [
        ("1975", Ok("1975")),
        ("05/1975", Ok("1975-05")),
        ("5/1975", Ok("1975-05")),
        ("05-1975", Ok("1975-05")),
        ("1975-05", Ok("1975-05")),
        ("tháng 5/1975", Ok("1975-05")),
        ("tháng 5 năm 1975", Ok("1975-05")),
        ("năm 1975", Ok("1975")),
        ("00/00/1960", Ok("1960")),
        ("--/--/1960", Ok("1960")),
        ("-/-/1960", Ok("1960")),
        ("xx/xx/1960", Ok("1960")),
        ("../../1960", Ok("1960")),
        ("__/__/1960", Ok("1960")),
        ("00/05/1960", Ok("1960-05")),
        ("1960-00-00", Ok("1960")),
        ("1960-05-00", Ok("1960-05")),
        ("29/02/2012", Ok("2012-02-29")),
        ("12/05/75", Ok("1975-05-12")),
        ("12/05/05", Ok("2005-05-12")),
        ("12/05/2533", Ok("1990-05-12")),
        ("27526", Ok("1975-05-12")),
        ("17 thg 5, 1990", Ok("1990-05-17")),
        ("17/05/1990 00:00:00", Ok("1990-05-17")),
        ("29/02/2011", Err(DateFault::Invalid)),
        (
            "05/17/1990",
            Err(DateFault::OtherOrder(DateOrder::DayMonth)),
        ),
        ("13/1975", Err(DateFault::Invalid)),
        ("1700", Err(DateFault::Invalid)),
        ("36 tuổi", Err(DateFault::Invalid)),
        ("29/11", Err(DateFault::Invalid)),
    ];
    for (text, expected) in table {
        let found = reader(DateOrder::DayMonth).birth_date(text, today);
        let found = found.map(|read| read.value.to_text());
        assert_eq!(found, expected.map(str::to_owned), "{text}");
    }
}

#[test]
fn a_departure_without_a_year_follows_the_arrival() {
    let arrival = "2026-12-30".parse().unwrap();
    let reader = reader(DateOrder::DayMonth);
    assert_eq!(
        reader.when_from("02/01", arrival),
        Some(local("2027-01-02"))
    );
    let noon = reader.when_from("31/12 12h", arrival);
    assert_eq!(noon, Some(local("2026-12-31 12:00:00")));
    assert_eq!(reader.when_from("31/12/2026", arrival), None);
}

#[test]
fn the_order_of_a_column_is_told_by_its_language_and_its_own_values() {
    let ours = DateOrder::DayMonth;
    let theirs = DateOrder::MonthDay;
    // Vietnamese?, values, order, is a date that may be either doubtful.
    let table: [(bool, &[&str], DateOrder, bool); 8] = [
        (false, &["11/23/2026", "08/12/1964"], theirs, false),
        (false, &["23/11/2026", "08/12/1964"], ours, false),
        (false, &["08/12/1964", "2026-11-23"], ours, false),
        (false, &["23/11/2026", "11/23/2026"], ours, true),
        (true, &["10/11/2026"], ours, false),
        (true, &["05/17/1990", "01/02/1990"], ours, true),
        (true, &["05/17/1990", "17/05/1990"], ours, true),
        (true, &["23/11/2026", "08/12/1964"], ours, false),
    ];
    for (is_vietnamese, texts, order, is_doubtful) in table {
        let mut evidence = DateOrderEvidence::default();
        texts.iter().for_each(|text| evidence.see(text));
        let mut signs = Signs {
            asked: None,
            named: None,
            is_vietnamese,
            evidence,
        };
        assert_eq!(signs.order(), order, "{texts:?}");
        assert_eq!(signs.is_doubtful(|_| false), is_doubtful, "{texts:?}");
        for said in [ours, theirs] {
            signs.asked = Some(said);
            assert_eq!(signs.order(), said);
        }
    }
    let silent = Signs {
        asked: None,
        named: None,
        is_vietnamese: false,
        evidence: DateOrderEvidence::default(),
    };
    assert!(silent.is_doubtful(|order| order == theirs));
}

#[test]
fn what_a_spreadsheet_made_a_day_of_is_no_room() {
    for text in [
        "12/01/2026",
        "2026-01-12",
        "01-Dec",
        "Dec-01",
        "12-Jan-26",
        "01/12/2026",
    ] {
        assert!(is_day(text), "{text}");
    }
    for text in [
        "12-1", "101", "A-12", "12/1", "P. 305", "Mai 3", "MAY1", "T2-03", "1.2.3", "203.0",
    ] {
        assert!(!is_day(text), "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in ".{0,24}") {
        for order in [DateOrder::DayMonth, DateOrder::MonthDay] {
            let _ = reader(order).when(&text);
            let _ = reader(order).birth_date(&text, None);
            let _ = is_day(&text);
            DateOrderEvidence::default().see(&text);
        }
    }

    #[test]
    fn a_day_written_by_us_is_read_back(days in 0_u64..60_000) {
        let day = NaiveDate::from_ymd_opt(1900, 3, 1).unwrap() + Days::new(days);
        for form in ["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%H:%M %d/%m/%Y"] {
            let text = day.format(form);
            let text = if form.contains("%H") {
                format!("00:00 {}", day.format("%d/%m/%Y"))
            } else {
                text.to_string()
            };
            let found = reader(DateOrder::DayMonth).when(&text).map(|read| read.value.day());
            prop_assert_eq!(found, Ok(day));
        }
    }
}
