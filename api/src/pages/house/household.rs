//! The household of an official residence, and its guests.

use domain::facility::FacilityKind;
use pages::household::HouseholdPage;
use pages::note::Note;
use pages::section::Section;
use poem::Request;

use super::{ListFrame, PresentGuest, Wanted, bulk};
use crate::auth::op;
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::{MadePage, html};

/// `GET /desk/household`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::HouseholdPage>::open(request).await?;
    let note = bulk::done(visit.reader.words, &PageForm::of_query(&request));
    visit.household(Wanted::default(), note).await
}

/// `POST /desk/household`: the same for a name.
pub(super) async fn find(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::HouseholdPage>::receive(request).await?;
    visit.household(Wanted::of(&sent), None).await
}

impl Visit<op::HouseholdPage> {
    async fn household(&self, wanted: Wanted, note: Option<Note>) -> MadePage {
        self.only_at(FacilityKind::OfficialResidence)?;
        let words = self.reader.words;
        let day = self.house_day().await?;
        let due = self.due().await?;
        let there = day.wanted(&wanted);
        let (members, guests): (Vec<PresentGuest<'_>>, Vec<PresentGuest<'_>>) =
            there.into_iter().partition(|one| one.guest.is_resident());
        let frame = |id, heading: &str| ListFrame {
            id,
            heading: heading.to_owned(),
            back: Section::Household.path(),
            is_of_term: false,
        };
        let member_frame = frame("members", words.household_members());
        let guest_frame = frame("list", words.household_guests());
        let page = HouseholdPage {
            summary: words.household_summary(members.len(), guests.len()),
            members: day.list(words, member_frame, &wanted, &members),
            guests: day.list(words, guest_frame, &wanted, &guests),
            frame: self
                .frame(Section::Household, words.household_title().to_owned(), &due)
                .await?,
            note,
        };
        html::page(&self.reader, &page)
    }
}
