//! The list of a sender's stays, newest or most urgent first.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    draft::PLACE_LENGTH_MAX,
    problem::Code,
    sender::Sender,
    stay::{CompletionState, DeliveryState, IdentityReview, IdentityState, Presence, Timeliness},
    text::nfc_trim,
    time::{at_local, parse_day},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;
use serde_json::Value;
use store::{
    damage,
    stays::{IdentityFilter, Order, StayFilter, StayRow},
};
use uuid::Uuid;

use super::facility_ids;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::parameters::{FacilityId, Page, Paged, Parameter, Query, inline, query};
use crate::police::questions;
use crate::problem::Failure;
use crate::reads;
use crate::reply::{Json, Raw};
use crate::shapes::Stay;
use crate::shapes::text::{IdentityWord, Instant, PresenceWord};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "stays";
/// The same in order of deadline.
const BY_DEADLINE: &str = "stays/deadline";
/// The most stays one request decrypts to find a room.
const LOOK_COUNT_MAX: usize = 1_000;
/// Stays that are opened at once.
const CHUNK_COUNT: usize = 200;

query! {
    /// Which stays are listed: those for which all of these hold.
    pub(crate) struct StayFilters {
        /// Only this facility.
        facility_id: Option<FacilityId>,
        /// The day of arrival in Viet Nam.
        arrival_date: Option<NaiveDate>,
        /// The first day of arrival in Viet Nam.
        arrival_from: Option<NaiveDate>,
        /// The last day of arrival in Viet Nam.
        arrival_to: Option<NaiveDate>,
        /// The first day in Viet Nam on which the stay is expected to end.
        expected_departure_from: Option<NaiveDate>,
        /// The last day in Viet Nam on which the stay is expected to end.
        expected_departure_to: Option<LastDay>,
        /// The room, without regard to letter case. What stays say of rooms is sealed: of 1,000
        /// stays at most that fit the other filters it is looked at for one page, which may
        /// therefore be short and still have a `next_cursor`.
        room: Option<RoomFilter>,
        /// `newest` first, or the nearest `deadline` first. A cursor is good for the order it was
        /// given in.
        sort: Option<Sort>,
        /// Whether the guest is there.
        presence: Option<Presence>,
        /// What the registry said.
        identity: Option<IdentityFilter>,
        /// The way to the police.
        delivery: Option<DeliveryState>,
        /// Whether the deadline was met.
        timeliness: Option<Timeliness>,
        /// Whether something is owed.
        completion: Option<CompletionState>,
        /// The sender's own name for the stay, exactly.
        reference: Option<Reference>,
        /// Changed at this instant or later (RFC 3339 with offset). A change is seen within 30
        /// seconds of its instant: who polls asks from a minute before the last poll, or reads
        /// `/v1/events`, which passes over nothing.
        changed_since: Option<DateTime<Utc>>,
    }
}

/// A page of stays, newest first.
#[derive(Default, Object, Serialize)]
pub(crate) struct StayPage {
    /// The stays.
    items: Vec<Raw<Stay>>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
    /// Stays of this page that are stored damaged and cannot be read; left out when all can.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<Vec<UnreadableStay>>,
}

/// What can be told of a stay whose stored content is damaged. The operator knows of it.
#[derive(Object, Serialize)]
pub(crate) struct UnreadableStay {
    /// The stay.
    id: Uuid,
    /// Where it is.
    facility_id: Uuid,
    /// Its newest version.
    version: u32,
    /// Whether the guest is there; left out when that is damaged too.
    #[serde(skip_serializing_if = "Option::is_none")]
    presence: Option<PresenceWord>,
    /// When it began.
    arrival_at: Instant,
    /// Legal time of filing.
    received_at: Instant,
}

/// The operation on all of a sender's stays.
pub(crate) struct StayListApi(pub(crate) Arc<App>);

/// A list of stays.
#[derive(ApiResponse)]
pub(crate) enum StaysListed {
    /// A page of stays.
    #[oai(status = 200)]
    Page(Json<StayPage>),
}

impl Examples for StayListApi {
    const EXAMPLES: &'static str = include_str!("list.examples.json");
}

#[OpenApi]
impl StayListApi {
    /// List stays
    ///
    /// The stays of the key's facilities, newest first.
    #[oai(
        path = "/v1/stays",
        method = "get",
        operation_id = "listStays",
        tag = "Topic::Stays"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListStays>,
        mut query: Query<Paged<StayFilters>>,
    ) -> Result<StaysListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let (limit, order) = order(app, sender, &mut query);
        let filter = filter(app, sender, &mut query);
        let room = query.finish()?.filters.room;
        let page = page(app, sender, (&filter, room), (limit, order)).await?;
        Ok(StaysListed::Page(Json(page)))
    }
}

/// How long the page is, and where it begins in which order.
fn order(app: &App, sender: &Sender, query: &mut Query<Paged<StayFilters>>) -> (usize, Order) {
    match query.parameters.filters.sort.unwrap_or_default() {
        Sort::Newest => {
            let Page { limit, after } = query.page(&app.vault, LIST, sender.key_id);
            (limit, Order::Newest(after))
        }
        Sort::Deadline => {
            let Page { limit, after } = query.moment_page(&app.vault, BY_DEADLINE, sender.key_id);
            (limit, Order::Deadline(after))
        }
    }
}

async fn page(
    app: &App,
    sender: &Sender,
    (filter, room): (&StayFilter, Option<RoomFilter>),
    (limit, order): (usize, Order),
) -> Result<StayPage, Failure> {
    if filter.facility_ids.is_empty() {
        return Ok(StayPage::default());
    }
    let part = match room {
        None => first(app, filter, order, limit).await?,
        Some(RoomFilter(room)) => first_of_room(app, filter, order, limit, &room).await?,
    };
    reads::note(app, sender, part.page.items.len()).await;
    let key_id = sender.key_id;
    let next_cursor = part.goes_on_behind.map(|last| match order {
        Order::Newest(_) => cursor::write(&app.vault, LIST, key_id, last.id),
        Order::Deadline(_) => {
            let place = (last.deadline_at, last.id);
            cursor::write_moment(&app.vault, BY_DEADLINE, key_id, place)
        }
    });
    Ok(part.page.before(next_cursor))
}

/// A page without its cursor, and behind which stay there is more.
struct PageStart {
    page: StayPage,
    goes_on_behind: Option<StayRow>,
}

async fn first(
    app: &App,
    filter: &StayFilter,
    order: Order,
    limit: usize,
) -> Result<PageStart, Failure> {
    let count = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut stays = store::stays::list(&app.db, filter, order, count).await?;
    let has_more = stays.len() > limit;
    stays.truncate(limit);
    Ok(PageStart {
        page: StayPage::of(render(app, &stays).await?),
        goes_on_behind: stays.pop().filter(|_| has_more),
    })
}

/// The stays of a room, which only their sealed content names: looked for among a bounded number
/// of those that fit otherwise.
async fn first_of_room(
    app: &App,
    filter: &StayFilter,
    mut order: Order,
    limit: usize,
    room: &str,
) -> Result<PageStart, Failure> {
    let mut page = StayPage::default();
    let mut looked_at = 0;
    loop {
        let count = u64::try_from(CHUNK_COUNT).unwrap_or(u64::MAX);
        let stays = store::stays::list(&app.db, filter, order, count).await?;
        let is_last_chunk = stays.len() < CHUNK_COUNT;
        looked_at += stays.len();
        let rendered = render(app, &stays).await?;
        for (place, (stay, shown)) in stays.iter().zip(rendered).enumerate() {
            // Nobody knows whether an unreadable one is of this room.
            page.add(shown.filter(|stay| is_in_room(stay, room)));
            let is_end = is_last_chunk && place + 1 == stays.len();
            if page.items.len() >= limit && !is_end {
                let goes_on_behind = Some(stay.clone());
                return Ok(PageStart {
                    page,
                    goes_on_behind,
                });
            }
        }
        let last = stays.into_iter().next_back();
        let goes_on_behind = last.filter(|_| !is_last_chunk);
        let Some(last) = goes_on_behind
            .as_ref()
            .filter(|_| looked_at < LOOK_COUNT_MAX)
        else {
            return Ok(PageStart {
                page,
                goes_on_behind,
            });
        };
        order = match order {
            Order::Newest(_) => Order::Newest(Some(last.id)),
            Order::Deadline(_) => Order::Deadline(Some((last.deadline_at, last.id))),
        };
    }
}

fn is_in_room(stay: &Raw<Stay>, room: &str) -> bool {
    let stay: Value = serde_json::from_str(stay.text()).unwrap_or_default();
    let named = stay["room"].as_str();
    named.is_some_and(|named| named.to_lowercase() == room)
}

/// How a row appears in a list.
pub(super) enum ListedRow {
    /// The stay's newest version.
    Stay(Raw<Stay>),
    /// It was amended between the two queries: the next request shows it.
    Moved,
    /// It is damaged: its readable part.
    Unreadable(UnreadableStay),
}

impl ListedRow {
    /// The same without a readable stay that is not wanted.
    fn filter(self, is_wanted: impl FnOnce(&Raw<Stay>) -> bool) -> Option<Self> {
        match &self {
            Self::Stay(stay) => is_wanted(stay).then_some(self),
            Self::Moved | Self::Unreadable(_) => Some(self),
        }
    }
}

impl StayPage {
    /// The page with these rows, which is the last one.
    pub(super) fn of(rows: impl IntoIterator<Item = ListedRow>) -> Self {
        let mut page = Self::default();
        rows.into_iter().for_each(|shown| page.add(Some(shown)));
        page
    }

    /// The page with the cursor of the next one.
    pub(super) fn before(self, next_cursor: Option<String>) -> Self {
        Self {
            next_cursor,
            ..self
        }
    }

    fn add(&mut self, shown: Option<ListedRow>) {
        match shown {
            Some(ListedRow::Stay(stay)) => self.items.push(stay),
            Some(ListedRow::Unreadable(stay)) => {
                self.unreadable.get_or_insert_default().push(stay);
            }
            Some(ListedRow::Moved) | None => {}
        }
    }
}

/// Each stay as it is shown, in the order of the rows.
pub(super) async fn render(app: &App, stays: &[StayRow]) -> Result<Vec<ListedRow>, Failure> {
    let versions = store::stays::current_versions(&app.db, stays).await?;
    let versions: HashMap<Uuid, _> = versions
        .into_iter()
        .map(|version| (version.stay_id, version))
        .collect();
    let all: Vec<&StayRow> = stays.iter().collect();
    let mut asked = questions::of_stays(app, &all).await?;
    let mut items = Vec::with_capacity(stays.len());
    for stay in stays {
        let Some(version) = versions.get(&stay.id) else {
            items.push(ListedRow::Moved);
            continue;
        };
        items.push(match intake::view::current(&app.vault, stay, version) {
            Ok(view) => {
                let asked = asked.remove(&stay.id).unwrap_or_default();
                ListedRow::Stay(Raw::new(view.with_questions(&asked).json)?)
            }
            Err(error) => {
                damage::note("stay_version", stay.id, &error);
                ListedRow::Unreadable(UnreadableStay::of(stay))
            }
        });
    }
    Ok(items)
}

impl UnreadableStay {
    fn of(stay: &StayRow) -> Self {
        let presence = stay.presence.get().ok();
        Self {
            id: stay.id,
            facility_id: stay.facility_id,
            version: stay.version.unsigned_abs(),
            presence: presence.map(PresenceWord::from),
            arrival_at: Instant::of(stay.arrival_at),
            received_at: Instant::of(stay.received_at),
        }
    }
}

/// What the database is asked, of the parameters that are not about the page.
fn filter(app: &App, sender: &Sender, query: &mut Query<Paged<StayFilters>>) -> StayFilter {
    let named = query.parameters.filters.facility_id.take();
    let own = query.resolve(("facility_id", named), Code::FacilityUnknown, |named| {
        sender.facility(named.0).map(|facility| facility.id)
    });
    let facility_ids = own.map_or_else(|| facility_ids(sender), |id| vec![id]);
    let filters = &mut query.parameters.filters;
    let reference_indexes =
        filters
            .reference
            .take()
            .map_or_else(Vec::new, |Reference(reference)| {
                let index = |id: &Uuid| {
                    intake::index::reference_index(&app.vault, *id, &reference).to_vec()
                };
                facility_ids.iter().map(index).collect()
            });
    StayFilter {
        reference_indexes,
        arrival_on: filters.arrival_date,
        arrival_from: filters.arrival_from,
        arrival_to: filters.arrival_to,
        departure_from: filters.expected_departure_from.map(start_of),
        departure_before: filters.expected_departure_to.map(LastDay::end),
        document_index: None,
        name_indexes: Vec::new(),
        presence: filters.presence,
        identity: filters.identity.take(),
        delivery: filters.delivery,
        timeliness: filters.timeliness,
        completion: filters.completion,
        changed_since: filters.changed_since,
        facility_ids,
    }
}

/// The first instant of a day in Viet Nam.
fn start_of(day: NaiveDate) -> DateTime<Utc> {
    at_local(day, NaiveTime::MIN)
}

/// A day that has a next one.
#[derive(Clone, Copy)]
pub(crate) struct LastDay {
    next: NaiveDate,
}

impl LastDay {
    /// The instant at which the day is over.
    fn end(self) -> DateTime<Utc> {
        start_of(self.next)
    }
}

impl Parameter for LastDay {
    const FAULT: Code = NaiveDate::FAULT;

    fn read(text: &str) -> Option<Self> {
        let next = parse_day(text)?.succ_opt()?;
        Some(Self { next })
    }

    fn schema() -> MetaSchemaRef {
        NaiveDate::schema()
    }
}

/// The name of a room, in small letters.
pub(crate) struct RoomFilter(String);

impl Parameter for RoomFilter {
    fn read(text: &str) -> Option<Self> {
        let room = nfc_trim(text).to_lowercase();
        (!room.is_empty()).then_some(Self(room))
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema {
            min_length: Some(1),
            max_length: Some(PLACE_LENGTH_MAX),
            ..MetaSchema::new("string")
        })
    }
}

/// A sender's own name for a stay.
pub(crate) struct Reference(String);

impl Parameter for Reference {
    fn read(text: &str) -> Option<Self> {
        let reference = nfc_trim(text);
        (!reference.is_empty()).then_some(Self(reference))
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema::new("string"))
    }
}

/// In which order stays are listed.
#[derive(Clone, Copy, Default)]
pub(crate) enum Sort {
    #[default]
    Newest,
    Deadline,
}

impl Sort {
    const ALL: [(&'static str, Self); 2] = [("newest", Self::Newest), ("deadline", Self::Deadline)];
}

impl Parameter for Sort {
    fn read(text: &str) -> Option<Self> {
        let mut known = Self::ALL.into_iter();
        known.find(|(word, _)| *word == text).map(|(_, sort)| sort)
    }

    fn schema() -> MetaSchemaRef {
        let words = Self::ALL.map(|(word, _)| Value::from(word));
        inline(MetaSchema {
            default: words.first().cloned(),
            enum_items: words.into(),
            ..MetaSchema::new("string")
        })
    }
}

/// What is behind a word that a sender sees.
impl Parameter for IdentityFilter {
    fn read(word: &str) -> Option<Self> {
        let states = IdentityState::ALL.iter().copied();
        let filter = Self {
            review: IdentityReview::parse(word),
            states: states
                .filter(|state| state.as_seen_by_sender(None) == word)
                .collect(),
        };
        (filter != Self::default()).then_some(filter)
    }

    fn schema() -> MetaSchemaRef {
        IdentityWord::schema_ref()
    }

    fn register(registry: &mut Registry) {
        IdentityWord::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_filters_by_what_a_sender_sees() {
        let filter = |review: Option<IdentityReview>, states: &[IdentityState]| IdentityFilter {
            review,
            states: states.to_vec(),
        };
        let table = [
            (
                "attention",
                filter(
                    Some(IdentityReview::Attention),
                    &[IdentityState::Mismatch, IdentityState::NotFound],
                ),
            ),
            ("reviewed", filter(Some(IdentityReview::Reviewed), &[])),
            ("verified", filter(None, &[IdentityState::Verified])),
        ];
        for (word, expected) in table {
            assert_eq!(IdentityFilter::read(word), Some(expected), "{word}");
        }
        for hidden in ["mismatch", "not_found", "", "Verified"] {
            assert_eq!(IdentityFilter::read(hidden), None, "{hidden}");
        }
    }
}
