//! Group commit: gathers waiting declarations into one durable transaction.
//!
//! What is clean of a group is written by one statement, where the database can; what is left
//! follows in a transaction.
//!
//! [`gather`] makes the groups and splits those that fail. Declarations with the same reference,
//! content or key are twins: the later one finds what the earlier one wrote.

use std::{pin::Pin, sync::Arc};

use metrics::{counter, histogram};
use runtime::gather::{self, Gathered, Gatherer, GroupParts};
use store::{
    Blame, Database,
    census::lease::CensusLease,
    declarations::{self, DeclarationOutcome, Judged, NewDeclaration},
    stays::StayVersionRow,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Refusal,
    admission::Admission,
    lost_commit::{self, Trace},
    progress::CommitProgress,
};

/// The committers' end of the queue.
pub(crate) type Queue = gather::SharedQueue<Admission>;

/// Takes groups from the queue and writes them.
pub(crate) struct Committer {
    pub(crate) db: Database,
    pub(crate) progress: Arc<CommitProgress>,
    pub(crate) queue: Queue,
    /// Signals that the queue is closing; queued declarations are still written.
    pub(crate) closing: CancellationToken,
    pub(crate) group_count_max: usize,
}

impl Committer {
    /// Runs until the queue is closed and empty.
    pub(crate) async fn run(self) {
        let mut gatherer = Gatherer::new(Arc::clone(&self.queue), self.closing.clone());
        while let Some(group) = gatherer.next(|| self.group_count_max()).await {
            self.write_group(group).await;
        }
    }

    /// While the database is stuck, probe it with one declaration at a time, so that no others have
    /// to wait with it.
    fn group_count_max(&self) -> usize {
        if self.progress.is_stuck() {
            1
        } else {
            self.group_count_max
        }
    }

    async fn write_group(&self, group: Vec<Admission>) {
        let now = Instant::now();
        let writing: Vec<Admission> = group
            .into_iter()
            .filter_map(|admission| admission.start_writing(now))
            .collect();
        let (free, held) = by_hold(writing);
        let left = self.write_at_once(free, GroupStatement::Clean).await;
        let left = self.write_at_once(left, GroupStatement::Noticed).await;
        for group in std::iter::once(left).chain(held) {
            let mut parts = GroupParts::of(group);
            while let Some(part) = parts.next() {
                self.write_part(part, &mut parts).await;
            }
        }
    }

    /// Writes and answers what one statement can; gives back what is left for a transaction.
    async fn write_at_once(
        &self,
        group: Vec<Admission>,
        statement: GroupStatement,
    ) -> Vec<Admission> {
        if group.is_empty() {
            return group;
        }
        let writing = self.progress.begin(group.len());
        let started = writing.since();
        let written = in_time(Box::pin(statement.run(&self.db, &rows(&group)))).await;
        // Often nothing was asked then: how the database gets on, the transaction tells.
        if let Ok(judged) = &written
            && judged.iter().all(Option::is_none)
        {
            return group;
        }
        writing.end(&written);
        match written {
            Ok(judged) => {
                let judged_count = judged.iter().flatten().count();
                observe(&self.db, "statement", judged_count, started);
                return answer_judged(group, judged);
            }
            Err(store::Error::OutcomeUnknown) => {
                Box::pin(search_outcome(&self.db, group, started)).await
            }
            Err(error) => refuse_all(group, &error),
        }
        Vec::new()
    }

    /// Writes a part of a group and answers its callers, or leaves its halves among `parts`.
    async fn write_part(&self, part: Vec<Admission>, parts: &mut GroupParts<Admission>) {
        let writing = self.progress.begin(part.len());
        let started = writing.since();
        let written = in_time(Box::pin(self.write_rows(&part))).await;
        observe(&self.db, "transaction", part.len(), started);
        writing.end(&written);
        match written {
            Ok(judged) => answer_each(part, judged),
            Err(store::Error::OutcomeUnknown) => {
                Box::pin(search_outcome(&self.db, part, started)).await
            }
            Err(error) if error.is_of_the_rows() => {
                if let Some(alone) = parts.split(part) {
                    refuse_all(vec![alone], &error);
                }
            }
            Err(error) => refuse_all(part, &error),
        }
    }

    /// Writes a part, all of which is of the same census or of none.
    async fn write_rows(&self, part: &[Admission]) -> store::Result<Vec<Judged>> {
        let rows = rows(part);
        match part.first().and_then(|admission| admission.hold) {
            None => declarations::write(&self.db, &rows).await,
            Some(lease) => declarations::write_held(&self.db, lease, &rows).await,
        }
    }
}

/// The admissions of no census, and those of each census: a transaction is under one lease.
fn by_hold(group: Vec<Admission>) -> (Vec<Admission>, Vec<Vec<Admission>>) {
    if group.iter().all(|admission| admission.hold.is_none()) {
        return (group, Vec::new());
    }
    let mut free = Vec::new();
    let mut held: Vec<(CensusLease, Vec<Admission>)> = Vec::new();
    for admission in group {
        let Some(hold) = admission.hold else {
            free.push(admission);
            continue;
        };
        match held.iter_mut().find(|(lease, _)| *lease == hold) {
            Some((_, part)) => part.push(admission),
            None => held.push((hold, vec![admission])),
        }
    }
    (free, held.into_iter().map(|(_, part)| part).collect())
}

fn rows(part: &[Admission]) -> Vec<&NewDeclaration> {
    part.iter()
        .map(|admission| &admission.declaration)
        .collect()
}

/// The statements of a group that are transactions of their own.
#[derive(Clone, Copy)]
enum GroupStatement {
    /// For what nothing stands against.
    Clean,
    /// For what has only neighbours.
    Noticed,
}

impl GroupStatement {
    async fn run(
        self,
        db: &Database,
        group: &[&NewDeclaration],
    ) -> store::Result<Vec<Option<Judged>>> {
        match self {
            Self::Clean => declarations::write_clean(db, group).await,
            Self::Noticed => declarations::write_noticed(db, group).await,
        }
    }
}

/// The writing stands on the heap because it is large: an unoptimised build would pass it through the
/// stack once for every caller above it.
async fn in_time<T, W>(writing: Pin<Box<W>>) -> store::Result<T>
where
    W: Future<Output = store::Result<T>>,
{
    let written = timeout(store::write::TRANSACTION_DURATION_MAX, writing).await;
    written.unwrap_or(Err(store::Error::OutcomeUnknown))
}

impl Gathered for Admission {
    type Key = [u8; 32];

    fn keys(&self) -> impl Iterator<Item = [u8; 32]> {
        let by_content = self.declaration.uniqueness.key_hash;
        let idempotency = self.declaration.idempotency.as_ref();
        let by_key = idempotency.map(|key| key.key_hash);
        std::iter::once(by_content).chain(by_key)
    }
}

fn observe(db: &Database, way: &'static str, item_count: usize, started: Instant) {
    if item_count == 0 {
        return;
    }
    let backend = db.backend().as_str();
    counter!("luutru_intake_commits_total", "way" => way).increment(1);
    histogram!("luutru_intake_commit_duration_seconds", "backend" => backend)
        .record(started.elapsed().as_secs_f64());
    #[expect(
        clippy::cast_precision_loss,
        reason = "a group has at most a few hundred items"
    )]
    histogram!("luutru_intake_group_count", "backend" => backend).record(item_count as f64);
}

fn answer_each(part: Vec<Admission>, judged: Vec<Judged>) {
    for (admission, judged) in part.into_iter().zip(judged) {
        answer(admission, judged);
    }
}

fn answer(admission: Admission, judged: Judged) {
    if judged.outcome == DeclarationOutcome::Written {
        observe_deadline(&admission.declaration.stay);
    }
    admission.answer(Ok(judged));
}

/// Answers what is judged; gives back the others.
fn answer_judged(group: Vec<Admission>, judged: Vec<Option<Judged>>) -> Vec<Admission> {
    let mut left = Vec::new();
    for (admission, judged) in group.into_iter().zip(judged) {
        match judged {
            Some(judged) => answer(admission, judged),
            None => left.push(admission),
        }
    }
    left
}

fn observe_deadline(stay: &entity::stay::Model) {
    let guest_kind = match stay.nationality.as_deref() {
        Some("VNM") => "citizen",
        Some(_) => "foreigner",
        None => "unknown",
    };
    let verdict = if stay.received_at < stay.deadline_at {
        "on_time"
    } else {
        "late"
    };
    counter!("luutru_intake_on_time_total", "verdict" => verdict, "guest_kind" => guest_kind)
        .increment(1);
    let margin_seconds = (stay.deadline_at - stay.received_at).as_seconds_f64();
    histogram!("luutru_deadline_margin_seconds", "facility_kind" => stay.facility_kind.as_stored().to_owned())
        .record(margin_seconds.max(0.0));
}

fn refuse_all(part: Vec<Admission>, error: &store::Error) {
    match error.blame() {
        // The census that has the turn now does what is left.
        Blame::Lease => {
            tracing::warn!(%error, "a census lost its turn before all was written")
        }
        Blame::Server | Blame::Rows | Blame::Data | Blame::Installation => {
            tracing::error!(%error, count = part.len(), "could not write a group of declarations");
        }
    }
    for admission in part {
        let has_key = admission.declaration.idempotency.is_some();
        admission.answer(Err(refusal_of(error, has_key)));
    }
}

fn refusal_of(error: &store::Error, has_key: bool) -> Refusal {
    // Only a twin in another process holds the lock this long.
    if has_key && matches!(error, store::Error::LockTimeout) {
        return Refusal::IdempotencyInProgress;
    }
    error.clone().into()
}

/// The answer to COMMIT was lost. Stays that are found were written; the others may have been
/// replays, and nobody knows of which.
async fn search_outcome(db: &Database, part: Vec<Admission>, started: Instant) {
    let versions = part.iter().map(|admission| &admission.declaration.version);
    let versions: Vec<&StayVersionRow> = versions.collect();
    let traces = lost_commit::search(db, &versions, started).await;
    let mut traces = traces.unwrap_or_default().into_iter();
    for admission in part {
        admission.answer(match traces.next() {
            Some(Trace::Written { warnings }) => Ok(Judged {
                outcome: DeclarationOutcome::Written,
                warnings: Some(warnings),
            }),
            Some(Trace::Taken | Trace::Absent) | None => Err(Refusal::OutcomeUnknown),
        });
    }
}
