//! Resending parked notifications.

use std::sync::Arc;

use domain::{
    audit::{Action, SubjectKind},
    operator::RequeueRequest,
    problem::{Code, Violation},
    sender::Sender,
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use serde_json::Value;
use store::{
    idempotency,
    tasks::{self, Requeued, RequeuedMany, TaskFilter},
};
use uuid::Uuid;

use super::{AREA, communes, failure, map};
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::idempotency::IdempotencyKey;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::{Json, Replayed};
use crate::shapes::text::{Id, RequeueWord, Word};
use crate::topic::Topic;

/// Notifications that one request sends again at most.
const COUNT_MAX: u64 = 200;
/// The action in audit entries of a resend.
const ACTION: Action = Action::DeliveryRequeued;

/// What became of the wish to send a notification again.
#[derive(Object, Serialize)]
#[oai(rename = "Requeue")]
pub(crate) struct RequeueAnswer {
    /// The notification.
    id: Uuid,
    /// `requeued`: it is due now, under its old id and with its old bytes. `on_its_way`: it was
    /// not set aside, and nothing was changed.
    outcome: RequeueWord,
}

/// Which of those set aside are sent again; all when nothing is named.
#[derive(Object)]
pub(crate) struct RequeueDraft {
    /// Only those that go to the destination of this code.
    destination: Option<Word>,
    /// Only those of this facility.
    facility_id: Option<Id>,
    /// Only those that were set aside for this reason, a code of `summarizeParked`.
    reason: Option<Word>,
}

impl Shape for RequeueDraft {}

/// What was sent again.
#[derive(Object, Serialize)]
#[oai(rename = "RequeueMany")]
pub(crate) struct RequeueManyAnswer {
    /// How many are due now.
    requeued: u32,
    /// How many stay aside, since a later version carries the whole stay.
    superseded: u32,
    /// There are more: ask again.
    more: bool,
}

/// A notification was asked to be sent again.
#[derive(ApiResponse)]
pub(crate) enum NotificationRequeued {
    /// What became of it, or the first answer again.
    #[oai(status = 200)]
    Outcome(
        Json<RequeueAnswer>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// Notifications were sent again.
#[derive(ApiResponse)]
pub(crate) enum NotificationsRequeued {
    /// What was sent again.
    #[oai(status = 200)]
    Outcome(Json<RequeueManyAnswer>),
}

/// Sending notifications again.
pub(crate) struct RequeueApi(pub(crate) Arc<App>);

impl Examples for RequeueApi {
    const EXAMPLES: &'static str = include_str!("requeue.examples.json");
}

#[OpenApi]
impl RequeueApi {
    /// Send a notification again
    ///
    /// One that was set aside, under its old id and with its old bytes. One that is on its way
    /// stays as it is; what the police have answered is 409 `delivery_settled`, and 409
    /// `delivery_superseded` where a later version carries the whole stay.
    #[oai(
        path = "/v1/admin/deliveries/:id/requeue",
        method = "post",
        operation_id = "requeueNotification",
        tag = "Topic::Administration"
    )]
    async fn one(
        &self,
        admitted: Admitted<op::RequeueNotification>,
        /// The notification's id.
        Path(id): Path<Uuid>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<NotificationRequeued, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let now = app.clock.now();
        let path = format!("deliveries/{id}/requeue");
        let guard = key.of_request(app, sender, (AREA, &[]), (&path, &Value::Null), now);
        let entry = audit::entry(app, sender, ACTION, (SubjectKind::Task, id), now);
        let outcome = tasks::requeue(&app.db, id, now, entry, guard.as_ref()).await;
        let (word, is_replay) = match outcome.map_err(|error| failure(error, &key))? {
            Requeued::Done => ("requeued", false),
            Requeued::OnItsWay => ("on_its_way", false),
            Requeued::Replayed(tasks::Replayed::Done) => ("requeued", true),
            Requeued::Replayed(tasks::Replayed::OnItsWay) => ("on_its_way", true),
            Requeued::Settled => return Err(Failure::new(Code::DeliverySettled)),
            Requeued::Superseded => return Err(Failure::new(Code::DeliverySuperseded)),
            Requeued::KeyReused => return Err(key.reused()),
        };
        key.count(if is_replay { "replay" } else { "new" });
        // Built only from immutable data, so that a replay is byte for byte the first answer.
        let outcome = RequeueWord(word.to_owned());
        let answer = Json(RequeueAnswer { id, outcome });
        Ok(NotificationRequeued::Outcome(
            answer,
            Replayed::when(is_replay),
        ))
    }

    /// Send all again that were set aside
    ///
    /// Those of a destination, of a facility or of a reason; all when none is named. Up to 200 at
    /// once, the nearest deadline first: ask again while there are `more`.
    #[oai(
        path = "/v1/admin/deliveries/requeue",
        method = "post",
        operation_id = "requeueNotifications",
        tag = "Topic::Administration"
    )]
    async fn many(
        &self,
        admitted: Admitted<op::RequeueNotifications>,
        /// Guards against another body under the same key; what is left is sent again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<RequeueDraft>,
    ) -> Result<NotificationsRequeued, Failure> {
        let outcome = requeue(&self.0, admitted.sender(), &key, document).await?;
        let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(NotificationsRequeued::Outcome(Json(RequeueManyAnswer {
            requeued: count(outcome.requeued_count),
            superseded: count(outcome.superseded_count),
            more: outcome.may_be_more,
        })))
    }
}

/// Sends again what was set aside, up to [`COUNT_MAX`] at once.
///
/// Errors: 422 for a destination that there is not.
pub(crate) async fn requeue(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    document: JsonDocument<RequeueDraft>,
) -> Result<RequeuedMany, Failure> {
    let request = RequeueRequest::read(&document.value).map_err(Failure::invalid)?;
    let now = document.received_at;
    let filter = filter(app, request).await?;
    let path = "deliveries/requeue";
    if let Some(guard) = key.of_request(app, sender, (AREA, &[]), (path, &document.value), now)
        && !idempotency::guard(&app.db, &guard, now)
            .await
            .map_err(|error| key.failure(error))?
    {
        return Err(key.reused());
    }
    let entry = |id| audit::entry(app, sender, ACTION, (SubjectKind::Task, id), now);
    Ok(tasks::requeue_parked(&app.db, &filter, COUNT_MAX, now, entry).await?)
}

async fn filter(app: &App, request: RequeueRequest) -> Result<TaskFilter, Failure> {
    let communes = match request.destination {
        None => None,
        Some(code) => {
            let map = map(app).await?;
            if map.destination(&code).is_none() {
                let violation = Violation::new("/destination", Code::UnknownCode);
                return Err(Failure::invalid(vec![violation]));
            }
            Some(communes(&map, &code))
        }
    };
    Ok(TaskFilter {
        communes,
        facility_id: request.facility_id,
        reason: request.reason,
    })
}
