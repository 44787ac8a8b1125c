//! One-time links: used once, to choose a password.

use std::sync::Arc;

use domain::session::request::AcceptanceRequest;
use poem_openapi::{Object, OpenApi};

use super::declined::{Declined, OfALink};
use super::session::{BYTES_MAX, NoContent};
use crate::app::App;
use crate::examples::Examples;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::shapes::text::Secret;
use crate::sign_in::{self, Visitor};
use crate::topic::Topic;

/// A password that was chosen.
#[derive(Object)]
pub(crate) struct AcceptanceDraft {
    /// The last part of the link.
    token: Secret,
    /// At least 12 characters, and not easy to guess.
    password: Secret,
}

impl Shape for AcceptanceDraft {
    fn bytes_max(_: &crate::config::ApiSettings) -> u32 {
        BYTES_MAX
    }
}

/// One-time links, used.
pub(crate) struct InvitationsApi(pub(crate) Arc<App>);

impl Examples for InvitationsApi {
    const EXAMPLES: &'static str = include_str!("invitations.examples.json");
}

#[OpenApi]
impl InvitationsApi {
    /// Choose a password by a one-time link
    ///
    /// The link is used up. Then sign in.
    #[oai(
        path = "/v1/invitations/acceptance",
        method = "post",
        operation_id = "acceptInvitation",
        tag = "Topic::Accounts"
    )]
    async fn accept(
        &self,
        visitor: Visitor,
        document: JsonDocument<AcceptanceDraft>,
    ) -> Result<NoContent, Declined<OfALink>> {
        let sent = AcceptanceRequest::read(&document.value).map_err(Failure::invalid)?;
        sign_in::accept_invitation(&self.0, &visitor, &sent.token, &sent.password).await?;
        Ok(NoContent::NoContent)
    }
}
