//! Pages of officers and supervisors: the queue, a case, what is watched.

pub mod bar;
pub mod case;
pub mod chart;
pub mod dashboard;
pub mod queue;

use domain::review::ReviewKind;

use crate::badge::{Badge, Tone};
use crate::icon::Icon;
use crate::words::Words;

/// Why a case was opened, as a badge.
#[must_use]
pub fn kind_badge(words: Words, kind: ReviewKind) -> Badge {
    let (tone, icon) = match kind {
        ReviewKind::Mismatch => (Tone::Attention, Icon::Flag),
        ReviewKind::NotFound => (Tone::Attention, Icon::UserX),
        ReviewKind::Probing => (Tone::Attention, Icon::Users),
        ReviewKind::Rejected => (Tone::Late, Icon::CircleX),
        ReviewKind::Late => (Tone::Late, Icon::ClockAlert),
        ReviewKind::Implausible => (Tone::Soon, Icon::Triangle),
        ReviewKind::Duplicate => (Tone::Soon, Icon::Copy),
        ReviewKind::Overlap => (Tone::Soon, Icon::LayoutGrid),
        ReviewKind::DeclaredElsewhere => (Tone::Soon, Icon::Building),
    };
    Badge::new(tone, icon, words.of_review_kind(kind))
}
