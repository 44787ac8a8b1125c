//! The evening before the deadline, on the real layout: PostgreSQL, two APIs behind the proxy, two
//! workers and both simulators, each in a container of its own.
//!
//! Compresses 17:00 to 23:00 into two minutes, with the rush of the last hour. Desks declare within
//! their quota; one sender sends twenty times what its quota allows. The run passes when every
//! declaration within its quota is answered with 2xx at the first or second try, and nothing is
//! lost or duplicated: each acknowledged stay is at the police once, and nothing else is.
//!
//! ```text
//! cargo build --bin luutru && cargo run --package tests --bin evening
//! ```
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a command of the tests: what cannot go on ends it, what it found is printed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    process::{Command, ExitCode},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde_json::Value;
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt,
    core::{ContainerPort, IntoContainerPort, Mount, WaitFor},
    runners::AsyncRunner,
};
use tests::{Answer, Caller, Police, Secrets, Setting, binary_path, people, run_to_end};
use tokio::{task::JoinSet, time::MissedTickBehavior};

/// Share of the evening's declarations in each of its hours, 17:00 to 23:00, in percent: the last
/// hour has the most (30 % of a day come in it).
const HOURS: [u32; 6] = [8, 10, 12, 16, 20, 34];
/// How long an hour of the evening takes here.
const HOUR: Duration = Duration::from_secs(20);
/// An unoptimised build has a whole evening's processes on one small machine: it gets half an
/// evening, with the same proportions.
const SCALE: u32 = if cfg!(debug_assertions) { 1 } else { 2 };
/// Declarations of the evening, over all desks within their quota.
const DECLARATION_COUNT: u32 = 1_200 * SCALE;
/// The quota of a facility: stays a second, and burst.
const FACILITY_RATE: u32 = 6 * SCALE;
const FACILITY_BURST: u32 = 12 * SCALE;
/// The desks within their quota; the last hour brings each of them five sixths of it.
const DESKS: [&str; 4] = ["hotel", "guest_house", "hospital", "school"];
/// The sender that exceeds its quota, and its rate.
const FLOODING: &str = "official_residence";
const FLOOD_RATE: u32 = 20 * FACILITY_RATE;
/// Requests of the flood under way at once; more are dropped on its side.
const FLOOD_AT_ONCE: usize = 64;
/// After the evening everything must have arrived within this time.
const DRAINED: Duration = Duration::from_secs(90);
const READY: Duration = Duration::from_secs(120);

const API_PORT: u16 = 8080;
const REGISTRY_PORT: u16 = 8081;
const POLICE_PORT: u16 = 8082;
const TLS_PORT: u16 = 443;
/// What the proxy's container begins with.
const PROXY_START: &str = "/usr/local/bin/start.sh";
/// Where browsers would reach it.
const PUBLIC_URL: &str = "https://localhost";

#[tokio::main]
async fn main() -> ExitCode {
    let layout = Layout::start().await;
    let evening = Arc::new(Evening::default());
    let started = Instant::now();
    evening.pass(&layout).await;
    println!("the evening took {:.0} s", started.elapsed().as_secs_f64());
    let faults = evening.judge(&layout).await;
    for fault in &faults {
        println!("FAULT: {fault}");
    }
    layout.stop().await;
    if faults.is_empty() {
        println!("evening: passed");
        ExitCode::SUCCESS
    } else {
        println!("evening: {} fault(s)", faults.len());
        ExitCode::FAILURE
    }
}

/// What came back to the senders.
#[derive(Default)]
struct Evening {
    /// Stays that were acknowledged.
    accepted: Mutex<BTreeSet<String>>,
    /// Declarations within their quota without a 2xx at the first try, by what was answered.
    tried_again: Mutex<BTreeMap<String, u32>>,
    /// Those of them without a 2xx at the second try either.
    refused: Mutex<BTreeMap<String, u32>>,
    flood: Mutex<BTreeMap<String, u32>>,
    latencies_ms: Mutex<Vec<u128>>,
}

impl Evening {
    async fn pass(self: &Arc<Self>, layout: &Layout) {
        let [one, two, three, four] = DESKS.map(|name| self.keep_a_desk(layout, name));
        let _ = tokio::join!(one, two, three, four, self.flood(layout));
    }

    /// Declares at the pace of the evening, whether answers come or not.
    async fn keep_a_desk(self: &Arc<Self>, layout: &Layout, name: &str) {
        let desk = layout.desk(name);
        let mut declarations = JoinSet::new();
        for share in HOURS {
            let count = (DECLARATION_COUNT * share / 100 / 4).max(1);
            let mut clock = tokio::time::interval(HOUR / count);
            clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for _ in 0..count {
                clock.tick().await;
                let (evening, desk) = (Arc::clone(self), desk.clone());
                let stay = people::citizen(layout.facility(name));
                declarations.spawn(async move { evening.declare(&desk, &stay).await });
            }
        }
        declarations.join_all().await;
    }

    /// Like an honest sender: once, and once more if told to retry.
    async fn declare(&self, desk: &Caller, stay: &Value) {
        let key = people::fresh("evening");
        let started = Instant::now();
        let first = send(desk, &key, stay).await;
        self.latencies_ms.lock().push(started.elapsed().as_millis());
        if self.note_accepted(first.as_ref()) {
            return;
        }
        count(&self.tried_again, first.as_ref());
        let asked = first
            .as_ref()
            .and_then(|answer| answer.header("retry-after"));
        let seconds = asked.and_then(|text| text.parse().ok()).unwrap_or(1);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let second = send(desk, &key, stay).await;
        if !self.note_accepted(second.as_ref()) {
            count(&self.refused, second.as_ref());
        }
    }

    /// Sends far beyond its quota and ignores refusals.
    async fn flood(self: &Arc<Self>, layout: &Layout) {
        let sender = layout.desk(FLOODING);
        let mut clock = tokio::time::interval(Duration::from_secs(1) / FLOOD_RATE);
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let until = Instant::now() + HOUR * 6;
        let mut under_way = JoinSet::new();
        while Instant::now() < until {
            clock.tick().await;
            while under_way.try_join_next().is_some() {}
            if under_way.len() >= FLOOD_AT_ONCE {
                continue;
            }
            let (evening, sender) = (Arc::clone(self), sender.clone());
            let stay = people::citizen(layout.facility(FLOODING));
            under_way.spawn(async move {
                let answer = send(&sender, &people::fresh("flood"), &stay).await;
                evening.note_accepted(answer.as_ref());
                count(&evening.flood, answer.as_ref());
            });
        }
        under_way.join_all().await;
    }

    fn note_accepted(&self, answer: Option<&Answer>) -> bool {
        let Some(answer) = answer.filter(|answer| matches!(answer.status, 200 | 201)) else {
            return false;
        };
        let id = answer.json()["id"].as_str().map(str::to_owned);
        self.accepted.lock().insert(id.expect("a stay has an id"))
    }

    /// Waits until everything has arrived; returns what is wrong.
    async fn judge(&self, layout: &Layout) -> Vec<String> {
        let accepted = self.accepted.lock().clone();
        let mut faults = Vec::new();
        let arrived = layout.arrived(&accepted).await;
        let lost = accepted.difference(&arrived).count();
        let unknown = arrived.difference(&accepted).count();
        if lost > 0 {
            faults.push(format!("{lost} acknowledged stays are not at the police"));
        }
        if unknown > 0 {
            faults.push(format!(
                "{unknown} stays at the police were never acknowledged"
            ));
        }
        let refused = self.refused.lock().clone();
        if !refused.is_empty() {
            faults.push(format!(
                "declarations within their quota without 2xx at the second try: {refused:?}"
            ));
        }
        let flood = self.flood.lock().clone();
        if !flood.keys().any(|answer| answer.starts_with("429")) {
            faults.push("the sender beyond its quota never heard 429".to_owned());
        }
        let check = run_to_end(&["check"], &layout.settings).await;
        if check.code != Some(0) {
            faults.push(format!("luutru check: {}", check.output.trim()));
        }
        let mut latencies = self.latencies_ms.lock().clone();
        latencies.sort_unstable();
        let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
        println!(
            "{} declarations within their quota, tried again: {:?}, latency ms: p50 {}, \
             p99 {}, max {}; the flood: {flood:?}; {} stays acknowledged, {} at the police",
            latencies.len(),
            self.tried_again.lock().clone(),
            at(50),
            at(99),
            at(100),
            accepted.len(),
            arrived.len(),
        );
        faults
    }
}

/// Counts what was answered: the status, and of an error its code.
fn count(answers: &Mutex<BTreeMap<String, u32>>, answer: Option<&Answer>) {
    let name = match answer {
        None => "no answer".to_owned(),
        Some(answer) if answer.status < 300 => answer.status.to_string(),
        Some(answer) => {
            let problem = answer.json();
            let code = problem["code"].as_str().unwrap_or("without a code");
            format!("{} {code}", answer.status)
        }
    };
    *answers.lock().entry(name).or_default() += 1;
}

async fn send(desk: &Caller, key: &str, stay: &Value) -> Option<Answer> {
    let call = desk.call("POST", "/v1/stays");
    let call = call.header("Idempotency-Key", key).json(stay);
    call.try_send().await.ok()
}

/// The running containers and their addresses.
struct Layout {
    containers: Vec<ContainerAsync<GenericImage>>,
    /// For commands of this machine that work on the same database.
    settings: Vec<Setting>,
    proxy: Caller,
    police: Police,
    keys: BTreeMap<String, String>,
    facilities: BTreeMap<String, String>,
    image: String,
}

impl Layout {
    async fn start() -> Self {
        let name = format!("luutru-evening-{}", std::process::id());
        let plan = Plan {
            image: make_image(&name),
            secrets: Secrets::generate(),
            name,
        };
        let mut containers = Vec::new();
        let postgres = start(plan.postgres()).await;
        let database = format!(
            "postgres://luutru:luutru@{}/luutru",
            address(&postgres, 5432).await
        );
        let mut settings = plan.secrets.settings().to_vec();
        settings.push(("LUUTRU_DATABASE_URL", database));
        settings.push(("LUUTRU_PROFILE", "production".to_owned()));
        let identity = TlsIdentity::generate(&host(&postgres).await);
        containers.push(postgres);
        succeed(&["migrate"], &settings).await;
        let demo = succeed(&["seed", "--demo"], &settings).await;
        let demo: Value = serde_json::from_str(&demo).expect("seed prints keys and facilities");

        containers.push(start(plan.service("registry-sim", REGISTRY_PORT)).await);
        let police = start(plan.service("police-sim", POLICE_PORT)).await;
        let police_address = format!("http://{}", address(&police, POLICE_PORT).await);
        containers.push(police);
        for number in ["1", "2"] {
            containers.push(start(plan.numbered("api", number, API_PORT)).await);
            containers.push(start(plan.numbered("worker", number, 9090)).await);
        }
        let proxy = start(plan.proxy(&identity)).await;
        let proxy_address = format!("https://{}", address(&proxy, TLS_PORT).await);
        containers.push(proxy);
        let proxy = Caller::over_tls(&proxy_address, &identity.certificate);
        let is_ready = async || {
            let answer = proxy.call("GET", "/readyz").try_send().await;
            answer.is_ok_and(|answer| answer.status == 200)
        };
        tests::eventually("the API behind the proxy", READY, is_ready).await;
        Self {
            containers,
            settings,
            proxy,
            police: Police::at(&police_address),
            keys: texts(&demo["keys"]),
            facilities: texts(&demo["facilities"]),
            image: plan.image,
        }
    }

    fn desk(&self, name: &str) -> Caller {
        self.proxy
            .with_key(self.keys.get(name).expect("a demo key"))
    }

    fn facility(&self, name: &str) -> &str {
        self.facilities.get(name).expect("a demo facility")
    }

    /// The stays at the police, once all of these are there or the time is up.
    async fn arrived(&self, awaited: &BTreeSet<String>) -> BTreeSet<String> {
        let until = Instant::now() + DRAINED;
        loop {
            // Fails on its own when a stay is there twice.
            let arrived = self.police.stays_with_one_effect().await;
            if arrived.is_superset(awaited) || Instant::now() > until {
                return arrived;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn stop(self) {
        for container in self.containers.into_iter().rev() {
            container.rm().await.expect("a container can be removed");
        }
        // A leftover does no harm.
        let _ = Command::new("docker")
            .args(["rmi", "--force", &self.image])
            .output();
    }
}

fn texts(object: &Value) -> BTreeMap<String, String> {
    let members = object.as_object().into_iter().flatten();
    members
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// What the containers are made of.
struct Plan {
    image: String,
    secrets: Secrets,
    /// Of the network; containers are named after it.
    name: String,
}

impl Plan {
    fn postgres(&self) -> ContainerRequest<GenericImage> {
        let ready = "database system is ready to accept connections";
        let image = image_of("POSTGRES_IMAGE", "postgres:15");
        // The first server only makes user and database.
        let image = image
            .with_exposed_port(5432.tcp())
            .with_wait_for(WaitFor::message_on_stdout(ready))
            .with_wait_for(WaitFor::message_on_stderr(ready));
        self.placed(image, "postgres")
            .with_env_var("POSTGRES_USER", "luutru")
            .with_env_var("POSTGRES_PASSWORD", "luutru")
            .with_env_var("POSTGRES_DB", "luutru")
            .with_mount(Mount::tmpfs_mount("/var/lib/postgresql/data"))
    }

    fn service(&self, command: &str, port: u16) -> ContainerRequest<GenericImage> {
        self.of_luutru(command, command, port)
    }

    fn numbered(&self, command: &str, number: &str, port: u16) -> ContainerRequest<GenericImage> {
        self.of_luutru(command, &format!("{command}-{number}"), port)
    }

    fn of_luutru(&self, command: &str, role: &str, port: u16) -> ContainerRequest<GenericImage> {
        let image = named(&self.image)
            .with_exposed_port(ContainerPort::Tcp(port))
            .with_wait_for(WaitFor::message_on_stderr("\"listening\""));
        let mut request = self.placed(image, role).with_cmd([command]);
        for (name, value) in self.secrets.settings() {
            request = request.with_env_var(*name, value);
        }
        let database = format!("postgres://luutru:luutru@{}-postgres/luutru", self.name);
        let at = |role: &str, port| format!("http://{}-{role}:{port}", self.name);
        let settings = [
            ("LUUTRU_PROFILE", "production".to_owned()),
            ("LUUTRU_PUBLIC_URL", PUBLIC_URL.to_owned()),
            ("LUUTRU_DATABASE_URL", database),
            ("LUUTRU_LISTEN", format!("0.0.0.0:{API_PORT}")),
            ("LUUTRU_OPS_LISTEN", "0.0.0.0:9090".to_owned()),
            ("LUUTRU_REGISTRY_LISTEN", format!("0.0.0.0:{REGISTRY_PORT}")),
            ("LUUTRU_POLICE_LISTEN", format!("0.0.0.0:{POLICE_PORT}")),
            ("LUUTRU_REGISTRY_URL", at("registry-sim", REGISTRY_PORT)),
            ("LUUTRU_POLICE_URL", at("police-sim", POLICE_PORT)),
            // The network is the containers' own.
            (
                "LUUTRU_ALLOW_PLAIN_HTTP",
                format!("{0}-registry-sim,{0}-police-sim", self.name),
            ),
            (
                "LUUTRU_TRUSTED_PROXIES",
                "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16".to_owned(),
            ),
            (
                "LUUTRU_REGISTRY_STATE_DIRECTORY",
                "/var/lib/luutru".to_owned(),
            ),
            (
                "LUUTRU_POLICE_STATE_DIRECTORY",
                "/var/lib/luutru".to_owned(),
            ),
            (
                "LUUTRU_FACILITY_STAYS_PER_SECOND",
                FACILITY_RATE.to_string(),
            ),
            ("LUUTRU_FACILITY_STAY_BURST", FACILITY_BURST.to_string()),
        ];
        for (name, value) in settings {
            request = request.with_env_var(name, value);
        }
        request
    }

    fn proxy(&self, identity: &TlsIdentity) -> ContainerRequest<GenericImage> {
        let settings = include_str!("../../../docker/proxy/nginx.conf");
        let settings = settings.replace("server api-", &format!("server {}-api-", self.name));
        let begin = include_bytes!("../../../docker/proxy/start.sh").to_vec();
        let image = image_of("NGINX_IMAGE", "nginx:1.28")
            .with_exposed_port(TLS_PORT.tcp())
            .with_entrypoint("/bin/sh");
        self.placed(image, "proxy")
            .with_cmd([PROXY_START])
            .with_env_var("LUUTRU_PUBLIC_URL", PUBLIC_URL)
            .with_copy_to(PROXY_START, begin)
            .with_copy_to("/etc/nginx/nginx.conf", settings.into_bytes())
            .with_copy_to("/run/secrets/tls_certificate", identity.certificate.clone())
            .with_copy_to("/run/secrets/tls_key", identity.key.clone())
    }

    fn placed(&self, image: GenericImage, role: &str) -> ContainerRequest<GenericImage> {
        image
            .with_network(&self.name)
            .with_container_name(format!("{}-{role}", self.name))
            .with_startup_timeout(READY)
    }
}

/// What TLS needs at the proxy, as PEM: a certificate that signs itself, for this machine.
struct TlsIdentity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl TlsIdentity {
    /// For whoever reaches the engine at this host: its address where the tests run in a container
    /// themselves.
    fn generate(host: &str) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let [certificate, key] = ["certificate", "key"].map(|name| place.path().join(name));
        let kind = if host.parse::<IpAddr>().is_ok() {
            "IP"
        } else {
            "DNS"
        };
        let names = format!("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1,{kind}:{host}");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
            .args(["-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-subj", "/CN=localhost", "-addext", &names])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .expect("openssl can be started");
        assert!(made.status.success(), "openssl made no certificate");
        let read = |path| std::fs::read(path).expect("what openssl wrote");
        Self {
            certificate: read(&certificate),
            key: read(&key),
        }
    }
}

/// The image that this variable of the environment names, or the official one.
fn image_of(variable: &str, official: &str) -> GenericImage {
    let chosen = tests::setting(variable);
    named(chosen.as_deref().unwrap_or(official))
}

fn named(image: &str) -> GenericImage {
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    GenericImage::new(name, tag)
}

/// The image around the binary under test.
fn make_image(name: &str) -> String {
    let image = format!("luutru-test/{name}:evening");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/prebuilt-image.sh");
    let made = Command::new(script)
        .arg(binary_path())
        .arg(&image)
        .status()
        .expect("the script that makes the image can be started");
    assert!(made.success(), "the image of luutru was not made");
    image
}

async fn start(request: ContainerRequest<GenericImage>) -> ContainerAsync<GenericImage> {
    request.start().await.unwrap_or_else(|error| {
        panic!("a container does not start ({error}); is a Docker Engine running?")
    })
}

/// Where the engine's published ports are reached.
async fn host(container: &ContainerAsync<GenericImage>) -> String {
    let host = container.get_host().await;
    host.expect("the engine's address").to_string()
}

async fn address(container: &ContainerAsync<GenericImage>, port: u16) -> String {
    let port = container
        .get_host_port_ipv4(port.tcp())
        .await
        .expect("the published port");
    format!("{}:{port}", host(container).await)
}

async fn succeed(arguments: &[&str], settings: &[Setting]) -> String {
    let ending = run_to_end(arguments, settings).await;
    assert_eq!(ending.code, Some(0), "{arguments:?}: {}", ending.log);
    ending.output
}
