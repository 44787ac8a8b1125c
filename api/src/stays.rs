//! Declaring stays, and seeing them again.
//!
//! A handler translates its request into a call of `intake` or `store`, and the result into HTTP.
//! Stays are sent exactly as `intake` wrote them, so that a replay is byte for byte the first
//! answer.

pub(crate) mod answers;
pub(crate) mod batch;
pub(crate) mod change;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod receipt;
pub(crate) mod search;

use std::sync::Arc;

use domain::{
    problem::{Code, Language},
    sender::Sender,
    stay::Channel,
};
use intake::{Accepted, Occasion, Validation};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use store::stays::{StayRow, StayVersionRow};
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::idempotency::IdempotencyKey;
use crate::payload::StayDocument;
use crate::police::questions;
use crate::problem::Failure;
use crate::reads;
use crate::reply::{ETag, Json, Localised, Location, Replayed, Written};
use crate::shapes::text::{Instant, TimelinessWord};
use crate::shapes::{Stay, ViolationView, Warning};
use crate::topic::Topic;
use crate::unreadable;

/// Declaring one stay, and seeing it as it stands.
pub(crate) struct StaysApi(pub(crate) Arc<App>);

/// A stay was declared.
#[derive(ApiResponse)]
pub(crate) enum Declared {
    /// It is declared, and stored for good.
    #[oai(status = 201)]
    First(
        Written<Stay>,
        #[oai(header = "Location")] Location,
        #[oai(header = "ETag")] ETag,
    ),
    /// It had been declared before: the first answer again.
    #[oai(status = 200)]
    Again(
        Written<Stay>,
        #[oai(header = "Location")] Location,
        #[oai(header = "ETag")] ETag,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// A stay was judged.
#[derive(ApiResponse)]
pub(crate) enum Validated {
    /// What the rules say.
    #[oai(status = 200)]
    Judgement(Localised<Json<Judgement>>),
}

/// A stay is shown.
#[derive(ApiResponse)]
pub(crate) enum StayShown {
    /// The stay.
    #[oai(status = 200)]
    Stay(Written<Stay>, #[oai(header = "ETag")] ETag),
}

impl Examples for StaysApi {
    const EXAMPLES: &'static str = include_str!("stays.examples.json");
}

#[OpenApi]
impl StaysApi {
    /// Declare a stay
    ///
    /// Answers with the signed receipt and the statutory deadline, once the stay is stored for
    /// good. Safe to send again: the same request under the same `Idempotency-Key`, the same
    /// content under the same `reference`, or the same content without one gets the first answer
    /// again.
    #[oai(
        path = "/v1/stays",
        method = "post",
        operation_id = "declareStay",
        tag = "Topic::Stays"
    )]
    async fn declare(
        &self,
        Current(exchange): Current,
        mut admitted: Admitted<op::DeclareStay>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: StayDocument,
    ) -> Result<Declared, Failure> {
        let app = &self.0;
        let facility = admitted.sender().facility_of(&document.body);
        let facilities: Vec<(Uuid, u32)> = facility.map(|id| (id, 1)).into_iter().collect();
        charge(app, &exchange, &mut admitted.ticket, 1, &facilities).await?;
        let trace_parent = exchange.trace_parent();
        let occasion = Occasion {
            sender: admitted.sender(),
            channel: Channel::Rest,
            idempotency_key: key.0.as_deref(),
            received_at: document.received_at,
            trace_parent: Some(&trace_parent),
        };
        let outcome = app.intake.declare(occasion, &document.body).await;
        match outcome {
            Ok(accepted) => Ok(Declared::of(accepted)),
            Err(refusal) => Err(admitted.ticket.refuse(refusal)),
        }
    }

    /// Validate a stay
    ///
    /// The same body and the same rules as declaring; stores nothing. What depends on other stays is
    /// not checked: whether the guest is present already, or the reference is taken.
    #[oai(
        path = "/v1/stays/validate",
        method = "post",
        operation_id = "validateStay",
        tag = "Topic::Stays"
    )]
    async fn validate(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::ValidateStay>,
        document: StayDocument,
    ) -> Result<Validated, Failure> {
        let (sender, at) = (admitted.sender(), document.received_at);
        let judged = self.0.intake.validate(sender, at, &document.body);
        let judgement = Judgement::of(&judged, exchange.language);
        Ok(Validated::Judgement(Localised::new(
            exchange.language,
            Json(judgement),
        )))
    }

    /// See a stay
    ///
    /// As it stands now.
    #[oai(
        path = "/v1/stays/:id",
        method = "get",
        operation_id = "showStay",
        tag = "Topic::Stays"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowStay>,
        /// The stay's id.
        Path(id): Path<Uuid>,
    ) -> Result<StayShown, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let (stay, version) = find(app, sender, id, None).await?;
        let view = intake::view::current(&app.vault, &stay, &version)
            .map_err(|error| unreadable::failure(stay.id, error))?;
        let mut asked = questions::of_stays(app, &[&stay]).await?;
        let view = view.with_questions(&asked.remove(&stay.id).unwrap_or_default());
        reads::note(app, sender, 1).await;
        let tag = ETag::of(view.version);
        Ok(StayShown::Stay(Written::new(view.json), tag))
    }
}

impl Declared {
    fn of(Accepted { stay, is_replay }: Accepted) -> Self {
        let location = Location::of(format!("/v1/stays/{}", stay.id));
        let tag = ETag::of(stay.version);
        let stay = Written::new(stay.json);
        if is_replay {
            Self::Again(stay, location, tag, Replayed::when(true))
        } else {
            Self::First(stay, location, tag)
        }
    }
}

/// What the rules say of a stay that is not to be stored.
#[derive(Object, Serialize)]
pub(crate) struct Judgement {
    /// Whether it would be accepted.
    valid: bool,
    /// Every broken rule.
    errors: Vec<ViolationView>,
    /// What would be noted.
    warnings: Vec<Warning>,
    /// When it would be due, if it is well-formed.
    #[oai(nullable)]
    deadline_at: Option<Instant>,
    /// Whether it would be on time now.
    #[oai(nullable)]
    timeliness: Option<TimelinessWord>,
}

impl Judgement {
    fn of(judged: &Validation, language: Language) -> Self {
        Self {
            valid: judged.errors.is_empty(),
            errors: ViolationView::all(&judged.errors, language),
            warnings: judged.warnings.iter().map(Warning::of).collect(),
            deadline_at: judged.deadline_at.map(Instant::of),
            timeliness: judged.timeliness.map(TimelinessWord::from),
        }
    }
}

/// The stay, with a key for what is sealed of it from now on.
pub(crate) async fn with_key(app: &App, stay: StayRow) -> Result<StayRow, Failure> {
    if !intake::rewrite::is_needed(&app.vault, &stay) {
        return Ok(stay);
    }
    intake::rewrite::stay(&app.db, &app.vault, stay.id).await?;
    Ok(store::stays::get(&app.db, stay.id).await?)
}

/// The stay with this id and one version of it, the newest unless named. Absent, foreign and
/// malformed are the same 404.
pub(crate) async fn find(
    app: &App,
    sender: &Sender,
    id: Uuid,
    version: Option<i32>,
) -> Result<(StayRow, StayVersionRow), Failure> {
    let absent = || Failure::new(Code::NotFound);
    let facility_ids = facility_ids(sender);
    if facility_ids.is_empty() {
        return Err(absent());
    }
    let stay = store::stays::find(&app.db, id, &facility_ids).await?;
    let stay = stay.ok_or_else(absent)?;
    let wanted = version.unwrap_or(stay.version);
    let version = store::stays::version(&app.db, id, wanted).await?;
    Ok((stay, version.ok_or_else(absent)?))
}

/// Charges a request for its stays, and records whose quota the answer's headers report.
pub(crate) async fn charge(
    app: &App,
    exchange: &Exchange,
    ticket: &mut crate::limit::Ticket,
    stay_count: u32,
    facilities: &[(Uuid, u32)],
) -> Result<(), Failure> {
    if let [(only, _)] = facilities
        && exchange.facility.get().is_none()
        && let Some(meter) = app.limits.facility(*only)
    {
        exchange.facility.get_or_init(|| Arc::clone(&meter));
    }
    ticket.charge(&app.limits, stay_count, facilities).await
}

pub(crate) fn facility_ids(sender: &Sender) -> Vec<Uuid> {
    sender
        .facilities
        .iter()
        .map(|facility| facility.id)
        .collect()
}
