//! Today at a facility: who is where, who is not declared yet, what is to be handled, who has to
//! leave.

pub(super) mod content;

use chrono::Datelike;
use domain::{occupancy::Occupancy, stay::Timeliness, time::local_date, typed};
use pages::help::HelpTopic;
use pages::section::Section;
use pages::today::{DayCount, Tab, TodayPage};
use pages::words::Words;
use poem::Request;

use content::TodayContent;

use super::enter::Visit;
use super::form::PageForm;
use super::house::{HouseDay, ListFrame, PresentGuest, Wanted, bulk, expected};
use super::{MadePage, PageRoute, get, html, post};
use crate::auth::{Access, op};
use crate::problem::Failure;

/// The pages of today.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![get("/desk/today", show), post("/desk/today", find)]
}

/// `GET /desk/today`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::TodayPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    let words = visit.reader.words;
    let content = TodayContent {
        tab: match query.value("tab") {
            "leaving" => Tab::Leaving,
            "undeclared" => Tab::Undeclared,
            _ => Tab::Present,
        },
        note: bulk::done(words, &query).or_else(|| expected::done(words, &query)),
        ..TodayContent::default()
    };
    visit.today(content).await
}

/// `POST /desk/today`: the same for a room or a name, which stands in no address.
pub(super) async fn find(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::TodayPage>::receive(request).await?;
    let content = TodayContent {
        wanted: Wanted::of(&sent),
        ..TodayContent::default()
    };
    visit.today(content).await
}

impl<A: Access> Visit<A> {
    /// The page with this content.
    pub(super) async fn today(&self, content: TodayContent) -> MadePage {
        let words = self.reader.words;
        let day = self.house_day().await?;
        let due = self.due().await?;
        let expected = self.expected().await?;
        let rooms: Vec<&str> = expected.iter().map(|guest| guest.room.as_str()).collect();
        let present = day.present();
        let leaving = self.leaving(&present);
        let TodayContent { tab, wanted, .. } = &content;
        let listed = match tab {
            Tab::Present | Tab::Undeclared => day.wanted(wanted),
            Tab::Leaving => leaving.clone(),
        };
        let list = ListFrame {
            id: "list",
            heading: self.heading(*tab, wanted, &leaving),
            back: Section::Today.path(),
            is_of_term: false,
        };
        let mut frame = self
            .frame(Section::Today, words.today().to_owned(), &due)
            .await?;
        if *tab == Tab::Undeclared {
            frame.help = HelpTopic::Expected;
        }
        let page = TodayPage {
            summary: self.summary(&day, present.len()),
            tab: *tab,
            present_count: present.len(),
            leaving_count: leaving.len(),
            floors: day.floors(words, &rooms, &wanted.room),
            list: day.list(words, list, wanted, &listed),
            count: self.count().await?,
            find: wanted.find.clone(),
            frame,
            expecting: expected::form(words, content.unnoted.as_ref(), self.now),
            note: content.note,
            expected,
            due,
        };
        html::page(&self.reader, &page)
    }

    /// Who is expected to leave today or was before, those first.
    fn leaving<'a>(&self, present: &[PresentGuest<'a>]) -> Vec<PresentGuest<'a>> {
        let today = local_date(self.now);
        let mut leaving: Vec<PresentGuest<'a>> = present
            .iter()
            .filter(|one| {
                let at = one.guest.expected_departure_at;
                at.is_some_and(|at| local_date(at) <= today)
            })
            .copied()
            .collect();
        leaving.sort_by_key(|one| one.guest.expected_departure_at);
        leaving
    }

    fn heading(&self, tab: Tab, wanted: &Wanted, leaving: &[PresentGuest<'_>]) -> String {
        let words = self.reader.words;
        let is_overdue = |one: &&PresentGuest<'_>| {
            let at = one.guest.expected_departure_at;
            at.is_some_and(|at| at <= self.now)
        };
        match (tab, leaving.iter().filter(is_overdue).count()) {
            (Tab::Leaving, 0) => words.leaving_guests().to_owned(),
            (Tab::Leaving, overdue) => words.leaving_and_overdue(overdue),
            _ if !wanted.room.is_empty() => words.guests_of_room(wanted.room.as_str()),
            _ => words.present_guests().to_owned(),
        }
    }

    fn summary(&self, day: &HouseDay, guest_count: usize) -> String {
        let words = self.reader.words;
        let today = local_date(self.now);
        let weekday = words.of_weekday(today.weekday());
        let day_name = words.named_day(weekday, typed::written_day(today));
        words.today_is(day_name, summary(words, &day.occupancy, guest_count))
    }

    async fn count(&self) -> Result<DayCount, Failure> {
        let today = local_date(self.now);
        let arrived = store::stays::arrived_on(&self.app.db, self.facility.id, today).await?;
        let is_on_time = |timeliness: &Result<Timeliness, _>| {
            timeliness
                .as_ref()
                .is_ok_and(|one| *one == Timeliness::OnTime)
        };
        let on_time = arrived.iter().map(|row| row.timeliness.get());
        Ok(DayCount {
            on_time: on_time.filter(is_on_time).count(),
            arrived: arrived.len(),
        })
    }
}

fn summary(words: Words, day: &Occupancy, guest_count: usize) -> String {
    let listed = day.places.iter().filter(|place| place.listed.is_some());
    let occupied = listed.clone().filter(|place| place.occupied > 0).count();
    match listed.count() {
        0 => words.guests_present(guest_count),
        all => words.guests_in_rooms(guest_count, occupied, all),
    }
}
