//! The bar over an officer's pages: what the officer holds, and for how long.

use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};
use domain::time::format_instant;

use crate::icon::Icon;
use crate::moment;
use crate::words::Words;

/// From this many seconds on a lease is about to end.
const NEAR_SECONDS: i64 = 120;

/// The bar.
#[derive(Clone, Debug, Template)]
#[template(path = "police_bar.html")]
pub struct PoliceBar {
    /// The words of the reader's language.
    pub words: Words,
    /// What is held; `None` when nothing is.
    pub lease: Option<HeldLease>,
    /// The case that is open, to come back to; empty on other pages.
    pub back: String,
    /// Whether the reader may take cases.
    pub may_decide: bool,
}

impl HtmlSafe for PoliceBar {}

/// What an officer holds.
#[derive(Clone, Debug)]
pub struct HeldLease {
    /// How many cases.
    pub count: usize,
    /// The first end of a lease.
    pub until: DateTime<Utc>,
    /// When the page was made.
    pub now: DateTime<Utc>,
    /// How long a lease lasts.
    pub seconds: i64,
}

impl HeldLease {
    fn left_seconds(&self) -> i64 {
        (self.until - self.now).num_seconds().max(0)
    }

    fn left(&self) -> String {
        let left = self.left_seconds();
        format!("{:02}:{:02}", left / 60, left % 60)
    }

    fn duration(&self) -> String {
        format!("PT{}S", self.left_seconds())
    }

    fn at(&self) -> String {
        format_instant(self.until)
    }

    fn clock(&self) -> String {
        moment::clock(self.until)
    }

    fn class(&self) -> &'static str {
        match self.left_seconds() <= NEAR_SECONDS {
            true => "soon",
            false => "",
        }
    }

    fn minutes(&self) -> i64 {
        self.seconds / 60
    }
}
