//! The calls made for a task under one claim, from their beginning until they are recorded.

use domain::operator::{AttemptOutcome, PeerName};
use metrics::counter;
use runtime::{clock::Clock, ids};
use store::outbox::Task;
use uuid::Uuid;

use crate::peer::PeerCall;

/// Calls that are not in the database yet, and how many there were.
#[derive(Default)]
pub(crate) struct ClaimAttempts {
    unrecorded: Vec<entity::attempt::Model>,
    count: i32,
}

impl ClaimAttempts {
    /// Records a call about to be made, so that an interrupted one is on record too.
    pub(crate) fn begin(&mut self, clock: &Clock, task: &Task, lease_id: Uuid, peer: PeerName) {
        self.count += 1;
        self.unrecorded.push(entity::attempt::Model {
            id: ids::uuid_v7(clock),
            task_id: task.id,
            stay_id: task.stay_id,
            peer: peer.into(),
            lease_id,
            started_at: clock.now(),
            latency_ms: 0,
            outcome: AttemptOutcome::Unknown.into(),
            http_status: None,
            code: Some("abandoned".to_owned()),
        });
    }

    /// Records how the call that began last has ended.
    pub(crate) fn end(&mut self, call: &PeerCall, outcome: AttemptOutcome, code: Option<&str>) {
        let Some(attempt) = self.unrecorded.last_mut() else {
            return;
        };
        attempt.started_at = call.started_at;
        attempt.latency_ms = i32::try_from(call.latency.as_millis()).unwrap_or(i32::MAX);
        attempt.outcome = outcome.into();
        attempt.http_status = call.http_status();
        attempt.code = code.map(str::to_owned);
        let peer = attempt.peer.as_stored().to_owned();
        counter!("luutru_outbox_attempts_total", "peer" => peer, "outcome" => outcome.as_str())
            .increment(1);
    }

    /// Takes the calls that are to be recorded now.
    pub(crate) fn take(&mut self) -> Vec<entity::attempt::Model> {
        std::mem::take(&mut self.unrecorded)
    }

    /// Calls of this claim, recorded or not.
    pub(crate) fn count(&self) -> i32 {
        self.count
    }
}
