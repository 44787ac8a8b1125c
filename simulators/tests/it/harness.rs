//! Starts simulators for a test and speaks to them as a stranger would.

use std::{path::Path, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, Response};
use runtime::clock::{Clock, ManualClock};
use secrecy::SecretString;
use serde_json::{Value, json};
use simulators::{
    PoliceSettings, Registry, RegistrySettings, RunningSimulator, start_police, start_registry,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(crate) type Outcome = anyhow::Result<()>;

/// The secret of the tests, as its bytes.
const SECRET: [u8; 24] = *b"a secret of 24 bytes....";

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default()
}

/// A simulator under test. Dropping it leaves the process's end to stop it: a `kill -9` as far
/// as the simulator can tell is [`Simulator::stop`] without anything to flush.
pub(crate) struct Simulator {
    pub(crate) address: String,
    pub(crate) ops_address: String,
    pub(crate) client: Client,
    pub(crate) clock: ManualClock,
    running: RunningSimulator,
    shutdown: CancellationToken,
}

pub(crate) async fn police(directory: &TempDir) -> anyhow::Result<Simulator> {
    police_with(directory, None).await
}

pub(crate) async fn signed_police(directory: &TempDir) -> anyhow::Result<Simulator> {
    let secret = format!("whsec_{}", STANDARD.encode(SECRET));
    police_with(directory, Some(SecretString::from(secret))).await
}

async fn police_with(
    directory: &TempDir,
    secret: Option<SecretString>,
) -> anyhow::Result<Simulator> {
    let settings = PoliceSettings {
        listen: "127.0.0.1:0".to_owned(),
        ops_listen: Some("127.0.0.1:0".to_owned()),
        state_directory: directory.path().to_owned(),
        secret,
        secret_file: None,
    };
    let (clock, manual) = Clock::manual(now());
    let shutdown = CancellationToken::new();
    let running = start_police(settings, clock, shutdown.clone()).await?;
    Ok(Simulator::new(running, manual, shutdown)?)
}

pub(crate) async fn registry(directory: &TempDir) -> anyhow::Result<(Simulator, Registry)> {
    let settings = RegistrySettings {
        listen: "127.0.0.1:0".to_owned(),
        ops_listen: None,
        state_directory: directory.path().to_owned(),
    };
    let (clock, manual) = Clock::manual(now());
    let shutdown = CancellationToken::new();
    let (running, registry) = start_registry(settings, clock, shutdown.clone()).await?;
    Ok((Simulator::new(running, manual, shutdown)?, registry))
}

impl Simulator {
    fn new(
        running: RunningSimulator,
        clock: ManualClock,
        shutdown: CancellationToken,
    ) -> reqwest::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self {
            address: format!("http://{}", running.addr),
            ops_address: running
                .ops_addr
                .map(|address| format!("http://{address}"))
                .unwrap_or_default(),
            client,
            clock,
            running,
            shutdown,
        })
    }

    /// Ends it and waits for the end.
    pub(crate) async fn stop(self) -> Outcome {
        drop(self.client);
        self.shutdown.cancel();
        self.running.task.await?;
        Ok(())
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.address);
        Ok(self.client.get(url).send().await?.json().await?)
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        let url = format!("{}{path}", self.address);
        Ok(self.client.put(url).json(body).send().await?)
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Response> {
        let url = format!("{}{path}", self.address);
        Ok(self.client.delete(url).send().await?)
    }

    pub(crate) fn notify(&self, key: &str, body: &Value) -> RequestBuilder {
        self.post("/v1/notifications")
            .header("Idempotency-Key", key)
            .json(body)
    }

    /// The same, signed at the time of the simulator's clock plus `late_seconds`.
    pub(crate) fn notify_signed(
        &self,
        key: &str,
        body: &Value,
        late_seconds: i64,
    ) -> RequestBuilder {
        let timestamp = now().timestamp() + late_seconds;
        let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, &SECRET);
        let signature = hmac::sign(&hmac_key, format!("{key}.{timestamp}.{body}").as_bytes());
        self.post("/v1/notifications")
            .header("Idempotency-Key", key)
            .header("webhook-id", key)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                format!("v1,{}", STANDARD.encode(signature)),
            )
            .header("content-type", "application/json")
            .body(body.to_string())
    }
}

pub(crate) fn notification(stay_id: &str) -> Value {
    json!({
        "stay_id": stay_id,
        "version": 1,
        "kind": "stay",
        "facility": {"id": "facility-1"},
        "guest": {"full_name": "Nguyễn Văn An", "document": {"number": "038090001234"}},
        "arrival_at": "2026-11-23T14:05:00+07:00",
    })
}

pub(crate) fn ledger_file(directory: &TempDir) -> std::path::PathBuf {
    Path::join(directory.path(), "police-sim.ledger.jsonl")
}
