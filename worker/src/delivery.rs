//! Processes one claimed task: checks the identity, fixes the bytes, sends them, records the
//! result.
//!
//! Holds always:
//! - Nothing is sent to the police before the bytes are stored, and every retry sends those bytes.
//! - No call begins under a lease that may end before the call does.
//! - No transaction is open while a peer is called.
//! - Only the peer's explicit answer, or harm done by the task itself, ends a task; failures of the
//!   peer never do.

mod identity;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    notification::{self, NotificationFacts, NotifiedStay},
    stay::{IdentityState, NotificationKind},
};
use entity::word::{self, Word};
use metrics::histogram;
use sha2::{Digest, Sha256};
use store::{
    outbox::{self, Subject, Task},
    results::{TaskProgress, TaskResult},
};

use crate::{
    attempts::ClaimAttempts,
    backoff::{self, Moment},
    claimed::{self, ClaimedTask, TaskLease},
    content::UnreadableTask,
    judgement::KnownIdentity,
    lane::LaneSlot,
    peer::{Peer, PeerCall, PeerName},
    police::{self, DeliveryOutcome, SentNotification},
    registry::IdentityFinding,
    results::{self, Results, Retry, TaskOutcome},
    settle::Recorded,
    worker::Worker,
};
use identity::JudgedFinding;

/// Unclear answers after which a task is parked.
const UNCLEAR_COUNT_MAX: i32 = 10;
/// For how long after another task's success an unclear answer counts against the task itself.
const WELL_KEPT: TimeDelta = TimeDelta::seconds(60);
/// The time a lease must have left beyond the longest call.
const LEASE_RESERVE: Duration = Duration::from_secs(2);

/// Codes of parked tasks.
const WORKER_DIED: &str = "worker_died";
const UNCLEAR_ANSWERS: &str = "unclear_answers";
const CONTENT_UNREADABLE: &str = "content_unreadable";

/// Processes a claimed task until its result is recorded.
pub(crate) async fn deliver(worker: &Worker, claimed: ClaimedTask) {
    let (kind, sent_identity) = match words(&claimed.task) {
        Ok(words) => words,
        Err(error) => return park_as_damaged(worker, &claimed, error).await,
    };
    let mut delivery = TaskDelivery {
        worker,
        task: claimed.task,
        lease: claimed.lease,
        slot: claimed.slot,
        kind,
        sent_identity,
        attempts: ClaimAttempts::default(),
    };
    let outcome = tokio::select! {
        // A stop takes precedence over starting anything else.
        biased;
        () = worker.abandon.cancelled() => TaskOutcome::retry(worker.clock.now()),
        outcome = delivery.run(claimed.subject) => outcome,
    };
    tracing::Span::current().record("outcome", outcome.as_str());
    delivery.finish(outcome).await;
}

/// What the task says, and which identity was fixed with its bytes.
fn words(task: &Task) -> Result<(NotificationKind, Option<IdentityState>), word::Unreadable> {
    let identity = task.identity_state.as_ref().map(Word::get);
    Ok((task.kind.get()?, identity.transpose()?))
}

async fn park_as_damaged(worker: &Worker, claimed: &ClaimedTask, error: word::Unreadable) {
    let task = &claimed.task;
    tracing::error!(task.id = %task.id, %error, "parked a task for an operator");
    let result = results::parked_as_damaged(&worker.clock, task, claimed.lease.id);
    worker.recorder.record(result).await;
}

/// The delivery of one task.
struct TaskDelivery<'a> {
    worker: &'a Worker,
    task: Task,
    lease: TaskLease,
    slot: LaneSlot,
    kind: NotificationKind,
    /// The identity that was fixed with the bytes.
    sent_identity: Option<IdentityState>,
    attempts: ClaimAttempts,
}

impl TaskDelivery<'_> {
    async fn run(&mut self, subject: Result<Subject, UnreadableTask>) -> TaskOutcome {
        if claimed::is_poison(&self.task) {
            return TaskOutcome::Parked { code: WORKER_DIED };
        }
        let body = match subject {
            Ok(subject) => self.body(&subject).await,
            Err(unreadable) => Err(self.outcome_of(&unreadable)),
        };
        match body {
            Ok(body) => self.send(body).await,
            Err(outcome) => outcome,
        }
    }

    /// The bytes to send: those fixed earlier, otherwise new ones.
    async fn body(&mut self, subject: &Subject) -> Result<Vec<u8>, TaskOutcome> {
        let contents = &self.worker.contents;
        if let Some(sealed) = self.task.sealed_body.take() {
            let opened = contents.open_body(&self.task, subject, &sealed).await;
            return opened.map_err(|unreadable| self.outcome_of(&unreadable));
        }
        if self.is_needless(subject) {
            return Err(TaskOutcome::Needless);
        }
        let known = KnownIdentity::of(subject).map_err(|error| self.damaged(error))?;
        let content = contents.open(&self.task, subject).await;
        let content = content.map_err(|unreadable| self.outcome_of(&unreadable))?;
        let (finding, judged) = self.identify(&content, subject, known).await?;
        let body = self.write(&content, subject, &finding).await;
        let body = body.map_err(|unreadable| self.outcome_of(&unreadable))?;
        self.fix(&body, subject, &finding, judged).await?;
        Ok(body)
    }

    /// An unsent identity result, while a later version of the stay carries its own.
    fn is_needless(&self, subject: &Subject) -> bool {
        self.kind == NotificationKind::IdentityResult
            && subject.delivery_version > self.task.version
    }

    async fn write(
        &self,
        content: &NotifiedStay,
        subject: &Subject,
        finding: &IdentityFinding,
    ) -> Result<Vec<u8>, UnreadableTask> {
        let worker = self.worker;
        let now = worker.clock.now();
        let facility = worker.contents.facility(&self.task, now).await?;
        let facts = NotificationFacts {
            id: self.task.id,
            stay_id: self.task.stay_id,
            version: self.task.version,
            kind: self.kind,
            facility: &facility,
            identity: finding.state,
            grade: finding.grade,
            registry_birth_date: finding.birth_date,
            registry_sex: finding.sex,
            timeliness: subject
                .timeliness
                .get()
                .map_err(|_| UnreadableTask::Damaged)?,
            received_at: subject.received_at,
            deadline_at: subject.deadline_at,
        };
        let body = notification::build(content, &facts);
        Ok(body.to_string().into_bytes())
    }

    /// Stores the bytes and the grade before they are sent for the first time.
    async fn fix(
        &mut self,
        body: &[u8],
        subject: &Subject,
        finding: &IdentityFinding,
        judged: JudgedFinding,
    ) -> Result<(), TaskOutcome> {
        let sealed = self.worker.contents.seal_body(&self.task, subject, body);
        let sealed_body = sealed.map_err(|unreadable| self.outcome_of(&unreadable))?;
        let body_sha256 = Sha256::digest(body).to_vec();
        let fixed = TaskProgress::Fixed {
            identity_state: finding.state,
            body_sha256: body_sha256.clone(),
            sealed_body,
        };
        let mut result = self.results().fixed(fixed, judged.judgement);
        if let Some(try_count) = judged.newly_probed {
            let case = self.probing_case(subject, try_count).await?;
            result.cases.extend(case);
        }
        self.sent_identity = Some(finding.state);
        self.task.body_sha256 = Some(body_sha256);
        match self.record(result).await {
            Recorded::Held => {}
            Recorded::Lost | Recorded::Failed => return Err(TaskOutcome::Gone),
        }
        if judged.newly_probed.is_some() {
            self.flag_same_number(subject).await;
        }
        Ok(())
    }

    /// Sends the fixed bytes and reads the answer.
    async fn send(&mut self, body: Vec<u8>) -> TaskOutcome {
        let worker = self.worker;
        let lane = Arc::clone(self.slot.lane());
        let Some(admitted) = lane.peer.admit().await else {
            let due_at = backoff::while_held(self.moment());
            return self.retry_when_back(PeerName::Police, due_at);
        };
        if !self.has_time_for_a_call() {
            return TaskOutcome::retry(worker.clock.now());
        }
        let headers = police::headers(
            &worker.police_secret,
            self.task.id,
            worker.clock.now(),
            self.task.trace_parent.as_deref(),
            &body,
        );
        self.begin_attempt(PeerName::Police);
        let call = admitted.post(headers, body.clone()).await;
        let outcome = self.judge_answer(&call, &body).await;
        admitted.note(outcome.health(), outcome.fault(), call.retry_after());
        self.attempts
            .end(&call, outcome.attempt_outcome(), outcome.code());
        self.after(outcome, &call).await
    }

    async fn judge_answer(&self, call: &PeerCall, body: &[u8]) -> DeliveryOutcome {
        let sent = SentNotification {
            id: self.task.id,
            body_sha256: self.task.body_sha256.as_deref().unwrap_or_default(),
            body,
        };
        let outcome = police::judge(sent, &call.outcome);
        if outcome.is_refusal_of_us() {
            // A signature with a wrong time is refused too. That is our fault, and temporary.
            self.worker.compare_clocks().await;
            if self.worker.has_wrong_clock() {
                return police::OUR_CLOCK_IS_WRONG;
            }
        }
        outcome
    }

    async fn after(&self, outcome: DeliveryOutcome, call: &PeerCall) -> TaskOutcome {
        match outcome {
            DeliveryOutcome::Delivered { police_reference } => {
                self.police().note_well();
                TaskOutcome::Delivered { police_reference }
            }
            DeliveryOutcome::Refused { code, is_conflict } => {
                self.police().note_well();
                TaskOutcome::Refused { code, is_conflict }
            }
            DeliveryOutcome::Unavailable { .. } => {
                let due_at = backoff::after_failure(self.moment(), call.retry_after());
                self.retry_when_back(PeerName::Police, due_at)
            }
            DeliveryOutcome::Unclear { .. } => self.after_unclear(call).await,
        }
    }

    /// An unclear answer counts against the task only if other tasks to the same endpoint succeed:
    /// since this task's last attempt, or within the last minute.
    async fn after_unclear(&self, call: &PeerCall) -> TaskOutcome {
        let worker = self.worker;
        let previous = outbox::last_attempt_at(&worker.db, self.task.id, PeerName::Police).await;
        let recent = call.started_at - WELL_KEPT;
        let since = previous.ok().flatten().unwrap_or(recent).min(recent);
        let well_at = self.police().status().well_at;
        let is_unclear = well_at.is_some_and(|well_at| well_at >= since);
        if is_unclear && self.task.unclear_count + 1 >= UNCLEAR_COUNT_MAX {
            return TaskOutcome::Parked {
                code: UNCLEAR_ANSWERS,
            };
        }
        TaskOutcome::Retry(Retry {
            due_at: backoff::after_failure(self.moment(), call.retry_after()),
            is_unclear,
            identity: None,
            waits_for: self.waits_for(PeerName::Police),
        })
    }

    /// Records how the task ends for now.
    async fn finish(mut self, outcome: TaskOutcome) {
        let waits_for = match &outcome {
            TaskOutcome::Retry(retry) => retry.waits_for,
            TaskOutcome::Delivered { .. }
            | TaskOutcome::Refused { .. }
            | TaskOutcome::Parked { .. }
            | TaskOutcome::Needless
            | TaskOutcome::Gone => None,
        };
        let is_delivered = matches!(outcome, TaskOutcome::Delivered { .. });
        let waited = self.worker.clock.now() - self.task.created_at;
        let Some(result) = self.results().of(outcome) else {
            return;
        };
        if self.record(result).await == Recorded::Held && is_delivered {
            histogram!("luutru_outbox_e2e_seconds")
                .record(waited.to_std().unwrap_or_default().as_secs_f64());
        }
        // The peer is back: this task was written after the others were made due.
        if let Some(peer) = waits_for {
            self.peer(peer).look_after_late_ones();
        }
    }

    /// Writes a result together with the calls that are not on record yet.
    async fn record(&mut self, mut result: TaskResult) -> Recorded {
        result.attempts = self.attempts.take();
        self.worker.recorder.record(result).await
    }

    fn results(&self) -> Results<'_> {
        Results {
            clock: &self.worker.clock,
            now: self.worker.clock.now(),
            task: &self.task,
            lease_id: self.lease.id,
            kind: self.kind,
            sent_identity: self.sent_identity,
        }
    }

    fn police(&self) -> &Peer {
        &self.slot.lane().peer
    }

    fn peer(&self, name: PeerName) -> &Peer {
        match name {
            PeerName::Registry => &self.worker.registry,
            PeerName::Police => self.police(),
        }
    }

    /// The peer, if its calls are blocked.
    fn waits_for(&self, peer: PeerName) -> Option<PeerName> {
        self.peer(peer).is_open().then_some(peer)
    }

    fn retry_when_back(&self, peer: PeerName, due_at: DateTime<Utc>) -> TaskOutcome {
        TaskOutcome::Retry(Retry {
            due_at,
            is_unclear: false,
            identity: None,
            waits_for: self.waits_for(peer),
        })
    }

    fn outcome_of(&self, unreadable: &UnreadableTask) -> TaskOutcome {
        match unreadable {
            UnreadableTask::NotNow => {
                TaskOutcome::retry(backoff::after_failure(self.moment(), None))
            }
            UnreadableTask::Damaged => TaskOutcome::Parked {
                code: CONTENT_UNREADABLE,
            },
        }
    }

    fn damaged(&self, error: word::Unreadable) -> TaskOutcome {
        tracing::error!(task.id = %self.task.id, %error, "the content of a task cannot be read");
        self.outcome_of(&UnreadableTask::Damaged)
    }

    fn moment(&self) -> Moment {
        let attempt_count = self.task.attempt_count + self.attempts.count();
        Moment {
            now: self.worker.clock.now(),
            deadline_at: self.task.deadline_at,
            attempt_count: u32::try_from(attempt_count).unwrap_or(0),
            draw: self.worker.chance.draw(),
        }
    }

    fn has_time_for_a_call(&self) -> bool {
        let needed = self.worker.settings.call_timeout() + LEASE_RESERVE;
        self.worker.clock.steady() + needed <= self.lease.ends
    }

    fn begin_attempt(&mut self, peer: PeerName) {
        let (clock, lease_id) = (&self.worker.clock, self.lease.id);
        self.attempts.begin(clock, &self.task, lease_id, peer);
    }
}
