//! The counters of each key and each facility.

use super::{Allowance, gate::Gate, room::OwnRoom};
use crate::problem::Failure;

/// What is counted of a key.
pub(crate) struct KeyMeter {
    /// Stays it declares.
    pub(crate) stays: Allowance,
    /// Requests that read.
    pub(crate) reads: Allowance,
    /// Its requests at the same time.
    pub(crate) gate: Gate,
    /// Its streams of events at the same time.
    pub(crate) streams: Gate,
    /// Its share of the batches being processed.
    pub(crate) batches: Gate,
    /// Its share of the reading requests being processed.
    pub(crate) reads_at_once: Gate,
    /// Its share of the pictures that are searched.
    pub(crate) pictures: Gate,
    /// Tries of webhooks, and new webhooks: each calls somebody.
    pub(super) webhook_tests: Allowance,
    pub(super) webhooks: Allowance,
    /// Room for what it sends.
    pub(crate) room: OwnRoom,
}

impl KeyMeter {
    /// Counts a try of a webhook.
    ///
    /// Errors: 429 when there were too many.
    pub(crate) fn take_webhook_test(&self) -> Result<(), Failure> {
        Ok(self.webhook_tests.take(1)?)
    }

    /// Counts a new webhook.
    ///
    /// Errors: 429 when there were too many.
    pub(crate) fn take_webhook(&self) -> Result<(), Failure> {
        Ok(self.webhooks.take(1)?)
    }
}

/// The counters of a facility, across keys.
pub(crate) struct FacilityMeter {
    /// Stays declared for it.
    pub(crate) stays: Allowance,
    /// Requests that declare for it at the same time.
    pub(crate) gate: Gate,
}

/// A meter that may be forgotten when nothing happens.
pub(super) trait Meter {
    fn is_idle(&self) -> bool;
}

impl Meter for KeyMeter {
    fn is_idle(&self) -> bool {
        let gates = [
            &self.gate,
            &self.streams,
            &self.batches,
            &self.reads_at_once,
            &self.pictures,
        ];
        let allowances = [
            &self.stays,
            &self.reads,
            &self.webhook_tests,
            &self.webhooks,
        ];
        gates.iter().all(|gate| gate.is_empty()) && allowances.iter().all(|one| one.is_full())
    }
}

impl Meter for FacilityMeter {
    fn is_idle(&self) -> bool {
        self.stays.is_full() && self.gate.is_empty()
    }
}
