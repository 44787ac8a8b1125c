//! The settings of a worker.

use std::{num::NonZeroU32, time::Duration};

use runtime::{
    outgoing::OutgoingLimits, plain_http::PlainHttpSettings, secrets::SettingError,
    webhook_target::WebhookTargetSettings,
};

use crate::peer::PeerLimits;

/// Environment name of the registry's address.
pub(crate) const REGISTRY_URL: &str = "LUUTRU_REGISTRY_URL";
/// Environment name of the police endpoint's address.
pub(crate) const POLICE_URL: &str = "LUUTRU_POLICE_URL";
/// Where the simulators answer when nothing else is said.
const REGISTRY_SIMULATOR_URL: &str = "http://127.0.0.1:8081";
/// See [`REGISTRY_SIMULATOR_URL`].
const POLICE_SIMULATOR_URL: &str = "http://127.0.0.1:8082";
/// Environment name of the secret that signs deliveries.
pub(crate) const POLICE_SECRET: &str = "LUUTRU_POLICE_SECRET";
/// Environment name of the ops address.
pub(crate) const OPS_LISTEN: &str = "LUUTRU_OPS_LISTEN";

const CONCURRENCY: NonZeroU32 = count(128);
const CLAIM_BATCH: NonZeroU32 = count(64);
const LEASE_SECONDS: NonZeroU32 = count(30);
const POLL_INTERVAL_MILLISECONDS: NonZeroU32 = count(1_000);
const CALLS_AT_ONCE: NonZeroU32 = count(128);
const CALLS_PER_SECOND: NonZeroU32 = count(5_000);
const CONNECT_TIMEOUT_MILLISECONDS: NonZeroU32 = count(3_000);
const CALL_TIMEOUT_MILLISECONDS: NonZeroU32 = count(10_000);
/// Together with the steps that follow, below the 25 seconds in which a process must end.
const FINISH_SECONDS: u32 = 15;

const fn count(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// Settings of a worker. These comments are its manual.
#[derive(Clone, Debug, clap::Args)]
pub struct WorkerSettings {
    /// Base address of the population registry. Required in production; in development the
    /// simulator at http://127.0.0.1:8081 by default.
    #[arg(long, env = "LUUTRU_REGISTRY_URL", value_name = "URL")]
    pub registry_url: Option<String>,

    /// Base address of the police endpoint. Required in production; in development the simulator at
    /// http://127.0.0.1:8082 by default.
    #[arg(long, env = "LUUTRU_POLICE_URL", value_name = "URL")]
    pub police_url: Option<String>,

    #[command(flatten)]
    pub plain_http: PlainHttpSettings,

    /// Address of /livez, /readyz and /metrics; port 0 picks a free port.
    #[arg(long, env = "LUUTRU_OPS_LISTEN", default_value = "127.0.0.1:9090")]
    pub ops_listen: Option<String>,

    /// Concurrent tasks.
    #[arg(long, env = "LUUTRU_WORKER_CONCURRENCY", default_value_t = CONCURRENCY)]
    pub concurrency: NonZeroU32,

    /// Maximum number of tasks per claim.
    #[arg(long, env = "LUUTRU_WORKER_CLAIM_BATCH", default_value_t = CLAIM_BATCH)]
    pub claim_batch: NonZeroU32,

    /// Lease of a claimed task, in seconds: the tasks of a dead worker become free after this time.
    /// Must be longer than two calls.
    #[arg(long, env = "LUUTRU_WORKER_LEASE_SECONDS", default_value_t = LEASE_SECONDS)]
    pub lease_seconds: NonZeroU32,

    /// Polling interval of the outbox without notices, in milliseconds.
    #[arg(
        long,
        env = "LUUTRU_WORKER_POLL_INTERVAL_MILLISECONDS",
        default_value_t = POLL_INTERVAL_MILLISECONDS
    )]
    pub poll_interval_milliseconds: NonZeroU32,

    /// Concurrent calls to the registry.
    #[arg(long, env = "LUUTRU_REGISTRY_CONCURRENCY", default_value_t = CALLS_AT_ONCE)]
    pub registry_concurrency: NonZeroU32,

    /// Calls to the registry per second.
    #[arg(long, env = "LUUTRU_REGISTRY_CALLS_PER_SECOND", default_value_t = CALLS_PER_SECOND)]
    pub registry_calls_per_second: NonZeroU32,

    /// Concurrent calls to the police endpoint.
    #[arg(long, env = "LUUTRU_POLICE_CONCURRENCY", default_value_t = CALLS_AT_ONCE)]
    pub police_concurrency: NonZeroU32,

    /// Calls to the police endpoint per second. Also spreads the backlog after an outage.
    #[arg(long, env = "LUUTRU_POLICE_CALLS_PER_SECOND", default_value_t = CALLS_PER_SECOND)]
    pub police_calls_per_second: NonZeroU32,

    /// Connection time-out for both peers, in milliseconds.
    #[arg(
        long,
        env = "LUUTRU_PEER_CONNECT_TIMEOUT_MILLISECONDS",
        default_value_t = CONNECT_TIMEOUT_MILLISECONDS
    )]
    pub peer_connect_timeout_milliseconds: NonZeroU32,

    /// Time-out of a call to either peer, in milliseconds.
    #[arg(
        long,
        env = "LUUTRU_PEER_CALL_TIMEOUT_MILLISECONDS",
        default_value_t = CALL_TIMEOUT_MILLISECONDS
    )]
    pub peer_call_timeout_milliseconds: NonZeroU32,

    /// How long a stop waits for tasks under way, in seconds, before releasing them.
    #[arg(
        long,
        env = "LUUTRU_WORKER_FINISH_SECONDS",
        default_value_t = FINISH_SECONDS
    )]
    pub finish_seconds: u32,

    /// Divides the waits between attempts to reach a webhook, and the time after which a failing
    /// one is disabled; for tests.
    #[arg(long, env = "LUUTRU_WEBHOOK_HURRY", default_value_t = NonZeroU32::MIN)]
    pub webhook_hurry: NonZeroU32,

    #[command(flatten)]
    pub webhooks: WebhookTargetSettings,
}

impl WorkerSettings {
    /// The defaults with these base addresses and no ops address, for a worker inside another
    /// process.
    pub fn embedded(registry_url: String, police_url: String) -> Self {
        Self {
            registry_url: Some(registry_url),
            police_url: Some(police_url),
            plain_http: PlainHttpSettings::default(),
            ops_listen: None,
            concurrency: CONCURRENCY,
            claim_batch: CLAIM_BATCH,
            lease_seconds: LEASE_SECONDS,
            poll_interval_milliseconds: POLL_INTERVAL_MILLISECONDS,
            registry_concurrency: CALLS_AT_ONCE,
            registry_calls_per_second: CALLS_PER_SECOND,
            police_concurrency: CALLS_AT_ONCE,
            police_calls_per_second: CALLS_PER_SECOND,
            peer_connect_timeout_milliseconds: CONNECT_TIMEOUT_MILLISECONDS,
            peer_call_timeout_milliseconds: CALL_TIMEOUT_MILLISECONDS,
            finish_seconds: FINISH_SECONDS,
            webhook_hurry: NonZeroU32::MIN,
            webhooks: WebhookTargetSettings::default(),
        }
    }

    /// What keeps a production worker from starting: a peer without an address (it would call its
    /// own host), or one that would be called without TLS.
    #[must_use]
    pub fn refusals(&self) -> Vec<SettingError> {
        let peers = [
            (REGISTRY_URL, &self.registry_url),
            (POLICE_URL, &self.police_url),
        ];
        let refusal = |(setting, url): (&'static str, &Option<String>)| match url {
            Some(url) => self.plain_http.check(setting, url).err(),
            None => Some(SettingError::new(
                setting,
                format!("is not set. Set {setting} to the address to call."),
            )),
        };
        peers.into_iter().filter_map(refusal).collect()
    }

    pub(crate) fn registry_url(&self) -> &str {
        self.registry_url
            .as_deref()
            .unwrap_or(REGISTRY_SIMULATOR_URL)
    }

    pub(crate) fn police_url(&self) -> &str {
        self.police_url.as_deref().unwrap_or(POLICE_SIMULATOR_URL)
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.get().into())
    }

    pub(crate) fn finish_patience(&self) -> Duration {
        Duration::from_secs(self.finish_seconds.into())
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        milliseconds(self.poll_interval_milliseconds)
    }

    pub(crate) fn call_timeout(&self) -> Duration {
        milliseconds(self.peer_call_timeout_milliseconds)
    }

    pub(crate) fn registry_limits(&self) -> PeerLimits {
        self.peer_limits(self.registry_concurrency, self.registry_calls_per_second)
    }

    pub(crate) fn police_limits(&self) -> PeerLimits {
        self.peer_limits(self.police_concurrency, self.police_calls_per_second)
    }

    fn peer_limits(&self, calls_at_once: NonZeroU32, calls_per_second: NonZeroU32) -> PeerLimits {
        let call_count_max = usize::try_from(calls_at_once.get()).unwrap_or(usize::MAX);
        PeerLimits {
            outgoing: OutgoingLimits {
                connect_timeout: milliseconds(self.peer_connect_timeout_milliseconds),
                call_timeout: self.call_timeout(),
                // Opening a new connection for a call costs more than the call itself.
                pool_idle_count_max: call_count_max,
                ..OutgoingLimits::default()
            },
            call_count_max,
            rate_per_second: calls_per_second.get(),
        }
    }
}

fn milliseconds(count: NonZeroU32) -> Duration {
    Duration::from_millis(count.get().into())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: WorkerSettings,
    }

    #[test]
    fn the_defaults_hold_what_is_promised() {
        let settings = Command::parse_from(["worker"]).settings;
        assert_eq!(settings.lease(), Duration::from_secs(30));
        assert!(settings.call_timeout() * 2 < settings.lease());
        assert_eq!(settings.police_url(), "http://127.0.0.1:8082");
        let limits = settings.police_limits();
        assert_eq!(limits.outgoing.connect_timeout, Duration::from_secs(3));
        assert_eq!(limits.outgoing.call_timeout, Duration::from_secs(10));
        assert!(limits.outgoing.pool_idle_count_max >= limits.call_count_max);
    }

    #[test]
    fn production_wants_its_peers_named_and_out_of_reach_of_listeners() {
        let refused = |arguments: &[&str]| {
            let arguments = std::iter::once(&"worker").chain(arguments);
            let mut settings = Command::parse_from(arguments).settings;
            settings.plain_http.is_enforced = true;
            let refusals = settings.refusals();
            let names = refusals.iter().map(|refusal| refusal.setting().to_owned());
            names.collect::<Vec<String>>()
        };
        assert_eq!(refused(&[]), [REGISTRY_URL, POLICE_URL]);
        let registry = ["--registry-url", "https://registry.example"];
        let police = ["--police-url", "http://police.example"];
        assert_eq!(refused(&registry), [POLICE_URL]);
        assert_eq!(refused(&[registry, police].concat()), [POLICE_URL]);
        let named = ["--allow-plain-http", "police.example"];
        let none: [&str; 0] = [];
        assert_eq!(refused(&[registry, police, named].concat()), none);
    }
}
