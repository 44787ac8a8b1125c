//! The sessions of an account: listed and ended, by their holder or by who manages the account.

use std::sync::Arc;

use domain::account::Account;
use domain::audit::{Action, SubjectKind};
use domain::problem::Code;
use domain::session::Session;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use store::accounts::{StoredAccount, sessions};
use uuid::Uuid;

use super::managed;
use super::session::NoContent;
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::caller::Caller;
use crate::examples::Examples;
use crate::parameters::{Query, query};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{Instant, StageWord};
use crate::topic::Topic;

query! {
    /// Whose sessions are listed.
    pub(crate) struct OfAccount {
        /// Those of this account, for who manages it; the caller's own when left out.
        account_id: Option<Uuid>,
    }
}

/// A session of an account.
#[derive(Object, Serialize)]
#[oai(rename = "ListedSession")]
pub(crate) struct ListedSession {
    /// The session's id.
    id: Uuid,
    /// What its holder has proved.
    stage: StageWord,
    /// When its holder signed in.
    created_at: Instant,
    /// When it was last used, to the minute.
    last_used_at: Instant,
    /// When it ends by itself, unless it is used before.
    expires_at: Instant,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// The sessions of an account.
#[derive(Object, Serialize)]
pub(crate) struct SessionList {
    /// Those in force, the newest first.
    items: Vec<ListedSession>,
}

/// Sessions are listed.
#[derive(ApiResponse)]
pub(crate) enum SessionsListed {
    /// The sessions in force.
    #[oai(status = 200)]
    Sessions(Json<SessionList>),
}

/// Sessions, listed and ended.
pub(crate) struct SessionsApi(pub(crate) Arc<App>);

impl Examples for SessionsApi {
    const EXAMPLES: &'static str = include_str!("sessions.examples.json");
}

#[OpenApi]
impl SessionsApi {
    /// List sessions
    #[oai(
        path = "/v1/sessions",
        method = "get",
        operation_id = "listSessions",
        tag = "Topic::Accounts"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListSessions>,
        query: Query<OfAccount>,
    ) -> Result<SessionsListed, Failure> {
        let app = &self.0;
        let own = admitted.signed_in()?;
        let wanted = query.finish()?.account_id;
        let stored = match wanted {
            Some(id) if id != own.account().id => managed(app, &admitted.ticket.caller, id).await?,
            Some(_) | None => own.stored.clone(),
        };
        let found = in_force(app, &stored).await?;
        let account = &stored.account;
        let items = found
            .iter()
            .map(|session| listed(session, account, own.kept.session.id));
        Ok(SessionsListed::Sessions(Json(SessionList {
            items: items.collect(),
        })))
    }

    /// End a session
    ///
    /// It is refused from the next request on. One that has ended stays as it is.
    #[oai(
        path = "/v1/sessions/:id",
        method = "delete",
        operation_id = "endSession",
        tag = "Topic::Accounts"
    )]
    async fn end(
        &self,
        admitted: Admitted<op::EndSession>,
        /// The session's id.
        Path(id): Path<Uuid>,
    ) -> Result<NoContent, Failure> {
        end(&self.0, &admitted.ticket.caller, id).await?;
        Ok(NoContent::NoContent)
    }
}

/// The sessions of an account that hold now, the newest first.
pub(crate) async fn in_force(app: &App, stored: &StoredAccount) -> Result<Vec<Session>, Failure> {
    let (account, now) = (&stored.account, app.clock.now());
    let found = sessions::of_account(&app.db, account.id, &app.account_row_key).await?;
    let is_valid = |session: &Session| session.is_valid_at(now, account, stored.generation);
    Ok(found.into_iter().filter(is_valid).collect())
}

/// Ends a session of the caller, or of an account that it manages.
pub(crate) async fn end(app: &App, caller: &Caller, id: Uuid) -> Result<(), Failure> {
    let by = &app.account_row_key;
    let found = sessions::get(&app.db, id, by).await?;
    let found = found.ok_or_else(|| Failure::new(Code::NotFound))?;
    let account_id = found.session.account_id;
    if account_id != caller.sender.key_id {
        managed(app, caller, account_id).await?;
    }
    let entry = audit::entry(
        app,
        &caller.sender,
        Action::SessionEnded,
        (SubjectKind::Session, id),
        app.clock.now(),
    );
    sessions::end(&app.db, id, by, entry).await?;
    Ok(())
}

fn listed(session: &Session, account: &Account, current: Uuid) -> ListedSession {
    ListedSession {
        id: session.id,
        stage: session.stage.into(),
        created_at: Instant::of(session.created_at),
        last_used_at: Instant::of(session.last_used_at),
        expires_at: Instant::of(session.expires_at(account)),
        is_current: session.id == current,
    }
}
