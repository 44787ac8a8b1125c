//! A receipt on paper, A4 or a slip of 80 mm: black on white, the verdict in words.

use askama::Template;
use uuid::Uuid;

use crate::frame::Head;
use crate::icon::Icon;

/// The paper a receipt is printed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// A page of A4.
    A4,
    /// A slip of 80 mm.
    Slip,
}

impl Paper {
    /// The paper of a word; a slip is what desks print most.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "a4" => Self::A4,
            _ => Self::Slip,
        }
    }
}

/// A receipt on paper.
#[derive(Template)]
#[template(path = "receipt.html")]
pub struct ReceiptPage {
    /// What every page has.
    pub head: Head,
    /// The paper.
    pub paper: Paper,
    /// The stay.
    pub stay_id: Uuid,
    /// The receipt's number.
    pub number: String,
    /// The verdict.
    pub verdict: &'static str,
    /// Names and values, in groups.
    pub groups: Vec<Vec<(&'static str, String)>>,
    /// The hash of the content.
    pub content_sha256: String,
    /// The signed receipt as a QR code.
    pub code: QrCode,
}

/// A QR code as a path of dark stripes.
pub struct QrCode {
    /// Modules on each side, the quiet zone included.
    pub width: usize,
    /// The dark stripes, in modules.
    pub path: String,
}

impl ReceiptPage {
    fn paper_class(&self) -> &'static str {
        match self.paper {
            Paper::A4 => "paper",
            Paper::Slip => "paper slip",
        }
    }

    fn other_paper(&self) -> (&'static str, &'static str) {
        let words = self.head.words;
        match self.paper {
            Paper::A4 => ("slip", words.print_slip()),
            Paper::Slip => ("a4", words.print_a4()),
        }
    }

    fn body_class(&self) -> &'static str {
        match self.paper {
            Paper::A4 => "paper-page",
            Paper::Slip => "paper-page slip-page",
        }
    }
}
