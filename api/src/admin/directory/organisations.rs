//! Bodies that declare.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    directory::{self as rules, Organisation, is_over, read_organisation_patch},
    problem::Code,
    sender::Sender,
    time::format_instant,
};
use intake::Expected;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use serde::Serialize;
use serde_json::json;
use store::directory::{self, ActionRecord};
use uuid::Uuid;

use super::{ActionAnswer, Made, check_version, outcome, part, shown};
use crate::admin::{AREA, failure};
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::idempotency::IdempotencyKey;
use crate::parameters::{Paged, Query};
use crate::payload::{JsonDocument, MERGE_PATCH, Shape};
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::{ETag, JSON, Json, Replayed};
use crate::shapes::text::{DirectoryStateWord, Instant, OrganisationCode, PlaceName};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "organisations";

/// An organisation that declares.
#[derive(Object, Serialize)]
#[oai(rename = "Organisation")]
pub struct OrganisationView {
    /// Its id.
    id: Uuid,
    /// The short word by which it is named; never changes.
    code: String,
    /// Its name.
    name: String,
    /// Whether its facilities take declarations.
    state: DirectoryStateWord,
    /// When it was made.
    created_at: Instant,
    /// From when on they take none.
    #[oai(nullable)]
    ended_at: Option<Instant>,
    /// Counts its changes; also in `ETag`.
    version: u32,
}

impl OrganisationView {
    /// An organisation as administrators see it at `now`.
    #[must_use]
    pub fn of(organisation: &Organisation, now: DateTime<Utc>) -> Self {
        Self {
            id: organisation.id,
            code: organisation.code.clone(),
            name: organisation.name.clone(),
            state: DirectoryStateWord(rules::state(organisation.ended_at, now).to_owned()),
            created_at: Instant::of(organisation.created_at),
            ended_at: organisation.ended_at.map(Instant::of),
            version: shown(organisation.version),
        }
    }
}

/// A page of organisations, by id.
#[derive(Object, Serialize)]
pub(crate) struct OrganisationPage {
    /// The organisations.
    items: Vec<OrganisationView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A new organisation.
#[derive(Object)]
pub(crate) struct OrganisationDraft {
    /// Small letters, digits, `-_.`; no other organisation has it.
    code: OrganisationCode,
    /// Its name.
    name: PlaceName,
}

impl Shape for OrganisationDraft {}

/// What of an organisation changes; what is left out stays.
#[derive(Object)]
pub(crate) struct OrganisationPatch {
    /// Its name.
    name: Option<PlaceName>,
    /// From when on its facilities take no new declarations; `null` opens it again.
    #[oai(nullable)]
    ended_at: Option<Instant>,
}

impl Shape for OrganisationPatch {
    const MEDIA_TYPES: &'static [&'static str] = &[MERGE_PATCH, JSON];
}

/// Organisations are listed.
#[derive(ApiResponse)]
pub(crate) enum OrganisationsListed {
    /// A page of organisations.
    #[oai(status = 200)]
    Page(Json<OrganisationPage>),
}

/// An organisation is shown.
#[derive(ApiResponse)]
pub(crate) enum OrganisationShown {
    /// The organisation.
    #[oai(status = 200)]
    Organisation(Json<OrganisationView>, #[oai(header = "ETag")] ETag),
}

/// An organisation was changed.
#[derive(ApiResponse)]
pub(crate) enum OrganisationChanged {
    /// The organisation as the change left it, or the first answer again.
    #[oai(status = 200)]
    Organisation(
        Json<OrganisationView>,
        #[oai(header = "ETag")] ETag,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// An organisation was ended.
#[derive(ApiResponse)]
pub(crate) enum OrganisationEnded {
    /// The organisation, ended.
    #[oai(status = 200)]
    Organisation(Json<OrganisationView>, #[oai(header = "ETag")] ETag),
}

/// Organisations, made, listed, changed and ended.
pub(crate) struct OrganisationsApi(pub(crate) Arc<App>);

impl Examples for OrganisationsApi {
    const EXAMPLES: &'static str = include_str!("organisations.examples.json");
}

#[OpenApi]
impl OrganisationsApi {
    /// List organisations
    ///
    /// Those that declare, the police and the operator, by id.
    #[oai(
        path = "/v1/admin/organisations",
        method = "get",
        operation_id = "listOrganisations",
        tag = "Topic::Directory"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListOrganisations>,
        mut query: Query<Paged>,
    ) -> Result<OrganisationsListed, Failure> {
        let (app, key_id) = (&self.0, admitted.sender().key_id);
        let page = query.page(&app.vault, LIST, key_id);
        query.finish()?;
        let mut rows = directory::organisations(&app.db, part(&page)).await?;
        let last = page.cut(&mut rows);
        let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, key_id, row.id));
        let now = app.clock.now();
        let items = rows.iter().map(|row| OrganisationView::of(row, now));
        Ok(OrganisationsListed::Page(Json(OrganisationPage {
            items: items.collect(),
            next_cursor,
        })))
    }

    /// Make an organisation
    ///
    /// Facilities and keys belong to one.
    #[oai(
        path = "/v1/admin/organisations",
        method = "post",
        operation_id = "createOrganisation",
        tag = "Topic::Directory"
    )]
    async fn create(
        &self,
        admitted: Admitted<op::CreateOrganisation>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<OrganisationDraft>,
    ) -> Result<Made<OrganisationView>, Failure> {
        let outcome = make(&self.0, admitted.sender(), &key, document).await?;
        let view = OrganisationView::of(&outcome.subject, outcome.at);
        let path = format!("/v1/admin/organisations/{}", view.id);
        let version = view.version;
        Ok(Made::at(path, view, version, outcome.is_replayed))
    }

    /// See an organisation
    #[oai(
        path = "/v1/admin/organisations/:id",
        method = "get",
        operation_id = "showOrganisation",
        tag = "Topic::Directory"
    )]
    async fn show(
        &self,
        _admitted: Admitted<op::ShowOrganisation>,
        /// The organisation's id.
        Path(id): Path<Uuid>,
    ) -> Result<OrganisationShown, Failure> {
        let found = find(&self.0, id).await?;
        let view = OrganisationView::of(&found, self.0.clock.now());
        let etag = ETag::of(view.version);
        Ok(OrganisationShown::Organisation(Json(view), etag))
    }

    /// Change an organisation
    ///
    /// Its name, or from when on it takes no declarations; `ended_at` `null` opens it again.
    #[oai(
        path = "/v1/admin/organisations/:id",
        method = "patch",
        operation_id = "changeOrganisation",
        tag = "Topic::Directory"
    )]
    async fn change(
        &self,
        admitted: Admitted<op::ChangeOrganisation>,
        /// The organisation's id.
        Path(id): Path<Uuid>,
        /// The version that the change is meant for, from `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<OrganisationPatch>,
    ) -> Result<OrganisationChanged, Failure> {
        let change = (&if_match, document);
        let outcome = alter(&self.0, admitted.sender(), id, &key, change).await?;
        let view = OrganisationView::of(&outcome.subject, outcome.at);
        Ok(OrganisationChanged::Organisation(
            Json(view),
            ETag::of(outcome.subject.version),
            Replayed::when(outcome.is_replayed),
        ))
    }

    /// End an organisation
    ///
    /// Its facilities take no new declarations from now on; what was declared is still read, changed
    /// and departed. One that has ended stays as it is.
    #[oai(
        path = "/v1/admin/organisations/:id",
        method = "delete",
        operation_id = "endOrganisation",
        tag = "Topic::Directory"
    )]
    async fn end(
        &self,
        admitted: Admitted<op::EndOrganisation>,
        /// The organisation's id.
        Path(id): Path<Uuid>,
        /// The version that is meant to end, from `ETag`; whichever it is when left out.
        #[oai(name = "If-Match")]
        if_match: IfMatch<false>,
    ) -> Result<OrganisationEnded, Refused<409>> {
        let app = &self.0;
        let now = app.clock.now();
        let mut found = find(app, id).await?;
        if !is_over(found.ended_at, now) {
            if_match.check(found.version)?;
            found = end(app, admitted.sender(), &found, now).await?;
        }
        let view = OrganisationView::of(&found, now);
        let etag = ETag::of(view.version);
        Ok(OrganisationEnded::Organisation(Json(view), etag))
    }
}

/// Makes an organisation.
///
/// Errors: 409 for a code that is taken, 422 for what the draft may not say.
pub(crate) async fn make(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    document: JsonDocument<OrganisationDraft>,
) -> Result<ActionAnswer<Organisation>, Failure> {
    let now = document.received_at;
    let draft = rules::OrganisationDraft::read(&document.value).map_err(Failure::invalid)?;
    let organisation = draft.into_organisation(ids::uuid_v7(&app.clock), now);
    let subject = (SubjectKind::Organisation, organisation.id);
    let request = ("organisations", &document.value);
    let guard = key.of_request(app, sender, (AREA, &[]), request, now);
    let note = ActionRecord {
        entry: audit::entry(app, sender, Action::OrganisationCreated, subject, now),
        key: guard.as_ref(),
    };
    let written = directory::create_organisation(&app.db, organisation, note).await;
    let written = written.map_err(|error| failure(error, key))?;
    outcome(written, key, now)
}

/// Changes an organisation of the version that the change is meant for.
///
/// Errors: 404, 412, 422, 428.
pub(crate) async fn alter(
    app: &App,
    sender: &Sender,
    id: Uuid,
    key: &IdempotencyKey,
    (if_match, document): (&IfMatch, JsonDocument<OrganisationPatch>),
) -> Result<ActionAnswer<Organisation>, Failure> {
    let now = document.received_at;
    let path = format!("organisations/{id}");
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &document.value), now);
    let earlier = directory::earlier(&app.db, guard.as_ref(), now).await?;
    let written = match earlier {
        Some(written) => written,
        None => {
            let judged = find(app, id).await?;
            if if_match.0 == Expected::Unnamed {
                return Err(Failure::new(Code::PreconditionRequired));
            }
            let content = read_organisation_patch(&document.value, &judged);
            let content = content.map_err(Failure::invalid)?;
            check_version(&if_match.0, judged.version, content.is_empty())?;
            let subject = (SubjectKind::Organisation, judged.id);
            let note = ActionRecord {
                entry: audit::entry(app, sender, Action::OrganisationChanged, subject, now),
                key: guard.as_ref(),
            };
            let written = directory::change_organisation(&app.db, &judged, content, note).await;
            written.map_err(|error| failure(error, key))?
        }
    };
    outcome(written, key, now)
}

async fn end(
    app: &App,
    sender: &Sender,
    judged: &Organisation,
    now: DateTime<Utc>,
) -> Result<Organisation, Failure> {
    let patch = json!({"ended_at": format_instant(now)});
    let content = read_organisation_patch(&patch, judged).map_err(Failure::invalid)?;
    let subject = (SubjectKind::Organisation, judged.id);
    let note = ActionRecord {
        entry: audit::entry(app, sender, Action::OrganisationEnded, subject, now),
        key: None,
    };
    let written = directory::change_organisation(&app.db, judged, content, note).await?;
    Ok(outcome(written, &IdempotencyKey(None), now)?.subject)
}

/// One organisation.
///
/// Errors: 404.
pub(crate) async fn find(app: &App, id: Uuid) -> Result<Organisation, Failure> {
    let found = directory::organisation(&app.db, id).await?;
    found.ok_or_else(|| Failure::new(Code::NotFound))
}
