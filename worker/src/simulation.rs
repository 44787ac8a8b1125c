//! The whole path from sender to police under a schedule decided by a seed: the real intake, store
//! and worker on a real SQLite file, with a simulated clock, simulated ids and simulated peers.
//!
//! A run has two halves: first anything may go wrong (safety), then nothing does, and everything
//! must finish in bounded time (liveness), including the notifications due at night for guests
//! still present. The same seed produces the same history; a test checks that. Seeds that once
//! failed are in `seeds.txt` and run first.
//!
//! `LUUTRU_TEST_SCHEDULE_SEEDS` is how many seeds are run (200), `LUUTRU_TEST_SCHEDULE_SEED` the
//! first of them (1): `LUUTRU_TEST_SCHEDULE_SEED=7 LUUTRU_TEST_SCHEDULE_SEEDS=1` runs one alone.

mod calls;
mod checker;
mod defects;
mod desk;
mod drain;
mod eyes;
mod observed;
mod plan;
mod police;
mod registry;
mod steps;
mod template;
mod world;

use std::{
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use defects::{DEFECTS, Defect};
use plan::Plan;
use world::World;

/// Seeds of a usual run.
const SEED_COUNT: u64 = 200;
/// Runs at the same time.
const THREAD_COUNT: usize = 2;
/// Lines of the history that a failure prints.
const TAIL_LENGTH: usize = 60;

/// What a run came to.
struct Report {
    plan: Plan,
    wrong: Vec<String>,
    lines: Vec<String>,
    history: String,
    state: String,
    step_count: usize,
    filed_count: usize,
    seen_count: usize,
    late_count: usize,
}

impl Report {
    fn words(&self) -> String {
        let mut words = format!("{:#?}\n", self.plan);
        let tail = self.lines.len().saturating_sub(TAIL_LENGTH);
        for line in self.lines[tail..].iter().chain(&self.wrong) {
            let _ = writeln!(words, "{line}");
        }
        let seed = self.plan.seed;
        let _ = writeln!(
            words,
            "again: LUUTRU_TEST_SCHEDULE_SEED={seed} LUUTRU_TEST_SCHEDULE_SEEDS=1 \
             cargo test -p worker --lib simulation; then add {seed} to simulation/seeds.txt"
        );
        words
    }
}

/// Runs `future` on one thread, where only what is polled moves.
fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

async fn run(seed: u64, defect: Defect) -> Report {
    let plan = Plan::of(seed);
    let step_count = plan.step_count;
    let mut world = World::begin(plan.clone(), defect).await;
    for _ in 0..step_count {
        world.happen().await;
    }
    world.heal().await;
    let mut wrong = Vec::new();
    if world.drain().await {
        wrong = checker::check(&world).await;
    } else {
        wrong.push("I29 not everything has come to its end".to_owned());
    }
    if wrong.is_empty() {
        world
            .police
            .opinions
            .retain(|_, opinion| *opinion != plan::PoliceFault::Puzzles);
        if world.send_all_again().await {
            wrong = checker::check(&world).await;
        } else {
            wrong.push("I29 what was sent again has not come to its end".to_owned());
        }
    }
    if wrong.is_empty() {
        world.night_falls().await;
        if world.drain().await {
            wrong = checker::check(&world).await;
            wrong.extend(checker::night(&world).await);
        } else {
            wrong.push("I29 what the night brings has not come to its end".to_owned());
        }
    }
    let report = Report {
        plan,
        wrong,
        history: world.log.digest(),
        lines: std::mem::take(&mut world.log.lines),
        state: eyes::digest(&world.eyes).await,
        step_count: world.step,
        filed_count: world.police.filed.len(),
        seen_count: world.police.seen.len(),
        late_count: world.observed.seen().late_count,
    };
    world.end().await;
    report
}

/// Runs these seeds, several at a time, and hands each report to `judge`, which says whether to
/// go on.
fn run_all(seeds: &[u64], defect: Defect, judge: impl Fn(Report) -> bool + Sync) {
    let next = AtomicUsize::new(0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..THREAD_COUNT {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst)
                    && let Some(seed) = seeds.get(next.fetch_add(1, Ordering::SeqCst))
                {
                    if !judge(block_on(run(*seed, defect))) {
                        is_over.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
    });
}

fn number_of(setting: &str, otherwise: u64) -> u64 {
    tests::setting(setting).map_or(otherwise, |text| text.parse().unwrap())
}

/// Seeds that failed once.
fn kept_seeds() -> Vec<u64> {
    let lines = include_str!("simulation/seeds.txt").lines();
    let seeds = lines.filter_map(|line| line.split_whitespace().next()?.parse().ok());
    seeds.collect()
}

#[test]
fn whatever_goes_wrong_every_notification_has_one_effect_and_all_come_to_an_end() {
    let first = number_of("LUUTRU_TEST_SCHEDULE_SEED", 1);
    let count = number_of("LUUTRU_TEST_SCHEDULE_SEEDS", SEED_COUNT);
    let mut seeds = if count == 1 { Vec::new() } else { kept_seeds() };
    seeds.extend(first..first + count);
    let failed = Mutex::new(Vec::new());
    let [steps, filed, seen, late] = std::array::from_fn(|_| AtomicUsize::new(0));
    let started = std::time::Instant::now();
    run_all(&seeds, Defect::None, |report| {
        steps.fetch_add(report.step_count, Ordering::Relaxed);
        filed.fetch_add(report.filed_count, Ordering::Relaxed);
        seen.fetch_add(report.seen_count, Ordering::Relaxed);
        late.fetch_add(report.late_count, Ordering::Relaxed);
        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
        if !report.wrong.is_empty() {
            failed.push(report);
        }
        failed.len() < 5
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let words: Vec<String> = failed.iter().map(Report::words).collect();
    let summary = format!(
        "{} seeds in {:?}: {steps:?} steps, {seen:?} requests at the police, {filed:?} effects, \
         {late:?} results under lost leases",
        seeds.len(),
        started.elapsed()
    );
    tell(&summary);
    assert!(failed.is_empty(), "{}{summary}", words.join("\n"));
    // A schedule in which hardly anything happens proves nothing.
    assert!(filed.into_inner() > seeds.len(), "{summary}");
}

/// Shown with `--nocapture`.
#[expect(
    clippy::print_stdout,
    reason = "who runs many seeds by hand wants to see the numbers"
)]
fn tell(words: &str) {
    println!("{words}");
}

#[test]
fn the_same_seed_makes_the_same_history_and_the_same_state() {
    for seed in 1..=12 {
        let [one, other] = [(); 2].map(|()| block_on(run(seed, Defect::None)));
        let mut pairs = one.lines.iter().zip(&other.lines);
        let until = pairs.position(|(one, other)| one != other);
        let before = until.map(|at| &one.lines[at.saturating_sub(10)..=at]);
        assert_eq!(before, None, "seed {seed}");
        assert_eq!(one.history, other.history, "seed {seed}");
        assert_eq!(one.state, other.state, "seed {seed}");
    }
}

#[test]
fn every_planted_defect_is_found_within_the_usual_number_of_seeds() {
    let seeds: Vec<u64> = (1..=SEED_COUNT).collect();
    for defect in DEFECTS {
        let found = Mutex::new(None);
        let run_count = AtomicUsize::new(0);
        run_all(&seeds, defect, |report| {
            run_count.fetch_add(1, Ordering::Relaxed);
            let is_found = !report.wrong.is_empty();
            if is_found {
                let first = report.wrong.first().cloned();
                *found.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((report.plan.seed, first));
            }
            !is_found
        });
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        tell(&format!("{defect:?}: {found:?} after {run_count:?} runs"));
        assert!(found.is_some(), "{defect:?} is not found");
    }
}
