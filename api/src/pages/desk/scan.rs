//! What comes into the scan field, or out of a picture, opens a card.

use domain::{
    birth_date::BirthDate,
    catalogue::VIET_NAM_CODE,
    document::{Document, DocumentKind},
    problem::{Code, Violation},
    scan::{self, Scan},
    time::local_date,
    typed::{self, Recognised},
};
use pages::desk::card::Source;
use pages::desk::form::CardForm;
use pages::desk::{ScanField, Stage};
use poem::Request;
use poem::http::StatusCode;
use poem_openapi::{ApiExtractor, ExtractParamOptions};
use runtime::ids;
use uuid::Uuid;

use super::{DeskContent, card};
use crate::auth::{Access, op};
use crate::facilities::expected_guests;
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::{MadePage, nothing};
use crate::payload::{ScanBody, Scanned};
use crate::problem::Failure;
use crate::reads;
use crate::scans;

/// `POST /desk/scan`: a scan or a number, or a guest without a document.
pub(in crate::pages) async fn read(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::ReadScan>::receive(request).await?;
    let text = sent.value("scan");
    let form = match sent.value("without") {
        "" => visit.recognised(text),
        _ => Ok(without_document()),
    };
    visit.opened(form, text, sent.value("room")).await
}

/// `POST /desk/picture`: a picture with the QR code of a card. One of a running camera that shows no
/// code is answered by 204.
pub(in crate::pages) async fn read_picture(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::ReadScan> = Visit::begin(&request, &mut body).await?;
    let scanned = Scanned::from_request(&request, &mut body, ExtractParamOptions::default());
    let scanned = scanned.await.map_err(Failure::from)?;
    visit.now = scanned.received_at;
    let ScanBody::Image { kind, bytes } = scanned.body else {
        return Err(Failure::new(Code::UnsupportedMediaType).into());
    };
    let with = PageForm::of_header(&request);
    let is_live = with.value("live") == "1";
    let caller = &visit.admitted.ticket.caller;
    let form = match scans::read_picture(&visit.app, caller, kind, bytes).await {
        Ok(text) => {
            scan::read_qr(&text, local_date(visit.now)).map(|scan| of_scan(&scan, Source::Qr))
        }
        Err(failure) => match failure.first_error() {
            // The camera takes the next one.
            Some(Code::ImageWithoutQr) if is_live => return Ok(nothing()),
            Some(code) => Err(code),
            None => return Err(failure.into()),
        },
    };
    visit.opened(form, "", with.value("room")).await
}

/// `POST /desk/expected/card`: the card of a guest who is expected.
pub(in crate::pages) async fn read_expected(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::ReadScan>::receive(request).await?;
    let id = Uuid::try_parse(sent.value("id")).map_err(|_| Failure::new(Code::NotFound))?;
    let noted = expected_guests::one(&visit.app, &visit.facility, id).await?;
    let noted = noted.ok_or_else(|| Failure::new(Code::NotFound))?;
    reads::note(&visit.app, visit.sender(), 1).await;
    let number = noted.guest.document_number.as_deref();
    let form = number.and_then(|number| visit.recognised(number).ok());
    let form = CardForm {
        full_name: noted.guest.full_name,
        expected: id.to_string(),
        ..form.unwrap_or_else(without_number)
    };
    let room = noted.guest.room.unwrap_or_default();
    visit.opened(Ok(form), "", &room).await
}

impl<A: Access> Visit<A> {
    /// The card that a text opens.
    ///
    /// Errors: why it opens none.
    pub(in crate::pages) fn recognised(&self, text: &str) -> Result<CardForm, Code> {
        let today = local_date(self.now);
        match typed::recognise(text) {
            Recognised::Nothing => Err(Code::Required),
            Recognised::Qr => scan::read_qr(text, today).map(|scan| of_scan(&scan, Source::Qr)),
            Recognised::Mrz => {
                // A field of one line holds the lines of a zone with spaces between.
                let lines: Vec<&str> = text.split_whitespace().collect();
                scan::read_mrz(&lines.join("\n"), today, self.app.intake.catalogues())
                    .map(|scan| of_scan(&scan, Source::Mrz))
            }
            Recognised::PersonalId(number) => {
                let kind = DocumentKind::CitizenCard;
                let mut form = numbered(kind, number);
                VIET_NAM_CODE.clone_into(&mut form.nationality);
                let fault = Document::numbered(kind, &form.number, today).err();
                form.doubts
                    .extend(fault.map(|code| Violation::new("/guest/document/number", code)));
                Ok(form)
            }
            Recognised::NineDigits(number) | Recognised::Number(number) => {
                Ok(numbered(DocumentKind::Passport, number))
            }
        }
    }

    /// The page with the opened card, or with what keeps it closed.
    async fn opened(&self, form: Result<CardForm, Code>, text: &str, room: &str) -> MadePage {
        let words = self.reader.words;
        let (stage, fault) = match form {
            Ok(form) => {
                let key = ids::uuid_v7(&self.app.clock).to_string();
                let form = CardForm {
                    room: room.to_owned(),
                    ..form
                };
                let form = card::opened(form, &self.facility, key, self.now);
                let card = self.card(&form, &[]).await?;
                (Some(Stage::Card(Box::new(card))), None)
            }
            Err(Code::Required) => (None, Some(words.scan_first().to_owned())),
            Err(code) => (None, Some(code.detail(words.0).to_owned())),
        };
        let is_kept = fault.is_some();
        let content = DeskContent {
            note: None,
            stage,
            scan: ScanField {
                value: if is_kept {
                    text.to_owned()
                } else {
                    String::new()
                },
                fault,
                room: room.to_owned(),
            },
        };
        self.page(StatusCode::OK, content).await
    }
}

fn numbered(kind: DocumentKind, number: String) -> CardForm {
    CardForm {
        kind: kind.as_str().to_owned(),
        number,
        source: Source::Typed.as_str().to_owned(),
        ..CardForm::default()
    }
}

/// Of a guest whose document nobody has seen: all fields are open.
fn without_number() -> CardForm {
    CardForm {
        is_open: true,
        ..numbered(DocumentKind::CitizenCard, String::new())
    }
}

fn without_document() -> CardForm {
    CardForm {
        kind: DocumentKind::None.as_str().to_owned(),
        source: Source::Nothing.as_str().to_owned(),
        ..CardForm::default()
    }
}

/// The values of a scan as people write them.
fn of_scan(scan: &Scan, source: Source) -> CardForm {
    let text = |pointer: &str| {
        let value = scan.guest.pointer(pointer).and_then(|value| value.as_str());
        value.unwrap_or_default().to_owned()
    };
    let birth = BirthDate::parse(&text("/birth_date"));
    CardForm {
        kind: text("/document/kind"),
        number: text("/document/number"),
        full_name: text("/full_name"),
        birth_date: birth.map(typed::written_birth_date).unwrap_or_default(),
        sex: text("/sex"),
        nationality: text("/nationality"),
        address: text("/residence/address"),
        source: source.as_str().to_owned(),
        doubts: scan.warnings.clone(),
        ..CardForm::default()
    }
}
