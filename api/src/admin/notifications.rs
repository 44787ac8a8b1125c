//! Notifications on their way to the police, as operators see them: never their content.

use std::sync::Arc;

use domain::{problem::Code, routing::RoutingTable};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::Path,
    registry::{MetaSchema, MetaSchemaRef},
};
use serde::Serialize;
use store::{
    outbox::{self, Task},
    tasks::{self, Attempt, TaskFilter, TaskSelection},
};
use uuid::Uuid;

use super::{communes, map, note_reads};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::parameters::{Paged, Parameter, Query, inline, query};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{
    CommuneCode, Instant, NotificationKindWord, PeerWord, TaskStateWord, TaskStepWord, as_stored,
};
use crate::topic::Topic;

/// What cursors of this list are good for.
const LIST: &str = "deliveries";
/// Calls that are shown of a notification: the newest.
pub const ATTEMPT_COUNT_MAX: u64 = 1_000;

/// A notification on its way to the police.
#[derive(Object, Serialize)]
pub struct NotificationListed {
    /// Its id; the police know it by the same.
    id: Uuid,
    /// The stay it speaks of.
    stay_id: Uuid,
    /// Which version of it.
    version: u32,
    /// What it tells.
    kind: NotificationKindWord,
    /// The stay's facility.
    facility_id: Uuid,
    /// The facility's commune.
    commune_code: CommuneCode,
    /// Code of the destination it goes to today.
    destination: String,
    /// Where it is.
    state: TaskStateWord,
    /// What is done next.
    step: TaskStepWord,
    /// Statutory deadline.
    deadline_at: Instant,
    /// Not tried before.
    due_at: Instant,
    /// Until when a worker holds it.
    #[oai(nullable)]
    leased_until: Option<Instant>,
    /// Claims since a result was last recorded.
    claim_count: u32,
    /// Calls made for it.
    attempt_count: u32,
    /// Of these, answers that were neither acceptance nor refusal.
    unclear_count: u32,
    /// When the stay's version was accepted.
    created_at: Instant,
    /// When it was delivered, refused or set aside.
    #[oai(nullable)]
    settled_at: Option<Instant>,
    /// Why the stay's newest version was refused or set aside: a code.
    #[oai(nullable)]
    reason: Option<String>,
}

impl NotificationListed {
    /// A task as operators see it; `reason` is what its stay's delivery gives.
    #[must_use]
    pub fn of(task: &Task, routing: &RoutingTable, reason: Option<String>) -> Self {
        Self {
            id: task.id,
            stay_id: task.stay_id,
            version: unsigned(task.version),
            kind: as_stored(&task.kind),
            facility_id: task.facility_id,
            commune_code: CommuneCode(task.commune_code.clone()),
            destination: routing.route(&task.commune_code).destination.to_string(),
            state: TaskStateWord(outbox::state(task).to_string()),
            step: as_stored(&task.step),
            deadline_at: Instant::of(task.deadline_at),
            due_at: Instant::of(task.due_at),
            leased_until: task.leased_until.map(Instant::of),
            claim_count: unsigned(task.claim_count),
            attempt_count: unsigned(task.attempt_count),
            unclear_count: unsigned(task.unclear_count),
            created_at: Instant::of(task.created_at),
            settled_at: task.settled_at.map(Instant::of),
            reason,
        }
    }
}

/// A page of notifications, nearest deadline first.
#[derive(Object, Serialize)]
pub(crate) struct NotificationPage {
    /// The notifications.
    items: Vec<NotificationListed>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A notification with every call that was made for it.
#[derive(Object, Serialize)]
#[oai(rename = "Notification")]
pub struct NotificationView {
    #[oai(flatten)]
    #[serde(flatten)]
    listed: NotificationListed,
    /// The calls, the first one first; of very many the newest.
    attempts: Vec<NotificationAttempt>,
}

impl NotificationView {
    /// The notification with its calls.
    #[must_use]
    pub fn of(listed: NotificationListed, attempts: &[Attempt]) -> Self {
        Self {
            listed,
            attempts: attempts.iter().map(NotificationAttempt::of).collect(),
        }
    }
}

/// A call on behalf of a notification.
#[derive(Object, Serialize)]
struct NotificationAttempt {
    /// Whom.
    peer: PeerWord,
    /// When it began.
    started_at: Instant,
    /// How long it took, in milliseconds.
    latency_ms: u32,
    /// How it ended.
    outcome: String,
    /// Its HTTP status, if there was an answer.
    #[oai(nullable)]
    http_status: Option<i32>,
    /// What the peer said, or what was the matter.
    #[oai(nullable)]
    code: Option<String>,
}

impl NotificationAttempt {
    fn of(attempt: &Attempt) -> Self {
        Self {
            peer: as_stored(&attempt.peer),
            started_at: Instant::of(attempt.started_at),
            latency_ms: unsigned(attempt.latency_ms),
            outcome: attempt.outcome.as_stored().to_owned(),
            http_status: attempt.http_status,
            code: attempt.code.clone(),
        }
    }
}

/// A count or a version as it is shown; the store keeps none below zero.
fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

query! {
    /// Which notifications are listed.
    pub(crate) struct NotificationFilters {
        /// `parked`: those set aside. `open`: those on their way. `rejected`: those that the police
        /// endpoint refused and that their sender has not corrected yet.
        state: Option<TaskSelection>,
        /// Only those that go to the destination of this code.
        destination: Option<String>,
        /// Only those of this facility.
        facility_id: Option<Uuid>,
        /// Only those that were set aside or refused for this reason.
        reason: Option<String>,
    }
}

impl Parameter for TaskSelection {
    fn read(text: &str) -> Option<Self> {
        match text {
            "parked" => Some(Self::Parked),
            "open" => Some(Self::Open),
            "rejected" => Some(Self::Rejected),
            _ => None,
        }
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema {
            enum_items: ["parked", "open", "rejected"].map(Into::into).to_vec(),
            default: Some("parked".into()),
            ..MetaSchema::new("string")
        })
    }
}

/// Notifications are listed.
#[derive(ApiResponse)]
pub(crate) enum NotificationsListed {
    /// A page of notifications.
    #[oai(status = 200)]
    Page(Json<NotificationPage>),
}

/// A notification is shown.
#[derive(ApiResponse)]
pub(crate) enum NotificationShown {
    /// The notification.
    #[oai(status = 200)]
    Notification(Json<NotificationView>),
}

/// Notifications, listed and shown.
pub(crate) struct NotificationsApi(pub(crate) Arc<App>);

impl Examples for NotificationsApi {
    const EXAMPLES: &'static str = include_str!("notifications.examples.json");
}

#[OpenApi]
impl NotificationsApi {
    /// List notifications
    ///
    /// Those set aside, or those on their way to the police, nearest deadline first. Nothing of
    /// their content. What is shown is in the audit.
    #[oai(
        path = "/v1/admin/deliveries",
        method = "get",
        operation_id = "listNotifications",
        tag = "Topic::Administration"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListNotifications>,
        mut query: Query<Paged<NotificationFilters>>,
    ) -> Result<NotificationsListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let page = query.moment_page(&app.vault, LIST, sender.key_id);
        let map = map(app).await?;
        let sent = ("destination", query.parameters.filters.destination.take());
        let destination = query.resolve(sent, Code::InvalidFilter, |code| {
            map.destination(&code).map(|row| row.code.clone())
        });
        let filters = query.finish()?.filters;
        let filter = TaskFilter {
            communes: destination.map(|code| communes(&map, &code)),
            facility_id: filters.facility_id,
            reason: filters.reason,
        };
        let which = filters.state.unwrap_or(TaskSelection::Parked);
        let count_max = page.count_max();
        let mut tasks = tasks::list(&app.db, which, &filter, page.after, count_max).await?;
        let last = page.cut(&mut tasks);
        let next_cursor = last.map(|task| {
            let place = (task.deadline_at, task.id);
            cursor::write_moment(&app.vault, LIST, sender.key_id, place)
        });
        note_reads(app, sender, &tasks).await?;
        let reasons = tasks::reasons(&app.db, &tasks).await?;
        let items = tasks.iter().map(|task| {
            let reason = reasons.get(&task.stay_id).cloned();
            NotificationListed::of(task, &map.routing, reason)
        });
        Ok(NotificationsListed::Page(Json(NotificationPage {
            items: items.collect(),
            next_cursor,
        })))
    }

    /// See a notification
    ///
    /// With every call that was made for it.
    #[oai(
        path = "/v1/admin/deliveries/:id",
        method = "get",
        operation_id = "showNotification",
        tag = "Topic::Administration"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowNotification>,
        /// The notification's id.
        Path(id): Path<Uuid>,
    ) -> Result<NotificationShown, Failure> {
        let app = &self.0;
        let (task, reason) = tasks::get(&app.db, id).await.map_err(super::absent)?;
        let attempts = tasks::attempts(&app.db, task.id, ATTEMPT_COUNT_MAX).await?;
        let map = map(app).await?;
        let listed = NotificationListed::of(&task, &map.routing, reason);
        let shown = NotificationView::of(listed, &attempts);
        note_reads(app, admitted.sender(), &[task]).await?;
        Ok(NotificationShown::Notification(Json(shown)))
    }
}
