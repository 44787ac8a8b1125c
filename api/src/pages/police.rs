//! Pages of officers and supervisors.

mod case;
mod claims;
mod dashboard;
mod decision;
mod history;
mod queue;
mod shown;

use chrono::{DateTime, Utc};
use domain::rights::OperationId;
use domain::time::{local_date, parse_instant};
use pages::frame::Frame;
use pages::police::bar::{HeldLease, PoliceBar};
use pages::section::Section;
use poem::Request;
use store::review::{
    Case,
    queue::{self as cases, CaseFilter},
};

use super::enter::OfficeVisit;
use super::{PageRoute, get, post};
use crate::auth::Access;
use crate::police::scope_of;
use crate::police::summary::{ReviewSummary, summary};
use crate::problem::Failure;

/// Cases that one officer holds and that a page looks at.
const HELD_COUNT_MAX: usize = 200;

/// The pages of officers.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/police", queue::show),
        post("/police/claims", claims::take_next),
        post("/police/claims/extension", claims::extend),
        post("/police/claims/release", claims::release),
        get("/police/cases/:id", case::show),
        post("/police/cases/:id/claim", claims::take_one),
        post("/police/cases/:id/decision", decision::decide),
        get("/police/dashboard", dashboard::show),
    ]
}

/// What surrounds an officer's page.
struct Surroundings {
    frame: Frame,
    bar: PoliceBar,
    summary: ReviewSummary,
    /// What the officer holds, in the order of the queue.
    held: Vec<Case>,
}

impl<A: Access> OfficeVisit<A> {
    /// Frame, bar, what waits, and what the officer holds.
    async fn surroundings(&self, section: Section, title: String) -> Result<Surroundings, Failure> {
        let scope = scope_of(self.admitted.sender());
        let summary = summary(&self.app, &scope).await?;
        let held = self.held().await?;
        let mut frame = self.frame(section, title, self.place());
        let waiting = summary.items.iter().map(|item| item.open as usize);
        frame.attention_count = waiting.sum();
        Ok(Surroundings {
            frame,
            bar: self.bar(&held),
            summary,
            held,
        })
    }

    /// What the officer holds, in the order of the queue.
    async fn held(&self) -> Result<Vec<Case>, Failure> {
        let sender = self.admitted.sender();
        let filter = CaseFilter {
            holder: Some((sender.key_id, self.app.clock.now())),
            ..CaseFilter::default()
        };
        let scope = scope_of(sender);
        let held = cases::list(&self.app.db, &scope, &filter, None, HELD_COUNT_MAX).await?;
        Ok(held)
    }

    fn bar(&self, held: &[Case]) -> PoliceBar {
        let first_end = held.iter().filter_map(|case| case.leased_until).min();
        PoliceBar {
            words: self.reader.words,
            back: String::new(),
            lease: first_end.map(|until| HeldLease {
                count: held.len(),
                until,
                now: self.app.clock.now(),
                seconds: i64::from(self.app.settings.review_lease_seconds.get()),
            }),
            may_decide: self.may_decide(),
        }
    }

    /// Whether the reader may take and decide cases, or only watches.
    fn may_decide(&self) -> bool {
        let right = OperationId::DecideCase.right();
        right.is_held_by(self.admitted.caller().holder())
    }

    /// What the officer works for: the police of a commune, of a province, of several.
    fn place(&self) -> String {
        let words = self.reader.words;
        let areas = self.areas();
        match areas.as_slice() {
            [] => words.police().to_owned(),
            [only] => words.police_of_areas(only),
            [first, rest @ ..] => words.police_of_areas(words.several_areas(first, rest.len())),
        }
    }

    /// The names of the officer's areas.
    fn areas(&self) -> Vec<String> {
        let sender = self.admitted.sender();
        let catalogues = self.app.intake.catalogues();
        let provinces = sender.provinces.iter().map(|code| {
            let province = catalogues.province(code);
            province.map_or_else(|| code.clone(), |province| small(&province.full_name))
        });
        let communes = sender.communes.iter().map(|code| self.commune(code));
        provinces.chain(communes).collect()
    }

    /// The name of a commune inside a sentence.
    fn commune(&self, code: &str) -> String {
        let commune = self.app.intake.catalogues().commune(code);
        let name = commune.and_then(|commune| commune.full_name_on(local_date(self.now)));
        name.map_or_else(|| code.to_owned(), small)
    }
}

/// `Phường Sầm Sơn` inside a sentence.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The name of an area that stands alone.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// An instant of an answer; of one that is none, the first of all.
fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap_or_default()
}

/// A pair of an address that says what was just done.
fn done(request: &Request) -> &str {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = query.split('&');
    pairs
        .find_map(|pair| pair.strip_prefix("done="))
        .unwrap_or_default()
}
