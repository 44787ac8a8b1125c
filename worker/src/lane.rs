//! A lane: an endpoint with its limits, its breaker and the tasks under way to it. A slow or
//! unreachable lane takes no capacity from the others.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

use crate::peer::Peer;

/// How many tasks may be under way on a lane that is being probed.
const PROBE_COUNT_MAX: usize = 4;

/// An endpoint and the tasks under way to it.
pub(crate) struct Lane {
    /// Code of the destination whose endpoint it is.
    pub(crate) code: Arc<str>,
    pub(crate) peer: Peer,
    under_way: AtomicUsize,
    /// Notified when a full lane has room again.
    freed: Arc<Notify>,
    bounds: LaneBounds,
}

/// What a lane was built from; a change means a new lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneBounds {
    pub(crate) endpoint_url: Option<String>,
    pub(crate) rate_per_second: Option<i32>,
    pub(crate) call_count_max: Option<i32>,
}

impl Lane {
    pub(crate) fn new(code: &str, peer: Peer, freed: Arc<Notify>, bounds: LaneBounds) -> Arc<Self> {
        Arc::new(Self {
            code: code.into(),
            peer,
            under_way: AtomicUsize::new(0),
            freed,
            bounds,
        })
    }

    /// What it was built from.
    pub(crate) fn bounds(&self) -> &LaneBounds {
        &self.bounds
    }

    /// Twice the concurrent calls, so one half is prepared while the other is in flight. No more
    /// than the rate allows in two seconds, or the tasks of a slow lane would occupy the slots that
    /// all lanes share.
    fn room_max(&self) -> usize {
        let calls = self.peer.call_count_max().min(self.peer.rate_per_second());
        calls.saturating_mul(2).max(8)
    }

    /// How many more tasks it takes now.
    pub(crate) fn room(&self) -> usize {
        let under_way = self.under_way.load(Ordering::Acquire);
        if !self.peer.is_open() {
            return self.room_max().saturating_sub(under_way);
        }
        usize::from(self.peer.is_probe_due() && under_way < PROBE_COUNT_MAX)
    }

    /// Takes a slot on the lane, released on drop.
    pub(crate) fn take(self: &Arc<Self>) -> LaneSlot {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        LaneSlot(Arc::clone(self))
    }
}

/// A task's slot on its lane.
pub(crate) struct LaneSlot(Arc<Lane>);

impl LaneSlot {
    /// The lane.
    pub(crate) fn lane(&self) -> &Arc<Lane> {
        &self.0
    }
}

impl Drop for LaneSlot {
    fn drop(&mut self) {
        let before = self.0.under_way.fetch_sub(1, Ordering::AcqRel);
        if before == self.0.room_max() / 2 + 1 {
            self.0.freed.notify_one();
        }
    }
}
