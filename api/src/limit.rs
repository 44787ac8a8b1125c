//! Limits: quotas of keys and facilities, and concurrency limits.
//!
//! Before the body is read: one unit of the key's quota, and a slot among the key's own requests.
//! Once the body has arrived: shared slots, and room in the intake. Once it is parsed: the
//! facilities' quotas and the rest of a batch, all or nothing. A refusal because the service is
//! busy costs nothing. Only keys and facilities of authenticated callers are counted, their number
//! is bounded, and idle ones are removed every minute.

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
pub(crate) use gate::GatePermit;
pub(crate) use limits::Limits;
pub(crate) use meters::{FacilityMeter, KeyMeter};
pub(crate) use room::{BodyKind, Received};
pub(crate) use shortage::Shortage;
pub(crate) use ticket::{Holdings, RequestKind, Ticket};
