//! Measures pages, draws them and reads them back.

use image::codecs::png::PngEncoder;
use image::{GrayImage, ImageEncoder, Luma};

use super::*;
use crate::qr_image::{self, ImageKind};

const STYLE: Style = Style {
    size: 10.0,
    weight: Weight::Regular,
    tone: Tone::Black,
};

#[test]
fn the_font_has_every_vietnamese_letter() {
    let font = Font::embedded().unwrap();
    let vowels = "aăâeêioôơuưy";
    let tones = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];
    for vowel in vowels.chars() {
        for tone in tones {
            let letter = domain::text::nfc_trim(&format!("{vowel}{tone}"));
            for letter in [letter.clone(), letter.to_uppercase()] {
                assert_eq!(letter.chars().count(), 1, "{letter}");
                assert_eq!(font.showable(&letter), letter);
                assert!(font.width(&letter, STYLE) > 0.0, "{letter}");
            }
        }
    }
    let others = "đĐ₫…·–’“”0123456789*/:";
    assert_eq!(font.showable(others), others);
    assert_eq!(font.showable("a\n中\u{7}b"), "a \u{fffd}\u{fffd}b");
}

#[test]
fn lines_are_no_wider_than_asked_and_lose_nothing_but_what_is_too_much() {
    let font = Font::embedded().unwrap();
    let texts = [
        "Nguyễn Văn An".to_owned(),
        "Số 1, đường Hồ Xuân Hương, Phường Sầm Sơn, Tỉnh Thanh Hóa".repeat(3),
        "Ư".repeat(200),
        format!("{} b {}", "â".repeat(60), "ệ".repeat(60)),
        String::new(),
    ];
    for text in texts {
        let lines = font.lines(&text, STYLE, 150.0, usize::MAX);
        for line in &lines {
            assert!(font.width(line, STYLE) <= 150.0, "{line}");
        }
        let squeezed = |text: &str| text.replace(' ', "");
        assert_eq!(squeezed(&lines.concat()), squeezed(&text));
        let cut = font.lines(&text, STYLE, 150.0, 2);
        assert!(cut.len() <= 2);
        assert!(cut.len() == lines.len() || cut[1].ends_with('…'));
        assert!(cut.iter().all(|line| font.width(line, STYLE) <= 150.0));
    }
}

#[test]
fn the_same_marks_give_the_same_bytes() {
    let page = PaperPage {
        marks: vec![
            Mark::Text {
                x: 50.0,
                y: 50.0,
                style: STYLE,
                text: "Đặng Thị Hòa \u{fffd}".to_owned(),
            },
            Mark::Rule {
                x: 50.0,
                y: 60.0,
                width: 100.0,
            },
            Mark::Frame {
                x: 50.0,
                y: 70.0,
                width: 100.0,
                height: 20.0,
            },
            Mark::Qr {
                x: 50.0,
                y: 100.0,
                side: 100.0,
                code: Modules::of("LT").unwrap(),
            },
        ],
    };
    let facts = PdfMetadata {
        title: "Biên nhận",
        document_id: "LT-1",
        at: domain::time::parse_instant("2026-11-23T07:05:00Z").unwrap(),
    };
    let one = write(std::slice::from_ref(&page), &facts).unwrap();
    let two = write(&[page], &facts).unwrap();
    assert!(one.starts_with(b"%PDF-1.7"));
    assert_eq!(one, two);
    // The font's letters that are used, not the font.
    assert!(one.len() < 40_000, "{}", one.len());
}

#[test]
fn a_code_holds_no_more_than_it_can() {
    assert!(Modules::of(&"a".repeat(2_331)).is_ok());
    assert_eq!(Modules::of(&"a".repeat(2_332)), Err(PaperFault::QrTooLong));
}

/// What a scanner reads of a code printed at this width, at this many dots an inch.
pub(crate) fn scanned(code: &Modules, side: f32, dots_per_inch: f32) -> Option<String> {
    let dots = |points: f32| points * dots_per_inch / 72.0;
    let width = dots(side).ceil() as u32;
    let mut picture = GrayImage::from_pixel(width, width, Luma([255]));
    for stripe in code.stripes(0.0, 0.0, side) {
        let [left, top, wide, high] = stripe.map(dots);
        for y in top.round() as u32..(top + high).round() as u32 {
            for x in left.round() as u32..(left + wide).round() as u32 {
                picture.put_pixel(x, y, Luma([0]));
            }
        }
    }
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(&picture, width, width, image::ExtendedColorType::L8)
        .unwrap();
    qr_image::read(&png, ImageKind::Png).ok()
}
