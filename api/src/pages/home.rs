//! The root: it leads everybody to the page where their work begins.

use domain::problem::Code;
use poem::Request;

use super::{MadePage, PageReader, frame, see_other};
use crate::auth::{self, op};
use crate::problem::Failure;

/// `GET /`.
pub(super) async fn lead(request: Request) -> MadePage {
    let admitted = auth::admit::<op::HomePage>(&request).await?;
    let home = frame::home(&PageReader::of(&request), admitted.caller())
        .ok_or_else(|| Failure::new(Code::Forbidden))?;
    Ok(see_other(home))
}
