//! The duty desks of the communes' police: the telephone that facilities call when declaring does
//! not work. What is not known is told as that.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::audit::{Action, SubjectKind};
use domain::catalogue::CommuneCode as CodeOfCommune;
use domain::operator::DutyDeskRequest;
use domain::problem::Code;
use domain::sender::Sender;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use serde::Serialize;
use store::duty_desks::{self, DutyDesk};

use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::Json;
use crate::shapes::text::{CommuneCode, Instant, Telephone};
use crate::topic::Topic;

/// The duty desk of a commune's police.
#[derive(Object, Serialize)]
#[oai(rename = "DutyDesk")]
pub(crate) struct DutyDeskView {
    /// The commune, by its code of today.
    commune_code: CommuneCode,
    /// The telephone as people read it; `null`: it is not known.
    #[oai(nullable)]
    telephone: Option<String>,
    /// When that was last changed; `null`: never.
    #[oai(nullable)]
    changed_at: Option<Instant>,
}

impl DutyDeskView {
    fn of(desk: DutyDesk) -> Self {
        Self {
            commune_code: CommuneCode(desk.commune_code),
            telephone: Some(desk.telephone),
            changed_at: Some(Instant::of(desk.changed_at)),
        }
    }
}

/// The duty desks that are known.
#[derive(Object, Serialize)]
pub(crate) struct DutyDeskList {
    /// By commune.
    items: Vec<DutyDeskView>,
}

/// The telephone of a duty desk.
#[derive(Object)]
pub(crate) struct DutyDeskDraft {
    /// At least three digits; `null` where it is not known any more.
    #[oai(nullable)]
    telephone: Option<Telephone>,
}

impl Shape for DutyDeskDraft {}

/// Duty desks are listed.
#[derive(ApiResponse)]
pub(crate) enum DutyDesksListed {
    /// Those that are known.
    #[oai(status = 200)]
    List(Json<DutyDeskList>),
}

/// The telephone of a duty desk was set.
#[derive(ApiResponse)]
pub(crate) enum DutyDeskSet {
    /// The duty desk as it is now.
    #[oai(status = 200)]
    Desk(Json<DutyDeskView>),
}

/// Duty desks, listed and set.
pub(crate) struct DutyDesksApi(pub(crate) Arc<App>);

impl Examples for DutyDesksApi {
    const EXAMPLES: &'static str = include_str!("duty_desks.examples.json");
}

#[OpenApi]
impl DutyDesksApi {
    /// List the duty desks of the police
    ///
    /// The telephones that pages show to facilities, by commune. A commune that is not listed has
    /// none that is known.
    #[oai(
        path = "/v1/admin/duty-desks",
        method = "get",
        operation_id = "listDutyDesks",
        tag = "Topic::Administration"
    )]
    async fn list(
        &self,
        _admitted: Admitted<op::ListDutyDesks>,
    ) -> Result<DutyDesksListed, Failure> {
        let desks = duty_desks::all(&self.0.db).await?;
        let items = desks.into_iter().map(DutyDeskView::of).collect();
        Ok(DutyDesksListed::List(Json(DutyDeskList { items })))
    }

    /// Set the telephone of a duty desk
    ///
    /// Facilities of the commune see it at once, on pages that say whom to call. Setting the same
    /// again changes nothing.
    #[oai(
        path = "/v1/admin/duty-desks/:commune_code",
        method = "put",
        operation_id = "setDutyDesk",
        tag = "Topic::Administration"
    )]
    async fn set(
        &self,
        admitted: Admitted<op::SetDutyDesk>,
        /// The commune, by its code of today.
        Path(commune_code): Path<String>,
        document: JsonDocument<DutyDeskDraft>,
    ) -> Result<DutyDeskSet, Refused<422>> {
        let desk = set(&self.0, admitted.sender(), &commune_code, document).await?;
        Ok(DutyDeskSet::Desk(Json(desk)))
    }
}

/// Puts a telephone in the place of what was known of the commune.
///
/// Errors: 422 for what is no telephone; 404 where there is no such commune today.
pub(crate) async fn set(
    app: &App,
    sender: &Sender,
    commune_code: &str,
    document: JsonDocument<DutyDeskDraft>,
) -> Result<DutyDeskView, Failure> {
    let request = DutyDeskRequest::read(&document.value).map_err(Failure::invalid)?;
    let now = document.received_at;
    let commune = app.intake.catalogues().commune_code(commune_code);
    if !matches!(commune, Some(CodeOfCommune::Current(_))) {
        return Err(Failure::new(Code::NotFound));
    }
    let entry = |id| {
        let subject = (SubjectKind::DutyDesk, id);
        audit::entry(app, sender, Action::DutyDeskChanged, subject, now)
    };
    let unknown = |changed_at: Option<DateTime<Utc>>| DutyDeskView {
        commune_code: CommuneCode(commune_code.to_owned()),
        telephone: None,
        changed_at: changed_at.map(Instant::of),
    };
    let known = duty_desks::find(&app.db, commune_code).await?;
    match (request.telephone, known) {
        (Some(telephone), Some(desk)) if desk.telephone == telephone => Ok(DutyDeskView::of(desk)),
        (Some(telephone), known) => {
            let desk = DutyDesk {
                commune_code: commune_code.to_owned(),
                id: known.map_or_else(|| ids::uuid_v7(&app.clock), |desk| desk.id),
                telephone,
                changed_at: now,
            };
            duty_desks::set(&app.db, desk.clone(), entry(desk.id)).await?;
            Ok(DutyDeskView::of(desk))
        }
        (None, Some(desk)) => {
            duty_desks::remove(&app.db, commune_code, entry(desk.id)).await?;
            Ok(unknown(Some(now)))
        }
        (None, None) => Ok(unknown(None)),
    }
}
