//! Whether the process is there, for whoever runs it.

use std::sync::Arc;

use poem_openapi::{ApiResponse, Object, OpenApi, types::Any};
use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::{Json, Raw};
use crate::topic::Topic;

/// That the process serves.
#[derive(Object, Serialize)]
pub(crate) struct Alive {
    /// Always `alive`.
    status: String,
}

/// Whether the process should get requests.
#[derive(Object)]
pub(crate) struct Ready {
    /// `ready` or `not_ready`.
    status: String,
    /// `ok` or `failing`, by name.
    checks: Any<Value>,
    /// `ok` or `degraded`, by name; never changes the status.
    dependencies: Any<Value>,
}

/// Whether the process is there.
pub(crate) struct HealthApi(pub(crate) Arc<App>);

/// The process is alive.
#[derive(ApiResponse)]
pub(crate) enum AliveShown {
    /// The process is alive.
    #[oai(status = 200)]
    Alive(Json<Alive>),
}

/// Whether the process is ready.
#[derive(ApiResponse)]
pub(crate) enum ReadinessShown {
    /// The process should get requests.
    #[oai(status = 200)]
    Ready(Json<Raw<Ready>>),
    /// The process should get no requests.
    #[oai(status = 503)]
    NotReady(Json<Raw<Ready>>),
}

impl Examples for HealthApi {
    const EXAMPLES: &'static str = include_str!("health.examples.json");
}

#[OpenApi]
impl HealthApi {
    /// Liveness
    ///
    /// Asks nobody.
    #[oai(
        path = "/livez",
        method = "get",
        operation_id = "showAlive",
        tag = "Topic::Operation"
    )]
    async fn show_alive(&self) -> Result<AliveShown, Failure> {
        let status = "alive".to_owned();
        Ok(AliveShown::Alive(Json(Alive { status })))
    }

    /// Readiness
    ///
    /// By database, clock, schema, keys and draining; other systems are listed and change nothing.
    #[oai(
        path = "/readyz",
        method = "get",
        operation_id = "showReady",
        tag = "Topic::Operation"
    )]
    async fn show_ready(&self) -> Result<ReadinessShown, Failure> {
        let report = self.0.readiness.report().await;
        let answer = Json(Raw::of(&report.to_json())?);
        Ok(if report.is_ready {
            ReadinessShown::Ready(answer)
        } else {
            ReadinessShown::NotReady(answer)
        })
    }
}
