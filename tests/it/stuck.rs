//! A database that is silent, or whose connections all wait: callers get a prompt and truthful
//! answer. R15 and R16 of the fault plan.

use std::time::Duration;

use tests::{Answer, Caller, Database, Link, Process, Services, Weather, measured, people};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

/// A busy machine may add so much to what was wanted.
const SLACK: Duration = Duration::from_millis(700);
const SILENCE: Duration = Duration::from_secs(8);
const LOCKED: Duration = Duration::from_secs(5);
const WANTED_SILENT: Duration = Duration::from_secs(3);
const WANTED_STUCK: Duration = Duration::from_millis(300);
const RECOVERED: Duration = Duration::from_secs(10);
/// Requests of each kind a second.
const RATE: u32 = 20;

/// An API behind a link to its database, and a sender who has declared a stay there.
struct Counter {
    services: Services,
    link: Link,
    api: Process,
    desk: Caller,
}

impl Counter {
    async fn open() -> Self {
        let services = Services::install(Database::Postgres).await;
        let (link, url) = Link::to_database(services.database().url()).await;
        let (api, address) = services
            .start_api_with(&[("LUUTRU_DATABASE_URL", url)])
            .await;
        let desk = services.caller(&address, "integrator");
        let counter = Self {
            services,
            link,
            api,
            desk,
        };
        // The usual duration must be known before a delay can be recognised.
        for _ in 0..60 {
            desk_accepts(&counter).await;
        }
        counter
    }

    fn hotel(&self) -> &str {
        self.services.facility("hotel")
    }
}

async fn desk_accepts(counter: &Counter) -> String {
    let stay = people::citizen(counter.hotel());
    let stay = counter.desk.accepted(&stay).await;
    stay["id"].as_str().unwrap().to_owned()
}

/// How long it takes until a stay is accepted.
async fn acceptance(counter: &Counter, since: Instant) -> Duration {
    tests::eventually("acceptance", RECOVERED, async || {
        let stay = people::citizen(counter.hotel());
        counter.desk.declare(&stay).await.status == 201
    })
    .await;
    since.elapsed()
}

/// The answer to a caller, and its duration.
struct Told {
    answer: Answer,
    asked: Instant,
    took: Duration,
    /// The key and the declaration, to send it again.
    sent: Option<(String, serde_json::Value)>,
}

/// Declares and reads steadily until `end`; gives every answer.
async fn ask_until(counter: &Counter, known: &str, end: Instant) -> (Vec<Told>, Vec<Told>) {
    let mut declared = JoinSet::new();
    let mut read = JoinSet::new();
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while Instant::now() < end {
        ticks.tick().await;
        let (desk, stay) = (counter.desk.clone(), people::citizen(counter.hotel()));
        declared.spawn(async move {
            let key = people::fresh("stuck");
            let asked = Instant::now();
            let answer = desk.declare_as(&key, &stay).await;
            Told {
                answer,
                asked,
                took: asked.elapsed(),
                sent: Some((key, stay)),
            }
        });
        let (desk, path) = (counter.desk.clone(), format!("/v1/stays/{known}"));
        read.spawn(async move {
            let asked = Instant::now();
            let answer = desk.get(&path).await;
            Told {
                answer,
                asked,
                took: asked.elapsed(),
                sent: None,
            }
        });
    }
    (declared.join_all().await, read.join_all().await)
}

fn took(told: &[Told]) -> Vec<Duration> {
    let mut took: Vec<Duration> = told.iter().map(|one| one.took).collect();
    took.sort();
    took
}

fn share(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn summary(told: &[Told]) -> String {
    let sorted = took(told);
    format!(
        "{} answers, half within {:?}, nine in ten within {:?}, the last {:?}",
        sorted.len(),
        share(&sorted, 50),
        share(&sorted, 90),
        sorted[sorted.len() - 1]
    )
}

/// Refused in words that are true of a database that gives nothing.
fn assert_told_the_truth(told: &Told) {
    let code = told.answer.json()["code"].as_str().unwrap().to_owned();
    let in_progress = told.answer.status == 409 && code == "idempotency_in_progress";
    let words = ["storage_unavailable", "outcome_unknown", "overloaded"];
    assert!(
        in_progress || (told.answer.status == 503 && words.contains(&&*code)),
        "{} {code}",
        told.answer.status
    );
    assert!(told.answer.header("retry-after").is_some(), "{code}");
}

/// Every request, sent again under its key, is stored once.
async fn all_once_after_a_second_try(counter: &Counter, declared: Vec<Told>, before: usize) {
    let count = declared.len();
    for told in declared {
        let (key, stay) = told.sent.expect("a declaration");
        let answer = counter.desk.declare_as(&key, &stay).await;
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
    }
    let stored = counter.services.database();
    let stays = stored.count("SELECT COUNT(*) FROM stay").await;
    assert_eq!(usize::try_from(stays).unwrap(), before + count);
    let versions = stored.count("SELECT COUNT(*) FROM stay_version").await;
    assert_eq!(stays, versions);
}

/// R15: the network carries nothing for a while.
#[tokio::test]
async fn who_asks_a_silent_database_is_told_within_three_seconds() {
    let counter = Counter::open().await;
    let known = desk_accepts(&counter).await;
    counter.link.set(Weather::BlackHole);
    let silent_from = Instant::now();
    let silent_until = silent_from + SILENCE;
    let mend = async {
        sleep_until(silent_until).await;
        counter.link.mend();
    };
    let ((declared, read), ()) = tokio::join!(ask_until(&counter, &known, silent_until), mend);
    let recovered = acceptance(&counter, Instant::now()).await;
    let limit = WANTED_SILENT + SLACK;
    for told in declared.iter().chain(&read) {
        assert!(told.took <= limit, "{:?} {}", told.took, told.answer.text());
        // At the edges the network carried.
        if told.asked + told.took < silent_until {
            assert_told_the_truth(told);
        }
    }
    counter.desk.get("/livez").await.expect(200);
    assert!(counter.api.is_running());
    measured(
        "R15",
        &format!(
            "silent for {SILENCE:?}: declarations {}; reads {}; taken again {recovered:?} after",
            summary(&declared),
            summary(&read)
        ),
    );
    all_once_after_a_second_try(&counter, declared, 62).await;
}

/// R15: open connections silently stop answering; new ones work.
#[tokio::test]
async fn connections_that_were_forgotten_are_replaced() {
    let counter = Counter::open().await;
    counter.link.set(Weather::Forgotten);
    let forgotten = Instant::now();
    let declared = acceptance(&counter, forgotten).await;
    tests::eventually("readiness", RECOVERED, async || {
        counter.desk.get("/readyz").await.status == 200
    })
    .await;
    let ready = forgotten.elapsed();
    // All connections of the pool are found out, not only the one that was tried.
    let path = format!("/v1/stays/{}", desk_accepts(&counter).await);
    tests::eventually("readers", RECOVERED, async || {
        let mut answers = JoinSet::new();
        for _ in 0..16 {
            let (desk, path) = (counter.desk.clone(), path.clone());
            answers.spawn(async move { desk.get(&path).await.status });
        }
        answers.join_all().await.iter().all(|status| *status == 200)
    })
    .await;
    measured(
        "R15",
        &format!(
            "connections forgotten: taken again after {declared:?}, ready after {ready:?}, all \
             readers after {:?}",
            forgotten.elapsed()
        ),
    );
}

/// The longest that `/livez` took.
async fn slowest_life(counter: &Counter, until: Instant) -> Duration {
    let mut slowest = Duration::ZERO;
    while Instant::now() < until {
        let asked = Instant::now();
        counter.desk.get("/livez").await.expect(200);
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    slowest
}

/// R16: every connection waits for a lock. A caller that would have to wait for a connection is
/// refused at once, the process reports itself alive, and service resumes when the lock is gone.
#[tokio::test]
async fn who_would_wait_behind_a_lock_is_told_at_once() {
    let counter = Counter::open().await;
    let known = desk_accepts(&counter).await;
    let stored = counter.services.database();
    let lock = async {
        let seconds = LOCKED.as_secs();
        let text = format!(
            "BEGIN; LOCK TABLE stay_version IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({seconds}); \
             COMMIT"
        );
        stored.execute(&text).await;
        Instant::now()
    };
    let work = async {
        let holds = "SELECT COUNT(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
                     AND relation = 'stay_version'::regclass";
        tests::eventually("the lock", RECOVERED, async || {
            stored.count(holds).await == 1
        })
        .await;
        // Everybody has an answer before the lock is gone.
        let until = Instant::now() + LOCKED - Duration::from_secs(2);
        tokio::join!(
            ask_until(&counter, &known, until),
            slowest_life(&counter, until)
        )
    };
    let (freed, ((declared, read), slowest_life)) = tokio::join!(lock, work);
    for told in declared.iter().chain(&read) {
        assert_told_the_truth(told);
    }
    let recovered = acceptance(&counter, freed).await;
    measured(
        "R16",
        &format!(
            "declarations {}; reads {}; /livez at most {slowest_life:?}; taken again \
             {recovered:?} after",
            summary(&declared),
            summary(&read)
        ),
    );
    let limit = WANTED_STUCK + SLACK;
    assert!(share(&took(&read), 100) <= limit);
    assert!(share(&took(&declared), 75) <= limit);
    assert!(slowest_life <= SLACK, "{slowest_life:?}");
    all_once_after_a_second_try(&counter, declared, 62).await;
}
