//! A page being filled from the top.

use crate::paper::{Font, HEIGHT, Mark, Modules, PaperPage, Style, Tone, WIDTH, Weight, mm};

use super::words::{self, PaperWords};

/// White border of a page.
pub(super) const MARGIN: f32 = mm(18.0);
/// Between the margins.
pub(super) const INNER_WIDTH: f32 = WIDTH - 2.0 * MARGIN;
/// Where values begin.
const VALUE_X: f32 = MARGIN + mm(48.0);
/// Lines of a value; what is longer ends in `…`.
const VALUE_LINE_COUNT_MAX: usize = 3;
/// Where the foot begins; nothing else reaches below.
pub(super) const FOOT_Y: f32 = HEIGHT - MARGIN - mm(10.0);

pub(super) const TITLE: Style = bold(17.0);
pub(super) const SUBTITLE: Style = grey(11.0);
pub(super) const LARGE: Style = bold(15.0);
pub(super) const VALUE: Style = black(11.0);
pub(super) const LABEL: Style = black(10.0);
pub(super) const SMALL: Style = black(8.5);
pub(super) const SMALL_GREY: Style = grey(8.0);

const fn black(size: f32) -> Style {
    Style {
        size,
        weight: Weight::Regular,
        tone: Tone::Black,
    }
}

const fn bold(size: f32) -> Style {
    Style {
        size,
        weight: Weight::Bold,
        tone: Tone::Black,
    }
}

const fn grey(size: f32) -> Style {
    Style {
        size,
        weight: Weight::Regular,
        tone: Tone::Grey,
    }
}

/// The page and how far it is filled.
pub(super) struct PaperColumn<'a> {
    font: &'a Font,
    page: PaperPage,
    /// Bottom of what stands there.
    pub(super) y: f32,
}

impl<'a> PaperColumn<'a> {
    pub(super) fn new(font: &'a Font) -> Self {
        Self {
            font,
            page: PaperPage::default(),
            y: MARGIN,
        }
    }

    /// One line, its letters standing at `y`.
    pub(super) fn put(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let text = self.font.showable(text);
        self.page.marks.push(Mark::Text { x, y, style, text });
    }

    /// One line that ends at `right`.
    pub(super) fn put_right(&mut self, right: f32, y: f32, style: Style, text: &str) {
        let text = self.font.showable(text);
        let x = right - self.font.width(&text, style);
        self.page.marks.push(Mark::Text { x, y, style, text });
    }

    /// A title in both languages.
    pub(super) fn title(&mut self, title: PaperWords) {
        self.put(MARGIN, self.y + 17.0, TITLE, title.vi);
        self.put(MARGIN, self.y + 33.0, SUBTITLE, title.en);
        self.y += 46.0;
        self.rule();
    }

    /// A line across the page.
    pub(super) fn rule(&mut self) {
        self.page.marks.push(Mark::Rule {
            x: MARGIN,
            y: self.y,
            width: INNER_WIDTH,
        });
        self.y += 8.0;
    }

    /// A label in both languages with its value.
    pub(super) fn row(&mut self, label: PaperWords, value: &str) {
        self.styled_row(label, VALUE, value);
    }

    /// The same with a value that looks otherwise.
    pub(super) fn styled_row(&mut self, label: PaperWords, style: Style, value: &str) {
        let top = self.y;
        self.put(MARGIN, top + 11.0, LABEL, label.vi);
        self.put(MARGIN, top + 21.0, SMALL_GREY, label.en);
        let width = MARGIN + INNER_WIDTH - VALUE_X;
        let lines = self.font.lines(value, style, width, VALUE_LINE_COUNT_MAX);
        let pitch = style.size * 1.35;
        for (index, line) in lines.iter().enumerate() {
            // At most three lines.
            self.put(VALUE_X, top + 12.0 + index as f32 * pitch, style, line);
        }
        let height = 12.0 + (lines.len().max(1) - 1) as f32 * pitch + 5.0;
        self.y = top + height.max(27.0);
    }

    /// A verdict in a box at the right margin, beside the rows that follow.
    pub(super) fn verdict(&mut self, verdict: PaperWords) {
        let width = mm(46.0);
        let (x, y) = (MARGIN + INNER_WIDTH - width, self.y + 3.0);
        self.page.marks.push(Mark::Frame {
            x,
            y,
            width,
            height: mm(13.0),
        });
        for (text, style, line) in [(verdict.vi, LARGE, 17.0), (verdict.en, SUBTITLE, 31.0)] {
            let left = x + (width - self.font.width(text, style)) / 2.0;
            self.put(left, y + line, style, text);
        }
    }

    /// A paragraph in lines of at most `width`; `y` is its top.
    fn paragraph(&mut self, x: f32, style: Style, width: f32, text: &str) {
        for line in self.font.lines(text, style, width, usize::MAX) {
            self.y += style.size * 1.3;
            self.put(x, self.y, style, &line);
        }
    }

    /// The QR code, and beside it how to use it and what it covers.
    pub(super) fn signed(&mut self, code: Modules, side: f32, covers: PaperWords) {
        let top = self.y;
        self.page.marks.push(Mark::Qr {
            x: MARGIN,
            y: top,
            side,
            code,
        });
        let x = MARGIN + side + mm(4.0);
        let width = MARGIN + INNER_WIDTH - x;
        for words in [words::HOW_TO_VERIFY, covers] {
            self.paragraph(x, SMALL, width, words.vi);
            self.y += 2.0;
            self.paragraph(x, SMALL_GREY, width, words.en);
            self.y += 6.0;
        }
        self.y = self.y.max(top + side);
    }

    /// Ends the page with its foot.
    pub(super) fn finish(mut self, number: usize, count: usize) -> PaperPage {
        self.y = FOOT_Y;
        self.rule();
        self.y -= 6.0;
        let width = INNER_WIDTH - mm(25.0);
        let style = Style { size: 7.0, ..SMALL };
        self.paragraph(MARGIN, style, width, words::LEGAL_BASIS.vi);
        let style = Style {
            size: 7.0,
            ..SMALL_GREY
        };
        self.paragraph(MARGIN, style, width, words::LEGAL_BASIS.en);
        let text = format!("Trang {number}/{count}");
        self.put_right(MARGIN + INNER_WIDTH, FOOT_Y + 11.0, SMALL, &text);
        self.page
    }
}
