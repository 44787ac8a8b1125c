//! The pages of the office: who may sign in and from where, keys, organisations, facilities, where
//! notifications go, whom to call, and how the service is.

mod accounts;
mod destinations;
mod duty_desks;
mod facilities;
mod health;
mod keys;
mod machines;
mod organisations;
mod own;

mod forms;
mod sessions;

use std::collections::HashMap;

use domain::account::Account;
use domain::catalogue::Catalogues;
use domain::rights::OperationId;
use domain::time::local_date;
use pages::frame::Frame;
use pages::note::Note;
use pages::office::{OfficePage, OneTimeSecret};
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use runtime::ids;
use store::directory::{self, ListPart};
use uuid::Uuid;

use super::enter::OfficeVisit;
use super::form::{KEY_FIELD, PageForm};
use super::{MadePage, PageRoute, get, html, post};
use crate::accounts::{bound_facilities, organisation_bound};
use crate::auth::Access;
use crate::problem::Failure;

/// Rows that a page lists before it offers more.
const LISTED_COUNT: usize = 100;
/// Facilities, organisations and machines that a page offers at most.
const OFFERED: ListPart = ListPart {
    after: None,
    count_max: 1_000,
};

/// All pages of the office.
pub(super) fn routes() -> Vec<PageRoute> {
    [
        accounts::routes(),
        own::routes(),
        machines::routes(),
        destinations::routes(),
        health::routes(),
        duty_desks::routes(),
        keys::routes(),
        organisations::routes(),
        facilities::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a page shows because of a form that came.
#[derive(Default)]
struct OfficeOutcome {
    /// What happened.
    notes: Vec<Note>,
    /// Something that is shown this once.
    secret: Option<OneTimeSecret>,
    /// The form that came back, with what is wrong with it.
    returned: Option<forms::Returned>,
}

impl OfficeOutcome {
    /// Something was done.
    fn done(fact: impl Into<String>) -> Self {
        Self::made_before(fact, "")
    }

    /// What an earlier request did, which led here with `done` in its address.
    fn of_query(request: &Request, words: Words) -> Self {
        match PageForm::of_query(request).value("done") {
            "" => Self::default(),
            _ => Self::done(words.done()),
        }
    }

    /// What a form asked for was made when it was first sent, and how to go on.
    fn made_before(fact: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            notes: vec![Note::done(fact.into(), advice.into())],
            ..Self::default()
        }
    }

    /// Something is shown this once.
    fn secret(secret: OneTimeSecret) -> Self {
        Self {
            secret: Some(secret),
            ..Self::default()
        }
    }

    /// A form came back.
    fn returned(returned: forms::Returned) -> Self {
        Self {
            returned: Some(returned),
            ..Self::default()
        }
    }
}

/// A facility that a form offers, or that a name is needed of.
struct KnownFacility {
    id: Uuid,
    name: String,
    organisation_code: String,
}

impl<A: Access> OfficeVisit<A> {
    /// A page of the office without parts.
    async fn office_page(
        &self,
        section: Section,
        heading: impl Into<String>,
        outcome: &mut OfficeOutcome,
    ) -> Result<OfficePage, Failure> {
        let heading = heading.into();
        let title = match &outcome.returned {
            Some(_) => self.reader.words.error_title(heading.as_str()),
            None => heading.clone(),
        };
        let frame = self.office_frame(section, title).await?;
        let mut page = OfficePage::new(frame, heading);
        page.notes = std::mem::take(&mut outcome.notes);
        page.secret = outcome.secret.take();
        if let Some(returned) = &outcome.returned {
            page.notes.extend(returned.note(self.reader.words));
            page.summary = returned.summary(self.reader.words);
        }
        Ok(page)
    }

    async fn office_frame(&self, section: Section, title: String) -> Result<Frame, Failure> {
        let own = self.admitted.sender().organisation_id;
        let organisation = directory::organisation(&self.app.db, own).await?;
        let place = organisation.map_or_else(String::new, |found| found.name);
        Ok(self.frame(section, title, place))
    }

    /// The hidden field that keeps a form from being carried out twice. A form that came back keeps
    /// its own, so that sending it again cannot do again what may have been done.
    fn key_field(&self, back: Option<&forms::Returned>) -> (&'static str, String) {
        let kept = back.and_then(forms::Returned::key);
        let key = kept.unwrap_or_else(|| ids::uuid_v7(&self.app.clock).to_string());
        (KEY_FIELD, key)
    }

    /// Whether the caller may carry out an operation.
    fn may(&self, operation: OperationId) -> bool {
        operation
            .right()
            .is_held_by(self.admitted.caller().holder())
    }

    /// The facilities that the caller sees, of one organisation or of all.
    async fn known_facilities(
        &self,
        organisation_id: Option<Uuid>,
    ) -> Result<Vec<KnownFacility>, Failure> {
        let caller = self.admitted.caller();
        let organisation_id = organisation_bound(caller).or(organisation_id);
        let db = &self.app.db;
        let found = directory::facilities(db, organisation_id, OFFERED, self.now).await?;
        let sound = found.into_iter().filter_map(|row| row.sound("facility"));
        let bound = bound_facilities(caller);
        let seen = sound.filter(|record| bound.is_none_or(|ids| ids.contains(&record.facility.id)));
        Ok(seen
            .map(|record| KnownFacility {
                id: record.facility.id,
                name: record.facility.name,
                organisation_code: record.organisation_code,
            })
            .collect())
    }

    /// What an account may see, in words.
    fn scope_words(&self, account: &Account, names: &HashMap<Uuid, String>) -> String {
        use domain::role::Reach;

        let words = self.reader.words;
        let scope = &account.scope;
        match account.role.reach() {
            Reach::Installation => words.whole_installation().to_owned(),
            Reach::Areas => {
                let today = local_date(self.now);
                let codes = scope.communes_on(today).into_iter();
                let codes = codes.chain(scope.provinces_on(today));
                let areas = codes.map(|code| area_name(self.app.intake.catalogues(), &code));
                areas.collect::<Vec<_>>().join(", ")
            }
            Reach::Facilities => named_facilities(words, &scope.facility_ids, names),
        }
    }
}

/// The names of these facilities, by their ids.
fn names_of(facilities: &[KnownFacility]) -> HashMap<Uuid, String> {
    let named = facilities.iter().map(|one| (one.id, one.name.clone()));
    named.collect()
}

/// Facilities in words; none stands for all of the organisation.
fn named_facilities(words: Words, ids: &[Uuid], names: &HashMap<Uuid, String>) -> String {
    match ids {
        [] => words.office_all_facilities().to_owned(),
        [one] => names
            .get(one)
            .cloned()
            .unwrap_or_else(|| words.facility_count(1)),
        many => words.facility_count(many.len()),
    }
}

/// The name of a commune or province; its code where it has none.
fn area_name(catalogues: &Catalogues, code: &str) -> String {
    let province = catalogues.province(code);
    let province = province.map(|one| one.full_name.clone());
    let commune = || {
        let commune = catalogues.commune(code)?;
        Some(commune.full_name.clone())
    };
    province.or_else(commune).unwrap_or_else(|| code.to_owned())
}

/// The id in the path of a request.
fn id_of(request: &Request) -> Result<Uuid, Failure> {
    use domain::problem::Code;

    let text = request.path_params::<String>().unwrap_or_default();
    Uuid::try_parse(&text).map_err(|_| Failure::new(Code::NotFound))
}

/// The part of a list that a page shows: one row more than it lists, to know whether there are more.
fn part_after(after: &str) -> ListPart {
    ListPart {
        after: Uuid::try_parse(after).ok(),
        count_max: LISTED_COUNT as u64 + 1,
    }
}

/// Cuts a list to what a page shows; answers where the next rows are.
fn cut<T>(rows: &mut Vec<T>, path: &str, id: impl Fn(&T) -> Uuid) -> Option<String> {
    let has_more = rows.len() > LISTED_COUNT;
    rows.truncate(LISTED_COUNT);
    let last = rows.last().filter(|_| has_more)?;
    Some(format!("{path}?after={}", id(last)))
}
