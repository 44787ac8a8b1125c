//! Marks as a PDF file.

use chrono::{DateTime, Datelike, Timelike, Utc};
use domain::time::VIET_NAM;
use krilla::color::luma;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{self, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};

use super::{HEIGHT, Mark, PaperFault, PaperPage, Style, Tone, WIDTH, Weight, font};

/// Thickness of rules and frames, in points.
const LINE_THICKNESS: f32 = 0.6;
/// What bold letters gain in thickness, as a part of their height.
const BOLD_GAIN: f32 = 0.035;
const GREY: u8 = 90;

/// What the file says of itself.
#[derive(Clone, Debug)]
pub struct PdfMetadata<'a> {
    /// Its title. No personal value: viewers show it, search engines index it.
    pub title: &'a str,
    /// Names the paper and its edition.
    pub document_id: &'a str,
    /// When what it states was so.
    pub at: DateTime<Utc>,
}

/// The font as it is measured and as it is drawn.
struct Type {
    letters: font::Font,
    ink: krilla::text::Font,
}

/// Writes pages as PDF/A-2u (ISO 19005-2): everything needed to show them is inside, and their
/// text can be searched and copied.
///
/// # Errors
/// [`PaperFault::Font`], [`PaperFault::Refused`].
pub fn write(pages: &[PaperPage], facts: &PdfMetadata<'_>) -> Result<Vec<u8>, PaperFault> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|_| PaperFault::Refused)?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    document.set_metadata(metadata(facts));
    let ink = krilla::text::Font::new(font::BYTES.into(), 0).ok_or(PaperFault::Font)?;
    let type_face = Type {
        letters: font::Font::embedded()?,
        ink,
    };
    for page in pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PaperFault::Refused)?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        for mark in &page.marks {
            draw(&mut surface, &type_face, mark);
        }
        surface.finish();
        sheet.finish();
    }
    document.finish().map_err(|_| PaperFault::Refused)
}

fn metadata(facts: &PdfMetadata<'_>) -> Metadata {
    Metadata::new()
        .title(facts.title.to_owned())
        .language("vi".to_owned())
        .creator("luutru".to_owned())
        .document_id(facts.document_id.to_owned())
        .creation_date(date(facts.at))
}

fn date(at: DateTime<Utc>) -> metadata::DateTime {
    let local = at.with_timezone(&VIET_NAM);
    // Parts of a date are small.
    let small = |part: u32| u8::try_from(part).unwrap_or_default();
    metadata::DateTime::new(u16::try_from(local.year()).unwrap_or_default())
        .month(small(local.month()))
        .day(small(local.day()))
        .hour(small(local.hour()))
        .minute(small(local.minute()))
        .second(small(local.second()))
        .utc_offset_hour(7)
        .utc_offset_minute(0)
}

fn draw(surface: &mut Surface<'_>, font: &Type, mark: &Mark) {
    match mark {
        Mark::Text { x, y, style, text } => draw_text(surface, font, (*x, *y), *style, text),
        Mark::Rule { x, y, width } => {
            surface.set_stroke(None);
            fill_all(surface, &[[*x, *y, *width, LINE_THICKNESS]]);
        }
        Mark::Frame {
            x,
            y,
            width,
            height,
        } => {
            let (right, bottom) = (x + width - LINE_THICKNESS, y + height - LINE_THICKNESS);
            surface.set_stroke(None);
            fill_all(
                surface,
                &[
                    [*x, *y, *width, LINE_THICKNESS],
                    [*x, bottom, *width, LINE_THICKNESS],
                    [*x, *y, LINE_THICKNESS, *height],
                    [right, *y, LINE_THICKNESS, *height],
                ],
            );
        }
        Mark::Qr { x, y, side, code } => {
            surface.set_stroke(None);
            fill_all(surface, &code.stripes(*x, *y, *side));
        }
    }
}

fn draw_text(surface: &mut Surface<'_>, font: &Type, (x, y): (f32, f32), style: Style, text: &str) {
    let ink = match style.tone {
        Tone::Black => luma::Color::black(),
        Tone::Grey => luma::Color::new(GREY),
    };
    surface.set_fill(Some(solid(ink)));
    surface.set_stroke(match style.weight {
        Weight::Regular => None,
        Weight::Bold => Some(Stroke {
            paint: ink.into(),
            width: style.size * BOLD_GAIN,
            ..Stroke::default()
        }),
    });
    let (start, ink) = (Point::from_xy(x, y), font.ink.clone());
    match font.letters.glyphs(text) {
        Some(glyphs) => surface.draw_glyphs(start, &glyphs, ink, text, style.size, false),
        None => {
            let direction = TextDirection::LeftToRight;
            surface.draw_text(start, ink, style.size, text, false, direction);
        }
    }
}

/// Rectangles as one shape, so that no viewer shows seams between neighbours.
fn fill_all(surface: &mut Surface<'_>, rectangles: &[[f32; 4]]) {
    let mut path = PathBuilder::new();
    for [x, y, width, height] in rectangles {
        if let Some(rectangle) = Rect::from_xywh(*x, *y, *width, *height) {
            path.push_rect(rectangle);
        }
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(solid(luma::Color::black())));
        surface.draw_path(&path);
    }
}

fn solid(ink: luma::Color) -> Fill {
    Fill {
        paint: ink.into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}
