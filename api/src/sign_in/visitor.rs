//! Somebody at the door of the service, in a browser or not.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody};
use runtime::address::ClientAddress;
use runtime::token::Token;

use crate::app::App;
use crate::auth::{cookies, origin};
use crate::exchange::{self, Exchange};

/// What a request says of the browser that sent it.
pub(crate) struct Visitor {
    /// Takes the cookies of the answer.
    pub(crate) exchange: Arc<Exchange>,
    /// The token of an enrolled machine.
    pub(super) machine: Option<Token>,
    /// The mark of a browser in which an account has signed in before.
    pub(super) browser: Option<String>,
}

impl Visitor {
    /// The visitor of a request.
    ///
    /// Errors: 403 when a page of another site sent it.
    pub(crate) fn of(request: &Request) -> poem::Result<Self> {
        let (app, headers) = (App::of(request)?, request.headers());
        origin::check_stranger(headers)?;
        Ok(Self {
            exchange: Arc::clone(exchange::of(request)?),
            machine: cookies::machine(headers, &app.settings),
            browser: cookies::browser(headers, &app.settings),
        })
    }

    /// The address that attempts are counted under.
    pub(super) fn address(&self) -> Option<ClientAddress> {
        self.exchange.address()
    }
}

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Self::of(request)
    }
}
