//! Pictures are made here: codes drawn, turned, spoilt and packed.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{GenericImage, ImageEncoder, Luma, LumaA, Rgb, RgbImage};
use proptest::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

use super::*;

const CARD: &str = "038090990001|173990011|Nguyễn Văn An|17051990|Nam|\
    Thôn 3, Xã Quảng Minh, Thành phố Sầm Sơn, Tỉnh Thanh Hóa|10052021";
const CHILD: &str = "040226990007||Trần Gia Hân|01112026|Nam|Xã Hoằng Tiến, Tỉnh Thanh Hóa|\
    20112026||Trần Văn Bình|Nguyễn Thị Lan|";
const LINK: &str = "https://example.invalid/038090990001";
const WHITE: Luma<u8> = Luma([255]);

/// A code with a margin of four modules.
fn drawn(text: &str, module: u32) -> GrayImage {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
    let width = u32::try_from(code.width()).unwrap();
    let colors = code.to_colors();
    let side = (width + 8) * module;
    GrayImage::from_fn(side, side, |x, y| {
        let (column, row) = ((x / module).wrapping_sub(4), (y / module).wrapping_sub(4));
        let is_inside = column < width && row < width;
        let place = (row.wrapping_mul(width)).wrapping_add(column) as usize;
        let is_dark = is_inside && colors[place] == Color::Dark;
        Luma([if is_dark { 0 } else { 255 }])
    })
}

/// Turned by an angle, on a grey table.
fn turned(picture: &GrayImage, degrees: f32) -> GrayImage {
    let side = picture.width() * 3 / 2;
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (from, to) = (picture.width() as f32 / 2.0, side as f32 / 2.0);
    GrayImage::from_fn(side, side, |x, y| {
        let (x, y) = (x as f32 - to, y as f32 - to);
        let (x, y) = (x * cosine + y * sine + from, y * cosine - x * sine + from);
        let is_inside = x >= 0.0 && y >= 0.0 && x < from * 2.0 && y < from * 2.0;
        if is_inside {
            *picture.get_pixel(x as u32, y as u32)
        } else {
            Luma([190])
        }
    })
}

/// Each pixel up to `reach` lighter or darker, by a fixed series of numbers.
fn noisy(picture: &GrayImage, reach: i32) -> GrayImage {
    let mut state = 7_u32;
    let mut noisy = picture.clone();
    for pixel in noisy.pixels_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let shift = i32::try_from(state >> 16).unwrap() % (2 * reach + 1) - reach;
        let shade = (i32::from(pixel.0[0]) + shift).clamp(0, 255);
        pixel.0[0] = u8::try_from(shade).unwrap();
    }
    noisy
}

/// Half in the shade, and neither black nor white.
fn badly_lit(picture: &GrayImage) -> GrayImage {
    let width = picture.width();
    GrayImage::from_fn(width, picture.height(), |x, y| {
        let shade = u32::from(picture.get_pixel(x, y).0[0]);
        let light = 90 + 150 * x / width;
        Luma([u8::try_from((40 + shade * 160 / 255) * light / 255).unwrap()])
    })
}

/// A code in the corner of a large sheet.
fn on_sheet(code: &GrayImage, width: u32, height: u32) -> GrayImage {
    let mut sheet = GrayImage::from_pixel(width, height, Luma([210]));
    let (x, y) = (width * 3 / 5, height / 7);
    sheet.copy_from(code, x, y).unwrap();
    sheet
}

fn png(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = picture.dimensions();
    PngEncoder::new(&mut bytes)
        .write_image(picture, width, height, image::ExtendedColorType::L8)
        .unwrap();
    bytes
}

fn jpeg(picture: &GrayImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let colored = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        Rgb([picture.get_pixel(x, y).0[0]; 3])
    });
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(&colored)
        .unwrap();
    bytes
}

fn read_png(picture: &GrayImage) -> Result<String, ImageFault> {
    read(&png(picture), ImageKind::Png)
}

#[test]
fn codes_of_every_size_are_read_from_both_formats() {
    for text in [CARD, CHILD, LINK, "1"] {
        for module in [3, 5, 8] {
            let picture = drawn(text, module);
            assert_eq!(read_png(&picture).as_deref(), Ok(text), "{text} {module}");
            let packed = jpeg(&picture, 60);
            let got = read(&packed, ImageKind::Jpeg);
            assert_eq!(got.as_deref(), Ok(text), "{text} {module} jpeg");
        }
    }
}

#[test]
fn a_code_may_lie_at_any_angle_and_be_mirrored() {
    let picture = drawn(CARD, 6);
    for degrees in [3.0, 12.0, 30.0, 45.0, 90.0, 137.0, 180.0, 271.0] {
        let got = read_png(&turned(&picture, degrees));
        assert_eq!(got.as_deref(), Ok(CARD), "{degrees}");
    }
    let mirrored = imageops::flip_horizontal(&picture);
    assert_eq!(read_png(&mirrored).as_deref(), Ok(CARD));
}

#[test]
fn noise_blur_and_bad_light_are_borne() {
    let picture = drawn(CARD, 6);
    let table = [
        ("noise", noisy(&picture, 100)),
        ("blur", imageops::blur(&picture, 2.0)),
        ("light", badly_lit(&picture)),
        ("small", imageops::thumbnail(&picture, 180, 180)),
        (
            "all",
            noisy(&badly_lit(&turned(&imageops::blur(&picture, 1.0), 9.0)), 20),
        ),
    ];
    for (name, picture) in table {
        let packed = jpeg(&picture, 70);
        let got = read(&packed, ImageKind::Jpeg);
        assert_eq!(got.as_deref(), Ok(CARD), "{name}");
    }
}

#[test]
fn a_small_code_in_a_large_picture_is_found() {
    let sheet = on_sheet(&drawn(CARD, 4), 2_600, 1_800);
    assert_eq!(read_png(&sheet).as_deref(), Ok(CARD));
}

#[test]
fn of_several_codes_the_card_is_taken() {
    let (card, link) = (drawn(CARD, 4), drawn(LINK, 4));
    let mut sheet = GrayImage::from_pixel(900, 500, WHITE);
    sheet.copy_from(&link, 20, 20).unwrap();
    sheet.copy_from(&card, 450, 120).unwrap();
    assert_eq!(read_png(&sheet).as_deref(), Ok(CARD));
}

#[test]
fn transparent_paper_is_white() {
    let picture = drawn(CARD, 4);
    let (width, height) = picture.dimensions();
    let transparent = image::GrayAlphaImage::from_fn(width, height, |x, y| {
        LumaA([0, 255 - picture.get_pixel(x, y).0[0]])
    });
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&transparent, width, height, image::ExtendedColorType::La8)
        .unwrap();
    assert_eq!(read(&bytes, ImageKind::Png).as_deref(), Ok(CARD));
}

#[test]
fn pictures_without_a_code_say_so() {
    let blank = GrayImage::from_pixel(300, 200, WHITE);
    let black = GrayImage::from_pixel(300, 200, Luma([0]));
    let noise = noisy(&GrayImage::from_pixel(400, 400, Luma([128])), 127);
    let dot = GrayImage::from_pixel(1, 1, WHITE);
    let line = GrayImage::from_pixel(9_000, 1, WHITE);
    let mut torn = drawn(CARD, 4);
    torn.copy_from(&GrayImage::from_pixel(90, 90, WHITE), 0, 0)
        .unwrap();
    for picture in [blank, black, noise, dot, line, torn] {
        assert_eq!(read_png(&picture), Err(ImageFault::WithoutQr));
    }
}

#[test]
fn a_page_of_corners_is_given_up() {
    let page = GrayImage::from_fn(480, 480, canvas::tests::corner_at);
    assert_eq!(read_png(&page), Err(ImageFault::WithoutQr));
}

#[test]
fn what_is_no_picture_of_the_kind_is_refused() {
    let picture = drawn(LINK, 4);
    let (png, jpeg) = (png(&picture), jpeg(&picture, 80));
    let table: [(&[u8], ImageKind); 6] = [
        (b"", ImageKind::Png),
        (b"", ImageKind::Jpeg),
        (b"GIF89a\x01\x00\x01\x00", ImageKind::Png),
        (b"{\"kind\":\"qr\"}", ImageKind::Jpeg),
        (&png, ImageKind::Jpeg),
        (&jpeg, ImageKind::Png),
    ];
    for (bytes, kind) in table {
        assert_eq!(read(bytes, kind), Err(ImageFault::Unreadable), "{kind:?}");
    }
}

#[test]
fn a_picture_cut_off_is_never_half_read_as_another() {
    let picture = drawn(LINK, 4);
    let (png, jpeg) = (png(&picture), jpeg(&picture, 80));
    for tenth in 0..10 {
        let got = read(&png[..png.len() * tenth / 10], ImageKind::Png);
        assert_eq!(got, Err(ImageFault::Unreadable), "{tenth}");
        let got = read(&jpeg[..jpeg.len() * tenth / 10], ImageKind::Jpeg);
        assert!(got.is_err() || got.as_deref() == Ok(LINK), "{tenth}");
    }
}

#[test]
fn sizes_are_judged_by_the_header() {
    let mut bomb = png(&drawn("1", 2));
    // Width, height and check sum of the header chunk.
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let sum = check_sum(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(read(&bomb, ImageKind::Png), Err(ImageFault::TooManyPixels));

    let mut bomb = jpeg(&drawn("1", 2), 80);
    let frame = bomb
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    bomb[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(read(&bomb, ImageKind::Jpeg), Err(ImageFault::TooManyPixels));

    let large = vec![0; BYTE_COUNT_MAX + 1];
    assert_eq!(read(&large, ImageKind::Png), Err(ImageFault::TooManyBytes));
}

/// CRC-32 as PNG has it.
fn check_sum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 * (sum & 1))
        })
    })
}

#[test]
fn media_types_and_codes_are_those_of_the_contract() {
    let table = [
        ("image/png", Some(ImageKind::Png)),
        ("IMAGE/JPEG", Some(ImageKind::Jpeg)),
        ("image/gif", None),
        ("image/jpg", None),
        ("application/json", None),
    ];
    for (media_type, kind) in table {
        assert_eq!(ImageKind::of_media_type(media_type), kind, "{media_type}");
    }
    let codes = [
        (ImageFault::TooManyBytes, "body_too_large"),
        (ImageFault::TooManyPixels, "image_too_many_pixels"),
        (ImageFault::Unreadable, "image_unreadable"),
        (ImageFault::WithoutQr, "image_without_qr"),
    ];
    for (fault, code) in codes {
        assert_eq!(fault.code().as_str(), code);
    }
}

#[test]
fn views_keep_proportions_and_show_nothing_twice() {
    // Whole, level, double, blurred, small.
    let table = [
        (
            (900, 600),
            vec![
                (900, 600),
                (900, 600),
                (1_800, 1_200),
                (900, 600),
                (800, 533),
            ],
        ),
        (
            (300, 200),
            vec![(300, 200), (300, 200), (600, 400), (300, 200)],
        ),
        (
            (25_000, 1),
            vec![(1_600, 1), (1_600, 1), (3_200, 2), (1_600, 1), (800, 1)],
        ),
        ((1, 1), vec![(1, 1), (1, 1), (2, 2), (1, 1)]),
    ];
    for ((width, height), expected) in table {
        let picture = GrayImage::new(width, height);
        let views = VIEWS.iter().filter_map(|view| view.of(&picture));
        let sizes: Vec<(u32, u32)> = views.map(|view| view.dimensions()).collect();
        assert_eq!(sizes, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for kind in [ImageKind::Png, ImageKind::Jpeg] {
            prop_assert_eq!(read(&bytes, kind), Err(ImageFault::Unreadable));
        }
    }

    #[test]
    fn a_spoilt_picture_is_read_or_refused(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        is_png in any::<bool>(),
    ) {
        let picture = drawn("1", 3);
        let (mut bytes, kind) = if is_png {
            (png(&picture), ImageKind::Png)
        } else {
            (jpeg(&picture, 50), ImageKind::Jpeg)
        };
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(text) = read(&bytes, kind) {
            prop_assert_eq!(text, "1");
        }
    }

    #[test]
    fn whatever_a_code_holds_is_read(text in "[ -~à-ỹ]{1,60}") {
        let got = read_png(&drawn(&text, 4));
        prop_assert_eq!(got.as_deref(), Ok(text.as_str()));
    }
}
