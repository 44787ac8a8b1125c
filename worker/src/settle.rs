//! Gathers the results of tasks into one transaction.
//!
//! There is no timer: when idle, a single result is written at once; under load, the next group
//! gathers while the current commit runs. No group holds two results of one stay; the later one
//! waits for the next group, so that results of a stay are written in order.
//!
//! While the database does not answer, results and their tasks wait here. A late result does no
//! harm: it names its lease, and changes nothing once the lease is lost.
//!
//! The destination of results is a [`Ledger`], so that a test can insert its own.

use std::{
    collections::{HashSet, VecDeque},
    pin::Pin,
    time::Duration,
};

use chrono::{DateTime, Utc};
use metrics::{counter, histogram};
use runtime::{clock::Clock, tasks};
use store::{
    Blame, Database,
    outbox::{self, TaskResult},
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
pub(crate) trait Ledger: Send + Sync {
    /// Writes a group in one transaction, see [`outbox::record`].
    fn record<'a>(&'a self, results: &'a [TaskResult], now: DateTime<Utc>) -> Recording<'a>;
}

impl Ledger for Database {
    fn record<'a>(&'a self, results: &'a [TaskResult], now: DateTime<Utc>) -> Recording<'a> {
        Box::pin(outbox::record(self, results, now))
    }
}

/// Where tasks hand in their results.
pub(crate) struct Recorder {
    queue: mpsc::Sender<Entry>,
    closing: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Entry {
    result: TaskResult,
    answer: oneshot::Sender<Recorded>,
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
    pub(crate) fn with_writer(ledger: Box<dyn Ledger>, clock: Clock) -> (Self, Writer) {
        let (sender, receiver) = mpsc::channel(QUEUE_COUNT_MAX);
        let closing = CancellationToken::new();
        let writer = Writer {
            ledger,
            clock,
            queue: receiver,
            closing: closing.clone(),
            held_back: VecDeque::new(),
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
        if self.queue.send(Entry { result, answer }).await.is_err() {
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
pub(crate) struct Writer {
    ledger: Box<dyn Ledger>,
    clock: Clock,
    queue: mpsc::Receiver<Entry>,
    closing: CancellationToken,
    /// Results that wait for the next group.
    held_back: VecDeque<Entry>,
}

impl Writer {
    /// Runs until the queue is closed and empty.
    async fn run(mut self) {
        while self.write_next().await {}
    }

    /// Waits for results and writes them. False once the queue is closed and empty.
    pub(crate) async fn write_next(&mut self) -> bool {
        let Some(group) = self.next_group().await else {
            return false;
        };
        let mut parts = vec![group];
        while let Some(part) = parts.pop() {
            parts.extend(self.write(part).await);
        }
        true
    }

    /// Tasks whose results wait for the next group.
    #[cfg(test)]
    pub(crate) fn held_back(&self) -> Vec<uuid::Uuid> {
        let entries = self.held_back.iter();
        entries.map(|entry| entry.result.task_id).collect()
    }

    async fn next_group(&mut self) -> Option<Group> {
        let mut group = Group::default();
        let mut held_back = VecDeque::new();
        for entry in std::mem::take(&mut self.held_back) {
            held_back.extend(group.add(entry));
        }
        if group.results.is_empty() {
            let first = self.first().await?;
            held_back.extend(group.add(first));
        }
        while group.results.len() + held_back.len() < GROUP_COUNT_MAX {
            let Ok(entry) = self.queue.try_recv() else {
                break;
            };
            held_back.extend(group.add(entry));
        }
        self.held_back = held_back;
        Some(group)
    }

    async fn first(&mut self) -> Option<Entry> {
        tokio::select! {
            biased;
            () = self.closing.cancelled() => {
                self.queue.close();
                self.queue.recv().await
            }
            entry = self.queue.recv() => entry,
        }
    }

    /// Writes and answers; gives back the halves of a group that must be split.
    async fn write(&self, mut group: Group) -> Vec<Group> {
        match self.record(&group.results).await {
            Ok(held) => {
                for (answer, held) in group.answers.into_iter().zip(held) {
                    tell(answer, if held { Recorded::Held } else { Recorded::Lost });
                }
                Vec::new()
            }
            Err(_) if group.results.len() > 1 => {
                let second = group.split_off(group.results.len() / 2);
                vec![second, group]
            }
            Err(error) => {
                for (result, answer) in group.results.iter().zip(group.answers) {
                    let task_id = result.task_id;
                    tracing::error!(task.id = %task_id, %error, "a result cannot be written");
                    tell(answer, Recorded::Failed);
                }
                Vec::new()
            }
        }
    }

    /// Tries until the database answers. Errors: only those that lie with the results.
    async fn record(&self, results: &[TaskResult]) -> store::Result<Vec<bool>> {
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

/// Sends the result to the task, unless the task has ended.
fn tell(answer: oneshot::Sender<Recorded>, recorded: Recorded) {
    let _ = answer.send(recorded);
}

/// Results that may be written together, and who waits for each.
#[derive(Default)]
struct Group {
    results: Vec<TaskResult>,
    answers: Vec<oneshot::Sender<Recorded>>,
    stays: HashSet<Uuid>,
    /// Stays with a result in the next group: later results of these stays must queue behind it.
    waiting: HashSet<Uuid>,
}

impl Group {
    /// Adds a result, or gives it back when one of the same stay is in already.
    fn add(&mut self, entry: Entry) -> Option<Entry> {
        let stay_id = entry.result.stay_id;
        if self.waiting.contains(&stay_id) || !self.stays.insert(stay_id) {
            self.waiting.insert(stay_id);
            return Some(entry);
        }
        self.results.push(entry.result);
        self.answers.push(entry.answer);
        None
    }

    /// Takes out what comes from `at` on.
    fn split_off(&mut self, at: usize) -> Self {
        Self {
            results: self.results.split_off(at),
            answers: self.answers.split_off(at),
            ..Self::default()
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
    use store::outbox::{Progress, StayChange};

    use super::*;

    fn entry(task: u128, stay: u128) -> Entry {
        let (answer, _) = oneshot::channel();
        let result = TaskResult {
            task_id: Uuid::from_u128(task),
            lease_id: Uuid::from_u128(1),
            stay_id: Uuid::from_u128(stay),
            version: 1,
            progress: Progress::Retry {
                due_at: chrono::DateTime::UNIX_EPOCH,
                is_unclear: false,
            },
            stay: StayChange::default(),
            attempts: Vec::new(),
            cases: Vec::new(),
            follow_up: None,
            audit: None,
            events: Vec::new(),
        };
        Entry { result, answer }
    }

    #[test]
    fn results_of_one_stay_go_one_after_the_other() {
        let mut group = Group::default();
        let held_back: Vec<u128> = [(1, 10), (2, 20), (3, 10), (4, 30), (5, 10)]
            .into_iter()
            .filter_map(|(task, stay)| group.add(entry(task, stay)))
            .map(|entry| entry.result.task_id.as_u128())
            .collect();
        let together: Vec<u128> = group
            .results
            .iter()
            .map(|result| result.task_id.as_u128())
            .collect();
        assert_eq!(together, [1, 2, 4]);
        assert_eq!(held_back, [3, 5]);
    }
}
