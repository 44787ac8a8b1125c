//! Makes waiting tasks due before their time: when the peer they wait for is back, to probe whether
//! it is, and after the clock was set back.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::operator::TaskStep;
use metrics::counter;
use store::outbox::{self, Communes};

use crate::{backoff::UNASKED_MAX, lane::Lane, worker::Worker};

/// Tasks made due by one statement.
const HASTEN_COUNT_MAX: u64 = 5_000;
/// Further ahead than any clock was wrong.
const FAR_AWAY: TimeDelta = TimeDelta::days(3_650);

impl Worker {
    /// Tasks waiting for a peer that is back become due at once; the rate limit spreads them.
    pub(crate) async fn hasten_recovered(&self) {
        if self.registry.take_recovered()
            && !self
                .hasten_all(TaskStep::CheckIdentity, &Communes::All)
                .await
        {
            self.registry.look_after_late_ones();
        }
        for lane in self.destinations.lanes() {
            if lane.peer.take_recovered()
                && let Some(communes) = self.destinations.communes_over(&lane)
                && !self.hasten_all(TaskStep::NotifyPolice, &communes).await
            {
                lane.peer.look_after_late_ones();
            }
        }
    }

    /// Whether every task was made due; if the database does not answer, the next round retries.
    async fn hasten_all(&self, step: TaskStep, communes: &Communes) -> bool {
        loop {
            match self.hasten(step, communes, HASTEN_COUNT_MAX).await {
                Some(HASTEN_COUNT_MAX) => {}
                Some(_) => return true,
                None => return false,
            }
        }
    }

    /// Makes a group of the tasks due that wait at `step`. True once none is left.
    pub(crate) async fn hasten_group(&self, step: TaskStep) -> bool {
        let hastened = self.hasten(step, &Communes::All, HASTEN_COUNT_MAX).await;
        hastened.is_some_and(|count| count < HASTEN_COUNT_MAX)
    }

    /// Makes every waiting task due at once, even where a peer asked for a delay.
    pub(crate) async fn hasten_what_waits(&self) {
        for step in [TaskStep::CheckIdentity, TaskStep::NotifyPolice] {
            let far_away = self.clock.now() + FAR_AWAY;
            while self
                .hasten_until(far_away, step, &Communes::All, HASTEN_COUNT_MAX)
                .await
                == Some(HASTEN_COUNT_MAX)
            {}
        }
    }

    /// True when a breaker would let a probe through.
    pub(crate) fn wants_probe(&self) -> bool {
        self.registry.is_probe_due() || !self.lanes_to_probe().is_empty()
    }

    fn lanes_to_probe(&self) -> Vec<Arc<Lane>> {
        let mut lanes = self.destinations.lanes();
        lanes.retain(|lane| lane.peer.is_probe_due());
        lanes
    }

    /// Uses one of the waiting tasks to probe whether the peer is back.
    pub(crate) async fn hasten_probes(&self) {
        if self.registry.is_probe_due() {
            self.hasten(TaskStep::CheckIdentity, &Communes::All, 1)
                .await;
        }
        for lane in self.lanes_to_probe() {
            if let Some(communes) = self.destinations.communes_over(&lane) {
                self.hasten(TaskStep::NotifyPolice, &communes, 1).await;
            }
        }
    }

    /// How many were made due; `None` when the database did not answer.
    async fn hasten(&self, step: TaskStep, communes: &Communes, limit: u64) -> Option<u64> {
        let latest = self.clock.now() + UNASKED_MAX;
        self.hasten_until(latest, step, communes, limit).await
    }

    async fn hasten_until(
        &self,
        latest: DateTime<Utc>,
        step: TaskStep,
        communes: &Communes,
        limit: u64,
    ) -> Option<u64> {
        let span = (self.clock.now(), latest);
        match outbox::hasten(&self.db, step, communes, span, limit).await {
            Ok(count) => {
                counter!("luutru_outbox_hastened_total", "step" => step.as_str()).increment(count);
                Some(count)
            }
            Err(error) => {
                tracing::warn!(%error, "could not make waiting tasks due; retrying");
                None
            }
        }
    }
}
