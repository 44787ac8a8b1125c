//! Identifies the caller and decides what it may do: a program by its key, a person by the cookie of
//! a session, both by the one table of rights in [`domain::rights`].

use std::marker::PhantomData;
use std::sync::Arc;

use domain::facility::Facility;
use domain::problem::Code;
use domain::rights::{Denial, OperationId};
use domain::sender::Sender;
use domain::session::Stage;
use metrics::counter;
use poem::http::{HeaderMap, Method, header};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use runtime::address::ClientAddress;
use uuid::Uuid;

use crate::app::App;
use crate::caller::{Caller, Credential, SignedIn};
use crate::exchange;
use crate::limit::{FacilityMeter, KeyMeter, RequestKind, Ticket};
use crate::problem::Failure;

pub(crate) mod cookies;
mod keys;
pub(crate) mod op;
pub(crate) mod origin;
pub(crate) mod sessions;

/// The names of the security schemes in the document.
pub(crate) const KEY_SCHEME: &str = "api_key";
pub(crate) const SESSION_SCHEME: &str = "session";

/// The caller whose key is in the headers, or whose session's cookie.
///
/// Errors: 401 without a key or a session in force, 429 when too many such come from the address,
/// 503 when the database does not answer.
pub(crate) async fn recognise(
    app: &App,
    headers: &HeaderMap,
    address: Option<ClientAddress>,
) -> Result<Arc<Caller>, Failure> {
    if headers.contains_key(header::AUTHORIZATION) {
        return keys::recognise(app, headers, address).await;
    }
    match cookies::session(headers, &app.settings) {
        Some(token) => sessions::recognise(app, &token, address).await,
        None => keys::recognise(app, headers, address).await,
    }
}

/// The caller as its key or session stands now; `None` when it has ended.
///
/// Errors: 503 when the database does not answer.
pub(crate) async fn again(app: &App, caller: &Caller) -> Result<Option<Arc<Caller>>, Failure> {
    match &caller.credential {
        Credential::Key(key) => keys::again(app, key.id).await,
        Credential::Session(signed_in) => sessions::again(app, signed_in).await,
    }
}

/// What is counted of a caller, and of the facility where there is only one it can be for.
type CallerMeters = (Arc<KeyMeter>, Option<(Uuid, Arc<FacilityMeter>)>);

/// Errors: 503 when too many callers are counted.
fn meters(app: &App, id: Uuid, facilities: &[Arc<Facility>]) -> Result<CallerMeters, Failure> {
    let too_many = || Failure::new(Code::Overloaded);
    let only_facility = match facilities {
        [only] => Some((only.id, app.limits.facility(only.id).ok_or_else(too_many)?)),
        _ => None,
    };
    let meter = app.limits.key(id).ok_or_else(too_many)?;
    Ok((meter, only_facility))
}

/// What an operation requires of its caller: the right, the stage of a session, and which quota
/// pays.
pub(crate) trait Access: Send + Sync + 'static {
    /// Names the row in the table of rights.
    const OPERATION: OperationId;
    /// The stage that a session must have reached.
    const STAGE: Stage;
    /// What is counted.
    const KIND: RequestKind;
}

/// The status that a caller without the right gets, for the document.
pub(crate) fn denial_status(operation: OperationId) -> u16 {
    denial(operation).status()
}

fn denial(operation: OperationId) -> Code {
    match operation.right().denial {
        Denial::Forbidden => Code::Forbidden,
        Denial::NotFound => Code::NotFound,
    }
}

/// Errors: 401 while the second factor is missing; 403 for a caller without the right, 404 where it
/// may not learn of the operation.
fn permit<A: Access>(caller: &Caller) -> Result<(), Failure> {
    if !A::OPERATION.right().is_held_by(caller.holder()) {
        counter!(
            "luutru_authz_denied_total",
            "route_group" => A::OPERATION.right().scope.as_str(),
            "reason" => "role"
        )
        .increment(1);
        return Err(Failure::new(denial(A::OPERATION)));
    }
    let is_pending = |signed_in: &SignedIn| signed_in.kept.session.stage == Stage::Password;
    if A::STAGE == Stage::Complete && caller.signed_in().is_some_and(is_pending) {
        return Err(sessions::challenge(Code::SecondFactorRequired));
    }
    Ok(())
}

/// A caller admitted before the body was read: recognised, with the right, within the quota, with a
/// slot.
pub(crate) struct Admitted<A> {
    /// What the request holds while it is processed.
    pub(crate) ticket: Ticket,
    access: PhantomData<fn() -> A>,
}

impl<A> Admitted<A> {
    /// The caller as the rules see it.
    pub(crate) fn sender(&self) -> &Sender {
        &self.ticket.caller.sender
    }

    /// The caller, with what proves who it is.
    pub(crate) fn caller(&self) -> &Caller {
        &self.ticket.caller
    }

    /// The person who has signed in.
    ///
    /// Errors: the caller is a program; the table of rights keeps programs from such operations.
    pub(crate) fn signed_in(&self) -> Result<&SignedIn, Failure> {
        let signed_in = self.ticket.caller.signed_in();
        signed_in.ok_or_else(|| Failure::new(Code::NotFound))
    }
}

impl<'a, A: Access> ApiExtractor<'a> for Admitted<A> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(KEY_SCHEME, key_scheme());
        registry.create_security_scheme(SESSION_SCHEME, session_scheme());
    }

    /// Names the operation, so that the document knows its right.
    fn security_schemes() -> Vec<&'static str> {
        vec![A::OPERATION.as_str()]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let admitted = admit(request).await?;
        if !may_have_body(request.method(), body) {
            let app = App::of(request)?;
            admitted.ticket.enter(&app.limits, &app.intake).await?;
        }
        Ok(admitted)
    }
}

fn key_scheme() -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty: "http",
        description: Some("An API key, as `luutru key create` prints it."),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}

fn session_scheme() -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty: "apiKey",
        description: Some(
            "The cookie of a session, as `POST /v1/session` sets it; over TLS its name begins with \
             `__Host-`.",
        ),
        name: Some(cookies::SESSION),
        key_in: Some("cookie"),
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}

/// Whether to wait for a body before work begins.
fn may_have_body(method: &Method, body: &mut RequestBody) -> bool {
    if ![Method::POST, Method::PUT, Method::PATCH].contains(method) {
        return false;
    }
    let Ok(taken) = body.take() else {
        return false;
    };
    let is_empty = taken.is_empty();
    *body = RequestBody::new(taken);
    !is_empty
}

/// Admits the caller of a request to an operation: the way in for the API and for pages.
///
/// Errors: as [`recognise`] and [`permit`]; 403 for a change that another site's page sent; 429 when
/// a quota is spent.
pub(crate) async fn admit<A: Access>(request: &Request) -> Result<Admitted<A>, Failure> {
    let app = App::of(request)?;
    let exchange = exchange::of(request)?;
    let caller = recognise(app, request.headers(), exchange.address()).await?;
    if let Some(signed_in) = caller.signed_in() {
        origin::check(app, request, signed_in)?;
    }
    let caller = exchange.caller.get_or_init(|| caller);
    if let Some(client) = &exchange.client {
        client.has_key(caller.sender.key_id);
    }
    if let Some((_, facility)) = &caller.only_facility {
        exchange.facility.get_or_init(|| Arc::clone(facility));
    }
    permit::<A>(caller)?;
    let ticket = Ticket::issue(Arc::clone(caller), A::KIND).await?;
    // There is one ticket to a request.
    let _ = exchange.holdings.set(ticket.holdings());
    Ok(Admitted {
        ticket,
        access: PhantomData,
    })
}
