//! The page on which guests are declared.

pub(super) mod card;
pub(super) mod declare;
pub(super) mod offline;
pub(super) mod scan;

use chrono::TimeDelta;
use domain::{
    hold,
    problem::Code,
    stay::{DeliveryState, Presence, Timeliness},
};
use pages::desk::{self, DeskPage, DueLine, Idle, Newest, ScanField, Sent, Stage, Undo};
use pages::expected::ExpectedLine;
use pages::moment;
use pages::note::Note;
use pages::section::Section;
use poem::Request;
use poem::http::StatusCode;
use store::stays::{Order, StayFilter};
use uuid::Uuid;

use super::enter::Visit;
use super::form::PageForm;
use super::lines::{self, StayLine};
use super::{MadePage, PageRoute, get, html, post};
use crate::auth::{Access, op};
use crate::problem::Failure;
use crate::stays;
use crate::unreadable;

/// How many of the newest declarations are shown.
const NEWEST_COUNT: u64 = 5;

/// The pages of the desk.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/desk", show),
        post("/desk", show_for_room),
        post("/desk/scan", scan::read),
        post("/desk/picture", scan::read_picture),
        post("/desk/card", declare::redraw),
        post("/desk/stays", declare::declare),
        post("/desk/sealed", offline::declare),
        get("/desk/offline", offline::show),
        get("/desk/worker.js", offline::worker),
    ]
}

/// `GET /desk`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::DeskPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    let sent = match Uuid::try_parse(query.value("sent")) {
        Ok(id) => visit.sent(id).await?,
        Err(_) => None,
    };
    let undone = match Uuid::try_parse(query.value("undone")) {
        Ok(id) => visit.undone(id).await?,
        Err(_) => None,
    };
    let content = DeskContent {
        note: undone,
        stage: sent.map(|sent| Stage::Sent(Box::new(sent))),
        scan: ScanField::default(),
    };
    visit.page(StatusCode::OK, content).await
}

/// `POST /desk`: the same for the next guest of a room, which stands in no address.
async fn show_for_room(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::DeskPage>::receive(request).await?;
    let content = DeskContent {
        note: None,
        stage: None,
        scan: ScanField {
            room: sent.value("room").to_owned(),
            ..ScanField::default()
        },
    };
    visit.page(StatusCode::OK, content).await
}

/// What of the page the handlers of its forms decide.
pub(super) struct DeskContent {
    /// One message about the page.
    pub(super) note: Option<Note>,
    /// What stands below the scan field; what is to be handled when left out.
    pub(super) stage: Option<Stage>,
    /// The scan field.
    pub(super) scan: ScanField,
}

impl<A: Access> Visit<A> {
    /// The page with this content.
    pub(super) async fn page(&self, status: StatusCode, content: DeskContent) -> MadePage {
        let words = self.reader.words;
        let due = self.due().await?;
        let duty = self.duty().await?;
        let newest = self.newest().await?;
        let expected = self.expected().await?;
        let is_faulty = match &content.stage {
            Some(Stage::Card(card)) => !card.summary.is_empty(),
            Some(Stage::Idle(_) | Stage::Sent(_)) | None => content.scan.fault.is_some(),
        };
        let title = words.declare_a_guest();
        let title = match is_faulty {
            true => words.error_title(title),
            false => title.to_owned(),
        };
        let page = DeskPage {
            frame: self.frame_with(Section::Desk, title, &due, &duty).await?,
            note: content.note,
            scan: content.scan,
            stage: content
                .stage
                .unwrap_or_else(|| idle(due, expected, &newest)),
            newest,
            sealing: self.sealing(),
            duty: duty.said(self.reader.words),
        };
        html::answer(&self.reader, status, &page)
    }

    async fn newest(&self) -> Result<Vec<Newest>, Failure> {
        let filter = StayFilter {
            facility_ids: vec![self.facility.id],
            ..StayFilter::default()
        };
        let stays =
            store::stays::list(&self.app.db, &filter, Order::Newest(None), NEWEST_COUNT).await?;
        let lines = lines::of(&self.app, stays, self.now).await?;
        let newest = lines.iter().enumerate();
        Ok(newest
            .map(|(place, line)| self.newest_line(line, place == 0))
            .collect())
    }

    fn newest_line(&self, line: &StayLine, is_first: bool) -> Newest {
        let words = self.reader.words;
        Newest {
            stay_id: line.stay.id,
            name: line.name(words),
            room: line.room(),
            badge: line.badge(words),
            received_at: moment::clock(line.stay.received_at),
            number: desk::shortened(&line.version.receipt_number),
            undo: self.undo(line).filter(|_| is_first),
        }
    }

    /// Offered while the stay is held. What is withdrawn in the end is decided by its tasks.
    fn undo(&self, line: &StayLine) -> Option<Undo> {
        let channel = line.version.channel.get().ok()?;
        let (received_at, deadline_at) = (line.stay.received_at, line.stay.deadline_at);
        let left = hold::held_until(channel, received_at, deadline_at)? - self.now;
        let is_untouched = line.stay.version == 1 && line.state.presence == Presence::Present;
        let is_queued = line.state.delivery == DeliveryState::Queued;
        (left > TimeDelta::zero() && is_untouched && is_queued).then(|| Undo {
            version: line.stay.version,
            seconds: left.num_seconds().max(1),
        })
    }

    /// The guest who was just declared; `None` when there is no such stay.
    async fn sent(&self, id: Uuid) -> Result<Option<Sent>, Failure> {
        let Some(line) = self.line(id).await? else {
            return Ok(None);
        };
        let words = self.reader.words;
        let room = line.room().unwrap_or_default();
        let timeliness = line.stay.timeliness.get();
        let timeliness = timeliness.map_err(|error| unreadable::failure(id, error))?;
        let is_on_time = timeliness == Timeliness::OnTime;
        let name = line.name(words);
        let heading = match is_on_time {
            true => words.declared_on_time(name),
            false => words.declared_late(name),
        };
        Ok(Some(Sent {
            stay_id: id,
            heading: match room.is_empty() {
                true => heading,
                false => words.and_room(heading, room.as_str()),
            },
            is_on_time,
            number: line.version.receipt_number.clone(),
            received_at: moment::exact(line.stay.received_at),
            deadline_at: domain::typed::written_instant(line.stay.deadline_at),
            destination: self.destination(),
            room,
        }))
    }

    /// What to say of a declaration that was taken back.
    async fn undone(&self, id: Uuid) -> Result<Option<Note>, Failure> {
        let words = self.reader.words;
        let line = self.line(id).await?;
        let line = line.filter(|line| line.state.is_withdrawn);
        Ok(line.map(|line| {
            Note::done(
                words.undone(line.name(words)),
                words.undone_hint().to_owned(),
            )
        }))
    }

    async fn line(&self, id: Uuid) -> Result<Option<StayLine>, Failure> {
        match stays::find(&self.app, self.sender(), id, None).await {
            Ok((stay, _)) => {
                let lines = lines::of(&self.app, vec![stay], self.now).await?;
                Ok(lines.into_iter().next())
            }
            Err(failure) if failure.code() == Code::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The police of the facility's commune.
    fn destination(&self) -> String {
        self.reader.words.police_of(self.commune())
    }
}

fn idle(due: Vec<DueLine>, expected: Vec<ExpectedLine>, newest: &[Newest]) -> Stage {
    Stage::Idle(Idle {
        due,
        expected,
        has_guests: !newest.is_empty(),
    })
}
