//! Refusals on demand: chosen stays, documents or facilities are refused with a chosen status
//! and code.

use std::collections::HashMap;

use parking_lot::RwLock;
use poem::{Response, http::StatusCode};
use serde::{Deserialize, Serialize};

use crate::answer;

/// One refusal, as `PUT /refusals` lists it: exactly one of the three selectors.
/// No `Debug`: a document number is personal.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stay_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    facility_id: Option<String>,
    /// 400 to 599.
    status: u16,
    code: String,
}

impl Refusal {
    /// What is wrong with it, as a pointer into the refusal; `None` when nothing is.
    pub(crate) fn violation(&self) -> Option<&'static str> {
        let selectors = [&self.stay_id, &self.document_number, &self.facility_id];
        if selectors.into_iter().flatten().count() != 1 {
            return Some("");
        }
        if !(400..=599).contains(&self.status) {
            return Some("/status");
        }
        self.code.is_empty().then_some("/code")
    }

    fn selector(&self) -> Option<Selector> {
        let stay = self.stay_id.clone().map(Selector::Stay);
        let document = self.document_number.clone().map(Selector::Document);
        let facility = self.facility_id.clone().map(Selector::Facility);
        stay.or(document).or(facility)
    }

    fn response(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        answer::failure(status, &self.code, "Refused as asked for in /refusals.")
    }
}

/// What a refusal is about.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Selector {
    Stay(String),
    Document(String),
    Facility(String),
}

/// The list in force.
#[derive(Default)]
pub(crate) struct Refusals {
    state: RwLock<Listed>,
}

#[derive(Default)]
struct Listed {
    in_order: Vec<Refusal>,
    by_selector: HashMap<Selector, usize>,
}

impl Refusals {
    /// Replaces the list. Of two refusals for one selector the first counts.
    pub(crate) fn set(&self, list: Vec<Refusal>) {
        let mut by_selector = HashMap::with_capacity(list.len());
        for (position, refusal) in list.iter().enumerate() {
            if let Some(selector) = refusal.selector() {
                by_selector.entry(selector).or_insert(position);
            }
        }
        let listed = Listed {
            in_order: list,
            by_selector,
        };
        *self.state.write() = listed;
    }

    pub(crate) fn list(&self) -> Vec<Refusal> {
        self.state.read().in_order.clone()
    }

    /// The answer that refuses, when one of these is listed. The selectors are asked for only
    /// when the list is not empty.
    pub(crate) fn find(&self, selectors: impl FnOnce() -> Vec<Selector>) -> Option<Response> {
        let listed = self.state.read();
        if listed.by_selector.is_empty() {
            return None;
        }
        let position = selectors()
            .iter()
            .filter_map(|selector| listed.by_selector.get(selector))
            .min()?;
        listed.in_order.get(*position).map(Refusal::response)
    }
}
