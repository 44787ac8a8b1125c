//! The commands that run one service: `luutru api`, `worker`, `registry-sim` and `police-sim`.

pub(crate) mod options;
pub(crate) mod start;

use std::time::Duration;

use api::ApiSettings;
use runtime::{
    ops::Readiness,
    profile::Profile,
    secrets::SettingError,
    shutdown::{Shutdown, StopStep, stop_in_order},
    webhook_target::WebhookTargetSettings,
};

use crate::{
    assemble::{self, FirstFormReleases},
    exit::ExitStatus,
    settings::{Refusals, Secret, Secrets},
};
use options::{ApiOptions, PoliceOptions, RegistryOptions, WorkerOptions};
use start::{RunningService, ServiceContext};

/// The longest that stopping the service of a process may take. With the intake and the database
/// it stays below the 25 seconds of the contract.
const SERVICE_STOP_MAX: Duration = Duration::from_secs(21);

/// `luutru api`.
pub(crate) async fn api(options: ApiOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    check_webhooks(&options.settings.webhooks, profile)?;
    check_public_url(&options.settings, profile)?;
    let needed = [
        Secret::MasterKey,
        Secret::IndexKey,
        Secret::KeyPepper,
        Secret::ReceiptKey,
    ];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let shutdown = Shutdown::listen()?;
    let limits = options.place.connect_options().serving();
    let db = assemble::connect_whole(&options.place, profile, &limits).await?;
    let context = ServiceContext::open(db.clone(), secrets, &shutdown.token()).await?;
    let started = start::intake(&context, options.settings.window(), &options.intake).await?;
    let intake = started.intake.clone();
    let service = start::api(&context, options.settings, started, Readiness::default()).await?;
    let steps = |service: RunningService| {
        vec![
            service.into_stop(SERVICE_STOP_MAX),
            start::stop_intake(intake),
            start::close(db),
        ]
    };
    run_alone(service, &shutdown, steps).await
}

/// `luutru worker`.
pub(crate) async fn worker(options: WorkerOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    check_webhooks(&options.settings.webhooks, profile)?;
    let mut options = options;
    options.settings.plain_http.is_enforced = profile.is_production();
    let needed = [
        Secret::MasterKey,
        Secret::IndexKey,
        Secret::ReceiptKey,
        Secret::PoliceSigning,
    ];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed);
    let secrets = match (secrets, check_peers(&options.settings, profile)) {
        (secrets, Ok(())) => secrets?,
        (Ok(_), Err(peers)) => return Err(peers.into()),
        // One message lists everything that is missing.
        (Err(secrets), Err(peers)) => anyhow::bail!("{secrets}\n{peers}"),
    };
    let shutdown = Shutdown::listen()?;
    let limits = options.place.connect_options();
    let db = assemble::connect_whole(&options.place, profile, &limits).await?;
    let context = ServiceContext::open(db.clone(), secrets, &shutdown.token()).await?;
    let started = start::intake(&context, options.window.window(), &options.intake).await?;
    let intake = started.intake;
    let (service, _) = start::worker(
        &context,
        intake.clone(),
        options.settings,
        FirstFormReleases::MayRun,
    )
    .await?;
    let steps = |service: RunningService| {
        vec![
            service.into_stop(SERVICE_STOP_MAX),
            start::stop_intake(intake),
            start::close(db),
        ]
    };
    run_alone(service, &shutdown, steps).await
}

/// `luutru registry-sim`.
pub(crate) async fn registry(options: RegistryOptions) -> anyhow::Result<ExitStatus> {
    let shutdown = Shutdown::listen()?;
    let (service, registry) = start::registry(options.registry).await?;
    if options.demo {
        start::load_demo_people(&registry).await?;
    }
    run_alone(service, &shutdown, |service| {
        vec![service.into_stop(SERVICE_STOP_MAX)]
    })
    .await
}

/// `luutru police-sim`.
pub(crate) async fn police(options: PoliceOptions) -> anyhow::Result<ExitStatus> {
    let shutdown = Shutdown::listen()?;
    let service = start::police(options.police).await?;
    run_alone(service, &shutdown, |service| {
        vec![service.into_stop(SERVICE_STOP_MAX)]
    })
    .await
}

/// Waits for the stop, or for the service's own end, which is a failure; then takes the steps.
async fn run_alone(
    mut service: RunningService,
    shutdown: &Shutdown,
    steps: impl FnOnce(RunningService) -> Vec<StopStep>,
) -> anyhow::Result<ExitStatus> {
    let is_asked = tokio::select! {
        () = shutdown.requested() => true,
        () = service.ended() => false,
    };
    if !is_asked {
        tracing::error!(service = service.name, "ended on its own; stopping");
        shutdown.request();
    }
    let is_clean = stop_in_order(steps(service)).await;
    Ok(if is_asked && is_clean {
        ExitStatus::Success
    } else {
        ExitStatus::ProblemFound
    })
}

/// Refuses a production process that would call webhooks at any private address.
///
/// # Errors
/// `LUUTRU_WEBHOOK_ALLOW_PRIVATE` is set in production.
pub(crate) fn check_webhooks(
    settings: &WebhookTargetSettings,
    profile: Profile,
) -> Result<(), SettingError> {
    if profile.is_production() && settings.webhook_allow_private == Some(true) {
        return Err(SettingError::new(
            "LUUTRU_WEBHOOK_ALLOW_PRIVATE",
            "is for development and tests. Name the networks that webhooks may go to with \
             LUUTRU_WEBHOOK_NETWORKS.",
        ));
    }
    Ok(())
}

/// Refuses a production process to which people would come without TLS.
///
/// # Errors
/// `LUUTRU_PUBLIC_URL` begins with `http://` and is not of this machine.
pub(crate) fn check_public_url(
    settings: &ApiSettings,
    profile: Profile,
) -> Result<(), SettingError> {
    if profile.is_production() && settings.is_public_in_clear() {
        return Err(SettingError::new(
            "LUUTRU_PUBLIC_URL",
            "begins with http://: passwords, cookies and personal data would be sent unencrypted. \
             Give the https:// address at which browsers reach the service.",
        ));
    }
    Ok(())
}

/// In production, refuses a worker that lacks an endpoint or would send personal data unencrypted.
///
/// # Errors
/// Every setting that is missing or would send personal data in clear.
fn check_peers(settings: &worker::WorkerSettings, profile: Profile) -> Result<(), Refusals> {
    let refusals = settings.refusals();
    if profile.is_production() && !refusals.is_empty() {
        return Err(Refusals::new(refusals));
    }
    Ok(())
}
