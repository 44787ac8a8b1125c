//! Options of the commands that run one service.

use chrono::TimeDelta;
use clap::Args;
use domain::declaration::Window;
use intake::IntakeSettings;
use simulators::{PoliceSettings, RegistrySettings};

use crate::settings::{PlaceSettings, SecretSettings};

/// Limits of the intake.
#[derive(Args, Clone)]
pub(crate) struct IntakeOptions {
    /// Concurrent transactions that write declarations (PostgreSQL; SQLite has one). Fewer make
    /// larger groups; more spend less time waiting for the disk.
    #[arg(
        long,
        env = "LUUTRU_COMMITTERS",
        default_value_t = IntakeSettings::default().committer_count,
        value_name = "COUNT"
    )]
    committers: usize,

    /// Declarations that may wait to be written; more are refused with 503 and Retry-After.
    #[arg(
        long,
        env = "LUUTRU_INTAKE_QUEUE",
        default_value_t = IntakeSettings::default().queue_count_max,
        value_name = "COUNT"
    )]
    intake_queue: usize,

    /// Most declarations that one transaction writes.
    #[arg(
        long,
        env = "LUUTRU_INTAKE_GROUP",
        default_value_t = IntakeSettings::default().group_count_max,
        value_name = "COUNT"
    )]
    intake_group: usize,
}

impl IntakeOptions {
    pub(super) fn settings(&self, window: Window) -> IntakeSettings {
        IntakeSettings {
            committer_count: self.committers.max(1),
            queue_count_max: self.intake_queue.max(1),
            group_count_max: self.intake_group.max(1),
            window,
            ..IntakeSettings::default()
        }
    }
}

/// Options of `luutru api`.
#[derive(Args)]
pub(crate) struct ApiOptions {
    #[command(flatten)]
    pub(crate) place: PlaceSettings,

    #[command(flatten)]
    pub(crate) secrets: SecretSettings,

    #[command(flatten)]
    pub(crate) intake: IntakeOptions,

    #[command(flatten)]
    pub(crate) settings: api::ApiSettings,
}

/// Options of `luutru worker`.
#[derive(Args)]
pub(crate) struct WorkerOptions {
    #[command(flatten)]
    pub(crate) place: PlaceSettings,

    #[command(flatten)]
    pub(crate) secrets: SecretSettings,

    #[command(flatten)]
    pub(crate) intake: IntakeOptions,

    #[command(flatten)]
    pub(crate) window: WindowOptions,

    #[command(flatten)]
    pub(crate) settings: worker::WorkerSettings,
}

/// How far from now an arrival in an uploaded file may be; must match the API's settings.
#[derive(Args)]
pub(crate) struct WindowOptions {
    /// How many minutes in the future an arrival may be.
    #[arg(
        long,
        env = "LUUTRU_ARRIVAL_AHEAD_MINUTES",
        default_value = "10",
        value_name = "MINUTES"
    )]
    arrival_ahead_minutes: u32,

    /// How many days in the past an arrival may be.
    #[arg(
        long,
        env = "LUUTRU_ARRIVAL_BACK_DAYS",
        default_value = "62",
        value_name = "DAYS"
    )]
    arrival_back_days: u32,
}

impl WindowOptions {
    pub(super) fn window(&self) -> Window {
        Window {
            ahead: TimeDelta::minutes(self.arrival_ahead_minutes.into()),
            back: TimeDelta::days(self.arrival_back_days.into()),
        }
    }
}

/// Options of `luutru registry-sim`.
#[derive(Args)]
pub(crate) struct RegistryOptions {
    /// Adds the people of the demonstration to the registry.
    #[arg(long, env = "LUUTRU_REGISTRY_DEMO")]
    pub(crate) demo: bool,

    #[command(flatten)]
    pub(crate) registry: RegistrySettings,
}

/// Options of `luutru police-sim`.
#[derive(Args)]
pub(crate) struct PoliceOptions {
    #[command(flatten)]
    pub(crate) police: PoliceSettings,
}
