//! Sends the stays and counts the outcomes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use domain::facility::FacilityKind;
use hyper::{
    body::Bytes,
    header::{self, HeaderName, HeaderValue},
};
use parking_lot::Mutex;
use rand::{Rng, rngs::StdRng};
use runtime::{clock::Clock, tasks};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    journal::{self, Ending, Journal, Sending},
    mix::{Kind, Mix, Sent},
    people::{Guest, People, Place},
    schedule::{Pace, Queue, Ticket},
    summary::Tally,
    timeline::Timeline,
};
use crate::{
    Watch,
    wire::{Answer, Connection, NoAnswer, Target},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Before the second attempt; doubled for each further one.
const FIRST_RETRY_PAUSE: Duration = Duration::from_millis(100);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(3);
/// How often progress is shown.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// A facility and the key that declares for it.
pub(crate) struct Desk {
    /// Id of the facility.
    pub(crate) facility_id: String,
    /// Its kind.
    pub(crate) kind: FacilityKind,
    /// `Bearer <key>`, marked as sensitive.
    pub(crate) authorization: HeaderValue,
}

/// Everything a run needs.
pub(crate) struct Run {
    /// The API.
    pub(crate) target: Target,
    /// How fast.
    pub(crate) pace: Pace,
    /// Connections, each with one request at a time.
    pub(crate) connection_count: usize,
    /// The declaring desks; at least one.
    pub(crate) desks: Vec<Desk>,
    /// The guests who check in.
    pub(crate) people: People,
    /// Who comes again, and what is sent again.
    pub(crate) mix: Mix,
    /// Begins every reference and key, so that two runs do not meet.
    pub(crate) name: String,
    /// Seed of the schedule.
    pub(crate) seed: u64,
    /// Share of requests that are batches, from 0 to 1.
    pub(crate) batch_share: f64,
    /// Stays per batch.
    pub(crate) batch_size: u32,
    /// Further attempts while an outcome is not known.
    pub(crate) retry_count_max: u32,
    /// For one call.
    pub(crate) call_timeout: Duration,
    /// Records requests and outcomes.
    pub(crate) journal: Option<Journal>,
    /// Whether ids of accepted stays are kept for a comparison.
    pub(crate) keeps_ids: bool,
    /// Gives the stays their arrival.
    pub(crate) clock: Clock,
}

/// What the connections of a run share while it lasts.
struct RunState {
    queue: Queue,
    beginning: Instant,
    timeline: Mutex<Timeline>,
    sent: Mutex<Sent<Arc<Parcel>>>,
    answered_count: AtomicU64,
}

/// Runs to the end of the schedule, or until `stop`. Errors: the journal cannot be written.
pub(crate) async fn run(
    run: &Arc<Run>,
    stop: &CancellationToken,
    watch: Watch<'_>,
) -> anyhow::Result<Tally> {
    let state = Arc::new(RunState {
        queue: Queue::start(run.pace, run.seed, stop.clone()).context("start the schedule")?,
        beginning: Instant::now(),
        timeline: Mutex::new(Timeline::new(&run.pace)),
        sent: Mutex::new(Sent::new()),
        answered_count: AtomicU64::new(0),
    });
    let (sender, mut tallies) = mpsc::unbounded_channel();
    for _ in 0..run.connection_count {
        let connection = Connection::new(&run.target, run.call_timeout)?;
        let (run, state, stop) = (Arc::clone(run), Arc::clone(&state), stop.clone());
        let sender = sender.clone();
        tasks::spawn("load.desk", async move {
            let tally = work(&run, &state, connection, &stop).await;
            // The receiver is there until every tally is in.
            let _ = sender.send(tally);
        });
    }
    drop(sender);
    let mut total = Tally::new()?;
    let mut look = tokio::time::interval(WATCH_INTERVAL);
    loop {
        tokio::select! {
            tally = tallies.recv() => match tally {
                Some(tally) => total.add(tally?)?,
                None => break,
            },
            _ = look.tick() => state.show(&run.pace, watch),
        }
    }
    total.duration = state.beginning.elapsed();
    let timeline = state.timeline.lock();
    total.over_time = timeline.points();
    Ok(total)
}

impl RunState {
    /// Progress in requests where their number is known, else in seconds.
    fn show(&self, pace: &Pace, watch: Watch<'_>) {
        let answered = self.answered_count.load(Ordering::Relaxed);
        let elapsed = self.beginning.elapsed().as_secs();
        match pace {
            Pace::Open { rate, duration, .. } => {
                let all = (rate * duration.as_secs_f64()).ceil();
                watch("requests answered", answered, all as u64);
            }
            Pace::Closed {
                request_count: Some(all),
                ..
            } => watch("requests answered", answered, *all),
            Pace::Closed {
                duration: Some(duration),
                ..
            } => watch("seconds of load", elapsed, duration.as_secs()),
            Pace::Closed { .. } => watch("requests answered", answered, 0),
        }
    }

    /// The request with this number: a new one, or one that was sent before.
    fn pack(&self, run: &Run, number: u64) -> Arc<Parcel> {
        let kind = run.mix.kind(run.seed, number, run.connection_count);
        if run.mix.resend_share <= 0.0 {
            return Arc::new(run.pack(number, kind));
        }
        let mut sent = self.sent.lock();
        if let Kind::Resend { of } = kind
            && let Some(parcel) = sent.get(of)
        {
            return parcel;
        }
        let parcel = Arc::new(run.pack(number, kind));
        sent.keep(number, Arc::clone(&parcel));
        parcel
    }

    fn note(&self, ticket: Ticket, answer: &Result<Answer, NoAnswer>) -> anyhow::Result<()> {
        self.answered_count.fetch_add(1, Ordering::Relaxed);
        let offset = ticket.start.saturating_duration_since(self.beginning);
        let latency = is_timed(answer).then(|| ticket.start.elapsed());
        let mut timeline = self.timeline.lock();
        timeline.note(offset, latency)
    }
}

async fn work(
    run: &Run,
    state: &RunState,
    mut connection: Connection,
    stop: &CancellationToken,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::new()?;
    loop {
        let ticket = tokio::select! {
            ticket = state.queue.next() => ticket,
            () = stop.cancelled() => None,
        };
        let Some(ticket) = ticket else {
            return Ok(tally);
        };
        let parcel = state.pack(run, ticket.number);
        let written = run.deliver(&mut connection, &parcel, ticket, &mut tally);
        let answer = written.await.context("write the journal")?;
        state.note(ticket, &answer)?;
    }
}

/// A request with what is known of its stays.
struct Parcel {
    path: &'static str,
    key: String,
    body: Bytes,
    desk: usize,
    stays: Vec<PlannedStay>,
}

struct PlannedStay {
    reference: String,
    /// Empty without a journal.
    body_sha256: String,
}

/// What became of one stay.
struct Fate {
    end: End,
    code: Option<String>,
    stay_id: Option<Uuid>,
    receipt: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Accepted,
    Replayed,
    Rejected,
    Unknown,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Replayed => "replayed",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

impl Run {
    fn pack(&self, number: u64, kind: Kind) -> Parcel {
        let mut draws = self.people.draws(number);
        let desk = draws.random_range(0..self.desks.len());
        let key = format!("{}-{number}", self.name);
        if self.batch_share > 0.0 && draws.random_bool(self.batch_share) {
            return self.pack_batch(&mut draws, desk, key, number);
        }
        let guest = Guest {
            request: match kind {
                Kind::Returning { of } => of,
                // What cannot be sent again any more is new.
                Kind::Fresh | Kind::Resend { .. } => number,
            },
            position: 0,
        };
        let (stay, body) = self.plan(&mut draws, guest, desk, key.clone());
        Parcel {
            path: "/v1/stays",
            key,
            body: body.into(),
            desk,
            stays: vec![stay],
        }
    }

    fn pack_batch(&self, draws: &mut StdRng, desk: usize, key: String, number: u64) -> Parcel {
        let mut stays = Vec::with_capacity(self.batch_size as usize);
        let mut body = br#"{"stays":["#.to_vec();
        for position in 0..self.batch_size {
            let guest = Guest {
                request: number,
                position,
            };
            let (stay, bytes) = self.plan(draws, guest, desk, format!("{key}-{position}"));
            if position > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&bytes);
            stays.push(stay);
        }
        body.extend_from_slice(b"]}");
        Parcel {
            path: "/v1/stays/batch",
            key,
            body: body.into(),
            desk,
            stays,
        }
    }

    fn plan(
        &self,
        draws: &mut StdRng,
        guest: Guest,
        desk: usize,
        reference: String,
    ) -> (PlannedStay, Vec<u8>) {
        let desk = &self.desks[desk];
        let place = Place {
            facility_id: &desk.facility_id,
            kind: desk.kind,
        };
        let now = self.clock.now();
        let stay = self.people.stay(draws, guest, place, &reference, now);
        let body = stay.to_string().into_bytes();
        let body_sha256 = match self.journal {
            Some(_) => journal::sha256_hex(&body),
            None => String::new(),
        };
        let planned = PlannedStay {
            reference,
            body_sha256,
        };
        (planned, body)
    }

    /// Sends until the outcome is known or the attempts are used up; counts and gives the last
    /// answer.
    async fn deliver(
        &self,
        connection: &mut Connection,
        parcel: &Parcel,
        ticket: Ticket,
        tally: &mut Tally,
    ) -> std::io::Result<Result<Answer, NoAnswer>> {
        let mut pause = FIRST_RETRY_PAUSE;
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.note_sending(parcel, attempt)?;
            let answer = self.send(connection, parcel).await;
            let fates = self.judge(parcel, &answer);
            self.note_ending(parcel, attempt, &answer, &fates)?;
            if attempt > self.retry_count_max || !is_worth_another(&answer) {
                count(tally, ticket, &answer, fates, self.keeps_ids);
                return Ok(answer);
            }
            tally.retry_count += 1;
            let spread = rand::rng().random_range(0.5..1.0);
            tokio::time::sleep(pause.mul_f64(spread)).await;
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
        }
    }

    async fn send(&self, connection: &mut Connection, parcel: &Parcel) -> Result<Answer, NoAnswer> {
        // A name of a run is visible ASCII, so a key always is a header.
        let key =
            HeaderValue::from_str(&parcel.key).unwrap_or_else(|_| HeaderValue::from_static("load"));
        let authorization = &self.desks[parcel.desk].authorization;
        let head = [
            (header::AUTHORIZATION, authorization),
            (IDEMPOTENCY_KEY, &key),
        ];
        connection
            .post(parcel.path, &head, parcel.body.clone())
            .await
    }

    fn judge(&self, parcel: &Parcel, answer: &Result<Answer, NoAnswer>) -> Vec<Fate> {
        let is_read = self.journal.is_some() || self.keeps_ids;
        match answer {
            Err(reason) => parcel.all(End::Unknown, Some(reason.as_str().to_owned())),
            Ok(answer) if answer.status >= 300 => {
                let code = problem_code(&answer.body);
                let end = match code.as_deref() {
                    Some("outcome_unknown" | "idempotency_in_progress") => End::Unknown,
                    Some(_) | None => End::Rejected,
                };
                parcel.all(end, code)
            }
            Ok(answer) if parcel.stays.len() > 1 || parcel.path.ends_with("batch") => {
                batch_fates(parcel, answer)
            }
            Ok(answer) => vec![single_fate(answer, is_read)],
        }
    }

    fn note_sending(&self, parcel: &Parcel, attempt: u32) -> std::io::Result<()> {
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let facility_id = &self.desks[parcel.desk].facility_id;
        let lines: Vec<Sending<'_>> = parcel
            .stays
            .iter()
            .map(|stay| Sending {
                key: &parcel.key,
                attempt,
                facility_id,
                reference: &stay.reference,
                body_sha256: &stay.body_sha256,
            })
            .collect();
        journal.sending(&lines)
    }

    fn note_ending(
        &self,
        parcel: &Parcel,
        attempt: u32,
        answer: &Result<Answer, NoAnswer>,
        fates: &[Fate],
    ) -> std::io::Result<()> {
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let lines: Vec<Ending<'_>> = parcel
            .stays
            .iter()
            .zip(fates)
            .map(|(stay, fate)| Ending {
                key: &parcel.key,
                attempt,
                reference: &stay.reference,
                status,
                outcome: fate.end.as_str(),
                code: fate.code.as_deref(),
                stay_id: fate.stay_id,
                receipt: fate.receipt.as_deref(),
            })
            .collect();
        journal.ended(&lines)
    }
}

impl Parcel {
    fn all(&self, end: End, code: Option<String>) -> Vec<Fate> {
        let fate = |_| Fate {
            end,
            code: code.clone(),
            stay_id: None,
            receipt: None,
        };
        self.stays.iter().map(fate).collect()
    }
}

/// No answer, or one that asks to retry the same request.
fn is_worth_another(answer: &Result<Answer, NoAnswer>) -> bool {
    match answer {
        Err(_) => true,
        Ok(answer) => match answer.status {
            503 => true,
            409 => problem_code(&answer.body).as_deref() == Some("idempotency_in_progress"),
            _ => false,
        },
    }
}

/// Accepted, or given up without an answer.
fn is_timed(answer: &Result<Answer, NoAnswer>) -> bool {
    answer.as_ref().map_or(true, |answer| answer.status < 300)
}

fn count(
    tally: &mut Tally,
    ticket: Ticket,
    answer: &Result<Answer, NoAnswer>,
    fates: Vec<Fate>,
    keeps_ids: bool,
) {
    tally.request_count += 1;
    let label = match answer {
        Ok(answer) => answer.status.to_string(),
        Err(reason) => reason.as_str().to_owned(),
    };
    *tally.statuses.entry(label).or_default() += 1;
    if is_timed(answer) {
        tally.note_latency(ticket.start.elapsed());
    }
    for fate in fates {
        match fate.end {
            End::Accepted => tally.accepted_count += 1,
            End::Replayed => tally.replayed_count += 1,
            End::Rejected => tally.rejected_count += 1,
            End::Unknown => tally.unknown_count += 1,
        }
        if let Some(code) = fate.code {
            *tally.codes.entry(code).or_default() += 1;
        }
        if keeps_ids {
            tally.stay_ids.extend(fate.stay_id);
        }
    }
}

#[derive(Deserialize)]
struct ProblemCode {
    code: String,
}

/// `code` of a problem document; none when the body is something else.
pub(crate) fn problem_code(body: &[u8]) -> Option<String> {
    let problem: ProblemCode = serde_json::from_slice(body).ok()?;
    Some(problem.code)
}

#[derive(Deserialize)]
struct StayAnswer {
    id: Uuid,
    receipt: ReceiptAnswer,
}

#[derive(Deserialize)]
struct ReceiptAnswer {
    number: String,
}

#[derive(Deserialize)]
struct BatchAnswer {
    results: Vec<BatchResult>,
}

#[derive(Deserialize)]
struct BatchResult {
    outcome: String,
    stay: Option<StayAnswer>,
    problem: Option<ProblemCode>,
}

/// An answer that violates the contract is an unknown outcome with its own code.
fn unreadable() -> Fate {
    Fate {
        end: End::Unknown,
        code: Some("unreadable_answer".to_owned()),
        stay_id: None,
        receipt: None,
    }
}

fn single_fate(answer: &Answer, is_read: bool) -> Fate {
    let end = if answer.is_replay {
        End::Replayed
    } else {
        End::Accepted
    };
    let known = Fate {
        end,
        code: None,
        stay_id: None,
        receipt: None,
    };
    if !is_read {
        return known;
    }
    match serde_json::from_slice::<StayAnswer>(&answer.body) {
        Ok(stay) => Fate {
            stay_id: Some(stay.id),
            receipt: Some(stay.receipt.number),
            ..known
        },
        Err(_) => unreadable(),
    }
}

fn batch_fates(parcel: &Parcel, answer: &Answer) -> Vec<Fate> {
    let results = match serde_json::from_slice::<BatchAnswer>(&answer.body) {
        Ok(answer) if answer.results.len() == parcel.stays.len() => answer.results,
        Ok(_) | Err(_) => return parcel.stays.iter().map(|_| unreadable()).collect(),
    };
    let fate = |result: BatchResult| {
        let code = result.problem.map(|problem| problem.code);
        let end = match (result.outcome.as_str(), code.as_deref()) {
            ("accepted", _) => End::Accepted,
            ("replayed", _) => End::Replayed,
            (_, Some("outcome_unknown")) => End::Unknown,
            (_, _) => End::Rejected,
        };
        let (stay_id, receipt) = result.stay.map_or((None, None), |stay| {
            (Some(stay.id), Some(stay.receipt.number))
        });
        Fate {
            end,
            code,
            stay_id,
            receipt,
        }
    };
    results.into_iter().map(fate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, NoAnswer> {
        Ok(Answer {
            status,
            is_replay: false,
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    #[test]
    fn only_what_may_have_failed_for_a_moment_is_sent_again() {
        assert!(is_worth_another(&Err(NoAnswer::TimedOut)));
        assert!(is_worth_another(&answer(503, r#"{"code":"overloaded"}"#)));
        assert!(is_worth_another(&answer(
            409,
            r#"{"code":"idempotency_in_progress"}"#
        )));
        assert!(!is_worth_another(&answer(
            409,
            r#"{"code":"reference_conflict"}"#
        )));
        assert!(!is_worth_another(&answer(429, "{}")));
        assert!(!is_worth_another(&answer(201, "{}")));
    }

    #[test]
    fn each_item_of_a_batch_has_its_own_end() {
        let stays = ["a", "b", "c"].map(|reference| PlannedStay {
            reference: reference.to_owned(),
            body_sha256: String::new(),
        });
        let parcel = Parcel {
            path: "/v1/stays/batch",
            key: "k".to_owned(),
            body: Bytes::new(),
            desk: 0,
            stays: stays.into(),
        };
        let id = Uuid::from_u128(7);
        let body = format!(
            r#"{{"accepted":1,"results":[
                {{"index":0,"outcome":"accepted","stay":{{"id":"{id}","receipt":{{"number":"LT-1"}}}}}},
                {{"index":1,"outcome":"rejected","problem":{{"code":"validation_failed"}}}},
                {{"index":2,"outcome":"rejected","problem":{{"code":"outcome_unknown"}}}}]}}"#
        );
        let fates = batch_fates(&parcel, &answer(200, &body).ok().unwrap());
        let ends: Vec<&str> = fates.iter().map(|fate| fate.end.as_str()).collect();
        assert_eq!(ends, ["accepted", "rejected", "unknown"]);
        assert_eq!(fates[0].stay_id, Some(id));
        assert_eq!(fates[0].receipt.as_deref(), Some("LT-1"));
    }
}
