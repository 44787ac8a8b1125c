//! Reads the text of a QR code in a picture.
//!
//! A picture's header is checked before decoding; it is decoded within a memory limit, shrunk, and
//! searched within a work limit. It is never stored. Callers run [`read`] on a blocking thread and
//! limit concurrency: one call may take a few seconds and some 300 MB.

mod canvas;
mod level;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::problem::Code;
use image::error::ImageError;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Limits};
use rqrr::PreparedImage;

use canvas::Canvas;
use level::level;

/// Largest picture, in bytes.
pub const BYTE_COUNT_MAX: usize = 8 * 1024 * 1024;
/// Most pixels, by the header. Telephones take pictures of 12 to 24 million.
pub const PIXEL_COUNT_MAX: u64 = 25_000_000;
/// Memory for decoded pixels, in bytes: four for each.
const DECODED_BYTE_COUNT_MAX: u64 = 4 * PIXEL_COUNT_MAX;
/// The longest side of the first view, in pixels: quick, and enough for a card that fills half of
/// the picture.
const SIDE_MAX: u32 = 1_600;
/// The longest side of the view that evens noise out.
const SMALL_SIDE_MAX: u32 = 800;
/// Standard deviation of the blur, in pixels.
const BLUR: f32 = 1.5;
/// The ways to search a picture, tried in turn until one succeeds.
const VIEWS: [PictureView; 5] = [
    PictureView::Whole,
    PictureView::Level,
    PictureView::Double,
    PictureView::Blurred,
    PictureView::Small,
];
/// What separates the fields on a citizen's card.
const CARD_SEPARATOR: u8 = b'|';

/// The kinds of pictures that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl ImageKind {
    /// The kind of a media type without parameters, such as `image/png`; `None` for any other.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        if media_type.eq_ignore_ascii_case("image/png") {
            Some(Self::Png)
        } else if media_type.eq_ignore_ascii_case("image/jpeg") {
            Some(Self::Jpeg)
        } else {
            None
        }
    }

    const fn format(self) -> ImageFormat {
        match self {
            Self::Png => ImageFormat::Png,
            Self::Jpeg => ImageFormat::Jpeg,
        }
    }
}

/// Why no text was read from a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFault {
    /// More than [`BYTE_COUNT_MAX`] bytes.
    TooManyBytes,
    /// More than [`PIXEL_COUNT_MAX`] pixels, or pixels that need more memory than is given.
    TooManyPixels,
    /// Not a whole picture of the kind named.
    Unreadable,
    /// No QR code that can be read.
    WithoutQr,
}

impl ImageFault {
    /// The problem's or violation's code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::TooManyBytes => Code::BodyTooLarge,
            Self::TooManyPixels => Code::ImageTooManyPixels,
            Self::Unreadable => Code::ImageUnreadable,
            Self::WithoutQr => Code::ImageWithoutQr,
        }
    }
}

/// A way to look at a picture.
#[derive(Clone, Copy)]
enum PictureView {
    /// As it is, but not larger than [`SIDE_MAX`].
    Whole,
    /// Against light that falls from one side.
    Level,
    /// At twice the size of the whole, for a small code. The search reckons in numbers that bear
    /// little more.
    Double,
    /// Against single wrong pixels.
    Blurred,
    /// Against noise and the weave of a screen.
    Small,
}

impl PictureView {
    /// The picture in this view; `None` when another view shows the same.
    fn of(self, picture: &GrayImage) -> Option<GrayImage> {
        let (width, height) = shrunk(picture, SIDE_MAX);
        let small = shrunk(picture, SMALL_SIDE_MAX);
        let whole = || imageops::thumbnail(picture, width, height);
        match self {
            Self::Whole => Some(whole()),
            Self::Level => Some(level(&whole())),
            Self::Double => Some(resized(picture, 2 * width, 2 * height)),
            Self::Blurred => Some(imageops::blur(&whole(), BLUR)),
            Self::Small => (small != picture.dimensions())
                .then(|| imageops::thumbnail(picture, small.0, small.1)),
        }
    }
}

/// Larger by interpolation, smaller by averages, which need no memory beside the result.
fn resized(picture: &GrayImage, width: u32, height: u32) -> GrayImage {
    if width < picture.width() || height < picture.height() {
        imageops::thumbnail(picture, width, height)
    } else {
        imageops::resize(picture, width, height, FilterType::Triangle)
    }
}

/// The size with the same proportions and no side longer than `side_max`.
fn shrunk(picture: &GrayImage, side_max: u32) -> (u32, u32) {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= side_max {
        return (width, height);
    }
    let scaled = |length: u32| {
        let length = u64::from(length) * u64::from(side_max) / u64::from(longest);
        u32::try_from(length).unwrap_or(side_max).max(1)
    };
    (scaled(width), scaled(height))
}

/// Reads the QR code in a picture. Where it shows several, the one with the most fields of a
/// citizen's card.
///
/// # Errors
/// An [`ImageFault`]; the picture's bytes are in none of them.
pub fn read(bytes: &[u8], kind: ImageKind) -> Result<String, ImageFault> {
    if bytes.len() > BYTE_COUNT_MAX {
        return Err(ImageFault::TooManyBytes);
    }
    // A decoder that panics on odd bytes cannot read them.
    let decoded = catch_unwind(|| decode(bytes, kind));
    let picture = decoded.unwrap_or(Err(ImageFault::Unreadable))?;
    VIEWS
        .iter()
        .filter_map(|view| view.of(&picture))
        .find_map(search)
        .ok_or(ImageFault::WithoutQr)
}

/// The picture in shades of grey.
fn decode(bytes: &[u8], kind: ImageKind) -> Result<GrayImage, ImageFault> {
    let (width, height) = reader(bytes, kind).into_dimensions().map_err(fault)?;
    if u64::from(width) * u64::from(height) > PIXEL_COUNT_MAX {
        return Err(ImageFault::TooManyPixels);
    }
    reader(bytes, kind).decode().map(in_grey).map_err(fault)
}

fn reader(bytes: &[u8], kind: ImageKind) -> ImageReader<Cursor<&[u8]>> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_BYTE_COUNT_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind.format());
    reader.limits(limits);
    reader
}

fn fault(error: ImageError) -> ImageFault {
    match error {
        ImageError::Limits(_) => ImageFault::TooManyPixels,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Unsupported(_)
        | ImageError::IoError(_) => ImageFault::Unreadable,
    }
}

/// Transparent areas are drawn on white.
fn in_grey(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let picture = picture.into_luma_alpha8();
    let shades = picture.pixels().map(|pixel| {
        let [shade, opacity] = pixel.0.map(u32::from);
        let shade = (shade * opacity + 255 * (255 - opacity)) / 255;
        u8::try_from(shade).unwrap_or(u8::MAX)
    });
    let shades = shades.collect();
    GrayImage::from_raw(picture.width(), picture.height(), shades).unwrap_or_default()
}

/// The search panics when its geometry overflows, and is unwound when it exceeds its work limit:
/// both mean that nothing can be read.
fn search(picture: GrayImage) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| texts(picture)))
        .unwrap_or_default()
        .into_iter()
        .max_by_key(|text| text.bytes().filter(|byte| *byte == CARD_SEPARATOR).count())
}

fn texts(picture: GrayImage) -> Vec<String> {
    let mut prepared = PreparedImage::prepare(Canvas::new(picture));
    let grids = prepared.detect_grids();
    let decoded = grids.iter().filter_map(|grid| grid.decode().ok());
    decoded.map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests;
