//! Sheets of paper: text, lines and QR codes at places, written as PDF/A-2u.
//!
//! A page is first a list of marks, so that its layout can be tested without parsing PDF. The same
//! marks always give the same bytes. One font with every Vietnamese letter is embedded (only the
//! letters used); a letter it lacks is shown as U+FFFD.

mod font;
mod pdf;

pub use font::Font;
pub use pdf::{PdfMetadata, write};

use qrcode::{Color, EcLevel, QrCode};

/// Width of A4, in points.
pub const WIDTH: f32 = mm(210.0);
/// Height of A4, in points.
pub const HEIGHT: f32 = mm(297.0);

/// White modules that a QR code needs around it (ISO/IEC 18004).
const QUIET_MODULES: usize = 4;
/// The same as a length in modules.
const QUIET_MODULE_COUNT: f32 = QUIET_MODULES as f32;

/// Why a sheet cannot be written. Contains none of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperFault {
    /// The embedded font is damaged.
    #[error("the embedded font cannot be read")]
    Font,
    /// More text than a QR code holds.
    #[error("the text is too long for a QR code")]
    QrTooLong,
    /// The writer refused the page.
    #[error("the page cannot be written as PDF/A")]
    Refused,
}

/// Millimetres as points.
#[must_use]
pub const fn mm(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}

/// The marks on a page in drawing order. Positions are points from the left and from the top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaperPage {
    /// The marks.
    pub marks: Vec<Mark>,
}

/// Something on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line of text.
    Text {
        /// Left end.
        x: f32,
        /// The line that letters stand on.
        y: f32,
        /// How it looks.
        style: Style,
        /// The text, every letter of which the font has.
        text: String,
    },
    /// A thin horizontal line.
    Rule {
        /// Left end.
        x: f32,
        /// Height.
        y: f32,
        /// Length.
        width: f32,
    },
    /// An empty box.
    Frame {
        /// Left.
        x: f32,
        /// Top.
        y: f32,
        /// Width.
        width: f32,
        /// Height.
        height: f32,
    },
    /// A QR code, its white margin included.
    Qr {
        /// Left.
        x: f32,
        /// Top.
        y: f32,
        /// Width and height.
        side: f32,
        /// Its modules.
        code: Modules,
    },
}

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Height of the letters, in points.
    pub size: f32,
    /// How heavy.
    pub weight: Weight,
    /// How dark.
    pub tone: Tone,
}

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As drawn.
    Regular,
    /// Their outlines thickened.
    Bold,
}

/// How dark letters are; both can be read on paper from any printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Black.
    Black,
    /// Dark grey, for what accompanies.
    Grey,
}

/// The modules of a QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modules {
    width: usize,
    is_dark: Vec<bool>,
}

impl Modules {
    /// The code of a text, with error correction M: about 15 % of it may be unreadable.
    ///
    /// # Errors
    /// [`PaperFault::QrTooLong`] beyond 2,331 bytes.
    pub fn of(text: &str) -> Result<Self, PaperFault> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|_| PaperFault::QrTooLong)?;
        Ok(Self {
            width: code.width(),
            is_dark: code
                .to_colors()
                .into_iter()
                .map(|color| color == Color::Dark)
                .collect(),
        })
    }

    /// Modules on each side, with the quiet zone around the code.
    #[must_use]
    pub fn width_with_quiet_zone(&self) -> usize {
        self.width + 2 * QUIET_MODULES
    }

    /// The dark stripes as the path of an SVG whose unit is a module.
    #[must_use]
    pub fn path(&self) -> String {
        let side = self.width_with_quiet_zone() as f32;
        let stripes = self.stripes(0.0, 0.0, side);
        let drawn = stripes
            .iter()
            .map(|[x, y, width, _]| format!("M{x:.0} {y:.0}h{width:.0}v1h-{width:.0}z"));
        drawn.collect()
    }

    /// The dark stripes of a code drawn at a place: left, top, width, height. Neighbours in a row
    /// are one stripe.
    pub(crate) fn stripes(&self, x: f32, y: f32, side: f32) -> Vec<[f32; 4]> {
        // At most 177 modules: a small whole number.
        let module = side / (self.width as f32 + 2.0 * QUIET_MODULE_COUNT);
        let at = |count: usize| (count as f32 + QUIET_MODULE_COUNT) * module;
        let mut stripes = Vec::new();
        for (row, modules) in self.is_dark.chunks(self.width.max(1)).enumerate() {
            let mut column = 0;
            while column < modules.len() {
                let rest = modules.get(column..).unwrap_or_default();
                let length = rest.iter().take_while(|is_dark| **is_dark).count();
                if length > 0 {
                    stripes.push([x + at(column), y + at(row), length as f32 * module, module]);
                }
                column += length.max(1);
            }
        }
        stripes
    }
}

#[cfg(test)]
pub(crate) mod tests;
