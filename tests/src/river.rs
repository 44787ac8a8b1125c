//! `luutru up`: the whole system in one process.

use std::{collections::HashMap, path::Path, time::Duration};

use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use crate::{
    caller::Caller,
    conformity,
    database::{Database, TestDatabase},
    eventually_some,
    person::{DemoAccount, Person},
    process::Process,
    simulators::{Police, Registry},
};

/// The contract says 10 seconds; a busy machine may need more.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// A setting of a process: the name of its environment variable, and its value.
pub type Setting = (&'static str, String);

/// The line of `--ready-json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    api: String,
    ops: String,
    registry: String,
    police: String,
    database_url: String,
    keys: HashMap<String, String>,
    facilities: HashMap<String, String>,
    accounts: HashMap<String, DemoAccount>,
}

/// A running `luutru up`. Dropping it ends it.
pub struct River {
    process: Process,
    ready: Ready,
    database: Option<TestDatabase>,
    people: Mutex<HashMap<String, Person>>,
}

impl River {
    /// The one that tests share which disturb nobody; it runs until the last test has ended.
    pub async fn shared(database: Database) -> &'static Self {
        static SQLITE: OnceCell<River> = OnceCell::const_new();
        static POSTGRES: OnceCell<River> = OnceCell::const_new();
        let river = match database {
            Database::Sqlite => &SQLITE,
            Database::Postgres => &POSTGRES,
        };
        river
            .get_or_init(async || Self::start(database).await)
            .await
    }

    /// One for a single test.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// One for a single test, with settings.
    pub async fn start_with(database: Database, settings: &[Setting]) -> Self {
        Self::start_on(Some(database.create_seeded().await), settings).await
    }

    async fn start_on(database: Option<TestDatabase>, settings: &[Setting]) -> Self {
        let mut settings = settings.to_vec();
        if let Some(database) = &database {
            settings.push(("LUUTRU_DATABASE_URL", database.url().to_owned()));
        }
        let process = Self::spawn(&["--ephemeral"], &settings);
        Self {
            database,
            ..Self::from_process(process).await
        }
    }

    /// One that keeps its state in a directory, and in a database if the settings name one.
    pub async fn start_in(directory: &Path, settings: &[Setting]) -> Self {
        Self::from_process(Self::spawn_in(directory, settings)).await
    }

    /// The same without waiting for its ready line.
    pub fn spawn_in(directory: &Path, settings: &[Setting]) -> Process {
        let directory = directory.display().to_string();
        Self::spawn(&["--data-dir", &directory], settings)
    }

    fn spawn(arguments: &[&str], settings: &[Setting]) -> Process {
        let arguments = [&["up", "--ready-json"], arguments].concat();
        let ports = [
            "LUUTRU_LISTEN",
            "LUUTRU_OPS_LISTEN",
            "LUUTRU_REGISTRY_LISTEN",
            "LUUTRU_POLICE_LISTEN",
        ];
        let ports = ports.map(|name| (name, "127.0.0.1:0".to_owned()));
        Process::start(&arguments, &[&ports, settings].concat())
    }

    async fn from_process(process: Process) -> Self {
        let line = eventually_some("the ready line", READY_LIMIT, async || {
            assert!(
                process.is_running(),
                "`luutru up` ended before it was ready: {}",
                process.log()
            );
            let output = process.output();
            output.split_once('\n').map(|(line, _)| line.to_owned())
        })
        .await;
        let ready: Ready = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the ready line is not the contract's: {error}"));
        conformity::learn(&ready.api).await;
        Self {
            process,
            ready,
            database: None,
            people: Mutex::default(),
        }
    }

    /// Somebody with one of the demo keys: `hotel`, `integrator`, `police`, ….
    pub fn caller(&self, name: &str) -> Caller {
        Caller::new(&self.ready.api, Some(self.key(name)))
    }

    /// Somebody without a key.
    pub fn stranger(&self) -> Caller {
        Caller::new(&self.ready.api, None)
    }

    /// How to sign in to a demo account: `desk`, `manager`, `police`, ….
    pub fn account(&self, name: &str) -> &DemoAccount {
        let account = self.ready.accounts.get(name);
        account.expect("a demo account of this name")
    }

    /// The names of all demo accounts.
    pub fn account_names(&self) -> impl Iterator<Item = &str> {
        self.ready.accounts.keys().map(String::as_str)
    }

    /// The person of a demo account, who signs in once: a code is good once.
    pub async fn person(&self, name: &str) -> Person {
        let mut people = self.people.lock().await;
        if !people.contains_key(name) {
            let person = Person::signed_in(&self.ready.api, self.account(name)).await;
            people.insert(name.to_owned(), person);
        }
        // What a test changes of its cookies is its own.
        people[name].in_another_window(&self.ready.api)
    }

    /// The text of a demo key.
    pub fn key(&self, name: &str) -> &str {
        self.ready.keys.get(name).expect("a demo key of this name")
    }

    /// All demo keys by name.
    pub fn keys(&self) -> &HashMap<String, String> {
        &self.ready.keys
    }

    /// The id of a demo facility.
    pub fn facility(&self, name: &str) -> &str {
        let id = self.ready.facilities.get(name);
        id.expect("a demo facility of this name")
    }

    /// All demo facilities by name.
    pub fn facilities(&self) -> &HashMap<String, String> {
        &self.ready.facilities
    }

    /// The address of the API.
    pub fn api(&self) -> &str {
        &self.ready.api
    }

    /// The operator's address of the process.
    pub fn ops(&self) -> Caller {
        Caller::new(&self.ready.ops, None)
    }

    /// The address of its database.
    pub fn database_url(&self) -> &str {
        &self.ready.database_url
    }

    /// The database that was made for it; none when it made its own.
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// Its police endpoint.
    pub fn police(&self) -> Police {
        Police::at(&self.ready.police)
    }

    /// Its population registry.
    pub fn registry(&self) -> Registry {
        Registry::at(&self.ready.registry)
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }
}
