//! The services as separate processes on one database, as in production.

use std::{
    collections::HashMap,
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::RngCore;
use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    binary::run_to_end,
    caller::Caller,
    conformity,
    database::{Database, TestDatabase},
    eventually::eventually,
    process::Process,
    river::Setting,
    simulators::{Police, Registry},
};

const READY_LIMIT: Duration = Duration::from_secs(60);

/// The secrets of an installation, as settings.
#[derive(Clone)]
pub struct Secrets(Vec<Setting>);

impl Secrets {
    /// New ones.
    pub fn generate() -> Self {
        Self(vec![
            ("LUUTRU_MASTER_KEY", hex::encode(random::<32>())),
            ("LUUTRU_INDEX_KEY", hex::encode(random::<32>())),
            ("LUUTRU_KEY_PEPPER", hex::encode(random::<32>())),
            ("LUUTRU_RECEIPT_KEY", receipt_key()),
            (
                "LUUTRU_POLICE_SECRET",
                format!("whsec_{}", STANDARD.encode(random::<32>())),
            ),
        ])
    }

    /// All of them.
    pub fn settings(&self) -> &[Setting] {
        &self.0
    }

    /// All but one.
    pub fn without(&self, name: &str) -> Vec<Setting> {
        let kept = self.0.iter().filter(|(other, _)| *other != name);
        kept.cloned().collect()
    }
}

/// What `luutru seed --demo` prints, once.
#[derive(Deserialize)]
struct Demo {
    keys: HashMap<String, String>,
    facilities: HashMap<String, String>,
}

/// An installation with the production profile: a migrated database with demo data, and both
/// simulators. API and workers are started separately.
pub struct Services {
    settings: Vec<Setting>,
    database: TestDatabase,
    police_process: Process,
    police_address: String,
    registry_process: Process,
    registry_address: String,
    demo: Demo,
    // The simulators' files.
    state: TempDir,
}

impl Services {
    /// Makes the database and starts the simulators.
    pub async fn install(database: Database) -> Self {
        Self::install_on(database.create_seeded().await).await
    }

    /// The same on a database that is there.
    pub async fn install_on(database: TestDatabase) -> Self {
        let secrets = Secrets::generate();
        Self::set_up(database, secrets.settings(), None).await
    }

    /// On a database that has its demonstration: made with these secrets, `{keys, facilities}` are
    /// the demonstration's.
    pub async fn take_over(
        database: TestDatabase,
        secrets: &[Setting],
        demonstration: serde_json::Value,
    ) -> Self {
        let demo = serde_json::from_value(demonstration).expect("keys and facilities");
        Self::set_up(database, secrets, Some(demo)).await
    }

    async fn set_up(database: TestDatabase, secrets: &[Setting], demo: Option<Demo>) -> Self {
        let state = tempfile::tempdir().expect("a directory");
        let mut settings = secrets.to_vec();
        let state_directory = state.path().display().to_string();
        let (police_port, registry_port) = (free_port(), free_port());
        let police_address = format!("http://127.0.0.1:{police_port}");
        let registry_address = format!("http://127.0.0.1:{registry_port}");
        settings.extend([
            ("LUUTRU_DATABASE_URL", database.url().to_owned()),
            ("LUUTRU_PROFILE", "production".to_owned()),
            ("LUUTRU_POLICE_URL", police_address.clone()),
            ("LUUTRU_REGISTRY_URL", registry_address.clone()),
            ("LUUTRU_POLICE_LISTEN", format!("127.0.0.1:{police_port}")),
            (
                "LUUTRU_REGISTRY_LISTEN",
                format!("127.0.0.1:{registry_port}"),
            ),
            ("LUUTRU_POLICE_STATE_DIRECTORY", state_directory.clone()),
            ("LUUTRU_REGISTRY_STATE_DIRECTORY", state_directory),
        ]);
        succeed(&["migrate"], &settings).await;
        let demo = match demo {
            Some(demo) => demo,
            None => {
                let printed = succeed(&["seed", "--demo"], &settings).await;
                serde_json::from_str(&printed).expect("seed --demo prints keys and facilities")
            }
        };
        let (police_process, _) = start(&["police-sim"], &settings, &[]).await;
        let (registry_process, _) = start(&["registry-sim"], &settings, &[]).await;
        Self {
            settings,
            database,
            police_process,
            police_address,
            registry_process,
            registry_address,
            demo,
            state,
        }
    }

    /// Starts an API process; answers it and its address once it is ready.
    pub async fn start_api(&self) -> (Process, String) {
        self.start_api_with(&[]).await
    }

    /// The same with settings of its own.
    pub async fn start_api_with(&self, settings: &[Setting]) -> (Process, String) {
        let port = free_port();
        let listen = [("LUUTRU_LISTEN", format!("127.0.0.1:{port}"))];
        let settings = [settings, &listen].concat();
        let (process, _) = start(&["api"], &self.settings, &settings).await;
        let address = format!("http://127.0.0.1:{port}");
        conformity::learn(&address).await;
        (process, address)
    }

    /// Starts an API process again at the address of one that is gone.
    pub async fn start_api_again(&self, api: &str) -> Process {
        let launched = self.launch_api_at(api, &[]);
        launched.ready().await;
        launched.process
    }

    /// Starts a worker.
    pub async fn start_worker(&self) -> Process {
        self.start_worker_with(&[]).await
    }

    /// The same with settings of its own.
    pub async fn start_worker_with(&self, settings: &[Setting]) -> Process {
        start(&["worker"], &self.settings, settings).await.0
    }

    /// Starts an API process, and does not wait for it; answers it and its address.
    pub fn launch_api_with(&self, settings: &[Setting]) -> (Launched, String) {
        let address = format!("http://127.0.0.1:{}", free_port());
        (self.launch_api_at(&address, settings), address)
    }

    /// Starts an API process at this address, and does not wait for it.
    pub fn launch_api_at(&self, api: &str, settings: &[Setting]) -> Launched {
        let listen = api.trim_start_matches("http://").to_owned();
        let settings = [settings, &[("LUUTRU_LISTEN", listen)]].concat();
        launch(&["api"], &self.settings, &settings)
    }

    /// Starts a worker, and does not wait for it.
    pub fn launch_worker_with(&self, settings: &[Setting]) -> Launched {
        launch(&["worker"], &self.settings, settings)
    }

    /// Starts another police endpoint, with files of its own; answers it and its address.
    pub async fn start_police(&self) -> (Process, String) {
        let port = free_port();
        let directory = self.state.path().join(port.to_string());
        std::fs::create_dir(&directory).expect("a directory");
        let own = [
            ("LUUTRU_POLICE_LISTEN", format!("127.0.0.1:{port}")),
            (
                "LUUTRU_POLICE_STATE_DIRECTORY",
                directory.display().to_string(),
            ),
        ];
        let (process, _) = start(&["police-sim"], &self.settings, &own).await;
        (process, format!("http://127.0.0.1:{port}"))
    }

    /// A caller with a demo key, at an API process.
    pub fn caller(&self, api: &str, name: &str) -> Caller {
        let key = self.demo.keys.get(name).expect("a demo key of this name");
        Caller::new(api, Some(key))
    }

    /// The id of a demo facility.
    pub fn facility(&self, name: &str) -> &str {
        let id = self.demo.facilities.get(name);
        id.expect("a demo facility of this name")
    }

    /// The settings that all processes share.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The police endpoint.
    pub fn police(&self) -> Police {
        Police::at(&self.police_address)
    }

    /// The population registry.
    pub fn registry(&self) -> Registry {
        Registry::at(&self.registry_address)
    }

    /// The address of the police endpoint.
    pub fn police_address(&self) -> &str {
        &self.police_address
    }

    /// Starts the police endpoint again where one was killed.
    pub async fn restart_police(&mut self) {
        self.police_process.kill();
        self.police_process = start(&["police-sim"], &self.settings, &[]).await.0;
    }

    /// The police endpoint's process.
    pub fn police_process(&self) -> &Process {
        &self.police_process
    }

    /// The population registry's process.
    pub fn registry_process(&self) -> &Process {
        &self.registry_process
    }
}

/// A process that was started, whether it is ready or not.
pub struct Launched {
    /// The process.
    pub process: Process,
    ops: Caller,
    what: String,
}

impl Launched {
    /// Its operator's address.
    pub fn ops(&self) -> &Caller {
        &self.ops
    }

    /// Whether its operator's address says that it is ready; false without an answer.
    pub async fn is_ready(&self) -> bool {
        let answer = self.ops.call("GET", "/readyz").try_send().await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until it is ready; a process that ends fails the test.
    pub async fn ready(&self) {
        let what = format!("readiness of {}", self.what);
        eventually(&what, READY_LIMIT, async || {
            assert!(
                self.process.is_running(),
                "{} ended: {}",
                self.what,
                self.process.log()
            );
            self.is_ready().await
        })
        .await;
    }
}

/// Starts a service and does not wait for it.
fn launch(arguments: &[&str], common: &[Setting], own: &[Setting]) -> Launched {
    let ops_port = free_port();
    let ops = ("LUUTRU_OPS_LISTEN", format!("127.0.0.1:{ops_port}"));
    let settings = [common, &[ops], own].concat();
    Launched {
        process: Process::start(arguments, &settings),
        ops: Caller::new(&format!("http://127.0.0.1:{ops_port}"), None),
        what: arguments.join(" "),
    }
}

/// Starts a service and waits until it is ready.
async fn start(arguments: &[&str], common: &[Setting], own: &[Setting]) -> (Process, Caller) {
    let launched = launch(arguments, common, own);
    launched.ready().await;
    (launched.process, launched.ops)
}

async fn succeed(arguments: &[&str], settings: &[Setting]) -> String {
    let ending = run_to_end(arguments, settings).await;
    assert_eq!(
        ending.code,
        Some(0),
        "luutru {}: {}",
        arguments.join(" "),
        ending.log
    );
    ending.output
}

/// A port that nobody listens on, out of the range from which the system takes ports for clients.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 10_000;
    // Far from where a test run with the next process id begins.
    let spread = std::process::id().wrapping_mul(613) % u32::from(COUNT);
    let offset = u16::try_from(spread).unwrap_or_default();
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + offset.wrapping_add(step) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free")
}

/// An Ed25519 private key in PKCS#8 PEM: a fixed frame (RFC 8410, section 7) around the seed.
fn receipt_key() -> String {
    let frame = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let der = [frame.as_slice(), &random::<32>()].concat();
    let body = STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
