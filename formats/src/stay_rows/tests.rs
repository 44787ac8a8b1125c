use serde_json::json;

use super::*;
use crate::table::FileKind;

fn catalogues() -> Catalogues {
    let mut catalogues = Catalogues::default();
    let countries = [
        ("VNM", "VN", "Việt Nam", "Viet Nam"),
        ("GBR", "GB", "Vương quốc Anh", "United Kingdom"),
        ("FRA", "FR", "Pháp", "France"),
        ("DEU", "DE", "Đức", "Germany"),
        ("KOR", "KR", "Hàn Quốc", "South Korea"),
        ("LAO", "LA", "Lào", "Laos"),
    ];
    for (code, alpha2, vi, en) in countries {
        let body = json!({"code": code, "alpha2": alpha2, "name_vi": vi, "name_en": en});
        catalogues.add("countries", code, &body).unwrap();
    }
    catalogues
}

fn read(text: &str) -> StayRows {
    let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
    StayRows::new(table, &catalogues(), None).unwrap()
}

fn stay(rows: &StayRows, index: usize) -> RowDraft {
    match rows.row(index).reading {
        Reading::Stay(draft) => *draft,
        Reading::Skipped => panic!("row {index} is skipped"),
    }
}

fn codes(found: &[Violation]) -> Vec<(&str, &str)> {
    let pair = |violation: &'_ Violation| (violation.pointer.clone(), violation.code.as_str());
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
    assert!(matches!(rows.row(3).reading, Reading::Skipped));
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
    assert!(matches!(rows.row(2).reading, Reading::Skipped));
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
    // Who has left was here.
    assert!(matches!(rows.row(3).reading, Reading::Stay(_)));
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
        let is_suggested =
            draft.suggestions == [("/guest/document/number", "038090990001".to_owned())];
        assert_eq!(is_suggested, expected[0] == number, "{line}");
    }
}

#[test]
fn a_file_that_contradicts_itself_asks_only_where_it_must() {
    let text = "Họ và tên,Ngày đến,Ngày sinh\nA,23/11/2026,05/17/1990\nB,08/12/2026,1990\n";
    let rows = read(text);
    assert_eq!(rows.date_order(), None);
    assert!(stay(&rows, 0).violations.is_empty());
    let ambiguous = stay(&rows, 1);
    assert_eq!(
        codes(&ambiguous.violations),
        [("/arrival_at", "date_ambiguous")]
    );
    let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
    let told = StayRows::new(table, &catalogues(), Some(DateOrder::DayMonth)).unwrap();
    assert_eq!(
        stay(&told, 1).stay["arrival_at"],
        "2026-12-08T14:00:00+07:00"
    );
}

#[test]
fn a_booking_for_more_guests_than_the_file_lists_is_told() {
    let text = "NAME,ARRIVAL,ADULTS,CHILDREN,CONFIRMATION_NO,STATUS\n\
        A,2026-11-23,2,1,7,IN\nB,2026-11-23,2,1,7,IN\nC,2026-11-23,1,0,8,IN\nD,2026-11-23,2,1,7,NO SHOW\n";
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
        (
            "Họ tên,Tên khách,Ngày đến\nA,B,1\n",
            FileFault::ColumnsAmbiguous {
                first: 1,
                second: 2,
            },
        ),
    ];
    for (text, fault) in table {
        let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
        let read = StayRows::new(table, &catalogues(), None);
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
            && let Ok(rows) = StayRows::new(table, &catalogues(), None)
        {
            for index in 0..rows.len() {
                let _ = rows.row(index);
            }
        }
    }
}
