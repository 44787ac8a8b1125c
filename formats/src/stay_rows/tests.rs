use serde_json::json;

use super::*;
use domain::import::FileKind;

/// 23:00 of 29 November 2026 in Viet Nam.
const RECEIVED_AT: &str = "2026-11-29T16:00:00Z";

fn terms() -> Terms {
    Terms {
        date_order: None,
        received_at: RECEIVED_AT.parse().unwrap(),
        permitted_stay_until: None,
    }
}

fn read_on(text: &str, terms: &Terms) -> StayRows {
    let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
    StayRows::new(table, terms).unwrap()
}

fn read(text: &str) -> StayRows {
    read_on(text, &terms())
}

fn stay(rows: &StayRows, index: usize) -> RowDraft {
    match rows.row(index).reading {
        RowReading::Stay(draft) => *draft,
        RowReading::Skipped(_) => panic!("row {index} is skipped"),
    }
}

fn skipped(rows: &StayRows, index: usize) -> Option<Code> {
    match rows.row(index).reading {
        RowReading::Stay(_) => None,
        RowReading::Skipped(note) => Some(note.violation.code),
    }
}

fn codes(found: &[CellNote]) -> Vec<(&str, &str)> {
    let pair = |note: &'_ CellNote| {
        let violation = &note.violation;
        (violation.pointer.clone(), violation.code.as_str())
    };
    found
        .iter()
        .map(pair)
        .map(|(pointer, code)| (&*Box::leak(pointer.into_boxed_str()), code))
        .collect()
}

const ASSUMED: (&str, &str) = ("/arrival_at", "arrival_time_assumed");

#[test]
fn a_reception_book_is_read() {
    let rows = read(include_str!("../../samples/so_tay_le_tan.csv"));
    assert_eq!(rows.len(), 4);
    assert_eq!(rows.date_order(), Some(DateOrder::DayMonth));
    assert_eq!(
        stay(&rows, 0).stay,
        json!({
            "room": "101",
            "arrival_at": "2026-11-23T15:30:00+07:00",
            "expected_departure_at": "2026-11-24T12:00:00+07:00",
            "guest": {
                "full_name": "Phạm Quốc Bảo", "birth_date": "1975", "nationality": "VNM",
                "document": {"kind": "citizen_card", "number": "001075990003"},
            },
        })
    );
    let child = stay(&rows, 1).stay;
    assert_eq!(child["guest"]["document"], json!({"kind": "none"}));
    assert_eq!(child["guest"]["no_document_reason"], "minor");
    assert_eq!(child["guest"]["birth_date"], "2012-02-29");
    let old = stay(&rows, 2);
    let document = json!({"kind": "old_identity_card", "number": "173990012"});
    assert_eq!(old.stay["guest"]["document"], document);
    assert_eq!(
        codes(&old.warnings),
        [("/guest/document/number", "number_cleaned")]
    );
    let smith = stay(&rows, 3).stay;
    assert_eq!(smith["guest"]["nationality"], "GBR");
    assert_eq!(smith["guest"]["document"]["kind"], "passport");
    assert_eq!(smith["arrival_at"], "2026-11-24T00:15:00+07:00");
}

#[test]
fn an_opera_export_is_read_with_the_month_first() {
    let rows = read(include_str!("../../samples/pms_opera_like.csv"));
    assert_eq!(rows.date_order(), Some(DateOrder::MonthDay));
    let first = stay(&rows, 0);
    assert_eq!(
        first.stay,
        json!({
            "room": "1205",
            "arrival_at": "2026-11-23T14:22:00+07:00",
            "expected_departure_at": "2026-11-25T12:00:00+07:00",
            "guest": {
                "full_name": "NGUYEN VAN AN", "birth_date": "1990-05-17", "sex": "male",
                "nationality": "VNM",
                "document": {"kind": "citizen_card", "number": "038090990001"},
            },
            "party": {"reference": "1002001"},
        })
    );
    assert!(first.warnings.is_empty() && first.violations.is_empty());
    let erika = stay(&rows, 2).stay;
    assert_eq!(erika["guest"]["birth_date"], "1964-08-12");
    assert_eq!(erika["guest"]["nationality"], "DEU");
    assert_eq!(erika["room"], "0911");
    assert_eq!(skipped(&rows, 3), Some(Code::BookingCancelled));
}

#[test]
fn a_mews_export_is_read_with_its_utc_times() {
    let rows = read(include_str!("../../samples/pms_mews_like.csv"));
    let korean = stay(&rows, 0).stay;
    assert_eq!(korean["arrival_at"], "2026-11-23T14:30:00+07:00");
    assert_eq!(korean["guest"]["full_name"], "KIM MIN JI");
    assert_eq!(korean["guest"]["nationality"], "KOR");
    let document = json!({"kind": "passport", "number": "M990A0123"});
    assert_eq!(korean["guest"]["document"], document);
    let citizen = stay(&rows, 1).stay;
    assert_eq!(citizen["arrival_at"], "2026-11-23T23:10:00+07:00");
    assert_eq!(citizen["guest"]["document"]["kind"], "citizen_card");
    assert_eq!(skipped(&rows, 2), Some(Code::GuestNotArrived));
}

#[test]
fn a_cloudbeds_export_is_read() {
    let rows = read(include_str!("../../samples/pms_cloudbeds_like.csv"));
    let old = stay(&rows, 0).stay;
    assert_eq!(old["arrival_at"], "2026-11-23T21:30:00+07:00");
    assert_eq!(old["guest"]["document"]["kind"], "citizen_card");
    assert_eq!(old["guest"]["birth_date"], "1920-07-07");
    let french = stay(&rows, 1).stay;
    assert_eq!(french["guest"]["nationality"], "FRA");
    assert_eq!(french["guest"]["sex"], "female");
    assert_eq!(french["guest"]["document"]["kind"], "passport");
}

#[test]
fn a_dormitory_roster_is_read() {
    let rows = read(include_str!("../../samples/dormitory_term_roster.csv"));
    let first = stay(&rows, 0);
    assert_eq!(first.stay["room"], "A305");
    assert_eq!(first.stay["bed"], "3");
    let document = json!({"kind": "citizen_card", "number": "038205990101"});
    assert_eq!(first.stay["guest"]["document"], document);
    assert_eq!(first.stay["arrival_at"], "2026-09-05T14:00:00+07:00");
    assert_eq!(codes(&first.warnings), [ASSUMED]);
    let foreign = stay(&rows, 2).stay;
    assert_eq!(foreign["guest"]["nationality"], "LAO");
    let document = json!({"kind": "passport", "number": "PA0099002"});
    assert_eq!(foreign["guest"]["document"], document);
    // A departed guest was here; for this one the end is unknown.
    assert_eq!(skipped(&rows, 3), Some(Code::GuestDeparted));
    assert_eq!(first.stay["reference"], "SV260001/2026-09-05");
    assert_eq!(rows.known_by(), KnownBy::PersonNumber);
}

#[test]
fn what_a_row_lacks_or_hides_is_told_at_its_member() {
    let heading = "Phòng;Họ và tên;Số CCCD;Ngày đến;Ngày đi;Quốc tịch\n";
    let number = ("/guest/document/number", "leading_zero_lost");
    let table = [
        ("1;A;38090990001;23/11/2026 8:00;;", vec![number]),
        (
            "1;A;3.80909E+10;23/11/2026 8:00;;",
            vec![("/guest/document/number", "number_rounded")],
        ),
        ("1;A;038090990001;;;", vec![("/arrival_at", "required")]),
        (
            "1;A;038090990001;31/11/2026;;",
            vec![("/arrival_at", "invalid_instant")],
        ),
        (
            "1;Nguyá»…n;038090990001;23/11/2026 8:00;x;",
            vec![
                ("/expected_departure_at", "invalid_instant"),
                ("/guest/full_name", "text_damaged"),
            ],
        ),
    ];
    for (line, expected) in table {
        let rows = read(&format!("{heading}{line}\n"));
        let draft = stay(&rows, 0);
        assert_eq!(codes(&draft.violations), expected, "{line}");
        let is_suggested = draft.suggestions == [(Field::PersonalId, "038090990001".to_owned())];
        assert_eq!(is_suggested, expected[0] == number, "{line}");
    }
}

#[test]
fn one_odd_date_turns_no_other_one_and_is_refused_alone() {
    let heading = "Họ tên;Số CCCD;Phòng;Ngày đến;Ngày đi;Ngày sinh";
    let text = format!(
        "{heading}\nA;038090990001;1;10/11/2026;11/12/2026;01/02/1990\n\
         B;038090990002;2;10/11/2026;11/12/2026;05/17/1990\n"
    );
    let rows = read(&text);
    assert_eq!(rows.date_order(), Some(DateOrder::DayMonth));
    let first = stay(&rows, 0);
    assert_eq!(first.stay["arrival_at"], "2026-11-10T14:00:00+07:00");
    assert_eq!(
        first.stay["expected_departure_at"],
        "2026-12-11T12:00:00+07:00"
    );
    assert_eq!(first.stay["guest"]["birth_date"], "1990-02-01");
    assert!(first.violations.is_empty());
    assert!(codes(&first.warnings).contains(&("/guest/birth_date", "date_assumed")));
    let second = stay(&rows, 1);
    assert_eq!(
        codes(&second.violations),
        [("/guest/birth_date", "invalid_date")]
    );
    let note = rows.places().note(&second.violations[0]);
    assert!(note.vi.starts_with("Cột F “Ngày sinh”: "), "{}", note.vi);
    assert!(
        note.vi.ends_with("ngày đứng trước, tháng đứng sau."),
        "{}",
        note.vi
    );
    assert_eq!(note.cell, Some(5));
}

#[test]
fn each_column_of_an_english_file_has_its_own_order() {
    let text = "Guest name,Arrival,Departure,DOB\n\
        A,11/23/2026,24/11/2026,08/12/1964\nB,11/10/2026,12/11/2026,09/12/1964\n";
    let rows = read(text);
    let orders = [Field::Arrival, Field::Departure, Field::BirthDate]
        .map(|field| rows.order_of(field).map(DateOrder::as_str));
    assert_eq!(orders, [Some("mdy"), Some("dmy"), Some("dmy")]);
    assert_eq!(rows.date_order(), None);
    let second = stay(&rows, 1);
    assert_eq!(second.stay["arrival_at"], "2026-11-10T14:00:00+07:00");
    assert_eq!(
        second.stay["expected_departure_at"],
        "2026-11-12T12:00:00+07:00"
    );
    // Nothing in the column tells, and another column of the file is the other way round.
    assert_eq!(second.stay["guest"]["birth_date"], "1964-12-09");
    assert!(codes(&second.warnings).contains(&("/guest/birth_date", "date_assumed")));
    let told = Terms {
        date_order: Some(DateOrder::DayMonth),
        ..terms()
    };
    let told = read_on(text, &told);
    assert_eq!(
        codes(&stay(&told, 0).violations),
        [("/arrival_at", "invalid_instant")]
    );
}

#[test]
fn an_assumed_time_of_arrival_never_lies_ahead() {
    let text = "Họ tên,Ngày đến\nA,29/11/2026\nB,28/11/2026\nC,30/11/2026\nD,29/11\n";
    // Received, and the arrival assumed of the first row.
    let table = [
        ("2026-11-29T02:00:23Z", "2026-11-29T09:00:00+07:00"),
        ("2026-11-29T02:05:00Z", "2026-11-29T09:04:00+07:00"),
        ("2026-11-29T07:00:00Z", "2026-11-29T14:00:00+07:00"),
        ("2026-11-29T12:00:00Z", "2026-11-29T14:00:00+07:00"),
    ];
    for (received_at, expected) in table {
        let terms = Terms {
            received_at: received_at.parse().unwrap(),
            ..terms()
        };
        let rows = read_on(text, &terms);
        for index in [0, 3] {
            let draft = stay(&rows, index);
            assert_eq!(draft.stay["arrival_at"], expected, "{received_at}");
            assert!(draft.arrival_is_assumed);
            assert_eq!(codes(&draft.warnings), [ASSUMED]);
        }
        assert_eq!(
            stay(&rows, 1).stay["arrival_at"],
            "2026-11-28T14:00:00+07:00"
        );
        assert_eq!(
            stay(&rows, 2).stay["arrival_at"],
            "2026-11-30T14:00:00+07:00"
        );
    }
    let known = read("Họ tên,Ngày đến,Giờ đến\nA,29/11/2026,24:00\n");
    assert!(!stay(&known, 0).arrival_is_assumed);
    assert_eq!(
        stay(&known, 0).stay["arrival_at"],
        "2026-11-30T00:00:00+07:00"
    );
}

#[test]
fn nobody_is_declared_as_present_by_a_status_that_does_not_say_so() {
    let heading = "Họ tên,Số CCCD,Phòng,Ngày đến,Ngày đi,Giờ đi,Trạng thái\n";
    let absent = [
        ("Khách hủy", Code::BookingCancelled),
        ("NO SHOW", Code::BookingCancelled),
        ("Due In", Code::GuestNotArrived),
        ("Chưa đến", Code::GuestNotArrived),
        ("đặt trước", Code::GuestNotArrived),
    ];
    for (status, code) in absent {
        let rows = read(&format!(
            "{heading}A,,1,28/11/2026 20:00,29/11/2026,,{status}\n"
        ));
        assert_eq!(skipped(&rows, 0), Some(code), "{status}");
    }
    for status in ["CHECKED OUT", "Đã trả phòng", "ra", "Departed"] {
        let rows = read(&format!(
            "{heading}A,,1,28/11/2026 20:00,29/11/2026,11:30,{status}\n"
        ));
        let left = stay(&rows, 0).departed_at.map(format_instant);
        assert_eq!(
            left.as_deref(),
            Some("2026-11-29T11:30:00+07:00"),
            "{status}"
        );
        // Later today is how it was planned.
        let rows = read(&format!(
            "{heading}A,,1,28/11/2026 20:00,29/11/2026,23:30,{status}\n"
        ));
        let left = stay(&rows, 0).departed_at.map(format_instant);
        assert_eq!(
            left.as_deref(),
            Some("2026-11-29T23:00:00+07:00"),
            "{status}"
        );
        for departure in ["", "30/11/2026"] {
            let rows = read(&format!(
                "{heading}A,,1,28/11/2026 20:00,{departure},,{status}\n"
            ));
            assert_eq!(skipped(&rows, 0), Some(Code::GuestDeparted), "{status}");
        }
    }
    let unknown = read(&format!(
        "{heading}A,,1,28/11/2026 20:00,29/11/2026,,Đã thanh toán\n"
    ));
    assert_eq!(
        codes(&stay(&unknown, 0).violations),
        [("", "status_unknown")]
    );
    let note = unknown.places().note(&stay(&unknown, 0).violations[0]);
    assert!(note.vi.starts_with("Cột G “Trạng thái”: "), "{}", note.vi);
    for status in ["Đang ở", "CHECKED IN", ""] {
        let rows = read(&format!(
            "{heading}A,,1,28/11/2026 20:00,29/11/2026,,{status}\n"
        ));
        let draft = stay(&rows, 0);
        assert!(
            draft.departed_at.is_none() && draft.violations.is_empty(),
            "{status}"
        );
    }
}

#[test]
fn what_a_spreadsheet_made_of_rooms_and_numbers_is_restored_or_refused() {
    let heading = "Họ tên,Phòng,Ngày đến,Số giấy tờ,Quốc tịch,Số điện thoại,Ghi chú\n";
    let row = |room: &str, number: &str, country: &str, phone: &str, note: &str| {
        let line =
            format!("{heading}A,{room},28/11/2026 20:00,{number},{country},{phone},{note}\n");
        stay(&read(&line), 0)
    };
    let draft = row("203.0", "505123456.0", "Anh", "912345678.0", "#N/A");
    assert_eq!(draft.stay["room"], "203");
    assert_eq!(draft.stay["guest"]["document"]["number"], "505123456");
    assert_eq!(draft.stay["guest"]["phone"], "912345678");
    assert_eq!(draft.stay.get("note"), None);
    let expected = [
        ("/guest/document/number", "number_cleaned"),
        ("/guest/phone", "number_cleaned"),
        ("/room", "number_cleaned"),
        ("/note", "cell_not_text"),
    ];
    assert_eq!(codes(&draft.warnings), expected);
    let lost = row("1", "38205012345.0", "", "", "");
    assert_eq!(
        codes(&lost.violations),
        [("/guest/document/number", "leading_zero_lost")]
    );
    assert_eq!(
        lost.suggestions,
        [(Field::DocumentNumber, "038205012345".to_owned())]
    );
    for room in ["#N/A", "TRUE", "12/01/2026", "01-Dec"] {
        let draft = row(room, "038205012345", "", "", "");
        assert_eq!(
            codes(&draft.violations),
            [("/room", "cell_not_text")],
            "{room}"
        );
    }
    let rounded = row("2E+05", "038205012345", "", "", "");
    assert_eq!(codes(&rounded.violations), [("/room", "number_rounded")]);
}

#[test]
fn a_nationality_is_a_country_or_is_refused_by_both_names() {
    let row = |country: &str| {
        let text = format!("Họ tên,Ngày đến,Quốc tịch\nA,28/11/2026 20:00,{country}\n");
        let rows = read(&text);
        let draft = stay(&rows, 0);
        let notes: Vec<String> = draft
            .violations
            .iter()
            .map(|note| rows.places().note(note).en)
            .collect();
        (
            draft.stay["guest"]["nationality"]
                .as_str()
                .map(str::to_owned),
            notes,
        )
    };
    for (word, code) in [
        ("MY", "MYS"),
        ("NGA", "NGA"),
        ("Áo", "AUT"),
        ("Chinese", "CHN"),
    ] {
        assert_eq!(row(word), (Some(code.to_owned()), Vec::new()), "{word}");
    }
    let (code, notes) = row("My");
    assert_eq!(code, None);
    assert!(
        notes[0].ends_with("It may be Malaysia (MYS) or United States of America (USA)."),
        "{notes:?}"
    );
}

#[test]
fn a_day_said_for_the_whole_file_is_for_its_foreigners() {
    let terms = Terms {
        permitted_stay_until: "2026-12-27".parse().ok(),
        ..terms()
    };
    let text = "Họ tên,Ngày đến,Quốc tịch,Tạm trú đến ngày,Lý do không có giấy tờ\n\
        A,28/11/2026 20:00,KOR,,\nB,28/11/2026 20:00,KOR,15/12/2026,\n\
        C,28/11/2026 20:00,VNM,,\nD,28/11/2026 20:00,,,\nE,28/11/2026 20:00,KOR,,Trẻ sơ sinh\n\
        F,28/11/2026 20:00,Atlantis,,\n";
    let rows = read_on(text, &terms);
    let expected = [
        Some("2026-12-27"),
        Some("2026-12-15"),
        None,
        None,
        None,
        None,
    ];
    for (index, day) in expected.into_iter().enumerate() {
        let until = &stay(&rows, index).stay["guest"]["permitted_stay_until"];
        assert_eq!(until.as_str(), day, "{index}");
    }
}

#[test]
fn a_persons_own_number_names_the_stay_with_its_day() {
    let rows = read("MSSV,Họ tên,Phòng,Ngày vào\nSV001,A,1,05/09/2026\n,B,2,05/09/2026\n");
    assert_eq!(stay(&rows, 0).stay["reference"], "SV001/2026-09-05");
    assert_eq!(stay(&rows, 1).stay.get("reference"), None);
    let both = read(
        "Mã khai báo,Mã bệnh nhân,Họ tên,Ngày vào viện\nX,BN1,A,05/09/2026\n,BN2,B,05/09/2026\n",
    );
    assert_eq!(stay(&both, 0).stay["reference"], "X");
    assert_eq!(stay(&both, 1).stay["reference"], "BN2/2026-09-05");
    assert_eq!(both.known_by(), KnownBy::Reference);
    assert_eq!(read("Họ tên,Ngày đến\nA,1\n").known_by(), KnownBy::Content);
}

#[test]
fn messages_name_the_column_by_its_own_heading_or_by_the_templates() {
    let rows = read("Guest name,Arrival date\nA,\n");
    let draft = stay(&rows, 0);
    let note = rows.places().note(&draft.violations[0]);
    assert!(
        note.en
            .starts_with("Column B “Arrival date”: The cell is empty"),
        "{}",
        note.en
    );
    let missing = Violation::new("/guest/permitted_stay_until", Code::Required);
    let note = rows.places().judged(&missing, &[]);
    assert!(
        note.vi.starts_with("Tệp không có cột “Tạm trú đến ngày”: "),
        "{}",
        note.vi
    );
    assert_eq!(note.cell, None);
    let number = Violation::new("/guest/document/number", Code::PersonalIdLength);
    let text = "Họ tên,Ngày đến,Số CCCD,Số hộ chiếu,Lỗi (luutru)\nA,28/11/2026,,C1,x\n";
    let rows = read(text);
    let sources: Vec<(String, String)> = stay(&rows, 0)
        .sources
        .iter()
        .map(|(pointer, field)| ((*pointer).to_owned(), field.as_str().to_owned()))
        .collect();
    let note = rows.places().judged(&number, &sources);
    assert!(note.vi.starts_with("Cột D “Số hộ chiếu”: "), "{}", note.vi);
    assert_eq!(note.cell, Some(3));
}

#[test]
fn a_name_in_legacy_letters_is_refused_and_two_names_are_a_doubt() {
    for name in ["Lª ThÞ Hoµ", "Nguyeãn Vaên An", "Nguyá»…n Văn An"] {
        let rows = read(&format!("Họ tên,Ngày đến\n{name},28/11/2026 20:00\n"));
        let found = stay(&rows, 0);
        assert_eq!(
            codes(&found.violations),
            [("/guest/full_name", "text_damaged")],
            "{name}"
        );
    }
    let rows = read("Họ tên,Ngày đến\n\"Lê Văn An\nLê Thị Bình\",28/11/2026 20:00\n");
    let two = stay(&rows, 0);
    assert_eq!(
        codes(&two.warnings),
        [("/guest/full_name", "two_guests_in_cell")]
    );
    let stroke = read("Guest name,Arrival\nMUTHU A/L RAMASAMY,28/11/2026 20:00\n");
    assert_eq!(
        stay(&stroke, 0).stay["guest"]["full_name"],
        "MUTHU A/L RAMASAMY"
    );
}

#[test]
fn a_booking_for_more_guests_than_the_file_lists_is_told() {
    let text = "NAME,ARRIVAL,ADULTS,CHILDREN,CONFIRMATION_NO,STATUS\n\
        A,2026-11-23,2,1,7,IN\nB,2026-11-23,2,1.0,7,IN\nC,2026-11-23,1,0,8,IN\nD,2026-11-23,2,1,7,NO SHOW\n";
    let rows = read(text);
    for (index, is_short) in [(0, true), (1, true), (2, false)] {
        let warnings =
            codes(&stay(&rows, index).warnings).contains(&("/party", "party_incomplete"));
        assert_eq!(warnings, is_short, "{index}");
    }
}

#[test]
fn a_heading_below_a_title_is_found_and_one_that_is_none_refused() {
    let rows = read("KHÁCH SẠN BIỂN XANH\n,,\nPhòng,Họ tên,Ngày đến\n1,A,23/11/2026\n");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows.row(0).number, 4);
    let table = [
        ("a,b\n1,2\n", FileFault::ColumnsUnknown),
        ("Phòng,Ngày đến\n1,2\n", FileFault::ColumnsUnknown),
        ("Họ tên,Ngày đến\n", FileFault::Empty),
    ];
    for (text, fault) in table {
        let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
        let read = StayRows::new(table, &terms());
        assert_eq!(read.err(), Some(fault), "{text}");
    }
}

#[test]
fn columns_of_ours_are_left_out_when_a_file_comes_back() {
    let rows =
        read("Họ tên,Ngày đến,SĐT,Lỗi (luutru),Gợi ý (luutru)\nA,2026-11-23,'+84912345678,x,y\n");
    assert_eq!(rows.heading(), ["Họ tên", "Ngày đến", "SĐT"]);
    assert_eq!(rows.cells(0), ["A", "2026-11-23", "+84912345678"]);
    assert_eq!(stay(&rows, 0).stay["guest"]["phone"], "+84912345678");
}

proptest::proptest! {
    #[test]
    fn no_cells_make_a_row_panic(cells in proptest::collection::vec("[^\r\n\"]{0,12}", 10..11)) {
        let heading = "room|full_name|birth_date|sex|nationality|document_type|document_number|arrival|arrival_time|departure\n";
        let line = cells.iter().map(|cell| cell.replace('|', "")).collect::<Vec<_>>().join("|");
        let text = format!("{heading}x{line}\n");
        if let Ok(table) = Table::read(text.as_bytes(), FileKind::Csv)
            && let Ok(rows) = StayRows::new(table, &terms())
        {
            for index in 0..rows.len() {
                let _ = rows.row(index);
            }
        }
    }
}
