//! The font of all printed documents: Noto Sans Regular, under the SIL Open Font Licence 1.1
//! (`formats/fonts/NotoSans-OFL.txt`). Provides its letter widths and coverage.

use krilla::text::{GlyphId as DrawnGlyph, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, GlyphId, MetadataProvider};
use unicode_normalization::char::is_combining_mark;

use super::{PaperFault, Style};

/// The font file as it is published.
pub(super) const BYTES: &[u8] = include_bytes!("../../fonts/NotoSans-Regular.ttf");

/// Stands for a letter that the font lacks.
const REPLACEMENT: char = '\u{fffd}';

/// Measures text and breaks it into lines.
pub struct Font {
    letters: Charmap<'static>,
    /// For letters one point high.
    widths: GlyphMetrics<'static>,
}

impl Font {
    /// Reads the embedded font.
    ///
    /// # Errors
    /// [`PaperFault::Font`], which only a damaged build can show.
    pub fn embedded() -> Result<Self, PaperFault> {
        let font = FontRef::new(BYTES).map_err(|_| PaperFault::Font)?;
        Ok(Self {
            letters: font.charmap(),
            widths: font.glyph_metrics(Size::new(1.0), LocationRef::default()),
        })
    }

    /// The text as it can be shown: a letter that the font lacks, or that is no letter at all, is
    /// replaced, white space is a space.
    #[must_use]
    pub fn showable(&self, text: &str) -> String {
        text.chars()
            .map(|letter| {
                if letter.is_whitespace() {
                    ' '
                } else if letter.is_control() || self.glyph(letter).is_none() {
                    REPLACEMENT
                } else {
                    letter
                }
            })
            .collect()
    }

    /// How wide a line is, in points; pairs of letters are not drawn closer together.
    #[must_use]
    pub fn width(&self, text: &str, style: Style) -> f32 {
        let widths = text.chars().map(|letter| self.letter_width(letter));
        widths.sum::<f32>() * style.size
    }

    /// The text in lines of at most this width, `line_count_max` of them; the last one ends in
    /// `…` when there is more. Broken at spaces, inside a word only when it is wider than a line.
    #[must_use]
    pub fn lines(
        &self,
        text: &str,
        style: Style,
        width: f32,
        line_count_max: usize,
    ) -> Vec<String> {
        let text = self.showable(text);
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            self.append(&mut lines, word, style, width);
        }
        if lines.len() > line_count_max {
            lines.truncate(line_count_max);
            if let Some(last) = lines.last_mut() {
                while !last.is_empty() && self.width(last, style) + self.width("…", style) > width
                {
                    last.pop();
                }
                last.push('…');
            }
        }
        lines
    }

    fn append(&self, lines: &mut Vec<String>, word: &str, style: Style, width: f32) {
        let Some(line) = lines.last_mut() else {
            return;
        };
        let gap = if line.is_empty() { "" } else { " " };
        if self.width(&format!("{line}{gap}{word}"), style) <= width {
            line.push_str(gap);
            line.push_str(word);
            return;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let is_full = lines.last().is_some_and(|line| {
                !line.is_empty() && self.width(&format!("{line}{letter}"), style) > width
            });
            if is_full {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
        }
    }

    /// A glyph for each letter, or nothing where marks must be placed upon letters. Shaping would
    /// draw some letters as two glyphs (ị as ı and a dot below), which would appear twice in copied
    /// text.
    pub(super) fn glyphs(&self, text: &str) -> Option<Vec<KrillaGlyph>> {
        let placed = |(at, letter): (usize, char)| {
            let glyph = self.glyph(letter).filter(|_| !is_combining_mark(letter))?;
            Some(KrillaGlyph::new(
                DrawnGlyph::new(glyph.to_u32()),
                self.letter_width(letter),
                0.0,
                0.0,
                0.0,
                at..at + letter.len_utf8(),
                None,
            ))
        };
        text.char_indices().map(placed).collect()
    }

    fn letter_width(&self, letter: char) -> f32 {
        self.glyph(letter)
            .and_then(|glyph| self.widths.advance_width(glyph))
            .unwrap_or_default()
    }

    fn glyph(&self, letter: char) -> Option<GlyphId> {
        self.letters
            .map(letter)
            .filter(|glyph| *glyph != GlyphId::NOTDEF)
    }
}
