//! A page in place of one that could not be made.

use askama::Template;

use crate::frame::Head;
use crate::icon::Icon;

/// What went wrong.
#[derive(Template)]
#[template(path = "failed.html")]
pub struct FailedPage {
    /// What every page has.
    pub head: Head,
    /// The fact.
    pub fact: String,
    /// What to do.
    pub advice: String,
    /// Whether something was to be saved, and was not.
    pub is_unsaved: bool,
    /// Whether the page is for other roles: whoever came may sign in as somebody else.
    pub is_of_others: bool,
    /// By which the operator finds it.
    pub request_id: String,
}
