//! After the last fault every task must end in bounded time.

use std::sync::atomic::Ordering;

use chrono::{NaiveTime, TimeDelta};
use domain::{
    audit::Action,
    time::{at_local, local_date},
};
use rand::Rng;
use store::{destinations, tasks::Requeued};

use super::{
    eyes,
    plan::PoliceFault,
    template::{POST, audit},
    world::{Phase, Spot, World},
};

/// A peer's wish to be left alone is followed for an hour; five minutes is the longest wait
/// beside it; the rest is for leases and for the work itself.
const DRAIN_MAX: TimeDelta = TimeDelta::minutes(80);
/// Between two neighbours of a notification that puzzles the police.
const NEIGHBOUR_PAUSE: TimeDelta = TimeDelta::minutes(4);
/// A run with this many steps without time passing is looping.
const ROUND_COUNT_MAX: usize = 500;

impl World {
    /// Ends all faults: the clock is right, every peer answers, nothing is paused.
    pub(super) async fn heal(&mut self) {
        self.note("faults end");
        self.is_calm.store(true, Ordering::SeqCst);
        self.hands.set(self.clock.now() - self.shift);
        self.shift = TimeDelta::zero();
        for code in [POST, destinations::NATIONAL] {
            let entry = audit(&self.clock, Action::DestinationResumed);
            // The destination `national` exists once a worker has looked.
            let _ = destinations::resume(&self.db, code, entry, None).await;
        }
        if self.chance.random_bool(0.5) {
            let opinions = &mut self.police.opinions;
            opinions.retain(|_, opinion| *opinion != PoliceFault::Puzzles);
        }
        for index in self.desk.unheard().into_iter().rev() {
            self.send_once_more(index).await;
        }
    }

    /// Lets time pass until every task has ended; false when that takes too long.
    pub(super) async fn drain(&mut self) -> bool {
        let begun = self.clock.steady();
        let mut neighbour_at = begun;
        let mut limit = DRAIN_MAX + self.shift_max * 2;
        if self.has_puzzles() {
            limit += DRAIN_MAX;
        }
        for round in 0.. {
            if !self.work_off().await {
                return false;
            }
            let open = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL";
            if eyes::number(&self.eyes, open).await == 0 && self.actors.is_empty() {
                return true;
            }
            let passed = self.clock.steady() - begun;
            if TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX) > limit {
                return false;
            }
            let pause = match round {
                0..20 => 1,
                20..40 => 5,
                40..200 => 15,
                _ => 60,
            };
            let since = self.clock.steady() - neighbour_at;
            if self.has_puzzles() && TimeDelta::from_std(since).is_ok_and(|it| it > NEIGHBOUR_PAUSE)
            {
                neighbour_at = self.clock.steady();
                let now = self.clock.now();
                let errand = self.desk.declaration(&mut self.chance, now);
                self.send(errand).await;
            }
            self.step += 1;
            self.pass(TimeDelta::seconds(pause)).await;
        }
        true
    }

    /// Advances to 23:00, when the guests still present must be reported.
    pub(super) async fn night_falls(&mut self) {
        self.note("night falls");
        let now = self.clock.now();
        let midnight = at_local(local_date(now), NaiveTime::MIN);
        let evening = midnight + TimeDelta::hours(23);
        let evening = match evening > now {
            true => evening,
            false => evening + TimeDelta::days(1),
        };
        self.pass(evening - now + TimeDelta::seconds(1)).await;
    }

    /// Sends parked tasks again, with nothing left in the way. False when that takes too long.
    pub(super) async fn send_all_again(&mut self) -> bool {
        let mut is_any = false;
        for id in self.parked().await {
            is_any |= self.requeue(id).await == Requeued::Done;
        }
        !is_any || self.drain().await
    }

    fn has_puzzles(&self) -> bool {
        let mut opinions = self.police.opinions.values();
        opinions.any(|opinion| *opinion == PoliceFault::Puzzles)
    }

    /// Everything that can be done without time passing.
    async fn work_off(&mut self) -> bool {
        for _ in 0..ROUND_COUNT_MAX {
            let mut is_idle = true;
            let machines: Vec<(u32, bool)> = self
                .machines
                .iter()
                .map(|machine| (machine.name, machine.is_stopping))
                .collect();
            for (machine, is_stopping) in &machines {
                if !is_stopping {
                    is_idle &= !self.one_round(*machine).await;
                }
            }
            for call in self.calls.to_arrive() {
                self.arrive(call);
                is_idle = false;
            }
            for call in self.calls.to_answer() {
                self.answer(call).await;
                is_idle = false;
            }
            for (machine, _) in &machines {
                let machine = self.machine(*machine);
                let name = machine.name;
                let has_to_write = {
                    let machine = self.machines.iter().find(|machine| machine.name == name);
                    machine.is_some_and(|machine| self.has_to_write(machine))
                };
                if has_to_write {
                    self.write(name).await;
                    is_idle = false;
                }
            }
            let free: Vec<u64> = self
                .actors
                .iter()
                .filter(|actor| matches!(actor.spot, Spot::Fresh | Spot::Told))
                .map(|actor| actor.id)
                .collect();
            for actor in free {
                self.go(actor).await;
                is_idle = false;
            }
            self.replace_stopped();
            if is_idle {
                return true;
            }
        }
        self.violate("I29 it goes round in circles".to_owned());
        false
    }

    /// One round of a worker's loop; true when it has claimed something.
    async fn one_round(&mut self, machine: u32) -> bool {
        let mut has_claimed = false;
        loop {
            self.turn(machine).await;
            match self.machine(machine).phase {
                Phase::Resting => return has_claimed,
                Phase::Taken { .. } => has_claimed = true,
                Phase::Prepared | Phase::Chosen { .. } | Phase::Ended(_) => {}
            }
        }
    }
}
