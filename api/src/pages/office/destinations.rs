//! Where notifications go: what needs a hand first, what waits, what was set aside, and pausing.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::operator::{BreakerState, DestinationState};
use domain::problem::Code;
use domain::rights::OperationId;
use domain::time::{at_local, format_instant, local_date};
use pages::badge::{Badge, Tone};
use pages::field::Choice;
use pages::frame::DeadlineBar;
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::office::{
    Act, Button, Cell, Column, Fact, Facts, Form, Part, Row, TabLink, Table, Tint,
};
use pages::words::Words;
use store::backlog::{Backlog, Map};
use store::destinations::Destination;

use super::forms::{Fields, Returned};
use super::*;
use crate::admin::parked::ParkedCause;
use crate::admin::{self, destinations, health::CutOff, parked, requeue};
use crate::auth::op;
use crate::pages::form::PageForm;
use crate::pages::see_other;
use crate::payload::JsonDocument;

/// The page of destinations.
const PATH: &str = "/admin";
/// How long before its nearest deadline a hand is needed at a cut-off endpoint.
const HAND_BEFORE: TimeDelta = TimeDelta::minutes(30);
/// Cut-off endpoints that are told one by one.
const TOLD_COUNT_MAX: usize = 3;
/// When a pause until tomorrow ends.
const MORNING: NaiveTime = match NaiveTime::from_hms_opt(6, 0, 0) {
    Some(morning) => morning,
    None => NaiveTime::MIN,
};

/// The pages of destinations.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/admin", list),
        get("/admin/destinations/:code", show),
        post("/admin/destinations/:code/pause", pause),
        post("/admin/destinations/:code/resume", resume),
        post("/admin/requeue", send_again),
    ]
}

/// `GET /admin`.
async fn list(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::DestinationsPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    let words = visit.reader.words;
    let outcome = match query.value("done") {
        "paused" => OfficeOutcome::done(words.destination_paused()),
        "resumed" => OfficeOutcome::done(words.destination_resumed()),
        _ => OfficeOutcome::default(),
    };
    visit.destinations(query.value("all") == "1", outcome).await
}

/// `GET /admin/destinations/{code}`.
async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::DestinationsPage>::open(request).await?;
    visit
        .destination(&code_of(&request), OfficeOutcome::default())
        .await
}

/// `POST /admin/destinations/{code}/pause`.
async fn pause(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::PauseDestination>::receive(request).await?;
    let code = code_of(&request);
    let document = JsonDocument::of(sent.to_json(&["reason", "until"]), visit.now);
    let (sender, key) = (visit.admitted.sender(), sent.key());
    match destinations::pause(&visit.app, sender, &code, &key, document).await {
        Ok(_) => Ok(see_other("/admin?done=paused")),
        Err(failure) if failure.code() == Code::NotFound => Err(failure.into()),
        Err(failure) => {
            let words = visit.reader.words;
            let labels = [
                ("reason", words.pause_reason()),
                ("until", words.pause_until()),
            ];
            let back = Returned::new(sent, &failure, words, &labels);
            let outcome = OfficeOutcome::returned(back);
            visit.destination(&code, outcome).await
        }
    }
}

/// `POST /admin/destinations/{code}/resume`.
async fn resume(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ResumeDestination>::receive(request).await?;
    let (sender, key) = (visit.admitted.sender(), sent.key());
    destinations::resume(&visit.app, sender, &code_of(&request), &key).await?;
    Ok(see_other("/admin?done=resumed"))
}

/// `POST /admin/requeue`: sends again what was set aside, of one destination for one reason, or all.
async fn send_again(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::RequeueNotifications>::receive(request).await?;
    let document = JsonDocument::of(sent.to_json(&["destination", "reason"]), visit.now);
    let (sender, key) = (visit.admitted.sender(), sent.key());
    let done = requeue::requeue(&visit.app, sender, &key, document).await?;
    let words = visit.reader.words;
    let advice = match (done.may_be_more, done.superseded_count) {
        (true, _) => words.requeued_more().to_owned(),
        (false, 0) => String::new(),
        (false, count) => words.superseded_stay(count),
    };
    let outcome = OfficeOutcome {
        notes: vec![Note::done(words.requeued(done.requeued_count), advice)],
        ..OfficeOutcome::default()
    };
    visit.destinations(false, outcome).await
}

fn code_of(request: &Request) -> String {
    request.path_params::<String>().unwrap_or_default()
}

/// What a page shows of destinations.
struct Outlook {
    map: Map,
    backlogs: HashMap<String, Backlog>,
    causes: Vec<ParkedCause>,
}

impl Outlook {
    fn backlog(&self, code: &str) -> Backlog {
        self.backlogs.get(code).copied().unwrap_or_default()
    }

    /// What waits for an endpoint: of every destination that calls it.
    fn behind(&self, endpoint: &str) -> Backlog {
        let mut sum = Backlog::default();
        let calling = self
            .map
            .rows
            .iter()
            .filter(|row| self.map.called(row).code == endpoint);
        for backlog in calling.map(|row| self.backlog(&row.code)) {
            sum = added(sum, backlog);
        }
        sum
    }

    fn whole(&self) -> Backlog {
        let all = self.backlogs.values().copied();
        all.fold(Backlog::default(), added)
    }

    fn name<'a>(&'a self, code: &'a str) -> &'a str {
        self.map
            .destination(code)
            .map_or(code, |row| row.name.as_str())
    }
}

fn added(one: Backlog, other: Backlog) -> Backlog {
    let earlier = |a: Option<DateTime<Utc>>, b| [a, b].into_iter().flatten().min();
    Backlog {
        open_count: one.open_count + other.open_count,
        overdue_count: one.overdue_count + other.overdue_count,
        parked_count: one.parked_count + other.parked_count,
        oldest_created_at: earlier(one.oldest_created_at, other.oldest_created_at),
        nearest_deadline_at: earlier(one.nearest_deadline_at, other.nearest_deadline_at),
    }
}

impl<A: Access> OfficeVisit<A> {
    async fn outlook(&self) -> Result<Outlook, Failure> {
        let map = admin::map(&self.app).await?;
        Ok(Outlook {
            backlogs: map.backlogs(&self.app.db, self.now).await?,
            causes: parked::causes(&self.app).await?,
            map,
        })
    }

    async fn destinations(&self, shows_all: bool, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let outlook = self.outlook().await?;
        let mut page = self
            .office_page(Section::Destinations, words.destinations(), &mut outcome)
            .await?;
        page.frame.deadline = Some(DeadlineBar::at(words, self.now));
        let whole = outlook.whole();
        page.sub = self.summary(&outlook, whole);
        page.notes.extend(self.needs_hand(&outlook, whole));
        page.tabs = tabs(words, shows_all);
        page.parts
            .push(Part::Table(self.destination_table(&outlook, shows_all)));
        page.parts.push(Part::Table(self.parked_table(&outlook)));
        html::page(&self.reader, &page)
    }

    fn summary(&self, outlook: &Outlook, whole: Backlog) -> String {
        let words = self.reader.words;
        let mut parts = vec![
            words.destination_count(outlook.map.rows.len()),
            words.waiting_count(whole.open_count),
        ];
        let oldest = whole.oldest_created_at;
        parts.extend(oldest.map(|at| words.oldest_waits(age(words, at, self.now))));
        parts.push(words.overdue_count(whole.overdue_count));
        parts.join(" · ")
    }

    /// What needs a hand first.
    fn needs_hand(&self, outlook: &Outlook, whole: Backlog) -> Vec<Note> {
        let words = self.reader.words;
        let cut_off = admin::health::cut_off(&outlook.map);
        let told = cut_off.iter().take(TOLD_COUNT_MAX);
        let mut notes: Vec<Note> = told
            .map(|endpoint| self.cut_off_note(endpoint, outlook.behind(&endpoint.code)))
            .collect();
        if notes.is_empty() && whole.overdue_count > 0 {
            let fact = words.overdue_waiting(whole.overdue_count);
            notes.push(Note {
                is_alert: false,
                ..Note::failed(fact, words.overdue_advice().to_owned())
            });
        }
        if notes.is_empty() && whole.parked_count > 0 {
            notes.push(Note {
                tone: Tone::Attention,
                icon: Icon::Pause,
                fact: words.parked_waiting(whole.parked_count),
                advice: words.parked_advice().to_owned(),
                is_alert: false,
                is_resent: false,
            });
        }
        notes
    }

    fn cut_off_note(&self, endpoint: &CutOff, behind: Backlog) -> Note {
        let words = self.reader.words;
        let since = endpoint.since.map_or_else(String::new, moment::short);
        let late = match behind.overdue_count {
            0 => words.none_overdue().to_owned(),
            count => words.overdue_count(count),
        };
        let name = endpoint.name.as_str();
        let fact = words.cut_off(name, since, behind.open_count, late);
        let hand = behind.nearest_deadline_at.map(|at| {
            let clock = moment::clock_and_day(words, at - HAND_BEFORE, self.now);
            words.hand_before(clock)
        });
        let advice = [Some(words.still_accepted().to_owned()), hand];
        Note {
            is_alert: false,
            ..Note::failed(
                fact,
                advice.into_iter().flatten().collect::<Vec<_>>().join(" "),
            )
        }
    }

    fn destination_table(&self, outlook: &Outlook, shows_all: bool) -> Table {
        let words = self.reader.words;
        let is_shown = |row: &&Destination| {
            let backlog = outlook.backlog(&row.code);
            shows_all
                || backlog.open_count > 0
                || backlog.parked_count > 0
                || row.breaker.get() != Ok(BreakerState::Closed)
                || row.state.get() != Ok(DestinationState::Running)
        };
        let shown = outlook.map.rows.iter().filter(is_shown);
        Table {
            words,
            id: "list",
            heading: words.destination_list().to_owned(),
            hint: String::new(),
            acts: Vec::new(),
            columns: vec![
                Column::text(words.destination_word()),
                Column::text(words.state_word()),
                Column::number(words.waiting()),
                Column::text(words.office_oldest()),
                Column::text(words.nearest_deadline()),
                Column::number(words.parked()),
                Column::acts(words.what_to_do()),
            ],
            rows: shown
                .map(|row| self.destination_row(row, outlook))
                .collect(),
            empty: (Icon::CircleCheck, words.nothing_waits().to_owned()),
            more: None,
        }
    }

    fn destination_row(&self, row: &Destination, outlook: &Outlook) -> Row {
        let words = self.reader.words;
        let backlog = outlook.backlog(&row.code);
        let (badge, aside) = self.destination_state(row, &outlook.map);
        let oldest = backlog.oldest_created_at;
        let nearest = backlog.nearest_deadline_at;
        Row {
            tint: match badge.tone {
                Tone::Late => Tint::Bad,
                _ if backlog.overdue_count > 0 => Tint::Bad,
                Tone::Ok | Tone::Go | Tone::Soon | Tone::Attention | Tone::Settled => Tint::Plain,
            },
            cells: vec![
                Cell::Link {
                    path: format!("/admin/destinations/{}", row.code),
                    name: row.name.clone(),
                    aside: row.code.clone(),
                },
                Cell::State(badge, aside),
                Cell::Number(backlog.open_count.to_string()),
                Cell::Number(oldest.map_or_else(dash, |at| age(words, at, self.now))),
                Cell::Number(
                    nearest.map_or_else(dash, |at| moment::clock_and_day(words, at, self.now)),
                ),
                Cell::Number(backlog.parked_count.to_string()),
                Cell::Acts(self.destination_acts(row)),
            ],
        }
    }

    /// How it stands with a destination, and why.
    fn destination_state(&self, row: &Destination, map: &Map) -> (Badge, String) {
        let words = self.reader.words;
        if row.state.get() == Ok(DestinationState::Paused) {
            let word = match row.paused_until {
                Some(at) => words.paused_until(moment::clock_and_day(words, at, self.now)),
                None => words.paused().to_owned(),
            };
            let reason = row.paused_reason.clone().unwrap_or_default();
            return (Badge::new(Tone::Settled, Icon::Pause, word), reason);
        }
        let called = map.called(row);
        if called.breaker.get() == Ok(BreakerState::Open) {
            let since = called.breaker_since.map_or_else(String::new, moment::short);
            let reason = called.breaker_reason.clone().unwrap_or_default();
            let badge = Badge::new(Tone::Late, Icon::WifiOff, words.cut_off_since(since));
            return (badge, words.of_reason(&reason));
        }
        let badge = Badge::new(Tone::Ok, Icon::CircleCheck, words.open_way());
        (badge, String::new())
    }

    fn destination_acts(&self, row: &Destination) -> Vec<Act> {
        let words = self.reader.words;
        if row.state.get() == Ok(DestinationState::Paused) {
            if !self.may(OperationId::ResumeDestination) {
                return Vec::new();
            }
            return vec![Act::Send {
                action: format!("/admin/destinations/{}/resume", row.code),
                hidden: vec![self.key_field(None)],
                button: Button::plain(Icon::Send, words.resume()).about(row.name.as_str()),
            }];
        }
        if !self.may(OperationId::PauseDestination) {
            return Vec::new();
        }
        vec![Act::Go {
            path: format!("/admin/destinations/{}#pause", row.code),
            icon: Icon::Pause,
            label: words.pause(),
            about: row.name.clone(),
        }]
    }

    fn parked_table(&self, outlook: &Outlook) -> Table {
        let words = self.reader.words;
        let total: u64 = outlook.causes.iter().map(|cause| cause.count).sum();
        let may = self.may(OperationId::RequeueNotifications);
        let rows = outlook.causes.iter().map(|cause| {
            let code = cause.destination.as_str();
            let acts = match &cause.reason {
                Some(reason) if may => {
                    let of_cause =
                        vec![("destination", code.to_owned()), ("reason", reason.clone())];
                    let label = words.requeue_these(cause.count);
                    vec![self.requeue_act(of_cause, label, outlook.name(code))]
                }
                _ => Vec::new(),
            };
            let at = |at: Option<DateTime<Utc>>| at.map_or_else(dash, moment::short);
            let reason = cause.reason.as_deref().unwrap_or("superseded");
            Row::plain(vec![
                Cell::Name(words.of_reason(reason), outlook.name(code).to_owned()),
                Cell::Number(cause.count.to_string()),
                Cell::Number(at(cause.oldest_at)),
                Cell::Number(at(cause.newest_at)),
                Cell::Acts(acts),
            ])
        });
        let rows = rows.collect();
        Table {
            words,
            id: "parked",
            heading: words.parked_heading(total),
            hint: words.parked_hint().to_owned(),
            acts: match may && total > 0 {
                true => vec![self.requeue_act(Vec::new(), words.requeue_all(total), "")],
                false => Vec::new(),
            },
            columns: vec![
                Column::text(words.cause()),
                Column::number(words.count_word()),
                Column::text(words.since_word()),
                Column::text(words.last_word()),
                Column::acts(words.what_to_do()),
            ],
            rows,
            empty: (Icon::CircleCheck, words.nothing_parked().to_owned()),
            more: None,
        }
    }

    /// One destination, with the forms that hold it back and let it go.
    async fn destination(&self, code: &str, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let outlook = self.outlook().await?;
        let row = outlook.map.destination(code);
        let row = row.ok_or_else(|| Failure::new(Code::NotFound))?;
        let mut page = self
            .office_page(Section::Destinations, row.name.clone(), &mut outcome)
            .await?;
        page.frame.deadline = Some(DeadlineBar::at(words, self.now));
        page.sub = row.code.clone();
        let backlog = outlook.backlog(code);
        if row.state.get() == Ok(DestinationState::Paused)
            && self.may(OperationId::ResumeDestination)
        {
            let form = self.resume_form(row);
            page.parts.push(Part::Form(Box::new(form)));
        }
        if self.may(OperationId::PauseDestination) {
            let form = self.pause_form(row, backlog, outcome.returned.as_ref());
            page.parts.push(Part::Form(Box::new(form)));
        }
        page.aside
            .push(Part::Facts(self.destination_facts(row, &outlook)));
        html::page(&self.reader, &page)
    }

    fn pause_form(&self, row: &Destination, backlog: Backlog, back: Option<&Returned>) -> Form {
        let words = self.reader.words;
        let fields = Fields::of(back);
        let reason = fields
            .line("reason", words.pause_reason(), "")
            .hint(words.pause_reason_hint());
        let until = fields.choice("until", words.pause_until(), "", self.ends());
        let nearest = backlog.nearest_deadline_at;
        let nearest = nearest.map_or_else(dash, |at| moment::clock_and_day(words, at, self.now));
        Form {
            words,
            id: "pause",
            action: format!("/admin/destinations/{}/pause", row.code),
            heading: words.pause_named(row.name.as_str()),
            hint: words.pause_hint(backlog.open_count, nearest),
            hidden: vec![self.key_field(back)],
            fields: vec![reason.into(), until.into()],
            button: Button::danger(Icon::Pause, words.pause_named(row.name.as_str())),
            is_folded: false,
        }
    }

    /// When a pause may end.
    fn ends(&self) -> Vec<Choice> {
        let words = self.reader.words;
        let tomorrow = local_date(self.now) + TimeDelta::days(1);
        let ends = [
            self.now + TimeDelta::minutes(30),
            self.now + TimeDelta::hours(1),
            self.now + TimeDelta::hours(2),
            self.now + TimeDelta::hours(6),
            at_local(tomorrow, MORNING),
        ];
        let named = ends.into_iter().map(|at| {
            Choice::new(
                format_instant(at),
                moment::clock_and_day(words, at, self.now),
            )
        });
        let open = Choice::new("", words.until_resumed());
        named.chain([open]).collect()
    }

    fn destination_facts(&self, row: &Destination, outlook: &Outlook) -> Facts {
        let words = self.reader.words;
        let (badge, aside) = self.destination_state(row, &outlook.map);
        let backlog = outlook.backlog(&row.code);
        let mut facts = vec![Fact::state(words.state_word(), badge)];
        if !aside.is_empty() {
            facts.push(Fact::new(words.cause(), aside));
        }
        let oldest = backlog.oldest_created_at;
        facts.extend([
            Fact::new(words.waiting(), backlog.open_count.to_string()),
            Fact::new(words.overdue(), backlog.overdue_count.to_string()),
            Fact::new(words.parked(), backlog.parked_count.to_string()),
            Fact::new(
                words.office_oldest(),
                oldest.map_or_else(dash, |at| age(words, at, self.now)),
            ),
            Fact::new(words.endpoint(), outlook.map.called(row).name.clone()),
        ]);
        Facts {
            id: "facts",
            heading: words.destination_word().to_owned(),
            facts,
        }
    }

    fn requeue_act(
        &self,
        mut which: Vec<(&'static str, String)>,
        label: String,
        about: &str,
    ) -> Act {
        which.push(self.key_field(None));
        Act::Send {
            action: "/admin/requeue".to_owned(),
            hidden: which,
            button: Button::plain(Icon::Undo, label).about(about),
        }
    }

    fn resume_form(&self, row: &Destination) -> Form {
        let words = self.reader.words;
        Form {
            words,
            id: "resume",
            action: format!("/admin/destinations/{}/resume", row.code),
            heading: words.resume_named(row.name.as_str()),
            hint: words.resume_hint().to_owned(),
            hidden: vec![self.key_field(None)],
            fields: Vec::new(),
            button: Button::primary(Icon::Send, words.resume()),
            is_folded: false,
        }
    }
}

fn tabs(words: Words, shows_all: bool) -> Vec<TabLink> {
    let tab = |path, name, is_current| TabLink {
        path,
        name,
        is_current,
    };
    vec![
        tab(PATH, words.with_backlog(), !shows_all),
        tab("/admin?all=1", words.every_destination(), shows_all),
    ]
}

/// Nothing to tell.
pub(super) fn dash() -> String {
    "–".to_owned()
}

/// How long ago something was.
pub(super) fn age(words: Words, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds().max(0);
    match seconds {
        0..60 => words.seconds_long(seconds),
        60..3_600 => words.minutes_long(seconds / 60),
        3_600..172_800 => words.hours_long(seconds / 3_600),
        _ => words.days_long(seconds / 86_400),
    }
}
