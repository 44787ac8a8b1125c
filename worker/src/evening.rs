//! Time-driven changes: at 23:00 the guests still present are reported to the police, and senders
//! are told of planned departures that have passed.
//!
//! Several workers may run it at once: each stay is moved from the version at which it was found,
//! by exactly one of them. After downtime everything missed is caught up. The resulting calls are
//! rate-limited like all others.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    event::EventKind,
    night,
    notification::notification_id,
    stay::NotificationKind,
    time::format_instant,
};
use metrics::counter;
use runtime::{clock::Clock, ids};
use serde_json::json;
use store::{
    audit::{self, Actor},
    evening::{self, Forwarded, Overdue},
    outbox::NewTask,
    stays::StayRow,
};

use crate::worker::Worker;

/// Stays of one transaction.
const GROUP_COUNT_MAX: u16 = 500;
/// How many groups one round handles. The rest wait for the next round, so that other work is not
/// held up.
const GROUPS_AT_ONCE: usize = 20;

/// One round.
pub(crate) async fn look(worker: &Arc<Worker>) {
    // A clock that is ahead would cause notifications that are not due and cannot be withdrawn.
    if worker.has_wrong_clock() {
        return;
    }
    worker.forward_who_is_there().await;
    worker.tell_who_should_have_left().await;
}

impl Worker {
    /// Sends the stays that include a night now that it is 23:00.
    pub(crate) async fn forward_who_is_there(&self) {
        for _ in 0..GROUPS_AT_ONCE {
            match self.forward_group().await {
                Ok((0, _)) => return,
                Ok((found, forwarded)) => {
                    tracing::info!(count = forwarded, "stays now include a night and are sent");
                    counter!("luutru_stays_forwarded_at_night_total")
                        .increment(u64::try_from(forwarded).unwrap_or(u64::MAX));
                    if found < usize::from(GROUP_COUNT_MAX) {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "stays due at 23:00 wait for the next round");
                    return;
                }
            }
        }
    }

    /// How many there were, and how many of them were sent by this worker.
    async fn forward_group(&self) -> store::Result<(usize, usize)> {
        let now = self.clock.now();
        let day = night::last_evening(now);
        let stays = evening::still_there(&self.db, day, GROUP_COUNT_MAX.into()).await?;
        let found = stays.len();
        let forwarded = stays.iter().map(|stay| forwarded(&self.clock, stay, now));
        let count = evening::forward(&self.db, forwarded.collect(), now).await?;
        Ok((found, count))
    }

    async fn tell_who_should_have_left(&self) {
        for _ in 0..GROUPS_AT_ONCE {
            match self.tell_group().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "overdue departures wait for the next round");
                    return;
                }
            }
        }
    }

    /// Whether there may be more.
    async fn tell_group(&self) -> store::Result<bool> {
        let now = self.clock.now();
        if !evening::has_overdue(&self.db, now).await? {
            return Ok(false);
        }
        let tell = |stay: &Overdue| overdue_event(&self.clock, stay, now);
        let limit = GROUP_COUNT_MAX.into();
        let count = evening::tell_overdue(&self.db, now, limit, tell).await?;
        Ok(count == usize::from(GROUP_COUNT_MAX))
    }
}

/// The notification of the current version, and its audit entry.
fn forwarded(clock: &Clock, stay: &StayRow, now: DateTime<Utc>) -> Forwarded {
    let kind = NotificationKind::Stay;
    let place = (ids::uuid_v7(clock), now);
    let entry = audit::entry(
        place,
        Actor::Worker,
        Action::NotificationRequired,
        (SubjectKind::Stay, stay.id),
    );
    Forwarded {
        task: NewTask {
            id: notification_id(stay.id, stay.version, kind),
            stay_id: stay.id,
            version: stay.version,
            kind,
            facility_id: stay.facility_id,
            commune_code: stay.commune_code.clone(),
            deadline_at: stay.deadline_at,
            due_at: now,
            trace_parent: None,
            created_at: now,
        },
        audit: audit::Entry {
            subject_version: Some(stay.version),
            ..entry
        },
    }
}

fn overdue_event(clock: &Clock, stay: &Overdue, now: DateTime<Utc>) -> entity::event::Model {
    let detail = json!({"expected_departure_at": format_instant(stay.expected_departure_at)});
    entity::event::Model {
        id: ids::uuid_v7(clock),
        organisation_id: Some(stay.organisation_id),
        facility_id: Some(stay.facility_id),
        stay_id: Some(stay.id),
        version: Some(stay.version),
        kind: EventKind::StayDepartureOverdue.into(),
        detail: detail.to_string(),
        created_at: now,
        sequence: None,
    }
}
