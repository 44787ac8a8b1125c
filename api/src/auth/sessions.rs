//! Recognises people: the cookie of a session. Nothing is cached, so that a session that was ended,
//! and one whose account has changed, is refused from the next request on.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::account::Account;
use domain::facility::Facility;
use domain::problem::Code;
use domain::role::Reach;
use domain::sender::{Sender, SenderKind};
use domain::time::local_date;
use metrics::counter;
use poem::http::{HeaderValue, header};
use runtime::address::ClientAddress;
use runtime::token::{Token, TokenUse};
use store::accounts::sessions;

use crate::app::App;
use crate::caller::{Caller, Credential, SignedIn};
use crate::problem::Failure;

/// RFC 9110, 11.6.1: every 401 names a way to sign in.
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="luutru""#);

/// A refusal for want of a session that is good for it.
pub(crate) fn challenge(code: Code) -> Failure {
    counter!("luutru_auth_failures_total", "kind" => code.as_str()).increment(1);
    Failure::new(code).with_header(header::WWW_AUTHENTICATE, CHALLENGE)
}

/// The person whose session has this token.
///
/// Errors: 401 when there is no such session in force; 429 when too many made-up ones come from the
/// address.
pub(super) async fn recognise(
    app: &App,
    token: &Token,
    address: Option<ClientAddress>,
) -> Result<Arc<Caller>, Failure> {
    let hash = token.hash(&app.pepper, TokenUse::Session);
    let Some(signed_in) = in_force(app, &hash).await? else {
        app.limits.strangers.note(address)?;
        return Err(challenge(Code::SessionEnded));
    };
    caller_of(app, signed_in).await.map(Arc::new)
}

/// The same person as the session stands now; `None` when it has ended.
pub(super) async fn again(app: &App, signed_in: &SignedIn) -> Result<Option<Arc<Caller>>, Failure> {
    match in_force(app, &signed_in.kept.token_hash).await? {
        Some(signed_in) => caller_of(app, signed_in).await.map(Arc::new).map(Some),
        None => Ok(None),
    }
}

async fn in_force(app: &App, token_hash: &[u8]) -> Result<Option<SignedIn>, Failure> {
    let now = app.clock.now();
    let found = sessions::find(&app.db, token_hash, &app.account_row_key).await?;
    let Some((mut kept, stored)) = found else {
        return Ok(None);
    };
    let session = &mut kept.session;
    if !session.is_valid_at(now, &stored.account, stored.generation) {
        return Ok(None);
    }
    if session.is_use_due(now) {
        session.last_used_at = now;
        if !sessions::note_use(&app.db, &kept, &app.account_row_key).await? {
            return Ok(None);
        }
    }
    Ok(Some(SignedIn { kept, stored }))
}

async fn caller_of(app: &App, signed_in: SignedIn) -> Result<Caller, Failure> {
    let now = app.clock.now();
    let account = signed_in.account();
    let facilities = facilities_of(app, account, now).await?;
    let (meter, only_facility) = super::meters(app, account.id, &facilities)?;
    let today = local_date(now);
    let sender = Sender {
        key_id: account.id,
        kind: SenderKind::Account,
        organisation_id: account.organisation_id,
        role: account.role.as_sender(),
        facilities,
        communes: account.scope.communes_on(today),
        provinces: account.scope.provinces_on(today),
    };
    Ok(Caller {
        sender,
        meter,
        only_facility,
        credential: Credential::Session(Box::new(signed_in)),
    })
}

/// The facilities of an account's scope among those of its organisation; all of them for a manager
/// who is bound to none.
async fn facilities_of(
    app: &App,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<Vec<Arc<Facility>>, Failure> {
    if account.role.reach() != Reach::Facilities {
        return Ok(Vec::new());
    }
    let only = account.scope.facility_ids.as_slice();
    let organisation_id = account.organisation_id;
    let own = store::facilities::of_organisation(&app.db, organisation_id, only, now).await?;
    Ok(own.into_iter().map(Arc::new).collect())
}
