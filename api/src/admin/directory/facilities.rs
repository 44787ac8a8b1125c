//! Places where guests stay.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    directory::{
        self as rules, DirectoryChange, FacilityDraft, FacilityPatch, FacilityRecord, is_over,
    },
    problem::Code,
    sender::Sender,
    time::{format_instant, local_date},
};
use intake::Expected;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, types::Any};
use runtime::ids;
use serde::Serialize;
use serde_json::{Value, json};
use store::directory::{self, ActionRecord};
use uuid::Uuid;

use super::{ActionAnswer, Made, OfOrganisation, check_version, outcome, owner, part, shown};
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
use crate::shapes::text::{
    CommuneCode, Day, DirectoryStateWord, FacilityKindWord, Instant, OrganisationCode,
    PlaceAddress, PlaceName, ProvinceCode, Word,
};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "admin_facilities";

/// A facility as administrators see it.
#[derive(Object, Serialize)]
#[oai(rename = "FacilityRecord")]
pub struct FacilityRecordView {
    /// Its id.
    id: Uuid,
    /// Its organisation.
    organisation_id: Uuid,
    /// That organisation's code.
    organisation_code: String,
    /// What it is by law.
    kind: FacilityKindWord,
    /// A closer word, such as hotel or dormitory.
    #[oai(nullable)]
    subkind: Option<String>,
    /// Its name, as the police know it.
    name: String,
    /// Its address inside the commune.
    address: String,
    /// Its commune.
    commune_code: CommuneCode,
    /// Its province.
    province_code: ProvinceCode,
    /// Whether foreigners may be declared within 24 hours instead of 12.
    is_remote: bool,
    /// How many guests it has room for.
    #[oai(nullable)]
    capacity: Option<u32>,
    /// Whether it takes declarations.
    state: DirectoryStateWord,
    /// When it was made.
    created_at: Instant,
    /// From when on it takes none: its own end, or its organisation's where that is earlier.
    #[oai(nullable)]
    ended_at: Option<Instant>,
    /// Counts its changes; also in `ETag`.
    version: u32,
    /// Changes that hold from a later day on.
    upcoming: Vec<UpcomingChange>,
}

impl FacilityRecordView {
    /// A facility as administrators see it at `now`.
    #[must_use]
    pub fn of(record: &FacilityRecord, now: DateTime<Utc>) -> Self {
        let facility = &record.facility;
        Self {
            id: facility.id,
            organisation_id: facility.organisation_id,
            organisation_code: record.organisation_code.clone(),
            kind: facility.kind.into(),
            subkind: facility.subkind.clone(),
            name: facility.name.clone(),
            address: facility.address.clone(),
            commune_code: CommuneCode(facility.commune_code.clone()),
            province_code: ProvinceCode(facility.province_code.clone()),
            is_remote: facility.is_remote,
            capacity: record.capacity,
            state: DirectoryStateWord(rules::state(facility.ended_at, now).to_owned()),
            created_at: Instant::of(record.created_at),
            ended_at: facility.ended_at.map(Instant::of),
            version: shown(record.version),
            upcoming: record.upcoming.iter().map(UpcomingChange::of).collect(),
        }
    }
}

/// A change that holds from a later day on.
#[derive(Object, Serialize)]
struct UpcomingChange {
    /// The version that it made.
    version: u32,
    /// The first day on which it holds.
    valid_from: Day,
    /// The members it changes.
    changes: BTreeMap<String, Any<Value>>,
}

impl UpcomingChange {
    fn of(change: &DirectoryChange) -> Self {
        let changes = change.content.iter();
        Self {
            version: shown(change.version),
            valid_from: Day::of(change.valid_from),
            changes: changes
                .map(|(name, value)| (name.clone(), Any(value.clone())))
                .collect(),
        }
    }
}

/// A page of facilities, by id.
#[derive(Object, Serialize)]
pub(crate) struct FacilityRecordPage {
    /// The facilities.
    items: Vec<FacilityRecordView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A new facility.
#[derive(Object)]
pub(crate) struct FacilityRecordDraft {
    /// Code of its organisation.
    organisation_code: OrganisationCode,
    /// What it is by law.
    kind: FacilityKindWord,
    /// A closer word of the catalogue `facility_kinds`.
    #[oai(nullable)]
    subkind: Option<Word>,
    /// Its name, as the police know it.
    name: PlaceName,
    /// Its address inside the commune.
    address: PlaceAddress,
    /// Its commune: a code of today.
    commune_code: CommuneCode,
    /// Whether foreigners may be declared within 24 hours; as the catalogue says of the commune
    /// when left out.
    #[oai(nullable)]
    is_remote: Option<bool>,
    /// How many guests it has room for.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "100000")))]
    capacity: Option<u32>,
}

impl Shape for FacilityRecordDraft {}

/// What of a facility changes, and from which day on; what is left out stays.
#[derive(Object)]
pub(crate) struct FacilityRecordPatch {
    /// The first day on which it holds, today or later; today when left out.
    valid_from: Option<Day>,
    /// What it is by law; drops the closer word unless one is sent.
    kind: Option<FacilityKindWord>,
    /// A closer word; `null` takes it away.
    #[oai(nullable)]
    subkind: Option<Word>,
    /// Its name.
    name: Option<PlaceName>,
    /// Its address inside the commune.
    address: Option<PlaceAddress>,
    /// Its commune; brings its province, and whether it is remote unless that is sent.
    commune_code: Option<CommuneCode>,
    /// Whether foreigners may be declared within 24 hours.
    is_remote: Option<bool>,
    /// How many guests it has room for; `null`: that is not known.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "100000")))]
    capacity: Option<u32>,
    /// From when on it takes no new declarations; `null` opens it again.
    #[oai(nullable)]
    ended_at: Option<Instant>,
}

impl Shape for FacilityRecordPatch {
    const MEDIA_TYPES: &'static [&'static str] = &[MERGE_PATCH, JSON];
}

/// Facilities are listed.
#[derive(ApiResponse)]
pub(crate) enum FacilityRecordsListed {
    /// A page of facilities.
    #[oai(status = 200)]
    Page(Json<FacilityRecordPage>),
}

/// A facility is shown.
#[derive(ApiResponse)]
pub(crate) enum FacilityRecordShown {
    /// The facility.
    #[oai(status = 200)]
    Facility(Json<FacilityRecordView>, #[oai(header = "ETag")] ETag),
}

/// A facility was changed.
#[derive(ApiResponse)]
pub(crate) enum FacilityChanged {
    /// The facility as the change left it, or the first answer again.
    #[oai(status = 200)]
    Facility(
        Json<FacilityRecordView>,
        #[oai(header = "ETag")] ETag,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// A facility was ended.
#[derive(ApiResponse)]
pub(crate) enum FacilityEnded {
    /// The facility, ended.
    #[oai(status = 200)]
    Facility(Json<FacilityRecordView>, #[oai(header = "ETag")] ETag),
}

/// Facilities of all organisations, made, listed, changed and ended.
pub(crate) struct FacilityRecordsApi(pub(crate) Arc<App>);

impl Examples for FacilityRecordsApi {
    const EXAMPLES: &'static str = include_str!("facilities.examples.json");
}

#[OpenApi]
impl FacilityRecordsApi {
    /// List facilities of all organisations
    ///
    /// By id, each as it stands today, with what holds from a later day on.
    #[oai(
        path = "/v1/admin/facilities",
        method = "get",
        operation_id = "listFacilityRecords",
        tag = "Topic::Directory"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListFacilityRecords>,
        mut query: Query<Paged<OfOrganisation>>,
    ) -> Result<FacilityRecordsListed, Failure> {
        let (app, key_id) = (&self.0, admitted.sender().key_id);
        let page = query.page(&app.vault, LIST, key_id);
        let organisation_id = query.finish()?.filters.organisation_id;
        let now = app.clock.now();
        let found = directory::facilities(&app.db, organisation_id, part(&page), now);
        let mut rows = found.await?;
        let last = page.cut(&mut rows);
        let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, key_id, row.id));
        let sound = rows.into_iter().filter_map(|row| row.sound("facility"));
        let items = sound.map(|record| FacilityRecordView::of(&record, now));
        Ok(FacilityRecordsListed::Page(Json(FacilityRecordPage {
            items: items.collect(),
            next_cursor,
        })))
    }

    /// Make a facility
    ///
    /// Its commune is one of today: an old code is refused with the one it went into.
    #[oai(
        path = "/v1/admin/facilities",
        method = "post",
        operation_id = "createFacility",
        tag = "Topic::Directory"
    )]
    async fn create(
        &self,
        admitted: Admitted<op::CreateFacility>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<FacilityRecordDraft>,
    ) -> Result<Made<FacilityRecordView>, Failure> {
        let outcome = make(&self.0, admitted.sender(), &key, document).await?;
        let view = FacilityRecordView::of(&outcome.subject, outcome.at);
        let path = format!("/v1/admin/facilities/{}", view.id);
        let version = view.version;
        Ok(Made::at(path, view, version, outcome.is_replayed))
    }

    /// See a facility of any organisation
    #[oai(
        path = "/v1/admin/facilities/:id",
        method = "get",
        operation_id = "showFacilityRecord",
        tag = "Topic::Directory"
    )]
    async fn show(
        &self,
        _admitted: Admitted<op::ShowFacilityRecord>,
        /// The facility's id.
        Path(id): Path<Uuid>,
    ) -> Result<FacilityRecordShown, Failure> {
        let now = self.0.clock.now();
        let view = FacilityRecordView::of(&find(&self.0, id, now).await?, now);
        let etag = ETag::of(view.version);
        Ok(FacilityRecordShown::Facility(Json(view), etag))
    }

    /// Change a facility
    ///
    /// From today on, or from the day `valid_from`: until then everything is judged and sent as it
    /// stands. Stays that are declared keep their deadline.
    #[oai(
        path = "/v1/admin/facilities/:id",
        method = "patch",
        operation_id = "changeFacility",
        tag = "Topic::Directory"
    )]
    async fn change(
        &self,
        admitted: Admitted<op::ChangeFacility>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        /// The version that the change is meant for, from `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<FacilityRecordPatch>,
    ) -> Result<FacilityChanged, Failure> {
        let change = (&if_match, document);
        let outcome = alter(&self.0, admitted.sender(), id, &key, change).await?;
        let view = FacilityRecordView::of(&outcome.subject, outcome.at);
        Ok(FacilityChanged::Facility(
            Json(view),
            ETag::of(outcome.subject.version),
            Replayed::when(outcome.is_replayed),
        ))
    }

    /// End a facility
    ///
    /// It takes no new declarations from now on; what was declared is still read, changed and
    /// departed. One that has ended stays as it is.
    #[oai(
        path = "/v1/admin/facilities/:id",
        method = "delete",
        operation_id = "endFacility",
        tag = "Topic::Directory"
    )]
    async fn end(
        &self,
        admitted: Admitted<op::EndFacility>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        /// The version that is meant to end, from `ETag`; whichever it is when left out.
        #[oai(name = "If-Match")]
        if_match: IfMatch<false>,
    ) -> Result<FacilityEnded, Refused<409>> {
        let app = &self.0;
        let now = app.clock.now();
        let mut found = find(app, id, now).await?;
        if !is_over(found.ended_at, now) {
            if_match.check(found.version)?;
            found = end(app, admitted.sender(), &found, now).await?;
        }
        let view = FacilityRecordView::of(&found, now);
        let etag = ETag::of(view.version);
        Ok(FacilityEnded::Facility(Json(view), etag))
    }
}

/// Makes a facility.
///
/// Errors: 422 for what the draft may not say.
pub(crate) async fn make(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    document: JsonDocument<FacilityRecordDraft>,
) -> Result<ActionAnswer<FacilityRecord>, Failure> {
    let now = document.received_at;
    let request = ("facilities", &document.value);
    let guard = key.of_request(app, sender, (AREA, &[]), request, now);
    let written = match directory::earlier(&app.db, guard.as_ref(), now).await? {
        Some(written) => written,
        None => {
            let record = record(app, &document.value, now).await?;
            let subject = (SubjectKind::Facility, record.facility.id);
            let note = ActionRecord {
                entry: audit::entry(app, sender, Action::FacilityCreated, subject, now),
                key: guard.as_ref(),
            };
            let written = directory::create_facility(&app.db, record, note).await;
            written.map_err(|error| failure(error, key))?
        }
    };
    outcome(written, key, now)
}

/// Changes a facility of the version that the change is meant for.
///
/// Errors: 404, 412, 422, 428.
pub(crate) async fn alter(
    app: &App,
    sender: &Sender,
    id: Uuid,
    key: &IdempotencyKey,
    (if_match, document): (&IfMatch, JsonDocument<FacilityRecordPatch>),
) -> Result<ActionAnswer<FacilityRecord>, Failure> {
    let now = document.received_at;
    let path = format!("facilities/{id}");
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &document.value), now);
    let written = match directory::earlier(&app.db, guard.as_ref(), now).await? {
        Some(written) => written,
        None => {
            let judged = find(app, id, now).await?;
            if if_match.0 == Expected::Unnamed {
                return Err(Failure::new(Code::PreconditionRequired));
            }
            let patch = patch(app, &document.value, &judged, now)?;
            check_version(&if_match.0, judged.version, patch.content.is_empty())?;
            let subject = (SubjectKind::Facility, judged.facility.id);
            let note = ActionRecord {
                entry: audit::entry(app, sender, Action::FacilityChanged, subject, now),
                key: guard.as_ref(),
            };
            let written = directory::change_facility(&app.db, &judged, patch, note).await;
            written.map_err(|error| failure(error, key))?
        }
    };
    outcome(written, key, now)
}

/// A new facility as its draft wants it.
async fn record(app: &App, draft: &Value, now: DateTime<Utc>) -> Result<FacilityRecord, Failure> {
    let draft = FacilityDraft::read(draft, app.intake.catalogues(), local_date(now));
    let draft = draft.map_err(Failure::invalid)?;
    let organisation = owner(app, &draft.organisation_code, now).await?;
    Ok(draft.into_record(ids::uuid_v7(&app.clock), organisation.id, now))
}

fn patch(
    app: &App,
    sent: &Value,
    judged: &FacilityRecord,
    now: DateTime<Utc>,
) -> Result<FacilityPatch, Failure> {
    let patch = FacilityPatch::read(sent, judged, app.intake.catalogues(), local_date(now));
    patch.map_err(Failure::invalid)
}

async fn end(
    app: &App,
    sender: &Sender,
    judged: &FacilityRecord,
    now: DateTime<Utc>,
) -> Result<FacilityRecord, Failure> {
    let end = json!({"ended_at": format_instant(now)});
    let patch = patch(app, &end, judged, now)?;
    let subject = (SubjectKind::Facility, judged.facility.id);
    let note = ActionRecord {
        entry: audit::entry(app, sender, Action::FacilityEnded, subject, now),
        key: None,
    };
    let written = directory::change_facility(&app.db, judged, patch, note).await?;
    Ok(outcome(written, &IdempotencyKey(None), now)?.subject)
}

/// One facility.
///
/// Errors: 404.
pub(crate) async fn find(
    app: &App,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<FacilityRecord, Failure> {
    let found = directory::facility(&app.db, id, now).await?;
    found.ok_or_else(|| Failure::new(Code::NotFound))
}
