//! The notice to guests about their personal data, of the facility that somebody works for.

use domain::time::local_date;
use pages::notice::NoticePage;
use poem::Request;

use crate::auth::{Access, op};
use crate::pages::enter::Visit;
use crate::pages::{MadePage, html};
use crate::paper;

/// `GET /desk/notice`, for everybody who sees today.
pub(super) async fn show(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let visit: Visit<op::TodayPage> = Visit::begin(&request, &mut body).await?;
    let place = paper::place(&visit.app, &visit.facility);
    let page = NoticePage {
        head: visit.reader.head(visit.reader.words.notice_title()),
        facility: place.name,
        address: place.address,
        duty: visit.duty(),
    };
    html::page(&visit.reader, &page)
}

impl<A: Access> Visit<A> {
    /// The commune of the facility, as it stands inside a sentence.
    pub(in crate::pages) fn commune(&self) -> String {
        let catalogues = self.app.intake.catalogues();
        let commune = catalogues.commune(&self.facility.commune_code);
        let name = commune.and_then(|commune| commune.full_name_on(local_date(self.now)));
        lower_first(name.unwrap_or(&self.facility.commune_code))
    }
}

/// `Phường Sầm Sơn` inside a sentence.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
