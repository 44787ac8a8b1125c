//! Finding stays by what identifies their guest, among those of the caller's facilities.
//!
//! Number and name come in the body and are compared by keyed hashes: no personal data in a URL, a
//! log or a database query.

use std::sync::Arc;

use chrono::Datelike;
use domain::{
    problem::{Code, Violation},
    search::SearchRequest,
    sender::Sender,
    time::local_date,
};
use poem_openapi::{ApiResponse, Object, OpenApi};
use store::stays::{Order, StayFilter};

use super::facility_ids;
use super::list::{StayPage, render};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::parameters::Limit;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reads;
use crate::refused::Refused;
use crate::reply::Json;
use crate::shapes::text::{Id, Name, Word};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "stays/search";
/// The oldest guest's year of birth: a name is filed with the year.
const BIRTH_YEAR_MIN: i32 = 1850;

/// Whose stays are looked for: by number or name, or both.
#[derive(Object)]
pub(crate) struct StaySearch {
    /// The number of the document that was shown; spaces, dots and letter case do not matter.
    document_number: Option<Word>,
    /// The whole name, with or without diacritics, in any letter case.
    full_name: Option<Name>,
    /// The year of birth, where a name is common. Guests whose year is not known are found too.
    #[oai(validator(minimum(value = "1850"), maximum(value = "2100")))]
    birth_year: Option<u32>,
    /// Only at this facility; at all of the key's when left out.
    facility_id: Option<Id>,
    /// Most stays of the page; 50 when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Shape for StaySearch {}

/// Finding the stays of a guest.
pub(crate) struct StaySearchApi(pub(crate) Arc<App>);

/// Stays were looked for.
#[derive(ApiResponse)]
pub(crate) enum StaysFound {
    /// A page of stays.
    #[oai(status = 200)]
    Page(Json<StayPage>),
}

impl Examples for StaySearchApi {
    const EXAMPLES: &'static str = include_str!("search.examples.json");
}

#[OpenApi]
impl StaySearchApi {
    /// Search stays
    ///
    /// By the number of a document or by a name, among the stays of the key's facilities, newest
    /// first. In the body, so that nothing personal stands in a URL. What is searched is not kept;
    /// that it was, is in the audit.
    #[oai(
        path = "/v1/stays/search",
        method = "post",
        operation_id = "searchStays",
        tag = "Topic::Stays"
    )]
    async fn search(
        &self,
        admitted: Admitted<op::SearchStays>,
        document: JsonDocument<StaySearch>,
    ) -> Result<StaysFound, Refused<422>> {
        let page = page(&self.0, admitted.sender(), &document).await?;
        Ok(StaysFound::Page(Json(page)))
    }
}

async fn page(
    app: &App,
    sender: &Sender,
    document: &JsonDocument<StaySearch>,
) -> Result<StayPage, Failure> {
    let request = SearchRequest::read(&document.value).map_err(Failure::invalid)?;
    let filter = filter(app, sender, &request, document)?;
    let before = match request.cursor.as_deref() {
        None => None,
        Some(text) => {
            let place = cursor::read(&app.vault, LIST, sender.key_id, text);
            Some(place.ok_or_else(|| fault("/cursor", Code::InvalidCursor))?)
        }
    };
    reads::note_search(app, sender).await;
    if filter.facility_ids.is_empty() {
        return Ok(StayPage::default());
    }
    let limit = request.limit.and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.unwrap_or(Limit::default().0);
    let count = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut stays = store::stays::list(&app.db, &filter, Order::Newest(before), count).await?;
    let has_more = stays.len() > limit;
    stays.truncate(limit);
    let last = stays.last().filter(|_| has_more);
    let next_cursor = last.map(|stay| cursor::write(&app.vault, LIST, sender.key_id, stay.id));
    reads::count(sender.role.as_str(), "own_search", stays.len());
    Ok(StayPage::of(render(app, &stays).await?).before(next_cursor))
}

fn fault(pointer: &str, code: Code) -> Failure {
    Failure::invalid(vec![Violation::new(pointer, code)])
}

fn filter(
    app: &App,
    sender: &Sender,
    request: &SearchRequest,
    document: &JsonDocument<StaySearch>,
) -> Result<StayFilter, Failure> {
    let facility_ids = match request.facility_id {
        None => facility_ids(sender),
        Some(id) => {
            let facility = sender.facility(id);
            let facility = facility.ok_or_else(|| fault("/facility_id", Code::FacilityUnknown))?;
            vec![facility.id]
        }
    };
    let number = request.document_number.as_deref();
    let this_year = local_date(document.received_at).year();
    let years: Vec<Option<i32>> = match request.birth_year {
        Some(year) => vec![None, i32::try_from(year).ok()],
        None => (BIRTH_YEAR_MIN..=this_year)
            .map(Some)
            .chain([None])
            .collect(),
    };
    let name_indexes = request.full_name.as_deref().map_or_else(Vec::new, |name| {
        let index = |year: &Option<i32>| intake::index::name_index(&app.vault, name, *year);
        years.iter().map(index).collect()
    });
    Ok(StayFilter {
        facility_ids,
        document_index: number.map(|number| intake::index::document_index(&app.vault, number)),
        name_indexes,
        ..StayFilter::default()
    })
}
