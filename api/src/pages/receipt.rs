//! A receipt on paper, drawn by the browser.

use chrono::{DateTime, Utc};
use domain::{document::masked_number, stay::Timeliness, typed};
use formats::paper::Modules;
use formats::receipt_paper::{SleepingPlace, StayPaper};
use pages::moment;
use pages::receipt::{Paper, QrCode, ReceiptPage};
use pages::words::Words;
use poem::Request;
use uuid::Uuid;

use super::enter::Visit;
use super::form::PageForm;
use super::{MadePage, html};
use crate::auth::op;
use crate::problem::Failure;
use crate::reads;
use crate::stays;

/// `GET /desk/stays/{id}/receipt`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::ReceiptPage>::open(request).await?;
    let id = request.path_params::<Uuid>().map_err(poem::Error::from);
    let id = id.map_err(Failure::from)?;
    let (stay, version) = stays::find(&visit.app, visit.sender(), id, None).await?;
    let paper = stays::receipt::paper_of(&visit.app, visit.sender(), &stay, &version)?;
    reads::note(&visit.app, visit.sender(), 1).await;
    let words = visit.reader.words;
    let title = format!("{} {}", words.receipt_title(), paper.number);
    let query = PageForm::of_query(&request);
    let page = ReceiptPage {
        head: visit.reader.head(title),
        paper: Paper::parse(query.value("paper")),
        stay_id: id,
        verdict: verdict(words, paper.timeliness),
        groups: groups(words, &paper),
        code: code(&paper.jws)?,
        content_sha256: paper.content_sha256,
        number: paper.number,
    };
    html::page(&visit.reader, &page)
}

const fn verdict(words: Words, timeliness: Timeliness) -> &'static str {
    words.of_timeliness(timeliness)
}

type PrintedRows = Vec<(&'static str, String)>;

fn groups(words: Words, paper: &StayPaper) -> Vec<PrintedRows> {
    let instant = |at: DateTime<Utc>| typed::written_instant(at);
    let mut filing = vec![
        (words.received_at(), moment::exact(paper.received_at)),
        (words.deadline_at(), instant(paper.deadline_at)),
    ];
    if paper.version > 1 {
        filing.push((words.versions(), words.version_is(paper.version)));
    }
    let place = vec![
        (words.facility(), paper.place.name.clone()),
        (words.facility_address(), paper.place.address.clone()),
    ];
    vec![filing, place, guest(words, paper)]
}

fn guest(words: Words, paper: &StayPaper) -> PrintedRows {
    let name = paper.guest_name.clone();
    let (kind, number) = &paper.document;
    let kind = words.of_document_kind(*kind);
    let document = match number {
        Some(number) => format!("{kind} · {}", masked_number(number)),
        None => kind.to_owned(),
    };
    let departure = paper.expected_departure_at.map(typed::written_instant);
    let mut guest = vec![
        (
            words.guest(),
            name.unwrap_or_else(|| words.unnamed().to_owned()),
        ),
        (words.document(), document),
    ];
    match &paper.sleeping {
        Some(SleepingPlace::Room(room)) => guest.push((words.room(), room.clone())),
        Some(SleepingPlace::Bed(bed)) => guest.push((words.bed(), bed.clone())),
        None => {}
    }
    guest.push((words.arrival(), typed::written_instant(paper.arrival_at)));
    guest.push((
        words.expected_departure(),
        departure.unwrap_or_else(|| words.unknown().to_owned()),
    ));
    guest
}

fn code(jws: &str) -> Result<QrCode, Failure> {
    let modules = Modules::of(jws).map_err(Failure::internal)?;
    Ok(QrCode {
        width: modules.width_with_quiet_zone(),
        path: modules.path(),
    })
}
