//! An installation in which everything can fail: separate processes, links between them, and a
//! PostgreSQL server of its own.

use std::{path::PathBuf, time::Duration};

use tempfile::TempDir;
use tokio::time::sleep;

use super::{
    desk::plant_refusals,
    evidence::{Deeds, Drain, Evidence},
    faults::Fault,
    server::Server,
};
use crate::{
    caller::Caller,
    database::{Database, TestDatabase},
    eventually,
    link::{Link, Weather},
    process::Process,
    river::Setting,
    services::Services,
};

/// A lease that ends soon after its worker, and calls that fit into it.
const LEASE_SECONDS: u32 = 5;
const CALL_TIMEOUT_MS: i64 = 1_000;
/// What the police endpoint is said to allow; the drain is judged by it.
const POLICE_CALLS_PER_SECOND: u32 = 200;
/// Everything must have arrived this long after the last fault, or the run is given up.
const DRAINED: Duration = Duration::from_secs(240);
/// After this a lease of a sleeper is over.
const LEASE_OVER: Duration = Duration::from_secs(LEASE_SECONDS as u64 + 1);

/// The running installation.
pub struct Site {
    // Processes end before what they stand on.
    api: Process,
    worker: Process,
    services: Services,
    address: String,
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
    pub async fn start(database: Database) -> Self {
        match database {
            Database::Sqlite => Self::start_on(database.create_seeded().await, None).await,
            Database::Postgres => {
                let server = Server::start().await;
                let made = server.create_database("luutru").await;
                Self::start_on(made, Some(server)).await
            }
        }
    }

    /// Installs everything on this database.
    pub async fn start_on(database: TestDatabase, server: Option<Server>) -> Self {
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
        let (api, address) = services.start_api_with(&api_settings).await;
        let worker = services.start_worker_with(&worker_settings).await;
        Self {
            api,
            worker,
            services,
            address,
            api_settings,
            worker_settings,
            to_police,
            of_database,
            server,
            logs: Vec::new(),
            deeds: Deeds {
                call_timeout_ms: CALL_TIMEOUT_MS,
                ..Deeds::default()
            },
            directory: tempfile::tempdir().expect("a directory for the journal"),
        }
    }

    /// Where the journal lies.
    pub fn journal(&self) -> PathBuf {
        self.directory.path().join("journal.jsonl")
    }

    /// What the simulators and the database are reached by.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Somebody who may declare for every facility.
    pub fn integrator(&self) -> Caller {
        self.services.caller(&self.address, "integrator")
    }

    /// The facilities that declare: those whose guests have rooms.
    pub fn facilities(&self) -> Vec<String> {
        let names = ["hotel", "guest_house"];
        names
            .map(|name| self.services.facility(name).to_owned())
            .to_vec()
    }

    /// Lets a fault happen, and heals it. Returns when it is healed.
    pub async fn suffer(&mut self, fault: Fault, seed: u64) {
        match fault {
            Fault::ApiKilled => self.restart_api().await,
            Fault::WorkerKilled => self.restart_worker().await,
            Fault::PoliceKilled => self.restart_police().await,
            Fault::ApiStopped(lasts) => {
                self.api.signal("STOP");
                sleep(lasts).await;
                self.api.signal("CONT");
            }
            Fault::WorkerStopped(lasts) => self.sleep_worker(lasts).await,
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

    async fn restart_api(&mut self) {
        self.api.kill();
        self.keep_log("api", &self.api.log());
        let settings = &self.api_settings;
        self.api = self.services.start_api_at(&self.address, settings).await;
    }

    async fn restart_worker(&mut self) {
        self.worker.kill();
        self.deeds.worker_kills += 1;
        self.keep_log("worker", &self.worker.log());
        self.worker = self.services.start_worker_with(&self.worker_settings).await;
    }

    /// It forgets what it was told to refuse: nothing reaches it until it is told again.
    async fn restart_police(&mut self) {
        self.services.police_process().kill();
        self.to_police.set(Weather::Cut);
        self.services.restart_police().await;
        plant_refusals(&self.services.police()).await;
        self.to_police.mend();
    }

    /// The sleeper wakes up after its lease, while its successor is at work.
    async fn sleep_worker(&mut self, lasts: Duration) {
        self.worker.signal("STOP");
        let successor = self.services.start_worker_with(&self.worker_settings).await;
        sleep(lasts.max(LEASE_OVER)).await;
        self.worker.signal("CONT");
        let sleeper = std::mem::replace(&mut self.worker, successor);
        sleeper.terminate();
        let ending = sleeper.ended(Duration::from_secs(30)).await;
        self.keep_log("worker", &ending.log);
    }

    fn keep_log(&mut self, name: &str, log: &str) {
        self.logs.push((name.to_owned(), log.to_owned()));
    }

    /// Waits until nothing is on its way, and notes how long that took.
    pub async fn drain(&mut self) {
        let started = tokio::time::Instant::now();
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
        let (api_log, worker_log) = (self.api.log(), self.worker.log());
        self.keep_log("api", &api_log);
        self.keep_log("worker", &worker_log);
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
