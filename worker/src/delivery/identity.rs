//! The identity of a delivery's guest: asks the registry, or skips it when time is short, and
//! judges what was found.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    identity::{TRIES_COUNTED, TRIES_MAX},
    notification::NotifiedStay,
    review::ReviewKind,
    stay::{IdentityState, NotificationKind},
    time::local_date,
};
use intake::tries;
use metrics::counter;
use reqwest::header::HeaderMap;
use runtime::ids;
use serde_json::json;
use store::{outbox::Subject, review::NewCase, tries::SameNumber};

use super::TaskDelivery;
use crate::{
    backoff,
    content::UnreadableTask,
    judgement::{IdentityJudgement, KnownIdentity},
    peer::PeerName,
    registry::{self, CheckOutcome, IdentityFinding, RegistryQuestion},
    results::{Retry, TaskOutcome},
};

/// An unverified stay is sent no later than 30 minutes before its deadline. One minute more leaves
/// time for the calls.
const DEFERRAL_AHEAD: TimeDelta = TimeDelta::minutes(31);

/// What a finding means, and how many persons were tried for the number if no officer knows of it
/// yet.
#[derive(Default)]
pub(super) struct JudgedFinding {
    pub(super) judgement: IdentityJudgement,
    pub(super) newly_probed: Option<u64>,
}

/// Why the registry's answer is not there.
enum Unanswered {
    /// To be asked again then.
    AskAgain(DateTime<Utc>),
    /// The lease is too short for a call.
    OutOfTime,
}

impl TaskDelivery<'_> {
    /// What is known of the guest's identity when the notification is written, and what that means
    /// for sender and officers.
    pub(super) async fn identify(
        &mut self,
        content: &NotifiedStay,
        subject: &Subject,
        known: KnownIdentity,
    ) -> Result<(IdentityFinding, JudgedFinding), TaskOutcome> {
        if self.kind == NotificationKind::Cancellation {
            let finding = IdentityFinding::without_answer(known.state());
            return Ok((finding, JudgedFinding::default()));
        }
        let (finding, try_count) = self.check(content, subject, known).await?;
        counter!("luutru_identity_checks_total", "grade" => finding.label()).increment(1);
        let is_probed = try_count > TRIES_MAX;
        let judged = JudgedFinding {
            judgement: known.judge(&finding, content, is_probed),
            newly_probed: (is_probed && known.is_unreviewed()).then_some(try_count),
        };
        Ok((finding, judged))
    }

    /// Asks the registry. Also returns how many persons were tried for the number, counted after
    /// the registry has answered.
    async fn check(
        &mut self,
        content: &NotifiedStay,
        subject: &Subject,
        known: KnownIdentity,
    ) -> Result<(IdentityFinding, u64), TaskOutcome> {
        let today = local_date(subject.version_received_at);
        let Some(question) = RegistryQuestion::about(content, today) else {
            return Ok((
                IdentityFinding::without_answer(IdentityState::NotApplicable),
                0,
            ));
        };
        let finding = self.find(&question, known).await?;
        let try_count = self.count_tries(&question, subject).await?;
        Ok((finding, try_count))
    }

    async fn count_tries(
        &self,
        question: &RegistryQuestion,
        subject: &Subject,
    ) -> Result<u64, TaskOutcome> {
        let vault = self.worker.contents.vault();
        let number = tries::number_hash(vault, subject.organisation_id, question.personal_id());
        let counted =
            store::tries::count(&self.worker.db, &number, subject.version_received_at).await;
        counted.map_err(|_| self.outcome_of(&UnreadableTask::NotNow))
    }

    async fn find(
        &mut self,
        question: &RegistryQuestion,
        known: KnownIdentity,
    ) -> Result<IdentityFinding, TaskOutcome> {
        let due_at = match self.ask(question).await {
            Ok(finding) => return Ok(finding),
            Err(Unanswered::OutOfTime) => {
                return Err(TaskOutcome::retry(self.worker.clock.now()));
            }
            Err(Unanswered::AskAgain(due_at)) => due_at,
        };
        if self.kind != NotificationKind::Stay {
            return Err(self.retry_when_back(PeerName::Registry, due_at));
        }
        let last_moment = self.task.deadline_at - DEFERRAL_AHEAD;
        if self.worker.clock.now() >= last_moment {
            return Ok(IdentityFinding::without_answer(IdentityState::Deferred));
        }
        let is_first = known.state() == IdentityState::Pending;
        Err(TaskOutcome::Retry(Retry {
            due_at: due_at.min(last_moment),
            is_unclear: false,
            identity: is_first.then_some(IdentityState::Deferred),
            waits_for: self.waits_for(PeerName::Registry),
        }))
    }

    async fn ask(&mut self, question: &RegistryQuestion) -> Result<IdentityFinding, Unanswered> {
        let worker = self.worker;
        let Some(admitted) = worker.registry.admit().await else {
            return Err(Unanswered::AskAgain(backoff::while_held(self.moment())));
        };
        if !self.has_time_for_a_call() {
            return Err(Unanswered::OutOfTime);
        }
        self.begin_attempt(PeerName::Registry);
        let headers = HeaderMap::new();
        let call = admitted.post(headers, question.to_body()).await;
        let outcome = registry::judge(question, &call.outcome);
        let fault = outcome.code().unwrap_or("none");
        admitted.note(outcome.health(), fault, call.retry_after());
        self.attempts
            .end(&call, outcome.attempt_outcome(), outcome.code());
        match outcome {
            CheckOutcome::Answered(finding) => Ok(finding),
            CheckOutcome::Unanswered { .. } => Err(Unanswered::AskAgain(backoff::after_failure(
                self.moment(),
                call.retry_after(),
            ))),
        }
    }

    /// A case about tries for a number, unless an officer has one already.
    pub(super) async fn probing_case(
        &self,
        subject: &Subject,
        try_count: u64,
    ) -> Result<Option<NewCase>, TaskOutcome> {
        if let Some(number) = same_number(subject) {
            let known = store::tries::has_open_case(&self.worker.db, number).await;
            match known {
                Ok(false) => {}
                Ok(true) => return Ok(None),
                Err(_) => return Err(self.outcome_of(&UnreadableTask::NotNow)),
            }
        }
        let detail = json!({"tried_persons": try_count});
        Ok(Some(self.results().case(ReviewKind::Probing, detail)))
    }

    /// The stays that tried the first persons must reveal no more than this one.
    pub(super) async fn flag_same_number(&self, subject: &Subject) {
        let Some(number) = same_number(subject) else {
            return;
        };
        let worker = self.worker;
        let since = subject.version_received_at - TRIES_COUNTED;
        let event = self.results().attention();
        let fresh_id = || ids::uuid_v7(&worker.clock);
        let flagged = store::tries::flag(&worker.db, number, since, &event, fresh_id).await;
        if let Err(error) = flagged {
            // The next try of the number will flag them.
            tracing::warn!(%error, "could not flag earlier stays of a probed number");
        }
    }
}

fn same_number(subject: &Subject) -> Option<SameNumber<'_>> {
    Some(SameNumber {
        organisation_id: subject.organisation_id,
        document_index: subject.document_index.as_deref()?,
    })
}
