//! Recognises programs: `Authorization: Bearer` with an API key.
//!
//! `known_keys` remembers what was looked up. Made-up keys are counted by the address they come from.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    facility::Facility,
    problem::Code,
    sender::{Role, Sender, SenderKind},
};
use metrics::counter;
use poem::http::{HeaderMap, HeaderValue, header};
use runtime::address::ClientAddress;
use runtime::key_hash::{self, ApiKeyText};
use store::api_keys::{ApiKey, KeyLookup};
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::caller::{Caller, Credential};
use crate::problem::Failure;

/// Compared against when there is no such key, so that an unknown key takes as long as a wrong one.
const NO_HASH: [u8; 32] = [0; 32];
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
pub(super) async fn recognise(
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
    let key = found.as_ref().and_then(|caller| caller.key());
    let stored = key.map_or(NO_HASH.as_slice(), |key| key.secret_hash.as_slice());
    let is_right = key_hash::verify(&app.pepper, &presented.secret, stored);
    let judged = judge(found, is_right, app.clock.now());
    if judged.is_err() && !is_strange {
        app.limits.strangers.note(address)?;
    }
    let caller = judged?;
    app.key_uses.note(id, app.clock.now());
    Ok(caller)
}

fn judge(
    found: Option<Arc<Caller>>,
    is_right: bool,
    now: DateTime<Utc>,
) -> Result<Arc<Caller>, Rejection> {
    let caller = found.ok_or(Rejection::Unknown)?;
    let key = caller.key().ok_or(Rejection::Unknown)?;
    if !is_right {
        return Err(Rejection::WrongSecret);
    }
    if key.is_valid_at(now) {
        Ok(caller)
    } else if key.revoked_at.is_some() {
        Err(Rejection::Ended)
    } else {
        Err(Rejection::Expired)
    }
}

/// The caller as the key stands now; `None` when it is ended or gone.
///
/// Errors: 503 when the database does not answer.
pub(super) async fn again(app: &App, id: Uuid) -> Result<Option<Arc<Caller>>, Failure> {
    let found = match app.keys.get(id) {
        Some(caller) => Some(caller),
        None => look_up(app, id).await?,
    };
    let now = app.clock.now();
    Ok(found.filter(|caller| caller.key().is_some_and(|key| key.is_valid_at(now))))
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
    let (meter, only_facility) = super::meters(app, key.id, &facilities)?;
    let sender = Sender {
        key_id: key.id,
        kind: SenderKind::Key,
        organisation_id: key.organisation_id,
        role: key.role,
        facilities,
        communes: key.commune_codes.clone(),
        provinces: key.province_codes.clone(),
    };
    Ok(Caller {
        sender,
        meter,
        only_facility,
        credential: Credential::Key(Box::new(key)),
    })
}

/// The key's facilities among those of its organisation; all of them when it names none.
async fn facilities_of(app: &App, key: &ApiKey) -> Result<Vec<Arc<Facility>>, Failure> {
    let (organisation_id, only) = (key.organisation_id, key.facility_ids.as_slice());
    let now = app.clock.now();
    let own = store::facilities::of_organisation(&app.db, organisation_id, only, now).await?;
    Ok(own.into_iter().map(Arc::new).collect())
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
