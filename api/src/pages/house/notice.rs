//! The notice to guests about their personal data, of the facility that somebody works for.

use pages::notice::NoticePage;
use poem::Request;

use crate::auth::op;
use crate::pages::enter::Visit;
use crate::pages::{MadePage, html};
use crate::paper;

/// `GET /desk/notice`, for everybody who sees today.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, _) = Visit::<op::TodayPage>::open(request).await?;
    let place = paper::place(&visit.app, &visit.facility);
    let page = NoticePage {
        head: visit.reader.head(visit.reader.words.notice_title()),
        facility: place.name,
        address: place.address,
        duty: visit.duty().await?,
    };
    html::page(&visit.reader, &page)
}
