//! Guests whom a facility expects, so that its desk sees who is not declared yet.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    audit::{Action, SubjectKind},
    canonical::to_canonical_json,
    expected::{EXPECTED_COUNT_MAX, ExpectedGuest},
    facility::Facility,
    problem::{Code, Violation},
    sender::Sender,
    time::{self, local_date},
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use runtime::vault::{Owner, SealContext};
use serde::Serialize;
use serde_json::Value;
use store::{damage, expected_guests, expected_guests::ExpectedGuestRow};
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::config::ApiSettings;
use crate::examples::Examples;
use crate::parameters::{Query, query};
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reads;
use crate::refused::Refused;
use crate::reply::Json;
use crate::shapes::text::{Day, Instant, Name, Place, Word};
use crate::topic::Topic;
use crate::unreadable;

/// The table whose rows hold sealed guests, for the seal's context.
const SEALED_TABLE: &str = "expected_guest";

query! {
    /// Until which day guests are expected.
    pub(crate) struct ExpectedQuery {
        /// Those of this calendar day of Viet Nam and before; of today when left out.
        date: Option<NaiveDate>,
    }
}

/// Guests who are expected.
#[derive(Object)]
#[oai(rename = "ExpectedGuestList")]
pub(crate) struct ExpectedDraft {
    /// The guests. One who is noted already stays as it is.
    #[oai(validator(min_items = 1, max_items = 200))]
    items: Vec<ExpectedGuestDraft>,
}

/// A guest who is expected.
#[derive(Object)]
pub(crate) struct ExpectedGuestDraft {
    /// The name, as far as it is known.
    full_name: Name,
    /// Where the guest will sleep.
    room: Option<Place>,
    /// The number of the document that the guest will show: a declaration with this document ends
    /// the expectation.
    document_number: Option<Word>,
    /// The day of arrival in Viet Nam, at most 62 days ahead; today when left out.
    expected_on: Option<Day>,
}

impl Shape for ExpectedDraft {
    fn bytes_max(settings: &ApiSettings) -> u32 {
        settings.batch_body_bytes_max
    }
}

/// A guest who is expected, and not declared yet.
#[derive(Object, Serialize)]
#[oai(rename = "ExpectedGuest")]
pub(crate) struct ExpectedView {
    /// Its id.
    id: Uuid,
    /// The name.
    full_name: String,
    /// Where the guest will sleep.
    #[oai(nullable)]
    room: Option<String>,
    /// The number of the document.
    #[oai(nullable)]
    document_number: Option<String>,
    /// The day of arrival.
    expected_on: Day,
    /// When the guest is expected no longer, and forgotten.
    expires_at: Instant,
    /// When it was noted.
    noted_at: Instant,
}

/// Guests who are expected, and not declared yet.
#[derive(Object, Serialize)]
pub(crate) struct ExpectedPage {
    /// The guests, in the order in which they were noted.
    items: Vec<ExpectedView>,
    /// Always `null`: the list is whole.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// Guests who are expected.
pub(crate) struct ExpectedGuestsApi(pub(crate) Arc<App>);

/// Expected guests are listed.
#[derive(ApiResponse)]
pub(crate) enum ExpectedListed {
    /// The guests.
    #[oai(status = 200)]
    Page(Json<ExpectedPage>),
}

/// Expected guests were noted.
#[derive(ApiResponse)]
pub(crate) enum ExpectedNoted {
    /// The guests of the request, as they are noted.
    #[oai(status = 200)]
    Page(Json<ExpectedPage>),
}

/// A guest is expected no longer.
#[derive(ApiResponse)]
pub(crate) enum ExpectedRemoved {
    /// It is gone.
    #[oai(status = 204)]
    Gone,
}

impl Examples for ExpectedGuestsApi {
    const EXAMPLES: &'static str = include_str!("expected_guests.examples.json");
}

#[OpenApi]
impl ExpectedGuestsApi {
    /// List expected guests
    ///
    /// Who is expected until a day and not declared yet: a declaration at the facility with the
    /// same document ends an expectation, by whichever door it comes.
    #[oai(
        path = "/v1/facilities/:id/expected-guests",
        method = "get",
        operation_id = "listExpectedGuests",
        tag = "Topic::Facilities"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListExpectedGuests>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        query: Query<ExpectedQuery>,
    ) -> Result<ExpectedListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let facility = find(sender, id)?;
        let now = app.clock.now();
        let day = query.finish()?.date.unwrap_or_else(|| local_date(now));
        let guests = expected(app, facility, (day, now)).await?;
        if !guests.is_empty() {
            reads::note(app, sender, guests.len()).await;
        }
        Ok(ExpectedListed::Page(Json(ExpectedPage::of(guests))))
    }

    /// Note expected guests
    ///
    /// Kept for the desk alone until they are declared or their day is over (08:00 of the next
    /// morning). They are no declarations. The same guests again change nothing.
    #[oai(
        path = "/v1/facilities/:id/expected-guests",
        method = "post",
        operation_id = "noteExpectedGuests",
        tag = "Topic::Facilities"
    )]
    async fn note(
        &self,
        admitted: Admitted<op::NoteExpectedGuests>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        document: JsonDocument<ExpectedDraft>,
    ) -> Result<ExpectedNoted, Refused<422>> {
        let (app, sender) = (&self.0, admitted.sender());
        let facility = find(sender, id)?;
        let at = document.received_at;
        let guests = note(app, sender, facility, &document.value, at).await?;
        Ok(ExpectedNoted::Page(Json(ExpectedPage::of(guests))))
    }

    /// Remove an expected guest
    ///
    /// Who will not come after all.
    #[oai(
        path = "/v1/facilities/:id/expected-guests/:guest_id",
        method = "delete",
        operation_id = "removeExpectedGuest",
        tag = "Topic::Facilities"
    )]
    async fn remove(
        &self,
        admitted: Admitted<op::RemoveExpectedGuest>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        /// The guest's id.
        Path(guest_id): Path<Uuid>,
    ) -> Result<ExpectedRemoved, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let facility = find(sender, id)?;
        match remove(app, sender, facility, guest_id).await? {
            true => Ok(ExpectedRemoved::Gone),
            false => Err(Failure::new(Code::NotFound)),
        }
    }
}

/// A guest who is expected, opened.
pub(crate) struct NotedGuest {
    /// Its id.
    pub(crate) id: Uuid,
    /// The guest.
    pub(crate) guest: ExpectedGuest,
    noted_at: DateTime<Utc>,
}

/// Who is expected until a day, as seen at an instant; without those that are stored damaged.
pub(crate) async fn expected(
    app: &App,
    facility: &Facility,
    until: expected_guests::Until,
) -> Result<Vec<NotedGuest>, Failure> {
    let rows = expected_guests::list(&app.db, facility.id, until).await?;
    Ok(opened(app, facility, rows))
}

/// A guest whom a facility expects.
pub(crate) async fn one(
    app: &App,
    facility: &Facility,
    id: Uuid,
) -> Result<Option<NotedGuest>, Failure> {
    let row = expected_guests::find(&app.db, facility.id, id).await?;
    Ok(opened(app, facility, row.into_iter().collect()).pop())
}

/// Notes the guests of a document that came at an instant.
///
/// Errors: 422, with every fault; nothing was noted.
pub(crate) async fn note(
    app: &App,
    sender: &Sender,
    facility: &Facility,
    document: &Value,
    at: DateTime<Utc>,
) -> Result<Vec<NotedGuest>, Failure> {
    let guests = ExpectedGuest::read_list(document, local_date(at)).map_err(Failure::invalid)?;
    let known = expected_guests::count(&app.db, facility.id, (NaiveDate::MAX, at)).await?;
    if known + guests.len() > EXPECTED_COUNT_MAX {
        let fault = Violation::new("/items", Code::TooManyItems);
        return Err(Failure::invalid(vec![fault]));
    }
    let rows = guests
        .iter()
        .map(|guest| sealed(app, sender, facility, guest, at));
    let rows = rows.collect::<Result<Vec<_>, Failure>>()?;
    let subject = (SubjectKind::Facility, facility.id);
    let entry = audit::entry(app, sender, Action::ExpectedGuestsNoted, subject, at);
    let noted = expected_guests::note(&app.db, once(rows), entry).await?;
    let mut noted = opened(app, facility, noted);
    noted.sort_unstable_by_key(|guest| guest.id);
    Ok(noted)
}

/// Removes a guest; whether there was one.
pub(crate) async fn remove(
    app: &App,
    sender: &Sender,
    facility: &Facility,
    id: Uuid,
) -> Result<bool, Failure> {
    let subject = (SubjectKind::Facility, facility.id);
    let at = app.clock.now();
    let entry = audit::entry(app, sender, Action::ExpectedGuestRemoved, subject, at);
    Ok(expected_guests::remove(&app.db, facility.id, id, entry).await?)
}

/// Without those that say the same as one before.
fn once(mut rows: Vec<ExpectedGuestRow>) -> Vec<ExpectedGuestRow> {
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| seen.insert(row.content_index.clone()));
    rows
}

fn sealed(
    app: &App,
    sender: &Sender,
    facility: &Facility,
    guest: &ExpectedGuest,
    at: DateTime<Utc>,
) -> Result<ExpectedGuestRow, Failure> {
    let id = ids::uuid_v7(&app.clock);
    let month = time::local_date(at).format("%Y-%m").to_string();
    let content = to_canonical_json(&guest.to_value());
    let sealed = app.vault.seal(&month, &context(facility, id), &content);
    let day = guest.expected_on.to_string();
    let content_index = app.vault.blind_index(
        "expected_guest.content",
        &[facility.id.as_bytes(), day.as_bytes(), &content],
    );
    let number = guest.document_number.as_deref();
    Ok(ExpectedGuestRow {
        id,
        facility_id: facility.id,
        expected_on: guest.expected_on,
        expires_at: guest.expires_at(),
        content_index: content_index.to_vec(),
        document_index: number.map(|number| intake::index::document_index(&app.vault, number)),
        sealed: sealed.map_err(Failure::internal)?,
        noted_by: sender.key_id,
        noted_at: at,
    })
}

fn opened(app: &App, facility: &Facility, rows: Vec<ExpectedGuestRow>) -> Vec<NotedGuest> {
    let guests = rows.into_iter().filter_map(|row| {
        let guest = open(app, facility, &row);
        damage::sound("expected_guest", row.id, guest)
    });
    guests.collect()
}

fn open(
    app: &App,
    facility: &Facility,
    row: &ExpectedGuestRow,
) -> Result<NotedGuest, unreadable::Cause> {
    let content = app.vault.open(&context(facility, row.id), &row.sealed)?;
    let content: Option<Value> = serde_json::from_slice(&content).ok();
    let guest = content.and_then(|content| ExpectedGuest::of_value(&content, row.expected_on));
    Ok(NotedGuest {
        id: row.id,
        guest: guest.ok_or("a stored guest is no guest")?,
        noted_at: row.noted_at,
    })
}

fn context(facility: &Facility, id: Uuid) -> SealContext<'static> {
    SealContext {
        table: SEALED_TABLE,
        row_id: id,
        version: 1,
        owner: Owner {
            organisation_id: facility.organisation_id,
            facility_id: facility.id,
        },
    }
}

impl ExpectedPage {
    fn of(guests: Vec<NotedGuest>) -> Self {
        Self {
            items: guests.into_iter().map(ExpectedView::of).collect(),
            next_cursor: None,
        }
    }
}

impl ExpectedView {
    fn of(noted: NotedGuest) -> Self {
        let expires_at = Instant::of(noted.guest.expires_at());
        Self {
            id: noted.id,
            full_name: noted.guest.full_name,
            room: noted.guest.room,
            document_number: noted.guest.document_number,
            expected_on: Day::of(noted.guest.expected_on),
            expires_at,
            noted_at: Instant::of(noted.noted_at),
        }
    }
}
