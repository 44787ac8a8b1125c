//! What can happen next, and how to choose.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{audit::Action, stay::Channel};
use futures_util::FutureExt;
use intake::{Expected, Occasion, Refusal};
use rand::{Rng, seq::IndexedRandom};
use sha2::{Digest, Sha256};
use store::tasks::Requeued;
use uuid::Uuid;

use super::{
    defects,
    desk::{Errand, Sent, Stay, What},
    eyes,
    plan::PoliceFault,
    template::{POST, audit},
    world::{Phase, Spot, Work, World},
};
use crate::{claim::Round, delivery, peer::PeerName};

/// The longest call, in seconds; a caller that waits longer gives up.
const CALL_SECONDS_MAX: i64 = 10;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Declare,
    Change,
    Resend,
    Turn(u32),
    /// Somebody moves who waits for nothing.
    Go(u64),
    Arrive(u64),
    Answer(u64),
    Write(u32),
    Pass,
    Jump,
    Kill(u32),
    Stop(u32),
    Hold,
    SendAgain,
}

impl World {
    /// Lets one thing happen, whichever the seed says.
    pub(super) async fn happen(&mut self) {
        self.step += 1;
        let groups: Vec<(u32, Vec<Step>)> = self
            .possible()
            .into_iter()
            .filter(|(weight, steps)| *weight > 0 && !steps.is_empty())
            .collect();
        let Ok((_, steps)) = groups.choose_weighted(&mut self.chance, |(weight, _)| *weight) else {
            return;
        };
        let step = *steps.choose(&mut self.chance).unwrap_or(&Step::Pass);
        self.note(&format!("{step:?}"));
        self.perform(step).await;
        self.replace_stopped();
    }

    fn possible(&self) -> Vec<(u32, Vec<Step>)> {
        let weights = &self.plan.weights;
        let at = |spot: Spot| -> Vec<Step> {
            let actors = self.actors.iter().filter(|actor| actor.spot == spot);
            actors.map(|actor| Step::Go(actor.id)).collect()
        };
        let machines = |is_so: &dyn Fn(&super::world::Machine) -> bool| -> Vec<u32> {
            let machines = self.machines.iter().filter(|machine| is_so(machine));
            machines.map(|machine| machine.name).collect()
        };
        let turning = machines(&|machine| !machine.is_stopping);
        let writing = machines(&|machine| self.has_to_write(machine));
        let all = |step: fn(u32) -> Step, names: &[u32]| names.iter().copied().map(step).collect();
        let calls = |step: fn(u64) -> Step, ids: Vec<u64>| ids.into_iter().map(step).collect();
        let may_declare = self.desk.sent.len() < 6 * self.plan.stay_count
            && self.desk.stays.len() < self.plan.stay_count;
        let when = |is_so: bool, step| if is_so { vec![step] } else { Vec::new() };
        vec![
            (weights.declare, when(may_declare, Step::Declare)),
            (
                weights.change,
                when(!self.desk.stays.is_empty(), Step::Change),
            ),
            (
                weights.resend,
                when(!self.desk.sent.is_empty(), Step::Resend),
            ),
            (weights.turn, all(Step::Turn, &turning)),
            (weights.begin, at(Spot::Fresh)),
            (weights.arrive, calls(Step::Arrive, self.calls.to_arrive())),
            (weights.answer, calls(Step::Answer, self.calls.to_answer())),
            (weights.write, all(Step::Write, &writing)),
            (weights.hear, at(Spot::Told)),
            (weights.pass, vec![Step::Pass]),
            (weights.jump, when(self.plan.jump_minutes > 0, Step::Jump)),
            (weights.kill, all(Step::Kill, &turning)),
            (weights.stop, all(Step::Stop, &turning)),
            (weights.hold, vec![Step::Hold]),
            (weights.send_again, vec![Step::SendAgain]),
        ]
    }

    async fn perform(&mut self, step: Step) {
        match step {
            Step::Declare => {
                let now = self.clock.now();
                let errand = self.desk.declaration(&mut self.chance, now);
                self.register(&errand);
                self.send(errand).await;
            }
            Step::Change => {
                let now = self.clock.now();
                if let Some(errand) = self.desk.change(&mut self.chance, now) {
                    self.send(errand).await;
                }
            }
            Step::Resend => {
                let index = self.chance.random_range(0..self.desk.sent.len());
                self.send_once_more(index).await;
            }
            Step::Turn(machine) => self.turn(machine).await,
            Step::Go(actor) => self.go(actor).await,
            Step::Arrive(call) => self.arrive(call),
            Step::Answer(call) => self.answer(call).await,
            Step::Write(machine) => self.write(machine).await,
            Step::Pass => {
                let milliseconds = match self.chance.random_range(0..100) {
                    0..70 => self.chance.random_range(10..2_000),
                    70..90 => self.chance.random_range(1_000..20_000),
                    90..98 => self.chance.random_range(20_000..180_000),
                    _ => self.chance.random_range(600_000..3_600_000),
                };
                self.pass(TimeDelta::milliseconds(milliseconds)).await;
            }
            Step::Jump => {
                let most = self.plan.jump_minutes;
                let by = TimeDelta::minutes(self.chance.random_range(-most..=most));
                self.shift += by;
                self.shift_max = self.shift_max.max(self.shift.abs());
                self.hands.set(self.clock.now() + by);
            }
            Step::Kill(machine) => {
                self.kill(machine);
                self.start_machine();
            }
            Step::Stop(machine) => self.stop(machine).await,
            Step::Hold => self.hold().await,
            Step::SendAgain => self.send_again().await,
        }
    }

    /// Whether a worker's results lie ready to be written.
    pub(super) fn has_to_write(&self, machine: &super::world::Machine) -> bool {
        machine.writer.as_ref().is_some_and(|writer| {
            machine.worker.recorder.waiting_count() > 0 || !writer.held_back().is_empty()
        })
    }

    /// The registry knows most guests as they were declared, some by another name, some not.
    pub(super) fn register(&mut self, errand: &Errand) {
        let What::Declaration(body) = &errand.what else {
            return;
        };
        let guest = &body["guest"];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let number = text(&guest["document"]["number"]);
        match self.chance.random_range(0..10) {
            0 => None,
            1 => self
                .registry
                .names
                .insert(number, "Trần Thị Khác".to_owned()),
            _ => self
                .registry
                .names
                .insert(number, text(&guest["full_name"])),
        };
    }

    /// Sends a request, and returns whether its answer arrives.
    pub(super) async fn send(&mut self, errand: Errand) {
        let is_declaration = matches!(errand.what, What::Declaration(_));
        let manner = if self.is_healed() {
            9
        } else {
            self.chance.random_range(0..10)
        };
        if manner == 0 && is_declaration {
            // Hangs up before anything is written.
            let _ = self.ask(&errand).now_or_never();
            self.note("  hung up");
            self.desk.sent.push(Sent {
                errand,
                answer: None,
                is_heard: false,
            });
            return;
        }
        let answer = self.ask(&errand).await;
        let is_heard = manner > 1;
        self.keep(errand, answer, is_heard);
    }

    /// Whether faults are over.
    pub(super) fn is_healed(&self) -> bool {
        self.is_calm.load(std::sync::atomic::Ordering::SeqCst)
    }

    async fn ask(&self, errand: &Errand) -> Result<intake::Accepted, Refusal> {
        let occasion = Occasion {
            sender: &self.desk.sender,
            channel: Channel::Rest,
            idempotency_key: Some(&errand.key),
            received_at: self.clock.now(),
            trace_parent: None,
        };
        match &errand.what {
            What::Declaration(body) => self.intake.declare(occasion, body).await,
            What::Change {
                stay_id,
                change,
                version,
            } => {
                let expected = version.map_or(Expected::Current, |version| {
                    Expected::Versions(vec![version])
                });
                self.intake
                    .change(occasion, *stay_id, &expected, change)
                    .await
            }
        }
    }

    /// Records the outcome at the desk.
    fn keep(&mut self, errand: Errand, answer: Result<intake::Accepted, Refusal>, is_heard: bool) {
        let stay = match answer {
            Ok(accepted) => accepted.stay,
            Err(refusal) => {
                self.note(&format!("  refused: {}", word_of(&refusal)));
                if !is_refusal_sound(&refusal) {
                    self.violate(format!("I6 refused without reason: {}", word_of(&refusal)));
                }
                return;
            }
        };
        self.note(&format!(
            "  stay {} version {}, heard {is_heard}",
            stay.id, stay.version
        ));
        let is_cancellation = matches!(&errand.what, What::Change { change, .. }
            if change.operation == domain::change::Operation::Cancellation);
        let version = usize::try_from(stay.version).unwrap_or(0);
        match self.desk.stays.iter_mut().find(|known| known.id == stay.id) {
            Some(known) if version == known.answers.len() + 1 => {
                known.answers.push(stay.json.clone());
                known.is_cancelled |= is_cancellation;
            }
            Some(known) if known.answers.get(version - 1) == Some(&stay.json) => {}
            None if version == 1 => self.desk.stays.push(Stay {
                id: stay.id,
                answers: vec![stay.json.clone()],
                is_cancelled: false,
            }),
            Some(_) | None => {
                let words = format!("I6 version {version} of {} has another answer", stay.id);
                self.violate(words);
            }
        }
        self.desk.sent.push(Sent {
            errand,
            answer: Some(stay.json),
            is_heard,
        });
    }

    /// Repeats an earlier request: it must get the same answer.
    pub(super) async fn send_once_more(&mut self, index: usize) {
        let errand = self.desk.sent[index].errand.clone();
        let again = self.ask(&errand).await;
        let before = self.desk.sent[index].answer.clone();
        match (again, before) {
            (Ok(accepted), Some(before)) if accepted.is_replay && accepted.stay.json == before => {}
            (Ok(accepted), None) => {
                self.desk.sent.remove(index);
                self.keep(errand, Ok(accepted), true);
                return;
            }
            (Err(refusal), None) => {
                self.desk.sent.remove(index);
                self.note(&format!("  refused: {}", word_of(&refusal)));
                return;
            }
            (Ok(_), Some(_)) => self.violate(format!("I6 key {} has two answers", errand.key)),
            (Err(refusal), Some(_)) => {
                let word = word_of(&refusal);
                self.violate(format!("I2 key {} is refused later: {word}", errand.key));
            }
        }
        self.desk.sent[index].is_heard = true;
    }

    /// A worker's loop goes one step on.
    pub(super) async fn turn(&mut self, name: u32) {
        let (claim_count, place_count) = (self.plan.claim_count, self.plan.place_count);
        let under_way = self
            .actors
            .iter()
            .filter(|actor| actor.machine == name)
            .count();
        let condition = self.defect.claim_condition();
        let (clock, lease_seconds) = (self.clock.clone(), self.plan.lease_seconds);
        let machine = self.machine(name);
        let worker = Arc::clone(&machine.worker);
        let claim_loop = Arc::clone(&machine.claim_loop);
        let phase = std::mem::replace(&mut machine.phase, Phase::Resting);
        let next = match phase {
            Phase::Resting => {
                worker.forward_who_is_there().await;
                claim_loop.prepare(&mut machine.rounds).await;
                Phase::Prepared
            }
            Phase::Prepared => {
                let room = worker.destinations.room();
                let places = place_count.saturating_sub(under_way);
                let count = room.min(claim_count).min(places);
                match claim_loop.choose(count).await {
                    _ if room == 0 => Phase::Ended(Round::Held),
                    _ if count == 0 => Phase::Ended(Round::Busy),
                    Ok(choice) if choice.ids.is_empty() => Phase::Ended(Round::Drained),
                    Ok(choice) => Phase::Chosen { choice, count },
                    Err(_) => Phase::Ended(Round::Failed),
                }
            }
            Phase::Chosen { choice, count } => {
                let (tasks, lease) = claim_loop.take(&choice.ids).await.unwrap();
                let mut tasks = tasks;
                if let Some(condition) = condition {
                    let lease = (lease.id, lease_seconds);
                    let now = clock.now();
                    let more = defects::claim_bent(&self.eyes, condition, lease, now, count).await;
                    tasks.retain(|task| more.iter().all(|other| other.id != task.id));
                    tasks.extend(more);
                }
                let chosen = choice.ids.len();
                let is_full = choice.is_part || chosen == count || tasks.len() < chosen;
                self.observed
                    .note_claim(name, lease.id, &tasks, clock.now(), lease_seconds);
                for task in &tasks {
                    let (id, stay, version) = (task.id, task.stay_id, task.version);
                    let kind = task.kind.as_stored();
                    self.note(&format!(
                        "  claims {id}: {kind} of {stay} version {version}"
                    ));
                }
                Phase::Taken {
                    tasks,
                    lease,
                    is_full,
                }
            }
            Phase::Taken {
                tasks,
                lease,
                is_full,
            } => {
                for claimed in claim_loop.with_subjects(tasks, lease).await {
                    let worker = Arc::clone(&worker);
                    let work = Work::Task(claimed.task.id);
                    self.add_actor(name, work, async move {
                        delivery::deliver(&worker, claimed).await;
                        None
                    });
                }
                Phase::Ended(Round::of(is_full))
            }
            Phase::Ended(round) => {
                claim_loop.after(&mut machine.rounds, &round).await;
                Phase::Resting
            }
        };
        self.machine(name).phase = next;
    }

    /// A call reaches the peer.
    pub(super) fn arrive(&mut self, id: u64) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        let is_calm = self.is_healed();
        let outcome = match call.peer {
            PeerName::Registry => {
                let fault = self.plan.registry.strikes(&mut self.chance);
                let fault = fault.filter(|_| !is_calm);
                self.note(&format!("  registry: {fault:?}"));
                self.registry.deal(&call, fault, &mut self.chance)
            }
            PeerName::Police => {
                let fault = self.plan.police.strikes(&mut self.chance);
                let fault = fault.filter(|_| !is_calm);
                let key = call.key.clone().unwrap_or_default();
                let sha256 = format!("{:x}", Sha256::digest(&call.body));
                self.note(&format!("  police: {key} {} {fault:?}", &sha256[..8]));
                self.police.deal(&call, fault, &mut self.chance)
            }
        };
        self.calls.arrived(id, outcome);
    }

    /// The answer to a call is heard.
    pub(super) async fn answer(&mut self, call: u64) {
        self.calls.answer(call);
        self.go_who_waits_for(call).await;
    }

    async fn go_who_waits_for(&mut self, call: u64) {
        let mut actors = self.actors.iter();
        let waiting = actors.find(|actor| actor.spot == Spot::OnCall(call));
        if let Some(id) = waiting.map(|actor| actor.id) {
            self.go(id).await;
        }
    }

    /// A worker writes the submitted results.
    pub(super) async fn write(&mut self, name: u32) {
        let handed_in: Vec<u64> = self
            .actors
            .iter()
            .filter(|actor| actor.machine == name && actor.spot == Spot::AtRecorder)
            .map(|actor| actor.id)
            .collect();
        let Some(mut writer) = self.machine(name).writer.take() else {
            return;
        };
        let actor = self.add_actor(name, Work::Writing(handed_in), async move {
            writer.write_next().await;
            Some(writer)
        });
        self.go(actor).await;
    }

    /// Time passes. Calls that take too long end on the way.
    pub(super) async fn pass(&mut self, by: TimeDelta) {
        let mut left = by;
        loop {
            let now = self.clock.steady();
            let longest = std::time::Duration::from_secs(CALL_SECONDS_MAX.unsigned_abs());
            let begun = self.calls.begun().into_iter();
            let next = begun.map(|(id, begun)| (begun + longest, id)).min();
            let due = next.and_then(|(at, id)| {
                let wait = TimeDelta::from_std(at.saturating_duration_since(now)).ok()?;
                (wait <= left).then_some((wait, id))
            });
            let Some((wait, call)) = due else {
                self.hands.advance(left);
                break;
            };
            self.hands.advance(wait);
            left -= wait;
            self.calls.give_up(call);
            self.go_who_waits_for(call).await;
        }
        let sleepers: Vec<u64> = self
            .actors
            .iter()
            .filter(|actor| actor.spot == Spot::Asleep)
            .map(|actor| actor.id)
            .collect();
        for sleeper in sleepers {
            self.go(sleeper).await;
        }
    }

    /// A worker is asked to stop: tasks under way release their leases.
    async fn stop(&mut self, name: u32) {
        let machine = self.machine(name);
        machine.is_stopping = true;
        machine.worker.abandon.cancel();
        let moving: Vec<u64> = self
            .actors
            .iter()
            .filter(|actor| actor.machine == name && matches!(actor.work, Work::Task(_)))
            .filter(|actor| matches!(actor.spot, Spot::Fresh | Spot::OnCall(_) | Spot::Asleep))
            .map(|actor| actor.id)
            .collect();
        for actor in moving {
            self.go(actor).await;
        }
    }

    /// Restarts stopped workers.
    pub(super) fn replace_stopped(&mut self) {
        let stopped: Vec<u32> = self
            .machines
            .iter()
            .filter(|machine| machine.is_stopping && !self.has_to_write(machine))
            .map(|machine| machine.name)
            .filter(|name| self.actors.iter().all(|actor| actor.machine != *name))
            .collect();
        for name in stopped {
            self.machines.retain(|machine| machine.name != name);
            self.start_machine();
        }
    }

    /// An operator pauses or resumes a destination.
    async fn hold(&mut self) {
        let code = *[POST, store::destinations::NATIONAL]
            .choose(&mut self.chance)
            .unwrap_or(&POST);
        let entry = audit(&self.clock, Action::DestinationPaused);
        let outcome = match self.chance.random_range(0..5) {
            0..3 => store::destinations::resume(&self.db, code, entry, None).await,
            draw => {
                let now = self.clock.now();
                let pause = store::destinations::Pause {
                    by: "operator".to_owned(),
                    reason: "bảo trì".to_owned(),
                    at: now,
                    until: (draw == 3).then(|| now + TimeDelta::minutes(2)),
                };
                store::destinations::pause(&self.db, code, pause, entry, None).await
            }
        };
        self.note(&format!("  {code}: {}", outcome.is_ok()));
    }

    /// An operator sends a parked task again.
    async fn send_again(&mut self) {
        let parked = self.parked().await;
        let Some(id) = parked.choose(&mut self.chance).copied() else {
            return;
        };
        self.requeue(id).await;
    }

    /// Parked tasks.
    pub(super) async fn parked(&self) -> Vec<Uuid> {
        let text = "SELECT id FROM outbox_task WHERE state = 'parked' ORDER BY id";
        let rows = eyes::rows(&self.eyes, text).await;
        rows.iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }

    /// Sends a parked task again.
    pub(super) async fn requeue(&mut self, id: Uuid) -> Requeued {
        let entry = audit(&self.clock, Action::DeliveryRequeued);
        let now = self.clock.now();
        let requeued = store::tasks::requeue(&self.db, id, now, entry, None)
            .await
            .unwrap();
        if requeued == Requeued::Done {
            self.observed.note_requeued(id);
            let key = id.to_string();
            self.police.puzzled.remove(&key);
            if self.police.opinions.get(&key) == Some(&PoliceFault::Puzzles) {
                self.police.opinions.remove(&key);
            }
        }
        self.note(&format!("  {id}: {requeued:?}"));
        requeued
    }

    /// Something that must not be.
    pub(super) fn violate(&mut self, words: String) {
        self.note(&format!("  VIOLATION {words}"));
        self.observed.seen().violations.push(words);
    }
}

/// The kind of a refusal, without its content.
fn word_of(refusal: &Refusal) -> String {
    if let Refusal::Invalid(violations) = refusal {
        let codes = violations
            .iter()
            .map(|violation| format!("{:?}", violation.code));
        return format!("invalid {}", codes.collect::<Vec<_>>().join(" "));
    }
    let words = format!("{refusal:?}");
    let word = words.split([' ', '(']).next();
    word.unwrap_or_default().to_owned()
}

/// The answers a sender may get, for allowed and forbidden requests, from a working database.
fn is_refusal_sound(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Invalid(_)
            | Refusal::VersionMismatch { .. }
            | Refusal::StayDeparted
            | Refusal::StayCancelled
    )
}
