//! Statistics that are shared by those who watch the same areas.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use store::review::queue::OfficerScope;

use super::figures::PoliceStatistics;

/// Counting reads every stay of a week, so that those who watch the same areas share a count for
/// so long. It says when it was counted.
const KEPT_DURATION: Duration = Duration::from_secs(10);
/// Of how many areas counts are kept.
const KEPT_COUNT_MAX: u64 = 1_000;

/// The counts of areas that somebody watches.
pub(crate) struct KeptStatistics(Cache<OfficerScope, Arc<PoliceStatistics>>);

impl Default for KeptStatistics {
    fn default() -> Self {
        let kept = Cache::builder()
            .max_capacity(KEPT_COUNT_MAX)
            .time_to_live(KEPT_DURATION);
        Self(kept.build())
    }
}

impl KeptStatistics {
    /// The statistics of these areas; `count` makes them where none are kept. Of several who ask at
    /// once, one counts.
    pub(super) async fn get(
        &self,
        scope: &OfficerScope,
        count: impl Future<Output = store::Result<Arc<PoliceStatistics>>>,
    ) -> store::Result<Arc<PoliceStatistics>> {
        let counted = self.0.try_get_with_by_ref(scope, count).await;
        counted.map_err(|error| store::Error::clone(&error))
    }
}
