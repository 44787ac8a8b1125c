//! What declarations and changes are judged by.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    catalogue::Catalogues,
    declaration::{self, Declaration, Rejudging, Window},
    draft::Body,
    facility::Facility,
    problem::Violation,
    sender::Sender,
};

/// The rules with what they look up.
pub(crate) struct Rules {
    /// What codes mean.
    pub(crate) catalogues: Arc<Catalogues>,
    /// How far ahead and back an arrival may lie.
    pub(crate) window: Window,
}

impl Rules {
    /// Judges a declaration. Errors: every violation.
    pub(crate) fn check<'a>(
        &self,
        sender: &Sender,
        received_at: DateTime<Utc>,
        body: impl Into<Body<'a>>,
    ) -> Result<Declaration, Vec<Violation>> {
        declaration::check(
            body,
            &sender.facilities,
            &self.catalogues,
            &self.window,
            received_at,
        )
        .map_err(|faults| faults.violations)
    }

    /// The terms for judging a stay of the facility again. `filed_at` is the legal time of its
    /// filing.
    pub(crate) fn rejudging<'a>(
        &'a self,
        facility: &'a Arc<Facility>,
        received_at: DateTime<Utc>,
        filed_at: DateTime<Utc>,
    ) -> Rejudging<'a> {
        Rejudging {
            facility,
            catalogues: &self.catalogues,
            window: &self.window,
            received_at,
            filed_at,
        }
    }
}
