//! A worker against both simulators over HTTP and a real SQLite file, under a clock that the test
//! moves.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    catalogue::Catalogues,
    sender::{Role, Sender},
    stay::Channel,
};
use intake::{Intake, IntakeParts, IntakeSettings, Occasion};
use runtime::{
    clock::{Clock, ManualClock},
    ids,
    signing::ReceiptSigner,
    standard_webhooks,
    vault::{MasterKey, Vault},
};
use serde_json::{Value, json};
use simulators::{PoliceSettings, Registry, RegistrySettings};
use store::{ConnectOptions, Database, outbox, stays::StayRow};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{RunningWorker, WorkerParts, WorkerSettings};

const NUMBER: &str = "038090001234";
const NAME: &str = "Nguyễn Văn An";
/// In steps of [`STEP_PAUSE`].
const STEP_COUNT_MAX: usize = 1_500;
const STEP_PAUSE: Duration = Duration::from_millis(10);

struct Setup {
    db: Database,
    intake: Intake,
    hotel: Sender,
    clock: Clock,
    time: ManualClock,
    parts: Option<WorkerParts>,
    registry_url: String,
    police_url: String,
    client: reqwest::Client,
    shutdown: CancellationToken,
    worker_shutdown: CancellationToken,
    _registry: Registry,
    _directory: tempfile::TempDir,
}

impl Setup {
    /// Everything but the worker, at 14:05 of a day whose deadline is 23:00.
    async fn open() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let db = Database::connect(&url, &ConnectOptions::default()).await?;
        store::schema::migrate(&db).await?;
        let (clock, time) = Clock::manual(instant("2026-11-23T14:05:00+07:00")?);
        seeds::seed_demo(&db, &[7; 32], &clock, None).await?;
        let shutdown = CancellationToken::new();
        let secret = standard_webhooks::generate_secret();
        let state_directory = directory.path().to_owned();
        let (registry_running, registry) = simulators::start_registry(
            RegistrySettings {
                listen: "127.0.0.1:0".to_owned(),
                ops_listen: None,
                state_directory: state_directory.clone(),
            },
            clock.clone(),
            shutdown.clone(),
        )
        .await?;
        let police_running = simulators::start_police(
            PoliceSettings {
                listen: "127.0.0.1:0".to_owned(),
                ops_listen: None,
                state_directory,
                secret: Some(secret.clone()),
                secret_file: None,
            },
            clock.clone(),
            shutdown.clone(),
        )
        .await?;
        let registry_url = format!("http://{}", registry_running.addr);
        let police_url = format!("http://{}", police_running.addr);
        let vault = || Arc::new(Vault::new(MasterKey::new([1; 32]), [2; 32]));
        let intake_vault = vault();
        let key = intake_vault.new_data_key(ids::uuid_v7(&clock), "2026-11")?;
        intake_vault.load(&key)?;
        let stored = store::data_keys::DataKey {
            id: key.id,
            month: key.month,
            wrapped: key.wrapped,
        };
        store::data_keys::settle_month(&db, stored, clock.now()).await?;
        let intake = Intake::start(IntakeParts {
            db: db.clone(),
            vault: intake_vault,
            signer: Arc::new(ReceiptSigner::from_pem(&ReceiptSigner::generate_pem()?)?),
            catalogues: Arc::new(catalogues()?),
            clock: clock.clone(),
            settings: IntakeSettings::default(),
        });
        let mut settings = WorkerSettings::embedded(registry_url.clone(), police_url.clone());
        settings.poll_interval_milliseconds = 10.try_into()?;
        // The test's clock runs hours in seconds; no lease shall end by that.
        settings.lease_seconds = 86_400.try_into()?;
        let parts = WorkerParts {
            db: db.clone(),
            // It finds the data keys by itself.
            vault: vault(),
            intake: intake.clone(),
            police_secret: secret,
            clock: clock.clone(),
            settings,
            seed: Some(20_261_123),
        };
        let setup = Self {
            db,
            intake,
            hotel: hotel()?,
            clock,
            time,
            parts: Some(parts),
            registry_url,
            police_url,
            client: reqwest::Client::builder().no_proxy().build()?,
            worker_shutdown: shutdown.child_token(),
            shutdown,
            _registry: registry,
            _directory: directory,
        };
        setup
            .put(
                &setup.registry_url,
                &format!("v1/persons/{NUMBER}"),
                &person(),
            )
            .await?;
        Ok(setup)
    }

    async fn start_worker(&mut self) -> anyhow::Result<RunningWorker> {
        let mut parts = self.parts.take().context("the worker runs already")?;
        parts.settings.finish_seconds = 0;
        worker::start(parts, self.worker_shutdown.clone()).await
    }

    async fn declare(&self, reference: &str, number: &str) -> anyhow::Result<Uuid> {
        let body = json!({
            "reference": reference,
            "room": "203",
            "arrival_at": "2026-11-23T14:00:00+07:00",
            "expected_departure_at": "2026-11-25T12:00:00+07:00",
            "guest": {
                "full_name": NAME,
                "document": {"kind": "citizen_card", "number": number},
            },
        });
        let occasion = Occasion {
            sender: &self.hotel,
            channel: Channel::Rest,
            idempotency_key: None,
            received_at: self.clock.now(),
            trace_parent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        };
        let accepted = self.intake.declare(occasion, &body).await;
        Ok(accepted.map_err(|_| anyhow::anyhow!("refused"))?.stay.id)
    }

    async fn stay(&self, id: Uuid) -> anyhow::Result<StayRow> {
        Ok(store::stays::get(&self.db, id).await?)
    }

    /// Waits for `is_so`, moving the clock by `step` each time.
    async fn until(
        &self,
        id: Uuid,
        step: TimeDelta,
        is_so: impl Fn(&StayRow) -> bool,
    ) -> anyhow::Result<StayRow> {
        for _ in 0..STEP_COUNT_MAX {
            let stay = self.stay(id).await?;
            if is_so(&stay) {
                return Ok(stay);
            }
            self.time.advance(step);
            tokio::time::sleep(STEP_PAUSE).await;
        }
        let stay = self.stay(id).await?;
        anyhow::bail!(
            "still {} {}",
            stay.identity_state.as_stored(),
            stay.delivery_state.as_stored()
        )
    }

    async fn put(&self, url: &str, path: &str, body: &Value) -> anyhow::Result<()> {
        let request = self.client.put(format!("{url}/{path}")).json(body);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    async fn effects(&self, id: Uuid) -> anyhow::Result<Vec<Value>> {
        let url = format!("{}/v1/notifications?stay_id={id}", self.police_url);
        let page: Value = self.client.get(url).send().await?.json().await?;
        Ok(page["items"].as_array().cloned().unwrap_or_default())
    }

    async fn requests(&self, url: &str) -> anyhow::Result<u64> {
        let stats: Value = self
            .client
            .get(format!("{url}/stats"))
            .send()
            .await?
            .json()
            .await?;
        stats["requests"].as_u64().context("a count")
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Claims all that is due, for 30 seconds.
async fn claim(setup: &Setup, lease_id: Uuid) -> anyhow::Result<Vec<outbox::Task>> {
    let now = setup.clock.now();
    let due = outbox::due(&setup.db, now, &outbox::Communes::All, None, 10).await?;
    let ids: Vec<Uuid> = due.iter().map(|task| task.id).collect();
    Ok(outbox::claim(&setup.db, &ids, lease_id, now, 30).await?)
}

fn person() -> Value {
    json!({"full_name": NAME, "birth_date": "1990-05-17", "sex": "male"})
}

fn hotel() -> anyhow::Result<Sender> {
    let facility = seeds::demo_facilities()
        .into_iter()
        .find(|facility| facility.kind.as_str() == "lodging_business")
        .context("no such facility")?;
    Ok(Sender {
        key_id: Uuid::from_u128(9),
        kind: domain::sender::SenderKind::Key,
        organisation_id: facility.organisation_id,
        role: Role::Declarant,
        facilities: vec![Arc::new(facility)],
        communes: Vec::new(),
        provinces: Vec::new(),
    })
}

fn catalogues() -> anyhow::Result<Catalogues> {
    let seeds = seeds::catalogues()?;
    let entries = |name: &str| {
        let seed = seeds.iter().find(|seed| seed.name == name);
        seed.map(|seed| seed.entries.clone())
            .with_context(|| format!("no catalogue {name}"))
    };
    Ok(Catalogues::read(
        &entries("provinces")?,
        &entries("communes")?,
        &entries("countries")?,
        &entries("commune_aliases")?,
    )?)
}

fn instant(text: &str) -> anyhow::Result<DateTime<Utc>> {
    Ok(DateTime::parse_from_rfc3339(text)?.with_timezone(&Utc))
}

fn is_settled(stay: &StayRow) -> bool {
    !["queued", "delivering"].contains(&stay.delivery_state.as_stored())
}

#[tokio::test]
async fn a_stay_is_verified_delivered_and_acknowledged() -> anyhow::Result<()> {
    let mut setup = Setup::open().await?;
    setup.start_worker().await?;
    let id = setup.declare("r-1", NUMBER).await?;
    let stay = setup.until(id, TimeDelta::zero(), is_settled).await?;
    let effects = setup.effects(id).await?;

    assert_eq!(stay.delivery_state.as_stored(), "acknowledged");
    assert_eq!(stay.identity_state.as_stored(), "verified");
    assert_eq!(effects.len(), 1);
    assert_eq!(effects[0]["police_reference"], json!(stay.police_reference));
    Ok(())
}

#[tokio::test]
async fn a_number_that_the_registry_does_not_know_holds_nothing_up() -> anyhow::Result<()> {
    let mut setup = Setup::open().await?;
    setup.start_worker().await?;
    let id = setup.declare("r-1", "038090009999").await?;
    let stay = setup.until(id, TimeDelta::zero(), is_settled).await?;
    assert_eq!(
        (
            stay.identity_state.as_stored(),
            stay.delivery_state.as_stored()
        ),
        ("not_found", "acknowledged")
    );
    Ok(())
}

#[tokio::test]
async fn a_task_that_ended_three_workers_is_not_touched_again() -> anyhow::Result<()> {
    let mut setup = Setup::open().await?;
    let id = setup.declare("r-1", NUMBER).await?;
    for _ in 0..3 {
        let lease_id = ids::uuid_v7(&setup.clock);
        let claimed = claim(&setup, lease_id).await?;
        assert_eq!(claimed.len(), 1);
        setup.time.advance(TimeDelta::seconds(31));
    }
    setup.start_worker().await?;
    let stay = setup.until(id, TimeDelta::zero(), is_settled).await?;
    assert_eq!(stay.delivery_state.as_stored(), "parked");
    assert_eq!(stay.delivery_reason.as_deref(), Some("worker_died"));
    assert_eq!(setup.requests(&setup.police_url).await?, 0);
    assert_eq!(setup.requests(&setup.registry_url).await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_item_that_is_never_answered_clearly_is_parked_while_others_pass() -> anyhow::Result<()>
{
    let mut setup = Setup::open().await?;
    let id = setup.declare("r-1", NUMBER).await?;
    let refusals = json!([{"stay_id": id, "status": 418, "code": "teapot"}]);
    setup.put(&setup.police_url, "refusals", &refusals).await?;
    setup.start_worker().await?;
    for number in 0..60 {
        if is_settled(&setup.stay(id).await?) {
            break;
        }
        let neighbour = setup.declare(&format!("n-{number}"), NUMBER).await?;
        let neighbour = setup
            .until(neighbour, TimeDelta::zero(), is_settled)
            .await?;
        assert_eq!(neighbour.delivery_state.as_stored(), "acknowledged");
        setup.time.advance(TimeDelta::seconds(31));
        tokio::time::sleep(STEP_PAUSE * 3).await;
    }
    let stay = setup.until(id, TimeDelta::zero(), is_settled).await?;
    assert_eq!(stay.delivery_state.as_stored(), "parked");
    assert_eq!(stay.delivery_reason.as_deref(), Some("unclear_answers"));
    Ok(())
}

#[tokio::test]
async fn an_item_is_never_parked_for_what_all_get() -> anyhow::Result<()> {
    let mut setup = Setup::open().await?;
    let fault = json!({"malformed_rate": 1.0});
    setup.put(&setup.police_url, "faults", &fault).await?;
    let id = setup.declare("r-1", NUMBER).await?;
    setup.start_worker().await?;
    for _ in 0..40 {
        assert_ne!(setup.stay(id).await?.delivery_state.as_stored(), "parked");
        setup.time.advance(TimeDelta::seconds(31));
        tokio::time::sleep(STEP_PAUSE * 2).await;
    }
    let healthy = json!({});
    setup.put(&setup.police_url, "faults", &healthy).await?;
    let stay = setup.until(id, TimeDelta::seconds(1), is_settled).await?;
    assert_eq!(stay.delivery_state.as_stored(), "acknowledged");
    assert_eq!(setup.effects(id).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn without_the_registry_a_stay_goes_unverified_before_its_deadline() -> anyhow::Result<()> {
    let mut setup = Setup::open().await?;
    let outage = json!({"outage": true});
    setup.put(&setup.registry_url, "faults", &outage).await?;
    let id = setup.declare("r-1", NUMBER).await?;
    setup.start_worker().await?;
    let is_deferred = |stay: &StayRow| stay.identity_state.as_stored() == "deferred";
    let stay = setup.until(id, TimeDelta::zero(), is_deferred).await?;
    assert_eq!(
        stay.delivery_state.as_stored(),
        "queued",
        "there is time to wait"
    );

    setup.time.set(instant("2026-11-23T22:28:00+07:00")?);
    tokio::time::sleep(STEP_PAUSE * 20).await;
    assert_eq!(
        setup.stay(id).await?.delivery_state.as_stored(),
        "queued",
        "still"
    );

    setup.time.set(instant("2026-11-23T22:29:30+07:00")?);
    let stay = setup.until(id, TimeDelta::zero(), is_settled).await?;
    assert_eq!(
        (
            stay.identity_state.as_stored(),
            stay.delivery_state.as_stored()
        ),
        ("deferred", "acknowledged")
    );

    setup.put(&setup.registry_url, "faults", &json!({})).await?;
    let is_verified = |stay: &StayRow| stay.identity_state.as_stored() == "verified";
    setup.until(id, TimeDelta::seconds(1), is_verified).await?;
    for _ in 0..STEP_COUNT_MAX {
        if setup.effects(id).await?.len() == 2 {
            break;
        }
        tokio::time::sleep(STEP_PAUSE).await;
    }
    let kinds: Vec<Value> = setup
        .effects(id)
        .await?
        .into_iter()
        .map(|mut effect| effect["kind"].take())
        .collect();
    assert_eq!(kinds, [json!("stay"), json!("identity_result")]);
    Ok(())
}

#[tokio::test]
async fn a_stop_gives_back_what_a_silent_peer_holds() -> anyhow::Result<()> {
    let mut setup = Setup::open().await?;
    let fault = json!({"hang_rate": 1.0});
    setup.put(&setup.police_url, "faults", &fault).await?;
    let id = setup.declare("r-1", NUMBER).await?;
    let running = setup.start_worker().await?;
    let is_on_its_way = |stay: &StayRow| stay.delivery_state.as_stored() == "delivering";
    setup.until(id, TimeDelta::zero(), is_on_its_way).await?;
    while setup.requests(&setup.police_url).await? == 0 {
        tokio::time::sleep(STEP_PAUSE).await;
    }
    setup.worker_shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), running.task).await??;

    let lease_id = ids::uuid_v7(&setup.clock);
    let claimed = claim(&setup, lease_id).await?;
    assert_eq!(claimed.len(), 1, "free at once");
    assert_eq!(
        claimed[0].attempt_count, 2,
        "the call that was broken off counts"
    );
    assert!(claimed[0].sealed_body.is_some(), "the same bytes go again");
    Ok(())
}
