//! What a desk does while its connection is lost: a page that needs no answer, the program that keeps
//! it in the browser, and the way in for drafts that the browser sealed meanwhile.

use domain::document::DocumentKind;
use pages::desk::card::Source;
use pages::desk::form::CardForm;
use pages::desk::{OfflinePage, ScanField, Sealing};
use pages::note::Note;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Request, Response};

use super::{DeskContent, card};
use crate::auth::{Access, op};
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::{MadePage, html};

/// Up to where the program may act for pages; without it, only below its own folder.
const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

/// What browsers let the program do: ask this host, and nothing else.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'";

/// `GET /desk/worker.js`: keeps the files of pages and the page below, and gives them to a browser
/// that has lost its connection. It is no asset: its address must never change.
pub(in crate::pages) async fn worker(_: Request) -> MadePage {
    let program = pages::assets::service_worker();
    let mut response = Response::builder()
        .content_type("text/javascript; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONTENT_SECURITY_POLICY, WORKER_POLICY)
        .body(program);
    let allowed = HeaderValue::from_static("/desk");
    response
        .headers_mut()
        .insert(SERVICE_WORKER_ALLOWED, allowed);
    Ok(response)
}

/// `GET /desk/offline`: an empty card, of nobody.
pub(in crate::pages) async fn show(request: Request) -> MadePage {
    let (visit, _) = Visit::<op::DeskPage>::open(request).await?;
    let form = CardForm {
        // The kind that shows every field.
        kind: DocumentKind::Passport.as_str().to_owned(),
        source: Source::Typed.as_str().to_owned(),
        is_open: true,
        ..CardForm::default()
    };
    let form = card::opened(form, &visit.facility, String::new(), visit.now);
    let page = OfflinePage {
        head: visit
            .reader
            .head_at(visit.reader.words.declare_a_guest(), "/desk"),
        facility: visit.facility.name.clone(),
        card: visit.empty_card(&form),
        sealing: visit.sealing(),
        duty: visit.duty().await?.said(visit.reader.words),
    };
    html::page(&visit.reader, &page)
}

/// `POST /desk/sealed`: declares what a browser sealed. The card comes back where it has to be
/// mended.
pub(in crate::pages) async fn declare(request: Request) -> MadePage {
    let (mut visit, sent, _) = Visit::<op::DeclareStay>::receive(request).await?;
    let key = sent.value("key");
    let context = format!("{key} {}", visit.facility.id);
    let opened = visit
        .app
        .drafts
        .open(context.as_bytes(), sent.value("sealed"));
    let form = opened.map(|text| CardForm::read(PageForm::parse(&text).pairs()));
    match form.ok().filter(|form| form.key == key) {
        Some(form) => visit.declare_card(&form).await,
        None => visit.not_opened().await,
    }
}

impl<A: Access> Visit<A> {
    /// What a browser needs to seal drafts of this facility.
    pub(super) fn sealing(&self) -> Sealing {
        Sealing {
            key: self.app.drafts.public_key(),
            facility_id: self.facility.id,
        }
    }

    async fn not_opened(&self) -> MadePage {
        let words = self.reader.words;
        let fact = words.draft_not_opened().to_owned();
        let content = DeskContent {
            note: Some(Note::failed(fact, words.declare_it_again().to_owned())),
            stage: None,
            scan: ScanField::default(),
        };
        self.page(StatusCode::UNPROCESSABLE_ENTITY, content).await
    }
}
