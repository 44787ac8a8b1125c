//! Identifies the caller: `Authorization: Bearer` with an API key.
//!
//! `known_keys` remembers what was looked up. Made-up keys are counted by the address they come from.

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    problem::Code,
    sender::{Role, Sender},
};
use metrics::counter;
use poem::http::{HeaderMap, HeaderValue, Method, header};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use runtime::address::ClientAddress;
use runtime::key_hash::{self, ApiKeyText};
use store::api_keys::{ApiKey, KeyLookup};
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::exchange;
use crate::known_keys::Caller;
use crate::limit::{RequestKind, Ticket};
use crate::problem::Failure;

/// Compared against when there is no such key, so that an unknown key takes as long as a wrong one.
const NO_HASH: [u8; 32] = [0; 32];
/// The name of the security scheme in the document.
pub(crate) const SCHEME: &str = "api_key";

/// Why a key is not accepted. Shown in a metric, never to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rejection {
    Absent,
    Malformed,
    Unknown,
    WrongSecret,
    Ended,
    Expired,
}

impl Rejection {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::WrongSecret => "wrong_secret",
            Self::Ended => "ended",
            Self::Expired => "expired",
        }
    }

    /// RFC 6750, 3.1: no error code for a request without credentials.
    const fn challenge(self) -> &'static str {
        match self {
            Self::Absent => r#"Bearer realm="luutru""#,
            Self::Malformed | Self::Unknown | Self::WrongSecret | Self::Ended | Self::Expired => {
                r#"Bearer realm="luutru", error="invalid_token""#
            }
        }
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        counter!("luutru_auth_failures_total", "kind" => rejection.as_str()).increment(1);
        let challenge = HeaderValue::from_static(rejection.challenge());
        // A caller that has the key's secret may learn that the key has expired.
        let code = match rejection {
            Rejection::Expired => Code::KeyExpired,
            Rejection::Absent
            | Rejection::Malformed
            | Rejection::Unknown
            | Rejection::WrongSecret
            | Rejection::Ended => Code::Unauthorized,
        };
        Self::new(code).with_header(header::WWW_AUTHENTICATE, challenge)
    }
}

/// The caller whose key is in the headers.
///
/// Errors: 401 without a key in force, 429 when too many such come from the address, 503 when the
/// database does not answer.
pub(crate) async fn recognise(
    app: &App,
    headers: &HeaderMap,
    address: Option<ClientAddress>,
) -> Result<Arc<Caller>, Failure> {
    let presented = presented_key(headers)?;
    let id = presented.key_id;
    let is_strange = !app.keys.has_met(id);
    if is_strange {
        app.limits.strangers.note(address)?;
    }
    let found = match app.keys.get(id) {
        Some(caller) => Some(caller),
        None => look_up(app, id).await?,
    };
    let stored = found.as_ref().map_or(NO_HASH.as_slice(), |caller| {
        caller.key.secret_hash.as_slice()
    });
    let is_right = key_hash::verify(&app.pepper, &presented.secret, stored);
    let judged = judge(found, is_right, app.clock.now());
    if judged.is_err() && !is_strange {
        app.limits.strangers.note(address)?;
    }
    let caller = judged?;
    app.key_uses.note(caller.key.id, app.clock.now());
    Ok(caller)
}

fn judge(
    found: Option<Arc<Caller>>,
    is_right: bool,
    now: DateTime<Utc>,
) -> Result<Arc<Caller>, Rejection> {
    let caller = found.ok_or(Rejection::Unknown)?;
    if !is_right {
        return Err(Rejection::WrongSecret);
    }
    if caller.key.is_valid_at(now) {
        Ok(caller)
    } else if caller.key.revoked_at.is_some() {
        Err(Rejection::Ended)
    } else {
        Err(Rejection::Expired)
    }
}

/// The caller as the key stands now; `None` when it is ended or gone.
///
/// Errors: 503 when the database does not answer.
pub(crate) async fn again(app: &App, caller: &Caller) -> Result<Option<Arc<Caller>>, Failure> {
    let found = match app.keys.get(caller.key.id) {
        Some(caller) => Some(caller),
        None => look_up(app, caller.key.id).await?,
    };
    Ok(found.filter(|caller| caller.key.is_valid_at(app.clock.now())))
}

fn presented_key(headers: &HeaderMap) -> Result<ApiKeyText, Rejection> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Rejection::Absent)?;
    if values.next().is_some() {
        return Err(Rejection::Malformed);
    }
    let (scheme, key) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(Rejection::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Rejection::Malformed);
    }
    key_hash::parse(key.trim()).ok_or(Rejection::Malformed)
}

async fn look_up(app: &App, id: Uuid) -> Result<Option<Arc<Caller>>, Failure> {
    if app.keys.is_absent(id) {
        return Ok(None);
    }
    let mut turn = app.keys.turn(id).await?;
    if let Some(caller) = app.keys.fresh(id) {
        return Ok(Some(caller));
    }
    if app.keys.is_absent(id) {
        return Ok(None);
    }
    let found = find(app, id).await;
    if found.is_err() {
        *turn = Some(Instant::now());
    }
    found
}

async fn find(app: &App, id: Uuid) -> Result<Option<Arc<Caller>>, Failure> {
    let key = match store::api_keys::find(&app.db, id, &app.row_key).await? {
        Some(KeyLookup::Key(key)) => key,
        Some(KeyLookup::Forged { .. }) => {
            counter!("luutru_auth_forged_keys_total").increment(1);
            tracing::error!(
                key.id = %id,
                "the row of this API key was written or changed past luutru: it is no key. \
                 End it and make another (luutru key revoke, luutru key create)"
            );
            app.keys.put(id, None);
            return Ok(None);
        }
        None => {
            app.keys.put(id, None);
            return Ok(None);
        }
    };
    let caller = Arc::new(caller_of(app, key).await?);
    app.keys.put(id, Some(&caller));
    Ok(Some(caller))
}

async fn caller_of(app: &App, key: ApiKey) -> Result<Caller, Failure> {
    let facilities = match key.role {
        Role::Declarant | Role::Integrator => facilities_of(app, &key).await?,
        // They do not declare; their views of stays are separate operations.
        Role::Police | Role::Admin => Vec::new(),
    };
    let too_many = || Failure::new(Code::Overloaded);
    let only_facility = match facilities.as_slice() {
        [only] => Some((only.id, app.limits.facility(only.id).ok_or_else(too_many)?)),
        _ => None,
    };
    let sender = Sender {
        key_id: key.id,
        organisation_id: key.organisation_id,
        role: key.role,
        facilities,
        communes: key.commune_codes.clone(),
        provinces: key.province_codes.clone(),
    };
    let meter = app.limits.key(key.id).ok_or_else(too_many)?;
    Ok(Caller {
        sender,
        meter,
        only_facility,
        key,
    })
}

/// The key's facilities among those of its organisation; all of them when it names none.
async fn facilities_of(
    app: &App,
    key: &ApiKey,
) -> Result<Vec<Arc<domain::facility::Facility>>, Failure> {
    let (organisation_id, only) = (key.organisation_id, key.facility_ids.as_slice());
    let now = app.clock.now();
    let own = store::facilities::of_organisation(&app.db, organisation_id, only, now).await?;
    Ok(own.into_iter().map(Arc::new).collect())
}

/// Which callers may use an operation.
#[derive(Clone, Copy)]
pub(crate) enum Audience {
    /// Every key.
    Anyone,
    /// Keys that declare; others are refused.
    Declarants,
    /// Keys of police officers; for others the path does not exist.
    Officers,
    /// Keys of operators; for others the path does not exist.
    Administrators,
}

impl Audience {
    const ALL: [Self; 4] = [
        Self::Anyone,
        Self::Declarants,
        Self::Officers,
        Self::Administrators,
    ];

    /// What an operation calls the scheme of its keys, so that the document knows its audience.
    const fn scheme(self) -> &'static str {
        match self {
            Self::Anyone => SCHEME,
            Self::Declarants => "api_key of declarants",
            Self::Officers => "api_key of officers",
            Self::Administrators => "api_key of administrators",
        }
    }

    /// The status that a key outside of the audience gets.
    const fn refusal(self) -> Option<u16> {
        match self {
            Self::Anyone => None,
            Self::Declarants => Some(403),
            Self::Officers | Self::Administrators => Some(404),
        }
    }

    /// The same of the audience that an operation names by its scheme.
    pub(crate) fn refusal_of(scheme: &str) -> Option<u16> {
        let mut all = Self::ALL.into_iter();
        all.find(|audience| audience.scheme() == scheme)?.refusal()
    }

    /// Errors: 403 for a key outside of the audience, 404 where it may not learn of the path.
    fn admit(self, sender: &Sender) -> Result<(), Failure> {
        let (is_member, route_group, code) = match self {
            Self::Anyone => return Ok(()),
            Self::Declarants => (sender.may_declare(), "stays", Code::Forbidden),
            Self::Officers => (sender.role == Role::Police, "police", Code::NotFound),
            Self::Administrators => (sender.role == Role::Admin, "admin", Code::NotFound),
        };
        if is_member {
            return Ok(());
        }
        counter!("luutru_authz_denied_total", "route_group" => route_group, "reason" => "role")
            .increment(1);
        Err(Failure::new(code))
    }
}

/// What an operation requires of its caller: who it must be, and which quota pays.
pub(crate) trait Access: Send + Sync + 'static {
    /// Which callers may use it.
    const AUDIENCE: Audience;
    /// What is counted.
    const KIND: RequestKind;
}

/// Declares one stay.
pub(crate) enum Declaring {}
/// Declares many stays.
pub(crate) enum DeclaringMany {}
/// Asks what the rules would say.
pub(crate) enum Asking {}
/// Keeps what belongs to a facility: lists of rooms and the like.
pub(crate) enum Managing {}
/// Reads.
pub(crate) enum Reading {}
/// Handles the cases of an officer's communes.
pub(crate) enum Reviewing {}
/// Operates the service.
pub(crate) enum Administering {}

impl Access for Declaring {
    const AUDIENCE: Audience = Audience::Declarants;
    const KIND: RequestKind = RequestKind::Declare;
}

impl Access for DeclaringMany {
    const AUDIENCE: Audience = Audience::Declarants;
    const KIND: RequestKind = RequestKind::DeclareMany;
}

impl Access for Asking {
    const AUDIENCE: Audience = Audience::Declarants;
    const KIND: RequestKind = RequestKind::Read;
}

impl Access for Managing {
    const AUDIENCE: Audience = Audience::Declarants;
    const KIND: RequestKind = RequestKind::Read;
}

impl Access for Reading {
    const AUDIENCE: Audience = Audience::Anyone;
    const KIND: RequestKind = RequestKind::Read;
}

impl Access for Reviewing {
    const AUDIENCE: Audience = Audience::Officers;
    const KIND: RequestKind = RequestKind::Read;
}

impl Access for Administering {
    const AUDIENCE: Audience = Audience::Administrators;
    const KIND: RequestKind = RequestKind::Read;
}

/// A caller admitted before the body was read: authenticated, in the right role, within the quota,
/// with a slot.
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
}

impl<'a, A: Access> ApiExtractor<'a> for Admitted<A> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some("An API key, as `luutru key create` prints it."),
                name: None,
                key_in: None,
                scheme: Some("bearer"),
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![A::AUDIENCE.scheme()]
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

async fn admit<A: Access>(request: &Request) -> Result<Admitted<A>, Failure> {
    let app = App::of(request)?;
    let exchange = exchange::of(request)?;
    let caller = recognise(app, request.headers(), exchange.address()).await?;
    let caller = exchange.caller.get_or_init(|| caller);
    if let Some(client) = &exchange.client {
        client.has_key(caller.key.id);
    }
    if let Some((_, facility)) = &caller.only_facility {
        exchange.facility.get_or_init(|| Arc::clone(facility));
    }
    A::AUDIENCE.admit(&caller.sender)?;
    let ticket = Ticket::issue(Arc::clone(caller), A::KIND).await?;
    // There is one ticket to a request.
    let _ = exchange.holdings.set(ticket.holdings());
    Ok(Admitted {
        ticket,
        access: PhantomData,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(header::AUTHORIZATION, value);
        }
        headers
    }

    #[test]
    fn only_one_bearer_key_of_our_form_is_presented() {
        let key = format!("luutru_{}_{}", "0".repeat(32), "A".repeat(43));
        for scheme in ["Bearer", "bearer", "BEARER "] {
            let good = headers(&[&format!("{scheme} {key}")]);
            assert_eq!(presented_key(&good).unwrap().key_id, Uuid::nil());
        }
        let bearer = format!("Bearer {key}");
        let table: [(&[&str], Rejection); 6] = [
            (&[], Rejection::Absent),
            (&[""], Rejection::Malformed),
            (&["Bearer"], Rejection::Malformed),
            (&["Basic bHV1dHJ1"], Rejection::Malformed),
            (&["Bearer khóa"], Rejection::Malformed),
            (&[&bearer, &bearer], Rejection::Malformed),
        ];
        for (values, rejection) in table {
            assert_eq!(presented_key(&headers(values)).unwrap_err(), rejection);
        }
    }

    #[test]
    fn a_challenge_names_an_error_only_to_who_presented_something() {
        assert!(!Rejection::Absent.challenge().contains("error"));
        assert!(Rejection::Ended.challenge().contains("invalid_token"));
    }
}
