//! Writes the results of tasks in groups, one transaction each.
//!
//! [`gather`](runtime::gather) makes the groups and splits those that fail. Results of one stay are
//! twins, so that they are written in order.
//!
//! While the database does not answer, results and their tasks wait here. A late result does no
//! harm: it names its lease, and changes nothing once the lease is lost.
//!
//! The destination of results is a [`ResultLedger`], so that a test can insert its own.

use std::{pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use metrics::{counter, histogram};
use runtime::{
    clock::Clock,
    gather::{Gathered, Gatherer, GroupParts},
    tasks,
};
use store::{
    Blame, Database,
    results::{self, TaskResult},
};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Results that may wait to be written.
const QUEUE_COUNT_MAX: usize = 512;
/// Most results of one transaction.
const GROUP_COUNT_MAX: usize = 256;
/// The pause between attempts while the database does not answer, doubling from the first value up
/// to the second.
const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// Written.
    Held,
    /// Another worker now has the task; only the calls that were made are stored.
    Lost,
    /// The database refused this very result; the lease expires.
    Failed,
}

/// Results on their way into the ledger: for each, whether its lease still held.
pub(crate) type Recording<'a> = Pin<Box<dyn Future<Output = store::Result<Vec<bool>>> + Send + 'a>>;

/// Where results are written.
pub(crate) trait ResultLedger: Send + Sync {
    /// Writes a group in one transaction, see [`results::record`].
    fn record<'a>(&'a self, results: &'a [&TaskResult], now: DateTime<Utc>) -> Recording<'a>;
}

impl ResultLedger for Database {
    fn record<'a>(&'a self, results: &'a [&TaskResult], now: DateTime<Utc>) -> Recording<'a> {
        Box::pin(results::record(self, results, now))
    }
}

/// Where tasks hand in their results.
pub(crate) struct Recorder {
    queue: mpsc::Sender<QueuedResult>,
    closing: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct QueuedResult {
    result: TaskResult,
    answer: oneshot::Sender<Recorded>,
}

impl Gathered for QueuedResult {
    type Key = Uuid;

    fn keys(&self) -> impl Iterator<Item = Uuid> {
        std::iter::once(self.result.stay_id)
    }
}

impl QueuedResult {
    /// Sends the outcome to the task, unless the task has ended.
    fn answer(self, recorded: Recorded) {
        let _ = self.answer.send(recorded);
    }
}

impl Recorder {
    /// Starts the task that writes.
    pub(crate) fn start(db: Database, clock: Clock) -> Self {
        let (recorder, writer) = Self::with_writer(Box::new(db), clock);
        Self {
            task: Mutex::new(Some(tasks::spawn("worker.settle", writer.run()))),
            ..recorder
        }
    }

    /// Both ends; the caller must run the writer.
    pub(crate) fn with_writer(ledger: Box<dyn ResultLedger>, clock: Clock) -> (Self, ResultWriter) {
        let (sender, receiver) = mpsc::channel(QUEUE_COUNT_MAX);
        let closing = CancellationToken::new();
        let queue = Arc::new(Mutex::new(receiver));
        let writer = ResultWriter {
            ledger,
            clock,
            gatherer: Gatherer::new(queue, closing.clone()),
        };
        let recorder = Self {
            queue: sender,
            closing,
            task: Mutex::default(),
        };
        (recorder, writer)
    }

    /// Writes a result; returns once that is durable.
    pub(crate) async fn record(&self, result: TaskResult) -> Recorded {
        let (answer, answered) = oneshot::channel();
        // Closed at shutdown: the lease expires and another worker takes over.
        if self
            .queue
            .send(QueuedResult { result, answer })
            .await
            .is_err()
        {
            return Recorded::Failed;
        }
        let recorded = answered.await.unwrap_or(Recorded::Failed);
        if recorded == Recorded::Lost {
            counter!("luutru_outbox_lease_lost_total").increment(1);
        }
        recorded
    }

    /// Results that nobody has begun to write.
    #[cfg(test)]
    pub(crate) fn waiting_count(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Writes what waits and stops; gives up after `limit`.
    pub(crate) async fn stop(&self, limit: Duration) {
        self.closing.cancel();
        let Some(task) = self.task.lock().await.take() else {
            return;
        };
        let abort = task.abort_handle();
        if timeout(limit, task).await.is_err() {
            abort.abort();
            tracing::error!("some results were not written; their tasks will be repeated");
        }
    }
}

/// Writes what is handed in.
pub(crate) struct ResultWriter {
    ledger: Box<dyn ResultLedger>,
    clock: Clock,
    gatherer: Gatherer<QueuedResult>,
}

impl ResultWriter {
    /// Runs until the queue is closed and empty.
    async fn run(mut self) {
        while self.write_next().await {}
    }

    /// Waits for results and writes them. False once the queue is closed and empty.
    pub(crate) async fn write_next(&mut self) -> bool {
        let Some(group) = self.gatherer.next(|| GROUP_COUNT_MAX).await else {
            return false;
        };
        let mut parts = GroupParts::of(group);
        while let Some(part) = parts.next() {
            self.write(part, &mut parts).await;
        }
        true
    }

    /// Tasks whose results wait for the next group.
    #[cfg(test)]
    pub(crate) fn held_back(&self) -> Vec<Uuid> {
        let entries = self.gatherer.held_back();
        entries.map(|entry| entry.result.task_id).collect()
    }

    /// Writes a part of a group and answers its tasks, or leaves its halves among `parts`.
    async fn write(&self, part: Vec<QueuedResult>, parts: &mut GroupParts<QueuedResult>) {
        let results: Vec<&TaskResult> = part.iter().map(|entry| &entry.result).collect();
        match self.record(&results).await {
            Ok(held) => {
                for (entry, is_held) in part.into_iter().zip(held) {
                    entry.answer(if is_held {
                        Recorded::Held
                    } else {
                        Recorded::Lost
                    });
                }
            }
            Err(error) => {
                if let Some(alone) = parts.split(part) {
                    let task_id = alone.result.task_id;
                    tracing::error!(task.id = %task_id, %error, "a result cannot be written");
                    alone.answer(Recorded::Failed);
                }
            }
        }
    }

    /// Tries until the database answers. Errors: only those that lie with the results.
    async fn record(&self, results: &[&TaskResult]) -> store::Result<Vec<bool>> {
        let mut pause = RETRY_PAUSE.0;
        loop {
            let started = Instant::now();
            let recorded = timeout(
                store::write::TRANSACTION_DURATION_MAX,
                self.ledger.record(results, self.clock.now()),
            )
            .await
            .unwrap_or(Err(store::Error::OutcomeUnknown));
            observe(results.len(), started);
            match recorded {
                Err(error) if error.blame() == Blame::Server => {
                    tracing::warn!(%error, count = results.len(), "results are waiting for the database");
                    self.clock.sleep(pause).await;
                    pause = (pause * 2).min(RETRY_PAUSE.1);
                }
                known => return known,
            }
        }
    }
}

fn observe(result_count: usize, started: Instant) {
    histogram!("luutru_settle_duration_seconds").record(started.elapsed().as_secs_f64());
    #[expect(
        clippy::cast_precision_loss,
        reason = "a group has at most a few hundred results"
    )]
    histogram!("luutru_settle_group_count").record(result_count as f64);
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as SyncMutex;

    use store::results::TaskProgress;

    use super::*;

    /// Writes nothing and remembers what it was asked to write.
    #[derive(Clone, Default)]
    struct Memory {
        groups: Arc<SyncMutex<Vec<Vec<u128>>>>,
        /// The task whose result cannot be written.
        bad: Option<u128>,
    }

    impl ResultLedger for Memory {
        fn record<'a>(&'a self, results: &'a [&TaskResult], _: DateTime<Utc>) -> Recording<'a> {
            let tasks: Vec<u128> = results.iter().map(|one| one.task_id.as_u128()).collect();
            let is_bad = self.bad.is_some_and(|bad| tasks.contains(&bad));
            self.groups.lock().unwrap().push(tasks);
            let recorded = if is_bad {
                let code = "simulated".to_owned();
                Err(store::Error::Database { code })
            } else {
                Ok(vec![true; results.len()])
            };
            Box::pin(std::future::ready(recorded))
        }
    }

    fn result(task: u128, stay: u128) -> TaskResult {
        let due_at = DateTime::UNIX_EPOCH;
        let is_unclear = false;
        TaskResult {
            task_id: Uuid::from_u128(task),
            lease_id: Uuid::from_u128(1),
            stay_id: Uuid::from_u128(stay),
            version: 1,
            progress: TaskProgress::Retry { due_at, is_unclear },
            stay: results::StayChange::default(),
            attempts: Vec::new(),
            cases: Vec::new(),
            follow_up: None,
            audit: None,
            events: Vec::new(),
        }
    }

    /// Hands these in at once, writes them all, and returns what each task heard.
    async fn write_all(memory: Memory, results: &[(u128, u128)]) -> Vec<Recorded> {
        let (clock, _hands) = Clock::manual(DateTime::UNIX_EPOCH);
        let (recorder, mut writer) = Recorder::with_writer(Box::new(memory), clock);
        let mut heard = Vec::new();
        for (task, stay) in results {
            let (answer, answered) = oneshot::channel();
            let result = result(*task, *stay);
            assert!(
                recorder
                    .queue
                    .try_send(QueuedResult { result, answer })
                    .is_ok()
            );
            heard.push(answered);
        }
        recorder.closing.cancel();
        while writer.write_next().await {}
        let mut recorded = Vec::new();
        for answered in heard {
            recorded.push(answered.await.unwrap());
        }
        recorded
    }

    #[tokio::test]
    async fn results_of_one_stay_go_one_after_the_other() {
        let memory = Memory::default();
        let results = [(1, 10), (2, 20), (3, 10), (4, 30), (5, 10)];
        let heard = write_all(memory.clone(), &results).await;
        assert_eq!(heard, [Recorded::Held; 5]);
        let groups = memory.groups.lock().unwrap();
        assert_eq!(*groups, [vec![1, 2, 4], vec![3], vec![5]]);
    }

    #[tokio::test]
    async fn a_result_that_cannot_be_written_fails_alone() {
        let memory = Memory {
            bad: Some(3),
            ..Memory::default()
        };
        let results = [(1, 10), (2, 20), (3, 30), (4, 40)];
        let heard = write_all(memory.clone(), &results).await;
        let [held, failed] = [Recorded::Held, Recorded::Failed];
        assert_eq!(heard, [held, held, failed, held]);
        let groups = memory.groups.lock().unwrap();
        let expected = [vec![1, 2, 3, 4], vec![1, 2], vec![3, 4], vec![3], vec![4]];
        assert_eq!(*groups, expected);
    }
}
