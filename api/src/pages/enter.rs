//! The way into a page: the caller is admitted as for a JSON operation; at the page of a facility,
//! that is the caller's only one, or the one that was chosen.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{facility::Facility, problem::Code, sender::Sender, time::local_date};
use pages::duty::DutyPhone;
use pages::facility::{FacilityChoice, FacilityPage};
use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ExtractParamOptions};
use store::duty_desks;

use super::form::PageForm;
use super::{PageReader, Stop, html};
use crate::app::App;
use crate::auth::{Access, Admitted};
use crate::exchange::{self, Exchange};
use crate::paper;
use crate::problem::Failure;

/// Somebody at work on a page.
pub(super) struct Visit<A> {
    /// The application.
    pub(super) app: Arc<App>,
    /// The request's own state.
    pub(super) exchange: Arc<Exchange>,
    /// Who reads the page.
    pub(super) reader: PageReader,
    /// The caller.
    pub(super) admitted: Admitted<A>,
    /// Where they work.
    pub(super) facility: Arc<Facility>,
    /// When the request came; once it has a body, when that was there.
    pub(super) now: DateTime<Utc>,
}

impl<A: Access> Visit<A> {
    /// Admits the caller. Where several facilities can be chosen, and none is, the choice comes
    /// instead of the page.
    pub(super) async fn begin(request: &Request, body: &mut RequestBody) -> Result<Self, Stop> {
        let admitted = Admitted::<A>::from_request(request, body, ExtractParamOptions::default());
        let admitted = admitted.await.map_err(Failure::from)?;
        let app = App::of(request)?;
        let reader = PageReader::of(request);
        let facility = facility(app, admitted.sender(), &reader)?;
        Ok(Self {
            app: Arc::clone(app),
            exchange: Arc::clone(exchange::of(request)?),
            now: app.clock.now(),
            reader,
            admitted,
            facility,
        })
    }

    /// Admits a caller who sent no form; gives the request back.
    pub(super) async fn open(request: Request) -> Result<(Self, Request), Stop> {
        let (request, mut body) = request.split();
        Ok((Self::begin(&request, &mut body).await?, request))
    }

    /// Admits the caller and takes the form that was sent; the visit is dated to when all of it was
    /// there.
    pub(super) async fn receive(request: Request) -> Result<(Self, PageForm, Request), Stop> {
        let (request, mut body) = request.split();
        let mut visit = Self::begin(&request, &mut body).await?;
        let (sent, received_at) = PageForm::receive(&request, &mut body).await?;
        visit.now = received_at;
        Ok((visit, sent, request))
    }

    /// The duty desk of the commune's police.
    pub(super) async fn duty(&self) -> Result<DutyPhone, Failure> {
        let desk = duty_desks::find(&self.app.db, &self.facility.commune_code).await?;
        Ok(DutyPhone {
            commune: self.commune(),
            telephone: desk.map(|desk| desk.telephone),
        })
    }

    /// The commune of the facility, as it stands inside a sentence.
    pub(super) fn commune(&self) -> String {
        let catalogues = self.app.intake.catalogues();
        let commune = catalogues.commune(&self.facility.commune_code);
        let name = commune.and_then(|commune| commune.full_name_on(local_date(self.now)));
        lower_first(name.unwrap_or(&self.facility.commune_code))
    }

    /// The caller as the rules see it.
    pub(super) fn sender(&self) -> &Sender {
        self.admitted.sender()
    }
}

/// Somebody at work on a page that belongs to no one facility: an officer, a manager, an
/// administrator.
pub(super) struct OfficeVisit<A> {
    /// The application.
    pub(super) app: Arc<App>,
    /// The request's own state.
    pub(super) exchange: Arc<Exchange>,
    /// Who reads the page.
    pub(super) reader: PageReader,
    /// The caller.
    pub(super) admitted: Admitted<A>,
    /// When the request came; once it has a body, when that was there.
    pub(super) now: DateTime<Utc>,
}

impl<A: Access> OfficeVisit<A> {
    /// Admits the caller.
    pub(super) async fn begin(request: &Request, body: &mut RequestBody) -> Result<Self, Stop> {
        let admitted = Admitted::<A>::from_request(request, body, ExtractParamOptions::default());
        let app = App::of(request)?;
        Ok(Self {
            admitted: admitted.await.map_err(Failure::from)?,
            app: Arc::clone(app),
            exchange: Arc::clone(exchange::of(request)?),
            now: app.clock.now(),
            reader: PageReader::of(request),
        })
    }

    /// Admits a caller who sent no form; gives the request back.
    pub(super) async fn open(request: Request) -> Result<(Self, Request), Stop> {
        let (request, mut body) = request.split();
        Ok((Self::begin(&request, &mut body).await?, request))
    }

    /// Admits the caller and takes the form that was sent; the visit is dated to when all of it was
    /// there.
    pub(super) async fn receive(request: Request) -> Result<(Self, PageForm, Request), Stop> {
        let (request, mut body) = request.split();
        let mut visit = Self::begin(&request, &mut body).await?;
        let (sent, received_at) = PageForm::receive(&request, &mut body).await?;
        visit.now = received_at;
        Ok((visit, sent, request))
    }
}

/// The caller's only facility, or the one that was chosen.
pub(super) fn chosen<'a>(sender: &'a Sender, reader: &PageReader) -> Option<&'a Arc<Facility>> {
    match sender.facilities.as_slice() {
        [only] => Some(only),
        _ => reader.facility.and_then(|id| sender.facility(id)),
    }
}

/// `Phường Sầm Sơn` inside a sentence.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

fn facility(app: &App, sender: &Sender, reader: &PageReader) -> Result<Arc<Facility>, Stop> {
    match (sender.facilities.as_slice(), chosen(sender, reader)) {
        (_, Some(chosen)) => Ok(Arc::clone(chosen)),
        ([], None) => Err(Failure::new(Code::NotFound).into()),
        (several, None) => {
            let page = FacilityPage {
                head: reader.head(reader.words.choose_facility()),
                facilities: several.iter().map(|one| choice(app, one)).collect(),
            };
            Err(match html::page(reader, &page) {
                Ok(response) => Stop::Instead(Box::new(response)),
                Err(stop) => stop,
            })
        }
    }
}

fn choice(app: &App, facility: &Facility) -> FacilityChoice {
    let place = paper::place(app, facility);
    FacilityChoice {
        id: facility.id,
        name: place.name,
        address: place.address,
    }
}
