//! What a request holds while it is processed: slots, and refundable quota units.

use std::sync::Arc;
use std::time::Duration;

use domain::problem::Code;
use intake::Intake;
use metrics::counter;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    Allowance, FacilityMeter, KeyMeter, Limits,
    gate::{Gate, GatePermit},
};
use crate::caller::Caller;
use crate::problem::Failure;

/// How long a request waits for one of its key's places before it is refused.
const KEY_PATIENCE: Duration = Duration::from_secs(10);
/// For a facility's place after the body is parsed: it waits while it holds a place of the
/// process, so not for long.
const FACILITY_PATIENCE: Duration = Duration::from_millis(500);
/// For a place of the process.
const PROCESS_PATIENCE: Duration = Duration::from_secs(1);

/// What a request wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// Declare one stay.
    Declare,
    /// Declare many.
    DeclareMany,
    /// Anything that declares nothing.
    Read,
}

/// Units taken of a quota.
struct Units {
    of: Quota,
    count: u32,
}

enum Quota {
    Key(Arc<KeyMeter>),
    Reads(Arc<KeyMeter>),
    Facility(Arc<FacilityMeter>),
}

impl Quota {
    fn allowance(&self) -> &Allowance {
        match self {
            Self::Key(meter) => &meter.stays,
            Self::Reads(meter) => &meter.reads,
            Self::Facility(meter) => &meter.stays,
        }
    }

    fn policy(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Reads(_) => "reads",
            Self::Facility(_) => "facility",
        }
    }
}

/// A request's holdings, shared by its ticket and its exchange.
///
/// A request waits twice. Before its body is read it takes a slot among its own key's requests, so
/// that a slow sender blocks only itself. Once the body has arrived it takes slots of the process,
/// and releases them after processing. It keeps its key's slot until the last byte of the answer is
/// written, which bounds the answers in flight per key.
pub(crate) struct Holdings {
    caller: Arc<Caller>,
    kind: RequestKind,
    held: Mutex<HeldPermits>,
}

#[derive(Default)]
struct HeldPermits {
    /// Among the key's requests.
    own: Option<GatePermit>,
    /// Released when the request has been processed.
    shared: Vec<GatePermit>,
    units: Vec<Units>,
    has_entered: bool,
}

impl Holdings {
    fn new(caller: Arc<Caller>, kind: RequestKind) -> Arc<Self> {
        Arc::new(Self {
            caller,
            kind,
            held: Mutex::default(),
        })
    }

    /// The meter of the request's key.
    pub(crate) fn meter(&self) -> &KeyMeter {
        &self.caller.meter
    }

    /// Takes the places that all share, once: the body has come, and work begins.
    ///
    /// Errors: 429 when the key has used up its share of the slots, 503 when the service is too
    /// busy. The cost of the request is refunded.
    pub(crate) async fn enter(&self, limits: &Limits, intake: &Intake) -> Result<(), Failure> {
        if std::mem::replace(&mut self.held.lock().has_entered, true) {
            return Ok(());
        }
        let outcome = self.find_shared_places(limits, intake).await;
        if outcome.is_err() {
            self.give_back();
        }
        outcome
    }

    /// Keeps a slot until the request has been processed.
    pub(crate) fn hold(&self, place: GatePermit) {
        self.held.lock().shared.push(place);
    }

    /// Kept until the answer is written.
    pub(crate) fn take_own(&self) -> Option<GatePermit> {
        self.held.lock().own.take()
    }

    async fn find_own_places(&self) -> Result<(), Failure> {
        let own = enter(&self.meter().gate, KEY_PATIENCE, Code::RateLimited).await?;
        self.held.lock().own = Some(own);
        if let Some((_, facility)) = &self.caller.only_facility
            && self.kind != RequestKind::Read
        {
            let place = enter(&facility.gate, KEY_PATIENCE, Code::RateLimited).await?;
            self.hold(place);
        }
        Ok(())
    }

    async fn find_shared_places(&self, limits: &Limits, intake: &Intake) -> Result<(), Failure> {
        let gates: &[&Gate] = match self.kind {
            RequestKind::Declare => &[],
            RequestKind::Read => &[&limits.others],
            RequestKind::DeclareMany => &[&limits.others, &limits.batches],
        };
        let share = match self.kind {
            RequestKind::Declare => None,
            RequestKind::Read => Some(&self.meter().reads_at_once),
            RequestKind::DeclareMany => Some(&self.meter().batches),
        };
        if let Some(share) = share {
            let share = enter(share, KEY_PATIENCE, Code::RateLimited).await?;
            self.hold(share);
        }
        for gate in gates.iter().copied().chain([&limits.process]) {
            let place = enter(gate, PROCESS_PATIENCE, Code::Overloaded).await?;
            self.hold(place);
        }
        if self.kind != RequestKind::Read && !intake.has_room(1) {
            counter!("luutru_shed_total", "reason" => "queue").increment(1);
            return Err(Failure::new(Code::Overloaded));
        }
        Ok(())
    }

    /// Refunds all units: the service failed to do what was asked.
    pub(crate) fn give_back(&self) {
        for units in self.held.lock().units.drain(..) {
            units.of.allowance().give_back(units.count);
        }
    }
}

async fn enter(gate: &Gate, patience: Duration, otherwise: Code) -> Result<GatePermit, Failure> {
    gate.enter(patience).await.ok_or_else(|| {
        counter!("luutru_shed_total", "reason" => "requests_at_once").increment(1);
        Failure::new(otherwise)
    })
}

/// A request's permission to be processed. Dropping it releases the shared slots; the units stay
/// used.
pub(crate) struct Ticket {
    /// The caller.
    pub(crate) caller: Arc<Caller>,
    holdings: Arc<Holdings>,
    /// The facility whose place is held already.
    placed: Option<Uuid>,
    /// The facility of which a unit is taken already.
    charged: Option<Uuid>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let shared = std::mem::take(&mut self.holdings.held.lock().shared);
        drop(shared);
    }
}

impl Ticket {
    /// Decides before the body is read.
    ///
    /// Errors: 429 when the key's quota or places are used up, 503 when the service is too busy.
    pub(crate) async fn issue(caller: Arc<Caller>, kind: RequestKind) -> Result<Self, Failure> {
        let mut ticket = Self::new(caller, kind);
        let outcome = match ticket.take_first(kind) {
            Ok(()) => ticket.holdings.find_own_places().await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = outcome {
            ticket.give_back();
            return Err(failure);
        }
        let only = ticket.caller.only_facility.as_ref().map(|(id, _)| *id);
        ticket.placed = only.filter(|_| kind != RequestKind::Read);
        Ok(ticket)
    }

    /// What the request holds, shared with whoever reads its body.
    pub(crate) fn holdings(&self) -> Arc<Holdings> {
        Arc::clone(&self.holdings)
    }

    fn new(caller: Arc<Caller>, kind: RequestKind) -> Self {
        Self {
            holdings: Holdings::new(Arc::clone(&caller), kind),
            caller,
            placed: None,
            charged: None,
        }
    }

    /// The body has come, or there is none: see [`Holdings::enter`].
    pub(crate) async fn enter(&self, limits: &Limits, intake: &Intake) -> Result<(), Failure> {
        self.holdings.enter(limits, intake).await
    }

    /// Also releases the key's slot: the answer has its own limits.
    pub(crate) fn leave(self) {
        drop(self.holdings.take_own());
    }

    /// Decides once the body is parsed: the rest of what it costs, all or nothing. `stay_count`
    /// is of all stays, `facilities` has those whose facility the caller may use.
    ///
    /// Errors: 413 when it costs more than there ever is at once, else as [`Ticket::issue`].
    pub(crate) async fn charge(
        &mut self,
        limits: &Limits,
        stay_count: u32,
        facilities: &[(Uuid, u32)],
    ) -> Result<(), Failure> {
        let outcome = self.try_charge(limits, stay_count, facilities).await;
        if outcome.is_err() {
            self.give_back();
        }
        outcome
    }

    /// Refunds all units: the service failed to do what was asked.
    pub(crate) fn give_back(&mut self) {
        self.holdings.give_back();
    }

    /// Turns an error into the answer; our own faults cost the caller nothing.
    pub(crate) fn refuse(&self, failure: impl Into<Failure>) -> Failure {
        let failure = failure.into();
        if failure.is_ours() {
            self.holdings.give_back();
        }
        failure
    }

    /// One unit of the key; and one of the facility, where there is only one it can be for.
    fn take_first(&mut self, kind: RequestKind) -> Result<(), Failure> {
        let meter = Arc::clone(&self.caller.meter);
        match kind {
            RequestKind::Read => return self.take(Quota::Reads(meter), 1),
            RequestKind::Declare | RequestKind::DeclareMany => self.take(Quota::Key(meter), 1)?,
        }
        let caller = Arc::clone(&self.caller);
        let only = caller.only_facility.as_ref();
        if let Some((id, facility)) = only.filter(|_| kind == RequestKind::Declare) {
            self.take(Quota::Facility(Arc::clone(facility)), 1)?;
            self.charged = Some(*id);
        }
        Ok(())
    }

    async fn try_charge(
        &mut self,
        limits: &Limits,
        stay_count: u32,
        facilities: &[(Uuid, u32)],
    ) -> Result<(), Failure> {
        let key = Arc::clone(&self.caller.meter);
        let facility_burst = limits.facility_rate().burst.get();
        let is_too_large = stay_count > key.stays.rate().burst.get()
            || facilities.iter().any(|(_, count)| *count > facility_burst);
        if is_too_large {
            return Err(Failure::new(Code::BatchTooLarge));
        }
        self.take(Quota::Key(key), stay_count.saturating_sub(1))?;
        for (id, count) in facilities {
            let meter = limits.facility(*id);
            let meter = meter.ok_or_else(|| Failure::new(Code::Overloaded))?;
            let taken = u32::from(self.charged == Some(*id));
            self.take(
                Quota::Facility(Arc::clone(&meter)),
                count.saturating_sub(taken),
            )?;
            if self.placed != Some(*id) {
                let place = enter(&meter.gate, FACILITY_PATIENCE, Code::RateLimited).await?;
                self.holdings.hold(place);
            }
        }
        Ok(())
    }

    fn take(&mut self, of: Quota, count: u32) -> Result<(), Failure> {
        if count == 0 {
            return Ok(());
        }
        let outcome = of.allowance().take(count);
        let decision = if outcome.is_ok() { "admit" } else { "reject" };
        counter!(
            "luutru_ratelimit_decisions_total", "policy" => of.policy(), "decision" => decision
        )
        .increment(1);
        outcome?;
        self.holdings.held.lock().units.push(Units { of, count });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ApiSettings;

    fn ticket(limits: &Limits) -> Ticket {
        let caller = Arc::new(Caller::for_test(limits));
        let mut ticket = Ticket::new(Arc::clone(&caller), RequestKind::Declare);
        let key = Arc::clone(&caller.meter);
        ticket.take(Quota::Key(key), 1).unwrap();
        ticket
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_charged_whole_or_not_at_all() {
        let limits = Limits::new(&ApiSettings::for_test());
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut first = ticket(&limits);
        first
            .charge(&limits, 1_000, &[(one, 600), (two, 400)])
            .await
            .unwrap();
        let key = Arc::clone(&first.caller.meter);
        assert_eq!(key.stays.remaining(), 5_000);
        assert_eq!(limits.facility_remaining(one), 2_400);

        // The second facility has too little: nothing is charged, not even the first unit.
        let mut second = ticket(&limits);
        let failure = second
            .charge(&limits, 3_200, &[(one, 500), (two, 2_700)])
            .await
            .unwrap_err();
        assert_eq!(failure.code(), Code::RateLimited);
        assert_eq!(key.stays.remaining(), 5_000);
        assert_eq!(limits.facility_remaining(one), 2_400);
        assert_eq!(limits.facility_remaining(two), 2_600);
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_never_be_had_is_too_large_even_when_the_quota_is_spent() {
        let limits = Limits::new(&ApiSettings::for_test());
        let facility = Uuid::from_u128(1);
        let mut spender = ticket(&limits);
        spender.charge(&limits, 6_000, &[]).await.unwrap();
        for (stay_count, facility_count) in [(6_001, 0), (3_001, 3_001)] {
            let mut ticket = Ticket::new(Arc::clone(&spender.caller), RequestKind::Declare);
            let failure = ticket
                .charge(&limits, stay_count, &[(facility, facility_count)])
                .await
                .unwrap_err();
            assert_eq!(failure.code(), Code::BatchTooLarge);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_our_own_faults_are_given_back() {
        let limits = Limits::new(&ApiSettings::for_test());
        let key = Arc::clone(&ticket(&limits).caller.meter);
        let before = key.stays.remaining();
        assert!(
            ticket(&limits)
                .refuse(Failure::new(Code::Overloaded))
                .is_ours()
        );
        assert_eq!(key.stays.remaining(), before);
        ticket(&limits).refuse(Failure::new(Code::ReferenceConflict));
        assert_eq!(key.stays.remaining(), before - 1);
    }
}
