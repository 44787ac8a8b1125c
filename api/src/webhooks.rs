//! Webhooks: created, shown, deleted and re-enabled here. The worker delivers the events.
//!
//! Address and secret are sealed; the secret is shown once, in the answer that creates the webhook.

pub(crate) mod deliveries;

use std::sync::Arc;

use chrono::Utc;
use domain::{
    audit::{Action, SubjectKind},
    event::EventKind,
    problem::{Code, Hint, Violation},
    sender::Sender,
    time::local_date,
    webhook::{DisabledReason, WebhookState},
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::{
    ids, standard_webhooks,
    vault::{Owner, SealContext, VaultError},
    webhook_target,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{
    damage,
    declarations::Idempotency,
    idempotency,
    webhooks::{GuardedOutcome, NewWebhook, WebhookRow},
    word::Word,
};
use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::auth::{Access, Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::idempotency::{Area, IdempotencyKey};
use crate::parameters::{Paged, Query};
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::{Json, Location, Replayed};
use crate::shapes::text::{
    EventWord, Id, Instant, WebhookReasonWord, WebhookStateWord, WebhookUrl,
};
use crate::topic::Topic;

/// Webhooks of one organisation.
const WEBHOOK_COUNT_MAX: u64 = 20;
/// Facilities that one may name.
const FACILITY_COUNT_MAX: usize = 1_000;
/// Domain separation for the key hashes of requests about webhooks.
const AREA: Area = Area {
    key: "idempotency.webhook",
    request: "request.webhook",
};
/// The scope of the list's cursors.
const LIST: &str = "webhooks";
/// Their table, for the context of what is sealed and for reports of damage.
const TABLE: &str = "webhook";

/// A webhook subscription.
#[derive(Object)]
#[oai(rename = "WebhookDraft")]
pub(crate) struct WebhookDraft {
    /// Where to: https, to a public address.
    url: WebhookUrl,
    /// Of what; of everything when left out.
    #[oai(validator(min_items = 1))]
    events: Option<Vec<EventWord>>,
    /// Of which facilities; of all of the key's when left out.
    #[oai(validator(min_items = 1))]
    facility_ids: Option<Vec<Id>>,
}

impl Shape for WebhookDraft {}

/// A consumer of events.
#[derive(Object, Serialize)]
#[oai(rename = "Webhook")]
pub(crate) struct WebhookView {
    /// Its id.
    id: Uuid,
    /// Where events are sent to, in its normal form.
    url: String,
    /// What it hears of; `null`: everything.
    #[oai(nullable)]
    events: Option<Vec<EventWord>>,
    /// Of which facilities; `null`: all of the organisation.
    #[oai(nullable)]
    facility_ids: Option<Vec<Uuid>>,
    /// Whether events are sent.
    state: WebhookStateWord,
    /// Since when it is switched off.
    #[oai(nullable)]
    disabled_at: Option<Instant>,
    /// Why.
    #[oai(nullable)]
    disabled_reason: Option<WebhookReasonWord>,
    /// Since when every call has failed; `null` when the last one did not.
    #[oai(nullable)]
    failing_since: Option<Instant>,
    /// When it was made.
    created_at: Instant,
    /// What signs the calls (Standard Webhooks). ReadWebhook once, in the answer that makes the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A part of the list of webhooks.
#[derive(Object, Serialize)]
pub(crate) struct WebhookPage {
    /// The webhooks, the oldest first.
    items: Vec<WebhookView>,
    /// Where to read on; `null` at the end.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// Webhooks of an organisation.
pub(crate) struct WebhooksApi(pub(crate) Arc<App>);

/// A webhook was made.
#[derive(ApiResponse)]
pub(crate) enum WebhookCreated {
    /// It is made; keep the `secret`.
    #[oai(status = 201)]
    First(Json<WebhookView>, #[oai(header = "Location")] Location),
    /// It had been made under this key: the first answer again, with the `secret`.
    #[oai(status = 200)]
    Again(
        Json<WebhookView>,
        #[oai(header = "Location")] Location,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// Webhooks are listed.
#[derive(ApiResponse)]
pub(crate) enum WebhooksListed {
    /// A page of webhooks.
    #[oai(status = 200)]
    Page(Json<WebhookPage>),
}

/// A webhook is shown.
#[derive(ApiResponse)]
pub(crate) enum WebhookShown {
    /// The webhook.
    #[oai(status = 200)]
    Webhook(Json<WebhookView>),
}

/// A webhook was deleted.
#[derive(ApiResponse)]
pub(crate) enum WebhookDeleted {
    /// It is gone.
    #[oai(status = 204)]
    Gone,
}

/// A webhook was switched on.
#[derive(ApiResponse)]
pub(crate) enum WebhookEnabled {
    /// The webhook, switched on, or the first answer again.
    #[oai(status = 200)]
    Webhook(
        Json<WebhookView>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

impl Examples for WebhooksApi {
    const EXAMPLES: &'static str = include_str!("webhooks.examples.json");
}

#[OpenApi]
impl WebhooksApi {
    /// Make a webhook
    ///
    /// Tells an address of what happens from now on, by a POST of `{type, timestamp, data}`, signed
    /// after Standard Webhooks: `webhook-id` (the event's id, the same at every attempt),
    /// `webhook-timestamp`, `webhook-signature`. The `secret` is told once, here. Only 2xx within 15
    /// seconds counts; else it is tried again after 5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and
    /// 10 hours. Redirects are not followed. 410, or 5 days of nothing but failures, switch the
    /// webhook off. Order is not promised, and an event may come twice.
    #[oai(
        path = "/v1/webhooks",
        method = "post",
        operation_id = "createWebhook",
        tag = "Topic::Events"
    )]
    async fn create(
        &self,
        admitted: Admitted<op::CreateWebhook>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<WebhookDraft>,
    ) -> Result<WebhookCreated, Refused<404>> {
        Ok(create(&self.0, &admitted, &key, &document).await?)
    }

    /// List webhooks
    ///
    /// Those of the key's facilities.
    #[oai(
        path = "/v1/webhooks",
        method = "get",
        operation_id = "listWebhooks",
        tag = "Topic::Events"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListWebhooks>,
        mut query: Query<Paged>,
    ) -> Result<WebhooksListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let page = query.page(&app.vault, LIST, sender.key_id);
        query.finish()?;
        let rows = store::webhooks::of_organisation(&app.db, sender.organisation_id).await?;
        let mut rows = rows.into_iter().filter(|row| {
            let is_after = page.after.is_none_or(|after| row.id > after);
            let is_visible = || damage::sound(TABLE, row.id, is_visible(&admitted, row));
            is_after && is_visible().is_some_and(|is_visible| is_visible)
        });
        let shown: Vec<WebhookRow> = rows.by_ref().take(page.limit).collect();
        let last = shown.last().filter(|_| rows.next().is_some());
        let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, sender.key_id, row.id));
        let mut items = Vec::with_capacity(shown.len());
        for row in &shown {
            if let Some(told) = damage::sound(TABLE, row.id, ReadWebhook::of(row)) {
                items.push(told.view(app, row)?);
            }
        }
        Ok(WebhooksListed::Page(Json(WebhookPage {
            items,
            next_cursor,
        })))
    }

    /// See a webhook
    #[oai(
        path = "/v1/webhooks/:id",
        method = "get",
        operation_id = "showWebhook",
        tag = "Topic::Events"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowWebhook>,
        /// The webhook's id.
        Path(id): Path<Uuid>,
    ) -> Result<WebhookShown, Failure> {
        let row = find(&self.0, &admitted, id).await?;
        Ok(WebhookShown::Webhook(Json(view(&self.0, &row)?)))
    }

    /// Delete a webhook
    ///
    /// Nothing more is sent; what waits is forgotten.
    #[oai(
        path = "/v1/webhooks/:id",
        method = "delete",
        operation_id = "deleteWebhook",
        tag = "Topic::Events"
    )]
    async fn delete(
        &self,
        admitted: Admitted<op::DeleteWebhook>,
        /// The webhook's id.
        Path(id): Path<Uuid>,
    ) -> Result<WebhookDeleted, Failure> {
        let app = &self.0;
        let row = find(app, &admitted, id).await?;
        let entry = entry(app, admitted.sender(), Action::WebhookDeleted, row.id);
        if store::webhooks::delete(&app.db, row.id, entry).await? {
            Ok(WebhookDeleted::Gone)
        } else {
            Err(Failure::new(Code::NotFound))
        }
    }

    /// Switch a webhook on again
    ///
    /// It resumes where it stopped: what happened meanwhile is sent, up to 30 days back.
    #[oai(
        path = "/v1/webhooks/:id/enable",
        method = "post",
        operation_id = "enableWebhook",
        tag = "Topic::Events"
    )]
    async fn enable(
        &self,
        admitted: Admitted<op::EnableWebhook>,
        /// The webhook's id.
        Path(id): Path<Uuid>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<WebhookEnabled, Failure> {
        let app = &self.0;
        let row = find(app, &admitted, id).await?;
        let now = app.clock.now();
        let path = format!("webhooks/{}/enable", row.id);
        let guard = guard(app, &admitted, &key, &row, &path, now)?;
        let sender = admitted.sender();
        let entry = entry(app, sender, Action::WebhookEnabled, row.id);
        let by = (row.id, sender.key_id);
        let enabled = store::webhooks::enable(&app.db, by, now, entry, guard.as_ref()).await;
        let is_replay = match enabled.map_err(|error| key.failure(error))? {
            GuardedOutcome::Done => false,
            GuardedOutcome::Replayed(_) => true,
            GuardedOutcome::KeyReused => return Err(key.reused()),
            GuardedOutcome::NotDone => return Err(Failure::new(Code::NotFound)),
        };
        key.count(if is_replay { "replay" } else { "new" });
        let view = view(app, &as_made(row))?;
        Ok(WebhookEnabled::Webhook(
            Json(view),
            Replayed::when(is_replay),
        ))
    }
}

/// A webhook as it is asked for.
#[derive(Debug, PartialEq, Eq)]
struct WantedWebhook<'a> {
    url: &'a str,
    events: Option<Vec<EventKind>>,
    facility_ids: Option<Vec<Uuid>>,
}

/// Creates a webhook. A replay under the same key gets the first answer with the secret: a caller
/// who missed it could not use the webhook.
async fn create(
    app: &App,
    admitted: &Admitted<impl Access>,
    key: &IdempotencyKey,
    document: &JsonDocument<WebhookDraft>,
) -> Result<WebhookCreated, Failure> {
    let sender = admitted.sender();
    let wanted = read(&document.value, sender).map_err(Failure::invalid)?;
    let facility_ids = wanted.facility_ids.or_else(|| {
        let scope = admitted.ticket.caller.scope();
        scope.facility_ids
    });
    let about = facility_ids.as_deref().unwrap_or_default();
    let request = ("webhooks", &document.value);
    let guard = key.of_request(app, sender, (AREA, about), request, document.received_at);
    if let Some(guard) = &guard
        && let Some(known) =
            idempotency::find(&app.db, &guard.key_hash, document.received_at).await?
    {
        return created_before(app, admitted, key, known.subject_of(guard)).await;
    }
    // Each may call an address that has not asked for it.
    admitted.ticket.caller.meter.take_webhook()?;
    let url = judged(app, wanted.url).await?;
    let secret = standard_webhooks::generate_secret();
    let now = document.received_at;
    let id = ids::uuid_v7(&app.clock);
    let target = SealedTarget {
        url,
        secret: secret.expose_secret().to_owned(),
    };
    let target = serde_json::to_vec(&target).map_err(Failure::internal)?;
    let month = local_date(now).format("%Y-%m").to_string();
    let context = context(id, sender.organisation_id);
    let sealed = app.vault.seal(&month, &context, &target);
    let row = WebhookRow::from(NewWebhook {
        id,
        organisation_id: sender.organisation_id,
        facility_ids,
        kinds: wanted.events,
        sealed: sealed.map_err(Failure::internal)?,
        position: store::events::head(&app.db).await?,
        created_by: sender.key_id,
        created_at: now,
    });
    let mut view = view(app, &row)?;
    let entry = entry(app, sender, Action::WebhookCreated, id);
    let guard = guard.as_ref();
    let made = store::webhooks::insert(&app.db, row, WEBHOOK_COUNT_MAX, entry, guard).await;
    match made.map_err(|error| key.failure(error))? {
        GuardedOutcome::Done => key.count("new"),
        GuardedOutcome::Replayed(first) => {
            return created_before(app, admitted, key, Some(first)).await;
        }
        GuardedOutcome::KeyReused => return Err(key.reused()),
        GuardedOutcome::NotDone => return Err(Failure::new(Code::TooManyWebhooks)),
    }
    view.secret = Some(secret.expose_secret().to_owned());
    let location = location(&view);
    Ok(WebhookCreated::First(Json(view), location))
}

fn location(view: &WebhookView) -> Location {
    Location::of(format!("/v1/webhooks/{}", view.id))
}

/// The first answer to what was made under a key before.
async fn created_before(
    app: &App,
    admitted: &Admitted<impl Access>,
    key: &IdempotencyKey,
    first: Option<Uuid>,
) -> Result<WebhookCreated, Failure> {
    let Some(first) = first else {
        return Err(key.reused());
    };
    // Deleted since then: nothing to report.
    let row = as_made(find(app, admitted, first).await?);
    let view = WebhookView {
        secret: Some(open(app, &row)?.secret),
        ..view(app, &row)?
    };
    key.count("replay");
    let location = location(&view);
    Ok(WebhookCreated::Again(
        Json(view),
        location,
        Replayed::when(true),
    ))
}

/// A webhook as it was when it was made.
fn as_made(row: WebhookRow) -> WebhookRow {
    WebhookRow {
        failing_since: None,
        disabled_at: None,
        disabled_reason: None,
        ..row
    }
}

/// The address in its normal form, if webhooks may go there.
async fn judged(app: &App, url: &str) -> Result<String, Failure> {
    let normal = match app.webhook_targets.normalise(url) {
        Ok(normal) => app.webhook_targets.check(&normal).await.map(|()| normal),
        Err(refused) => Err(refused),
    };
    normal.map_err(|refused| {
        let code = match refused {
            webhook_target::TargetRefusal::Form => Code::WebhookUrlInvalid,
            webhook_target::TargetRefusal::Address => Code::WebhookAddressNotAllowed,
        };
        Failure::invalid(vec![Violation::new("/url", code)])
    })
}

/// The key of a wish about a webhook, without a body.
fn guard(
    app: &App,
    admitted: &Admitted<impl Access>,
    key: &IdempotencyKey,
    row: &WebhookRow,
    path: &str,
    now: chrono::DateTime<Utc>,
) -> Result<Option<Idempotency>, Failure> {
    let about = store::webhooks::facility_ids(row)?.unwrap_or_default();
    let request = (path, &Value::Null);
    Ok(key.of_request(app, admitted.sender(), (AREA, &about), request, now))
}

/// The webhook of this id. Absent and foreign are the same 404.
async fn find(
    app: &App,
    admitted: &Admitted<impl Access>,
    id: Uuid,
) -> Result<WebhookRow, Failure> {
    let organisation_id = admitted.sender().organisation_id;
    match store::webhooks::find(&app.db, organisation_id, id).await? {
        Some(row) if is_visible(admitted, &row)? => Ok(row),
        Some(_) | None => Err(Failure::new(Code::NotFound)),
    }
}

/// A key that is bound to facilities sees what concerns no other.
///
/// Errors: nobody can tell what it concerns.
fn is_visible(admitted: &Admitted<impl Access>, row: &WebhookRow) -> store::Result<bool> {
    let Some(own) = admitted.ticket.caller.scope().facility_ids else {
        return Ok(true);
    };
    let told = store::webhooks::facility_ids(row)?;
    Ok(told.is_some_and(|told| told.iter().all(|id| own.contains(id))))
}

/// What is sealed of a webhook.
#[derive(Serialize, Deserialize)]
struct SealedTarget {
    url: String,
    secret: String,
}

fn open(app: &App, row: &WebhookRow) -> Result<SealedTarget, Failure> {
    let opened = app
        .vault
        .open(&context(row.id, row.organisation_id), &row.sealed);
    let opened = opened.map_err(|error| match error {
        // Another process has just created the key.
        VaultError::UnknownKey(_) => Failure::new(Code::StorageUnavailable),
        VaultError::UnknownMonth(_)
        | VaultError::NotUnwrapped(_)
        | VaultError::NotOpened
        | VaultError::NotSealed => Failure::internal(error),
    })?;
    serde_json::from_slice(&opened).map_err(|_| Failure::internal("a webhook without an address"))
}

/// What a webhook's row tells in clear, read.
struct ReadWebhook {
    kinds: Option<Vec<EventKind>>,
    facility_ids: Option<Vec<Uuid>>,
    disabled_reason: Option<DisabledReason>,
}

impl ReadWebhook {
    /// Errors: the row is damaged.
    fn of(row: &WebhookRow) -> store::Result<Self> {
        let disabled_reason = row.disabled_reason.as_ref();
        Ok(Self {
            kinds: store::webhooks::kinds(row)?,
            facility_ids: store::webhooks::facility_ids(row)?,
            disabled_reason: disabled_reason.map(Word::get).transpose()?,
        })
    }

    fn view(self, app: &App, row: &WebhookRow) -> Result<WebhookView, Failure> {
        let kinds = self.kinds;
        let state = match row.disabled_at {
            None => WebhookState::Enabled,
            Some(_) => WebhookState::Disabled,
        };
        Ok(WebhookView {
            id: row.id,
            url: open(app, row)?.url,
            events: kinds.map(|kinds| kinds.into_iter().map(EventWord::from).collect()),
            facility_ids: self.facility_ids,
            state: state.into(),
            disabled_at: row.disabled_at.map(Instant::of),
            disabled_reason: self.disabled_reason.map(WebhookReasonWord::from),
            failing_since: row.failing_since.map(Instant::of),
            created_at: Instant::of(row.created_at),
            secret: None,
        })
    }
}

fn view(app: &App, row: &WebhookRow) -> Result<WebhookView, Failure> {
    ReadWebhook::of(row)?.view(app, row)
}
fn context(id: Uuid, organisation_id: Uuid) -> SealContext<'static> {
    SealContext {
        table: TABLE,
        row_id: id,
        version: 0,
        owner: Owner {
            organisation_id,
            facility_id: Uuid::nil(),
        },
    }
}

fn entry(app: &App, sender: &Sender, action: Action, id: Uuid) -> store::audit::Entry {
    let subject = (SubjectKind::Webhook, id);
    audit::entry(app, sender, action, subject, app.clock.now())
}

/// The request, or all its faults.
fn read<'a>(document: &'a Value, sender: &Sender) -> Result<WantedWebhook<'a>, Vec<Violation>> {
    let Value::Object(members) = document else {
        return Err(vec![Violation::new("", Code::InvalidType)]);
    };
    let mut violations = unknown(members);
    let url = match members.get("url") {
        None | Some(Value::Null) => Err(Code::Required),
        Some(Value::String(text)) if text.trim().is_empty() => Err(Code::Required),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Code::InvalidType)
        }
    };
    let url = url.map_err(|code| violations.push(Violation::new("/url", code)));
    let event_count_max = EventKind::ALL.len();
    let events = members_of(
        members,
        "events",
        event_count_max,
        &mut violations,
        |text| EventKind::parse(text).ok_or(Code::UnknownCode),
    );
    let facility_ids = members_of(
        members,
        "facility_ids",
        FACILITY_COUNT_MAX,
        &mut violations,
        |text| {
            let id = Uuid::try_parse(text).ok();
            let facility = id.and_then(|id| sender.facility(id));
            facility
                .map(|facility| facility.id)
                .ok_or(Code::FacilityUnknown)
        },
    );
    match url {
        Ok(url) if violations.is_empty() => Ok(WantedWebhook {
            url,
            events,
            facility_ids,
        }),
        Ok(_) | Err(()) => Err(violations),
    }
}

fn unknown(members: &Map<String, Value>) -> Vec<Violation> {
    let names = members.keys();
    let unknown = names.filter(|name| !["url", "events", "facility_ids"].contains(&name.as_str()));
    unknown
        .map(|name| {
            let name = name.replace('~', "~0").replace('/', "~1");
            Violation::new(format!("/{name}"), Code::UnknownField)
        })
        .collect()
}

/// A list of texts that `parse` understands, each once.
fn members_of<T: PartialEq>(
    members: &Map<String, Value>,
    name: &str,
    count_max: usize,
    violations: &mut Vec<Violation>,
    parse: impl Fn(&str) -> Result<T, Code>,
) -> Option<Vec<T>> {
    let sent = members.get(name).filter(|value| !value.is_null())?;
    let Some(sent) = sent.as_array() else {
        violations.push(Violation::new(format!("/{name}"), Code::InvalidType));
        return None;
    };
    let fault = match sent.len() {
        0 => Some(Code::TooFewItems),
        count if count > count_max => Some(Code::TooManyItems),
        _ => None,
    };
    if let Some(code) = fault {
        let violation = Violation::new(format!("/{name}"), code);
        violations.push(violation.with(Hint::Between(1, count_max)));
        return None;
    }
    let mut parsed = Vec::with_capacity(sent.len());
    for (index, item) in sent.iter().enumerate() {
        match item.as_str().ok_or(Code::InvalidType).and_then(&parse) {
            Ok(item) if parsed.contains(&item) => {}
            Ok(item) => parsed.push(item),
            Err(code) => violations.push(Violation::new(format!("/{name}/{index}"), code)),
        }
    }
    Some(parsed)
}

#[cfg(test)]
mod tests {
    use domain::sender::Role;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fault_of_a_webhook_is_named_at_once() {
        let sender = Sender {
            key_id: Uuid::nil(),
            kind: domain::sender::SenderKind::Key,
            organisation_id: Uuid::nil(),
            role: Role::Integrator,
            facilities: Vec::new(),
            communes: Vec::new(),
            provinces: Vec::new(),
        };
        let good = json!({"url": "https://a.vn/", "events": ["stay.accepted", "stay.accepted"]});
        let expected = WantedWebhook {
            url: "https://a.vn/",
            events: Some(vec![EventKind::StayAccepted]),
            facility_ids: None,
        };
        assert_eq!(read(&good, &sender), Ok(expected));
        let table = [
            (json!([]), vec![("", Code::InvalidType)]),
            (json!({"url": " "}), vec![("/url", Code::Required)]),
            (
                json!({"url": 1, "events": [], "facility_ids": {}, "a/b": 1}),
                vec![
                    ("/a~1b", Code::UnknownField),
                    ("/url", Code::InvalidType),
                    ("/events", Code::TooFewItems),
                    ("/facility_ids", Code::InvalidType),
                ],
            ),
            (
                json!({"url": "x", "events": ["stay", 1], "facility_ids": ["x"]}),
                vec![
                    ("/events/0", Code::UnknownCode),
                    ("/events/1", Code::InvalidType),
                    ("/facility_ids/0", Code::FacilityUnknown),
                ],
            ),
        ];
        for (document, expected) in table {
            let violations = read(&document, &sender).unwrap_err();
            let found = violations.iter();
            let found: Vec<_> = found
                .map(|violation| (violation.pointer.as_str(), violation.code))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
