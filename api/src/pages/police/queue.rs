//! The page of the queue.

use chrono::{DateTime, Utc};
use domain::facility::FacilityKind;
use domain::review::{ReviewKind, ReviewState};
use pages::badge::{Badge, Tone};
use pages::field::Choice;
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::police::kind_badge;
use pages::police::queue::{Figure, Holder, QueueFilters, QueueLine, QueuePage};
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use runtime::ids;
use store::review::queue::CaseFilter;
use uuid::Uuid;

use super::claims::TAKE_COUNT;
use super::{capital, done, instant};
use crate::auth::{Access, op};
use crate::pages::enter::OfficeVisit;
use crate::pages::form::PageForm;
use crate::pages::{MadePage, html};
use crate::police::queue::{self, QueuedCase};
use crate::police::summary::ReviewSummary;

/// What an address names to see all states but the last.
const ALL_STATES: &str = "all";
/// Cases of one page.
const PAGE_LENGTH: usize = 50;

/// `GET /police`.
pub(in crate::pages) async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::CasesPage>::open(request).await?;
    let wanted = WantedCases::read(&PageForm::of_query(&request));
    let note = note(visit.reader.words, done(&request));
    visit.queue(wanted, note).await
}

/// What was just done to what the officer holds.
fn note(words: Words, done: &str) -> Option<Note> {
    let none_left = || words.none_held_left().to_owned();
    Some(match done {
        "accept" => Note::done(words.done_accept().to_owned(), none_left()),
        "request_correction" => Note::done(words.done_ask().to_owned(), none_left()),
        "refer" => Note::done(words.done_refer().to_owned(), none_left()),
        "give_back" => Note::done(words.done_give_back().to_owned(), none_left()),
        "extended" => Note::done(words.held_longer().to_owned(), String::new()),
        "lost" => Note::failed(words.lease_over().to_owned(), none_left()),
        "nothing" => Note::failed(
            words.nothing_taken().to_owned(),
            words.nothing_taken_hint().to_owned(),
        ),
        _ => {
            let count: usize = done.strip_prefix("released-")?.parse().ok()?;
            Note::done(words.given_back_all(count), String::new())
        }
    })
}

/// Which cases are listed. What an address names that is none filters nothing.
struct WantedCases {
    kind: Option<ReviewKind>,
    /// In one state; in all but closed when left out.
    state: Option<ReviewState>,
    /// Only what waits for an officer: unless all, or a state, was asked for.
    is_waiting: bool,
    /// Only what the reader holds.
    is_held: bool,
    commune: Option<String>,
    facility_kind: Option<FacilityKind>,
    facility: Option<Uuid>,
    cursor: String,
}

impl WantedCases {
    fn read(query: &PageForm) -> Self {
        let is_code = |text: &&str| text.len() == 5 && text.bytes().all(|it| it.is_ascii_digit());
        let is_held = !query.value("held").is_empty();
        Self {
            kind: ReviewKind::parse(query.value("kind")),
            state: ReviewState::parse(query.value("state")),
            is_waiting: !is_held && query.value("state").is_empty(),
            is_held,
            commune: Some(query.value("commune"))
                .filter(is_code)
                .map(str::to_owned),
            facility_kind: FacilityKind::parse(query.value("facility_kind")),
            facility: Uuid::try_parse(query.value("facility")).ok(),
            cursor: query.value("cursor").to_owned(),
        }
    }

    fn filter(&self, holder: (Uuid, DateTime<Utc>)) -> CaseFilter {
        CaseFilter {
            kinds: self.kind.into_iter().collect(),
            state: self.state,
            is_waiting: self.is_waiting,
            holder: self.is_held.then_some(holder),
            commune_code: self.commune.clone(),
            facility_id: self.facility,
            facility_kind: self.facility_kind,
            ..CaseFilter::default()
        }
    }
}

impl<A: Access> OfficeVisit<A> {
    async fn queue(&self, wanted: WantedCases, note: Option<Note>) -> MadePage {
        let words = self.reader.words;
        let around = self
            .surroundings(Section::Queue, words.queue().to_owned())
            .await?;
        let sender = self.admitted.sender();
        let after = queue::place(&self.app, sender, &wanted.cursor);
        let filter = wanted.filter((sender.key_id, self.app.clock.now()));
        let listed = queue::listed(&self.app, sender, &filter, after, PAGE_LENGTH).await?;
        let may_decide = self.may_decide();
        let page = QueuePage {
            summary: self.summary_line(&around.summary),
            figures: figures(words, &around.summary),
            filters: self.filters(&wanted, &around.summary),
            lines: listed.items.iter().map(|case| self.line(case)).collect(),
            damaged_count: listed.unreadable.map_or(0, |ids| ids.len()),
            next: listed.next_cursor,
            is_later: after.is_some(),
            take_count: may_decide.then_some(TAKE_COUNT),
            key: ids::uuid_v7(&self.app.clock).to_string(),
            frame: around.frame,
            bar: around.bar,
            note,
        };
        html::page(&self.reader, &page)
    }

    /// The areas, and how much waits there.
    fn summary_line(&self, summary: &ReviewSummary) -> String {
        let words = self.reader.words;
        let count: u32 = summary.items.iter().map(|item| item.open).sum();
        let ages = summary
            .items
            .iter()
            .filter_map(|item| item.oldest_age_seconds);
        let areas: Vec<String> = self.areas().iter().map(|name| capital(name)).collect();
        let waiting = match ages.max().and_then(|age| i64::try_from(age).ok()) {
            Some(age) => words.waiting_cases_longest(count, words.lasting(age)),
            None => words.waiting_cases(count),
        };
        format!("{} · {waiting}", areas.join(", "))
    }

    fn filters(&self, wanted: &WantedCases, summary: &ReviewSummary) -> QueueFilters {
        let words = self.reader.words;
        let chosen = |word: Option<&str>| word.unwrap_or_default().to_owned();
        let all = |name: &str| vec![Choice::new("", name)];
        let kinds = ReviewKind::ALL.iter();
        let kinds = kinds.map(|kind| Choice::new(kind.as_str(), words.of_review_kind(*kind)));
        let places = FacilityKind::ALL.iter();
        let places =
            places.map(|kind| Choice::new(kind.as_str(), words.of_kind_of_facility(*kind)));
        let states = [
            ReviewState::Referred,
            ReviewState::AwaitingCorrection,
            ReviewState::Closed,
        ];
        let states = states.map(|state| Choice::new(state.as_str(), words.of_review_state(state)));
        let all_states = [
            Choice::new("", words.waiting_for_officers()),
            Choice::new(ALL_STATES, words.not_closed()),
        ];
        QueueFilters {
            kinds: all(words.all_kinds()).into_iter().chain(kinds).collect(),
            kind: chosen(wanted.kind.map(ReviewKind::as_str)),
            communes: self.communes(summary),
            commune: chosen(wanted.commune.as_deref()),
            facility_kinds: all(words.all_facilities())
                .into_iter()
                .chain(places)
                .collect(),
            facility_kind: chosen(wanted.facility_kind.map(FacilityKind::as_str)),
            states: all_states.into_iter().chain(states).collect(),
            state: match wanted.state {
                Some(state) => state.as_str().to_owned(),
                None if wanted.is_waiting || wanted.is_held => String::new(),
                None => ALL_STATES.to_owned(),
            },
            is_held: wanted.is_held,
            facility: wanted.facility.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    /// The communes of the officer, and those with cases where a province is watched; none where
    /// there is nothing to choose.
    fn communes(&self, summary: &ReviewSummary) -> Vec<Choice> {
        let own = self.admitted.sender().communes.iter().map(String::as_str);
        let waiting = summary
            .items
            .iter()
            .map(|item| item.commune_code.0.as_str());
        let mut codes: Vec<&str> = own.chain(waiting).collect();
        codes.sort_unstable();
        codes.dedup();
        if codes.len() < 2 {
            return Vec::new();
        }
        let all = Choice::new("", self.reader.words.all_areas());
        let communes = codes.into_iter();
        let communes = communes.map(|code| Choice::new(code, capital(&self.commune(code))));
        std::iter::once(all).chain(communes).collect()
    }

    fn line(&self, case: &QueuedCase) -> QueueLine {
        let words = self.reader.words;
        let opened_at = instant(&case.opened_at.0);
        let deadline_at = instant(&case.deadline_at.0);
        let left = (deadline_at - self.now).num_seconds();
        let kind = ReviewKind::parse(&case.kind.0).unwrap_or(ReviewKind::Implausible);
        let state = ReviewState::parse(&case.state.0).unwrap_or(ReviewState::Open);
        let facility_kind = FacilityKind::parse(&case.facility.kind.0);
        QueueLine {
            id: case.id,
            priority: case.priority,
            priority_word: words.of_priority(case.priority),
            badge: kind_badge(words, kind),
            state: (state != ReviewState::Open).then(|| words.of_review_state(state)),
            facility: case.facility.name.clone(),
            facility_kind: facility_kind.map_or("", |kind| words.of_kind_of_facility(kind)),
            waited: words.lasting((self.now - opened_at).num_seconds()),
            deadline: moment::near(deadline_at, self.now),
            deadline_left: match left >= 0 {
                true => words.time_left(words.lasting(left)),
                false => words.time_over(words.lasting(-left)),
            },
            is_overdue: left < 0,
            holder: self.holder(case, state),
        }
    }

    fn holder(&self, case: &QueuedCase, state: ReviewState) -> Holder {
        let words = self.reader.words;
        match &case.lease {
            Some(lease) if lease.is_own => {
                Holder::Held(Badge::new(Tone::Go, Icon::Lock, words.held_by_you()))
            }
            Some(lease) => {
                let until = moment::clock(instant(&lease.leased_until.0));
                Holder::Held(Badge::new(
                    Tone::Settled,
                    Icon::Lock,
                    words.held_by_other(until),
                ))
            }
            None if self.may_decide() && state != ReviewState::Closed => Holder::Free,
            None => Holder::Nobody,
        }
    }
}

fn figures(words: Words, summary: &ReviewSummary) -> [Figure; 4] {
    let identity = [ReviewKind::Mismatch, ReviewKind::NotFound].map(ReviewKind::as_str);
    let about_identity = summary.items.iter();
    let about_identity = about_identity.filter(|item| identity.contains(&item.kind.0.as_str()));
    let about_identity: u32 = about_identity.map(|item| item.open).sum();
    let awaiting: u32 = summary
        .items
        .iter()
        .map(|item| item.awaiting_correction)
        .sum();
    let median = summary
        .median_handling_seconds
        .and_then(|it| i64::try_from(it).ok());
    let figure = |value: String, name, is_bad| Figure {
        value,
        name,
        is_bad,
    };
    let due_soon = summary.due_soon;
    [
        figure(due_soon.to_string(), words.stat_due_soon(), due_soon > 0),
        figure(about_identity.to_string(), words.stat_identity(), false),
        figure(awaiting.to_string(), words.stat_awaiting(), false),
        figure(
            median.map_or_else(|| words.not_yet().to_owned(), |it| words.lasting(it)),
            words.stat_median(),
            false,
        ),
    ]
}
