//! The list of a sender's stays, newest or most urgent first.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    draft::PLACE_LENGTH_MAX,
    problem::Code,
    sender::Sender,
    stay::{CompletionState, DeliveryState, IdentityReview, IdentityState, Presence, Timeliness},
    text::nfc_trim,
    time::{at_local, parse_day, parse_instant},
};
use serde_json::{Value, json};
use store::stays::{Filter, IdentityFilter, Order, StayRow};
use uuid::Uuid;

use super::facility_ids;
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::cursor;
use crate::police::questions;
use crate::problem::Failure;
use crate::query::{Parameter, Query};
use crate::reads;
use crate::shapes::{StayPage, text};
use crate::unreadable;

pub(super) use crate::query::LIMIT_DEFAULT;

/// What cursors of this list are good for.
const LIST: &str = "stays";
/// The same in order of deadline.
const BY_DEADLINE: &str = "stays/deadline";
/// In which order stays may be listed.
const SORTS: [&str; 2] = ["newest", DEADLINE];
const DEADLINE: &str = "deadline";
/// Stays that one request opens at most to see which room they name.
const LOOK_COUNT_MAX: usize = 1_000;
/// Stays that are opened at once.
const CHUNK_COUNT: usize = 200;

/// The filters, beside those of every list. A stay is shown when all of them hold.
pub(crate) const PARAMETERS: [Parameter; 15] = [
    Parameter {
        name: "facility_id",
        about: "Only this facility.",
        schema: || json!({"type": "string", "format": "uuid"}),
    },
    Parameter {
        name: "arrival_date",
        about: "The day of arrival in Viet Nam.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "arrival_from",
        about: "The first day of arrival in Viet Nam.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "arrival_to",
        about: "The last day of arrival in Viet Nam.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "expected_departure_from",
        about: "The first day in Viet Nam on which the stay is expected to end.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "expected_departure_to",
        about: "The last day in Viet Nam on which the stay is expected to end.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "room",
        about: "The room, without regard to letter case. What stays say of rooms is sealed: of \
                1,000 stays at most that fit the other filters it is looked at for one page, \
                which may therefore be short and still have a `next_cursor`.",
        schema: || json!({"type": "string", "minLength": 1, "maxLength": PLACE_LENGTH_MAX}),
    },
    Parameter {
        name: "sort",
        about: "`newest` first, or the nearest `deadline` first. A cursor is good for the order \
                it was given in.",
        schema: || json!({"type": "string", "enum": SORTS, "default": SORTS[0]}),
    },
    Parameter {
        name: "presence",
        about: "Whether the guest is there.",
        schema: || words(Presence::ALL.iter().map(|word| word.as_str())),
    },
    Parameter {
        name: "identity",
        about: "What the registry said.",
        schema: || words(text::identity_words()),
    },
    Parameter {
        name: "delivery",
        about: "The way to the police.",
        schema: || words(DeliveryState::ALL.iter().map(|word| word.as_str())),
    },
    Parameter {
        name: "timeliness",
        about: "Whether the deadline was met.",
        schema: || words(Timeliness::ALL.iter().map(|word| word.as_str())),
    },
    Parameter {
        name: "completion",
        about: "Whether something is owed.",
        schema: || words(CompletionState::ALL.iter().map(|word| word.as_str())),
    },
    Parameter {
        name: "reference",
        about: "The sender's own name for the stay, exactly.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "changed_since",
        about: "Changed at this instant or later (RFC 3339 with offset). A change is seen within \
                30 seconds of its instant: who polls asks from a minute before the last poll, \
                or reads `/v1/events`, which passes over nothing.",
        schema: || json!({"type": "string", "format": "date-time"}),
    },
];

fn words(words: impl Iterator<Item = &'static str>) -> serde_json::Value {
    json!({"type": "string", "enum": words.collect::<Vec<_>>()})
}

/// A page of the stays that the query asks for.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    mut query: Query,
) -> Result<Answer<StayPage>, Failure> {
    let sender = admitted.sender();
    let sort = query.parsed("sort", Code::InvalidFilter, |word| {
        SORTS.into_iter().find(|sort| *sort == word)
    });
    let (limit, order) = if sort == Some(DEADLINE) {
        let (limit, after) = query.moment_page(&app.vault, BY_DEADLINE, sender.key_id);
        (limit, Order::Deadline(after))
    } else {
        let page = query.page(&app.vault, LIST, sender.key_id);
        (page.limit, Order::Newest(page.after))
    };
    let room = query.parsed("room", Code::InvalidFilter, |text| {
        Some(nfc_trim(text).to_lowercase()).filter(|room| !room.is_empty())
    });
    let filter = filter(app, sender, &mut query);
    query.finish()?;
    if filter.facility_ids.is_empty() {
        return Ok(page_json(&[], &[], None));
    }
    let part = match room {
        None => first(app, &filter, order, limit).await?,
        Some(room) => first_of_room(app, &filter, order, limit, &room).await?,
    };
    reads::note(app, sender, part.items.len()).await;
    let key_id = sender.key_id;
    let next_cursor = part.goes_on_behind.map(|last| match order {
        Order::Newest(_) => cursor::write(&app.vault, LIST, key_id, last.id),
        Order::Deadline(_) => {
            let place = (last.deadline_at, last.id);
            cursor::write_moment(&app.vault, BY_DEADLINE, key_id, place)
        }
    });
    Ok(page_json(&part.items, &part.unreadable, next_cursor))
}

/// What is shown of a list, and behind which stay there is more.
struct Part {
    items: Vec<String>,
    unreadable: Vec<Value>,
    goes_on_behind: Option<StayRow>,
}

async fn first(app: &App, filter: &Filter, order: Order, limit: usize) -> Result<Part, Failure> {
    let count = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut stays = store::stays::list(&app.db, filter, order, count).await?;
    let has_more = stays.len() > limit;
    stays.truncate(limit);
    let (items, unreadable) = sorted(render(app, &stays).await?);
    Ok(Part {
        items,
        unreadable,
        goes_on_behind: stays.pop().filter(|_| has_more),
    })
}

/// The stays of a room, which only their sealed content names: looked for among a bounded number
/// of those that fit otherwise.
async fn first_of_room(
    app: &App,
    filter: &Filter,
    mut order: Order,
    limit: usize,
    room: &str,
) -> Result<Part, Failure> {
    let (mut items, mut unreadable) = (Vec::new(), Vec::new());
    let mut looked_at = 0;
    loop {
        let count = u64::try_from(CHUNK_COUNT).unwrap_or(u64::MAX);
        let stays = store::stays::list(&app.db, filter, order, count).await?;
        let is_last_chunk = stays.len() < CHUNK_COUNT;
        looked_at += stays.len();
        let rendered = render(app, &stays).await?;
        for (place, (stay, item)) in stays.iter().zip(rendered).enumerate() {
            match item {
                Shown::Stay(item) => items.extend(Some(item).filter(|item| is_in_room(item, room))),
                // Nobody knows whether it is of this room.
                Shown::Unreadable(stay) => unreadable.push(stay),
                Shown::Moved => {}
            }
            let is_end = is_last_chunk && place + 1 == stays.len();
            if items.len() >= limit && !is_end {
                let goes_on_behind = Some(stay.clone());
                return Ok(Part {
                    items,
                    unreadable,
                    goes_on_behind,
                });
            }
        }
        let last = stays.into_iter().next_back();
        let Some(last) = last.filter(|_| !is_last_chunk) else {
            let goes_on_behind = None;
            return Ok(Part {
                items,
                unreadable,
                goes_on_behind,
            });
        };
        if looked_at >= LOOK_COUNT_MAX {
            let goes_on_behind = Some(last);
            return Ok(Part {
                items,
                unreadable,
                goes_on_behind,
            });
        }
        order = match order {
            Order::Newest(_) => Order::Newest(Some(last.id)),
            Order::Deadline(_) => Order::Deadline(Some((last.deadline_at, last.id))),
        };
    }
}

fn is_in_room(item: &str, room: &str) -> bool {
    let stay: Value = serde_json::from_str(item).unwrap_or_default();
    let named = stay["room"].as_str();
    named.is_some_and(|named| named.to_lowercase() == room)
}

/// The page as it is answered.
pub(super) fn page_json(
    items: &[String],
    unreadable: &[Value],
    next_cursor: Option<String>,
) -> Answer<StayPage> {
    let items = items.join(",");
    let next_cursor = json!(next_cursor);
    let unreadable = match unreadable {
        [] => String::new(),
        some => format!(r#","unreadable":{}"#, json!(some)),
    };
    Answer::json(format!(
        r#"{{"items":[{items}],"next_cursor":{next_cursor}{unreadable}}}"#
    ))
}

/// What becomes of a row in a list.
pub(super) enum Shown {
    /// The stay's newest version as JSON.
    Stay(String),
    /// It was amended between the two questions: the next request shows it.
    Moved,
    /// It is stored damaged: what can be told of it.
    Unreadable(Value),
}

/// The stays that can be shown, and what can be told of the others.
pub(super) fn sorted(shown: Vec<Shown>) -> (Vec<String>, Vec<Value>) {
    let (mut items, mut unreadable) = (Vec::new(), Vec::new());
    for one in shown {
        match one {
            Shown::Stay(item) => items.push(item),
            Shown::Unreadable(stay) => unreadable.push(stay),
            Shown::Moved => {}
        }
    }
    (items, unreadable)
}

/// Each stay as it is shown, in the order of the rows.
pub(super) async fn render(app: &App, stays: &[StayRow]) -> Result<Vec<Shown>, Failure> {
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
            items.push(Shown::Moved);
            continue;
        };
        items.push(match intake::view::current(&app.vault, stay, version) {
            Ok(view) => {
                let asked = asked.remove(&stay.id).unwrap_or_default();
                Shown::Stay(view.with_questions(asked).json)
            }
            Err(error) => {
                unreadable::note("stay_version", stay.id, &error);
                Shown::Unreadable(unreadable::stay(stay))
            }
        });
    }
    Ok(items)
}

fn filter(app: &App, sender: &Sender, query: &mut Query) -> Filter {
    let facility_ids = match query.parsed("facility_id", Code::FacilityUnknown, |text| {
        let id = Uuid::try_parse(text).ok()?;
        sender.facility(id).map(|facility| facility.id)
    }) {
        Some(id) => vec![id],
        None => facility_ids(sender),
    };
    let reference = query.parsed("reference", Code::InvalidFilter, |text| {
        Some(nfc_trim(text)).filter(|reference| !reference.is_empty())
    });
    let reference_indexes = reference.map_or_else(Vec::new, |reference| {
        let index =
            |id: &Uuid| intake::index::reference_index(&app.vault, *id, &reference).to_vec();
        facility_ids.iter().map(index).collect()
    });
    Filter {
        reference_indexes,
        arrival_on: query.parsed("arrival_date", Code::InvalidDate, parse_day),
        arrival_from: query.parsed("arrival_from", Code::InvalidDate, parse_day),
        arrival_to: query.parsed("arrival_to", Code::InvalidDate, parse_day),
        departure_from: query.parsed("expected_departure_from", Code::InvalidDate, |text| {
            parse_day(text).map(start_of)
        }),
        departure_before: query.parsed("expected_departure_to", Code::InvalidDate, |text| {
            parse_day(text)?.succ_opt().map(start_of)
        }),
        document_index: None,
        name_indexes: Vec::new(),
        presence: query.parsed("presence", Code::InvalidFilter, Presence::parse),
        identity: query.parsed("identity", Code::InvalidFilter, identity_filter),
        delivery: query.parsed("delivery", Code::InvalidFilter, DeliveryState::parse),
        timeliness: query.parsed("timeliness", Code::InvalidFilter, Timeliness::parse),
        completion: query.parsed("completion", Code::InvalidFilter, CompletionState::parse),
        // A plus that was not escaped arrives as a space.
        changed_since: query.parsed("changed_since", Code::InvalidInstant, |text| {
            parse_instant(&text.replace(' ', "+"))
        }),
        facility_ids,
    }
}

/// The first instant of a day in Viet Nam.
fn start_of(day: NaiveDate) -> DateTime<Utc> {
    at_local(day, NaiveTime::MIN)
}

/// What is behind a word that a sender sees; `None` when there is no such word.
fn identity_filter(word: &str) -> Option<IdentityFilter> {
    let states = IdentityState::ALL.iter().copied();
    let filter = IdentityFilter {
        review: IdentityReview::parse(word),
        states: states
            .filter(|state| state.as_seen_by_sender(None) == word)
            .collect(),
    };
    (filter != IdentityFilter::default()).then_some(filter)
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
            assert_eq!(identity_filter(word), Some(expected), "{word}");
        }
        for hidden in ["mismatch", "not_found", "", "Verified"] {
            assert_eq!(identity_filter(hidden), None, "{hidden}");
        }
    }
}
