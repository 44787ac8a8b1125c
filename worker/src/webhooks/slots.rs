//! How many calls may be under way, to each consumer and in all: a hanging consumer occupies few
//! slots, and none of those of consumers that answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use store::webhooks::WebhookRow;
use tokio::sync::Notify;
use uuid::Uuid;

/// Calls at once to a consumer that answers.
pub(super) const CALL_COUNT_MAX: u32 = 4;
/// Calls at once to one whose last call failed, or that has never taken anything.
const FAILING_CALL_COUNT_MAX: u32 = 1;
/// Calls at once to all consumers that answer, and to all that do not: each.
const POOL_COUNT_MAX: u32 = 128;

/// The calls under way.
#[derive(Default)]
pub(super) struct CallSlots {
    by_webhook: Mutex<HashMap<Uuid, UnderWay>>,
    /// A call ended.
    freed: Notify,
}

/// The calls under way to one consumer.
#[derive(Clone, Copy)]
struct UnderWay {
    count: u32,
    is_failing: bool,
}

/// A slot that is released on drop.
pub(super) struct CallSlot {
    slots: Arc<CallSlots>,
    webhook_id: Uuid,
}

impl Drop for CallSlot {
    fn drop(&mut self) {
        let mut by_webhook = self.slots.lock();
        if let Some(under_way) = by_webhook.get_mut(&self.webhook_id) {
            under_way.count = under_way.count.saturating_sub(1);
            if under_way.count == 0 {
                by_webhook.remove(&self.webhook_id);
            }
        }
        drop(by_webhook);
        self.slots.freed.notify_one();
    }
}

impl CallSlots {
    /// Waits until a call ends.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Takes a slot for a call to this consumer.
    pub(super) fn take(self: &Arc<Self>, webhook: &WebhookRow) -> CallSlot {
        let is_failing = is_doubtful(webhook);
        let mut by_webhook = self.lock();
        let under_way = by_webhook.entry(webhook.id).or_insert(UnderWay {
            count: 0,
            is_failing,
        });
        under_way.count += 1;
        CallSlot {
            slots: Arc::clone(self),
            webhook_id: webhook.id,
        }
    }

    /// How many more calls each webhook may get. `draw`, from 0 to 1, chooses with whom to begin.
    pub(super) fn free(&self, due: &[WebhookRow], draw: f64) -> Vec<(Uuid, u32)> {
        let by_webhook = self.lock();
        let taken = |is_failing| -> u32 {
            let all = by_webhook.values();
            let alike = all.filter(|under_way| under_way.is_failing == is_failing);
            alike.map(|under_way| under_way.count).sum()
        };
        let mut free_well = POOL_COUNT_MAX.saturating_sub(taken(false));
        let mut free_failing = POOL_COUNT_MAX.saturating_sub(taken(true));
        let mut wanted = Vec::new();
        // The order of ids would always favour old ones.
        let start = first_of(due.len(), draw);
        for webhook in due[start..].iter().chain(&due[..start]) {
            let (most, free) = if is_doubtful(webhook) {
                (FAILING_CALL_COUNT_MAX, &mut free_failing)
            } else {
                (CALL_COUNT_MAX, &mut free_well)
            };
            let held = by_webhook.get(&webhook.id).map_or(0, |one| one.count);
            let count = most.saturating_sub(held).min(*free);
            if count > 0 {
                *free -= count;
                wanted.push((webhook.id, count));
            }
        }
        wanted
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, UnderWay>> {
        self.by_webhook
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that fails, or has never taken anything: it may hang.
fn is_doubtful(webhook: &WebhookRow) -> bool {
    webhook.failing_since.is_some() || webhook.proven_at.is_none()
}

/// A random starting index in a list of this length.
fn first_of(length: usize, draw: f64) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a list of a few thousand, and a draw from 0 to 1"
    )]
    let place = (length as f64 * draw) as usize;
    place.min(length.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_list_may_be_the_first() {
        let table = [
            (0, 0.9, 0),
            (1, 0.99, 0),
            (4, 0.0, 0),
            (4, 0.5, 2),
            (4, 0.999, 3),
        ];
        for (length, draw, expected) in table {
            assert_eq!(first_of(length, draw), expected, "{length} {draw}");
        }
    }
}
