//! Compares accepted stays with the ledger of the simulated police endpoint.

use std::{
    collections::HashMap,
    fmt::{self, Display},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Watch,
    wire::{Connection, Target},
};

const POLL_INTERVAL: Duration = Duration::from_millis(100);
const PAGE_SIZE: usize = 1_000;

/// Accepted stays against effects at the police.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    /// Stays that were accepted (or had been before).
    pub(crate) expected: u64,
    /// Of these, how many arrived.
    pub(crate) arrived: u64,
    /// Of these, how many did not, within the time given.
    pub(crate) missing: u64,
    /// Of these, how many have more than one effect for one version and kind.
    pub(crate) doubled: u64,
    /// Seconds waited after the last answer.
    pub(crate) waited_seconds: f64,
}

impl Comparison {
    /// Each stay arrived, and once.
    pub(crate) fn is_clean(&self) -> bool {
        self.missing == 0 && self.doubled == 0
    }
}

impl Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "police    {} of {} arrived after {:.2} s, {} missing, {} duplicated",
            self.arrived, self.expected, self.waited_seconds, self.missing, self.doubled
        )
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Effect>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Effect {
    stay_id: Uuid,
    version: i64,
    kind: String,
}

/// Effects of one stay by version and kind.
type Arrivals = HashMap<(i64, String), u64>;

/// Reads the ledger until every stay of `stay_ids` is in it, `wait` at most.
///
/// Errors: the simulator's answer is not a ledger. Not reaching it is waited for.
pub(crate) async fn compare(
    target: &Target,
    stay_ids: &[Uuid],
    wait: Duration,
    stop: &CancellationToken,
    watch: Watch<'_>,
) -> anyhow::Result<Comparison> {
    let beginning = Instant::now();
    let mut reader = Reader::new(target)?;
    let mut effects: HashMap<Uuid, Arrivals> =
        stay_ids.iter().map(|id| (*id, Arrivals::new())).collect();
    loop {
        let page = reader.next_page().await?;
        let is_last = page.is_none();
        for effect in page.into_iter().flatten() {
            if let Some(known) = effects.get_mut(&effect.stay_id) {
                *known.entry((effect.version, effect.kind)).or_default() += 1;
            }
        }
        let is_over = beginning.elapsed() >= wait || stop.is_cancelled();
        if is_last {
            let arrived = effects.values().filter(|known| !known.is_empty()).count();
            watch("stays at the police", arrived as u64, effects.len() as u64);
            if is_over || arrived == effects.len() {
                break;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    let count = |is_counted: fn(&Arrivals) -> bool| {
        effects.values().filter(|known| is_counted(known)).count() as u64
    };
    Ok(Comparison {
        expected: effects.len() as u64,
        arrived: count(|known| !known.is_empty()),
        missing: count(Arrivals::is_empty),
        doubled: count(|known| known.values().any(|effects| *effects > 1)),
        waited_seconds: beginning.elapsed().as_secs_f64(),
    })
}

/// Reads a ledger that grows from where it stopped.
struct Reader {
    connection: Connection,
    /// The position of the page to read next; the simulator's cursors are positions.
    position: usize,
    /// Items of that page already given out, while it was the last one.
    seen: usize,
}

impl Reader {
    fn new(target: &Target) -> anyhow::Result<Self> {
        Ok(Self {
            connection: Connection::new(target, Duration::from_secs(10))?,
            position: 0,
            seen: 0,
        })
    }

    /// New effects; `None` when there are none at the moment.
    async fn next_page(&mut self) -> anyhow::Result<Option<Vec<Effect>>> {
        let path = format!(
            "/v1/notifications?limit={PAGE_SIZE}&cursor={}",
            self.position
        );
        let Ok(answer) = self.connection.get(&path, &[]).await else {
            return Ok(None);
        };
        ensure!(
            answer.status == 200,
            "the police endpoint answers {} to a look at its ledger",
            answer.status
        );
        let page: Page = serde_json::from_slice(&answer.body)
            .context("the police endpoint's answer is no ledger")?;
        let mut items = page.items;
        let new = items.split_off(self.seen.min(items.len()));
        self.seen += new.len();
        if let Some(cursor) = page.next_cursor {
            self.position = cursor
                .parse()
                .context("the ledger's cursor is no position")?;
            self.seen = 0;
        }
        Ok((!new.is_empty()).then_some(new))
    }
}
