//! The list of a sender's stays, newest first.

use std::collections::HashMap;

use domain::{
    problem::Code,
    sender::Sender,
    stay::{CompletionState, DeliveryState, IdentityReview, IdentityState, Presence, Timeliness},
    text::nfc_trim,
    time::{parse_day, parse_instant},
};
use serde_json::json;
use store::stays::{Filter, IdentityFilter, StayRow};
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

/// What cursors of this list are good for.
const LIST: &str = "stays";

/// The filters, beside those of every list. A stay is shown when all of them hold.
pub(crate) const PARAMETERS: [Parameter; 9] = [
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
    let page = query.page(&app.vault, LIST, sender.key_id);
    let filter = filter(app, sender, &mut query);
    query.finish()?;
    if filter.facility_ids.is_empty() {
        return Ok(Answer::json(r#"{"items":[],"next_cursor":null}"#));
    }
    let limit = u64::try_from(page.limit).unwrap_or(u64::MAX);
    let mut stays = store::stays::list(&app.db, &filter, page.after, limit + 1).await?;
    let has_more = stays.len() > page.limit;
    stays.truncate(page.limit);
    let last = stays.last().filter(|_| has_more);
    let next_cursor = last.map(|stay| cursor::write(&app.vault, LIST, sender.key_id, stay.id));
    reads::note(app, sender, stays.len()).await;
    let items = render(app, &stays).await?.join(",");
    let next_cursor = json!(next_cursor);
    Ok(Answer::json(format!(
        r#"{{"items":[{items}],"next_cursor":{next_cursor}}}"#
    )))
}

/// Each stay's newest version as JSON, in the order of the rows.
async fn render(app: &App, stays: &[StayRow]) -> Result<Vec<String>, Failure> {
    let versions = store::stays::current_versions(&app.db, stays).await?;
    let versions: HashMap<Uuid, _> = versions
        .into_iter()
        .map(|version| (version.stay_id, version))
        .collect();
    let ids: Vec<Uuid> = stays.iter().map(|stay| stay.id).collect();
    let mut asked = questions::of_stays(app, &ids).await?;
    let mut items = Vec::with_capacity(stays.len());
    for stay in stays {
        // Amended between the two questions: the next request shows it.
        let Some(version) = versions.get(&stay.id) else {
            continue;
        };
        let view = intake::view::current(&app.vault, stay, version).map_err(Failure::internal)?;
        let asked = asked.remove(&stay.id).unwrap_or_default();
        items.push(view.with_questions(asked).json);
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
        let index = |id: &Uuid| intake::view::reference_index(&app.vault, *id, &reference);
        facility_ids.iter().map(index).collect()
    });
    Filter {
        reference_indexes,
        arrival_on: query.parsed("arrival_date", Code::InvalidDate, parse_day),
        presence: word(query, "presence", |word| Presence::parse(word).is_some()),
        identity: query.parsed("identity", Code::InvalidFilter, identity_filter),
        delivery: word(query, "delivery", |word| {
            DeliveryState::parse(word).is_some()
        }),
        timeliness: word(query, "timeliness", |word| {
            Timeliness::parse(word).is_some()
        }),
        completion: word(query, "completion", |word| {
            CompletionState::parse(word).is_some()
        }),
        // A plus that was not escaped arrives as a space.
        changed_since: query.parsed("changed_since", Code::InvalidInstant, |text| {
            parse_instant(&text.replace(' ', "+"))
        }),
        facility_ids,
    }
}

fn word(query: &mut Query, name: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    query.parsed(name, Code::InvalidFilter, |word| {
        is_known(word).then(|| word.to_owned())
    })
}

/// What is behind a word that a sender sees; `None` when there is no such word.
fn identity_filter(word: &str) -> Option<IdentityFilter> {
    let states: Vec<String> = IdentityState::ALL
        .iter()
        .filter(|state| state.as_seen_by_sender(None) == word)
        .map(|state| state.as_str().to_owned())
        .collect();
    let review = IdentityReview::parse(word).map(|review| review.as_str().to_owned());
    let filter = IdentityFilter { review, states };
    (filter != IdentityFilter::default()).then_some(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_filters_by_what_a_sender_sees() {
        let filter = |review: Option<&str>, states: &[&str]| IdentityFilter {
            review: review.map(str::to_owned),
            states: states.iter().map(|state| (*state).to_owned()).collect(),
        };
        let table = [
            (
                "attention",
                filter(Some("attention"), &["mismatch", "not_found"]),
            ),
            ("reviewed", filter(Some("reviewed"), &[])),
            ("verified", filter(None, &["verified"])),
        ];
        for (word, expected) in table {
            assert_eq!(identity_filter(word), Some(expected), "{word}");
        }
        for hidden in ["mismatch", "not_found", "", "Verified"] {
            assert_eq!(identity_filter(hidden), None, "{hidden}");
        }
    }
}
