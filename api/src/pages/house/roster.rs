//! The residents of a dormitory.

use chrono::TimeDelta;
use domain::facility::FacilityKind;
use pages::note::Note;
use pages::roster::RosterPage;
use pages::section::Section;
use poem::Request;

use super::{ListFrame, Wanted, bulk};
use crate::auth::op;
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::{MadePage, html};

/// Whose end is near.
const NEAR: TimeDelta = TimeDelta::days(7);

/// `GET /desk/roster`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::RosterPage>::open(request).await?;
    let note = bulk::done(visit.reader.words, &PageForm::of_query(&request));
    visit.roster(Wanted::default(), note).await
}

/// `POST /desk/roster`: the same for a room or a name.
pub(super) async fn find(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::RosterPage>::receive(request).await?;
    visit.roster(Wanted::of(&sent), None).await
}

impl Visit<op::RosterPage> {
    async fn roster(&self, wanted: Wanted, note: Option<Note>) -> MadePage {
        self.only_at(FacilityKind::School)?;
        let words = self.reader.words;
        let day = self.house_day().await?;
        let due = self.due().await?;
        let heading = match wanted.room.as_str() {
            "" => words.residents().to_owned(),
            room => words.residents_of_room(room),
        };
        let frame = ListFrame {
            id: "list",
            heading,
            back: Section::Roster.path(),
            is_of_term: true,
        };
        let soon = day.present().into_iter().filter(|one| {
            let end = one.guest.expected_departure_at;
            end.is_some_and(|end| end <= self.now + NEAR)
        });
        let soon = u32::try_from(soon.count()).unwrap_or(u32::MAX);
        let totals = day.occupancy.totals;
        let page = RosterPage {
            figures: vec![
                (words.sleeping_tonight(), totals.occupied),
                (words.free_places(), totals.free),
                (words.all_places(), totals.capacity),
                (words.leaving_soon(), soon),
            ],
            floors: day.floors(words, &[], &wanted.room),
            list: day.list(words, frame, &wanted, &day.wanted(&wanted)),
            find: wanted.find.clone(),
            frame: self
                .frame(Section::Roster, words.roster_title().to_owned(), &due)
                .await?,
            note,
        };
        html::page(&self.reader, &page)
    }
}
