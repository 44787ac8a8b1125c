//! Claiming cases: for a limited time, exclusively.

use std::sync::Arc;

use domain::{audit::Action, problem::Code, review::request, sender::Sender};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use serde::Serialize;
use serde_json::Value;
use store::review::{
    Case,
    queue::{self, CaseClaim, ClaimedCase, Extended},
};
use uuid::Uuid;

use super::{count_reads, entry, idempotency, item, note_reads, scope_of};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::idempotency::IdempotencyKey;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::{Json, Replayed};
use crate::shapes::review::ReviewCase;
use crate::shapes::text::{CommuneCode, Id, Instant, ReviewKindWord};
use crate::topic::Topic;

/// Which cases an officer wants to hold.
#[derive(Object)]
pub(crate) struct ClaimRequest {
    /// How many at most.
    #[oai(
        validator(minimum(value = "1"), maximum(value = "50")),
        default = "claim_count"
    )]
    count: Option<u32>,
    /// Only of these kinds; left out, of all.
    #[oai(validator(max_items = 9))]
    kinds: Option<Vec<ReviewKindWord>>,
    /// Only of this commune.
    commune: Option<CommuneCode>,
    /// Only these, also such as wait for their sender.
    #[oai(validator(max_items = 50))]
    ids: Option<Vec<Id>>,
}

impl Shape for ClaimRequest {}

fn claim_count() -> Option<u32> {
    u32::try_from(request::CLAIM_COUNT).ok()
}

/// The cases that an officer holds now.
#[derive(Object, Serialize)]
#[oai(rename = "Claim")]
pub(crate) struct ClaimAnswer {
    /// Under which lease; `null` when no case was free.
    #[oai(nullable)]
    lease_id: Option<Uuid>,
    /// Until when nobody else gets them.
    #[oai(nullable)]
    leased_until: Option<Instant>,
    /// The cases, the most urgent first.
    items: Vec<ReviewCase>,
    /// Cases that are held too, but are stored damaged and cannot be read; left out when all can.
    /// The operator knows of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<Vec<Uuid>>,
}

/// A lease that lasts longer.
#[derive(Object, Serialize)]
pub(crate) struct ClaimExtension {
    /// The lease.
    lease_id: Uuid,
    /// Until when.
    leased_until: Instant,
    /// What it still holds.
    notification_ids: Vec<Uuid>,
}

/// A lease given back.
#[derive(Object, Serialize)]
pub(crate) struct ClaimRelease {
    /// How many cases it still held.
    released: u32,
}

/// Cases were claimed.
#[derive(ApiResponse)]
pub(crate) enum CasesClaimed {
    /// The cases that are held, or those that the first request still holds.
    #[oai(status = 200)]
    Claim(
        Json<ClaimAnswer>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// A lease was extended.
#[derive(ApiResponse)]
pub(crate) enum ClaimExtended {
    /// The lease lasts longer; a replay answers the lease as it stands.
    #[oai(status = 200)]
    Lease(
        Json<ClaimExtension>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// A lease was given back.
#[derive(ApiResponse)]
pub(crate) enum ClaimReleased {
    /// The lease is given back.
    #[oai(status = 200)]
    Released(Json<ClaimRelease>),
}

/// Leases of cases.
pub(crate) struct ClaimsApi(pub(crate) Arc<App>);

impl Examples for ClaimsApi {
    const EXAMPLES: &'static str = include_str!("claims.examples.json");
}

#[OpenApi]
impl ClaimsApi {
    /// Claim cases
    ///
    /// Those that nobody holds, the most urgent first: nobody else gets them until the lease ends.
    /// It ends by itself, by being given back, and for each case by its decision.
    #[oai(
        path = "/v1/police/claims",
        method = "post",
        operation_id = "claimCases",
        tag = "Topic::Police"
    )]
    async fn make(
        &self,
        admitted: Admitted<op::ClaimCases>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<ClaimRequest>,
    ) -> Result<CasesClaimed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let held = claim(app, sender, &key, &document).await?;
        match held.is_replay {
            // The entries were written with the claim.
            false => count_reads(held.cases.len()),
            true => note_reads(app, sender, &held.cases).await?,
        }
        let claim = ClaimAnswer::of(app, sender.key_id, held.lease_id, &held.cases).await?;
        Ok(CasesClaimed::Claim(
            Json(claim),
            Replayed::when(held.is_replay),
        ))
    }

    /// Extend a lease
    ///
    /// By its whole length from now on.
    #[oai(
        path = "/v1/police/claims/:lease_id/extension",
        method = "post",
        operation_id = "extendClaim",
        tag = "Topic::Police"
    )]
    async fn extend(
        &self,
        admitted: Admitted<op::ExtendClaim>,
        /// The lease's id.
        Path(lease_id): Path<Uuid>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<ClaimExtended, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let (held, is_replay) = extend(app, sender, lease_id, &key).await?;
        let leased_until = held.first().and_then(|case| case.leased_until);
        let leased_until = leased_until.ok_or_else(|| Failure::new(Code::LeaseLost))?;
        key.count(if is_replay { "replay" } else { "new" });
        let extension = ClaimExtension {
            lease_id,
            leased_until: Instant::of(leased_until),
            notification_ids: held.iter().map(|case| case.id).collect(),
        };
        Ok(ClaimExtended::Lease(
            Json(extension),
            Replayed::when(is_replay),
        ))
    }

    /// Give back a lease
    ///
    /// What it still holds is free at once. May be sent again.
    #[oai(
        path = "/v1/police/claims/:lease_id",
        method = "delete",
        operation_id = "releaseClaim",
        tag = "Topic::Police"
    )]
    async fn release(
        &self,
        admitted: Admitted<op::ReleaseClaim>,
        /// The lease's id.
        Path(lease_id): Path<Uuid>,
    ) -> Result<ClaimReleased, Failure> {
        let released = queue::release(&self.0.db, lease_id, admitted.sender().key_id).await?;
        released_answer(released)
    }

    /// Give back one case
    ///
    /// It is free at once; the lease keeps what else it holds. May be sent again.
    #[oai(
        path = "/v1/police/claims/:lease_id/notifications/:id",
        method = "delete",
        operation_id = "releaseCase",
        tag = "Topic::Police"
    )]
    async fn release_case(
        &self,
        admitted: Admitted<op::ReleaseCase>,
        /// The lease's id.
        Path(lease_id): Path<Uuid>,
        /// The case's id.
        Path(id): Path<Uuid>,
    ) -> Result<ClaimReleased, Failure> {
        let key_id = admitted.sender().key_id;
        let released = queue::release_one(&self.0.db, lease_id, key_id, id).await?;
        released_answer(released)
    }
}

/// Errors: the caller never had such a lease.
fn released_answer(released: Option<u64>) -> Result<ClaimReleased, Failure> {
    let released = released.ok_or_else(|| Failure::new(Code::NotFound))?;
    let released = u32::try_from(released).unwrap_or(u32::MAX);
    Ok(ClaimReleased::Released(Json(ClaimRelease { released })))
}

/// What a claim holds.
pub(crate) struct HeldCases {
    /// Under which lease.
    pub(crate) lease_id: Uuid,
    /// The cases, perhaps none.
    pub(crate) cases: Vec<Case>,
    /// Whether the same request claimed them before; they are then what the lease still holds, and
    /// no entry of the audit was written.
    pub(crate) is_replay: bool,
}

/// Claims cases. The audit of what is claimed is written with the claim.
pub(crate) async fn claim(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    document: &JsonDocument<ClaimRequest>,
) -> Result<HeldCases, Failure> {
    let request = request::ClaimRequest::read(&document.value, app.intake.catalogues());
    let request = request.map_err(Failure::invalid)?;
    let now = document.received_at;
    let lease_id = ids::uuid_v7(&app.clock);
    let audits = (0..request.count).map(|_| entry(app, sender, Action::ReviewCaseClaimed, now));
    let claim = CaseClaim {
        lease_id,
        key_id: sender.key_id,
        count: request.count,
        kinds: request.kinds,
        commune_code: request.commune_code,
        ids: request.ids,
        lease_seconds: app.settings.review_lease_seconds.get(),
        idempotency: idempotency(app, sender, key, "claims", &document.value, now),
        audits: audits.collect(),
    };
    let claimed = queue::claim(&app.db, &scope_of(sender), claim, app.clock.now()).await;
    match claimed.map_err(|error| key.failure(error))? {
        ClaimedCase::Made(cases) => {
            key.count("new");
            Ok(HeldCases {
                lease_id,
                cases,
                is_replay: false,
            })
        }
        // The current lease, without cases that were decided, released or have expired.
        ClaimedCase::Replayed { lease_id } => {
            key.count("replay");
            Ok(HeldCases {
                lease_id,
                cases: queue::held(&app.db, lease_id, sender.key_id, app.clock.now()).await?,
                is_replay: true,
            })
        }
        ClaimedCase::KeyReused => Err(key.reused()),
    }
}

/// Extends a lease by its whole length from now on: what it holds, none when it was lost, and
/// whether the same request extended it before.
pub(crate) async fn extend(
    app: &App,
    sender: &Sender,
    lease_id: Uuid,
    key: &IdempotencyKey,
) -> Result<(Vec<Case>, bool), Failure> {
    let (key_id, now) = (sender.key_id, app.clock.now());
    let seconds = app.settings.review_lease_seconds.get();
    let path = format!("claims/{lease_id}/extension");
    let guard = idempotency(app, sender, key, &path, &Value::Null, now);
    let extended = queue::extend(&app.db, lease_id, key_id, now, seconds, guard.as_ref()).await;
    match extended.map_err(|error| key.failure(error))? {
        Extended::Held(held) => Ok((held, false)),
        // The lease as it stands.
        Extended::Replayed => {
            let held = queue::held(&app.db, lease_id, key_id, now).await?;
            Ok((held, true))
        }
        Extended::KeyReused => Err(key.reused()),
        Extended::Unknown => Err(Failure::new(Code::NotFound)),
    }
}

impl ClaimAnswer {
    async fn of(app: &App, officer: Uuid, lease_id: Uuid, cases: &[Case]) -> Result<Self, Failure> {
        let leased_until = cases.first().and_then(|case| case.leased_until);
        let shown = item::render(app, officer, cases).await?;
        Ok(Self {
            lease_id: (!cases.is_empty()).then_some(lease_id),
            leased_until: leased_until.map(Instant::of),
            items: shown.items,
            unreadable: shown.unreadable,
        })
    }
}
