//! The page of one stay.

pub(super) mod answer;
pub(super) mod change;
mod facts;

use chrono::{DateTime, Utc};
use domain::{
    problem::Code,
    stay::{DeliveryState, IdentityState, Timeliness, answer_due_at},
    time::parse_instant,
    typed,
};
use intake::view::PastVersion;
use pages::badge::{Badge, Tone};
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::section::Section;
use pages::stay::{Progress, Question, ReceiptFacts, StayPage, Step, VersionLine};
use pages::words::Words;
use poem::Request;
use poem::http::StatusCode;
use store::stays::StayRow;
use uuid::Uuid;

use super::enter::Visit;
use super::lines::StayLine;
use super::{MadePage, PageRoute, get, html, post, receipt};
use crate::auth::{Access, op};
use crate::police::questions::{self, SenderQuestion};
use crate::problem::Failure;
use crate::reads;
use crate::stays;
use crate::unreadable;

/// The pages of a stay.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/desk/stays/:id", show),
        post("/desk/stays/:id/number", show_number),
        post("/desk/stays/:id/undo", change::undo),
        post("/desk/stays/:id/amendment", change::amend),
        post("/desk/stays/:id/departure", change::depart),
        post("/desk/stays/:id/extension", change::extend),
        post("/desk/stays/:id/cancellation", change::cancel),
        post("/desk/stays/:id/answer", answer::give),
        get("/desk/stays/:id/receipt", receipt::show),
    ]
}

/// `GET /desk/stays/{id}`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::StayPage>::open(request).await?;
    let id = id_of(&request)?;
    let note = change::done(visit.reader.words, request.uri().query());
    let content = StayContent {
        note,
        ..StayContent::default()
    };
    visit.stay(id, StatusCode::OK, content).await
}

/// `POST /desk/stays/{id}/number`: the same with the whole number of the document, which is
/// audited.
pub(super) async fn show_number(request: Request) -> MadePage {
    let (visit, _, request) = Visit::<op::StayPage>::receive(request).await?;
    let content = StayContent {
        is_number_shown: true,
        ..StayContent::default()
    };
    visit.stay(id_of(&request)?, StatusCode::OK, content).await
}

/// The stay that a path names; a malformed id is as absent as a foreign one.
pub(super) fn id_of(request: &Request) -> Result<Uuid, Failure> {
    let id = request.path_params::<Uuid>();
    id.map_err(|_| Failure::new(Code::NotFound))
}

/// What of the page the handlers of its forms decide.
#[derive(Default)]
pub(super) struct StayContent {
    /// One message about the page.
    pub(super) note: Option<Note>,
    /// Whether the whole number of the document is shown.
    pub(super) is_number_shown: bool,
    /// A form that came back: which, what was typed, and what is wrong.
    pub(super) returned: Option<change::ReturnedForm>,
}

impl<A: Access> Visit<A> {
    /// The page of a stay with this content.
    pub(super) async fn stay(
        &self,
        id: Uuid,
        status: StatusCode,
        content: StayContent,
    ) -> MadePage {
        let words = self.reader.words;
        let (stay, version) = stays::find(&self.app, self.sender(), id, None).await?;
        let asked = questions::of_stays(&self.app, &[&stay]).await?;
        let asked = asked.into_values().next().unwrap_or_default();
        let line = StayLine::open(&self.app, stay, version, !asked.is_empty(), self.now);
        let line = line.map_err(|error| unreadable::failure(id, error))?;
        let versions = self.versions(&line.stay).await?;
        let due = self.due().await?;
        reads::note(&self.app, self.sender(), 1).await;
        let title = line.name(words);
        let page = StayPage {
            stay_id: id,
            version: line.stay.version,
            name: line.name(words),
            room: line.room(),
            badge: line.badge(words),
            questions: asked
                .iter()
                .map(|asked| question(words, asked, &line, self.now))
                .collect(),
            steps: steps(words, &line)?,
            police_reference: line.stay.police_reference.clone(),
            facts: facts::of(words, &line, content.is_number_shown),
            is_number_shown: content.is_number_shown,
            receipt: receipt(words, &line)?,
            changes: change::forms(words, &line, content.returned.as_ref(), self.now),
            note: content.note,
            versions,
            frame: self.frame(Section::Today, title, &due).await?,
        };
        html::answer(&self.reader, status, &page)
    }

    /// Every version, the newest first.
    async fn versions(&self, stay: &StayRow) -> Result<Vec<VersionLine>, Failure> {
        let words = self.reader.words;
        let rows = store::stays::versions(&self.app.db, stay.id).await?;
        let past = intake::view::history(&self.app.vault, stay, &rows);
        let past = past.map_err(|error| unreadable::failure(stay.id, error))?;
        let lines = past.iter().rev();
        Ok(lines.map(|past| version_line(words, past)).collect())
    }
}

fn version_line(words: Words, past: &PastVersion) -> VersionLine {
    let changed = past.changed.iter();
    let mut members: Vec<&str> = changed.map(|pointer| words.of_member(pointer)).collect();
    members.dedup();
    let at = moment::exact(past.made_at);
    VersionLine {
        version: i64::from(past.version),
        change: words.of_change(past.change),
        by: format!("{at} · {}", words.of_channel(past.channel)),
        changed: match members.is_empty() {
            true => String::new(),
            false => words.changed_members(members.join(", ")),
        },
        reason: past.reason.clone(),
    }
}

fn question(words: Words, asked: &SenderQuestion, line: &StayLine, now: DateTime<Utc>) -> Question {
    let said = |at| moment::clock_and_day(words, at, now);
    match asked {
        SenderQuestion::Officer {
            id,
            asked_at,
            question,
            ..
        } => {
            let at = parse_instant(&asked_at.0).unwrap_or(line.stay.received_at);
            let until = answer_due_at(at, line.stay.deadline_at);
            let asked = question.as_deref();
            Question {
                id: Some(*id),
                text: asked.map_or_else(
                    || words.state_asked().to_owned(),
                    |question| words.police_ask(question),
                ),
                times: words.asked_at(said(at), said(until)),
            }
        }
        SenderQuestion::Census { .. } => Question {
            id: None,
            text: words.state_missing().to_owned(),
            times: words.missing_from_census().to_owned(),
        },
    }
}

/// From receipt to the answer of the police.
fn steps(words: Words, line: &StayLine) -> Result<Vec<Step>, Failure> {
    let state = &line.state;
    let needs_look = state.identity.needs_attention(state.review);
    let checked = Step {
        progress: match state.identity {
            _ if needs_look => Progress::Attention,
            IdentityState::Pending | IdentityState::Deferred => Progress::Waiting,
            IdentityState::Verified
            | IdentityState::Mismatch
            | IdentityState::NotFound
            | IdentityState::NotApplicable => Progress::Done,
        },
        name: words.step_checked(),
        at: None,
        outcome: identity(words, line).to_owned(),
    };
    let is_sent = match state.delivery {
        DeliveryState::Acknowledged | DeliveryState::Rejected => true,
        DeliveryState::Queued
        | DeliveryState::Delivering
        | DeliveryState::Parked
        | DeliveryState::NotRequired => false,
    };
    let is_acknowledged = state.delivery == DeliveryState::Acknowledged;
    let received = Step {
        progress: Progress::Done,
        name: words.step_received(),
        at: Some(moment::exact(line.stay.received_at)),
        outcome: words.has_receipt().to_owned(),
    };
    let sent = Step {
        progress: progress(is_sent),
        name: words.step_sent(),
        at: None,
        outcome: match state.delivery {
            DeliveryState::Parked => words.state_parked().to_owned(),
            DeliveryState::NotRequired if state.is_withdrawn => words.state_withdrawn().to_owned(),
            DeliveryState::NotRequired => words.state_not_required().to_owned(),
            DeliveryState::Queued
            | DeliveryState::Delivering
            | DeliveryState::Acknowledged
            | DeliveryState::Rejected => match is_sent {
                true => words.version_is(line.stay.delivery_version),
                false => words.step_waiting().to_owned(),
            },
        },
    };
    let reference = line.stay.police_reference.clone();
    let answered = Step {
        progress: match state.delivery == DeliveryState::Rejected {
            true => Progress::Attention,
            false => progress(is_acknowledged),
        },
        name: words.step_acknowledged(),
        at: None,
        outcome: match (is_acknowledged, reference) {
            (true, Some(reference)) => reference,
            (true, None) => String::new(),
            (false, _) if is_sent => words.state_rejected().to_owned(),
            (false, _) => words.step_waiting().to_owned(),
        },
    };
    Ok(vec![received, checked, sent, answered])
}

const fn progress(is_done: bool) -> Progress {
    match is_done {
        true => Progress::Done,
        false => Progress::Waiting,
    }
}

/// What a sender hears of the registry: never more than whether to look again.
fn identity(words: Words, line: &StayLine) -> &'static str {
    let state = &line.state;
    match (state.review, state.identity) {
        _ if state.identity.needs_attention(state.review) => words.identity_attention(),
        (Some(_), _) => words.identity_reviewed(),
        (None, IdentityState::Pending) => words.identity_pending(),
        (None, IdentityState::Verified) => words.identity_verified(),
        (None, IdentityState::Mismatch | IdentityState::NotFound) => words.identity_attention(),
        (None, IdentityState::NotApplicable) => words.identity_not_applicable(),
        (None, IdentityState::Deferred) => words.identity_deferred(),
    }
}

fn receipt(words: Words, line: &StayLine) -> Result<ReceiptFacts, Failure> {
    let timeliness = line.stay.timeliness.get();
    let timeliness = timeliness.map_err(|error| unreadable::failure(line.stay.id, error))?;
    let verdict = words.of_timeliness(timeliness);
    Ok(ReceiptFacts {
        number: line.version.receipt_number.clone(),
        received_at: moment::exact(line.stay.received_at),
        deadline_at: typed::written_instant(line.stay.deadline_at),
        verdict: match timeliness {
            Timeliness::OnTime => Badge::new(Tone::Ok, Icon::CircleCheck, verdict),
            Timeliness::Late => Badge::new(Tone::Late, Icon::Clock, verdict),
        },
    })
}
