//! Who may do how much: quotas of keys and facilities, places for requests at the same time.
//!
//! Before the body is read: the key's quota for one unit, and a place among the key's own requests.
//! Once it has come: places that all share, and room in the intake. Once it is parsed: the
//! facilities' quotas and the rest of a batch, all or nothing. What is refused because the service
//! is busy is given back. Keys and facilities are only ever those of a caller who has
//! been recognised, their number is bounded, and idle ones are swept out every minute.

mod allowance;
mod fields;
mod gate;
mod limits;
mod meters;
mod room;
mod shortage;
mod strangers;
mod ticket;

pub(crate) use allowance::{Allowance, Rate};
pub(crate) use fields::RateLimitFields;
pub(crate) use gate::Place;
pub(crate) use limits::Limits;
pub(crate) use meters::{FacilityMeter, KeyMeter};
pub(crate) use room::{BodyKind, Received};
use shortage::Shortage;
pub(crate) use ticket::{Holdings, RequestKind, Ticket};
