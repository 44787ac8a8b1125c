//! Finds out what became of versions whose COMMIT was not answered.

use std::{collections::HashMap, time::Duration};

use metrics::counter;
use store::{
    Database,
    stays::{StayVersionRow, WrittenVersion},
};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// How long to ask the database, on a fresh connection: short enough that the sender gets an answer
/// within three seconds of the start, but long enough to ask at all.
const SEARCH_MAX: Duration = Duration::from_secs(2);
const SEARCH_MIN: Duration = Duration::from_millis(400);
const KNOWN_WITHIN: Duration = Duration::from_millis(2_700);
const PAUSE: Duration = Duration::from_millis(100);

/// What was found at the place of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// The version itself, with its warnings as stored.
    Written {
        /// Those it came with, and those noticed while it was written.
        warnings: String,
    },
    /// Another writer's version.
    Taken,
    /// Nothing.
    Absent,
}

/// Looks for the versions of a group whose COMMIT began then. The traces are in the order of the
/// group; `None` when nothing was found in time.
///
/// A group is written atomically: one version found decides about the others.
pub(crate) async fn search(
    db: &Database,
    group: &[&StayVersionRow],
    started: Instant,
) -> Option<Vec<Trace>> {
    counter!("luutru_intake_outcome_searches_total").increment(1);
    let found = timeout(search_max(started.elapsed()), find(db, group)).await;
    let found = found.unwrap_or_default();
    let (sought, found_count) = (group.len(), found.len());
    tracing::warn!(
        sought,
        found = found_count,
        "the answer to a COMMIT was lost"
    );
    (found_count > 0).then(|| traces(group, found))
}

async fn find(db: &Database, group: &[&StayVersionRow]) -> Vec<WrittenVersion> {
    let places = group.iter().map(|one| (one.stay_id, one.version));
    let places: Vec<(Uuid, i32)> = places.collect();
    loop {
        match store::stays::written(db, &places).await {
            Ok(found) if !found.is_empty() => return found,
            Ok(_) | Err(_) => sleep(PAUSE).await,
        }
    }
}

/// No two versions share a salt, so the digest tells whose a version is.
fn traces(group: &[&StayVersionRow], found: Vec<WrittenVersion>) -> Vec<Trace> {
    let mut found: HashMap<(Uuid, i32), WrittenVersion> = found
        .into_iter()
        .map(|version| ((version.stay_id, version.version), version))
        .collect();
    let trace = |one: &&StayVersionRow| match found.remove(&(one.stay_id, one.version)) {
        None => Trace::Absent,
        Some(there) if there.content_sha256 == one.content_sha256 => Trace::Written {
            warnings: there.warnings,
        },
        Some(_) => Trace::Taken,
    };
    group.iter().map(trace).collect()
}

fn search_max(elapsed: Duration) -> Duration {
    KNOWN_WITHIN
        .saturating_sub(elapsed)
        .clamp(SEARCH_MIN, SEARCH_MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::{
        change::ChangeKind,
        stay::{Channel, Presence},
    };

    use super::*;

    fn version(stay_id: u128, version: i32, digest: u8) -> StayVersionRow {
        StayVersionRow {
            stay_id: Uuid::from_u128(stay_id),
            version,
            channel: Channel::Rest.into(),
            created_by: Uuid::nil(),
            received_at: DateTime::UNIX_EPOCH,
            sealed: Vec::new(),
            content_index: Vec::new(),
            content_sha256: vec![digest; 32],
            receipt_number: String::new(),
            receipt_kid: String::new(),
            receipt_signature: Vec::new(),
            warnings: "[]".to_owned(),
            owed: None,
            is_forwardable: true,
            change_kind: ChangeKind::Declared.into(),
            change_index: None,
            sealed_reason: None,
            presence: Presence::Present.into(),
            delivery_version: 1,
            as_of: None,
        }
    }

    #[test]
    fn a_version_is_ours_by_its_digest() {
        let group = [version(1, 1, 7), version(2, 3, 7), version(3, 1, 7)];
        let group: Vec<&StayVersionRow> = group.iter().collect();
        let found = |stay_id, version, digest| WrittenVersion {
            stay_id: Uuid::from_u128(stay_id),
            version,
            content_sha256: vec![digest; 32],
            warnings: format!("[{digest}]"),
        };
        let traces = traces(&group, vec![found(2, 3, 8), found(1, 1, 7), found(3, 2, 7)]);
        let warnings = "[7]".to_owned();
        let expected = [Trace::Written { warnings }, Trace::Taken, Trace::Absent];
        assert_eq!(traces, expected);
    }

    #[test]
    fn a_sender_has_an_answer_within_three_seconds_of_the_start() {
        let millis = Duration::from_millis;
        let table = [
            (0, 2_000),
            (700, 2_000),
            (1_000, 1_700),
            (2_500, 400),
            (8_000, 400),
        ];
        for (elapsed, expected) in table {
            assert_eq!(search_max(millis(elapsed)), millis(expected), "{elapsed}");
        }
    }
}
