//! Who calls: `Authorization: Bearer` with an API key.
//!
//! A key that was found is remembered for two seconds at most, so that an ended one stops working
//! at once and a busy one costs no query. Which keys there are is known beforehand, so that keys
//! that are there are looked up beside those that are not: made-up ones are counted by their
//! address, wait in a queue of their own, and are remembered as absent for as long.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

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
use runtime::ids;
use runtime::key_hash::{self, ApiKeyText};
use store::api_keys::{ApiKey, Found};
use store::events::Scope;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::exchange;
use crate::limit::{Errand, FacilityMeter, KeyMeter, Ticket};
use crate::problem::Failure;

/// From this age on, one request at a time looks the key up again.
const REFRESH_AFTER: Duration = Duration::from_secs(1);
/// From this age on, a remembered key counts for nothing.
const REMEMBERED_MAX: Duration = Duration::from_secs(2);
/// Keys that are remembered; more of them are looked up each time.
const REMEMBERED_COUNT_MAX: usize = 10_000;
/// Lookups of keys that are there under way at the same time.
const LOOKUPS_AT_ONCE: usize = 64;
/// Lookups of keys that were never seen.
const STRANGE_LOOKUPS_AT_ONCE: usize = 4;
/// How long such a lookup waits for its turn.
const STRANGE_PATIENCE: Duration = Duration::from_secs(1);
/// How often it is asked which keys are new.
const NEW_KEYS_INTERVAL: Duration = Duration::from_secs(1);
/// How long the start waits to know which keys there are.
const MET_WITHIN: Duration = Duration::from_secs(3);
/// Keys come with the time they were made at in their ids, and may be stored a while after.
const STORED_WITHIN: Duration = Duration::from_secs(60);
/// Keys that are known to be there, 16 bytes each. Further ones work, in the other queue.
const MET_COUNT_MAX: usize = 1_000_000;
/// New keys that are asked for at once.
const NEW_KEYS_PAGE: u64 = 10_000;
/// Compared with when there is no such key, so that an unknown one takes as long as a wrong one.
const NO_HASH: [u8; 32] = [0; 32];
/// The name of the security scheme in the document.
pub(crate) const SCHEME: &str = "api_key";

/// A recognised caller.
pub(crate) struct Caller {
    /// What the rules know of the caller.
    pub(crate) sender: Sender,
    /// What is counted of the key.
    pub(crate) meter: Arc<KeyMeter>,
    /// The facility of a key that serves exactly one, and what is counted of it.
    pub(crate) only_facility: Option<(Uuid, Arc<FacilityMeter>)>,
    key: ApiKey,
}

impl Caller {
    /// When the key ends by itself.
    pub(crate) fn expires_at(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        self.key.expires_at
    }

    /// What of the feed of events the key may see.
    pub(crate) fn scope(&self) -> Scope {
        let is_bound = !self.key.facility_ids.is_empty();
        let facilities = self.sender.facilities.iter();
        Scope {
            organisation_id: self.sender.organisation_id,
            facility_ids: is_bound.then(|| facilities.map(|facility| facility.id).collect()),
        }
    }
}

/// The keys found a moment ago, and those that are there.
#[derive(Default)]
pub(crate) struct KnownKeys {
    known: Mutex<HashMap<Uuid, Known>>,
    /// Keys that are not there, and since when that is known.
    absent: Mutex<HashMap<Uuid, Instant>>,
    /// The ids of keys that are there, or were.
    met: RwLock<HashSet<Uuid>>,
    /// Chosen at random, so that nobody can put his keys into somebody's queue.
    places: RandomState,
    lookups: Lookups<LOOKUPS_AT_ONCE>,
    strange_lookups: Lookups<STRANGE_LOOKUPS_AT_ONCE>,
}

/// Held while a key is looked up, each for a part of all ids: of many requests that come with the
/// same unremembered key, one asks the database. Each knows when it last asked in vain.
struct Lookups<const COUNT: usize>([tokio::sync::Mutex<Option<Instant>>; COUNT]);

type Turn<'a> = tokio::sync::MutexGuard<'a, Option<Instant>>;

impl<const COUNT: usize> Default for Lookups<COUNT> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| tokio::sync::Mutex::default()))
    }
}

impl<const COUNT: usize> Lookups<COUNT> {
    /// Waits until nobody looks up a key of this place.
    ///
    /// Errors: 503 when the database gave no answer meanwhile; it would give this one none either.
    async fn turn(&self, place: u64) -> Result<Turn<'_>, Failure> {
        let count = u64::try_from(COUNT).unwrap_or(u64::MAX);
        let place = usize::try_from(place % count).unwrap_or_default();
        let since = Instant::now();
        let turn = self.0[place].lock().await;
        if turn.is_some_and(|in_vain| in_vain >= since) {
            return Err(Failure::new(Code::StorageUnavailable));
        }
        Ok(turn)
    }
}

struct Known {
    caller: Arc<Caller>,
    found_at: Instant,
    /// A request has gone to look it up again.
    is_refreshing: bool,
}

impl KnownKeys {
    /// Forgets what is too old to count.
    pub(crate) fn sweep(&self) {
        let mut known = self.lock();
        known.retain(|_, known| known.found_at.elapsed() < REMEMBERED_MAX);
        known.shrink_to_fit();
        drop(known);
        let mut absent = self.absent();
        absent.retain(|_, since| since.elapsed() < REMEMBERED_MAX);
        absent.shrink_to_fit();
    }

    /// Learns which keys there are before anybody asks: the newest of them. Without an answer in
    /// time they are learned later.
    pub(crate) async fn meet_all(&self, db: &store::Database) -> Option<Uuid> {
        let found = tokio::time::timeout(MET_WITHIN, self.meet_after(db, None));
        found.await.ok()?.ok()?
    }

    /// Learns which keys are new until `shutdown`.
    pub(crate) async fn meet_new(
        &self,
        db: &store::Database,
        mut newest: Option<Uuid>,
        shutdown: &CancellationToken,
    ) {
        loop {
            match self.meet_after(db, newest).await {
                Ok(found) => newest = newest.max(found),
                Err(error) => tracing::debug!(%error, "it is not known which keys are new"),
            }
            let pause = tokio::time::sleep(NEW_KEYS_INTERVAL);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// The newest key there is.
    async fn meet_after(
        &self,
        db: &store::Database,
        newest: Option<Uuid>,
    ) -> store::Result<Option<Uuid>> {
        let mut after = newest.map(|id| ids::before(id, STORED_WITHIN));
        loop {
            let ids = store::api_keys::ids_after(db, after, NEW_KEYS_PAGE).await?;
            let is_whole = u64::try_from(ids.len()).is_ok_and(|count| count < NEW_KEYS_PAGE);
            after = ids.last().copied().or(after);
            for id in ids {
                self.meet(id);
            }
            if is_whole {
                return Ok(after);
            }
        }
    }

    fn meet(&self, id: Uuid) {
        if self.has_met(id) {
            return;
        }
        let mut met = self.met.write().unwrap_or_else(PoisonError::into_inner);
        if met.len() < MET_COUNT_MAX {
            met.insert(id);
        }
        drop(met);
        self.absent().remove(&id);
    }

    fn has_met(&self, id: Uuid) -> bool {
        let met = self.met.read().unwrap_or_else(PoisonError::into_inner);
        met.contains(&id)
    }

    fn is_absent(&self, id: Uuid) -> bool {
        let absent = self.absent();
        let since = absent.get(&id);
        since.is_some_and(|since| since.elapsed() < REMEMBERED_MAX)
    }

    fn get(&self, id: Uuid) -> Option<Arc<Caller>> {
        let mut known = self.lock();
        let known = known.get_mut(&id)?;
        let age = known.found_at.elapsed();
        let is_fresh = age < REFRESH_AFTER;
        if is_fresh || (age < REMEMBERED_MAX && known.is_refreshing) {
            return Some(Arc::clone(&known.caller));
        }
        known.is_refreshing = true;
        None
    }

    /// The key, if somebody else has just looked it up.
    fn fresh(&self, id: Uuid) -> Option<Arc<Caller>> {
        let known = self.lock();
        let known = known.get(&id)?;
        (known.found_at.elapsed() < REFRESH_AFTER).then(|| Arc::clone(&known.caller))
    }

    fn put(&self, id: Uuid, caller: Option<&Arc<Caller>>) {
        let mut known = self.lock();
        let Some(caller) = caller else {
            known.remove(&id);
            drop(known);
            let mut absent = self.absent();
            if absent.len() >= REMEMBERED_COUNT_MAX {
                absent.clear();
            }
            absent.insert(id, Instant::now());
            return;
        };
        if known.len() < REMEMBERED_COUNT_MAX || known.contains_key(&id) {
            let entry = Known {
                caller: Arc::clone(caller),
                found_at: Instant::now(),
                is_refreshing: false,
            };
            known.insert(id, entry);
        }
        drop(known);
        self.meet(id);
    }

    /// Waits until nobody looks up this key.
    ///
    /// Errors: 503 when the database gave no answer meanwhile, or too many look up keys that were
    /// never seen.
    async fn turn(&self, id: Uuid) -> Result<Turn<'_>, Failure> {
        let place = self.places.hash_one(id);
        if self.has_met(id) {
            return self.lookups.turn(place).await;
        }
        let turn = self.strange_lookups.turn(place);
        tokio::time::timeout(STRANGE_PATIENCE, turn)
            .await
            .map_err(|_| Failure::new(Code::Overloaded))?
    }

    fn absent(&self) -> MutexGuard<'_, HashMap<Uuid, Instant>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a key is not accepted. Callers see no difference; the metric does.
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

    /// RFC 6750, 3.1: no error code for who presented nothing.
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
        // Who has the secret of a key may know that its time is over.
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
        Some(Found::Key(key)) => key,
        Some(Found::Forged { .. }) => {
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
        // They do not declare; what they may see of stays has its own doors.
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
    let all =
        store::facilities::of_organisation(&app.db, key.organisation_id, app.clock.now()).await?;
    let is_bound = !key.facility_ids.is_empty();
    let facilities = all
        .into_iter()
        .filter(|facility| !is_bound || key.facility_ids.contains(&facility.id));
    Ok(facilities.map(Arc::new).collect())
}

/// What an operation demands of its caller.
pub(crate) trait Demand: Send + Sync + 'static {
    /// What the request wants to do.
    const ERRAND: Errand;
    /// Whether only who declares may ask.
    const IS_FOR_DECLARANTS: bool;
    /// Whether the path is there for officers of the police alone.
    const IS_FOR_OFFICERS: bool = false;
    /// Whether the path is there for those alone who operate the service.
    const IS_FOR_ADMINISTRATORS: bool = false;
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
/// Works on the cases of an officer's communes.
pub(crate) enum Reviewing {}
/// Operates the service.
pub(crate) enum Administering {}

impl Demand for Declaring {
    const ERRAND: Errand = Errand::Declare;
    const IS_FOR_DECLARANTS: bool = true;
}

impl Demand for DeclaringMany {
    const ERRAND: Errand = Errand::DeclareMany;
    const IS_FOR_DECLARANTS: bool = true;
}

impl Demand for Asking {
    const ERRAND: Errand = Errand::Read;
    const IS_FOR_DECLARANTS: bool = true;
}

impl Demand for Managing {
    const ERRAND: Errand = Errand::Read;
    const IS_FOR_DECLARANTS: bool = true;
}

impl Demand for Reading {
    const ERRAND: Errand = Errand::Read;
    const IS_FOR_DECLARANTS: bool = false;
}

/// A caller who was let in before the body of the request was read: recognised, of the right
/// role, within the quota, with a place.
pub(crate) struct Admitted<D> {
    /// What the request holds while it is worked on.
    pub(crate) ticket: Ticket,
    demand: PhantomData<fn() -> D>,
}

impl<D> Admitted<D> {
    /// What the rules know of the caller.
    pub(crate) fn sender(&self) -> &Sender {
        &self.ticket.caller.sender
    }
}

impl<'a, D: Demand> ApiExtractor<'a> for Admitted<D> {
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
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let admitted = admit(request).await?;
        if !may_have_body(request.method(), body) {
            admitted.ticket.enter(App::of(request)?).await?;
        }
        Ok(admitted)
    }
}

/// Whether there is a body to wait for before the work begins.
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

async fn admit<D: Demand>(request: &Request) -> Result<Admitted<D>, Failure> {
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
    if D::IS_FOR_DECLARANTS && !caller.sender.may_declare() {
        counter!("luutru_authz_denied_total", "route_group" => "stays", "reason" => "role")
            .increment(1);
        return Err(Failure::new(Code::Forbidden));
    }
    if D::IS_FOR_OFFICERS && caller.sender.role != Role::Police {
        counter!("luutru_authz_denied_total", "route_group" => "police", "reason" => "role")
            .increment(1);
        return Err(Failure::new(Code::NotFound));
    }
    if D::IS_FOR_ADMINISTRATORS && caller.sender.role != Role::Admin {
        counter!("luutru_authz_denied_total", "route_group" => "admin", "reason" => "role")
            .increment(1);
        return Err(Failure::new(Code::NotFound));
    }
    let ticket = Ticket::issue(exchange, Arc::clone(caller), D::ERRAND).await?;
    Ok(Admitted {
        ticket,
        demand: PhantomData,
    })
}

impl Demand for Reviewing {
    const ERRAND: Errand = Errand::Read;
    const IS_FOR_DECLARANTS: bool = false;
    const IS_FOR_OFFICERS: bool = true;
}

impl Demand for Administering {
    const ERRAND: Errand = Errand::Read;
    const IS_FOR_DECLARANTS: bool = false;
    const IS_FOR_ADMINISTRATORS: bool = true;
}

#[cfg(test)]
impl Caller {
    /// A caller without facilities.
    pub(crate) fn for_test(limits: &crate::limit::Limits) -> Self {
        let id = Uuid::from_u128(7);
        Self {
            sender: Sender {
                key_id: id,
                organisation_id: id,
                role: Role::Integrator,
                facilities: Vec::new(),
                communes: Vec::new(),
                provinces: Vec::new(),
            },
            meter: limits.key(id).unwrap(),
            only_facility: None,
            key: ApiKey {
                id,
                organisation_id: id,
                role: Role::Integrator,
                label: String::new(),
                secret_hash: NO_HASH.to_vec(),
                facility_ids: Vec::new(),
                commune_codes: Vec::new(),
                province_codes: Vec::new(),
                created_at: chrono::DateTime::UNIX_EPOCH,
                expires_at: None,
                revoked_at: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ApiSettings;
    use crate::limit::Limits;

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

    #[tokio::test(start_paused = true)]
    async fn a_key_is_looked_up_by_one_request_and_forgotten_after_two_seconds() {
        let limits = Limits::new(&ApiSettings::for_test());
        let caller = Arc::new(Caller::for_test(&limits));
        let id = caller.sender.key_id;
        let keys = KnownKeys::default();
        assert!(keys.get(id).is_none());
        keys.put(id, Some(&caller));
        assert!(keys.get(id).is_some());

        tokio::time::advance(REFRESH_AFTER).await;
        assert!(keys.get(id).is_none(), "the first one looks it up again");
        assert!(keys.get(id).is_some(), "the others do not wait for it");

        tokio::time::advance(REFRESH_AFTER).await;
        assert!(keys.get(id).is_none());
        keys.put(id, Some(&caller));
        keys.put(id, None);
        assert!(keys.get(id).is_none(), "an ended key is forgotten at once");

        keys.put(id, Some(&caller));
        tokio::time::advance(REMEMBERED_MAX).await;
        keys.sweep();
        assert!(keys.lock().is_empty());
    }

    #[test]
    fn a_challenge_names_an_error_only_to_who_presented_something() {
        assert!(!Rejection::Absent.challenge().contains("error"));
        assert!(Rejection::Ended.challenge().contains("invalid_token"));
    }
}
