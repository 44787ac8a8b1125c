//! How the service is, as far as this process knows: its own checks, the endpoints that are cut
//! off, when a worker last called a peer, the last backup.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::operator::BreakerState;
use domain::time::parse_instant;
use poem_openapi::{ApiResponse, Object, OpenApi};
use runtime::ops::ReadinessReport;
use serde::Serialize;
use store::backlog::Map;
use store::{installation, tasks};

use super::map;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::Instant;
use crate::topic::Topic;

/// How the service is.
pub(crate) struct HealthReport {
    /// What this process finds of itself and of others.
    pub(crate) report: ReadinessReport,
    /// Endpoints that are cut off.
    pub(crate) cut_off: Vec<CutOff>,
    /// Notifications that workers hold now.
    pub(crate) held_count: u64,
    /// When a worker last called a peer.
    pub(crate) last_call_at: Option<DateTime<Utc>>,
    /// When `luutru backup` last made a whole copy.
    pub(crate) last_backup_at: Option<DateTime<Utc>>,
    /// Whether `luutru backup` is what backs this database up.
    pub(crate) is_backup_known: bool,
}

/// An endpoint that is cut off.
pub(crate) struct CutOff {
    /// Code of the destination it belongs to.
    pub(crate) code: String,
    /// What people call that.
    pub(crate) name: String,
    /// Why.
    pub(crate) reason: Option<String>,
    /// Since when.
    pub(crate) since: Option<DateTime<Utc>>,
}

/// A check and whether it passed.
#[derive(Object, Serialize)]
struct HealthCheck {
    /// What is checked.
    name: String,
    /// Whether it passed.
    is_ok: bool,
}

/// An endpoint that is cut off.
#[derive(Object, Serialize)]
#[oai(rename = "CutOffEndpoint")]
struct CutOffView {
    /// Code of the destination it belongs to.
    code: String,
    /// What people call that.
    name: String,
    /// Why: a code.
    #[oai(nullable)]
    reason: Option<String>,
    /// Since when.
    #[oai(nullable)]
    since: Option<Instant>,
}

/// How the service is. What nobody tells this process is `null`.
#[derive(Object, Serialize)]
pub(crate) struct ServiceHealth {
    /// Whether this process takes requests.
    is_ready: bool,
    /// What it finds of itself.
    checks: Vec<HealthCheck>,
    /// What it finds of others; empty where the workers are other processes.
    dependencies: Vec<HealthCheck>,
    /// Endpoints that workers find cut off.
    cut_off: Vec<CutOffView>,
    /// Notifications that workers hold now.
    held_count: u64,
    /// When a worker last called a peer.
    #[oai(nullable)]
    last_call_at: Option<Instant>,
    /// When `luutru backup` last made a whole copy; `null` also where PostgreSQL's own tools do.
    #[oai(nullable)]
    last_backup_at: Option<Instant>,
}

/// The health of the service is shown.
#[derive(ApiResponse)]
pub(crate) enum HealthShown {
    /// How the service is.
    #[oai(status = 200)]
    Health(Json<ServiceHealth>),
}

/// How the service is.
pub(crate) struct ServiceHealthApi(pub(crate) Arc<App>);

impl Examples for ServiceHealthApi {
    const EXAMPLES: &'static str = include_str!("health.examples.json");
}

#[OpenApi]
impl ServiceHealthApi {
    /// See how the service is
    ///
    /// More than `showReady`, for operators: which endpoints are cut off and since when, when a worker
    /// last called a peer, and the last backup.
    #[oai(
        path = "/v1/admin/health",
        method = "get",
        operation_id = "showHealth",
        tag = "Topic::Administration"
    )]
    async fn show(&self, _admitted: Admitted<op::ShowHealth>) -> Result<HealthShown, Failure> {
        let health = health(&self.0).await?;
        let checks = |found: &[(&'static str, bool)]| -> Vec<HealthCheck> {
            let check = |(name, is_ok): &(&'static str, bool)| HealthCheck {
                name: (*name).to_owned(),
                is_ok: *is_ok,
            };
            found.iter().map(check).collect()
        };
        Ok(HealthShown::Health(Json(ServiceHealth {
            is_ready: health.report.is_ready,
            checks: checks(&health.report.checks),
            dependencies: checks(&health.report.dependencies),
            cut_off: health.cut_off.into_iter().map(cut_off_view).collect(),
            held_count: health.held_count,
            last_call_at: health.last_call_at.map(Instant::of),
            last_backup_at: health.last_backup_at.map(Instant::of),
        })))
    }
}

fn cut_off_view(endpoint: CutOff) -> CutOffView {
    CutOffView {
        code: endpoint.code,
        name: endpoint.name,
        reason: endpoint.reason,
        since: endpoint.since.map(Instant::of),
    }
}

/// How the service is.
pub(crate) async fn health(app: &App) -> Result<HealthReport, Failure> {
    let report = app.readiness.report().await;
    let backup = installation::fact(&app.db, installation::LAST_BACKUP).await?;
    let backup = backup.and_then(|value| String::from_utf8(value).ok());
    Ok(HealthReport {
        report,
        cut_off: cut_off(&map(app).await?),
        held_count: tasks::held_count(&app.db, app.clock.now()).await?,
        last_call_at: tasks::last_call(&app.db).await?,
        last_backup_at: backup.and_then(|text| parse_instant(&text)),
        is_backup_known: app.db.backend() == store::Backend::Sqlite,
    })
}

/// The endpoints that a worker finds cut off: those of destinations that have one of their own, and
/// the one of the settings.
pub(crate) fn cut_off(map: &Map) -> Vec<CutOff> {
    let open = map
        .rows
        .iter()
        .filter(|row| row.breaker.get() == Ok(BreakerState::Open));
    open.map(|row| CutOff {
        code: row.code.clone(),
        name: row.name.clone(),
        reason: row.breaker_reason.clone(),
        since: row.breaker_since,
    })
    .collect()
}
