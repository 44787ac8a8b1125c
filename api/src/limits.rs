//! What a key may do and what is left of it.

use domain::{census, time::format_instant};

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::limit::Allowance;
use crate::shapes::text::Instant;
use crate::shapes::{AtOnceView, BodyBytesView, FacilityQuotaView, LimitsView, QuotaView};
use crate::stays::batch;

/// The quotas of the key that asks, and those of its facilities.
pub(crate) fn show(app: &App, admitted: &Admitted<Reading>) -> Answer<LimitsView> {
    let settings = &app.settings;
    let facilities = &admitted.sender().facilities;
    let meter = &admitted.ticket.caller.meter;
    let expires_at = admitted.ticket.caller.expires_at();
    Answer::of(&LimitsView {
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
        key_expires_at: expires_at.map(|at| Instant(format_instant(at))),
        batch_stays: u32::try_from(batch::STAY_COUNT_MAX).unwrap_or(u32::MAX),
        census_stays: u32::try_from(census::STAY_COUNT_MAX).unwrap_or(u32::MAX),
    })
}

fn quota(allowance: &Allowance) -> QuotaView {
    QuotaView {
        per_second: allowance.rate().per_second.get(),
        burst: allowance.rate().burst.get(),
        remaining: allowance.remaining(),
    }
}
