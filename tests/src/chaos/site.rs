//! An installation in which everything can fail: separate processes, proxied links between them,
//! and its own PostgreSQL server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{
    desk::plant_refusals,
    evidence::{Deeds, Drain, Evidence, Held},
    faults::Fault,
    journal::micros,
    server::Server,
};
use crate::{
    caller::Caller,
    database::{Database, TestDatabase},
    eventually,
    link::{Link, Weather},
    river::Setting,
    services::{Launched, Services, free_port},
    wrong_clock::WrongClock,
};

/// A lease that ends soon after its worker, and calls that fit into it.
const LEASE_SECONDS: u32 = 5;
const CALL_TIMEOUT_MS: i64 = 1_000;
/// What the police endpoint is said to allow; the drain is judged by it.
const POLICE_CALLS_PER_SECOND: u32 = 200;
/// The run is aborted if not everything has arrived this long after the last fault.
const DRAINED: Duration = Duration::from_secs(240);
/// After this a lease of a sleeper is over.
const LEASE_OVER: Duration = Duration::from_secs(LEASE_SECONDS as u64 + 1);

/// How long a worker with a wrong clock works.
const WRONG_FOR: Duration = Duration::from_secs(5);
/// How long it goes on after its clock was set right.
const RIGHT_AGAIN_FOR: Duration = Duration::from_secs(3);

/// An API process and where it listens.
struct Api {
    running: Arc<Launched>,
    address: String,
}

/// How many processes of each kind there are.
#[derive(Clone, Copy, Debug)]
pub struct Crew {
    /// APIs.
    pub api_count: usize,
    /// Workers.
    pub worker_count: usize,
}

impl Crew {
    /// One of each.
    pub const SMALL: Self = Self {
        api_count: 1,
        worker_count: 1,
    };
}

/// The running installation.
pub struct Site {
    // Processes end before what they stand on.
    apis: Vec<Api>,
    workers: Vec<Arc<Launched>>,
    /// The next process to kill.
    turn: usize,
    services: Services,
    api_settings: Vec<Setting>,
    worker_settings: Vec<Setting>,
    to_police: Link,
    of_database: Option<[Link; 2]>,
    server: Option<Server>,
    logs: Vec<(String, String)>,
    deeds: Deeds,
    directory: TempDir,
}

impl Site {
    /// Installs everything on a database of its own.
    pub async fn start(database: Database, crew: Crew) -> Self {
        match database {
            Database::Sqlite => Self::start_on(database.create_seeded().await, None, crew).await,
            Database::Postgres => {
                let server = Server::start().await;
                let made = server.create_database("luutru").await;
                Self::start_on(made, Some(server), crew).await
            }
        }
    }

    /// Installs everything on this database.
    pub async fn start_on(database: TestDatabase, server: Option<Server>, crew: Crew) -> Self {
        let services = Services::install_on(database).await;
        let (to_police, police_url) = Link::to_server(services.police_address()).await;
        let mut api_settings = quotas();
        let mut worker_settings = vec![
            ("LUUTRU_POLICE_URL", police_url),
            ("LUUTRU_WORKER_LEASE_SECONDS", LEASE_SECONDS.to_string()),
            (
                "LUUTRU_PEER_CALL_TIMEOUT_MILLISECONDS",
                CALL_TIMEOUT_MS.to_string(),
            ),
            (
                "LUUTRU_POLICE_CALLS_PER_SECOND",
                POLICE_CALLS_PER_SECOND.to_string(),
            ),
        ];
        let mut of_database = None;
        if server.is_some() {
            let url = services.database().url();
            let (of_api, through) = Link::to_database(url).await;
            api_settings.push(("LUUTRU_DATABASE_URL", through));
            let (of_worker, through) = Link::to_database(url).await;
            worker_settings.push(("LUUTRU_DATABASE_URL", through));
            of_database = Some([of_api, of_worker]);
        }
        let mut apis = Vec::new();
        for _ in 0..crew.api_count {
            let address = format!("http://127.0.0.1:{}", free_port());
            let running = services.launch_api_at(&address, &api_settings);
            running.ready().await;
            let running = Arc::new(running);
            apis.push(Api { running, address });
        }
        let mut workers = Vec::new();
        for _ in 0..crew.worker_count {
            let running = services.launch_worker_with(&worker_settings);
            running.ready().await;
            workers.push(Arc::new(running));
        }
        Self {
            apis,
            workers,
            turn: 0,
            services,
            api_settings,
            worker_settings,
            to_police,
            of_database,
            server,
            logs: Vec::new(),
            deeds: Deeds {
                call_timeout_ms: CALL_TIMEOUT_MS,
                lasted: (micros(), 0),
                ..Deeds::default()
            },
            directory: tempfile::tempdir().expect("a directory for the journal"),
        }
    }

    /// The path of the journal.
    pub fn journal(&self) -> PathBuf {
        self.directory.path().join("journal.jsonl")
    }

    /// The addresses of the simulators and the database.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// A caller that may declare for every facility, at the first API.
    pub fn integrator(&self) -> Caller {
        self.services.caller(&self.apis[0].address, "integrator")
    }

    /// The same at each API.
    pub fn integrators(&self) -> Vec<Caller> {
        let addresses = self.apis.iter().map(|api| &api.address);
        addresses
            .map(|address| self.services.caller(address, "integrator"))
            .collect()
    }

    /// The facilities that declare: those whose guests have rooms.
    pub fn facilities(&self) -> Vec<String> {
        let names = ["hotel", "guest_house"];
        names
            .map(|name| self.services.facility(name).to_owned())
            .to_vec()
    }

    /// `kill -9` of an API or a worker, the next one in turn; it is started again at once and not
    /// waited for. Answers what was started.
    pub async fn strike(&mut self, fault: Fault) -> Arc<Launched> {
        let turn = self.turn;
        self.turn += 1;
        if fault == Fault::WorkerKilled {
            self.kill_worker(turn % self.workers.len()).await
        } else {
            self.kill_api(turn % self.apis.len())
        }
    }

    /// Waits until every process is ready.
    pub async fn ready(&self) {
        for process in self
            .apis
            .iter()
            .map(|api| &api.running)
            .chain(&self.workers)
        {
            process.ready().await;
        }
    }

    /// The first API, to be asked whether it is ready.
    pub fn watch(&self) -> Arc<Launched> {
        Arc::clone(&self.apis[0].running)
    }

    /// Lets a fault happen, and heals it. Returns when it is healed.
    pub async fn suffer(&mut self, fault: Fault, seed: u64) {
        match fault {
            Fault::ApiKilled | Fault::WorkerKilled => self.strike(fault).await.ready().await,
            Fault::PoliceKilled => self.restart_police().await,
            Fault::ApiStopped(lasts) => {
                let api = &self.apis[0].running.process;
                api.signal("STOP");
                sleep(lasts).await;
                api.signal("CONT");
            }
            Fault::WorkerStopped(lasts) => self.sleep_worker(lasts).await,
            Fault::WorkerClock(seconds) => self.misdate_worker(seconds).await,
            Fault::DatabaseKilled(lasts) => {
                let server = self.server.as_mut().expect("a server of its own");
                server.kill();
                sleep(lasts).await;
                server.start_again().await;
            }
            Fault::ApiToDatabase(weather, lasts) => {
                self.storm_at_database(0, weather, lasts).await;
            }
            Fault::WorkerToDatabase(weather, lasts) => {
                self.storm_at_database(1, weather, lasts).await;
            }
            Fault::WorkerToPolice(weather, lasts) => {
                self.to_police.set(weather);
                sleep(lasts).await;
                self.to_police.mend();
            }
            Fault::Police(how, lasts) => {
                let police = self.services.police();
                police.fail(&how.as_faults(seed)).await;
                sleep(lasts).await;
                police.heal().await;
            }
            Fault::Registry(how, lasts) => {
                let registry = self.services.registry();
                registry.fail(&how.as_faults(seed)).await;
                sleep(lasts).await;
                registry.heal().await;
            }
        }
    }

    async fn storm_at_database(&self, which: usize, weather: Weather, lasts: Duration) {
        let links = self.of_database.as_ref().expect("a server to link to");
        links[which].set(weather);
        sleep(lasts).await;
        links[which].mend();
    }

    fn kill_api(&mut self, which: usize) -> Arc<Launched> {
        let api = &mut self.apis[which];
        api.running.process.kill();
        let started = self
            .services
            .launch_api_at(&api.address, &self.api_settings);
        let killed = std::mem::replace(&mut api.running, Arc::new(started));
        let started = Arc::clone(&api.running);
        self.keep_log("api", &killed.process.log());
        started
    }

    async fn kill_worker(&mut self, which: usize) -> Arc<Launched> {
        self.workers[which].process.kill();
        self.deeds.worker_kills += 1;
        let at = micros();
        let started = self.services.launch_worker_with(&self.worker_settings);
        let killed = std::mem::replace(&mut self.workers[which], Arc::new(started));
        self.keep_log("worker", &killed.process.log());
        self.note_held(at).await;
        Arc::clone(&self.workers[which])
    }

    /// Writes down what is on lease, if it was not already when another worker was killed.
    async fn note_held(&mut self, at: i64) {
        for (task_id, lease_id) in self.services.database().leases().await {
            let is_known = self
                .deeds
                .held
                .iter()
                .any(|held| held.task_id == task_id && held.lease_id == lease_id);
            if !is_known {
                self.deeds.held.push(Held {
                    task_id,
                    lease_id,
                    at,
                });
            }
        }
    }

    /// A worker whose clock jumps while it works: beside the first one where each host has its own
    /// clock, in its place where all processes are on one host.
    async fn misdate_worker(&mut self, seconds: i32) {
        if !self.deeds.wrong_clocks.contains(&seconds) {
            self.deeds.wrong_clocks.push(seconds);
        }
        let clock = WrongClock::ahead(0);
        let settings = [&self.worker_settings[..], &clock.settings()].concat();
        let is_alone = self.server.is_none();
        if is_alone {
            self.workers[0].process.kill();
            self.deeds.worker_kills += 1;
            self.keep_log("worker", &self.workers[0].process.log());
        }
        let misdated = self.services.launch_worker_with(&settings);
        misdated.ready().await;
        clock.jump(i64::from(seconds));
        sleep(WRONG_FOR).await;
        clock.jump(0);
        sleep(RIGHT_AGAIN_FOR).await;
        misdated.process.terminate();
        let ending = misdated.process.ended(Duration::from_secs(30)).await;
        self.keep_log("worker", &ending.log);
        if is_alone {
            let right = self.services.launch_worker_with(&self.worker_settings);
            right.ready().await;
            self.workers[0] = Arc::new(right);
        }
    }

    /// It forgets its refusal list: nothing reaches it until the list is sent again.
    async fn restart_police(&mut self) {
        self.services.police_process().kill();
        self.to_police.set(Weather::Cut);
        self.services.restart_police().await;
        plant_refusals(&self.services.police()).await;
        self.to_police.mend();
    }

    /// The suspended worker resumes after its lease, while its successor is at work.
    async fn sleep_worker(&mut self, lasts: Duration) {
        self.workers[0].process.signal("STOP");
        let successor = self.services.launch_worker_with(&self.worker_settings);
        successor.ready().await;
        sleep(lasts.max(LEASE_OVER)).await;
        let sleeper = std::mem::replace(&mut self.workers[0], Arc::new(successor));
        sleeper.process.signal("CONT");
        sleeper.process.terminate();
        let ending = sleeper.process.ended(Duration::from_secs(30)).await;
        self.keep_log("worker", &ending.log);
    }

    fn keep_log(&mut self, name: &str, log: &str) {
        self.logs.push((name.to_owned(), log.to_owned()));
    }

    /// Waits until nothing is on its way, and notes how long that took.
    pub async fn drain(&mut self) {
        let started = Instant::now();
        let backlog = self.open_count().await;
        eventually("the end of all tasks", DRAINED, async || {
            sleep(Duration::from_millis(100)).await;
            self.open_count().await == 0
        })
        .await;
        self.deeds.drains.push(Drain {
            backlog,
            allowed_per_second: POLICE_CALLS_PER_SECOND,
            seconds: started.elapsed().as_secs_f64(),
        });
    }

    async fn open_count(&self) -> u64 {
        let query = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL";
        let count = self.services.database().count(query).await;
        count.unsigned_abs()
    }

    /// Gathers the records when everything has settled.
    pub async fn evidence(&mut self) -> Evidence {
        self.deeds.lasted.1 = micros();
        let apis = self.apis.iter().map(|api| ("api", &api.running));
        let workers = self.workers.iter().map(|worker| ("worker", worker));
        let logs: Vec<(&str, String)> = apis
            .chain(workers)
            .map(|(name, running)| (name, running.process.log()))
            .collect();
        for (name, log) in logs {
            self.keep_log(name, &log);
        }
        Evidence::gather(
            &self.journal(),
            self.services.database().url(),
            &self.services.police(),
            &self.integrator(),
            self.deeds.clone(),
            self.logs.clone(),
        )
        .await
    }
}

/// Quotas beyond what a run sends: they are tested elsewhere.
fn quotas() -> Vec<Setting> {
    [
        "LUUTRU_FACILITY_STAYS_PER_SECOND",
        "LUUTRU_FACILITY_STAY_BURST",
        "LUUTRU_KEY_STAYS_PER_SECOND",
        "LUUTRU_KEY_STAY_BURST",
        "LUUTRU_READS_PER_SECOND",
        "LUUTRU_READ_BURST",
    ]
    .map(|name| (name, "100000".to_owned()))
    .to_vec()
}
