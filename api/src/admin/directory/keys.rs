//! API keys: created, listed, revoked. The text of a key is shown once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    directory::{self as rules, KeyRecord},
    problem::Code,
    sender::Sender,
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::{ids, key_hash};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use store::{
    api_keys::ApiKey,
    directory::{ActionOutcome, ActionRecord},
    key_ring,
};
use uuid::Uuid;

use super::{ActionAnswer, OfOrganisation, outcome, owner, part};
use crate::admin::{AREA, failure};
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::idempotency::IdempotencyKey;
use crate::parameters::{Paged, Query};
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::{Json, Location, Replayed};
use crate::shapes::text::{
    CommuneCode, Id, Instant, KeyStateWord, OrganisationCode, PlaceName, ProvinceCode, RoleWord,
};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "keys";

/// A key: never its text.
#[derive(Object, Serialize)]
#[oai(rename = "Key")]
pub struct KeyView {
    /// The public part of its text.
    id: Uuid,
    /// Whom it speaks for.
    organisation_id: Uuid,
    /// That organisation's code.
    organisation_code: String,
    /// What it may do.
    role: RoleWord,
    /// What people call it.
    label: String,
    /// How it stands.
    state: KeyStateWord,
    /// Facilities it is bound to; none: all of its organisation, for those who declare.
    facility_ids: Vec<Uuid>,
    /// Communes a police key may see.
    communes: Vec<CommuneCode>,
    /// Provinces a police key may see.
    provinces: Vec<ProvinceCode>,
    /// When it was made.
    created_at: Instant,
    /// By whom: the id of a key, or who sat at a terminal.
    #[oai(nullable)]
    created_by: Option<String>,
    /// When it ends by itself; `null`: never.
    #[oai(nullable)]
    expires_at: Option<Instant>,
    /// When it was last used, to the minute.
    #[oai(nullable)]
    last_used_at: Option<Instant>,
    /// When it was ended by hand.
    #[oai(nullable)]
    revoked_at: Option<Instant>,
}

impl KeyView {
    /// A key as administrators see it at `now`.
    #[must_use]
    pub fn of(record: &KeyRecord, now: DateTime<Utc>) -> Self {
        Self {
            id: record.id,
            organisation_id: record.organisation_id,
            organisation_code: record.organisation_code.clone(),
            role: record.role.into(),
            label: record.label.clone(),
            state: record.state(now).into(),
            facility_ids: record.facility_ids.clone(),
            communes: record.communes.iter().cloned().map(CommuneCode).collect(),
            provinces: record.provinces.iter().cloned().map(ProvinceCode).collect(),
            created_at: Instant::of(record.created_at),
            created_by: record.created_by.clone(),
            expires_at: record.expires_at.map(Instant::of),
            last_used_at: record.last_used_at.map(Instant::of),
            revoked_at: record.revoked_at.map(Instant::of),
        }
    }
}

/// A key that was made, with its text.
#[derive(Object, Serialize)]
pub(crate) struct KeyMade {
    #[oai(flatten)]
    #[serde(flatten)]
    key: KeyView,
    /// Its text, told this once; `null` when the request is a replay.
    #[oai(nullable)]
    secret: Option<String>,
}

/// A page of keys, the oldest first.
#[derive(Object, Serialize)]
pub(crate) struct KeyPage {
    /// The keys.
    items: Vec<KeyView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A new key.
#[derive(Object)]
pub(crate) struct KeyDraft {
    /// Code of the organisation it speaks for.
    organisation_code: OrganisationCode,
    /// What it may do.
    role: RoleWord,
    /// What people call it. No personal names, please.
    label: PlaceName,
    /// Facilities it may declare for. Left out for an integrator: all of its organisation, also
    /// later ones.
    #[oai(nullable, validator(max_items = 1000))]
    facility_ids: Option<Vec<Id>>,
    /// All facilities that the organisation has.
    #[oai(nullable)]
    all_facilities: Option<bool>,
    /// Communes a police key may see.
    #[oai(nullable, validator(max_items = 1000))]
    communes: Option<Vec<CommuneCode>>,
    /// Provinces a police key may see.
    #[oai(nullable, validator(max_items = 1000))]
    provinces: Option<Vec<ProvinceCode>>,
    /// Days until it ends by itself; 365 when left out.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "3650")))]
    expires_in_days: Option<u32>,
    /// It never ends by itself.
    #[oai(nullable)]
    never_expires: Option<bool>,
}

impl Shape for KeyDraft {}

/// Keys are listed.
#[derive(ApiResponse)]
pub(crate) enum KeysListed {
    /// A page of keys.
    #[oai(status = 200)]
    Page(Json<KeyPage>),
}

/// A key was made.
#[derive(ApiResponse)]
pub(crate) enum KeyCreated {
    /// It is made; keep the `secret`.
    #[oai(status = 201)]
    First(Json<KeyMade>, #[oai(header = "Location")] Location),
    /// It had been made before: the first answer again, without the text.
    #[oai(status = 200)]
    Again(
        Json<KeyMade>,
        #[oai(header = "Location")] Location,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// A key is shown.
#[derive(ApiResponse)]
pub(crate) enum KeyShown {
    /// The key.
    #[oai(status = 200)]
    Key(Json<KeyView>),
}

/// A key was ended.
#[derive(ApiResponse)]
pub(crate) enum KeyRevoked {
    /// The key, ended.
    #[oai(status = 200)]
    Key(Json<KeyView>),
}

/// Keys, made, listed and ended.
pub(crate) struct KeysApi(pub(crate) Arc<App>);

impl Examples for KeysApi {
    const EXAMPLES: &'static str = include_str!("keys.examples.json");
}

#[OpenApi]
impl KeysApi {
    /// List keys
    ///
    /// The oldest first: whose each is, what it may do, until when it is good, when it was last used.
    #[oai(
        path = "/v1/admin/keys",
        method = "get",
        operation_id = "listKeys",
        tag = "Topic::Directory"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListKeys>,
        mut query: Query<Paged<OfOrganisation>>,
    ) -> Result<KeysListed, Failure> {
        let (app, key_id) = (&self.0, admitted.sender().key_id);
        let page = query.page(&app.vault, LIST, key_id);
        let organisation_id = query.finish()?.filters.organisation_id;
        let mut rows = key_ring::list(&app.db, organisation_id, part(&page)).await?;
        let last = page.cut(&mut rows);
        let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, key_id, row.id));
        let now = app.clock.now();
        let sound = rows.into_iter().filter_map(|row| row.sound("api_key"));
        let items = sound.map(|record| KeyView::of(&record, now));
        Ok(KeysListed::Page(Json(KeyPage {
            items: items.collect(),
            next_cursor,
        })))
    }

    /// Make a key
    ///
    /// Its text is in `secret`, this once: a replay has `null` there. It ends in a year unless
    /// something else is said.
    #[oai(
        path = "/v1/admin/keys",
        method = "post",
        operation_id = "createKey",
        tag = "Topic::Directory"
    )]
    async fn create(
        &self,
        admitted: Admitted<op::CreateKey>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<KeyDraft>,
    ) -> Result<KeyCreated, Failure> {
        let (outcome, text) = make(&self.0, admitted.sender(), &key, document).await?;
        let location = Location::of(format!("/v1/admin/keys/{}", outcome.subject.id));
        let made = Json(KeyMade {
            key: KeyView::of(&outcome.subject, outcome.at),
            secret: text.map(|text| text.expose_secret().to_owned()),
        });
        Ok(if outcome.is_replayed {
            KeyCreated::Again(made, location, Replayed::when(true))
        } else {
            KeyCreated::First(made, location)
        })
    }

    /// See a key
    #[oai(
        path = "/v1/admin/keys/:id",
        method = "get",
        operation_id = "showKey",
        tag = "Topic::Directory"
    )]
    async fn show(
        &self,
        _admitted: Admitted<op::ShowKey>,
        /// The key's id.
        Path(id): Path<Uuid>,
    ) -> Result<KeyShown, Failure> {
        Ok(KeyShown::Key(Json(find(&self.0, id).await?)))
    }

    /// End a key
    ///
    /// Requests with it are refused within two seconds. One that has ended stays as it is.
    #[oai(
        path = "/v1/admin/keys/:id",
        method = "delete",
        operation_id = "revokeKey",
        tag = "Topic::Directory"
    )]
    async fn revoke(
        &self,
        admitted: Admitted<op::RevokeKey>,
        /// The key's id.
        Path(id): Path<Uuid>,
    ) -> Result<KeyRevoked, Refused<409>> {
        let app = &self.0;
        end(app, admitted.sender(), id).await?;
        Ok(KeyRevoked::Key(Json(find(app, id).await?)))
    }
}

/// Makes a key; its text is told this once, and not to a replay.
///
/// Errors: 422 for what the draft may not say.
pub(crate) async fn make(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    document: JsonDocument<KeyDraft>,
) -> Result<(ActionAnswer<KeyRecord>, Option<SecretString>), Failure> {
    let now = document.received_at;
    let guard = key.of_request(app, sender, (AREA, &[]), ("keys", &document.value), now);
    let (written, text) = match key_ring::earlier(&app.db, guard.as_ref(), now).await? {
        Some(written) => (written, None),
        None => {
            let draft = rules::KeyDraft::read(&document.value, app.intake.catalogues());
            let draft = draft.map_err(Failure::invalid)?;
            let (row, text) = generate(app, draft, now).await?;
            let subject = (SubjectKind::ApiKey, row.id);
            let note = ActionRecord {
                entry: audit::entry(app, sender, Action::KeyCreated, subject, now),
                key: guard.as_ref(),
            };
            let written = key_ring::create(&app.db, &row, &app.row_key, note).await;
            let written = written.map_err(|error| failure(error, key))?;
            let is_done = matches!(written, ActionOutcome::Done(_));
            (written, Some(text).filter(|_| is_done))
        }
    };
    Ok((outcome(written, key, now)?, text))
}

/// Ends a key. One that has ended stays as it is.
///
/// Errors: 404 where there is none.
pub(crate) async fn end(app: &App, sender: &Sender, id: Uuid) -> Result<(), Failure> {
    let now = app.clock.now();
    let subject = (SubjectKind::ApiKey, id);
    let entry = audit::entry(app, sender, Action::KeyRevoked, subject, now);
    let revoked = key_ring::revoke(&app.db, id, &app.row_key, entry).await;
    revoked.map_err(|error| failure(error, &IdempotencyKey(None)))
}

/// A new key as its draft wants it, and its text.
async fn generate(
    app: &App,
    draft: rules::KeyDraft,
    now: DateTime<Utc>,
) -> Result<(ApiKey, SecretString), Failure> {
    let organisation = owner(app, &draft.organisation_code, now).await?;
    let facilities = store::facilities::of_organisation(&app.db, organisation.id, &[], now).await?;
    let open = facilities.iter().filter(|facility| facility.is_open(now));
    let open: Vec<Uuid> = open.map(|facility| facility.id).collect();
    let facility_ids = draft.facilities(&open).map_err(Failure::invalid)?;
    let made = key_hash::generate(ids::uuid_v7(&app.clock));
    let row = ApiKey {
        id: made.key_id,
        organisation_id: organisation.id,
        role: draft.role,
        secret_hash: key_hash::hash(&app.pepper, &made.secret).to_vec(),
        facility_ids,
        created_at: now,
        expires_at: draft.expires_at(now),
        label: draft.label,
        commune_codes: draft.communes,
        province_codes: draft.provinces,
        revoked_at: None,
    };
    Ok((row, made.text()))
}

async fn find(app: &App, id: Uuid) -> Result<KeyView, Failure> {
    let found = key_ring::find(&app.db, id).await?;
    let record = found.ok_or_else(|| Failure::new(Code::NotFound))?;
    Ok(KeyView::of(&record, app.clock.now()))
}
