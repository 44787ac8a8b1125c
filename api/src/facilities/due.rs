//! What a facility still has to do, by the time until which it is due.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    facility::Facility,
    stay::{ATTENTION_POINTERS, DeliveryState, DueKind, Presence, answer_due_at},
    time::parse_instant,
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use serde_json::Value;
use store::{damage, stays::StayRow, word::Unreadable};
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::parameters::{Paged, Query};
use crate::police::questions::{self, SenderQuestion};
use crate::problem::Failure;
use crate::reads;
use crate::reply::{Json, Raw};
use crate::shapes::StayQuestion;
use crate::shapes::text::{DeliveryWord, DueWord, Instant, Pointer, as_stored};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "due";

/// Sorts an overdue departure after another item with the same stay and instant.
const BEHIND: TimeDelta = TimeDelta::microseconds(1);
/// The member to change where a departure is overdue.
const EXPECTED_DEPARTURE: &str = "/expected_departure_at";

/// Something that a facility still has to do.
#[derive(Object, Serialize)]
pub(crate) struct DueItem {
    /// `correction`: refused by the police, a present guest's data are to be looked at again, or a
    /// question is open; `unacknowledged`: not confirmed by the police yet; `completion`: members are owed.
    kind: DueWord,
    /// The stay.
    stay_id: Uuid,
    /// Its version, for `If-Match`.
    version: u32,
    /// Until when: the stay's deadline, or the time until which members are owed. Where nothing but
    /// a question is open: a day after it was asked, if that is later than the deadline.
    due_at: Instant,
    /// Whether that time has come.
    is_overdue: bool,
    /// Where the stay is on its way to the police.
    delivery: DeliveryWord,
    /// Why it was refused or set aside.
    #[oai(nullable)]
    reason: Option<String>,
    /// The members to look at again, or those that are missing.
    pointers: Vec<Pointer>,
    /// What the facility is asked about the stay; with `correction` only.
    questions: Vec<Raw<StayQuestion>>,
    /// The guest's name; `null` for an unidentified person.
    #[oai(nullable)]
    full_name: Option<String>,
    /// The room, or else the bed, as declared.
    #[oai(nullable)]
    room: Option<String>,
}

/// A page of what is due, the most urgent first.
#[derive(Object, Serialize)]
pub(crate) struct DuePage {
    /// What is due.
    items: Vec<DueItem>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// What a facility has to do.
pub(crate) struct DueApi(pub(crate) Arc<App>);

/// What is due is listed.
#[derive(ApiResponse)]
pub(crate) enum DueListed {
    /// A page of what is due.
    #[oai(status = 200)]
    Page(Json<DuePage>),
}

impl Examples for DueApi {
    const EXAMPLES: &'static str = include_str!("due.examples.json");
}

#[OpenApi]
impl DueApi {
    /// See what is due
    ///
    /// What the facility still has to do, the most urgent first: stays to correct and stays
    /// that the police have not confirmed, by their deadline; members that are owed, by the time
    /// until which they are.
    #[oai(
        path = "/v1/facilities/:id/due",
        method = "get",
        operation_id = "listDue",
        tag = "Topic::Facilities"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListDue>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        mut query: Query<Paged>,
    ) -> Result<DueListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let facility = find(sender, id)?;
        let page = query.moment_page(&app.vault, LIST, sender.key_id);
        query.finish()?;
        let mut items = items(app, facility, page.after, page.limit.saturating_add(1)).await?;
        let has_more = items.len() > page.limit;
        items.truncate(page.limit);
        ask(app, &mut items).await?;
        let last = items.last().filter(|_| has_more);
        let next_cursor =
            last.map(|last| cursor::write_moment(&app.vault, LIST, sender.key_id, last.place()));
        let guests = guests(app, &items).await?;
        if !items.is_empty() {
            reads::note(app, sender, items.len()).await;
        }
        let now = app.clock.now();
        let items = items.into_iter().map(|item| {
            let guest = guests.get(&item.stay.id).cloned().unwrap_or_default();
            item.into_answer(guest, now)
        });
        Ok(DueListed::Page(Json(DuePage {
            items: items.collect::<Result<_, _>>()?,
            next_cursor,
        })))
    }
}

/// A to-do item. A stay has at most one for an unsettled delivery or an open question, one for
/// missing data by its later due time, and one for a planned departure that has passed.
pub(crate) struct OwedItem {
    /// The stay.
    pub(crate) stay: StayRow,
    /// What is to be done.
    pub(crate) kind: DueKind,
    /// Until when.
    pub(crate) due_at: DateTime<Utc>,
    pointers: Vec<String>,
    /// What is asked about the stay, as its sender sees it.
    pub(crate) questions: Vec<SenderQuestion>,
}

/// The first items of a facility with their questions, at most `limit`.
pub(crate) async fn first(
    app: &App,
    facility: &Facility,
    limit: usize,
) -> Result<Vec<OwedItem>, Failure> {
    let mut items = items(app, facility, None, limit).await?;
    items.truncate(limit);
    ask(app, &mut items).await?;
    Ok(items)
}

/// The first items after a place, in order; a few more than `limit` at times.
async fn items(
    app: &App,
    facility: &Facility,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: usize,
) -> Result<Vec<OwedItem>, Failure> {
    let count = u64::try_from(limit).unwrap_or(u64::MAX);
    let asked = store::due::asked(&app.db, facility.id).await?;
    let unconfirmed = store::due::unconfirmed(&app.db, facility.id, after, count).await?;
    let flagged = store::due::flagged(&app.db, facility.id, after, count).await?;
    let owing = store::due::owing(&app.db, facility.id).await?;
    let now = app.clock.now();
    let before = after.map(|(at, id)| (at - BEHIND, id));
    let overdue = store::due::overdue(&app.db, facility.id, now, before, count).await?;
    let is_settled = |(stay, _): &(StayRow, _)| {
        damage::sound("stay", stay.id, is_unsettled(stay)).is_some_and(|is_unsettled| !is_unsettled)
    };
    let asked = asked.into_iter().filter(is_settled);
    let unsettled = unconfirmed.into_iter().chain(flagged);
    let unsettled = unsettled.filter_map(|stay| {
        let stay_id = stay.id;
        damage::sound("stay", stay_id, OwedItem::unsettled(stay))
    });
    let mut by_stay = HashMap::new();
    for item in unsettled.chain(asked.map(OwedItem::asked)) {
        by_stay.entry(item.stay.id).or_insert(item);
    }
    let owed = owing.into_iter().filter_map(OwedItem::owed);
    let overdue = overdue.into_iter().filter_map(OwedItem::overdue);
    let items = by_stay.into_values().chain(owed).chain(overdue);
    let mut items: Vec<OwedItem> = items.collect();
    items.retain(|item| after.is_none_or(|after| item.place() > after));
    items.sort_unstable_by_key(OwedItem::place);
    Ok(items)
}

/// Adds the questions about the stays.
async fn ask(app: &App, items: &mut [OwedItem]) -> Result<(), Failure> {
    let of_stays = items.iter().filter(|item| item.may_be_asked());
    let stays: Vec<&StayRow> = of_stays.map(|item| &item.stay).collect();
    let mut asked = questions::of_stays(app, &stays).await?;
    for item in items.iter_mut().filter(|item| item.may_be_asked()) {
        if let Some(questions) = asked.remove(&item.stay.id) {
            item.add(questions);
        }
    }
    Ok(())
}

/// Whom an item is about.
#[derive(Clone, Default)]
struct DueGuest {
    full_name: Option<String>,
    room: Option<String>,
}

/// The guests of the items, by stay; without those that are stored damaged.
async fn guests(app: &App, items: &[OwedItem]) -> Result<HashMap<Uuid, DueGuest>, Failure> {
    let by_id: HashMap<Uuid, StayRow> = items
        .iter()
        .map(|item| (item.stay.id, item.stay.clone()))
        .collect();
    let stays: Vec<StayRow> = by_id.values().cloned().collect();
    let versions = store::stays::current_versions(&app.db, &stays).await?;
    let guests = versions.iter().filter_map(|version| {
        let stay = by_id.get(&version.stay_id)?;
        let opened = intake::view::open(&app.vault, stay, version);
        let content = damage::sound("stay_version", stay.id, opened)?.content;
        let text = |pointer: &str| content.pointer(pointer)?.as_str().map(str::to_owned);
        let guest = DueGuest {
            full_name: text("/guest/full_name"),
            room: text("/room").or_else(|| text("/bed")),
        };
        Some((stay.id, guest))
    });
    Ok(guests.collect())
}

impl OwedItem {
    /// The to-do item of an unsettled stay, by its deadline.
    fn unsettled(stay: StayRow) -> Result<Self, Unreadable> {
        let is_flagged = is_flagged(&stay)?;
        let is_refused = stay.delivery_state.get()? == DeliveryState::Rejected;
        Ok(Self {
            kind: match is_flagged || is_refused {
                true => DueKind::Correction,
                false => DueKind::Unacknowledged,
            },
            due_at: stay.deadline_at,
            pointers: match is_flagged {
                true => ATTENTION_POINTERS.map(str::to_owned).into(),
                false => Vec::new(),
            },
            questions: Vec::new(),
            stay,
        })
    }

    /// The to-do item of a settled stay with open questions, dated from the first question.
    fn asked((stay, asked_at): (StayRow, DateTime<Utc>)) -> Self {
        Self {
            kind: DueKind::Correction,
            due_at: answer_due_at(asked_at, stay.deadline_at),
            pointers: Vec::new(),
            questions: Vec::new(),
            stay,
        }
    }

    /// The missing data of a stay; `None` when nothing is missing any more.
    fn owed(stay: StayRow) -> Option<Self> {
        let mut owed: Value = serde_json::from_str(stay.owed.as_deref()?).ok()?;
        let due_at = owed["due_at"].as_str().and_then(parse_instant);
        Some(Self {
            kind: DueKind::Completion,
            due_at: due_at.unwrap_or(stay.deadline_at),
            pointers: serde_json::from_value(owed["missing"].take()).unwrap_or_default(),
            questions: Vec::new(),
            stay,
        })
    }

    /// A planned departure that has passed.
    fn overdue(stay: StayRow) -> Option<Self> {
        Some(Self {
            kind: DueKind::DepartureOverdue,
            due_at: stay.expected_departure_at?,
            pointers: vec![EXPECTED_DEPARTURE.to_owned()],
            questions: Vec::new(),
            stay,
        })
    }

    /// Whether to include the questions of officers and censuses.
    const fn may_be_asked(&self) -> bool {
        match self.kind {
            DueKind::Correction | DueKind::Unacknowledged => true,
            DueKind::Completion | DueKind::DepartureOverdue => false,
        }
    }

    /// Adds the questions about the stay, with the members to check, each once.
    fn add(&mut self, questions: Vec<SenderQuestion>) {
        self.kind = DueKind::Correction;
        for pointer in questions.iter().flat_map(SenderQuestion::pointers) {
            if !self.pointers.contains(pointer) {
                self.pointers.push(pointer.clone());
            }
        }
        self.questions = questions;
    }

    /// Where it stands in the list.
    fn place(&self) -> (DateTime<Utc>, Uuid) {
        let at = match self.kind {
            DueKind::DepartureOverdue => self.due_at + BEHIND,
            DueKind::Correction | DueKind::Unacknowledged | DueKind::Completion => self.due_at,
        };
        (at, self.stay.id)
    }

    fn into_answer(self, guest: DueGuest, now: DateTime<Utc>) -> Result<DueItem, Failure> {
        let reason = match self.kind {
            DueKind::Correction | DueKind::Unacknowledged => self.stay.delivery_reason,
            DueKind::Completion | DueKind::DepartureOverdue => None,
        };
        Ok(DueItem {
            kind: self.kind.into(),
            stay_id: self.stay.id,
            version: self.stay.version.unsigned_abs(),
            due_at: Instant::of(self.due_at),
            is_overdue: now >= self.due_at,
            delivery: as_stored(&self.stay.delivery_state),
            reason,
            pointers: self.pointers.into_iter().map(Pointer).collect(),
            questions: self
                .questions
                .iter()
                .map(Raw::of)
                .collect::<Result<_, _>>()?,
            full_name: guest.full_name,
            room: guest.room,
        })
    }
}

/// Whether the sender is asked to check the data of a guest who is still there.
fn is_flagged(stay: &StayRow) -> Result<bool, Unreadable> {
    let review = intake::view::review_of(stay)?;
    let needs_attention = stay.identity_state.get()?.needs_attention(review);
    Ok(needs_attention && stay.presence.get()? == Presence::Present)
}

/// Whether it is flagged, or the police have refused it or not confirmed it.
fn is_unsettled(stay: &StayRow) -> Result<bool, Unreadable> {
    let is_unconfirmed = DeliveryState::UNCONFIRMED.contains(&stay.delivery_state.get()?);
    Ok(is_flagged(stay)? || is_unconfirmed)
}
