//! What comes in at the door, and what goes out.

use chrono::{DateTime, Utc};
use domain::{
    draft::Body,
    facility::FacilityKind,
    problem::Violation,
    sender::Sender,
    stay::{Channel, Timeliness},
};
use serde_json::Value;
use uuid::Uuid;

use crate::view::StayView;

/// The sender, the channel, and the time of receipt.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    /// The authenticated sender.
    pub sender: &'a Sender,
    /// The door.
    pub channel: Channel,
    /// The `Idempotency-Key`, if one came: 1–255 visible ASCII characters.
    pub idempotency_key: Option<&'a str>,
    /// When the request was received whole: the legal time of filing.
    pub received_at: DateTime<Utc>,
    /// The W3C trace context that the delivery continues.
    pub trace_parent: Option<&'a str>,
}

impl Occasion<'_> {
    /// The same for one item of a request, whose key is the request's and not the item's.
    pub(crate) fn of_an_item(self) -> Self {
        Self {
            idempotency_key: None,
            ..self
        }
    }

    /// The kind of the facility that a declaration is about, if its sender may use it.
    pub(crate) fn facility_kind_of<'a>(
        &self,
        declaration: impl Into<Body<'a>>,
    ) -> Option<FacilityKind> {
        let id = self.sender.facility_of(declaration)?;
        self.sender.facility(id).map(|facility| facility.kind)
    }

    pub(crate) fn facility_ids(&self) -> Vec<Uuid> {
        let facilities = self.sender.facilities.iter();
        facilities.map(|facility| facility.id).collect()
    }
}

/// One declaration among others.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// In the contract's form.
    pub body: &'a Value,
    /// Warnings from the channel that received it.
    pub warnings: &'a [Violation],
    /// Whether the channel assumed the time of arrival.
    pub arrival_is_assumed: bool,
}

impl<'a> Item<'a> {
    /// A declaration without warnings from its channel.
    #[must_use]
    pub const fn plain(body: &'a Value) -> Self {
        Self {
            body,
            warnings: &[],
            arrival_is_assumed: false,
        }
    }
}

/// An accepted declaration.
pub struct Accepted {
    /// The answer: the stay as it was accepted.
    pub stay: StayView,
    /// A replay: nothing new was made.
    pub is_replay: bool,
}

impl Accepted {
    /// A version that was just made.
    pub(crate) fn new(stay: StayView) -> Self {
        Self {
            stay,
            is_replay: false,
        }
    }
}

/// The rules' verdict on a declaration that is not stored.
pub struct Validation {
    /// Why it would be refused.
    pub errors: Vec<Violation>,
    /// The warnings it would get.
    pub warnings: Vec<Violation>,
    /// The deadline, when the declaration is well-formed.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Whether it would be on time now.
    pub timeliness: Option<Timeliness>,
}
