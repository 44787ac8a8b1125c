//! What happens at a facility, as it happens, for pages that are open.

use poem::{IntoResponse, Request};

use super::enter::Visit;
use super::{MadePage, PageRoute, get};
use crate::auth::op;
use crate::events;

/// The stream that pages follow.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![get("/desk/live", show)]
}

/// `GET /desk/live`: the events of the facility, without names of their own, so that a page hears
/// all of them in one place. Nothing personal.
async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::LivePage>::open(request).await?;
    let headers = request.headers();
    let facility_id = visit.facility.id;
    let stream = events::follow(&visit.app, visit.admitted, headers, facility_id).await?;
    Ok(stream.into_response())
}
