//! Checks the text of receipts line by line, and that their codes can be read.

use domain::document::DocumentKind;
use domain::stay::Timeliness;
use domain::time::{parse_day, parse_instant};

use super::day::LINE_COUNT_MAX;
use super::*;
use crate::paper::{Font, HEIGHT, Mark, PaperPage, WIDTH, tests::scanned};

fn place() -> PrintedPlace {
    PrintedPlace {
        name: "Khách sạn Biển Xanh".to_owned(),
        address: "12 đường Hồ Xuân Hương, Phường Sầm Sơn, Tỉnh Thanh Hóa".to_owned(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

/// As long as those of the service.
fn jws() -> String {
    let payload = "eyJjb250ZW50X3NoYTI1NiI6ImU4YTM1ZmQ3NWVhMDA4YWU5ZTBiNzdkOGNmMjRkMjU5NjRl";
    format!(
        "{}.{}.{}",
        "h".repeat(122),
        payload.repeat(7),
        "s".repeat(86)
    )
}

fn stay() -> StayPaper {
    StayPaper {
        number: "LT-261124-M6KD2GQE37P4656X".to_owned(),
        version: 1,
        place: place(),
        guest_name: Some("Nguyễn Văn An".to_owned()),
        document: (DocumentKind::CitizenCard, Some("038090001234".to_owned())),
        sleeping: Some(SleepingPlace::Room("203".to_owned())),
        arrival_at: at("2026-11-24T10:17:45.192206+07:00"),
        expected_departure_at: Some(at("2026-11-26T12:00:00+07:00")),
        received_at: at("2026-11-24T10:17:45.192206+07:00"),
        deadline_at: at("2026-11-24T23:00:00+07:00"),
        timeliness: Timeliness::OnTime,
        content_sha256: "e8a35fd75ea008ae9e0b77d8cf24d25964ed340cdf135ad8848ed7a56ca55611"
            .to_owned(),
        jws: jws(),
    }
}

fn day(line_count: usize) -> DayPaper {
    let line = |index: usize| DayLine {
        number: format!("LT-261124-{index:016}"),
        received_at: at("2026-11-24T10:17:45+07:00"),
        timeliness: if index % 7 == 3 {
            Timeliness::Late
        } else {
            Timeliness::OnTime
        },
    };
    DayPaper {
        place: place(),
        day: parse_day("2026-11-24").unwrap(),
        as_of: at("2026-11-25T08:00:00+07:00"),
        lines: (0..line_count).map(line).collect(),
        sha256: "ab".repeat(32),
        jws: jws(),
    }
}

fn texts(page: &PaperPage) -> Vec<&str> {
    let marks = page.marks.iter();
    marks
        .filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            Mark::Rule { .. } | Mark::Frame { .. } | Mark::Qr { .. } => None,
        })
        .collect()
}

/// Nothing leaves the page or stands on the text beside it.
fn assert_tidy(font: &Font, page: &PaperPage) {
    let mut lines: Vec<(f32, f32, f32, &str)> = Vec::new();
    for mark in &page.marks {
        match mark {
            Mark::Text { x, y, style, text } => {
                let right = x + font.width(text, *style);
                assert!(right <= WIDTH - 36.0, "{text}");
                assert!(*y <= HEIGHT - 18.0, "{text}");
                for (other_y, left, end, other) in &lines {
                    let is_beside = right <= *left || *end <= *x;
                    assert!(
                        is_beside || (y - other_y).abs() >= 7.0,
                        "{text} stands on {other}"
                    );
                }
                lines.push((*y, *x, right, text));
            }
            Mark::Qr { x, y, side, .. } => {
                assert!(x + side < WIDTH && y + side < HEIGHT - 60.0, "at {y}");
            }
            Mark::Frame {
                x,
                y,
                width,
                height,
            } => {
                let stands_in = |(line_y, left, right, _): &&(f32, f32, f32, &str)| {
                    (y..=&(y + height + 8.0)).contains(&line_y) && right > x && *left < x + width
                };
                let inside: Vec<_> = lines.iter().filter(stands_in).collect();
                assert!(inside.is_empty(), "{inside:?} stand in a frame");
            }
            Mark::Rule { .. } => {}
        }
    }
}

#[test]
fn a_stay_s_receipt_says_what_it_must_and_hides_most_of_the_number() {
    let font = Font::embedded().unwrap();
    let page = stay().page(&font).unwrap();
    assert_tidy(&font, &page);
    let texts = texts(&page);
    let golden = [
        "BIÊN NHẬN THÔNG BÁO LƯU TRÚ",
        "Receipt for a notification of stay",
        "Số biên nhận",
        "Receipt number",
        "LT-261124-M6KD2GQE37P4656X",
        "ĐÚNG HẠN",
        "On time",
        "Thời điểm tiếp nhận",
        "Received",
        "10:17:45 24/11/2026",
        "Hạn thông báo",
        "Deadline",
        "23:00:00 24/11/2026",
        "Cơ sở lưu trú",
        "Facility",
        "Khách sạn Biển Xanh",
        "Địa chỉ",
        "Address",
        "12 đường Hồ Xuân Hương, Phường Sầm Sơn, Tỉnh Thanh Hóa",
        "Khách lưu trú",
        "Guest",
        "Nguyễn Văn An",
        "Giấy tờ",
        "Document",
        "0380******34 · Căn cước (12 số) / identity card",
        "Phòng",
        "Room",
        "203",
        "Thời điểm đến",
        "Arrival",
        "10:17:45 24/11/2026",
        "Dự kiến rời đi",
        "Expected departure",
        "12:00:00 26/11/2026",
        "Mã băm nội dung",
        "Content hash (SHA-256)",
    ];
    assert_eq!(texts[..golden.len()], golden);
    let whole = texts.join(" ");
    for part in [
        "e8a35fd7 5ea008ae",
        "luutru receipt verify",
        "68/2020/QH14",
        "Trang 1/1",
    ] {
        assert!(whole.contains(part), "{part}");
    }
    assert!(!whole.contains("038090001234"));
}

#[test]
fn the_longest_stay_still_fits_on_its_page() {
    let font = Font::embedded().unwrap();
    let longest = StayPaper {
        number: "LT-261124-M6KD2GQE37P4656X/12".to_owned(),
        version: 12,
        place: PrintedPlace {
            name: "Ư".repeat(400),
            address: "Đường Hồ Xuân Hương, ".repeat(40),
        },
        guest_name: Some("Ệ".repeat(200)),
        document: (DocumentKind::HealthInsuranceCard, Some("W".repeat(50))),
        sleeping: Some(SleepingPlace::Bed("Ơ".repeat(64))),
        timeliness: Timeliness::Late,
        ..stay()
    };
    let page = longest.page(&font).unwrap();
    assert_tidy(&font, &page);
    assert!(longest.to_pdf().unwrap().starts_with(b"%PDF"));
}

#[test]
fn what_is_not_known_is_said() {
    let font = Font::embedded().unwrap();
    let unknown = StayPaper {
        guest_name: None,
        document: (DocumentKind::None, None),
        sleeping: None,
        expected_departure_at: None,
        ..stay()
    };
    let page = unknown.page(&font).unwrap();
    let whole = texts(&page).join("\n");
    for part in [
        "Chưa xác định danh tính / Not identified yet",
        "Không có giấy tờ / no document",
        "không có / none",
    ] {
        assert!(whole.contains(part), "{part}");
    }
}

#[test]
fn the_code_on_a_receipt_reads_as_its_jws_also_from_a_poor_scan() {
    let font = Font::embedded().unwrap();
    let pages = [
        stay().page(&font).unwrap(),
        day(1).pages(&font).unwrap().swap_remove(0),
    ];
    for page in pages {
        let found = page.marks.iter().find_map(|mark| match mark {
            Mark::Qr { side, code, .. } => Some((*side, code)),
            Mark::Text { .. } | Mark::Rule { .. } | Mark::Frame { .. } => None,
        });
        let (side, code) = found.unwrap();
        for dots_per_inch in [150.0, 300.0] {
            assert_eq!(scanned(code, side, dots_per_inch).unwrap(), jws());
        }
    }
}

#[test]
fn a_day_s_receipt_lists_every_number_on_as_many_pages_as_it_takes() {
    let font = Font::embedded().unwrap();
    for line_count in [0, 1, 45, 46, 47, 200] {
        let pages = day(line_count).pages(&font).unwrap();
        let whole: Vec<&str> = pages.iter().flat_map(texts).collect();
        for page in &pages {
            assert_tidy(&font, page);
        }
        let numbers = whole.iter().filter(|text| text.starts_with("LT-"));
        assert_eq!(numbers.count(), line_count);
        assert!(whole.contains(&line_count.to_string().as_str()));
        let last = format!("Trang {0}/{0}", pages.len());
        assert!(whole.contains(&last.as_str()), "{last}");
        assert_eq!(pages.len() == 1, line_count == 0);
    }
}

#[test]
fn a_day_beyond_the_printed_lines_says_so() {
    let font = Font::embedded().unwrap();
    let pages = day(LINE_COUNT_MAX + 1).pages(&font).unwrap();
    let whole: Vec<&str> = pages.iter().flat_map(texts).collect();
    assert!(whole.contains(&"5001 (in / printed: 5000)"));
    let numbers = whole.iter().filter(|text| text.starts_with("LT-"));
    assert_eq!(numbers.count(), LINE_COUNT_MAX);
}

/// For looking at: `LUUTRU_PAPER_DIRECTORY=/tmp cargo test -p formats papers_are_written`.
#[test]
fn papers_are_written() {
    let stay = stay().to_pdf().unwrap();
    let day = day(130).to_pdf().unwrap();
    for (name, bytes) in [("stay", stay), ("day", day)] {
        assert!(bytes.starts_with(b"%PDF-1.7"), "{name}");
        assert!(bytes.len() < 100_000, "{name}: {}", bytes.len());
        if let Some(directory) = option_env!("LUUTRU_PAPER_DIRECTORY") {
            std::fs::write(format!("{directory}/{name}.pdf"), bytes).unwrap();
        }
    }
}
