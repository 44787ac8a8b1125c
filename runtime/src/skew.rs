//! The skew between our clock and the database server's, and its consequences.
//!
//! Processes on several hosts share one database, so each measures itself against its server's
//! clock; nothing here sets a clock. Leases use the server's time, whatever ours says. Our clock
//! decides when a declaration was received, and so whether it was on time. Therefore a process that
//! accepts declarations uses the server's time while its own clock is far off.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::ops::Readiness;

/// A skew that synchronised hosts may briefly have.
const UNNOTICED_MAX: TimeDelta = TimeDelta::seconds(2);
/// The largest skew with which a process serves. Deadlines are accurate to the minute.
const BEARABLE_MAX: TimeDelta = TimeDelta::seconds(60);
/// A slower answer is useless: it may be off by half of its duration. A process suspended during
/// the query sees such answers.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(1);
/// Between two comparisons of a process that keeps comparing.
pub const COMPARE_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait for the database's time.
const COMPARE_TIMEOUT: Duration = Duration::from_millis(200);
/// How long the check `clock` waits for an answer under way. Less than a check may take: when the
/// database is away, that is for the check `database` to say.
const ANSWER_WAIT: Duration = Duration::from_millis(100);

/// The consequence of a skew for the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SkewVerdict {
    /// Nothing.
    Agrees,
    /// An operator should look: a warning.
    Off,
    /// Timestamps would be unreliable: not ready.
    Wrong,
}

/// The verdict on a skew in either direction; each limit still belongs to the milder verdict.
fn judge(skew: TimeDelta) -> SkewVerdict {
    let distance = skew.abs();
    if distance <= UNNOTICED_MAX {
        SkewVerdict::Agrees
    } else if distance <= BEARABLE_MAX {
        SkewVerdict::Off
    } else {
        SkewVerdict::Wrong
    }
}

/// Our clock minus another's, which we asked at `asked_at` and which said `theirs`. The answer is
/// taken to be from the middle of the round trip, so it is off by half of that at most. `None`
/// after more than [`ROUND_TRIP_MAX`].
fn measure(
    asked_at: DateTime<Utc>,
    round_trip: Duration,
    theirs: DateTime<Utc>,
) -> Option<TimeDelta> {
    let half = TimeDelta::from_std(round_trip / 2).ok()?;
    (round_trip <= ROUND_TRIP_MAX).then(|| asked_at + half - theirs)
}

/// Compares our clock with the database server's whenever that is asked.
#[derive(Debug)]
pub struct ClockWatch {
    clock: Clock,
    /// Held during the query, so that readers see the newest answer.
    asking: tokio::sync::Mutex<()>,
    last: Mutex<Option<TimeDelta>>,
    corrects: bool,
}

impl ClockWatch {
    /// Until the first answer, the clock is assumed to be right.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            asking: tokio::sync::Mutex::default(),
            last: Mutex::default(),
            corrects: false,
        }
    }

    /// Like [`ClockWatch::new`], and while our clock is more than a minute off, it and all its
    /// clones tell the time that the database server has.
    pub fn correcting(clock: Clock) -> Self {
        Self {
            corrects: true,
            ..Self::new(clock)
        }
    }

    /// Adds the checks `database` and `clock`, both out of one question: what time the database
    /// server has; `None` where its clock is ours. `clock` fails while the skew is above a minute.
    ///
    /// While the database does not answer, `clock` keeps its last result.
    pub fn add_checks<F, Fut, E>(self: &Arc<Self>, readiness: &Readiness, ask: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<DateTime<Utc>>, E>> + Send + 'static,
        E: std::fmt::Display,
    {
        let watch = Arc::clone(self);
        readiness.add_check("database", move || {
            let (watch, answer) = (Arc::clone(&watch), ask());
            async move {
                let compared = watch.compare(answer).await;
                compared.map_err(|error| error.to_string())
            }
        });
        let watch = Arc::clone(self);
        readiness.add_check("clock", move || {
            let watch = Arc::clone(&watch);
            async move { watch.verdict().await }
        });
    }

    /// Whether our clock was more than a minute off when it was last compared.
    pub fn is_wrong(&self) -> bool {
        self.last.lock().map(judge) == Some(SkewVerdict::Wrong)
    }

    /// Queries the database server's time and stores the skew.
    ///
    /// Errors: those of the question.
    pub async fn compare<E>(
        &self,
        answer: impl Future<Output = Result<Option<DateTime<Utc>>, E>>,
    ) -> Result<(), E> {
        let _asking = self.asking.lock().await;
        let (asked_at, begun) = (self.clock.uncorrected(), self.clock.steady());
        let theirs = answer.await?;
        let round_trip = self.clock.steady() - begun;
        if let Some(skew) = theirs.and_then(|theirs| measure(asked_at, round_trip, theirs)) {
            self.note(skew);
        }
        Ok(())
    }

    /// Like [`ClockWatch::compare`], for a moment only: without an answer what was last known
    /// holds.
    pub async fn look<E: std::fmt::Display>(
        &self,
        answer: impl Future<Output = Result<Option<DateTime<Utc>>, E>>,
    ) {
        match timeout(COMPARE_TIMEOUT, self.compare(answer)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "could not compare the clocks"),
            Err(_) => tracing::debug!("could not compare the clocks in time"),
        }
    }

    /// One log line per change, also where nobody asks whether we are ready.
    fn note(&self, skew: TimeDelta) {
        let skew_seconds = skew.as_seconds_f64();
        metrics::gauge!("luutru_clock_skew_seconds").set(skew_seconds);
        let verdict = judge(skew);
        if self.corrects {
            self.clock.correct_by(match verdict {
                SkewVerdict::Wrong => -skew,
                SkewVerdict::Agrees | SkewVerdict::Off => TimeDelta::zero(),
            });
        }
        let was = self
            .last
            .lock()
            .replace(skew)
            .map_or(SkewVerdict::Agrees, judge);
        if was == verdict {
            return;
        }
        match verdict {
            SkewVerdict::Off => tracing::warn!(
                skew_seconds,
                "the clocks of this host and of the database server differ: correct them"
            ),
            SkewVerdict::Agrees => tracing::info!(
                skew_seconds,
                "the clocks of this host and of the database server agree again"
            ),
            SkewVerdict::Wrong => tracing::error!(
                skew_seconds,
                "the clocks of this host and of the database server are far apart: correct them"
            ),
        }
    }

    async fn verdict(&self) -> Result<(), String> {
        // Timed out or not, judge by what is known now.
        let _ = timeout(ANSWER_WAIT, self.asking.lock()).await;
        let skew = (*self.last.lock()).unwrap_or_default();
        match judge(skew) {
            SkewVerdict::Agrees | SkewVerdict::Off => Ok(()),
            SkewVerdict::Wrong => Err(format!(
                "the clock of this host is {} s {} that of the database server",
                skew.num_seconds().abs(),
                if skew > TimeDelta::zero() {
                    "ahead of"
                } else {
                    "behind"
                }
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use tokio::time::{Instant, advance};

    use super::*;
    use crate::clock::ManualClock;
    use crate::ops::ReadinessReport;

    #[test]
    fn a_skew_is_judged_by_its_size_either_way() {
        // Each row: milliseconds, and what they mean.
        let table = [
            (0, SkewVerdict::Agrees),
            (1_999, SkewVerdict::Agrees),
            (2_000, SkewVerdict::Agrees),
            (2_001, SkewVerdict::Off),
            (60_000, SkewVerdict::Off),
            (60_001, SkewVerdict::Wrong),
            (90_000, SkewVerdict::Wrong),
            (3_600_000, SkewVerdict::Wrong),
            (86_400_000, SkewVerdict::Wrong),
            (i64::MAX, SkewVerdict::Wrong),
        ];
        for (milliseconds, verdict) in table {
            let skew = TimeDelta::milliseconds(milliseconds);
            assert_eq!(judge(skew), verdict, "{milliseconds} ms ahead");
            assert_eq!(judge(-skew), verdict, "{milliseconds} ms behind");
        }
    }

    #[test]
    fn the_time_of_the_question_is_no_skew() {
        // Each row, in milliseconds: our clock at the question, the round trip, theirs, the skew.
        let table = [
            (0, 0, 0, Some(0)),
            (0, 200, 100, Some(0)),
            (0, 200, 0, Some(100)),
            (0, 200, 200, Some(-100)),
            (3_000, 200, 100, Some(3_000)),
            (0, 200, 3_600_100, Some(-3_600_000)),
            (0, 1_000, 500, Some(0)),
            (0, 1_001, 500, None),
            (0, 10_000, 10_000, None),
        ];
        let at = |milliseconds| DateTime::from_timestamp_millis(milliseconds).unwrap();
        for (asked, round_trip, theirs, skew) in table {
            assert_eq!(
                measure(at(asked), Duration::from_millis(round_trip), at(theirs)),
                skew.map(TimeDelta::milliseconds),
                "asked at {asked}, {round_trip} ms, they said {theirs}"
            );
        }
    }

    /// A database server whose clock stands at 0, and a process beside it.
    struct Scene {
        readiness: Readiness,
        hands: ManualClock,
        state: Arc<AtomicI64>,
        asked: Arc<AtomicUsize>,
    }

    const ANSWERS: i64 = 0;
    const REFUSES: i64 = 1;
    const HANGS: i64 = 2;
    const SAME_CLOCK: i64 = 3;

    impl Scene {
        fn new() -> Self {
            let (clock, hands) = Clock::manual(DateTime::UNIX_EPOCH);
            let readiness = Readiness::default();
            let (state, asked) = (Arc::<AtomicI64>::default(), Arc::<AtomicUsize>::default());
            let (told, count) = (Arc::clone(&state), Arc::clone(&asked));
            let watch = Arc::new(ClockWatch::new(clock));
            watch.add_checks(&readiness, move || {
                count.fetch_add(1, Ordering::SeqCst);
                let state = told.load(Ordering::SeqCst);
                async move {
                    match state {
                        ANSWERS => Ok(Some(DateTime::UNIX_EPOCH)),
                        REFUSES => Err("closed"),
                        SAME_CLOCK => Ok(None),
                        _ => std::future::pending().await,
                    }
                }
            });
            Self {
                readiness,
                hands,
                state,
                asked,
            }
        }

        /// Whether each check passes, once what was known before is old.
        async fn look(&self, ahead_seconds: i64, state: i64) -> [(&'static str, bool); 2] {
            self.state.store(state, Ordering::SeqCst);
            let ahead = TimeDelta::seconds(ahead_seconds);
            self.hands.set(DateTime::UNIX_EPOCH + ahead);
            advance(Duration::from_secs(2)).await;
            let ReadinessReport { checks, .. } = self.readiness.report().await;
            [checks[0], checks[1]]
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_corrects_tells_the_servers_time_while_ours_is_far_from_it() {
        // Each row: seconds ahead, and what is told then, while the server has 0.
        let table = [(0, 0), (60, 60), (61, 0), (-3_600, 0), (86_400, 0), (3, 3)];
        let (clock, hands) = Clock::manual(DateTime::UNIX_EPOCH);
        let watch = ClockWatch::correcting(clock.clone());
        for (ahead, told) in table {
            hands.set(DateTime::UNIX_EPOCH + TimeDelta::seconds(ahead));
            let answer = async { Ok::<_, ()>(Some(DateTime::UNIX_EPOCH)) };
            watch.compare(answer).await.unwrap();
            assert_eq!(clock.now().timestamp(), told, "{ahead} s ahead");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_clock_is_not_ready_until_it_is_right() {
        let scene = Scene::new();
        // Each row: seconds ahead, and whether the clock passes.
        let table = [
            (0, true),
            (3, true),
            (-60, true),
            (61, false),
            (-86_400, false),
            (0, true),
            (3_600, false),
        ];
        for (count, (ahead, is_ok)) in table.into_iter().enumerate() {
            let checks = scene.look(ahead, ANSWERS).await;
            let expected = [("database", true), ("clock", is_ok)];
            assert_eq!(checks, expected, "{ahead} s ahead");
            let asked = scene.asked.load(Ordering::SeqCst);
            assert_eq!(asked, count + 1, "one question serves both checks");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_says_nothing_of_the_clock() {
        let scene = Scene::new();
        let away = [("database", false), ("clock", true)];
        for state in [REFUSES, HANGS] {
            assert_eq!(scene.look(0, state).await, away, "{state}");
        }
        scene.look(61, ANSWERS).await;
        for state in [REFUSES, HANGS] {
            let begun = Instant::now();
            let still = [("database", false), ("clock", false)];
            assert_eq!(scene.look(0, state).await, still, "{state}");
            assert!(begun.elapsed() < Duration::from_millis(2_201));
        }
        let right = [("database", true), ("clock", true)];
        assert_eq!(scene.look(0, ANSWERS).await, right);
    }

    #[tokio::test(start_paused = true)]
    async fn where_there_is_one_clock_it_is_right() {
        let both = [("database", true), ("clock", true)];
        assert_eq!(Scene::new().look(86_400, SAME_CLOCK).await, both);
    }
}
