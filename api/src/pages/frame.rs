//! What surrounds the pages of a facility.

use chrono::{DateTime, Utc};
use domain::stay::DueKind;
use pages::desk::DueLine;
use pages::frame::{DeadlineBar, Frame, Section};

use super::enter::Visit;
use super::lines;
use crate::auth::Access;
use crate::facilities::due::{self, OwedItem};
use crate::problem::Failure;
use crate::reads;

/// How many things to handle a page counts and shows.
const DUE_COUNT_MAX: usize = 50;

impl<A: Access> Visit<A> {
    /// What is to be handled, the most urgent first.
    pub(super) async fn due(&self) -> Result<Vec<DueLine>, Failure> {
        let mut items = due::first(&self.app, &self.facility, DUE_COUNT_MAX).await?;
        items.retain(|item| needs_hand(item, self.now));
        let lines = lines::due(&self.app, items, self.reader.words, self.now).await?;
        reads::note(&self.app, self.sender(), lines.len()).await;
        Ok(lines)
    }

    /// Who is at work.
    fn person(&self) -> String {
        match self.admitted.signed_in() {
            Ok(signed_in) => signed_in.account().label.clone(),
            Err(_) => self.reader.words.front_desk().to_owned(),
        }
    }

    /// The frame of a page, with the number of things to handle.
    pub(super) fn frame(&self, section: Section, title: String, due: &[DueLine]) -> Frame {
        let words = self.reader.words;
        let path = match section {
            Section::Desk => "/desk",
            Section::Today => "/desk/today",
            Section::Help => "/help",
        };
        Frame {
            head: self.reader.head_at(title, path),
            facility: self.facility.name.clone(),
            person: self.person(),
            section,
            attention_count: due.len(),
            deadline: DeadlineBar::at(words, self.now),
            has_session: self.admitted.signed_in().is_ok(),
        }
    }
}

/// What is on its way needs nobody's hand until its deadline has passed.
fn needs_hand(item: &OwedItem, now: DateTime<Utc>) -> bool {
    match item.kind {
        DueKind::Unacknowledged => item.due_at <= now,
        DueKind::Correction | DueKind::Completion | DueKind::DepartureOverdue => true,
    }
}
