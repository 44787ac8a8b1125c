//! A claimed task: the worker's hold on it, and how often it may be claimed.

use store::outbox::{Subject, Task};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{content::UnreadableTask, lane::LaneSlot};

/// After this many claims without a result a task is not touched again.
const CLAIM_COUNT_MAX: i32 = 3;

/// A worker's hold on a task.
#[derive(Clone, Copy)]
pub(crate) struct TaskLease {
    /// The fencing token.
    pub(crate) id: Uuid,
    /// When it ends, counted from before the claim was sent.
    pub(crate) ends: Instant,
}

/// A task and its stay.
pub(crate) struct ClaimedTask {
    pub(crate) task: Task,
    pub(crate) lease: TaskLease,
    pub(crate) subject: Result<Subject, UnreadableTask>,
    /// The endpoint that it goes to.
    pub(crate) slot: LaneSlot,
}

impl ClaimedTask {
    /// True when this attempt must run alone: without a result, the task is poison.
    pub(crate) fn is_last_try(&self) -> bool {
        is_last_try(self.task.claim_count - 1)
    }
}

/// True when one more claim without a result would make a task poison.
pub(crate) fn is_last_try(claim_count: i32) -> bool {
    claim_count == CLAIM_COUNT_MAX - 1
}

/// True when a task has crashed so many workers that it must not be touched.
pub(crate) fn is_poison(task: &Task) -> bool {
    task.claim_count > CLAIM_COUNT_MAX
}
