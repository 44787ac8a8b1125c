//! What a line about a stay shows: the guest, the place and the state, opened for the page.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::hold;
use domain::stay::DueKind;
use pages::badge::{Badge, StayState, Tone};
use pages::desk::DueLine;
use pages::icon::Icon;
use pages::moment;
use pages::words::Words;
use serde_json::Value;
use store::damage;
use store::stays::{StayRow, StayVersionRow};
use store::word::Unreadable;
use uuid::Uuid;

use crate::app::App;
use crate::facilities::due::OwedItem;
use crate::police::questions::{self, SenderQuestion};
use crate::problem::Failure;
use crate::unreadable;

/// A stay as a line shows it.
pub(super) struct StayLine {
    /// The stay.
    pub(super) stay: StayRow,
    /// Its newest version.
    pub(super) version: StayVersionRow,
    /// What the version says.
    pub(super) content: Value,
    /// Its state.
    pub(super) state: StayState,
}

/// The stays in their order. One that is stored damaged, or was changed between the queries, is
/// left out, and the operator knows of it.
pub(super) async fn of(
    app: &App,
    stays: Vec<StayRow>,
    now: DateTime<Utc>,
) -> Result<Vec<StayLine>, Failure> {
    let versions = store::stays::current_versions(&app.db, &stays).await?;
    let versions = versions
        .into_iter()
        .map(|version| (version.stay_id, version));
    let mut versions: HashMap<Uuid, StayVersionRow> = versions.collect();
    let all: Vec<&StayRow> = stays.iter().collect();
    let asked = questions::of_stays(app, &all).await?;
    let lines = stays.into_iter().filter_map(|stay| {
        let version = versions.remove(&stay.id)?;
        let stay_id = stay.id;
        let is_asked = asked.contains_key(&stay_id);
        match StayLine::open(app, stay, version, is_asked, now) {
            Ok(line) => Some(line),
            Err(error) => {
                damage::note("stay_version", stay_id, &error);
                None
            }
        }
    });
    Ok(lines.collect())
}

impl StayLine {
    /// Opens a stay. Errors: it is stored damaged.
    pub(super) fn open(
        app: &App,
        stay: StayRow,
        version: StayVersionRow,
        is_asked: bool,
        now: DateTime<Utc>,
    ) -> Result<Self, unreadable::Cause> {
        let content = intake::view::open(&app.vault, &stay, &version)?.content;
        let state = state(&stay, is_asked, now)?;
        Ok(Self {
            stay,
            version,
            content,
            state,
        })
    }

    /// A text of the content.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.content.pointer(pointer)?.as_str()
    }

    /// The guest's name, or that nobody knows it.
    pub(super) fn name(&self, words: Words) -> String {
        let name = self.text("/guest/full_name");
        name.unwrap_or_else(|| words.unnamed()).to_owned()
    }

    /// Where the guest sleeps.
    pub(super) fn room(&self) -> Option<String> {
        let room = self.text("/room").or_else(|| self.text("/bed"));
        room.map(str::to_owned)
    }

    /// The worst of its states.
    pub(super) fn badge(&self, words: Words) -> Badge {
        self.state.badge(words)
    }
}

fn state(stay: &StayRow, is_asked: bool, now: DateTime<Utc>) -> Result<StayState, Unreadable> {
    Ok(StayState {
        presence: stay.presence.get()?,
        identity: stay.identity_state.get()?,
        review: intake::view::review_of(stay)?,
        delivery: stay.delivery_state.get()?,
        is_withdrawn: stay.delivery_reason.as_deref() == Some(hold::WITHDRAWN),
        completion: stay.completion_state.get()?,
        is_asked,
        is_overdue: stay.expected_departure_at.is_some_and(|at| at <= now),
    })
}

/// What is to be handled, as lines.
pub(super) async fn due(
    app: &App,
    items: Vec<OwedItem>,
    words: Words,
    now: DateTime<Utc>,
) -> Result<Vec<DueLine>, Failure> {
    let mut stays: Vec<StayRow> = items.iter().map(|item| item.stay.clone()).collect();
    stays.sort_unstable_by_key(|stay| stay.id);
    stays.dedup_by_key(|stay| stay.id);
    let lines = of(app, stays, now).await?;
    let lines: HashMap<Uuid, StayLine> =
        lines.into_iter().map(|line| (line.stay.id, line)).collect();
    let due = items.iter().filter_map(|item| {
        let line = lines.get(&item.stay.id)?;
        Some(due_line(item, line, words, now))
    });
    Ok(due.collect())
}

fn due_line(item: &OwedItem, line: &StayLine, words: Words, now: DateTime<Utc>) -> DueLine {
    let (badge, advice) = match item.kind {
        DueKind::Correction => correction(item, line, words, now),
        DueKind::Unacknowledged => (
            Badge::new(Tone::Go, Icon::Send, words.state_unconfirmed()),
            words.still_on_its_way().to_owned(),
        ),
        DueKind::Completion => (
            Badge::new(Tone::Soon, Icon::Clock, words.state_owing()),
            words.complete_until(moment::clock_and_day(words, item.due_at, now)),
        ),
        DueKind::DepartureOverdue => (
            Badge::new(Tone::Soon, Icon::Clock, words.state_overdue()),
            words.departure_has_passed(moment::short(item.due_at)),
        ),
    };
    DueLine {
        stay_id: item.stay.id,
        name: line.name(words),
        room: line.room(),
        badge,
        advice,
    }
}

fn correction(
    item: &OwedItem,
    line: &StayLine,
    words: Words,
    now: DateTime<Utc>,
) -> (Badge, String) {
    let badge = |word| Badge::new(Tone::Attention, Icon::Question, word);
    match item.questions.first() {
        Some(SenderQuestion::Officer { question, .. }) => {
            let until = moment::clock_and_day(words, item.due_at, now);
            let question = question.as_deref().unwrap_or(words.compare_members());
            (
                badge(words.state_asked()),
                words.asked_until(question, until),
            )
        }
        Some(SenderQuestion::Census { .. }) => (
            badge(words.state_missing()),
            words.missing_from_census().to_owned(),
        ),
        None => {
            let badge = line.badge(words);
            let advice = match badge.tone {
                Tone::Late => words.refused_by_police(),
                Tone::Ok | Tone::Go | Tone::Soon | Tone::Attention | Tone::Settled => {
                    words.compare_members()
                }
            };
            (badge, advice.to_owned())
        }
    }
}
