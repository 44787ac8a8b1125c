//! What surrounds the pages of a facility.

use chrono::{DateTime, Utc};
use domain::facility::FacilityKind;
use domain::rights::OperationId;
use domain::stay::DueKind;
use domain::time::local_date;
use pages::desk::DueLine;
use pages::duty::DutyPhone;
use pages::frame::{DeadlineBar, Frame, LiveBar};
use pages::help::HelpTopic;
use pages::section::Section;
use store::expected_guests;

use super::enter::{self, OfficeVisit, Visit};
use super::{PageReader, lines};
use crate::auth::{Access, Admitted};
use crate::caller::Caller;
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

    /// The frame of a page, with the number of things to handle.
    pub(super) async fn frame(
        &self,
        section: Section,
        title: String,
        due: &[DueLine],
    ) -> Result<Frame, Failure> {
        let duty = self.duty().await?;
        self.frame_with(section, title, due, &duty).await
    }

    /// The same where the duty desk stands elsewhere on the page too.
    pub(super) async fn frame_with(
        &self,
        section: Section,
        title: String,
        due: &[DueLine],
        duty: &DutyPhone,
    ) -> Result<Frame, Failure> {
        let words = self.reader.words;
        let until = (local_date(self.now), self.now);
        let undeclared_count =
            expected_guests::count(&self.app.db, self.facility.id, until).await?;
        Ok(Frame {
            head: self.reader.head_at(title, section.path()),
            facility: self.facility.name.clone(),
            person: person(&self.reader, &self.admitted),
            section,
            help: HelpTopic::at(section, self.reader.path()),
            places: places_at(self.admitted.caller(), &[self.facility.kind]),
            attention_count: due.len(),
            deadline: Some(DeadlineBar {
                undeclared_count,
                duty: duty.said_briefly(words),
                ..DeadlineBar::at(words, self.now)
            }),
            live: self.reader.is_readable.then(|| LiveBar {
                question_count: due.iter().filter(|line| line.is_question()).count(),
                has_sound: self.reader.has_sound,
            }),
            has_session: self.admitted.signed_in().is_ok(),
        })
    }
}

impl<A: Access> OfficeVisit<A> {
    /// The frame of a page away from a facility; `place` is what the caller works for.
    pub(super) fn frame(&self, section: Section, title: String, place: String) -> Frame {
        Frame {
            head: self.reader.head(title),
            facility: place,
            person: person(&self.reader, &self.admitted),
            section,
            help: HelpTopic::at(section, self.reader.path()),
            places: places(&self.reader, self.admitted.caller()),
            attention_count: 0,
            deadline: None,
            live: None,
            has_session: self.admitted.signed_in().is_ok(),
        }
    }
}

/// Who is at work.
fn person<A>(reader: &PageReader, admitted: &Admitted<A>) -> String {
    match admitted.signed_in() {
        Ok(signed_in) => signed_in.account().label.clone(),
        Err(_) => reader.words.front_desk().to_owned(),
    }
}

/// Every place of the rail that is served, in order, with the page that it leads to.
const PLACES: [(Section, OperationId); 17] = [
    // Only whoever works in a ward has it: there it comes first.
    (Section::Ward, OperationId::WardPage),
    (Section::Desk, OperationId::DeskPage),
    (Section::Roster, OperationId::RosterPage),
    (Section::Household, OperationId::HouseholdPage),
    (Section::Today, OperationId::TodayPage),
    (Section::Group, OperationId::GroupPage),
    (Section::Imports, OperationId::ImportsPage),
    (Section::Rooms, OperationId::RoomsPage),
    (Section::Queue, OperationId::CasesPage),
    (Section::Dashboard, OperationId::DashboardPage),
    (Section::Destinations, OperationId::DestinationsPage),
    (Section::Health, OperationId::HealthPage),
    (Section::DutyDesks, OperationId::DutyDesksPage),
    (Section::Organisations, OperationId::OrganisationsPage),
    (Section::Facilities, OperationId::FacilitiesPage),
    (Section::Accounts, OperationId::AccountsPage),
    (Section::Keys, OperationId::KeysPage),
];

/// The kinds of facility that a place is for; `None` where it is for all, or for no facility.
const fn kinds_of(section: Section) -> Option<&'static [FacilityKind]> {
    match section {
        Section::Ward => Some(&[FacilityKind::MedicalFacility]),
        Section::Roster => Some(&[FacilityKind::School]),
        Section::Household => Some(&[FacilityKind::OfficialResidence]),
        Section::Desk
        | Section::Group
        | Section::Today
        | Section::Imports
        | Section::Rooms
        | Section::Queue
        | Section::Dashboard
        | Section::Destinations
        | Section::Health
        | Section::DutyDesks
        | Section::Organisations
        | Section::Facilities
        | Section::Accounts
        | Section::Keys
        | Section::Own => None,
    }
}

/// The places that the caller may go to: at the facility that was chosen, or at any of several.
fn places(reader: &PageReader, caller: &Caller) -> Vec<Section> {
    let kinds: Vec<FacilityKind> = match enter::chosen(&caller.sender, reader) {
        Some(facility) => vec![facility.kind],
        None => caller
            .sender
            .facilities
            .iter()
            .map(|one| one.kind)
            .collect(),
    };
    places_at(caller, &kinds)
}

/// The places that the caller may go to at facilities of these kinds.
fn places_at(caller: &Caller, kinds: &[FacilityKind]) -> Vec<Section> {
    let holder = caller.holder();
    let open = PLACES.iter().filter(|(section, page)| {
        let fits = |of: &[FacilityKind]| of.iter().any(|kind| kinds.contains(kind));
        page.right().is_held_by(holder) && kinds_of(*section).is_none_or(fits)
    });
    open.map(|(section, _)| *section).collect()
}

/// The first page of whoever has signed in; `None` where there is none for the role.
pub(super) fn home(reader: &PageReader, caller: &Caller) -> Option<&'static str> {
    places(reader, caller).first().map(|section| section.path())
}

/// What is on its way needs nobody's hand until its deadline has passed.
fn needs_hand(item: &OwedItem, now: DateTime<Utc>) -> bool {
    match item.kind {
        DueKind::Unacknowledged => item.due_at <= now,
        DueKind::Correction | DueKind::Completion | DueKind::DepartureOverdue => true,
    }
}
