//! Demo accounts, signed in by one click: only those that the application was given, which
//! `luutru up` does in the development profile alone.

use domain::account::Account;
use domain::audit::{Action, SubjectKind};
use domain::problem::Code;
use domain::session::Stage;
use store::accounts::{self, StoredAccount, sessions};

use super::{Visitor, entry, hand_over, new_session};
use crate::app::App;
use crate::problem::Failure;

/// The demo accounts that can be signed in by a click.
pub(crate) async fn demo_accounts(app: &App) -> Result<Vec<Account>, Failure> {
    let mut found = Vec::new();
    for name in &app.settings.demo_accounts {
        found.extend(find(app, name).await?.map(|stored| stored.account));
    }
    Ok(found)
}

/// Opens a complete session of a demo account.
///
/// Errors: 404 for every other account, and wherever there are no demo accounts.
pub(crate) async fn as_demo(app: &App, visitor: &Visitor, name: &str) -> Result<(), Failure> {
    let names = &app.settings.demo_accounts;
    let known = names.iter().find(|known| *known == name);
    let absent = || Failure::new(Code::NotFound);
    let stored = find(app, known.ok_or_else(absent)?).await?;
    let stored = stored.ok_or_else(absent)?;
    let (kept, token) = new_session(app, &stored, Stage::Complete);
    let subject = (SubjectKind::Session, kept.session.id);
    let entry = entry(app, &stored.account, Action::SessionOpened, subject);
    sessions::open(&app.db, &kept, &app.account_row_key, entry).await?;
    hand_over(app, &visitor.exchange, &stored, Stage::Complete, &token);
    Ok(())
}

async fn find(app: &App, name: &str) -> Result<Option<StoredAccount>, Failure> {
    let found = accounts::find_by_name(&app.db, name, &app.account_row_key).await?;
    Ok(found.filter(|stored| stored.account.ended_at.is_none()))
}
