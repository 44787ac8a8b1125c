//! A key's quotas and their remaining units.

use std::sync::Arc;

use domain::census;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Access, Admitted, op};
use crate::examples::Examples;
use crate::limit::Allowance;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::Instant;
use crate::stays::batch;
use crate::topic::Topic;

/// What a key may do, and what is left of it.
#[derive(Object, Serialize)]
#[oai(rename = "Limits")]
pub(crate) struct LimitsView {
    /// Stays the key may declare.
    key: QuotaView,
    /// Requests of the key that read.
    reads: QuotaView,
    /// Stays each facility may declare, whatever the key.
    facilities: Vec<FacilityQuotaView>,
    /// Requests at the same time.
    requests_at_once: AtOnceView,
    /// Most bytes of a body.
    body_bytes: BodyBytesView,
    /// When the key ends by itself; `null`: never. Ask for another in time.
    #[oai(nullable)]
    key_expires_at: Option<Instant>,
    /// Most stays of a batch.
    batch_stays: u32,
    /// Most lines of a census.
    census_stays: u32,
}

/// A quota that refills all the time.
#[derive(Object, Serialize)]
#[oai(rename = "Quota")]
pub(crate) struct QuotaView {
    /// What comes back each second.
    per_second: u32,
    /// What may be used at once when nothing was used before.
    burst: u32,
    /// What is left now.
    remaining: u32,
}

/// A facility's quota.
#[derive(Object, Serialize)]
#[oai(rename = "FacilityQuota")]
pub(crate) struct FacilityQuotaView {
    /// The facility.
    facility_id: Uuid,
    /// What comes back each second.
    per_second: u32,
    /// What may be used at once when nothing was used before.
    burst: u32,
    /// What is left now.
    remaining: u32,
}

/// Requests at the same time.
#[derive(Object, Serialize)]
#[oai(rename = "RequestsAtOnce")]
pub(crate) struct AtOnceView {
    /// Of one key.
    key: u32,
    /// Of one facility.
    facility: u32,
    /// Of everybody.
    process: u32,
}

/// Most bytes of a body.
#[derive(Object, Serialize)]
#[oai(rename = "BodyBytes")]
pub(crate) struct BodyBytesView {
    /// Of one stay.
    stay: u32,
    /// Of a batch.
    batch: u32,
    /// Of a census.
    census: u32,
    /// Of a file.
    file: u32,
}

/// The quotas of the key that asks, and those of its facilities.
pub(crate) struct LimitsApi(pub(crate) Arc<App>);

/// Quotas are shown.
#[derive(ApiResponse)]
pub(crate) enum LimitsShown {
    /// The quotas.
    #[oai(status = 200)]
    Limits(Json<LimitsView>),
}

impl Examples for LimitsApi {
    const EXAMPLES: &'static str = include_str!("limits.examples.json");
}

#[OpenApi]
impl LimitsApi {
    /// See the key's quotas
    ///
    /// What the key may do, and what is left of it.
    #[oai(
        path = "/v1/limits",
        method = "get",
        operation_id = "showLimits",
        tag = "Topic::Facilities"
    )]
    async fn show(&self, admitted: Admitted<op::ShowLimits>) -> Result<LimitsShown, Failure> {
        Ok(LimitsShown::Limits(Json(view(&self.0, &admitted))))
    }
}

fn view(app: &App, admitted: &Admitted<impl Access>) -> LimitsView {
    let settings = &app.settings;
    let facilities = &admitted.sender().facilities;
    let meter = &admitted.ticket.caller.meter;
    let expires_at = admitted.ticket.caller.expires_at();
    LimitsView {
        key: quota(&meter.stays),
        reads: quota(&meter.reads),
        facilities: facilities
            .iter()
            .map(|facility| FacilityQuotaView {
                facility_id: facility.id,
                per_second: app.limits.facility_rate().per_second.get(),
                burst: app.limits.facility_rate().burst.get(),
                remaining: app.limits.facility_remaining(facility.id),
            })
            .collect(),
        requests_at_once: AtOnceView {
            key: settings.key_requests_at_once.get(),
            facility: settings.facility_requests_at_once.get(),
            process: settings.requests_at_once.get(),
        },
        body_bytes: BodyBytesView {
            stay: settings.stay_body_bytes_max,
            batch: settings.batch_body_bytes_max,
            census: settings.census_body_bytes_max,
            file: settings.file_body_bytes_max,
        },
        key_expires_at: expires_at.map(Instant::of),
        batch_stays: u32::try_from(batch::STAY_COUNT_MAX).unwrap_or(u32::MAX),
        census_stays: u32::try_from(census::STAY_COUNT_MAX).unwrap_or(u32::MAX),
    }
}

fn quota(allowance: &Allowance) -> QuotaView {
    QuotaView {
        per_second: allowance.rate().per_second.get(),
        burst: allowance.rate().burst.get(),
        remaining: allowance.remaining(),
    }
}
