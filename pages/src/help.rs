//! Help: how to declare, what the deadlines are, the keys, and what to do when nothing works.

use askama::Template;

use crate::frame::Head;
use crate::icon::Icon;

/// The page of help.
#[derive(Template)]
#[template(path = "help.html")]
pub struct HelpPage {
    /// What every page has.
    pub head: Head,
}
