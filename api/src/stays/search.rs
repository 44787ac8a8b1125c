//! Finding stays by what identifies their guest, among those of the caller's facilities.
//!
//! Number and name come in the body and are compared by their keyed hashes: nothing personal is
//! in a URL, a log or a question to the database.

use chrono::Datelike;
use domain::{
    problem::{Code, Violation},
    search::SearchRequest,
    sender::Sender,
    time::local_date,
};
use store::stays::{Filter, Order};

use super::list::{LIMIT_DEFAULT, page_json, render};
use super::{facility_ids, list};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::cursor;
use crate::payload::Document;
use crate::problem::Failure;
use crate::reads;
use crate::shapes::{StayPage, StaySearch};

/// What cursors of this list are good for.
const LIST: &str = "stays/search";
/// The oldest guest's year of birth: a name is filed with the year.
const BIRTH_YEAR_MIN: i32 = 1850;

/// A page of the stays of a guest, newest first.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    document: &Document<StaySearch>,
) -> Result<Answer<StayPage>, Failure> {
    let sender = admitted.sender();
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
        return Ok(page_json(&[], &[], None));
    }
    let limit = request.limit.map_or(LIMIT_DEFAULT, |limit| {
        usize::try_from(limit).unwrap_or(LIMIT_DEFAULT)
    });
    let count = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut stays = store::stays::list(&app.db, &filter, Order::Newest(before), count).await?;
    let has_more = stays.len() > limit;
    stays.truncate(limit);
    let last = stays.last().filter(|_| has_more);
    let next_cursor = last.map(|stay| cursor::write(&app.vault, LIST, sender.key_id, stay.id));
    reads::count(sender.role.as_str(), "own_search", stays.len());
    let (items, unreadable) = list::sorted(render(app, &stays).await?);
    Ok(list::page_json(&items, &unreadable, next_cursor))
}

fn fault(pointer: &str, code: Code) -> Failure {
    Failure::invalid(vec![Violation::new(pointer, code)])
}

fn filter(
    app: &App,
    sender: &Sender,
    request: &SearchRequest,
    document: &Document<StaySearch>,
) -> Result<Filter, Failure> {
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
    Ok(Filter {
        facility_ids,
        document_index: number.map(|number| intake::index::document_index(&app.vault, number)),
        name_indexes,
        ..Filter::default()
    })
}
