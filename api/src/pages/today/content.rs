//! What of the page of today its forms decide.

use domain::problem::Violation;
use pages::note::Note;
use pages::today::Tab;

use crate::pages::form::PageForm;
use crate::pages::house::Wanted;

/// What of the page its forms decide.
pub(in crate::pages) struct TodayContent {
    /// Which guests are listed.
    pub(in crate::pages) tab: Tab,
    /// Which of them.
    pub(in crate::pages) wanted: Wanted,
    /// One message about the page.
    pub(in crate::pages) note: Option<Note>,
    /// Expected guests who were not noted, and why.
    pub(in crate::pages) unnoted: Option<(PageForm, Vec<Violation>)>,
}

impl Default for TodayContent {
    fn default() -> Self {
        Self {
            tab: Tab::Present,
            wanted: Wanted::default(),
            note: None,
            unnoted: None,
        }
    }
}
