//! Processes one claimed task: check the identity, fix the bytes, deliver, record the result.
//!
//! Holds always:
//! - Nothing is sent to the police before the bytes are stored, and every retry sends those bytes.
//! - No call begins under a lease that may end before the call does.
//! - No transaction is open while a peer is called.
//! - Only the peer's explicit answer, or harm done by the task itself, ends a task; failures of the
//!   peer never do.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    audit::{Action, SubjectKind},
    event::EventKind,
    identity::{TRIES_COUNTED, TRIES_MAX},
    notification::{self, NotificationFacts, notification_id},
    operator::AttemptOutcome,
    review::ReviewKind,
    stay::{ATTENTION_POINTERS, DeliveryState, IdentityState, NotificationKind},
    time::local_date,
};
use entity::word::{self, Word};
use intake::tries;
use metrics::{counter, histogram};
use reqwest::header::HeaderMap;
use runtime::ids;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{
    audit::{self, Actor},
    outbox::{self, NewTask, Progress, StayChange, Subject, Task, TaskResult},
    review::NewCase,
    tries::SameNumber,
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    backoff::{self, Moment},
    content::Unreadable,
    destinations::LanePlace,
    judgement::{Judgement, Known},
    peer::{Exchange, Peer, PeerName},
    police::{self, Sent},
    registry::{self, Finding, Question},
    run::Worker,
    settle::Recorded,
};

/// After this many claims without a result a task is not touched again.
const CLAIM_COUNT_MAX: i32 = 3;
/// Unclear answers after which a task is parked.
const UNCLEAR_COUNT_MAX: i32 = 10;
/// For how long after another task's success an unclear answer counts against the task itself.
const WELL_KEPT: TimeDelta = TimeDelta::seconds(60);
/// An unverified stay is sent no later than 30 minutes before its deadline. One minute more leaves
/// time for the calls.
const DEFERRAL_AHEAD: TimeDelta = TimeDelta::minutes(31);
/// The time a lease must have left beyond the longest call.
const LEASE_RESERVE: Duration = Duration::from_secs(2);

/// Codes of parked tasks.
const WORKER_DIED: &str = "worker_died";
const UNCLEAR_ANSWERS: &str = "unclear_answers";
const CONTENT_UNREADABLE: &str = "content_unreadable";

/// A worker's hold on a task.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    /// The fencing token.
    pub(crate) id: Uuid,
    /// When it ends, counted from before the claim was sent.
    pub(crate) ends: Instant,
}

/// A task and its stay.
pub(crate) struct Claimed {
    pub(crate) task: Task,
    pub(crate) lease: Lease,
    pub(crate) subject: Result<Subject, Unreadable>,
    /// The endpoint that it goes to.
    pub(crate) place: LanePlace,
}

/// True when one more claim without a result would make a task poison.
pub(crate) fn is_last_try(claim_count: i32) -> bool {
    claim_count == CLAIM_COUNT_MAX - 1
}

/// True when a task has crashed so many workers that it must not be touched.
pub(crate) fn is_poison(task: &Task) -> bool {
    task.claim_count > CLAIM_COUNT_MAX
}

/// What a finding means, and how many persons were tried for the number if no officer knows of it
/// yet.
#[derive(Default)]
struct Judged {
    judgement: Judgement,
    newly_probed: Option<u64>,
}

fn same_number(subject: &Subject) -> Option<SameNumber<'_>> {
    Some(SameNumber {
        organisation_id: subject.organisation_id,
        document_index: subject.document_index.as_deref()?,
    })
}

/// How a task leaves the worker's hands.
enum Ending {
    /// To be retried.
    Retry {
        due_at: DateTime<Utc>,
        is_unclear: bool,
        /// What the stay's axis becomes meanwhile.
        identity: Option<IdentityState>,
        /// The peer that was away.
        waits_for: Option<PeerName>,
    },
    /// Confirmed.
    Delivered { police_reference: Option<String> },
    /// Refused in clear words.
    Refused { code: String, is_conflict: bool },
    /// Set aside.
    Parked { code: &'static str },
    /// A later version of the stay supersedes it.
    Needless,
    /// Another worker has it, or its lease expires.
    Gone,
}

impl Ending {
    fn retry(due_at: DateTime<Utc>) -> Self {
        Self::Retry {
            due_at,
            is_unclear: false,
            identity: None,
            waits_for: None,
        }
    }

    /// The word of logs.
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Delivered { .. } => "delivered",
            Self::Refused { .. } => "refused",
            Self::Parked { .. } => "parked",
            Self::Needless => "needless",
            Self::Gone => "gone",
        }
    }
}

/// Processes a claimed task until its result is recorded.
pub(crate) async fn handle(worker: &Worker, claimed: Claimed) {
    let (kind, sent_identity) = match words(&claimed.task) {
        Ok(words) => words,
        Err(error) => return set_aside(worker, &claimed, error).await,
    };
    let mut journey = Journey {
        worker,
        sent_identity,
        task: claimed.task,
        lease: claimed.lease,
        place: claimed.place,
        kind,
        attempts: Vec::new(),
        attempt_count: 0,
    };
    let ending = tokio::select! {
        // A stop takes precedence over starting anything else.
        biased;
        () = worker.abandon.cancelled() => Ending::retry(worker.clock.now()),
        ending = journey.travel(claimed.subject) => ending,
    };
    tracing::Span::current().record("outcome", ending.as_str());
    journey.hand_in(ending).await;
}

/// What the task says, and which identity was fixed with its bytes.
fn words(task: &Task) -> Result<(NotificationKind, Option<IdentityState>), word::Unreadable> {
    let identity = task.identity_state.as_ref().map(Word::get);
    Ok((task.kind.get()?, identity.transpose()?))
}

/// Sets a task aside whose own words are damaged: nobody knows what to send. The stay is left as
/// it is, since it is not known whether the task speaks for it.
async fn set_aside(worker: &Worker, claimed: &Claimed, error: word::Unreadable) {
    let task = &claimed.task;
    tracing::error!(task.id = %task.id, %error, "parked a task for an operator");
    let at = worker.clock.now();
    let place = (ids::uuid_v7(&worker.clock), at);
    let subject = (SubjectKind::Stay, task.stay_id);
    let audit = audit::Entry {
        subject_version: Some(task.version),
        ..audit::entry(place, Actor::Worker, Action::NotificationParked, subject)
    };
    let result = TaskResult {
        audit: Some(audit),
        ..TaskResult::new(task, claimed.lease.id, Progress::Parked { at })
    };
    worker.recorder.record(result).await;
}

struct Journey<'a> {
    worker: &'a Worker,
    task: Task,
    lease: Lease,
    place: LanePlace,
    kind: NotificationKind,
    /// The identity that was fixed with the bytes.
    sent_identity: Option<IdentityState>,
    /// Calls that are not in the database yet.
    attempts: Vec<entity::attempt::Model>,
    /// Calls of this claim.
    attempt_count: i32,
}

impl Journey<'_> {
    async fn travel(&mut self, subject: Result<Subject, Unreadable>) -> Ending {
        if is_poison(&self.task) {
            return Ending::Parked { code: WORKER_DIED };
        }
        let body = match subject {
            Ok(subject) => self.body(&subject).await,
            Err(unreadable) => Err(self.ending_of(&unreadable)),
        };
        match body {
            Ok(body) => self.deliver(body).await,
            Err(ending) => ending,
        }
    }

    /// The bytes to send: those fixed earlier, otherwise new ones.
    async fn body(&mut self, subject: &Subject) -> Result<Vec<u8>, Ending> {
        let worker = self.worker;
        if let Some(sealed) = self.task.sealed_body.take() {
            let opened = worker
                .contents
                .open_body(&self.task, subject, &sealed)
                .await;
            return opened.map_err(|unreadable| self.ending_of(&unreadable));
        }
        if self.is_needless(subject) {
            return Err(Ending::Needless);
        }
        let known = Known::of(subject).map_err(|error| self.damaged(error))?;
        let content = worker.contents.open(&self.task, subject).await;
        let content = content.map_err(|unreadable| self.ending_of(&unreadable))?;
        let (finding, try_count) = match self.kind {
            NotificationKind::Stay | NotificationKind::IdentityResult => {
                self.identify(&content, subject, known).await?
            }
            NotificationKind::Cancellation => (Finding::without_answer(known.state()), 0),
        };
        let body = self.write(&content, subject, &finding).await;
        let body = body.map_err(|unreadable| self.ending_of(&unreadable))?;
        let judged = self.judge(&content, known, &finding, try_count);
        self.fix(&body, subject, &finding, judged).await?;
        Ok(body)
    }

    /// An unsent identity result, while a later version of the stay carries its own.
    fn is_needless(&self, subject: &Subject) -> bool {
        self.kind == NotificationKind::IdentityResult
            && subject.delivery_version > self.task.version
    }

    /// Asks the registry, or skips it when time is short. Also returns how many persons were tried
    /// for the number, counted after the registry has answered.
    async fn identify(
        &mut self,
        content: &Value,
        subject: &Subject,
        known: Known,
    ) -> Result<(Finding, u64), Ending> {
        let today = local_date(subject.version_received_at);
        let Some(question) = Question::about(content, today) else {
            let finding = Finding::without_answer(IdentityState::NotApplicable);
            return Ok((checked(finding), 0));
        };
        let finding = self.find(&question, known).await?;
        let try_count = self.count_tries(&question, subject).await?;
        Ok((checked(finding), try_count))
    }

    async fn count_tries(&self, question: &Question, subject: &Subject) -> Result<u64, Ending> {
        let vault = self.worker.contents.vault();
        let number = tries::number_hash(vault, subject.organisation_id, question.personal_id());
        let counted =
            store::tries::count(&self.worker.db, &number, subject.version_received_at).await;
        counted.map_err(|_| self.ending_of(&Unreadable::NotNow))
    }

    async fn find(&mut self, question: &Question, known: Known) -> Result<Finding, Ending> {
        let due_at = match self.ask(question).await {
            Ok(finding) => return Ok(finding),
            Err(Unanswered::OutOfTime) => return Err(Ending::retry(self.worker.clock.now())),
            Err(Unanswered::AskAgain(due_at)) => due_at,
        };
        if self.kind != NotificationKind::Stay {
            return Err(self.retry_when_back(PeerName::Registry, due_at));
        }
        let last_moment = self.task.deadline_at - DEFERRAL_AHEAD;
        if self.worker.clock.now() >= last_moment {
            return Ok(Finding::without_answer(IdentityState::Deferred));
        }
        let is_first = known.state() == IdentityState::Pending;
        Err(Ending::Retry {
            due_at: due_at.min(last_moment),
            is_unclear: false,
            identity: is_first.then_some(IdentityState::Deferred),
            waits_for: self.worker.registry.is_open().then_some(PeerName::Registry),
        })
    }

    async fn ask(&mut self, question: &Question) -> Result<Finding, Unanswered> {
        let worker = self.worker;
        let Some(admitted) = worker.registry.admit().await else {
            return Err(Unanswered::AskAgain(backoff::while_held(self.moment())));
        };
        if !self.has_time_for_a_call() {
            return Err(Unanswered::OutOfTime);
        }
        self.begin_attempt(PeerName::Registry);
        let headers = HeaderMap::new();
        let exchange = admitted.post(headers, question.to_body()).await;
        let verdict = registry::judge(question, &exchange.outcome);
        let fault = verdict.code().unwrap_or("none");
        admitted.note(verdict.health(), fault, exchange.retry_after());
        self.end_attempt(&exchange, verdict.outcome(), verdict.code());
        match verdict {
            registry::Verdict::Answered(finding) => Ok(finding),
            registry::Verdict::Unanswered { .. } => Err(Unanswered::AskAgain(
                backoff::after_failure(self.moment(), exchange.retry_after()),
            )),
        }
    }

    async fn write(
        &self,
        content: &Value,
        subject: &Subject,
        finding: &Finding,
    ) -> Result<Vec<u8>, Unreadable> {
        let facility = self
            .worker
            .contents
            .facility(&self.task, self.worker.clock.now())
            .await?;
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
            timeliness: subject.timeliness.get().map_err(|_| Unreadable::Damaged)?,
            received_at: subject.received_at,
            deadline_at: subject.deadline_at,
        };
        let body = notification::build(content, &facts);
        Ok(body.to_string().into_bytes())
    }

    /// What the finding means for sender and officers.
    fn judge(&self, content: &Value, known: Known, finding: &Finding, try_count: u64) -> Judged {
        if self.kind == NotificationKind::Cancellation {
            return Judged::default();
        }
        let is_probed = try_count > TRIES_MAX;
        Judged {
            judgement: known.judge(finding, content, is_probed),
            newly_probed: (is_probed && known.is_unreviewed()).then_some(try_count),
        }
    }

    /// Stores the bytes and the grade before they are sent for the first time.
    async fn fix(
        &mut self,
        body: &[u8],
        subject: &Subject,
        finding: &Finding,
        judged: Judged,
    ) -> Result<(), Ending> {
        let sealed = self.worker.contents.seal_body(&self.task, subject, body);
        let sealed_body = sealed.map_err(|unreadable| self.ending_of(&unreadable))?;
        let identity_state = finding.state;
        let body_sha256 = Sha256::digest(body).to_vec();
        self.sent_identity = Some(identity_state);
        self.task.body_sha256 = Some(body_sha256.clone());
        let mut result = self.result(Progress::Fixed {
            identity_state,
            body_sha256,
            sealed_body,
        });
        let Judged {
            judgement,
            newly_probed,
        } = judged;
        result.stay = StayChange {
            identity_state: judgement.state,
            identity_review: judgement.review,
            owed: judgement.owed.clone(),
            delivery_state: match self.kind {
                NotificationKind::Stay | NotificationKind::Cancellation => {
                    Some(DeliveryState::Delivering)
                }
                NotificationKind::IdentityResult => None,
            },
            ..StayChange::default()
        };
        let cases = judgement.cases.into_iter();
        result.cases = cases
            .map(|(kind, detail)| self.case(kind, detail))
            .collect();
        if let Some(try_count) = newly_probed {
            result
                .cases
                .extend(self.probing_case(subject, try_count).await?);
        }
        let now = self.worker.clock.now();
        if judgement.is_news {
            result.events.push(self.attention(now));
        }
        if let Some(owed) = &judgement.owed {
            let detail = serde_json::from_str(owed).unwrap_or_else(|_| json!({}));
            let event = self.event(now, EventKind::StayCompletionDue, &detail);
            result.events.push(event);
        }
        match self.worker.recorder.record(result).await {
            Recorded::Held => {}
            Recorded::Lost | Recorded::Failed => return Err(Ending::Gone),
        }
        if newly_probed.is_some() {
            self.flag_same_number(subject, now).await;
        }
        Ok(())
    }

    fn attention(&self, now: DateTime<Utc>) -> entity::event::Model {
        let detail = json!({"pointers": ATTENTION_POINTERS});
        self.event(now, EventKind::StayAttention, &detail)
    }

    /// A case about tries for a number, unless an officer has one already.
    async fn probing_case(
        &self,
        subject: &Subject,
        try_count: u64,
    ) -> Result<Option<NewCase>, Ending> {
        if let Some(number) = same_number(subject) {
            let known = store::tries::has_open_case(&self.worker.db, number).await;
            match known {
                Ok(false) => {}
                Ok(true) => return Ok(None),
                Err(_) => return Err(self.ending_of(&Unreadable::NotNow)),
            }
        }
        let detail = json!({"tried_persons": try_count});
        Ok(Some(self.case(ReviewKind::Probing, detail)))
    }

    /// The stays that tried the first persons must reveal no more than this one.
    async fn flag_same_number(&self, subject: &Subject, now: DateTime<Utc>) {
        let Some(number) = same_number(subject) else {
            return;
        };
        let worker = self.worker;
        let since = subject.version_received_at - TRIES_COUNTED;
        let event = self.attention(now);
        let fresh_id = || ids::uuid_v7(&worker.clock);
        let flagged = store::tries::flag(&worker.db, number, since, &event, fresh_id).await;
        if let Err(error) = flagged {
            // The next try of the number will flag them.
            tracing::warn!(%error, "could not flag earlier stays of a probed number");
        }
    }

    /// Sends the fixed bytes and reads the answer.
    async fn deliver(&mut self, body: Vec<u8>) -> Ending {
        let worker = self.worker;
        let lane = Arc::clone(self.place.lane());
        let Some(admitted) = lane.peer.admit().await else {
            let due_at = backoff::while_held(self.moment());
            return self.retry_when_back(PeerName::Police, due_at);
        };
        if !self.has_time_for_a_call() {
            return Ending::retry(worker.clock.now());
        }
        let headers = police::headers(
            &worker.police_secret,
            self.task.id,
            worker.clock.now(),
            self.task.trace_parent.as_deref(),
            &body,
        );
        self.begin_attempt(PeerName::Police);
        let exchange = admitted.post(headers, body.clone()).await;
        let sent = Sent {
            id: self.task.id,
            body_sha256: self.task.body_sha256.as_deref().unwrap_or_default(),
            body: &body,
        };
        let mut verdict = police::judge(sent, &exchange.outcome);
        if verdict.is_refusal_of_us() {
            // A signature with a wrong time is refused too. That is our fault, and temporary.
            self.worker.compare_clocks().await;
            if self.worker.has_wrong_clock() {
                verdict = police::OUR_CLOCK_IS_WRONG;
            }
        }
        admitted.note(verdict.health(), verdict.fault(), exchange.retry_after());
        self.end_attempt(&exchange, verdict.outcome(), verdict.code());
        match verdict {
            police::Verdict::Delivered { police_reference } => {
                self.police().note_well();
                Ending::Delivered { police_reference }
            }
            police::Verdict::Refused { code, is_conflict } => {
                self.police().note_well();
                Ending::Refused { code, is_conflict }
            }
            police::Verdict::Unavailable { .. } => {
                let due_at = backoff::after_failure(self.moment(), exchange.retry_after());
                self.retry_when_back(PeerName::Police, due_at)
            }
            police::Verdict::Unclear { .. } => self.after_unclear(&exchange).await,
        }
    }

    /// An unclear answer counts against the task only if other tasks to the same endpoint succeed:
    /// since this task's last attempt, or within the last minute.
    async fn after_unclear(&self, exchange: &Exchange) -> Ending {
        let worker = self.worker;
        let previous = outbox::last_attempt_at(&worker.db, self.task.id, PeerName::Police).await;
        let recent = exchange.started_at - WELL_KEPT;
        let since = previous.ok().flatten().unwrap_or(recent).min(recent);
        let well_at = self.police().standing().well_at;
        let is_unclear = well_at.is_some_and(|well_at| well_at >= since);
        if is_unclear && self.task.unclear_count + 1 >= UNCLEAR_COUNT_MAX {
            return Ending::Parked {
                code: UNCLEAR_ANSWERS,
            };
        }
        Ending::Retry {
            due_at: backoff::after_failure(self.moment(), exchange.retry_after()),
            is_unclear,
            identity: None,
            waits_for: self.police().is_open().then_some(PeerName::Police),
        }
    }

    fn police(&self) -> &Peer {
        &self.place.lane().peer
    }

    fn peer(&self, name: PeerName) -> &Peer {
        match name {
            PeerName::Registry => &self.worker.registry,
            PeerName::Police => self.police(),
        }
    }

    fn retry_when_back(&self, peer: PeerName, due_at: DateTime<Utc>) -> Ending {
        Ending::Retry {
            due_at,
            is_unclear: false,
            identity: None,
            waits_for: self.peer(peer).is_open().then_some(peer),
        }
    }

    fn ending_of(&self, unreadable: &Unreadable) -> Ending {
        match unreadable {
            Unreadable::NotNow => Ending::retry(backoff::after_failure(self.moment(), None)),
            Unreadable::Damaged => Ending::Parked {
                code: CONTENT_UNREADABLE,
            },
        }
    }

    fn damaged(&self, error: word::Unreadable) -> Ending {
        tracing::error!(task.id = %self.task.id, %error, "the content of a task cannot be read");
        self.ending_of(&Unreadable::Damaged)
    }

    fn moment(&self) -> Moment {
        let attempt_count = self.task.attempt_count + self.attempt_count;
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

    /// Records a call about to be made, so that an interrupted one is on record too.
    fn begin_attempt(&mut self, peer: PeerName) {
        self.attempt_count += 1;
        self.attempts.push(entity::attempt::Model {
            id: ids::uuid_v7(&self.worker.clock),
            task_id: self.task.id,
            stay_id: self.task.stay_id,
            peer: peer.into(),
            lease_id: self.lease.id,
            started_at: self.worker.clock.now(),
            latency_ms: 0,
            outcome: AttemptOutcome::Unknown.into(),
            http_status: None,
            code: Some("abandoned".to_owned()),
        });
    }

    fn end_attempt(&mut self, exchange: &Exchange, outcome: AttemptOutcome, code: Option<&str>) {
        let Some(attempt) = self.attempts.last_mut() else {
            return;
        };
        attempt.started_at = exchange.started_at;
        attempt.latency_ms = i32::try_from(exchange.latency.as_millis()).unwrap_or(i32::MAX);
        attempt.outcome = outcome.into();
        attempt.http_status = exchange.http_status();
        attempt.code = code.map(str::to_owned);
        let peer = attempt.peer.as_stored().to_owned();
        counter!(
            "luutru_outbox_attempts_total", "peer" => peer, "outcome" => outcome.as_str()
        )
        .increment(1);
    }

    /// Records how the task ends for now.
    async fn hand_in(mut self, ending: Ending) {
        let now = self.worker.clock.now();
        let waits_for = match &ending {
            Ending::Retry { waits_for, .. } => *waits_for,
            Ending::Delivered { .. }
            | Ending::Refused { .. }
            | Ending::Parked { .. }
            | Ending::Needless
            | Ending::Gone => None,
        };
        let result = match ending {
            Ending::Gone => return,
            Ending::Retry {
                due_at,
                is_unclear,
                identity,
                waits_for: _,
            } => {
                let mut result = self.result(Progress::Retry { due_at, is_unclear });
                result.stay.identity_state = identity;
                result
            }
            Ending::Delivered { police_reference } => self.delivered(now, police_reference),
            Ending::Refused { code, is_conflict } => self.refused(now, &code, is_conflict),
            Ending::Parked { code } => self.parked(now, code),
            Ending::Needless => self.result(Progress::Needless),
        };
        let progress = result.progress.clone();
        if self.worker.recorder.record(result).await == Recorded::Held
            && matches!(progress, Progress::Delivered { .. })
        {
            let waited = now - self.task.created_at;
            histogram!("luutru_outbox_e2e_seconds")
                .record(waited.to_std().unwrap_or_default().as_secs_f64());
        }
        // The peer is back: this task was written after the others were made due.
        if let Some(peer) = waits_for {
            self.peer(peer).look_after_late_ones();
        }
    }

    fn delivered(&mut self, now: DateTime<Utc>, police_reference: Option<String>) -> TaskResult {
        if police_reference.is_none() {
            let id = self.task.id;
            tracing::warn!(task.id = %id, "the police's reference has an unknown format; not stored");
        }
        let mut result = self.result(Progress::Delivered { at: now });
        result.stay = self.delivery_change(DeliveryState::Acknowledged, None);
        if result.stay != StayChange::default() {
            let detail = match &police_reference {
                Some(reference) => json!({"police_reference": reference}),
                None => json!({}),
            };
            result.events = vec![self.event(now, EventKind::StayAcknowledged, &detail)];
            result.stay.police_reference = police_reference;
        }
        let was_deferred = self.sent_identity == Some(IdentityState::Deferred);
        if self.kind == NotificationKind::Stay && was_deferred {
            result.follow_up = Some(self.identity_result_task(now));
        }
        result.audit = Some(self.audit(now, Action::NotificationDelivered));
        result
    }

    fn refused(&mut self, now: DateTime<Utc>, code: &str, is_conflict: bool) -> TaskResult {
        let id = self.task.id;
        tracing::info!(task.id = %id, code, "the police endpoint refused a notification");
        let mut result = self.result(Progress::Refused { at: now });
        result.stay = self.delivery_change(DeliveryState::Rejected, Some(code.to_owned()));
        let detail = json!({"code": code, "notification": self.kind.as_str()});
        result.cases.push(self.case(ReviewKind::Rejected, detail));
        if result.stay != StayChange::default() {
            let detail = json!({"reason": code});
            result.events = vec![self.event(now, EventKind::StayRejected, &detail)];
        }
        if is_conflict {
            tracing::error!(
                task.id = %id,
                "the police endpoint holds other bytes under this notification's id"
            );
        }
        result.audit = Some(self.audit(now, Action::NotificationRefused));
        result
    }

    fn parked(&mut self, now: DateTime<Utc>, code: &'static str) -> TaskResult {
        tracing::error!(task.id = %self.task.id, code, "parked a task for an operator");
        let mut result = self.result(Progress::Parked { at: now });
        result.stay = self.delivery_change(DeliveryState::Parked, Some(code.to_owned()));
        if result.stay != StayChange::default() {
            let detail = json!({"reason": code});
            result.events = vec![self.event(now, EventKind::StayParked, &detail)];
        }
        result.audit = Some(self.audit(now, Action::NotificationParked));
        result
    }

    /// The axis `delivery` covers the stay and its cancellation, not a later identity result.
    fn delivery_change(&self, state: DeliveryState, reason: Option<String>) -> StayChange {
        match self.kind {
            NotificationKind::Stay | NotificationKind::Cancellation => StayChange {
                delivery_state: Some(state),
                delivery_reason: reason,
                ..StayChange::default()
            },
            NotificationKind::IdentityResult => StayChange::default(),
        }
    }

    fn result(&mut self, progress: Progress) -> TaskResult {
        TaskResult {
            attempts: std::mem::take(&mut self.attempts),
            ..TaskResult::new(&self.task, self.lease.id, progress)
        }
    }

    fn case(&self, kind: ReviewKind, detail: Value) -> NewCase {
        NewCase {
            id: ids::uuid_v7(&self.worker.clock),
            kind,
            stay_id: self.task.stay_id,
            version: self.task.version,
            detail,
            opened_at: self.worker.clock.now(),
        }
    }

    fn audit(&self, at: DateTime<Utc>, action: Action) -> audit::Entry {
        let place = (ids::uuid_v7(&self.worker.clock), at);
        let subject = (SubjectKind::Stay, self.task.stay_id);
        audit::Entry {
            subject_version: Some(self.task.version),
            digest: self.task.body_sha256.clone(),
            ..audit::entry(place, Actor::Worker, action, subject)
        }
    }

    /// The event for the sender; never the words of the registry or a peer.
    fn event(&self, at: DateTime<Utc>, kind: EventKind, detail: &Value) -> entity::event::Model {
        entity::event::Model {
            id: ids::uuid_v7(&self.worker.clock),
            organisation_id: None,
            facility_id: Some(self.task.facility_id),
            stay_id: Some(self.task.stay_id),
            version: Some(self.task.version),
            kind: kind.into(),
            detail: detail.to_string(),
            created_at: at,
            sequence: None,
        }
    }

    /// Asks the registry again later; its answer is delivered separately. Written together with the
    /// delivery, so that it can never precede its version.
    fn identity_result_task(&self, now: DateTime<Utc>) -> NewTask {
        let kind = NotificationKind::IdentityResult;
        NewTask {
            id: notification_id(self.task.stay_id, self.task.version, kind),
            stay_id: self.task.stay_id,
            version: self.task.version,
            kind,
            facility_id: self.task.facility_id,
            commune_code: self.task.commune_code.clone(),
            deadline_at: self.task.deadline_at,
            due_at: now,
            trace_parent: self.task.trace_parent.clone(),
            created_at: now,
        }
    }
}

/// Why the registry's answer is not there.
enum Unanswered {
    /// To be asked again then.
    AskAgain(DateTime<Utc>),
    /// The lease is too short for a call.
    OutOfTime,
}

fn checked(finding: Finding) -> Finding {
    counter!("luutru_identity_checks_total", "grade" => finding.label()).increment(1);
    finding
}
